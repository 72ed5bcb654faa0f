/* SPDX-License-Identifier: Apache-2.0 */

/* Search: a model that is carried to another thread, and what comes back of it.
 *
 * The world may have changed meanwhile. Then the result is told in terms of a model of the moment, where what it does
 * not know stands as planned, and repaired; it is taken if it is better than the plan as it stands, repaired likewise.
 * A rule's plan is what the operator asked for and is taken whatever it costs; but neither is taken if it breaks more
 * promises than it mends. */

#include "daemon/planner/plan.h"
#include "daemon/planner/promise.h"
#include "daemon/planner/repair.h"
#include "daemon/planner/stake.h"
#include "daemon/planner/state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void settled(struct planner *p, int64_t now_s) {
    p->unsettled = false;
    promise_flush(p, now_s);
}

struct search_job *planner_search(struct planner *p, int64_t now_s) {
    struct plan_model *m = NULL;
    lots_sweep(&p->lots);
    if (p->searched == p->basis + 1 || p->wants || p->infeasible || p->lots.live_count == 0) {
        if (!p->wants && p->unsettled && p->searched != p->basis + 1)
            settled(p, now_s);
        return NULL;
    }
    p->searched = p->basis + 1;
    if (plan_model_new(p, now_s, MODEL_STRICT, repair_window_s(p), &m, NULL) < 0)
        return NULL;
    struct search_job *job = takt_alloc(sizeof *job);
    const struct plant_planning *planning = &p->plant->planning;
    *job = (struct search_job){
        .problem = m->problem,
        .start = plan_model_schedule(p, m),
        .scheduler = scheduler_find(planner_scheduler(p))->name,
        .limits = {.iterations = p->effort, .threads = planning->threads, .lanes = planning->threads, .seed = p->seed},
        .plant = plant_ref(p->plant),
        .basis = p->basis,
        .map = m};
    return job;
}

void search_job_run(struct search_job *job) {
    const struct schedule *start = scheduler_find(job->scheduler)->rule ? NULL : job->start;
    job->code = solve(job->scheduler, job->problem, start, &job->limits, NULL, NULL, &job->result, &job->err);
}

void search_job_free(struct search_job *job) {
    if (job == NULL)
        return;
    schedule_free(job->start);
    schedule_free(job->result.schedule);
    plan_model_free(job->map); /* with the problem */
    plant_unref(job->plant);
    free(job);
}

/* The plan itself, as a candidate of the same model; not complete: it does not compete. */
static int64_t objective_of_plan(const struct planner *p, const struct plan_model *m) {
    struct schedule *now = plan_model_schedule(p, m);
    struct figures f = {.objective = INT64_MAX};
    if (schedule_verify(m->problem, now, NULL) == 0)
        schedule_evaluate(m->problem, now, &f);
    schedule_free(now);
    return f.objective;
}

/* The result on a model of the moment. */
static int fit(struct planner *p, struct search_job *job, int64_t now_s, struct plan_model **ret_model,
               struct schedule **ret_schedule) {
    struct plan_model *m = job->map;
    struct takt_error err = {0};
    if (job->basis == p->basis && m->origin_s == now_s) {
        *ret_model = m;
        *ret_schedule = job->result.schedule;
        job->map = NULL;
        job->problem = NULL;
        job->result.schedule = NULL;
        return 0;
    }
    return repair_solve(p, now_s, m, job->result.schedule, ret_model, ret_schedule, &err);
}

static bool take_if_better(struct planner *p, struct search_job *job, int64_t now_s) {
    struct plan_model *m = NULL;
    struct schedule *s = NULL;
    struct figures f;
    int64_t bound = job->result.bound;
    if (fit(p, job, now_s, &m, &s) < 0)
        return false;
    schedule_evaluate(m->problem, s, &f);
    struct stake stake = stake_of(p, m, s, now_s);
    if (stake.broken > stake.mended ||
        (!scheduler_find(job->scheduler)->rule && f.objective >= objective_of_plan(p, m))) {
        schedule_free(s);
        plan_model_free(m);
        return false;
    }
    int64_t scale = m->scale;
    repair_take(p, m, s, f.objective, now_s);
    p->bound = bound > 0 ? bound / scale : 0;
    return true;
}

void planner_searched(struct planner *p, struct search_job *job, int64_t now_s, bool *ret_improved) {
    bool improved = false;
    if (job->code == 0 && job->result.schedule != NULL && job->plant == p->plant)
        improved = take_if_better(p, job, now_s);
    if (improved)
        plan_settle(p, now_s);
    settled(p, now_s);
    search_job_free(job);
    if (ret_improved != NULL)
        *ret_improved = improved;
}
