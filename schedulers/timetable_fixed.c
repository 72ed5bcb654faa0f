/* SPDX-License-Identifier: Apache-2.0 */

/* A timetable's beginning and end: with the fixed tasks on their lines, in order of time, and nothing else. */

#include "schedulers/timetable.h"

#include <stdlib.h>
#include <string.h>

static struct timetable *timetable_empty(const struct problem *p) {
    struct timetable *t = takt_alloc(sizeof *t);
    t->p = p;
    t->lines = takt_alloc((size_t)p->lines * sizeof *t->lines);
    t->pools = takt_alloc((size_t)p->pools * sizeof *t->pools);
    t->next = takt_alloc((size_t)p->tasks * sizeof *t->next);
    t->schedule = schedule_new(p->tasks);
    t->line = t->schedule->line;
    t->start = t->schedule->start;
    t->end = t->schedule->end;
    return t;
}

void timetable_free(struct timetable *t) {
    if (t == NULL)
        return;
    for (int32_t l = 0; l < t->p->lines; l++)
        free(t->lines[l].runs);
    for (int32_t k = 0; k < t->p->pools; k++)
        profile_done(&t->pools[k]);
    free(t->lines);
    free(t->pools);
    free(t->next);
    schedule_free(t->schedule);
    free(t);
}

void timetable_reset(struct timetable *t, const struct timetable *from) {
    const struct problem *p = from->p;
    size_t size = (size_t)p->tasks * sizeof(int32_t);
    memcpy(t->line, from->line, size);
    memcpy(t->start, from->start, size);
    memcpy(t->end, from->end, size);
    memcpy(t->next, from->next, size);
    for (int32_t l = 0; l < p->lines; l++) {
        struct line_runs *to = &t->lines[l];
        to->count = from->lines[l].count;
        if (to->cap < to->count) {
            to->cap = to->count + 8;
            to->runs = takt_realloc(to->runs, to->cap, sizeof *to->runs);
        }
        if (to->count > 0)
            memcpy(to->runs, from->lines[l].runs, to->count * sizeof *to->runs);
    }
    for (int32_t k = 0; k < p->pools; k++)
        profile_copy(&t->pools[k], &from->pools[k]);
}

struct timetable *timetable_copy(const struct timetable *from) {
    struct timetable *t = timetable_empty(from->p);
    timetable_reset(t, from);
    return t;
}

static int compare_fixed(const void *a, const void *b, void *arg) {
    const struct problem *p = ((const struct timetable *)arg)->p;
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    if (p->fixed_start[x] != p->fixed_start[y])
        return p->fixed_start[x] < p->fixed_start[y] ? -1 : 1;
    if (p->fixed_end[x] != p->fixed_end[y])
        return p->fixed_end[x] < p->fixed_end[y] ? -1 : 1;
    if (p->family[x] != p->family[y])
        return p->family[x] < p->family[y] ? -1 : 1;
    return x < y ? -1 : 1;
}

static bool shares_run(const struct problem *p, const struct run *run, int32_t line, int32_t task) {
    return p->line_batch[line] > 0 && run->start == p->fixed_start[task] && run->end == p->fixed_end[task] &&
           run->family == p->family[task];
}

static int put_fixed(struct timetable *t, int32_t task, struct takt_error *err) {
    const struct problem *p = t->p;
    int32_t line = p->fixed_line[task];
    char name[TASK_TEXT_SIZE], other[TASK_TEXT_SIZE];
    struct line_runs *l = &t->lines[line];
    struct run *last = l->count > 0 ? &l->runs[l->count - 1] : NULL;
    bool joins = last != NULL && shares_run(p, last, line, task);
    if (!joins && last != NULL && last->end > p->fixed_start[task])
        return takt_fail(err, TAKT_EINFEASIBLE, "%s is fixed where %s is fixed too", task_text(p, task, name),
                         task_text(p, last->head, other));
    if (p->line_batch[line] > 0 && (joins ? (int64_t)last->size : 0) + p->size[task] > p->line_batch[line])
        return takt_fail(err, TAKT_EINFEASIBLE, "%s is fixed in a run that is too small for it",
                         task_text(p, task, name));
    struct piece piece = timetable_piece(p, task, option_on(p, task, line));
    piece.hours = p->fixed_hours[task];
    piece.time = hours_open_between(&p->hours[piece.hours], p->fixed_start[task], p->fixed_end[task]);
    struct place place = {p->fixed_start[task], p->fixed_end[task], joins ? l->count - 1 : l->count, joins};
    timetable_put(t, task, &piece, &place);
    l->runs[l->count - 1].fixed = true;
    return 0;
}

static int check_pools(const struct timetable *t, struct takt_error *err) {
    for (int32_t k = 0; k < t->p->pools; k++)
        for (uint32_t s = 0; s < t->pools[k].count; s++)
            if (t->pools[k].steps[s].free < 0)
                return takt_fail(err, TAKT_EINFEASIBLE, "fixed tasks hold more of pool %d ('%.80s') than it has at %d",
                                 (int)k, t->p->pool_name[k] != NULL ? t->p->pool_name[k] : "",
                                 (int)t->pools[k].steps[s].from);
    return 0;
}

int timetable_new(const struct problem *p, struct timetable **ret, struct takt_error *err) {
    struct timetable *t = timetable_empty(p);
    for (int32_t k = 0; k < p->pools; k++)
        profile_init(&t->pools[k], &p->step_from[p->step_offset[k]], &p->step_capacity[p->step_offset[k]],
                     p->step_offset[k + 1] - p->step_offset[k]);
    int32_t *fixed = takt_alloc((size_t)p->tasks * sizeof *fixed);
    size_t count = 0;
    for (int32_t i = 0; i < p->tasks; i++)
        if (p->fixed_line[i] >= 0)
            fixed[count++] = i;
    if (count > 0)
        qsort_r(fixed, count, sizeof *fixed, compare_fixed, t);
    int code = 0;
    for (size_t k = 0; k < count && code == 0; k++)
        code = put_fixed(t, fixed[k], err);
    free(fixed);
    if (code == 0)
        code = check_pools(t, err);
    if (code != 0) {
        timetable_free(t);
        return code;
    }
    *ret = t;
    return 0;
}

struct loaded {
    int32_t start, end, ticks, task;
};

/* In order of time, the longest of a run first: it says how long the run is. */
static int compare_loaded(const void *a, const void *b) {
    const struct loaded *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    if (x->ticks != y->ticks)
        return x->ticks > y->ticks ? -1 : 1;
    return x->task < y->task ? -1 : 1;
}

static void put_loaded(struct timetable *t, const struct loaded *row, const struct schedule *s) {
    const struct problem *p = t->p;
    int32_t line = s->line[row->task];
    const struct line_runs *l = &t->lines[line];
    uint32_t at = timetable_runs_before(t, line, row->start);
    bool joins = false;
    for (; at < l->count && l->runs[at].start == row->start && l->runs[at].end <= row->end && !joins; at++)
        joins = p->line_batch[line] > 0 && l->runs[at].end == row->end && l->runs[at].family == p->family[row->task];
    struct piece piece = timetable_piece(p, row->task, option_on(p, row->task, line));
    struct place place = {row->start, row->end, joins ? at - 1 : at, joins};
    timetable_put(t, row->task, &piece, &place);
}

int timetable_load(const struct problem *p, const struct schedule *s, struct timetable **ret, struct takt_error *err) {
    int code = timetable_new(p, ret, err);
    if (code != 0)
        return code;
    struct loaded *row = takt_alloc((size_t)p->tasks * sizeof *row);
    size_t n = 0;
    for (int32_t i = 0; i < p->tasks; i++)
        if (p->fixed_line[i] < 0 && s->line[i] >= 0)
            row[n++] = (struct loaded){s->start[i], s->end[i], p->option_time[option_on(p, i, s->line[i])], i};
    if (n > 0)
        qsort(row, n, sizeof *row, compare_loaded);
    for (size_t k = 0; k < n; k++)
        put_loaded(*ret, &row[k], s);
    free(row);
    return 0;
}
