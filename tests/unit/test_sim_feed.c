/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/sim/feed.h"
#include "daemon/sim/gztext.h"

#include "sim_fixture.h"

#include <zlib.h>

static char path[64];
static struct fixture fixture;
static struct arena *arena;
static struct feed_terms terms;

static int set_up(void **state) {
    (void)state;
    snprintf(path, sizeof path, "/tmp/test_sim_feed.XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    arena = arena_new();
    fixture_load(&fixture, SIM_PLANT);
    terms = (struct feed_terms){.plant = fixture_good(&fixture), .scale_ppm = 1000000};
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    unlink(path);
    arena_free(arena);
    fixture_done(&fixture);
    return 0;
}

#define AT "{\"at\": \"2026-11-23T08:00:00Z\", \"creator\": \"luna\", "
#define ORDER(ref, product, quantity)                                                                                  \
    AT "\"order\": {\"order_ref\": \"" ref "\", \"items\": [{\"product\": \"" product                                  \
       "\", \"options\": {\"ink\": \"dark\"}, \"quantity\": " quantity "}]}}\n"

static struct feed *open_feed(const char *text) {
    struct feed *feed;
    fixture_write(path, text, strlen(text));
    assert_int_equal(feed_open(path, &feed, NULL), 0);
    return feed;
}

static void test_orders_and_cancellations_come_in_their_order(void **state) {
    (void)state;
    struct feed *feed = open_feed(ORDER("A", "tee", "3") "\n" AT "\"cancel\": \"A\"}\n");
    const struct feed_message *m;
    struct accept_order order;
    struct refusal refusal;
    assert_int_equal(feed_next(feed, &m, NULL), 0);
    assert_int_equal(m->at_s, sim_time("23 08:00"));
    assert_string_equal(m->creator, "luna");
    assert_null(m->cancel);
    assert_true(feed_order(feed, &terms, arena, &order, &refusal));
    assert_string_equal(order.row.order_ref, "A");
    assert_string_equal(order.row.creator, "luna");
    assert_int_equal(order.row.items[0].quantity, 3);
    assert_int_equal(feed_next(feed, &m, NULL), 0);
    assert_string_equal(m->cancel, "A");
    assert_int_equal(feed_line(feed), 3);
    assert_int_equal(feed_next(feed, &m, NULL), 0);
    assert_null(m);
    feed_close(feed);
}

static uint32_t scaled(const char *text, int64_t scale_ppm) {
    struct feed *feed = open_feed(text);
    const struct feed_message *m;
    struct accept_order order;
    struct refusal refusal;
    assert_int_equal(feed_next(feed, &m, NULL), 0);
    assert_true(feed_order(feed, &(struct feed_terms){.plant = fixture.plant, .scale_ppm = scale_ppm}, arena, &order, &refusal));
    feed_close(feed);
    return order.row.items[0].quantity;
}

static void test_scale_multiplies_quantities_within_what_an_item_may_have(void **state) {
    (void)state;
    assert_int_equal(scaled(ORDER("A", "tee", "3"), 2500000), 8);
    assert_int_equal(scaled(ORDER("A", "tee", "1"), 100000), 1);
    assert_int_equal(scaled(ORDER("A", "tee", "9000"), 2000000), 10000);
}

static void test_an_order_that_the_plant_does_not_make_is_refused_not_an_error(void **state) {
    (void)state;
    struct feed *feed = open_feed(ORDER("A", "tea", "3"));
    const struct feed_message *m;
    struct accept_order order;
    struct refusal refusal;
    assert_int_equal(feed_next(feed, &m, NULL), 0);
    assert_false(feed_order(feed, &terms, arena, &order, &refusal));
    assert_int_equal(refusal.kind, REFUSAL_UNKNOWN_PRODUCT);
    feed_close(feed);
}

static void test_an_order_beyond_the_plants_capacity_is_refused(void **state) {
    (void)state;
    struct estimate_product products[3] = {{.packed_s = sim_time("23 08:00") + 31 * 86400, .most = UINT32_MAX}};
    struct estimate estimate = {.product_count = 3, .at_s = sim_time("23 08:00"), .products = products, .plant = fixture.plant};
    struct feed_terms full = {.plant = fixture.plant, .scale_ppm = 1000000, .estimate = &estimate, .now_s = sim_time("23 08:00")};
    struct feed *feed = open_feed(ORDER("A", "tee", "3"));
    const struct feed_message *m;
    struct accept_order order;
    struct refusal refusal;
    assert_int_equal(feed_next(feed, &m, NULL), 0);
    assert_false(feed_order(feed, &full, arena, &order, &refusal));
    assert_int_equal(refusal.kind, REFUSAL_NO_CAPACITY);
    feed_close(feed);
}

static void assert_error(const char *text, const char *where) {
    struct feed *feed = open_feed(text);
    const struct feed_message *m;
    struct takt_error err = {0};
    int r = 0;
    do {
        r = feed_next(feed, &m, &err);
    } while (r == 0 && m != NULL);
    assert_int_equal(r, TAKT_EDATA);
    char wanted[128];
    snprintf(wanted, sizeof wanted, "%s:%s", path, where);
    if (strncmp(err.text, wanted, strlen(wanted)) != 0)
        fail_msg("'%s' does not begin with '%s'", err.text, wanted);
    feed_close(feed);
}

static void test_what_is_wrong_is_said_with_file_and_line(void **state) {
    (void)state;
    assert_error(ORDER("A", "tee", "3") "{\"at\": \n", "2:");
    assert_error("[]\n", "1: ");
    assert_error("\n{\"creator\": \"luna\", \"cancel\": \"A\"}\n", "2: /at");
    assert_error(AT "\"cancel\": 7}\n", "1: /cancel");
    assert_error("{\"at\": \"yesterday\", \"creator\": \"luna\", \"cancel\": \"A\"}\n", "1: /at");
    assert_error(AT "\"cancel\": \"A\", \"order\": {}}\n", "1: /cancel");
    assert_error(AT "\"cancel\": \"A\"}\n{\"at\": \"2026-11-23T07:59:59Z\", \"creator\": \"luna\", \"cancel\": \"A\"}\n",
                 "2: goes back in time");
}

static void test_a_feed_compressed_by_gzip_reads_the_same(void **state) {
    (void)state;
    gzFile out = gzopen(path, "wb");
    for (int k = 0; k < 5000; k++)
        gzputs(out, ORDER("A", "tee", "3"));
    gzclose(out);
    struct feed *feed;
    const struct feed_message *m;
    int count = 0;
    assert_int_equal(feed_open(path, &feed, NULL), 0);
    for (assert_int_equal(feed_next(feed, &m, NULL), 0); m != NULL; assert_int_equal(feed_next(feed, &m, NULL), 0))
        count++;
    assert_int_equal(count, 5000);
    assert_int_equal(feed_permille(feed), 1000);
    feed_close(feed);
}

static void test_a_damaged_archive_is_an_error(void **state) {
    (void)state;
    gzFile out = gzopen(path, "wb");
    for (int k = 0; k < 5000; k++)
        gzprintf(out, "%d%s", k, ORDER("A", "tee", "3"));
    gzclose(out);
    assert_int_equal(truncate(path, 1000), 0);
    struct gztext *t;
    char *line = NULL;
    size_t length;
    int r;
    struct takt_error err = {0};
    assert_int_equal(gztext_open(path, &t, NULL), 0);
    while ((r = gztext_next(t, &line, &length, &err)) == 0 && line != NULL)
        ;
    assert_int_equal(r, TAKT_EDATA);
    assert_non_null(strstr(err.text, "damaged"));
    gztext_close(t);
}

static void test_a_zero_byte_and_an_endless_line_are_errors(void **state) {
    (void)state;
    struct gztext *t;
    char *line, *endless = malloc(3u << 20);
    size_t length;
    assert_non_null(endless);
    memset(endless, 'x', 3u << 20);
    fixture_write(path, "ab\0cd\n", 6);
    assert_int_equal(gztext_open(path, &t, NULL), 0);
    assert_int_equal(gztext_next(t, &line, &length, NULL), TAKT_EDATA);
    gztext_close(t);
    fixture_write(path, endless, 3u << 20);
    assert_int_equal(gztext_open(path, &t, NULL), 0);
    assert_int_equal(gztext_next(t, &line, &length, NULL), TAKT_EDATA);
    gztext_close(t);
    free(endless);
}

static void test_a_last_line_without_a_newline_counts(void **state) {
    (void)state;
    struct gztext *t;
    char *line;
    size_t length;
    fixture_write(path, "one\r\ntwo", 8);
    assert_int_equal(gztext_open(path, &t, NULL), 0);
    assert_int_equal(gztext_next(t, &line, &length, NULL), 0);
    assert_int_equal(length, 4);
    assert_int_equal(gztext_next(t, &line, &length, NULL), 0);
    assert_string_equal(line, "two");
    assert_int_equal(gztext_line(t), 2);
    assert_int_equal(gztext_next(t, &line, &length, NULL), 0);
    assert_null(line);
    gztext_close(t);
}

static void test_a_missing_feed_is_told_from_a_folder(void **state) {
    (void)state;
    struct feed *feed;
    assert_int_equal(feed_open("/nowhere/feed.jsonl", &feed, NULL), TAKT_ENOENT);
    assert_int_equal(feed_open("/tmp", &feed, NULL), TAKT_EIO);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_orders_and_cancellations_come_in_their_order),
        TEST(test_scale_multiplies_quantities_within_what_an_item_may_have),
        TEST(test_an_order_that_the_plant_does_not_make_is_refused_not_an_error),
        TEST(test_an_order_beyond_the_plants_capacity_is_refused),
        TEST(test_what_is_wrong_is_said_with_file_and_line),
        TEST(test_a_feed_compressed_by_gzip_reads_the_same),
        TEST(test_a_damaged_archive_is_an_error),
        TEST(test_a_zero_byte_and_an_endless_line_are_errors),
        TEST(test_a_last_line_without_a_newline_counts),
        TEST(test_a_missing_feed_is_told_from_a_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
