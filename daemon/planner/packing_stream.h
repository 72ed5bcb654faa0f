/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What is to be expected of packing: when orders will be packed that are not made yet.
 *
 * Packing lines take what is promised first, so a late order of the same lot does not delay one that was promised
 * before. Orders that will be made in the same half hour and have the same promise are one cell, with one end by which
 * they are packed; an estimate works through the cells in order of their promises, each taking what those before it
 * leave of the lines' half hours. An order's expected packing is its cell's end: it costs nothing per order, and moves
 * only when its cell does.
 *
 * Threads: one owner. Cost: an order in or out O(1); an estimate O(cells log cells) and, for each promise, the half
 * hours from its first cell to its last; 8,192 half hours (170 days) are looked ahead. */

#include "daemon/planner/book.h"

enum { PACKING_BUCKET_S = 1800, PACKING_BUCKETS = 8192 };

struct packing_bucket {     /* a half hour */
    int32_t capacity_milli; /* parcels, in thousandths */
    int32_t left_milli;     /* in an estimate */
    int64_t count;          /* orders made in it */
    int64_t end_s;          /* by then all is packed that was made up to its end */
};

struct packing_cell {
    int64_t number;     /* half hour; READY: its orders wait to be packed */
    int64_t ship_by_s;  /* TAKT_TIME_NEVER: not promised yet */
    int64_t end_s;      /* 0: not estimated yet */
    int64_t upto_milli; /* in an estimate: what had come in with it */
    struct order *orders;
    uint32_t count;
    uint32_t at; /* place in stream.cells */
    bool moved;  /* its end changed in this estimate */
};

struct packing_stream {
    struct packing_bucket *buckets; /* ring by half hour */
    int64_t base;                   /* number of the first half hour that counts */
    int64_t known;                  /* half hours from there with a capacity */
    struct table by_key;
    struct packing_cell **cells;
    size_t cell_count, cell_cap;
};

struct planner;

void packing_stream_init(struct packing_stream *k);
void packing_stream_done(struct packing_stream *k);
void packing_stream_reload(struct packing_stream *k, int64_t now_s); /* other lines */

/* Expected to be made then, TAKT_TIME_NEVER: not known. */
void packing_expect(struct planner *p, struct order *o, int64_t made_s);
void packing_await(struct planner *p, struct order *o);    /* it waits to be packed */
void packing_unexpect(struct planner *p, struct order *o); /* it is packed, or gone */

/* Works out the ends of all cells; orders of which that moved are handed to promise_expect. */
void packing_estimate(struct planner *p, int64_t now_s);
/* The ends of cells that some other plan would make of the orders to come, beside what waits to be packed already. They
 * are sorted on the way. */
void packing_forecast(struct planner *p, struct packing_cell **cells, size_t count, int64_t now_s);
/* Of this order, by the last estimate; TAKT_TIME_NEVER while it is not known when it is made. */
int64_t packing_expected(const struct planner *p, const struct order *o, int64_t now_s);
/* Of an order that nobody knows of yet, behind all others; TAKT_TIME_NEVER for TAKT_TIME_NEVER. */
int64_t packing_end(const struct planner *p, int64_t made_s, int64_t now_s);
/* The latest time at which an order can be made to be packed by time_s, as far as the lines' hours go. */
int64_t packing_latest(const struct planner *p, int64_t time_s);
