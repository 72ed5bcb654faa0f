/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What it costs at least that orders wait for each other at lines, beyond what each of them costs alone: for lateness
 * and flow. Changeovers, closed hours, pools and other lines are left out of account, so it is a lower bound, and low
 * where these are what binds.
 *
 * Threads: reentrant. Cost: O(n log n) for each group of lines, and a few times that. */

#include "schedulers/model.h"

struct queue_facts {     /* of everything alone in the plant */
    const int32_t *head; /* by task: its earliest start */
    const int32_t *time; /* by task: the shortest of its times */
    const int32_t *tail; /* by task: least ticks from its end to its job's */
    const int32_t *done; /* by due: the earliest that it can be complete */
};

int64_t queue_bound(const struct problem *p, const struct queue_facts *facts);
