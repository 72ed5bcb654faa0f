/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/intake_fixture.h"

#include "daemon/intake/capacity.h"

#define MANY(quantity) "{\"product\":\"tee\",\"options\":{\"ink\":\"light\",\"design\":\"d1\"},\"quantity\":" quantity "}"

/* An estimate by which a tee is packed so many days from now; negative: never. */
static struct estimate *in_days(struct plant *plant, int64_t days) {
    struct estimate *e = takt_alloc(sizeof *e);
    e->plant = plant_ref(plant);
    e->product_count = plant->product_count;
    e->at_s = BED_NOW_S;
    e->products = takt_alloc(plant->product_count * sizeof *e->products);
    e->products[plant_product_find(plant, "tee")] =
        (struct estimate_product){.packed_s = days < 0 ? TAKT_TIME_NEVER : BED_NOW_S + days * 86400, .most = UINT32_MAX};
    return e;
}

static void order_by(struct bed *b, const char *ref, const char *deliver_by) {
    char more[256];
    snprintf(more, sizeof more, ",\"items\":[" ITEM "],\"recipient\":" RECIPIENT "%s%s%s",
             deliver_by ? ",\"shipping\":{\"deliver_by\":\"" : "", deliver_by ? deliver_by : "", deliver_by ? "\"}" : "");
    bed_order(b, 1, ref, more);
}

static void nothing_beyond_at_most_is_taken(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    order_by(&b, "A", NULL);
    bed_expect(&b, 1, "\"accepted\":1"); /* nobody knows yet */
    intake_estimate(b.in, in_days(b.fixture.plant, 29));
    order_by(&b, "B", NULL);
    bed_expect(&b, 1, "\"accepted\":1");
    intake_estimate(b.in, in_days(b.fixture.plant, 31));
    order_by(&b, "C", NULL);
    bed_expect(&b, 1, "no-capacity", "/orders/0/items", "2026-12-23");
    intake_estimate(b.in, in_days(b.fixture.plant, -1));
    order_by(&b, "C", NULL);
    bed_expect(&b, 1, "no-capacity");
    order_by(&b, "B", NULL); /* what was accepted stays so */
    bed_expect(&b, 1, "duplicate", "\"duplicates\":1");
    bed_close(&b);
}

/* Every product that is ordered takes its time, in lots one after another, and its material. */
static void an_order_is_judged_by_all_of_its_units(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    struct estimate *e = in_days(b.fixture.plant, 1);
    struct estimate_product *tee = &e->products[plant_product_find(b.fixture.plant, "tee")];
    tee->lot = 100;
    tee->more_s = 86400;
    tee->most = 4000;
    intake_estimate(b.in, e);
    bed_order(&b, 1, "A", ",\"items\":[" MANY("1500") "," MANY("1500") "]");
    bed_expect(&b, 1, "\"accepted\":1"); /* 29 further lots */
    bed_order(&b, 1, "B", ",\"items\":[" MANY("1501") "," MANY("1500") "]");
    bed_expect(&b, 1, "no-capacity", "2026-12-23");
    tee->more_s = 1;
    bed_order(&b, 1, "C", ",\"items\":[" MANY("4000") "]");
    bed_expect(&b, 1, "\"accepted\":1");
    bed_order(&b, 1, "D", ",\"items\":[" MANY("4001") "]");
    bed_expect(&b, 1, "no-capacity");
    bed_close(&b);
}

static void a_wish_that_cannot_be_met_is_taken_with_an_honest_promise(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    intake_estimate(b.in, in_days(b.fixture.plant, 10));
    order_by(&b, "A", "2026-11-24");
    bed_expect(&b, 1, "\"accepted\":1");
    bed_close(&b);
}

/* Packed on Wednesday 2 December at 1:00 local; the carrier collects at 17:00 and is a day on its way. */
static void a_wish_that_cannot_be_met_is_refused_where_the_plant_says_so(void **state) {
    (void)state;
    struct bed b;
    bed_open_plant(&b, "shipping:\n", "shipping:\n  if_late: refuse\n");
    bed_hello(&b, 1, "luna");
    order_by(&b, "A", "2026-11-24");
    bed_expect(&b, 1, "\"accepted\":1");
    intake_estimate(b.in, in_days(b.fixture.plant, 10));
    order_by(&b, "B", "2026-12-02");
    bed_expect(&b, 1, "no-capacity", "/orders/0/shipping", "2026-12-02");
    order_by(&b, "C", "2026-12-03");
    bed_expect(&b, 1, "\"accepted\":1");
    order_by(&b, "D", "2026-11-21"); /* in the past: as soon as possible */
    bed_expect(&b, 1, "\"accepted\":1");
    order_by(&b, "E", NULL);
    bed_expect(&b, 1, "\"accepted\":1");
    bed_close(&b);
}

/* After a reload an estimate of the old plant may still come: products are found by name. */
static void an_estimate_of_the_plant_before_does_no_harm(void **state) {
    (void)state;
    struct bed b;
    struct fixture more;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    fixture_load_edited(&more, "products:\n", "products:\n  cap:\n    lot: {max: 10}\n    route: [{op: sew, lines: {sew: 30/h}}]\n");
    intake_plant(b.in, plant_ref(fixture_good(&more)));
    intake_estimate(b.in, in_days(b.fixture.plant, 31));
    bed_order(&b, 1, "A", ",\"items\":[{\"product\":\"cap\",\"quantity\":1}]");
    bed_expect(&b, 1, "\"accepted\":1");
    order_by(&b, "B", NULL);
    bed_expect(&b, 1, "no-capacity");
    fixture_done(&more);
    bed_close(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_beyond_at_most_is_taken),
        cmocka_unit_test(an_order_is_judged_by_all_of_its_units),
        cmocka_unit_test(a_wish_that_cannot_be_met_is_taken_with_an_honest_promise),
        cmocka_unit_test(a_wish_that_cannot_be_met_is_refused_where_the_plant_says_so),
        cmocka_unit_test(an_estimate_of_the_plant_before_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
