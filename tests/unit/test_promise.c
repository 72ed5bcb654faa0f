/* SPDX-License-Identifier: Apache-2.0 */

/* Promises stay while the plan can keep them: what others order must not move them. */

#include "tests/unit/planner_rig.h"

/* One product, two operations, everything open day and night; a lot waits longer than tasks are frozen. */
#define PLANT_OF(lines, lot_max)                                                                                       \
    "takt: 1\n"                                                                                                        \
    "plant: {id: lab-01, name: Lab, time_zone: UTC}\n"                                                                 \
    "calendars: {week: {weekly: [{days: mon-fri, from: \"06:00\", to: \"22:00\"}]}}\n" lines "products:\n"             \
    "  tee:\n"                                                                                                         \
    "    options: {ink: [light, dark, red, blue, green, grey]}\n"                                                      \
    "    lot: {like: [ink], max: " #lot_max ", wait: 6h}\n"                                                            \
    "    route: [{op: print, lines: {print-1: 60/h}, family: \"{ink}\"}, {op: sew, lines: {sew-1: 30/h, sew-2: "       \
    "30/h}}]\n"                                                                                                        \
    "packing: {lines: {pack-1: {calendar: always, rate: 60/h}}}\n"                                                     \
    "creators: {luna: {}, band: {}}\n"                                                                                 \
    "terminals: {hall: {lines: [print-1, sew-1, sew-2]}}\n"                                                            \
    "shipping:\n"                                                                                                      \
    "  carriers: {mail: {cutoff: \"18:00\", days: mon-sun, transit: {else: 1d}}}\n"                                    \
    "  services: {standard: {carrier: mail}, express: {carrier: mail, weight: 5}}\n"                                   \
    "planning: {threads: 1, frozen: 10m}\n"                                                                            \
    "store: \"memory:\"\n"                                                                                             \
    "security: none\n"                                                                                                 \
    "listen: {orders: \"tcp://127.0.0.1:7710\", shipments: \"tcp://127.0.0.1:7711\"}\n"

#define ALWAYS "lines: {print-1: {calendar: always}, sew-1: {calendar: always}, sew-2: {calendar: always}}\n"
#define WEEK   "lines: {print-1: {calendar: week}, sew-1: {calendar: week}, sew-2: {calendar: week}}\n"

static const char PLANT[] = PLANT_OF(ALWAYS, 2000);
static const char PLANT_SMALL[] = PLANT_OF(ALWAYS, 50);
static const char PLANT_WEEK[] = PLANT_OF(WEEK, 2000);

static size_t changed_promises(const struct rig *r, uint64_t first, uint64_t last, int64_t *ship_by_s) {
    size_t n = 0;
    for (uint64_t no = first; no <= last; no++) {
        const struct order *o = rig_look(r, no);
        if (o == NULL)
            continue;
        n += ship_by_s[no - first] != 0 && ship_by_s[no - first] != o->ship_by_s;
        ship_by_s[no - first] = o->ship_by_s;
    }
    return n;
}

/* Waves of small orders at once, then the floor works for a week; how many promises moved. */
static size_t moved_by_waves(const char *scheduler, int waves, int wave) {
    struct rig *r = rig_new(PLANT, scheduler);
    static const char *const INK[] = {"ink=light", "ink=dark"};
    int64_t *ship_by_s = calloc((size_t)(waves * wave), sizeof *ship_by_s);
    uint64_t first = 0;
    size_t moved = 0;
    for (int w = 0; w < waves; w++) {
        for (int i = 0; i < wave; i++) {
            uint64_t no = rig_order(r, "tee", INK[i % 2], 1);
            first = first == 0 ? no : first;
        }
        rig_to(r, r->now_s + 2);
        rig_search(r);
        moved += changed_promises(r, first, r->last_order, ship_by_s);
    }
    for (int hour = 0; hour < 5 * 24; hour++) {
        rig_work_to(r, r->now_s + RIG_HOUR);
        rig_search(r);
        moved += changed_promises(r, first, r->last_order, ship_by_s);
    }
    free(ship_by_s);
    rig_free(r);
    return moved;
}

static void test_waves_of_small_orders_into_an_idle_plant_move_no_promise(void **state) {
    (void)state;
    static const char *const SCHEDULERS[] = {"fifo", "edd", "atcs", "search", "auto"};
    for (size_t i = 0; i < sizeof SCHEDULERS / sizeof *SCHEDULERS; i++)
        assert_int_equal(moved_by_waves(SCHEDULERS[i], 15, 100), 0);
}

/* What would end on Friday evening is not promised for Saturday: it would slip over the weekend. */
static void test_a_promise_has_its_margin_in_hours_that_the_line_works(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT_WEEK, "edd");
    rig_to(r, RIG_START_S + 6 * RIG_HOUR);
    uint64_t no =
        rig_order(r, "tee", "ink=light", 1440); /* 24 h to print, 48 h to sew on one line: until Friday, 14:00 */
    rig_turn(r);
    const struct order *o = rig_look(r, no);
    int64_t friday_s = RIG_START_S + 4 * RIG_DAY;
    assert_in_range(o->made_s - friday_s, 13 * RIG_HOUR, 22 * RIG_HOUR);
    assert_true(o->ship_by_s > friday_s + 3 * RIG_DAY);
    rig_free(r);
}

/* It grows only as far as what is promised allows. */
static void test_a_lot_does_not_grow_over_the_promises_of_those_in_it(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, "edd");
    uint64_t first = rig_order(r, "tee", "ink=light", 1);
    rig_turn(r);
    int64_t ship_by_s = rig_look(r, first)->ship_by_s;
    rig_order(r, "tee", "ink=light", 10000);
    rig_turn(r);
    assert_true(rig_look(r, first)->packed_s <= ship_by_s);
    rig_search(r);
    assert_true(rig_look(r, first)->packed_s <= ship_by_s);
    rig_work_to(r, RIG_START_S + 2 * RIG_DAY);
    assert_int_equal(rig_look(r, first)->ship_by_s, ship_by_s);
    assert_true(rig_look(r, first)->packed_at_s != TAKT_TIME_NONE && rig_look(r, first)->packed_at_s <= ship_by_s);
    rig_free(r);
}

/* Six hundred units in twelve lots, then one that weighs five times as much: others wait for it where they can. */
static void test_an_order_that_weighs_more_is_put_where_its_weight_asks_for(void **state) {
    (void)state;
    static const char *const SCHEDULERS[] = {"edd", "atcs", "auto"};
    for (size_t i = 0; i < sizeof SCHEDULERS / sizeof *SCHEDULERS; i++) {
        struct rig *r = rig_new(PLANT_SMALL, SCHEDULERS[i]);
        int64_t last_s = 0;
        rig_order(r, "tee", "ink=light", 600);
        rig_to(r, r->now_s + 60);
        rig_search(r);
        struct rig_item item = {"tee", "ink=dark", 1, false};
        uint64_t express = rig_order_with(r, "luna", &item, 1, TAKT_DAY_NONE, 9, "express");
        for (uint32_t no = 1; no <= 12; no++)
            last_s = rig_lot(r, no)->ready_s > last_s ? rig_lot(r, no)->ready_s : last_s;
        rig_turn(r);
        assert_true(rig_look(r, express)->made_s <
                    last_s - 3 * RIG_HOUR); /* with rules it waits six hours for company */
        assert_int_equal(r->p->book.late_promise, 0);
        rig_free(r);
    }
}

static void test_a_lot_grows_as_long_as_its_promises_are_kept(void **state) {
    (void)state;
    struct rig *r = rig_new(PLANT, "edd");
    uint64_t first = rig_order(r, "tee", "ink=light", 1);
    rig_turn(r);
    rig_order(r, "tee", "ink=light", 30);
    rig_turn(r);
    assert_int_equal(rig_lot(r, 1)->units, 31);
    assert_true(rig_look(r, first)->packed_s <= rig_look(r, first)->ship_by_s);
    rig_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waves_of_small_orders_into_an_idle_plant_move_no_promise),
        cmocka_unit_test(test_a_promise_has_its_margin_in_hours_that_the_line_works),
        cmocka_unit_test(test_a_lot_does_not_grow_over_the_promises_of_those_in_it),
        cmocka_unit_test(test_an_order_that_weighs_more_is_put_where_its_weight_asks_for),
        cmocka_unit_test(test_a_lot_grows_as_long_as_its_promises_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
