/* SPDX-License-Identifier: Apache-2.0 */

/* An estimate in three steps:
 *
 *   1 the stream as a whole, without regard to promises: when would what nobody knows of yet be packed?
 *   2 the cells, promise by promise: a cell's end is that of the half hour in which as much is done as had come in
 *     with it, of what its promise's turn finds left of the capacity
 *   3 orders of cells that moved are told; that may give them promises and so other cells, hence it comes last */

#include "daemon/planner/packing_stream.h"

#include "base/arena.h"
#include "daemon/planner/promise.h"
#include "daemon/planner/state.h"

#include <stdlib.h>

enum { BUCKETS_A_DAY = 86400 / PACKING_BUCKET_S, HOUR_S = 3600, MILLI = 1000, READY = -1 };

struct cell_key {
    int64_t number, ship_by_s;
};

static uint64_t key_hash(int64_t number, int64_t ship_by_s) {
    return hash_number((uint64_t)number * 31 + (uint64_t)ship_by_s);
}

static uint64_t cell_hash(const void *entry) {
    const struct packing_cell *c = entry;
    return key_hash(c->number, c->ship_by_s);
}

static bool cell_same(const void *entry, const void *key) {
    const struct packing_cell *c = entry;
    const struct cell_key *k = key;
    return c->number == k->number && c->ship_by_s == k->ship_by_s;
}

void packing_stream_init(struct packing_stream *k) {
    *k = (struct packing_stream){.buckets = takt_alloc(PACKING_BUCKETS * sizeof *k->buckets)};
    table_init(&k->by_key, cell_hash, cell_same);
}

void packing_stream_done(struct packing_stream *k) {
    for (size_t i = 0; i < k->cell_count; i++)
        free(k->cells[i]);
    free(k->cells);
    free(k->buckets);
    table_done(&k->by_key);
}

void packing_stream_reload(struct packing_stream *k, int64_t now_s) {
    k->known = 0;
    k->base = now_s / PACKING_BUCKET_S;
}

/* ---- cells ---- */

static struct packing_cell *get_cell(struct packing_stream *k, const struct cell_key *key) {
    struct packing_cell *c = table_find(&k->by_key, key_hash(key->number, key->ship_by_s), key);
    if (c != NULL)
        return c;
    c = takt_alloc(sizeof *c);
    *c = (struct packing_cell){.number = key->number, .ship_by_s = key->ship_by_s, .at = (uint32_t)k->cell_count};
    table_add(&k->by_key, c);
    ARRAY_GROW(k->cells, k->cell_count, k->cell_cap);
    k->cells[k->cell_count++] = c;
    return c;
}

static void drop_cell(struct packing_stream *k, struct packing_cell *c) {
    table_remove(&k->by_key, c);
    k->cells[c->at] = k->cells[--k->cell_count];
    k->cells[c->at]->at = c->at;
    free(c);
}

void packing_unexpect(struct planner *p, struct order *o) {
    struct packing_cell *c = o->cell;
    if (c == NULL)
        return;
    if (o->cell_prev != NULL)
        o->cell_prev->cell_next = o->cell_next;
    else
        c->orders = o->cell_next;
    if (o->cell_next != NULL)
        o->cell_next->cell_prev = o->cell_prev;
    o->cell = NULL;
    o->cell_prev = o->cell_next = NULL;
    if (--c->count == 0)
        drop_cell(&p->packing.stream, c);
}

static void enter_cell(struct planner *p, struct order *o, int64_t number) {
    struct cell_key key = {number, o->ship_by_s == TAKT_TIME_NONE ? TAKT_TIME_NEVER : o->ship_by_s};
    if (o->cell != NULL && cell_same(o->cell, &key))
        return;
    packing_unexpect(p, o);
    struct packing_cell *c = get_cell(&p->packing.stream, &key);
    o->cell = c;
    o->cell_next = c->orders;
    if (c->orders != NULL)
        c->orders->cell_prev = o;
    c->orders = o;
    c->count++;
}

void packing_expect(struct planner *p, struct order *o, int64_t made_s) {
    const struct packing_stream *k = &p->packing.stream;
    int64_t number = made_s / PACKING_BUCKET_S;
    if (o->ready)
        return;
    if (p->packing.station_count == 0 || number >= k->base + PACKING_BUCKETS - BUCKETS_A_DAY)
        packing_unexpect(p, o);
    else
        enter_cell(p, o, number < k->base ? k->base : number);
}

void packing_await(struct planner *p, struct order *o) {
    if (p->packing.station_count > 0)
        enter_cell(p, o, READY);
}

/* ---- half hours ---- */

static struct packing_bucket *bucket_of(const struct packing_stream *k, int64_t number) {
    return &k->buckets[(uint64_t)number % PACKING_BUCKETS];
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
    struct packing_stream *k = &p->packing.stream;
    int64_t base = now_s / PACKING_BUCKET_S;
    if (k->known > 0 && base > k->base)
        k->known = base - k->base < k->known ? k->known - (base - k->base) : 0;
    k->base = base;
    int64_t end = (p->openings.to_s - now_s) / PACKING_BUCKET_S;
    if (end > PACKING_BUCKETS - BUCKETS_A_DAY)
        end = PACKING_BUCKETS - BUCKETS_A_DAY;
    if (k->known + BUCKETS_A_DAY > end)
        return;
    for (; k->known < end; k->known++)
        bucket_of(k, base + k->known)->capacity_milli = capacity_of(p, base + k->known);
}

static int64_t arrival_of(const struct packing_stream *k, const struct packing_cell *c) {
    return c->number < k->base ? k->base : c->number;
}

static void fill_buckets(struct packing_stream *k) {
    for (int64_t i = 0; i < k->known; i++) {
        struct packing_bucket *b = bucket_of(k, k->base + i);
        b->left_milli = b->capacity_milli;
        b->count = 0;
    }
    for (size_t i = 0; i < k->cell_count; i++)
        if (arrival_of(k, k->cells[i]) < k->base + k->known)
            bucket_of(k, arrival_of(k, k->cells[i]))->count += k->cells[i]->count;
}

/* A stream through the lines: what came in up to a half hour is packed when the lines have done as much, and they never
 * do more than has come in. Both sums only grow, so one pass with two fingers does it: `j` is the half hour at whose
 * end as much is done as had come in by the end of `i`, and not before the lines are open again. */
static void end_buckets(struct packing_stream *k) {
    int64_t in_i = 0, in_j = 0, done_j = 0, j = -1, open = 0;
    for (int64_t i = 0; i < k->known; i++) {
        struct packing_bucket *b = bucket_of(k, k->base + i);
        in_i += b->count * MILLI;
        while ((j < i || done_j < in_i) && j + 1 < k->known) {
            const struct packing_bucket *next = bucket_of(k, k->base + ++j);
            in_j += next->count * MILLI;
            done_j = done_j + next->capacity_milli < in_j ? done_j + next->capacity_milli : in_j;
        }
        open = open < i ? i : open;
        while (open + 1 < k->known && bucket_of(k, k->base + open)->capacity_milli == 0)
            open++;
        b->end_s = (k->base + (j > open ? j : open) + 1) * PACKING_BUCKET_S;
    }
}

/* ---- promise by promise ---- */

static int by_promise(const void *a, const void *b) {
    const struct packing_cell *x = *(struct packing_cell *const *)a, *y = *(struct packing_cell *const *)b;
    if (x->ship_by_s != y->ship_by_s)
        return x->ship_by_s < y->ship_by_s ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static void end_cell(struct packing_cell *c, int64_t number) {
    int64_t end_s = (number + 1) * PACKING_BUCKET_S;
    c->moved = c->end_s != end_s;
    c->end_s = end_s;
}

/* Cells of one promise, by half hour, through what is left of the lines. */
static void end_promise(const struct packing_stream *k, struct packing_cell **cells, size_t count) {
    int64_t in = 0, done = 0, last = k->base + k->known, h = arrival_of(k, cells[0]);
    size_t came = 0, ended = 0;
    for (; ended < count && h < last; h++) {
        for (; came < count && arrival_of(k, cells[came]) <= h; came++)
            cells[came]->upto_milli = in += (int64_t)cells[came]->count * MILLI;
        struct packing_bucket *b = bucket_of(k, h);
        int64_t take = in - done < b->left_milli ? in - done : b->left_milli;
        b->left_milli -= (int32_t)take;
        done += take;
        for (; ended < came && cells[ended]->upto_milli <= done; ended++)
            end_cell(cells[ended], h);
        if (done == in && came < count)
            h = arrival_of(k, cells[came]) - 1;
    }
    for (; ended < count; ended++)
        end_cell(cells[ended], arrival_of(k, cells[ended]) > last ? arrival_of(k, cells[ended]) : last);
}

static void end_cells(const struct packing_stream *k, struct packing_cell **cells, size_t count) {
    qsort(cells, count, sizeof *cells, by_promise);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && cells[end]->ship_by_s == cells[i]->ship_by_s;)
            end++;
        end_promise(k, cells + i, end - i);
    }
}

static void tell_moved(struct planner *p, struct packing_cell *const *cells, size_t cell_count, int64_t now_s) {
    size_t most = 0, count = 0;
    for (size_t i = 0; i < cell_count; i++)
        most += cells[i]->moved && cells[i]->number != READY ? cells[i]->count : 0;
    struct order **list = takt_alloc(most * sizeof(struct order *) + 1);
    for (size_t i = 0; i < cell_count; i++)
        for (struct order *o = cells[i]->orders; cells[i]->moved && cells[i]->number != READY && o != NULL;
             o = o->cell_next)
            list[count++] = o;
    for (size_t i = 0; i < count; i++)
        promise_expect(p, list[i], packing_expected(p, list[i], now_s), now_s);
    free(list);
}

void packing_estimate(struct planner *p, int64_t now_s) {
    struct packing_stream *k = &p->packing.stream;
    if (p->packing.station_count == 0)
        return;
    advance(p, now_s);
    fill_buckets(k);
    end_buckets(k);
    if (k->cell_count == 0)
        return;
    struct packing_cell **cells = takt_alloc(k->cell_count * sizeof *cells);
    for (size_t i = 0; i < k->cell_count; i++)
        cells[i] = k->cells[i];
    end_cells(k, cells, k->cell_count);
    tell_moved(p, cells, k->cell_count, now_s);
    free(cells);
}

/* What waits already takes of the lines before anything else does. */
static void wait_first(struct packing_stream *k) {
    int64_t waiting = 0;
    for (size_t i = 0; i < k->cell_count; i++)
        waiting += k->cells[i]->number == READY ? (int64_t)k->cells[i]->count * MILLI : 0;
    for (int64_t i = 0; i < k->known && waiting > 0; i++) {
        struct packing_bucket *b = bucket_of(k, k->base + i);
        int64_t take = waiting < b->left_milli ? waiting : b->left_milli;
        b->left_milli -= (int32_t)take;
        waiting -= take;
    }
}

void packing_forecast(struct planner *p, struct packing_cell **cells, size_t count, int64_t now_s) {
    struct packing_stream *k = &p->packing.stream;
    advance(p, now_s);
    fill_buckets(k);
    wait_first(k);
    end_cells(k, cells, count);
}

/* ---- asking ---- */

int64_t packing_expected(const struct planner *p, const struct order *o, int64_t now_s) {
    if (o->cell == NULL || o->made_s == TAKT_TIME_NEVER)
        return packing_end(p, o->made_s, now_s);
    if (o->cell->end_s == 0) /* it was promised since the last estimate */
        return o->packed_s != TAKT_TIME_NEVER ? o->packed_s : packing_end(p, o->made_s, now_s);
    return o->cell->end_s > o->made_s ? o->cell->end_s : o->made_s;
}

int64_t packing_end(const struct planner *p, int64_t made_s, int64_t now_s) {
    const struct packing_stream *k = &p->packing.stream;
    if (made_s == TAKT_TIME_NEVER)
        return TAKT_TIME_NEVER;
    if (made_s < now_s)
        made_s = now_s;
    int64_t number = made_s / PACKING_BUCKET_S;
    if (p->packing.station_count == 0)
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
