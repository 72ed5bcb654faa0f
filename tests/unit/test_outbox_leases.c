/* SPDX-License-Identifier: Apache-2.0 */

/* The outbox: who has a shipment, for how long, and who gets it next. */

#include "tests/unit/outbox_fixture.h"

/* ---- leases ---- */

static void what_nobody_takes_is_sent_again_when_its_lease_ends(void **state) {
    struct bench *b = *state;
    publish_one(b);
    hello(b, DOCK, "dock", 5);
    pass(b, OUTBOX_LEASE_MS - 1);
    assert_int_equal(times_sent(b, DOCK, 1), 1);
    pass(b, 1);
    assert_int_equal(times_sent(b, DOCK, 1), 2); /* the same shipment_id; there is nobody else */
    hello(b, TRUCK, "truck", 5);
    pass(b, OUTBOX_LEASE_MS);
    assert_int_equal(times_sent(b, DOCK, 1), 2);
    assert_int_equal(times_sent(b, TRUCK, 1), 1); /* another one first */
    assert_int_equal(stored(b, 1).attempts, 3);
}

static void who_let_a_lease_end_is_the_last_to_get_it_again(void **state) {
    struct bench *b = *state;
    hello(b, DOCK, "dock", 5);
    hello(b, TRUCK, "truck", 5);
    publish_one(b);
    uint64_t slept = times_sent(b, DOCK, 1) ? DOCK : TRUCK, other = slept == DOCK ? TRUCK : DOCK;
    pass(b, 1000);
    publish_one(b);
    assert_int_equal(times_sent(b, other, 2), 1); /* so that it would be the sleeper's turn now */
    pass(b, OUTBOX_LEASE_MS - 1000);
    assert_int_equal(times_sent(b, slept, 1), 1);
    assert_int_equal(times_sent(b, other, 1), 1);
}

static void what_nobody_took_goes_to_another_when_the_connection_ends(void **state) {
    struct bench *b = *state;
    publish_one(b);
    hello(b, DOCK, "dock", 5);
    hello(b, TRUCK, "truck", 5);
    assert_int_equal(times_sent(b, TRUCK, 1), 0);
    gone(b, DOCK);
    assert_int_equal(times_sent(b, TRUCK, 1), 1);
    gone(b, DOCK); /* once more means nothing */
    assert_int_equal(times_sent(b, TRUCK, 1), 1);
}

static void a_hello_on_the_same_connection_begins_anew(void **state) {
    struct bench *b = *state;
    publish_one(b);
    publish_one(b);
    hello(b, DOCK, "dock", 5);
    act(b, DOCK, "taken", 1);
    hello(b, DOCK, "dock", 5);
    assert_int_equal(times_sent(b, DOCK, 1), 2);
    assert_int_equal(times_sent(b, DOCK, 2), 2);
}

static void taken_sticks_to_the_consumer(void **state) {
    struct bench *b = *state;
    publish_one(b);
    hello(b, DOCK, "dock", 5);
    act(b, DOCK, "taken", 1);
    assert_string_equal(last_heard(b, DOCK), "confirmed");
    assert_string_equal(stored(b, 1).consumer, "dock");
    hello(b, TRUCK, "truck", 5);
    pass(b, 10 * OUTBOX_LEASE_MS); /* no lease runs for it */
    assert_int_equal(times_sent(b, DOCK, 1), 1);
    gone(b, DOCK);
    pass(b, 10 * OUTBOX_LEASE_MS);
    assert_int_equal(times_sent(b, TRUCK, 1), 0);
    hello(b, THIRD, "dock", 5); /* the same consumer on another connection */
    assert_int_equal(times_sent(b, THIRD, 1), 1);
    act(b, THIRD, "shipped", 1);
    assert_string_equal(last_heard(b, THIRD), "confirmed");
}

static void taken_while_it_is_sent_to_another_is_the_takers(void **state) {
    struct bench *b = *state;
    publish_one(b);
    hello(b, DOCK, "dock", 5);
    gone(b, DOCK);
    hello(b, DOCK, "dock", 0);
    b->hold = true;
    hello(b, TRUCK, "truck", 5); /* its message is being made */
    act(b, DOCK, "taken", 1);
    struct store_request *taken = b->held[--b->held_count];
    assert_int_equal(((struct store_shipment *)taken)->act, SHIPMENT_TAKE);
    b->hold = false;
    answer(b, taken);
    let_go(b);
    assert_string_equal(last_heard(b, DOCK), "confirmed");
    assert_int_equal(times_sent(b, TRUCK, 1), 0);
    gone(b, DOCK);
    pass(b, OUTBOX_LEASE_MS);
    assert_int_equal(times_sent(b, TRUCK, 1), 0);
}

static void a_connection_that_ends_while_a_message_is_made_gets_nothing(void **state) {
    struct bench *b = *state;
    publish_one(b);
    b->hold = true;
    hello(b, DOCK, "dock", 5);
    assert_int_equal(b->held_count, 2);
    gone(b, DOCK);
    let_go(b);
    assert_int_equal(times_sent(b, DOCK, 1), 0);
    hello(b, TRUCK, "truck", 5);
    assert_int_equal(times_sent(b, TRUCK, 1), 1);
}

static void an_old_sending_is_not_taken_for_the_new_one(void **state) {
    struct bench *b = *state;
    publish_one(b);
    b->hold = true;
    hello(b, DOCK, "dock", 5);
    gone(b, DOCK);
    hello(b, TRUCK, "truck", 5);
    assert_int_equal(b->held_count, 4);
    let_go(b);
    assert_int_equal(times_sent(b, TRUCK, 1), 1);
}

/* A dock that says hello again and again, as one does that cannot know whether the daemon is a new one. */
static void hellos_on_one_connection_and_a_store_that_fails_are_no_attempts(void **state) {
    struct bench *b = *state;
    publish_one(b);
    for (int i = 1; i <= OUTBOX_ATTEMPTS_MAX + 5; i++) {
        hello(b, DOCK, "dock", 1);
        assert_int_equal(times_sent(b, DOCK, 1), i);
    }
    assert_int_equal(stored(b, 1).attempts, 1);
    gone(b, DOCK);
    b->fail = TAKT_EUNKNOWN; /* what is written takes place, and nobody is told */
    hello(b, TRUCK, "truck", 1);
    for (int i = 1; i <= OUTBOX_ATTEMPTS_MAX + 5; i++)
        pass(b, OUTBOX_RETRY_MS);
    b->fail = 0;
    pass(b, OUTBOX_RETRY_MS);
    assert_int_equal(times_sent(b, TRUCK, 1), 1);
    assert_int_equal(stored(b, 1).attempts, 2);
    assert_int_equal(b->asides, 0);
}

static void after_twenty_attempts_a_shipment_is_set_aside(void **state) {
    struct bench *b = *state;
    publish_one(b);
    for (int i = 1; i <= OUTBOX_ATTEMPTS_MAX; i++) {
        uint64_t peer = 100 + (uint64_t)i;
        hello(b, peer, i % 2 ? "dock" : "truck", 1);
        assert_int_equal(times_sent(b, peer, 1), 1);
        gone(b, peer);
        forget(b);
    }
    hello(b, DOCK, "dock", 1);
    assert_int_equal(times_sent(b, DOCK, 1), 0);
    assert_int_equal(stored(b, 1).state, SHIPMENT_ASIDE);
    assert_int_equal(b->asides, 1);
    pass(b, OUTBOX_LEASE_MS);
    assert_int_equal(times_sent(b, DOCK, 1), 0);
    release(b, 1);
    assert_int_equal(times_sent(b, DOCK, 1), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        BENCH_TEST(what_nobody_takes_is_sent_again_when_its_lease_ends),
        BENCH_TEST(who_let_a_lease_end_is_the_last_to_get_it_again),
        BENCH_TEST(an_old_sending_is_not_taken_for_the_new_one),
        BENCH_TEST(what_nobody_took_goes_to_another_when_the_connection_ends),
        BENCH_TEST(a_hello_on_the_same_connection_begins_anew),
        BENCH_TEST(taken_sticks_to_the_consumer),
        BENCH_TEST(taken_while_it_is_sent_to_another_is_the_takers),
        BENCH_TEST(a_connection_that_ends_while_a_message_is_made_gets_nothing),
        BENCH_TEST(hellos_on_one_connection_and_a_store_that_fails_are_no_attempts),
        BENCH_TEST(after_twenty_attempts_a_shipment_is_set_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
