/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The bus between the actors of one daemon: inproc ZeroMQ sockets on which pointers travel.
 *
 * Each actor is one thread with one port. A mail is a kind and a body; the body belongs to whoever holds the mail, so two
 * threads never share one. Queues are bounded: a full one is TAKT_EBUSY and the body stays the sender's. A wake-up carries
 * nothing, may be folded into another, and is neither refused nor lost, whatever waits at its receiver.
 *
 * Progress: every actor calls bus_progress once a loop turn; bus_stalled tells main who has not for too long, which feeds
 * systemd's watchdog. An actor must therefore turn even when idle: it passes every wait through bus_turn_ms, and
 * BUS_TURN_MS_MAX is the wait of who has nothing to do but to wait for mail.
 *
 * Threads: a bus may be used by all; a port by its thread only. */

#include "base/error.h"

#include <stdint.h>

enum { BUS_TURN_MS_MAX = 10000, BUS_QUEUE_MAX = 10000 };

enum actor { ACTOR_MAIN, ACTOR_INTAKE, ACTOR_STORE, ACTOR_PLANNER, ACTOR_SOLVER, ACTOR_DISPATCH, ACTOR_OPERATE, ACTOR_COUNT };
const char *actor_name(enum actor actor);

enum mail_kind {
    MAIL_WAKE,        /* look at the store: something new for you; no body */
    MAIL_STOP,        /* drain and end; no body */
    MAIL_STOPPED,     /* to main: the actor's thread ends; no body */
    MAIL_FAILED,      /* to main: the actor cannot go on; body: struct takt_error, from takt_alloc */
    MAIL_READY,       /* to main: it serves; no body */
    MAIL_STORE,       /* to store: body struct store_request; comes back as MAIL_STORE_DONE */
    MAIL_STORE_DONE,
    MAIL_TROUBLE,     /* store → main, operate: body char *: what is wrong with the store, "" when it is well again; free() */
    MAIL_ASK,         /* to planner: body struct ask (daemon/planner/ask.h); comes back as MAIL_ANSWER */
    MAIL_ANSWER,
    MAIL_PLANT,       /* to all: body struct plant with one reference of the receiver's: a reload has taken effect */
    MAIL_RELOAD,      /* operate → main → planner: body struct reload (daemon/reload.h); comes back as MAIL_RELOADED */
    MAIL_RELOADED,    /* planner → main → operate, who keeps the last result */
    MAIL_ESTIMATE,    /* planner → intake, operate: body struct estimate (daemon/planner/ask.h): for if_late and no-capacity */
    MAIL_SOLVE,       /* planner → solver: body struct search_job (daemon/planner/planner.h); comes back as MAIL_SOLVED */
    MAIL_SOLVED
};

struct mail {
    enum mail_kind kind;
    enum actor from;
    void *body;
};

struct bus;
struct bus_port;

struct bus *bus_new(void *zmq_context);
void bus_free(struct bus *bus); /* after all ports are closed; NULL is fine */
/* Before the first actor is there; BUS_TURN_MS_MAX without it. */
void bus_set_turn(struct bus *bus, int64_t turn_ms);

/* Opens the calling thread's port: binds its mailbox. Sending to an actor whose port is not open yet queues. */
int bus_attach(struct bus *bus, enum actor self, struct bus_port **ret, struct takt_error *err);
/* From now on sending to this actor is TAKT_EBUSY. What bus_receive still gives after it is all that there will ever be. */
void bus_close(struct bus_port *port);
void bus_detach(struct bus_port *port); /* frees no mail that waits: close and drain first; NULL is fine */

int bus_send(struct bus_port *port, enum actor to, enum mail_kind kind, void *body); /* 0 or TAKT_EBUSY */
void bus_wake(struct bus_port *port, enum actor to);
bool bus_receive(struct bus_port *port, struct mail *ret); /* false: nothing waits */
void *bus_socket(struct bus_port *port);                   /* for zmq_poll: ZMQ_POLLIN */

void bus_progress(struct bus_port *port);
int64_t bus_turn_ms(const struct bus_port *port, int64_t wait_ms); /* wait_ms, within what a wait may last */
/* Since the actor that is slowest to do so last made progress. */
int64_t bus_idle_ms(const struct bus *bus);
/* The first actor that attached but made no progress for so long, or -1. */
int bus_stalled(const struct bus *bus, int64_t stall_ms_max);
