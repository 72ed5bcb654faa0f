/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/intake_fixture.h"

#include "daemon/intake/session.h"

static void hello_comes_first(void **state) {
    (void)state;
    static const char *const types[] = {"orders", "amend", "cancel", "quote", "status", "subscribe", "seen", "ping", "campaign",
                                        "figures", "nonsense"};
    struct bed b;
    bed_open(&b);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char text[64];
        snprintf(text, sizeof text, "{\"type\":\"%s\",\"id\":\"7\"}", types[i]);
        bed_send(&b, 1, text);
        bed_expect(&b, 1, "\"problem\":\"no-session\"", "\"id\":\"7\"");
    }
    bed_hello(&b, 1, "luna");
    bed_send(&b, 1, "{\"type\":\"ping\",\"id\":\"8\"}");
    bed_expect(&b, 1, "{\"type\":\"pong\",\"id\":\"8\",\"time\":\"2026-11-22T00:00:00Z\"}");
    bed_send(&b, 2, "{\"type\":\"ping\",\"id\":\"8\"}");
    bed_expect(&b, 2, "no-session");
    bed_close(&b);
}

static void welcome_says_what_holds(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_send(&b, 1, "{\"type\":\"hello\",\"protocol\":1,\"creator\":\"luna\",\"client\":\"test 1.0\"}");
    bed_expect(&b, 1,
               "{\"type\":\"welcome\",\"protocol\":1,\"plant\":\"p1\",\"time\":\"2026-11-22T00:00:00Z\",\"credit\":2000,"
               "\"max_message\":1048576,\"max_orders\":500,\"window\":1000}");
    bed_close(&b);
}

static void a_bad_hello_is_told_why(void **state) {
    (void)state;
    static const struct {
        const char *text, *problem, *at;
    } rows[] = {
        {"{\"type\":\"hello\"}", "bad-message", "/protocol"},
        {"{\"type\":\"hello\",\"protocol\":2,\"creator\":\"luna\"}", "bad-protocol", "/protocol"},
        {"{\"type\":\"hello\",\"protocol\":1.0,\"creator\":\"luna\"}", "bad-message", "/protocol"},
        {"{\"type\":\"hello\",\"protocol\":\"1\",\"creator\":\"luna\"}", "bad-message", "/protocol"},
        {"{\"type\":\"hello\",\"protocol\":1}", "bad-message", "/creator"},
        {"{\"type\":\"hello\",\"protocol\":1,\"creator\":7}", "bad-message", "/creator"},
        {"{\"type\":\"hello\",\"protocol\":1,\"creator\":\"nobody\"}", "unknown-creator", "/creator"},
        {"{\"type\":\"hello\",\"protocol\":1,\"creator\":\"luna\",\"client\":[]}", "bad-message", "/client"},
        {"{\"type\":\"hello\",\"protocol\":1,\"creator\":\"luna\",\"creator\":\"band\"}", "bad-message", NULL},
    };
    struct bed b;
    bed_open(&b);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bed_send(&b, 1, rows[i].text);
        bed_expect(&b, 1, rows[i].problem, rows[i].at ? rows[i].at : "problem");
        bed_send(&b, 1, "{\"type\":\"ping\",\"id\":\"1\"}");
        bed_expect(&b, 1, "no-session");
    }
    bed_close(&b);
}

static void unknown_types_and_missing_ids_are_told(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    bed_send(&b, 1, "{\"type\":\"order\",\"id\":\"1\"}");
    bed_expect(&b, 1, "unknown-type", "\"at\":\"/type\"");
    bed_send(&b, 1, "{\"type\":\"ping\"}");
    bed_expect(&b, 1, "bad-message", "\"at\":\"/id\"");
    bed_send(&b, 1, "{\"type\":");
    bed_expect(&b, 1, "bad-message");
    bed_send(&b, 1, "");
    bed_expect(&b, 1, "bad-message");
    bed_close(&b);
}

static void what_comes_later_is_not_allowed_yet(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    bed_send(&b, 1, "{\"type\":\"campaign\",\"id\":\"1\",\"campaign\":\"c\"}");
    bed_expect(&b, 1, "not-allowed", "campaigns are not offered");
    bed_send(&b, 1, "{\"type\":\"figures\",\"id\":\"1\"}");
    bed_expect(&b, 1, "not-allowed", "figures are not offered");
    bed_send(&b, 1, "{\"type\":\"quote\",\"id\":\"1\",\"items\":[" ITEM "],\"hold\":\"PT4H\"}");
    bed_expect(&b, 1, "not-allowed", "held quotes are not offered", "/hold");
    bed_send(&b, 1, "{\"type\":\"quote\",\"id\":\"1\",\"items\":[" ITEM "],\"hold\":\"4 hours\"}");
    bed_expect(&b, 1, "bad-message", "/hold");
    bed_close(&b);
}

static void a_lost_peer_must_say_hello_again(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    intake_lost(b.in, 1);
    intake_lost(b.in, 99);
    bed_send(&b, 1, "{\"type\":\"ping\",\"id\":\"1\"}");
    bed_expect(&b, 1, "no-session");
    bed_hello(&b, 1, "luna");
    intake_broken(b.in, 1, NULL);
    bed_pump(&b);
    bed_expect(&b, 1, "bad-message", "one frame");
    bed_send(&b, 1, "{\"type\":\"ping\",\"id\":\"1\"}");
    bed_expect(&b, 1, "no-session");
    bed_close(&b);
}

/* The answer to what was sent before the connection was lost must not reach anybody else, nor stop the books from closing. */
static void answers_for_the_lost_do_no_harm(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    b.hold = true;
    bed_orders(&b, 1, "A", 3);
    bed_send(&b, 1, "{\"type\":\"subscribe\",\"id\":\"s\",\"after\":0}");
    intake_lost(b.in, 1);
    bed_release(&b);
    bed_expect(&b, 1, "\"accepted\":3");
    bed_expect(&b, 1, "no-session");
    bed_silent(&b);
    assert_int_equal(intake_stats(b.in).pending, 0);
    assert_int_equal(intake_owed(b.in), 0);
    bed_close(&b);
}

static void hello_again_may_name_another_creator(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    bed_orders(&b, 1, "A", 1);
    bed_expect(&b, 1, "\"accepted\":1");
    bed_hello(&b, 1, "band");
    bed_send(&b, 1, "{\"type\":\"status\",\"id\":\"1\",\"order_refs\":[\"A0\"]}");
    bed_expect(&b, 1, "unknown-order");
    assert_int_equal(intake_stats(b.in).sessions, 1);
    bed_close(&b);
}

static void a_creator_taken_out_of_the_plant_is_not_served(void **state) {
    (void)state;
    struct bed b;
    struct fixture smaller;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    bed_hello(&b, 2, "band");
    fixture_load(&smaller, SMALL_PLANT);
    intake_plant(b.in, plant_ref(fixture_good(&smaller)));
    bed_send(&b, 1, "{\"type\":\"ping\",\"id\":\"1\"}");
    bed_expect(&b, 1, "pong");
    bed_send(&b, 2, "{\"type\":\"ping\",\"id\":\"1\"}");
    bed_expect(&b, 2, "not-allowed");
    bed_orders(&b, 2, "B", 1);
    bed_expect(&b, 2, "not-allowed");
    bed_send(&b, 2, "{\"type\":\"hello\",\"protocol\":1,\"creator\":\"band\"}");
    bed_expect(&b, 2, "unknown-creator");
    fixture_done(&smaller);
    bed_close(&b);
}

static void the_least_recently_heard_gives_way(void **state) {
    (void)state;
    struct sessions s = {0};
    struct account account = {0};
    for (uint64_t peer = 0; peer < SESSIONS_MAX; peer++)
        session_open(&s, peer, &account);
    assert_non_null(session_heard(&s, 0));
    session_open(&s, SESSIONS_MAX, &account);
    assert_non_null(session_find(&s, 0));
    assert_null(session_find(&s, 1));
    assert_non_null(session_find(&s, SESSIONS_MAX));
    session_end(&s, session_find(&s, 0));
    session_end(&s, session_find(&s, SESSIONS_MAX));
    session_end(&s, NULL);
    assert_int_equal(HASH_COUNT(s.table), SESSIONS_MAX - 2);
    sessions_done(&s);
    assert_null(s.newest);
}

static void sessions_that_want_events_are_served_in_turn(void **state) {
    (void)state;
    struct sessions s = {0};
    struct account account = {0};
    for (uint64_t peer = 0; peer < 4; peer++) {
        struct session *one = session_open(&s, peer, &account);
        if (peer != 2)
            subscription_begin(&one->subscription, 0);
        session_want(&s, one);
        session_want(&s, one);
    }
    session_end(&s, session_find(&s, 1));
    assert_int_equal(session_next_wanting(&s)->peer, 0);
    session_want(&s, session_find(&s, 0));
    assert_int_equal(session_next_wanting(&s)->peer, 3);
    assert_int_equal(session_next_wanting(&s)->peer, 0);
    assert_null(session_next_wanting(&s));
    session_want(&s, session_find(&s, 3));
    sessions_done(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_comes_first),
        cmocka_unit_test(welcome_says_what_holds),
        cmocka_unit_test(a_bad_hello_is_told_why),
        cmocka_unit_test(unknown_types_and_missing_ids_are_told),
        cmocka_unit_test(what_comes_later_is_not_allowed_yet),
        cmocka_unit_test(a_lost_peer_must_say_hello_again),
        cmocka_unit_test(answers_for_the_lost_do_no_harm),
        cmocka_unit_test(hello_again_may_name_another_creator),
        cmocka_unit_test(a_creator_taken_out_of_the_plant_is_not_served),
        cmocka_unit_test(the_least_recently_heard_gives_way),
        cmocka_unit_test(sessions_that_want_events_are_served_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
