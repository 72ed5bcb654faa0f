/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_a_failure_has_its_code_and_its_words(void **state) {
    struct takt_error err = {0};
    (void)state;
    assert_int_equal(takt_fail(&err, TAKT_ESTORE, "cannot open '%s'", "x"), TAKT_ESTORE);
    assert_int_equal(err.code, TAKT_ESTORE);
    assert_string_equal(err.text, "cannot open 'x'");
}

static void test_the_first_failure_wins(void **state) {
    struct takt_error err = {0};
    (void)state;
    takt_fail(&err, TAKT_EIO, "the cause");
    assert_int_equal(takt_fail(&err, TAKT_EBUSY, "what came of it"), TAKT_EBUSY);
    assert_int_equal(err.code, TAKT_EIO);
    assert_string_equal(err.text, "the cause");
}

static void test_a_cleared_error_can_be_filled_again(void **state) {
    struct takt_error err = {0};
    (void)state;
    takt_fail(&err, TAKT_EIO, "one");
    takt_error_clear(&err);
    assert_int_equal(err.code, 0);
    assert_string_equal(err.text, "");
    takt_fail(&err, TAKT_EBUSY, "two");
    assert_string_equal(err.text, "two");
    takt_error_clear(NULL);
}

static void test_nowhere_is_a_fine_place_for_an_error(void **state) {
    (void)state;
    assert_int_equal(takt_fail(NULL, TAKT_EINVAL, "%d", 1), TAKT_EINVAL);
}

static void test_words_that_are_too_many_are_cut(void **state) {
    struct takt_error err = {0};
    (void)state;
    takt_fail(&err, TAKT_EINVAL, "%01000d", 7);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

static void test_every_code_has_words(void **state) {
    (void)state;
#define X(name, value, text)                                                                                           \
    assert_string_equal(takt_error_text(TAKT_##name), text);                                                           \
    assert_int_equal(TAKT_##name, -(value));
    TAKT_ERRORS(X)
#undef X
    assert_string_equal(takt_error_text(0), "no error");
    assert_string_equal(takt_error_text(-9999), "unknown error");
    assert_string_equal(takt_error_text(3), "unknown error");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_failure_has_its_code_and_its_words),
        cmocka_unit_test(test_the_first_failure_wins),
        cmocka_unit_test(test_a_cleared_error_can_be_filled_again),
        cmocka_unit_test(test_nowhere_is_a_fine_place_for_an_error),
        cmocka_unit_test(test_words_that_are_too_many_are_cut),
        cmocka_unit_test(test_every_code_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
