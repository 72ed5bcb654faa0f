/* SPDX-License-Identifier: Apache-2.0 */

/* Walking along a row, and what is kept of it. A shift of a row's tail by s ticks changes its cost by slope · s as long
 * as no task of it passes a due or meets its release: those limits are gathered from the last task to the first. Idle
 * time before a task takes up any shift to the left, and one to the right as long as it lasts. Where lines close, only
 * a shift of nothing is known. */

#include "schedulers/rows_walk.h"

#include <stdlib.h>
#include <string.h>

enum { FAR = INT32_MAX / 2, BEYOND = 3 };

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
        struct rows_walk before = rows_walk_from(r, row, k);
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
    struct rows_walk w = rows_walk_from(r, row, from);
    for (int32_t k = from; k < l->count; k++) {
        rows_step(r, row, l->task[k], &w);
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
    return r->ends_only && end > r->target ? end + BEYOND * ((int64_t)end - r->target) : end;
}

static struct rows_value value_of(const struct rows *r, int64_t cost, int64_t ends, int32_t last) {
    cost += r->p->objective.makespan * last;
    return (struct rows_value){cost, r->ends_only ? ends * r->scale : r->scale * cost + r->aside * ends};
}

static void sum_up(struct rows *r) {
    int32_t last = 0;
    r->rows_cost = r->ends = 0;
    for (int32_t l = 0; l < r->lines; l++) {
        int32_t end = rows_row_end(&r->row[l]);
        r->rows_cost += rows_row_cost(&r->row[l]);
        r->ends += end_weight(r, end);
        last = end > last ? end : last;
    }
    r->now = value_of(r, r->base + r->rows_cost, r->ends, last);
}


bool rows_finish(const struct rows *r, int32_t row, int32_t tail, struct rows_walk *w, int64_t limit) {
    const struct row *l = &r->row[row];
    for (int32_t k = tail; k < l->count; k++) {
        struct rows_walk was = rows_walk_from(r, row, k);
        const struct rows_tail *t = &l->tail[k];
        int32_t shift = w->end - was.end;
        if (w->setup == was.setup && -t->left <= shift && shift <= t->right) {
            w->cost += rows_row_cost(l) - was.cost + t->slope * shift;
            w->end = rows_row_end(l) + t->rigid * shift;
            return w->cost <= limit;
        }
        if (!rows_step(r, row, l->task[k], w) || w->cost > limit)
            return false;
    }
    return true;
}

static bool try_row(const struct rows *r, struct rows_change *c, int64_t limit) {
    struct rows_walk w = rows_walk_from(r, c->row, c->keep);
    for (int32_t i = 0; i < c->parts; i++)
        for (int32_t k = 0; k < c->part[i].count; k++)
            if (!rows_step(r, c->row, c->part[i].task[k], &w) || w.cost > limit)
                return false;
    if (!rows_finish(r, c->row, c->tail, &w, limit))
        return false;
    c->cost = w.cost;
    c->end = w.end;
    return true;
}

static int32_t last_end(const struct rows *r, const struct rows_change *changes, int32_t count) {
    int32_t last = 0;
    for (int32_t l = 0; l < r->lines; l++) {
        int32_t end = rows_row_end(&r->row[l]);
        for (int32_t i = 0; i < count; i++)
            end = changes[i].row == l ? changes[i].end : end;
        last = end > last ? end : last;
    }
    return last;
}

void rows_aim(struct rows *r) {
    int32_t last = last_end(r, NULL, 0);
    if (!r->ends_only || last > r->target)
        return;
    r->target = last - 1;
    sum_up(r);
}

bool rows_try(const struct rows *r, struct rows_change *changes, int32_t count, int64_t limit, struct rows_value *ret) {
    int64_t most = r->ends_only ? ROWS_ENERGY_MAX : limit / r->scale, cost = r->rows_cost + r->base, ends = r->ends;
    for (int32_t i = 0; i < count; i++)
        cost -= rows_row_cost(&r->row[changes[i].row]);
    for (int32_t i = 0; i < count; i++) {
        if (!changes[i].priced && !try_row(r, &changes[i], most - cost))
            return false;
        cost += changes[i].cost;
        ends += end_weight(r, changes[i].end) - end_weight(r, rows_row_end(&r->row[changes[i].row]));
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
        struct rows_walk w = rows_walk_from(r, l, 0);
        for (int32_t k = 0; k < r->row[l].count; k++) {
            int32_t task = r->row[l].task[k];
            s->start[task] = rows_start(r, l, task, &w);
            rows_step(r, l, task, &w);
            s->line[task] = r->line[l];
            s->end[task] = w.end;
        }
    }
    return s;
}
