/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/guess.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static struct guesses guesses;
static struct sockaddr_storage address;

static const struct sockaddr *from(const char *text) {
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = 4};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = 6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        memcpy(&address, &v4, sizeof v4);
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
        memcpy(&address, &v6, sizeof v6);
    }
    return (const struct sockaddr *)&address;
}

/* Another wrong token each time. */
static uint32_t guess(const char *who, int64_t now_ms) {
    static unsigned last;
    char token[32];
    snprintf(token, sizeof token, "wrong-%u", ++last);
    return guess_wrong(&guesses, from(who), token, now_ms);
}

static int64_t wait_of(const char *who, int64_t now_ms) {
    return guess_wait_ms(&guesses, from(who), now_ms);
}

static int begin(void **state) {
    (void)state;
    guess_init(&guesses);
    return 0;
}

static void a_few_mistakes_are_free_and_then_each_costs_twice_as_much_up_to_a_minute(void **state) {
    (void)state;
    static const int64_t waits_ms[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000};
    int64_t now_ms = 5000;
    for (uint32_t i = 1; i <= GUESS_FREE; i++) {
        assert_int_equal(guess("10.0.0.7", now_ms), i);
        assert_int_equal(wait_of("10.0.0.7", now_ms), 0);
    }
    for (size_t i = 0; i < sizeof waits_ms / sizeof waits_ms[0]; i++) {
        assert_int_equal(guess("10.0.0.7", now_ms), GUESS_FREE + 1 + i);
        assert_int_equal(wait_of("10.0.0.7", now_ms), waits_ms[i]);
        assert_int_equal(wait_of("10.0.0.7", now_ms + waits_ms[i] - 1), 1);
        now_ms += waits_ms[i];
        assert_int_equal(wait_of("10.0.0.7", now_ms), 0);
    }
    assert_int_equal(wait_of("10.0.0.8", now_ms - 1), 0);
}

static void the_same_wrong_token_again_is_no_guess(void **state) {
    (void)state;
    for (int i = 0; i < 100; i++)
        for (int k = 0; k < GUESS_KEPT; k++) {
            char token[2] = {(char)('a' + k), '\0'};
            assert_int_equal(guess_wrong(&guesses, from("10.0.0.7"), token, 1000 + i), i == 0 ? (uint32_t)k + 1 : 0);
        }
    assert_int_equal(wait_of("10.0.0.7", 1100), 0);
    /* Which are known is an address's own matter. */
    assert_int_equal(guess_wrong(&guesses, from("10.0.0.8"), "a", 1200), 1);
    /* Only so many are. */
    assert_int_equal(guess("10.0.0.7", 1200), GUESS_KEPT + 1);
    assert_int_equal(guess_wrong(&guesses, from("10.0.0.7"), "a", 1200), GUESS_KEPT + 2);
}

static void who_has_not_guessed_for_long_is_as_new(void **state) {
    (void)state;
    for (int i = 0; i < 20; i++)
        guess("10.0.0.7", 1000);
    assert_int_equal(guess("10.0.0.7", 1000 + GUESS_FORGET_MS - 1), 21);
    assert_int_equal(guess("10.0.0.7", 1000 + 2 * GUESS_FORGET_MS), 1);
    assert_int_equal(wait_of("10.0.0.7", 1000 + 2 * GUESS_FORGET_MS), 0);
}

static void an_address_is_the_same_in_either_form_and_a_network_of_ipv6_is_one(void **state) {
    (void)state;
    assert_int_equal(guess("10.0.0.7", 1000), 1);
    assert_int_equal(guess("::ffff:10.0.0.7", 1000), 2);
    assert_int_equal(guess("::ffff:10.0.0.8", 1000), 1);
    assert_int_equal(guess("2001:db8:1:2::1", 1000), 1);
    assert_int_equal(guess("2001:db8:1:2:ffff::9", 1000), 2);
    assert_int_equal(guess("2001:db8:1:3::1", 1000), 1);
    assert_int_equal(guess_wrong(&guesses, NULL, "x", 1000), 1);
    assert_int_equal(guess_wrong(&guesses, NULL, "y", 1000), 2);
}

static void the_table_is_bounded_and_who_guesses_now_is_in_it(void **state) {
    (void)state;
    char who[INET_ADDRSTRLEN];
    int forgotten = 0;
    for (int64_t i = 0; i < 20 * GUESS_BUCKETS * GUESS_WAYS; i++) {
        snprintf(who, sizeof who, "10.%d.%d.%d", (int)(i >> 16), (int)(i >> 8 & 255), (int)(i & 255));
        assert_int_equal(guess(who, 1000 + i), 1);
        assert_int_equal(guess(who, 1000 + i), 2);
        forgotten += guess("192.168.0.1", 1000 + i) == 1; /* it never leaves: it is never the oldest */
    }
    assert_int_equal(forgotten, 1);
    assert_int_equal(wait_of("192.168.0.1", 1000 + 20 * GUESS_BUCKETS * GUESS_WAYS), GUESS_WAIT_MS_MAX - 1);
    assert_int_equal(guess("10.0.0.0", 1000 + 20 * GUESS_BUCKETS * GUESS_WAYS), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_few_mistakes_are_free_and_then_each_costs_twice_as_much_up_to_a_minute, begin),
        cmocka_unit_test_setup(the_same_wrong_token_again_is_no_guess, begin),
        cmocka_unit_test_setup(who_has_not_guessed_for_long_is_as_new, begin),
        cmocka_unit_test_setup(an_address_is_the_same_in_either_form_and_a_network_of_ipv6_is_one, begin),
        cmocka_unit_test_setup(the_table_is_bounded_and_who_guesses_now_is_in_it, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
