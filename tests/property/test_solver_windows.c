/* SPDX-License-Identifier: Apache-2.0 */

/* Windows of plans as problems of their own: what they say of starts and costs is what the whole plan says, whatever is
 * moved in them. And the search of long plans that is built of them. */

#include "schedulers/lane.h"
#include "schedulers/neighbour.h"
#include "schedulers/solver.h"
#include "schedulers/tuning.h"
#include "schedulers/window.h"
#include "schedulers/windows.h"
#include "tests/effort.h"

#include "tests/property/random_problem.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SEEDS = TEST_EFFORT(1200), MOVES = 60 };

static bool overlaps(const struct problem *p) {
    for (int32_t i = 0; i < p->tasks; i++)
        if (p->overlap_quantity[i] > 0)
            return true;
    return false;
}

static bool has_tasks_of_no_length(const struct problem *p) {
    for (int32_t o = 0; o < p->option_offset[p->tasks]; o++)
        if (p->option_time[o] == 0)
            return true;
    return false;
}

struct checking {
    struct sequence *whole, *part;
    const struct window *w;
    struct sequence_order trial, now;
    int64_t whole_cost, part_cost; /* before anything was moved */
    uint64_t seed;
};

/* Writes the part's order into the plan, and compares. */
static void check_part(struct checking *c) {
    const struct window *w = c->w;
    const struct problem *p = c->whole->p;
    sequence_save(c->part, &c->now);
    sequence_save(c->whole, &c->trial);
    window_order(w, c->now.order, c->trial.order + w->from);
    for (int32_t i = w->heads; i < w->heads + w->own; i++)
        c->trial.option[w->task[i]] = window_option(w, p, i, c->now.option[i]);
    assert_true(sequence_restore(c->whole, &c->trial));
    for (int32_t i = w->heads; i < w->heads + w->own; i++)
        if (c->part->start[i] != c->whole->start[w->task[i]] || c->part->end[i] != c->whole->end[w->task[i]])
            fail_msg("seed %llu: task %d starts at %d in the window, and at %d in the plan",
                     (unsigned long long)c->seed, (int)w->task[i], (int)c->part->start[i],
                     (int)c->whole->start[w->task[i]]);
    int64_t here = c->part->cost - c->part_cost, there = c->whole->cost - c->whole_cost;
    if (w->from == 0 && w->reach == p->tasks && here != there * w->scale)
        fail_msg("seed %llu: %lld dearer in the window, %lld in the plan", (unsigned long long)c->seed, (long long)here,
                 (long long)there);
}

static int walk(struct checking *c) {
    struct neighbour n;
    int made = 0;
    neighbour_init(&n, c->w->p, c->seed);
    neighbour_freeze(&n, c->w->heads + c->w->own);
    for (int k = 0; k < MOVES; k++) {
        struct neighbour_move m;
        if (!neighbour_propose(&n, c->part, &m) || !neighbour_make(c->part, &m))
            continue;
        made++;
        check_part(c);
    }
    neighbour_done(&n);
    return made;
}

/* `moves`: the window's tasks are moved about as well. */
static int check_window(struct sequence *whole, int32_t from, int32_t to, int32_t reach, bool moves, uint64_t seed) {
    struct marginal *m = marginal_new(whole->p);
    marginal_compute(m, whole);
    struct window *w = window_new(whole, m, from, to, reach);
    struct checking c = {.whole = whole, .part = sequence_new(w->p, w->plan), .w = w, .seed = seed};
    size_t size = (size_t)whole->p->tasks * sizeof(int32_t), part = (size_t)w->p->tasks * sizeof(int32_t);
    int made = 0;
    assert_non_null(c.part);
    c.trial = (struct sequence_order){takt_alloc(size), takt_alloc(size)};
    c.now = (struct sequence_order){takt_alloc(part), takt_alloc(part)};
    c.whole_cost = whole->cost;
    c.part_cost = c.part->cost;
    check_part(&c);
    made = moves ? walk(&c) : 0;
    free(c.trial.order);
    free(c.trial.option);
    free(c.now.order);
    free(c.now.option);
    sequence_free(c.part);
    window_free(w);
    marginal_free(m);
    return made;
}

static void a_window_starts_and_costs_what_the_plan_does(void **state) {
    (void)state;
    static const struct random_size sizes[] = {{4, 14, 4, 6, false}, {3, 9, 3, 6, false}};
    int made = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct problem *p = random_problem(seed, &sizes[seed % 2]);
        struct solve_result r = {0};
        struct solve_limits limits = {.iterations = 1};
        if (p != NULL && window_knows(p) && p->tasks > 6 && solve("edd", p, NULL, &limits, NULL, NULL, &r, NULL) == 0) {
            struct sequence *q = sequence_new(p, r.schedule);
            int32_t third = p->tasks / 3;
            while (q != NULL && third < p->tasks && q->joined[q->order[third]])
                third++;
            if (q != NULL) {
                made += check_window(q, 0, p->tasks, p->tasks, true, seed);
                sequence_free(q);
                q = sequence_new(p, r.schedule);
                if (!overlaps(p) &&
                    third < p->tasks) /* for which what lies before a window is seen by one of the lines only */
                    made += check_window(q, third, p->tasks, p->tasks, true, seed);
            }
            sequence_free(q);
            schedule_free(r.schedule);
        }
        problem_free(p);
    }
    assert_true(made > SEEDS / 2);
}

/* Units of pools that were passed on from line to line before it, are held by several of its heads until the same tick, and so on. */
static void a_window_can_be_opened_anywhere(void **state) {
    (void)state;
    static const struct random_size size = {6, 14, 4, 6, false};
    int opened = 0;
    for (uint64_t seed = 0; seed < 4 * SEEDS; seed++) {
        struct problem *p = random_problem(seed, &size);
        struct solve_result r = {0};
        struct solve_limits limits = {.iterations = 1};
        if (p != NULL && p->pools > 0 && window_knows(p) && solve("edd", p, NULL, &limits, NULL, NULL, &r, NULL) == 0) {
            for (int32_t from = 1; from < p->tasks && !overlaps(p) && !has_tasks_of_no_length(p); from++) {
                struct sequence *q = sequence_new(p, r.schedule);
                if (q != NULL && !q->joined[q->order[from]]) {
                    check_window(q, from, p->tasks, p->tasks, false, seed);
                    opened++;
                }
                sequence_free(q);
            }
            schedule_free(r.schedule);
        }
        problem_free(p);
    }
    assert_true(opened > SEEDS / 4);
}

static int32_t border(const struct sequence *q, int32_t at) {
    while (at < q->p->tasks && q->joined[q->order[at]])
        at++;
    return at;
}

/* Three stages of three lines, with families and too much to do. batch: of the second stage, whose tasks then take
 * three times as long; 0: it does no runs. */
static struct problem *long_problem(int32_t jobs, int32_t batch) {
    struct problem_builder *b = problem_builder_new();
    struct dice d = {1};
    struct problem *p;
    random_tables(&d, b);
    for (int32_t l = 0; l < 9; l++)
        problem_add_line(
            b, &(struct problem_line_spec){.table = 0, .initial_family = -1, .batch = l / 3 == 1 ? batch : 0});
    for (int32_t j = 0; j < jobs; j++) {
        int32_t release = roll(&d, 0, jobs * 3), job = problem_add_job(b, NULL, release);
        for (int32_t stage = 0; stage < 3; stage++) {
            int32_t time = roll(&d, 5, 12) * (stage == 1 && batch > 0 ? 3 : 1), line = 3 * stage + roll(&d, 0, 2);
            struct problem_option options[] = {{line, time}, {3 * stage + (line + 1) % 3, time + roll(&d, 0, 3)}};
            struct problem_task_spec task = PROBLEM_TASK_SPEC;
            task.options = options;
            task.option_count = 2;
            task.family = roll(&d, 0, RANDOM_FAMILIES - 1);
            problem_add_task(b, job, &task);
        }
        int32_t weight = roll(&d, 1, 4), due = release + roll(&d, 20, 80);
        problem_add_due(b, &(struct problem_due_spec){&job, 1, due, PROBLEM_NONE, weight});
    }
    problem_set_objective(b, &(struct problem_objective){.tardiness = 10, .changeover = 1});
    struct takt_error err = {0};
    if (problem_build(b, &p, &err) != 0)
        fail_msg("%s", err.text);
    problem_builder_free(b);
    return p;
}

static void what_moves_in_a_window_leaves_what_is_behind_it_in_its_runs(void **state) {
    (void)state;
    int made = 0;
    for (int32_t k = 0; k < 8; k++) {
        struct problem *p = long_problem(60 + k, 3);
        struct solve_result r = {0};
        struct solve_limits limits = {.iterations = 1};
        assert_int_equal(solve("atcs", p, NULL, &limits, NULL, NULL, &r, NULL), 0);
        struct sequence *q = sequence_new(p, r.schedule);
        assert_non_null(q);
        made +=
            check_window(q, border(q, p->tasks / 4), border(q, p->tasks / 2), border(q, p->tasks * 3 / 4), true, (uint64_t)k);
        sequence_free(q);
        schedule_free(r.schedule);
        problem_free(p);
    }
    assert_true(made > MOVES);
}

static void long_plans_get_better_and_are_the_same_on_any_number_of_threads(void **state) {
    struct problem *p = long_problem(1400, *(int32_t *)*state);
    struct solve_limits limits = {.iterations = 20000, .lanes = 2, .seed = 3};
    struct solve_result first = {0}, one = {0}, two = {0};
    struct takt_error err = {0};
    assert_int_equal(solve("atcs", p, NULL, &limits, NULL, NULL, &first, NULL), 0);
    assert_int_equal(solve("search", p, first.schedule, &limits, NULL, NULL, &one, NULL), 0);
    limits.threads = 2;
    assert_int_equal(solve("search", p, first.schedule, &limits, NULL, NULL, &two, NULL), 0);
    if (schedule_verify(p, one.schedule, &err) != 0)
        fail_msg("%s", err.text);
    assert_true(one.figures.objective < first.figures.objective);
    size_t size = (size_t)p->tasks * sizeof(int32_t);
    assert_memory_equal(one.schedule->start, two.schedule->start, size);
    assert_memory_equal(one.schedule->line, two.schedule->line, size);
    schedule_free(first.schedule);
    schedule_free(one.schedule);
    schedule_free(two.schedule);
    problem_free(p);
}

/* A plan that is shorter than a window, and a stretch that has time for many. */
static void many_windows_of_a_short_plan_make_it_no_worse(void **state) {
    (void)state;
    enum { WINDOWS = 12, MOVES_A_WINDOW = 250000 };
    struct problem *p = long_problem(300, 0);
    struct solve_result first = {0};
    struct solve_limits limits = {.iterations = 1, .seed = 1};
    assert_int_equal(solve("atcs", p, NULL, &limits, NULL, NULL, &first, NULL), 0);
    struct searcher_brief brief = {.p = p, .plan = first.schedule, .limits = &limits, .seed = 1, .lane = 1, .lanes = 2};
    struct searcher_stretch stretch = {.from = 0, .to = 65536, .begin = 32768, .end = 65536, .moves = WINDOWS * MOVES_A_WINDOW};
    assert_true(windows_kind.knows(p, 1, 2));
    void *w = windows_kind.make(&brief);
    assert_non_null(w);
    windows_kind.run(w, &stretch, &limits);
    assert_true(windows_kind.best_cost(w) < first.figures.objective);
    windows_kind.free(w);
    schedule_free(first.schedule);
    problem_free(p);
}

static void tuning_never_forgets_its_best_plan(void **state) {
    (void)state;
    struct problem *p = long_problem(200, 0);
    struct tuning *t = tuning_new(p, 0, 2000, 1, NULL, NULL);
    assert_non_null(t);
    int64_t first = tuning_cost(t), last = first;
    for (int k = 0; k < 60; k++) {
        struct figures f;
        tuning_step(t);
        struct schedule *s = tuning_schedule(t);
        schedule_evaluate(p, s, &f);
        assert_int_equal(f.objective, tuning_cost(t));
        assert_true(f.objective <= last);
        last = f.objective;
        schedule_free(s);
    }
    assert_true(last < first);
    tuning_free(t);
    problem_free(p);
}

static void a_search_begins_about_as_hot_as_a_task_is_worth(void **state) {
    (void)state;
    struct problem *p = long_problem(200, 0);
    int64_t unit = lane_typical_cost(p) * 65536;
    assert_true(unit > 65536);
    assert_int_equal(lane_bounded_heat(p, 1, 1), unit / 4);
    assert_int_equal(lane_bounded_heat(p, 1, unit / 2), unit / 2);
    assert_int_equal(lane_bounded_heat(p, 1, 9 * unit), unit);
    assert_int_equal(lane_bounded_heat(p, 8, 1), 2 * unit);
    p->objective.tardiness = 0;
    assert_int_equal(lane_bounded_heat(p, 1, 9 * unit), 9 * unit);
    problem_free(p);
}

int main(void) {
    static int32_t no_runs = 0, runs_of_three = 3;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_starts_and_costs_what_the_plan_does),
        cmocka_unit_test(a_window_can_be_opened_anywhere),
        cmocka_unit_test(what_moves_in_a_window_leaves_what_is_behind_it_in_its_runs),
        {"long_plans_get_better_and_are_the_same_on_any_number_of_threads",
         long_plans_get_better_and_are_the_same_on_any_number_of_threads, NULL, NULL, &no_runs},
        {"long_plans_with_runs_do_too", long_plans_get_better_and_are_the_same_on_any_number_of_threads, NULL, NULL,
         &runs_of_three},
        cmocka_unit_test(many_windows_of_a_short_plan_make_it_no_worse),
        cmocka_unit_test(tuning_never_forgets_its_best_plan),
        cmocka_unit_test(a_search_begins_about_as_hot_as_a_task_is_worth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
