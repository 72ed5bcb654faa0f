/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/packing.h"

#include "base/arena.h"
#include "daemon/planner/promise.h"
#include "daemon/planner/state.h"

#include <assert.h>
#include <stdlib.h>

enum { HOUR_S = 3600, MILLI = 1000 };

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
    packing_stream_init(&k->stream);
    k->station_count = plant->packing_count;
    k->stations = takt_alloc(k->station_count * sizeof *k->stations);
}

void packing_done(struct packing *k) {
    packing_stream_done(&k->stream);
    free(k->resting.list);
    free(k->ready.list);
    free(k->stations);
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
    o->ready = true;
    order_made(p, o);
    if (p->packing.station_count == 0 && !p->terminal_packs) {
        packing_unexpect(p, o);
        order_packed(p, o, o->made_s);
        return;
    }
    heap_add(&p->packing.ready, o);
    packing_await(p, o);
}

void packing_drop(struct planner *p, struct order *o) {
    struct packing *k = &p->packing;
    packing_unexpect(p, o);
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
    packing_unexpect(p, s->order);
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
    if (o->cell != NULL && !o->ready)
        packing_expect(p, o, o->made_s);
    if (o->heap_at == 0 || !o->ready)
        return;
    heap_remove(&p->packing.ready, o);
    heap_add(&p->packing.ready, o);
    packing_await(p, o);
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
        if (k->stations[i].order != NULL) {
            heap_add(&k->ready, k->stations[i].order);
            packing_await(p, k->stations[i].order);
        }
    free(k->stations);
    k->station_count = p->plant->packing_count;
    k->stations = takt_alloc(k->station_count * sizeof *k->stations);
    packing_stream_reload(&k->stream, now_s);
}
