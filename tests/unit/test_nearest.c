/* SPDX-License-Identifier: Apache-2.0 */
#include "base/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *const NAMES[] = {"calendar", "changeover", "print-1", "print-2", "tee", "mug"};

static const char *near(const char *name) {
    const char *found = nearest_name(name, NAMES, sizeof NAMES / sizeof *NAMES);
    return found != NULL ? found : "none";
}

static void test_one_slip_of_the_finger_is_found(void **state) {
    (void)state;
    assert_string_equal(near("calender"), "calendar");  /* another letter */
    assert_string_equal(near("calendr"), "calendar");   /* one too few */
    assert_string_equal(near("callendar"), "calendar"); /* one too many */
    assert_string_equal(near("claendar"), "calendar");  /* two swapped */
    assert_string_equal(near("tea"), "tee");
    assert_string_equal(near("calendar"), "calendar");
}

static void test_what_is_too_far_is_not_suggested(void **state) {
    (void)state;
    assert_string_equal(near("kiln"), "none");
    assert_string_equal(near("xyz"), "none");
    assert_string_equal(near(""), "none");
}

static void test_the_nearest_wins_and_the_first_of_equals(void **state) {
    (void)state;
    assert_string_equal(near("print-2x"), "print-2");
    assert_string_equal(near("print-3"), "print-1");
}

static void test_very_long_names_are_never_near(void **state) {
    char longest[NEAREST_LENGTH_MAX + 2];
    const char *const candidates[] = {longest};
    (void)state;
    memset(longest, 'a', sizeof longest);
    longest[NEAREST_LENGTH_MAX] = '\0';
    assert_ptr_equal(nearest_name(longest, candidates, 1), longest);
    longest[NEAREST_LENGTH_MAX] = 'a';
    longest[NEAREST_LENGTH_MAX + 1] = '\0';
    assert_null(nearest_name(longest, candidates, 1));
}

static void test_without_candidates_there_is_none(void **state) {
    (void)state;
    assert_null(nearest_name("x", NULL, 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_slip_of_the_finger_is_found),
        cmocka_unit_test(test_what_is_too_far_is_not_suggested),
        cmocka_unit_test(test_the_nearest_wins_and_the_first_of_equals),
        cmocka_unit_test(test_very_long_names_are_never_near),
        cmocka_unit_test(test_without_candidates_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
