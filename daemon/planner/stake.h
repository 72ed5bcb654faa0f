/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What is at stake when one plan takes the place of another: promises that the plan in force keeps and the new one does
 * not, and the other way round.
 *
 * A promise is kept when all lots of its order are ready in time to be packed by then, as busy as the packing lines
 * will be. Judged by dues, so a million orders cost no more than their lots.
 *
 * Threads: one owner. Cost: O(tasks + dues log dues), and as packing_forecast. */

#include "daemon/planner/plan_model.h"
#include "daemon/planner/state.h"

struct stake {
    int64_t broken, mended; /* orders, each with its weight */
};

/* Marks the dues of promises that are broken. The model must be of this moment: made since lots and dues last changed,
 * and the plan in force not touched since. */
struct stake stake_of(struct planner *p, const struct plan_model *m, const struct schedule *s, int64_t now_s);
