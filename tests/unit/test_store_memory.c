/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/store_suite.h"

static struct store *suite_open(void) {
    struct store_config config = {.url = "memory:", .plant = "shirts", .create = true};
    struct store *s;
    assert_int_equal(store_open(&config, &s, NULL), 0);
    return s;
}

static void suite_remove(void) {
}

int main(void) {
    const struct CMUnitTest tests[] = {STORE_SUITE};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
