/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The suite's part about what a planner that waits reads. Included by store_suite.h. */

static struct store_follow follow(struct bench *b, const struct store_meta *from, size_t limit) {
    struct store_follow q = {
        .head = head_of(b, STORE_FOLLOW), .publish_no = from->publish_no, .seen = from->seen, .limit = limit};
    assert_int_equal(store_call(b->store, &q.head), 0);
    return q;
}

static void what_others_did_to_orders_is_followed(void **state) {
    struct bench *b = *state;
    struct store_meta start = meta(b);
    uint64_t first = accept_one(b, "luna", "A-1"), second = accept_one(b, "luna", "A-2");
    struct store_follow q = follow(b, &start, 100);
    assert_false(q.ret_more);
    assert_int_equal(q.ret_meta.seen, second);
    assert_int_equal(q.ret_named_count, 2);
    assert_int_equal(q.ret_order_count, 2);
    assert_int_equal(q.ret_orders[0].no, first);
    assert_string_equal(q.ret_orders[1].order_ref, "A-2");
    assert_int_equal(q.ret_orders[1].item_count, 2);
    assert_int_equal(q.ret_lot_count + q.ret_slice_count + q.ret_task_count, 0);
    struct store_meta later = q.ret_meta;
    const char *refs[] = {"A-1"};
    enum cancel_outcome outcome;
    struct store_cancel c = {.head = head_of(b, STORE_CANCEL), .creator = "luna", .now_s = NOW, .refs = refs,
                             .ret_outcomes = &outcome, .count = 1};
    assert_int_equal(store_call(b->store, &c.head), 0);
    q = follow(b, &later, 100);
    assert_int_equal(q.ret_named_count, 1);
    assert_int_equal(q.ret_named[0], first);
    assert_int_equal(q.ret_order_count, 0);
    q = follow(b, &start, 100); /* one that was taken and cancelled meanwhile */
    assert_int_equal(q.ret_named_count, 2);
    assert_int_equal(q.ret_order_count, 1);
    assert_int_equal(q.ret_orders[0].no, second);
    later = q.ret_meta;
    struct store_follow again = {.head = head_of(b, STORE_FOLLOW), .publish_no = later.publish_no, .seen = later.seen,
                                 .again = &second, .again_count = 1, .limit = 1};
    assert_int_equal(store_call(b->store, &again.head), 0);
    assert_int_equal(again.ret_named_count, 1);
    assert_int_equal(again.ret_orders[0].no, second);
    assert_int_equal(follow(b, &later, 1).ret_named_count, 0);
}

static void what_a_planner_published_is_followed_with_all_that_belongs_to_it(void **state) {
    struct bench *b = *state;
    uint64_t no = accept_one(b, "luna", "A-1"), epoch = claim(b);
    accept_one(b, "luna", "A-2");
    struct store_meta before = meta(b);
    plan_order(b, epoch, no, 1, LOT_OPEN);
    struct store_follow q = follow(b, &before, 100);
    assert_int_equal(q.ret_meta.publish_no, before.publish_no + 1);
    assert_int_equal(q.ret_meta.last_lot, 1);
    assert_int_equal(q.ret_named_count, 1);
    assert_int_equal(q.ret_orders[0].no, no);
    assert_int_equal(q.ret_orders[0].state, ORDER_PLANNED);
    assert_int_equal(q.ret_orders[0].ship_by_s, NOW + 3 * DAY);
    assert_int_equal(q.ret_slice_count, 1);
    assert_int_equal(q.ret_slices[0].lot, 1);
    assert_int_equal(q.ret_slices[0].count, 3);
    assert_int_equal(q.ret_lot_count, 1);
    assert_string_equal(q.ret_lots[0].like, "fabric=white");
    assert_int_equal(q.ret_lots[0].firm_at_s, NOW + DAY);
    assert_int_equal(q.ret_task_count, 2);
    assert_string_equal(q.ret_tasks[1].line, "print-1");
    assert_int_equal(q.ret_tasks[1].op, 1);
    assert_false(q.ret_world);
    /* a lot that nobody has units of any more is named, and not given */
    struct slice_row slices[] = {{.order = no, .item = 0, .first = 0, .count = 3, .lot = 1, .gone = true}};
    struct store_publish p = publish_of(b, epoch);
    p.slices = slices, p.slice_count = 1;
    before = meta(b);
    assert_int_equal(store_call(b->store, &p.head), 0);
    q = follow(b, &before, 100);
    assert_int_equal(q.ret_named_count, 1);
    assert_int_equal(q.ret_order_count, 1);
    assert_int_equal(q.ret_slice_count + q.ret_lot_count + q.ret_task_count, 0);
}

static void how_the_plant_stands_is_given_whole_when_something_of_it_changed(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b);
    struct stock_row stock[] = {{"clay", 5000}, {"jersey", 7000}};
    struct down_row downs[] = {{"print-1", NOW, TAKT_TIME_NEVER, "belt", false}};
    struct setup_row setups[] = {{"print-1", "dark"}};
    struct receipt_row receipts[] = {{"clay", NOW + DAY, 1000, false}};
    struct surplus_row surplus[] = {{"tee", "fabric=white;size=M", 4}};
    struct store_publish p = publish_of(b, epoch);
    p.stock = stock, p.stock_count = 2, p.downs = downs, p.down_count = 1, p.setups = setups, p.setup_count = 1;
    p.receipts = receipts, p.receipt_count = 1, p.surplus = surplus, p.surplus_count = 1;
    assert_int_equal(store_call(b->store, &p.head), 0);
    struct store_meta before = meta(b);
    p = publish_of(b, epoch);
    p.stock = &(struct stock_row){"clay", 4000}, p.stock_count = 1;
    assert_int_equal(store_call(b->store, &p.head), 0);
    struct store_follow q = follow(b, &before, 10);
    assert_true(q.ret_world);
    assert_true(q.ret_meta.seeded);
    assert_int_equal(q.ret_stock_count, 2);
    assert_int_equal(q.ret_stock[0].on_hand_milli, 4000);
    assert_int_equal(q.ret_receipt_count, 1);
    assert_int_equal(q.ret_down_count, 1);
    assert_string_equal(q.ret_downs[0].reason, "belt");
    assert_int_equal(q.ret_setup_count, 1);
    assert_int_equal(q.ret_surplus_count, 1);
    assert_int_equal(q.ret_surplus[0].quantity, 4);
}

/* A publication is never divided, and what is left is told. */
static void much_is_followed_in_steps_and_each_thing_comes_once(void **state) {
    struct bench *b = *state;
    uint64_t no[6], epoch = claim(b);
    struct store_meta at = meta(b), end;
    for (size_t i = 0; i < 6; i++) {
        char ref[16];
        snprintf(ref, sizeof ref, "A-%d", (int)i);
        no[i] = accept_one(b, "luna", ref);
    }
    const char *refs[] = {"A-5"};
    enum cancel_outcome outcome;
    struct store_cancel c = {.head = head_of(b, STORE_CANCEL), .creator = "luna", .now_s = NOW, .refs = refs,
                             .ret_outcomes = &outcome, .count = 1};
    assert_int_equal(store_call(b->store, &c.head), 0);
    for (size_t i = 0; i < 5; i++)
        plan_order(b, epoch, no[i], 1 + (uint32_t)i, LOT_OPEN);
    end = meta(b);
    bool planned[6] = {false}, gone = false;
    for (int steps = 1;; steps++) {
        struct store_follow q = follow(b, &at, 2);
        assert_true(q.ret_meta.seen >= at.seen && q.ret_meta.publish_no >= at.publish_no);
        assert_true(!q.ret_more || q.ret_meta.seen > at.seen || q.ret_meta.publish_no > at.publish_no);
        assert_true(q.ret_named_count <= 4 + 1);
        for (size_t i = 0; i < q.ret_order_count; i++)
            for (size_t k = 0; k < 6; k++)
                planned[k] = planned[k] || (q.ret_orders[i].no == no[k] && q.ret_orders[i].state == ORDER_PLANNED);
        for (size_t i = 0; i < q.ret_named_count; i++)
            gone = gone || q.ret_named[i] == no[5];
        at = q.ret_meta;
        if (q.ret_more)
            continue;
        assert_true(steps > 2);
        break;
    }
    for (size_t i = 0; i < 5; i++)
        assert_true(planned[i]);
    assert_true(gone && !planned[5]);
    assert_int_equal(at.publish_no, end.publish_no);
    assert_int_equal(at.seen, end.seen);
}

static void who_is_too_far_behind_or_ahead_is_told_to_load(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b);
    static const uint64_t NUMBERS[] = {1, 2, 3, 5600, 5601}; /* with the fourth those up to 600 are taken away */
    for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
        struct store_publish p = {.head = head_of(b, STORE_PUBLISH), .epoch = epoch, .publish_no = NUMBERS[i], .at_s = NOW};
        p.stock = &(struct stock_row){"clay", (int64_t)i}, p.stock_count = 1;
        assert_int_equal(store_call(b->store, &p.head), 0);
    }
    const struct store_meta starts[] = {
        {.publish_no = 0}, {.publish_no = 2}, {.publish_no = 4}, {.publish_no = 5602}, {.publish_no = 5601, .seen = 1}};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        struct store_follow q = {.head = head_of(b, STORE_FOLLOW), .publish_no = starts[i].publish_no,
                                 .seen = starts[i].seen, .limit = 100};
        assert_int_equal(store_call(b->store, &q.head), TAKT_ESTALE);
    }
    struct store_meta kept = {.publish_no = 3};
    assert_int_equal(follow(b, &kept, 100).ret_meta.publish_no, 5601);
    struct store_follow none = {.head = head_of(b, STORE_FOLLOW), .publish_no = 5601};
    assert_int_equal(store_call(b->store, &none.head), TAKT_EINVAL);
}

#define SUITE_FOLLOW                                                                                                   \
    SUITE_TEST(what_others_did_to_orders_is_followed),                                                                 \
        SUITE_TEST(what_a_planner_published_is_followed_with_all_that_belongs_to_it),                                  \
        SUITE_TEST(how_the_plant_stands_is_given_whole_when_something_of_it_changed),                                  \
        SUITE_TEST(much_is_followed_in_steps_and_each_thing_comes_once),                                               \
        SUITE_TEST(who_is_too_far_behind_or_ahead_is_told_to_load)
