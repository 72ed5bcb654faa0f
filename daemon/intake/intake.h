/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The intake: creators' sessions, from hello to events. The core without sockets, threads and clocks.
 *
 * It is handed messages and the time, and hands back effects: replies, requests for the store, asks for the planner. Whoever
 * owns the sockets carries them out and hands the results back, in whatever order they come:
 *
 *     intake_time(in, plant_s, mono_ms)       once a loop turn
 *     intake_receive(in, peer, owner, bytes, size)   each message
 *     intake_stored(in, request)              each request comes back once
 *     intake_answered(in, ask)                each ask comes back once
 *     while (intake_work(in)) …                deals with some of what waits, fairly
 *     intake_turn(in)
 *     while (intake_effect(in, &e)) …         send it, submit it, ask it
 *
 * What cannot be submitted is handed back at once: a request with code TAKT_EBUSY, an ask with REFUSAL_BUSY. Requests and asks
 * carry a tag that is the intake's own.
 *
 * Guarantees:
 *  I1  `accepted` is said only of orders that the store has committed. An order that was accepted once is a `duplicate` for
 *      ever, whatever today's plant, limits and capacity say; what these refuse is looked up before it is refused.
 *  I2  A creator has at most ACCOUNT_CREDIT orders under way, over all its connections (to several processes: see presence.h),
 *      and all together at most INTAKE_PENDING_MAX; beyond, nothing of the message is taken: `over-credit`, `busy`.
 *  I3  Every message but `seen` gets exactly one answer, unless its peer is lost.
 *      Who sends more than there is room for (daemon/intake/inbox.h) gets `busy` for what found none.
 *  I4  A subscriber gets its creator's events in order, each at least once, at most SUBSCRIPTION_WINDOW unseen ahead.
 *  I5  A creator can neither see nor touch what is another's: whose orders are meant follows from the session alone, and where
 *      there are keys the session's creator is the one whose key the connection has, at every message.
 *
 *  I6  What changes a creator's orders reaches the store in the order in which it came, and while ACCOUNT_STORE orders times its
 *      share are there, the rest waits here: a commit stays short however much one sends, and who sends one order waits behind
 *      no more than that of each other creator. Beside who sends little it is fewer, and not all of the time (daemon/intake/changes.h).
 *
 * Threads: one owner. Ownership: a reply's text is the receiver's, to be freed with free(); requests and asks, and all that
 * they point to, stay the intake's. Errors: everything that a peer can do wrong is a `problem` to it. */

#include "config/plant.h"
#include "daemon/intake/presence.h"
#include "daemon/planner/ask.h"
#include "daemon/store/store.h"

enum {
    INTAKE_ORDERS_MAX = 500,      /* orders, or references, in one message */
    INTAKE_PENDING_MAX = 50000,   /* orders at the store */
    INTAKE_JOBS_MAX = 3000,       /* messages under way */
    INTAKE_WORK_BYTES = 64 << 10, /* of messages dealt with before the sockets are looked at again: a millisecond's work at most */
    INTAKE_WORK_MESSAGES = 60,
    INTAKE_EVENT_READS_MAX = 64,  /* reads of events under way */
    INTAKE_EVENT_POLL_MS = 5000,  /* how often subscribers are looked after if nobody says that there is news */
    INTAKE_EVENT_ALONE_MS = 30000, /* likewise, where no other process works with the store (intake_presence) */
    INTAKE_EVENT_RETRY_MS = 200   /* how soon, if their events could not be read */
};

enum intake_effect_kind { INTAKE_REPLY, INTAKE_STORE, INTAKE_ASK, INTAKE_WAKE_PLANNER };

struct intake_effect {
    enum intake_effect_kind kind;
    uint64_t peer;                 /* INTAKE_REPLY */
    char *text;                    /* INTAKE_REPLY: one frame, JSON */
    size_t size;
    struct store_request *request; /* INTAKE_STORE; its `from` is the carrier's to fill */
    struct ask *ask;               /* INTAKE_ASK */
};

struct intake_stats {
    uint64_t messages, problems;
    uint64_t accepted, duplicates, refused; /* orders */
    uint64_t events;
    uint32_t sessions, pending, jobs;
};

struct intake;

struct intake *intake_new(struct plant *plant); /* takes a reference of its own */
/* Everything under way must have come back. NULL is fine. */
void intake_free(struct intake *in);

void intake_time(struct intake *in, int64_t plant_s, int64_t mono_ms);
/* owner: the creator whose key the connection has; NULL: no keys are asked for, and its hello says who it is. */
void intake_receive(struct intake *in, uint64_t peer, const char *owner, const void *bytes, size_t size);
/* A message of several frames: a protocol error, which ends the session. */
void intake_broken(struct intake *in, uint64_t peer, const char *owner);
/* Deals with messages that wait, in their creators' turns. true: there are more that could be dealt with now. */
bool intake_work(struct intake *in);
/* The connection is gone, or what it did not read was dropped. */
void intake_lost(struct intake *in, uint64_t peer);
void intake_stored(struct intake *in, struct store_request *request);
void intake_answered(struct intake *in, struct ask *ask);
void intake_wake(struct intake *in); /* there may be new events */
void intake_end(struct intake *in);  /* nothing more is received: what waits goes to the store as fast as it may */
void intake_turn(struct intake *in);
int64_t intake_next_ms(const struct intake *in);                     /* when it wants a turn at the latest */

void intake_plant(struct intake *in, struct plant *plant);           /* takes the reference */
void intake_estimate(struct intake *in, struct estimate *estimate);  /* takes it; NULL: there is none any more */
/* Others take orders as well; NULL: nobody else. It outlives the intake. */
void intake_presence(struct intake *in, const struct presence *presence);
void intake_creators(const struct intake *in, struct creator_set *ret); /* who is connected */

bool intake_effect(struct intake *in, struct intake_effect *ret); /* false: no more for now */

size_t intake_owed(const struct intake *in); /* requests and asks that have not come back */
struct intake_stats intake_stats(const struct intake *in);
