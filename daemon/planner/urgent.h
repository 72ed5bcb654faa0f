/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Urgent lots: planned for the first time, with an order that weighs more than orders do on average.
 *
 * A repair puts what is new behind what is planned, and once published a place is held by what moving costs. So before
 * that an urgent lot is tried in front, on the lines that the repair chose for it, as early as it may begin; the others
 * go behind it. That plan is taken if it is the better one, moves not counted, and breaks no more promises.
 *
 * Threads: one owner. Cost: one more repair, where there is an urgent lot. */

#include "daemon/planner/plan_model.h"

/* `start`: what the repair was made from; `s`: the repaired plan, which may be replaced. */
void urgent_first(struct planner *p, const struct plan_model *m, const struct schedule *start, struct schedule **s,
                  int64_t now_s);
