/* SPDX-License-Identifier: Apache-2.0 */

/* The outbox: sessions, how shipments end, and what happens when something is wrong. */

#include "tests/unit/outbox_fixture.h"

/* ---- sessions ---- */

static void a_shipment_carries_all_that_is_on_its_label(void **state) {
    struct bench *b = *state;
    publish_one(b);
    say(b, DOCK, "{\"type\": \"hello\", \"id\": \"h\", \"protocol\": 1, \"consumer\": \"dock\", \"credit\": 5}");
    assert_int_equal(b->heard_count, 2);
    const json_t *welcome = b->heard[0].message, *m = b->heard[1].message;
    assert_string_equal(text_of(welcome, "type"), "welcome");
    assert_string_equal(text_of(welcome, "id"), "h");
    assert_string_equal(text_of(welcome, "plant"), "p1");
    json_t *want = json_loads(
        "{\"type\": \"shipment\", \"shipment_id\": \"p1-1\", \"creator\": \"luna\", \"order_refs\": [\"L-1\"],"
        " \"parcel\": {\"items\": [{\"order_ref\": \"L-1\", \"product\": \"tee\", \"quantity\": 2,"
        "   \"options\": {\"design\": \"x1\", \"ink\": \"dark\"}},"
        "  {\"order_ref\": \"L-1\", \"product\": \"tee\", \"quantity\": 1, \"options\": {\"ink\": \"light\"},"
        "   \"personalization\": {\"text\": \"for Mei\"}}], \"weight\": 540.5},"
        " \"recipient\": {\"name\": \"Mei\", \"address\": {\"country\": \"DE\"}}, \"carrier\": \"mail\","
        " \"service\": \"standard\", \"ship_by\": \"2026-11-30T15:00:00Z\", \"packed_at\": \"2026-11-30T00:00:00Z\"}",
        0, NULL);
    assert_non_null(want);
    assert_true(json_equal(want, m));
    json_decref(want);
}

static void hello_comes_first(void **state) {
    struct bench *b = *state;
    publish_one(b);
    const char *const types[] = {"taken", "shipped", "refused", "credit", "juggle"};
    for (size_t i = 0; i < 5; i++) {
        act(b, DOCK, types[i], 1);
        assert_string_equal(last_heard(b, DOCK), "no-session");
        forget(b);
    }
    assert_int_equal(stored(b, 1).state, SHIPMENT_OPEN);
}

static void a_hello_that_is_wrong_is_refused(void **state) {
    struct bench *b = *state;
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"{\"type\": \"hello\", \"protocol\": 2, \"consumer\": \"dock\", \"credit\": 5}", "bad-protocol"},
        {"{\"type\": \"hello\", \"consumer\": \"dock\", \"credit\": 5}", "bad-message"},
        {"{\"type\": \"hello\", \"protocol\": 1, \"consumer\": \"dok\", \"credit\": 5}", "not-allowed"},
        {"{\"type\": \"hello\", \"protocol\": 1, \"credit\": 5}", "bad-message"},
        {"{\"type\": \"hello\", \"protocol\": 1, \"consumer\": \"dock\"}", "bad-message"},
        {"{\"type\": \"hello\", \"protocol\": 1, \"consumer\": \"dock\", \"credit\": -1}", "bad-message"},
        {"{\"type\": \"hello\", \"protocol\": 1, \"consumer\": \"dock\", \"credit\": 1001}", "bad-message"},
        {"{\"type\": \"hello\", \"protocol\": 1, \"consumer\": \"dock\", \"credit\": 1.0}", "bad-message"},
        {"[]", "bad-message"},
        {"", "bad-message"},
    };
    publish_one(b);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        say(b, DOCK, "%s", cases[i].text);
        assert_string_equal(last_heard(b, DOCK), cases[i].problem);
        assert_int_equal(times_sent(b, DOCK, 1), 0);
        forget(b);
    }
}

static void what_is_no_message_of_the_endpoint_is_refused(void **state) {
    struct bench *b = *state;
    hello(b, DOCK, "dock", 5);
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"{\"type\": \"orders\", \"id\": \"1\", \"orders\": []}", "unknown-type"},
        {"{\"type\": \"taken\"}", "bad-message"},
        {"{\"type\": \"taken\", \"shipment_id\": 7}", "bad-message"},
        {"{\"type\": \"refused\", \"shipment_id\": \"p1-1\"}", "bad-message"},
        {"{\"type\": \"credit\"}", "bad-message"},
        {"{\"type\": \"credit\", \"credit\": 100000}", "bad-message"},
        {"{\"type\": \"taken\", \"shipment_id\": \"p1-999\"}", "unknown-shipment"},
        {"{\"type\": \"shipped\", \"shipment_id\": \"nonsense\"}", "unknown-shipment"},
        {"{\"type\": \"refused\", \"shipment_id\": \"p1-0\", \"reason\": \"x\"}", "unknown-shipment"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        say(b, DOCK, "%s", cases[i].text);
        assert_string_equal(last_heard(b, DOCK), cases[i].problem);
    }
    outbox_broken(b->outbox, DOCK);
    settle(b);
    act(b, DOCK, "taken", 1);
    assert_string_equal(last_heard(b, DOCK), "no-session");
}

static void a_consumer_gets_no_more_than_its_credit(void **state) {
    struct bench *b = *state;
    for (int i = 0; i < 6; i++)
        publish_one(b);
    hello(b, DOCK, "dock", 0);
    assert_int_equal(b->heard_count, 1);
    say(b, DOCK, "{\"type\": \"credit\", \"credit\": 2}");
    assert_int_equal(b->heard_count, 3);
    act(b, DOCK, "taken", 1); /* is still neither shipped nor refused */
    assert_int_equal(times_sent(b, DOCK, 3), 0);
    act(b, DOCK, "shipped", 1);
    assert_int_equal(times_sent(b, DOCK, 3), 1);
    act(b, DOCK, "refused", 2);
    assert_int_equal(times_sent(b, DOCK, 4), 1);
    assert_int_equal(times_sent(b, DOCK, 5), 0);
    say(b, DOCK, "{\"type\": \"credit\", \"credit\": 0}");
    act(b, DOCK, "shipped", 3);
    act(b, DOCK, "shipped", 4);
    assert_int_equal(times_sent(b, DOCK, 5), 0);
}

static void the_most_urgent_leaves_first(void **state) {
    struct bench *b = *state;
    publish(b, 3000);
    publish(b, TAKT_TIME_NONE);
    publish(b, 1000);
    publish(b, 2000);
    hello(b, DOCK, "dock", 10);
    const char *const order[] = {"p1-3", "p1-4", "p1-1", "p1-2"};
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(text_of(b->heard[i + 1].message, "shipment_id"), order[i]);
}

static void two_consumers_share_what_there_is(void **state) {
    struct bench *b = *state;
    hello(b, DOCK, "dock", 10);
    hello(b, TRUCK, "truck", 10);
    for (int i = 0; i < 4; i++)
        publish_one(b);
    size_t dock = 0, truck = 0;
    for (uint64_t n = 1; n <= 4; n++) {
        dock += times_sent(b, DOCK, n);
        truck += times_sent(b, TRUCK, n);
    }
    assert_int_equal(dock, 2);
    assert_int_equal(truck, 2);
}

/* ---- ends ---- */

static void a_shipped_shipment_is_confirmed_again_and_never_sent_again(void **state) {
    struct bench *b = *state;
    publish_one(b);
    hello(b, DOCK, "dock", 5);
    act(b, DOCK, "shipped", 1);
    assert_string_equal(last_heard(b, DOCK), "confirmed");
    assert_int_equal(b->wakes, 1);
    assert_string_equal(stored(b, 1).tracking, "T1");
    restart(b);
    hello(b, DOCK, "dock", 5);
    act(b, DOCK, "shipped", 1);
    assert_string_equal(last_heard(b, DOCK), "confirmed");
    pass(b, 2 * OUTBOX_LEASE_MS);
    assert_int_equal(times_sent(b, DOCK, 1), 0);
}

static void a_refused_shipment_waits_for_the_operator(void **state) {
    struct bench *b = *state;
    publish_one(b);
    hello(b, DOCK, "dock", 5);
    act(b, DOCK, "refused", 1);
    act(b, DOCK, "refused", 1);
    assert_string_equal(last_heard(b, DOCK), "confirmed");
    assert_int_equal(b->asides, 1);
    assert_string_equal(stored(b, 1).reason, "torn");
    pass(b, 2 * OUTBOX_LEASE_MS);
    assert_int_equal(times_sent(b, DOCK, 1), 1);
    release(b, 1);
    assert_int_equal(times_sent(b, DOCK, 1), 2);
}

static void what_the_operator_releases_is_sent_at_once(void **state) {
    struct bench *b = *state;
    publish_one(b);
    hello(b, DOCK, "dock", 5);
    act(b, DOCK, "refused", 1);
    store_release(b, 1);
    outbox_released(b->outbox);
    settle(b);
    assert_int_equal(times_sent(b, DOCK, 1), 2);
    act(b, DOCK, "refused", 1);
    b->hold = true;
    pass(b, OUTBOX_IDLE_MS);
    assert_true(b->held_count > 0); /* a look is under way */
    store_release(b, 1);
    outbox_released(b->outbox);
    let_go(b);
    assert_int_equal(times_sent(b, DOCK, 1), 3);
}

static void a_taken_shipment_that_the_operator_releases_is_anybodys(void **state) {
    struct bench *b = *state;
    publish_one(b);
    hello(b, DOCK, "dock", 5);
    act(b, DOCK, "taken", 1);
    gone(b, DOCK);
    hello(b, TRUCK, "truck", 5);
    assert_int_equal(times_sent(b, TRUCK, 1), 0);
    release(b, 1);
    assert_int_equal(times_sent(b, TRUCK, 1), 1);
    act(b, TRUCK, "taken", 1);
    hello(b, DOCK, "dock", 5);
    act(b, DOCK, "shipped", 1);
    assert_string_equal(last_heard(b, DOCK), "contradiction");
}

static void a_restart_knows_who_has_taken_what(void **state) {
    struct bench *b = *state;
    publish_one(b);
    publish_one(b);
    hello(b, DOCK, "dock", 5);
    act(b, DOCK, "taken", 1);
    restart(b);
    hello(b, TRUCK, "truck", 5);
    assert_int_equal(times_sent(b, TRUCK, 1), 0);
    assert_int_equal(times_sent(b, TRUCK, 2), 1);
    hello(b, DOCK, "dock", 5);
    assert_int_equal(times_sent(b, DOCK, 1), 1);
}

static void more_than_a_page_is_found_at_the_start(void **state) {
    struct bench *b = *state;
    enum { MANY = OUTBOX_PAGE + 7 };
    for (int i = 0; i < MANY; i++)
        publish_one(b);
    restart(b);
    hello(b, DOCK, "dock", OUTBOX_CREDIT_MAX);
    assert_int_equal(b->heard_count, MANY + 1);
}

/* ---- trouble ---- */

static void while_the_store_fails_nothing_is_claimed_and_later_it_goes_on(void **state) {
    struct bench *b = *state;
    publish_one(b);
    b->fail = TAKT_ESTORE;
    hello(b, DOCK, "dock", 5);
    assert_int_equal(times_sent(b, DOCK, 1), 0);
    b->fail = 0;
    assert_true(outbox_next_ms(b->outbox) <= b->now.real_ms + OUTBOX_RETRY_MS);
    pass(b, OUTBOX_RETRY_MS);
    assert_int_equal(times_sent(b, DOCK, 1), 1);
    b->fail = TAKT_EUNKNOWN;
    act(b, DOCK, "shipped", 1);
    assert_string_equal(last_heard(b, DOCK), "busy");
    assert_int_equal(b->wakes, 0);
    b->fail = 0;
    act(b, DOCK, "shipped", 1);
    assert_string_equal(last_heard(b, DOCK), "confirmed");
}

static void a_taking_of_unknown_outcome_is_found_out(void **state) {
    struct bench *b = *state;
    publish_one(b);
    hello(b, DOCK, "dock", 5);
    struct store_shipment took = {.head = {.op = STORE_SHIPMENT, .arena = b->arena},
                                  .epoch = b->epoch,
                                  .act = SHIPMENT_TAKE,
                                  .shipment = "p1-1",
                                  .consumer = "dock",
                                  .now_s = b->now.plant_s};
    assert_int_equal(store_call(b->store, &took.head), 0); /* it took place, and nobody was told */
    pass(b, OUTBOX_IDLE_MS);
    pass(b, OUTBOX_IDLE_MS);
    hello(b, TRUCK, "truck", 5);
    pass(b, 2 * OUTBOX_LEASE_MS);
    assert_int_equal(times_sent(b, TRUCK, 1), 0);
}

static void a_consumer_that_leaves_the_plant_loses_its_session(void **state) {
    struct bench *b = *state;
    struct fixture without;
    publish_one(b);
    hello(b, TRUCK, "truck", 5);
    fixture_load_edited(&without, "consumers: {dock: {}}", "consumers: {dock: {}}");
    outbox_reload(b->outbox, fixture_good(&without));
    fixture_done(&without);
    settle(b);
    act(b, TRUCK, "taken", 1);
    assert_string_equal(last_heard(b, TRUCK), "no-session");
    hello(b, TRUCK, "truck", 5);
    assert_string_equal(last_heard(b, TRUCK), "not-allowed");
    hello(b, DOCK, "dock", 5);
    assert_int_equal(times_sent(b, DOCK, 1), 1);
}

static void a_drained_outbox_sends_nothing_more(void **state) {
    struct bench *b = *state;
    hello(b, DOCK, "dock", 5);
    publish_one(b);
    b->hold = true;
    act(b, DOCK, "shipped", 1);
    outbox_drain(b->outbox);
    assert_true(outbox_pending(b->outbox) > 0);
    let_go(b);
    assert_string_equal(last_heard(b, DOCK), "confirmed");
    publish_one(b);
    pass(b, 2 * OUTBOX_LEASE_MS);
    assert_int_equal(times_sent(b, DOCK, 2), 0);
    assert_int_equal(outbox_pending(b->outbox), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        BENCH_TEST(a_shipment_carries_all_that_is_on_its_label),
        BENCH_TEST(hello_comes_first),
        BENCH_TEST(a_hello_that_is_wrong_is_refused),
        BENCH_TEST(what_is_no_message_of_the_endpoint_is_refused),
        BENCH_TEST(a_consumer_gets_no_more_than_its_credit),
        BENCH_TEST(the_most_urgent_leaves_first),
        BENCH_TEST(two_consumers_share_what_there_is),
        BENCH_TEST(a_shipped_shipment_is_confirmed_again_and_never_sent_again),
        BENCH_TEST(a_refused_shipment_waits_for_the_operator),
        BENCH_TEST(what_the_operator_releases_is_sent_at_once),
        BENCH_TEST(a_taken_shipment_that_the_operator_releases_is_anybodys),
        BENCH_TEST(a_restart_knows_who_has_taken_what),
        BENCH_TEST(more_than_a_page_is_found_at_the_start),
        BENCH_TEST(while_the_store_fails_nothing_is_claimed_and_later_it_goes_on),
        BENCH_TEST(a_taking_of_unknown_outcome_is_found_out),
        BENCH_TEST(a_consumer_that_leaves_the_plant_loses_its_session),
        BENCH_TEST(a_drained_outbox_sends_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
