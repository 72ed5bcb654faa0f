/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/meter.h"

#include "daemon/wire/endpoint.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static _Atomic uint64_t meters[METER_COUNT];
static _Atomic uint64_t frames[METER_ENDPOINT_COUNT][METER_FRAME_COUNT];

void meter_add(enum meter meter, uint64_t by) {
    atomic_fetch_add_explicit(&meters[meter], by, memory_order_relaxed);
}

void meter_set(enum meter meter, uint64_t value) {
    atomic_store_explicit(&meters[meter], value, memory_order_relaxed);
}

uint64_t meter_read(enum meter meter) {
    return atomic_load_explicit(&meters[meter], memory_order_relaxed);
}

int64_t meter_resident(void) {
    long long size, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f == NULL)
        return 0;
    if (fscanf(f, "%lld %lld", &size, &resident) != 2)
        resident = 0;
    fclose(f);
    return (int64_t)resident * sysconf(_SC_PAGESIZE);
}

void meter_endpoint(enum meter_endpoint endpoint, const struct endpoint_stats *stats) {
    const uint64_t values[METER_FRAME_COUNT] = {[METER_FRAME_RECEIVED] = stats->received, [METER_FRAME_SENT] = stats->sent,
                                                [METER_FRAME_FOREIGN] = stats->foreign,   [METER_FRAME_BROKEN] = stats->broken,
                                                [METER_FRAME_BARRED] = stats->barred,     [METER_FRAME_LOST] = stats->lost};
    for (int i = 0; i < METER_FRAME_COUNT; i++)
        atomic_store_explicit(&frames[endpoint][i], values[i], memory_order_relaxed);
    meter_set(METER_CONNECTIONS_REFUSED, stats->no_room); /* the process's, whoever tells it */
}

uint64_t meter_frames(enum meter_endpoint endpoint, enum meter_frame frame) {
    return atomic_load_explicit(&frames[endpoint][frame], memory_order_relaxed);
}
