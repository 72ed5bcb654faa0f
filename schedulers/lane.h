/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One searcher: simulated annealing over a sequence.
 *
 * A move that costs more by d is taken with the chance exp(−d/T); T falls from a share of what bad moves cost at first
 * to next to nothing, evenly in its logarithm over the whole of the search. Which share is best differs from problem to
 * problem by orders of magnitude, so there are levels to be tried. Everything is whole numbers: the logarithm of a
 * random number gives the most that a move may cost before it is tried, so that hopeless moves are given up early.
 *
 * Threads: one owner at a time; lanes share nothing. Ownership: lane_new and lane_free. */

#include "schedulers/neighbour.h"
#include "schedulers/solver.h"

enum { LANE_LEVELS = 8 };

struct lane {
    struct sequence *q;
    struct neighbour neighbour;
    struct sequence_order best;
    int64_t best_cost;
    int64_t hot, cold;          /* temperatures, in 2^-16 of energy */
    int64_t level[LANE_LEVELS]; /* from cold to hot, what `hot` may be */
    int64_t tried;
};

/* NULL: the search does not know the problem, or the schedule's order. */
struct lane *lane_new(const struct problem *p, const struct schedule *s, uint64_t seed,
                      const struct solve_limits *limits);
void lane_free(struct lane *l); /* NULL is fine */

/* A part of a search: temperatures from one share of the way down to another, while the time goes from `begin` to
 * `end`; or so many moves, if not 0. Shares are 0 to 2^16. */
struct lane_stretch {
    int32_t from, to;
    int32_t begin, end;
    int64_t moves;
};
/* Begins at one of the levels. */
void lane_heat(struct lane *l, int32_t level);
void lane_run(struct lane *l, const struct lane_stretch *stretch, const struct solve_limits *limits);
/* Goes on from another lane's best, or its own. */
void lane_adopt(struct lane *l, const struct lane *other);
/* The lane's best. */
struct schedule *lane_schedule(struct lane *l);
/* Goes back to a plan and forgets its best. */
void lane_restart(struct lane *l, struct sequence_order from);

/* For annealing in general. Where on the way down a stretch is after so many moves; -1: it is over. */
int32_t lane_progress(const struct lane_stretch *stretch, const struct solve_limits *limits, int64_t done);
/* The temperature at a share of the way from hot to cold. */
int64_t lane_temperature(int64_t hot, int64_t cold, int32_t at);
/* The most that a move may cost more now: T · −ln(u) for a random u in (0, 1]. */
int64_t lane_patience(struct random *random, int64_t warmth);
