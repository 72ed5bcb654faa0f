/* SPDX-License-Identifier: Apache-2.0 */
/* Whole lives of a small plant, through takt-sim's own loop. */
#include "daemon/sim/life.h"

#include "sim_fixture.h"

static struct fixture fixture;
static char path[64], notes[4096];

static int set_up(void **state) {
    (void)state;
    snprintf(path, sizeof path, "/tmp/test_sim_life.XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    notes[0] = '\0';
    fixture_load(&fixture, SIM_PLANT);
    fixture_good(&fixture);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    unlink(path);
    fixture_done(&fixture);
    return 0;
}

static void take_note(void *arg, const char *text) {
    (void)arg;
    snprintf(notes + strlen(notes), sizeof notes - strlen(notes), "%s\n", text);
}

static const char *const products[] = {"tee", "mug", "card"};

/* Three orders an hour from Monday 06:00 on, of two creators and ten consumers. */
static void write_feed(int orders) {
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    for (int k = 0; k < orders; k++) {
        char at[TIME_TEXT_SIZE];
        fprintf(to,
                "{\"at\": \"%s\", \"creator\": \"%s\", \"order\": {\"order_ref\": \"A-%d\", \"items\": [{\"product\": \"%s\", "
                "\"options\": {\"ink\": \"%s\"}, \"quantity\": %d}], \"recipient\": {\"name\": \"N%d\", \"address\": "
                "{\"country\": \"DE\", \"city\": \"C\", \"line1\": \"S 1\"}}}}\n",
                time_format(sim_time("23 06:00") + k * 1200, at), k % 2 ? "luna" : "nova", k, products[k % 3],
                k % 5 < 3 ? "light" : "dark", 1 + k % 7, k % 10);
    }
    assert_int_equal(fclose(to), 0);
}

static void append(const char *line) {
    FILE *to = fopen(path, "a");
    assert_non_null(to);
    fputs(line, to);
    assert_int_equal(fclose(to), 0);
}

static struct life_config defaults(void) {
    return (struct life_config){.plant = fixture.plant, .scheduler = "edd", .until_s = TAKT_TIME_NEVER, .effort = 20,
                                .scale_ppm = 1000000, .seed = 1, .note = take_note};
}

static struct summary run(struct life_config config) {
    struct life *life;
    struct takt_error err = {0};
    struct summary s;
    assert_int_equal(feed_open(path, &config.feed, &err), 0);
    if (life_new(&config, &life, &err) != 0 || life_run(life, &err) != 0)
        fail_msg("%s", err.text);
    life_summary(life, &s);
    s.load_ppm = NULL;
    life_free(life);
    feed_close(config.feed);
    return s;
}

static void test_every_accepted_order_is_shipped_in_the_end(void **state) {
    (void)state;
    write_feed(100);
    struct summary s = run(defaults());
    assert_string_equal(notes, "");
    assert_int_equal(s.accepted, 100);
    assert_int_equal(s.shipped, 100);
    assert_int_equal(s.open, 0);
    assert_true(s.plans > 0 && s.changeover_s > 0 && s.wip_unit_s > 0 && s.made_not_shipped_unit_s > 0);
    assert_true(s.flow_s.median >= 3600 && s.flow_s.p95 >= s.flow_s.median);
    assert_true(s.flow_factor_milli.mean >= 1000);
}

/* All figures but those of the processor. */
static void assert_same(struct summary a, struct summary b) {
    a.cpu_total_us = b.cpu_total_us = 0;
    a.plan_us = b.plan_us = (struct spread){0};
    assert_memory_equal(&a, &b, sizeof a);
}

static void test_the_same_arguments_give_the_same_figures(void **state) {
    (void)state;
    write_feed(60);
    struct life_config config = defaults();
    config.noise_ppm = 300000;
    config.breakdowns = 10;
    struct summary first = run(config);
    assert_same(first, run(config));
    config.seed = 2;
    struct summary other = run(config);
    assert_true(first.flow_s.mean != other.flow_s.mean || first.wip_unit_s != other.wip_unit_s);
    assert_int_equal(first.shipped, 60);
    assert_int_equal(other.shipped, 60);
}

static void test_every_scheduler_ships_everything(void **state) {
    (void)state;
    write_feed(40);
    static const char *const names[] = {"fifo", "edd", "spt", "atcs", "search", "auto"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        struct life_config config = defaults();
        config.scheduler = names[k];
        assert_int_equal(run(config).shipped, 40);
    }
}

static void test_cancelled_and_refused_orders_are_counted_and_told(void **state) {
    (void)state;
    write_feed(10);
    append("{\"at\": \"2026-11-23T09:00:00Z\", \"creator\": \"luna\", \"cancel\": \"A-9\"}\n"
           "{\"at\": \"2026-11-23T09:00:00Z\", \"creator\": \"luna\", \"cancel\": \"nothing\"}\n"
           "{\"at\": \"2026-11-23T09:00:00Z\", \"creator\": \"luna\", \"order\": {\"order_ref\": \"B\", \"items\": "
           "[{\"product\": \"tea\", \"quantity\": 1}]}}\n");
    struct summary s = run(defaults());
    assert_int_equal(s.accepted, 10);
    assert_int_equal(s.cancelled, 1);
    assert_int_equal(s.refused, 1);
    assert_int_equal(s.shipped, 9);
    assert_non_null(strstr(notes, "line 13: refused, unknown-product"));
}

static void test_it_stops_where_it_is_told_to(void **state) {
    (void)state;
    write_feed(100);
    struct life_config config = defaults();
    config.until_s = sim_time("23 12:00");
    struct summary s = run(config);
    assert_int_equal(s.accepted, 18);
    assert_true(s.open > 0);
}

static void test_an_order_without_a_recipient_stays_open_and_the_life_ends(void **state) {
    (void)state;
    write_feed(2);
    append("{\"at\": \"2026-11-23T09:00:00Z\", \"creator\": \"luna\", \"order\": {\"order_ref\": \"B\", \"items\": "
           "[{\"product\": \"card\", \"options\": {\"ink\": \"dark\"}, \"quantity\": 1}]}}\n");
    struct summary s = run(defaults());
    assert_int_equal(s.shipped, 2);
    assert_int_equal(s.open, 1);
}

static void test_scale_makes_more_of_everything(void **state) {
    (void)state;
    write_feed(30);
    struct life_config config = defaults();
    struct summary one = run(config);
    config.scale_ppm = 10000000;
    struct summary ten = run(config);
    assert_int_equal(ten.units, one.units * 10);
    assert_int_equal(ten.shipped, 30);
}

static void test_a_plant_with_a_packing_terminal_packs_by_its_reports(void **state) {
    (void)state;
    fixture_done(&fixture);
    char *text = malloc(sizeof SIM_PLANT + 100);
    assert_non_null(text);
    sprintf(text, "%sterminals: {packing: {lines: [pack]}}\n", SIM_PLANT);
    fixture_load(&fixture, text);
    free(text);
    fixture_good(&fixture);
    write_feed(30);
    struct summary s = run(defaults());
    assert_string_equal(notes, "");
    assert_int_equal(s.shipped, 30);
}

static void test_an_empty_feed_is_an_error(void **state) {
    (void)state;
    struct life *life;
    struct takt_error err = {0};
    struct life_config config = defaults();
    assert_int_equal(feed_open(path, &config.feed, NULL), 0);
    assert_int_equal(life_new(&config, &life, &err), TAKT_EDATA);
    assert_string_equal(err.text, "the feed is empty");
    feed_close(config.feed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_every_accepted_order_is_shipped_in_the_end),
        TEST(test_the_same_arguments_give_the_same_figures),
        TEST(test_every_scheduler_ships_everything),
        TEST(test_cancelled_and_refused_orders_are_counted_and_told),
        TEST(test_it_stops_where_it_is_told_to),
        TEST(test_an_order_without_a_recipient_stays_open_and_the_life_ends),
        TEST(test_scale_makes_more_of_everything),
        TEST(test_a_plant_with_a_packing_terminal_packs_by_its_reports),
        TEST(test_an_empty_feed_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
