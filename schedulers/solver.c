/* SPDX-License-Identifier: Apache-2.0 */

/* The table of schedulers, and the rules among them. A rule's plan is that of its order. */

#include "schedulers/solver.h"

#include "schedulers/atcs.h"
#include "schedulers/dispatch.h"
#include "schedulers/search.h"

#include <string.h>

static int solve_rule(const struct problem *p, enum dispatch_rule rule, const struct solve_limits *limits,
                      struct solve_result *ret, struct takt_error *err) {
    struct dispatcher *d = NULL;
    int code = dispatcher_new(p, &d, err);
    if (code != 0)
        return code;
    struct takt_error why = {0};
    code = dispatcher_run(d, rule, (struct dispatch_scales){.k1 = 20, .k2 = 3}, limits, &why);
    if (code == 0) {
        ret->schedule = dispatcher_schedule(d);
        ret->moves = 1;
        schedule_evaluate(p, ret->schedule, &ret->figures);
    }
    dispatcher_free(d);
    return code == 0 || code == TAKT_ETIMEOUT ? 0 : takt_fail(err, code, "%s", why.text);
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

const struct scheduler schedulers[] = {
    {"fifo", "first come, first served", true, solve_fifo},
    {"edd", "earliest due date first", true, solve_edd},
    {"spt", "shortest time first", true, solve_spt},
    {"atcs", "apparent tardiness cost with set-ups, the best over a grid of its scales", true, atcs_solve},
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
