/* SPDX-License-Identifier: Apache-2.0 */
#include "config/calendar.h"

#include "base/time.h"
#include "plant_fixture.h"

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

static int64_t when(const char *time) {
    int64_t t;
    assert_true(time_parse_rfc3339(time, &t));
    return t;
}

/* "from..to from..to" of the calendar `day`, whose map is given, in a zone and span. */
static const char *open_in(const char *zone, const char *calendar, const char *from, const char *to,
                           const struct plant_interval *down, size_t down_count) {
    struct fixture f;
    struct open_interval *list;
    size_t count;
    char *text = fixture_edit("{weekly: [{days: mon-fri, from: \"06:00\", to: \"14:00\"}]}", calendar);
    char *place = strstr(text, "Europe/Berlin");
    char *edited = malloc(strlen(text) + 64);
    assert_non_null(edited);
    sprintf(edited, "%.*s%s%s", (int)(place - text), text, zone, place + strlen("Europe/Berlin"));
    fixture_load(&f, edited);
    free(text);
    free(edited);
    calendar_open_less(fixture_good(&f), 1, down, down_count, when(from), when(to), arena, &list, &count);
    char *shown = arena_strdup(arena, "");
    for (size_t k = 0; k < count; k++) {
        char a[TIME_TEXT_SIZE], b[TIME_TEXT_SIZE];
        shown = arena_printf(arena, "%s%s%.16s..%.16s", shown, k > 0 ? " " : "", time_format(list[k].from_s, a),
                             time_format(list[k].to_s, b));
    }
    fixture_done(&f);
    return shown;
}

static const char *open_utc(const char *calendar, const char *from, const char *to) {
    return open_in("UTC", calendar, from, to, NULL, 0);
}

/* 2026-11-23 is a Monday. */

static void test_weekly_shifts_come_on_their_days(void **state) {
    (void)state;
    assert_string_equal(open_utc("{weekly: [{days: \"mon,wed\", from: \"06:00\", to: \"14:00\"}]}",
                                 "2026-11-22T00:00:00Z", "2026-11-29T00:00:00Z"),
                        "2026-11-23T06:00..2026-11-23T14:00 2026-11-25T06:00..2026-11-25T14:00");
    assert_string_equal(open_utc("{weekly: [{days: sun-mon, from: \"22:00\", to: \"24:00\"}]}", "2026-11-20T00:00:00Z",
                                 "2026-11-29T00:00:00Z"),
                        "2026-11-22T22:00..2026-11-23T00:00 2026-11-23T22:00..2026-11-24T00:00");
}

static void test_adjoining_and_overlapping_shifts_are_one_interval(void **state) {
    (void)state;
    assert_string_equal(
        open_utc("{weekly: [{days: mon, from: \"14:00\", to: \"22:00\"}, {days: mon, from: \"06:00\", to: \"14:00\"}, "
                 "{days: mon, from: \"08:00\", to: \"10:00\"}]}",
                 "2026-11-22T00:00:00Z", "2026-11-29T00:00:00Z"),
        "2026-11-23T06:00..2026-11-23T22:00");
    assert_string_equal(open_utc("{weekly: [{days: mon-sun, from: \"00:00\", to: \"24:00\"}]}", "2026-11-22T00:00:00Z",
                                 "2026-11-29T00:00:00Z"),
                        "2026-11-22T00:00..2026-11-29T00:00");
}

static void test_a_shift_may_pass_midnight(void **state) {
    (void)state;
    const char *night = "{weekly: [{days: fri, from: \"22:00\", to: \"06:00\"}]}";
    assert_string_equal(open_utc(night, "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"),
                        "2026-11-27T22:00..2026-11-28T06:00");
    assert_string_equal(open_utc(night, "2026-11-28T00:00:00Z", "2026-11-30T00:00:00Z"),
                        "2026-11-28T00:00..2026-11-28T06:00");
    assert_string_equal(open_utc("{weekly: [{days: mon, from: \"06:00\", to: \"06:00\"}]}", "2026-11-23T00:00:00Z",
                                 "2026-11-30T00:00:00Z"),
                        "2026-11-23T06:00..2026-11-24T06:00");
}

static void test_no_shift_begins_on_a_closed_day_but_one_goes_on_into_it(void **state) {
    (void)state;
    assert_string_equal(
        open_utc("{weekly: [{days: mon-fri, from: \"22:00\", to: \"06:00\"}], closed: [2026-11-24/2026-11-25]}",
                 "2026-11-23T00:00:00Z", "2026-11-27T12:00:00Z"),
        "2026-11-23T22:00..2026-11-24T06:00 2026-11-26T22:00..2026-11-27T06:00");
}

static void test_extra_shifts_also_run_on_closed_days(void **state) {
    (void)state;
    assert_string_equal(
        open_utc("{weekly: [{days: mon-fri, from: \"06:00\", to: \"14:00\"}], closed: [2026-11-24], "
                 "extra: [2026-11-24T08:00/2026-11-24T12:00, 2026-11-28T20:00/2026-11-29T02:00]}",
                 "2026-11-24T00:00:00Z", "2026-11-30T00:00:00Z"),
        "2026-11-24T08:00..2026-11-24T12:00 2026-11-25T06:00..2026-11-25T14:00 2026-11-26T06:00..2026-11-26T14:00 "
        "2026-11-27T06:00..2026-11-27T14:00 2026-11-28T20:00..2026-11-29T02:00");
}

static void test_what_is_asked_for_cuts_the_first_and_the_last(void **state) {
    (void)state;
    const char *day = "{weekly: [{days: mon-fri, from: \"06:00\", to: \"14:00\"}]}";
    assert_string_equal(open_utc(day, "2026-11-23T07:30:00Z", "2026-11-24T06:30:00Z"),
                        "2026-11-23T07:30..2026-11-23T14:00 2026-11-24T06:00..2026-11-24T06:30");
    assert_string_equal(open_utc(day, "2026-11-23T14:00:00Z", "2026-11-24T06:00:00Z"), "");
    assert_string_equal(open_utc(day, "2026-11-24T07:00:00Z", "2026-11-24T07:00:00Z"), "");
}

static void test_downtimes_are_taken_out(void **state) {
    const struct plant_interval down[] = {
        {when("2026-11-24T12:00:00Z"), when("2026-11-25T07:00:00Z"), NULL},
        {when("2026-11-23T08:00:00Z"), when("2026-11-23T09:00:00Z"), NULL},
        {when("2026-11-23T08:30:00Z"), when("2026-11-23T10:00:00Z"), NULL},
    };
    (void)state;
    assert_string_equal(
        open_in("UTC", "{weekly: [{days: mon-wed, from: \"06:00\", to: \"14:00\"}]}", "2026-11-23T00:00:00Z",
                "2026-11-26T00:00:00Z", down, 3),
        "2026-11-23T06:00..2026-11-23T08:00 2026-11-23T10:00..2026-11-23T14:00 2026-11-24T06:00..2026-11-24T12:00 "
        "2026-11-25T07:00..2026-11-25T14:00");
}

static void test_a_night_shift_is_as_long_as_the_night(void **state) {
    (void)state;
    const char *night = "{weekly: [{days: sat, from: \"22:00\", to: \"06:00\"}]}";
    assert_string_equal(open_in("Europe/Berlin", night, "2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z", NULL, 0),
                        "2026-03-28T21:00..2026-03-29T04:00"); /* seven hours: the clock is put forward */
    assert_string_equal(open_in("Europe/Berlin", night, "2026-10-24T00:00:00Z", "2026-10-27T00:00:00Z", NULL, 0),
                        "2026-10-24T20:00..2026-10-25T05:00"); /* nine */
    assert_string_equal(open_in("Europe/Berlin", night, "2026-06-06T00:00:00Z", "2026-06-08T00:00:00Z", NULL, 0),
                        "2026-06-06T20:00..2026-06-07T04:00");
}

static void test_a_shift_within_the_hour_that_is_left_out_is_void(void **state) {
    (void)state;
    const char *early = "{weekly: [{days: sun, from: \"02:00\", to: \"03:00\"}]}";
    assert_string_equal(open_in("Europe/Berlin", early, "2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z", NULL, 0), "");
    assert_string_equal(
        open_in("Europe/Berlin", early, "2026-10-24T00:00:00Z", "2026-10-27T00:00:00Z", NULL, 0),
        "2026-10-25T00:00..2026-10-25T02:00"); /* it begins at the first two o'clock and ends at three */
}

static void test_always_is_one_interval(void **state) {
    struct fixture f;
    struct open_interval *list;
    size_t count;
    (void)state;
    fixture_load(&f, SMALL_PLANT);
    calendar_open(fixture_good(&f), 0, 1000, 2000, arena, &list, &count);
    assert_int_equal(count, 1);
    assert_int_equal(list[0].from_s, 1000);
    assert_int_equal(list[0].to_s, 2000);
    fixture_done(&f);
}

static const char *shown(int64_t t) {
    static char text[TIME_TEXT_SIZE];
    return time_format(t, text);
}

static void test_cutoffs_are_on_the_carriers_days(void **state) {
    struct fixture f; /* 17:00 in Berlin, Monday to Saturday */
    (void)state;
    fixture_load(&f, SMALL_PLANT);
    struct plant *p = fixture_good(&f);
    assert_string_equal(shown(carrier_cutoff(p, 0, when("2026-11-23T10:00:00Z"))), "2026-11-23T16:00:00Z");
    assert_string_equal(shown(carrier_cutoff(p, 0, when("2026-11-23T16:00:00Z"))), "2026-11-23T16:00:00Z");
    assert_string_equal(shown(carrier_cutoff(p, 0, when("2026-11-23T16:00:01Z"))), "2026-11-24T16:00:00Z");
    assert_string_equal(shown(carrier_cutoff(p, 0, when("2026-11-28T16:00:01Z"))),
                        "2026-11-30T16:00:00Z"); /* over Sunday */
    assert_string_equal(shown(carrier_cutoff(p, 0, when("2026-07-01T10:00:00Z"))), "2026-07-01T15:00:00Z");
    fixture_done(&f);
}

static int32_t day_of(const char *date) {
    int32_t day;
    assert_true(day_parse(date, &day));
    return day;
}

static void test_a_delivery_date_is_the_cutoff_plus_transit_and_back(void **state) {
    struct fixture f;
    (void)state;
    fixture_load(&f, SMALL_PLANT);
    struct plant *p = fixture_good(&f);
    assert_int_equal(plant_transit_days(p, 0, "DE"), 1);
    assert_int_equal(plant_transit_days(p, 0, "FR"), 5);
    assert_int_equal(plant_transit_days(p, 0, NULL), 5);
    assert_string_equal(shown(carrier_latest(p, 0, "DE", day_of("2026-11-25"))), "2026-11-24T16:00:00Z");
    assert_string_equal(shown(carrier_latest(p, 0, "DE", day_of("2026-11-30"))),
                        "2026-11-28T16:00:00Z"); /* nobody collects on Sunday */
    assert_string_equal(shown(carrier_latest(p, 0, "FR", day_of("2026-11-25"))), "2026-11-20T16:00:00Z");
    assert_int_equal(carrier_delivery(p, 0, "DE", when("2026-11-24T16:00:00Z")), day_of("2026-11-25"));
    assert_int_equal(carrier_delivery(p, 0, NULL, when("2026-11-24T16:00:00Z")), day_of("2026-11-29"));
    assert_true(carrier_latest(p, 0, "DE", -5) == TAKT_TIME_NONE);
    fixture_done(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weekly_shifts_come_on_their_days),
        cmocka_unit_test(test_adjoining_and_overlapping_shifts_are_one_interval),
        cmocka_unit_test(test_a_shift_may_pass_midnight),
        cmocka_unit_test(test_no_shift_begins_on_a_closed_day_but_one_goes_on_into_it),
        cmocka_unit_test(test_extra_shifts_also_run_on_closed_days),
        cmocka_unit_test(test_what_is_asked_for_cuts_the_first_and_the_last),
        cmocka_unit_test(test_downtimes_are_taken_out),
        cmocka_unit_test(test_a_night_shift_is_as_long_as_the_night),
        cmocka_unit_test(test_a_shift_within_the_hour_that_is_left_out_is_void),
        cmocka_unit_test(test_always_is_one_interval),
        cmocka_unit_test(test_cutoffs_are_on_the_carriers_days),
        cmocka_unit_test(test_a_delivery_date_is_the_cutoff_plus_transit_and_back),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
