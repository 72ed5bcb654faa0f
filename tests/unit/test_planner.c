/* SPDX-License-Identifier: Apache-2.0 */
/* The planner on a memory store: an order's whole way, and what it keeps to on it. */
#include "planner_rig.h"

static const char PLANT[] = "takt: 1\n"
                            "plant: {id: hz-01, name: Test, time_zone: UTC}\n"
                            "calendars: {day: {weekly: [{days: mon-fri, from: \"06:00\", to: \"22:00\"}]}}\n"
                            "changeovers: {ink: {default: 20m}}\n"
                            "lines: {cut-1: {calendar: day}, print-1: {calendar: day, changeover: ink}, desk-1: "
                            "{calendar: day, reports: planned}}\n"
                            "products:\n"
                            "  tee:\n"
                            "    options: {ink: [light, dark], size: [S, M]}\n"
                            "    weight: 180 g\n"
                            "    lot: {like: [ink], max: 100, wait: 2d}\n"
                            "    route:\n"
                            "      - {op: cut, lines: {cut-1: 60/h}}\n"
                            "      - {op: print, lines: {print-1: 60/h}, family: \"{ink}\", rest: 1h}\n"
                            "      - {op: inspect, lines: {desk-1: 120/h}}\n"
                            "packing: {lines: {pack-1: {calendar: day, rate: 60/h}}}\n"
                            "creators: {luna: {}, sol: {weight: 3}}\n"
                            "terminals: {floor: {lines: [cut-1, print-1]}}\n"
                            "shipping:\n"
                            "  carriers: {sf: {cutoff: \"18:00\", days: mon-sat, transit: {else: 1d}}}\n"
                            "  services: {standard: {carrier: sf}}\n"
                            "planning: {scheduler: atcs, target: 10d, frozen: 4h, promise: {margin: 10%}}\n"
                            "store: \"memory:\"\n"
                            "security: none\n"
                            "listen: {orders: \"tcp://127.0.0.1:7710\", shipments: \"tcp://127.0.0.1:7711\"}\n";

static void test_an_order_is_planned_promised_made_packed_and_leaves_as_a_parcel(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, NULL);
    uint64_t no = rig_order(r, "tee", "ink=dark;size=M", 30);
    rig_turn(r);
    struct arena *arena = arena_new();
    struct store_order q;
    struct order_row row = rig_stored(r, no, arena, &q);
    assert_int_equal(row.state, ORDER_PLANNED);
    assert_true(row.ship_by_s > r->now_s);
    assert_int_equal(q.ret_promise_count, 1);
    assert_int_equal(q.ret_slice_count, 1);
    assert_int_equal(q.ret_slices[0].count, 30);
    rig_work_to(r, r->now_s + 6 * RIG_DAY);
    row = rig_stored(r, no, arena, &q);
    assert_int_equal(row.state, ORDER_PACKED);
    assert_true(row.packed_at_s <= row.ship_by_s);
    assert_non_null(q.ret_shipment);
    assert_int_equal(q.ret_promise_count, 1);
    static const enum event_kind KINDS[] = {EVENT_ORDER_PROMISED, EVENT_ORDER_STARTED, EVENT_ORDER_MADE};
    assert_int_equal(q.ret_event_count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(q.ret_events[i].kind, KINDS[i]);
    arena_free(arena);
    rig_free(r);
}

static bool promised_again(struct rig *r, uint64_t no, const char *reason) {
    struct arena *arena = arena_new();
    struct store_order q;
    rig_stored(r, no, arena, &q);
    bool found = false;
    for (size_t i = 1; i < q.ret_promise_count; i++)
        found = found || strcmp(q.ret_promises[i].reason, reason) == 0;
    arena_free(arena);
    return found;
}

static void test_units_alike_share_a_lot_until_it_is_full(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, NULL);
    uint64_t a = rig_order(r, "tee", "ink=dark;size=M", 60), b = rig_order(r, "tee", "ink=dark;size=S", 60),
             c = rig_order(r, "tee", "ink=light;size=S", 1);
    rig_turn(r);
    assert_int_equal(rig_lot(r, 1)->units, 100);
    assert_int_equal(rig_lot(r, 2)->units, 20);
    assert_ptr_equal(rig_look(r, a)->items[0].slices->lot, rig_lot(r, 1));
    assert_ptr_equal(rig_look(r, b)->items[0].slices->lot, rig_lot(r, 1));
    assert_ptr_equal(rig_look(r, b)->items[0].slices->next->lot, rig_lot(r, 2));
    assert_ptr_equal(rig_look(r, c)->items[0].slices->lot, rig_lot(r, 3));
    rig_free(r);
}

static void test_a_rule_lets_a_full_lot_go_and_keeps_others_waiting_for_company(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, "fifo");
    rig_order(r, "tee", "ink=dark;size=M", 100);
    rig_order(r, "tee", "ink=light;size=M", 10);
    rig_turn(r);
    rig_search(r);
    assert_true(rig_lot(r, 1)->tasks[0].start_s < RIG_START_S + RIG_DAY);
    assert_true(rig_lot(r, 2)->tasks[0].start_s >= RIG_START_S + 2 * RIG_DAY);
    rig_free(r);
}

static void test_the_search_lets_a_lot_go_when_its_line_would_stand_idle(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, "search");
    rig_order(r, "tee", "ink=light;size=M", 10);
    rig_turn(r);
    assert_true(rig_lot(r, 1)->tasks[0].start_s < RIG_START_S + RIG_DAY);
    rig_free(r);
}

static void test_a_turn_with_nothing_to_do_writes_nothing(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, NULL);
    rig_order(r, "tee", "ink=dark;size=M", 30);
    rig_turn(r);
    rig_turn(r);
    r->now_s += 60;
    rig_turn(r);
    assert_int_equal(r->rows, 0);
    assert_false(planner_wants_turn(r->p));
    rig_free(r);
}

static void test_one_more_order_in_a_large_plan_writes_few_rows(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, "search");
    for (int i = 0; i < 300; i++)
        rig_order(r, "tee", i % 2 == 0 ? "ink=dark;size=M" : "ink=light;size=M", 50);
    rig_turn(r);
    rig_order(r, "tee", "ink=dark;size=S", 50);
    rig_turn(r);
    assert_true(r->rows > 0 && r->rows < 30);
    rig_free(r);
}

/* What the store has of when each order of many is to be packed is what the planner has. */
static void check_stored_packing(struct rig *r, const uint64_t *no, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct arena *arena = arena_new();
        struct store_order q;
        assert_int_equal(rig_stored(r, no[i], arena, &q).planned_packed_s, rig_look(r, no[i])->packed_s);
        arena_free(arena);
    }
}

static void test_a_plan_that_moves_many_orders_is_written_in_parts_and_promises_come_first(void **state) {
    (void)state;
    enum { ORDERS = 1300, PART = 32 };
    struct rig *r = rig_new(PLANT, NULL);
    uint64_t no[ORDERS + 1];
    for (int i = 0; i < ORDERS; i++)
        no[i] = rig_order(r, "tee", "ink=dark;size=M", 1);
    rig_changes(r); /* as many as there are in a page */
    rig_turn(r);
    check_stored_packing(r, no, ORDERS);
    r->now_s += 60;
    struct report report = rig_report_of(r, REPORT_DOWN, NULL);
    report.line = "cut-1";
    report.until_s = r->now_s + 5 * RIG_DAY;
    assert_true(planner_report(r->p, r->now_s, &report, &r->refusal));
    no[ORDERS] = rig_order(r, "tee", "ink=dark;size=M", 1);
    rig_changes(r);
    planner_turn(r->p, r->now_s);
    size_t parts = 0, moved = 0;
    do {
        struct arena *arena = arena_new();
        struct store_publish *q = planner_collect(r->p, r->now_s, arena);
        assert_non_null(q);
        assert_true(q->order_count <= PART + 1); /* the new one is whole news */
        moved += q->order_count;
        int code = store_call(r->store, &q->head);
        planner_published(r->p, code);
        assert_int_equal(code, 0);
        if (parts++ == 0)
            assert_true(rig_state(r, no[ORDERS]) == ORDER_PLANNED);
        arena_free(arena);
    } while (planner_owes(r->p));
    assert_true(moved > ORDERS && parts >= ORDERS / PART);
    check_stored_packing(r, no, ORDERS + 1);
    rig_free(r);
}

static void test_nothing_is_owed_of_an_order_that_ended_before_it_was_published(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, NULL);
    rig_order(r, "tee", "ink=dark;size=M", 1);
    rig_turn(r);
    assert_false(planner_owes(r->p));
    r->now_s += 60;
    struct report report = rig_report_of(r, REPORT_DOWN, NULL);
    report.line = "cut-1";
    report.until_s = r->now_s + 5 * RIG_DAY;
    assert_true(planner_report(r->p, r->now_s, &report, &r->refusal));
    planner_turn(r->p, r->now_s);
    assert_true(planner_owes(r->p));
    assert_int_equal(rig_cancel(r, 1), CANCEL_DONE);
    rig_changes(r);
    planner_turn(r->p, r->now_s);
    assert_false(planner_owes(r->p));
    rig_free(r);
}

static void test_an_order_that_comes_back_to_what_is_stored_is_not_written(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, NULL);
    rig_order(r, "tee", "ink=dark;size=M", 1);
    rig_turn(r);
    r->now_s += 60;
    struct report report = rig_report_of(r, REPORT_DOWN, NULL);
    report.line = "cut-1";
    report.until_s = r->now_s + 5 * RIG_DAY;
    assert_true(planner_report(r->p, r->now_s, &report, &r->refusal));
    planner_turn(r->p, r->now_s);
    assert_true(planner_owes(r->p));
    planner_spread(r->p, false);
    struct arena *arena = arena_new();
    struct store_publish *q = planner_collect(r->p, r->now_s, arena);
    assert_int_equal(q->order_count, 0);
    assert_int_equal(store_call(r->store, &q->head), 0);
    planner_published(r->p, 0);
    assert_true(planner_owes(r->p));
    report = rig_report_of(r, REPORT_UP, NULL);
    report.line = "cut-1";
    assert_true(planner_report(r->p, r->now_s, &report, &r->refusal));
    planner_turn(r->p, r->now_s);
    struct search_job *job = planner_search(r->p, r->now_s); /* as soon as it can be */
    assert_non_null(job);
    search_job_run(job);
    planner_searched(r->p, job, r->now_s, NULL);
    assert_false(planner_owes(r->p));
    arena_free(arena);
    rig_free(r);
}

static void test_a_cancellation_before_the_lot_is_firm_shrinks_it_and_after_is_too_late(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, NULL);
    rig_order(r, "tee", "ink=dark;size=M", 30);
    rig_order(r, "tee", "ink=dark;size=M", 10);
    rig_turn(r);
    assert_int_equal(rig_cancel(r, 2), CANCEL_DONE);
    rig_turn(r);
    assert_int_equal(rig_lot(r, 1)->units, 30);
    assert_int_equal(rig_lot(r, 1)->tasks[0].quantity, 30);
    rig_to(r, rig_lot(r, 1)->tasks[0].start_s - RIG_HOUR);
    assert_int_equal(rig_lot(r, 1)->state, LOT_FIRM);
    assert_int_equal(rig_cancel(r, 1), CANCEL_TOO_LATE);
    rig_free(r);
}

static void test_a_lot_whose_last_unit_is_cancelled_goes(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, NULL);
    rig_order(r, "tee", "ink=dark;size=M", 30);
    rig_turn(r);
    assert_int_equal(rig_cancel(r, 1), CANCEL_DONE);
    rig_turn(r);
    assert_null(rig_lot(r, 1));
    assert_int_equal(r->p->lots.live_count, 0);
    rig_free(r);
}

static void
test_a_cancellation_overtaken_by_a_start_turns_the_units_into_surplus_that_the_next_order_gets(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, NULL);
    rig_order(r, "tee", "ink=dark;size=M", 30);
    rig_order(r, "tee", "ink=dark;size=M", 10);
    rig_turn(r);
    r->now_s = rig_lot(r, 1)->firm_at_s - 60; /* open in the store; the floor is early, and not yet published */
    r->now_s += 7 * RIG_HOUR - r->now_s % RIG_DAY > 0 ? 7 * RIG_HOUR - r->now_s % RIG_DAY : 0;
    r->now_s = r->now_s < rig_lot(r, 1)->firm_at_s ? r->now_s : rig_lot(r, 1)->firm_at_s - 60;
    struct report report = rig_report_of(r, REPORT_STARTED, "L1-cut");
    assert_true(planner_report(r->p, r->now_s, &report, &r->refusal));
    assert_int_equal(rig_cancel(r, 2), CANCEL_DONE);
    assert_int_equal(rig_publish_once(r), TAKT_ESTALE);
    rig_changes(r);
    rig_turn(r);
    assert_int_equal(rig_lot(r, 1)->units, 30);
    assert_int_equal(lot_extra(rig_lot(r, 1)), 10);
    rig_work_to(r, r->now_s + 5 * RIG_DAY);
    struct variant *v = variant_get(&r->p->variants, "tee", "ink=dark;size=M");
    assert_int_equal(v->surplus, 10);
    uint64_t next = rig_order(r, "tee", "ink=dark;size=M", 8);
    rig_turn(r);
    assert_int_equal(v->surplus, 2);
    assert_null(rig_look(r, next)->items[0].slices->lot);
    assert_int_equal(rig_look(r, next)->unplaced, 0);
    rig_free(r);
}

static void test_scrap_makes_its_units_orders_again_those_of_the_latest_due_first(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, NULL);
    struct rig_item item = {"tee", "ink=dark;size=M", 20, false};
    int32_t today = (int32_t)(RIG_START_S / RIG_DAY);
    uint64_t late = rig_order_by(r, "luna", &item, 1, today + 20, 1),
             soon = rig_order_by(r, "luna", &item, 1, today + 5, 2);
    rig_turn(r);
    rig_to(r, rig_lot(r, 1)->tasks[0].start_s);
    assert_true(rig_started(r, "L1-cut"));
    struct report report = rig_report_of(r, REPORT_SCRAPPED, "L1-cut");
    report.scrap = 3;
    assert_true(rig_say(r, &report));
    assert_int_equal(rig_lot(r, 1)->units, 37);
    const struct slice *s = rig_look(r, late)->items[0].slices;
    assert_true(s->count == 17 && s->lot->no == 1 && s->next->count == 3 && s->next->lot->no == 2);
    assert_int_equal(rig_look(r, soon)->items[0].slices->count, 20);
    assert_int_equal(rig_lot(r, 2)->tasks[0].quantity, 3);
    rig_work_to(r, RIG_START_S + 8 * RIG_DAY);
    assert_int_equal(rig_state(r, late), ORDER_PACKED);
    rig_free(r);
}

static void test_a_breakdown_moves_what_runs_and_promises_with_its_reason(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, NULL);
    uint64_t no = rig_order(r, "tee", "ink=dark;size=M", 100);
    rig_turn(r);
    rig_to(r, rig_lot(r, 1)->tasks[0].start_s);
    assert_true(rig_started(r, "L1-cut"));
    int64_t end_s = rig_lot(r, 1)->tasks[0].end_s;
    struct report report = rig_report_of(r, REPORT_DOWN, NULL);
    report.line = "cut-1";
    report.until_s = r->now_s + 5 * RIG_DAY;
    report.reason = "blade";
    assert_true(rig_say(r, &report));
    rig_search(r);
    rig_turn(r);
    assert_true(rig_lot(r, 1)->tasks[0].end_s >= end_s + 4 * RIG_DAY);
    assert_true(promised_again(r, no, "breakdown"));
    rig_free(r);
}

static void test_a_start_that_nobody_reports_shifts_right_with_an_alarm_and_is_never_presumed(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, NULL);
    rig_order(r, "tee", "ink=dark;size=M", 100);
    rig_turn(r);
    int64_t start_s = rig_lot(r, 1)->tasks[0].start_s;
    rig_to(r, start_s + 2 * RIG_HOUR);
    const struct task *t = &rig_lot(r, 1)->tasks[0];
    assert_int_equal(t->state, TASK_PLANNED);
    assert_true(t->late);
    assert_true(t->start_s >= start_s + 2 * RIG_HOUR - 300);
    assert_true(rig_started(r, "L1-cut"));
    assert_false(rig_lot(r, 1)->tasks[0].late);
    rig_free(r);
}

static void test_reports_that_contradict_change_nothing_and_repeats_are_fine(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, NULL);
    rig_order(r, "tee", "ink=dark;size=M", 100);
    rig_order(r, "tee", "ink=light;size=M", 100);
    rig_turn(r);
    rig_to(r, rig_lot(r, 1)->tasks[0].start_s);
    assert_false(rig_finished(r, "L1-cut", 100)); /* not started */
    assert_int_equal(r->refusal.kind, REFUSAL_CONTRADICTION);
    assert_false(rig_started(r, "L1-print")); /* cut comes first */
    assert_false(rig_started(r, "L9-cut"));
    assert_int_equal(r->refusal.kind, REFUSAL_UNKNOWN_TASK);
    assert_true(rig_started(r, "L1-cut"));
    assert_true(rig_started(r, "L1-cut"));
    assert_false(rig_started(r, "L2-cut")); /* the line is taken */
    assert_false(rig_finished(r, "L1-cut", 101));
    assert_true(rig_finished(r, "L1-cut", 100));
    assert_true(rig_finished(r, "L1-cut", 100));
    assert_false(rig_finished(r, "L1-cut", 99));
    struct report report = rig_report_of(r, REPORT_STARTED, "L1-print");
    report.line = "cut-1";
    assert_false(rig_say(r, &report));
    report.at_s = r->now_s + 3600;
    assert_false(rig_say(r, &report));
    assert_int_equal(rig_lot(r, 1)->tasks[1].state, TASK_PLANNED);
    rig_free(r);
}

static void test_a_restart_goes_on_where_it_was(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, NULL);
    uint64_t no = rig_order(r, "tee", "ink=dark;size=M", 100);
    rig_turn(r);
    rig_to(r, rig_lot(r, 1)->tasks[0].start_s);
    assert_true(rig_started(r, "L1-cut"));
    int64_t end_s = rig_lot(r, 1)->tasks[0].end_s, ship_by_s = rig_look(r, no)->ship_by_s;
    rig_start(r);
    rig_turn(r);
    assert_int_equal(rig_lot(r, 1)->tasks[0].state, TASK_STARTED);
    assert_int_equal(rig_lot(r, 1)->tasks[0].end_s, end_s);
    assert_int_equal(rig_look(r, no)->ship_by_s, ship_by_s);
    rig_work_to(r, r->now_s + 5 * RIG_DAY);
    assert_int_equal(rig_state(r, no), ORDER_PACKED);
    rig_free(r);
}

static void test_a_reload_that_takes_away_what_is_needed_is_refused_and_another_is_taken(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, NULL);
    uint64_t no = rig_order(r, "tee", "ink=dark;size=M", 100);
    struct takt_error err = {0};
    rig_turn(r);
    rig_to(r, rig_lot(r, 1)->tasks[0].start_s);
    assert_true(rig_started(r, "L1-cut"));
    char other[sizeof PLANT + 64];
    snprintf(other, sizeof other, "%s", PLANT);
    for (char *at = other; (at = strstr(at, "cut-1")) != NULL;)
        at[4] = '2';
    struct plant *plant = rig_plant(other);
    assert_int_equal(planner_reload(r->p, plant, r->now_s, &err), TAKT_ECONFIG);
    assert_non_null(strstr(err.text, "cut-1"));
    plant_unref(plant);
    snprintf(other, sizeof other, "%s", PLANT);
    memcpy(strstr(other, "print-1: 60/h"), "print-1: 90/h", 13);
    plant = rig_plant(other);
    assert_int_equal(planner_reload(r->p, plant, r->now_s, NULL), 0);
    plant_unref(r->plant);
    r->config.plant = r->plant = plant;
    rig_turn(r);
    rig_work_to(r, r->now_s + 5 * RIG_DAY);
    assert_int_equal(rig_state(r, no), ORDER_PACKED);
    rig_free(r);
}

static void test_a_quote_books_nothing_and_holds_when_it_is_ordered(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, "search");
    rig_order(r, "tee", "ink=light;size=M", 100);
    rig_turn(r);
    struct arena *arena = arena_new();
    struct ask_item item = {0, "ink=dark;size=M", 50, false};
    struct ask ask = {.kind = ASK_QUOTE, .arena = arena, .u.quote = {.items = &item, .item_count = 1, .country = "CN"}};
    planner_ask(r->p, r->now_s, &ask);
    assert_int_equal(ask.refusal.kind, REFUSAL_NONE);
    assert_int_equal(r->p->lots.live_count, 1);
    uint64_t no = rig_order(r, "tee", "ink=dark;size=M", 50);
    rig_turn(r);
    assert_true(rig_look(r, no)->ship_by_s <= ask.u.quote.ret_ship_by_s);
    arena_free(arena);
    rig_free(r);
}

static void test_a_quote_of_several_items_of_one_kind_is_for_all_of_them(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, "search");
    rig_order(r, "tee", "ink=light;size=M", 1);
    rig_turn(r);
    struct arena *arena = arena_new();
    struct ask_item one = {0, "ink=dark;size=M", 4000, false};
    struct ask_item four[] = {{0, "ink=dark;size=M", 1000, false},
                              {0, "ink=dark;size=S", 1000, false},
                              {0, "ink=dark;size=M", 1000, false},
                              {0, "ink=dark;size=S", 1000, false}};
    struct ask whole = {
        .kind = ASK_QUOTE, .arena = arena, .u.quote = {.items = &one, .item_count = 1, .country = "CN"}};
    struct ask parts = {
        .kind = ASK_QUOTE, .arena = arena, .u.quote = {.items = four, .item_count = 4, .country = "CN"}};
    planner_ask(r->p, r->now_s, &whole);
    planner_ask(r->p, r->now_s, &parts);
    assert_int_equal(parts.u.quote.ret_packed_s, whole.u.quote.ret_packed_s);
    assert_true(whole.u.quote.ret_packed_s > r->now_s + 2 * RIG_DAY);
    arena_free(arena);
    rig_free(r);
}

/* The plan knows neither of them, so one is quoted behind the other; what is promised then is no later. */
static void test_a_quote_of_items_that_share_a_line_adds_them_up(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, "search");
    rig_order(r, "tee", "ink=light;size=M", 1);
    rig_turn(r);
    rig_to(r, r->now_s + 2 * RIG_DAY);
    struct arena *arena = arena_new();
    struct rig_item items[] = {{"tee", "ink=dark;size=M", 200, false}, {"tee", "ink=dark;size=M", 200, true}};
    struct ask_item asked[] = {{0, "ink=dark;size=M", 200, false}, {0, "ink=dark;size=M", 200, true}};
    struct ask one = {
        .kind = ASK_QUOTE, .arena = arena, .u.quote = {.items = asked, .item_count = 1, .country = "CN"}};
    struct ask both = {
        .kind = ASK_QUOTE, .arena = arena, .u.quote = {.items = asked, .item_count = 2, .country = "CN"}};
    planner_ask(r->p, r->now_s, &one);
    planner_ask(r->p, r->now_s, &both);
    assert_true(both.u.quote.ret_packed_s > one.u.quote.ret_packed_s);
    uint64_t no = rig_order_by(r, "luna", items, 2, TAKT_DAY_NONE, 77);
    rig_turn(r);
    assert_true(rig_look(r, no)->packed_s <= both.u.quote.ret_packed_s);
    assert_true(rig_look(r, no)->ship_by_s <= both.u.quote.ret_ship_by_s);
    arena_free(arena);
    rig_free(r);
}

/* A lot is cut, and the only line that could print it is out of use for longer than anybody plans. */
static void test_status_says_why_there_is_no_plan_and_the_way_out(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, "edd");
    struct arena *arena = arena_new();
    struct ask ask = {.kind = ASK_STATUS, .arena = arena};
    rig_order(r, "tee", "ink=light;size=M", 100);
    rig_turn(r);
    rig_work_to(r, rig_lot(r, 1)->tasks[0].start_s + 60);
    planner_ask(r->p, r->now_s, &ask);
    assert_string_equal(ask.u.status.trouble, "");
    struct report down = rig_report_of(r, REPORT_DOWN, NULL);
    down.line = "print-1";
    down.until_s = r->now_s + INT64_C(36500) * RIG_DAY;
    assert_true(rig_say(r, &down));
    planner_ask(r->p, r->now_s, &ask);
    assert_non_null(strstr(ask.u.status.trouble, "task 'print' of job 'L1'"));
    assert_non_null(strstr(ask.u.status.trouble, "hours"));
    struct report up = rig_report_of(r, REPORT_UP, NULL);
    up.line = "print-1";
    assert_true(rig_say(r, &up));
    planner_ask(r->p, r->now_s, &ask);
    assert_string_equal(ask.u.status.trouble, "");
    arena_free(arena);
    rig_free(r);
}

static void test_why_tells_the_chain_that_binds_an_order(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, "search");
    for (int i = 0; i < 4; i++)
        rig_order(r, "tee", i % 2 == 0 ? "ink=light;size=M" : "ink=dark;size=M", 100);
    rig_turn(r);
    struct arena *arena = arena_new();
    struct ask ask = {.kind = ASK_WHY, .arena = arena, .u.why.order = r->last_order};
    planner_ask(r->p, r->now_s, &ask);
    assert_int_equal(ask.refusal.kind, REFUSAL_NONE);
    assert_string_equal(ask.u.why.ret_steps[0].what, "cutoff");
    assert_string_equal(ask.u.why.ret_steps[1].what, "packing");
    assert_non_null(strstr(ask.u.why.ret_sentence, "after L3-print"));
    ask.u.why.order = 4711;
    planner_ask(r->p, r->now_s, &ask);
    assert_int_equal(ask.refusal.kind, REFUSAL_UNKNOWN_ORDER);
    arena_free(arena);
    rig_free(r);
}

static const char *why_of(struct rig *r, uint64_t no, struct arena *arena) {
    struct ask ask = {.kind = ASK_WHY, .arena = arena, .u.why.order = no};
    planner_ask(r->p, r->now_s, &ask);
    assert_int_equal(ask.refusal.kind, REFUSAL_NONE);
    return ask.u.why.ret_sentence;
}

static void test_why_names_a_line_that_is_down_with_its_reason_and_rest_only_where_something_rests(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, "atcs");
    uint64_t no = rig_order(r, "tee", "ink=dark;size=M", 100);
    struct arena *arena = arena_new();
    rig_turn(r);
    struct report report = rig_report_of(r, REPORT_DOWN, NULL);
    report.line = "print-1";
    report.until_s = r->now_s + 5 * RIG_DAY;
    report.reason = "head";
    assert_true(rig_say(r, &report));
    const char *why = why_of(r, no, arena);
    assert_non_null(strstr(why, "L1-print waits for line print-1, which is down (head) until Sat"));
    assert_null(strstr(why, "print-1 is closed"));
    assert_non_null(strstr(why, "L1-inspect comes after L1-print, which ends and rests until"));
    assert_null(strstr(why, "L1-cut, which ends and rests"));
    arena_free(arena);
    rig_free(r);
}

static void test_why_names_a_line_that_is_down_also_where_something_else_binds(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, "fifo");
    uint64_t no = rig_order(r, "tee", "ink=dark;size=M", 1); /* waits two days for company */
    struct arena *arena = arena_new();
    rig_turn(r);
    struct report report = rig_report_of(r, REPORT_DOWN, NULL);
    report.line = "print-1";
    report.reason = "head";
    assert_true(rig_say(r, &report));
    const char *why = why_of(r, no, arena);
    assert_non_null(strstr(why, "waits for company"));
    assert_non_null(strstr(why, "line print-1, on which L1-print is planned, is down (head), nobody has said until when"));
    arena_free(arena);
    rig_free(r);
}

static void test_a_restart_knows_when_the_plan_was_published(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, NULL);
    rig_order(r, "tee", "ink=dark;size=M", 30);
    rig_turn(r);
    int64_t published_s = r->p->published_at_s;
    assert_true(published_s > 0);
    rig_start(r);
    struct arena *arena = arena_new();
    struct ask ask = {.kind = ASK_STATUS, .arena = arena};
    planner_ask(r->p, r->now_s, &ask);
    assert_true(ask.u.status.published_at_s == published_s);
    arena_free(arena);
    rig_free(r);
}

static void test_a_report_that_comes_twice_counts_once(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, NULL);
    rig_order(r, "tee", "ink=dark;size=M", 50);
    rig_turn(r);
    rig_to(r, rig_lot(r, 1)->tasks[0].start_s);
    assert_true(rig_started(r, "L1-cut"));
    struct report report = rig_report_of(r, REPORT_SCRAPPED, "L1-cut");
    report.scrap = 2;
    assert_true(planner_report(r->p, r->now_s, &report, &r->refusal));
    assert_true(planner_report(r->p, r->now_s, &report, &r->refusal)); /* the store cannot know it yet */
    report.hash[0] = 1;
    assert_false(planner_report(r->p, r->now_s, &report, &r->refusal));
    assert_int_equal(r->refusal.kind, REFUSAL_CONFLICT);
    rig_turn(r);
    assert_int_equal(rig_lot(r, 1)->tasks[0].scrap, 2);
    rig_free(r);
}

static void test_personalised_units_have_lots_of_their_own_and_are_shown_by_name(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, "search");
    struct rig_item items[] = {{"tee", "ink=dark;size=M", 5, false}, {"tee", "ink=dark;size=S", 3, true}};
    uint64_t no = rig_order_by(r, "luna", items, 2, TAKT_DAY_NONE, 1);
    rig_turn(r);
    const struct lot *own = rig_look(r, no)->items[1].slices->lot;
    assert_ptr_not_equal(own, rig_look(r, no)->items[0].slices->lot);
    struct arena *arena = arena_new();
    struct ask ask = {.kind = ASK_NEXT, .arena = arena, .u.next = {.line = 0, .limit = 10}};
    planner_ask(r->p, r->now_s, &ask);
    assert_int_equal(ask.u.next.ret_count, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct task_view *v = &ask.u.next.ret_tasks[i];
        assert_int_equal(v->variant_count, 1);
        assert_int_equal(v->unit_count, v->lot == own->no);
        if (v->lot == own->no)
            assert_true(v->units[0].order == no && v->units[0].item == 1 && v->units[0].count == 3);
    }
    arena_free(arena);
    rig_free(r);
}

static void amend_recipient(struct rig *r, uint64_t recipient) {
    char ref[32];
    snprintf(ref, sizeof ref, "R%d", r->refs);
    struct store_amend q = {.head = {.op = STORE_AMEND},
                            .creator = "luna",
                            .order_ref = ref,
                            .now_s = r->now_s,
                            .set_recipient = true,
                            .row = {.country = "CN", .recipient_key = recipient}};
    rig_call(r, &q.head);
}

static void test_what_was_amended_and_is_in_time_is_no_reason_for_what_happens_later(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, NULL);
    uint64_t no = rig_order(r, "tee", "ink=dark;size=M", 100);
    rig_turn(r);
    amend_recipient(r, 77);
    rig_turn(r);
    rig_to(r, rig_lot(r, 1)->tasks[0].start_s);
    assert_true(rig_started(r, "L1-cut"));
    struct report report = rig_report_of(r, REPORT_DOWN, NULL);
    report.line = "cut-1";
    report.until_s = r->now_s + 5 * RIG_DAY;
    assert_true(rig_say(r, &report));
    rig_search(r);
    rig_turn(r);
    assert_true(promised_again(r, no, "breakdown"));
    rig_free(r);
}

static void test_an_order_without_a_recipient_is_packed_and_stays_until_it_has_one(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, NULL);
    struct rig_item item = {"tee", "ink=dark;size=M", 100, false};
    uint64_t no = rig_order_by(r, "luna", &item, 1, TAKT_DAY_NONE, 0);
    rig_turn(r);
    rig_work_to(r, r->now_s + 5 * RIG_DAY);
    struct arena *arena = arena_new();
    struct store_order q;
    assert_int_equal(rig_stored(r, no, arena, &q).state, ORDER_PACKED);
    assert_null(q.ret_shipment);
    amend_recipient(r, 77);
    rig_turn(r);
    rig_stored(r, no, arena, &q);
    assert_non_null(q.ret_shipment);
    assert_int_equal(q.ret_shipment->parcel.recipient_key, 77);
    arena_free(arena);
    rig_free(r);
}

static void ship_all(struct rig *r) {
    struct arena *arena = arena_new();
    struct store_shipments q = {.head = {.op = STORE_SHIPMENTS, .arena = arena}, .state = -2, .limit = 20};
    rig_call(r, &q.head);
    assert_int_not_equal(q.ret_count, 0);
    for (size_t i = 0; i < q.ret_count; i++) {
        struct store_shipment s = {.head = {.op = STORE_SHIPMENT},
                                   .act = SHIPMENT_SHIP,
                                   .shipment = q.ret_shipments[i].parcel.shipment,
                                   .consumer = "",
                                   .carrier = "sf",
                                   .tracking = "T",
                                   .reason = "",
                                   .now_s = r->now_s};
        rig_call(r, &s.head);
    }
    arena_free(arena);
}

/* Consumers go on while another planner takes over. */
static void test_what_is_shipped_while_a_planner_loads_is_in_no_other_parcel(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, NULL);
    uint64_t no = rig_order(r, "tee", "ink=dark;size=M", 100);
    rig_turn(r);
    rig_work_to(r, r->now_s + 5 * RIG_DAY);
    assert_int_equal(rig_state(r, no), ORDER_PACKED);
    r->meanwhile = ship_all;
    rig_start(r);
    r->meanwhile = NULL;
    rig_turn(r);
    rig_order(r, "tee", "ink=dark;size=M", 1);
    r->now_s += RIG_DAY;
    rig_turn(r); /* and it can publish */
    assert_int_equal(rig_state(r, no), ORDER_SHIPPED);
    rig_free(r);
}

static void test_a_rule_replaces_the_plan_and_the_search_only_betters_it(void **state) {
    (void)state;
    static const char *const NAMES[] = {"fifo", "edd", "spt", "atcs", "search", "auto"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        struct rig *r = rig_new(PLANT, NAMES[i]);
        for (int k = 0; k < 12; k++)
            rig_order(r, "tee", k % 3 == 0 ? "ink=dark;size=M" : "ink=light;size=M", 100);
        rig_turn(r);
        int64_t before = r->p->objective;
        bool improved = rig_search(r);
        if (scheduler_find(NAMES[i])->rule)
            assert_true(improved);
        else
            assert_true(improved ? r->p->objective <= before : r->p->objective == before);
        assert_null(planner_search(r->p, r->now_s)); /* nothing has changed since */
        rig_free(r);
    }
}

static void test_task_names_are_read_and_nothing_else_is(void **state) {
    (void)state;
    uint32_t lot;
    const char *op;
    assert_true(task_name_parse("L4711-print", &lot, &op));
    assert_int_equal(lot, 4711);
    assert_string_equal(op, "print");
    static const char *const BAD[] = {"",         "L",          "L-print",        "L1",   "L1-",
                                      "L0-print", "4711-print", "L99999999999-x", "L+1-x"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_false(task_name_parse(BAD[i], &lot, &op));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_order_is_planned_promised_made_packed_and_leaves_as_a_parcel),
        cmocka_unit_test(test_units_alike_share_a_lot_until_it_is_full),
        cmocka_unit_test(test_a_rule_lets_a_full_lot_go_and_keeps_others_waiting_for_company),
        cmocka_unit_test(test_the_search_lets_a_lot_go_when_its_line_would_stand_idle),
        cmocka_unit_test(test_a_turn_with_nothing_to_do_writes_nothing),
        cmocka_unit_test(test_one_more_order_in_a_large_plan_writes_few_rows),
        cmocka_unit_test(test_a_plan_that_moves_many_orders_is_written_in_parts_and_promises_come_first),
        cmocka_unit_test(test_an_order_that_comes_back_to_what_is_stored_is_not_written),
        cmocka_unit_test(test_nothing_is_owed_of_an_order_that_ended_before_it_was_published),
        cmocka_unit_test(test_a_cancellation_before_the_lot_is_firm_shrinks_it_and_after_is_too_late),
        cmocka_unit_test(test_a_lot_whose_last_unit_is_cancelled_goes),
        cmocka_unit_test(
            test_a_cancellation_overtaken_by_a_start_turns_the_units_into_surplus_that_the_next_order_gets),
        cmocka_unit_test(test_scrap_makes_its_units_orders_again_those_of_the_latest_due_first),
        cmocka_unit_test(test_a_breakdown_moves_what_runs_and_promises_with_its_reason),
        cmocka_unit_test(test_a_start_that_nobody_reports_shifts_right_with_an_alarm_and_is_never_presumed),
        cmocka_unit_test(test_reports_that_contradict_change_nothing_and_repeats_are_fine),
        cmocka_unit_test(test_a_restart_goes_on_where_it_was),
        cmocka_unit_test(test_a_reload_that_takes_away_what_is_needed_is_refused_and_another_is_taken),
        cmocka_unit_test(test_a_quote_books_nothing_and_holds_when_it_is_ordered),
        cmocka_unit_test(test_a_quote_of_several_items_of_one_kind_is_for_all_of_them),
        cmocka_unit_test(test_a_quote_of_items_that_share_a_line_adds_them_up),
        cmocka_unit_test(test_status_says_why_there_is_no_plan_and_the_way_out),
        cmocka_unit_test(test_why_tells_the_chain_that_binds_an_order),
        cmocka_unit_test(test_why_names_a_line_that_is_down_with_its_reason_and_rest_only_where_something_rests),
        cmocka_unit_test(test_why_names_a_line_that_is_down_also_where_something_else_binds),
        cmocka_unit_test(test_a_restart_knows_when_the_plan_was_published),
        cmocka_unit_test(test_a_report_that_comes_twice_counts_once),
        cmocka_unit_test(test_personalised_units_have_lots_of_their_own_and_are_shown_by_name),
        cmocka_unit_test(test_what_was_amended_and_is_in_time_is_no_reason_for_what_happens_later),
        cmocka_unit_test(test_an_order_without_a_recipient_is_packed_and_stays_until_it_has_one),
        cmocka_unit_test(test_what_is_shipped_while_a_planner_loads_is_in_no_other_parcel),
        cmocka_unit_test(test_a_rule_replaces_the_plan_and_the_search_only_betters_it),
        cmocka_unit_test(test_task_names_are_read_and_nothing_else_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
