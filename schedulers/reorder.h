/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The searcher for problems that a sequence does not know: runs of several tasks, limited lags, pools whose capacity
 * changes or that close.
 *
 * A plan is the order in which tasks are placed in a timetable, and the line that each is kept to. A change of either
 * is judged by placing everything after it anew, from one of a few timetables that are kept on the way; it is taken as
 * in annealing (lane.h). Slower than a sequence by far, but it knows all of the format.
 *
 * Threads: one owner at a time. Ownership: reorder_new and reorder_free. */

#include "schedulers/lane.h"

struct reorder;

/* NULL: the schedule's order leads to none (limited lags, that is). */
struct reorder *reorder_new(const struct problem *p, const struct schedule *s, uint64_t seed);
void reorder_free(struct reorder *r); /* NULL is fine */
void reorder_run(struct reorder *r, const struct lane_stretch *stretch, const struct solve_limits *limits);
int64_t reorder_best_cost(const struct reorder *r);
int64_t reorder_tried(const struct reorder *r);
struct schedule *reorder_schedule(const struct reorder *r); /* a copy of the best */
void reorder_adopt(struct reorder *r, const struct reorder *other);
