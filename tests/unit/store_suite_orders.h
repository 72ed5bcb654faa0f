/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The suite's part about orders: acceptance, amendment, cancellation, changes, events. Included by store_suite.h. */

static void an_accepted_order_is_found_with_all_that_was_said(void **state) {
    struct bench *b = *state;
    uint64_t no = accept_one(b, "luna", "A-1");
    struct store_order q = story(b, "luna", "A-1");
    assert_int_equal(q.ret_order.no, no);
    assert_string_equal(q.ret_order.creator, "luna");
    assert_string_equal(q.ret_order.channel, "livestream");
    assert_string_equal(q.ret_order.country, "CN");
    assert_string_equal(q.ret_order.service, "standard");
    assert_int_equal(q.ret_order.accepted_at_s, NOW);
    assert_int_equal(q.ret_order.wish_day, 20500);
    assert_true(q.ret_order.recipient_key == UINT64_MAX - 1);
    assert_int_equal(q.ret_order.state, ORDER_ACCEPTED);
    assert_true(q.ret_order.ship_by_s == TAKT_TIME_NONE && q.ret_order.packed_at_s == TAKT_TIME_NONE);
    assert_int_equal(q.ret_order.deliver_by_day, TAKT_DAY_NONE);
    assert_int_equal(q.ret_order.item_count, 2);
    assert_string_equal(q.ret_order.items[0].product, "tee");
    assert_string_equal(q.ret_order.items[0].options, "fabric=white;size=M");
    assert_int_equal(q.ret_order.items[0].quantity, 3);
    assert_false(q.ret_order.items[0].personalised);
    assert_string_equal(q.ret_order.items[1].options, "");
    assert_true(q.ret_order.items[1].personalised);
    assert_null(q.ret_shipment);
    struct store_bodies body = {.head = head_of(b, STORE_BODIES), .orders = &no, .count = 1};
    assert_int_equal(store_call(b->store, &body.head), 0);
    assert_non_null(strstr(body.ret_bodies[0], "Mei"));
    assert_string_equal(body.ret_orders[0].order_ref, "A-1");
}

static void the_same_content_again_is_a_duplicate_of_the_first(void **state) {
    struct bench *b = *state;
    uint64_t no = accept_one(b, "luna", "A-1");
    struct accept_order o = order_like("A-1", 1);
    struct store_accept q = accept_of(b, "luna", &o, 1);
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(o.ret_outcome, ACCEPT_DUPLICATE);
    assert_int_equal(o.ret_no, no);
    assert_int_equal(changes(b, 0, 10).ret_count, 1);
}

static void other_content_under_a_used_ref_is_a_conflict_and_the_first_stands(void **state) {
    struct bench *b = *state;
    uint64_t no = accept_one(b, "luna", "A-1");
    struct accept_order o = order_like("A-1", 2);
    o.row.country[0] = 'X';
    struct store_accept q = accept_of(b, "luna", &o, 1);
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(o.ret_outcome, ACCEPT_CONFLICT);
    assert_int_equal(o.ret_no, no);
    assert_string_equal(story(b, "luna", "A-1").ret_order.country, "CN");
}

static void a_ref_is_its_creators_own(void **state) {
    struct bench *b = *state;
    uint64_t one = accept_one(b, "luna", "A-1"), other = accept_one(b, "sol", "A-1");
    assert_true(one != other);
    struct store_order q = {.head = head_of(b, STORE_ORDER), .order_ref = "A-1"};
    assert_int_equal(store_call(b->store, &q.head), TAKT_EEXIST);
    assert_non_null(strstr(q.head.err.text, "luna"));
    assert_non_null(strstr(q.head.err.text, "sol"));
    accept_one(b, "sol", "B-1");
    q.order_ref = "B-1";
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_string_equal(q.ret_order.creator, "sol");
}

static void a_ref_twice_in_one_batch_is_one_order(void **state) {
    struct bench *b = *state;
    struct accept_order o[] = {order_like("A-1", 1), order_like("A-1", 1), order_like("A-1", 2), order_like("A-2", 1)};
    struct store_accept q = accept_of(b, "luna", o, 4);
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(o[0].ret_outcome, ACCEPT_NEW);
    assert_int_equal(o[1].ret_outcome, ACCEPT_DUPLICATE);
    assert_int_equal(o[1].ret_no, o[0].ret_no);
    assert_int_equal(o[2].ret_outcome, ACCEPT_CONFLICT);
    assert_int_equal(o[3].ret_outcome, ACCEPT_NEW);
    assert_true(o[3].ret_no > o[0].ret_no);
}

static void open_orders_are_limited_and_a_duplicate_does_not_count(void **state) {
    struct bench *b = *state;
    struct accept_order o[] = {order_like("A-1", 1), order_like("A-2", 1), order_like("A-3", 1), order_like("A-1", 1)};
    struct store_accept q = accept_of(b, "luna", o, 4);
    q.max_open = 2;
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(o[1].ret_outcome, ACCEPT_NEW);
    assert_int_equal(o[2].ret_outcome, ACCEPT_OVER_LIMIT);
    assert_int_equal(o[3].ret_outcome, ACCEPT_DUPLICATE);
    const char *ref = "A-1";
    enum cancel_outcome outcome;
    struct store_cancel cancel = {.head = head_of(b, STORE_CANCEL),
                                  .creator = "luna",
                                  .now_s = NOW,
                                  .refs = &ref,
                                  .ret_outcomes = &outcome,
                                  .count = 1};
    assert_int_equal(store_call(b->store, &cancel.head), 0);
    struct store_accept again = accept_of(b, "luna", &o[2], 1);
    again.max_open = 2;
    assert_int_equal(store_call(b->store, &again.head), 0);
    assert_int_equal(o[2].ret_outcome, ACCEPT_NEW);
}

static void changes_are_numbered_in_the_order_of_their_commits(void **state) {
    struct bench *b = *state;
    for (int i = 0; i < 5; i++) {
        char ref[16];
        snprintf(ref, sizeof ref, "A-%d", i);
        accept_one(b, i % 2 ? "luna" : "sol", ref);
    }
    struct store_changes first = changes(b, 0, 3);
    assert_int_equal(first.ret_count, 3);
    struct store_changes rest = changes(b, first.ret_changes[2].seq, 10);
    assert_int_equal(rest.ret_count, 2);
    assert_true(rest.ret_changes[0].seq > first.ret_changes[2].seq);
    assert_string_equal(rest.ret_changes[1].order.order_ref, "A-4");
    assert_int_equal(rest.ret_changes[1].kind, CHANGE_ORDER);
    assert_int_equal(rest.ret_changes[1].order.item_count, 2);
    assert_int_equal(changes(b, rest.ret_changes[1].seq, 10).ret_count, 0);
    assert_int_equal(meta(b).seen, rest.ret_changes[1].seq);
}

static enum cancel_outcome cancel_ref(struct bench *b, const char *creator, const char *ref, int64_t now_s) {
    enum cancel_outcome outcome = 99;
    struct store_cancel q = {.head = head_of(b, STORE_CANCEL),
                             .creator = creator,
                             .now_s = now_s,
                             .refs = &ref,
                             .ret_outcomes = &outcome,
                             .count = 1};
    assert_int_equal(store_call(b->store, &q.head), 0);
    return outcome;
}

static void a_cancelled_order_tells_creator_and_planner(void **state) {
    struct bench *b = *state;
    uint64_t no = accept_one(b, "luna", "A-1");
    assert_int_equal(cancel_ref(b, "luna", "A-1", NOW + 5), CANCEL_DONE);
    struct store_changes c = changes(b, no, 10);
    assert_int_equal(c.ret_count, 1);
    assert_int_equal(c.ret_changes[0].kind, CHANGE_CANCEL);
    assert_int_equal(c.ret_changes[0].order.no, no);
    assert_int_equal(c.ret_changes[0].order.state, ORDER_CANCELLED);
    struct store_events e = events(b, "luna", 0, 10);
    assert_int_equal(e.ret_count, 1);
    assert_int_equal(e.ret_events[0].kind, EVENT_ORDER_CANCELLED);
    assert_int_equal(e.ret_events[0].at_s, NOW + 5);
    assert_string_equal(e.ret_events[0].order_ref, "A-1");
    assert_int_equal(e.ret_last, e.ret_events[0].cursor);
    assert_int_equal(story(b, "luna", "A-1").ret_order.state, ORDER_CANCELLED);
    assert_int_equal(load_page(b, LOAD_ORDERS, NULL, 10).ret_count, 0);
}

static void cancelling_again_is_done_and_changes_nothing(void **state) {
    struct bench *b = *state;
    accept_one(b, "luna", "A-1");
    cancel_ref(b, "luna", "A-1", NOW);
    uint64_t seen = meta(b).seen;
    assert_int_equal(cancel_ref(b, "luna", "A-1", NOW), CANCEL_DONE);
    assert_int_equal(meta(b).seen, seen);
    assert_int_equal(events(b, "luna", 0, 10).ret_count, 1);
    assert_int_equal(cancel_ref(b, "luna", "A-2", NOW), CANCEL_UNKNOWN);
    assert_int_equal(cancel_ref(b, "sol", "A-1", NOW), CANCEL_UNKNOWN);
}

static void a_cancelled_ref_stays_used(void **state) {
    struct bench *b = *state;
    accept_one(b, "luna", "A-1");
    cancel_ref(b, "luna", "A-1", NOW);
    struct accept_order o = order_like("A-1", 1);
    struct store_accept q = accept_of(b, "luna", &o, 1);
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(o.ret_outcome, ACCEPT_DUPLICATE);
}

static void an_order_with_a_firm_lot_is_too_late_to_cancel(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b), no = accept_one(b, "luna", "A-1");
    plan_order(b, epoch, no, 1, LOT_OPEN);
    assert_int_equal(cancel_ref(b, "luna", "A-1", NOW + DAY), CANCEL_TOO_LATE); /* firm by the clock */
    plan_order(b, epoch, no, 1, LOT_FIRM);
    assert_int_equal(cancel_ref(b, "luna", "A-1", NOW), CANCEL_TOO_LATE);
    assert_int_equal(story(b, "luna", "A-1").ret_order.state, ORDER_PLANNED);
}

static void an_order_whose_lots_are_open_can_be_cancelled(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b), no = accept_one(b, "luna", "A-1");
    plan_order(b, epoch, no, 1, LOT_OPEN);
    assert_int_equal(cancel_ref(b, "luna", "A-1", NOW + DAY - 1), CANCEL_DONE);
    assert_int_equal(load_page(b, LOAD_LOTS, NULL, 10).ret_count, 0);
    assert_int_equal(load_page(b, LOAD_TASKS, NULL, 10).ret_count, 0);
    assert_int_equal(load_page(b, LOAD_SLICES, NULL, 10).ret_count, 0);
}

static void an_order_of_which_surplus_was_given_is_too_late_to_cancel(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b), no = accept_one(b, "luna", "A-1");
    struct slice_row slice = {.order = no, .item = 0, .first = 0, .count = 1, .lot = 0};
    struct store_publish q = publish_of(b, epoch);
    q.slices = &slice, q.slice_count = 1;
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(cancel_ref(b, "luna", "A-1", NOW), CANCEL_TOO_LATE);
}

static struct store_amend amend_of(struct bench *b, const char *ref) {
    return (struct store_amend){.head = head_of(b, STORE_AMEND), .creator = "luna", .order_ref = ref, .now_s = NOW};
}

static void an_amendment_replaces_what_it_names_and_keeps_the_rest(void **state) {
    struct bench *b = *state;
    uint64_t no = accept_one(b, "luna", "A-1");
    struct store_amend q = amend_of(b, "A-1");
    q.set_recipient = true;
    memcpy(q.row.country, "NL", 3);
    q.row.recipient_key = 77;
    q.body = "{\"recipient\":{\"name\":\"Zoë\"}}";
    assert_int_equal(store_call(b->store, &q.head), 0);
    struct store_order o = story(b, "luna", "A-1");
    assert_string_equal(o.ret_order.country, "NL");
    assert_int_equal(o.ret_order.recipient_key, 77);
    assert_string_equal(o.ret_order.service, "standard");
    assert_int_equal(o.ret_order.item_count, 2);
    struct store_bodies body = {.head = head_of(b, STORE_BODIES), .orders = &no, .count = 1};
    assert_int_equal(store_call(b->store, &body.head), 0);
    assert_non_null(strstr(body.ret_bodies[0], "Zoë"));
    assert_null(strstr(body.ret_bodies[0], "Mei"));
    assert_non_null(strstr(body.ret_bodies[0], "metadata"));
    struct store_changes c = changes(b, no, 10);
    assert_int_equal(c.ret_count, 1);
    assert_int_equal(c.ret_changes[0].kind, CHANGE_AMEND);
    assert_string_equal(c.ret_changes[0].order.country, "NL");
    assert_string_equal(c.ret_changes[0].order.order_ref, "A-1");
}

static void the_first_content_is_a_duplicate_also_of_an_amended_order(void **state) {
    struct bench *b = *state;
    accept_one(b, "luna", "A-1");
    struct store_amend q = amend_of(b, "A-1");
    q.set_shipping = true;
    q.row.service = "express";
    q.row.wish_day = TAKT_DAY_NONE;
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_string_equal(story(b, "luna", "A-1").ret_order.service, "express");
    assert_int_equal(story(b, "luna", "A-1").ret_order.wish_day, TAKT_DAY_NONE);
    struct accept_order o = order_like("A-1", 1);
    struct store_accept again = accept_of(b, "luna", &o, 1);
    assert_int_equal(store_call(b->store, &again.head), 0);
    assert_int_equal(o.ret_outcome, ACCEPT_DUPLICATE);
}

static void amended_items_take_the_order_out_of_its_lots(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b), no = accept_one(b, "luna", "A-1");
    plan_order(b, epoch, no, 1, LOT_OPEN);
    static const struct item_row one = {.product = "a\tb\\", .options = "x\ny", .quantity = 10000};
    struct store_amend q = amend_of(b, "A-1");
    q.set_items = true;
    q.row.items = &one, q.row.item_count = 1;
    assert_int_equal(store_call(b->store, &q.head), 0);
    struct store_order o = story(b, "luna", "A-1");
    assert_int_equal(o.ret_order.state, ORDER_ACCEPTED);
    assert_int_equal(o.ret_slice_count, 0);
    assert_int_equal(o.ret_promise_count, 1);
    assert_int_equal(o.ret_order.ship_by_s, NOW + 3 * DAY);
    assert_int_equal(o.ret_order.item_count, 1);
    assert_string_equal(o.ret_order.items[0].product, "a\tb\\");
    assert_string_equal(o.ret_order.items[0].options, "x\ny");
    assert_int_equal(load_page(b, LOAD_LOTS, NULL, 10).ret_count, 0);
}

static void items_of_a_firm_lot_cannot_be_amended_but_the_recipient_can(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b), no = accept_one(b, "luna", "A-1");
    plan_order(b, epoch, no, 1, LOT_FIRM);
    struct store_amend q = amend_of(b, "A-1");
    q.set_items = true;
    q.row.items = two_items, q.row.item_count = 1;
    assert_int_equal(store_call(b->store, &q.head), TAKT_ESTALE);
    assert_int_equal(story(b, "luna", "A-1").ret_order.item_count, 2);
    q = amend_of(b, "A-1");
    q.set_recipient = true;
    q.row.recipient_key = 5;
    assert_int_equal(store_call(b->store, &q.head), 0);
    q = amend_of(b, "A-9");
    assert_int_equal(store_call(b->store, &q.head), TAKT_ENOENT);
    cancel_ref(b, "luna", "A-2", NOW);
}

/* Without a recipient an order is packed and waits for one; in a shipment it is on its way. */
static void a_packed_order_still_gets_its_recipient_until_it_is_in_a_shipment(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b), no = accept_one(b, "luna", "A-1");
    plan_order(b, epoch, no, 1, LOT_DONE);
    struct order_update packed = {no, ORDER_PACKED, TAKT_TIME_NONE, NOW};
    struct store_publish publish = publish_of(b, epoch);
    publish.orders = &packed, publish.order_count = 1;
    assert_int_equal(store_call(b->store, &publish.head), 0);
    struct store_amend q = amend_of(b, "A-1");
    q.set_recipient = q.set_shipping = true;
    q.row.recipient_key = 5;
    q.row.service = "express";
    q.row.wish_day = TAKT_DAY_NONE;
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(story(b, "luna", "A-1").ret_order.recipient_key, 5);
    assert_string_equal(story(b, "luna", "A-1").ret_order.service, "express");
    q = amend_of(b, "A-1");
    q.set_items = true;
    q.row.items = two_items, q.row.item_count = 1;
    assert_int_equal(store_call(b->store, &q.head), TAKT_ESTALE);
    struct parcel_row parcel = {.shipment = "shirts-1", .number = 1, .creator = "luna", .service = "express", .carrier = "post",
                                .ship_by_s = NOW + DAY, .packed_at_s = NOW, .recipient_key = 5, .orders = &no, .order_count = 1};
    publish = publish_of(b, epoch);
    publish.parcels = &parcel, publish.parcel_count = 1;
    assert_int_equal(store_call(b->store, &publish.head), 0);
    q = amend_of(b, "A-1");
    q.set_recipient = true;
    q.row.recipient_key = 6;
    assert_int_equal(store_call(b->store, &q.head), TAKT_ESTALE);
}

static void a_cancelled_order_cannot_be_amended(void **state) {
    struct bench *b = *state;
    accept_one(b, "luna", "A-1");
    cancel_ref(b, "luna", "A-1", NOW);
    struct store_amend q = amend_of(b, "A-1");
    q.set_recipient = true;
    assert_int_equal(store_call(b->store, &q.head), TAKT_ESTALE);
}

static void an_amendment_with_a_body_that_is_no_object_changes_nothing(void **state) {
    struct bench *b = *state;
    uint64_t no = accept_one(b, "luna", "A-1");
    struct store_amend q = amend_of(b, "A-1");
    q.set_recipient = true;
    memcpy(q.row.country, "NL", 3);
    q.body = "[1]";
    assert_int_equal(store_call(b->store, &q.head), TAKT_EDATA);
    assert_string_equal(story(b, "luna", "A-1").ret_order.country, "CN");
    assert_int_equal(meta(b).seen, no);
}

static void a_refused_request_leaves_the_others_of_its_group(void **state) {
    struct bench *b = *state;
    uint64_t old = claim(b);
    claim(b);
    struct accept_order o[] = {order_like("A-1", 1), order_like("A-2", 1)};
    struct store_accept one = accept_of(b, "luna", &o[0], 1), other = accept_of(b, "luna", &o[1], 1);
    struct store_publish fenced = publish_of(b, old);
    struct store_amend unknown = amend_of(b, "A-9");
    assert_int_equal(store_submit(b->store, &one.head), 0);
    assert_int_equal(store_submit(b->store, &fenced.head), 0);
    assert_int_equal(store_submit(b->store, &unknown.head), 0);
    assert_int_equal(store_submit(b->store, &other.head), 0);
    struct store_request *done = store_turn(b->store, 0);
    assert_ptr_equal(done, &one.head);
    assert_ptr_equal(done->next->next->next, &other.head);
    assert_null(other.head.next);
    assert_null(store_turn(b->store, 0));
    assert_int_equal(one.head.code, 0);
    assert_int_equal(fenced.head.code, TAKT_EFENCED);
    assert_int_equal(unknown.head.code, TAKT_ENOENT);
    assert_int_equal(other.head.code, 0);
    assert_int_equal(changes(b, 0, 10).ret_count, 2);
}

enum { GROUP_ORDERS = 40 };

struct group_of_orders {
    char refs[GROUP_ORDERS][16];
    struct accept_order orders[GROUP_ORDERS];
    struct store_accept request;
};

static void bring_group(struct bench *b, struct group_of_orders *g, const char *prefix) {
    for (int i = 0; i < GROUP_ORDERS; i++) {
        snprintf(g->refs[i], sizeof g->refs[i], "%s-%d", prefix, i);
        g->orders[i] = order_like(g->refs[i], 1);
    }
    g->request = accept_of(b, "luna", g->orders, GROUP_ORDERS);
    assert_int_equal(store_submit(b->store, &g->request.head), 0);
}

/* As the store's actor does: one is begun, the other is brought meanwhile. */
static void take_groups(struct bench *b, struct group_of_orders *first, struct group_of_orders *second) {
    struct store_request *expected[] = {&first->request.head, &second->request.head};
    size_t done = 0;
    for (int turns = 0; turns < 8 && done < 2; turns++)
        for (struct store_request *r = store_turn(b->store, 0); r != NULL; r = r->next)
            assert_ptr_equal(r, expected[done++]);
    assert_int_equal(done, 2);
    assert_false(store_under_way(b->store));
}

static void a_group_that_is_begun_while_another_is_under_way_comes_after_it(void **state) {
    struct bench *b = *state;
    struct group_of_orders first, second;
    accept_one(b, "luna", "A-0");
    bring_group(b, &first, "B");
    assert_null(store_begin(b->store));
    bring_group(b, &second, "C");
    take_groups(b, &first, &second);
    for (int i = 0; i < GROUP_ORDERS; i++) {
        assert_int_equal(first.orders[i].ret_no, first.orders[0].ret_no + (uint64_t)i);
        assert_int_equal(second.orders[i].ret_no, first.orders[GROUP_ORDERS - 1].ret_no + 1 + (uint64_t)i);
    }
    assert_int_equal(changes(b, 0, 200).ret_count, 1 + 2 * GROUP_ORDERS);
}

static void an_order_that_is_in_the_group_under_way_as_well_is_a_duplicate(void **state) {
    struct bench *b = *state;
    struct group_of_orders first, second;
    accept_one(b, "luna", "A-0");
    bring_group(b, &first, "B");
    assert_null(store_begin(b->store));
    bring_group(b, &second, "C");
    second.orders[3].row.order_ref = "B-7";
    second.orders[5].row.order_ref = "A-0";
    memset(second.orders[5].hash, 9, sizeof second.orders[5].hash);
    take_groups(b, &first, &second);
    assert_int_equal(second.orders[3].ret_outcome, ACCEPT_DUPLICATE);
    assert_int_equal(second.orders[3].ret_no, first.orders[7].ret_no);
    assert_int_equal(second.orders[5].ret_outcome, ACCEPT_CONFLICT);
    assert_int_equal(second.orders[4].ret_outcome, ACCEPT_NEW);
    assert_int_equal(changes(b, 0, 200).ret_count, 1 + 2 * GROUP_ORDERS - 2);
}

static void orders_are_listed_by_creator_and_state(void **state) {
    struct bench *b = *state;
    accept_one(b, "luna", "A-1");
    uint64_t sol = accept_one(b, "sol", "B-1");
    accept_one(b, "luna", "A-2");
    cancel_ref(b, "luna", "A-1", NOW);
    struct store_orders q = {.head = head_of(b, STORE_ORDERS), .state = -1, .limit = 10};
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(q.ret_count, 3);
    q.after = sol;
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(q.ret_count, 1);
    q = (struct store_orders){.head = head_of(b, STORE_ORDERS), .state = -2, .limit = 10};
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(q.ret_count, 2);
    q.state = ORDER_CANCELLED;
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(q.ret_count, 1);
    assert_string_equal(q.ret_orders[0].order_ref, "A-1");
    q.creator = "luna";
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(q.ret_count, 1);
    q.state = -2;
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(q.ret_count, 1);
    assert_string_equal(q.ret_orders[0].order_ref, "A-2");
    q.state = -1;
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(q.ret_count, 2);
}

static void a_page_of_no_or_too_many_rows_is_refused(void **state) {
    struct bench *b = *state;
    struct store_orders q = {.head = head_of(b, STORE_ORDERS), .state = -1};
    assert_int_equal(store_call(b->store, &q.head), TAKT_EINVAL);
    q.limit = STORE_PAGE_MAX + 1;
    assert_int_equal(store_call(b->store, &q.head), TAKT_EINVAL);
}

static void the_clock_is_what_was_set_last(void **state) {
    struct bench *b = *state;
    struct store_clock q = {.head = head_of(b, STORE_CLOCK)};
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_true(q.plant_s == TAKT_TIME_NONE);
    q = (struct store_clock){
        .head = head_of(b, STORE_CLOCK), .set = true, .plant_s = NOW, .wall_ms = 12345, .speed_milli = 60000};
    assert_int_equal(store_call(b->store, &q.head), 0);
    q = (struct store_clock){.head = head_of(b, STORE_CLOCK)};
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(q.plant_s, NOW);
    assert_int_equal(q.wall_ms, 12345);
    assert_int_equal(q.speed_milli, 60000);
}

static void an_unknown_order_is_not_found(void **state) {
    struct bench *b = *state;
    accept_one(b, "luna", "A-1");
    struct store_order q = {.head = head_of(b, STORE_ORDER), .creator = "luna", .order_ref = "A-2"};
    assert_int_equal(store_call(b->store, &q.head), TAKT_ENOENT);
    q.creator = NULL;
    assert_int_equal(store_call(b->store, &q.head), TAKT_ENOENT);
    q.order_ref = NULL;
    q.no = 4711;
    assert_int_equal(store_call(b->store, &q.head), TAKT_ENOENT);
    uint64_t no = 4711;
    struct store_bodies body = {.head = head_of(b, STORE_BODIES), .orders = &no, .count = 1};
    assert_int_equal(store_call(b->store, &body.head), TAKT_ENOENT);
}

#define SUITE_ORDERS                                                                                                   \
    SUITE_TEST(an_accepted_order_is_found_with_all_that_was_said),                                                     \
        SUITE_TEST(the_same_content_again_is_a_duplicate_of_the_first),                                                \
        SUITE_TEST(other_content_under_a_used_ref_is_a_conflict_and_the_first_stands),                                 \
        SUITE_TEST(a_ref_is_its_creators_own), SUITE_TEST(a_ref_twice_in_one_batch_is_one_order),                      \
        SUITE_TEST(open_orders_are_limited_and_a_duplicate_does_not_count),                                            \
        SUITE_TEST(changes_are_numbered_in_the_order_of_their_commits),                                                \
        SUITE_TEST(a_cancelled_order_tells_creator_and_planner),                                                       \
        SUITE_TEST(cancelling_again_is_done_and_changes_nothing), SUITE_TEST(a_cancelled_ref_stays_used),              \
        SUITE_TEST(an_order_with_a_firm_lot_is_too_late_to_cancel),                                                    \
        SUITE_TEST(an_order_whose_lots_are_open_can_be_cancelled),                                                     \
        SUITE_TEST(an_order_of_which_surplus_was_given_is_too_late_to_cancel),                                         \
        SUITE_TEST(an_amendment_replaces_what_it_names_and_keeps_the_rest),                                            \
        SUITE_TEST(the_first_content_is_a_duplicate_also_of_an_amended_order),                                         \
        SUITE_TEST(amended_items_take_the_order_out_of_its_lots),                                                      \
        SUITE_TEST(items_of_a_firm_lot_cannot_be_amended_but_the_recipient_can),                                       \
        SUITE_TEST(a_packed_order_still_gets_its_recipient_until_it_is_in_a_shipment),                                 \
        SUITE_TEST(a_cancelled_order_cannot_be_amended),                                                               \
        SUITE_TEST(an_amendment_with_a_body_that_is_no_object_changes_nothing),                                        \
        SUITE_TEST(a_refused_request_leaves_the_others_of_its_group),                                                  \
        SUITE_TEST(orders_are_listed_by_creator_and_state),                                                            \
        SUITE_TEST(a_group_that_is_begun_while_another_is_under_way_comes_after_it),                                   \
        SUITE_TEST(an_order_that_is_in_the_group_under_way_as_well_is_a_duplicate),                                    \
        SUITE_TEST(a_page_of_no_or_too_many_rows_is_refused),                                                          \
        SUITE_TEST(the_clock_is_what_was_set_last), SUITE_TEST(an_unknown_order_is_not_found)
