/* SPDX-License-Identifier: Apache-2.0 */

/* The floor: sessions, who may do what, the order of things, and what happens when something is wrong. */

#include "tests/unit/floor_fixture.h"

/* ---- sessions ---- */

static void hello_comes_first(void **state) {
    struct bench *b = *state;
    say(b, BENCH, "{\"type\": \"next\", \"id\": \"1\", \"line\": \"print\", \"limit\": 3}");
    assert_string_equal(last_heard(b), "no-session");
    report(b, BENCH, "r1", "\"event\": \"up\", \"line\": \"print\"");
    assert_string_equal(last_heard(b), "no-session");
    hello(b, BENCH, "bench");
    assert_string_equal(last_heard(b), "welcome");
    assert_string_equal(text_of(last(b), "plant"), "p1");
    say(b, BENCH, "{\"type\": \"juggle\"}");
    assert_string_equal(last_heard(b), "unknown-type");
}

static void a_hello_that_is_wrong_is_refused(void **state) {
    struct bench *b = *state;
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"{\"type\": \"hello\", \"protocol\": 2, \"terminal\": \"bench\"}", "bad-protocol"},
        {"{\"type\": \"hello\", \"terminal\": \"bench\"}", "bad-message"},
        {"{\"type\": \"hello\", \"protocol\": 1}", "bad-message"},
        {"{\"type\": \"hello\", \"protocol\": 1, \"terminal\": \"bensh\"}", "not-allowed"},
        {"{\"type\": \"hello\", \"protocol\": 1, \"terminal\": 7}", "bad-message"},
        {"nonsense", "bad-message"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        say(b, BENCH, "%s", cases[i].text);
        assert_string_equal(last_heard(b), cases[i].problem);
    }
    say(b, BENCH, "{\"type\": \"next\", \"id\": \"1\", \"line\": \"print\"}");
    assert_string_equal(last_heard(b), "no-session");
}

static void who_was_silent_longest_gives_way(void **state) {
    struct bench *b = *state;
    for (uint64_t peer = 1; peer <= FLOOR_SESSIONS_MAX; peer++)
        hello(b, peer, "bench");
    report(b, 1, "keep", "\"event\": \"up\", \"line\": \"print\""); /* 1 is heard, 2 is the most silent now */
    hello(b, FLOOR_SESSIONS_MAX + 1, "bench");
    say(b, 2, "{\"type\": \"next\", \"id\": \"1\", \"line\": \"print\"}");
    assert_string_equal(last_heard(b), "no-session");
    publish(b, asked(b, ASK_REPORT));
    assert_string_equal(last_heard(b), "reported");
}

static void a_terminal_that_leaves_the_plant_loses_its_session(void **state) {
    struct bench *b = *state;
    struct fixture without;
    hello(b, BENCH, "bench");
    fixture_load(&without, SMALL_PLANT);
    floor_reload(b->floor, fixture_good(&without));
    fixture_done(&without);
    report(b, BENCH, "r1", "\"event\": \"up\", \"line\": \"print\"");
    assert_string_equal(last_heard(b), "no-session");
}

/* ---- order ---- */

static void reports_of_a_connection_reach_the_planner_in_their_order(void **state) {
    struct bench *b = *state;
    hello(b, BENCH, "bench");
    hello(b, OTHER, "bench");
    b->hold_store = true;
    report(b, BENCH, "r1",
           "\"event\": \"scrapped\", \"task\": \"L7-print\", \"line\": \"print\", \"units\": [\"luna/a/b-1/1/2\"]");
    report(b, BENCH, "r2", "\"event\": \"started\", \"task\": \"L7-print\", \"line\": \"print\"");
    report(b, OTHER, "r3", "\"event\": \"up\", \"line\": \"sew.1\"");
    assert_int_equal(b->held_count, 4);
    for (size_t i = 4; i-- > 0;) { /* they come back the other way round */
        b->hold_store = false;
        answer_store(b, b->held[i]);
        settle(b);
    }
    assert_int_equal(b->ask_count, 3);
    assert_string_equal(b->asks[0]->u.report.report->report_ref, "r3"); /* waits for nobody */
    assert_string_equal(b->asks[1]->u.report.report->report_ref, "r1");
    assert_string_equal(b->asks[2]->u.report.report->report_ref, "r2");
    for (size_t i = 3; i-- > 0;)
        publish(b, b->asks[i]);
}

/* Store and planner answer from threads of their own. */
static void what_is_asked_of_store_and_planner_at_once_shares_no_arena(void **state) {
    struct bench *b = *state;
    struct floor_effect e;
    size_t plans = 0;
    static const char text[] = "{\"type\": \"report\", \"id\": \"1\", \"report_ref\": \"r1\", \"event\": \"scrapped\","
                               " \"task\": \"L7-print\", \"units\": [\"luna/a/b-1/1/2\"]}";
    hello(b, BENCH, "bench");
    floor_receive(b->floor, BENCH, NULL, text, strlen(text), NOW_S);
    while (floor_effect(b->floor, &e)) {
        if (e.kind == FLOOR_STORE) {
            b->held[b->held_count++] = e.request;
        } else {
            assert_int_equal(e.ask->kind, ASK_PLAN);
            b->asks[plans++] = e.ask;
        }
    }
    assert_int_equal(plans, 1);
    assert_int_equal(b->held_count, 2);
    for (size_t i = 0; i < b->held_count; i++) {
        assert_ptr_not_equal(b->held[i]->arena, b->asks[0]->arena);
        answer_store(b, b->held[i]);
    }
    answer_plan(b, b->asks[0]);
    settle(b);
    publish(b, asked(b, ASK_REPORT));
    assert_string_equal(last_heard(b), "reported");
}

static void one_that_is_refused_lets_the_next_pass(void **state) {
    struct bench *b = *state;
    hello(b, BENCH, "bench");
    b->hold_store = true;
    report(b, BENCH, "r1",
           "\"event\": \"scrapped\", \"task\": \"L7-print\", \"line\": \"print\", \"units\": [\"luna/none/1/2\"]");
    report(b, BENCH, "r2", "\"event\": \"started\", \"task\": \"L7-print\", \"line\": \"print\"");
    b->hold_store = false;
    for (size_t i = 3; i-- > 0;)
        answer_store(b, b->held[i]);
    settle(b);
    publish(b, asked(b, ASK_REPORT));
    assert_string_equal(text_of(b->heard[1].message, "problem"), "unknown-order");
    assert_string_equal(last_heard(b), "reported");
}

/* ---- who may ---- */

static void a_terminal_reports_only_lines_that_it_names(void **state) {
    struct bench *b = *state;
    hello(b, BENCH, "bench");
    static const char *const forbidden[] = {
        "\"event\": \"down\", \"line\": \"kiln\"",
        "\"event\": \"up\", \"line\": \"kiln\"",
        "\"event\": \"setup\", \"line\": \"kiln\", \"family\": \"x\"",
        "\"event\": \"started\", \"task\": \"L7-fire\", \"line\": \"kiln\"",
        "\"event\": \"started\", \"task\": \"L7-fire\"", /* the plan says that it is on the kiln */
        "\"event\": \"packed\", \"creator\": \"luna\", \"order_ref\": \"a/b-1\"",
    };
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++) {
        report(b, BENCH, "r1", forbidden[i]);
        assert_string_equal(last_heard(b), "not-allowed");
        nothing_is_asked(b);
    }
    report(b, BENCH, "r2", "\"event\": \"started\", \"task\": \"L7-print\"");
    publish(b, asked(b, ASK_REPORT));
    b->task_line = NULL;
    report(b, BENCH, "r3", "\"event\": \"started\", \"task\": \"L7-print\""); /* the planner says that there is none */
    turn_down(b, asked(b, ASK_REPORT), REFUSAL_UNKNOWN_TASK);
    say(b, BENCH, "{\"type\": \"next\", \"id\": \"1\", \"line\": \"kiln\"}");
    assert_string_equal(last_heard(b), "not-allowed");
    report(b, BENCH, "r4", "\"event\": \"receipt\", \"material\": \"cloth\", \"quantity\": 12.5");
    assert_int_equal(b->asks[b->ask_next]->u.report.report->quantity_milli, 12500);
    publish(b, asked(b, ASK_REPORT));
}

static void the_operator_may_do_all_without_a_hello(void **state) {
    struct bench *b = *state;
    static const char down[] = "{\"type\": \"report\", \"id\": \"1\", \"report_ref\": \"r1\", \"event\": \"down\","
                               " \"line\": \"kiln\", \"until\": \"2026-12-01T00:00:00Z\", \"reason\": \"relining\"}";
    floor_operator(b->floor, 99, down, strlen(down), NOW_S);
    settle(b);
    struct ask *ask = asked(b, ASK_REPORT);
    assert_string_equal(ask->u.report.report->reporter, "operator");
    assert_int_equal(ask->u.report.report->until_s, NOW_S + 86400);
    publish(b, ask);
    assert_string_equal(last_heard(b), "reported");
    static const char hello_[] = "{\"type\": \"hello\", \"protocol\": 1, \"terminal\": \"bench\"}";
    floor_operator(b->floor, 99, hello_, strlen(hello_), NOW_S);
    settle(b);
    assert_string_equal(last_heard(b), "unknown-type");
}

/* ---- trouble ---- */

static void while_the_store_or_the_planner_is_busy_so_is_the_floor(void **state) {
    struct bench *b = *state;
    hello(b, BENCH, "bench");
    b->fail = TAKT_ESTORE;
    report(b, BENCH, "r1", "\"event\": \"up\", \"line\": \"print\"");
    assert_string_equal(last_heard(b), "busy");
    b->fail = 0;
    report(b, BENCH, "r1", "\"event\": \"up\", \"line\": \"print\"");
    turn_down(b, asked(b, ASK_REPORT), REFUSAL_BUSY);
    assert_string_equal(last_heard(b), "busy");
    report(b, BENCH, "r1", "\"event\": \"up\", \"line\": \"print\"");
    publish(b, asked(b, ASK_REPORT));
    assert_string_equal(last_heard(b), "reported");
    assert_int_equal(floor_pending(b->floor), 0);
}

static void beyond_its_limit_the_floor_is_busy(void **state) {
    struct bench *b = *state;
    hello(b, BENCH, "bench");
    for (int i = 0; i < FLOOR_JOBS_MAX; i++) {
        char ref[16];
        snprintf(ref, sizeof ref, "r%d", i);
        report(b, BENCH, ref, "\"event\": \"up\", \"line\": \"print\"");
    }
    assert_int_equal(b->ask_count, FLOOR_JOBS_MAX);
    report(b, BENCH, "more", "\"event\": \"up\", \"line\": \"print\"");
    assert_string_equal(last_heard(b), "busy");
    while (b->ask_next < b->ask_count)
        turn_down(b, asked(b, ASK_REPORT), REFUSAL_BUSY);
    assert_int_equal(floor_pending(b->floor), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        BENCH_TEST(hello_comes_first),
        BENCH_TEST(a_hello_that_is_wrong_is_refused),
        BENCH_TEST(who_was_silent_longest_gives_way),
        BENCH_TEST(a_terminal_that_leaves_the_plant_loses_its_session),
        BENCH_TEST(reports_of_a_connection_reach_the_planner_in_their_order),
        BENCH_TEST(what_is_asked_of_store_and_planner_at_once_shares_no_arena),
        BENCH_TEST(one_that_is_refused_lets_the_next_pass),
        BENCH_TEST(a_terminal_reports_only_lines_that_it_names),
        BENCH_TEST(the_operator_may_do_all_without_a_hello),
        BENCH_TEST(while_the_store_or_the_planner_is_busy_so_is_the_floor),
        BENCH_TEST(beyond_its_limit_the_floor_is_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
