/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Random numbers of the search: splitmix64 (Steele, Lea and Flood, 2014), the same everywhere for one seed. */

#include <stdint.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *r) {
    uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* 0 to below - 1; below > 0. */
static inline int32_t random_below(struct random *r, int32_t below) {
    return (int32_t)(((random_next(r) >> 32) * (uint64_t)below) >> 32);
}
