/* SPDX-License-Identifier: Apache-2.0 */

/* Times, and moves.
 *
 * Heads are kept as ends, tails as rests: from a task's start to something that costs, with its own time in it. So the
 * longest way through a task is start + rest. Both follow from neighbours in the job and on the line alone, and one
 * sweep over a part of the list gives them.
 *
 * A move of v on the list is that of a sequence: what waits for the first of the part that is shifted goes behind it
 * (Pearce and Kelly, 2006). */

#include "schedulers/critical_work.h"

#include <string.h>

static inline int32_t larger(int32_t a, int32_t b) {
    return a > b ? a : b;
}

static void sweep_ends(struct critical *c, int32_t from) {
    struct critical_node *node = c->node;
    for (int32_t k = from; k < c->tasks; k++) {
        struct critical_node *n = &node[c->order[k]];
        const struct critical_node *job = &node[n->job_before];
        int32_t start = larger(job->end + job->lag, node[n->before].end + n->change);
        n->end = larger(start, n->release) + n->time;
    }
}

static void sweep_rest(struct critical *c, int32_t to) {
    const struct critical_node *node = c->node;
    int32_t *rest = c->rest;
    for (int32_t k = to; k >= 0; k--) {
        int32_t task = c->order[k];
        const struct critical_node *n = &node[task];
        rest[task] = n->time + larger(rest[n->job_behind] + n->lag, rest[n->behind] + node[n->behind].change);
    }
}

static void sweep_rests(struct critical *c, int32_t to) {
    const struct critical_node *node = c->node;
    const int32_t width = c->width;
    for (int32_t k = to; k >= 0; k--) {
        int32_t task = c->order[k];
        const struct critical_node *n = &node[task];
        int32_t *own = &c->rest[task * width], change = node[n->behind].change + n->time, lag = n->lag + n->time;
        const int32_t *job = &c->rest[n->job_behind * width], *line = &c->rest[n->behind * width];
        for (int32_t e = 0; e < width; e += 4)
            *(critical_four *)(own + e) =
                critical_larger(*(const critical_four *)(job + e) + lag, *(const critical_four *)(line + e) + change);
    }
}

void critical_count(struct critical *c) {
    c->cost = 0;
    for (int32_t e = 0; e < c->ends; e++) {
        struct critical_end *end = &c->end[e];
        int32_t done = INT32_MIN;
        for (int32_t k = end->first_sink; k < end->first_sink + end->sinks; k++)
            done = larger(done, c->node[c->sink[k]].end);
        end->done = done;
        c->cost += critical_end_cost(end, done);
    }
}

/* Heads from place `from` of the list on, tails from place `to` back, and the cost. */
void critical_sweep(struct critical *c, int32_t from, int32_t to) {
    sweep_ends(c, from);
    if (c->ends == 1)
        sweep_rest(c, to);
    else
        sweep_rests(c, to);
    critical_count(c);
}

static void join(struct critical *c, int32_t before, int32_t behind, int32_t line) {
    c->node[before].behind = behind;
    c->node[behind].before = before;
    c->node[behind].change = critical_change(c, line, before, behind);
    c->node[c->none].before = c->node[c->none].behind = c->none;
    c->node[c->none].change = 0;
}

static void renumber(struct critical *c, int32_t line, int32_t from, int32_t to) {
    const int32_t *row = &c->line_task[c->line_offset[line]];
    for (int32_t k = from; k < to; k++)
        c->node[row[k]].index = k;
}

static void take_out(struct critical *c, int32_t task) {
    struct critical_node *n = &c->node[task];
    int32_t *row = &c->line_task[c->line_offset[n->line]], count = --c->line_count[n->line];
    memmove(&row[n->index], &row[n->index + 1], (size_t)(count - n->index) * sizeof *row);
    renumber(c, n->line, n->index, count);
    join(c, n->before, n->behind, n->line);
}

static void put_in(struct critical *c, int32_t task, int32_t option, int32_t index) {
    struct critical_node *n = &c->node[task];
    int32_t line = c->p->option_line[option], count = c->line_count[line]++;
    int32_t *row = &c->line_task[c->line_offset[line]];
    int32_t before = index > 0 ? row[index - 1] : c->none, behind = index < count ? row[index] : c->none;
    memmove(&row[index + 1], &row[index], (size_t)(count - index) * sizeof *row);
    row[index] = task;
    n->option = option;
    n->line = line;
    n->time = c->p->option_time[option];
    renumber(c, line, index, count + 1);
    join(c, before, task, line);
    join(c, task, behind, line);
}

static bool waits_for_marked(const struct critical *c, int32_t task) {
    const struct critical_node *n = &c->node[task];
    const int32_t *mark = c->work->mark, epoch = c->work->epoch;
    return mark[n->job_before] == epoch || mark[n->before] == epoch;
}

/* Shifts `first` and what waits for it behind `last`; false: `last` waits for it, and the list is as it was. */
static bool shift(struct critical *c, int32_t first, int32_t last) {
    struct critical_work *w = c->work;
    int32_t front = 0, back = 0, from = c->pos[first], to = c->pos[last];
    int32_t *part = w->scratch, *later = w->scratch + c->tasks;
    w->epoch++;
    w->mark[first] = w->epoch;
    later[back++] = first;
    for (int32_t i = from + 1; i <= to; i++) {
        int32_t task = c->order[i];
        if (waits_for_marked(c, task)) {
            if (task == last)
                return false;
            w->mark[task] = w->epoch;
            later[back++] = task;
        } else {
            part[front++] = task;
        }
    }
    memcpy(part + front, later, (size_t)back * sizeof *part);
    for (int32_t i = 0; i < front + back; i++) {
        c->order[from + i] = part[i];
        c->pos[part[i]] = from + i;
    }
    return true;
}

/* While the list is shifted, the task stands on neither line: it waits, and is waited for, in its job alone. */
static bool shift_list(struct critical *c, int32_t task, int32_t before, int32_t behind) {
    struct critical_node *n = &c->node[task];
    int32_t old_before = n->before;
    bool sound = true;
    n->before = c->none;
    if (behind < c->tasks && c->pos[behind] < c->pos[task])
        sound = shift(c, behind, task);
    else if (before < c->tasks && c->pos[before] > c->pos[task])
        sound = shift(c, task, before);
    n->before = old_before;
    return sound;
}

/* The lines and the list as they are after a move; ret_from and ret_to: the part of the list in which times change
 * first. */
static bool reorder(struct critical *c, const struct critical_move *m, int32_t *ret_from, int32_t *ret_to) {
    const struct critical_node *n = &c->node[m->task];
    int32_t line = c->p->option_line[m->option], old_option = n->option, old_index = n->index;
    int32_t old_before = n->before, old_behind = n->behind, from = c->pos[m->task], to = from;
    take_out(c, m->task);
    const int32_t *row = &c->line_task[c->line_offset[line]];
    int32_t before = m->index > 0 ? row[m->index - 1] : c->none;
    int32_t behind = m->index < c->line_count[line] ? row[m->index] : c->none;
    int32_t near[4] = {before, behind, old_before, old_behind};
    for (int k = 0; k < 4; k++)
        if (near[k] < c->tasks) {
            from = c->pos[near[k]] < from ? c->pos[near[k]] : from;
            to = larger(to, c->pos[near[k]]);
        }
    memcpy(&c->work->part[from], &c->order[from], (size_t)(to - from + 1) * sizeof *c->order);
    bool sound = shift_list(c, m->task, before, behind);
    put_in(c, m->task, sound ? m->option : old_option, sound ? m->index : old_index);
    *ret_from = from;
    *ret_to = to;
    return sound;
}

bool critical_move(struct critical *c, const struct critical_move *m) {
    int32_t from, to;
    if (!reorder(c, m, &from, &to))
        return false;
    critical_sweep(c, from, to);
    return true;
}

bool critical_try(struct critical *c, const struct critical_move *m) {
    struct critical_work *w = c->work;
    w->back = (struct critical_move){m->task, c->node[m->task].option, c->node[m->task].index};
    w->cost = c->cost;
    for (int32_t e = 0; e < c->ends; e++)
        w->old_done[e] = c->end[e].done;
    if (!reorder(c, m, &w->from, &w->to))
        return false;
    for (int32_t k = w->from; k < c->tasks; k++)
        w->old_end[k] = c->node[c->order[k]].end;
    sweep_ends(c, w->from);
    critical_count(c);
    return true;
}

void critical_retract(struct critical *c) {
    struct critical_work *w = c->work;
    for (int32_t k = w->from; k < c->tasks; k++)
        c->node[c->order[k]].end = w->old_end[k];
    for (int32_t k = w->from; k <= w->to; k++) {
        c->order[k] = w->part[k];
        c->pos[w->part[k]] = k;
    }
    take_out(c, w->back.task);
    put_in(c, w->back.task, w->back.option, w->back.index);
    for (int32_t e = 0; e < c->ends; e++)
        c->end[e].done = w->old_done[e];
    c->cost = w->cost;
}

void critical_settle(struct critical *c) {
    critical_sweep(c, 0, c->tasks - 1);
}

int32_t critical_path(const struct critical *c, int32_t end, struct random *random, int32_t *path) {
    const struct critical_node *node = c->node;
    const struct critical_end *e = &c->end[end];
    int32_t count = 0, task = -1, ties = 0;
    for (int32_t k = e->first_sink; k < e->first_sink + e->sinks; k++)
        if (node[c->sink[k]].end == e->done && random_below(random, ++ties) == 0)
            task = c->sink[k];
    while (task < c->tasks) {
        const struct critical_node *n = &node[task], *job = &node[n->job_before];
        int32_t start = critical_start(n);
        path[count++] = task;
        bool by_job = n->job_before < c->tasks && job->end + job->lag == start;
        bool by_line = n->before < c->tasks && node[n->before].end + n->change == start;
        if (by_job && by_line)
            by_line = (random_next(random) >> 63) != 0;
        task = by_line ? n->before : by_job ? n->job_before : c->none;
    }
    for (int32_t i = 0, j = count - 1; i < j; i++, j--) {
        int32_t other = path[i];
        path[i] = path[j];
        path[j] = other;
    }
    return count;
}
