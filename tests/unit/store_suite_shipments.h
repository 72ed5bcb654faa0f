/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The suite's part about shipments. Included by store_suite.h. */

/* Two planned orders of one recipient, packed by `packed_at_s`, in shipment shirts-1; returns the epoch. */
static uint64_t pack_two(struct bench *b, uint64_t no[2], int64_t packed_at_s) {
    uint64_t epoch = claim(b);
    no[0] = accept_one(b, "luna", "A-1");
    no[1] = accept_one(b, "luna", "A-2");
    plan_order(b, epoch, no[0], 1, LOT_DONE);
    plan_order(b, epoch, no[1], 2, LOT_DONE);
    struct order_update updates[] = {{no[0], ORDER_PACKED, TAKT_TIME_NONE, packed_at_s},
                                     {no[1], ORDER_PACKED, TAKT_TIME_NONE, packed_at_s}};
    struct parcel_row parcel = {.shipment = "shirts-1",
                                .number = 1,
                                .creator = "luna",
                                .service = "standard",
                                .carrier = "post",
                                .ship_by_s = NOW + 3 * DAY,
                                .packed_at_s = packed_at_s,
                                .recipient_key = 9,
                                .weight_mg = 300000,
                                .orders = no,
                                .order_count = 2};
    struct store_publish q = publish_of(b, epoch);
    q.orders = updates, q.order_count = 2;
    q.parcels = &parcel, q.parcel_count = 1;
    assert_int_equal(store_call(b->store, &q.head), 0);
    return epoch;
}

static int act_again(struct bench *b, enum shipment_act what, const char *consumer, uint32_t attempt) {
    struct store_shipment q = {.head = head_of(b, STORE_SHIPMENT),
                               .act = what,
                               .shipment = "shirts-1",
                               .consumer = consumer,
                               .carrier = "",
                               .tracking = what == SHIPMENT_SHIP ? "T-1" : "",
                               .reason = what == SHIPMENT_REFUSE ? "no label" : "",
                               .attempt = attempt,
                               .attempts_max = 3,
                               .now_s = NOW + DAY};
    return store_call(b->store, &q.head);
}

static int act(struct bench *b, enum shipment_act what, const char *consumer) {
    return act_again(b, what, consumer, 1);
}

static struct shipment_row shipment(struct bench *b) {
    struct store_shipments q = {.head = head_of(b, STORE_SHIPMENTS), .shipment = "shirts-1"};
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(q.ret_count, 1);
    return q.ret_shipments[0];
}

static size_t shipments_in(struct bench *b, int which) {
    struct store_shipments q = {.head = head_of(b, STORE_SHIPMENTS), .state = which, .limit = 10};
    assert_int_equal(store_call(b->store, &q.head), 0);
    return q.ret_count;
}

static void a_shipment_is_read_as_it_was_published(void **state) {
    struct bench *b = *state;
    uint64_t no[2];
    pack_two(b, no, NOW);
    struct shipment_row s = shipment(b);
    assert_int_equal(s.state, SHIPMENT_OPEN);
    assert_int_equal(s.attempts, 0);
    assert_string_equal(s.consumer, "");
    assert_true(s.ended_at_s == TAKT_TIME_NONE);
    assert_int_equal(s.parcel.order_count, 2);
    assert_int_equal(s.parcel.orders[0], no[0]);
    assert_int_equal(s.parcel.orders[1], no[1]);
    assert_int_equal(s.parcel.weight_mg, 300000);
    assert_string_equal(s.parcel.carrier, "post");
    assert_string_equal(story(b, "luna", "A-2").ret_shipment->parcel.shipment, "shirts-1");
    assert_int_equal(meta(b).last_shipment_number, 1);
    assert_int_equal(shipments_in(b, -1), 1);
    assert_int_equal(shipments_in(b, -2), 1);
    assert_int_equal(shipments_in(b, SHIPMENT_ASIDE), 0);
}

static void an_order_is_in_at_most_one_shipment(void **state) {
    struct bench *b = *state;
    uint64_t no[2], twice[2];
    uint64_t epoch = pack_two(b, no, NOW), third = accept_one(b, "luna", "A-3");
    struct parcel_row parcel = {.shipment = "shirts-2",
                                .number = 2,
                                .creator = "luna",
                                .service = "",
                                .carrier = "",
                                .orders = &no[1],
                                .order_count = 1};
    struct store_publish q = publish_of(b, epoch);
    q.parcels = &parcel, q.parcel_count = 1;
    assert_int_equal(store_call(b->store, &q.head), TAKT_EEXIST);
    twice[0] = twice[1] = third;
    parcel.orders = twice, parcel.order_count = 2;
    assert_int_equal(store_call(b->store, &q.head), TAKT_EEXIST);
    parcel.order_count = 1, parcel.number = 1;
    assert_int_equal(store_call(b->store, &q.head), TAKT_EEXIST); /* numbers ascend */
    assert_int_equal(meta(b).last_shipment_number, 1);
    assert_int_equal(shipments_in(b, -1), 1);
    parcel.number = 2;
    assert_int_equal(store_call(b->store, &q.head), 0);
}

static void shipping_ends_its_orders_and_tells_everybody(void **state) {
    struct bench *b = *state;
    uint64_t no[2];
    pack_two(b, no, NOW + DAY);
    uint64_t seen = meta(b).seen, cursor = events(b, "luna", 0, 10).ret_last;
    assert_int_equal(act(b, SHIPMENT_SHIP, "post-1"), 0);
    struct shipment_row s = shipment(b);
    assert_int_equal(s.state, SHIPMENT_SHIPPED);
    assert_string_equal(s.tracking, "T-1");
    assert_string_equal(s.parcel.carrier, "post");
    assert_int_equal(s.ended_at_s, NOW + DAY);
    struct store_events e = events(b, "luna", cursor, 10);
    assert_int_equal(e.ret_count, 2);
    assert_int_equal(e.ret_events[0].kind, EVENT_ORDER_SHIPPED);
    assert_string_equal(e.ret_events[0].shipment, "shirts-1");
    assert_string_equal(e.ret_events[0].tracking, "T-1");
    assert_string_equal(e.ret_events[1].order_ref, "A-2");
    struct store_changes c = changes(b, seen, 10);
    assert_int_equal(c.ret_count, 2);
    assert_int_equal(c.ret_changes[0].kind, CHANGE_SHIPPED);
    assert_int_equal(c.ret_changes[0].order.no, no[0]);
    assert_int_equal(story(b, "luna", "A-1").ret_order.state, ORDER_SHIPPED);
    assert_int_equal(load_page(b, LOAD_ORDERS, NULL, 10).ret_count, 0);
    assert_int_equal(load_page(b, LOAD_LOTS, NULL, 10).ret_count, 0);
    assert_int_equal(story(b, "luna", "A-1").ret_slice_count, 1); /* the story stays */
    assert_int_equal(act(b, SHIPMENT_SHIP, "post-1"), 0);         /* a repeat is fine and nothing more */
    assert_int_equal(events(b, "luna", cursor, 10).ret_count, 2);
    struct store_stats q = {.head = head_of(b, STORE_STATS)};
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(q.ret_kept, 2);
    assert_int_equal(q.ret_broken, 0);
    assert_int_equal(q.ret_shipments[SHIPMENT_SHIPPED], 1);
    assert_int_equal(q.ret_shipments[SHIPMENT_OPEN], 0);
}

static void packed_after_the_promise_is_broken(void **state) {
    struct bench *b = *state;
    uint64_t no[2];
    pack_two(b, no, NOW + 4 * DAY);
    act(b, SHIPMENT_SHIP, "post-1");
    struct store_stats q = {.head = head_of(b, STORE_STATS)};
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(q.ret_kept, 0);
    assert_int_equal(q.ret_broken, 2);
}

static void a_taken_shipment_is_its_consumers(void **state) {
    struct bench *b = *state;
    uint64_t no[2];
    pack_two(b, no, NOW);
    assert_int_equal(act(b, SHIPMENT_TAKE, "post-1"), 0);
    assert_int_equal(act(b, SHIPMENT_TAKE, "post-1"), 0);
    assert_int_equal(act(b, SHIPMENT_TAKE, "post-2"), TAKT_ESTALE);
    assert_int_equal(act(b, SHIPMENT_SHIP, "post-2"), TAKT_ESTALE);
    assert_int_equal(act(b, SHIPMENT_REFUSE, "post-2"), TAKT_ESTALE);
    assert_string_equal(shipment(b).consumer, "post-1");
    assert_int_equal(shipments_in(b, -2), 1);
    for (int i = 0; i < 9; i++) /* it is sent to its consumer as often as it takes */
        assert_int_equal(act(b, SHIPMENT_SENT, "post-1"), 0);
    assert_int_equal(act(b, SHIPMENT_SHIP, "post-1"), 0);
    assert_int_equal(act(b, SHIPMENT_TAKE, "post-1"), TAKT_ESTALE);
    assert_int_equal(act(b, SHIPMENT_REFUSE, "post-1"), TAKT_ESTALE);
    assert_int_equal(act(b, SHIPMENT_RELEASE, ""), TAKT_ESTALE);
}

static void too_many_attempts_set_it_aside_until_the_operator_releases_it(void **state) {
    struct bench *b = *state;
    uint64_t no[2];
    pack_two(b, no, NOW);
    for (uint32_t i = 1; i <= 3; i++) {
        assert_int_equal(act_again(b, SHIPMENT_SENT, "post-1", i), 0);
        assert_int_equal(act_again(b, SHIPMENT_SENT, "post-1", i), 0);
        assert_int_equal(shipment(b).attempts, i); /* the same one said twice is one */
    }
    assert_int_equal(act_again(b, SHIPMENT_SENT, "post-1", 4), TAKT_ELIMIT);
    assert_int_equal(shipment(b).state, SHIPMENT_ASIDE);
    assert_int_equal(act_again(b, SHIPMENT_SENT, "post-1", 5), TAKT_ESTALE);
    assert_int_equal(act(b, SHIPMENT_TAKE, "post-1"), TAKT_ESTALE);
    assert_int_equal(act(b, SHIPMENT_SHIP, "post-1"), TAKT_ESTALE);
    assert_int_equal(shipments_in(b, -2), 0);
    assert_int_equal(act(b, SHIPMENT_RELEASE, ""), 0);
    assert_int_equal(act(b, SHIPMENT_RELEASE, ""), 0);
    assert_int_equal(shipment(b).attempts, 0);
    assert_int_equal(act(b, SHIPMENT_TAKE, "post-2"), 0);
}

static void a_refused_shipment_waits_with_its_reason(void **state) {
    struct bench *b = *state;
    uint64_t no[2];
    pack_two(b, no, NOW);
    act(b, SHIPMENT_TAKE, "post-1");
    assert_int_equal(act(b, SHIPMENT_REFUSE, "post-1"), 0);
    assert_int_equal(act(b, SHIPMENT_REFUSE, "post-1"), 0);
    assert_string_equal(shipment(b).reason, "no label");
    assert_int_equal(shipment(b).state, SHIPMENT_ASIDE);
    assert_int_equal(story(b, "luna", "A-1").ret_order.state, ORDER_PACKED);
    act(b, SHIPMENT_RELEASE, "");
    assert_int_equal(shipment(b).state, SHIPMENT_OPEN);
    assert_string_equal(shipment(b).consumer, "");
}

static void a_fenced_dispatch_moves_no_shipment(void **state) {
    struct bench *b = *state;
    uint64_t no[2], epoch = pack_two(b, no, NOW);
    struct store_shipment q = {.head = head_of(b, STORE_SHIPMENT),
                               .epoch = epoch,
                               .act = SHIPMENT_TAKE,
                               .shipment = "shirts-1",
                               .consumer = "post-1",
                               .now_s = NOW};
    claim(b);
    assert_int_equal(store_call(b->store, &q.head), TAKT_EFENCED);
    assert_int_equal(shipment(b).state, SHIPMENT_OPEN);
    q.epoch = 0; /* the operator */
    assert_int_equal(store_call(b->store, &q.head), 0);
}

static void an_unknown_shipment_is_not_found(void **state) {
    struct bench *b = *state;
    uint64_t no[2];
    pack_two(b, no, NOW);
    static const char *const names[] = {"shirts-2", "mugs-1", "shirts", "shirts-", "shirts-1x", "shirts-0", "-1", ""};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct store_shipment q = {.head = head_of(b, STORE_SHIPMENT),
                                   .act = SHIPMENT_TAKE,
                                   .shipment = names[i],
                                   .consumer = "post-1",
                                   .now_s = NOW};
        assert_int_equal(store_call(b->store, &q.head), TAKT_ENOENT);
    }
}

static void a_packed_order_is_too_late_to_cancel_or_amend(void **state) {
    struct bench *b = *state;
    uint64_t no[2];
    pack_two(b, no, NOW);
    assert_int_equal(cancel_ref(b, "luna", "A-1", NOW), CANCEL_TOO_LATE);
    struct store_amend q = amend_of(b, "A-1");
    q.set_recipient = true;
    assert_int_equal(store_call(b->store, &q.head), TAKT_ESTALE);
    act(b, SHIPMENT_SHIP, "post-1");
    assert_int_equal(cancel_ref(b, "luna", "A-1", NOW), CANCEL_TOO_LATE);
}

#define SUITE_SHIPMENTS                                                                                                \
    SUITE_TEST(a_shipment_is_read_as_it_was_published), SUITE_TEST(an_order_is_in_at_most_one_shipment),               \
        SUITE_TEST(shipping_ends_its_orders_and_tells_everybody), SUITE_TEST(packed_after_the_promise_is_broken),      \
        SUITE_TEST(a_taken_shipment_is_its_consumers),                                                                 \
        SUITE_TEST(too_many_attempts_set_it_aside_until_the_operator_releases_it),                                     \
        SUITE_TEST(a_refused_shipment_waits_with_its_reason), SUITE_TEST(a_fenced_dispatch_moves_no_shipment),         \
        SUITE_TEST(an_unknown_shipment_is_not_found), SUITE_TEST(a_packed_order_is_too_late_to_cancel_or_amend)
