/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/intake_fixture.h"

static void publish(struct bed *b, struct store_publish *q) {
    static uint64_t publish_no;
    struct store_claim claim = {.head.op = STORE_CLAIM};
    assert_int_equal(store_call(b->store, &claim.head), 0);
    q->head.op = STORE_PUBLISH;
    q->epoch = claim.ret_epoch;
    q->publish_no = ++publish_no;
    q->seen = 1000000;
    q->at_s = b->now_s;
    q->scheduler = "";
    assert_int_equal(store_call(b->store, &q->head), 0);
}

/* Order no 1 is in a lot that is firm. */
static void make_firm(struct bed *b) {
    struct lot_row lot = {.lot = 1, .product = "tee", .like = "", .state = LOT_FIRM, .let_go_at_s = TAKT_TIME_NONE,
                          .firm_at_s = 0, .units = 1};
    struct slice_row slice = {.order = 1, .count = 1, .lot = 1};
    struct promise_row promise = {.order = 1, .at_s = b->now_s, .ship_by_s = b->now_s + 86400, .deliver_by_day = 20780, .reason = ""};
    struct order_update update = {.no = 1, .state = ORDER_PLANNED, .planned_packed_s = b->now_s, .packed_at_s = TAKT_TIME_NONE};
    struct store_publish q = {.lots = &lot, .lot_count = 1, .slices = &slice, .slice_count = 1, .promises = &promise,
                              .promise_count = 1, .orders = &update, .order_count = 1};
    publish(b, &q);
}

static void an_amendment_is_stored_and_wakes_the_planner(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    bed_orders(&b, 1, "A", 1);
    bed_expect(&b, 1, "\"accepted\":1");
    b.wakes = 0;
    bed_send(&b, 1, "{\"type\":\"amend\",\"id\":\"1\",\"order_ref\":\"A0\",\"recipient\":" RECIPIENT
                    ",\"shipping\":{\"deliver_by\":\"2026-12-24\"}}");
    bed_expect(&b, 1, "{\"type\":\"amended\",\"id\":\"1\"}");
    assert_int_equal(b.wakes, 1);
    const uint64_t order = 1;
    const char *body;
    struct order_row row;
    struct store_bodies bodies = {.head = {.op = STORE_BODIES, .arena = arena_new()}, .orders = &order, .count = 1,
                                  .ret_bodies = &body, .ret_orders = &row};
    assert_int_equal(store_call(b.store, &bodies.head), 0);
    assert_non_null(strstr(bodies.ret_bodies[0], "Markt 1"));
    assert_string_equal(bodies.ret_orders[0].country, "DE");
    assert_true(bodies.ret_orders[0].recipient_key != 0);
    assert_int_equal(bodies.ret_orders[0].wish_day, 20811);
    arena_free(bodies.head.arena);
    bed_close(&b);
}

static void a_bad_amendment_is_told_why(void **state) {
    (void)state;
    static const struct {
        const char *members, *problem;
    } rows[] = {
        {"\"order_ref\":\"A0\"", "bad-message"},
        {"\"recipient\":" RECIPIENT, "bad-message"},
        {"\"order_ref\":\"nope\",\"recipient\":" RECIPIENT, "unknown-order"},
        {"\"order_ref\":\"A0\",\"items\":[]", "bad-message"},
        {"\"order_ref\":\"A0\",\"items\":[{\"product\":\"cup\",\"quantity\":1}]", "unknown-product"},
        {"\"order_ref\":\"A0\",\"shipping\":{\"service\":\"stanard\"}", "unknown-service"},
        {"\"order_ref\":\"A0\",\"recipient\":{\"name\":\"Mei\"}", "bad-recipient"},
        {"\"order_ref\":\"A0\",\"recipient\":null", "bad-message"},
        {"\"order_ref\":\"A0\",\"items\":[" ITEM "]", "too-late"},
    };
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    bed_orders(&b, 1, "A", 1);
    bed_expect(&b, 1, "\"accepted\":1");
    make_firm(&b);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        snprintf(text, sizeof text, "{\"type\":\"amend\",\"id\":\"1\",%s}", rows[i].members);
        bed_send(&b, 1, text);
        bed_expect(&b, 1, "\"type\":\"problem\",\"id\":\"1\"", rows[i].problem);
    }
    bed_hello(&b, 2, "band"); /* another's order is none of its own */
    bed_send(&b, 2, "{\"type\":\"amend\",\"id\":\"1\",\"order_ref\":\"A0\",\"recipient\":" RECIPIENT "}");
    bed_expect(&b, 2, "unknown-order");
    b.fail = TAKT_ESTORE;
    bed_send(&b, 1, "{\"type\":\"amend\",\"id\":\"1\",\"order_ref\":\"A0\",\"recipient\":" RECIPIENT "}");
    bed_expect(&b, 1, "busy");
    bed_close(&b);
}

static void cancelling_says_what_became_of_each(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    bed_orders(&b, 1, "A", 3);
    bed_expect(&b, 1, "\"accepted\":3");
    make_firm(&b);
    b.wakes = 0;
    bed_send(&b, 1, "{\"type\":\"cancel\",\"id\":\"1\",\"order_refs\":[\"A0\",\"A1\",\"nope\",\"A1\"]}");
    bed_expect(&b, 1, "{\"type\":\"cancelled\",\"id\":\"1\",\"results\":[{\"order_ref\":\"A0\",\"outcome\":\"too-late\",\"problem\":\"too-late\"",
               "{\"order_ref\":\"A1\",\"outcome\":\"cancelled\"},{\"order_ref\":\"nope\",\"outcome\":\"unknown\",\"problem\":\"unknown-order\"",
               "},{\"order_ref\":\"A1\",\"outcome\":\"cancelled\"}]}");
    assert_int_equal(b.wakes, 1);
    bed_send(&b, 1, "{\"type\":\"cancel\",\"id\":\"1\",\"order_refs\":[\"nope\"]}");
    bed_expect(&b, 1, "unknown");
    assert_int_equal(b.wakes, 1);
    bed_orders(&b, 1, "A", 2); /* a cancelled order_ref stays used */
    bed_expect(&b, 1, "\"duplicates\":2");
    bed_hello(&b, 2, "band");
    bed_send(&b, 2, "{\"type\":\"cancel\",\"id\":\"1\",\"order_refs\":[\"A2\"]}");
    bed_expect(&b, 2, "\"outcome\":\"unknown\"");
    static const char *const bad[] = {"", ",\"order_refs\":[]", ",\"order_refs\":\"A0\"", ",\"order_refs\":[7]", ",\"order_refs\":[\"\"]",
                                      ",\"order_refs\":[null]"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[128];
        snprintf(text, sizeof text, "{\"type\":\"cancel\",\"id\":\"1\"%s}", bad[i]);
        bed_send(&b, 1, text);
        bed_expect(&b, 1, "bad-message", "/order_refs");
    }
    bed_close(&b);
}

static void status_tells_of_ones_own_orders(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    bed_orders(&b, 1, "A", 2);
    bed_expect(&b, 1, "\"accepted\":2");
    make_firm(&b);
    bed_send(&b, 1, "{\"type\":\"status\",\"id\":\"1\",\"order_refs\":[\"A0\",\"A1\",\"nope\"]}");
    bed_expect(&b, 1,
               "{\"type\":\"statuses\",\"id\":\"1\",\"orders\":[{\"order_ref\":\"A0\",\"state\":\"planned\",\"ship_by\":"
               "\"2026-11-23T00:00:00Z\",\"deliver_by\":\"2026-11-23\",\"shipments\":[]},"
               "{\"order_ref\":\"A1\",\"state\":\"accepted\",\"shipments\":[]},{\"order_ref\":\"nope\",\"problem\":\"unknown-order\"");
    bed_hello(&b, 2, "band");
    bed_send(&b, 2, "{\"type\":\"status\",\"id\":\"1\",\"order_refs\":[\"A0\"]}");
    bed_expect(&b, 2, "unknown-order");
    b.fail = TAKT_ESTORE;
    bed_send(&b, 1, "{\"type\":\"status\",\"id\":\"1\",\"order_refs\":[\"A0\",\"A1\"]}");
    bed_expect(&b, 1, "\"problem\":\"busy\"");
    bed_close(&b);
}

static void a_long_status_is_read_a_few_at_a_time(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    char *text = malloc(20000), *end = text;
    end += sprintf(end, "{\"type\":\"status\",\"id\":\"1\",\"order_refs\":[\"r0\"");
    for (int i = 1; i < 500; i++)
        end += sprintf(end, ",\"r%d\"", i);
    strcpy(end, "]}");
    b.hold = true;
    bed_send(&b, 1, text);
    assert_in_range(b.held_count, 1, 100);
    bed_release(&b);
    bed_expect(&b, 1, "\"r0\"", "\"r499\"");
    bed_silent(&b);
    free(text);
    bed_close(&b);
}

static void a_quote_is_asked_of_the_planner(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    bed_send(&b, 1, "{\"type\":\"quote\",\"id\":\"1\",\"items\":[" ITEM "],\"recipient\":{\"address\":{\"country\":\"DE\"}},"
                    "\"deliver_by\":\"2026-12-24\"}");
    assert_int_equal(b.ask_count, 1);
    struct ask *ask = b.asks[0];
    assert_int_equal(ask->kind, ASK_QUOTE);
    assert_string_equal(ask->u.quote.items[0].options, "design=d1;ink=light");
    assert_string_equal(ask->u.quote.country, "DE");
    ask->u.quote.ret_ship_by_s = b.now_s + 86400;
    ask->u.quote.ret_deliver_by_day = 20781;
    ask->u.quote.ret_valid_until_s = b.now_s + 60;
    intake_answered(b.in, ask);
    bed_pump(&b);
    bed_expect(&b, 1, "{\"type\":\"quoted\",\"id\":\"1\",\"ship_by\":\"2026-11-23T00:00:00Z\",\"deliver_by\":\"2026-11-24\","
                      "\"valid_until\":\"2026-11-22T00:01:00Z\"}");
    bed_send(&b, 1, "{\"type\":\"quote\",\"id\":\"2\",\"items\":[" ITEM "]}");
    refuse(&b.asks[1]->refusal, REFUSAL_BUSY, "", "loading");
    intake_answered(b.in, b.asks[1]);
    bed_pump(&b);
    bed_expect(&b, 1, "\"id\":\"2\",\"problem\":\"busy\"");
    bed_send(&b, 1, "{\"type\":\"quote\",\"id\":\"3\",\"items\":[{\"product\":\"tee\",\"quantity\":1}]}");
    bed_expect(&b, 1, "unknown-option");
    bed_send(&b, 1, "{\"type\":\"quote\",\"id\":\"3\",\"items\":[" ITEM "],\"recipient\":{\"address\":{\"country\":\"de\"}}}");
    bed_expect(&b, 1, "bad-recipient", "/recipient/address/country");
    bed_send(&b, 1, "{\"type\":\"quote\",\"id\":\"3\"}");
    bed_expect(&b, 1, "bad-message", "/items");
    assert_int_equal(b.ask_count, 2);
    bed_close(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_amendment_is_stored_and_wakes_the_planner),
        cmocka_unit_test(a_bad_amendment_is_told_why),
        cmocka_unit_test(cancelling_says_what_became_of_each),
        cmocka_unit_test(status_tells_of_ones_own_orders),
        cmocka_unit_test(a_long_status_is_read_a_few_at_a_time),
        cmocka_unit_test(a_quote_is_asked_of_the_planner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
