/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/sim/chance.h"

static uint64_t mix(uint64_t x) {
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

uint64_t chance(uint64_t seed, enum chance_use use, uint64_t a, uint64_t b) {
    return mix(mix(mix(mix(seed) ^ (uint64_t)use) ^ a) ^ b);
}

uint64_t chance_below(uint64_t bits, uint64_t n) {
    return (uint64_t)(((unsigned __int128)bits * n) >> 64);
}

int64_t chance_factor_ppm(uint64_t bits, int64_t noise_ppm) {
    return 1000000 - noise_ppm + (int64_t)chance_below(bits, 2 * (uint64_t)noise_ppm + 1);
}
