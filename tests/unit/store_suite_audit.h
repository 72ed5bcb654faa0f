/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The suite's part about the audit log. Included by store_suite.h. */

#include "daemon/store/audit.h"
#include "daemon/store/tables.h"

static struct store_place place(struct bench *b) {
    struct store_where q = {.head = head_of(b, STORE_WHERE)};
    assert_int_equal(store_call(b->store, &q.head), 0);
    return q.ret_place;
}

/* The hash over orders that were accepted together, by what the header says it is made of. */
static void hash_of_orders(const char *creator, const struct accept_order *orders, size_t count, uint8_t *ret) {
    struct audit_digest *d = audit_digest_new();
    audit_digest_begin(d);
    for (size_t i = 0; i < count; i++) {
        struct order_key key = {.no = orders[i].ret_no};
        memcpy(key.hash, orders[i].hash, sizeof key.hash);
        if (orders[i].ret_outcome == ACCEPT_NEW)
            audit_digest_order(d, creator, orders[i].row.order_ref, &key);
    }
    audit_digest_end(d, ret);
    audit_digest_free(d);
}

static void assert_link(struct bench *b, struct audit_link link, const uint8_t before[STORE_HASH_SIZE]) {
    struct store_place now = place(b);
    uint8_t expected[STORE_HASH_SIZE];
    link.detail = link.detail != NULL ? link.detail : "";
    audit_hash(&link, before, expected);
    assert_int_equal(now.audit, link.link);
    assert_memory_equal(now.audit_hash, expected, sizeof expected);
}

static void orders_accepted_together_are_one_link_that_follows_the_one_before(void **state) {
    static const uint8_t nothing[STORE_HASH_SIZE];
    struct bench *b = *state;
    assert_int_equal(place(b).audit, 0);
    struct accept_order orders[] = {order_like("A-1", 1), order_like("A-2", 2)};
    struct store_accept q = accept_of(b, "luna", orders, 2);
    assert_int_equal(store_call(b->store, &q.head), 0);
    struct audit_link first = {.link = 1, .at_s = NOW, .change = orders[1].ret_no, .accepted = 2};
    hash_of_orders("luna", orders, 2, first.orders);
    assert_link(b, first, nothing);

    struct store_place before = place(b);
    struct accept_order again[] = {order_like("A-2", 2), order_like("A-3", 3)};
    q = accept_of(b, "luna", again, 2);
    assert_int_equal(store_call(b->store, &q.head), 0);
    struct audit_link second = {
        .link = 2, .at_s = NOW, .after_change = orders[1].ret_no, .change = again[1].ret_no, .accepted = 1};
    hash_of_orders("luna", again, 2, second.orders);
    assert_link(b, second, before.audit_hash);
}

static void what_decides_nothing_adds_no_link(void **state) {
    struct bench *b = *state;
    accept_one(b, "luna", "A-1");
    struct store_place before = place(b);
    struct accept_order again = order_like("A-1", 1);
    struct store_accept q = accept_of(b, "luna", &again, 1);
    assert_int_equal(store_call(b->store, &q.head), 0);
    claim(b);
    const char *unknown[] = {"Z-1"};
    enum cancel_outcome outcome;
    struct store_cancel c = {.head = head_of(b, STORE_CANCEL),
                             .creator = "luna",
                             .now_s = NOW,
                             .refs = unknown,
                             .ret_outcomes = &outcome,
                             .count = 1};
    assert_int_equal(store_call(b->store, &c.head), 0);
    struct store_place after = place(b);
    assert_int_equal(after.audit, before.audit);
    assert_memory_equal(after.audit_hash, before.audit_hash, sizeof after.audit_hash);
}

static void promises_and_cancellations_are_links(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b), no = accept_one(b, "luna", "A-1"), other = accept_one(b, "luna", "A-2");
    struct store_place before = place(b);
    plan_order(b, epoch, no, 1, LOT_OPEN);
    struct promise_row promise = {.order = no, .at_s = NOW, .ship_by_s = NOW + 3 * DAY, .deliver_by_day = 20500, .reason = ""};
    struct audit_link link = {.link = 3, .at_s = NOW, .after_change = other, .change = other, .promise = 1, .promised = 1};
    struct audit_digest *d = audit_digest_new();
    audit_digest_begin(d);
    audit_digest_promise(d, 1, &promise);
    audit_digest_end(d, link.promises);
    audit_digest_free(d);
    assert_link(b, link, before.audit_hash);

    before = place(b);
    const char *refs[] = {"A-1", "A-2"};
    enum cancel_outcome outcomes[2];
    struct store_cancel c = {.head = head_of(b, STORE_CANCEL),
                             .creator = "luna",
                             .now_s = NOW + 5,
                             .refs = refs,
                             .ret_outcomes = outcomes,
                             .count = 2};
    assert_int_equal(store_call(b->store, &c.head), 0);
    char detail[64];
    snprintf(detail, sizeof detail, "cancelled %d %d", (int)no, (int)other);
    assert_link(b,
                (struct audit_link){.link = 4,
                                    .at_s = NOW + 5,
                                    .after_change = other,
                                    .change = place(b).change,
                                    .after_promise = 1,
                                    .promise = 1,
                                    .detail = detail},
                before.audit_hash);
}

#define SUITE_AUDIT                                                                                                    \
    SUITE_TEST(orders_accepted_together_are_one_link_that_follows_the_one_before),                                     \
        SUITE_TEST(what_decides_nothing_adds_no_link), SUITE_TEST(promises_and_cancellations_are_links)
