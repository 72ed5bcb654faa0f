/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/intake_fixture.h"

#include "daemon/intake/subscription.h"

/* Cancelled orders give an event each, which the store writes by itself. */
static void make_events(struct bed *b, uint64_t peer, const char *prefix, int count) {
    for (int at = 0; at < count; at += 500) {
        int part = count - at < 500 ? count - at : 500;
        char name[32], *text = malloc((size_t)part * 40 + 100), *end = text;
        snprintf(name, sizeof name, "%s%d-", prefix, at);
        bed_orders(b, peer, name, part);
        bed_expect(b, peer, "\"type\":\"accepted\"");
        end += sprintf(end, "{\"type\":\"cancel\",\"id\":\"c\",\"order_refs\":[\"%s0\"", name);
        for (int i = 1; i < part; i++)
            end += sprintf(end, ",\"%s%d\"", name, i);
        strcpy(end, "]}");
        bed_send(b, peer, text);
        bed_expect(b, peer, "\"type\":\"cancelled\"");
        free(text);
    }
}

/* Turns until nothing more happens; the number of events that came to the peer, whose cursors must ascend. */
static int take_events(struct bed *b, uint64_t peer, int64_t *cursor) {
    int taken = 0;
    size_t before;
    do {
        before = b->count;
        bed_time(b, 1);
    } while (b->count != before);
    for (; b->first < b->count; b->first++) {
        char *text = b->replies[b->first].text;
        long long now;
        assert_int_equal(b->replies[b->first].peer, peer);
        assert_int_equal(sscanf(text, "{\"type\":\"event\",\"cursor\":%lld", &now), 1);
        assert_true(now > *cursor);
        *cursor = now;
        free(text);
        taken++;
    }
    b->first = b->count = 0;
    return taken;
}

static void subscribe(struct bed *b, uint64_t peer, const char *after, const char *cursor) {
    char text[128], want[64];
    snprintf(text, sizeof text, "{\"type\":\"subscribe\",\"id\":\"s\",\"after\":%s}", after);
    bed_send(b, peer, text);
    snprintf(want, sizeof want, "{\"type\":\"subscribed\",\"id\":\"s\",\"cursor\":%s", cursor);
    bed_expect(b, peer, want);
}

static void events_come_in_order_from_a_cursor_on(void **state) {
    (void)state;
    struct bed b;
    int64_t cursor = 0, middle;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    make_events(&b, 1, "A", 10);
    subscribe(&b, 1, "0", "0");
    assert_int_equal(take_events(&b, 1, &cursor), 10);
    middle = cursor;
    make_events(&b, 1, "B", 5);
    assert_int_equal(take_events(&b, 1, &cursor), 5); /* without a wake: cancelling is the intake's own doing */
    bed_hello(&b, 2, "luna");
    char after[32];
    snprintf(after, sizeof after, "%lld", (long long)middle);
    subscribe(&b, 2, after, after);
    cursor = middle;
    assert_int_equal(take_events(&b, 2, &cursor), 5);
    bed_close(&b);
}

static void an_event_says_what_happened(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    make_events(&b, 1, "A", 1);
    subscribe(&b, 1, "0", "0");
    bed_time(&b, 1);
    bed_expect(&b, 1, "\"event\":\"order.cancelled\",\"order_ref\":\"A0-0\",\"at\":\"2026-11-22T00:00:00Z\"}");
    bed_close(&b);
}

static void now_begins_with_what_comes_next(void **state) {
    (void)state;
    struct bed b;
    int64_t cursor = 0;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    make_events(&b, 1, "A", 3);
    subscribe(&b, 1, "\"now\"", "");
    assert_int_equal(take_events(&b, 1, &cursor), 0);
    make_events(&b, 1, "B", 2);
    assert_int_equal(take_events(&b, 1, &cursor), 2);
    bed_hello(&b, 2, "band"); /* another's events are none of its own, and it has had none */
    subscribe(&b, 2, "\"now\"", "0");
    cursor = 0;
    assert_int_equal(take_events(&b, 2, &cursor), 0);
    bed_close(&b);
}

/* A store restored from yesterday has lower numbers than a creator remembers: it would wait for ever, or miss what is told
 * under numbers that it thinks it has seen. */
static void a_cursor_never_given_is_refused(void **state) {
    (void)state;
    struct bed b;
    int64_t cursor = 0;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    make_events(&b, 1, "A", 3);
    bed_send(&b, 1, "{\"type\":\"subscribe\",\"id\":\"s\",\"after\":9007199254740991}");
    bed_expect(&b, 1, "{\"type\":\"problem\",\"id\":\"s\",\"problem\":\"contradiction\"");
    subscribe(&b, 1, "\"now\"", "");
    make_events(&b, 1, "B", 2);
    assert_int_equal(take_events(&b, 1, &cursor), 2);
    bed_close(&b);
}

static void the_window_closes_and_seen_opens_it(void **state) {
    (void)state;
    struct bed b;
    int64_t cursor = 0;
    char text[64];
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    make_events(&b, 1, "A", 1500);
    subscribe(&b, 1, "0", "0");
    assert_int_equal(take_events(&b, 1, &cursor), SUBSCRIPTION_WINDOW);
    bed_time(&b, INTAKE_EVENT_ALONE_MS);
    bed_silent(&b);
    snprintf(text, sizeof text, "{\"type\":\"seen\",\"cursor\":%lld}", (long long)cursor);
    bed_send(&b, 1, text);
    assert_int_equal(take_events(&b, 1, &cursor), 500);
    bed_send(&b, 1, "{\"type\":\"seen\",\"cursor\":9007199254740991}");
    bed_send(&b, 1, "{\"type\":\"seen\",\"cursor\":0}");
    bed_silent(&b);
    make_events(&b, 1, "B", 1);
    assert_int_equal(take_events(&b, 1, &cursor), 1);
    bed_close(&b);
}

static void bad_subscriptions_are_told_why(void **state) {
    (void)state;
    static const char *const bad[] = {"{\"type\":\"subscribe\",\"id\":\"1\"}",
                                      "{\"type\":\"subscribe\",\"id\":\"1\",\"after\":-1}",
                                      "{\"type\":\"subscribe\",\"id\":\"1\",\"after\":1.0}",
                                      "{\"type\":\"subscribe\",\"id\":\"1\",\"after\":\"then\"}",
                                      "{\"type\":\"subscribe\",\"id\":\"1\",\"after\":9007199254740992}",
                                      "{\"type\":\"seen\"}",
                                      "{\"type\":\"seen\",\"cursor\":\"1\"}"};
    struct bed b;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bed_send(&b, 1, bad[i]);
        bed_expect(&b, 1, "bad-message");
    }
    b.fail = TAKT_ESTORE;
    bed_send(&b, 1, "{\"type\":\"subscribe\",\"id\":\"1\",\"after\":0}");
    bed_expect(&b, 1, "busy");
    b.fail = 0;
    bed_send(&b, 1, "{\"type\":\"seen\",\"cursor\":5}"); /* without a subscription it means nothing and does no harm */
    bed_silent(&b);
    bed_close(&b);
}

/* A read that fails is made up for soon, not at the next look at all. */
static void events_survive_a_store_that_fails(void **state) {
    (void)state;
    struct bed b;
    int64_t cursor = 0;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    make_events(&b, 1, "A", 3);
    subscribe(&b, 1, "0", "0");
    b.fail = TAKT_ESTORE;
    assert_int_equal(take_events(&b, 1, &cursor), 0);
    b.fail = 0;
    b.now_ms += INTAKE_EVENT_RETRY_MS;
    assert_int_equal(take_events(&b, 1, &cursor), 3);
    bed_close(&b);
}

/* What was read for the older place in the log must not pass for what comes next in the newer one. */
static void subscribing_anew_drops_what_was_read_for_before(void **state) {
    (void)state;
    struct bed b;
    int64_t cursor = 0;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    make_events(&b, 1, "A", 3);
    subscribe(&b, 1, "0", "0");
    assert_int_equal(take_events(&b, 1, &cursor), 3);
    make_events(&b, 1, "B", 2);
    b.hold = true;
    bed_time(&b, 1);
    bed_send(&b, 1, "{\"type\":\"subscribe\",\"id\":\"s\",\"after\":0}");
    assert_int_equal(b.held_count, 2);
    struct store_request *older = b.held[0];
    bed_run(&b, b.held[1]);
    bed_pump(&b);
    bed_expect(&b, 1, "subscribed");
    b.hold = false;
    b.held_count = 0;
    bed_run(&b, older);
    cursor = 0;
    assert_int_equal(take_events(&b, 1, &cursor), 5);
    bed_close(&b);
}

static void a_subscriber_is_read_for_once_at_a_time_and_again_if_there_was_more(void **state) {
    (void)state;
    struct bed b;
    int64_t cursor = 0;
    bed_open(&b);
    bed_hello(&b, 1, "luna");
    subscribe(&b, 1, "0", "0");
    assert_int_equal(take_events(&b, 1, &cursor), 0);
    b.hold = true;
    intake_wake(b.in);
    bed_time(&b, 1);
    intake_wake(b.in);
    bed_time(&b, 1);
    assert_int_equal(b.held_count, 1);
    struct store_request *read = b.held[0];
    bed_run(&b, read); /* it saw nothing, and the second wake came after it began */
    b.held_count = 0;
    bed_time(&b, 1);
    assert_int_equal(b.held_count, 1);
    bed_close(&b);
}

static void many_subscribers_are_read_for_a_few_at_a_time(void **state) {
    (void)state;
    struct bed b;
    bed_open(&b);
    for (uint64_t peer = 1; peer <= 200; peer++) {
        bed_hello(&b, peer, "luna");
        subscribe(&b, peer, "0", "0");
    }
    bed_time(&b, 1);
    b.hold = true;
    intake_wake(b.in);
    bed_time(&b, 1);
    assert_int_equal(b.held_count, INTAKE_EVENT_READS_MAX);
    intake_wake(b.in);
    bed_time(&b, 1);
    assert_int_equal(b.held_count, INTAKE_EVENT_READS_MAX);
    bed_close(&b);
}

/* ---- the window alone ---- */

static void the_window_counts_cursors_with_gaps(void **state) {
    (void)state;
    struct subscription s = {0};
    assert_int_equal(subscription_room(&s), 0);
    subscription_begin(&s, 100);
    assert_false(subscription_send(&s, 100));
    for (uint64_t i = 1; i <= SUBSCRIPTION_WINDOW; i++)
        assert_true(subscription_send(&s, 100 + 7 * i));
    assert_int_equal(subscription_room(&s), 0);
    subscription_seen(&s, 100 + 7 * 3 - 1);
    assert_int_equal(subscription_room(&s), 2);
    for (int round = 0; round < 5000; round++) {
        assert_true(subscription_send(&s, s.sent + 3));
        subscription_seen(&s, s.unseen[s.first]);
        assert_int_equal(subscription_room(&s), 2);
    }
    subscription_seen(&s, UINT64_MAX);
    assert_int_equal(subscription_room(&s), SUBSCRIPTION_WINDOW);
    subscription_done(&s);
    assert_int_equal(subscription_room(&s), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_in_order_from_a_cursor_on),
        cmocka_unit_test(an_event_says_what_happened),
        cmocka_unit_test(now_begins_with_what_comes_next),
        cmocka_unit_test(a_cursor_never_given_is_refused),
        cmocka_unit_test(the_window_closes_and_seen_opens_it),
        cmocka_unit_test(bad_subscriptions_are_told_why),
        cmocka_unit_test(events_survive_a_store_that_fails),
        cmocka_unit_test(subscribing_anew_drops_what_was_read_for_before),
        cmocka_unit_test(a_subscriber_is_read_for_once_at_a_time_and_again_if_there_was_more),
        cmocka_unit_test(many_subscribers_are_read_for_a_few_at_a_time),
        cmocka_unit_test(the_window_counts_cursors_with_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
