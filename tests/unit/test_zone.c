/* SPDX-License-Identifier: Apache-2.0 */
/* Expected values are Python's zoneinfo's, and those of the tz database's own text. */
#include "config/zone.h"

#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;

static int set_up(void **state) {
    (void)state;
    arena = arena_new();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

static const struct zone *zone_of(const char *name) {
    const struct zone *zone = NULL;
    struct takt_error err = {0};
    assert_int_equal(zone_load(arena, name, &zone, &err), 0);
    return zone;
}

/* The moment at which clocks there show this, as RFC 3339. */
static const char *at(const char *zone, const char *day, int hour, int minute) {
    static char text[TIME_TEXT_SIZE];
    int32_t d;
    assert_true(day_parse(day, &d));
    return time_format(zone_time(zone_of(zone), d, hour * 3600 + minute * 60), text);
}

static int32_t offset(const char *zone, const char *time) {
    int64_t t;
    assert_true(time_parse_rfc3339(time, &t));
    return zone_offset_s(zone_of(zone), t);
}

static void test_offsets_are_those_of_the_database(void **state) {
    (void)state;
    assert_int_equal(offset("UTC", "2026-07-01T00:00:00Z"), 0);
    assert_int_equal(offset("Asia/Shanghai", "2026-07-01T00:00:00Z"), 28800);
    assert_int_equal(offset("Europe/London", "2026-07-01T00:00:00Z"), 3600);
    assert_int_equal(offset("Europe/London", "2026-01-01T00:00:00Z"), 0);
    assert_int_equal(offset("Europe/London", "1970-06-01T00:00:00Z"), 3600); /* British Standard Time, the whole year */
    assert_int_equal(offset("Asia/Kathmandu", "2026-01-01T00:00:00Z"), 20700);
    assert_int_equal(offset("America/St_Johns", "2026-01-01T00:00:00Z"), -12600);
    assert_int_equal(offset("Australia/Lord_Howe", "2026-01-01T00:00:00Z"), 39600); /* half an hour of summer time */
    assert_int_equal(offset("Australia/Lord_Howe", "2026-07-01T00:00:00Z"), 37800);
    assert_int_equal(offset("Europe/Dublin", "2026-01-01T00:00:00Z"), 0); /* winter is the exception there */
    assert_int_equal(offset("Europe/Dublin", "2026-07-01T00:00:00Z"), 3600);
}

static void test_a_change_is_exact_to_the_second(void **state) {
    (void)state;
    assert_int_equal(offset("Europe/Berlin", "2026-03-29T00:59:59Z"), 3600);
    assert_int_equal(offset("Europe/Berlin", "2026-03-29T01:00:00Z"), 7200);
    assert_int_equal(offset("Europe/Berlin", "2026-10-25T00:59:59Z"), 7200);
    assert_int_equal(offset("Europe/Berlin", "2026-10-25T01:00:00Z"), 3600);
    assert_int_equal(offset("America/New_York", "2026-03-08T06:59:59Z"), -18000);
    assert_int_equal(offset("America/New_York", "2026-03-08T07:00:00Z"), -14400);
}

static void test_years_after_the_table_follow_the_rule(void **state) {
    (void)state;
    assert_int_equal(offset("Europe/Berlin", "2300-03-25T00:59:59Z"), 3600); /* the last Sunday of March 2300 */
    assert_int_equal(offset("Europe/Berlin", "2300-03-25T01:00:00Z"), 7200);
    assert_int_equal(offset("America/New_York", "2199-11-03T05:59:59Z"), -14400); /* the first Sunday of November */
    assert_int_equal(offset("America/New_York", "2199-11-03T06:00:00Z"), -18000);
    assert_int_equal(offset("Australia/Sydney", "2350-01-15T00:00:00Z"), 39600); /* summer is over the new year */
    assert_int_equal(offset("Australia/Sydney", "2350-07-15T00:00:00Z"), 36000);
    assert_int_equal(offset("America/Nuuk", "2200-07-01T00:00:00Z"), -3600);
    assert_int_equal(offset("Asia/Shanghai", "2399-12-31T00:00:00Z"), 28800);
}

static void test_a_local_time_gives_its_moment(void **state) {
    (void)state;
    assert_string_equal(at("Asia/Shanghai", "2026-12-01", 8, 0), "2026-12-01T00:00:00Z");
    assert_string_equal(at("Europe/London", "2026-07-01", 6, 0), "2026-07-01T05:00:00Z");
    assert_string_equal(at("America/New_York", "2026-12-31", 23, 59), "2027-01-01T04:59:00Z");
    assert_string_equal(at("Pacific/Kiritimati", "2026-06-01", 0, 0), "2026-05-31T10:00:00Z");
    assert_string_equal(at("Europe/Berlin", "2026-06-01", 30, 0), "2026-06-02T04:00:00Z"); /* beyond the day */
}

static void test_a_local_time_that_is_twice_gives_the_first(void **state) {
    (void)state;
    assert_string_equal(at("Europe/Berlin", "2026-10-25", 2, 30), "2026-10-25T00:30:00Z");
    assert_string_equal(at("Europe/Berlin", "2026-10-25", 2, 0), "2026-10-25T00:00:00Z");
    assert_string_equal(at("Europe/Berlin", "2026-10-25", 3, 0), "2026-10-25T02:00:00Z");
    assert_string_equal(at("America/New_York", "2026-11-01", 1, 30), "2026-11-01T05:30:00Z");
    assert_string_equal(at("Europe/Berlin", "2300-10-28", 2, 30), "2300-10-28T00:30:00Z");
}

static void test_a_local_time_that_is_not_gives_the_change(void **state) {
    (void)state;
    assert_string_equal(at("Europe/Berlin", "2026-03-29", 2, 0), "2026-03-29T01:00:00Z");
    assert_string_equal(at("Europe/Berlin", "2026-03-29", 2, 30), "2026-03-29T01:00:00Z");
    assert_string_equal(at("Europe/Berlin", "2026-03-29", 3, 0), "2026-03-29T01:00:00Z");
    assert_string_equal(at("Europe/Berlin", "2026-03-29", 1, 59), "2026-03-29T00:59:00Z");
    assert_string_equal(at("America/New_York", "2026-03-08", 2, 30), "2026-03-08T07:00:00Z");
    assert_string_equal(at("Pacific/Apia", "2011-12-30", 12, 0), "2011-12-30T10:00:00Z"); /* a whole day was left out */
}

static void test_a_moment_and_its_local_time_agree_everywhere(void **state) {
    static const char *const ZONES[] = {"UTC",           "Asia/Shanghai",     "Europe/London",       "America/New_York",
                                        "Europe/Dublin", "Africa/Casablanca", "Australia/Lord_Howe", "Pacific/Apia"};
    (void)state;
    for (size_t k = 0; k < sizeof ZONES / sizeof *ZONES; k++) {
        const struct zone *zone = zone_of(ZONES[k]);
        for (int64_t t = 0; t < TAKT_TIME_MAX_S; t += 7654321) {
            int32_t day, second;
            zone_local(zone, t, &day, &second);
            assert_in_range(second, 0, 86399);
            int64_t back = zone_time(zone, day, second);
            assert_true(back == t || (back < t && back >= t - 7200)); /* the first of two */
        }
    }
}

static void refuse(const char *name, const char *text) {
    const struct zone *zone = NULL;
    struct takt_error err = {0};
    assert_int_equal(zone_load(arena, name, &zone, &err), TAKT_ENOENT);
    assert_null(zone);
    assert_string_equal(err.text, text);
}

static void test_a_zone_that_is_not_there_names_the_nearest(void **state) {
    (void)state;
    refuse("Europe/Lodnon", "there is no time zone 'Europe/Lodnon'; did you mean 'Europe/London'?");
    refuse("shanghai", "there is no time zone 'shanghai'; did you mean 'Asia/Shanghai'?");
    refuse("Europe", "there is no time zone 'Europe'; one is such as Europe/London or UTC");
    refuse("../../../etc/passwd", "there is no time zone '../../../etc/passwd'; one is such as Europe/London or UTC");
    refuse("/etc/localtime", "there is no time zone '/etc/localtime'; one is such as Europe/London or UTC");
    refuse("", "there is no time zone ''; one is such as Europe/London or UTC");
    refuse("tzdata.zi", "there is no time zone 'tzdata.zi'; one is such as Europe/London or UTC");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offsets_are_those_of_the_database),
        cmocka_unit_test(test_a_change_is_exact_to_the_second),
        cmocka_unit_test(test_years_after_the_table_follow_the_rule),
        cmocka_unit_test(test_a_local_time_gives_its_moment),
        cmocka_unit_test(test_a_local_time_that_is_twice_gives_the_first),
        cmocka_unit_test(test_a_local_time_that_is_not_gives_the_change),
        cmocka_unit_test(test_a_moment_and_its_local_time_agree_everywhere),
        cmocka_unit_test(test_a_zone_that_is_not_there_names_the_nearest),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
