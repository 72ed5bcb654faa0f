/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How a built problem lies in memory: arrays by number, lists of a thing's rows as `offset[i]` to `offset[i + 1]`.
 * For the library itself; others use problem.h.
 *
 * Families have one numbering for all, and each table its own index of it. Hours are shared by what is open alike. */

#include "base/arena.h"
#include "schedulers/hours.h"

struct table {
    const char *name;
    int32_t rows;        /* of the square `time` */
    const int32_t *row;  /* by family; -1: not in the table (dense), or like any other (sparse) */
    const int32_t *time; /* [row before][row after]; NULL: sparse and too large to be laid out */
    bool sparse;
    int32_t default_time;
    const int32_t *pair_offset, *pair_to, *pair_time; /* sparse, by family before, ascending in pair_to */
};

struct problem {
    struct arena *arena;
    int32_t tasks, jobs, lines, pools, families, tables, dues, hours_count;

    struct hours *hours;
    int32_t *meet;      /* [hours][pool]: the hours in which both are open; -1: nobody asked */
    int32_t meet_count; /* hours that have a row in it */
    struct table *table;

    /* by line */
    const char **line_name;
    int32_t *line_table, *line_initial, *line_batch, *line_hours;

    /* by pool */
    const char **pool_name;
    int32_t *pool_hours, *step_offset, *step_from, *step_capacity;

    /* by job */
    const char **job_name;
    int32_t *job_release, *job_offset, *job_task; /* job_task: tasks of the job, each after what it succeeds */
    int32_t *job_due_offset, *job_due;            /* dues that want it */

    /* by task */
    const char **task_name;
    int32_t *job, *family, *size, *release, *lag_after, *lag_max, *overlap_quantity, *overlap_first;
    uint8_t *breakable;
    int32_t *fixed_line, *fixed_start, *fixed_end, *fixed_hours, *plan_line, *plan_start;
    int32_t *option_offset, *option_line, *option_time, *option_hours;
    int32_t *usage_offset, *usage_pool, *usage_amount;
    int32_t *before_offset, *before, *after_offset, *after; /* what it succeeds, what succeeds it */
    int32_t *rank;                                          /* a topological numbering over all tasks */
    int32_t *group_offset, *group_task, *group;             /* tasks bound by lag_max, see groups.h; -1: none */
    int32_t groups;

    /* by due */
    int32_t *due_offset, *due_job, *due, *placed, *weight;

    struct problem_objective objective;
    int32_t move_tolerance;
};

/* Open ticks of a changeover on a line between two families; either may be -1. */
int32_t table_time_sparse(const struct table *t, int32_t from, int32_t to);

static inline int32_t table_time(const struct table *t, int32_t from, int32_t to) {
    if (t->time != NULL)
        return t->time[(size_t)t->row[from] * (size_t)t->rows + (size_t)t->row[to]];
    return table_time_sparse(t, from, to);
}

static inline int32_t changeover(const struct problem *p, int32_t line, int32_t from, int32_t to) {
    if (p->line_table[line] < 0 || from < 0 || to < 0)
        return 0;
    return table_time(&p->table[p->line_table[line]], from, to);
}

/* A task's time as a part of it: ceil(time × first / quantity). */
static inline int32_t part_of(int32_t time, int32_t first, int32_t quantity) {
    return (int32_t)(((int64_t)time * first + quantity - 1) / quantity);
}

/* The option of a task on a line, or -1. */
int32_t option_on(const struct problem *p, int32_t task, int32_t line);
/* "task 'sew' of job 'L1'" in buffer, for messages. */
enum { TASK_TEXT_SIZE = 160 };
const char *task_text(const struct problem *p, int32_t task, char *buffer);
const char *line_text(const struct problem *p, int32_t line, char *buffer);
