/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/repair.h"

#include "daemon/planner/placing.h"
#include "daemon/planner/plan.h"
#include "daemon/planner/stake.h"
#include "daemon/planner/state.h"
#include "daemon/planner/urgent.h"
#include "schedulers/solver.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MONTH_S = 30 * 86400, PARTINGS_MAX = 2, LOT_WORTH = 50 };

int64_t repair_window_s(const struct planner *p) {
    return (p->plant->planning.horizon_s + MONTH_S) * (p->window_factor > 0 ? p->window_factor : 1);
}

struct attempt {
    enum model_strictness strictness;
    int factor; /* of the window */
};

static int by_model_task(const void *a, const void *b) {
    const struct model_task *x = a, *y = b;
    if (x->lot != y->lot)
        return x->lot < y->lot ? -1 : 1;
    return (x->op > y->op) - (x->op < y->op);
}

/* A schedule of one model told in terms of another; tasks that only the new one has are where the plan has them. Tasks
 * of a model are sorted by lot and operation. */
static struct schedule *translate(const struct planner *p, const struct plan_model *to, const struct plan_model *from,
                                  const struct schedule *old) {
    struct schedule *s = plan_model_schedule(p, to);
    int64_t shift_s = from == NULL ? 0 : from->origin_s - to->origin_s;
    for (int32_t i = 0; from != NULL && i < to->task_count; i++) {
        const struct model_task *t =
            bsearch(&to->tasks[i], from->tasks, (size_t)from->task_count, sizeof *from->tasks, by_model_task);
        if (t == NULL || old->line[t - from->tasks] < 0)
            continue;
        s->line[i] = old->line[t - from->tasks];
        s->start[i] = (int32_t)(old->start[t - from->tasks] + shift_s);
        s->end[i] = (int32_t)(old->end[t - from->tasks] + shift_s);
    }
    return s;
}

static int attempt(struct planner *p, int64_t now_s, struct attempt a, const struct plan_model *from,
                   const struct schedule *old, struct plan_model **ret_model, struct schedule **ret_schedule,
                   struct takt_error *err) {
    struct plan_model *m = NULL;
    int code = plan_model_new(p, now_s, a.strictness, repair_window_s(p) * a.factor, &m, err);
    if (code < 0)
        return code;
    struct schedule *start = translate(p, m, from, old);
    code = solve_repair(m->problem, start, ret_schedule, err);
    if (code == 0 && from == NULL)
        urgent_first(p, m, start, ret_schedule, now_s);
    schedule_free(start);
    if (code < 0)
        plan_model_free(m);
    else
        *ret_model = m;
    return code;
}

int repair_solve(struct planner *p, int64_t now_s, const struct plan_model *from, const struct schedule *old,
                 struct plan_model **ret_model, struct schedule **ret_schedule, struct takt_error *err) {
    static const struct attempt ATTEMPTS[] = {
        {MODEL_STRICT, 1}, {MODEL_THAWED, 1}, {MODEL_THAWED, 4}, {MODEL_LOOSE, 4}, {MODEL_LOOSE, 32}};
    int code = TAKT_EINFEASIBLE;
    for (size_t i = 0; i < sizeof ATTEMPTS / sizeof *ATTEMPTS && code == TAKT_EINFEASIBLE; i++) {
        takt_error_clear(err);
        code = attempt(p, now_s, ATTEMPTS[i], from, old, ret_model, ret_schedule, err);
        if (code == 0 && ATTEMPTS[i].factor > 1 && p->window_factor < ATTEMPTS[i].factor)
            p->window_factor = ATTEMPTS[i].factor;
    }
    return code;
}

void repair_forget(struct planner *p) {
    quoter_free(p->quoter);
    plan_model_free(p->model);
    schedule_free(p->schedule);
    p->quoter = NULL;
    p->quoter_model = NULL;
    p->model = NULL;
    p->schedule = NULL;
}

void repair_take(struct planner *p, struct plan_model *m, struct schedule *s, int64_t objective, int64_t now_s) {
    if (p->check) {
        struct takt_error err = {0};
        if (schedule_verify(m->problem, s, &err) != 0) {
            fprintf(stderr, "planner: the plan breaks a rule: %s\n", err.text);
            abort();
        }
    }
    p->objective = objective / m->scale;
    p->bound = -1;
    plan_apply(p, m, s, now_s);
    repair_forget(p);
    p->model = m;
    p->schedule = s;
    p->next_s = now_s;
}

static int64_t promise_balance(struct planner *p, const struct plan_model *m, const struct schedule *s, int64_t now_s) {
    struct stake stake = stake_of(p, m, s, now_s);
    return stake.broken - stake.mended;
}

/* Where the repaired plan breaks promises, one made anew in the order of dues may break fewer. */
static void replan_by_dues(struct planner *p, const struct plan_model *m, struct schedule **s, int64_t now_s) {
    struct solve_result result = {0};
    struct solve_limits limits = {.iterations = 1};
    int64_t before = promise_balance(p, m, *s, now_s);
    if (before <= 0 || solve("edd", m->problem, NULL, &limits, NULL, NULL, &result, NULL) < 0)
        return;
    if (promise_balance(p, m, result.schedule, now_s) < before) {
        schedule_free(*s);
        *s = result.schedule;
    } else {
        schedule_free(result.schedule);
    }
}

/* What joined lots of orders that would be late is taken out of them again; if nothing did, what joined any lot and so
 * stands in their way, where that saves so many promises that more lots are worth it. False: nothing is taken out. */
static bool part_grown(struct planner *p, bool apart, int64_t now_s) {
    struct lots *l = &p->lots;
    size_t count = l->grown_count;
    uint64_t late = 0, grown = 0;
    bool own = false, any = false;
    for (size_t i = 0; i < p->dues.count; i++) {
        const struct due *d = p->dues.list[i];
        late += d->broken ? d->orders : 0;
        for (uint32_t k = 0; k < d->lot_count; k++)
            d->lots[k]->blamed = d->lots[k]->blamed || d->broken;
    }
    for (size_t i = 0; i < count; i++) {
        grown += l->grown[i]->joined > 0;
        own = own || (l->grown[i]->joined > 0 && l->grown[i]->blamed);
    }
    for (size_t i = 0; i < count; i++) {
        if (l->grown[i]->joined == 0 || ((own || late < grown * LOT_WORTH) && !l->grown[i]->blamed))
            continue;
        placing_part(p, l->grown[i], apart, now_s);
        any = true;
    }
    for (size_t i = 0; i < l->live_count; i++)
        l->live[i]->blamed = false;
    return any;
}

/* A lot grows only as far as the promises of those in it allow: what is too much goes to the youngest lot of its group,
 * and if that will not do, into one of its own. */
static int solve_within_promises(struct planner *p, int64_t now_s, struct plan_model **ret_model,
                                 struct schedule **ret_schedule, struct takt_error *err) {
    for (int round = 0;; round++) {
        int code = repair_solve(p, now_s, NULL, NULL, ret_model, ret_schedule, err);
        if (code < 0)
            return code;
        replan_by_dues(p, *ret_model, ret_schedule, now_s);
        if (p->lots.grown_count == 0 || round == PARTINGS_MAX ||
            stake_of(p, *ret_model, *ret_schedule, now_s).broken == 0 ||
            !part_grown(p, round + 1 == PARTINGS_MAX, now_s))
            return 0;
        plan_model_free(*ret_model);
        schedule_free(*ret_schedule);
        *ret_model = NULL;
        *ret_schedule = NULL;
    }
}

void repair_run(struct planner *p, int64_t now_s) {
    struct plan_model *m = NULL;
    struct schedule *s = NULL;
    struct takt_error err = {0};
    struct figures figures;
    p->basis++;
    p->repairs++;
    int code = solve_within_promises(p, now_s, &m, &s, &err);
    placing_planned(p);
    p->wants = false;
    p->infeasible = code < 0;
    p->trouble[0] = '\0';
    if (code < 0)
        snprintf(p->trouble, sizeof p->trouble,
                 "%.300s; the plan of before stands: give its lines more hours, or smaller lots, "
                 "or cancel orders",
                 err.text);
    if (code < 0)
        return;
    schedule_evaluate(m->problem, s, &figures);
    repair_take(p, m, s, figures.objective, now_s);
    if (!p->unsettled) {
        p->unsettled = true;
        p->unsettled_s = now_s;
    }
}
