/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One scheduling problem, immutable, in memory: all of the neutral format `takt.problem/1` (docs/scheduling.md).
 *
 * A problem is described to a builder, row by row, in any order that names what exists; problem_build checks all of it
 * and lays it out for the search. Things are known by the number that adding them gave (0, 1, 2 … by kind); names are
 * for messages and files and may be NULL. Times are whole ticks in int32_t, between -2^30 and 2^30; costs are int64_t.
 * A problem whose figures could leave those ranges is refused when it is built, so that the search need not look.
 *
 * Threads: a builder has one owner; a built problem is immutable and may be shared.
 * Ownership: a problem owns copies of everything; it lives in one arena.
 * Errors: TAKT_EDATA with what is wrong and with which row; TAKT_EOVERFLOW where numbers are too large for the ranges.
 */

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct problem;
struct problem_builder;

#define PROBLEM_TICK_MAX (INT32_C(1) << 30)

struct problem_span { /* [from, to) */
    int32_t from, to;
};

struct problem_step { /* from this tick on */
    int32_t from;
    int32_t capacity;
};

struct problem_line_spec {
    const char *name;
    int32_t table;                   /* of changeovers; -1: it needs none */
    int32_t initial_family;          /* -1: none */
    int32_t batch;                   /* 0: one task at a time */
    const struct problem_span *open; /* NULL: always */
    size_t open_count;
};

struct problem_pool_spec {
    const char *name;
    const struct problem_step *steps; /* at least one, the first at 0, which holds before it too */
    size_t step_count;
    const struct problem_span *open; /* NULL: always */
    size_t open_count;
};

struct problem_option { /* a line that can do a task */
    int32_t line;
    int32_t time; /* open ticks */
};

struct problem_usage {
    int32_t pool;
    int32_t amount;
};

#define PROBLEM_NONE INT32_MIN

struct problem_task_spec { /* begin with PROBLEM_TASK_SPEC: everything absent */
    const char *name;
    const struct problem_option *options;
    size_t option_count;
    int32_t family; /* -1: none */
    int32_t size;
    const struct problem_usage *pools;
    size_t pool_count;
    int32_t release;
    const int32_t
        *after; /* tasks of the same job; NULL: the one added before it to the job; count 0 and not NULL: none */
    size_t after_count;
    int32_t lag_after;
    int32_t lag_max;                         /* PROBLEM_NONE: none */
    int32_t overlap_quantity, overlap_first; /* quantity 0: no overlap */
    bool breakable;
    int32_t fixed_line; /* -1: not fixed */
    int32_t fixed_start, fixed_end;
    int32_t plan_line; /* -1: not in the plan that is to be kept to */
    int32_t plan_start;
};
#define PROBLEM_TASK_SPEC                                                                                              \
    ((struct problem_task_spec){                                                                                       \
        .family = -1, .size = 1, .lag_max = PROBLEM_NONE, .breakable = true, .fixed_line = -1, .plan_line = -1})

struct problem_due_spec { /* an order, or many alike with summed weight */
    const int32_t *jobs;
    size_t job_count;
    int32_t due;    /* PROBLEM_NONE: none; may be negative */
    int32_t placed; /* PROBLEM_NONE: none; may be negative */
    int32_t weight;
};

/* One completed by several terms: the objective is the sum of weight times term, see the format. weight of a due
 * multiplies its tardiness, flow and waiting. The planner gives an order two dues where it counts lateness twice (wish
 * and promise). */
struct problem_objective {
    int64_t tardiness, flow, waiting, changeover, moves, makespan;
};

struct problem_builder *problem_builder_new(void);
void problem_builder_free(struct problem_builder *b); /* NULL is fine */

/* Numbers of what was added. Mistakes are kept and reported by problem_build. */
int32_t problem_add_family(struct problem_builder *b, const char *name); /* a new number at every call */
int32_t problem_add_table_dense(struct problem_builder *b, const char *name, const int32_t *families, size_t count,
                                const int32_t *time); /* count × count, row: before; families by number */
int32_t problem_add_table_sparse(struct problem_builder *b, const char *name, int32_t default_time);
void problem_table_pair(struct problem_builder *b, int32_t table, int32_t from, int32_t to,
                        int32_t time); /* sparse only */
int32_t problem_add_line(struct problem_builder *b, const struct problem_line_spec *spec);
int32_t problem_add_pool(struct problem_builder *b, const struct problem_pool_spec *spec);
int32_t problem_add_job(struct problem_builder *b, const char *name, int32_t release);
int32_t problem_add_task(struct problem_builder *b, int32_t job,
                         const struct problem_task_spec *spec); /* over all jobs */
int32_t problem_add_due(struct problem_builder *b, const struct problem_due_spec *spec);
void problem_set_objective(struct problem_builder *b, const struct problem_objective *objective);
void problem_set_move_tolerance(struct problem_builder *b, int32_t ticks);

/* Checks and builds; the builder is spent (free it). */
int problem_build(struct problem_builder *b, struct problem **ret, struct takt_error *err);
void problem_free(struct problem *p); /* NULL is fine */

int32_t problem_task_count(const struct problem *p);
int32_t problem_job_count(const struct problem *p);
int32_t problem_line_count(const struct problem *p);
int32_t problem_task_job(const struct problem *p, int32_t task);
/* As they were given; NULL where none was. */
const char *problem_task_name(const struct problem *p, int32_t task);
const char *problem_job_name(const struct problem *p, int32_t job);
const char *problem_line_name(const struct problem *p, int32_t line);
