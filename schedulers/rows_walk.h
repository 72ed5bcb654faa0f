/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The inside of rows: a walk along a row, task by task. */

#include "schedulers/rows.h"

struct rows_walk {
    int32_t end, setup;
    int64_t cost;
};

static inline int64_t rows_more_cost(const struct rows *r, const struct rows_task *f, int32_t end) {
    int64_t cost = 0;
    for (const struct rows_term *t = &r->terms[f->more_from]; t < &r->terms[f->more_from + f->more]; t++)
        cost += end > t->due ? t->weight * ((int64_t)end - t->due) : 0;
    return cost;
}

/* When the task would start; HOURS_NEVER: the hours end before it can. */
static inline int32_t rows_start(const struct rows *r, int32_t row, int32_t task, const struct rows_walk *w) {
    const struct problem *p = r->p;
    int32_t gap = r->change[row][w->setup * r->kinds + r->facts[task].kind], release = r->facts[task].release;
    const struct hours *line = &p->hours[p->line_hours[r->line[row]]];
    int32_t ready = gap > 0 ? hours_passed(line, w->end, gap) : w->end;
    if (ready == HOURS_NEVER)
        return HOURS_NEVER;
    ready = ready > release ? ready : release;
    return r->hours == NULL ? ready
                            : hours_start(&p->hours[r->hours[row * r->tasks + task]], ready,
                                          r->time[row * r->tasks + task], p->breakable[task]);
}

static inline bool rows_step(const struct rows *r, int32_t row, int32_t task, struct rows_walk *w) {
    const struct rows_task *f = &r->facts[task];
    int32_t time = r->time[row * r->tasks + task], gap = r->change[row][w->setup * r->kinds + f->kind];
    if (time < 0)
        return false;
    if (r->hours != NULL) {
        int32_t start = rows_start(r, row, task, w);
        if (start == HOURS_NEVER)
            return false;
        w->end = hours_passed(&r->p->hours[r->hours[row * r->tasks + task]], start, time);
        if (w->end == HOURS_NEVER)
            return false;
    } else {
        int32_t ready = w->end + gap;
        w->end = (ready > f->release ? ready : f->release) + time;
    }
    w->setup = f->kind > 0 ? f->kind : w->setup;
    w->cost += r->p->objective.changeover * gap + f->slope * w->end;
    if (w->end > f->due)
        w->cost += f->weight * ((int64_t)w->end - f->due);
    if (f->more > 0)
        w->cost += rows_more_cost(r, f, w->end);
    return true;
}

static inline struct rows_walk rows_walk_from(const struct rows *r, int32_t row, int32_t place) {
    const struct row *l = &r->row[row];
    if (place == 0)
        return (struct rows_walk){0, r->initial[row], 0};
    return (struct rows_walk){l->end[place - 1], l->setup[place - 1], l->sum[place - 1]};
}

static inline int64_t rows_row_cost(const struct row *l) {
    return l->count > 0 ? l->sum[l->count - 1] : 0;
}

static inline int32_t rows_row_end(const struct row *l) {
    return l->count > 0 ? l->end[l->count - 1] : 0;
}

/* Walks on from place `tail` to the row's end, at once where that is known; false: above the limit, or the hours end.
 */
bool rows_finish(const struct rows *r, int32_t row, int32_t tail, struct rows_walk *w, int64_t limit);
