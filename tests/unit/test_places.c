/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/store/places.h"

#include <stdlib.h>
#include <string.h>

static int setup(void **state) {
    *state = arena_new();
    return 0;
}

static int teardown(void **state) {
    arena_free(*state);
    return 0;
}

static struct task_row task(uint32_t op, const char *line, int64_t start_s) {
    return (struct task_row){.lot = 1, .op = op, .line = line, .start_s = start_s, .end_s = start_s + 5};
}

static const char *apply(struct arena *arena, const char *text, const struct task_row *tasks, size_t count) {
    const struct task_row *rows[8];
    for (size_t i = 0; i < count; i++)
        rows[i] = &tasks[i];
    qsort(rows, count, sizeof *rows, places_compare);
    return places_apply(text, rows, count, arena);
}

static void tasks_lie_by_their_operation(void **state) {
    struct task_row tasks[] = {task(10, "pack-1", 30), task(0, "print-1", 10), task(2, "", 20)};
    tasks[2].start_s = tasks[2].end_s = TAKT_TIME_NONE;
    assert_string_equal(apply(*state, "", tasks, 3), "0 10 15 print-1\n2 - - \n10 30 35 pack-1\n");
    assert_string_equal(apply(*state, "", NULL, 0), "");
}

static void a_task_that_is_only_moved_is_moved_where_it_is_there(void **state) {
    struct task_row tasks[] = {task(1, "b", 20), task(7, "c", 30)};
    tasks[0].moved = tasks[1].moved = true;
    assert_string_equal(apply(*state, "0 10 15 a\n1 10 15 a\n", tasks, 2), "0 10 15 a\n1 20 25 b\n");
}

static void a_task_that_is_gone_leaves_the_others(void **state) {
    struct task_row tasks[] = {task(1, "", 0), task(5, "", 0), task(2, "c", 7)};
    tasks[0].gone = tasks[1].gone = true;
    assert_string_equal(apply(*state, "0 1 2 a\n1 1 2 a\n2 1 2 a\n", tasks, 3), "0 1 2 a\n2 7 12 c\n");
    assert_string_equal(apply(*state, "1 1 2 a\n", tasks, 1), "");
}

static void of_rows_of_one_task_the_last_counts_and_moves_come_behind(void **state) {
    struct task_row tasks[] = {task(0, "a", 1), task(0, "b", 2), task(0, "c", 3), task(1, "d", 4)};
    tasks[0].moved = true;
    assert_string_equal(apply(*state, "", tasks, 4), "0 1 6 a\n1 4 9 d\n");
    tasks[0].moved = false;
    assert_string_equal(apply(*state, "", tasks, 4), "0 3 8 c\n1 4 9 d\n");
}

static void rows_are_sorted_into_lots(void **state) {
    (void)state;
    struct task_row tasks[] = {task(0, "a", 1), task(1, "a", 1), task(0, "a", 1)};
    const struct task_row *rows[] = {&tasks[0], &tasks[1], &tasks[2]};
    tasks[0].lot = tasks[2].lot = 4294967295;
    qsort(rows, 3, sizeof *rows, places_compare);
    assert_ptr_equal(rows[0], &tasks[1]);
    assert_int_equal(places_of_lot(rows, 3), 1);
    assert_int_equal(places_of_lot(rows + 1, 2), 2);
}

static void a_task_is_found(void **state) {
    static const char text[] = "0 -5 9223372036854775806 print-1\n4294967295 - - a b\n";
    struct task_row row = {.op = 0};
    assert_true(places_find(text, *state, &row));
    assert_string_equal(row.line, "print-1");
    assert_int_equal(row.start_s, -5);
    assert_int_equal(row.end_s, INT64_MAX - 1);
    row.op = 4294967295;
    assert_true(places_find(text, *state, &row));
    assert_string_equal(row.line, "a b");
    assert_int_equal(row.start_s, TAKT_TIME_NONE);
    row.op = 1;
    assert_false(places_find(text, *state, &row));
    assert_false(places_find("", *state, &row));
    struct task_row same[] = {row};
    same[0].gone = true;
    assert_string_equal(apply(*state, text, same, 1), text);
}

static void what_is_no_such_text_is_refused(void **state) {
    static const char *const texts[] = {"0",          "0 1 2 a",      "x 1 2 a\n",  "-1 1 2 a\n",       "0 1 a\n", "0 1 2\n",
                                        "0  1 2 a\n", "0 1 2 a\n\n", "0 1 2 a\nb", "4294967296 1 2 a\n", "\n",      "0 -- 2 a\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct task_row row = {.op = 7};
        if (apply(*state, texts[i], &row, 1) != NULL)
            fail_msg("'%s' was taken", texts[i]);
        assert_false(places_find(texts[i], *state, &row));
    }
    assert_false(places_line_fits("a\nb"));
    assert_true(places_line_fits("a b"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(tasks_lie_by_their_operation),
        TEST(a_task_that_is_only_moved_is_moved_where_it_is_there),
        TEST(a_task_that_is_gone_leaves_the_others),
        TEST(of_rows_of_one_task_the_last_counts_and_moves_come_behind),
        TEST(rows_are_sorted_into_lots),
        TEST(a_task_is_found),
        TEST(what_is_no_such_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
