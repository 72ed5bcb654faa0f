/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* When would it be packed? Against the plan as it stands, without booking anything.
 *
 * What surplus there is counts as made; units that fit into a lot that still grows are ready with it; the rest is asked
 * of the solver library as lots of their own, which begin when material and company allow it.
 *
 * Threads: one owner. Cost: preparing a plan O(n log n) once after each repair; a scan of gaps an item. */

#include "daemon/planner/ask.h"

void quote_answer(struct planner *p, int64_t now_s, struct ask *ask);
