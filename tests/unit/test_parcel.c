/* SPDX-License-Identifier: Apache-2.0 */
/* Parcels: who leaves with whom and when, on a plant whose carriers collect at 18:00 from Monday to Saturday, UTC. */
#include "daemon/dispatch/parcel.h"

#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define HOUR     3600
#define MONDAY_S INT64_C(1795996800) /* 2026-11-30T00:00:00Z */
#define CUTOFF_S (MONDAY_S + 18 * HOUR)
#define DAY      (24 * HOUR)

static const char PLANT[] =
    "takt: 1\n"
    "plant: {id: hz-01, name: Test, time_zone: UTC}\n"
    "lines: {cut-1: {calendar: always}}\n"
    "products: {tee: {weight: 100 g, lot: {max: 10, wait: 1d}, route: [{op: cut, lines: {cut-1: "
    "60/h}}]}}\n"
    "packing: {lines: {pack-1: {calendar: always, rate: 60/h}}}\n"
    "creators: {%s}\n"
    "shipping:\n"
    "  carriers: {sf: {cutoff: \"18:00\", days: mon-sat, transit: {else: 1d}}}\n"
    "  services: {standard: {carrier: sf}, express: {carrier: sf}}\n"
    "  consolidate: %s\n"
    "store: \"memory:\"\n"
    "security: none\n"
    "listen: {orders: \"tcp://127.0.0.1:7710\", shipments: \"tcp://127.0.0.1:7711\"}\n";

static struct plant *plant_of(const char *creators, const char *consolidate) {
    char path[] = "/tmp/takt-test-parcel-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    fprintf(file, PLANT, creators, consolidate);
    fclose(file);
    struct plant *plant = NULL;
    struct plant_faults faults = {0};
    struct takt_error err = {0};
    int code = plant_load(path, NULL, 0, &plant, &faults, &err);
    for (size_t i = 0; i < faults.count; i++)
        print_error("%s:%d:%d: %s\n", faults.list[i].file, faults.list[i].line, faults.list[i].column,
                    faults.list[i].text);
    plant_faults_done(&faults);
    unlink(path);
    assert_int_equal(code, 0);
    return plant;
}

static struct parcels *parcels_of(const char *consolidate, uint64_t last_number) {
    struct plant *plant = plant_of("luna: {}, sol: {}", consolidate);
    struct parcels *p = parcels_new(plant, last_number);
    plant_unref(plant);
    return p;
}

static struct parcel_order order(uint64_t no, int64_t planned_packed_s, int64_t packed_at_s) {
    return (struct parcel_order){.no = no,
                                 .service = -1,
                                 .recipient_key = 77,
                                 .ship_by_s = CUTOFF_S + 5 * DAY,
                                 .planned_packed_s = planned_packed_s,
                                 .packed_at_s = packed_at_s,
                                 .weight_mg = 1000};
}

static void waits_for(struct parcels *p, uint64_t no, int64_t planned_packed_s) {
    struct parcel_order o = order(no, planned_packed_s, TAKT_TIME_NONE);
    parcels_set(p, &o);
}

static void is_packed(struct parcels *p, uint64_t no, int64_t packed_at_s) {
    struct parcel_order o = order(no, packed_at_s, packed_at_s);
    parcels_set(p, &o);
}

static void an_order_with_nobody_to_wait_for_leaves_at_once(void **state) {
    (void)state;
    struct parcels *p = parcels_of("12h", 41);
    is_packed(p, 7, MONDAY_S);
    assert_int_equal(parcels_next_s(p), INT64_MIN);
    assert_int_equal(parcels_turn(p, MONDAY_S), 1);
    size_t count;
    const struct parcel_row *left = parcels_left(p, &count);
    assert_int_equal(count, 1);
    assert_string_equal(left->shipment, "hz-01-42");
    assert_int_equal(left->number, 42);
    assert_string_equal(left->creator, "luna");
    assert_string_equal(left->service, "standard");
    assert_string_equal(left->carrier, "sf");
    assert_int_equal(left->ship_by_s, CUTOFF_S + 5 * DAY);
    assert_int_equal(left->packed_at_s, MONDAY_S);
    assert_int_equal(left->recipient_key, 77);
    assert_int_equal(left->weight_mg, 1000);
    assert_int_equal(left->order_count, 1);
    assert_int_equal(left->orders[0], 7);
    assert_int_equal(parcels_next_s(p), TAKT_TIME_NEVER);
    parcels_free(p);
}

static void orders_packed_within_the_window_leave_as_one(void **state) {
    (void)state;
    struct parcels *p = parcels_of("12h", 0);
    waits_for(p, 2, MONDAY_S + 3 * HOUR);
    is_packed(p, 1, MONDAY_S);
    assert_int_equal(parcels_turn(p, MONDAY_S), 0);
    assert_int_equal(parcels_next_s(p), MONDAY_S + 12 * HOUR);
    is_packed(p, 2, MONDAY_S + 4 * HOUR);
    assert_int_equal(parcels_turn(p, MONDAY_S + 4 * HOUR), 1);
    size_t count;
    const struct parcel_row *left = parcels_left(p, &count);
    assert_int_equal(left->order_count, 2);
    assert_int_equal(left->orders[0], 1);
    assert_int_equal(left->orders[1], 2);
    assert_int_equal(left->packed_at_s, MONDAY_S + 4 * HOUR);
    assert_int_equal(left->weight_mg, 2000);
    parcels_free(p);
}

static void who_waits_in_vain_leaves_when_the_window_closes(void **state) {
    (void)state;
    struct parcels *p = parcels_of("12h", 0);
    waits_for(p, 2, MONDAY_S + 3 * HOUR);
    is_packed(p, 1, MONDAY_S);
    assert_int_equal(parcels_turn(p, MONDAY_S), 0);
    assert_int_equal(parcels_turn(p, MONDAY_S + 12 * HOUR - 1), 0); /* overdue, and may be packed at any moment */
    assert_int_equal(parcels_turn(p, MONDAY_S + 12 * HOUR), 1);
    parcels_free(p);
}

static void nobody_waits_for_what_is_expected_after_the_window(void **state) {
    (void)state;
    struct parcels *p = parcels_of("12h", 0);
    waits_for(p, 2, MONDAY_S + 12 * HOUR + 1);
    waits_for(p, 3, TAKT_TIME_NONE);
    is_packed(p, 1, MONDAY_S);
    assert_int_equal(parcels_turn(p, MONDAY_S), 1);
    parcels_free(p);
}

static void a_plan_that_moves_the_other_out_of_the_window_ends_the_waiting(void **state) {
    (void)state;
    struct parcels *p = parcels_of("12h", 0);
    waits_for(p, 2, MONDAY_S + 3 * HOUR);
    is_packed(p, 1, MONDAY_S);
    assert_int_equal(parcels_turn(p, MONDAY_S), 0);
    waits_for(p, 2, MONDAY_S + 40 * HOUR);
    assert_int_equal(parcels_next_s(p), INT64_MIN);
    assert_int_equal(parcels_turn(p, MONDAY_S + HOUR), 1);
    parcels_free(p);
}

static void a_cancelled_order_is_not_waited_for(void **state) {
    (void)state;
    struct parcels *p = parcels_of("12h", 0);
    waits_for(p, 2, MONDAY_S + 3 * HOUR);
    is_packed(p, 1, MONDAY_S);
    assert_int_equal(parcels_turn(p, MONDAY_S), 0);
    parcels_remove(p, 2);
    parcels_remove(p, 99);
    assert_int_equal(parcels_turn(p, MONDAY_S + 1), 1);
    parcels_free(p);
}

static void waiting_never_costs_a_promise(void **state) {
    (void)state;
    struct parcels *p = parcels_of("12h", 0);
    waits_for(p, 2, CUTOFF_S - HOUR);
    struct parcel_order promised = order(1, CUTOFF_S - 4 * HOUR, CUTOFF_S - 4 * HOUR);
    promised.ship_by_s = CUTOFF_S;
    parcels_set(p, &promised);
    assert_int_equal(parcels_turn(p, CUTOFF_S - 4 * HOUR), 0);
    assert_int_equal(parcels_next_s(p), CUTOFF_S - PARCEL_HANDOVER_S); /* in time for the collection */
    waits_for(p, 2, CUTOFF_S - 1);
    assert_int_equal(parcels_turn(p, CUTOFF_S - 3 * HOUR), 1); /* that would be too late for it */
    parcels_free(p);
}

static void a_late_order_waits_for_its_next_collection_at_most(void **state) {
    (void)state;
    struct parcels *p = parcels_of("24h", 0);
    waits_for(p, 2, MONDAY_S + 17 * HOUR);
    struct parcel_order late = order(1, MONDAY_S, MONDAY_S);
    late.ship_by_s = MONDAY_S - 6 * HOUR;
    parcels_set(p, &late);
    assert_int_equal(parcels_turn(p, MONDAY_S), 0); /* the truck comes at 18:00 either way */
    assert_int_equal(parcels_next_s(p), CUTOFF_S - PARCEL_HANDOVER_S);
    waits_for(p, 2, CUTOFF_S + HOUR);
    assert_int_equal(parcels_turn(p, MONDAY_S + 1), 1);
    parcels_free(p);
}

static void other_creators_services_and_recipients_leave_apart(void **state) {
    (void)state;
    struct parcels *p = parcels_of("12h", 0);
    struct parcel_order other[3] = {order(2, MONDAY_S + HOUR, TAKT_TIME_NONE),
                                    order(3, MONDAY_S + HOUR, TAKT_TIME_NONE),
                                    order(4, MONDAY_S + HOUR, TAKT_TIME_NONE)};
    other[0].creator = 1;
    other[1].service = 1;
    other[2].recipient_key = 78;
    for (int i = 0; i < 3; i++)
        parcels_set(p, &other[i]);
    is_packed(p, 1, MONDAY_S);
    assert_int_equal(parcels_turn(p, MONDAY_S), 1);
    size_t count;
    assert_int_equal(parcels_left(p, &count)->order_count, 1);
    parcels_free(p);
}

static void an_order_without_a_recipient_is_held_until_it_has_one(void **state) {
    (void)state;
    struct parcels *p = parcels_of("12h", 0);
    for (uint64_t no = 1; no <= 2; no++) {
        struct parcel_order held = order(no, MONDAY_S, MONDAY_S);
        held.recipient_key = 0;
        parcels_set(p, &held);
    }
    assert_int_equal(parcels_turn(p, MONDAY_S + 30 * DAY), 0);
    is_packed(p, 1, MONDAY_S);
    assert_int_equal(parcels_turn(p, MONDAY_S + 30 * DAY), 1);
    parcels_free(p);
}

static void a_parcel_stays_the_same_until_it_is_published(void **state) {
    (void)state;
    struct parcels *p = parcels_of("12h", 0);
    is_packed(p, 1, MONDAY_S);
    assert_int_equal(parcels_turn(p, MONDAY_S), 1);
    is_packed(p, 1, MONDAY_S);
    is_packed(p, 2, MONDAY_S + 1); /* comes after it */
    assert_int_equal(parcels_turn(p, MONDAY_S + 1), 1);
    size_t count;
    const struct parcel_row *left = parcels_left(p, &count);
    assert_int_equal(count, 2);
    assert_int_equal(left[0].number, 1);
    assert_int_equal(left[0].order_count, 1);
    assert_int_equal(left[1].number, 2);
    parcels_published(p);
    parcels_left(p, &count);
    assert_int_equal(count, 0);
    assert_int_equal(parcels_turn(p, MONDAY_S + DAY), 0);
    parcels_free(p);
}

static void an_amendment_dissolves_a_parcel_that_is_not_published(void **state) {
    (void)state;
    struct parcels *p = parcels_of("12h", 0);
    is_packed(p, 1, MONDAY_S);
    is_packed(p, 2, MONDAY_S);
    struct parcel_order third = order(3, MONDAY_S, MONDAY_S);
    third.recipient_key = 5;
    parcels_set(p, &third);
    assert_int_equal(parcels_turn(p, MONDAY_S), 2);
    struct parcel_order moved = order(2, MONDAY_S, MONDAY_S);
    moved.recipient_key = 78;
    parcels_set(p, &moved);
    assert_int_equal(parcels_turn(p, MONDAY_S), 2);
    size_t count;
    const struct parcel_row *left = parcels_left(p, &count);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(left[i].order_count, 1);
        assert_int_equal(left[i].recipient_key, left[i].orders[0] == 1 ? 77 : left[i].orders[0] == 2 ? 78 : 5);
        assert_int_equal(left[i].number, i + 2); /* 1 is not used again */
    }
    parcels_remove(p, 1);
    parcels_left(p, &count);
    assert_int_equal(count, 2);
    parcels_published(p);
    assert_int_equal(parcels_turn(p, MONDAY_S + DAY), 0);
    parcels_free(p);
}

static void an_unpacked_order_takes_its_parcel_back(void **state) {
    (void)state;
    struct parcels *p = parcels_of("12h", 0);
    is_packed(p, 1, MONDAY_S);
    is_packed(p, 2, MONDAY_S);
    assert_int_equal(parcels_turn(p, MONDAY_S), 1);
    waits_for(p, 2, MONDAY_S + HOUR);
    assert_int_equal(parcels_turn(p, MONDAY_S), 0);
    is_packed(p, 2, MONDAY_S + HOUR);
    assert_int_equal(parcels_turn(p, MONDAY_S + HOUR), 1);
    size_t count;
    assert_int_equal(parcels_left(p, &count)->order_count, 2);
    parcels_free(p);
}

static void more_orders_than_fit_leave_as_several_parcels(void **state) {
    (void)state;
    struct parcels *p = parcels_of("12h", 0);
    waits_for(p, 1000, MONDAY_S + HOUR);
    for (uint64_t no = 1; no <= 2 * PARCEL_ORDERS_MAX + 3; no++)
        is_packed(p, no, MONDAY_S + (int64_t)no);
    assert_int_equal(parcels_turn(p, MONDAY_S + 200), 2); /* full ones need not wait */
    size_t count;
    const struct parcel_row *left = parcels_left(p, &count);
    assert_int_equal(left[0].order_count, PARCEL_ORDERS_MAX);
    assert_int_equal(left[0].orders[0], 1); /* who was packed first leaves first */
    assert_int_equal(left[1].orders[0], PARCEL_ORDERS_MAX + 1);
    assert_int_equal(parcels_turn(p, MONDAY_S + 13 * HOUR), 1);
    assert_int_equal(parcels_left(p, &count)[2].order_count, 3);
    parcels_free(p);
}

static void without_consolidation_nobody_waits(void **state) {
    (void)state;
    struct parcels *p = parcels_of("0h", 0);
    waits_for(p, 2, MONDAY_S + 1);
    is_packed(p, 1, MONDAY_S);
    assert_int_equal(parcels_turn(p, MONDAY_S), 1);
    is_packed(p, 2, MONDAY_S + 1);
    is_packed(p, 3, MONDAY_S + 1);
    assert_int_equal(parcels_turn(p, MONDAY_S + 1), 2);
    parcels_free(p);
}

/* However long the time between two turns: what leaves together does not hang on it. */
static void a_late_turn_parts_what_was_packed_a_window_apart(void **state) {
    (void)state;
    struct parcels *p = parcels_of("12h", 0);
    is_packed(p, 1, MONDAY_S);
    is_packed(p, 2, MONDAY_S + 11 * HOUR);
    is_packed(p, 3, MONDAY_S + 13 * HOUR);
    assert_int_equal(parcels_turn(p, MONDAY_S + 48 * HOUR), 2);
    size_t count;
    const struct parcel_row *left = parcels_left(p, &count);
    assert_int_equal(left[0].order_count, 2);
    assert_int_equal(left[1].orders[0], 3);
    parcels_free(p);
}

static void a_reload_finds_creators_again_and_the_new_window_counts(void **state) {
    (void)state;
    struct parcels *p = parcels_of("12h", 0);
    struct parcel_order sol = order(1, MONDAY_S, MONDAY_S), later = order(2, MONDAY_S + HOUR, TAKT_TIME_NONE);
    sol.creator = later.creator = 1;
    struct parcel_order gone = sol;
    gone.no = 3;
    gone.recipient_key = 9;
    parcels_set(p, &sol);
    parcels_set(p, &later);
    parcels_set(p, &gone);
    assert_int_equal(parcels_turn(p, MONDAY_S), 1);
    struct plant *plant = plant_of("sol: {}", "30m");
    parcels_reload(p, plant);
    plant_unref(plant);
    assert_int_equal(parcels_turn(p, MONDAY_S), 1);
    size_t count;
    const struct parcel_row *left = parcels_left(p, &count);
    assert_int_equal(count, 2);
    assert_string_equal(left[0].creator, "sol");
    assert_int_equal(left[0].orders[0], 3);
    assert_string_equal(left[1].creator, "sol");
    parcels_free(p);
}

/* A long random life, against facts kept apart: every packed order with a recipient leaves by the time its facts allow,
 * in exactly one parcel, with none but its like, and nothing else ever leaves. */
enum { LIFE_ORDERS = 400, LIFE_STEPS = 4000 };

static void check_life(struct parcels *p, const struct parcel_order *facts, bool *gone, int64_t now_s) {
    size_t count;
    const struct parcel_row *left = parcels_left(p, &count);
    for (size_t i = 0; i < count; i++) {
        const struct parcel_order *first = &facts[left[i].orders[0]];
        for (uint32_t k = 0; k < left[i].order_count; k++) {
            const struct parcel_order *o = &facts[left[i].orders[k]];
            assert_false(gone[o->no]);
            gone[o->no] = true;
            assert_true(o->packed_at_s != TAKT_TIME_NONE && o->packed_at_s <= now_s);
            assert_true(o->packed_at_s - first->packed_at_s <= 12 * HOUR);
            assert_true(o->recipient_key != 0 && o->recipient_key == first->recipient_key);
            assert_true(o->creator == first->creator && o->service == first->service);
        }
    }
    parcels_published(p);
    for (uint64_t no = 1; no < LIFE_ORDERS; no++)
        if (facts[no].no != 0 && !gone[no] && facts[no].packed_at_s != TAKT_TIME_NONE && facts[no].recipient_key != 0)
            assert_true(now_s < facts[no].packed_at_s + 12 * HOUR);
}

static void in_a_random_life_every_order_leaves_once_in_time_and_with_its_like(void **state) {
    (void)state;
    for (unsigned seed = 1; seed <= 20; seed++) {
        struct parcels *p = parcels_of("12h", 0);
        struct parcel_order facts[LIFE_ORDERS] = {0};
        bool gone[LIFE_ORDERS] = {0};
        unsigned dice = seed;
        int64_t now_s = MONDAY_S;
        for (int step = 0; step < LIFE_STEPS; step++) {
            uint64_t no = 1 + (unsigned)rand_r(&dice) % (LIFE_ORDERS - 1);
            struct parcel_order *o = &facts[no];
            now_s += rand_r(&dice) % 600;
            if (gone[no])
                continue;
            if (o->no != 0 && o->packed_at_s == TAKT_TIME_NONE && rand_r(&dice) % 10 == 0) {
                parcels_remove(p, no);
                *o = (struct parcel_order){0};
            } else if (o->no == 0 || o->packed_at_s == TAKT_TIME_NONE) {
                *o = order(no, now_s + rand_r(&dice) % DAY, rand_r(&dice) % 3 == 0 ? now_s : TAKT_TIME_NONE);
                o->creator = rand_r(&dice) % 2;
                o->service = rand_r(&dice) % 2;
                o->recipient_key = (uint64_t)rand_r(&dice) % 20;
                o->ship_by_s = now_s - DAY + rand_r(&dice) % (4 * DAY);
                parcels_set(p, o);
            } else if (o->recipient_key == 0) {
                o->recipient_key = 3;
                parcels_set(p, o);
            }
            if (parcels_next_s(p) <= now_s)
                parcels_turn(p, now_s);
            check_life(p, facts, gone, now_s);
        }
        parcels_free(p);
    }
}

static void many_open_orders_cost_no_scan(void **state) {
    (void)state;
    enum { MANY = 300000 };
    struct parcels *p = parcels_of("12h", 0);
    for (int round = 0; round < 3; round++) /* as three plans in a row would */
        for (uint64_t no = 1; no <= MANY; no++) {
            struct parcel_order o = order(no, MONDAY_S + round, TAKT_TIME_NONE);
            o.recipient_key = no / 2 + 1;
            parcels_set(p, &o);
        }
    assert_int_equal(parcels_turn(p, MONDAY_S), 0);
    size_t parcels = 0;
    for (uint64_t no = 1; no <= MANY; no++) {
        struct parcel_order o = order(no, MONDAY_S, MONDAY_S + 3);
        o.recipient_key = no / 2 + 1;
        parcels_set(p, &o);
        parcels += parcels_turn(p, MONDAY_S + 3); /* a turn an order: linear in all orders, this would never end */
    }
    assert_int_equal(parcels, MANY / 2 + 1);
    parcels_published(p);
    parcels_free(p);
}

static void many_orders_of_one_recipient_cost_no_scan_while_none_is_packed(void **state) {
    (void)state;
    enum { MANY = 300000 };
    struct parcels *p = parcels_of("12h", 0);
    for (int round = 0; round < 2; round++)
        for (uint64_t no = 1; no <= MANY; no++) {
            struct parcel_order o = order(no, MONDAY_S + 400000 + round, TAKT_TIME_NONE);
            parcels_set(p, &o);
            assert_int_equal(parcels_turn(p, MONDAY_S), 0); /* a turn an order, as above */
        }
    struct parcel_order o = order(MANY / 2, MONDAY_S, MONDAY_S + 3);
    parcels_set(p, &o);
    assert_int_equal(parcels_turn(p, MONDAY_S + 3), 1); /* nobody is expected in time */
    parcels_published(p);
    parcels_free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_with_nobody_to_wait_for_leaves_at_once),
        cmocka_unit_test(orders_packed_within_the_window_leave_as_one),
        cmocka_unit_test(who_waits_in_vain_leaves_when_the_window_closes),
        cmocka_unit_test(nobody_waits_for_what_is_expected_after_the_window),
        cmocka_unit_test(a_plan_that_moves_the_other_out_of_the_window_ends_the_waiting),
        cmocka_unit_test(a_cancelled_order_is_not_waited_for),
        cmocka_unit_test(waiting_never_costs_a_promise),
        cmocka_unit_test(a_late_order_waits_for_its_next_collection_at_most),
        cmocka_unit_test(other_creators_services_and_recipients_leave_apart),
        cmocka_unit_test(an_order_without_a_recipient_is_held_until_it_has_one),
        cmocka_unit_test(a_parcel_stays_the_same_until_it_is_published),
        cmocka_unit_test(an_amendment_dissolves_a_parcel_that_is_not_published),
        cmocka_unit_test(an_unpacked_order_takes_its_parcel_back),
        cmocka_unit_test(more_orders_than_fit_leave_as_several_parcels),
        cmocka_unit_test(without_consolidation_nobody_waits),
        cmocka_unit_test(a_late_turn_parts_what_was_packed_a_window_apart),
        cmocka_unit_test(a_reload_finds_creators_again_and_the_new_window_counts),
        cmocka_unit_test(in_a_random_life_every_order_leaves_once_in_time_and_with_its_like),
        cmocka_unit_test(many_open_orders_cost_no_scan),
        cmocka_unit_test(many_orders_of_one_recipient_cost_no_scan_while_none_is_packed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
