/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The suite's part about publications and what a planner starts from. Included by store_suite.h. */

static void a_publication_is_loaded_as_it_was_written(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b), no = accept_one(b, "luna", "A-1");
    plan_order(b, epoch, no, 1, LOT_OPEN);
    struct store_load lots = load_page(b, LOAD_LOTS, NULL, 10), slices = load_page(b, LOAD_SLICES, NULL, 10);
    struct store_load tasks = load_page(b, LOAD_TASKS, NULL, 10), orders = load_page(b, LOAD_ORDERS, NULL, 10);
    assert_int_equal(lots.ret_count, 1);
    assert_string_equal(lots.ret.lots[0].like, "fabric=white");
    assert_int_equal(lots.ret.lots[0].firm_at_s, NOW + DAY);
    assert_true(lots.ret.lots[0].let_go_at_s == TAKT_TIME_NONE);
    assert_int_equal(lots.ret.lots[0].units, 3);
    assert_int_equal(lots.ret.lots[0].extra, 1);
    assert_int_equal(slices.ret_count, 1);
    assert_int_equal(slices.ret.slices[0].order, no);
    assert_int_equal(slices.ret.slices[0].count, 3);
    assert_int_equal(slices.ret.slices[0].lot, 1);
    assert_int_equal(tasks.ret_count, 2);
    assert_string_equal(tasks.ret.tasks[1].line, "print-1");
    assert_int_equal(tasks.ret.tasks[1].end_s, NOW + DAY + 3600);
    assert_int_equal(tasks.ret.tasks[1].quantity, 4);
    assert_true(tasks.ret.tasks[1].started_at_s == TAKT_TIME_NONE);
    assert_int_equal(orders.ret_count, 1);
    assert_int_equal(orders.ret.orders[0].state, ORDER_PLANNED);
    assert_int_equal(orders.ret.orders[0].ship_by_s, NOW + 3 * DAY);
    assert_int_equal(orders.ret.orders[0].planned_packed_s, NOW + 2 * DAY);
    struct store_order q = story(b, "luna", "A-1");
    assert_int_equal(q.ret_promise_count, 1);
    assert_string_equal(q.ret_promises[0].reason, "");
    assert_int_equal(q.ret_event_count, 1);
    assert_int_equal(q.ret_events[0].kind, EVENT_ORDER_PROMISED);
    assert_string_equal(q.ret_events[0].order_ref, "A-1");
    struct store_meta m = meta(b);
    assert_int_equal(m.publish_no, 1);
    assert_int_equal(m.plan_version, 1);
    assert_true(m.published_at_s == NOW);
    assert_int_equal(m.last_lot, 1);
    assert_int_equal(m.last_order, no);
    assert_false(m.seeded);
}

static int beat(struct bench *b, enum store_op op, uint64_t epoch, bool ends, uint64_t *ret_beats) {
    struct store_beat q = {.head = head_of(b, op), .epoch = epoch, .ends = ends};
    int code = store_call(b->store, &q.head);
    *ret_beats = q.ret_beats;
    return code;
}

static void only_the_newest_planner_beats_and_its_end_is_seen(void **state) {
    struct bench *b = *state;
    uint64_t none, old = claim(b), first, second, seen;
    assert_int_equal(beat(b, STORE_BEAT, old, false, &first), 0);
    assert_int_equal(beat(b, STORE_BEAT, old, false, &second), 0);
    assert_int_not_equal(first, second);
    assert_int_equal(beat(b, STORE_BEATS, 0, false, &seen), 0);
    assert_int_equal(seen, second);
    uint64_t young = claim(b);
    assert_int_equal(beat(b, STORE_BEAT, old, false, &none), TAKT_EFENCED);
    assert_int_equal(beat(b, STORE_BEAT, old, true, &none), TAKT_EFENCED);
    assert_int_equal(beat(b, STORE_BEATS, 0, false, &seen), 0);
    assert_true(seen > second);
    assert_int_equal(beat(b, STORE_BEAT, young, true, &seen), 0);
    assert_int_equal(beat(b, STORE_BEATS, 0, false, &seen), 0);
    assert_int_equal(seen, 0);
}

static struct store_present present(struct bench *b, const char *process, bool ends) {
    struct store_present q = {.head = head_of(b, STORE_PRESENT), .process = process, .creators = "0f", .ends = ends};
    assert_int_equal(store_call(b->store, &q.head), 0);
    return q;
}

static void who_is_there_sees_the_others_and_where_the_newest_planner_is(void **state) {
    struct bench *b = *state;
    struct store_present q = present(b, "b", false);
    assert_false(q.ret_planned);
    assert_int_equal(q.ret_count, 1);
    struct store_claim first = {.head = head_of(b, STORE_CLAIM), .address = "tcp://one:1"};
    struct store_claim second = {.head = head_of(b, STORE_CLAIM), .address = "tcp://two:2"};
    assert_int_equal(store_call(b->store, &first.head), 0);
    assert_int_equal(store_call(b->store, &second.head), 0);
    struct store_beat look = {.head = head_of(b, STORE_BEATS)};
    assert_int_equal(store_call(b->store, &look.head), 0);
    assert_string_equal(look.ret_address, "tcp://two:2");
    present(b, "a", false);
    q = present(b, "b", false);
    assert_true(q.ret_planned);
    assert_int_equal(q.ret_count, 3);
    assert_string_equal(q.ret_processes[0].process, "a");
    assert_int_equal(q.ret_processes[0].beats, 1);
    assert_string_equal(q.ret_processes[0].creators, "0f");
    assert_string_equal(q.ret_processes[1].process, "b");
    assert_int_equal(q.ret_processes[1].beats, 2);
    assert_int_equal(q.ret_processes[1].epoch, 0);
    assert_string_equal(q.ret_processes[2].process, STORE_PLANNER);
    assert_string_equal(q.ret_processes[2].address, "tcp://two:2");
    assert_int_equal(q.ret_processes[2].epoch, second.ret_epoch);
    const char *gone[] = {"a"};
    q = (struct store_present){.head = head_of(b, STORE_PRESENT), .process = "c", .creators = "", .gone = gone, .gone_count = 1};
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(q.ret_count, 3);
    assert_string_equal(q.ret_processes[0].process, "b");
    assert_int_equal(present(b, "c", true).ret_count, 2);
}

static void only_the_newest_epoch_publishes(void **state) {
    struct bench *b = *state;
    uint64_t old = claim(b), young = claim(b);
    assert_true(young > old);
    struct store_publish q = publish_of(b, old);
    assert_int_equal(store_call(b->store, &q.head), TAKT_EFENCED);
    q = publish_of(b, young);
    assert_int_equal(store_call(b->store, &q.head), 0);
}

static void a_publication_takes_place_once(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b), no = accept_one(b, "luna", "A-1");
    plan_order(b, epoch, no, 1, LOT_OPEN);
    struct event_row event = {.kind = EVENT_ORDER_STARTED,
                              .order = no,
                              .at_s = NOW,
                              .ship_by_s = TAKT_TIME_NONE,
                              .deliver_by_day = TAKT_DAY_NONE};
    struct store_publish q = publish_of(b, epoch);
    q.publish_no--;
    q.events = &event, q.event_count = 1;
    assert_int_equal(store_call(b->store, &q.head), TAKT_EEXIST);
    assert_int_equal(events(b, "luna", 0, 10).ret_count, 1);
}

static void a_publication_that_has_not_seen_a_cancellation_is_stale(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b);
    accept_one(b, "luna", "A-1");
    struct store_publish q = publish_of(b, epoch);
    accept_one(b, "luna", "A-2"); /* a new order makes nothing stale */
    assert_int_equal(store_call(b->store, &q.head), 0);
    q = publish_of(b, epoch);
    cancel_ref(b, "luna", "A-1", NOW);
    assert_int_equal(store_call(b->store, &q.head), TAKT_ESTALE);
    q = publish_of(b, epoch);
    struct store_amend amend = amend_of(b, "A-2");
    amend.set_shipping = true;
    amend.row.service = "express";
    assert_int_equal(store_call(b->store, &amend.head), 0);
    assert_int_equal(store_call(b->store, &q.head), TAKT_ESTALE);
    q = publish_of(b, epoch);
    assert_int_equal(store_call(b->store, &q.head), 0);
}

static void a_publication_with_one_wrong_row_changes_nothing(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b), no = accept_one(b, "luna", "A-1");
    struct lot_row lots[] = {lot_like(1, LOT_OPEN)};
    struct order_update update = {no, ORDER_PLANNED, NOW, TAKT_TIME_NONE};
    struct slice_row wrong[] = {{.order = no, .count = 1, .lot = 1}, {.order = 4711, .count = 1, .lot = 1}};
    struct stock_row stock = {"jersey", 5000};
    struct store_publish q = publish_of(b, epoch);
    q.lots = lots, q.lot_count = 1;
    q.orders = &update, q.order_count = 1;
    q.stock = &stock, q.stock_count = 1;
    q.slices = wrong, q.slice_count = 2;
    assert_int_equal(store_call(b->store, &q.head), TAKT_ENOENT); /* an order that is not there */
    wrong[1] = (struct slice_row){.order = no, .item = 1, .count = 1, .lot = 2};
    assert_int_equal(store_call(b->store, &q.head), TAKT_ENOENT); /* a lot that is not there */
    q.slice_count = 1;
    struct task_row task = task_like(2, 0);
    q.tasks = &task, q.task_count = 1;
    assert_int_equal(store_call(b->store, &q.head), TAKT_ENOENT);
    q.task_count = 0;
    update.state = ORDER_SHIPPED;
    assert_int_equal(store_call(b->store, &q.head), TAKT_EINVAL); /* not the planner's to say */
    assert_int_equal(load_page(b, LOAD_LOTS, NULL, 10).ret_count, 0);
    assert_int_equal(load_page(b, LOAD_STOCK, NULL, 10).ret_count, 0);
    assert_int_equal(story(b, "luna", "A-1").ret_order.state, ORDER_ACCEPTED);
    assert_int_equal(meta(b).publish_no, 0);
    update.state = ORDER_PLANNED;
    assert_int_equal(store_call(b->store, &q.head), 0);
}

static void a_unit_is_in_at_most_one_slice(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b), no = accept_one(b, "luna", "A-1");
    plan_order(b, epoch, no, 1, LOT_OPEN); /* units 0–2 of item 0 */
    struct slice_row slices[] = {{.order = no, .item = 0, .first = 2, .count = 1, .lot = 1},
                                 {.order = no, .item = 0, .first = 0, .count = 2, .lot = 1}};
    struct store_publish q = publish_of(b, epoch);
    q.slices = slices, q.slice_count = 1;
    assert_int_equal(store_call(b->store, &q.head), TAKT_EEXIST);
    q.slice_count = 2; /* the old slice becomes shorter in the same publication */
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(story(b, "luna", "A-1").ret_slice_count, 2);
}

static void slices_that_go_make_room_for_those_that_come(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b), no = accept_one(b, "luna", "A-1");
    plan_order(b, epoch, no, 1, LOT_OPEN);
    struct lot_row lot = lot_like(2, LOT_OPEN);
    struct slice_row slices[] = {{.order = no, .item = 0, .first = 1, .count = 2, .lot = 2},
                                 {.order = no, .item = 0, .first = 0, .gone = true},
                                 {.order = no, .item = 0, .first = 0, .count = 1, .lot = 2}};
    struct store_publish q = publish_of(b, epoch);
    q.lots = &lot, q.lot_count = 1;
    q.slices = slices, q.slice_count = 3;
    assert_int_equal(store_call(b->store, &q.head), 0);
    struct store_load lots = load_page(b, LOAD_LOTS, NULL, 10);
    assert_int_equal(lots.ret_count, 1); /* lot 1 holds nobody's units any more */
    assert_int_equal(lots.ret.lots[0].lot, 2);
    assert_int_equal(load_page(b, LOAD_SLICES, NULL, 10).ret_count, 2);
}

static void rows_written_again_are_the_newest(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b), no = accept_one(b, "luna", "A-1");
    plan_order(b, epoch, no, 1, LOT_OPEN);
    struct task_row tasks[] = {task_like(1, 0), task_like(1, 1)};
    tasks[0].line = "print-2";
    tasks[0].state = TASK_STARTED;
    tasks[0].good = 2, tasks[0].scrap = 1;
    tasks[0].started_at_s = NOW + 7;
    tasks[0].late = true;
    tasks[1].gone = true;
    struct promise_row promise = {.order = no,
                                  .at_s = NOW + 1,
                                  .ship_by_s = NOW + 9 * DAY,
                                  .deliver_by_day = TAKT_DAY_NONE,
                                  .reason = "breakdown"};
    struct store_publish q = publish_of(b, epoch);
    q.tasks = tasks, q.task_count = 2;
    q.promises = &promise, q.promise_count = 1;
    assert_int_equal(store_call(b->store, &q.head), 0);
    struct store_load got = load_page(b, LOAD_TASKS, NULL, 10);
    assert_int_equal(got.ret_count, 1);
    assert_string_equal(got.ret.tasks[0].line, "print-2");
    assert_int_equal(got.ret.tasks[0].state, TASK_STARTED);
    assert_int_equal(got.ret.tasks[0].good, 2);
    assert_int_equal(got.ret.tasks[0].scrap, 1);
    assert_int_equal(got.ret.tasks[0].started_at_s, NOW + 7);
    assert_true(got.ret.tasks[0].late);
    struct store_order s = story(b, "luna", "A-1");
    assert_int_equal(s.ret_promise_count, 2);
    assert_string_equal(s.ret_promises[1].reason, "breakdown");
    assert_int_equal(s.ret_order.ship_by_s, NOW + 9 * DAY);
    assert_int_equal(s.ret_order.deliver_by_day, TAKT_DAY_NONE);
    assert_int_equal(meta(b).plan_version, 1);
}

/* Whatever else such a row says; of two of one task the later one counts, and one that is not there stays away. */
static void a_task_is_moved_and_nothing_else_of_it(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b), no = accept_one(b, "luna", "A-1");
    plan_order(b, epoch, no, 1, LOT_OPEN);
    struct task_row tasks[] = {task_like(1, 1), task_like(1, 0), task_like(1, 1), task_like(1, 7)};
    for (size_t i = 0; i < 4; i++) {
        tasks[i].moved = true;
        tasks[i].line = i == 2 ? "print-3" : "print-2";
        tasks[i].start_s = NOW + 100 + (int64_t)i;
        tasks[i].end_s = NOW + 200 + (int64_t)i;
        tasks[i].state = TASK_STARTED;
        tasks[i].quantity = 77;
    }
    struct store_publish q = publish_of(b, epoch);
    q.tasks = tasks, q.task_count = 4;
    assert_int_equal(store_call(b->store, &q.head), 0);
    struct store_load got = load_page(b, LOAD_TASKS, NULL, 10);
    assert_int_equal(got.ret_count, 2);
    assert_string_equal(got.ret.tasks[0].line, "print-2");
    assert_int_equal(got.ret.tasks[0].start_s, NOW + 101);
    assert_string_equal(got.ret.tasks[1].line, "print-3");
    assert_int_equal(got.ret.tasks[1].end_s, NOW + 202);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(got.ret.tasks[i].state, TASK_PLANNED);
        assert_int_equal(got.ret.tasks[i].quantity, 4);
    }
}

/* More lots than go into one statement: those with an even number have been moved, every third one has lost a task, and
 * every fifth both. Two publications in one group, so that the second finds what the first has written. */
static void a_plan_of_many_lots_is_moved_in_part(void **state) {
    enum { LOTS = 2500 };
    struct bench *b = *state;
    uint64_t epoch = claim(b), no = accept_one(b, "luna", "A-1");
    struct lot_row *lots = arena_array(b->arena, LOTS, sizeof *lots);
    struct slice_row *slices = arena_array(b->arena, LOTS, sizeof *slices);
    struct task_row *tasks = arena_array(b->arena, LOTS * 2, sizeof *tasks);
    struct task_row *changed = arena_array(b->arena, LOTS * 3, sizeof *changed);
    size_t count = 0, left = 0;
    for (uint32_t i = 0; i < LOTS; i++) {
        uint32_t lot = LOTS - i;
        lots[i] = lot_like(lot, LOT_OPEN);
        slices[i] = (struct slice_row){.order = no, .item = 0, .first = i, .count = 1, .lot = lot};
        tasks[2 * i] = task_like(lot, 1), tasks[2 * i + 1] = task_like(lot, 0);
        if (lot % 2 == 0) {
            changed[count] = task_like(lot, 0);
            changed[count].line = "print-2", changed[count].start_s = TAKT_TIME_NONE;
            changed[count++].moved = true;
        }
        for (uint32_t op = lot % 5 == 0 ? 0 : 1; op <= 1 && (lot % 3 == 0 || lot % 5 == 0); op++) {
            changed[count] = task_like(lot, op);
            changed[count++].gone = true;
        }
        left += lot % 5 == 0 ? 0 : lot % 3 == 0 ? 1 : 2;
    }
    struct store_publish q = publish_of(b, epoch), p = publish_of(b, epoch);
    q.lots = lots, q.lot_count = LOTS, q.slices = slices, q.slice_count = LOTS, q.tasks = tasks, q.task_count = 2 * LOTS;
    p.tasks = changed, p.task_count = count;
    p.publish_no++;
    assert_int_equal(store_submit(b->store, &q.head), 0);
    assert_int_equal(store_submit(b->store, &p.head), 0);
    for (struct store_request *done = store_turn(b->store, 0); done != NULL; done = store_turn(b->store, 0))
        ;
    assert_int_equal(q.head.code, 0);
    assert_int_equal(p.head.code, 0);
    struct store_load got = load_page(b, LOAD_TASKS, NULL, 2 * LOTS);
    assert_int_equal(got.ret_count, left);
    for (size_t i = 0; i < got.ret_count; i++) {
        const struct task_row *task = &got.ret.tasks[i];
        bool moved = task->lot % 2 == 0 && task->op == 0;
        assert_true(task->lot % 5 != 0 && (task->lot % 3 != 0 || task->op == 0));
        assert_string_equal(task->line, moved ? "print-2" : "print-1");
        assert_true(task->start_s == (moved ? TAKT_TIME_NONE : NOW + DAY));
    }
    tasks[0].line = "print\n1";
    q.publish_no += 2, q.lot_count = q.slice_count = 0, q.task_count = 1;
    assert_int_equal(store_call(b->store, &q.head), TAKT_EINVAL);
}

static void a_report_counts_once(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b);
    struct report_row rows[] = {
        {.reporter = "print", .report_ref = "r1", .hash = {7}, .at_s = NOW, .event = "started", .body = "{}"},
        {.reporter = "print", .report_ref = "r1", .hash = {8}, .at_s = NOW, .event = "started", .body = "{}"}};
    struct store_publish q = publish_of(b, epoch);
    q.reports = rows, q.report_count = 2;
    assert_int_equal(store_call(b->store, &q.head), TAKT_EEXIST); /* twice in one */
    q.report_count = 1;
    assert_int_equal(store_call(b->store, &q.head), 0);
    q.publish_no++;
    assert_int_equal(store_call(b->store, &q.head), TAKT_EEXIST);
    struct store_reported r = {.head = head_of(b, STORE_REPORTED), .reporter = "print", .report_ref = "r1"};
    assert_int_equal(store_call(b->store, &r.head), 0);
    assert_true(r.ret_known);
    assert_int_equal(r.ret_hash[0], 7);
    r.reporter = "cut"; /* another's ref */
    assert_int_equal(store_call(b->store, &r.head), 0);
    assert_false(r.ret_known);
    rows[0].reporter = "cut";
    assert_int_equal(store_call(b->store, &q.head), 0);
}

static void the_world_is_kept_by_its_keys(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b);
    struct stock_row stock[] = {{"jersey", 5000}, {"ink", -20}};
    struct receipt_row receipts[] = {{"jersey", NOW, 100, false}, {"jersey", NOW + 1, 200, false}};
    struct down_row downs[] = {{"print-1", NOW, TAKT_TIME_NEVER, "head", false}};
    struct setup_row setups[] = {{"print-1", "dark"}};
    struct surplus_row surplus[] = {{"tee", "size=M", 2}, {"mug", "", 1}};
    struct store_publish q = publish_of(b, epoch);
    q.stock = stock, q.stock_count = 2, q.receipts = receipts, q.receipt_count = 2, q.downs = downs, q.down_count = 1;
    q.setups = setups, q.setup_count = 1, q.surplus = surplus, q.surplus_count = 2;
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_true(meta(b).seeded);
    struct store_load got = load_page(b, LOAD_STOCK, NULL, 10);
    assert_int_equal(got.ret_count, 2);
    assert_string_equal(got.ret.stock[0].material, "ink");
    assert_int_equal(got.ret.stock[0].on_hand_milli, -20);
    assert_int_equal(load_page(b, LOAD_RECEIPTS, NULL, 10).ret_count, 2);
    got = load_page(b, LOAD_DOWNS, NULL, 10);
    assert_true(got.ret.downs[0].to_s == TAKT_TIME_NEVER);
    assert_string_equal(got.ret.downs[0].reason, "head");
    receipts[0].gone = true, downs[0].gone = true, surplus[0].quantity = 0, setups[0].family = "";
    surplus[1].quantity = 3;
    q.publish_no++;
    assert_int_equal(store_call(b->store, &q.head), 0);
    got = load_page(b, LOAD_RECEIPTS, NULL, 10);
    assert_int_equal(got.ret_count, 1);
    assert_int_equal(got.ret.receipts[0].quantity_milli, 200);
    assert_int_equal(load_page(b, LOAD_DOWNS, NULL, 10).ret_count, 0);
    assert_string_equal(load_page(b, LOAD_SETUPS, NULL, 10).ret.setups[0].family, "");
    got = load_page(b, LOAD_SURPLUS, NULL, 10);
    assert_int_equal(got.ret_count, 1);
    assert_string_equal(got.ret.surplus[0].product, "mug");
    assert_int_equal(got.ret.surplus[0].quantity, 3);
}

/* Seven orders, some ended, each in a lot; pages of every size give the same rows, ascending, each once. */
static void pages_hold_every_open_row_once(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b), no[7];
    for (uint32_t i = 0; i < 7; i++) {
        char ref[16];
        snprintf(ref, sizeof ref, "A-%u", i);
        no[i] = accept_one(b, "luna", ref);
        plan_order(b, epoch, no[i], i + 1, LOT_OPEN);
        if (i % 3 == 1)
            cancel_ref(b, "luna", ref, NOW);
    }
    static const struct {
        enum load_kind kind;
        size_t rows;
    } kinds[] = {{LOAD_ORDERS, 5}, {LOAD_LOTS, 5}, {LOAD_SLICES, 5}, {LOAD_TASKS, 10}};
    for (size_t k = 0; k < 4; k++) {
        for (size_t limit = 1; limit <= 11; limit++) {
            size_t total = 0;
            uint64_t last = 0;
            struct store_load q = load_page(b, kinds[k].kind, NULL, limit);
            while (true) {
                total += q.ret_count;
                uint64_t key = q.ret_after[0] * 16 + q.ret_after[1];
                assert_true(q.ret_count == 0 || key > last);
                last = q.ret_count > 0 ? key : last;
                if (q.ret_count < limit)
                    break;
                q = load_page(b, kinds[k].kind, q.ret_after, limit);
            }
            assert_int_equal(total, kinds[k].rows);
        }
    }
}

static void what_a_planner_says_of_an_ended_order_is_void(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b), no = accept_one(b, "luna", "A-1");
    cancel_ref(b, "luna", "A-1", NOW);
    struct order_update update = {no, ORDER_PLANNED, NOW, TAKT_TIME_NONE};
    struct store_publish q = publish_of(b, epoch);
    q.orders = &update, q.order_count = 1;
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(story(b, "luna", "A-1").ret_order.state, ORDER_CANCELLED);
}

static void events_of_a_creator_come_in_the_order_of_their_commits(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b), luna = accept_one(b, "luna", "A-1"), sol = accept_one(b, "sol", "B-1");
    for (int i = 0; i < 6; i++) {
        struct event_row rows[] = {{.kind = EVENT_ORDER_STARTED,
                                    .order = luna,
                                    .at_s = NOW + i,
                                    .reason = "x",
                                    .ship_by_s = TAKT_TIME_NONE,
                                    .deliver_by_day = TAKT_DAY_NONE},
                                   {.kind = EVENT_ORDER_MADE,
                                    .order = sol,
                                    .at_s = NOW + i,
                                    .ship_by_s = TAKT_TIME_NONE,
                                    .deliver_by_day = TAKT_DAY_NONE}};
        struct store_publish q = publish_of(b, epoch);
        q.events = rows, q.event_count = 2;
        assert_int_equal(store_call(b->store, &q.head), 0);
    }
    struct store_events first = events(b, "luna", 0, 4), rest = events(b, "luna", first.ret_events[3].cursor, 10);
    assert_int_equal(first.ret_count, 4);
    assert_int_equal(rest.ret_count, 2);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(first.ret_events[i].at_s, NOW + i);
        assert_int_equal(first.ret_events[i].kind, EVENT_ORDER_STARTED);
        assert_string_equal(first.ret_events[i].creator, "luna");
        assert_string_equal(first.ret_events[i].reason, "x");
        assert_string_equal(first.ret_events[i].tracking, "");
        assert_true(i == 0 || first.ret_events[i].cursor > first.ret_events[i - 1].cursor);
    }
    assert_int_equal(first.ret_last, rest.ret_events[1].cursor);
    assert_int_equal(events(b, "nobody", 0, 10).ret_last, 0);
}

static void changes_that_all_have_seen_are_taken_away(void **state) {
    struct bench *b = *state;
    enum { MANY = 56000 }; /* orders, all cancelled: twice as many changes, more than are kept */
    struct accept_order *orders = takt_alloc(MANY * sizeof *orders);
    char(*refs)[16] = takt_alloc(MANY * sizeof *refs);
    const char **names = takt_alloc(MANY * sizeof *names);
    enum cancel_outcome *outcomes = takt_alloc(MANY * sizeof *outcomes);
    for (size_t i = 0; i < MANY; i++) {
        snprintf(refs[i], sizeof refs[i], "A-%zu", i);
        names[i] = refs[i];
        orders[i] = order_like(refs[i], 1);
    }
    uint64_t epoch = claim(b);
    struct store_accept accept = accept_of(b, "luna", orders, MANY);
    assert_int_equal(store_call(b->store, &accept.head), 0);
    struct store_cancel cancel = {.head = head_of(b, STORE_CANCEL),
                                  .creator = "luna",
                                  .now_s = NOW,
                                  .refs = names,
                                  .ret_outcomes = outcomes,
                                  .count = MANY};
    assert_int_equal(store_call(b->store, &cancel.head), 0);
    struct store_publish q = publish_of(b, epoch);
    assert_int_equal(store_call(b->store, &q.head), 0);
    struct store_changes c = {.head = head_of(b, STORE_CHANGES), .after = 0, .limit = 10};
    assert_int_equal(store_call(b->store, &c.head), TAKT_ESTALE);
    c = changes(b, q.seen - 10, 20);
    assert_int_equal(c.ret_count, 10);
    assert_int_equal(c.ret_changes[9].seq, q.seen);
    free(orders);
    free(refs);
    free(names);
    free(outcomes);
}

static void figures_count_orders_by_creator_and_state(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b), no = accept_one(b, "luna", "A-1");
    accept_one(b, "luna", "A-2");
    accept_one(b, "luna", "A-3");
    accept_one(b, "sol", "B-1");
    plan_order(b, epoch, no, 1, LOT_OPEN);
    cancel_ref(b, "luna", "A-2", NOW);
    struct store_stats q = {.head = head_of(b, STORE_STATS)};
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(q.ret_count, 2);
    const struct store_creator_stats *luna = &q.ret_creators[strcmp(q.ret_creators[0].creator, "luna") != 0];
    assert_int_equal(luna->orders[ORDER_PLANNED], 1);
    assert_int_equal(luna->orders[ORDER_CANCELLED], 1);
    assert_int_equal(luna->orders[ORDER_ACCEPTED], 1);
    assert_int_equal(q.ret_promises, 1);
    assert_int_equal(q.ret_repromises, 0);
}

#define SUITE_PLAN                                                                                                     \
    SUITE_TEST(a_publication_is_loaded_as_it_was_written),                                                             \
        SUITE_TEST(only_the_newest_planner_beats_and_its_end_is_seen),                                                 \
        SUITE_TEST(who_is_there_sees_the_others_and_where_the_newest_planner_is),                                      \
        SUITE_TEST(only_the_newest_epoch_publishes),                                                                   \
        SUITE_TEST(a_publication_takes_place_once),                                                                    \
        SUITE_TEST(a_publication_that_has_not_seen_a_cancellation_is_stale),                                           \
        SUITE_TEST(a_publication_with_one_wrong_row_changes_nothing), SUITE_TEST(a_unit_is_in_at_most_one_slice),      \
        SUITE_TEST(slices_that_go_make_room_for_those_that_come), SUITE_TEST(rows_written_again_are_the_newest),       \
        SUITE_TEST(a_task_is_moved_and_nothing_else_of_it), SUITE_TEST(a_plan_of_many_lots_is_moved_in_part),          \
        SUITE_TEST(a_report_counts_once), SUITE_TEST(the_world_is_kept_by_its_keys),                                   \
        SUITE_TEST(pages_hold_every_open_row_once), SUITE_TEST(what_a_planner_says_of_an_ended_order_is_void),         \
        SUITE_TEST(events_of_a_creator_come_in_the_order_of_their_commits),                                            \
        SUITE_TEST(changes_that_all_have_seen_are_taken_away), SUITE_TEST(figures_count_orders_by_creator_and_state)
