/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A point in time as people of the plant say it: `Mon 06:00`, with the date where it is not within the week around now.
 *
 * Threads: any. */

#include "config/zone.h"

enum { MOMENT_SIZE = 48 };

/* Returns the buffer, or a constant where the time is none that can be told. */
const char *moment_text(const struct zone *zone, int64_t time_s, int64_t now_s, char buffer[MOMENT_SIZE]);
