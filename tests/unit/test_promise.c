/* SPDX-License-Identifier: Apache-2.0 */

/* Promises stay while the plan can keep them: what others order must not move them. */

#include "tests/unit/planner_rig.h"

/* One product, two operations, everything open day and night; a lot waits longer than tasks are frozen. */
#define PLANT_OF(lines, more)                                                                                          \
    "takt: 1\n"                                                                                                        \
    "plant: {id: lab-01, name: Lab, time_zone: UTC}\n"                                                                 \
    "calendars: {week: {weekly: [{days: mon-fri, from: \"06:00\", to: \"22:00\"}]}}\n" lines                           \
    "products:\n"                                                                                                      \
    "  tee:\n"                                                                                                         \
    "    options: {ink: [light, dark, red, blue, green, grey]}\n"                                                      \
    "    lot: {like: [ink], max: 2000, wait: 6h}\n"                                                                    \
    "    route: [{op: print, lines: {print-1: 60/h}, family: \"{ink}\"}, {op: sew, lines: {sew-1: 30/h, sew-2: 30/h}}]\n" \
    "packing: {lines: {pack-1: {calendar: always, rate: 60/h}}}\n"                                                     \
    "creators: {luna: {}, band: {}}\n"                                                                                 \
    "terminals: {hall: {lines: [print-1, sew-1, sew-2]}}\n"                                                            \
    "shipping:\n"                                                                                                      \
    "  carriers: {mail: {cutoff: \"18:00\", days: mon-sun, transit: {else: 1d}}}\n"                                    \
    "  services: {standard: {carrier: mail}, express: {carrier: mail, weight: 5}}\n"                                   \
    "planning: {threads: 1, frozen: 10m}\n"                                                                            \
    "store: \"memory:\"\n"                                                                                             \
    "security: none\n"                                                                                                 \
    "listen: {orders: \"tcp://127.0.0.1:7710\", shipments: \"tcp://127.0.0.1:7711\"}\n" more

#define ALWAYS                                                                                                         \
    "lines: {print-1: {calendar: always}, sew-1: {calendar: always}, sew-2: {calendar: always}}\n"
#define WEEK "lines: {print-1: {calendar: week}, sew-1: {calendar: week}, sew-2: {calendar: week}}\n"

static const char PLANT[] = PLANT_OF(ALWAYS, "");
static const char PLANT_WEEK[] = PLANT_OF(WEEK, "");

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
    assert_int_equal(moved_by_waves("edd", 15, 100), 0);
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
        cmocka_unit_test(test_a_lot_does_not_grow_over_the_promises_of_those_in_it),
        cmocka_unit_test(test_a_lot_grows_as_long_as_its_promises_are_kept),
    };
    (void)PLANT_WEEK;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
