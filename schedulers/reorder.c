/* SPDX-License-Identifier: Apache-2.0 */

/* Checkpoints: the timetable before each of CHECKPOINTS places in the order, as the current order leads to it. A change
 * at place k goes on from the last checkpoint before k; when it is taken, the checkpoints behind it are written anew
 * the next time that they are passed. */

#include "schedulers/reorder.h"

#include "schedulers/job_facts.h"
#include "schedulers/lane.h"
#include "schedulers/placer.h"

#include <stdlib.h>
#include <string.h>

enum { CHECKPOINTS = 12, ASK_EVERY = 4, COLD_DIVISOR = 100, JUMP_MAX = 60 };

struct plan {
    int32_t *order, *line; /* tasks in the order of placing; line by task, -1: any */
};

struct reorder {
    const struct problem *p;
    struct random random;
    struct placer placer;
    struct timetable *t;
    struct timetable *saved[CHECKPOINTS];
    int32_t valid; /* checkpoints that hold for the current order: those below this */
    struct plan now, best;
    int32_t *place; /* by task: its place in the order */
    struct schedule *best_schedule;
    int64_t cost, best_cost, tried;
    int64_t hot, cold;
    bool heated;
};

static size_t list_size(const struct problem *p) {
    return (size_t)p->tasks * sizeof(int32_t);
}

static struct plan plan_new(const struct problem *p) {
    return (struct plan){takt_alloc(list_size(p)), takt_alloc(list_size(p))};
}

static void plan_copy(const struct problem *p, struct plan *to, const struct plan *from) {
    memcpy(to->order, from->order, list_size(p));
    memcpy(to->line, from->line, list_size(p));
}

static void plan_free(struct plan *plan) {
    free(plan->order);
    free(plan->line);
}

static int32_t checkpoint_place(const struct reorder *r, int32_t k) {
    return (int32_t)((int64_t)r->p->tasks * k / CHECKPOINTS);
}

/* What it and its group succeed comes first. False: there is no place. */
static bool put(struct reorder *r, int32_t task) {
    const struct problem *p = r->p;
    int32_t g = p->group[task], from = g < 0 ? 0 : p->group_offset[g], to = g < 0 ? 1 : p->group_offset[g + 1];
    for (int32_t m = from; m < to; m++) {
        int32_t member = g < 0 ? task : p->group_task[m];
        for (int32_t b = p->before_offset[member]; b < p->before_offset[member + 1]; b++) {
            int32_t before = p->before[b];
            if (r->t->line[before] < 0 && (g < 0 || p->group[before] != g) && !put(r, before))
                return false;
        }
    }
    if (placer_put(&r->placer, task, -1))
        return true;
    const int32_t *keep = r->placer.keep_line;
    r->placer.keep_line = NULL;
    bool found = placer_put(&r->placer, task, -1);
    r->placer.keep_line = keep;
    return found;
}

/* Places everything from the last valid checkpoint not behind `from` on. False: something finds no place. */
static bool decode(struct reorder *r, int32_t from, int64_t *ret_cost) {
    int32_t k = 0;
    struct figures f;
    while (k + 1 < r->valid && checkpoint_place(r, k + 1) <= from)
        k++;
    timetable_reset(r->t, r->saved[k]);
    for (int32_t i = checkpoint_place(r, k); i < r->p->tasks; i++)
        if (r->t->line[r->now.order[i]] < 0 && !put(r, r->now.order[i]))
            return false;
    schedule_evaluate(r->p, r->t->schedule, &f);
    *ret_cost = f.objective;
    return true;
}

/* Makes all checkpoints hold for the current order, which has been placed once without a fault. */
static void save_checkpoints(struct reorder *r) {
    int32_t k = r->valid - 1, next = r->valid;
    timetable_reset(r->t, r->saved[k]);
    for (int32_t i = checkpoint_place(r, k); i < r->p->tasks && next < CHECKPOINTS; i++) {
        while (next < CHECKPOINTS && checkpoint_place(r, next) == i)
            timetable_reset(r->saved[next++], r->t);
        if (r->t->line[r->now.order[i]] < 0)
            put(r, r->now.order[i]);
    }
    r->valid = CHECKPOINTS;
}

struct listed {
    int32_t start, length, rank, task;
};

/* By start, and of one start the longest first: a run is as long as its first member. */
static int compare_listed(const void *a, const void *b) {
    const struct listed *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    if (x->length != y->length)
        return x->length > y->length ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static void take_order(struct reorder *r, const struct schedule *s) {
    const struct problem *p = r->p;
    struct listed *row = takt_alloc((size_t)p->tasks * sizeof *row);
    for (int32_t i = 0; i < p->tasks; i++) {
        row[i] = (struct listed){s->start[i], p->option_time[option_on(p, i, s->line[i])], p->rank[i], i};
        r->now.line[i] = s->line[i];
    }
    if (p->tasks > 0)
        qsort(row, (size_t)p->tasks, sizeof *row, compare_listed);
    for (int32_t k = 0; k < p->tasks; k++) {
        r->now.order[k] = row[k].task;
        r->place[row[k].task] = k;
    }
    free(row);
}

static void reorder_free(void *self) {
    struct reorder *r = self;
    for (int32_t k = 0; k < CHECKPOINTS; k++)
        timetable_free(r->saved[k]);
    placer_done(&r->placer);
    timetable_free(r->t);
    schedule_free(r->best_schedule);
    plan_free(&r->now);
    plan_free(&r->best);
    free(r->place);
    free(r);
}

static bool reorder_knows(const struct problem *p, int32_t lane, int32_t lanes) {
    (void)p, (void)lane, (void)lanes;
    return true;
}

/* NULL: the plan's order leads to none (limited lags, that is). */
static void *reorder_make(const struct searcher_brief *brief) {
    const struct problem *p = brief->p;
    struct reorder *r = takt_alloc(sizeof *r);
    *r = (struct reorder){.p = p, .random = {brief->seed}, .valid = 1};
    r->now = plan_new(p);
    r->best = plan_new(p);
    r->place = takt_alloc(list_size(p));
    take_order(r, brief->plan);
    if (timetable_new(p, &r->saved[0], NULL) != 0) {
        reorder_free(r);
        return NULL;
    }
    for (int32_t k = 1; k < CHECKPOINTS; k++)
        r->saved[k] = timetable_copy(r->saved[0]);
    r->t = timetable_copy(r->saved[0]);
    placer_init(&r->placer, r->t);
    r->placer.keep_line = r->now.line;
    if (!decode(r, 0, &r->cost)) {
        reorder_free(r);
        return NULL;
    }
    r->best_cost = r->cost;
    r->best_schedule = schedule_copy(r->t->schedule);
    plan_copy(p, &r->best, &r->now);
    save_checkpoints(r);
    return r;
}

static int32_t below(struct reorder *r, int32_t limit) {
    return random_below(&r->random, limit);
}

/* Puts the task at place `from` to place `to`, the others close up. */
static void shift(struct reorder *r, int32_t from, int32_t to) {
    int32_t *order = r->now.order, task = order[from], step = from < to ? 1 : -1;
    for (int32_t k = from; k != to; k += step) {
        order[k] = order[k + step];
        r->place[order[k]] = k;
    }
    order[to] = task;
    r->place[task] = to;
}

struct reordering {
    int32_t task, from, to, line; /* line: as it was */
};

/* A task goes some places forward or back, mostly next to one of its family; and sometimes to another line. */
static struct reordering propose(struct reorder *r) {
    const struct problem *p = r->p;
    int32_t task = below(r, p->tasks), from = r->place[task], reach = 1 + below(r, JUMP_MAX * (1 + p->lines / 8));
    int32_t to = below(r, 3) > 0 ? from - reach : from + reach;
    to = to < 0 ? 0 : to >= p->tasks ? p->tasks - 1 : to;
    int32_t step = to < from ? -1 : 1;
    if (to != from && p->family[task] >= 0 && below(r, 2) == 0)
        for (int32_t k = from + step; k != to; k += step)
            if (p->family[r->now.order[k]] == p->family[task] && below(r, 2) == 0) {
                to = k;
                break;
            }
    struct reordering m = {task, from, to, r->now.line[task]};
    int32_t options = p->option_offset[task + 1] - p->option_offset[task];
    if (options > 1 && below(r, 2) == 0)
        r->now.line[task] = p->option_line[p->option_offset[task] + below(r, options)];
    shift(r, from, to);
    return m;
}

static void take_back(struct reorder *r, const struct reordering *m) {
    shift(r, m->to, m->from);
    r->now.line[m->task] = m->line;
}

static int64_t try_one(struct reorder *r, struct reordering *m) {
    int64_t cost;
    *m = propose(r);
    r->tried++;
    if (r->p->fixed_line[m->task] >= 0 || !decode(r, m->from < m->to ? m->from : m->to, &cost)) {
        take_back(r, m);
        m->task = -1;
        return r->cost;
    }
    return cost;
}

/* The temperature begins at a share of what the cheaper of bad changes cost. */
static void heat(struct reorder *r) {
    int64_t sum = 0, count = 0;
    for (int32_t k = 0; k < 24; k++) {
        struct reordering m;
        int64_t cost = try_one(r, &m);
        if (m.task < 0)
            continue;
        if (cost > r->cost && (count == 0 || cost - r->cost < 4 * sum / count)) {
            sum += cost - r->cost < (INT64_C(1) << 40) ? cost - r->cost : INT64_C(1) << 40;
            count++;
        }
        take_back(r, &m);
    }
    r->hot = count > 0 ? sum / count * 65536 / 16 + 1 : 65536;
    r->cold = r->hot / COLD_DIVISOR + 1;
    r->heated = true;
}

/* What has been placed and what it costs is the plan now, and better than the best. */
static void keep_best(struct reorder *r) {
    r->best_cost = r->cost;
    schedule_free(r->best_schedule);
    r->best_schedule = schedule_copy(r->t->schedule);
    plan_copy(r->p, &r->best, &r->now);
}

static void keep(struct reorder *r, const struct reordering *m, int64_t cost) {
    int32_t first = m->from < m->to ? m->from : m->to;
    while (r->valid > 1 && checkpoint_place(r, r->valid - 1) > first)
        r->valid--;
    r->cost = cost;
    if (cost < r->best_cost)
        keep_best(r);
    save_checkpoints(r);
}

static void reorder_run(void *self, const struct searcher_stretch *stretch, const struct solve_limits *limits) {
    struct reorder *r = self;
    if (!r->heated)
        heat(r);
    int64_t warmth = r->hot;
    for (int64_t k = 0; stretch->moves == 0 || k < stretch->moves; k++) {
        if (k % ASK_EVERY == 0) {
            int32_t at = searcher_progress(stretch, limits, k);
            if (at < 0)
                return;
            warmth = lane_temperature(r->hot, r->cold, at);
        }
        struct reordering m;
        int64_t cost = try_one(r, &m);
        if (m.task < 0)
            continue;
        if (cost > r->cost + lane_patience(&r->random, warmth))
            take_back(r, &m);
        else
            keep(r, &m, cost);
    }
}

static int64_t reorder_best_cost(const void *self) {
    return ((const struct reorder *)self)->best_cost;
}

static int64_t reorder_tried(const void *self) {
    return ((const struct reorder *)self)->tried;
}

static struct schedule *reorder_best(void *self) {
    return schedule_copy(((const struct reorder *)self)->best_schedule);
}

static void restart(struct reorder *r) {
    for (int32_t k = 0; k < r->p->tasks; k++)
        r->place[r->now.order[k]] = k;
    r->valid = 1;
    if (!decode(r, 0, &r->cost)) { /* the order of another search may lead to none here */
        plan_copy(r->p, &r->now, &r->best);
        restart(r);
        return;
    }
    save_checkpoints(r);
}

static void reorder_adopt(void *self, const void *other) {
    struct reorder *r = self;
    plan_copy(r->p, &r->now, &((const struct reorder *)other)->best);
    restart(r);
}

static void reorder_take(void *self, const struct schedule *plan) {
    struct reorder *r = self;
    take_order(r, plan);
    restart(r);
}

const struct searcher_kind reorder_kind = {
    .name = "reordering",
    .knows = reorder_knows,
    .make = reorder_make,
    .free = reorder_free,
    .run = reorder_run,
    .best_cost = reorder_best_cost,
    .best = reorder_best,
    .tried = reorder_tried,
    .adopt = reorder_adopt,
    .take = reorder_take,
};
