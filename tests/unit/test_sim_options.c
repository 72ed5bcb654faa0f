/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/sim/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define READ(o, err, ...) read_words(o, err, (char *[]){(char[]){"takt-sim"}, __VA_ARGS__, NULL})

static int read_words(struct options *o, struct takt_error *err, char **words) {
    int count = 0;
    while (words[count] != NULL)
        count++;
    *err = (struct takt_error){0};
    return options_read(o, count, words, err);
}

#define W(text) (char[]){text}

static void test_every_option_is_read(void **state) {
    (void)state;
    struct options o;
    struct takt_error err;
    assert_int_equal(READ(&o, &err, W("--plant"), W("a.yaml"), W("b.yaml"), W("--plant=c.yaml"), W("--feed"), W("f.gz"),
                          W("--until"), W("2026-12-24"), W("--scheduler"), W("edd"), W("--effort"), W("7"), W("--scale"),
                          W("1.25"), W("--seed"), W("9"), W("--noise"), W("0.2"), W("--breakdowns"), W("3"), W("-o"),
                          W("json")), 0);
    assert_string_equal(o.plant, "a.yaml");
    assert_int_equal(o.drop_in_count, 2);
    assert_string_equal(o.drop_ins[1], "c.yaml");
    assert_string_equal(o.feed, "f.gz");
    assert_string_equal(o.until, "2026-12-24");
    assert_string_equal(o.scheduler, "edd");
    assert_int_equal(o.effort, 7);
    assert_int_equal(o.scale_ppm, 1250000);
    assert_int_equal(o.seed, 9);
    assert_int_equal(o.noise_ppm, 200000);
    assert_int_equal(o.breakdowns, 3);
    assert_true(o.json);
    options_done(&o);
}

static void assert_wrong(const char *option, const char *value, const char *says) {
    struct options o;
    struct takt_error err;
    char left[64], right[64];
    snprintf(left, sizeof left, "%s", option);
    snprintf(right, sizeof right, "%s", value);
    assert_int_equal(READ(&o, &err, W("--plant"), W("p"), W("--feed"), W("f"), left, right), TAKT_EINVAL);
    if (strstr(err.text, says) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, says);
    options_done(&o);
}

static void test_values_out_of_range_are_named_with_their_range(void **state) {
    (void)state;
    assert_wrong("--noise", "1.5", "from 0 to 1");
    assert_wrong("--noise", "", "--noise ''");
    assert_wrong("--scale", "0", "from 0.01 to 100");
    assert_wrong("--scale", "1.2.3", "--scale '1.2.3'");
    assert_wrong("--scale", "0.1234567", "six decimals");
    assert_wrong("--effort", "0", "from 1");
    assert_wrong("--effort", "1x", "--effort '1x'");
    assert_wrong("--seed", "18446744073709551616", "--seed");
    assert_wrong("--breakdowns", "-1", "--breakdowns '-1'");
    assert_wrong("--scheduler", "ats", "did you mean 'atcs'?");
    assert_wrong("-o", "xml", "text or json");
}

static void test_plant_and_feed_are_needed_but_not_for_help(void **state) {
    (void)state;
    struct options o;
    struct takt_error err;
    assert_int_equal(READ(&o, &err, W("--feed"), W("f")), TAKT_EINVAL);
    assert_non_null(strstr(err.text, "--plant"));
    options_done(&o);
    assert_int_equal(READ(&o, &err, W("p.yaml")), TAKT_EINVAL);
    assert_non_null(strstr(err.text, "--feed"));
    options_done(&o);
    assert_int_equal(READ(&o, &err, W("--help")), 0);
    assert_true(o.help);
    options_done(&o);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_option_is_read),
        cmocka_unit_test(test_values_out_of_range_are_named_with_their_range),
        cmocka_unit_test(test_plant_and_feed_are_needed_but_not_for_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
