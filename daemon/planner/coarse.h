/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Work beyond `planning.horizon`: which lots are planned in detail, and when the others will be ready, roughly.
 *
 * Lots are taken in the order of their dues while the lines that they need have open time left within the horizon; what
 * is firm is always taken, and what was planned in detail before is not given up for a little. A lot beyond that is
 * ready when its lines have worked through all that comes before it, at the pace of the horizon. Such an estimate
 * stands until it is off by a day and a twentieth of the time until then, so that a distant promise does not shiver.
 *
 * Threads: one owner. Cost: O(lots log lots). */

#include "daemon/planner/lot.h"

/* Sets `coarse` and, for those, ready_s of the live lots. Their due_s must be known. Sets when to divide again: as time
 * passes the horizon takes more in, even if nothing else happens. */
void coarse_divide(struct planner *p, int64_t now_s);
