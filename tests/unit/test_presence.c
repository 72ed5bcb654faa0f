/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/intake/presence.h"

#include <stdlib.h>
#include <string.h>

struct bed {
    struct store *store;
    struct presence *one, *two;
    int64_t now_ms;
};

static int setup(void **state) {
    struct bed *b = takt_alloc(sizeof *b);
    struct takt_error err = {0};
    const struct store_config config = {.url = "memory:", .plant = "p1", .create = true};
    assert_int_equal(store_open(&config, &b->store, &err), 0);
    b->one = presence_new();
    b->two = presence_new();
    b->now_ms = 1000000;
    *state = b;
    return 0;
}

static int teardown(void **state) {
    struct bed *b = *state;
    presence_free(b->one);
    presence_free(b->two);
    store_close(b->store);
    free(b);
    return 0;
}

static void look(struct bed *b, struct presence *p, const char *creator, bool ends) {
    struct creator_set here = {0};
    if (creator)
        creator_set_add(&here, creator);
    struct store_request *request = presence_due(p, &here, ends, b->now_ms);
    assert_non_null(request);
    assert_true(presence_is(p, request));
    assert_true(presence_out(p));
    store_call(b->store, request);
    presence_came(p, b->now_ms);
    assert_false(presence_out(p));
}

static void pass(struct bed *b, int64_t ms) {
    b->now_ms += ms;
}

static void who_is_connected_to_two_shares_and_who_is_not_does_not(void **state) {
    struct bed *b = *state;
    assert_int_equal(presence_sharers(NULL, "luna"), 1);
    assert_int_equal(presence_sharers(b->one, "luna"), 2); /* nobody knows yet */
    look(b, b->one, "luna", false);
    assert_int_equal(presence_sharers(b->one, "luna"), 1);
    look(b, b->two, "luna", false);
    assert_int_equal(presence_sharers(b->two, "luna"), 2);
    assert_int_equal(presence_sharers(b->two, "band"), 1);
    pass(b, PRESENCE_MS);
    look(b, b->one, "luna", false);
    assert_int_equal(presence_sharers(b->one, "luna"), 2);
}

static void who_ends_in_order_shares_no_more(void **state) {
    struct bed *b = *state;
    look(b, b->one, "luna", false);
    look(b, b->two, "luna", false);
    look(b, b->two, NULL, true);
    pass(b, PRESENCE_MS);
    look(b, b->one, "luna", false);
    assert_int_equal(presence_sharers(b->one, "luna"), 1);
}

static void who_stands_still_shares_no_more_and_is_taken_away_later(void **state) {
    struct bed *b = *state;
    look(b, b->two, "luna", false);
    for (int64_t passed = 0; passed < PRESENCE_STILL_MS; passed += PRESENCE_MS, pass(b, PRESENCE_MS)) {
        look(b, b->one, "luna", false);
        assert_int_equal(presence_sharers(b->one, "luna"), 2);
    }
    look(b, b->one, "luna", false);
    assert_int_equal(presence_sharers(b->one, "luna"), 1);
    pass(b, PRESENCE_MS);
    for (int64_t passed = 0; passed < PRESENCE_GONE_MS; passed += PRESENCE_MS, pass(b, PRESENCE_MS))
        look(b, b->one, "luna", false);
    look(b, b->one, "luna", false);
    struct store_present q = {.head = {.op = STORE_PRESENT, .arena = arena_new()}, .process = "x", .creators = "", .ends = true};
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(q.ret_count, 1);
    arena_free(q.head.arena);
}

/* While nobody can write, nobody's beats go up: that is no sign that the others are gone. */
static void after_a_time_without_a_store_the_others_count_as_before(void **state) {
    struct bed *b = *state;
    look(b, b->two, "luna", false);
    look(b, b->one, "luna", false);
    pass(b, 10 * PRESENCE_STILL_MS);
    look(b, b->one, "luna", false);
    assert_int_equal(presence_sharers(b->one, "luna"), 2);
}

static void it_is_asked_once_a_second_and_one_at_a_time(void **state) {
    struct bed *b = *state;
    struct creator_set here = {0};
    look(b, b->one, NULL, false);
    pass(b, PRESENCE_MS - 1);
    assert_null(presence_due(b->one, &here, false, b->now_ms));
    pass(b, 1);
    struct store_request *request = presence_due(b->one, &here, false, b->now_ms);
    assert_non_null(request);
    pass(b, 10 * PRESENCE_MS);
    assert_null(presence_due(b->one, &here, false, b->now_ms));
    store_call(b->store, request);
    presence_came(b->one, b->now_ms);
}

static void the_planner_is_where_the_newest_one_says_until_it_ends(void **state) {
    struct bed *b = *state;
    uint64_t epoch;
    look(b, b->one, NULL, false);
    assert_null(presence_planner(b->one, &epoch));
    struct store_claim claim = {.head = {.op = STORE_CLAIM}, .address = "tcp://one:1"};
    assert_int_equal(store_call(b->store, &claim.head), 0);
    pass(b, PRESENCE_MS);
    look(b, b->one, NULL, false);
    assert_string_equal(presence_planner(b->one, &epoch), "tcp://one:1");
    assert_int_equal(epoch, claim.ret_epoch);
    struct store_beat end = {.head = {.op = STORE_BEAT}, .epoch = claim.ret_epoch, .ends = true};
    assert_int_equal(store_call(b->store, &end.head), 0);
    pass(b, PRESENCE_MS);
    look(b, b->one, NULL, false);
    assert_null(presence_planner(b->one, &epoch));
}

static void a_set_that_cannot_be_read_may_be_anybody(void **state) {
    struct bed *b = *state;
    struct store_present q = {.head = {.op = STORE_PRESENT, .arena = arena_new()}, .process = "x", .creators = "of a newer takt"};
    assert_int_equal(store_call(b->store, &q.head), 0);
    arena_free(q.head.arena);
    look(b, b->one, "luna", false);
    assert_int_equal(presence_sharers(b->one, "luna"), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(who_is_connected_to_two_shares_and_who_is_not_does_not), TEST(who_ends_in_order_shares_no_more),
        TEST(who_stands_still_shares_no_more_and_is_taken_away_later), TEST(after_a_time_without_a_store_the_others_count_as_before),
        TEST(it_is_asked_once_a_second_and_one_at_a_time), TEST(the_planner_is_where_the_newest_one_says_until_it_ends),
        TEST(a_set_that_cannot_be_read_may_be_anybody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
