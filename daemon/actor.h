/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What every actor of the daemon is started with, and the part of its life that is the same for all.
 *
 * An actor X has one function, declared in its own header:
 *
 *     int X_actor_start(const struct actor_config *config, pthread_t *ret_thread, struct takt_error *err);
 *
 * which calls actor_spawn with its body. The thread has its name, its port, and all signals blocked. Then
 *   start  the body opens what it needs and sends MAIL_READY to main (actor_ready); if it cannot, actor_fail and return;
 *   run    it turns at least every bus_turn_ms: bus_progress, mail, its own sources, its part of the store;
 *   stop   after MAIL_STOP it takes no new work from outside, waits for what it is owed (its requests at the store, its asks at
 *          the planner: every one comes back, with a failure if need be), gives back what it owes, and returns.
 * The port is closed after the body and MAIL_STOPPED is the last thing that main hears of it. Main stops intake, dispatch and
 * operate first, then solver, planner and at last store, so that everybody's debts can be paid; all within ACTOR_STOP_MS_MAX.
 *
 * Mail for everybody: MAIL_PLANT brings a new plant (plant_unref the old one once nothing points into it).
 * Threads: actor_spawn copies the config; what it points to outlives the actors. */

#include "config/plant.h"
#include "daemon/bus.h"
#include "daemon/clock.h"

#include <pthread.h>

enum { ACTOR_STOP_MS_MAX = 4000 };

struct store;
struct custody;
struct planner;
struct keyring;

struct actor_config {
    struct bus *bus;
    void *zmq;                 /* context, for the actor's own endpoints */
    const struct clock *clock;
    struct keyring *keys;      /* NULL: `security: none` */
    struct plant *plant;       /* the actor holds a reference of its own: actor_spawn takes it, the body gives it back */
    uint64_t epoch;            /* of this process, claimed before the actors start: STORE_PUBLISH, STORE_SHIPMENT */
    bool shared;               /* other processes may work with the store */
    bool beats;                /* other planners may wait for this one's end: the store's actor beats (daemon/role.h) */
    bool planless;             /* there is no planner in this process */
    bool intakeless;           /* there is no intake in this process: nobody takes estimates */
    struct store *store;       /* for the store actor alone, who owns it from then on */
    struct custody *custody;   /* likewise */
    struct planner *planner;   /* for the planner's actor, likewise: it has the rows of the store; NULL: it loads them itself */
};

typedef void actor_body_fn(struct bus_port *port, const struct actor_config *config);

int actor_spawn(enum actor self, actor_body_fn *body, const struct actor_config *config, pthread_t *ret_thread,
                struct takt_error *err);

void actor_ready(struct bus_port *port);
/* Tells main that the actor cannot go on; err is copied. The body should return soon after. */
void actor_fail(struct bus_port *port, const struct takt_error *err);

/* Waits for mail, at most timeout_ms and bus_turn_ms; for bodies without sockets of their own. Notes progress. */
void actor_wait(struct bus_port *port, int64_t timeout_ms);
