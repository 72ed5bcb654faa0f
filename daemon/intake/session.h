/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Sessions: which connection has said hello, and as whom.
 *
 *     (none) ──hello──▶ open ──lost, or the least recently heard when there are SESSIONS_MAX──▶ (none)
 *                        │  ▲
 *                        └──┘ hello again: as if it were new
 *
 * ZeroMQ does not say when a connection ends, so sessions of those that have gone stay until something cannot be sent to them
 * or their place is needed.
 *
 * Threads: one owner. Ownership: sessions are the table's. */

#include "daemon/intake/account.h"
#include "daemon/intake/subscription.h"

enum { SESSIONS_MAX = 20000 };

struct session {
    uint64_t peer;
    struct account *account;
    struct subscription subscription;
    uint32_t generation;   /* of the subscription: what was read for an older one is dropped */
    bool reading;          /* a read of events is under way */
    bool wanting;          /* in the list of those for whom there may be events */
    struct session *newer, *older; /* by when they were heard */
    struct session *want_prev, *want_next;
    UT_hash_handle hh;
};

struct sessions { /* zeroed: none */
    struct session *table;
    struct session *newest, *oldest;
    struct session *wanting; /* utlist: first in, first served */
};

void sessions_done(struct sessions *s);

/* A hello: opens the peer's session, or opens it anew. */
struct session *session_open(struct sessions *s, uint64_t peer, struct account *account);
/* NULL: it has not said hello. Counts as hearing it. */
struct session *session_heard(struct sessions *s, uint64_t peer);
struct session *session_find(const struct sessions *s, uint64_t peer);
void session_end(struct sessions *s, struct session *session); /* NULL is fine */

/* There may be events for it: queues it unless it has no subscription or is queued. */
void session_want(struct sessions *s, struct session *session);
/* The first of those that want events, taken off the queue; NULL: none. */
struct session *session_next_wanting(struct sessions *s);
