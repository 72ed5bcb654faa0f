/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The minutes of an ordinary week, without holidays and changes of the clock: enough to see what would never work.
 *
 * Threads: no state. */

#include "config/plant.h"

enum { WEEK_MINUTES = 7 * 24 * 60, WEEK_WORDS = (WEEK_MINUTES + 63) / 64 };

struct week {
    uint64_t open[WEEK_WORDS];
};

void week_of(const struct plant_calendar *calendar, struct week *ret);
void week_meet(struct week *week, const struct week *other); /* open where both are */
int week_minutes(const struct week *week);

/* The longest interval, which may pass from Sunday to Monday; WEEK_MINUTES: always open. */
int week_longest(const struct week *week);
