/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/packing.h"

#include "base/arena.h"
#include "daemon/planner/promise.h"
#include "daemon/planner/state.h"

#include <assert.h>
#include <stdlib.h>

enum { BUCKETS_A_DAY = 86400 / PACKING_BUCKET_S, HOUR_S = 3600, MILLI = 1000 };

/* ---- heaps ---- */

static void heap_put(struct order_heap *h, size_t at, struct order *o) {
    h->list[at] = o;
    o->heap_at = (uint32_t)at + 1;
}

static void heap_up(struct order_heap *h, size_t at, struct order *o) {
    while (at > 0 && h->before(o, h->list[(at - 1) / 2])) {
        heap_put(h, at, h->list[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    heap_put(h, at, o);
}

static void heap_down(struct order_heap *h, size_t at, struct order *o) {
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < h->count && h->before(h->list[child + 1], h->list[child]))
            child++;
        if (child >= h->count || !h->before(h->list[child], o))
            break;
        heap_put(h, at, h->list[child]);
        at = child;
    }
    heap_put(h, at, o);
}

static void heap_add(struct order_heap *h, struct order *o) {
    assert(o->heap_at == 0);
    ARRAY_GROW(h->list, h->count, h->cap);
    heap_up(h, h->count++, o);
}

static void heap_remove(struct order_heap *h, struct order *o) {
    size_t at = o->heap_at - 1;
    struct order *last = h->list[--h->count];
    assert(h->list[at] == o || last == o);
    o->heap_at = 0;
    if (last == o)
        return;
    if (at > 0 && h->before(last, h->list[(at - 1) / 2]))
        heap_up(h, at, last);
    else
        heap_down(h, at, last);
}

static bool rests_shorter(const struct order *a, const struct order *b) {
    return a->made_s != b->made_s ? a->made_s < b->made_s : a->no < b->no;
}

static bool goes_first(const struct order *a, const struct order *b) {
    return a->ship_by_s != b->ship_by_s ? a->ship_by_s < b->ship_by_s : a->no < b->no;
}

void packing_init(struct packing *k, const struct plant *plant) {
    *k = (struct packing){.resting.before = rests_shorter, .ready.before = goes_first};
    k->buckets = takt_alloc(PACKING_BUCKETS * sizeof *k->buckets);
    k->station_count = plant->packing_count;
    k->stations = takt_alloc(k->station_count * sizeof *k->stations);
}

void packing_done(struct packing *k) {
    free(k->buckets);
    free(k->resting.list);
    free(k->ready.list);
    free(k->stations);
}

/* ---- expected ---- */

static struct packing_bucket *bucket_of(const struct packing *k, int64_t number) {
    return &k->buckets[(uint64_t)number % PACKING_BUCKETS];
}

static void leave_bucket(struct packing *k, struct order *o) {
    if (o->bucket == 0)
        return;
    struct packing_bucket *b = &k->buckets[o->bucket - 1];
    if (o->bucket_prev != NULL)
        o->bucket_prev->bucket_next = o->bucket_next;
    else
        b->orders = o->bucket_next;
    if (o->bucket_next != NULL)
        o->bucket_next->bucket_prev = o->bucket_prev;
    b->count--;
    o->bucket = 0;
    o->bucket_prev = o->bucket_next = NULL;
}

void packing_expect(struct planner *p, struct order *o, int64_t made_s) {
    struct packing *k = &p->packing;
    int64_t number = made_s / PACKING_BUCKET_S;
    if (number < k->base)
        number = k->base;
    struct packing_bucket *b = bucket_of(k, number);
    if (o->ready || k->station_count == 0 || number >= k->base + PACKING_BUCKETS - BUCKETS_A_DAY) {
        leave_bucket(k, o);
        return;
    }
    if (o->bucket == (uint32_t)(b - k->buckets) + 1)
        return;
    leave_bucket(k, o);
    o->bucket = (uint32_t)(b - k->buckets) + 1;
    o->bucket_next = b->orders;
    if (b->orders != NULL)
        b->orders->bucket_prev = o;
    b->orders = o;
    b->count++;
}

static int32_t capacity_of(const struct planner *p, int64_t number) {
    int64_t from_s = number * PACKING_BUCKET_S, sum = 0;
    for (size_t i = 0; i < p->packing.station_count; i++)
        sum += opening_between(&p->openings.packing[i], from_s, from_s + PACKING_BUCKET_S) *
               p->plant->packing[i].rate_milli / HOUR_S;
    return sum > INT32_MAX / 2 ? INT32_MAX / 2 : (int32_t)sum;
}

/* Moves the ring on to now, a day's capacity at a time. */
static void advance(struct planner *p, int64_t now_s) {
    struct packing *k = &p->packing;
    int64_t base = now_s / PACKING_BUCKET_S;
    if (k->known > 0 && base > k->base) {
        k->known = base - k->base < k->known ? k->known - (base - k->base) : 0;
    }
    k->base = base;
    int64_t end = (p->openings.to_s - now_s) / PACKING_BUCKET_S;
    if (end > PACKING_BUCKETS - BUCKETS_A_DAY)
        end = PACKING_BUCKETS - BUCKETS_A_DAY;
    if (k->known + BUCKETS_A_DAY > end)
        return;
    for (; k->known < end; k->known++)
        bucket_of(k, base + k->known)->capacity_milli = capacity_of(p, base + k->known);
}

static void tell_bucket(struct planner *p, struct packing_bucket *b, int64_t now_s) {
    for (struct order *o = b->orders, *next; o != NULL; o = next) {
        next = o->bucket_next;
        promise_expect(p, o, b->end_s > o->made_s ? b->end_s : o->made_s, now_s);
    }
}

/* A stream through the lines: what came in up to a half hour is packed when the lines have done as much, and they never
 * do more than has come in. Both sums only grow, so one pass with two fingers does it: `j` is the half hour at whose
 * end as much is done as had come in by the end of `i`, and not before the lines are open again. */
void packing_estimate(struct planner *p, int64_t now_s) {
    struct packing *k = &p->packing;
    if (k->station_count == 0)
        return;
    advance(p, now_s);
    int64_t in_i = (int64_t)k->ready.count * MILLI, in_j = in_i, done_j = 0, j = -1, open = 0;
    for (int64_t i = 0; i < k->known; i++) {
        struct packing_bucket *b = bucket_of(k, k->base + i);
        in_i += (int64_t)b->count * MILLI;
        while ((j < i || done_j < in_i) && j + 1 < k->known) {
            const struct packing_bucket *next = bucket_of(k, k->base + ++j);
            in_j += (int64_t)next->count * MILLI;
            done_j = done_j + next->capacity_milli < in_j ? done_j + next->capacity_milli : in_j;
        }
        open = open < i ? i : open;
        while (open + 1 < k->known && bucket_of(k, k->base + open)->capacity_milli == 0)
            open++;
        int64_t end_s = (k->base + (j > open ? j : open) + 1) * PACKING_BUCKET_S;
        if (end_s != b->end_s) {
            b->end_s = end_s;
            tell_bucket(p, b, now_s);
        }
    }
}

int64_t packing_end(const struct planner *p, int64_t made_s, int64_t now_s) {
    const struct packing *k = &p->packing;
    if (made_s == TAKT_TIME_NEVER)
        return TAKT_TIME_NEVER;
    if (made_s < now_s)
        made_s = now_s;
    int64_t number = made_s / PACKING_BUCKET_S;
    if (k->station_count == 0)
        return made_s;
    if (number < k->base || number >= k->base + k->known)
        return made_s + PACKING_BUCKET_S;
    int64_t end_s = bucket_of(k, number)->end_s;
    return end_s > made_s ? end_s : made_s;
}

int64_t packing_latest(const struct planner *p, int64_t time_s) {
    int64_t best = TAKT_TIME_NONE;
    for (size_t i = 0; i < p->packing.station_count; i++) {
        const struct opening *o = &p->openings.packing[i];
        size_t at = opening_at(o, time_s - 1);
        int64_t end_s = TAKT_TIME_NONE;
        if (at < o->count && o->list[at].from_s < time_s)
            end_s = time_s;
        else if (at > 0)
            end_s = o->list[at - 1].to_s;
        if (end_s > best)
            best = end_s;
    }
    return best == TAKT_TIME_NONE ? time_s : best - PACKING_BUCKET_S;
}

/* ---- what happens ---- */

void packing_queue(struct planner *p, struct order *o) {
    struct packing *k = &p->packing;
    if (o->heap_at != 0 || o->ready)
        return;
    heap_add(&k->resting, o);
}

static void make_ready(struct planner *p, struct order *o) {
    heap_remove(&p->packing.resting, o);
    leave_bucket(&p->packing, o);
    o->ready = true;
    order_made(p, o);
    if (p->packing.station_count == 0 && !p->terminal_packs) {
        order_packed(p, o, o->made_s);
        return;
    }
    heap_add(&p->packing.ready, o);
}

void packing_drop(struct planner *p, struct order *o) {
    struct packing *k = &p->packing;
    leave_bucket(k, o);
    if (o->heap_at != 0)
        heap_remove(o->ready ? &k->ready : &k->resting, o);
    for (size_t i = 0; i < k->station_count; i++)
        if (k->stations[i].order == o)
            k->stations[i].order = NULL;
    o->ready = false;
}

static int64_t packing_time(const struct planner *p, size_t station) {
    int64_t rate = p->plant->packing[station].rate_milli;
    return (HOUR_S * MILLI + rate - 1) / rate;
}

/* When a station has something to do next: it ends what it packs, or opens while something waits. */
static int64_t station_next(const struct planner *p, size_t i, int64_t from_s) {
    const struct packing_station *s = &p->packing.stations[i];
    if (s->order != NULL)
        return s->end_s;
    if (p->packing.ready.count == 0 || p->terminal_packs)
        return TAKT_TIME_NEVER;
    return opening_next(&p->openings.packing[i], from_s);
}

static void work_station(struct planner *p, size_t i, int64_t time_s) {
    struct packing_station *s = &p->packing.stations[i];
    struct order *done = s->order;
    s->order = NULL;
    if (done != NULL)
        order_packed(p, done, time_s);
    if (p->packing.ready.count == 0 || p->terminal_packs || opening_next(&p->openings.packing[i], time_s) != time_s)
        return;
    s->order = p->packing.ready.list[0];
    heap_remove(&p->packing.ready, s->order);
    s->end_s = opening_end(&p->openings.packing[i], time_s, packing_time(p, i));
}

/* The events of stations and rests in order of time, until now. */
void packing_turn(struct planner *p, int64_t now_s) {
    struct packing *k = &p->packing;
    for (;;) {
        int64_t next_s = k->resting.count > 0 ? k->resting.list[0]->made_s : TAKT_TIME_NEVER;
        size_t which = k->station_count;
        for (size_t i = 0; i < k->station_count; i++) {
            int64_t s = station_next(p, i, k->turned_s);
            if (s < next_s) {
                next_s = s;
                which = i;
            }
        }
        if (next_s > now_s)
            break;
        if (next_s > k->turned_s)
            k->turned_s = next_s;
        if (which == k->station_count)
            make_ready(p, k->resting.list[0]);
        else
            work_station(p, which, k->turned_s);
    }
    k->turned_s = now_s;
}

int64_t packing_next_s(const struct planner *p) {
    const struct packing *k = &p->packing;
    int64_t next_s = k->resting.count > 0 ? k->resting.list[0]->made_s : TAKT_TIME_NEVER;
    for (size_t i = 0; i < k->station_count; i++) {
        int64_t t = station_next(p, i, k->turned_s);
        if (t < next_s)
            next_s = t;
    }
    return next_s;
}

void packing_rekey(struct planner *p, struct order *o) {
    if (o->heap_at == 0 || !o->ready)
        return;
    heap_remove(&p->packing.ready, o);
    heap_add(&p->packing.ready, o);
}

const struct order *packing_first(const struct planner *p) {
    return p->packing.ready.count > 0 ? p->packing.ready.list[0] : NULL;
}

void packing_reported(struct planner *p, struct order *o, int64_t at_s) {
    packing_drop(p, o);
    order_packed(p, o, at_s);
}

/* Parcels that were being packed are begun again. */
void packing_reload(struct planner *p, int64_t now_s) {
    struct packing *k = &p->packing;
    for (size_t i = 0; i < k->station_count; i++)
        if (k->stations[i].order != NULL)
            heap_add(&k->ready, k->stations[i].order);
    free(k->stations);
    k->station_count = p->plant->packing_count;
    k->stations = takt_alloc(k->station_count * sizeof *k->stations);
    k->known = 0;
    k->base = now_s / PACKING_BUCKET_S;
}
