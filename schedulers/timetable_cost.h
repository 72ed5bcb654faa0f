/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The objective of a timetable in which everything is placed, taken from the runs that it holds in order of time: the
 * same as schedule_evaluate finds from the tasks alone, without sorting. Cost: O(n). */

#include "schedulers/timetable.h"

/* job_end: by job, filled with when each is complete. */
int64_t timetable_cost(const struct timetable *t, int32_t *job_end);
