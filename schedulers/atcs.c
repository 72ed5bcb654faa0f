/* SPDX-License-Identifier: Apache-2.0 */

/* Which scales are best differs from plan to plan, by 10 to 40 % of the objective. A few points far apart come first,
 * then the neighbours of the best so far, one scale changed at a time, until none of them is better or there have been
 * enough. */

#include "schedulers/atcs.h"

#include "schedulers/dispatch.h"
#include "schedulers/model.h"

#include <stdlib.h>

enum { LARGE = 20000, POINTS_LARGE = 4, POINTS_MAX = 12, SCALES = 13, FILLS = 3, BIASES = 5 };

/* Scales in tenths, each a little more than 1.5 times the one before it. */
static const int32_t scale[SCALES] = {1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 70, 110, 170};
static const int32_t fill[FILLS] = {0, 70, 100};
static const struct { int32_t own, pooled; } bias[BIASES] = {{0, 0}, {1, 1}, {2, 2}, {2, 6}, {0, 4}};

struct point {
    int8_t k1, k2, fill, bias; /* places in the tables above */
};

static const struct point spread[] = {{8, 4, 0, 0},  {6, 5, 0, 2}, {7, 2, 0, 2},
                                      {10, 4, 1, 1}, {8, 2, 2, 4}, {5, 0, 0, 1}};
static const struct point step[] = {{1, 0, 0, 0},  {0, 1, 0, 0},  {0, 0, 0, 1}, {-1, 0, 0, 0},
                                    {0, -1, 0, 0}, {0, 0, 0, -1}, {0, 0, 1, 0}, {0, 0, -1, 0}};

enum { SPREAD = sizeof spread / sizeof *spread, STEPS = sizeof step / sizeof *step };

struct climbing {
    const struct problem *p;
    struct dispatcher *d;
    const struct solve_limits *limits;
    solve_better_fn *on_better;
    void *arg;
    struct solve_result *ret;
    struct takt_error why; /* of the first point that found no plan */
    struct point best;
    int32_t points, tried;
    uint8_t seen[SCALES][SCALES][FILLS][BIASES];
};

static void keep(struct climbing *c, struct point at) {
    schedule_free(c->ret->schedule);
    c->ret->schedule = dispatcher_schedule(c->d);
    schedule_evaluate(c->p, c->ret->schedule, &c->ret->figures);
    c->best = at;
    if (c->on_better != NULL)
        c->on_better(c->arg, c->ret->schedule, &c->ret->figures);
}

/* TAKT_ETIMEOUT: it is over. ret_better: the point is the best so far. */
static int try_point(struct climbing *c, struct point at, bool *ret_better) {
    static const struct solve_limits none = {0};
    bool at_any_rate = c->tried == 0 && c->p->tasks <= LARGE; /* a first plan is worth its few milliseconds */
    struct dispatch_scales s = {scale[at.k1], scale[at.k2], fill[at.fill], bias[at.bias].own, bias[at.bias].pooled, 0};
    *ret_better = false;
    c->seen[at.k1][at.k2][at.fill][at.bias] = 1;
    int code = dispatcher_run(c->d, DISPATCH_ATCS, s, at_any_rate ? &none : c->limits, &c->why);
    if (code == TAKT_ETIMEOUT)
        return code;
    c->tried++;
    *ret_better = code == 0 && (c->ret->schedule == NULL || dispatcher_cost(c->d) < c->ret->figures.objective);
    if (*ret_better)
        keep(c, at);
    return 0;
}

/* The point beside the best in direction k; false: it is off the tables or was tried. */
static bool beside(const struct climbing *c, int32_t k, struct point *ret) {
    int32_t k1 = c->best.k1 + step[k].k1, k2 = c->best.k2 + step[k].k2, f = c->best.fill + step[k].fill;
    int32_t b = c->best.bias + step[k].bias;
    if (k1 < 0 || k1 >= SCALES || k2 < 0 || k2 >= SCALES || f < 0 || f >= FILLS || b < 0 || b >= BIASES)
        return false;
    if (c->seen[k1][k2][f][b] || (step[k].fill != 0 && !dispatcher_has_runs(c->d)))
        return false;
    *ret = (struct point){(int8_t)k1, (int8_t)k2, (int8_t)f, (int8_t)b};
    return true;
}

static int climb(struct climbing *c) {
    bool better;
    int code = 0;
    for (int32_t k = 0; k < SPREAD && code == 0 && (c->tried < c->points || c->ret->schedule == NULL); k++)
        code = try_point(c, spread[k], &better);
    int32_t failed = 0; /* directions in a row that did not help */
    for (int32_t k = 0; code == 0 && c->ret->schedule != NULL && c->tried < c->points && failed < STEPS; failed++) {
        struct point at;
        better = false;
        if (beside(c, k, &at))
            code = try_point(c, at, &better);
        if (better)
            failed = -1; /* the same way again */
        else
            k = (k + 1) % STEPS;
    }
    return code;
}

int atcs_solve(const struct problem *p, const struct schedule *start, const struct solve_limits *limits,
               solve_better_fn *on_better, void *arg, struct solve_result *ret, struct takt_error *err) {
    (void)start;
    struct climbing c = {.p = p, .limits = limits, .on_better = on_better, .arg = arg, .ret = ret};
    c.points = p->tasks > LARGE ? POINTS_LARGE : POINTS_MAX;
    if (limits->iterations > 0 && limits->iterations < c.points)
        c.points = (int32_t)limits->iterations;
    int code = dispatcher_new(p, &c.d, err);
    if (code != 0)
        return code;
    code = climb(&c);
    ret->moves = c.tried;
    dispatcher_free(c.d);
    if (ret->schedule == NULL && code != TAKT_ETIMEOUT)
        return takt_fail(err, c.why.code, "%s", c.why.text);
    return 0;
}
