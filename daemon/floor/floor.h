/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The floor: what line terminals say, and what they are told. The same for the operator's `report` and `line next`.
 *
 * A core without sockets: it is handed messages, and hands back effects: a reply for a peer, a request for the store,
 * an ask for the planner. Whoever owns the sockets carries them out and hands their results back, in whatever order
 * they come:
 *
 *     floor_receive(f, peer, owner, bytes, size, now_s);       or floor_terminal, floor_operator
 *     while (floor_effect(f, &e)) …                     send it, submit it, ask it
 *     floor_stored(f, request, now_s)                   each request comes back once
 *     floor_answered(f, ask, now_s)                     each ask comes back once
 *     while (floor_effect(f, &e)) …
 *
 * What cannot be submitted is handed back at once with code TAKT_EBUSY, or refusal REFUSAL_BUSY: the peer is told
 * `busy`. Requests and asks carry a tag with FLOOR_TAG set, by which their owner knows them from his own.
 *
 * Guarantees:
 *  F1  A terminal must say hello with a name of the plant's YAML, and only reports, and only sees, the lines it names
 * there; stock and receipts from all of them, packed orders from those that name a packing line. The operator may do
 * all. F2  One reporter's reports reach the planner in the order in which they came over one connection. F3  A
 * report_ref counts once: the same content again is `reported` again, other content is `conflict`; also while the first
 * one is still on its way, over whatever connection. F4  `reported` is said only after the planner's publication is
 * durable. F5  Personal data (the texts on personalised units) passes through a `tasks` reply and is kept nowhere.
 *
 * A peer is a number by which the owner of the sockets knows a connection; it is not used again for another. The least
 * recently heard session gives way when there are FLOOR_SESSIONS_MAX, and gets `no-session` if it is heard again.
 *
 * Threads: one owner. Ownership: a reply's text is the receiver's, to be freed with free(); requests and asks, and all
 * that they point to, stay the floor's. Errors: everything that a peer can do wrong is a `problem` to it. */

#include "config/plant.h"
#include "daemon/planner/ask.h"
#include "daemon/store/store.h"

#include <stddef.h>

#define FLOOR_TAG (UINT64_C(1) << 63)

enum {
    FLOOR_SESSIONS_MAX = 4096,
    FLOOR_JOBS_MAX = 2000, /* messages under way; beyond: `busy` */
    FLOOR_NEXT_MAX = 100,  /* tasks in one reply */
    FLOOR_NEXT_DEFAULT = 10,
    FLOOR_UNITS_MAX = 1000 /* units named in one report; personalised units written out in one reply */
};

enum floor_effect_kind { FLOOR_REPLY, FLOOR_STORE, FLOOR_ASK };

struct floor_effect {
    enum floor_effect_kind kind;
    uint64_t peer; /* FLOOR_REPLY */
    char *text;    /* FLOOR_REPLY: one frame, JSON */
    size_t size;
    struct store_request *request; /* FLOOR_STORE; its `from` is the carrier's to fill */
    struct ask *ask;               /* FLOOR_ASK, also of kind ASK_REPORT */
};

struct floor;

/* A reference of the plant is taken. */
struct floor *floor_new(struct plant *plant);
/* NULL is fine. Nothing may be under way: every request and ask has come back. */
void floor_free(struct floor *f);
void floor_reload(struct floor *f, struct plant *plant);

/* A frame of a terminal's connection. owner: the terminal whose key the connection has; NULL: no keys are asked for. */
void floor_receive(struct floor *f, uint64_t peer, const char *owner, const void *bytes, size_t size, int64_t now_s);
/* Of the HTTP port, of type `report` or `next`: no hello is needed, since its token says whose it is. */
void floor_terminal(struct floor *f, uint64_t peer, const char *terminal, const void *bytes, size_t size, int64_t now_s);
/* Of the control endpoint, likewise: everything is allowed and the reporter is `operator`. */
void floor_operator(struct floor *f, uint64_t peer, const void *bytes, size_t size, int64_t now_s);

void floor_stored(struct floor *f, struct store_request *request, int64_t now_s);
void floor_answered(struct floor *f, struct ask *ask, int64_t now_s);

/* The next thing to be done; false: nothing. */
bool floor_effect(struct floor *f, struct floor_effect *ret);

/* Messages under way: to be waited for before the end. */
size_t floor_pending(const struct floor *f);
