/* SPDX-License-Identifier: Apache-2.0 */
/* Material, yield, downtimes of unknown end, packing as a stream, work beyond the horizon: the planner on plants made
 * for it. */
#include "planner_rig.h"

#include "daemon/planner/coarse.h"

#define PLANT(lines, materials, product, rest)                                                                         \
    "takt: 1\n"                                                                                                        \
    "plant: {id: hz-01, name: Test, time_zone: UTC}\n"                                                                 \
    "lines: {" lines "}\n" materials "products: {tee: {" product "}}\n"                                                \
    "creators: {luna: {}}\n"                                                                                           \
    "shipping:\n"                                                                                                      \
    "  carriers: {sf: {cutoff: \"18:00\", days: mon-sat, transit: {else: 1d}}}\n"                                      \
    "  services: {standard: {carrier: sf}}\n" rest "store: \"memory:\"\n"                                              \
    "security: none\n"                                                                                                 \
    "listen: {orders: \"tcp://127.0.0.1:7710\", shipments: \"tcp://127.0.0.1:7711\"}\n"
#define CUT  "lot: {max: 100, wait: 1d}, route: [{op: cut, lines: {cut-1: 60/h}}]"
#define PACK "packing: {lines: {pack-1: {calendar: always, rate: 60/h}}}\n"
#define FAST "planning: {scheduler: search, frozen: 1h}\n"

static void test_material_goes_to_the_earliest_due_then_by_receipt_then_by_lead_time(void **state) {
    (void)state;
    struct rig *r =
        rig_new(PLANT("cut-1: {calendar: always}",
                      "materials: {jersey: {unit: m, on_hand: 100, receipts: [{at: 2026-12-05, quantity: 100}], "
                      "lead_time: 10d}}\n",
                      "materials: {jersey: 1 m}, " CUT, PACK FAST),
                NULL);
    int32_t today = (int32_t)(RIG_START_S / RIG_DAY);
    struct rig_item item = {"tee", "", 100, false};
    rig_order_by(r, "luna", &item, 1, today + 30, 1);
    rig_order_by(r, "luna", &item, 1, today + 3, 2);
    rig_order_by(r, "luna", &item, 1, today + 60, 3);
    rig_turn(r);
    assert_true(rig_lot(r, 2)->tasks[0].start_s < RIG_START_S + RIG_HOUR);
    assert_int_equal(rig_lot(r, 1)->tasks[0].start_s, RIG_START_S + 5 * RIG_DAY);
    assert_int_equal(rig_lot(r, 3)->tasks[0].start_s, RIG_START_S + 10 * RIG_DAY);
    r->now_s += RIG_DAY / 2; /* what is ordered is not ordered anew with each plan */
    rig_order(r, "tee", "", 1);
    rig_turn(r);
    assert_int_equal(rig_lot(r, 3)->material_s, RIG_START_S + 10 * RIG_DAY);
    rig_free(r);
}

static void test_an_order_without_material_is_held_until_some_comes_and_why_says_so(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT("cut-1: {calendar: always}", "materials: {jersey: {unit: m, on_hand: 10}}\n",
                                  "materials: {jersey: 1 m}, " CUT, PACK FAST),
                            NULL);
    uint64_t no = rig_order(r, "tee", "", 30);
    rig_turn(r);
    assert_int_equal(rig_state(r, no), ORDER_HELD);
    struct arena *arena = arena_new();
    struct ask ask = {.kind = ASK_WHY, .arena = arena, .u.why.order = no};
    planner_ask(r->p, r->now_s, &ask);
    assert_non_null(strstr(ask.u.why.ret_sentence, "there is no jersey"));
    arena_free(arena);
    struct report report = rig_report_of(r, REPORT_RECEIPT, NULL);
    report.material = "jersey";
    report.quantity_milli = 100000;
    assert_true(rig_say(r, &report));
    assert_int_equal(rig_state(r, no), ORDER_PLANNED);
    rig_to(r, rig_lot(r, 1)->tasks[0].start_s);
    assert_true(rig_started(r, "L1-cut"));
    assert_int_equal(r->p->stock.materials[0].on_hand_milli, 80000);
    rig_free(r);
}

/* The smallest order decides, not a full lot: what could be made and kept must not be refused. */
static void test_the_estimate_is_of_one_unit_and_what_more_of_them_take(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT("cut-1: {calendar: always}", "materials: {jersey: {unit: m, on_hand: 10}}\n",
                                  "materials: {jersey: 1 m}, " CUT, PACK FAST),
                            NULL);
    rig_order(r, "tee", "", 3);
    rig_turn(r);
    struct estimate *e = planner_estimate(r->p, r->now_s);
    assert_true(e->products[0].packed_s <= r->now_s + 2 * RIG_HOUR);
    assert_int_equal(e->products[0].lot, 100);
    assert_int_equal(e->products[0].more_s, 100 * 60);
    assert_int_equal(e->products[0].most, 7);
    estimate_free(e);
    rig_order(r, "tee", "", 7);
    rig_turn(r);
    e = planner_estimate(r->p, r->now_s);
    assert_int_equal(e->products[0].packed_s, TAKT_TIME_NEVER);
    assert_int_equal(e->products[0].most, 0);
    estimate_free(e);
    rig_free(r);
}

static void test_yield_is_allowed_for_and_what_is_left_of_it_is_surplus(void **state) {
    (void)state;
    struct rig *r =
        rig_new(PLANT("cut-1: {calendar: always}", "",
                      "lot: {max: 100, wait: 1d}, route: [{op: cut, lines: {cut-1: 60/h}, yield: 80%}]", PACK FAST),
                NULL);
    rig_order(r, "tee", "", 40);
    struct rig_item own = {"tee", "", 10, true};
    rig_order_by(r, "luna", &own, 1, TAKT_DAY_NONE, 9);
    rig_order(r, "tee", "", 60);
    rig_turn(r);
    assert_int_equal(rig_lot(r, 1)->units, 80); /* 100 have to be started for them */
    assert_int_equal(rig_lot(r, 1)->tasks[0].quantity, 100);
    assert_int_equal(rig_lot(r, 2)->tasks[0].quantity, 10); /* nobody else wants what is made for one */
    assert_int_equal(rig_lot(r, 3)->units, 20);
    rig_to(r, rig_lot(r, 1)->tasks[0].start_s);
    assert_true(rig_started(r, "L1-cut"));
    assert_true(rig_finished(r, "L1-cut", 93));
    assert_int_equal(variant_get(&r->p->variants, "tee", "")->surplus, 13);
    rig_free(r);
}

static void test_a_line_that_is_down_for_nobody_knows_how_long_is_planned_for_later_and_later(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT("cut-1: {calendar: always}", "", CUT, PACK FAST), NULL);
    rig_order(r, "tee", "", 100);
    rig_turn(r);
    struct report report = rig_report_of(r, REPORT_DOWN, NULL);
    report.line = "cut-1";
    assert_true(rig_say(r, &report));
    assert_int_equal(rig_lot(r, 1)->tasks[0].start_s, RIG_START_S + 2 * RIG_HOUR);
    rig_to(r, RIG_START_S + 3 * RIG_HOUR);
    assert_int_equal(rig_lot(r, 1)->tasks[0].start_s, RIG_START_S + 4 * RIG_HOUR);
    report = rig_report_of(r, REPORT_UP, NULL);
    report.line = "cut-1";
    assert_true(rig_say(r, &report));
    assert_int_equal(r->p->stock.guess_until_s, TAKT_TIME_NEVER);
    rig_work_to(r, RIG_START_S + RIG_DAY);
    assert_int_equal(rig_state(r, 1), ORDER_PACKED);
    rig_free(r);
}

static void test_packing_is_a_stream_that_its_lines_work_through_in_order_of_promises(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT("cut-1: {calendar: always}", "",
                                  "lot: {max: 100, wait: 1d}, route: [{op: cut, lines: {cut-1: 6000/h}}]",
                                  "packing: {lines: {pack-1: {calendar: always, rate: 10/h}}}\n" FAST),
                            NULL);
    for (int i = 0; i < 60; i++)
        rig_order(r, "tee", "", 1);
    rig_turn(r);
    rig_to(r, r->now_s + 60);
    /* sixty parcels at ten an hour */
    assert_in_range(rig_look(r, 60)->packed_s, RIG_START_S + 6 * RIG_HOUR, RIG_START_S + 7 * RIG_HOUR);
    rig_work_to(r, RIG_START_S + 3 * RIG_HOUR + 120);
    size_t packed = 0;
    for (uint64_t no = 1; no <= 60; no++)
        packed += rig_look(r, no)->state == ORDER_PACKED;
    assert_in_range(packed, 29, 31);
    assert_int_equal(rig_look(r, 1)->state, ORDER_PACKED);
    assert_int_equal(rig_look(r, 60)->state, ORDER_MADE);
    rig_free(r);
}

static void test_where_a_terminal_packs_only_its_reports_count(void **state) {
    (void)state;
    struct rig *r = rig_new(
        PLANT("cut-1: {calendar: always}", "", CUT, PACK FAST "terminals: {dock: {lines: [cut-1, pack-1]}}\n"), NULL);
    uint64_t no = rig_order(r, "tee", "", 10);
    rig_turn(r);
    struct report report = rig_report_of(r, REPORT_PACKED, NULL);
    report.order = no;
    assert_false(rig_say(r, &report));
    assert_int_equal(r->refusal.kind, REFUSAL_CONTRADICTION);
    rig_work_to(r, RIG_START_S + RIG_DAY);
    assert_int_equal(rig_state(r, no), ORDER_MADE);
    report = rig_report_of(r, REPORT_PACKED, NULL);
    report.order = no;
    assert_true(rig_say(r, &report));
    assert_int_equal(rig_state(r, no), ORDER_PACKED);
    rig_free(r);
}

static void test_work_beyond_the_horizon_is_promised_without_a_place_and_gets_one_when_its_time_comes(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT("cut-1: {calendar: always}", "",
                                  "lot: {max: 100, wait: 1d}, route: [{op: cut, lines: {cut-1: 10/h}}]",
                                  PACK "planning: {scheduler: search, frozen: 1h, horizon: 5d}\n"),
                            NULL);
    for (int i = 0; i < 40; i++) /* ten hours a lot: 400 hours of work, 120 of them within the horizon */
        rig_order(r, "tee", "", 100);
    rig_turn(r);
    assert_false(rig_lot(r, 1)->coarse);
    assert_true(rig_lot(r, 1)->tasks[0].line >= 0);
    const struct lot *last = rig_lot(r, 40);
    assert_true(last->coarse && last->tasks[0].line < 0);
    assert_in_range(last->ready_s, RIG_START_S + 390 * RIG_HOUR, RIG_START_S + 430 * RIG_HOUR);
    assert_true(rig_look(r, 40)->ship_by_s >= last->ready_s);
    assert_int_equal(rig_state(r, 40), ORDER_PLANNED);
    rig_work_to(r, RIG_START_S + 17 * RIG_DAY);
    assert_int_equal(rig_state(r, 40), ORDER_PACKED);
    rig_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_material_goes_to_the_earliest_due_then_by_receipt_then_by_lead_time),
        cmocka_unit_test(test_an_order_without_material_is_held_until_some_comes_and_why_says_so),
        cmocka_unit_test(test_the_estimate_is_of_one_unit_and_what_more_of_them_take),
        cmocka_unit_test(test_yield_is_allowed_for_and_what_is_left_of_it_is_surplus),
        cmocka_unit_test(test_a_line_that_is_down_for_nobody_knows_how_long_is_planned_for_later_and_later),
        cmocka_unit_test(test_packing_is_a_stream_that_its_lines_work_through_in_order_of_promises),
        cmocka_unit_test(test_where_a_terminal_packs_only_its_reports_count),
        cmocka_unit_test(test_work_beyond_the_horizon_is_promised_without_a_place_and_gets_one_when_its_time_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
