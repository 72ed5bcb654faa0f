/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Points in time, dates and durations as text.
 *
 * Plant time is a count of seconds since 1970-01-01T00:00:00Z in an int64_t whose name ends in `_s`; leap seconds do not
 * exist. A date is a count of days since 1970-01-01 in an int32_t whose name ends in `_day`; it means nothing without a
 * time zone (config/zone.h). Everything read here lies between the years 1970 and 2399.
 *
 * Errors: parsers return false and leave the output alone. Threads: no state. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAKT_TIME_NONE INT64_MIN /* no such point in time */
#define TAKT_TIME_NEVER INT64_MAX
#define TAKT_DAY_NONE INT32_MIN

#define TAKT_TIME_MAX_S INT64_C(13569465599) /* 2399-12-31T23:59:59Z */

enum { TIME_TEXT_SIZE = 32, DAY_TEXT_SIZE = 16, DURATION_TEXT_SIZE = 64 };

/* Proleptic Gregorian calendar; month 1–12, day 1–31. */
int32_t day_from_civil(int year, int month, int day);
void civil_from_day(int32_t day, int *ret_year, int *ret_month, int *ret_mday);
/* 0 is Monday. */
int day_of_week(int32_t day);

/* RFC 3339 with any offset, a fraction is cut off: 2026-11-22T03:11:00Z. */
bool time_parse_rfc3339(const char *text, int64_t *ret_s);
/* "2026-11-22T03:11:00Z"; buffer of TIME_TEXT_SIZE; returns it. TAKT_TIME_NONE gives "". */
const char *time_format(int64_t time_s, char *buffer);

/* A date that exists: 2026-11-22. */
bool day_parse(const char *text, int32_t *ret_day);
const char *day_format(int32_t day, char *buffer);

/* ISO 8601 duration of weeks, days, hours, minutes and seconds, whole numbers: P1W, P2DT4H, PT30M. At most 10 years. */
bool duration_parse_iso(const char *text, int64_t *ret_s);
/* For people: "2 d 4 h", "35 min", "12 s": the two largest units. */
const char *duration_format(int64_t duration_s, char *buffer);
