/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The suite's part about erasures. Included by store_suite.h. */

static struct store_erase erase_of(struct bench *b, const char *field, const char *value) {
    return (struct store_erase){.head = head_of(b, STORE_ERASE),
                                .creator = "luna",
                                .field = field,
                                .value = value,
                                .limit = 100,
                                .now_s = NOW + 2 * DAY};
}

static const char *body_of(struct bench *b, uint64_t no) {
    struct store_bodies q = {.head = head_of(b, STORE_BODIES), .orders = &no, .count = 1};
    assert_int_equal(store_call(b->store, &q.head), 0);
    return q.ret_bodies[0];
}

static void a_shipped_order_is_erased_wherever_it_is_and_its_figures_stay(void **state) {
    struct bench *b = *state;
    uint64_t no[2];
    pack_two(b, no, NOW + DAY);
    assert_int_equal(act(b, SHIPMENT_SHIP, "dock"), 0);
    struct store_erase q = erase_of(b, "name", "MEI");
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(q.ret_count, 2);
    assert_int_equal(q.ret_rows[0].order, no[0]);
    assert_string_equal(q.ret_rows[1].order_ref, "A-2");
    assert_int_equal(q.ret_rows[1].erased_at_s, NOW + 2 * DAY);
    assert_int_equal(q.ret_after, 0);
    for (size_t i = 0; i < 2; i++)
        assert_null(body_of(b, no[i]));
    struct store_order o = story(b, "luna", "A-1");
    assert_int_equal(o.ret_order.recipient_key, 0);
    assert_string_equal(o.ret_order.country, "CN");
    assert_int_equal(o.ret_order.item_count, 2);
    assert_int_equal(o.ret_order.state, ORDER_SHIPPED);
    assert_string_equal(o.ret_events[o.ret_event_count - 1].tracking, "");
    struct shipment_row row = shipment(b);
    assert_string_equal(row.tracking, "");
    assert_int_equal(row.parcel.recipient_key, 0);
    assert_int_equal(row.state, SHIPMENT_SHIPPED);
    struct store_stats stats = {.head = head_of(b, STORE_STATS)};
    assert_int_equal(store_call(b->store, &stats.head), 0);
    assert_int_equal(stats.ret_creators[0].orders[ORDER_SHIPPED], 2);
    assert_int_equal(stats.ret_kept, 2);
}

static void an_open_order_keeps_its_address_until_it_has_shipped_and_is_erased_with_that(void **state) {
    struct bench *b = *state;
    uint64_t no[2];
    pack_two(b, no, NOW + DAY);
    struct store_erase q = erase_of(b, "name", "Mei");
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(q.ret_count, 2);
    assert_true(q.ret_rows[0].erased_at_s == TAKT_TIME_NONE);
    assert_non_null(strstr(body_of(b, no[0]), "Mei"));
    assert_int_equal(act(b, SHIPMENT_SHIP, "dock"), 0);
    for (size_t i = 0; i < 2; i++)
        assert_null(body_of(b, no[i]));
    assert_string_equal(shipment(b).tracking, "");
    struct store_order o = story(b, "luna", "A-2");
    assert_int_equal(o.ret_events[o.ret_event_count - 1].kind, EVENT_ORDER_SHIPPED);
    assert_string_equal(o.ret_events[o.ret_event_count - 1].tracking, "");
    struct store_erasures list = {.head = head_of(b, STORE_ERASURES), .limit = 10};
    assert_int_equal(store_call(b->store, &list.head), 0);
    assert_int_equal(list.ret_count, 2);
    assert_int_equal(list.ret_rows[0].erased_at_s, NOW + DAY);
    assert_int_equal(list.ret_rows[0].asked_at_s, NOW + 2 * DAY);
}

static void a_cancelled_order_is_erased_with_its_cancellation(void **state) {
    struct bench *b = *state;
    uint64_t no = accept_one(b, "luna", "A-1");
    struct store_erase q = erase_of(b, NULL, NULL);
    q.order_ref = "A-1";
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_non_null(body_of(b, no));
    assert_int_equal(cancel_ref(b, "luna", "A-1", NOW + DAY - 1), CANCEL_DONE);
    assert_null(body_of(b, no));
    assert_int_equal(story(b, "luna", "A-1").ret_order.state, ORDER_CANCELLED);
}

static void erasing_again_changes_nothing(void **state) {
    struct bench *b = *state;
    accept_one(b, "luna", "A-1");
    assert_int_equal(cancel_ref(b, "luna", "A-1", NOW + DAY - 1), CANCEL_DONE);
    accept_one(b, "luna", "A-2");
    struct store_erase q = erase_of(b, "name", "Mei"), one = erase_of(b, NULL, NULL);
    one.order_ref = "A-1";
    assert_int_equal(store_call(b->store, &q.head), 0);
    struct store_place before = place(b);
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(q.ret_count, 1); /* the one that waits; the other has no name any more */
    assert_int_equal(store_call(b->store, &one.head), 0);
    assert_int_equal(one.ret_rows[0].erased_at_s, NOW + 2 * DAY);
    assert_memory_equal(place(b).audit_hash, before.audit_hash, sizeof before.audit_hash);
}

static void only_who_was_named_is_erased(void **state) {
    struct bench *b = *state;
    static const char *const bodies[] = {
        "{\"recipient\":{\"name\":\"Ann\",\"email\":\"Ann@example.org\",\"phone\":\"+49 (3641) 55-1\"}}",
        "{\"recipient\":{\"token\":\"tok-7\"},\"metadata\":{\"name\":\"Ann\"}}", "{}"};
    uint64_t no[3];
    for (size_t i = 0; i < 3; i++) {
        char ref[] = "A-0";
        ref[2] = (char)('0' + i);
        struct accept_order o = order_like(ref, (uint8_t)i);
        o.body = bodies[i];
        struct store_accept q = accept_of(b, i == 2 ? "band" : "luna", &o, 1);
        assert_int_equal(store_call(b->store, &q.head), 0);
        no[i] = o.ret_no;
    }
    static const struct {
        const char *field, *value;
        size_t found;
    } cases[] = {{"name", "An", 0},        {"name", "ann", 1},          {"email", "ann@EXAMPLE.org", 1},
                 {"phone", "493641551", 1}, {"phone", "49364155", 0},    {"phone", "", 0},
                 {"token", "tok-7", 1},    {"metadata", "{}", 0},       {"address", "", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct store_erase q = erase_of(b, cases[i].field, cases[i].value);
        assert_int_equal(store_call(b->store, &q.head), 0);
        assert_int_equal(q.ret_count, cases[i].found);
    }
    struct store_erase q = erase_of(b, NULL, NULL);
    q.order_ref = "Z-9";
    assert_int_equal(store_call(b->store, &q.head), TAKT_ENOENT);
    assert_non_null(body_of(b, no[2]));
}

static void recipients_are_looked_for_page_by_page(void **state) {
    struct bench *b = *state;
    for (int i = 0; i < 5; i++) {
        char ref[] = "A-0";
        ref[2] = (char)('0' + i);
        accept_one(b, "luna", ref);
    }
    struct store_erase q = erase_of(b, "name", "Mei");
    q.limit = 2;
    size_t found = 0, pages = 0;
    do {
        q.after = q.ret_after;
        assert_int_equal(store_call(b->store, &q.head), 0);
        found += q.ret_count;
        pages++;
    } while (q.ret_after != 0);
    assert_int_equal(found, 5);
    assert_int_equal(pages, 3);
}

static void what_was_erased_is_erased_again_by_its_list_and_nothing_else_is(void **state) {
    struct bench *b = *state;
    uint64_t first = accept_one(b, "luna", "A-1"), second = accept_one(b, "luna", "A-2");
    assert_int_equal(cancel_ref(b, "luna", "A-1", NOW + DAY - 1), CANCEL_DONE);
    assert_int_equal(cancel_ref(b, "luna", "A-2", NOW + DAY - 1), CANCEL_DONE);
    struct store_erase q = erase_of(b, NULL, NULL);
    q.order_ref = "A-1";
    assert_int_equal(store_call(b->store, &q.head), 0);
    struct erasure_row rows[3] = {q.ret_rows[0], q.ret_rows[0], q.ret_rows[0]};
    rows[1].order = second; /* the tag is another's */
    rows[2].order = 4711;
    struct store_erase again = {
        .head = head_of(b, STORE_ERASE), .again = rows, .again_count = 3, .now_s = NOW + 3 * DAY};
    assert_int_equal(store_call(b->store, &again.head), 0);
    assert_int_equal(again.ret_count, 1);
    assert_int_equal(again.ret_rows[0].order, first);
    assert_non_null(body_of(b, second));
}

#define SUITE_ERASE                                                                                                    \
    SUITE_TEST(a_shipped_order_is_erased_wherever_it_is_and_its_figures_stay),                                         \
        SUITE_TEST(an_open_order_keeps_its_address_until_it_has_shipped_and_is_erased_with_that),                      \
        SUITE_TEST(a_cancelled_order_is_erased_with_its_cancellation), SUITE_TEST(erasing_again_changes_nothing),      \
        SUITE_TEST(only_who_was_named_is_erased), SUITE_TEST(recipients_are_looked_for_page_by_page),                  \
        SUITE_TEST(what_was_erased_is_erased_again_by_its_list_and_nothing_else_is)
