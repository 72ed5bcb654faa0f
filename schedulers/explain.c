/* SPDX-License-Identifier: Apache-2.0 */

/* Why a task starts when it does, one cause a step: the latest of its release, what it succeeds and what is before it
 * on its line; then, if it starts later than that, closed hours or a pool. A member of a run waits for the last of the
 * run. */

#include "schedulers/solver.h"

#include "schedulers/model.h"

#include <stdlib.h>

struct explaining {
    const struct problem *p;
    const struct schedule *s;
    int32_t *order; /* tasks by line and start */
    int32_t *at;    /* by task: its place in that order */
};

static int compare_placed(const void *a, const void *b, void *arg) {
    const struct schedule *s = ((const struct explaining *)arg)->s;
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    if (s->line[x] != s->line[y])
        return s->line[x] < s->line[y] ? -1 : 1;
    if (s->start[x] != s->start[y])
        return s->start[x] < s->start[y] ? -1 : 1;
    if (s->end[x] != s->end[y])
        return s->end[x] < s->end[y] ? -1 : 1;
    return x < y ? -1 : 1;
}

static bool same_run(const struct explaining *e, int32_t a, int32_t b) {
    const struct schedule *s = e->s;
    return s->line[a] == s->line[b] && s->start[a] == s->start[b] && s->end[a] == s->end[b] &&
           e->p->line_batch[s->line[a]] > 0 && e->p->family[a] == e->p->family[b];
}

static void raise(struct binding_step *step, enum binding why, int32_t other, int32_t tick) {
    if (tick <= step->to)
        return;
    *step = (struct binding_step){step->task, why, other, -1, step->from, tick};
}

/* When `before` lets its successor start. */
static int32_t ready_after(const struct explaining *e, int32_t before) {
    const struct problem *p = e->p;
    int32_t ready = e->s->end[before], option = option_on(p, before, e->s->line[before]);
    if (p->overlap_quantity[before] > 0 && option >= 0) {
        int32_t part = part_of(p->option_time[option], p->overlap_first[before], p->overlap_quantity[before]);
        int32_t passed = hours_passed(&p->hours[p->option_hours[option]], e->s->start[before], part);
        ready = passed < ready ? passed : ready;
    }
    return ready + p->lag_after[before];
}

static void bind_to_job(const struct explaining *e, int32_t task, struct binding_step *step) {
    const struct problem *p = e->p;
    int32_t release = p->release[task] > p->job_release[p->job[task]] ? p->release[task] : p->job_release[p->job[task]];
    raise(step, BOUND_RELEASE, -1, release);
    for (int32_t b = p->before_offset[task]; b < p->before_offset[task + 1]; b++)
        if (e->s->line[p->before[b]] >= 0)
            raise(step, BOUND_TASK, p->before[b], ready_after(e, p->before[b]));
}

/* The neighbour before the task's run, and the set-up that the line has after it. */
static void bind_to_line(const struct explaining *e, int32_t task, struct binding_step *step) {
    const struct problem *p = e->p;
    int32_t line = e->s->line[task], k = e->at[task], setup = -1, neighbour = -1;
    while (k > 0 && same_run(e, e->order[k - 1], task))
        k--;
    if (k > 0 && e->s->line[e->order[k - 1]] == line)
        neighbour = e->order[k - 1];
    for (k--; k >= 0 && e->s->line[e->order[k]] == line && setup < 0; k--)
        setup = p->family[e->order[k]];
    if (setup < 0)
        setup = p->line_initial[line];
    int32_t free = neighbour >= 0 ? e->s->end[neighbour] : 0, gap = changeover(p, line, setup, p->family[task]);
    if (gap > 0)
        raise(step, BOUND_CHANGEOVER, neighbour, hours_passed(&p->hours[p->line_hours[line]], free, gap));
    else if (neighbour >= 0)
        raise(step, BOUND_LINE, neighbour, free);
}

/* A task that holds one of the pools until shortly before `start`: the last to end after `ready`. */
static void bind_to_pool(const struct explaining *e, int32_t task, struct binding_step *step) {
    const struct problem *p = e->p;
    int32_t start = e->s->start[task], ready = step->to, last = ready;
    for (int32_t u = p->usage_offset[task]; u < p->usage_offset[task + 1]; u++) {
        int32_t pool = p->usage_pool[u];
        for (int32_t i = 0; i < p->tasks; i++) {
            if (i == task || e->s->line[i] < 0 || e->s->end[i] > start || e->s->end[i] <= last)
                continue;
            for (int32_t v = p->usage_offset[i]; v < p->usage_offset[i + 1]; v++)
                if (p->usage_pool[v] == pool) {
                    last = e->s->end[i];
                    *step = (struct binding_step){task, BOUND_POOL, i, pool, ready, start};
                }
        }
    }
}

static bool bind_to_hours(const struct explaining *e, int32_t task, struct binding_step *step) {
    const struct problem *p = e->p;
    int32_t line = e->s->line[task], option = option_on(p, task, line), start = e->s->start[task];
    if (option < 0)
        return false;
    const struct hours *own = &p->hours[p->option_hours[option]], *of_line = &p->hours[p->line_hours[line]];
    if (hours_start(own, step->to, p->option_time[option], p->breakable[task]) != start)
        return false;
    int32_t pool = -1;
    if (hours_start(of_line, step->to, p->option_time[option], p->breakable[task]) != start)
        for (int32_t u = p->usage_offset[task]; u < p->usage_offset[task + 1] && pool < 0; u++)
            if (hours_next(&p->hours[p->pool_hours[p->usage_pool[u]]], step->to) != step->to)
                pool = p->usage_pool[u];
    *step = (struct binding_step){task, BOUND_CLOSED, -1, pool, step->to, start};
    return true;
}

/* What the task (or the last of its run) waited for until the tick `step->to`, but for hours and pools. */
static struct binding_step bind_before(const struct explaining *e, int32_t task) {
    struct binding_step step = {task, BOUND_NOTHING, -1, -1, 0, 0};
    bind_to_job(e, task, &step);
    bind_to_line(e, task, &step);
    int32_t k = e->at[task];
    while (k > 0 && same_run(e, e->order[k - 1], task))
        k--;
    for (; k < e->p->tasks && e->s->line[e->order[k]] == e->s->line[task] &&
           e->s->start[e->order[k]] == e->s->start[task];
         k++) {
        struct binding_step other = {e->order[k], BOUND_NOTHING, -1, -1, 0, 0};
        if (e->order[k] == task || !same_run(e, e->order[k], task))
            continue;
        bind_to_job(e, e->order[k], &other);
        raise(&step, BOUND_LINE, e->order[k], other.to);
    }
    return step;
}

static size_t walk(const struct explaining *e, int32_t task, struct binding_step *steps, size_t most) {
    size_t n = 0;
    while (n < most && task >= 0 && e->s->line[task] >= 0) {
        if (e->p->fixed_line[task] >= 0) {
            steps[n++] = (struct binding_step){task, BOUND_FIXED, -1, -1, e->s->start[task], e->s->start[task]};
            break;
        }
        struct binding_step step = bind_before(e, task), cause = step;
        if (step.to < e->s->start[task] && !bind_to_hours(e, task, &step))
            bind_to_pool(e, task, &step);
        if (step.why == BOUND_CLOSED) {
            steps[n++] = step;
            step = cause;
            if (n == most)
                break;
        } else if (step.to < e->s->start[task])
            step = (struct binding_step){task, BOUND_NOTHING, -1, -1, step.to, e->s->start[task]};
        if (step.other >= 0 && step.why != BOUND_POOL)
            step.from = e->s->end[step.other] < step.to ? e->s->end[step.other] : step.to;
        steps[n++] = step;
        task = step.why == BOUND_NOTHING || step.why == BOUND_RELEASE ? -1 : step.other;
    }
    return n;
}

size_t solve_explain(const struct problem *p, const struct schedule *s, int32_t task, struct binding_step *steps,
                     size_t most) {
    struct explaining e = {.p = p, .s = s};
    size_t n = (size_t)p->tasks;
    e.order = takt_alloc(n * sizeof *e.order);
    e.at = takt_alloc(n * sizeof *e.at);
    for (int32_t i = 0; i < p->tasks; i++)
        e.order[i] = i;
    if (n > 0)
        qsort_r(e.order, n, sizeof *e.order, compare_placed, &e);
    for (int32_t k = 0; k < p->tasks; k++)
        e.at[e.order[k]] = k;
    size_t count = walk(&e, task, steps, most);
    free(e.order);
    free(e.at);
    return count;
}
