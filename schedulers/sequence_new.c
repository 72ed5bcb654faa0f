/* SPDX-License-Identifier: Apache-2.0 */

/* Making a sequence: from a schedule, whose tasks in order of start are the list, or from an order that was saved. */

#include "schedulers/sequence_work.h"

#include "schedulers/job_facts.h"

#include <stdlib.h>
#include <string.h>

/* Runs of no length could be read in another order, or as one. */
static bool has_empty_runs(const struct problem *p) {
    for (int32_t i = 0; i < p->tasks; i++)
        for (int32_t o = p->option_offset[i]; o < p->option_offset[i + 1]; o++)
            if (p->line_batch[p->option_line[o]] > 0 &&
                (p->option_time[o] == 0 ||
                 (p->fixed_line[i] == p->option_line[o] && p->fixed_start[i] == p->fixed_end[i])))
                return true;
    return false;
}

bool sequence_knows(const struct problem *p) {
    for (int32_t i = 0; i < p->tasks; i++) {
        if (p->lag_max[i] != PROBLEM_NONE)
            return false;
        for (int32_t s = p->after_offset[i]; s < p->after_offset[i + 1] && p->fixed_line[i] < 0; s++)
            if (p->fixed_line[p->after[s]] >= 0)
                return false;
    }
    return !has_empty_runs(p) && sequence_pools_knows(p);
}

enum { MAKESPAN_SHARE = 8 }; /* what a tick of makespan weighs against one of the mean end of lines */
#define MAKESPAN_COST_MAX (INT64_C(1) << 44)

static int32_t *numbers(struct arena *a, size_t count) {
    return arena_array(a, count, sizeof(int32_t));
}

static void find_lines(struct sequence *q) {
    const struct problem *p = q->p;
    uint8_t *used = takt_alloc((size_t)p->lines);
    for (int32_t o = 0; o < p->option_offset[p->tasks]; o++)
        used[p->option_line[o]] = 1;
    for (int32_t l = 0; l < p->lines; l++)
        if (used[l])
            q->used_line[q->used_lines++] = l;
    free(used);
}

static void find_sinks(struct sequence *q) {
    const struct problem *p = q->p;
    struct sequence_work *w = q->work;
    int32_t n = 0;
    for (int32_t j = 0; j < p->jobs; j++) {
        w->sink_offset[j] = n;
        for (int32_t k = p->job_offset[j]; k < p->job_offset[j + 1]; k++) {
            int32_t task = p->job_task[k];
            w->is_sink[task] = p->after_offset[task] == p->after_offset[task + 1] || p->fixed_line[task] >= 0 ||
                               p->overlap_quantity[task] > 0;
            if (w->is_sink[task])
                w->sinks[n++] = task;
        }
    }
    w->sink_offset[p->jobs] = n;
}

static void find_facts(struct sequence *q) {
    const struct problem *p = q->p;
    struct sequence_work *w = q->work;
    struct job_facts facts;
    bool sure = true; /* that what comes behind a task in its job takes its time behind it */
    job_facts_init(&facts, p);
    for (int32_t i = 0; i < p->tasks; i++) {
        int32_t job = p->job_release[p->job[i]];
        w->release[i] = p->release[i] > job ? p->release[i] : job;
        w->simple[i] = 1;
        for (int32_t k = p->before_offset[i]; k < p->before_offset[i + 1]; k++)
            w->simple[i] = w->simple[i] && p->overlap_quantity[p->before[k]] == 0;
        sure = sure && p->overlap_quantity[i] == 0 && p->fixed_line[i] < 0;
        w->after[i] = facts.tail[i] - facts.least[i];
    }
    if (!sure)
        memset(w->after, 0, (size_t)p->tasks * sizeof *w->after);
    job_facts_done(&facts);
}

static struct sequence *sequence_empty(const struct problem *p) {
    struct arena *a = arena_new();
    struct sequence *q = arena_alloc(a, sizeof *q);
    struct sequence_work *w = q->work = arena_alloc(a, sizeof *w);
    size_t n = (size_t)p->tasks, lines = (size_t)p->lines, usages = (size_t)p->usage_offset[n];
    int32_t **by_task[] = {&q->order, &q->pos,    &q->before, &q->behind,  &q->option, &q->start, &q->end,
                           &q->setup, &q->change, &w->mark,   &w->release, &w->after,  &w->sinks, &w->shifted};
    for (size_t k = 0; k < sizeof by_task / sizeof *by_task; k++)
        *by_task[k] = numbers(a, n);
    w->arena = a;
    q->p = p;
    q->limit = q->slack = INT64_MAX;
    q->scale = 1;
    q->line_first = numbers(a, lines);
    q->line_last = numbers(a, lines);
    q->job_end = numbers(a, (size_t)p->jobs);
    q->due_cost = arena_array(a, (size_t)p->dues, sizeof *q->due_cost);
    w->dirty = arena_array(a, n / 64 + 1, sizeof *w->dirty);
    w->scratch = numbers(a, 2 * n);
    w->tasks = arena_array(a, n, sizeof *w->tasks);
    q->joined = arena_alloc(a, n);
    w->simple = arena_alloc(a, n);
    w->is_sink = arena_alloc(a, n);
    w->sink_offset = numbers(a, (size_t)p->jobs + 1);
    w->task_of_usage = numbers(a, usages);
    w->usage_before = numbers(a, usages);
    w->usage_behind = numbers(a, usages);
    w->free_offset = numbers(a, usages + 1);
    w->pool_last = numbers(a, 2 * (size_t)p->pools);
    q->used_line = numbers(a, lines);
    find_lines(q);
    find_sinks(q);
    find_facts(q);
    sequence_pools_init(q);
    return q;
}

void sequence_free(struct sequence *q) {
    if (q == NULL)
        return;
    struct sequence_work *w = q->work;
    free(w->jobs);
    free(w->dues);
    free(w->states);
    arena_free(w->arena);
}

static void link_all(struct sequence *q) {
    const struct problem *p = q->p;
    struct sequence_work *w = q->work;
    for (int32_t l = 0; l < p->lines; l++)
        q->line_first[l] = q->line_last[l] = -1;
    for (int32_t k = 0; k < p->pools; k++)
        w->pool_last[k] = -1;
    for (int32_t k = 0; k < p->tasks; k++) {
        int32_t task = q->order[k];
        q->pos[task] = k;
        sequence_link(q, task, task, p->option_line[q->option[task]], -1);
        for (int32_t u = p->usage_offset[task]; u < p->usage_offset[task + 1]; u++) {
            int32_t last = w->pool_last[p->usage_pool[u]];
            w->usage_before[u] = last;
            w->usage_behind[u] = -1;
            if (last >= 0)
                w->usage_behind[last] = u;
            w->pool_last[p->usage_pool[u]] = u;
        }
    }
}

/* Whether the list is one, as parts of several may not make: a run's members stand together, and what a run waits for stands before
 * all of it. Times of one that is none would chase each other without end. */
static bool is_list(const struct sequence *q) {
    const struct problem *p = q->p;
    for (int32_t k = 0, leader = 0; k < p->tasks; k++) {
        int32_t task = q->order[k];
        if (!q->joined[task])
            leader = k;
        else if (k == 0 || q->before[task] != q->order[k - 1])
            return false;
        for (int32_t b = p->before_offset[task]; b < p->before_offset[task + 1] && p->fixed_line[task] < 0; b++)
            if (q->pos[p->before[b]] >= leader)
                return false;
    }
    return true;
}

/* All from nothing: the log is full once and forgotten. False: there is no such plan, or it ends beyond what can be told. */
static bool compute_all(struct sequence *q) {
    const struct problem *p = q->p;
    struct sequence_work *w = q->work;
    int64_t limit = q->limit;
    link_all(q);
    if (!is_list(q))
        return false;
    q->cost = 0;
    q->limit = INT64_MAX;
    for (int32_t i = 0; i < p->tasks; i++) {
        q->start[i] = q->end[i] = INT32_MIN;
        q->setup[i] = -1;
        q->change[i] = 0;
        q->cost += sequence_move_cost(q, i, q->start[i]);
        mark_dirty(q, i);
    }
    for (int32_t j = 0; j < p->jobs; j++)
        q->job_end[j] = 0;
    for (int32_t d = 0; d < p->dues; d++)
        q->due_cost[d] = 0;
    if (w->free_offset[p->usage_offset[p->tasks]] > 0)
        memset(w->free, 0x80, (size_t)w->free_offset[p->usage_offset[p->tasks]] * sizeof *w->free);
    w->task_count = w->job_count = w->due_count = w->state_count = 0;
    bool sound = sequence_propagate(q, 0);
    for (int32_t j = 0; j < p->jobs; j++)
        q->job_end[j] = q->end[sequence_job_last(q, j)];
    for (int32_t d = 0; d < p->dues; d++) {
        q->cost -= q->due_cost[d];
        q->due_cost[d] = sequence_due_cost(q, d);
        q->cost += q->due_cost[d];
    }
    q->energy = q->scale * q->cost + q->aside;
    w->task_count = w->job_count = w->due_count = w->state_count = 0;
    q->limit = limit;
    return sound;
}

struct listed {
    int32_t start, end, line, rank, task;
};

/* A run's members come behind each other; what has no length may wait for others of its tick. */
static int compare_listed(const void *a, const void *b) {
    const struct listed *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    if (x->start < x->end && x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static bool is_joined(const struct problem *p, const struct listed *last, const struct listed *row) {
    return p->line_batch[row->line] > 0 && last->line == row->line && last->start == row->start &&
           last->end == row->end && p->family[last->task] == p->family[row->task];
}

struct sequence *sequence_new(const struct problem *p, const struct schedule *s) {
    struct sequence *q = sequence_empty(p);
    struct listed *row = takt_alloc((size_t)p->tasks * sizeof *row);
    for (int32_t i = 0; i < p->tasks; i++) {
        row[i] = (struct listed){s->start[i], s->end[i], s->line[i], p->rank[i], i};
        q->option[i] = option_on(p, i, s->line[i]);
    }
    if (p->tasks > 0)
        qsort(row, (size_t)p->tasks, sizeof *row, compare_listed);
    for (int32_t k = 0; k < p->tasks; k++) {
        q->order[k] = row[k].task;
        q->joined[row[k].task] = k > 0 && is_joined(p, &row[k - 1], &row[k]);
    }
    free(row);
    if (!compute_all(q)) {
        sequence_free(q);
        return NULL;
    }
    if (p->objective.makespan > 0 && q->cost < MAKESPAN_COST_MAX) {
        q->scale = (int64_t)q->used_lines * MAKESPAN_SHARE;
        compute_all(q);
    }
    return q;
}

void sequence_save(const struct sequence *q, struct sequence_order *ret) {
    memcpy(ret->order, q->order, (size_t)q->p->tasks * sizeof(int32_t));
    for (int32_t i = 0; i < q->p->tasks; i++)
        ret->option[i] = q->joined[i] ? -1 - q->option[i] : q->option[i];
}

bool sequence_restore(struct sequence *q, const struct sequence_order *saved) {
    memcpy(q->order, saved->order, (size_t)q->p->tasks * sizeof(int32_t));
    for (int32_t i = 0; i < q->p->tasks; i++) {
        q->joined[i] = saved->option[i] < 0;
        q->option[i] = q->joined[i] ? -1 - saved->option[i] : saved->option[i];
    }
    return compute_all(q);
}

struct schedule *sequence_schedule(const struct sequence *q) {
    struct schedule *s = schedule_new(q->p->tasks);
    for (int32_t i = 0; i < q->p->tasks; i++) {
        s->line[i] = q->p->option_line[q->option[i]];
        s->start[i] = q->start[i];
        s->end[i] = q->end[i];
    }
    return s;
}
