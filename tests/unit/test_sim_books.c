/* SPDX-License-Identifier: Apache-2.0 */
/* The courier, the suppliers, what an order takes alone, and the books of a life. */
#include "daemon/sim/alone.h"
#include "daemon/sim/courier.h"
#include "daemon/sim/summary.h"
#include "daemon/sim/supply.h"
#include "daemon/sim/tally.h"

#include "sim_fixture.h"

#include <jansson.h>

static struct fixture fixture;
static struct worktime *worktime;
static struct alone *alone;

static int set_up(void **state) {
    (void)state;
    fixture_load(&fixture, SIM_PLANT);
    worktime = worktime_new(fixture_good(&fixture), sim_time("23 00:00"));
    alone = alone_new(fixture.plant, worktime);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    alone_free(alone);
    worktime_free(worktime);
    fixture_done(&fixture);
    return 0;
}

/* ---- alone ---- */

static int64_t shipped_alone(const char *product, uint32_t quantity, const char *from) {
    struct item_row item = {.product = product, .options = "ink=dark", .quantity = quantity};
    struct order_row order = {.service = "", .items = &item, .item_count = 1, .wish_day = TAKT_DAY_NONE};
    return alone_shipped_s(alone, &order, sim_time(from));
}

static void test_alone_an_order_takes_its_operations_packing_and_the_next_cutoff(void **state) {
    (void)state;
    assert_int_equal(shipped_alone("tee", 60, "23 06:00"), sim_time("23 17:00"));
    /* 60 at 06:00 on Friday: an hour to print, one to sew, packed at 08:01; at 13:00 it is too late to sew on that day */
    assert_int_equal(shipped_alone("tee", 60, "27 13:00"), sim_time("30 17:00"));
    /* fired from 20:00 to 01:00, rested until 03:00, checked when the desk opens */
    assert_int_equal(shipped_alone("mug", 60, "23 20:00"), sim_time("24 17:00"));
}

static void test_alone_a_large_order_uses_all_lines(void **state) {
    (void)state;
    /* 4 lots of 100: print-1 takes 100 min each, print-2 200: the last printed at 11:00, sewn one after another until 14:20 */
    assert_int_equal(shipped_alone("tee", 400, "23 06:00"), sim_time("24 17:00"));
    assert_int_equal(shipped_alone("tee", 300, "23 06:00"), sim_time("23 17:00"));
}

/* ---- courier ---- */

static void test_parcels_leave_at_their_carriers_next_cutoff(void **state) {
    (void)state;
    struct courier *c = courier_new(fixture.plant);
    uint64_t orders[] = {7, 8};
    struct parcel_row rows[] = {{.shipment = "s1-1", .carrier = "mail", .orders = orders, .order_count = 2},
                                {.shipment = "s1-2", .carrier = "mail", .orders = orders, .order_count = 1}};
    assert_int_equal(courier_next_s(c), TAKT_TIME_NEVER);
    courier_follow(c, &(struct store_publish){.at_s = sim_time("27 17:01"), .parcels = rows, .parcel_count = 2});
    assert_int_equal(courier_next_s(c), sim_time("30 17:00")); /* Friday evening: on Monday */
    assert_null(courier_due(c, sim_time("30 16:59")));
    const struct courier_parcel *p = courier_due(c, sim_time("30 17:00"));
    assert_string_equal(p->shipment, "s1-1");
    assert_int_equal(p->order_count, 2);
    assert_int_equal(p->orders[1], 8);
    courier_shipped(c);
    assert_string_equal(courier_due(c, sim_time("30 17:00"))->shipment, "s1-2");
    courier_shipped(c);
    assert_null(courier_due(c, sim_time("30 17:00")));
    courier_free(c);
}

/* ---- supply ---- */

static void assert_receipt(struct supply *s, const char *at, int64_t quantity_milli) {
    struct report r;
    assert_int_equal(supply_next_s(s), sim_time(at));
    assert_false(supply_report(s, sim_time(at) - 1, &r));
    assert_true(supply_report(s, sim_time(at), &r));
    assert_int_equal(r.event, REPORT_RECEIPT);
    assert_string_equal(r.material, "cloth");
    assert_int_equal(r.quantity_milli, quantity_milli);
    supply_answered(s);
}

static void test_what_is_expected_comes_and_what_is_short_is_bought_once(void **state) {
    (void)state;
    struct supply *s = supply_new(fixture.plant, sim_time("23 00:00"));
    struct receipt_row expected = {.material = "cloth", .at_s = sim_time("25 00:00"), .quantity_milli = 5000};
    struct stock_view view = {.material = "cloth", .unit = "m", .on_hand_milli = 10000, .reserved_milli = 22000,
                              .receipts = &expected, .receipt_count = 1};
    assert_true(supply_wants_look(s, sim_time("23 06:00")));
    supply_look(s, sim_time("23 06:00"), &view, 1);
    assert_false(supply_wants_look(s, sim_time("23 06:59")));
    assert_true(supply_wants_look(s, sim_time("23 07:00")));
    supply_look(s, sim_time("23 07:00"), &view, 1); /* it is on its way: not again */
    assert_receipt(s, "25 00:00", 5000);
    assert_receipt(s, "25 06:00", 7000);
    assert_int_equal(supply_next_s(s), TAKT_TIME_NEVER);
    supply_free(s);
}

/* ---- tally ---- */

static void tally_order(struct tally *t, uint64_t no, const char *at, uint32_t quantity, const char *wish) {
    struct item_row item = {.product = "tee", .options = "ink=dark", .quantity = quantity};
    struct order_row order = {.service = "", .country = "DE", .items = &item, .item_count = 1, .wish_day = TAKT_DAY_NONE};
    if (wish != NULL)
        assert_true(day_parse(wish, &order.wish_day));
    tally_accepted(t, no, &order, sim_time(at));
}

static void tally_packs(struct tally *t, uint64_t no, const char *promised, const char *packed) {
    struct promise_row promise = {.order = no, .ship_by_s = sim_time(promised), .reason = ""};
    struct order_update update = {.no = no, .state = ORDER_PACKED, .packed_at_s = sim_time(packed)};
    tally_published(t, &(struct store_publish){.plan_version = 1, .promises = &promise, .promise_count = 1,
                                               .orders = &update, .order_count = 1});
}

static void test_figures_count_what_happened(void **state) {
    (void)state;
    struct tally *t = tally_new(fixture.plant, alone, sim_time("23 06:00"));
    uint64_t first[] = {1}, second[] = {2};
    struct summary s;
    tally_order(t, 1, "23 06:00", 10, "2026-11-25"); /* shipped on the 24th at 17:00 it is there on the 25th */
    tally_order(t, 2, "23 07:00", 20, NULL);
    tally_order(t, 3, "23 08:00", 5, NULL);
    tally_refused(t);
    tally_cancelled(t, 1);
    tally_packs(t, 1, "24 17:00", "24 18:00");
    tally_packs(t, 2, "25 17:00", "24 18:00");
    tally_packs(t, 2, "26 17:00", "24 18:00"); /* promised anew; the first is what counts */
    tally_hold(t, sim_time("24 06:00"), 10, 0);
    tally_hold(t, sim_time("25 17:00"), 0, 30);
    tally_shipped(t, first, 1, sim_time("25 17:00"));
    tally_hold(t, sim_time("26 17:00"), 0, 30);
    tally_shipped(t, second, 1, sim_time("26 17:00"));
    tally_hold(t, sim_time("27 17:00"), 0, 30);
    tally_summary(t, &s);
    assert_int_equal(s.accepted, 3);
    assert_int_equal(s.refused, 1);
    assert_int_equal(s.cancelled, 1);
    assert_int_equal(s.shipped, 2);
    assert_int_equal(s.open, 0);
    assert_int_equal(s.units, 35);
    assert_int_equal(s.late_promise, 1);
    assert_int_equal(s.late_wish, 1);
    assert_int_equal(s.lead_promised_s.median, 35 * 3600);
    assert_int_equal(s.flow_s.median, 59 * 3600);
    assert_int_equal(s.flow_s.mean, (59 + 82) * 1800);
    assert_int_equal(s.flow_factor_milli.p95, 82 * 1000 / 10); /* alone: accepted at 07:00, shipped at 17:00 */
    assert_int_equal(s.changes_per_1000_milli, 333333);
    assert_int_equal(s.wip_unit_s, 10 * 86400);
    assert_int_equal(s.made_not_shipped_unit_s, 30 * 35 * 3600 + 20 * 86400);
    assert_int_equal(s.plans, 3);
    tally_free(t);
}

/* ---- summary ---- */

static char *written(void (*write)(const struct summary *, const struct plant *, FILE *)) {
    int64_t load[16] = {500000, 123456, 0, 999999, 1};
    struct summary s = {.accepted = 3, .shipped = 2, .open = 1, .units = 35, .flow_s = {5400, 3599, 7200, 0},
                        .flow_factor_milli = {1004, 0, 1005, 0}, .changes_per_1000_milli = 1950, .wip_unit_s = 43200,
                        .load_ppm = load, .plans = 3, .moves = 2, .plan_us = {0, 1500, 0, 12345}, .cpu_total_us = 1999999};
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    write(&s, fixture.plant, out);
    fclose(out);
    return text;
}

static void test_json_has_every_figure_rounded_the_same_way(void **state) {
    (void)state;
    char *text = written(summary_write_json);
    json_t *j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(j);
    static const char *const keys[] = {"accepted", "refused", "cancelled", "shipped", "open", "units", "surplus",
                                       "late_promise", "late_wish", "lead_promised_h", "flow_h", "flow_factor",
                                       "changes_per_1000", "changeover_h", "wip_unit_days", "made_not_shipped_unit_days",
                                       "load", "plans", "moves_per_plan", "cpu"};
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
        assert_non_null(json_object_get(j, keys[k]));
    assert_int_equal(json_object_size(j), sizeof keys / sizeof keys[0]);
    assert_non_null(strstr(text, "\"flow_h\": {\"mean\": 1.5, \"median\": 1.0, \"p95\": 2.0}"));
    assert_non_null(strstr(text, "\"flow_factor\": {\"mean\": 1.00, \"p95\": 1.01}"));
    assert_non_null(strstr(text, "\"print-2\": 0.123, \"sew-1\": 0.000, \"kiln-1\": 1.000"));
    assert_non_null(strstr(text, "\"plans\": 3, \"moves_per_plan\": 0.67, \"cpu\": {\"total_s\": 2.00, "
                                 "\"plan_ms\": {\"p50\": 1.50, \"p99\": 12.35}}"));
    json_decref(j);
    free(text);
}

static void test_text_says_how_many_orders_and_which_lines_are_busiest(void **state) {
    (void)state;
    char *text = written(summary_write_text);
    assert_non_null(strstr(text, "orders     3 accepted, 0 refused, 0 cancelled, 2 shipped, 1 open\n"));
    assert_non_null(strstr(text, "load       kiln-1 100 %, print-1 50 %, print-2 12 %"));
    free(text);
}

/* ---- worktime ---- */

static void test_open_seconds_follow_the_calendars(void **state) {
    (void)state;
    const struct hours *day = worktime_line(worktime, 0), *always = worktime_line(worktime, 3);
    assert_int_equal(worktime_next_s(worktime, day, sim_time("23 05:00")), sim_time("23 06:00"));
    assert_int_equal(worktime_next_s(worktime, always, sim_time("23 05:00")), sim_time("23 05:00"));
    assert_int_equal(worktime_passed_s(worktime, day, sim_time("23 13:00"), 7200), sim_time("24 07:00"));
    assert_int_equal(worktime_start_s(worktime, day, sim_time("23 13:00"), 7200, false), sim_time("24 06:00"));
    assert_int_equal(worktime_between_s(worktime, day, sim_time("23 00:00"), sim_time("25 00:00")), 16 * 3600);
    assert_true(worktime_is_open(worktime, day, sim_time("23 06:00")));
    assert_false(worktime_is_open(worktime, day, sim_time("23 14:00")));
    assert_int_equal(worktime_start_s(worktime, day, sim_time("23 06:00"), 9 * 3600, false), TAKT_TIME_NEVER);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_alone_an_order_takes_its_operations_packing_and_the_next_cutoff),
        TEST(test_alone_a_large_order_uses_all_lines),
        TEST(test_parcels_leave_at_their_carriers_next_cutoff),
        TEST(test_what_is_expected_comes_and_what_is_short_is_bought_once),
        TEST(test_figures_count_what_happened),
        TEST(test_json_has_every_figure_rounded_the_same_way),
        TEST(test_text_says_how_many_orders_and_which_lines_are_busiest),
        TEST(test_open_seconds_follow_the_calendars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
