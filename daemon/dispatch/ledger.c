/* SPDX-License-Identifier: Apache-2.0 */

/* The ledger.
 *
 *              assign               sent
 *    WAITING ─────────▶ SENDING ─────────▶ SENT
 *       ▲ ▲               │ │               │ │
 *       │ └── unsent ─────┘ │    lease ends,│ │ taken
 *       │                   │   session ends│ │
 *       └───────────────────┼───────────────┘ ▼
 *                           │ sent (taken)   TAKEN ──┐ session ends
 *       assign              └──────────────▶  ▲      ▼
 *    KEPT ─────────▶ SENDING                  └──── KEPT   (through SENDING)
 *
 *  transition          function
 *  → WAITING           ledger_learn (new, or released by the operator), ledger_unsent, ledger_expire, ledger_session_end,
 *                      ledger_session_leave
 *  → SENDING           ledger_assign
 *  → SENT              ledger_sent of one that is open
 *  → TAKEN             ledger_sent of one that is taken; ledger_taken with a session
 *  → KEPT              ledger_learn, ledger_taken without a session, ledger_unsent, ledger_session_end, ledger_session_leave
 *  ended               ledger_ended, from every state
 *
 * ledger_move is the only one that changes a state: it takes the entry out of where it was and puts it to where it
 * belongs. */

#include "daemon/dispatch/ledger.h"

#include "base/arena.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct ledger_heap { /* the most urgent first */
    struct ledger_entry **list;
    size_t count, cap;
};

struct ledger_consumer {
    char *name;
    struct ledger_heap kept;
    UT_hash_handle hh;
};

struct ledger {
    struct ledger_entry *entries; /* by shipment */
    struct ledger_session *sessions, *turns;
    struct ledger_consumer *consumers;
    struct ledger_heap waiting;
    struct ledger_entry *leases;
    uint64_t last_sending;
    size_t count[LEDGER_KEPT + 1];
};

/* ---- queues ---- */

static bool before(const struct ledger_entry *a, const struct ledger_entry *b) {
    return a->ship_by_s != b->ship_by_s ? a->ship_by_s < b->ship_by_s : a->number < b->number;
}

static void heap_set(struct ledger_heap *h, size_t at, struct ledger_entry *e) {
    h->list[at] = e;
    e->heap_at = at;
}

static void heap_settle(struct ledger_heap *h, size_t at, struct ledger_entry *e) {
    for (; at > 0 && before(e, h->list[(at - 1) / 2]); at = (at - 1) / 2)
        heap_set(h, at, h->list[(at - 1) / 2]);
    for (size_t child = 2 * at + 1; child < h->count; child = 2 * at + 1) {
        if (child + 1 < h->count && before(h->list[child + 1], h->list[child]))
            child++;
        if (!before(h->list[child], e))
            break;
        heap_set(h, at, h->list[child]);
        at = child;
    }
    heap_set(h, at, e);
}

static void heap_add(struct ledger_heap *h, struct ledger_entry *e) {
    ARRAY_GROW(h->list, h->count, h->cap);
    e->heap = h;
    heap_settle(h, h->count++, e);
}

static void heap_remove(struct ledger_entry *e) {
    struct ledger_heap *h = e->heap;
    struct ledger_entry *last = h->list[--h->count];
    e->heap = NULL;
    if (last != e)
        heap_settle(h, e->heap_at, last);
}

/* ---- the state machine ---- */

static void take_out(struct ledger *l, struct ledger_entry *e) {
    if (e->heap != NULL)
        heap_remove(e);
    if (e->state == LEDGER_SENT)
        DL_DELETE2(l->leases, e, lease_prev, lease_next);
    if (e->session != NULL) {
        DL_DELETE(e->session->entries, e);
        e->session->held--;
        e->session = NULL;
    }
    l->count[e->state]--;
}

static void ledger_move(struct ledger *l, struct ledger_entry *e, enum ledger_state to,
                        struct ledger_session *session) {
    take_out(l, e);
    e->state = to;
    l->count[to]++;
    if (session != NULL) {
        assert(to == LEDGER_SENDING || to == LEDGER_SENT || to == LEDGER_TAKEN);
        DL_APPEND(session->entries, e);
        session->held++;
        e->session = session;
    } else {
        assert(to == LEDGER_WAITING || to == LEDGER_KEPT);
        heap_add(to == LEDGER_WAITING ? &l->waiting : &e->consumer->kept, e);
    }
    if (to == LEDGER_SENT) /* all leases are of one length, so this keeps them in order */
        DL_APPEND2(l->leases, e, lease_prev, lease_next);
}

static void move_back(struct ledger *l, struct ledger_entry *e) {
    ledger_move(l, e, e->consumer == NULL ? LEDGER_WAITING : LEDGER_KEPT, NULL);
}

static struct ledger_consumer *consumer_of(struct ledger *l, const char *name) {
    struct ledger_consumer *c;
    HASH_FIND_STR(l->consumers, name, c);
    if (c == NULL) {
        c = takt_alloc(sizeof *c);
        c->name = takt_strdup(name);
        HASH_ADD_KEYPTR(hh, l->consumers, c->name, strlen(c->name), c);
    }
    return c;
}

/* ---- life ---- */

struct ledger *ledger_new(void) {
    return takt_alloc(sizeof(struct ledger));
}

void ledger_free(struct ledger *l) {
    if (l == NULL)
        return;
    struct ledger_entry *e, *next_entry;
    HASH_ITER(hh, l->entries, e, next_entry)
    ledger_ended(l, e);
    struct ledger_session *s, *next_session;
    HASH_ITER(hh, l->sessions, s, next_session)
    ledger_session_end(l, s);
    struct ledger_consumer *c, *next_consumer;
    HASH_ITER(hh, l->consumers, c, next_consumer) {
        HASH_DEL(l->consumers, c);
        free(c->kept.list);
        free(c->name);
        free(c);
    }
    free(l->waiting.list);
    free(l);
}

/* ---- what the store says ---- */

static struct ledger_entry *entry_add(struct ledger *l, const struct shipment_row *row) {
    struct ledger_entry *e = takt_alloc(sizeof *e);
    e->shipment = takt_strdup(row->parcel.shipment);
    e->avoid = LEDGER_NO_PEER;
    e->number = row->parcel.number;
    e->attempts = row->attempts;
    e->ship_by_s = row->parcel.ship_by_s == TAKT_TIME_NONE ? TAKT_TIME_NEVER : row->parcel.ship_by_s;
    HASH_ADD_KEYPTR(hh, l->entries, e->shipment, strlen(e->shipment), e);
    e->state = LEDGER_WAITING;
    l->count[LEDGER_WAITING]++;
    heap_add(&l->waiting, e);
    return e;
}

void ledger_learn(struct ledger *l, const struct shipment_row *row) {
    assert(row->state == SHIPMENT_OPEN || row->state == SHIPMENT_TAKEN);
    struct ledger_entry *e = ledger_find(l, row->parcel.shipment);
    if (e == NULL)
        e = entry_add(l, row);
    if (row->state == SHIPMENT_TAKEN) {
        if (e->consumer == NULL || strcmp(e->consumer->name, row->consumer) != 0)
            ledger_taken(l, e, row->consumer, e->state == LEDGER_SENT ? e->session : NULL);
    } else if (e->consumer != NULL) {
        e->consumer = NULL;
        e->attempts = row->attempts;
        move_back(l, e);
    }
}

struct ledger_entry *ledger_find(struct ledger *l, const char *shipment) {
    struct ledger_entry *e;
    HASH_FIND_STR(l->entries, shipment, e);
    return e;
}

void ledger_taken(struct ledger *l, struct ledger_entry *e, const char *consumer, struct ledger_session *session) {
    e->consumer = consumer_of(l, consumer);
    e->avoid = LEDGER_NO_PEER;
    if (session != NULL && session->consumer == e->consumer)
        ledger_move(l, e, LEDGER_TAKEN, session);
    else
        ledger_move(l, e, LEDGER_KEPT, NULL);
}

void ledger_ended(struct ledger *l, struct ledger_entry *e) {
    take_out(l, e);
    HASH_DEL(l->entries, e);
    free(e->shipment);
    free(e);
}

/* ---- sessions ---- */

struct ledger_session *ledger_session_begin(struct ledger *l, uint64_t peer, const char *consumer, uint32_t credit) {
    assert(peer != LEDGER_NO_PEER && ledger_session_find(l, peer) == NULL);
    struct ledger_session *s = takt_alloc(sizeof *s);
    s->peer = peer;
    s->consumer = consumer_of(l, consumer);
    s->credit = credit;
    HASH_ADD(hh, l->sessions, peer, sizeof s->peer, s);
    DL_PREPEND(l->turns, s);
    return s;
}

struct ledger_session *ledger_session_find(struct ledger *l, uint64_t peer) {
    struct ledger_session *s;
    HASH_FIND(hh, l->sessions, &peer, sizeof peer, s);
    return s;
}

struct ledger_session *ledger_session_next(struct ledger *l, const struct ledger_session *after) {
    return after == NULL ? l->turns : after->next;
}

void ledger_session_end(struct ledger *l, struct ledger_session *s) {
    for (struct ledger_entry *e = s->entries; e != NULL; e = e->next)
        e->attempts += e->state == LEDGER_SENT;
    ledger_session_leave(l, s);
}

void ledger_session_leave(struct ledger *l, struct ledger_session *s) {
    while (s->entries != NULL)
        move_back(l, s->entries);
    HASH_DEL(l->sessions, s);
    DL_DELETE(l->turns, s);
    free(s);
}

const char *ledger_session_consumer(const struct ledger_session *s) {
    return s->consumer->name;
}

size_t ledger_session_count(const struct ledger *l) {
    return HASH_COUNT(l->sessions);
}

/* ---- assigning ---- */

static bool has_room(const struct ledger_session *s) {
    return s->held < s->credit;
}

static struct ledger_entry *assign_to(struct ledger *l, struct ledger_entry *e, struct ledger_session *s) {
    ledger_move(l, e, LEDGER_SENDING, s);
    e->sending_no = ++l->last_sending;
    DL_DELETE(l->turns, s);
    DL_APPEND(l->turns, s);
    return e;
}

struct ledger_entry *ledger_assign(struct ledger *l) {
    struct ledger_session *s, *willing = NULL, *last_resort = NULL;
    struct ledger_entry *open = l->waiting.count > 0 ? l->waiting.list[0] : NULL;
    DL_FOREACH(l->turns, s) {
        if (!has_room(s))
            continue;
        if (s->consumer->kept.count > 0)
            return assign_to(l, s->consumer->kept.list[0], s);
        if (open != NULL && s->peer == open->avoid)
            last_resort = s;
        else if (willing == NULL)
            willing = s;
    }
    if (willing == NULL)
        willing = last_resort;
    return open != NULL && willing != NULL ? assign_to(l, open, willing) : NULL;
}

void ledger_sent(struct ledger *l, struct ledger_entry *e, int64_t lease_until_ms) {
    assert(e->state == LEDGER_SENDING);
    e->lease_until_ms = lease_until_ms;
    ledger_move(l, e, e->consumer == NULL ? LEDGER_SENT : LEDGER_TAKEN, e->session);
}

void ledger_unsent(struct ledger *l, struct ledger_entry *e) {
    assert(e->state == LEDGER_SENDING);
    move_back(l, e);
}

size_t ledger_expire(struct ledger *l, int64_t now_ms) {
    size_t count = 0;
    for (; l->leases != NULL && l->leases->lease_until_ms <= now_ms; count++) {
        struct ledger_entry *e = l->leases;
        e->avoid = e->session->peer;
        e->attempts++;
        move_back(l, e);
    }
    return count;
}

int64_t ledger_next_ms(const struct ledger *l) {
    return l->leases != NULL ? l->leases->lease_until_ms : INT64_MAX;
}

size_t ledger_count(const struct ledger *l, enum ledger_state state) {
    return l->count[state];
}

static void check_entry(const struct ledger *l, const struct ledger_entry *e) {
    bool held = e->state == LEDGER_SENDING || e->state == LEDGER_SENT || e->state == LEDGER_TAKEN;
    assert(held == (e->session != NULL) && held == (e->heap == NULL));
    if (e->state == LEDGER_WAITING)
        assert(e->consumer == NULL && e->heap == &l->waiting);
    if (e->state == LEDGER_KEPT)
        assert(e->consumer != NULL && e->heap == &e->consumer->kept);
    if (e->state == LEDGER_SENT)
        assert(e->consumer == NULL);
    if (e->state == LEDGER_TAKEN)
        assert(e->consumer != NULL);
    if (e->session != NULL && e->consumer != NULL)
        assert(e->session->consumer == e->consumer);
    if (e->heap != NULL)
        assert(e->heap_at < e->heap->count && e->heap->list[e->heap_at] == e);
}

void ledger_check(const struct ledger *l) {
    size_t count[LEDGER_KEPT + 1] = {0}, leases = 0;
    for (const struct ledger_entry *e = l->entries; e != NULL; e = e->hh.next) {
        check_entry(l, e);
        count[e->state]++;
    }
    assert(memcmp(count, l->count, sizeof count) == 0);
    for (const struct ledger_session *s = l->sessions; s != NULL; s = s->hh.next) {
        uint32_t held = 0;
        for (const struct ledger_entry *e = s->entries; e != NULL; e = e->next, held++)
            assert(e->session == s);
        assert(held == s->held);
    }
    const struct ledger_entry *last = NULL;
    for (const struct ledger_entry *e = l->leases; e != NULL; last = e, e = e->lease_next, leases++)
        assert(e->state == LEDGER_SENT && (last == NULL || last->lease_until_ms <= e->lease_until_ms));
    assert(leases == l->count[LEDGER_SENT]);
}
