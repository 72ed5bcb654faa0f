/* SPDX-License-Identifier: Apache-2.0 */

/* The floor: reports on their way to the planner, and the orders and units that they name. */

#include "tests/unit/floor_fixture.h"

/* ---- what is reported ---- */

static void a_report_is_reported_only_after_its_publication(void **state) {
    struct bench *b = *state;
    hello(b, BENCH, "bench");
    size_t before = b->heard_count;
    report(b, BENCH, "r1",
           "\"event\": \"progress\", \"task\": \"L7-print\", \"line\": \"print\", \"good\": 12, \"scrap\": 2,"
           " \"at\": \"2026-11-30T01:00:00Z\", \"reason\": \"ink\"");
    assert_int_equal(b->heard_count, before);
    assert_int_equal(floor_pending(b->floor), 1);
    struct ask *ask = asked(b, ASK_REPORT);
    const struct report *r = ask->u.report.report;
    assert_string_equal(r->reporter, "bench");
    assert_string_equal(r->report_ref, "r1");
    assert_int_equal(r->event, REPORT_PROGRESS);
    assert_string_equal(r->task, "L7-print");
    assert_string_equal(r->line, "print");
    assert_int_equal(r->good, 12);
    assert_int_equal(r->scrap, 2);
    assert_int_equal(r->at_s, NOW_S + 3600);
    assert_int_equal(r->until_s, TAKT_TIME_NONE);
    assert_string_equal(r->reason, "ink");
    assert_int_equal(r->quantity_milli, -1);
    assert_non_null(strstr(r->body, "L7-print"));
    publish(b, ask);
    assert_string_equal(last_heard(b), "reported");
    assert_string_equal(text_of(last(b), "id"), "i-r1");
    assert_string_equal(text_of(last(b), "report_ref"), "r1");
    assert_int_equal(floor_pending(b->floor), 0);
}

static void what_the_planner_refuses_is_a_problem(void **state) {
    struct bench *b = *state;
    hello(b, BENCH, "bench");
    report(b, BENCH, "r1", "\"event\": \"finished\", \"task\": \"L7-print\", \"line\": \"print\"");
    turn_down(b, asked(b, ASK_REPORT), REFUSAL_CONTRADICTION);
    assert_string_equal(last_heard(b), "contradiction");
    assert_string_equal(text_of(last(b), "id"), "i-r1");
}

static void a_report_said_again_counts_once(void **state) {
    struct bench *b = *state;
    static const char progress[] = "\"event\": \"progress\", \"task\": \"L7-print\", \"line\": \"print\", \"good\": 12";
    hello(b, BENCH, "bench");
    report(b, BENCH, "r1", progress);
    publish(b, asked(b, ASK_REPORT));
    report(b, BENCH, "r1", progress);
    assert_string_equal(last_heard(b), "reported");
    nothing_is_asked(b);
    report(b, BENCH, "r1", "\"event\": \"progress\", \"task\": \"L7-print\", \"line\": \"print\", \"good\": 13");
    assert_string_equal(last_heard(b), "conflict");
    nothing_is_asked(b);
    hello(b, PACKER, "store"); /* another reporter's r1 is another report */
    report(b, PACKER, "r1", "\"event\": \"stock\", \"material\": \"cloth\", \"quantity\": 5");
    publish(b, asked(b, ASK_REPORT));
    assert_string_equal(last_heard(b), "reported");
}

static void a_report_said_twice_at_once_reaches_the_planner_once(void **state) {
    struct bench *b = *state;
    static const char scrapped[] = "\"event\": \"scrapped\", \"task\": \"L7-print\", \"line\": \"print\", \"scrap\": 1";
    hello(b, BENCH, "bench");
    hello(b, OTHER, "bench"); /* the same terminal over a second connection */
    report(b, BENCH, "r1", scrapped);
    report(b, OTHER, "r1", scrapped);
    report(b, OTHER, "r1", scrapped);
    report(b, OTHER, "r2", scrapped);
    struct ask *first = asked(b, ASK_REPORT);
    nothing_is_asked(b);
    publish(b, first);
    struct ask *second = asked(b, ASK_REPORT);
    assert_string_equal(second->u.report.report->report_ref, "r2");
    nothing_is_asked(b);
    publish(b, second);
    assert_int_equal(b->heard_count, 6);
    for (size_t i = 2; i < 6; i++)
        assert_string_equal(text_of(b->heard[i].message, "type"), "reported");
}

static void a_report_whose_twin_was_refused_is_judged_by_itself(void **state) {
    struct bench *b = *state;
    hello(b, BENCH, "bench");
    report(b, BENCH, "r1", "\"event\": \"finished\", \"task\": \"L7-print\", \"line\": \"print\"");
    report(b, BENCH, "r1", "\"event\": \"started\", \"task\": \"L7-print\", \"line\": \"print\"");
    turn_down(b, asked(b, ASK_REPORT), REFUSAL_CONTRADICTION);
    publish(b, asked(b, ASK_REPORT));
    assert_string_equal(last_heard(b), "reported");
}

/* ---- orders and units ---- */

static void a_packed_order_is_known_by_its_number(void **state) {
    struct bench *b = *state;
    hello(b, PACKER, "packer");
    report(b, PACKER, "r1",
           "\"event\": \"packed\", \"creator\": \"luna\", \"order_ref\": \"a/b-1\", \"line\": \"pack\"");
    struct ask *ask = asked(b, ASK_REPORT);
    assert_int_equal(ask->u.report.report->order, b->order);
    publish(b, ask);
    report(b, PACKER, "r2", "\"event\": \"packed\", \"creator\": \"luna\", \"order_ref\": \"a/b-2\"");
    assert_string_equal(last_heard(b), "unknown-order");
    report(b, PACKER, "r3", "\"event\": \"packed\", \"order_ref\": \"a/b-1\"");
    assert_string_equal(last_heard(b), "bad-message");
}

static void scrapped_units_are_known_by_their_names(void **state) {
    struct bench *b = *state;
    hello(b, BENCH, "bench");
    report(b, BENCH, "r1",
           "\"event\": \"scrapped\", \"task\": \"L7-print\", \"line\": \"print\","
           " \"units\": [\"luna/a/b-1/2/3\", \"luna/a/b-1/1/1\"]");
    struct ask *ask = asked(b, ASK_REPORT);
    const struct report *r = ask->u.report.report;
    assert_int_equal(r->unit_count, 2);
    assert_int_equal(r->scrap, 2);
    assert_int_equal(r->units[0].order, b->order);
    assert_int_equal(r->units[0].item, 1);
    assert_int_equal(r->units[0].unit, 2);
    assert_int_equal(r->units[1].item, 0);
    assert_int_equal(r->units[1].unit, 0);
    publish(b, ask);
    static const struct {
        const char *units, *problem;
    } cases[] = {
        {"[\"luna/a/b-1/3/1\"]", "contradiction"},
        {"[\"luna/a/b-1/2/4\"]", "contradiction"},
        {"[\"luna/zzz/1/1\"]", "unknown-order"},
        {"[\"luna/a/b-1/0/1\"]", "bad-message"},
        {"[\"luna/1/1\"]", "bad-message"},
        {"[\"luna/a/b-1/1/1x\"]", "bad-message"},
        {"[\"/a/1/1\"]", "bad-message"},
        {"[\"luna/a/1/99999999999999999999\"]", "bad-message"},
        {"[\"luna/a/b-1/1/1\", \"luna/a/b-1/1/1\"]", "bad-message"},
        {"[7]", "bad-message"},
        {"[]", "bad-message"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char members[256];
        snprintf(members, sizeof members,
                 "\"event\": \"scrapped\", \"task\": \"L7-print\", \"line\": \"print\", \"units\": %s", cases[i].units);
        report(b, BENCH, "r2", members);
        assert_string_equal(last_heard(b), cases[i].problem);
        nothing_is_asked(b);
    }
}

static void a_report_that_is_not_whole_or_names_what_is_not_there_is_refused(void **state) {
    struct bench *b = *state;
    hello(b, BENCH, "bench");
    static const struct {
        const char *members, *problem;
    } cases[] = {
        {"\"event\": \"danced\"", "bad-message"},
        {"\"good\": 1", "bad-message"},
        {"\"event\": \"started\"", "bad-message"},
        {"\"event\": \"started\", \"task\": \"nonsense\"", "unknown-task"},
        {"\"event\": \"started\", \"task\": \"L7-print\", \"line\": \"prnt\"", "unknown-line"},
        {"\"event\": \"down\", \"line\": \"sew\"", "unknown-line"}, /* which of its stations? */
        {"\"event\": \"started\", \"task\": \"L7-print\", \"line\": \"pack\"", "unknown-line"},
        {"\"event\": \"progress\", \"task\": \"L7-print\", \"line\": \"print\"", "bad-message"},
        {"\"event\": \"progress\", \"task\": \"L7-print\", \"line\": \"print\", \"good\": -1", "bad-message"},
        {"\"event\": \"progress\", \"task\": \"L7-print\", \"line\": \"print\", \"good\": 1.5", "bad-message"},
        {"\"event\": \"scrapped\", \"task\": \"L7-print\", \"line\": \"print\"", "bad-message"},
        {"\"event\": \"scrapped\", \"task\": \"L7-print\", \"line\": \"print\", \"scrap\": 0", "bad-message"},
        {"\"event\": \"down\"", "bad-message"},
        {"\"event\": \"setup\", \"line\": \"print\"", "bad-message"},
        {"\"event\": \"stock\", \"material\": \"cloth\"", "bad-message"},
        {"\"event\": \"stock\", \"material\": \"clot\", \"quantity\": 1", "unknown-material"},
        {"\"event\": \"stock\", \"material\": \"cloth\", \"quantity\": -1", "bad-message"},
        {"\"event\": \"up\", \"line\": \"print\", \"at\": \"yesterday\"", "bad-message"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        report(b, BENCH, "r1", cases[i].members);
        if (strcmp(last_heard(b), cases[i].problem) != 0)
            fail_msg("%s: %s, not %s", cases[i].members, last_heard(b), cases[i].problem);
        nothing_is_asked(b);
    }
    say(b, BENCH, "{\"type\": \"report\", \"id\": \"1\", \"event\": \"up\", \"line\": \"print\"}");
    assert_string_equal(last_heard(b), "bad-message");
    say(b, BENCH, "{\"type\": \"report\", \"report_ref\": \"1\", \"event\": \"up\", \"line\": \"print\"}");
    assert_string_equal(last_heard(b), "bad-message");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        BENCH_TEST(a_report_is_reported_only_after_its_publication),
        BENCH_TEST(what_the_planner_refuses_is_a_problem),
        BENCH_TEST(a_report_said_again_counts_once),
        BENCH_TEST(a_report_said_twice_at_once_reaches_the_planner_once),
        BENCH_TEST(a_report_whose_twin_was_refused_is_judged_by_itself),
        BENCH_TEST(a_packed_order_is_known_by_its_number),
        BENCH_TEST(scrapped_units_are_known_by_their_names),
        BENCH_TEST(a_report_that_is_not_whole_or_names_what_is_not_there_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
