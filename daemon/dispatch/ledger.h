/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The ledger of the outbox: every shipment that has not ended, and who has it at the moment.
 *
 * It remembers what the store does not need to: connections, leases, whose turn it is. Losing it loses nothing; it is
 * learned again from the store's rows. It sends nothing and asks nobody: see daemon/dispatch/outbox.h.
 *
 * Invariants (ledger_check asserts them):
 *  L1  A shipment is in exactly one state, and in exactly the one queue or list that belongs to the state.
 *  L2  A shipment is at one session at most; one that was taken only at a session of the consumer who took it.
 *  L3  A session holds what it was given and nothing else; it is given nothing beyond its credit.
 *  L4  A lease runs for what was sent and not taken, and for nothing else.
 *
 * Threads: one owner. Ownership: names are copied; what is returned lives until it has ended.
 * Cost: O(log n) a move, O(sessions) an assignment; about 250 bytes a shipment. */

#include "daemon/store/store.h"

#include <uthash.h>

#define LEDGER_NO_PEER UINT64_MAX

enum ledger_state {
    LEDGER_WAITING, /* open; its turn will come */
    LEDGER_SENDING, /* is being made ready for a session */
    LEDGER_SENT,    /* open; a session has it under a lease */
    LEDGER_TAKEN,   /* a session of the consumer who took it has it */
    LEDGER_KEPT     /* taken, but no session of its consumer has it: for him only */
};

struct ledger_consumer;
struct ledger_heap;

struct ledger_entry {
    char *shipment;
    uint64_t number;
    int64_t ship_by_s;
    enum ledger_state state;
    struct ledger_consumer *consumer; /* who has taken it; NULL: it is open */
    struct ledger_session *session;   /* SENDING, SENT, TAKEN */
    uint64_t sending_no;              /* of the assignment, so that an old one is known as such */
    uint32_t attempts;                /* sendings that came to nothing: the lease or the connection ended */
    uint64_t avoid;                   /* peer that let its lease end; LEDGER_NO_PEER: none */
    int64_t lease_until_ms;
    struct ledger_heap *heap; /* WAITING, KEPT: where it queues */
    size_t heap_at;
    struct ledger_entry *prev, *next;             /* of the session */
    struct ledger_entry *lease_prev, *lease_next; /* SENT: by the end of the lease */
    UT_hash_handle hh;
};

struct ledger_session {
    uint64_t peer;
    struct ledger_consumer *consumer;
    uint32_t credit, held;
    struct ledger_entry *entries;
    struct ledger_session *prev, *next; /* who was served longest ago is the first */
    UT_hash_handle hh;
};

struct ledger;

struct ledger *ledger_new(void);
void ledger_free(struct ledger *l); /* NULL is fine */

/* A row of the store that is open or taken: takes it in, or brings what is known into line with it. Rows must come in
 * the order in which the store answered. */
void ledger_learn(struct ledger *l, const struct shipment_row *row);
struct ledger_entry *ledger_find(struct ledger *l, const char *shipment); /* NULL: it is not here */

/* The peer has no session. */
struct ledger_session *ledger_session_begin(struct ledger *l, uint64_t peer, const char *consumer, uint32_t credit);
struct ledger_session *ledger_session_find(struct ledger *l, uint64_t peer); /* NULL: it has none */
struct ledger_session *ledger_session_next(struct ledger *l,
                                           const struct ledger_session *after); /* NULL: first, last */
void ledger_session_end(struct ledger *l, struct ledger_session *s);            /* what it had waits again */
/* The same, at its own wish: what it had and had not taken is no attempt that came to nothing. */
void ledger_session_leave(struct ledger *l, struct ledger_session *s);
const char *ledger_session_consumer(const struct ledger_session *s);
size_t ledger_session_count(const struct ledger *l);

/* The next shipment that a session shall have: what its consumer has taken before, then what is open, by ship_by. It is
 * SENDING from now on. NULL: there is none, or nobody has credit. */
struct ledger_entry *ledger_assign(struct ledger *l);

/* Of one that is SENDING. */
void ledger_sent(struct ledger *l, struct ledger_entry *e, int64_t lease_until_ms);
void ledger_unsent(struct ledger *l, struct ledger_entry *e);

/* The store says so; in any state. session: where it is now, NULL: nowhere. */
void ledger_taken(struct ledger *l, struct ledger_entry *e, const char *consumer, struct ledger_session *session);
void ledger_ended(struct ledger *l, struct ledger_entry *e); /* frees it */

/* Leases end; how many. */
size_t ledger_expire(struct ledger *l, int64_t now_ms);
int64_t ledger_next_ms(const struct ledger *l); /* the end of the next lease; INT64_MAX */

size_t ledger_count(const struct ledger *l, enum ledger_state state);
void ledger_check(const struct ledger *l);
