/* SPDX-License-Identifier: Apache-2.0 */

#include "base/time.h"
#include "daemon/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const int64_t wall_ms = INT64_C(1795320000123);

static void without_anything_plant_time_is_wall_time(void **state) {
    (void)state;
    struct clock clock;
    assert_true(clock_begin(NULL, TAKT_TIME_NONE, 1000, wall_ms, &clock));
    for (int64_t later_ms = 0; later_ms < 5000; later_ms += 333)
        assert_int_equal(clock_at(&clock, wall_ms + later_ms), (wall_ms + later_ms) / 1000);
}

static void a_start_is_where_an_empty_store_begins(void **state) {
    (void)state;
    struct clock clock;
    assert_true(clock_begin(NULL, 1000000, 60000, wall_ms, &clock));
    assert_int_equal(clock_at(&clock, wall_ms), 1000000);
    assert_int_equal(clock_at(&clock, wall_ms + 1000), 1000060);
}

static void a_restart_goes_on_along_the_same_line(void **state) {
    (void)state;
    struct clock clock, again;
    clock_begin(NULL, 1000000, 7200 * 1000, wall_ms, &clock);
    assert_false(clock_begin(&clock, 5, 7200 * 1000, wall_ms + 90000, &again));
    assert_int_equal(clock_at(&again, wall_ms + 90000), 1000000 + 90 * 7200);
}

static void another_speed_turns_the_line_and_never_jumps(void **state) {
    (void)state;
    struct clock clock, again;
    clock_begin(NULL, 1000000, 100 * 1000, wall_ms, &clock);
    assert_true(clock_begin(&clock, 5, 1000, wall_ms + 10000, &again));
    assert_int_equal(clock_at(&again, wall_ms + 10000), 1001000);
    assert_int_equal(clock_at(&again, wall_ms + 11000), 1001001);
}

static void a_time_is_reached_exactly_when_the_wait_says(void **state) {
    (void)state;
    const int64_t speeds[] = {1, 999, 1000, 1001, 60000, 7200000, CLOCK_SPEED_MAX * INT64_C(1000)};
    for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
        struct clock clock;
        int64_t before_ms = clock_wall_ms();
        clock_begin(NULL, 1000000, speeds[i], before_ms, &clock);
        int64_t wait_ms = clock_until_ms(&clock, 1000007);
        assert_true(clock_at(&clock, before_ms + wait_ms + (clock_wall_ms() - before_ms)) >= 1000007 || wait_ms == 86400000);
        assert_true(wait_ms <= 1 || wait_ms == 86400000 || clock_at(&clock, before_ms + wait_ms - 2) < 1000007);
        assert_int_equal(clock_until_ms(&clock, 1000000), 0);
    }
}

static void the_far_past_and_future_neither_overflow_nor_wait_for_ever(void **state) {
    (void)state;
    struct clock clock;
    clock_begin(NULL, 1000000, CLOCK_SPEED_MAX * INT64_C(1000), wall_ms, &clock);
    assert_int_equal(clock_at(&clock, wall_ms + INT64_C(1000) * 86400 * 366 * 100), TAKT_TIME_MAX_S);
    assert_int_equal(clock_at(&clock, 0), 0);
    clock_begin(NULL, TAKT_TIME_NONE, 1000, clock_wall_ms(), &clock);
    assert_int_equal(clock_until_ms(&clock, TAKT_TIME_NEVER), 86400000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_anything_plant_time_is_wall_time),
        cmocka_unit_test(a_start_is_where_an_empty_store_begins),
        cmocka_unit_test(a_restart_goes_on_along_the_same_line),
        cmocka_unit_test(another_speed_turns_the_line_and_never_jumps),
        cmocka_unit_test(a_time_is_reached_exactly_when_the_wait_says),
        cmocka_unit_test(the_far_past_and_future_neither_overflow_nor_wait_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
