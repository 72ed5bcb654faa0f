/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Climbing over rules: ATCS whose scales change from phase to phase of the plan.
 *
 * Which scales are best depends on how much is waiting, which changes over time; and how much short tasks or short jobs
 * should be preferred does too. So a plan is divided into phases, each with its own scales and exponents, and one of
 * them is changed at a time: first for all of the plan, then for its halves, and so on down to single phases. What does
 * not make the plan dearer stays. Each step makes a whole plan, at some microseconds a hundred tasks.
 *
 * Threads: one owner. Ownership: tuning_new and tuning_free. Cost: a step is at most a dispatcher_run. */

#include "schedulers/dispatch.h"
#include "schedulers/random.h"

struct tuning;
/* What a plan that was dispatched is worth: the less the better, INT64_MAX: nothing. */
typedef int64_t tuning_judge_fn(void *arg, struct dispatcher *d);
/* The plan's time lies between `from` and `to`. judge NULL: its objective. NULL: the rule finds no plan. */
struct tuning *tuning_new(const struct problem *p, int32_t from, int32_t to, uint64_t seed, tuning_judge_fn *judge,
                          void *arg);
void tuning_free(struct tuning *t); /* NULL is fine */
void tuning_step(struct tuning *t);
/* Climbs of one problem go on from the best of them, with what the others changed since they were joined last, if that
 * makes it better. */
void tuning_join(struct tuning *const *all, int32_t count);
/* The best plan so far. */
int64_t tuning_cost(const struct tuning *t);
struct schedule *tuning_schedule(const struct tuning *t);
