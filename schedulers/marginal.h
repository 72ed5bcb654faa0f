/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What it would cost if a task ended earlier or later than in a plan, for all tasks by one pass backwards.
 *
 * If its end moves by d ticks, the plan costs about the sum of weight · max(0, d - from) over the task's bends, and a
 * constant, more: a bend above 0 is something that has room yet, one below 0 something that gains until then. Each task
 * is moved alone: it puts off what it is the latest cause of, and what it becomes the cause of when it has used up the
 * slack between; it draws forward what waits for nothing else, as far as the next cause allows. Bends are few; those
 * that are close are put together. What a member of a run costs is what the whole run costs.
 *
 * Threads: one owner. Ownership: marginal_new and marginal_free. Cost: O(tasks). */

#include "schedulers/sequence.h"

enum { BENDS_MAX = 6 };

struct bend {
    int64_t weight; /* of a tick, with the objective's weights */
    int32_t from;   /* ticks after the end in the plan */
};

struct bends {
    int32_t count;
    struct bend bend[BENDS_MAX]; /* ascending */
};

struct marginal {
    struct bends *of; /* by task */
    int32_t near;     /* causes so much apart are as good as equal */
};

struct marginal *marginal_new(const struct problem *p);
void marginal_free(struct marginal *m); /* NULL is fine */
void marginal_compute(struct marginal *m, const struct sequence *q);
/* What `task` costs by `before`, which it succeeds or waits for. */
struct bends marginal_through(const struct marginal *m, const struct sequence *q, int32_t before, int32_t task);
