/* SPDX-License-Identifier: Apache-2.0 */
#include "schedulers/problem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* One line, one job of two tasks; a test spoils one thing of it. */
struct plain {
    struct problem_builder *b;
    struct problem_option option;
    struct problem_task_spec first, second;
    struct problem_line_spec line;
};

static struct plain plain_new(void) {
    struct plain s = {
        .b = problem_builder_new(), .option = {0, 5}, .line = {.name = "saw", .table = -1, .initial_family = -1}};
    s.first = s.second = PROBLEM_TASK_SPEC;
    s.first.name = "cut";
    s.second.name = "sew";
    s.first.option_count = s.second.option_count = 1;
    return s;
}

/* Builds; returns the code and the message. */
static int build(struct plain *s, struct takt_error *err) {
    struct problem *p = NULL;
    s->first.options = s->second.options = &s->option;
    problem_add_line(s->b, &s->line);
    int32_t job = problem_add_job(s->b, "L1", 0);
    problem_add_task(s->b, job, &s->first);
    problem_add_task(s->b, job, &s->second);
    memset(err, 0, sizeof *err);
    int code = problem_build(s->b, &p, err);
    if (code == 0) {
        assert_int_equal(problem_task_count(p), 2);
        assert_string_equal(problem_task_name(p, 1), "sew");
    }
    assert_true((code == 0) == (p != NULL));
    problem_free(p);
    problem_builder_free(s->b);
    return code;
}

#define REFUSED(s, expected, part)                                                                                     \
    do {                                                                                                               \
        struct takt_error err;                                                                                         \
        assert_int_equal(build(&(s), &err), expected);                                                                 \
        assert_non_null(strstr(err.text, part));                                                                       \
    } while (0)

static void a_sound_problem_is_built(void **state) {
    (void)state;
    struct plain s = plain_new();
    struct takt_error err;
    assert_int_equal(build(&s, &err), 0);
}

static void a_line_that_is_not_there_is_named_with_its_task(void **state) {
    (void)state;
    struct plain s = plain_new();
    s.option.line = 3;
    REFUSED(s, TAKT_EDATA, "task 'cut'");
}

static void negative_times_are_refused(void **state) {
    (void)state;
    struct plain s = plain_new();
    s.option.time = -1;
    REFUSED(s, TAKT_EDATA, "-1");
}

static void huge_times_are_refused_as_too_large(void **state) {
    (void)state;
    struct plain s = plain_new();
    s.option.time = PROBLEM_TICK_MAX;
    REFUSED(s, TAKT_EOVERFLOW, "too large");
}

static void tasks_that_wait_for_each_other_are_refused(void **state) {
    (void)state;
    struct plain s = plain_new();
    s.first.after = (const int32_t[]){1};
    s.first.after_count = 1;
    REFUSED(s, TAKT_EDATA, "wait for each other");
}

static void hours_out_of_order_are_refused(void **state) {
    (void)state;
    struct plain s = plain_new();
    s.line.open = (const struct problem_span[]){{0, 10}, {5, 20}};
    s.line.open_count = 2;
    REFUSED(s, TAKT_EDATA, "line 'saw'");
}

static void a_family_unknown_to_the_line_is_refused(void **state) {
    (void)state;
    struct plain s = plain_new();
    int32_t known = problem_add_family(s.b, "red"), time = 0;
    s.first.family = problem_add_family(s.b, "blue");
    s.line.table = problem_add_table_dense(s.b, "colours", &known, 1, &time);
    REFUSED(s, TAKT_EDATA, "task 'cut'");
}

static void a_task_larger_than_any_run_is_refused(void **state) {
    (void)state;
    struct plain s = plain_new();
    s.line.batch = 2;
    s.second.size = 3;
    REFUSED(s, TAKT_EDATA, "too large for a run");
}

static void costs_that_could_overflow_are_refused(void **state) {
    (void)state;
    struct plain s = plain_new();
    problem_set_objective(s.b, &(struct problem_objective){.makespan = INT64_MAX / 2});
    REFUSED(s, TAKT_EOVERFLOW, "makespan");
}

static void negative_weights_are_refused(void **state) {
    (void)state;
    struct plain s = plain_new();
    problem_set_objective(s.b, &(struct problem_objective){.tardiness = -1});
    REFUSED(s, TAKT_EDATA, "negative");
}

static void a_due_without_jobs_is_refused(void **state) {
    (void)state;
    struct plain s = plain_new();
    problem_add_due(s.b, &(struct problem_due_spec){.due = 3, .placed = PROBLEM_NONE, .weight = 1});
    REFUSED(s, TAKT_EDATA, "due number 1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_problem_is_built),
        cmocka_unit_test(a_line_that_is_not_there_is_named_with_its_task),
        cmocka_unit_test(negative_times_are_refused),
        cmocka_unit_test(huge_times_are_refused_as_too_large),
        cmocka_unit_test(tasks_that_wait_for_each_other_are_refused),
        cmocka_unit_test(hours_out_of_order_are_refused),
        cmocka_unit_test(a_family_unknown_to_the_line_is_refused),
        cmocka_unit_test(a_task_larger_than_any_run_is_refused),
        cmocka_unit_test(costs_that_could_overflow_are_refused),
        cmocka_unit_test(negative_weights_are_refused),
        cmocka_unit_test(a_due_without_jobs_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
