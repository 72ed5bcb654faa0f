/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Randomness of a simulated life: a figure depends on the seed and on what it is for (a lot's operation, a week, a line), and
 * on nothing else, so one draw more or less changes no other, and the same life comes out of the same seed everywhere.
 *
 * Threads: no state. */

#include <stdint.h>

enum chance_use { CHANCE_DURATION, CHANCE_SCRAP, CHANCE_BREAKDOWN, CHANCE_LINE, CHANCE_REPAIR, CHANCE_ESTIMATE };

/* 64 bits; SplitMix64 (Steele, Lea and Flood, 2014) over the keys. */
uint64_t chance(uint64_t seed, enum chance_use use, uint64_t a, uint64_t b);

/* Even in [0, n); n above 0. */
uint64_t chance_below(uint64_t bits, uint64_t n);

/* Even between 1000000 - noise_ppm and 1000000 + noise_ppm, both included; noise_ppm at most 1000000. */
int64_t chance_factor_ppm(uint64_t bits, int64_t noise_ppm);
