/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which tasks of the plan stay exactly where they are: those that have started, and frozen ones whose place is still
 * possible. One is not when its line is out of use meanwhile, its predecessor or the task before it on the line
 * overruns, a pool is taken, or its start was missed: then the solver shifts it as little as it can.
 *
 * Threads: one owner. Ownership: the arrays lie in the arena. Cost: O(n log n) in the tasks concerned, n² in those of a
 * pool. */

#include "daemon/planner/plan_model.h"

struct arena;

struct fixed_task {
    struct lot *lot;
    uint16_t op;
    bool without_pools; /* what runs holds more of a pool than there is: it is left out of the count */
    int64_t start_s, end_s;
};

struct fixed_tasks { /* by lot, then op */
    struct fixed_task *list;
    size_t count;
};

void plan_fixed(const struct planner *p, int64_t now_s, bool frozen_too, struct arena *arena, struct fixed_tasks *ret);
/* NULL: it is not fixed. Cost: O(log n). */
const struct fixed_task *plan_fixed_find(const struct fixed_tasks *f, const struct lot *lot, size_t op);
