/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How far the numbers of a problem can go: no schedule that its schedulers give ends after `range_horizon`, and no sum
 * of costs leaves int64_t up to there. */

#include "schedulers/model.h"

int32_t range_horizon(const struct problem *p);
/* TAKT_EOVERFLOW where a cost could become too large. */
int range_check(const struct problem *p, struct takt_error *err);
