/* SPDX-License-Identifier: Apache-2.0 */
#include "config/week.h"

enum { DAY_MIN = 24 * 60 };

static void open_minutes(struct week *week, int from, int to) {
    for (int m = from; m < to; m++) {
        int k = m % WEEK_MINUTES;
        week->open[k / 64] |= UINT64_C(1) << k % 64;
    }
}

static bool is_open(const struct week *week, int minute) {
    return (week->open[minute / 64] >> minute % 64 & 1) != 0;
}

void week_of(const struct plant_calendar *calendar, struct week *ret) {
    *ret = (struct week){{0}};
    if (calendar->always)
        open_minutes(ret, 0, WEEK_MINUTES);
    for (size_t k = 0; k < calendar->weekly_count; k++) {
        const struct plant_shift *s = &calendar->weekly[k];
        for (int day = 0; day < 7; day++)
            if ((s->days & 1u << day) != 0)
                open_minutes(ret, day * DAY_MIN + s->from_min, day * DAY_MIN + s->to_min);
    }
}

void week_meet(struct week *week, const struct week *other) {
    for (int k = 0; k < WEEK_WORDS; k++)
        week->open[k] &= other->open[k];
}

int week_minutes(const struct week *week) {
    int minutes = 0;
    for (int k = 0; k < WEEK_WORDS; k++)
        minutes += __builtin_popcountll(week->open[k]);
    return minutes;
}

int week_longest(const struct week *week) {
    int longest = 0, run = 0;
    for (int m = 0; m < 2 * WEEK_MINUTES; m++) { /* twice around, so that a run over the end is seen whole */
        run = is_open(week, m % WEEK_MINUTES) ? run + 1 : 0;
        if (run > longest)
            longest = run;
    }
    return longest < WEEK_MINUTES ? longest : WEEK_MINUTES;
}
