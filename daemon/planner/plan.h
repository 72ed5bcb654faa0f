/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The plan in the planner's own terms: where every task is, when every lot is ready, what that means for orders, and
 * what time alone does to it.
 *
 * Threads: one owner. Cost: applying and watching are linear in live lots; orders are looked at when their lots moved.
 */

#include "daemon/planner/plan_model.h"

/* Takes a schedule of a model over: tasks that moved are marked, lots become firm, orders of moved lots are touched. */
void plan_apply(struct planner *p, const struct plan_model *m, const struct schedule *s, int64_t now_s);

/* Time passes: lines with `reports: planned` go on, lots become firm, starts are missed, ends overrun. Sets next_s. */
void plan_watch(struct planner *p, int64_t now_s);

/* Works out what touched orders are to expect: made, packed, promised. */
void plan_settle(struct planner *p, int64_t now_s);
