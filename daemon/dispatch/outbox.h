/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The outbox: consumers' sessions, and shipments on their way to them.
 *
 * A core without sockets, threads and clock: it is handed frames, results and the time, and hands back effects. Whoever
 * owns the sockets carries them out:
 *
 *     outbox_receive(o, peer, owner, bytes, size, &now)   a frame of a connection
 *     outbox_gone(o, peer)                         the connection has ended, or does not take what is sent
 *     outbox_wake(o)                               there may be new shipments in the store
 *     outbox_released(o)                           the operator may have let one be sent again that is known
 *     outbox_turn(o, &now)                         time passes: leases end, the store is looked at, shipments are
 * assigned while (outbox_effect(o, &e)) …               what is to be done outbox_stored(o, request, &now) each request
 * comes back once, in the order in which the store ran them
 *
 * A request that cannot be submitted is handed back with code TAKT_EBUSY.
 *
 * Guarantees:
 *  O1  A shipment is always sent with the same shipment_id, first said to the store (SHIPMENT_SENT), then to the
 * consumer. O2  One that nobody has taken is at one connection at a time, under a lease of OUTBOX_LEASE_MS of real time
 * or to the end of the connection, and after that at whoever has credit, another one first. After OUTBOX_ATTEMPTS_MAX
 * it is set aside. O3  One that is taken is sent again to the consumer who took it and to nobody else, on its next
 * connection, until it is shipped, refused or released by the operator. O4  `confirmed` is said only of what is
 * durable. O5  A consumer has at most `credit` shipments on a connection that are neither shipped nor refused. O6
 * Personal data is read for the moment in which a shipment is sent, and is kept nowhere.
 *
 * A peer is a number, not UINT64_MAX, by which the owner of the sockets knows a connection; never used again for
 * another. Threads: one owner. Ownership: an effect's text is the receiver's (free); requests stay the outbox's.
 * Errors: what a consumer can do wrong is a `problem` to it; what fails in the store is tried again after
 * OUTBOX_RETRY_MS. */

#include "config/plant.h"
#include "daemon/store/store.h"

enum {
    OUTBOX_LEASE_MS = 60 * 1000,
    OUTBOX_ATTEMPTS_MAX = 20,
    OUTBOX_CREDIT_MAX = 1000,
    OUTBOX_SESSIONS_MAX = 1000,
    OUTBOX_SENDING_MAX = 100, /* being made ready at a time: bounds what is read of personal data */
    OUTBOX_JOBS_MAX = 5000,   /* messages under way; beyond: `busy` */
    OUTBOX_PAGE = 500,        /* rows of one look at the store */
    OUTBOX_LOOK_MS = 1000,    /* between the pages of one look at all that is open, and after a look that failed */
    OUTBOX_IDLE_MS = 30000,   /* between looks that found everything, where nobody wakes it */
    OUTBOX_RETRY_MS = 1000,
    OUTBOX_REASON_MAX = 200,
    OUTBOX_TRACKING_MAX = 128
};

struct outbox_now {
    int64_t plant_s;
    int64_t real_ms; /* monotonic */
};

enum outbox_effect_kind {
    OUTBOX_SEND,  /* peer, text, size */
    OUTBOX_STORE, /* request; its `from` is the carrier's to fill */
    OUTBOX_WAKE,  /* orders were shipped: planner and intake should look at the store */
    OUTBOX_ASIDE  /* shipment, reason: one was set aside, which a person should know */
};

struct outbox_effect {
    enum outbox_effect_kind kind;
    uint64_t peer;
    char *text; /* OUTBOX_SEND: one frame, JSON. OUTBOX_ASIDE: the shipment, and after its NUL the reason */
    size_t size;
    struct store_request *request;
};

struct outbox;

/* A reference of the plant is taken. epoch: of this process, for the store. */
struct outbox *outbox_new(struct plant *plant, uint64_t epoch);
/* NULL is fine. Every request has come back. */
void outbox_free(struct outbox *o);
/* Sessions of consumers that are gone end. */
void outbox_reload(struct outbox *o, struct plant *plant);

/* owner: the consumer whose key the connection has; NULL: no keys are asked for. */
void outbox_receive(struct outbox *o, uint64_t peer, const char *owner, const void *bytes, size_t size,
                    const struct outbox_now *now);
void outbox_gone(struct outbox *o, uint64_t peer);
/* It has sent a message of several frames: its session ends. */
void outbox_broken(struct outbox *o, uint64_t peer);
void outbox_wake(struct outbox *o);
void outbox_released(struct outbox *o);
void outbox_turn(struct outbox *o, const struct outbox_now *now);
void outbox_stored(struct outbox *o, struct store_request *request, const struct outbox_now *now);

bool outbox_effect(struct outbox *o, struct outbox_effect *ret); /* false: nothing is to be done */

/* Real time at which a turn is due. */
int64_t outbox_next_ms(const struct outbox *o);
/* Nothing is sent any more, and the store is not looked at; what is under way comes to its end. */
void outbox_drain(struct outbox *o);
size_t outbox_pending(const struct outbox *o); /* requests that have not come back */
void outbox_check(const struct outbox *o);     /* asserts the ledger's invariants */
