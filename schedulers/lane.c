/* SPDX-License-Identifier: Apache-2.0 */
#include "schedulers/lane.h"

#include "schedulers/job_facts.h"

#include <stdlib.h>
#include <string.h>

enum { LEVELS = 8, SAMPLES = 400, ASK_EVERY = 32, COLD_DIVISOR = 200 };
enum { LONG = 4000 }; /* tasks from which on the time is short whatever it is */

struct lane {
    struct sequence *q;
    struct neighbour neighbour;
    struct sequence_order first, best;
    int64_t best_cost;
    int64_t level_cost;    /* the least since the level began */
    int64_t hot, cold;     /* temperatures, in 2^-16 of energy */
    int64_t level[LEVELS]; /* from cold to hot, what `hot` may be */
    int64_t tried;
    int32_t number; /* among the lanes */
};

int64_t lane_typical_cost(const struct problem *p) {
    int64_t time = 0, weight = 0;
    for (int32_t i = 0; i < p->tasks; i++)
        time += p->option_time[p->option_offset[i]];
    for (int32_t d = 0; d < p->dues; d++)
        weight += p->weight[d];
    int64_t rate = p->objective.tardiness > p->objective.flow ? p->objective.tardiness : p->objective.flow;
    return (time / p->tasks + 1) * (weight / p->dues + 1) * (rate > 0 ? rate : 1);
}

static int compare_costs(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void lane_heat(struct lane *l, int64_t hot) {
    l->hot = hot;
    l->cold = l->hot / COLD_DIVISOR + 1;
}

static int64_t clip_energy(int64_t energy) {
    return energy < (INT64_C(1) << 40) ? energy : INT64_C(1) << 40;
}

/* Temperatures from what moves that make the plan worse cost at the start. */
static void calibrate(struct lane *l, const struct solve_limits *limits) {
    int64_t worse[SAMPLES], count = 0;
    for (int32_t k = 0; k < 4 * SAMPLES && count < SAMPLES; k++) {
        struct neighbour_move m;
        int64_t before = l->q->energy;
        if (limits->deadline != NULL && limits->deadline(limits->arg))
            break;
        if (!neighbour_propose(&l->neighbour, l->q, &m) || !neighbour_make(l->q, &m))
            continue;
        if (l->q->energy > before)
            worse[count++] = l->q->energy - before;
        sequence_undo(l->q);
    }
    if (count > 0)
        qsort(worse, (size_t)count, sizeof *worse, compare_costs);
    static const struct {
        int32_t percent, divisor;
    } of[LEVELS] = {{5, 4096}, {5, 256}, {10, 16}, {25, 8}, {25, 2}, {50, 2}, {50, 1}, {90, 1}};
    for (int32_t k = 0; k < LEVELS; k++) {
        int64_t typical = count > 0 ? worse[count * of[k].percent / 100] : 1;
        l->level[k] = clip_energy(typical) * 65536 / of[k].divisor + 1;
    }
}

/* hot · (cold/hot)^(at/2^16), with the power of two taken straight between its whole steps. */
int64_t lane_temperature(int64_t hot, int64_t cold, int32_t at) {
    int64_t fall = (int64_t)log2_fixed((uint64_t)hot) - log2_fixed((uint64_t)cold);
    int64_t down = fall * at / 65536, whole = down >> 16, part = down & 0xffff;
    return (int64_t)((__int128)(hot >> whole) * (131072 - part) / 131072); /* costs of a whole order book are large */
}

int64_t lane_patience(struct random *random, int64_t warmth) {
    uint64_t u = (random_next(random) >> 32) + 1;
    int64_t log = (32 << 16) - log2_fixed(u); /* −log2(u) · 2^16 */
    return ((warmth >> 8) * (log * 45426 >> 24)) >> 16;
}

static struct sequence_order order_new(const struct problem *p) {
    size_t size = (size_t)p->tasks * sizeof(int32_t);
    return (struct sequence_order){takt_alloc(size), takt_alloc(size)};
}

static void order_free(struct sequence_order *order) {
    free(order->order);
    free(order->option);
}

static void remember(struct lane *l) {
    l->best_cost = l->q->cost;
    sequence_save(l->q, &l->best);
}

static bool lane_knows(const struct problem *p, int32_t lane, int32_t lanes) {
    (void)lane, (void)lanes;
    return sequence_knows(p);
}

struct lane *lane_new(const struct problem *p, const struct schedule *plan, uint64_t seed) {
    struct sequence *q = sequence_new(p, plan);
    if (q == NULL)
        return NULL;
    struct lane *l = takt_alloc(sizeof *l);
    l->q = q;
    l->first = order_new(p);
    l->best = order_new(p);
    sequence_save(q, &l->first);
    remember(l);
    l->level_cost = l->best_cost;
    neighbour_init(&l->neighbour, p, seed);
    return l;
}

void lane_freeze(struct lane *l, int32_t from) {
    neighbour_freeze(&l->neighbour, from);
}

const struct sequence_order *lane_order(const struct lane *l) {
    return &l->best;
}

static void *lane_make(const struct searcher_brief *brief) {
    struct lane *l = lane_new(brief->p, brief->plan, brief->seed);
    if (l == NULL)
        return NULL;
    l->number = brief->lane;
    calibrate(l, brief->limits);
    lane_heat(l, l->level[LEVELS / 2]);
    return l;
}

static void lane_free(void *self) {
    struct lane *l = self;
    neighbour_done(&l->neighbour);
    sequence_free(l->q);
    order_free(&l->first);
    order_free(&l->best);
    free(l);
}

static void lane_run(void *self, const struct searcher_stretch *stretch, const struct solve_limits *limits) {
    struct lane *l = self;
    struct sequence *q = l->q;
    int64_t warmth = lane_temperature(l->hot, l->cold, stretch->from), best = l->best_cost;
    bool better = false; /* than the one that was saved, and not left since */
    for (int64_t k = 0; stretch->moves == 0 || k < stretch->moves; k++) {
        struct neighbour_move m;
        if (k % ASK_EVERY == 0) {
            int32_t at = searcher_progress(stretch, limits, k);
            if (at < 0)
                break;
            warmth = lane_temperature(l->hot, l->cold, at);
        }
        l->tried++;
        if (!neighbour_propose(&l->neighbour, q, &m))
            continue;
        int64_t before = q->energy;
        q->limit = before + lane_patience(&l->neighbour.random, warmth);
        q->slack = q->limit - before + (warmth >> 14);
        if (!neighbour_make(q, &m))
            continue;
        if (better && q->cost > best) { /* it goes up from a new best: that one is kept first */
            sequence_undo(q);
            remember(l);
            better = false;
            neighbour_make(q, &m);
        }
        if (q->cost < l->level_cost)
            l->level_cost = q->cost;
        if (q->cost < best) {
            best = q->cost;
            better = true;
        }
    }
    if (better)
        remember(l);
    q->limit = INT64_MAX;
}

static int64_t lane_best_cost(const void *self) {
    return ((const struct lane *)self)->best_cost;
}

static int64_t lane_tried(const void *self) {
    return ((const struct lane *)self)->tried;
}

static struct schedule *lane_best(void *self) {
    struct lane *l = self;
    struct sequence_order now = order_new(l->q->p);
    sequence_save(l->q, &now);
    sequence_restore(l->q, &l->best);
    struct schedule *s = sequence_schedule(l->q);
    sequence_restore(l->q, &now);
    order_free(&now);
    return s;
}

static void lane_adopt(void *self, const void *other) {
    struct lane *l = self;
    sequence_restore(l->q, &((const struct lane *)other)->best);
}

static void lane_take(void *self, const struct schedule *plan) {
    struct lane *l = self;
    struct sequence *q = sequence_new(l->q->p, plan);
    if (q == NULL)
        return;
    sequence_free(l->q);
    l->q = q;
}

static void lane_try_level(void *self, int32_t level) {
    struct lane *l = self;
    sequence_restore(l->q, &l->first);
    l->level_cost = l->q->cost;
    lane_heat(l, l->level[level]);
}

static int64_t lane_level_cost(const void *self) {
    return ((const struct lane *)self)->level_cost;
}

static bool has_hours(const struct problem *p) {
    for (int32_t l = 0; l < p->lines; l++)
        if (p->hours[p->line_hours[l]].count != HOURS_ALWAYS)
            return true;
    return false;
}

int64_t lane_bounded_heat(const struct problem *p, int64_t scale, int64_t hot) {
    const struct problem_objective *o = &p->objective;
    if (p->dues == 0 || p->tasks > LONG || (o->tardiness == 0 && o->flow == 0) || o->makespan > 0)
        return hot;
    int64_t unit = clip_energy(clip_energy(lane_typical_cost(p)) * scale) * 65536;
    int64_t coldest = unit / 4, hottest = unit;
    if (has_hours(p)) {
        coldest = unit / 2;
        hottest = 4 * unit;
    }
    return hot < coldest ? coldest : hot > hottest ? hottest : hot;
}

/* What is best in a short time is too cold for a long one, so lanes take the next hotter one and the one after that, by
 * turns. */
static void lane_settle(void *self, int32_t best_level) {
    struct lane *l = self;
    int32_t level = best_level + (l->q->p->tasks > LONG ? 0 : 1) + l->number % 2;
    if (l->q->cost < l->best_cost)
        remember(l); /* from another lane */
    else
        sequence_restore(l->q, &l->best);
    lane_heat(l, lane_bounded_heat(l->q->p, l->q->scale, l->level[level < LEVELS ? level : LEVELS - 1]));
}

const struct searcher_kind lane_kind = {
    .name = "annealing",
    .knows = lane_knows,
    .make = lane_make,
    .free = lane_free,
    .run = lane_run,
    .best_cost = lane_best_cost,
    .best = lane_best,
    .tried = lane_tried,
    .adopt = lane_adopt,
    .take = lane_take,
    .levels = LEVELS,
    .try_level = lane_try_level,
    .level_cost = lane_level_cost,
    .settle = lane_settle,
};
