/* SPDX-License-Identifier: Apache-2.0 */
#include "clients/load/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void shares_are_right_to_a_sixty_fourth(void **state) {
    (void)state;
    static struct histogram h;
    static const uint32_t shares[] = {1000, 50000, 90000, 99000, 99900};
    for (uint64_t us = 1; us <= 1000000; us++)
        histogram_add(&h, us);
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        uint64_t right = (uint64_t)shares[i] * 10;
        assert_in_range(histogram_at(&h, shares[i]), right, right + right / 64 + 1);
    }
    assert_int_equal(histogram_at(&h, 100000), 1000000);
    assert_int_equal(h.most_us, 1000000);
}

static void ends_of_the_range(void **state) {
    (void)state;
    static struct histogram empty, h;
    assert_int_equal(histogram_at(&empty, 99000), 0);
    histogram_add(&h, 0);
    assert_int_equal(histogram_at(&h, 100000), 0);
    histogram_add(&h, UINT64_MAX);
    assert_true(histogram_at(&h, 100000) == UINT64_MAX);
    assert_int_equal(histogram_at(&h, 50000), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_right_to_a_sixty_fourth),
        cmocka_unit_test(ends_of_the_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
