/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Puts a task, or all of its group, where it ends first.
 *
 * All that a task or its group succeeds must be placed. In a group, a task that would start too long after its
 * predecessor makes that one end later, and the group is placed anew, until all limits hold.
 *
 * Ownership: placer_init and placer_done; the timetable stays the caller's. */

#include "schedulers/timetable.h"

struct placer {
    struct timetable *t;
    const int32_t *floor;     /* by task: no earlier start; NULL: none */
    const int32_t *keep_line; /* by task: on no other line, -1: on any; NULL: all on any */
    int32_t *end_min;         /* by task, of groups under way */
};

void placer_init(struct placer *pl, struct timetable *t);
void placer_done(struct placer *pl);

/* `option` -1: any; else `task` itself takes this one. False: there is no place, and nothing has changed. */
bool placer_put(struct placer *pl, int32_t task, int32_t option);
/* TAKT_EINFEASIBLE with the reason, as far as it can be told, why placer_put found no place. */
int placer_fail(const struct placer *pl, int32_t task, struct takt_error *err);

/* By task: the latest tick by which fixed tasks want it to be done or begun; INT32_MAX: they do not. The caller frees
 * it. */
int32_t *placer_limits(const struct problem *p);
