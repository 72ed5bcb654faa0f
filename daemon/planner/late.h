/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Orders that need a look: late against promise or wish in the plan as it is, or nearly so. Threads: one owner. */

#include "daemon/planner/ask.h"

void late_answer(const struct planner *p, struct ask *ask);
