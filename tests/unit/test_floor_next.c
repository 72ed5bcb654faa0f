/* SPDX-License-Identifier: Apache-2.0 */

/* The floor: what a line is to do next. */

#include "tests/unit/floor_fixture.h"

/* ---- next ---- */

static void the_next_tasks_carry_what_the_line_needs(void **state) {
    struct bench *b = *state;
    hello(b, BENCH, "bench");
    say(b, BENCH, "{\"type\": \"next\", \"id\": \"n\", \"line\": \"print\", \"limit\": 3}");
    struct ask *ask = asked(b, ASK_NEXT);
    assert_string_equal(b->fixture.plant->lines[ask->u.next.line].id, "print");
    assert_int_equal(ask->u.next.limit, 3);
    struct task_view *tasks = arena_array(ask->arena, 2, sizeof *tasks);
    struct variant_view *variants = arena_array(ask->arena, 1, sizeof *variants);
    struct unit_view *units = arena_array(ask->arena, 1, sizeof *units);
    *variants = (struct variant_view){"design=x1;ink=dark", 12};
    *units = (struct unit_view){b->order, 1, 1, 2};
    tasks[0] = (struct task_view){.task = "L7-print",
                                  .lot = 7,
                                  .product = "tee",
                                  .op = "print",
                                  .line = "print",
                                  .family = "dark",
                                  .start_s = NOW_S,
                                  .end_s = NOW_S + 60,
                                  .state = TASK_STARTED,
                                  .frozen = true,
                                  .quantity = 14,
                                  .good = 3,
                                  .variants = variants,
                                  .variant_count = 1,
                                  .units = units,
                                  .unit_count = 1};
    tasks[1] = (struct task_view){.task = "L8-print",
                                  .lot = 8,
                                  .product = "tee",
                                  .op = "print",
                                  .line = "print",
                                  .family = "",
                                  .start_s = NOW_S + 60,
                                  .end_s = NOW_S + 90};
    ask->u.next.ret_tasks = tasks;
    ask->u.next.ret_count = 2;
    floor_answered(b->floor, ask, NOW_S);
    settle(b);
    json_t *want = json_loads(
        "{\"type\": \"tasks\", \"id\": \"n\", \"line\": \"print\", \"tasks\": ["
        " {\"task\": \"L7-print\", \"lot\": \"L7\", \"product\": \"tee\", \"operation\": \"print\", \"line\": "
        "\"print\","
        "  \"family\": \"dark\", \"start\": \"2026-11-30T00:00:00Z\", \"end\": \"2026-11-30T00:01:00Z\","
        "  \"state\": \"started\", \"frozen\": true, \"late\": false, \"quantity\": 14, \"good\": 3, \"scrap\": 0,"
        "  \"variants\": [{\"options\": {\"design\": \"x1\", \"ink\": \"dark\"}, \"quantity\": 12}],"
        "  \"units\": [{\"unit\": \"luna/a/b-1/2/2\", \"count\": 2, \"options\": {\"design\": \"x2\", \"ink\": "
        "\"light\"},"
        "   \"personalization\": {\"text\": \"for Mei\"}}]},"
        " {\"task\": \"L8-print\", \"lot\": \"L8\", \"product\": \"tee\", \"operation\": \"print\", \"line\": "
        "\"print\","
        "  \"start\": \"2026-11-30T00:01:00Z\", \"end\": \"2026-11-30T00:01:30Z\", \"state\": \"planned\","
        "  \"frozen\": false, \"late\": false, \"quantity\": 0, \"good\": 0, \"scrap\": 0, \"variants\": [], "
        "\"units\": []}]}",
        0, NULL);
    assert_non_null(want);
    assert_true(json_equal(want, last(b)));
    json_decref(want);
    say(b, BENCH, "{\"type\": \"next\", \"id\": \"n\", \"line\": \"prin\"}");
    assert_string_equal(last_heard(b), "unknown-line");
    say(b, BENCH, "{\"type\": \"next\", \"id\": \"n\", \"line\": \"print\", \"limit\": 0}");
    assert_string_equal(last_heard(b), "bad-message");
}

static void a_line_of_several_stations_is_one_to_its_terminal(void **state) {
    struct bench *b = *state;
    hello(b, BENCH, "bench");
    say(b, BENCH, "{\"type\": \"next\", \"id\": \"n\", \"line\": \"sew\", \"limit\": 2}");
    static const int64_t starts_s[] = {300, 100, 200};
    for (int i = 0; i < 3; i++) {
        struct ask *ask = asked(b, ASK_NEXT);
        char station[24];
        snprintf(station, sizeof station, "sew.%d", i + 1);
        assert_string_equal(b->fixture.plant->lines[ask->u.next.line].id, station);
        struct task_view *task = arena_alloc(ask->arena, sizeof *task);
        *task = (struct task_view){.product = "tee",
                                   .op = "sew",
                                   .line = arena_strdup(ask->arena, station),
                                   .family = "",
                                   .start_s = starts_s[i]};
        snprintf(task->task, sizeof task->task, "L%d-sew", i + 1);
        ask->u.next.ret_tasks = task;
        ask->u.next.ret_count = 1;
        floor_answered(b->floor, ask, NOW_S);
        settle(b);
    }
    const json_t *tasks = json_object_get(last(b), "tasks");
    assert_int_equal(json_array_size(tasks), 2);
    assert_string_equal(text_of(json_array_get(tasks, 0), "line"), "sew.2");
    assert_string_equal(text_of(json_array_get(tasks, 1), "line"), "sew.3");
    report(b, BENCH, "r1", "\"event\": \"started\", \"task\": \"L2-sew\", \"line\": \"sew\"");
    publish(b, asked(b, ASK_REPORT));
    hello(b, PACKER, "packer");
    report(b, PACKER, "r1", "\"event\": \"started\", \"task\": \"L2-sew\", \"line\": \"sew\"");
    assert_string_equal(last_heard(b), "not-allowed");
}

static void tasks_end_before_personalised_units_are_too_many(void **state) {
    struct bench *b = *state;
    enum { UNITS = FLOOR_UNITS_MAX / 2 };
    hello(b, BENCH, "bench");
    say(b, BENCH, "{\"type\": \"next\", \"id\": \"n\", \"line\": \"print\"}");
    struct ask *ask = asked(b, ASK_NEXT);
    assert_int_equal(ask->u.next.limit, FLOOR_NEXT_DEFAULT);
    struct task_view *tasks = arena_array(ask->arena, 3, sizeof *tasks);
    struct unit_view *units = arena_array(ask->arena, UNITS, sizeof *units);
    for (size_t i = 0; i < UNITS; i++)
        units[i] = (struct unit_view){b->order, 1, 0, 1};
    for (size_t i = 0; i < 3; i++)
        tasks[i] = (struct task_view){.task = "L7-print",
                                      .product = "tee",
                                      .op = "print",
                                      .line = "print",
                                      .family = "",
                                      .units = units,
                                      .unit_count = UNITS};
    ask->u.next.ret_tasks = tasks;
    ask->u.next.ret_count = 3;
    floor_answered(b->floor, ask, NOW_S);
    settle(b);
    assert_int_equal(json_array_size(json_object_get(last(b), "tasks")), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        BENCH_TEST(the_next_tasks_carry_what_the_line_needs),
        BENCH_TEST(a_line_of_several_stations_is_one_to_its_terminal),
        BENCH_TEST(tasks_end_before_personalised_units_are_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
