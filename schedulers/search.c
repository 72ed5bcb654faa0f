/* SPDX-License-Identifier: Apache-2.0 */

/* 1. A first plan: the start schedule, repaired if need be, or that of atcs.
 * 2. Lanes whose kind has levels (temperatures, that is) try them, for a share of the time.
 * 3. All improve the plan, in stretches. After each, what is better is handed out by the calling thread; after some of
 * them in the second half, the lane that is worst goes on from the best lane's best. Lanes share nothing within a
 * stretch, and which thread runs which lane changes nothing.
 *
 * A stretch is a share of the iterations, or of the time where somebody says how much of it is over; where nobody does,
 * the search goes in rounds of growing length. */

#include "schedulers/search.h"

#include "schedulers/atcs.h"
#include "schedulers/model.h"
#include "schedulers/searcher.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    STRETCHES = 48,
    ADOPT_FROM = 20,
    ADOPT_EVERY = 4,
    FIRST_ROUND_MOVES = 2000,
    LEVELS_MAX = 16,
    PILOT_SHARE = 65536 / 50
};

struct search_lane {
    const struct searcher_kind *kind;
    void *searcher;
};

struct searching {
    const struct problem *p;
    const struct solve_limits *limits;
    solve_better_fn *on_better;
    void *arg;
    struct solve_result *best;
    int64_t bound; /* no schedule costs less */
    struct search_lane *lanes;
    int32_t lane_count, threads;
    struct searcher_stretch stretch;
    atomic_int next; /* lane that no thread has taken yet */
};

static bool is_over(const struct searching *s) {
    return (s->best->schedule != NULL && s->best->figures.objective <= s->bound) ||
           (s->limits->deadline != NULL && s->limits->deadline(s->limits->arg));
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
    return atcs_solve(s->p, NULL, &whole, s->on_better, s->arg, s->best, err);
}

static void *run_lanes(void *arg) {
    struct searching *s = arg;
    for (int k; (k = atomic_fetch_add(&s->next, 1)) < s->lane_count;) {
        struct searcher_stretch stretch = s->stretch;
        if (s->lanes[k].kind->levels == 0) { /* trials are nothing to it */
            stretch.from = stretch.begin;
            stretch.to = stretch.end;
        }
        s->lanes[k].kind->run(s->lanes[k].searcher, &stretch, s->limits);
    }
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

static int64_t cost_of(const struct search_lane *l) {
    return l->kind->best_cost(l->searcher);
}

static void adopt_from(struct search_lane *to, const struct search_lane *from) {
    if (to->kind == from->kind) {
        to->kind->adopt(to->searcher, from->searcher);
    } else if (to->kind->take != NULL) {
        struct schedule *plan = from->kind->best(from->searcher);
        to->kind->take(to->searcher, plan);
        schedule_free(plan);
    }
}

static int32_t best_lane(const struct searching *s) {
    int32_t good = 0;
    for (int32_t k = 1; k < s->lane_count; k++)
        if (cost_of(&s->lanes[k]) < cost_of(&s->lanes[good]))
            good = k;
    return good;
}

static int32_t worst_lane(const struct searching *s) {
    int32_t bad = 0;
    for (int32_t k = 1; k < s->lane_count; k++)
        if (cost_of(&s->lanes[k]) >= cost_of(&s->lanes[bad]))
            bad = k;
    return bad;
}

/* Lanes of one kind that can be joined are. */
static void merge_lanes(struct searching *s) {
    void **joined = takt_alloc((size_t)s->lane_count * sizeof *joined);
    for (const struct searcher_kind *const *kind = searcher_kinds; *kind != NULL; kind++) {
        int32_t count = 0;
        for (int32_t k = 0; k < s->lane_count && (*kind)->merge != NULL; k++)
            if (s->lanes[k].kind == *kind)
                joined[count++] = s->lanes[k].searcher;
        if (count > 0)
            (*kind)->merge(joined, count);
    }
    free(joined);
}

static void exchange(struct searching *s, bool adopt) {
    merge_lanes(s);
    struct search_lane *good = &s->lanes[best_lane(s)], *bad = &s->lanes[worst_lane(s)];
    if (cost_of(good) < s->best->figures.objective)
        offer(s, good->kind->best(good->searcher));
    if (adopt && cost_of(bad) > cost_of(good))
        adopt_from(bad, good);
}

/* One stretch of all lanes, `share` (of 2^16) of the round long, and what is left of `moves`, or none if that is 0. */
static void run_share(struct searching *s, struct searcher_stretch stretch, int64_t moves) {
    stretch.moves = moves * stretch.end / 65536 - moves * stretch.begin / 65536;
    if (moves != 0 && stretch.moves == 0)
        return;
    s->stretch = stretch;
    run_stretch(s);
}

static int32_t levels_of(const struct searching *s) {
    int32_t most = 0;
    for (int32_t k = 0; k < s->lane_count; k++)
        most = s->lanes[k].kind->levels > most ? s->lanes[k].kind->levels : most;
    return most < LEVELS_MAX ? most : LEVELS_MAX;
}

/* Which level is best, tried by lanes side by side; all then go on from the best plan. Returns the share of the round
 * that is over. */
static int32_t try_levels(struct searching *s, int64_t moves) {
    int64_t cost[LEVELS_MAX];
    int32_t at = 0, levels = levels_of(s), next = 0, best = 0;
    while (next < levels) {
        int32_t begun = next;
        for (int32_t k = 0; k < s->lane_count; k++) {
            struct search_lane *l = &s->lanes[k];
            if (l->kind->levels > 0)
                l->kind->try_level(l->searcher, next++ % l->kind->levels);
        }
        run_share(s, (struct searcher_stretch){0, 65536, at, at + PILOT_SHARE, 0}, moves);
        at += PILOT_SHARE;
        for (int32_t k = 0, level = begun; k < s->lane_count && level < levels; k++) {
            struct search_lane *l = &s->lanes[k];
            if (l->kind->levels == 0)
                continue;
            cost[level] = l->kind->level_cost(l->searcher);
            if (cost[level] < cost[best])
                best = level;
            level++;
        }
        exchange(s, false);
    }
    int32_t good = best_lane(s);
    for (int32_t k = 0; k < s->lane_count; k++) {
        struct search_lane *l = &s->lanes[k];
        if (l->kind->levels == 0)
            continue;
        if (k != good)
            adopt_from(l, &s->lanes[good]);
        l->kind->settle(l->searcher, best);
    }
    return at;
}

static void run_round(struct searching *s, int64_t moves) {
    int32_t begin = try_levels(s, moves);
    for (int32_t k = 0; k < STRETCHES && !is_over(s); k++) {
        struct searcher_stretch stretch = {
            .from = k * 65536 / STRETCHES,
            .to = (k + 1) * 65536 / STRETCHES,
            .begin = begin + (65536 - begin) / STRETCHES * k,
            .end = k + 1 == STRETCHES ? 65536 : begin + (65536 - begin) / STRETCHES * (k + 1),
        };
        run_share(s, stretch, moves);
        bool adopt = k >= ADOPT_FROM && k % ADOPT_EVERY == 0;
        exchange(s, adopt);
    }
}

static void improve(struct searching *s) {
    if (s->limits->iterations > 0) {
        run_round(s, s->limits->iterations);
    } else if (s->limits->spent != NULL) {
        run_round(s, 0);
    } else {
        for (int64_t moves = FIRST_ROUND_MOVES; !is_over(s); moves *= 2)
            run_round(s, moves);
    }
}

static uint64_t seed_of(const struct searching *s, int32_t lane) {
    return s->limits->seed * UINT64_C(0x2545f4914f6cdd1d) + (uint64_t)lane * UINT64_C(0x9e3779b97f4a7c15);
}

static bool make_lane(struct searching *s, int32_t k) {
    struct searcher_brief brief = {s->p, s->best->schedule, s->limits, seed_of(s, k), k, s->lane_count};
    struct search_lane *l = &s->lanes[k];
    for (const struct searcher_kind *const *kind = searcher_kinds; *kind != NULL && l->searcher == NULL; kind++)
        if ((*kind)->knows(s->p, k, s->lane_count)) {
            l->kind = *kind;
            l->searcher = (*kind)->make(&brief);
        }
    return l->searcher != NULL;
}

int search_solve(const struct problem *p, const struct schedule *start, const struct solve_limits *limits,
                 solve_better_fn *on_better, void *arg, struct solve_result *ret, struct takt_error *err) {
    struct searching s = {.p = p, .limits = limits, .on_better = on_better, .arg = arg, .best = ret};
    s.threads = limits->threads > 0 ? limits->threads : 1;
    s.lane_count = limits->lanes > 0 ? limits->lanes : s.threads;
    int code = first_plan(&s, start, err);
    if (code != 0 || ret->schedule == NULL || p->tasks == 0)
        return code;
    s.lanes = takt_alloc((size_t)s.lane_count * sizeof *s.lanes);
    int64_t alone;
    solve_bound(p, &s.bound, &alone);
    int32_t made = 0;
    while (made < s.lane_count && make_lane(&s, made))
        made++;
    s.lane_count = made;
    if (made > 0)
        improve(&s);
    for (int32_t k = 0; k < made; k++) {
        ret->moves += s.lanes[k].kind->tried(s.lanes[k].searcher);
        s.lanes[k].kind->free(s.lanes[k].searcher);
    }
    free(s.lanes);
    return 0;
}
