/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Local time of a place, from the system's tz database (TZif files, RFC 8536, with the rule for the years after the last
 * transition). Does not use the process's own time zone, so several plants can be in one process.
 *
 * Threads: immutable once loaded. */

#include "base/error.h"
#include "base/time.h"

struct arena;
struct zone;

/* name: "Asia/Shanghai", "UTC". TAKT_ENOENT where there is none, with the nearest that exists in err. */
int zone_load(struct arena *arena, const char *name, const struct zone **ret, struct takt_error *err);

/* The local date and minute, with seconds within the minute, of a point in time. */
void zone_local(const struct zone *zone, int64_t time_s, int32_t *ret_day, int32_t *ret_second_of_day);

/* The point in time at which clocks show this local date and second (second_of_day may be 86400 and beyond: the next day).
 * A local time that occurs twice gives the first; one that does not exist gives the moment of the change. */
int64_t zone_time(const struct zone *zone, int32_t day, int32_t second_of_day);

/* Offset from UTC in seconds at that time, for showing times. */
int32_t zone_offset_s(const struct zone *zone, int64_t time_s);
