/* SPDX-License-Identifier: Apache-2.0 */
#include "schedulers/rows_search.h"

#include "schedulers/lane.h"
#include "schedulers/rows_moves.h"
#include "schedulers/rows_window.h"

#include <stdlib.h>

enum {
    SAMPLES = 400,
    ASK_EVERY = 64,
    LEVELS = 9,
    TRIALS = 65536 / 8,
    LAST = 65536 / 64,
    CYCLES = 4,
    WINDOW = 7,
    COLD_DIVISOR = 20,
    ONCE_COLD_DIVISOR = 40,
    BARE_DIVISOR = 10,
    BARE_COLD_DIVISOR = 400
};
#define TYPICAL_MAX (INT64_C(1) << 40)

struct rows_search {
    struct rows *r;
    struct rows_moves moves;
    struct rows_window *window;
    struct rows_saved first, best;
    int64_t best_cost, polished_cost; /* the latter: of the plan whose windows were looked at last */
    int64_t typical;                  /* of what bad moves cost at the start */
    int64_t hot, cold;                /* temperatures of this cycle, in 2^-16 of energy */
    int32_t cycle, level, good_level;
    int64_t cycle_cost, good_cost; /* the least of this cycle, and of the trials */
    int64_t tried;
};

static int compare_costs(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void calibrate(struct rows_search *s) {
    int64_t worse[SAMPLES], now = s->r->now.energy;
    struct rows_value to;
    int32_t count = 0;
    for (int32_t k = 0; k < 4 * SAMPLES && count < SAMPLES; k++)
        if (rows_propose(&s->moves) && rows_try(s->r, s->moves.changes, s->moves.change_count, ROWS_ENERGY_MAX, &to) &&
            to.energy > now)
            worse[count++] = to.energy - now;
    if (count > 0)
        qsort(worse, (size_t)count, sizeof *worse, compare_costs);
    s->typical = count > 0 ? worse[count / 4] : 1;
    s->typical = s->typical < TYPICAL_MAX ? s->typical : TYPICAL_MAX;
}

static void heat(struct rows_search *s, int32_t level) {
    s->level = level > 0 ? level : 0;
    s->hot = ((s->typical << 17) >> s->level) + 1;
    s->cold = s->hot / COLD_DIVISOR + 1;
}

/* One annealing for all of the time, from so many times what a task and its changeover take in the mean. Where nothing
 * is set up most moves cost little, and what is hot enough for changeovers never settles. */
static void heat_once(struct rows_search *s) {
    bool bare = s->r->bare;
    int64_t mean = s->r->ends * s->r->scale / s->r->tasks;
    mean = mean < TYPICAL_MAX ? mean : TYPICAL_MAX;
    s->hot = (bare ? mean * 65536 / BARE_DIVISOR : mean << 17) + 1;
    s->cold = s->hot / (bare ? BARE_COLD_DIVISOR : ONCE_COLD_DIVISOR) + 1;
}

/* The best plan with the best order of each window of a few tasks, row by row, again where that changes a row. */
static void polish(struct rows_search *s, const struct solve_limits *limits) {
    if (s->best_cost == s->polished_cost)
        return;
    rows_restore(s->r, &s->best);
    for (int32_t row = 0; row < s->r->lines; row++) {
        int32_t count = s->r->row[row].count, width = count < WINDOW ? count : WINDOW, steady = 0;
        for (int32_t from = 0; steady <= count - width; from = from < count - width ? from + 1 : 0) {
            struct rows_change change;
            if (limits->deadline != NULL && limits->deadline(limits->arg))
                return;
            steady++;
            if (!rows_window_solve(s->window, s->r, row, from, width, &change))
                continue;
            rows_make(s->r, &change, 1);
            steady = 0;
        }
    }
    if (s->r->now.cost < s->best_cost) {
        s->best_cost = s->r->now.cost;
        rows_save(s->r, &s->best);
        rows_aim(s->r);
    }
    s->polished_cost = s->best_cost;
}

/* Trials of each level from the first plan on; then cycles at about the best one (of several rows a single one), from
 * the best plan, the last one of them cut short: for what the best orders of windows leave to be done. */
static void begin_cycle(struct rows_search *s, int32_t cycle) {
    if (s->cycle >= 0 && s->cycle < LEVELS && s->cycle_cost < s->good_cost) {
        s->good_cost = s->cycle_cost;
        s->good_level = s->level;
    }
    s->cycle = cycle;
    s->cycle_cost = INT64_MAX;
    heat(s, cycle < LEVELS ? cycle : s->good_level + cycle % 3 - 1);
    rows_restore(s->r, cycle < LEVELS ? &s->first : &s->best);
}

/* The share of its cycle that is over at a share of the search; begins cycles. */
static int32_t follow_cycles(struct rows_search *s, int32_t at, const struct solve_limits *limits) {
    if (s->r->additive)
        return at;
    bool trial = at < TRIALS;
    int32_t cycles = s->r->lines > 1 ? 1 : CYCLES; /* there is more to decide, which takes longer */
    int32_t length = trial ? TRIALS / LEVELS : (65536 - TRIALS - LAST) / cycles, within = trial ? at : at - TRIALS;
    int32_t cycle = within / length + (trial ? 0 : LEVELS);
    if (cycle != s->cycle) {
        if (cycle >= LEVELS)
            polish(s, limits);
        begin_cycle(s, cycle);
    }
    return (int32_t)((int64_t)(within % length) * 65536 / length);
}

static void *make_rows(const struct searcher_brief *brief) {
    struct rows_search *s = takt_alloc(sizeof *s);
    s->r = rows_new(brief->p, brief->plan);
    rows_moves_init(&s->moves, s->r, brief->seed);
    s->window = rows_window_new();
    s->first = rows_saved_new(s->r);
    s->best = rows_saved_new(s->r);
    rows_save(s->r, &s->first);
    rows_save(s->r, &s->best);
    s->best_cost = s->r->now.cost;
    s->polished_cost = s->good_cost = INT64_MAX;
    s->cycle = -1;
    if (s->r->additive)
        heat_once(s);
    else
        calibrate(s);
    return s;
}

static void free_rows(void *self) {
    struct rows_search *s = self;
    rows_window_free(s->window);
    rows_saved_free(&s->first);
    rows_saved_free(&s->best);
    rows_moves_done(&s->moves);
    rows_free(s->r);
    free(s);
}

static void run_rows(void *self, const struct searcher_stretch *stretch, const struct solve_limits *limits) {
    struct rows_search *s = self;
    struct rows_moves *m = &s->moves;
    int64_t warmth = 0;
    bool better = false; /* than what was saved, and not left since */
    for (int64_t k = 0; stretch->moves == 0 || k < stretch->moves; k++) {
        if (k % ASK_EVERY == 0) {
            int32_t at = searcher_progress(stretch, limits, k);
            if (at < 0)
                break;
            if (better)
                rows_save(s->r, &s->best);
            better = false;
            int32_t down = follow_cycles(s, at, limits); /* and its temperatures */
            warmth = lane_temperature(s->hot, s->cold, down);
        }
        struct rows_value to;
        s->tried++;
        int64_t limit = s->r->now.energy + lane_patience(&m->random, warmth);
        if (!rows_propose(m) || !rows_try(s->r, m->changes, m->change_count, limit, &to))
            continue;
        if (better && to.cost > s->best_cost) {
            rows_save(s->r, &s->best);
            better = false;
        }
        rows_make(s->r, m->changes, m->change_count);
        s->cycle_cost = to.cost < s->cycle_cost ? to.cost : s->cycle_cost;
        if (to.cost < s->best_cost) {
            s->best_cost = to.cost;
            better = true;
            rows_aim(s->r);
        }
    }
    if (better)
        rows_save(s->r, &s->best);
}

static int64_t best_cost(const void *self) {
    return ((const struct rows_search *)self)->best_cost;
}

static int64_t tried(const void *self) {
    return ((const struct rows_search *)self)->tried;
}

static struct schedule *best(void *self) {
    struct rows_search *s = self;
    struct rows_saved now = rows_saved_new(s->r);
    rows_save(s->r, &now);
    rows_restore(s->r, &s->best);
    struct schedule *schedule = rows_schedule(s->r);
    rows_restore(s->r, &now);
    rows_saved_free(&now);
    return schedule;
}

static void adopt(void *self, const void *other) {
    struct rows_search *s = self;
    rows_restore(s->r, &((const struct rows_search *)other)->best);
}

static bool knows(const struct problem *p, int32_t lane, int32_t lanes) {
    (void)lane, (void)lanes;
    return rows_knows(p);
}

const struct searcher_kind rows_kind = {
    .name = "rows",
    .knows = knows,
    .make = make_rows,
    .free = free_rows,
    .run = run_rows,
    .best_cost = best_cost,
    .best = best,
    .tried = tried,
    .adopt = adopt,
};
