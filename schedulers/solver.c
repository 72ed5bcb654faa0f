/* SPDX-License-Identifier: Apache-2.0 */

/* The table of schedulers, and the rules among them. A rule's plan is that of its order; atcs is the best over a grid
 * of its two scales, of which `iterations` limits the points. */

#include "schedulers/solver.h"

#include "schedulers/dispatch.h"
#include "schedulers/model.h"
#include "schedulers/search.h"

#include <string.h>

enum { GRID_LARGE = 20000, LARGE_POINTS = 4 }; /* tasks from which on the first few points of the grid must do */

static const struct dispatch_scales grid[] = {
    {20, 3, 100}, {40, 5, 100}, {40, 30, 0},  {40, 3, 70}, {20, 2, 100},  {80, 5, 100}, {80, 30, 100}, {20, 1, 70},
    {10, 1, 100}, {20, 5, 0},   {40, 2, 100}, {40, 10, 0}, {80, 10, 100}, {10, 3, 0},   {80, 3, 100},  {5, 1, 100},
};

static int solve_rule(const struct problem *p, enum dispatch_rule rule, const struct solve_limits *limits,
                      struct solve_result *ret, struct takt_error *err) {
    struct schedule *s = NULL;
    int code = dispatch(p, rule, (struct dispatch_scales){20, 3, 0}, limits, &s, err);
    if (code == 0) {
        ret->schedule = s;
        ret->moves = 1;
        schedule_evaluate(p, s, &ret->figures);
    }
    return code == TAKT_ETIMEOUT ? 0 : code;
}

static int solve_fifo(const struct problem *p, const struct schedule *start, const struct solve_limits *limits,
                      solve_better_fn *on_better, void *arg, struct solve_result *ret, struct takt_error *err) {
    (void)start, (void)on_better, (void)arg;
    return solve_rule(p, DISPATCH_FIFO, limits, ret, err);
}

static int solve_edd(const struct problem *p, const struct schedule *start, const struct solve_limits *limits,
                     solve_better_fn *on_better, void *arg, struct solve_result *ret, struct takt_error *err) {
    (void)start, (void)on_better, (void)arg;
    return solve_rule(p, DISPATCH_EDD, limits, ret, err);
}

static int solve_spt(const struct problem *p, const struct schedule *start, const struct solve_limits *limits,
                     solve_better_fn *on_better, void *arg, struct solve_result *ret, struct takt_error *err) {
    (void)start, (void)on_better, (void)arg;
    return solve_rule(p, DISPATCH_SPT, limits, ret, err);
}

int solve_atcs(const struct problem *p, const struct schedule *start, const struct solve_limits *limits,
               solve_better_fn *on_better, void *arg, struct solve_result *ret, struct takt_error *err) {
    (void)start;
    const size_t all = sizeof grid / sizeof *grid;
    size_t points = p->tasks > GRID_LARGE ? LARGE_POINTS : all;
    if (limits->iterations > 0 && (size_t)limits->iterations < points)
        points = (size_t)limits->iterations;
    int code = 0;
    for (size_t k = 0; k < points || (k < all && ret->schedule == NULL); k++) { /* further ones if none was feasible */
        struct schedule *s = NULL;
        struct figures f;
        struct takt_error why = {0};
        bool at_any_rate = k == 0 && p->tasks <= GRID_LARGE; /* a first plan is worth its few milliseconds */
        code = dispatch(p, DISPATCH_ATCS, grid[k], at_any_rate ? &(struct solve_limits){0} : limits, &s, &why);
        if (code == TAKT_ETIMEOUT)
            break;
        ret->moves++;
        if (code != 0) {
            takt_fail(err, code, "%s", why.text); /* of the first; forgotten if another point places everything */
            continue;
        }
        schedule_evaluate(p, s, &f);
        if (ret->schedule != NULL && f.objective >= ret->figures.objective) {
            schedule_free(s);
            continue;
        }
        schedule_free(ret->schedule);
        ret->schedule = s;
        ret->figures = f;
        if (on_better != NULL)
            on_better(arg, s, &f);
    }
    if (ret->schedule == NULL)
        return code == TAKT_ETIMEOUT ? 0 : code;
    takt_error_clear(err);
    return 0;
}

const struct scheduler schedulers[] = {
    {"fifo", "first come, first served", true, solve_fifo},
    {"edd", "earliest due date first", true, solve_edd},
    {"spt", "shortest time first", true, solve_spt},
    {"atcs", "apparent tardiness cost with set-ups, the best over a grid of its scales", true, solve_atcs},
    {"search", "annealing over critical moves, from the start schedule or atcs", false, search_solve},
    {"auto", "the best there is for the problem at hand", false, search_solve},
    {0},
};

const struct scheduler *scheduler_find(const char *name) {
    for (const struct scheduler *s = schedulers; s->name != NULL; s++)
        if (strcmp(s->name, name) == 0)
            return s;
    return NULL;
}

int solve(const char *scheduler, const struct problem *p, const struct schedule *start,
          const struct solve_limits *limits, solve_better_fn *on_better, void *arg, struct solve_result *ret,
          struct takt_error *err) {
    const struct scheduler *s = scheduler_find(scheduler);
    if (s == NULL)
        return takt_fail(err, TAKT_EINVAL, "there is no scheduler '%s'", scheduler);
    struct solve_result result = {0};
    if (!s->rule && limits->deadline == NULL && limits->iterations <= 0)
        return takt_fail(err, TAKT_EINVAL, "'%s' needs a deadline or a number of iterations", scheduler);
    int code = s->solve(p, start, limits, on_better, arg, &result, err);
    if (code != 0) {
        schedule_free(result.schedule);
        return code;
    }
    int64_t alone;
    solve_bound(p, &result.bound, &alone);
    *ret = result;
    return 0;
}
