/* SPDX-License-Identifier: Apache-2.0 */
#include "clients/load/histogram.h"

/* Below 128 a time is its own place; above, the six bits behind its highest one are its place within its power of two. */
static uint32_t place_of(uint64_t us) {
    if (us < 2 * HISTOGRAM_STEPS)
        return (uint32_t)us;
    int shift = 63 - __builtin_clzll(us) - 6;
    return (uint32_t)(shift + 1) * HISTOGRAM_STEPS + (uint32_t)((us >> shift) & (HISTOGRAM_STEPS - 1));
}

static uint64_t highest_of(uint32_t place) {
    if (place < 2 * HISTOGRAM_STEPS)
        return place;
    uint32_t shift = place / HISTOGRAM_STEPS - 1;
    return ((uint64_t)(HISTOGRAM_STEPS + place % HISTOGRAM_STEPS + 1) << shift) - 1;
}

void histogram_add(struct histogram *h, uint64_t time_us) {
    h->counts[place_of(time_us)]++;
    h->count++;
    if (time_us > h->most_us)
        h->most_us = time_us;
}

uint64_t histogram_at(const struct histogram *h, uint32_t of_100000) {
    uint64_t wanted = (h->count * of_100000 + 99999) / 100000, seen = 0;
    for (uint32_t i = 0; i < HISTOGRAM_SIZE && h->count > 0; i++) {
        seen += h->counts[i];
        if (seen >= wanted && seen > 0)
            return highest_of(i) < h->most_us ? highest_of(i) : h->most_us;
    }
    return 0;
}
