/* SPDX-License-Identifier: Apache-2.0 */

/* The lower bound against all plans there are of orders that wait for each other at one or two lines. */

#include "schedulers/solver.h"
#include "tests/effort.h"

#include "tests/property/random_problem.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { ORDERS_MAX = 5, PROBLEMS = TEST_EFFORT(400) };

/* Each job is a task on one of the shared lines, and after it one on a line of its own. */
struct shop {
    int32_t jobs, lines;
    int32_t release[ORDERS_MAX], time[ORDERS_MAX][2], lag[ORDERS_MAX], rest[ORDERS_MAX];
    struct problem *p;
    struct schedule *s;
    int64_t best;
};

static void add_dues(struct dice *d, struct problem_builder *b, const struct shop *shop, bool flow) {
    for (int32_t j = 0; j < shop->jobs; j++) {
        int32_t jobs[2] = {j, (j + 1) % shop->jobs};
        struct problem_due_spec due = {.jobs = jobs, .job_count = 1, .due = PROBLEM_NONE, .placed = PROBLEM_NONE};
        for (int32_t n = roll(d, 1, 2); n > 0; n--) {
            due.job_count = chance(d, 30) && shop->jobs > 1 ? 2 : 1;
            due.weight = roll(d, 0, 9);
            due.due = chance(d, 80) ? roll(d, -5, 25) : PROBLEM_NONE;
            due.placed = flow ? shop->release[j] - roll(d, 0, 3) : PROBLEM_NONE;
            problem_add_due(b, &due);
        }
    }
}

static void make_shop(struct shop *shop, uint64_t seed) {
    struct dice d = {seed};
    struct problem_builder *b = problem_builder_new();
    *shop = (struct shop){.best = INT64_MAX};
    shop->jobs = roll(&d, 1, ORDERS_MAX);
    shop->lines = roll(&d, 1, 2);
    bool flow = chance(&d, 50);
    for (int32_t l = 0; l < shop->lines + shop->jobs; l++)
        problem_add_line(b, &(struct problem_line_spec){.table = -1, .initial_family = -1});
    for (int32_t j = 0; j < shop->jobs; j++) {
        struct problem_task_spec first = PROBLEM_TASK_SPEC, rest = PROBLEM_TASK_SPEC;
        shop->release[j] = roll(&d, 0, 8);
        shop->time[j][0] = roll(&d, 1, 9);
        shop->time[j][1] = chance(&d, 50) ? shop->time[j][0] : roll(&d, 1, 9);
        first.lag_after = shop->lag[j] = roll(&d, 0, 2);
        shop->rest[j] = roll(&d, 0, 6);
        first.options = (struct problem_option[]){{0, shop->time[j][0]}, {1, shop->time[j][1]}};
        first.option_count = (size_t)shop->lines;
        rest.options = (struct problem_option[]){{shop->lines + j, shop->rest[j]}};
        rest.option_count = 1;
        int32_t job = problem_add_job(b, NULL, shop->release[j]);
        problem_add_task(b, job, &first);
        problem_add_task(b, job, &rest);
    }
    add_dues(&d, b, shop, flow);
    problem_set_objective(b, &(struct problem_objective){.tardiness = roll(&d, 0, 3), .flow = flow, .makespan = 1});
    assert_int_equal(problem_build(b, &shop->p, NULL), 0);
    problem_builder_free(b);
    shop->s = schedule_new(2 * shop->jobs);
}

/* The next job on either line, `done` and `free_at` so far. */
static void try_all(struct shop *shop, uint32_t done, const int32_t free_at[2]) {
    if (done == (1u << shop->jobs) - 1) {
        struct figures f;
        assert_int_equal(schedule_verify(shop->p, shop->s, NULL), 0);
        schedule_evaluate(shop->p, shop->s, &f);
        shop->best = f.objective < shop->best ? f.objective : shop->best;
        return;
    }
    for (int32_t j = 0; j < shop->jobs; j++)
        for (int32_t l = 0; l < shop->lines && (done & 1u << j) == 0; l++) {
            int32_t start = free_at[l] > shop->release[j] ? free_at[l] : shop->release[j],
                    end = start + shop->time[j][l];
            int32_t now[2] = {free_at[0], free_at[1]}, behind = end + shop->lag[j];
            now[l] = end;
            shop->s->line[2 * j] = l;
            shop->s->start[2 * j] = start;
            shop->s->end[2 * j] = end;
            shop->s->line[2 * j + 1] = shop->lines + j;
            shop->s->start[2 * j + 1] = behind;
            shop->s->end[2 * j + 1] = behind + shop->rest[j];
            try_all(shop, done | 1u << j, now);
        }
}

static void no_plan_costs_less_than_the_bound(void **state) {
    (void)state;
    int above_alone = 0, most = 0;
    for (uint64_t seed = 1; seed <= PROBLEMS; seed++) {
        struct shop shop;
        int64_t bound, alone;
        make_shop(&shop, seed);
        try_all(&shop, 0, (int32_t[2]){0, 0});
        solve_bound(shop.p, &bound, &alone);
        if (bound > shop.best)
            fail_msg("seed %d: bound %lld, optimum %lld", (int)seed, (long long)bound, (long long)shop.best);
        assert_true(alone <= bound);
        above_alone += shop.best > alone && bound > alone;
        most += bound == shop.best;
        schedule_free(shop.s);
        problem_free(shop.p);
    }
    assert_true(above_alone * 2 > PROBLEMS);
    assert_true(most * 10 > PROBLEMS);
}

static void orders_that_wait_on_one_line_are_bound_by_the_shortest_first(void **state) {
    (void)state;
    struct problem_builder *b = problem_builder_new();
    static const int32_t time[] = {4, 1, 3};
    problem_add_line(b, &(struct problem_line_spec){.table = -1, .initial_family = -1});
    for (int32_t j = 0; j < 3; j++) {
        struct problem_task_spec task = PROBLEM_TASK_SPEC;
        task.options = &(struct problem_option){0, time[j]};
        task.option_count = 1;
        problem_add_task(b, problem_add_job(b, NULL, 0), &task);
        problem_add_due(
            b, &(struct problem_due_spec){.jobs = &j, .job_count = 1, .due = 2, .placed = PROBLEM_NONE, .weight = 5});
    }
    problem_set_objective(b, &(struct problem_objective){.tardiness = 1});
    struct problem *p;
    int64_t bound, alone;
    assert_int_equal(problem_build(b, &p, NULL), 0);
    solve_bound(p, &bound, &alone);
    assert_int_equal(alone, 5 * (2 + 0 + 1));
    assert_int_equal(bound, 5 * (0 + 2 + 6)); /* ends at 1, 4 and 8 */
    problem_builder_free(b);
    problem_free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_plan_costs_less_than_the_bound),
        cmocka_unit_test(orders_that_wait_on_one_line_are_bound_by_the_shortest_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
