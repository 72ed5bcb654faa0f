/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Problems and schedules as text: `takt.problem/1` (docs/scheduling.md), the flexible job shop text (.fjs) and the
 * standard job shop text. Nothing here opens a file.
 *
 * Errors: TAKT_EDATA or TAKT_EOVERFLOW with what is wrong and where; never a problem that differs from its text. */

#include "schedulers/schedule.h"

enum read_format { READ_AUTO, READ_TAKT, READ_FJSP, READ_JSP };

/* "auto", "takt", "fjsp", "jsp". */
bool read_format_find(const char *name, enum read_format *ret);
/* What a text seems to be: JSON is takt; of two or three numbers in its first line, three are fjsp; a file name that
 * ends in .fjs is fjsp. `name` may be NULL. */
enum read_format read_format_guess(const char *text, size_t size, const char *name);

int read_problem(const char *text, size_t size, enum read_format format, struct problem **ret, struct takt_error *err);
int read_takt(const char *text, size_t size, struct problem **ret, struct takt_error *err);
int read_shop(const char *text, size_t size, bool flexible, struct problem **ret, struct takt_error *err);
/* {"tasks": [{"job", "task", "line", "start", "end"}]}; tasks may be missing. */
int read_schedule(const char *text, size_t size, const struct problem *p, struct schedule **ret,
                  struct takt_error *err);
