/* SPDX-License-Identifier: Apache-2.0 */

/* The desk, and the messages that pass between it and the intakes (daemon/planner/inquiry.h): what is written at one end is read
 * at the other. */

#include "tests/unit/plant_fixture.h"

#include "daemon/operate/desk.h"
#include "daemon/planner/inquiry.h"
#include "daemon/wire/message.h"

enum { EPOCH = 7, AT_S = 1795996800 };

struct bed {
    struct fixture fixture;
    struct desk *desk;
};

static int setup(void **state) {
    struct bed *b = takt_alloc(sizeof *b);
    fixture_load(&b->fixture, SMALL_PLANT);
    b->desk = desk_new(fixture_good(&b->fixture), EPOCH);
    *state = b;
    return 0;
}

static int teardown(void **state) {
    struct bed *b = *state;
    desk_free(b->desk);
    fixture_done(&b->fixture);
    free(b);
    return 0;
}

static void say(struct bed *b, uint64_t peer, const char *text) {
    desk_receive(b->desk, peer, text, strlen(text));
}

/* The next thing is a reply to that peer that holds this. */
static void expect(struct bed *b, uint64_t peer, const char *part) {
    struct desk_effect e;
    assert_true(desk_effect(b->desk, &e));
    assert_int_equal(e.kind, DESK_REPLY);
    assert_int_equal(e.peer, peer);
    if (strstr(e.text, part) == NULL)
        fail_msg("no %s in %s", part, e.text);
    free(e.text);
}

static void expect_nothing(struct bed *b) {
    struct desk_effect e;
    assert_false(desk_effect(b->desk, &e));
}

static struct ask *next_ask(struct bed *b) {
    struct desk_effect e;
    assert_true(desk_effect(b->desk, &e));
    assert_int_equal(e.kind, DESK_ASK);
    assert_true(e.ask->tag & DESK_TAG);
    return e.ask;
}

/* A quote as an intake asks it, for two kinds of items. */
static char *quote_text(struct bed *b, const char *id) {
    static const struct ask_item items[] = {{.options = "design=d1;ink=dark", .quantity = 3},
                                            {.options = "design=d2;ink=light", .quantity = 1, .personalised = true}};
    struct ask ask = {.kind = ASK_QUOTE, .arena = arena_new()};
    struct writer w = {0};
    ask.u.quote.items = items;
    ask.u.quote.item_count = 2;
    ask.u.quote.country = "DE";
    inquiry_write_quote(&w, id, b->fixture.plant, &ask);
    arena_free(ask.arena);
    return writer_take(&w, NULL);
}

static void a_quote_comes_over_as_it_was_asked_and_its_answer_goes_back(void **state) {
    struct bed *b = *state;
    char *text = quote_text(b, "q1");
    say(b, 1, "{\"type\":\"hello\",\"epoch\":7}");
    expect(b, 1, "\"welcome\"");
    say(b, 1, text);
    free(text);
    struct ask *ask = next_ask(b);
    assert_int_equal(desk_pending(b->desk), 1);
    assert_int_equal(ask->u.quote.item_count, 2);
    assert_string_equal(ask->u.quote.items[0].options, "design=d1;ink=dark");
    assert_int_equal(ask->u.quote.items[0].quantity, 3);
    assert_false(ask->u.quote.items[0].personalised);
    assert_true(ask->u.quote.items[1].personalised);
    assert_string_equal(ask->u.quote.country, "DE");
    assert_int_equal(ask->u.quote.creator, 0);
    ask->u.quote.ret_ship_by_s = AT_S;
    ask->u.quote.ret_valid_until_s = AT_S + 60;
    ask->u.quote.ret_deliver_by_day = 20790;
    desk_answered(b->desk, ask);
    assert_int_equal(desk_pending(b->desk), 0);
    struct desk_effect e;
    assert_true(desk_effect(b->desk, &e));
    struct message m;
    struct refusal refusal = {0};
    assert_true(message_read(e.text, e.size, &m, &refusal));
    assert_string_equal(m.id, "q1");
    struct ask answer = {0};
    struct reader r = message_reader(&m, &refusal);
    inquiry_read_quoted(&r, strcmp(m.type, "quoted") == 0, &answer);
    assert_int_equal(answer.refusal.kind, REFUSAL_NONE);
    assert_int_equal(answer.u.quote.ret_ship_by_s, AT_S);
    assert_int_equal(answer.u.quote.ret_deliver_by_day, 20790);
    assert_int_equal(answer.u.quote.ret_valid_until_s, AT_S + 60);
    message_done(&m);
    free(e.text);
}

static void a_refusal_comes_over_with_its_kind_and_reason(void **state) {
    (void)state;
    struct ask asked = {0}, answer = {0};
    struct writer w = {0};
    struct message m;
    struct refusal refusal = {0};
    size_t size;
    refuse(&asked.refusal, REFUSAL_NO_CAPACITY, "/items", "there is no cloth");
    inquiry_write_quoted(&w, "q", &asked);
    char *text = writer_take(&w, &size);
    assert_true(message_read(text, size, &m, &refusal));
    struct reader r = message_reader(&m, &refusal);
    inquiry_read_quoted(&r, false, &answer);
    assert_int_equal(answer.refusal.kind, REFUSAL_NO_CAPACITY);
    assert_string_equal(answer.refusal.detail, "there is no cloth");
    assert_string_equal(answer.refusal.at, "/items");
    message_done(&m);
    free(text);
}

static void who_means_another_planner_is_told_so_and_gets_nothing(void **state) {
    struct bed *b = *state;
    say(b, 1, "{\"type\":\"hello\",\"epoch\":8}");
    expect(b, 1, "this is the planner of epoch 7");
    char *text = quote_text(b, "q1");
    say(b, 1, text);
    free(text);
    expect(b, 1, "no-session");
    desk_news(b->desk);
    expect_nothing(b);
}

static void who_has_said_hello_gets_news_until_it_is_lost(void **state) {
    struct bed *b = *state;
    say(b, 1, "{\"type\":\"hello\",\"epoch\":7}");
    say(b, 1, "{\"type\":\"hello\",\"epoch\":7}");
    say(b, 2, "{\"type\":\"hello\",\"epoch\":7}");
    expect(b, 1, "welcome");
    expect(b, 1, "welcome");
    expect(b, 2, "welcome");
    desk_news(b->desk);
    expect(b, 1, "news");
    expect(b, 2, "news");
    desk_lost(b->desk, 1);
    desk_news(b->desk);
    expect(b, 2, "news");
    expect_nothing(b);
    say(b, 2, "{\"type\":\"wake\"}");
    struct desk_effect e;
    assert_true(desk_effect(b->desk, &e));
    assert_int_equal(e.kind, DESK_WAKE);
}

static void what_cannot_be_understood_is_refused(void **state) {
    struct bed *b = *state;
    say(b, 1, "{");
    expect(b, 1, "bad-message");
    say(b, 1, "{\"type\":\"publish\"}");
    expect(b, 1, "unknown-type");
    say(b, 1, "{\"type\":\"hello\",\"epoch\":7}");
    expect(b, 1, "welcome");
    say(b, 1, "{\"type\":\"quote\",\"id\":\"a\",\"creator\":\"nobody\",\"items\":[{\"product\":\"tee\",\"options\":{\"ink\":\"dark\","
              "\"design\":\"d\"},\"quantity\":1,\"personalised\":false}]}");
    expect(b, 1, "unknown-creator");
    say(b, 1, "{\"type\":\"quote\",\"id\":\"a\",\"creator\":\"luna\",\"items\":[{\"product\":\"tea\",\"quantity\":1}]}");
    expect(b, 1, "unknown-product");
    assert_int_equal(desk_pending(b->desk), 0);
}

static void an_estimate_comes_over_and_what_it_does_not_name_is_not_refused(void **state) {
    struct bed *b = *state;
    struct estimate_product product = {.packed_s = AT_S + 100, .lot = 50, .more_s = 3600, .most = 900};
    struct estimate e = {.product_count = 1, .at_s = AT_S, .products = &product, .plant = b->fixture.plant};
    say(b, 1, "{\"type\":\"hello\",\"epoch\":7}");
    expect(b, 1, "welcome");
    for (int known = 1; known >= 0; known--) {
        struct desk_effect effect;
        struct message m;
        struct refusal refusal = {0};
        e.product_count = (size_t)known;
        desk_estimate(b->desk, &e);
        assert_true(desk_effect(b->desk, &effect));
        assert_true(message_read(effect.text, effect.size, &m, &refusal));
        struct reader r = message_reader(&m, &refusal);
        struct estimate *read = inquiry_read_estimate(&r, b->fixture.plant);
        assert_non_null(read);
        assert_int_equal(read->at_s, AT_S);
        assert_int_equal(read->product_count, b->fixture.plant->product_count);
        assert_int_equal(read->products[0].packed_s, known ? AT_S + 100 : TAKT_TIME_NONE);
        assert_int_equal(read->products[0].most, known ? 900 : UINT32_MAX);
        estimate_free(read);
        message_done(&m);
        free(effect.text);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_quote_comes_over_as_it_was_asked_and_its_answer_goes_back), TEST(a_refusal_comes_over_with_its_kind_and_reason),
        TEST(who_means_another_planner_is_told_so_and_gets_nothing),       TEST(who_has_said_hello_gets_news_until_it_is_lost),
        TEST(what_cannot_be_understood_is_refused), TEST(an_estimate_comes_over_and_what_it_does_not_name_is_not_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
