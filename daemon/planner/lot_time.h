/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Times of lots and their tasks, as they follow from the plant and the state: when a lot may begin, how long a task
 * takes.
 *
 * Threads: one owner. Cost: O(lines of the operation). */

#include "daemon/planner/lot.h"

enum {
    START_GRACE_S = 300, /* a start that nobody reported is late after that; until then it is taken to be on its way */
    END_GRACE_S = 60     /* likewise an end */
};

/* When a lot may begin: company, material, and not before now. TAKT_TIME_NEVER: never. */
int64_t lot_release(const struct planner *p, const struct lot *lot, int64_t now_s);
bool lot_is_full(const struct planner *p, const struct lot *lot);
/* Open seconds that a task takes on a line; -1: the line does not do it. */
int64_t task_time(const struct planner *p, const struct lot *lot, size_t op, int32_t line);
/* Its units after which the next operation may start; 0: all of them. */
int64_t task_overlap(const struct planner *p, const struct lot *lot, size_t op);
/* When a task that starts then, with so much work, ends on its line with its pools. */
int64_t task_end(const struct planner *p, const struct lot *lot, size_t op, int32_t line, int64_t start_s,
                 int64_t work_s);
/* Open seconds of its line and pools in [from_s, to_s). */
int64_t task_open(const struct planner *p, const struct lot *lot, size_t op, int32_t line, int64_t from_s,
                  int64_t to_s);
/* So near that the plan does not move it. */
bool task_frozen(const struct planner *p, const struct task *t, int64_t now_s);
/* Its start was missed: the earliest that is worth planning for, later the longer it has been so. */
int64_t task_missed_until(const struct task *t, int64_t now_s);
