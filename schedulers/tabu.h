/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Tabu search over a critical graph: step by step to the best neighbour by estimate that was not lately left, whether
 * it is better or not (Glover, 1989; for shops Nowicki and Smutnicki, 1996).
 *
 * Neighbours: on the longest way to each end that costs, tasks of a block go to its ends, and those at its ends into
 * it (N6 and N7: Balas and Vazacopoulos, 1998; Zhang and others, 2007), or to another line (Mastrolilli and
 * Gambardella, 2000). What is forbidden for a while is the order that a part of a line had before a move, and the line
 * that a task has left (Zhang and others, 2008).
 *
 * Threads: one owner. Ownership: tabu_init and tabu_done; the graph is the caller's. */

#include "schedulers/critical.h"

struct tabu {
    struct critical *c;
    struct random random;
    struct critical_order best; /* since tabu_begin */
    int64_t best_cost;
    int64_t step, improved; /* now, and when the best was found */
    struct tabu_work *work;
};

void tabu_init(struct tabu *t, struct critical *c, uint64_t seed);
void tabu_done(struct tabu *t);
/* From the graph's plan on; what was forbidden is forgotten. */
void tabu_begin(struct tabu *t);
/* One step; false: nothing can be moved, the plan is as short as its longest way. */
bool tabu_step(struct tabu *t);
