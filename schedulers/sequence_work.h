/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The inside of a sequence, shared by its three parts: times (sequence_times.c), moves (sequence.c) and making one
 * (sequence_new.c). */

#include "schedulers/sequence.h"

struct old_task {
    int32_t task, start, end, setup, change;
};

struct old_job {
    int32_t job, end;
};

struct old_due {
    int32_t due;
    int64_t cost;
};

struct old_usage {
    int32_t usage, before;
};

struct sequence_work {
    struct arena *arena; /* everything but the logs that grow */
    uint64_t *dirty;     /* by place in the list */
    int32_t *mark;       /* by task: epoch of the move that must shift it */
    int32_t epoch;
    int32_t *scratch;
    int32_t *release;             /* by task, its job's in it */
    int32_t *after;               /* by task: least ticks of its job behind its end */
    uint8_t *simple;              /* by task: no overlap before it */
    int32_t *sinks, *sink_offset; /* by job: tasks that nothing succeeds */
    uint8_t *is_sink;
    int32_t *task_of_usage;
    int32_t *usage_before, *usage_behind; /* neighbours among those that use the same pool, in the order of the list */
    int32_t *free_offset, *free;          /* by usage: when each unit of the pool is free after it, ascending */
    bool has_steps;                       /* some pool has */
    int32_t *free_row;                    /* scratch, one row of it */
    int32_t *pool_last;                   /* by pool, of the part being linked */

    /* the move under way, or that can be taken back */
    int32_t first, last;         /* on its line, what was moved: a task or a run */
    int32_t other;               /* what it changed places with; -1: it moved */
    int32_t line, next;          /* where that was */
    uint8_t joined, next_joined; /* and how */
    int32_t from, length;        /* the part of the list that was shifted */
    int32_t *shifted;            /* as it was */
    int64_t cost, energy, aside;
    struct old_task *tasks;
    size_t task_count;
    struct old_job *jobs;
    size_t job_count, job_cap;
    struct old_due *dues;
    size_t due_count, due_cap;
    struct old_usage *usages;
    size_t usage_count, usage_cap;
    int32_t *states; /* usage number, then its row of `free` */
    size_t state_count, state_cap;
};

/* A run is computed where its leader stands. */
static inline void mark_dirty(struct sequence *q, int32_t task) {
    while (q->joined[task])
        task = q->before[task];
    q->work->dirty[q->pos[task] >> 6] |= UINT64_C(1) << (q->pos[task] & 63);
}

/* Computes what is marked dirty and all that follows, from place `from` of the list on, into the log of the move.
 * False: it breaks a rule or is above the limit; the marks are gone, the times are half done. The cost is without the
 * makespan before and with it after. */
bool sequence_propagate(struct sequence *q, int32_t from);

/* Pools (sequence_pools.c), for a task or a run from leader to tail. When all that it holds is free, not before
 * `ready`; PROBLEM_TICK_MAX: never. */
int32_t sequence_pools_ready(const struct sequence *q, int32_t leader, int32_t tail, int32_t ready);
/* `start`, if the steps of its pools leave enough from there to `end`; else a later tick to be tried. */
int32_t sequence_pools_after(const struct sequence *q, int32_t leader, int32_t tail, int32_t start, int32_t end);
/* Takes what it holds until its end, into the log of the move. */
void sequence_pools_give(struct sequence *q, int32_t leader, int32_t tail);
void sequence_pools_init(struct sequence *q);
bool sequence_pools_knows(const struct problem *p);

int64_t sequence_move_cost(const struct sequence *q, int32_t task, int32_t start);
int64_t sequence_due_cost(const struct sequence *q, int32_t due);
int64_t sequence_makespan(const struct sequence *q);
/* Links first to last, which are linked among themselves, before `next` on the line. */
void sequence_link(struct sequence *q, int32_t first, int32_t last, int32_t line, int32_t next);
