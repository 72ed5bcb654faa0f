/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Repair: the old plan with what changed fitted in, at once and with as few moves as can be.
 *
 * Gather (the state as a model), repair (the solver library), take over (plan_apply). If a strict model has no answer,
 * what is frozen may thaw, then calendars are read further ahead, then what is physically past is given up; if there is
 * still none, the old plan stands and says so.
 *
 * Threads: one owner. Cost: as solve_repair. */

#include "daemon/planner/plan_model.h"

void repair_run(struct planner *p, int64_t now_s);

/* A model that has an answer, and that answer, made from where `old` has its tasks (NULL: the plan). */
int repair_solve(struct planner *p, int64_t now_s, const struct plan_model *from, const struct schedule *old,
                 struct plan_model **ret_model, struct schedule **ret_schedule, struct takt_error *err);

/* Takes over and keeps model and schedule for questions; takes them. objective: of that schedule. */
void repair_take(struct planner *p, struct plan_model *m, struct schedule *s, int64_t objective, int64_t now_s);
/* The model and what hangs on it go: another plant. */
void repair_forget(struct planner *p);
/* How far calendars are read at first. */
int64_t repair_window_s(const struct planner *p);
