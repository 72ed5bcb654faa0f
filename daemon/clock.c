/* SPDX-License-Identifier: Apache-2.0 */

/* Plant time as a line over wall time. Products are taken in 128 bits: years of milliseconds times a high speed do not fit
 * in 64. */

#include "daemon/clock.h"

#include "base/time.h"

#include <time.h>

static int64_t read_ms(clockid_t which) {
    struct timespec now;
    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_mono_ms(void) {
    return read_ms(CLOCK_MONOTONIC);
}

int64_t clock_wall_ms(void) {
    return read_ms(CLOCK_REALTIME);
}

int64_t clock_at(const struct clock *clock, int64_t wall_ms) {
    __int128 passed = (__int128)(wall_ms - clock->wall_ms) * clock->speed_milli;
    __int128 second = 1000 * 1000;
    __int128 passed_s = passed / second - (passed % second < 0);
    __int128 now_s = clock->plant_s + passed_s;
    return now_s < 0 ? 0 : now_s > TAKT_TIME_MAX_S ? TAKT_TIME_MAX_S : (int64_t)now_s;
}

bool clock_begin(const struct clock *before, int64_t start_s, int64_t speed_milli, int64_t wall_ms, struct clock *ret) {
    if (before && before->speed_milli == speed_milli) {
        *ret = *before;
        return false;
    }
    struct clock clock = {.speed_milli = speed_milli};
    if (before) {
        clock.plant_s = clock_at(before, wall_ms);
        clock.wall_ms = wall_ms;
    } else if (start_s != TAKT_TIME_NONE) {
        clock.plant_s = start_s;
        clock.wall_ms = wall_ms;
    } else {
        clock.plant_s = wall_ms / 1000;
        clock.wall_ms = clock.plant_s * 1000; /* on the second, so that speed 1 is wall time itself */
    }
    *ret = clock;
    return true;
}

int64_t clock_plant_s(const struct clock *clock) {
    return clock_at(clock, clock_wall_ms());
}

int64_t clock_until_ms(const struct clock *clock, int64_t plant_s) {
    const int64_t day_ms = 24 * 60 * 60 * 1000;
    int64_t now_ms = clock_wall_ms();
    if (plant_s <= clock_at(clock, now_ms))
        return 0;
    /* The first wall millisecond at which clock_at gives plant_s, rounded up. */
    __int128 ahead = ((__int128)plant_s - clock->plant_s) * 1000 * 1000;
    __int128 wait_ms = (ahead + clock->speed_milli - 1) / clock->speed_milli + clock->wall_ms - now_ms;
    return wait_ms > day_ms ? day_ms : wait_ms < 0 ? 0 : (int64_t)wait_ms;
}
