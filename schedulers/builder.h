/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a problem_builder holds: copies of the rows as they were given. Shared by the three steps of building: taking
 * rows (problem.c), checking them (problem_check.c) and laying them out (problem_layout.c). */

#include "schedulers/model.h"

struct built_pair {
    int32_t from, to, time;
};

struct built_table {
    const char *name;
    bool sparse;
    const int32_t *families; /* dense */
    size_t family_count;
    const int32_t *time;
    int32_t default_time;
    struct built_pair *pairs; /* heap */
    size_t pair_count, pair_cap;
};

struct built_job {
    const char *name;
    int32_t release;
    int32_t last_task; /* added to it; -1: none */
};

struct built_task {
    struct problem_task_spec spec;
    int32_t job;
    int32_t previous; /* in the job; -1 */
};

#define BUILT_LIST(type, name)                                                                                         \
    type *name;                                                                                                        \
    size_t name##_count, name##_cap

struct problem_builder {
    struct arena *arena;
    struct takt_error error; /* of the first mistake that could be seen when a row was added */
    BUILT_LIST(const char *, family);
    BUILT_LIST(struct built_table, table);
    BUILT_LIST(struct problem_line_spec, line);
    BUILT_LIST(struct problem_pool_spec, pool);
    BUILT_LIST(struct built_job, job);
    BUILT_LIST(struct built_task, task);
    BUILT_LIST(struct problem_due_spec, due);
    struct problem_objective objective;
    int32_t move_tolerance;
};

/* TAKT_EDATA or TAKT_EOVERFLOW for the first row that cannot be. */
int builder_check(const struct problem_builder *b, struct takt_error *err);
/* A checked builder as a problem; what only the whole shows (tasks that wait for each other, sums that are too large)
 * fails here. */
int builder_layout(const struct problem_builder *b, struct problem **ret, struct takt_error *err);
