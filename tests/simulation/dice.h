/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The one source of chance in a simulated life: a sequence, so that the same seed gives the same life. */

#include <stdbool.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

static inline uint64_t dice_next(struct dice *d) {
    uint64_t x = d->state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static inline int64_t dice_between(struct dice *d, int64_t least, int64_t most) {
    return least + (int64_t)(dice_next(d) % (uint64_t)(most - least + 1));
}

/* True so many times in a thousand. */
static inline bool dice_hit(struct dice *d, int permille) {
    return dice_between(d, 1, 1000) <= permille;
}
