/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How many lines of one kind may be written within a time: the first LOG_KIND_MAX of a window that begins with the first of them.
 *
 * Threads: one owner. Ownership: plain data, zeroed at first. */

#include <stdbool.h>
#include <stdint.h>

enum { LOG_KIND_MAX = 60, LOG_KIND_MS = 60000 };

struct log_window {
    int64_t since_ms;
    uint32_t count, left_out;
};

/* May another be written? How many were left out in the window before, told once, as a new one begins; else 0. */
bool log_window_admit(struct log_window *w, int64_t now_ms, uint32_t *ret_left_out);
