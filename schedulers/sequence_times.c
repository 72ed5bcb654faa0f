/* SPDX-License-Identifier: Apache-2.0 */

/* Earliest starts and the objective. Every task whose cause has changed is marked in a set of bits by place in the
 * list; the set is emptied from the front, so that each task is computed once. Whatever is overwritten is kept in a
 * log. */

#include "schedulers/sequence_work.h"

#include <string.h>

static int32_t max(int32_t a, int32_t b) {
    return a > b ? a : b;
}

/* The cost of one due, weights in. */
int64_t sequence_due_cost(const struct sequence *q, int32_t due) {
    const struct problem *p = q->p;
    int64_t done = INT64_MIN, sum = 0, cost = 0;
    for (int32_t k = p->due_offset[due]; k < p->due_offset[due + 1]; k++) {
        int64_t end = q->job_end[p->due_job[k]];
        done = end > done ? end : done;
        sum += end;
    }
    if (p->due[due] != PROBLEM_NONE && done > p->due[due])
        cost += p->objective.tardiness * (done - p->due[due]);
    if (p->placed[due] != PROBLEM_NONE)
        cost += p->objective.flow * (done - p->placed[due]);
    cost += p->objective.waiting * (done * (p->due_offset[due + 1] - p->due_offset[due]) - sum);
    return cost * p->weight[due];
}

int64_t sequence_move_cost(const struct sequence *q, int32_t task, int32_t start) {
    const struct problem *p = q->p;
    if (p->plan_line[task] < 0 || p->objective.moves == 0)
        return 0;
    int64_t off = (int64_t)start - p->plan_start[task];
    bool moved =
        p->option_line[q->option[task]] != p->plan_line[task] || off > p->move_tolerance || off < -p->move_tolerance;
    return moved ? p->objective.moves : 0;
}

int64_t sequence_makespan(const struct sequence *q) {
    int64_t last = INT64_MIN;
    for (int32_t k = 0; k < q->used_lines; k++) {
        int32_t task = q->line_last[q->used_line[k]];
        if (task >= 0 && q->end[task] > last)
            last = q->end[task];
    }
    return last == INT64_MIN ? 0 : last;
}

int32_t sequence_last(const struct sequence *q) {
    int32_t last = -1;
    for (int32_t k = 0; k < q->used_lines; k++) {
        int32_t task = q->line_last[q->used_line[k]];
        if (task >= 0 && (last < 0 || q->end[task] > q->end[last]))
            last = task;
    }
    return last;
}

int32_t sequence_job_last(const struct sequence *q, int32_t job) {
    const struct sequence_work *w = q->work;
    int32_t last = w->sinks[w->sink_offset[job]];
    for (int32_t k = w->sink_offset[job] + 1; k < w->sink_offset[job + 1]; k++)
        if (q->end[w->sinks[k]] > q->end[last])
            last = w->sinks[k];
    return last;
}

/* When `before` lets `task`, which takes `time`, start. */
static int32_t ready_after(const struct sequence *q, int32_t before, const struct hours *hours, int32_t time) {
    const struct problem *p = q->p;
    int32_t lag = p->lag_after[before];
    if (p->overlap_quantity[before] == 0)
        return q->end[before] + lag;
    int32_t first = p->overlap_first[before], of = p->overlap_quantity[before], o = q->option[before];
    const struct hours *own = &p->hours[p->fixed_line[before] >= 0 ? p->fixed_hours[before] : p->option_hours[o]];
    int32_t passed = hours_passed(own, q->start[before], part_of(p->option_time[o], first, of));
    int32_t ready = (passed < q->end[before] ? passed : q->end[before]) + lag;
    int64_t least = (int64_t)q->end[before] + lag + part_of(time, first, of);
    if (least >= PROBLEM_TICK_MAX)
        return PROBLEM_TICK_MAX;
    int32_t late = time == 0 ? (int32_t)least
                   : hours->count == HOURS_ALWAYS
                       ? (int32_t)(least - time)
                       : hours_tick(hours, (int64_t)hours_open_before(hours, (int32_t)least - 1) - time + 1);
    return max(ready, late);
}

/* When the line is free and set up for the task. */
static int32_t line_ready(const struct sequence *q, int32_t task, int32_t line, int32_t *ret_change,
                          int32_t *ret_setup) {
    const struct problem *p = q->p;
    int32_t before = q->before[task], setup = before >= 0 ? q->setup[before] : p->line_initial[line];
    int32_t free = before >= 0 ? q->end[before] : p->fixed_line[task] >= 0 ? INT32_MIN : 0;
    int32_t gap = changeover(p, line, setup, p->family[task]);
    *ret_change = gap;
    *ret_setup = p->family[task] >= 0 ? p->family[task] : setup;
    if (gap == 0 || free == INT32_MIN)
        return free;
    const struct hours *h = &p->hours[p->line_hours[line]];
    return h->count == HOURS_ALWAYS ? free + gap : hours_passed(h, free, gap);
}

static int32_t pools_ready(const struct sequence *q, int32_t task, int32_t ready) {
    const struct sequence_work *w = q->work;
    const struct problem *p = q->p;
    for (int32_t u = p->usage_offset[task]; u < p->usage_offset[task + 1]; u++) {
        int32_t before = w->usage_before[u], amount = p->usage_amount[u];
        if (before >= 0 && amount > 0)
            ready = max(ready, w->free[w->free_offset[before] + amount - 1]);
    }
    return ready;
}

/* What the pool's units are free from after the task: its amount of the earliest are so at its end. */
static void give_pools(struct sequence *q, int32_t task, bool log) {
    struct sequence_work *w = q->work;
    const struct problem *p = q->p;
    for (int32_t u = p->usage_offset[task]; u < p->usage_offset[task + 1]; u++) {
        int32_t n = w->free_offset[u + 1] - w->free_offset[u], amount = p->usage_amount[u], k = 0,
                row[SEQUENCE_POOL_MAX];
        int32_t *own = &w->free[w->free_offset[u]];
        const int32_t *before = w->usage_before[u] >= 0 ? &w->free[w->free_offset[w->usage_before[u]]] : NULL;
        for (int32_t i = amount; i < n && (before == NULL || before[i] <= q->end[task]); i++)
            row[k++] = before == NULL ? INT32_MIN : before[i];
        for (int32_t i = 0; i < amount; i++)
            row[k++] = q->end[task];
        for (; k < n; k++)
            row[k] = before[k];
        if (memcmp(row, own, (size_t)n * sizeof *row) == 0)
            continue;
        if (log) {
            while (w->state_count + 1 + (size_t)n > w->state_cap)
                ARRAY_GROW(w->states, w->state_cap, w->state_cap);
            memcpy(&w->states[w->state_count], own, (size_t)n * sizeof *row);
            w->states[w->state_count + (size_t)n] = u;
            w->state_count += (size_t)n + 1;
        }
        memcpy(own, row, (size_t)n * sizeof *row);
        if (w->usage_behind[u] >= 0)
            mark_dirty(q, w->task_of_usage[w->usage_behind[u]]);
    }
}

struct timing {
    int32_t start, end, setup, change;
};

/* The earliest start of a task; false: it would break a rule. */
static bool time_task(const struct sequence *q, int32_t task, struct timing *ret) {
    const struct problem *p = q->p;
    const struct sequence_work *w = q->work;
    int32_t o = q->option[task], time = p->option_time[o], line = p->option_line[o];
    const struct hours *hours = &p->hours[p->option_hours[o]];
    int32_t ready = line_ready(q, task, line, &ret->change, &ret->setup);
    if (p->fixed_line[task] >= 0) {
        ret->start = p->fixed_start[task];
        ret->end = p->fixed_end[task];
        int32_t free = q->before[task] >= 0 ? q->end[q->before[task]] : INT32_MIN;
        return free <= ret->start && pools_ready(q, task, INT32_MIN) <= ret->start;
    }
    ready = max(ready, w->release[task]);
    if (w->simple[task]) {
        for (int32_t k = p->before_offset[task]; k < p->before_offset[task + 1]; k++)
            ready = max(ready, q->end[p->before[k]] + p->lag_after[p->before[k]]);
    } else {
        for (int32_t k = p->before_offset[task]; k < p->before_offset[task + 1]; k++)
            ready = max(ready, ready_after(q, p->before[k], hours, time));
    }
    if (p->usage_offset[task] < p->usage_offset[task + 1])
        ready = pools_ready(q, task, ready);
    if (ready >= PROBLEM_TICK_MAX)
        return false;
    ret->start = hours_start(hours, ready, time, p->breakable[task]);
    ret->end = ret->start >= PROBLEM_TICK_MAX ? HOURS_NEVER : hours_passed(hours, ret->start, time);
    return ret->end < PROBLEM_TICK_MAX;
}

static void change_job(struct sequence *q, int32_t task, bool log) {
    struct sequence_work *w = q->work;
    const struct problem *p = q->p;
    int32_t job = p->job[task], end = q->end[sequence_job_last(q, job)];
    if (end == q->job_end[job])
        return;
    if (log) {
        ARRAY_GROW(w->jobs, w->job_count, w->job_cap);
        w->jobs[w->job_count++] = (struct old_job){job, q->job_end[job]};
    }
    q->job_end[job] = end;
    for (int32_t k = p->job_due_offset[job]; k < p->job_due_offset[job + 1]; k++) {
        int32_t due = p->job_due[k];
        int64_t cost = sequence_due_cost(q, due);
        if (cost == q->due_cost[due])
            continue;
        if (log) {
            ARRAY_GROW(w->dues, w->due_count, w->due_cap);
            w->dues[w->due_count++] = (struct old_due){due, q->due_cost[due]};
        }
        q->cost += cost - q->due_cost[due];
        q->due_cost[due] = cost;
    }
}

/* Takes the new times of a task over, and marks what follows from them. */
static void set_task(struct sequence *q, int32_t task, const struct timing *t) {
    struct sequence_work *w = q->work;
    const struct problem *p = q->p;
    w->tasks[w->task_count++] = (struct old_task){task, q->start[task], q->end[task], q->setup[task], q->change[task]};
    bool ends = t->end != q->end[task], starts = t->start != q->start[task];
    if (p->objective.moves > 0)
        q->cost += sequence_move_cost(q, task, t->start) - sequence_move_cost(q, task, q->start[task]);
    q->cost += p->objective.changeover * ((int64_t)t->change - q->change[task]);
    if (q->behind[task] >= 0 && (ends || t->setup != q->setup[task]))
        mark_dirty(q, q->behind[task]);
    q->start[task] = t->start;
    q->end[task] = t->end;
    q->setup[task] = t->setup;
    q->change[task] = t->change;
    if (ends || (starts && p->overlap_quantity[task] > 0))
        for (int32_t k = p->after_offset[task]; k < p->after_offset[task + 1]; k++)
            mark_dirty(q, p->after[k]);
    if (ends && w->is_sink[task])
        change_job(q, task, true);
}

static bool is_hopeless(const struct sequence *q, int32_t task, int64_t latest, int64_t dearest) {
    return q->end[task] + (int64_t)q->work->after[task] > latest || q->cost > dearest;
}

/* The cost, without the makespan's part, from which on a move is given up. */
static int64_t dearest_cost(const struct sequence *q) {
    if (q->limit >= INT64_MAX / 2 || q->slack >= INT64_MAX / 2)
        return INT64_MAX;
    return (q->limit + q->slack - q->aside) / q->scale;
}

/* The latest end that the limit allows if the makespan is all that counts. */
static int64_t latest_end(const struct sequence *q, int64_t dearest) {
    const struct problem_objective *o = &q->p->objective;
    bool alone = o->makespan > 0 && (q->p->dues == 0 || (o->tardiness == 0 && o->flow == 0 && o->waiting == 0)) &&
                 o->changeover == 0 && o->moves == 0;
    return alone && dearest < INT64_MAX ? dearest / o->makespan : INT64_MAX;
}

/* The energy of a plan whose times are all computed. */
static void weigh(struct sequence *q) {
    const struct problem *p = q->p;
    q->aside = 0;
    if (p->objective.makespan > 0)
        q->cost += p->objective.makespan * sequence_makespan(q);
    for (int32_t k = 0; k < q->used_lines && q->scale > 1; k++) {
        int32_t task = q->line_last[q->used_line[k]];
        q->aside += task >= 0 ? p->objective.makespan * q->end[task] : 0;
    }
    q->energy = q->scale * q->cost + q->aside;
}

bool sequence_propagate(struct sequence *q, int32_t from) {
    struct sequence_work *w = q->work;
    const struct problem *p = q->p;
    int64_t dearest = dearest_cost(q), latest = latest_end(q, dearest);
    size_t words = ((size_t)p->tasks + 63) / 64;
    bool sound = true;
    for (size_t k = (size_t)from / 64; k < words; k++)
        while (w->dirty[k] != 0) {
            int32_t task = q->order[k * 64 + (size_t)__builtin_ctzll(w->dirty[k])];
            struct timing t;
            w->dirty[k] &= w->dirty[k] - 1;
            if (!sound)
                continue;
            if (!time_task(q, task, &t)) {
                sound = false;
                continue;
            }
            if (t.end != q->end[task] || t.start != q->start[task] || t.setup != q->setup[task] ||
                t.change != q->change[task])
                set_task(q, task, &t);
            if (p->usage_offset[task] < p->usage_offset[task + 1])
                give_pools(q, task, true);
            sound = !is_hopeless(q, task, latest, dearest);
        }
    if (sound)
        weigh(q);
    return sound;
}

int32_t sequence_cause(const struct sequence *q, int32_t task, bool *ret_by_line) {
    const struct problem *p = q->p;
    struct timing t;
    int32_t cause = -1, latest = q->work->release[task], o = q->option[task];
    int32_t line = line_ready(q, task, p->option_line[o], &t.change, &t.setup);
    *ret_by_line = false;
    for (int32_t k = p->before_offset[task]; k < p->before_offset[task + 1]; k++) {
        int32_t ready = ready_after(q, p->before[k], &p->hours[p->option_hours[o]], p->option_time[o]);
        if (ready > latest) {
            latest = ready;
            cause = p->before[k];
        }
    }
    if (q->before[task] >= 0 && line >= latest && line > q->work->release[task]) {
        *ret_by_line = true;
        latest = line;
        cause = q->before[task];
    }
    for (int32_t u = p->usage_offset[task]; u < p->usage_offset[task + 1]; u++) {
        int32_t before = q->work->usage_before[u];
        if (before < 0 || pools_ready(q, task, latest) <= latest)
            continue;
        *ret_by_line = false;
        return q->work->task_of_usage[before];
    }
    return cause;
}
