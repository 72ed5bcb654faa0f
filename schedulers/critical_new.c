/* SPDX-License-Identifier: Apache-2.0 */

/* Which problems are a shop, and making, saving and handing out a plan of one. */

#include "schedulers/critical_work.h"
#include "schedulers/range.h"

#include <stdlib.h>
#include <string.h>

static bool tasks_known(const struct problem *p) {
    for (int32_t i = 0; i < p->tasks; i++) {
        if (p->fixed_line[i] >= 0 || p->lag_max[i] != PROBLEM_NONE || p->overlap_quantity[i] > 0 ||
            p->before_offset[i + 1] - p->before_offset[i] > 1 || p->after_offset[i + 1] - p->after_offset[i] > 1)
            return false;
        for (int32_t o = p->option_offset[i]; o < p->option_offset[i + 1]; o++)
            if (p->line_table[p->option_line[o]] >= 0 && (p->family[i] < 0 || p->option_time[o] == 0))
                return false; /* tasks that take no time stand in no order that a schedule shows */
    }
    return true;
}

bool critical_knows(const struct problem *p) {
    const struct problem_objective *o = &p->objective;
    if (p->tasks == 0 || p->usage_offset[p->tasks] > 0 || o->waiting > 0 || o->changeover > 0 || o->moves > 0)
        return false;
    for (int32_t l = 0; l < p->lines; l++)
        if (p->line_batch[l] > 0 || p->hours[p->line_hours[l]].count != HOURS_ALWAYS)
            return false;
    return range_horizon(p) < -CRITICAL_NEVER / 4 && tasks_known(p);
}

static bool due_counts(const struct problem *p, int32_t due) {
    const struct problem_objective *o = &p->objective;
    return p->weight[due] > 0 &&
           ((o->tardiness > 0 && p->due[due] != PROBLEM_NONE) || (o->flow > 0 && p->placed[due] != PROBLEM_NONE));
}

static int32_t *numbers(struct arena *a, size_t count) {
    return arena_array(a, count, sizeof(int32_t));
}

static int32_t add_sinks(struct critical *c, int32_t end, int32_t job, int32_t n) {
    const struct problem *p = c->p;
    for (int32_t k = p->job_offset[job]; k < p->job_offset[job + 1]; k++) {
        int32_t task = p->job_task[k];
        if (p->after_offset[task] != p->after_offset[task + 1])
            continue;
        if (c->sink != NULL) {
            c->sink[n] = task;
            c->rest[c->node[task].job_behind * c->width + end] = 0;
        }
        n++;
    }
    return n;
}

/* Counts or, when there is room for them, writes the sinks of all ends. */
static int32_t find_ends(struct critical *c) {
    const struct problem *p = c->p;
    int32_t e = 0, n = 0;
    if (p->objective.makespan > 0) {
        c->end[e] = (struct critical_end){.due = PROBLEM_NONE, .tick = p->objective.makespan, .first_sink = n};
        for (int32_t j = 0; j < p->jobs; j++)
            n = add_sinks(c, e, j, n);
        c->end[e].sinks = n;
        e++;
    }
    for (int32_t d = 0; d < p->dues; d++) {
        if (!due_counts(p, d))
            continue;
        struct critical_end end = {.due = PROBLEM_NONE, .first_sink = n};
        if (p->objective.tardiness > 0 && p->due[d] != PROBLEM_NONE) {
            end.due = p->due[d];
            end.late = p->objective.tardiness * p->weight[d];
        }
        if (p->objective.flow > 0 && p->placed[d] != PROBLEM_NONE) {
            end.tick = p->objective.flow * p->weight[d];
            end.constant = -end.tick * p->placed[d];
        }
        for (int32_t k = p->due_offset[d]; k < p->due_offset[d + 1]; k++)
            n = add_sinks(c, e, p->due_job[k], n);
        end.sinks = n - end.first_sink;
        c->end[e++] = end;
    }
    return n;
}

static int32_t count_ends(const struct problem *p) {
    int32_t ends = p->objective.makespan > 0;
    for (int32_t d = 0; d < p->dues; d++)
        ends += due_counts(p, d);
    return ends;
}

/* Nodes with all that never changes. Lines keep room for every task that can be there. */
static int32_t make_nodes(struct critical *c) {
    const struct problem *p = c->p;
    int32_t next = c->none + 1;
    for (int32_t i = 0; i < p->tasks; i++) {
        struct critical_node *n = &c->node[i];
        bool first = p->before_offset[i] == p->before_offset[i + 1],
             last = p->after_offset[i] == p->after_offset[i + 1];
        int32_t job = p->job_release[p->job[i]];
        n->job_before = first ? c->none : p->before[p->before_offset[i]];
        n->job_behind = last ? next++ : p->after[p->after_offset[i]];
        n->lag = last ? 0 : p->lag_after[i];
        n->release = p->release[i] > job ? p->release[i] : job;
        for (int32_t o = p->option_offset[i]; o < p->option_offset[i + 1]; o++) {
            c->line_offset[p->option_line[o] + 1]++;
            c->changes = c->changes || p->line_table[p->option_line[o]] >= 0;
        }
    }
    for (int32_t l = 0; l < p->lines; l++)
        c->line_offset[l + 1] += c->line_offset[l];
    return next;
}

static struct critical *make_empty(const struct problem *p) {
    struct arena *a = arena_new();
    struct critical *c = arena_alloc(a, sizeof *c);
    struct critical_work *w = c->work = arena_alloc(a, sizeof *w);
    size_t n = (size_t)p->tasks;
    int32_t **by_task[] = {&c->order, &c->pos, &w->chain, &w->chain_end, &w->part, &w->old_end};
    for (size_t k = 0; k < sizeof by_task / sizeof *by_task; k++)
        *by_task[k] = numbers(a, n);
    w->arena = a;
    c->p = p;
    c->tasks = c->none = p->tasks;
    c->ends = count_ends(p);
    c->width = c->ends == 1 ? 1 : (c->ends + 3) / 4 * 4;
    w->mark = numbers(a, n + 1);
    w->scratch = numbers(a, 2 * n);
    w->chain_rest = numbers(a, (size_t)c->width);
    w->old_done = numbers(a, (size_t)c->ends);
    w->most = numbers(a, 2 * (size_t)c->width);
    c->node = arena_array(a, 2 * n + 1, sizeof *c->node);
    c->end = arena_array(a, (size_t)c->ends, sizeof *c->end);
    c->line_offset = numbers(a, (size_t)p->lines + 1);
    c->line_count = numbers(a, (size_t)p->lines);
    int32_t nodes = make_nodes(c);
    c->line_task = numbers(a, (size_t)c->line_offset[p->lines]);
    c->rest = numbers(a, (size_t)nodes * (size_t)c->width);
    for (int32_t k = 0; k < nodes * c->width; k++)
        c->rest[k] = CRITICAL_NEVER;
    int32_t sinks = find_ends(c);
    c->sink = numbers(a, (size_t)sinks);
    find_ends(c);
    return c;
}

void critical_free(struct critical *c) {
    if (c != NULL)
        arena_free(c->work->arena);
}

struct critical_order critical_order_new(int32_t tasks) {
    size_t size = (size_t)tasks * sizeof(int32_t);
    return (struct critical_order){takt_alloc(size), takt_alloc(size)};
}

void critical_order_free(struct critical_order *o) {
    free(o->order);
    free(o->option);
}

void critical_save(const struct critical *c, struct critical_order *ret) {
    memcpy(ret->order, c->order, (size_t)c->tasks * sizeof *ret->order);
    for (int32_t i = 0; i < c->tasks; i++)
        ret->option[i] = c->node[i].option;
}

void critical_restore(struct critical *c, const struct critical_order *saved) {
    const struct problem *p = c->p;
    memcpy(c->order, saved->order, (size_t)c->tasks * sizeof *c->order);
    memset(c->line_count, 0, (size_t)p->lines * sizeof *c->line_count);
    for (int32_t k = 0; k < c->tasks; k++) {
        int32_t task = c->order[k], option = saved->option[task], line = p->option_line[option];
        struct critical_node *n = &c->node[task];
        int32_t *row = &c->line_task[c->line_offset[line]], index = c->line_count[line]++;
        c->pos[task] = k;
        n->option = option;
        n->line = line;
        n->time = p->option_time[option];
        n->index = index;
        n->before = index > 0 ? row[index - 1] : c->none;
        n->behind = c->none;
        n->change = critical_change(c, line, n->before, task);
        if (index > 0)
            c->node[n->before].behind = task;
        row[index] = task;
    }
    critical_sweep(c, 0, c->tasks - 1);
}

struct placed_task {
    int32_t start, rank, task;
};

static int compare_placed(const void *a, const void *b) {
    const struct placed_task *x = a, *y = b;
    return x->start != y->start ? (x->start > y->start) - (x->start < y->start)
                                : (x->rank > y->rank) - (x->rank < y->rank);
}

struct critical *critical_new(const struct problem *p, const struct schedule *s) {
    struct critical *c = make_empty(p);
    struct placed_task *row = takt_alloc((size_t)p->tasks * sizeof *row);
    struct critical_order order = {c->work->scratch, c->work->scratch + p->tasks};
    for (int32_t i = 0; i < p->tasks; i++)
        row[i] = (struct placed_task){s->start[i], p->rank[i], i};
    qsort(row, (size_t)p->tasks, sizeof *row, compare_placed);
    for (int32_t k = 0; k < p->tasks; k++) {
        order.order[k] = row[k].task;
        order.option[k] = option_on(p, k, s->line[k]);
    }
    free(row);
    c->node[c->none] =
        (struct critical_node){.before = c->none, .behind = c->none, .job_before = c->none, .job_behind = c->none};
    critical_restore(c, &order);
    return c;
}

struct schedule *critical_schedule(const struct critical *c) {
    struct schedule *s = schedule_new(c->tasks);
    for (int32_t i = 0; i < c->tasks; i++) {
        s->line[i] = c->node[i].line;
        s->start[i] = critical_start(&c->node[i]);
        s->end[i] = c->node[i].end;
    }
    return s;
}

struct schedule *critical_schedule_of(struct critical *c, const struct critical_order *order) {
    struct critical_order now = critical_order_new(c->tasks);
    critical_save(c, &now);
    critical_restore(c, order);
    struct schedule *s = critical_schedule(c);
    critical_restore(c, &now);
    critical_order_free(&now);
    return s;
}
