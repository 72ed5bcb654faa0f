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

/* When `before` lets a task start that takes `time`, in a run that takes `span`. */
static int32_t ready_after(const struct sequence *q, int32_t before, const struct hours *hours, int32_t time,
                           int32_t span) {
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
    int32_t late = span == 0 ? (int32_t)least
                   : hours->count == HOURS_ALWAYS
                       ? (int32_t)(least - span)
                       : hours_tick(hours, (int64_t)hours_open_before(hours, (int32_t)least - 1) - span + 1);
    return max(ready, late);
}

int32_t sequence_ready_after(const struct sequence *q, int32_t before, int32_t option) {
    int32_t time = q->p->option_time[option];
    return ready_after(q, before, &q->p->hours[q->p->option_hours[option]], time, time);
}

const int32_t *sequence_pool_after(const struct sequence *q, int32_t usage, int32_t *ret_units) {
    const struct sequence_work *w = q->work;
    *ret_units = w->free_offset[usage + 1] - w->free_offset[usage];
    return &w->free[w->free_offset[usage]];
}

int32_t sequence_release(const struct sequence *q, int32_t task) {
    return q->work->release[task];
}

/* When the line is free and set up for the task. */
static int32_t line_ready(const struct sequence *q, int32_t task, int32_t line, int32_t *ret_change,
                          int32_t *ret_setup) {
    const struct problem *p = q->p;
    int32_t before = q->before[task], setup = before >= 0 ? q->setup[before] : p->line_initial[line];
    int32_t free = before >= 0 ? q->end[before] : p->fixed_line[task] >= 0 ? INT32_MIN : 0;
    int32_t gap = changeover(p, line, setup, p->family[task]);
    if (before >= 0 && p->option_time[q->option[task]] == 0 && q->start[before] == q->end[before] &&
        p->line_table[line] >= 0)
        free++; /* two of no length at one tick could be read in either order */
    *ret_change = gap;
    *ret_setup = p->family[task] >= 0 ? p->family[task] : setup;
    if (gap == 0 || free == INT32_MIN)
        return free;
    const struct hours *h = &p->hours[p->line_hours[line]];
    return h->count == HOURS_ALWAYS ? free + gap : hours_passed(h, free, gap);
}

struct timing {
    int32_t start, end, setup, change;
};

struct unit { /* a task, or a run from its leader to its tail */
    int32_t leader, tail, line, time;
    const struct hours *hours;
    bool breakable, uses_pools;
    int32_t fixed; /* a member that is; -1: none */
};

static struct unit unit_of(const struct sequence *q, int32_t leader) {
    const struct problem *p = q->p;
    int32_t o = q->option[leader];
    struct unit u = {leader,
                     leader,
                     p->option_line[o],
                     p->option_time[o],
                     &p->hours[p->option_hours[o]],
                     p->breakable[leader],
                     p->usage_offset[leader] < p->usage_offset[leader + 1],
                     p->fixed_line[leader] >= 0 ? leader : -1};
    for (int32_t i = q->behind[leader]; i >= 0 && q->joined[i]; i = q->behind[i]) {
        u.tail = i;
        u.time = max(u.time, p->option_time[q->option[i]]);
        u.breakable = u.breakable && p->breakable[i];
        u.uses_pools = u.uses_pools || p->usage_offset[i] < p->usage_offset[i + 1];
        u.fixed = p->fixed_line[i] >= 0 ? i : u.fixed;
    }
    return u;
}

/* When the member's release and what it succeeds let its run start. */
static int32_t job_ready(const struct sequence *q, int32_t task, const struct unit *u) {
    const struct problem *p = q->p;
    int32_t ready = q->work->release[task], time = p->option_time[q->option[task]];
    if (q->work->simple[task]) {
        for (int32_t k = p->before_offset[task]; k < p->before_offset[task + 1]; k++)
            ready = max(ready, q->end[p->before[k]] + p->lag_after[p->before[k]]);
    } else {
        for (int32_t k = p->before_offset[task]; k < p->before_offset[task + 1]; k++)
            ready = max(ready, ready_after(q, p->before[k], u->hours, time, u->time));
    }
    return ready;
}

/* A fixed run: whether everything is in time for it. Others may be in it if they take no longer than it does. */
static bool time_fixed(const struct sequence *q, const struct unit *u, struct timing *ret) {
    const struct problem *p = q->p;
    int32_t before = q->before[u->leader];
    ret->start = p->fixed_start[u->fixed];
    ret->end = p->fixed_end[u->fixed];
    if (before >= 0 && q->end[before] > ret->start)
        return false;
    if (u->uses_pools && (sequence_pools_ready(q, u->leader, u->tail, INT32_MIN) > ret->start ||
                          sequence_pools_after(q, u->leader, u->tail, ret->start, ret->end) > ret->start))
        return false;
    for (int32_t i = u->leader; u->leader != u->tail; i = q->behind[i]) {
        const struct hours *own = &p->hours[p->option_hours[q->option[i]]];
        if (p->fixed_line[i] >= 0 ? p->fixed_start[i] != ret->start || p->fixed_end[i] != ret->end
                                  : own != &p->hours[p->fixed_hours[u->fixed]] || job_ready(q, i, u) > ret->start ||
                                        hours_open_between(own, ret->start, ret->end) < p->option_time[q->option[i]] ||
                                        hours_start(own, ret->start, ret->end - ret->start, false) != ret->start)
            return false;
        if (i == u->tail)
            break;
    }
    return true;
}

/* The earliest start of a task or a run; false: it would break a rule. */
static bool time_unit(const struct sequence *q, const struct unit *u, struct timing *ret) {
    int32_t ready = line_ready(q, u->leader, u->line, &ret->change, &ret->setup);
    if (u->fixed >= 0)
        return time_fixed(q, u, ret);
    for (int32_t i = u->leader;; i = q->behind[i]) {
        ready = max(ready, job_ready(q, i, u));
        if (i == u->tail)
            break;
    }
    if (u->uses_pools)
        ready = sequence_pools_ready(q, u->leader, u->tail, ready);
    while (ready < PROBLEM_TICK_MAX) {
        ret->start = hours_start(u->hours, ready, u->time, u->breakable);
        ret->end = ret->start >= PROBLEM_TICK_MAX ? HOURS_NEVER : hours_passed(u->hours, ret->start, u->time);
        if (ret->end >= PROBLEM_TICK_MAX || !u->uses_pools)
            return ret->end < PROBLEM_TICK_MAX;
        ready = sequence_pools_after(q, u->leader, u->tail, ret->start, ret->end);
        if (ready <= ret->start)
            return true;
    }
    return false;
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
    if (q->behind[task] >= 0 && !q->joined[q->behind[task]] && (ends || t->setup != q->setup[task]))
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

/* The same for a task that is a run of its own, as nearly all are. */
static bool time_task(const struct sequence *q, int32_t task, struct timing *ret) {
    const struct problem *p = q->p;
    const struct sequence_work *w = q->work;
    int32_t o = q->option[task], time = p->option_time[o], ready;
    const struct hours *hours = &p->hours[p->option_hours[o]];
    bool uses_pools = p->usage_offset[task] < p->usage_offset[task + 1];
    if (p->fixed_line[task] >= 0 || (uses_pools && w->has_steps)) {
        struct unit u = unit_of(q, task);
        return time_unit(q, &u, ret);
    }
    ready = max(line_ready(q, task, p->option_line[o], &ret->change, &ret->setup), w->release[task]);
    if (w->simple[task]) {
        for (int32_t k = p->before_offset[task]; k < p->before_offset[task + 1]; k++)
            ready = max(ready, q->end[p->before[k]] + p->lag_after[p->before[k]]);
    } else {
        for (int32_t k = p->before_offset[task]; k < p->before_offset[task + 1]; k++)
            ready = max(ready, ready_after(q, p->before[k], hours, time, time));
    }
    if (uses_pools)
        ready = sequence_pools_ready(q, task, task, ready);
    if (ready >= PROBLEM_TICK_MAX)
        return false;
    ret->start = hours_start(hours, ready, time, p->breakable[task]);
    ret->end = ret->start >= PROBLEM_TICK_MAX ? HOURS_NEVER : hours_passed(hours, ret->start, time);
    return ret->end < PROBLEM_TICK_MAX;
}

static void take_over(struct sequence *q, int32_t task, const struct timing *t) {
    if (t->end != q->end[task] || t->start != q->start[task] || t->setup != q->setup[task] ||
        t->change != q->change[task])
        set_task(q, task, t);
}

/* Takes the new times of a unit over; false: it is hopeless. */
static bool set_unit(struct sequence *q, const struct unit *u, struct timing *t, int64_t latest, int64_t dearest) {
    bool sound = true;
    for (int32_t i = u->leader;; i = q->behind[i]) {
        take_over(q, i, t);
        sound = sound && !is_hopeless(q, i, latest, dearest);
        if (i == u->tail)
            break;
        t->change = 0; /* it lies before the leader */
    }
    if (u->uses_pools)
        sequence_pools_give(q, u->leader, u->tail);
    return sound;
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
            w->dirty[k] &= w->dirty[k] - 1;
            if (!sound || q->joined[task])
                continue;
            struct timing t;
            if (q->behind[task] >= 0 && q->joined[q->behind[task]]) {
                struct unit u = unit_of(q, task);
                sound = time_unit(q, &u, &t) && set_unit(q, &u, &t, latest, dearest);
                continue;
            }
            sound = time_task(q, task, &t);
            if (!sound)
                continue;
            take_over(q, task, &t);
            if (p->usage_offset[task] < p->usage_offset[task + 1])
                sequence_pools_give(q, task, task);
            sound = !is_hopeless(q, task, latest, dearest);
        }
    if (sound)
        weigh(q);
    return sound;
}

int32_t sequence_leader(const struct sequence *q, int32_t task) {
    while (q->joined[task])
        task = q->before[task];
    return task;
}

int32_t sequence_tail(const struct sequence *q, int32_t task) {
    while (q->behind[task] >= 0 && q->joined[q->behind[task]])
        task = q->behind[task];
    return task;
}

/* The task of a usage of the unit's pools that it waits for beyond `latest`; -1: none. */
static int32_t pool_cause(const struct sequence *q, const struct unit *u, int32_t latest) {
    const struct problem *p = q->p;
    if (!u->uses_pools || sequence_pools_ready(q, u->leader, u->tail, latest) <= latest)
        return -1;
    for (int32_t i = u->leader;; i = q->behind[i]) {
        for (int32_t k = p->usage_offset[i]; k < p->usage_offset[i + 1]; k++) {
            int32_t before = q->work->usage_before[k];
            if (before >= 0 && sequence_leader(q, q->work->task_of_usage[before]) != u->leader)
                return q->work->task_of_usage[before];
        }
        if (i == u->tail)
            return -1;
    }
}

int32_t sequence_cause(const struct sequence *q, int32_t task, bool *ret_by_line) {
    const struct problem *p = q->p;
    struct unit u = unit_of(q, sequence_leader(q, task));
    struct timing t;
    int32_t cause = -1, latest = INT32_MIN, line = line_ready(q, u.leader, u.line, &t.change, &t.setup);
    *ret_by_line = false;
    for (int32_t i = u.leader;; i = q->behind[i]) {
        if (q->work->release[i] > latest) {
            latest = q->work->release[i];
            cause = -1;
        }
        for (int32_t k = p->before_offset[i]; k < p->before_offset[i + 1]; k++) {
            int32_t ready = ready_after(q, p->before[k], u.hours, p->option_time[q->option[i]], u.time);
            if (ready > latest) {
                latest = ready;
                cause = p->before[k];
            }
        }
        if (i == u.tail)
            break;
    }
    if (q->before[u.leader] >= 0 && line >= latest && (cause >= 0 || line > latest)) {
        *ret_by_line = true;
        latest = line;
        cause = q->before[u.leader];
    }
    int32_t holder = pool_cause(q, &u, latest);
    if (holder < 0)
        return cause;
    *ret_by_line = false;
    return holder;
}

int32_t sequence_before_in_pool(const struct sequence *q, int32_t task) {
    const struct problem *p = q->p;
    int32_t latest = -1;
    for (int32_t u = p->usage_offset[task]; u < p->usage_offset[task + 1]; u++) {
        int32_t before = q->work->usage_before[u], other = before < 0 ? -1 : q->work->task_of_usage[before];
        if (other >= 0 && (latest < 0 || q->pos[other] > q->pos[latest]))
            latest = other;
    }
    return latest;
}
