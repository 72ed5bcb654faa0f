/* SPDX-License-Identifier: Apache-2.0 */

/* The objective. A due of the planner becomes up to two of the problem, because a wish and a promise are counted apart:
 * A for the promise (weight a·w) and B for the wish, the flow and the waiting (weight b·w), w being its orders' weight.
 * A problem has one coefficient a term, so they are chosen such that the sums come out right:
 *
 *   tardiness T: T·a = late_promise, T·b = late_wish      flow F: F·b = flow        waiting W: W·(a + b) = waiting
 *
 * with a = late_promise, b = late_wish, all times b·(a + b) to stay whole: T = b(a+b), F = flow·(a+b), W = waiting·b.
 * Per second a day's cost is a part in 86,400, an hour's a part in 3,600, so changeover and moves are scaled up
 * instead. What all coefficients share is divided out. */

#include "daemon/planner/plan_model.h"

#include "base/arena.h"
#include "daemon/planner/coarse.h"
#include "daemon/planner/lot_time.h"
#include "daemon/planner/material.h"
#include "daemon/planner/plan_fixed.h"
#include "daemon/planner/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    DAY_S = 86400,
    HOURS_A_DAY = 24,
    MOVES_WITHIN_S = 2 * DAY_S,
    MOVE_TOLERANCE_S = 3600,
    FAR_S = PROBLEM_TICK_MAX / 2
};

struct building {
    struct planner *p;
    int64_t now_s;
    enum model_strictness strictness;
    struct arena *scratch;
    struct problem_builder *b;
    struct plan_model *m;
    struct fixed_tasks fixed;
    int64_t weight_a, weight_b;
};

static int32_t tick(const struct building *g, int64_t time_s) {
    int64_t t = time_s - g->now_s;
    return (int32_t)(t > FAR_S ? FAR_S : t < -FAR_S ? -FAR_S : t);
}

/* ---- the plant ---- */

static int32_t use_family(struct building *g, int32_t family) {
    if (family < 0)
        return -1;
    if (g->m->family[family] < 0)
        g->m->family[family] = problem_add_family(g->b, g->p->variants.family_names[family]);
    return g->m->family[family];
}

/* Families first, as tables are given by pairs of them. */
static void add_families(struct building *g) {
    struct planner *p = g->p;
    for (size_t i = 0; i < p->plant->line_count; i++)
        use_family(g, p->stock.setups[i].family);
    for (size_t i = 0; i < p->lots.live_count; i++)
        for (size_t k = 0; k < p->lots.live[i]->op_count; k++)
            use_family(g, p->lots.live[i]->group->families[k]);
}

static void add_tables(struct building *g) {
    const struct plant *plant = g->p->plant;
    for (size_t i = 0; i < plant->changeover_count; i++) {
        const struct plant_changeover *c = &plant->changeovers[i];
        int32_t table = problem_add_table_sparse(g->b, c->id, (int32_t)c->default_s);
        for (size_t k = 0; k < c->pair_count; k++) {
            int32_t from = g->m->family[family_get(&g->p->variants, c->pairs[k].from)];
            int32_t to = g->m->family[family_get(&g->p->variants, c->pairs[k].to)];
            if (from >= 0 && to >= 0)
                problem_table_pair(g->b, table, from, to, (int32_t)c->pairs[k].time_s);
        }
    }
}

/* NULL: it never closes. */
static const struct problem_span *spans_of(struct building *g, const struct opening *o, size_t *ret_count) {
    *ret_count = 0;
    if (o->count == 1 && o->list[0].from_s <= g->p->openings.from_s && o->list[0].to_s >= g->p->openings.to_s)
        return NULL;
    struct problem_span *spans = arena_array(g->scratch, o->count, sizeof *spans);
    for (size_t i = 0; i < o->count; i++)
        spans[i] = (struct problem_span){tick(g, o->list[i].from_s), tick(g, o->list[i].to_s)};
    *ret_count = o->count;
    return spans;
}

static void add_lines(struct building *g) {
    const struct plant *plant = g->p->plant;
    for (size_t i = 0; i < plant->line_count; i++) {
        const struct plant_line *l = &plant->lines[i];
        int32_t family = g->p->stock.setups[i].family;
        struct problem_line_spec spec = {.name = l->id,
                                         .table = l->changeover,
                                         .initial_family = family < 0 ? -1 : g->m->family[family],
                                         .batch = (int32_t)l->batch};
        spec.open = spans_of(g, &g->p->openings.lines[i], &spec.open_count);
        problem_add_line(g->b, &spec);
    }
    for (size_t i = 0; i < plant->pool_count; i++) {
        const struct problem_step step = {0, plant->pools[i].capacity};
        struct problem_pool_spec spec = {.name = plant->pools[i].id, .steps = &step, .step_count = 1};
        spec.open = spans_of(g, &g->p->openings.pools[i], &spec.open_count);
        problem_add_pool(g->b, &spec);
    }
}

/* ---- lots ---- */

static void fill_options(struct building *g, const struct lot *lot, size_t op, struct problem_task_spec *spec) {
    const struct plant_op *o = lot_op(g->p, lot, op);
    struct problem_option *options = arena_array(g->scratch, o->line_count, sizeof *options);
    struct problem_usage *pools = arena_array(g->scratch, o->pool_count, sizeof *pools);
    for (size_t i = 0; i < o->line_count; i++) {
        int64_t time_s = plant_rate_s(&o->lines[i], lot->tasks[op].quantity);
        options[i] = (struct problem_option){o->lines[i].line, (int32_t)(time_s < FAR_S ? time_s : FAR_S)};
    }
    for (size_t i = 0; i < o->pool_count; i++)
        pools[i] = (struct problem_usage){o->pools[i].index, (int32_t)o->pools[i].amount};
    spec->options = options;
    spec->option_count = o->line_count;
    spec->pools = pools;
    spec->pool_count = o->pool_count;
    spec->breakable = o->breakable;
}

static void fill_rest(const struct building *g, const struct lot *lot, size_t op, bool runs,
                      struct problem_task_spec *spec) {
    const struct plant_op *o = lot_op(g->p, lot, op);
    int64_t overlap = task_overlap(g->p, lot, op);
    if (op + 1 == lot->op_count)
        return;
    spec->lag_after = (int32_t)o->rest_s;
    if (o->rest_max_s >= 0 && !(runs && g->strictness == MODEL_LOOSE))
        spec->lag_max = (int32_t)o->rest_max_s;
    if (overlap > 0) {
        spec->overlap_quantity = (int32_t)lot->tasks[op].quantity;
        spec->overlap_first = (int32_t)overlap;
    }
}

static int64_t task_release(const struct building *g, const struct lot *lot, size_t op) {
    const struct task *t = &lot->tasks[op];
    int64_t release_s = op == 0 ? lot_release(g->p, lot, g->now_s) : g->now_s;
    if (t->missed_s != TAKT_TIME_NONE && t->start_s + START_GRACE_S < g->now_s &&
        task_missed_until(t, g->now_s) > release_s)
        release_s = task_missed_until(t, g->now_s);
    if (op > 0 && lot->tasks[op - 1].state == TASK_FINISHED) {
        int64_t rested_s = lot->tasks[op - 1].finished_at_s + lot_op(g->p, lot, op - 1)->rest_s;
        release_s = rested_s > release_s ? rested_s : release_s;
    }
    return release_s;
}

static void add_task(struct building *g, struct lot *lot, size_t op) {
    const struct task *t = &lot->tasks[op];
    const struct fixed_task *fixed = plan_fixed_find(&g->fixed, lot, op);
    struct problem_task_spec spec = PROBLEM_TASK_SPEC;
    spec.name = lot_op(g->p, lot, op)->id;
    fill_options(g, lot, op, &spec);
    fill_rest(g, lot, op, t->state == TASK_STARTED, &spec);
    spec.family = use_family(g, lot->group->families[op]);
    spec.size = (int32_t)(t->quantity > 0 ? t->quantity : 1);
    if (fixed != NULL) {
        spec.fixed_line = t->line;
        spec.fixed_start = tick(g, fixed->start_s);
        spec.fixed_end = tick(g, fixed->end_s);
        spec.pool_count = fixed->without_pools ? 0 : spec.pool_count;
    } else {
        spec.release = tick(g, task_release(g, lot, op));
        if (t->told_line >= 0 && t->told_start_s >= g->now_s && t->told_start_s < g->now_s + MOVES_WITHIN_S) {
            spec.plan_line = t->told_line;
            spec.plan_start = tick(g, t->told_start_s);
        }
    }
    problem_add_task(g->b, lot->job, &spec);
    g->m->tasks[g->m->task_count++] = (struct model_task){lot->no, (uint16_t)op};
}

static void add_lots(struct building *g) {
    struct planner *p = g->p;
    size_t most = 0;
    for (size_t i = 0; i < p->lots.live_count; i++)
        most += p->lots.live[i]->op_count;
    g->m->tasks = takt_alloc(most * sizeof *g->m->tasks);
    for (size_t i = 0; i < p->lots.live_count; i++) {
        struct lot *lot = p->lots.live[i];
        lot->job = -1;
        if (lot->coarse || lot->units + lot_extra(lot) == 0 || lot_release(p, lot, g->now_s) == TAKT_TIME_NEVER)
            continue;
        char name[16]; /* for messages */
        snprintf(name, sizeof name, "L%" PRIu32, lot->no);
        lot->job = problem_add_job(g->b, name, 0);
        for (size_t k = 0; k < lot->op_count; k++)
            if (lot->tasks[k].state == TASK_STARTED || (lot->tasks[k].state == TASK_PLANNED && lot->units > 0))
                add_task(g, lot, k);
    }
}

/* ---- dues ---- */

static int64_t last_rest(const struct building *g, const struct due *d) {
    int64_t rest_s = 0;
    for (uint32_t i = 0; i < d->lot_count; i++) {
        const struct lot *lot = d->lots[i];
        int64_t r = lot->op_count == 0 ? 0 : lot_op(g->p, lot, lot->op_count - 1u)->rest_s;
        rest_s = r > rest_s ? r : rest_s;
    }
    return rest_s;
}

static int32_t small(int64_t weight) {
    return (int32_t)(weight > PROBLEM_TICK_MAX - 1 ? PROBLEM_TICK_MAX - 1 : weight < 1 ? 1 : weight);
}

static void add_due(struct building *g, const struct due *d, int32_t *jobs) {
    const struct plant_objective *o = &g->p->plant->planning.objective;
    struct problem_due_spec spec = {.jobs = jobs, .placed = PROBLEM_NONE};
    int64_t rest_s = last_rest(g, d);
    for (uint32_t i = 0; i < d->lot_count; i++)
        if (d->lots[i]->job >= 0)
            jobs[spec.job_count++] = d->lots[i]->job;
    if (spec.job_count == 0)
        return;
    if (o->late_promise > 0 && d->promise_s != TAKT_TIME_NONE) {
        spec.due = tick(g, packing_latest(g->p, d->promise_s) - rest_s);
        spec.weight = small(d->weight * g->weight_a);
        problem_add_due(g->b, &spec);
    }
    spec.due = o->late_wish > 0 ? tick(g, packing_latest(g->p, d->wish_s) - rest_s) : PROBLEM_NONE;
    spec.placed = tick(g, due_placed_s(d));
    spec.weight = small(d->weight * g->weight_b);
    problem_add_due(g->b, &spec);
}

static int64_t common(int64_t a, int64_t b) {
    while (b != 0) {
        int64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

static void set_objective(struct building *g) {
    const struct plant_objective *o = &g->p->plant->planning.objective;
    int64_t b = o->late_wish > 0 ? o->late_wish : 1, a = o->late_promise, share = common(a > 0 ? a : b, b);
    a /= share;
    b /= share;
    struct problem_objective c = {.tardiness = share * b * (a + b),
                                  .flow = o->flow * (a + b),
                                  .waiting = o->waiting * b,
                                  .changeover = (int64_t)o->changeover * HOURS_A_DAY * b * (a + b),
                                  .moves = (int64_t)o->moves * DAY_S * b * (a + b)};
    int64_t all = common(common(c.tardiness, c.flow), common(common(c.waiting, c.changeover), c.moves));
    c.tardiness /= all;
    c.flow /= all;
    c.waiting /= all;
    c.changeover /= all;
    c.moves /= all;
    g->m->move_cost = c.moves;
    g->weight_a = a;
    g->weight_b = b;
    g->m->scale = b * (a + b) * DAY_S / all > 0 ? b * (a + b) * DAY_S / all : 1;
    problem_set_objective(g->b, &c);
    problem_set_move_tolerance(g->b, MOVE_TOLERANCE_S);
}

/* The earliest due of each lot, for who gets material first. */
static void date_lots(struct planner *p) {
    for (size_t i = 0; i < p->lots.live_count; i++)
        p->lots.live[i]->due_s = TAKT_TIME_NEVER;
    for (size_t i = 0; i < p->dues.count; i++) {
        const struct due *d = p->dues.list[i];
        int64_t due_s = d->promise_s != TAKT_TIME_NONE && d->promise_s < d->wish_s ? d->promise_s : d->wish_s;
        for (uint32_t k = 0; k < d->lot_count; k++)
            if (due_s < d->lots[k]->due_s)
                d->lots[k]->due_s = due_s;
    }
}

static void add_dues(struct building *g) {
    uint32_t most = 0;
    for (size_t i = 0; i < g->p->dues.count; i++)
        most = g->p->dues.list[i]->lot_count > most ? g->p->dues.list[i]->lot_count : most;
    int32_t *jobs = arena_array(g->scratch, most, sizeof *jobs);
    for (size_t i = 0; i < g->p->dues.count; i++)
        add_due(g, g->p->dues.list[i], jobs);
}

int plan_model_new(struct planner *p, int64_t now_s, enum model_strictness strictness, int64_t window_s,
                   struct plan_model **ret, struct takt_error *err) {
    struct building g = {.p = p, .now_s = now_s, .strictness = strictness, .scratch = arena_new()};
    openings_need(&p->openings, p->plant, &p->stock, now_s, window_s);
    lots_sweep(&p->lots);
    date_lots(p);
    material_allocate(p, now_s);
    coarse_divide(p, now_s);
    for (size_t i = 0; i < p->plant->changeover_count;
         i++) /* so that every family has its number before `family` is made */
        for (size_t k = 0; k < p->plant->changeovers[i].pair_count; k++) {
            family_get(&p->variants, p->plant->changeovers[i].pairs[k].from);
            family_get(&p->variants, p->plant->changeovers[i].pairs[k].to);
        }
    g.b = problem_builder_new();
    g.m = takt_alloc(sizeof *g.m);
    g.m->origin_s = now_s;
    g.m->family_count = p->variants.family_count;
    g.m->family = takt_alloc(g.m->family_count * sizeof *g.m->family);
    for (size_t i = 0; i < g.m->family_count; i++)
        g.m->family[i] = -1;
    plan_fixed(p, now_s, strictness == MODEL_STRICT, g.scratch, &g.fixed);
    set_objective(&g);
    add_families(&g);
    add_tables(&g);
    add_lines(&g);
    add_lots(&g);
    add_dues(&g);
    int code = problem_build(g.b, &g.m->problem, err);
    problem_builder_free(g.b);
    arena_free(g.scratch);
    if (code < 0) {
        plan_model_free(g.m);
        return code;
    }
    *ret = g.m;
    return 0;
}

void plan_model_free(struct plan_model *m) {
    if (m == NULL)
        return;
    problem_free(m->problem);
    free(m->tasks);
    free(m->family);
    free(m);
}

struct schedule *plan_model_schedule(const struct planner *p, const struct plan_model *m) {
    struct schedule *s = schedule_new(m->task_count);
    for (int32_t i = 0; i < m->task_count; i++) {
        const struct lot *lot = lot_find(&p->lots, m->tasks[i].lot);
        const struct task *t = lot == NULL ? NULL : &lot->tasks[m->tasks[i].op];
        if (t == NULL || t->line < 0)
            continue;
        s->line[i] = t->line;
        s->start[i] = (int32_t)(t->start_s - m->origin_s);
        s->end[i] = (int32_t)(t->end_s - m->origin_s);
    }
    return s;
}
