/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A histogram of times in microseconds, to 1/64 of each (as Gil Tene's HdrHistogram): 64 steps for each power of two.
 *
 * Threads: one owner. */

#include <stdint.h>

enum { HISTOGRAM_STEPS = 64, HISTOGRAM_SIZE = 64 * HISTOGRAM_STEPS };

struct histogram { /* zeroed: empty */
    uint64_t counts[HISTOGRAM_SIZE];
    uint64_t count, most_us;
};

void histogram_add(struct histogram *h, uint64_t time_us);
/* The time that so many of 100,000 do not exceed, to 1/64; 0 of an empty one. */
uint64_t histogram_at(const struct histogram *h, uint32_t of_100000);
