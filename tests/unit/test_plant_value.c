/* SPDX-License-Identifier: Apache-2.0 */
#include "config/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int64_t duration(const char *text) {
    int64_t ms = -1;
    return value_duration_ms(text, &ms) ? ms : -1;
}

static void test_durations_are_sums_of_units_the_larger_first(void **state) {
    (void)state;
    assert_int_equal(duration("0"), 0);
    assert_int_equal(duration("30s"), 30000);
    assert_int_equal(duration("5m"), 300000);
    assert_int_equal(duration("500ms"), 500);
    assert_int_equal(duration("1w"), 604800000);
    assert_int_equal(duration("1d12h"), 129600000);
    assert_int_equal(duration("1d 12h 5m"), 129900000);
    assert_int_equal(duration("3660d"), INT64_C(316224000000));
    static const char *const WRONG[] = {"",      "5",    "m",  "5 ",    "5min",  "5M",   "-5m",         "1.5h",
                                        "12h1d", "5m5m", "00", "3661d", "1d,2h", "5m x", "99999999999d"};
    for (size_t k = 0; k < sizeof WRONG / sizeof *WRONG; k++)
        assert_int_equal(duration(WRONG[k]), -1);
}

static void test_durations_are_printed_as_they_are_read(void **state) {
    char text[VALUE_TEXT_SIZE];
    (void)state;
    assert_string_equal(value_duration_print(0, text), "0");
    assert_string_equal(value_duration_print(129900000, text), "1d12h5m");
    assert_string_equal(value_duration_print(1001, text), "1s1ms");
    assert_string_equal(value_duration_print(duration("2w"), text), "14d");
    for (int64_t ms = 1; ms < INT64_C(316224000000); ms = ms * 7 + 3)
        assert_int_equal(duration(value_duration_print(ms, text)), ms);
}

static void test_decimals_are_exact(void **state) {
    int64_t n = 0;
    char text[VALUE_TEXT_SIZE];
    (void)state;
    assert_true(value_decimal("1.2", 3, &n, NULL));
    assert_int_equal(n, 1200);
    assert_true(value_decimal("999999999.999", 3, &n, NULL));
    assert_int_equal(n, INT64_C(999999999999));
    assert_false(value_decimal("1.2345", 3, &n, NULL));
    assert_false(value_decimal("1234567890", 3, &n, NULL));
    assert_false(value_decimal("-1", 3, &n, NULL));
    assert_false(value_decimal(".5", 3, &n, NULL));
    assert_false(value_decimal("5.", 3, &n, NULL));
    assert_false(value_decimal("1e3", 3, &n, NULL));
    assert_string_equal(value_decimal_print(1200, 3, text), "1.2");
    assert_string_equal(value_decimal_print(4000, 3, text), "4");
    assert_string_equal(value_decimal_print(1, 6, text), "0.000001");
}

static void test_rates_say_what_they_are_for(void **state) {
    int64_t milli = 0, per_s = 0;
    (void)state;
    assert_true(value_rate("240/h", &milli, &per_s));
    assert_int_equal(milli, 240000);
    assert_int_equal(per_s, 3600);
    assert_true(value_rate("0.5 / m", &milli, &per_s));
    assert_int_equal(milli, 500);
    assert_int_equal(per_s, 60);
    assert_false(value_rate("240", &milli, &per_s));
    assert_false(value_rate("240/hour", &milli, &per_s));
    assert_false(value_rate("/h", &milli, &per_s));
}

static void test_weights_and_quantities_have_units(void **state) {
    int64_t n = 0;
    const char *unit = NULL;
    char text[VALUE_TEXT_SIZE];
    (void)state;
    assert_true(value_weight_mg("180 g", &n));
    assert_int_equal(n, 180000);
    assert_true(value_weight_mg("1.25kg", &n));
    assert_int_equal(n, 1250000);
    assert_false(value_weight_mg("0.5 mg", &n)); /* half a milligram cannot be kept */
    assert_false(value_weight_mg("180", &n));
    assert_false(value_weight_mg("1 lb", &n));
    assert_string_equal(value_weight_print(180000, text), "180 g");
    assert_string_equal(value_weight_print(1250000, text), "1.25 kg");
    assert_true(value_quantity("1.2 m", &n, &unit));
    assert_int_equal(n, 1200);
    assert_string_equal(unit, "m");
    assert_false(value_quantity("1.2", &n, &unit));
    assert_false(value_quantity("1.2 m2 x", &n, &unit));
}

static void test_percentages_are_parts_per_million(void **state) {
    int32_t ppm = 0;
    char text[VALUE_TEXT_SIZE];
    (void)state;
    assert_true(value_percent_ppm("98%", &ppm));
    assert_int_equal(ppm, 980000);
    assert_true(value_percent_ppm("98.5 %", &ppm));
    assert_int_equal(ppm, 985000);
    assert_false(value_percent_ppm("98", &ppm));
    assert_false(value_percent_ppm("98.12345%", &ppm));
    assert_string_equal(value_percent_print(985000, text), "98.5%");
}

static void test_times_of_day_end_with_24_00(void **state) {
    int32_t minute = 0;
    (void)state;
    assert_true(value_clock_min("06:05", &minute));
    assert_int_equal(minute, 365);
    assert_true(value_clock_min("24:00", &minute));
    assert_int_equal(minute, 1440);
    assert_false(value_clock_min("24:01", &minute));
    assert_false(value_clock_min("6:00", &minute));
    assert_false(value_clock_min("06:60", &minute));
    assert_false(value_clock_min("06:00:00", &minute));
    assert_false(value_clock_min("06", &minute));
}

static void test_days_may_go_over_the_weeks_end(void **state) {
    uint8_t days = 0;
    char text[VALUE_TEXT_SIZE];
    (void)state;
    assert_true(value_days("mon-fri", &days));
    assert_int_equal(days, 0x1f);
    assert_true(value_days("fri-mon", &days));
    assert_int_equal(days, 0x71);
    assert_true(value_days("mon, wed,sat-sun", &days));
    assert_int_equal(days, 0x65);
    assert_false(value_days("", &days));
    assert_false(value_days("monday", &days));
    assert_false(value_days("mon-wed,tue", &days)); /* twice */
    assert_false(value_days("mon,", &days));
    assert_false(value_days("Mon", &days));
    for (unsigned k = 1; k < 128; k++) {
        assert_true(value_days(value_days_print((uint8_t)k, text), &days));
        assert_int_equal(days, k);
    }
}

static void test_dates_exist_and_spans_have_two_ends(void **state) {
    int32_t first = 0, last = 0, minute = 0;
    (void)state;
    assert_true(value_dates("2027-02-06/2027-02-13", &first, &last));
    assert_int_equal(last - first, 7);
    assert_true(value_dates("2028-02-29", &first, &last));
    assert_int_equal(first, last);
    assert_false(value_dates("2027-02-29", &first, &last));
    assert_false(value_dates("2027-02-06/", &first, &last));
    assert_false(value_dates("2027-2-6", &first, &last));
    assert_true(value_moment("2026-12-01T08:30", &first, &minute));
    assert_int_equal(minute, 510);
    assert_false(value_moment("2026-12-01 08:30", &first, &minute));
    assert_false(value_moment("2026-12-01T08:30Z", &first, &minute));
}

static void test_names_choices_and_templates_keep_to_their_letters(void **state) {
    (void)state;
    assert_true(value_name("sew-1.4_a"));
    assert_false(value_name("-a"));
    assert_false(value_name(""));
    assert_false(value_name("a b"));
    assert_false(value_name("a123456789012345678901234567890123456789012345678901234567890123X"));
    assert_true(value_choice("navy blue"));
    assert_true(value_choice("深蓝"));
    assert_false(value_choice(" x"));
    assert_false(value_choice("a,b"));
    assert_false(value_choice("a>b"));
    assert_true(value_template("{ink}-{size} x"));
    assert_true(value_template("light"));
    assert_false(value_template("{ink"));
    assert_false(value_template("{}"));
    assert_false(value_template("ink}"));
    assert_false(value_template("{a{b}"));
}

static void test_pairs_have_two_sides(void **state) {
    struct value_span from, to;
    (void)state;
    assert_true(value_pair(" light >dark blue ", &from, &to));
    assert_int_equal(from.length, 5);
    assert_int_equal(to.length, 9);
    assert_false(value_pair("light", &from, &to));
    assert_false(value_pair("a > b > c", &from, &to));
    assert_false(value_pair("> b", &from, &to));
}

static void test_endpoints_and_whether_they_are_local(void **state) {
    (void)state;
    assert_true(value_endpoint("tcp://*:7710"));
    assert_true(value_endpoint("tcp://[::1]:7710"));
    assert_true(value_endpoint("ipc://control.sock"));
    assert_false(value_endpoint("tcp://*:0"));
    assert_false(value_endpoint("tcp://*:65536"));
    assert_false(value_endpoint("tcp://*"));
    assert_false(value_endpoint("tcp://:7710"));
    assert_false(value_endpoint("ipc://"));
    assert_false(value_endpoint("inproc://x"));
    char longest[6 + 108 + 1] = "ipc://";
    memset(longest + 6, 'x', 108);
    longest[6 + 107] = '\0';
    assert_true(value_endpoint(longest));
    longest[6 + 107] = 'x';
    assert_false(value_endpoint(longest)); /* no socket can have so long a path */
    assert_true(value_is_local("tcp://127.0.0.1:7710"));
    assert_true(value_is_local("tcp://localhost:7710"));
    assert_true(value_is_local("tcp://[::1]:7710"));
    assert_true(value_is_local("ipc://x"));
    assert_false(value_is_local("tcp://*:7710"));
    assert_false(value_is_local("tcp://192.168.1.4:7710"));
    assert_false(value_is_local("tcp://127.example.com:7710"));
    assert_false(value_is_local("tcp://localhost.example.com:7710"));
}

static void test_stores_have_one_of_three_forms(void **state) {
    (void)state;
    assert_true(value_store("sqlite:takt.db"));
    assert_true(value_store("memory:"));
    assert_true(value_store("postgresql://takt@db1,db2/takt"));
    assert_false(value_store("sqlite:"));
    assert_false(value_store("sqlite::memory:")); /* would lose everything without saying so */
    assert_false(value_store("takt.db"));
    assert_false(value_store("memory:x"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations_are_sums_of_units_the_larger_first),
        cmocka_unit_test(test_durations_are_printed_as_they_are_read),
        cmocka_unit_test(test_decimals_are_exact),
        cmocka_unit_test(test_rates_say_what_they_are_for),
        cmocka_unit_test(test_weights_and_quantities_have_units),
        cmocka_unit_test(test_percentages_are_parts_per_million),
        cmocka_unit_test(test_times_of_day_end_with_24_00),
        cmocka_unit_test(test_days_may_go_over_the_weeks_end),
        cmocka_unit_test(test_dates_exist_and_spans_have_two_ends),
        cmocka_unit_test(test_names_choices_and_templates_keep_to_their_letters),
        cmocka_unit_test(test_pairs_have_two_sides),
        cmocka_unit_test(test_endpoints_and_whether_they_are_local),
        cmocka_unit_test(test_stores_have_one_of_three_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
