/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/sim/chance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_the_same_keys_give_the_same_bits_everywhere(void **state) {
    (void)state;
    assert_true(chance(1, CHANCE_DURATION, 2, 3) == UINT64_C(0xc65ce994bdf53740));
    assert_true(chance(1, CHANCE_DURATION, 2, 3) != chance(2, CHANCE_DURATION, 2, 3));
    assert_true(chance(1, CHANCE_DURATION, 2, 3) != chance(1, CHANCE_SCRAP, 2, 3));
    assert_true(chance(1, CHANCE_DURATION, 2, 3) != chance(1, CHANCE_DURATION, 3, 2));
}

static void test_a_factor_stays_within_the_noise_and_is_one_without(void **state) {
    (void)state;
    int64_t least = INT64_MAX, most = 0, sum = 0;
    for (uint64_t k = 0; k < 10000; k++) {
        assert_int_equal(chance_factor_ppm(chance(7, CHANCE_DURATION, k, 0), 0), 1000000);
        int64_t factor = chance_factor_ppm(chance(7, CHANCE_DURATION, k, 0), 200000);
        least = factor < least ? factor : least;
        most = factor > most ? factor : most;
        sum += factor;
    }
    assert_in_range(least, 800000, 801000);
    assert_in_range(most, 1199000, 1200000);
    assert_in_range(sum / 10000, 997000, 1003000);
}

static void test_every_value_below_n_comes(void **state) {
    (void)state;
    unsigned seen[7] = {0};
    for (uint64_t k = 0; k < 7000; k++)
        seen[chance_below(chance(3, CHANCE_LINE, k, 0), 7)]++;
    for (size_t k = 0; k < 7; k++)
        assert_in_range(seen[k], 850, 1150);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_keys_give_the_same_bits_everywhere),
        cmocka_unit_test(test_a_factor_stays_within_the_noise_and_is_one_without),
        cmocka_unit_test(test_every_value_below_n_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
