/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/intake_fixture.h"

#include "daemon/intake/changes.h"
#include "daemon/intake/inbox.h"

static void accepted_is_durable_and_wakes_the_planner(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    b.hold = true;
    bed_orders(&b, 1, "A", 3);
    bed_silent(&b);
    assert_int_equal(b.wakes, 0);
    bed_release(&b);
    bed_expect(&b, 1, "{\"type\":\"accepted\",\"id\":\"A\",\"results\":[],\"accepted\":3,\"duplicates\":0,\"refused\":0,\"credit\":2000}");
    assert_int_equal(b.wakes, 1);
    struct store_orders list = {.head = {.op = STORE_ORDERS, .arena = arena_new()}, .state = -1, .limit = 10};
    assert_int_equal(store_call(b.store, &list.head), 0);
    assert_int_equal(list.ret_count, 3);
    assert_string_equal(list.ret_orders[0].order_ref, "A0");
    assert_string_equal(list.ret_orders[0].creator, "luna");
    assert_int_equal(list.ret_orders[0].accepted_at_s, BED_NOW_S);
    arena_free(list.head.arena);
    bed_close(&b);
}

static void the_same_order_again_is_a_duplicate_and_other_content_a_conflict(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    bed_order(&b, 1, "X", ",\"items\":[" ITEM "],\"placed_at\":\"2026-11-01T00:00:00Z\"");
    bed_expect(&b, 1, "\"accepted\":1");
    bed_order(&b, 1, "X", ",\"items\":[{\"quantity\":1,\"options\":{\"design\":\"d1\",\"ink\":\"light\"},\"product\":\"tee\"}],"
                          "\"placed_at\":\"2026-11-02T00:00:00Z\",\"unknown\":[1,2]");
    bed_expect(&b, 1, "{\"order_ref\":\"X\",\"outcome\":\"duplicate\"}", "\"duplicates\":1", "\"accepted\":0", "\"refused\":0");
    bed_order(&b, 1, "X", ",\"items\":[" ITEM "," ITEM "]");
    bed_expect(&b, 1, "\"outcome\":\"refused\",\"problem\":\"conflict\"", "\"refused\":1");
    bed_hello(&b, 2, "band");
    bed_order(&b, 2, "X", ",\"items\":[" ITEM "]");
    bed_expect(&b, 2, "\"accepted\":1"); /* refs are each creator's own */
    bed_close(&b);
}

static void each_order_is_judged_alone(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    bed_send(&b, 1,
             "{\"type\":\"orders\",\"id\":\"1\",\"orders\":["
             "{\"order_ref\":\"A\",\"items\":[" ITEM "]},"
             "{\"order_ref\":\"B\",\"items\":[{\"product\":\"tea\",\"quantity\":1}]},"
             "7,"
             "{\"items\":[" ITEM "]},"
             "{\"order_ref\":\"A\",\"items\":[" ITEM "]},"
             "{\"order_ref\":\"A\",\"items\":[" ITEM "," ITEM "]},"
             "{\"order_ref\":\"C\",\"items\":[" ITEM "]}]}");
    bed_expect(&b, 1, "\"accepted\":2,\"duplicates\":1,\"refused\":4",
               "[{\"order_ref\":\"B\",\"outcome\":\"refused\",\"problem\":\"unknown-product\",\"title\":\"no such product\","
               "\"detail\":\"product \\\"tea\\\" is not made here; did you mean \\\"tee\\\"?\",\"at\":\"/orders/1/items/0/product\"},"
               "{\"outcome\":\"refused\",\"problem\":\"bad-message\"",
               "\"at\":\"/orders/2\"", "\"at\":\"/orders/3/order_ref\"", "{\"order_ref\":\"A\",\"outcome\":\"duplicate\"}",
               "conflict");
    bed_close(&b);
}

static void the_message_itself_must_be_right(void **state) {
    (void)state;
    static const char *const bad[] = {
        "{\"type\":\"orders\",\"id\":\"1\"}",
        "{\"type\":\"orders\",\"id\":\"1\",\"orders\":{}}",
        "{\"type\":\"orders\",\"id\":\"1\",\"orders\":[]}",
        "{\"type\":\"orders\",\"id\":\"1\",\"orders\":null}",
    };
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bed_send(&b, 1, bad[i]);
        bed_expect(&b, 1, "\"type\":\"problem\"", "bad-message", "\"at\":\"/orders\"");
    }
    bed_orders(&b, 1, "A", INTAKE_ORDERS_MAX + 1);
    bed_expect(&b, 1, "bad-message", "/orders");
    bed_orders(&b, 1, "A", INTAKE_ORDERS_MAX);
    bed_expect(&b, 1, "\"accepted\":500");
    bed_close(&b);
}

/* The reply may be lost, and the plant, the limits or the estimate may be others by the time the order is sent again. */
static void an_order_accepted_once_stays_a_duplicate(void **state) {
    (void)state;
    struct bed b;
    struct fixture other;
    bed_open(&b);
    bed_hello(&b, 1, "band");
    bed_orders(&b, 1, "A", 3);
    bed_expect(&b, 1, "\"accepted\":3");
    bed_orders(&b, 1, "A", 4); /* the limit is reached */
    bed_expect(&b, 1, "\"duplicates\":3,\"refused\":1", "over-limit", "A3");
    fixture_load_edited(&other, "ink: [light, dark]", "ink: [neon, dark]");
    struct plant *plant = fixture_good(&other);
    bed_hello(&b, 2, "luna");
    bed_orders(&b, 2, "L", 2);
    bed_expect(&b, 2, "\"accepted\":2");
    intake_plant(b.in, plant_ref(plant));
    bed_orders(&b, 2, "L", 3); /* the third is new, and its option is gone */
    bed_expect(&b, 2, "\"accepted\":0,\"duplicates\":2,\"refused\":1", "unknown-option", "/orders/2/items/0/options/ink");
    bed_order(&b, 2, "L0", ",\"items\":[" ITEM "," ITEM "]");
    bed_expect(&b, 2, "conflict");
    fixture_done(&other);
    bed_close(&b);
}

static void credit_is_counted_over_all_connections(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    bed_hello(&b, 2, "luna");
    bed_hello(&b, 3, "band");
    b.hold = true;
    bed_orders(&b, 1, "A", 500);
    bed_orders(&b, 2, "B", 500);
    bed_orders(&b, 1, "C", 500);
    bed_orders(&b, 2, "D", 499);
    bed_silent(&b);
    bed_orders(&b, 1, "E", 2);
    bed_expect(&b, 1, "\"type\":\"problem\",\"id\":\"E\",\"problem\":\"over-credit\"");
    bed_orders(&b, 3, "A", 1); /* another's credit is its own */
    bed_silent(&b);
    bed_orders(&b, 2, "F", 1);
    bed_silent(&b);
    bed_orders(&b, 1, "G", 1);
    bed_expect(&b, 1, "over-credit");
    bed_release(&b);
    for (int i = 0; i < 6; i++) {
        bed_expect(&b, b.replies[b.first].peer, "\"type\":\"accepted\"", "\"refused\":0");
        bed_time(&b, CHANGES_PAUSE_STAYS); /* band sends little */
    }
    bed_silent(&b);
    bed_orders(&b, 1, "E", 2);
    bed_expect(&b, 1, "\"accepted\":2");
    assert_int_equal(intake_stats(b.in).pending, 0);
    bed_close(&b);
}

static void a_store_that_fails_is_busy_and_lowers_the_credit(void **state) {
    (void)state;
    static const int codes[] = {TAKT_ESTORE, TAKT_EFULL, TAKT_EBUSY, TAKT_EUNKNOWN};
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        b.fail = codes[i];
        bed_orders(&b, 1, "A", 2);
        bed_expect(&b, 1, "\"type\":\"problem\",\"id\":\"A\",\"problem\":\"busy\"");
        bed_send(&b, 1, "{\"type\":\"hello\",\"protocol\":1,\"creator\":\"luna\"}");
        bed_expect(&b, 1, "\"credit\":100,");
        b.fail = 0;
    }
    assert_int_equal(b.wakes, 0);
    bed_orders(&b, 1, "A", 2);
    bed_expect(&b, 1, "\"accepted\":2", "\"credit\":2000");
    bed_close(&b);
}

/* The commit may have happened though nobody knows: sending again finds out. */
static void an_unknown_outcome_is_busy_and_then_a_duplicate(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    b.lose = true;
    bed_orders(&b, 1, "A", 2);
    bed_expect(&b, 1, "\"problem\":\"busy\"");
    b.lose = false;
    bed_orders(&b, 1, "A", 2);
    bed_expect(&b, 1, "\"duplicates\":2");
    bed_close(&b);
}

static void a_refused_order_that_cannot_be_looked_up_is_busy_alone(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    b.hold = true;
    bed_send(&b, 1,
             "{\"type\":\"orders\",\"id\":\"1\",\"orders\":[{\"order_ref\":\"A\",\"items\":[" ITEM "]},"
             "{\"order_ref\":\"B\",\"items\":[{\"product\":\"tea\",\"quantity\":1}]}]}");
    assert_int_equal(b.held_count, 2);
    bed_run(&b, b.held[0]);
    b.fail = TAKT_ESTORE;
    bed_run(&b, b.held[1]);
    b.held_count = 0;
    b.fail = 0;
    bed_pump(&b);
    bed_expect(&b, 1, "\"accepted\":1,\"duplicates\":0,\"refused\":1", "{\"order_ref\":\"B\",\"outcome\":\"refused\",\"problem\":\"busy\"");
    bed_close(&b);
}

static void a_rate_is_kept(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "slow");
    bed_orders(&b, 1, "A", 500); /* one full message may always come */
    bed_expect(&b, 1, "\"accepted\":500");
    bed_orders(&b, 1, "B", 1);
    bed_expect(&b, 1, "\"problem\":\"busy\"", "in 101 ms");
    bed_time(&b, 99);
    bed_orders(&b, 1, "B", 1);
    bed_expect(&b, 1, "\"problem\":\"busy\"");
    bed_time(&b, 1);
    bed_orders(&b, 1, "B", 1);
    bed_expect(&b, 1, "\"accepted\":1");
    bed_time(&b, 1000);
    bed_orders(&b, 1, "C", 11);
    bed_expect(&b, 1, "\"problem\":\"busy\"");
    bed_orders(&b, 1, "C", 10);
    bed_expect(&b, 1, "\"accepted\":10");
    bed_time(&b, INT64_C(1000) * 3600 * 24 * 365 * 100);
    bed_orders(&b, 1, "D", 500);
    bed_expect(&b, 1, "\"accepted\":500");
    bed_orders(&b, 1, "E", 1);
    bed_expect(&b, 1, "\"problem\":\"busy\"");
    bed_close(&b);
}

#define CANCEL "{\"type\":\"cancel\",\"id\":\"c\",\"order_refs\":[\"x\"]}"

static void a_connection_waits_for_its_own_answers_and_nobody_else_does(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    bed_hello(&b, 2, "luna");
    b.hold = true;
    for (int i = 0; i < INBOX_PEER_JOBS_MAX + 10; i++)
        bed_send(&b, 1, CANCEL);
    assert_int_equal(b.held_count, INBOX_PEER_JOBS_MAX);
    bed_silent(&b);
    bed_send(&b, 2, "{\"type\":\"ping\",\"id\":\"p\"}");
    bed_expect(&b, 2, "pong");
    bed_release(&b);
    for (int i = 0; i < INBOX_PEER_JOBS_MAX + 10; i++)
        bed_expect(&b, 1, "cancelled");
    bed_close(&b);
}

static void a_creators_changes_reach_the_store_a_few_at_a_time_and_in_order(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    bed_hello(&b, 2, "luna");
    bed_hello(&b, 3, "band");
    b.hold = true;
    bed_orders(&b, 1, "A", ACCOUNT_STORE - 1);
    bed_orders(&b, 2, "B", 400);
    assert_int_equal(b.held_count, 2); /* one message may be larger than what is left */
    bed_orders(&b, 1, "C", 1);
    bed_send(&b, 1, "{\"type\":\"cancel\",\"id\":\"c\",\"order_refs\":[\"C0\"]}");
    assert_int_equal(b.held_count, 2);
    bed_orders(&b, 3, "A", 1);
    assert_int_equal(b.held_count, 3); /* another creator waits for none of it */
    bed_silent(&b);
    bed_release(&b);
    bed_expect(&b, 1, "\"id\":\"A\"", "\"refused\":0");
    bed_expect(&b, 2, "\"id\":\"B\"", "\"accepted\":400");
    bed_expect(&b, 3, "\"id\":\"A\"", "\"accepted\":1");
    bed_silent(&b);
    bed_time(&b, CHANGES_PAUSE_STAYS); /* band sends little */
    bed_expect(&b, 1, "\"id\":\"C\"", "\"accepted\":1");
    bed_expect(&b, 1, "\"id\":\"c\"", "\"outcome\":\"cancelled\"");
    bed_close(&b);
}

static void beside_one_who_sends_little_fewer_are_at_the_store(void **state) {
    (void)state;
    struct bed b;
    bed_open_plant(&b, "creators: {luna: {}}", "creators: {luna: {}, band: {}}");
    bed_hello(&b, 1, "luna");
    bed_hello(&b, 2, "band");
    b.hold = true;
    bed_orders(&b, 2, "A", 1);
    bed_orders(&b, 1, "A", ACCOUNT_STORE_BESIDE);
    bed_orders(&b, 1, "B", 1);
    assert_int_equal(b.held_count, 2); /* luna's second waits */
    bed_time(&b, ACCOUNT_BESIDE_MS);
    bed_orders(&b, 1, "C", 1);
    assert_int_equal(b.held_count, 4); /* band has gone, and nothing of luna's waits any more */
    bed_close(&b);
}

static void beside_one_who_sends_little_there_is_a_pause_four_times_as_long_as_the_stay(void **state) {
    (void)state;
    struct bed b;
    bed_open_plant(&b, "creators: {luna: {}}", "creators: {luna: {}, band: {}}");
    bed_hello(&b, 1, "luna");
    bed_hello(&b, 2, "band");
    b.hold = true;
    bed_orders(&b, 2, "A", 1);
    bed_orders(&b, 1, "A", ACCOUNT_STORE_BESIDE);
    bed_orders(&b, 1, "B", 1);
    bed_time(&b, 4);
    bed_release(&b);
    bed_expect(&b, 2, "\"id\":\"A\"", "\"accepted\":1");
    bed_expect(&b, 1, "\"id\":\"A\"", "\"refused\":0");
    bed_orders(&b, 1, "C", 1);
    bed_orders(&b, 2, "B", 1);
    bed_expect(&b, 2, "\"id\":\"B\"", "\"accepted\":1"); /* who sends little never pauses */
    bed_time(&b, 15);
    bed_silent(&b);
    assert_int_equal(intake_next_ms(b.in), b.now_ms + 1);
    bed_time(&b, 1);
    bed_expect(&b, 1, "\"id\":\"B\"", "\"accepted\":1");
    bed_expect(&b, 1, "\"id\":\"C\"", "\"accepted\":1");
    bed_close(&b);
}

static void beside_one_who_sends_much_as_many_are_at_the_store(void **state) {
    (void)state;
    struct bed b;
    bed_open_plant(&b, "creators: {luna: {}}", "creators: {luna: {}, band: {}}");
    bed_hello(&b, 1, "luna");
    bed_hello(&b, 2, "band");
    b.hold = true;
    bed_orders(&b, 1, "A", ACCOUNT_SPARSE); /* little, once */
    bed_time(&b, ACCOUNT_BESIDE_MS);
    bed_orders(&b, 1, "B", 1); /* goes there at once, and is not all that is there */
    assert_int_equal(b.held_count, 2);
    bed_orders(&b, 2, "A", ACCOUNT_STORE_BESIDE);
    bed_orders(&b, 2, "B", 1);
    assert_int_equal(b.held_count, 4);
    bed_close(&b);
}

static void too_much_under_way_is_busy(void **state) {
    (void)state;
    struct bed b;
    char name[32];
    int sent = 0;
    bed_open_plant(&b, "creators: {luna: {}}",
                   "creators: {c0: {}, c1: {}, c2: {}, c3: {}, c4: {}, c5: {}, c6: {}, c7: {}, c8: {}, c9: {}, c10: {}, c11: {}}");
    b.hold = true;
    for (uint64_t peer = 0; peer < 48; peer++) {
        snprintf(name, sizeof name, "c%d", (int)peer / 4);
        bed_hello(&b, peer, name);
        for (int i = 0; i < INBOX_PEER_JOBS_MAX && sent < INTAKE_JOBS_MAX; i++, sent++)
            bed_send(&b, peer, CANCEL);
    }
    bed_silent(&b);
    bed_send(&b, 47, "{\"type\":\"cancel\",\"id\":\"d\",\"order_refs\":[\"x\"]}");
    bed_expect(&b, 47, "\"id\":\"d\",\"problem\":\"busy\"");
    bed_send(&b, 47, "{\"type\":\"ping\",\"id\":\"p\"}");
    bed_expect(&b, 47, "pong");
    bed_close(&b);
}

/* A campaign may be called off and a quote holds a place: an order that names one must not be made as if it had not. */
static void what_is_not_offered_yet_is_not_ignored(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    bed_order(&b, 1, "A", ",\"items\":[" ITEM "],\"campaign\":\"winter-drop\"");
    bed_expect(&b, 1, "\"refused\":1", "unknown-campaign", "/orders/0/campaign");
    bed_order(&b, 1, "A", ",\"items\":[" ITEM "],\"quote_id\":\"q1\"");
    bed_expect(&b, 1, "\"refused\":1", "unknown-quote", "/orders/0/quote_id");
    bed_close(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted_is_durable_and_wakes_the_planner),
        cmocka_unit_test(the_same_order_again_is_a_duplicate_and_other_content_a_conflict),
        cmocka_unit_test(each_order_is_judged_alone),
        cmocka_unit_test(the_message_itself_must_be_right),
        cmocka_unit_test(an_order_accepted_once_stays_a_duplicate),
        cmocka_unit_test(credit_is_counted_over_all_connections),
        cmocka_unit_test(a_store_that_fails_is_busy_and_lowers_the_credit),
        cmocka_unit_test(an_unknown_outcome_is_busy_and_then_a_duplicate),
        cmocka_unit_test(a_refused_order_that_cannot_be_looked_up_is_busy_alone),
        cmocka_unit_test(a_rate_is_kept),
        cmocka_unit_test(a_connection_waits_for_its_own_answers_and_nobody_else_does),
        cmocka_unit_test(a_creators_changes_reach_the_store_a_few_at_a_time_and_in_order),
        cmocka_unit_test(beside_one_who_sends_little_fewer_are_at_the_store),
        cmocka_unit_test(beside_one_who_sends_little_there_is_a_pause_four_times_as_long_as_the_stay),
        cmocka_unit_test(beside_one_who_sends_much_as_many_are_at_the_store),
        cmocka_unit_test(too_much_under_way_is_busy),
        cmocka_unit_test(what_is_not_offered_yet_is_not_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
