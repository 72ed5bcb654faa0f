/* SPDX-License-Identifier: Apache-2.0 */

/* Random changes of random rows: what a trial says is what evaluating the changed plan from nothing gives, every plan
 * on the way is feasible, and what was saved comes back. And the search by rows: the same schedule on any number of
 * threads, the best of all where there are few tasks. */

#include "schedulers/rows_moves.h"
#include "schedulers/rows_search.h"
#include "schedulers/rows_window.h"
#include "schedulers/solver.h"
#include "tests/effort.h"

#include "tests/property/random_problem.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SEEDS = TEST_EFFORT(300), TRIES = 200, FEW = 6 };

/* Jobs of one task each, and all else that rows know. */
static struct problem *rows_problem(uint64_t seed, int32_t most_jobs) {
    struct dice d = {seed * UINT64_C(104729) + 3};
    struct problem_builder *b = problem_builder_new();
    struct problem_span spans[RANDOM_SPANS];
    random_tables(&d, b);
    int32_t lines = roll(&d, 1, 4), jobs = roll(&d, 2, most_jobs), hours = roll(&d, 0, 2);
    bool lean = chance(&d, 20); /* nothing but times, changeovers and the makespan: ends are sums */
    for (int32_t l = 0; l < lines; l++) {
        struct problem_line_spec line = {.table = roll(&d, -1, 1), .open_count = RANDOM_SPANS};
        line.initial_family = roll(&d, -1, RANDOM_FAMILIES - 1);
        line.open = hours == 0 && !lean ? random_open(&d, spans) : NULL;
        problem_add_line(b, &line);
    }
    for (int32_t j = 0; j < jobs; j++) {
        struct problem_task_spec t = PROBLEM_TASK_SPEC;
        struct problem_option options[4];
        int32_t job = problem_add_job(b, NULL, chance(&d, 50) && !lean ? roll(&d, 0, 25) : 0);
        for (int32_t l = 0; l < lines; l++)
            if (chance(&d, 70) || (l + 1 == lines && t.option_count == 0))
                options[t.option_count++] = (struct problem_option){l, roll(&d, 1, 4)};
        t.options = options;
        t.family = chance(&d, 70) || lean ? roll(&d, 0, RANDOM_FAMILIES - 1) : -1;
        t.breakable = chance(&d, 80);
        problem_add_task(b, job, &t);
        for (int32_t k = roll(&d, 0, 2); k > 0; k--) {
            struct problem_due_spec due = {.jobs = &job, .job_count = 1, .placed = PROBLEM_NONE};
            due.due = chance(&d, 90) ? roll(&d, -3, 60) : PROBLEM_NONE;
            due.weight = roll(&d, 0, 4);
            if (chance(&d, 30))
                due.placed = roll(&d, -5, 5);
            problem_add_due(b, &due);
        }
    }
    struct problem_objective o = {.tardiness = 7, .flow = roll(&d, 0, 1), .changeover = roll(&d, 0, 2)};
    o.makespan = roll(&d, 0, 1) * 5;
    problem_set_objective(b, &o);
    if (lean || chance(&d, 20))
        problem_set_objective(b, &(struct problem_objective){.makespan = 1});
    struct problem *p = NULL;
    if (problem_build(b, &p, NULL) != 0)
        p = NULL;
    problem_builder_free(b);
    return p;
}

static void check_rows(const struct rows *r, uint64_t seed) {
    struct schedule *s = rows_schedule(r);
    struct takt_error err = {0};
    struct figures f;
    if (schedule_verify(r->p, s, &err) != 0)
        fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
    schedule_evaluate(r->p, s, &f);
    if (f.objective != r->now.cost)
        fail_msg("seed %llu: %lld is kept, %lld is true", (unsigned long long)seed, (long long)r->now.cost,
                 (long long)f.objective);
    schedule_free(s);
}

struct made {
    int all, priced; /* changes; those among them whose ends the move itself had worked out */
};

static void change_rows(struct rows *r, uint64_t seed, struct made *made) {
    struct rows_moves m;
    struct rows_saved saved = rows_saved_new(r);
    rows_moves_init(&m, r, seed);
    for (int k = 0; k < TRIES; k++) {
        struct rows_value to, was = r->now;
        int64_t limit = k % 3 == 0 ? r->now.energy + 50 : ROWS_ENERGY_MAX;
        if (!rows_propose(&m) || !rows_try(r, m.changes, m.change_count, limit, &to))
            continue;
        rows_save(r, &saved);
        rows_make(r, m.changes, m.change_count);
        made->all++;
        made->priced += m.changes[m.change_count - 1].priced;
        if (to.cost != r->now.cost || to.energy != r->now.energy)
            fail_msg("seed %llu: %lld was promised, it costs %lld", (unsigned long long)seed, (long long)to.cost,
                     (long long)r->now.cost);
        check_rows(r, seed);
        rows_aim(r);
        if (k % 4 != 0)
            continue;
        rows_restore(r, &saved);
        if (r->now.cost != was.cost || (r->now.energy != was.energy && !r->ends_only))
            fail_msg("seed %llu: what was saved did not come back", (unsigned long long)seed);
    }
    rows_moves_done(&m);
    rows_saved_free(&saved);
}

static void what_a_trial_says_is_what_the_changed_plan_costs(void **state) {
    (void)state;
    struct made made = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct problem *p = rows_problem(seed, 14);
        struct solve_result result = {0};
        if (p != NULL && rows_knows(p) &&
            solve("edd", p, NULL, &(struct solve_limits){0}, NULL, NULL, &result, NULL) == 0) {
            struct rows *r = rows_new(p, result.schedule);
            check_rows(r, seed);
            change_rows(r, seed, &made);
            rows_free(r);
        }
        schedule_free(result.schedule);
        problem_free(p);
    }
    assert_true(made.all > 20 * SEEDS);
    assert_true(made.priced > 2 * SEEDS);
}

static void the_schedule_is_the_same_on_any_number_of_threads(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct problem *p = rows_problem(seed, 40);
        if (p == NULL)
            continue;
        assert_true(rows_knows(p));
        struct solve_result one = {0}, three = {0};
        struct solve_limits limits = {.iterations = 5000, .threads = 1, .lanes = 3, .seed = seed};
        if (solve("auto", p, NULL, &limits, NULL, NULL, &one, NULL) == 0) {
            limits.threads = 3;
            assert_int_equal(solve("auto", p, NULL, &limits, NULL, NULL, &three, NULL), 0);
            size_t size = (size_t)one.schedule->task_count * sizeof(int32_t);
            assert_int_equal(one.moves, three.moves);
            assert_memory_equal(one.schedule->line, three.schedule->line, size);
            assert_memory_equal(one.schedule->start, three.schedule->start, size);
            assert_int_equal(schedule_verify(p, three.schedule, NULL), 0);
        }
        schedule_free(one.schedule);
        schedule_free(three.schedule);
        problem_free(p);
    }
}

struct counting { /* every plan of a few tasks */
    struct rows *r;
    struct rows_saved order;
    int64_t best;
    bool used[FEW];
};

static void count_plans(struct counting *c, int32_t line, int32_t placed) {
    if (placed == c->r->tasks && line < c->r->lines) {
        rows_restore(c->r, &c->order);
        c->best = c->r->now.cost < c->best ? c->r->now.cost : c->best;
        return;
    }
    if (line == c->r->lines)
        return;
    for (int32_t i = 0; i < c->r->tasks; i++) {
        if (c->used[i] || c->r->time[line * c->r->tasks + i] < 0)
            continue;
        c->used[i] = true;
        c->order.task[placed] = i;
        c->order.count[line]++;
        count_plans(c, line, placed + 1);
        c->order.count[line]--;
        c->used[i] = false;
    }
    count_plans(c, line + 1, placed);
}

static void the_search_finds_the_best_of_all_plans_of_a_few_tasks(void **state) {
    (void)state;
    int looked_at = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct problem *p = rows_problem(seed, 5);
        struct solve_result result = {0};
        if (p != NULL && problem_line_count(p) <= 2 &&
            solve("auto", p, NULL, &(struct solve_limits){.iterations = 30000}, NULL, NULL, &result, NULL) == 0) {
            struct counting c = {.r = rows_new(p, result.schedule), .best = INT64_MAX};
            if (c.r->hours == NULL) { /* orders that leave the hours have no cost */
                c.order = rows_saved_new(c.r);
                count_plans(&c, 0, 0);
                assert_int_equal(result.figures.objective, c.best);
                rows_saved_free(&c.order);
                looked_at++;
            }
            rows_free(c.r);
        }
        schedule_free(result.schedule);
        problem_free(p);
    }
    assert_true(looked_at > 10);
}

/* The least energy of all orders of the tasks of a row from one place to another. */
static int64_t least_energy(struct rows *r, const struct rows_change *window, int32_t *task, int32_t at) {
    if (at == window->part[0].count) {
        struct rows_change change = *window;
        struct rows_value to;
        change.part[0].task = task;
        return rows_try(r, &change, 1, ROWS_ENERGY_MAX, &to) ? to.energy : INT64_MAX;
    }
    int64_t least = INT64_MAX;
    for (int32_t k = at; k < window->part[0].count; k++) {
        int32_t first = task[at];
        task[at] = task[k];
        task[k] = first;
        int64_t energy = least_energy(r, window, task, at + 1);
        least = energy < least ? energy : least;
        task[k] = task[at];
        task[at] = first;
    }
    return least;
}

static void a_window_gets_the_best_order_there_is(void **state) {
    (void)state;
    int better = 0;
    struct rows_window *w = rows_window_new();
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct problem *p = rows_problem(seed, 14);
        struct solve_result result = {0};
        if (p != NULL && solve("spt", p, NULL, &(struct solve_limits){0}, NULL, NULL, &result, NULL) == 0) {
            struct rows *r = rows_new(p, result.schedule);
            for (int32_t row = 0; row < r->lines; row++) {
                int32_t count = r->row[row].count < FEW ? r->row[row].count : FEW, task[FEW];
                int32_t from = (r->row[row].count - count) / 2;
                struct rows_change all = {.row = row, .keep = from, .tail = from + count, .parts = 1}, found;
                memcpy(task, r->row[row].task + from, (size_t)count * sizeof *task);
                all.part[0].count = count;
                int64_t least = least_energy(r, &all, task, 0), was = r->now.energy;
                if (rows_window_solve(w, r, row, from, count, &found)) {
                    rows_make(r, &found, 1);
                    check_rows(r, seed);
                    assert_true(r->now.energy < was);
                    better++;
                }
                assert_int_equal(r->now.energy, least);
            }
            rows_free(r);
        }
        schedule_free(result.schedule);
        problem_free(p);
    }
    rows_window_free(w);
    assert_true(better > SEEDS / 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_trial_says_is_what_the_changed_plan_costs),
        cmocka_unit_test(a_window_gets_the_best_order_there_is),
        cmocka_unit_test(the_schedule_is_the_same_on_any_number_of_threads),
        cmocka_unit_test(the_search_finds_the_best_of_all_plans_of_a_few_tasks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
