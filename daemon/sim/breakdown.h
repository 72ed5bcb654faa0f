/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* When lines are out of use in a simulated life: the downtimes that the plant's file announces, and breakdowns, so many a week
 * over the whole plant, by seed. A line breaks down while it works: one drawn for a closed hour comes when the line opens next.
 *
 * Threads: one owner. Ownership: the plant and the worktime must outlive it. Cost: a week is drawn at a time. */

#include "daemon/sim/worktime.h"

struct breakdown {
    int32_t line;
    int64_t from_s, to_s;
    int64_t guess_s;         /* when those who stand before it think it will be over */
    bool announced;          /* by the plant's file: nobody reports it */
    const char *reason;
};

struct breakdowns;

struct breakdowns *breakdowns_new(const struct plant *plant, const struct worktime *worktime, uint64_t seed, int64_t a_week,
                                  int64_t origin_s);
void breakdowns_free(struct breakdowns *b); /* NULL is fine */

/* The next one that has not been taken, by time; NULL: there will be none. */
const struct breakdown *breakdowns_next(struct breakdowns *b);
void breakdowns_take(struct breakdowns *b);
