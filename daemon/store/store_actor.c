/* SPDX-License-Identifier: Apache-2.0 */

/* One turn: give back what could not be given back before, take in mail, run one group, give it back. While receivers'
 * queues are full no further group is run, so what is done and undelivered stays bounded by one group. */

#include "daemon/role.h"
#include "daemon/store/store_actor.h"

#include "base/arena.h"
#include "daemon/meter.h"
#include "daemon/operate/log.h"
#include "daemon/store/custody.h"
#include "daemon/store/store.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAIL_PER_TURN_MAX = 4096, TROUBLE_LOOK_MS = 5000 };

struct store_actor {
    struct bus_port *port;
    struct store *store;
    struct plant *plant;
    struct store_request *done; /* chain of those to be given back, in order */
    char *trouble;              /* as it was told last */
    int64_t looked_ms;          /* when the others were last woken for it */
    uint64_t under_way;         /* requests that were taken and not given back */
    bool more;                  /* the last turn had something to do */
    bool stopping;
    bool beats, beating;        /* it is to beat; a beat is with the store */
    bool planless;              /* nobody operates here: an intake elsewhere */
    struct store_beat beat;
    int64_t beat_ms;            /* when the last one was sent */
    const struct clock *clock;
    struct custody *custody;
};

/* ---- the beat ---- */

static void send_beat(struct store_actor *a) {
    if (!a->beats || a->beating || clock_mono_ms() - a->beat_ms < BEAT_MS)
        return;
    a->beat_ms = clock_mono_ms();
    a->beating = store_submit(a->store, &a->beat.head) == 0;
    a->more |= a->beating;
}

/* One that failed is followed by another soon enough. What intakes elsewhere have accepted wakes nobody here, so the planner
 * looks as often as we beat. */
static void take_beat(struct store_actor *a) {
    a->beating = false;
    if (a->beat.head.code != TAKT_EFENCED) {
        bus_wake(a->port, ACTOR_PLANNER);
        return;
    }
    a->beats = false;
    actor_fail(a->port, &a->beat.head.err);
}

static void end_beats(struct store_actor *a) {
    a->beat.ends = true;
    if (a->beats)
        store_call(a->store, &a->beat.head); /* if it fails, the others wait for a moment longer */
}

/* ---- requests ---- */

static int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void count(struct store_actor *a, const struct store_request *r) {
    uint64_t waited_us = (uint64_t)(now_us() - r->since_us);
    meter_set(METER_STORE_QUEUE, --a->under_way);
    if (r->op == STORE_ACCEPT || r->op == STORE_PUBLISH) {
        meter_add(r->op == STORE_ACCEPT ? METER_ACCEPTS : METER_PUBLISHES, 1);
        meter_add(r->op == STORE_ACCEPT ? METER_ACCEPT_US : METER_PUBLISH_US, waited_us);
    }
    if (r->code == TAKT_ESTORE || r->code == TAKT_EBUSY || r->code == TAKT_EUNKNOWN)
        meter_add(METER_STORE_FAILURES, 1);
}

static void take_request(struct store_actor *a, enum actor from, struct store_request *r) {
    r->from = (int)from;
    r->since_us = now_us();
    meter_set(METER_STORE_QUEUE, ++a->under_way);
    if (store_submit(a->store, r) == 0)
        return;
    r->code = TAKT_EBUSY;
    takt_fail(&r->err, TAKT_EBUSY, "too many requests wait for the store");
    struct store_request **last = &a->done;
    while (*last)
        last = &(*last)->next;
    r->next = NULL;
    *last = r;
}

static void receive(struct store_actor *a) {
    struct mail mail;
    for (int i = 0; i < MAIL_PER_TURN_MAX && bus_receive(a->port, &mail); i++) {
        a->more = true;
        if (mail.kind == MAIL_STORE) {
            take_request(a, mail.from, mail.body);
        } else if (mail.kind == MAIL_PLANT) {
            plant_unref(a->plant);
            a->plant = mail.body;
            custody_plant(a->custody, a->plant);
        } else if (mail.kind == MAIL_STOP) {
            a->stopping = true;
        }
    }
}

/* Stops at the first whose receiver is full, so that each receives its own in order. */
static void give_back(struct store_actor *a) {
    while (a->done) {
        struct store_request *r = a->done, *next = r->next;
        if (r == &a->beat.head) {
            take_beat(a);
            a->done = next;
            continue;
        }
        if (custody_done(a->custody, r)) {
            a->done = next;
            continue;
        }
        enum actor to = (enum actor)r->from;
        struct store_request counted = {.op = r->op, .code = r->code, .since_us = r->since_us}; /* once given back it is not ours */
        if (bus_send(a->port, to, MAIL_STORE_DONE, r) != 0)
            return;
        a->done = next;
        count(a, &counted);
    }
}

/* Nobody was told of what a commit has done whose outcome is unknown; and a look shows whether the store works again. */
static void look_again(struct store_actor *a) {
    a->looked_ms = clock_mono_ms();
    bus_wake(a->port, ACTOR_PLANNER);
    bus_wake(a->port, ACTOR_DISPATCH);
    bus_wake(a->port, ACTOR_INTAKE);
}

/* The same trouble may come from another statement each time; which one stands behind it in brackets. */
static bool is_same_trouble(const char *a, const char *b) {
    size_t length = strcspn(a, "(");
    return length == strcspn(b, "(") && memcmp(a, b, length) == 0;
}

static void tell_trouble(struct store_actor *a) {
    const char *now = store_trouble(a->store);
    if (is_same_trouble(now, a->trouble)) {
        if (*now && clock_mono_ms() - a->looked_ms >= TROUBLE_LOOK_MS)
            look_again(a);
        return;
    }
    if (*now)
        log_write(LOG_LEVEL_ERR, "store", LOG_MESSAGE_STORE_TROUBLE, NULL, "%s, retrying", now);
    else
        log_write(LOG_LEVEL_NOTICE, "store", LOG_MESSAGE_STORE_WELL, NULL, "works again");
    free(a->trouble);
    a->trouble = takt_strdup(now);
    look_again(a);
    const enum actor listeners[] = {ACTOR_MAIN, ACTOR_OPERATE}; /* which is where the planner is */
    for (size_t i = 0; i < (a->planless ? 1 : 2); i++) {
        char *copy = takt_strdup(now);
        if (bus_send(a->port, listeners[i], MAIL_TROUBLE, copy) != 0)
            free(copy); /* it asks the store itself soon enough */
    }
}

static int64_t wait_ms(const struct store_actor *a) {
    if (a->done || a->more)
        return a->done ? 10 : 0;
    int64_t most_ms = a->beats ? BEAT_MS / 4 : *a->trouble ? TROUBLE_LOOK_MS : BUS_TURN_MS_MAX;
    int64_t custody_ms = custody_wait_ms(a->custody, clock_mono_ms());
    return custody_ms < most_ms ? custody_ms : most_ms;
}

static void turn(struct store_actor *a) {
    actor_wait(a->port, wait_ms(a));
    a->more = false;
    give_back(a);
    receive(a);
    if (a->done)
        return;
    send_beat(a);
    custody_turn(a->custody, clock_mono_ms(), clock_plant_s(a->clock));
    bool waits = store_under_way(a->store);
    a->done = waits ? NULL : store_begin(a->store);
    if (a->done == NULL && (waits || !store_under_way(a->store)))
        a->done = store_turn(a->store, 0);
    a->more |= a->done != NULL || store_under_way(a->store);
    give_back(a);
    tell_trouble(a);
}

static void body(struct bus_port *port, const struct actor_config *config) {
    struct store_actor a = {.port = port, .store = config->store, .plant = config->plant, .trouble = takt_strdup("")};
    a.clock = config->clock;
    a.custody = config->custody;
    a.beats = config->beats;
    a.planless = config->planless;
    a.beat = (struct store_beat){.head = {.op = STORE_BEAT}, .epoch = config->epoch};
    actor_ready(port);
    while (!a.stopping || a.more || a.done)
        turn(&a);
    end_beats(&a);
    custody_end(a.custody);
    store_close(a.store);
    plant_unref(a.plant);
    free(a.trouble);
}

int store_actor_start(const struct actor_config *config, pthread_t *ret_thread, struct takt_error *err) {
    return actor_spawn(ACTOR_STORE, body, config, ret_thread, err);
}
