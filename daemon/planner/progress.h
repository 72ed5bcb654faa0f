/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What happens to tasks: started, counted, finished, scrapped; whoever says so (a report, or the plan on lines with
 * `reports: planned`) has seen to it that it can be.
 *
 *   PLANNED ──start──▶ STARTED ──finish──▶ FINISHED; the last one finished ends the lot
 *
 * Threads: one owner. Cost: O(operations + units' slices of the lot). */

#include "daemon/planner/lot.h"
#include "daemon/planner/report.h"

void progress_start(struct planner *p, struct lot *lot, size_t op, int32_t line, int64_t at_s, int64_t now_s);
/* good: in all so far. */
void progress_good(struct planner *p, struct lot *lot, size_t op, uint32_t good, int64_t at_s, int64_t now_s);
/* scrap: more units lost, `units` some of them by name. Also of a finished task. */
void progress_scrap(struct planner *p, struct lot *lot, size_t op, uint32_t scrap, const struct report_unit *units,
                    size_t unit_count);
void progress_finish(struct planner *p, struct lot *lot, size_t op, uint32_t good, int64_t at_s);
/* Units that there are for an operation: what it was planned for, or more if the one before it yields more. */
uint32_t progress_there(const struct lot *lot, size_t op);
/* Good units that an operation leaves if all goes as the yields say. */
uint32_t progress_expected(const struct planner *p, const struct lot *lot, size_t op);
/* Units left the lot: their number suffices no more for its tasks, or nothing of it is wanted. */
void progress_settle(struct planner *p, struct lot *lot);
