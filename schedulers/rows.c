/* SPDX-License-Identifier: Apache-2.0 */

/* Walking along a row, and what is kept of it. A shift of a row's tail by s ticks changes its cost by slope · s as long
 * as no task of it passes a due or meets its release: those limits are gathered from the last task to the first. Idle
 * time before a task takes up any shift to the left, and one to the right as long as it lasts. Where lines close, only
 * a shift of nothing is known. */

#include "schedulers/rows.h"

#include <stdlib.h>
#include <string.h>

enum { FAR = INT32_MAX / 2 };

struct walk {
    int32_t end, setup;
    int64_t cost;
};

static int64_t more_cost(const struct rows *r, const struct rows_task *f, int32_t end) {
    int64_t cost = 0;
    for (const struct rows_term *t = &r->terms[f->more_from]; t < &r->terms[f->more_from + f->more]; t++)
        cost += end > t->due ? t->weight * ((int64_t)end - t->due) : 0;
    return cost;
}

/* When the task would start; HOURS_NEVER: the hours end before it can. */
static int32_t start_of(const struct rows *r, int32_t row, int32_t task, const struct walk *w) {
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

static inline bool step(const struct rows *r, int32_t row, int32_t task, struct walk *w) {
    const struct rows_task *f = &r->facts[task];
    int32_t time = r->time[row * r->tasks + task], gap = r->change[row][w->setup * r->kinds + f->kind];
    if (time < 0)
        return false;
    if (r->hours != NULL) {
        int32_t start = start_of(r, row, task, w);
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
        w->cost += more_cost(r, f, w->end);
    return true;
}

static struct walk walk_from(const struct rows *r, int32_t row, int32_t place) {
    const struct row *l = &r->row[row];
    if (place == 0)
        return (struct walk){0, r->initial[row], 0};
    return (struct walk){l->end[place - 1], l->setup[place - 1], l->sum[place - 1]};
}

static int64_t row_cost(const struct row *l) {
    return l->count > 0 ? l->sum[l->count - 1] : 0;
}

static int32_t row_end(const struct row *l) {
    return l->count > 0 ? l->end[l->count - 1] : 0;
}

static int32_t least(int64_t a, int64_t b) {
    int64_t m = a < b ? a : b;
    return (int32_t)(m < FAR ? m : FAR);
}

/* What a shift of a task's end does to its own cost. */
static struct rows_tail own_tail(const struct rows *r, const struct rows_task *f, int32_t end) {
    struct rows_tail t = {f->slope, FAR, FAR, 1};
    struct rows_term first = {f->due, f->weight};
    for (int32_t k = -1; k < f->more; k++) {
        const struct rows_term *term = k < 0 ? &first : &r->terms[f->more_from + k];
        int64_t late = (int64_t)end - term->due;
        if (late > 0) {
            t.slope += term->weight;
            t.left = least(t.left, late);
        } else {
            t.right = least(t.right, -late);
        }
    }
    return t;
}

/* Tails, from the last place to the first. */
static void gather_tails(struct rows *r, int32_t row, int32_t from) {
    struct row *l = &r->row[row];
    l->tail[l->count] = (struct rows_tail){0, FAR, FAR, 1};
    for (int32_t k = l->count - 1; k >= from; k--) {
        const struct rows_task *f = &r->facts[l->task[k]];
        const struct rows_tail *behind = &l->tail[k + 1];
        struct walk before = walk_from(r, row, k);
        if (r->hours != NULL) {
            l->tail[k] = (struct rows_tail){0, 0, 0, 1};
            continue;
        }
        int64_t room = (int64_t)before.end + r->change[row][before.setup * r->kinds + f->kind] - f->release;
        if (room < 0) {
            l->tail[k] = (struct rows_tail){0, FAR, least(FAR, -room), 0};
            continue;
        }
        struct rows_tail t = own_tail(r, f, l->end[k]);
        t.slope += behind->slope;
        t.left = least(least(t.left, behind->left), room);
        t.right = least(t.right, behind->right);
        t.rigid = behind->rigid;
        l->tail[k] = t;
    }
}

/* The rest of a row anew. */
static void walk_row(struct rows *r, int32_t row, int32_t from) {
    struct row *l = &r->row[row];
    struct walk w = walk_from(r, row, from);
    for (int32_t k = from; k < l->count; k++) {
        step(r, row, l->task[k], &w);
        l->end[k] = w.end;
        l->setup[k] = w.setup;
        l->sum[k] = w.cost;
        r->row_of[l->task[k]] = row;
        r->place[l->task[k]] = k;
    }
    gather_tails(r, row, 0);
}

/* What a row's end weighs among those of all rows. */
static int64_t end_weight(const struct rows *r, int32_t end) {
    if (r->whole == 0)
        return end;
    int64_t share = ((int64_t)end << 16) / r->whole;
    return share * share;
}

static struct rows_value value_of(const struct rows *r, int64_t cost, int64_t ends, int32_t last) {
    cost += r->p->objective.makespan * last;
    if (r->whole == 0)
        return (struct rows_value){cost, r->scale * cost + r->aside * ends};
    return (struct rows_value){cost, ends + (((int64_t)last << 16) / r->whole << 16)};
}

static void sum_up(struct rows *r) {
    int32_t last = 0;
    r->rows_cost = r->ends = 0;
    for (int32_t l = 0; l < r->lines; l++) {
        int32_t end = row_end(&r->row[l]);
        r->rows_cost += row_cost(&r->row[l]);
        r->ends += end_weight(r, end);
        last = end > last ? end : last;
    }
    r->now = value_of(r, r->base + r->rows_cost, r->ends, last);
}

static bool try_row(const struct rows *r, struct rows_change *c, int64_t limit) {
    const struct row *l = &r->row[c->row];
    struct walk w = walk_from(r, c->row, c->keep);
    for (int32_t i = 0; i < c->parts; i++)
        for (int32_t k = 0; k < c->part[i].count; k++)
            if (!step(r, c->row, c->part[i].task[k], &w) || w.cost > limit)
                return false;
    for (int32_t k = c->tail; k < l->count; k++) {
        struct walk was = walk_from(r, c->row, k);
        const struct rows_tail *t = &l->tail[k];
        int32_t shift = w.end - was.end;
        if (w.setup == was.setup && -t->left <= shift && shift <= t->right) {
            c->cost = w.cost + row_cost(l) - was.cost + t->slope * shift;
            c->end = row_end(l) + t->rigid * shift;
            return c->cost <= limit;
        }
        if (!step(r, c->row, l->task[k], &w) || w.cost > limit)
            return false;
    }
    c->cost = w.cost;
    c->end = w.end;
    return true;
}

static int32_t last_end(const struct rows *r, const struct rows_change *changes, int32_t count) {
    int32_t last = 0;
    for (int32_t l = 0; l < r->lines; l++) {
        int32_t end = row_end(&r->row[l]);
        for (int32_t i = 0; i < count; i++)
            end = changes[i].row == l ? changes[i].end : end;
        last = end > last ? end : last;
    }
    return last;
}

bool rows_try(const struct rows *r, struct rows_change *changes, int32_t count, int64_t limit, struct rows_value *ret) {
    int64_t most = r->whole > 0 ? ROWS_ENERGY_MAX : limit / r->scale, cost = r->rows_cost + r->base, ends = r->ends;
    for (int32_t i = 0; i < count; i++)
        cost -= row_cost(&r->row[changes[i].row]);
    for (int32_t i = 0; i < count; i++) {
        if (!try_row(r, &changes[i], most - cost))
            return false;
        cost += changes[i].cost;
        ends += end_weight(r, changes[i].end) - end_weight(r, row_end(&r->row[changes[i].row]));
    }
    int32_t last = r->p->objective.makespan > 0 ? last_end(r, changes, count) : 0;
    *ret = value_of(r, cost, ends, last);
    return ret->energy <= limit;
}

void rows_make(struct rows *r, const struct rows_change *changes, int32_t count) {
    int32_t *fill = r->scratch;
    for (int32_t i = 0; i < count; i++) { /* parts may be of the other row, so all are copied before one is written */
        const struct rows_change *c = &changes[i];
        for (int32_t k = 0; k < c->parts; k++) {
            memcpy(fill, c->part[k].task, (size_t)c->part[k].count * sizeof *fill);
            fill += c->part[k].count;
        }
        int32_t rest = r->row[c->row].count - c->tail;
        memcpy(fill, r->row[c->row].task + c->tail, (size_t)rest * sizeof *fill);
        fill += rest;
    }
    fill = r->scratch;
    for (int32_t i = 0; i < count; i++) {
        const struct rows_change *c = &changes[i];
        struct row *l = &r->row[c->row];
        int32_t more = l->count - c->tail;
        for (int32_t k = 0; k < c->parts; k++)
            more += c->part[k].count;
        memcpy(l->task + c->keep, fill, (size_t)more * sizeof *fill);
        fill += more;
        l->count = c->keep + more;
        walk_row(r, c->row, c->keep);
    }
    sum_up(r);
}

struct rows_saved rows_saved_new(const struct rows *r) {
    return (struct rows_saved){takt_alloc((size_t)r->lines * sizeof(int32_t)),
                               takt_alloc((size_t)r->tasks * sizeof(int32_t))};
}

void rows_saved_free(struct rows_saved *saved) {
    free(saved->count);
    free(saved->task);
    *saved = (struct rows_saved){0};
}

void rows_save(const struct rows *r, struct rows_saved *to) {
    int32_t *fill = to->task;
    for (int32_t l = 0; l < r->lines; l++) {
        to->count[l] = r->row[l].count;
        memcpy(fill, r->row[l].task, (size_t)r->row[l].count * sizeof *fill);
        fill += r->row[l].count;
    }
}

void rows_restore(struct rows *r, const struct rows_saved *from) {
    const int32_t *fill = from->task;
    for (int32_t l = 0; l < r->lines; l++) {
        r->row[l].count = from->count[l];
        memcpy(r->row[l].task, fill, (size_t)from->count[l] * sizeof *fill);
        fill += from->count[l];
        walk_row(r, l, 0);
    }
    sum_up(r);
}

struct schedule *rows_schedule(const struct rows *r) {
    struct schedule *s = schedule_new(r->tasks);
    for (int32_t l = 0; l < r->lines; l++) {
        struct walk w = walk_from(r, l, 0);
        for (int32_t k = 0; k < r->row[l].count; k++) {
            int32_t task = r->row[l].task[k];
            s->start[task] = start_of(r, l, task, &w);
            step(r, l, task, &w);
            s->line[task] = r->line[l];
            s->end[task] = w.end;
        }
    }
    return s;
}
