/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The two clocks.
 *
 * Plant time is anchor + speed × elapsed: at speed 1 without --start it is wall time itself. The anchor is kept in the store
 * (STORE_CLOCK), so a restart goes on along the same line; time the daemon was down has passed for the plant too. Real time
 * is monotonic: leases, heartbeats, back-off, rates, deadlines.
 *
 * Threads: set once before the actors start, then read by all. */

#include <stdbool.h>
#include <stdint.h>

enum { CLOCK_SPEED_MAX = 100000 }; /* a day in less than a second */

struct clock {
    int64_t plant_s;      /* anchor */
    int64_t wall_ms;      /* CLOCK_REALTIME at the anchor */
    int64_t speed_milli;  /* plant seconds a wall second, in thousandths; 1000 */
};

/* The clock to run by. before: what was kept from the last time, NULL for an empty store; start_s: TAKT_TIME_NONE if not
 * given, and not looked at if there was a clock before. Plant time never jumps: another speed turns the line from now on.
 * true: it is another clock than before, to be kept. */
bool clock_begin(const struct clock *before, int64_t start_s, int64_t speed_milli, int64_t wall_ms, struct clock *ret);

int64_t clock_at(const struct clock *clock, int64_t wall_ms);  /* plant time then */
int64_t clock_plant_s(const struct clock *clock);              /* now */
int64_t clock_mono_ms(void);
int64_t clock_wall_ms(void);
/* Real milliseconds from now until that plant time, 0 if it has passed, at most one day. */
int64_t clock_until_ms(const struct clock *clock, int64_t plant_s);
