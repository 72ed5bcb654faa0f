/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof *(list))

static int64_t parsed(const char *text) {
    int64_t t = -1;
    return time_parse_rfc3339(text, &t) ? t : -1;
}

static void test_days_count_as_the_calendar_does(void **state) {
    (void)state;
    assert_int_equal(day_from_civil(1970, 1, 1), 0);
    assert_int_equal(day_from_civil(2000, 2, 29), 11016);
    assert_int_equal(day_from_civil(2026, 11, 22), 20779);
    assert_int_equal(day_from_civil(1969, 12, 31), -1);
    for (int32_t day = -200000; day <= 200000; day++) {
        int y, m, d;
        civil_from_day(day, &y, &m, &d);
        assert_int_equal(day_from_civil(y, m, d), day);
    }
}

static void test_weekdays_begin_with_monday(void **state) {
    (void)state;
    assert_int_equal(day_of_week(0), 3); /* 1 January 1970 was a Thursday */
    assert_int_equal(day_of_week(day_from_civil(2026, 11, 22)), 6);
    assert_int_equal(day_of_week(day_from_civil(2026, 11, 23)), 0);
    assert_int_equal(day_of_week(-1), 2);
    assert_int_equal(day_of_week(-4), 6);
}

static void test_times_are_read_with_any_offset(void **state) {
    (void)state;
    assert_int_equal(parsed("2026-11-22T03:11:00Z"), 1795317060);
    assert_int_equal(parsed("2026-11-22t03:11:00z"), 1795317060);
    assert_int_equal(parsed("2026-11-22T11:11:00+08:00"), 1795317060);
    assert_int_equal(parsed("2026-11-21T22:41:00-04:30"), 1795317060);
    assert_int_equal(parsed("2026-11-22T03:11:00.987Z"), 1795317060);
    assert_int_equal(parsed("2016-12-31T23:59:60Z"), parsed("2016-12-31T23:59:59Z")); /* leap seconds do not exist */
    assert_int_equal(parsed("2399-12-31T23:59:59Z"), TAKT_TIME_MAX_S);
}

static void test_what_is_no_time_is_refused(void **state) {
    static const char *const WRONG[] = {
        "",
        "2026-11-22",
        "2026-11-22T03:11Z",
        "2026-11-22T03:11:00",
        "2026-11-22 03:11:00Z",
        "2026-02-30T03:11:00Z",
        "2026-13-01T03:11:00Z",
        "2026-00-01T03:11:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T03:60:00Z",
        "2026-11-22T03:11:61Z",
        "2026-11-22T03:11:00.Z",
        "2026-11-22T03:11:00+8:00",
        "2026-11-22T03:11:00+24:00",
        "2026-11-22T03:11:00Zx",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "2400-01-01T00:00:00Z",
        "2399-12-31T23:59:59-00:01",
        "+026-11-22T03:11:00Z",
    };
    (void)state;
    for (size_t k = 0; k < COUNT(WRONG); k++)
        assert_int_equal(parsed(WRONG[k]), -1);
}

static void test_times_are_written_as_they_are_read(void **state) {
    char text[TIME_TEXT_SIZE];
    (void)state;
    assert_string_equal(time_format(1795317060, text), "2026-11-22T03:11:00Z");
    assert_string_equal(time_format(TAKT_TIME_NONE, text), "");
    assert_string_equal(time_format(TAKT_TIME_NEVER, text), "");
    assert_string_equal(time_format(-1, text), "");
    for (int64_t t = 0; t <= TAKT_TIME_MAX_S; t += 98765431)
        assert_int_equal(parsed(time_format(t, text)), t);
}

static void test_dates_must_exist(void **state) {
    int32_t day = 77;
    char text[DAY_TEXT_SIZE];
    (void)state;
    assert_true(day_parse("2028-02-29", &day));
    assert_string_equal(day_format(day, text), "2028-02-29");
    assert_false(day_parse("2027-02-29", &day));
    assert_false(day_parse("2100-02-29", &day));
    assert_false(day_parse("2027-2-9", &day));
    assert_false(day_parse("2027-02-09x", &day));
    assert_string_equal(day_format(day, text), "2028-02-29"); /* a failure leaves it alone */
    assert_string_equal(day_format(TAKT_DAY_NONE, text), "");
}

static int64_t duration(const char *text) {
    int64_t s = -1;
    return duration_parse_iso(text, &s) ? s : -1;
}

static void test_iso_durations_are_read(void **state) {
    static const char *const WRONG[] = {"",        "P",    "PT",   "P1",     "1D",
                                        "PT1D",    "P1H",  "P1DT", "PT1S1M", "PT1M1M",
                                        "P1.5D",   "P-1D", "P1Y",  "P3661D", "PT999999999999S",
                                        "P1DT1HX", "pt1h"};
    (void)state;
    assert_int_equal(duration("PT4H"), 14400);
    assert_int_equal(duration("P2DT4H"), 187200);
    assert_int_equal(duration("P1W"), 604800);
    assert_int_equal(duration("P1W2DT3H4M5S"), 788645);
    assert_int_equal(duration("PT0S"), 0);
    assert_int_equal(duration("P3660D"), INT64_C(316224000));
    for (size_t k = 0; k < COUNT(WRONG); k++)
        assert_int_equal(duration(WRONG[k]), -1);
}

static void test_durations_for_people_have_two_units(void **state) {
    char text[DURATION_TEXT_SIZE];
    (void)state;
    assert_string_equal(duration_format(187205, text), "2 d 4 h");
    assert_string_equal(duration_format(2100, text), "35 min");
    assert_string_equal(duration_format(12, text), "12 s");
    assert_string_equal(duration_format(0, text), "0 s");
    assert_string_equal(duration_format(86405, text), "1 d");
    assert_string_equal(duration_format(-5400, text), "-1 h 30 min");
    assert_string_equal(duration_format(INT64_MAX, text), "106751991167300 d 15 h");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_days_count_as_the_calendar_does),
        cmocka_unit_test(test_weekdays_begin_with_monday),
        cmocka_unit_test(test_times_are_read_with_any_offset),
        cmocka_unit_test(test_what_is_no_time_is_refused),
        cmocka_unit_test(test_times_are_written_as_they_are_read),
        cmocka_unit_test(test_dates_must_exist),
        cmocka_unit_test(test_iso_durations_are_read),
        cmocka_unit_test(test_durations_for_people_have_two_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
