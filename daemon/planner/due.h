/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Dues: open orders that wait for the same lots and have the same dates count as one, with their weights summed.
 *
 * A million open orders are some ten thousand dues, so that making a problem of them does not depend on the number of
 * orders. Dates agree when they fall into the same hour (promises and wishes are carriers' cut-offs
 * anyway), targets of orders without a wish when they fall into the same quarter of a day.
 *
 * Threads: one owner. Cost: due_assign is linear in the order's slices; O(dues) to walk them. */

#include "daemon/planner/lot.h"

struct due {
    int64_t wish_s, promise_s; /* TAKT_TIME_NONE: none */
    int64_t weight;            /* sum over its orders */
    int64_t placed_sum;        /* sum of weight times acceptance */
    uint32_t orders;
    uint32_t at; /* place in dues.list */
    uint32_t lot_count;
    bool broken; /* the plan that was judged last does not keep its promise, and the one before it did */
    struct lot *lots[]; /* not done, by number */
};

struct dues {
    struct table table;
    struct due **list;
    size_t count, cap;
};

void dues_init(struct dues *d);
void dues_done(struct dues *d);

/* Puts the order where its lots and dates belong now, also into none. */
void due_assign(struct planner *p, struct order *o);
/* Out of its due, before its weight or acceptance change. */
void due_leave(struct planner *p, struct order *o);
int64_t due_placed_s(const struct due *due); /* acceptance on average, weighted */
int64_t order_weight(const struct planner *p, const struct order *o);
