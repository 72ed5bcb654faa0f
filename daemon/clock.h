/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The two clocks.
 *
 * Plant time is anchor + speed × elapsed: at speed 1 without --start it is wall time itself. The anchor is kept in the store
 * (STORE_CLOCK), so a restart goes on along the same line; time the daemon was down has passed for the plant too. Real time
 * is monotonic: leases, heartbeats, back-off, rates, deadlines.
 *
 * Threads: set once before the actors start, then read by all. */

#include <stdint.h>

struct clock {
    int64_t plant_s;      /* anchor */
    int64_t wall_ms;      /* CLOCK_REALTIME at the anchor */
    int64_t speed_milli;  /* plant seconds a wall second, in thousandths; 1000 */
};

int64_t clock_plant_s(const struct clock *clock);              /* now */
int64_t clock_mono_ms(void);
int64_t clock_wall_ms(void);
/* Real milliseconds from now until that plant time, 0 if it has passed, at most one day. */
int64_t clock_until_ms(const struct clock *clock, int64_t plant_s);
