/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One searcher: simulated annealing over a sequence.
 *
 * A move that costs more by d is taken with the chance exp(−d/T); T falls from a share of what bad moves cost at first
 * to next to nothing, evenly in its logarithm over the whole of the search. Which share is best differs from problem to
 * problem by orders of magnitude, so there are levels to be tried. Everything is whole numbers: the logarithm of a
 * random number gives the most that a move may cost before it is tried, so that hopeless moves are given up early.
 *
 * Threads, ownership: searcher.h. */

#include "schedulers/neighbour.h"
#include "schedulers/searcher.h"

extern const struct searcher_kind lane_kind;

/* For a part of a plan: a searcher that lane_kind's functions take. */
struct lane;
struct lane *lane_new(const struct problem *p, const struct schedule *plan, uint64_t seed); /* NULL: as sequence_new */
void lane_freeze(struct lane *l, int32_t from);                                             /* see neighbour_freeze */
void lane_heat(struct lane *l, int64_t hot);                                                /* in 2^-16 of energy */
const struct sequence_order *lane_order(const struct lane *l);                              /* its best */

/* What it costs to put a typical task off by its own time, as a measure of temperatures; there must be dues. */
int64_t lane_typical_cost(const struct problem *p);
/* Trials of levels are short and may name one that is far off by chance. Where orders and not the makespan count, up to 4,000 tasks, it is
 * known about how hot to begin: from a quarter of the typical cost to all of it; with closed hours, where what is put
 * off a little may be put off by a night, from half to four times. `scale` as in struct sequence. */
int64_t lane_bounded_heat(const struct problem *p, int64_t scale, int64_t hot);

/* For annealing in general. The temperature at a share of the way from hot to cold. */
int64_t lane_temperature(int64_t hot, int64_t cold, int32_t at);
/* The most that a move may cost more now: T · −ln(u) for a random u in (0, 1]. */
int64_t lane_patience(struct random *random, int64_t warmth);
