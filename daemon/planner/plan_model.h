/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The planner's state as a problem of the solver library, with the way back.
 *
 * A tick is a second, tick 0 is `origin_s`, the moment of planning. A lot that is not done is a job, its unfinished
 * operations are tasks. What has started is fixed where it is (one that overruns, until a moment from now); so is what
 * is frozen, where that is still possible. Dues are the planner's dues, twice where lateness counts twice.
 *
 * The objective is in parts of the plant's: `scale` of them are one unit of planning.objective.
 *
 * Threads: a model is self-contained and may be carried elsewhere, but for `lots`. Cost: linear in tasks and dues. */

#include "daemon/planner/lot.h"
#include "schedulers/schedule.h"

enum model_strictness {
    MODEL_STRICT, /* frozen tasks stay, upper limits of rests after what runs are kept */
    MODEL_THAWED, /* frozen tasks that nobody has started may move */
    MODEL_LOOSE,  /* and upper limits of rests that run already may be passed */
    MODEL_STRICTNESSES
};

struct model_task {
    uint32_t lot; /* number */
    uint16_t op;
};

struct plan_model {
    struct problem *problem;
    int64_t origin_s;
    int64_t scale;
    int64_t move_cost; /* of one move, in the objective */
    struct model_task *tasks;
    int32_t task_count;
    int32_t *family; /* the planner's numbers of families → the problem's; -1: it has none */
    size_t family_count;
};

/* Lots that cannot be made (no material ever) are left out, with job -1. window_s: how far calendars go. */
int plan_model_new(struct planner *p, int64_t now_s, enum model_strictness strictness, int64_t window_s,
                   struct plan_model **ret, struct takt_error *err);
void plan_model_free(struct plan_model *m); /* NULL is fine */

/* The plan as a schedule of this model: where its tasks are now. */
struct schedule *plan_model_schedule(const struct planner *p, const struct plan_model *m);
