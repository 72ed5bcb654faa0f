/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The planner's state as the plain data of ask.h: what operators, terminals and figures see of it.
 *
 * Threads: one owner. Ownership: everything lies in the ask's arena. Cost: linear in the open tasks, but where said. */

#include "daemon/planner/ask.h"
#include "daemon/planner/lot.h"

struct planner;

void view_next(struct planner *p, int64_t now_s, struct ask *ask);
void view_status(struct planner *p, int64_t now_s, struct ask *ask);
void view_plan(struct planner *p, int64_t now_s, struct ask *ask);
void view_lots(struct planner *p, int64_t now_s, struct ask *ask);
void view_order(struct planner *p, int64_t now_s, struct ask *ask); /* linear in the order's lots */
void view_stock(struct planner *p, int64_t now_s, struct ask *ask);

/* One task and one lot; texts point into the planner but for those that are arrays. */
void view_fill_task(const struct planner *p, const struct lot *lot, size_t op, int64_t now_s, struct task_view *ret);
void view_fill_lot(const struct lot *lot, struct arena *arena, struct lot_view *ret);
