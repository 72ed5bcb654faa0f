/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Packing: what happens there (what is to be expected of it: packing_stream.h).
 *
 * Orders that are made and rested wait in order of their promise; each packing line takes the first one
 * as soon as it is free and open. Where a terminal packs, only its reports count and the lines are nothing but the
 * estimate.
 *
 * Threads: one owner. Cost: an order in or out O(log n). */

#include "daemon/planner/book.h"
#include "daemon/planner/opening.h"
#include "daemon/planner/packing_stream.h"

struct planner;

struct order_heap {
    struct order **list;
    size_t count, cap;
    bool (*before)(const struct order *a, const struct order *b);
};

struct packing_station {
    struct order *order; /* being packed */
    int64_t end_s;
};

struct packing {
    struct packing_stream stream;
    struct order_heap resting;        /* all lots done, not rested: by made_s */
    struct order_heap ready;          /* to be packed: by promise */
    struct packing_station *stations; /* by packing line */
    size_t station_count;
    int64_t turned_s; /* up to when time has passed here */
};

void packing_init(struct packing *k, const struct plant *plant);
void packing_done(struct packing *k);
void packing_reload(struct planner *p, int64_t now_s); /* another plant */

/* The order is made, and rested at made_s: it queues. */
void packing_queue(struct planner *p, struct order *o);
/* It is cancelled, shipped, or its units were lost. */
void packing_drop(struct planner *p, struct order *o);

/* Time passes: what has rested queues, what has been dealt with is packed (order_packed of promise.h). */
void packing_turn(struct planner *p, int64_t now_s);
int64_t packing_next_s(const struct planner *p);
/* The order's promise changed. */
void packing_rekey(struct planner *p, struct order *o);
/* Of those that can be packed, the one whose promise is the earliest; NULL: none. */
const struct order *packing_first(const struct planner *p);
/* A terminal says so. */
void packing_reported(struct planner *p, struct order *o, int64_t at_s);
