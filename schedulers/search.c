/* SPDX-License-Identifier: Apache-2.0 */

/* 1. A first plan: the start schedule, repaired if need be, or the best of a few points of atcs.
 * 2. Lanes anneal it, in stretches. After each, what is better is handed out by the calling thread; after some of them in the
 *    second half, the lane that is worst goes on from the best lane's best. Lanes share nothing within a stretch, and which
 *    thread runs which lane changes nothing.
 *
 * A stretch is a share of the iterations, or of the time where somebody says how much of it is over; where nobody does, the
 * search goes in rounds of growing length. */

#include "schedulers/search.h"

#include "schedulers/lane.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { STRETCHES = 48, ADOPT_FROM = 20, ADOPT_EVERY = 4, FIRST_ROUND_MOVES = 2000, LARGE = 20000, FIRST_POINTS = 6 };

struct searching {
    const struct problem *p;
    const struct solve_limits *limits;
    solve_better_fn *on_better;
    void *arg;
    struct solve_result *best;
    struct lane **lanes;
    int32_t lane_count, threads;
    struct lane_stretch stretch;
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
    struct schedule *fitted = NULL;
    int code = TAKT_ENOENT;
    if (start != NULL) {
        code = solve_repair(s->p, start, &fitted, err);
        if (code == 0)
            offer(s, fitted);
        return code;
    }
    struct solve_limits few = *s->limits;
    struct solve_result r = {0};
    few.iterations = s->p->tasks > LARGE ? 1 : FIRST_POINTS;
    code = solve_atcs(s->p, NULL, &few, NULL, NULL, &r, err);
    if (code == 0 && r.schedule != NULL)
        offer(s, r.schedule);
    return code;
}

static void *run_lanes(void *arg) {
    struct searching *s = arg;
    for (int k; (k = atomic_fetch_add(&s->next, 1)) < s->lane_count;)
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

static void exchange(struct searching *s, bool adopt) {
    int32_t good = 0, bad = 0;
    for (int32_t k = 1; k < s->lane_count; k++) {
        if (s->lanes[k]->best_cost < s->lanes[good]->best_cost)
            good = k;
        if (s->lanes[k]->best_cost >= s->lanes[bad]->best_cost)
            bad = k;
    }
    struct lane *l = s->lanes[good];
    if (s->best->schedule == NULL || l->best_cost < s->best->figures.objective)
        offer(s, lane_schedule(l));
    if (adopt && s->lanes[bad]->best_cost > l->best_cost)
        lane_adopt(s->lanes[bad], l);
}

static void run_round(struct searching *s, int64_t moves) {
    for (int32_t k = 0; k < STRETCHES && !is_over(s->limits); k++) {
        s->stretch = (struct lane_stretch){
            .from = k * 65536 / STRETCHES,
            .to = (k + 1) * 65536 / STRETCHES,
            .moves = moves == 0 ? 0 : moves * (k + 1) / STRETCHES - moves * k / STRETCHES,
        };
        if (moves != 0 && s->stretch.moves == 0)
            continue;
        run_stretch(s);
        exchange(s, k >= ADOPT_FROM && k % ADOPT_EVERY == 0);
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

static void make_lanes(struct searching *s) {
    for (int32_t k = 0; k < s->lane_count; k++) {
        uint64_t seed = s->limits->seed * UINT64_C(0x2545f4914f6cdd1d) + (uint64_t)k * UINT64_C(0x9e3779b97f4a7c15);
        s->lanes[k] = lane_new(s->p, s->best->schedule, seed);
        if (s->lanes[k] == NULL) {
            s->lane_count = k;
            return;
        }
    }
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
    make_lanes(&s);
    if (s.lane_count > 0)
        improve(&s);
    for (int32_t k = 0; k < lanes; k++) {
        ret->moves += s.lanes[k] != NULL ? s.lanes[k]->tried : 0;
        lane_free(s.lanes[k]);
    }
    free(s.lanes);
    return 0;
}
