/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A schedule: where and when each task of a problem runs. Plain data, indexed by task number.
 *
 * Ownership: schedule_new and schedule_copy give heap objects; schedule_free. */

#include "schedulers/problem.h"

struct schedule {
    int32_t task_count;
    int32_t *line;  /* -1: the task is not placed */
    int32_t *start; /* ticks */
    int32_t *end;
};

struct schedule *schedule_new(int32_t task_count); /* nothing is placed */
struct schedule *schedule_copy(const struct schedule *s);
void schedule_free(struct schedule *s); /* NULL is fine */

/* Sums of the terms, unweighted by the objective, and the objective itself. */
struct figures {
    int64_t tardiness, flow, waiting, changeover, moves, makespan;
    int64_t objective;
};

/* Figures of a complete feasible schedule; written from the format alone. Cost: O(n log n). */
void schedule_evaluate(const struct problem *p, const struct schedule *s, struct figures *ret);

/* The first broken rule, in words, or 0 if the schedule keeps every rule of the format and places every task. Shares no
 * code with the search. TAKT_EINFEASIBLE with err. Cost: O(n log n). */
int schedule_verify(const struct problem *p, const struct schedule *s, struct takt_error *err);
