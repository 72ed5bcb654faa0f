/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Tasks that cannot be placed one by one: where an upper limit lies on the lag between two of them, the first may have
 * to wait for the second. A group holds tasks bound by such limits and all that lies on a way between them, so that
 * groups and single tasks together are a network without cycles. Fixed tasks are in no group. */

#include "schedulers/model.h"

/* Fills group, groups, group_offset and group_task (each list in topological order) of a problem laid out so far. */
void groups_build(struct problem *p);
