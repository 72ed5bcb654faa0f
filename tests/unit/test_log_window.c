/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/operate/log_window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void the_first_of_a_window_are_written_and_the_rest_is_counted(void **state) {
    (void)state;
    struct log_window w = {0};
    uint32_t left_out;
    for (int i = 0; i < 3 * LOG_KIND_MAX; i++) {
        assert_int_equal(log_window_admit(&w, 1000 + i, &left_out), i < LOG_KIND_MAX);
        assert_int_equal(left_out, 0);
    }
}

static void what_was_left_out_is_told_once_when_the_next_window_begins(void **state) {
    (void)state;
    struct log_window w = {0};
    uint32_t left_out;
    for (int i = 0; i < LOG_KIND_MAX + 7; i++)
        log_window_admit(&w, 1000, &left_out);
    assert_false(log_window_admit(&w, 1000 + LOG_KIND_MS - 1, &left_out));
    assert_true(log_window_admit(&w, 1000 + LOG_KIND_MS, &left_out));
    assert_int_equal(left_out, 8);
    assert_true(log_window_admit(&w, 1000 + LOG_KIND_MS, &left_out));
    assert_int_equal(left_out, 0);
}

static void few_lines_are_never_left_out(void **state) {
    (void)state;
    struct log_window w = {0};
    uint32_t left_out;
    for (int64_t i = 0; i < 10 * LOG_KIND_MAX; i++) {
        assert_true(log_window_admit(&w, i * (LOG_KIND_MS / LOG_KIND_MAX), &left_out));
        assert_int_equal(left_out, 0);
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_of_a_window_are_written_and_the_rest_is_counted),
        cmocka_unit_test(what_was_left_out_is_told_once_when_the_next_window_begins),
        cmocka_unit_test(few_lines_are_never_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
