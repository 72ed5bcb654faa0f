/* SPDX-License-Identifier: Apache-2.0 */

/* The story of an order that has ended, from rows of the store. */

#include "tests/unit/plant_fixture.h"

#include "daemon/operate/history.h"

#define NOON INT64_C(1796040000) /* Monday 2026-11-30 12:00 UTC, 13:00 in Berlin */
enum { HOUR = 3600, DAY = 86400 };

struct desk {
    struct fixture plant;
    struct arena *arena;
    struct promise_row promises[2];
    struct event_row events[5];
    struct shipment_row shipment;
    struct store_order story;
};

static struct event_row event(enum event_kind kind, int64_t at_s) {
    return (struct event_row){.kind = kind, .at_s = at_s, .reason = "", .shipment = "", .carrier = "", .tracking = ""};
}

static int set_up(void **state) {
    struct desk *d = calloc(1, sizeof *d);
    fixture_load(&d->plant, SMALL_PLANT);
    d->arena = arena_new();
    d->promises[0] = (struct promise_row){.at_s = NOON, .ship_by_s = NOON + 2 * DAY, .reason = ""};
    d->promises[1] = (struct promise_row){.at_s = NOON + DAY, .ship_by_s = NOON + 4 * DAY, .reason = "breakdown"};
    d->events[0] = event(EVENT_ORDER_PROMISED, NOON);
    d->events[1] = event(EVENT_ORDER_STARTED, NOON + HOUR);
    d->events[2] = event(EVENT_ORDER_REPROMISED, NOON + DAY);
    d->events[3] = event(EVENT_ORDER_MADE, NOON + 2 * DAY);
    d->events[4] = event(EVENT_ORDER_SHIPPED, NOON + 3 * DAY);
    d->events[4].shipment = "p1-7";
    d->events[4].carrier = "mail";
    d->story = (struct store_order){.ret_order = {.order_ref = "A-1", .state = ORDER_SHIPPED, .packed_at_s = NOON + 2 * DAY + HOUR},
                                    .ret_promises = d->promises,
                                    .ret_promise_count = 2,
                                    .ret_events = d->events,
                                    .ret_event_count = 5};
    *state = d;
    return 0;
}

static int tear_down(void **state) {
    struct desk *d = *state;
    arena_free(d->arena);
    fixture_done(&d->plant);
    free(d);
    return 0;
}

static struct history tell(struct desk *d) {
    struct history h;
    history_tell(&d->story, fixture_good(&d->plant), NOON + 3 * DAY + HOUR, d->arena, &h);
    return h;
}

static void a_shipped_order_is_told_in_the_order_in_which_it_happened(void **state) {
    static const char *const WHAT[] = {"promised", "started", "promised", "made", "packed", "shipped", "kept"};
    struct history h = tell(*state);
    assert_int_equal(h.count, 7);
    for (size_t i = 0; i < h.count; i++)
        assert_string_equal(h.steps[i].what, WHAT[i]);
    assert_string_equal(h.steps[1].text, "it was begun Mon 2026-11-30 14:00");
    assert_non_null(strstr(h.sentence, "promised anew to leave by Fri 13:00 (breakdown)"));
    assert_non_null(strstr(h.sentence, "it left in p1-7 with mail Thu 13:00"));
}

static void what_became_of_each_promise_is_said_at_the_end(void **state) {
    struct desk *d = *state;
    assert_string_equal(tell(d).steps[6].text, "that was 1 d 0 h before its last promise and 1 d 0 h after its first");
    d->story.ret_promise_count = 1;
    struct history h = tell(d);
    assert_string_equal(h.steps[h.count - 1].text, "that was 1 d 0 h after its promise");
}

static void a_cancelled_order_says_so_and_nothing_of_a_promise_kept(void **state) {
    struct desk *d = *state;
    d->events[1] = event(EVENT_ORDER_CANCELLED, NOON + HOUR);
    d->story.ret_order.packed_at_s = TAKT_TIME_NONE;
    d->story.ret_promise_count = 1;
    d->story.ret_event_count = 2;
    struct history h = tell(d);
    assert_int_equal(h.count, 2);
    assert_string_equal(h.steps[1].text, "it was cancelled Mon 2026-11-30 14:00");
}

static void an_order_without_a_trace_is_told_as_that(void **state) {
    struct desk *d = *state;
    d->story.ret_order.packed_at_s = TAKT_TIME_NONE;
    d->story.ret_promise_count = d->story.ret_event_count = 0;
    assert_string_equal(tell(d).sentence, "nothing is kept of it");
}

static void an_open_order_says_why_it_was_promised_anew_before_what_binds_it_now(void **state) {
    struct desk *d = *state;
    struct history h;
    struct why_step now = {.what = "packing", .text = "it is to be packed by Tue 13:00"};
    struct ask why = {.kind = ASK_WHY, .arena = d->arena};
    why.u.why.ret_steps = &now;
    why.u.why.ret_count = 1;
    why.u.why.ret_sentence = now.text;
    history_tell_open(&d->story, fixture_good(&d->plant), NOON + DAY, &why, &h);
    assert_int_equal(h.count, 2);
    assert_string_equal(h.steps[0].what, "promised");
    assert_string_equal(h.steps[0].how, "anew");
    assert_string_equal(h.steps[0].reason, "breakdown");
    assert_string_equal(h.steps[1].what, "packing");
    assert_non_null(strstr(h.sentence, "promised anew to leave by Fri 13:00 (breakdown); it is to be packed by"));
    d->story.ret_promise_count = 1;
    history_tell_open(&d->story, fixture_good(&d->plant), NOON + DAY, &why, &h);
    assert_int_equal(h.count, 1);
    assert_string_equal(h.sentence, now.text);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        T(a_shipped_order_is_told_in_the_order_in_which_it_happened),
        T(what_became_of_each_promise_is_said_at_the_end),
        T(a_cancelled_order_says_so_and_nothing_of_a_promise_kept),
        T(an_order_without_a_trace_is_told_as_that),
        T(an_open_order_says_why_it_was_promised_anew_before_what_binds_it_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
