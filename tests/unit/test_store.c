/* SPDX-License-Identifier: Apache-2.0 */

/* What the store does itself, whatever is under it: the queue and its groups. And the texts in its rows. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/store/backend.h"
#include "daemon/store/body.h"
#include "daemon/store/items.h"

#include <string.h>

/* A back end that notes how large its groups are. */
static size_t groups[16], group_count;

static void note_run(void *self, struct store_request *chain) {
    (void)self;
    size_t n = 0;
    for (struct store_request *r = chain; r != NULL; r = r->next)
        n++;
    groups[group_count++] = n;
}

static void note_close(void *self) {
    (void)self;
}

static const char *note_trouble(const void *self) {
    return self;
}

static const struct store_backend noting = {
    .scheme = "noting:", .close = note_close, .run = note_run, .trouble = note_trouble};
static char no_trouble[] = "";

static void a_full_queue_refuses_and_leaves_the_request_alone(void **state) {
    (void)state;
    struct store *s = store_over(&noting, no_trouble, 2);
    struct store_clock q[3] = {{.head = {.tag = 1}}, {.head = {.tag = 2}}, {.head = {.tag = 3}}};
    assert_int_equal(store_submit(s, &q[0].head), 0);
    assert_int_equal(store_submit(s, &q[1].head), 0);
    assert_int_equal(store_submit(s, &q[2].head), TAKT_EBUSY);
    assert_int_equal(q[2].head.tag, 3);
    struct store_request *done = store_turn(s, 0);
    assert_ptr_equal(done, &q[0].head);
    assert_ptr_equal(done->next, &q[1].head);
    assert_int_equal(store_submit(s, &q[2].head), 0);
    store_close(s);
}

static void groups_are_bounded_by_what_they_write(void **state) {
    (void)state;
    struct store *s = store_over(&noting, no_trouble, 0);
    struct store_accept q[5] = {{.head = {.op = STORE_ACCEPT}, .count = 1500},
                                {.head = {.op = STORE_ACCEPT}, .count = 500},
                                {.head = {.op = STORE_ACCEPT}, .count = 500},
                                {.head = {.op = STORE_ACCEPT}, .count = 9999},
                                {.head = {.op = STORE_ACCEPT}, .count = 1}};
    group_count = 0;
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(store_submit(s, &q[i].head), 0);
    while (store_turn(s, 0) != NULL)
        ;
    assert_int_equal(group_count, 4);
    assert_int_equal(groups[0], 2);
    assert_int_equal(groups[1], 1);
    assert_int_equal(groups[2], 1); /* larger than any group: alone */
    assert_int_equal(groups[3], 1);
    store_close(s);
}

static void an_unknown_kind_of_store_is_named(void **state) {
    (void)state;
    struct takt_error err = {0};
    struct store *s;
    struct store_config config = {.url = "mysql:x", .plant = "shirts", .create = true};
    assert_int_equal(store_open(&config, &s, &err), TAKT_EINVAL);
    assert_non_null(strstr(err.text, "mysql:x"));
}

static void items_are_read_as_they_were_written(void **state) {
    (void)state;
    static const struct item_row items[] = {
        {"tee", "fabric=white;size=M", 3, false}, {"a\tb\nc\\n", "", 4294967295u, true}, {"", "\\", 0, false}};
    struct arena *arena = arena_new();
    const struct item_row *got;
    uint32_t count;
    assert_int_equal(items_parse(items_format(items, 3, arena), arena, &got, &count), 0);
    assert_int_equal(count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_string_equal(got[i].product, items[i].product);
        assert_string_equal(got[i].options, items[i].options);
        assert_int_equal(got[i].quantity, items[i].quantity);
        assert_int_equal(got[i].personalised, items[i].personalised);
    }
    arena_free(arena);
}

static void what_are_no_items_is_refused(void **state) {
    (void)state;
    static const char *const wrong[] = {"3",        "3\ttee",      "3\ttee\t",    "x\ttee\t\n",
                                        "3\ttee\n", "\ttee\t\n",   "3\ttee\t\n4", "99999999999\ttee\t\n",
                                        "3\ttee\\", "3**\ttee\t\n"};
    struct arena *arena = arena_new();
    const struct item_row *got;
    uint32_t count;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(items_parse(wrong[i], arena, &got, &count), TAKT_EDATA);
    arena_free(arena);
}

static void bodies_merge_member_by_member(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    const char *got;
    assert_int_equal(body_merge("{\"a\":{\"x\":1},\"b\":2}", "{\"a\":{\"y\":3}}", arena, &got, NULL), 0);
    assert_string_equal(got, "{\"a\":{\"y\":3},\"b\":2}");
    assert_int_equal(body_merge(NULL, "{\"a\":1}", arena, &got, NULL), 0);
    assert_string_equal(got, "{\"a\":1}");
    assert_int_equal(body_merge("{}", "[]", arena, &got, NULL), TAKT_EDATA);
    assert_int_equal(body_merge("oops", "{}", arena, &got, NULL), TAKT_EDATA);
    arena_free(arena);
}

static void states_and_events_have_their_names_on_the_wire(void **state) {
    (void)state;
    assert_string_equal(order_state_text(ORDER_IN_PRODUCTION), "in-production");
    assert_string_equal(order_state_text(ORDER_CANCELLED), "cancelled");
    assert_string_equal(event_kind_text(EVENT_ORDER_PROMISED), "order.promised");
    assert_string_equal(event_kind_text(EVENT_ORDER_CANCELLED), "order.cancelled");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_queue_refuses_and_leaves_the_request_alone),
        cmocka_unit_test(groups_are_bounded_by_what_they_write),
        cmocka_unit_test(an_unknown_kind_of_store_is_named),
        cmocka_unit_test(items_are_read_as_they_were_written),
        cmocka_unit_test(what_are_no_items_is_refused),
        cmocka_unit_test(bodies_merge_member_by_member),
        cmocka_unit_test(states_and_events_have_their_names_on_the_wire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
