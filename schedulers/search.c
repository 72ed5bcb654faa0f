/* SPDX-License-Identifier: Apache-2.0 */

/* 1. A first plan: the start schedule, repaired if need be, or that of atcs.
 * 2. Lanes try a few temperatures to begin with, for a fifteenth of the time.
 * 3. They anneal the plan, in stretches. After each, what is better is handed out by the calling thread; after some of
 * them in the second half, the lane that is worst goes on from the best lane's best. Lanes share nothing within a
 * stretch, and which thread runs which lane changes nothing.
 *
 * A stretch is a share of the iterations, or of the time where somebody says how much of it is over; where nobody does,
 * the search goes in rounds of growing length. */

#include "schedulers/search.h"

#include "schedulers/lane.h"
#include "schedulers/reorder.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    STRETCHES = 48,
    ADOPT_FROM = 20,
    ADOPT_EVERY = 4,
    FIRST_ROUND_MOVES = 2000,
    LONG = 4000,
    PILOT_SHARE = 65536 / 50
};

struct searching {
    const struct problem *p;
    const struct solve_limits *limits;
    solve_better_fn *on_better;
    void *arg;
    struct solve_result *best;
    struct lane **lanes;       /* for problems that a sequence knows */
    struct reorder **reorders; /* for all others */
    int32_t lane_count, threads;
    struct lane_stretch stretch;
    struct sequence_order first_order, best_order; /* where lanes begin, and the best that any of them had */
    int64_t best_cost;
    atomic_int next; /* lane that no thread has taken yet */
};

static bool is_over(const struct solve_limits *limits) {
    return limits->deadline != NULL && limits->deadline(limits->arg);
}

/* Takes the schedule. */
static void offer(struct searching *s, struct schedule *schedule) {
    struct figures f;
    schedule_evaluate(s->p, schedule, &f);
    if (s->best->schedule != NULL && f.objective >= s->best->figures.objective) {
        schedule_free(schedule);
        return;
    }
    schedule_free(s->best->schedule);
    s->best->schedule = schedule;
    s->best->figures = f;
    if (s->on_better != NULL)
        s->on_better(s->arg, schedule, &f);
}

static int first_plan(struct searching *s, const struct schedule *start, struct takt_error *err) {
    if (start != NULL) {
        struct schedule *fitted = NULL;
        int code = solve_repair(s->p, start, &fitted, err);
        if (code == 0)
            offer(s, fitted);
        return code;
    }
    struct solve_limits whole = *s->limits;
    whole.iterations = 0;
    return solve_atcs(s->p, NULL, &whole, s->on_better, s->arg, s->best, err);
}

static void *run_lanes(void *arg) {
    struct searching *s = arg;
    for (int k; (k = atomic_fetch_add(&s->next, 1)) < s->lane_count;)
        if (s->reorders[k] != NULL)
            reorder_run(s->reorders[k], &s->stretch, s->limits);
        else
            lane_run(s->lanes[k], &s->stretch, s->limits);
    return NULL;
}

static void run_stretch(struct searching *s) {
    pthread_t *thread = takt_alloc((size_t)s->threads * sizeof *thread);
    int32_t made = 0;
    atomic_store(&s->next, 0);
    while (made + 1 < s->threads && pthread_create(&thread[made], NULL, run_lanes, s) == 0)
        made++;
    run_lanes(s);
    for (int32_t k = 0; k < made; k++)
        pthread_join(thread[k], NULL);
    free(thread);
}

static void exchange_reorders(struct searching *s, bool adopt) {
    int32_t good = 0, bad = 0;
    for (int32_t k = 1; k < s->lane_count; k++) {
        if (reorder_best_cost(s->reorders[k]) < reorder_best_cost(s->reorders[good]))
            good = k;
        if (reorder_best_cost(s->reorders[k]) >= reorder_best_cost(s->reorders[bad]))
            bad = k;
    }
    if (reorder_best_cost(s->reorders[good]) < s->best->figures.objective)
        offer(s, reorder_schedule(s->reorders[good]));
    if (adopt && reorder_best_cost(s->reorders[bad]) > reorder_best_cost(s->reorders[good]))
        reorder_adopt(s->reorders[bad], s->reorders[good]);
}

static void exchange(struct searching *s, bool adopt) {
    int32_t good = 0, bad = 0;
    for (int32_t k = 1; k < s->lane_count; k++) {
        if (s->lanes[k]->best_cost < s->lanes[good]->best_cost)
            good = k;
        if (s->lanes[k]->best_cost >= s->lanes[bad]->best_cost)
            bad = k;
    }
    struct lane *l = s->lanes[good];
    if (l->best_cost < s->best_cost) {
        s->best_cost = l->best_cost;
        memcpy(s->best_order.order, l->best.order, (size_t)s->p->tasks * sizeof(int32_t));
        memcpy(s->best_order.option, l->best.option, (size_t)s->p->tasks * sizeof(int32_t));
    }
    if (l->best_cost < s->best->figures.objective)
        offer(s, lane_schedule(l));
    if (adopt && s->lanes[bad]->best_cost > l->best_cost)
        lane_adopt(s->lanes[bad], l);
}

/* One stretch of all lanes, `share` (of 2^16) of the round long, and what is left of `moves`, or none if that is 0. */
static void run_share(struct searching *s, struct lane_stretch stretch, int64_t moves) {
    stretch.moves = moves * stretch.end / 65536 - moves * stretch.begin / 65536;
    if (moves != 0 && stretch.moves == 0)
        return;
    s->stretch = stretch;
    run_stretch(s);
}

/* Which level is best: each is tried from the first plan on, all the way down, by one of the lanes. What is best in a
 * short time is too cold for a long one, so the lanes then take the next hotter one and the one after that, by turns,
 * and go on from the best plan. Returns the share of the round that is over. */
/* With many tasks the time is short whatever it is. */
static int32_t try_levels(struct searching *s, int64_t moves) {
    int64_t best_of[LANE_LEVELS];
    int32_t at = 0, best = 0;
    for (int32_t level = 0; level < LANE_LEVELS; level += s->lane_count) {
        for (int32_t k = 0; k < s->lane_count; k++) {
            lane_restart(s->lanes[k], s->first_order);
            lane_heat(s->lanes[k], (level + k) % LANE_LEVELS);
        }
        run_share(s, (struct lane_stretch){0, 65536, at, at + PILOT_SHARE, 0}, moves);
        at += PILOT_SHARE;
        for (int32_t k = 0; k < s->lane_count && level + k < LANE_LEVELS; k++) {
            best_of[level + k] = s->lanes[k]->best_cost;
            if (best_of[level + k] < best_of[best])
                best = level + k;
        }
        exchange(s, false);
    }
    for (int32_t k = 0; k < s->lane_count; k++) {
        lane_restart(s->lanes[k], s->best_order);
        int32_t level = best + (s->p->tasks > LONG ? 0 : 1) + k % 2;
        lane_heat(s->lanes[k], level < LANE_LEVELS ? level : LANE_LEVELS - 1);
    }
    return at;
}

static void run_round(struct searching *s, int64_t moves) {
    int32_t begin = s->reorders[0] != NULL ? 0 : try_levels(s, moves);
    for (int32_t k = 0; k < STRETCHES && !is_over(s->limits); k++) {
        struct lane_stretch stretch = {
            .from = k * 65536 / STRETCHES,
            .to = (k + 1) * 65536 / STRETCHES,
            .begin = begin + (65536 - begin) / STRETCHES * k,
            .end = k + 1 == STRETCHES ? 65536 : begin + (65536 - begin) / STRETCHES * (k + 1),
        };
        run_share(s, stretch, moves);
        bool adopt = k >= ADOPT_FROM && k % ADOPT_EVERY == 0;
        if (s->reorders[0] != NULL)
            exchange_reorders(s, adopt);
        else
            exchange(s, adopt);
    }
}

static void improve(struct searching *s) {
    if (s->limits->iterations > 0) {
        run_round(s, s->limits->iterations);
    } else if (s->limits->spent != NULL) {
        run_round(s, 0);
    } else {
        for (int64_t moves = FIRST_ROUND_MOVES; !is_over(s->limits); moves *= 2)
            run_round(s, moves);
    }
}

static uint64_t seed_of(const struct searching *s, int32_t lane) {
    return s->limits->seed * UINT64_C(0x2545f4914f6cdd1d) + (uint64_t)lane * UINT64_C(0x9e3779b97f4a7c15);
}

/* All lanes are of one kind; none where the first plan's order cannot be searched. */
static void make_lanes(struct searching *s) {
    bool known = true;
    for (int32_t k = 0; k < s->lane_count && known; k++) {
        s->lanes[k] = lane_new(s->p, s->best->schedule, seed_of(s, k), s->limits);
        known = s->lanes[k] != NULL;
    }
    for (int32_t k = 0; k < s->lane_count && !known; k++) {
        s->reorders[k] = reorder_new(s->p, s->best->schedule, seed_of(s, k));
        if (s->reorders[k] == NULL)
            s->lane_count = k;
    }
}

static void improve_orders(struct searching *s) {
    size_t size = (size_t)s->p->tasks * sizeof(int32_t);
    s->first_order = (struct sequence_order){takt_alloc(size), takt_alloc(size)};
    s->best_order = (struct sequence_order){takt_alloc(size), takt_alloc(size)};
    if (s->lanes[0] != NULL) {
        s->best_cost = s->lanes[0]->best_cost;
        sequence_save(s->lanes[0]->q, &s->first_order);
        sequence_save(s->lanes[0]->q, &s->best_order);
    }
    improve(s);
    free(s->first_order.order);
    free(s->first_order.option);
    free(s->best_order.order);
    free(s->best_order.option);
}

int search_solve(const struct problem *p, const struct schedule *start, const struct solve_limits *limits,
                 solve_better_fn *on_better, void *arg, struct solve_result *ret, struct takt_error *err) {
    struct searching s = {.p = p, .limits = limits, .on_better = on_better, .arg = arg, .best = ret};
    s.threads = limits->threads > 0 ? limits->threads : 1;
    s.lane_count = limits->lanes > 0 ? limits->lanes : s.threads;
    int code = first_plan(&s, start, err);
    if (code != 0 || ret->schedule == NULL || p->tasks == 0)
        return code;
    int32_t lanes = s.lane_count;
    s.lanes = takt_alloc((size_t)lanes * sizeof *s.lanes);
    s.reorders = takt_alloc((size_t)lanes * sizeof *s.reorders);
    make_lanes(&s);
    if (s.lane_count > 0)
        improve_orders(&s);
    for (int32_t k = 0; k < lanes; k++) {
        ret->moves += s.lanes[k] != NULL ? s.lanes[k]->tried : s.reorders[k] != NULL ? reorder_tried(s.reorders[k]) : 0;
        lane_free(s.lanes[k]);
        reorder_free(s.reorders[k]);
    }
    free(s.lanes);
    free(s.reorders);
    return 0;
}
