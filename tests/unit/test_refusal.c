/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wire/refusal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static void every_problem_has_a_name_of_its_own_and_a_title(void **state) {
    (void)state;
    for (int i = REFUSAL_BAD_MESSAGE; i <= REFUSAL_INTERNAL; i++) {
        const char *name = refusal_name((enum refusal_kind)i);
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
        assert_true(strlen(name) > 0 && strlen(refusal_title((enum refusal_kind)i)) > 0);
        for (int k = REFUSAL_BAD_MESSAGE; k < i; k++)
            assert_string_not_equal(name, refusal_name((enum refusal_kind)k));
    }
}

static void refusing_fills_and_is_false(void **state) {
    (void)state;
    struct refusal r;
    assert_false(refuse(&r, REFUSAL_BUSY, "/orders/3", "wait %d s", 4));
    assert_int_equal(r.kind, REFUSAL_BUSY);
    assert_string_equal(r.at, "/orders/3");
    assert_string_equal(r.detail, "wait 4 s");
}

/* A detail may quote what the sender sent; cutting it off must not leave half a character, or the answer is not UTF-8. */
static void a_long_detail_is_cut_between_characters(void **state) {
    (void)state;
    struct refusal r;
    char text[400];
    for (size_t lead = 0; lead < 4; lead++) {
        memset(text, 'x', lead);
        for (size_t i = 0; i < 90; i++)
            memcpy(text + lead + 4 * i, "\xF0\x9F\x91\x95", 4);
        text[lead + 360] = '\0';
        refuse(&r, REFUSAL_BAD_MESSAGE, text, "%s", text);
        assert_int_equal((strlen(r.detail) - lead) % 4, 0);
        assert_int_equal((strlen(r.at) - lead) % 4, 0);
        assert_true(strlen(r.detail) >= sizeof r.detail - 5);
    }
    memset(text, 'y', 399);
    text[399] = '\0';
    refuse(&r, REFUSAL_BAD_MESSAGE, "", "%s", text);
    assert_int_equal(strlen(r.detail), sizeof r.detail - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_problem_has_a_name_of_its_own_and_a_title),
        cmocka_unit_test(refusing_fills_and_is_false),
        cmocka_unit_test(a_long_detail_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
