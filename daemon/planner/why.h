/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Why an order is packed when it is: the chain that binds it, backwards from its packing, as data and in sentences.
 *
 * Threads: one owner. Cost: as solve_explain. */

#include "daemon/planner/ask.h"

void why_answer(struct planner *p, int64_t now_s, struct ask *ask);
