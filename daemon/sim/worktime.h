/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* When the plant works, for the world outside of the planner: lines alone, lines together with the pools of an operation, and
 * packing lines, as their calendars say, without downtimes. Arithmetic in open seconds.
 *
 * Covers from a day before `origin_s` to WORKTIME_YEARS after it; what would be later is TAKT_TIME_NEVER.
 * Threads: immutable once made. Ownership: it takes a reference of the plant. Cost: O(log shifts) a question. */

#include "config/plant.h"
#include "schedulers/hours.h"

enum { WORKTIME_YEARS = 12 };

struct worktime;

struct worktime *worktime_new(struct plant *plant, int64_t origin_s);
void worktime_free(struct worktime *w); /* NULL is fine */

const struct hours *worktime_line(const struct worktime *w, int32_t line);
/* The line and all pools of the operation at once; `choice` is the place in op->lines. */
const struct hours *worktime_op(const struct worktime *w, int32_t product, size_t op, size_t choice);
const struct hours *worktime_packing(const struct worktime *w, size_t packing);

/* The first open second at or after a time. */
int64_t worktime_next_s(const struct worktime *w, const struct hours *h, int64_t from_s);
/* The first second at which work of `work_s` could start: in one piece if it is not breakable. */
int64_t worktime_start_s(const struct worktime *w, const struct hours *h, int64_t from_s, int64_t work_s, bool breakable);
/* When so many open seconds have passed. */
int64_t worktime_passed_s(const struct worktime *w, const struct hours *h, int64_t from_s, int64_t work_s);
int64_t worktime_between_s(const struct worktime *w, const struct hours *h, int64_t from_s, int64_t to_s);
bool worktime_is_open(const struct worktime *w, const struct hours *h, int64_t at_s);
