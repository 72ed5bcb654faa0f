/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Packing: what is to be expected of it, and what happens.
 *
 * Expected: orders are counted by the half hour in which they will be made; packing lines work through that stream as
 * fast as they are open, so each half hour has an end by which what was made in it is packed. An order's expected
 * packing is that end: it costs nothing per order, and moves only when its half hour or the queue before it does.
 *
 * What happens: orders that are made and rested wait in order of their promise; each packing line takes the first one
 * as soon as it is free and open. Where a terminal packs, only its reports count and the lines are nothing but the
 * estimate.
 *
 * Threads: one owner. Cost: an order in or out O(log n); an estimate linear in the half hours of 170 days (8,192). */

#include "daemon/planner/book.h"
#include "daemon/planner/opening.h"

struct planner;

enum { PACKING_BUCKET_S = 1800, PACKING_BUCKETS = 8192 };

struct order_heap {
    struct order **list;
    size_t count, cap;
    bool (*before)(const struct order *a, const struct order *b);
};

struct packing_bucket {
    struct order *orders;
    uint32_t count;
    int32_t capacity_milli; /* parcels, in thousandths */
    int64_t end_s;          /* what was made in it is packed by then */
};

struct packing_station {
    struct order *order; /* being packed */
    int64_t end_s;
};

struct packing {
    struct packing_bucket *buckets;   /* ring by half hour */
    int64_t base;                     /* number of the first half hour that counts */
    int64_t known;                    /* half hours from there with a capacity */
    struct order_heap resting;        /* all lots done, not rested: by made_s */
    struct order_heap ready;          /* to be packed: by promise */
    struct packing_station *stations; /* by packing line */
    size_t station_count;
    int64_t turned_s; /* up to when time has passed here */
};

void packing_init(struct packing *k, const struct plant *plant);
void packing_done(struct packing *k);
void packing_reload(struct planner *p, int64_t now_s); /* another plant */

/* Expected to be made then, TAKT_TIME_NEVER: not known. */
void packing_expect(struct planner *p, struct order *o, int64_t made_s);
/* The order is made, and rested at made_s: it queues. */
void packing_queue(struct planner *p, struct order *o);
/* It is cancelled, shipped, or its units were lost. */
void packing_drop(struct planner *p, struct order *o);

/* Works out the ends of all half hours; orders of which that moved are handed to promise_expect. */
void packing_estimate(struct planner *p, int64_t now_s);
/* By the last estimate; TAKT_TIME_NEVER for TAKT_TIME_NEVER. */
int64_t packing_end(const struct planner *p, int64_t made_s, int64_t now_s);
/* The latest time at which an order can be made to be packed by time_s, as far as the lines' hours go. */
int64_t packing_latest(const struct planner *p, int64_t time_s);

/* Time passes: what has rested queues, what has been dealt with is packed (order_packed of promise.h). */
void packing_turn(struct planner *p, int64_t now_s);
int64_t packing_next_s(const struct planner *p);
/* The order's promise changed. */
void packing_rekey(struct planner *p, struct order *o);
/* Of those that can be packed, the one whose promise is the earliest; NULL: none. */
const struct order *packing_first(const struct planner *p);
/* A terminal says so. */
void packing_reported(struct planner *p, struct order *o, int64_t at_s);
