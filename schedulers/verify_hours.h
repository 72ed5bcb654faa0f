/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Opening hours as schedule_verify understands them: written apart from hours.h, so that one mistake is not made twice.
 *
 * A clock is the open time of a line and some pools at once. Ownership: clocks live in the arena they are made in. */

#include "schedulers/model.h"

struct verify_clock {
    bool always;
    int32_t count;
    struct problem_span *spans;
};

/* What is open where all of these are; hours are numbers in the problem. */
struct verify_clock *verify_clock_new(const struct problem *p, const int32_t *hours, size_t count, struct arena *arena);
/* Open ticks in [from, to). */
int64_t verify_open_ticks(const struct verify_clock *c, int32_t from, int32_t to);
bool verify_is_open(const struct verify_clock *c, int32_t t);
/* The first tick at which so many open ticks have passed since t; INT64_MAX: never. */
int64_t verify_passed(const struct verify_clock *c, int32_t t, int64_t ticks);
/* The number of the first span that ends after t. */
int32_t verify_span_after(const struct verify_clock *c, int32_t t);
