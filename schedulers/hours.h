/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Opening hours: when a line works, or a task can (its line and all its pools at once), and arithmetic in open ticks.
 *
 * Spans are ascending, disjoint and merged where they adjoin. `before[k]` is the number of open ticks before span k,
 * and before[count] that of all. What lies beyond the last span is closed for good: HOURS_NEVER. Every tick returned
 * other than HOURS_NEVER is below PROBLEM_TICK_MAX.
 *
 * Threads: immutable. Cost: O(1) where it never closes; else a look into a table of twice as many steps of time as
 * there are spans, and a search among the spans that begin in one step: mostly one or none, and never more than O(log
 * spans). */

#include "schedulers/problem.h"

struct arena;

struct hours {
    int32_t count; /* HOURS_ALWAYS: it never closes */
    const int32_t *from, *to, *before;
    const int32_t *last_begun; /* by step of 2^shift ticks since from[0]: the last span begun when the step begins */
    int32_t shift, steps;
};

enum { HOURS_ALWAYS = -1 };
#define HOURS_NEVER INT32_MAX

/* spans NULL: always. They must be ascending and disjoint, and may adjoin. */
void hours_init(struct hours *h, const struct problem_span *spans, size_t count, struct arena *arena);
/* What lies in both. */
void hours_meet(struct hours *ret, const struct hours *a, const struct hours *b, struct arena *arena);
bool hours_equal(const struct hours *a, const struct hours *b);

/* The span that holds t or is the last to begin before it; -1: there is none. */
int32_t hours_span_at(const struct hours *h, int32_t t);
int32_t hours_open_before(const struct hours *h, int32_t t);             /* open ticks before t */
int32_t hours_open_between(const struct hours *h, int32_t a, int32_t b); /* a <= b */
int32_t hours_next_slow(const struct hours *h, int32_t t);
int32_t hours_passed_slow(const struct hours *h, int32_t t, int32_t ticks);
int32_t hours_tick(const struct hours *h, int64_t open_ticks);
int32_t hours_next_whole(const struct hours *h, int32_t t, int32_t ticks);

/* The first open tick that is not before t. */
static inline int32_t hours_next(const struct hours *h, int32_t t) {
    return h->count == HOURS_ALWAYS ? t : hours_next_slow(h, t);
}

/* The first tick at which so many open ticks have passed since t. */
static inline int32_t hours_passed(const struct hours *h, int32_t t, int32_t ticks) {
    if (ticks == 0)
        return t;
    if (h->count == HOURS_ALWAYS) {
        int64_t end = (int64_t)t + ticks;
        return end < PROBLEM_TICK_MAX ? (int32_t)end : HOURS_NEVER;
    }
    return hours_passed_slow(h, t, ticks);
}

/* The first tick not before t from which a task of so many open ticks can start, whole or in parts. */
static inline int32_t hours_start(const struct hours *h, int32_t t, int32_t ticks, bool breakable) {
    if (h->count == HOURS_ALWAYS || ticks == 0)
        return t;
    return breakable ? hours_next_slow(h, t) : hours_next_whole(h, t, ticks);
}
