/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Material for lots: who gets what there is, and when the rest of it comes.
 *
 * Lots that are not started get it in the order of their dues, firm ones first: from what is on hand, then from
 * receipts as they come, then from what can be had `lead_time` after it was first found missing; never, where there is
 * no lead time. A receipt that is overdue counts as being there: the floor finds out, and its next report is the truth.
 *
 * Threads: one owner. Cost: O(lots log lots). */

#include "daemon/planner/lot.h"

/* Sets material_s and material of every live lot, and reserved_milli of materials. */
void material_allocate(struct planner *p, int64_t now_s);
/* The lot's first task has started: takes what it needs off what is on hand. */
void material_consume(struct planner *p, const struct lot *lot, int64_t now_s);
