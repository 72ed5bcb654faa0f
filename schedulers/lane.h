/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One searcher: simulated annealing over a sequence.
 *
 * A move that costs more by d is taken with the chance exp(−d/T); T falls from a share of what bad moves cost at first to
 * next to nothing, evenly in its logarithm over the whole of the search. Everything is whole numbers: the logarithm of a
 * random number gives the most that a move may cost before it is tried, so that hopeless moves are given up early.
 *
 * Threads: one owner at a time; lanes share nothing. Ownership: lane_new and lane_free. */

#include "schedulers/neighbour.h"
#include "schedulers/solver.h"

struct lane {
    struct sequence *q;
    struct neighbour neighbour;
    struct sequence_order best;
    int64_t best_cost;
    int64_t hot, cold; /* temperatures, in 2^-16 of cost */
    int64_t tried;
};

/* NULL: the search does not know the problem, or the schedule's order. */
struct lane *lane_new(const struct problem *p, const struct schedule *s, uint64_t seed);
void lane_free(struct lane *l); /* NULL is fine */

/* From `from` to `to` (of 2^16) of the search, `moves` of them, or, where that is 0, until spent() has come to `to`. */
struct lane_stretch {
    int32_t from, to;
    int64_t moves;
};
void lane_run(struct lane *l, const struct lane_stretch *stretch, const struct solve_limits *limits);
/* Goes on from another lane's best. */
void lane_adopt(struct lane *l, const struct lane *other);
/* The lane's best. */
struct schedule *lane_schedule(struct lane *l);
