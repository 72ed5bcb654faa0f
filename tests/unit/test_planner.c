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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_order_is_planned_promised_made_packed_and_leaves_as_a_parcel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
