/* SPDX-License-Identifier: Apache-2.0 */

/* Random small problems with all of the format: whatever a scheduler, a repair or a quote says must stand before
 * schedule_verify, and on tiny ones before a search of every schedule there is. */

#include "schedulers/solver.h"
#include "tests/effort.h"

#include "schedulers/model.h"
#include "tests/property/random_problem.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SEEDS = TEST_EFFORT(1500), TINY_SEEDS = TEST_EFFORT(250), TINY_HORIZON = 16 };

static const struct random_size small = {4, 8, 4, 6, true};
static const struct random_size tiny = {2, 2, 2, 3, false};

static const struct solve_limits limits = {.iterations = 150, .lanes = 2, .threads = 1, .seed = 3};

static void check_feasible(const struct problem *p, const struct schedule *s, uint64_t seed, const char *by) {
    struct takt_error err = {0};
    if (schedule_verify(p, s, &err) != 0)
        fail_msg("seed %llu, %s: %s", (unsigned long long)seed, by, err.text);
}

static void every_scheduler_gives_feasible_schedules(void **state) {
    (void)state;
    int solved = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct problem *p = random_problem(seed, &small);
        for (const struct scheduler *s = schedulers; p != NULL && s->name != NULL; s++) {
            struct solve_result r = {0};
            if (solve(s->name, p, NULL, &limits, NULL, NULL, &r, NULL) != 0)
                continue;
            check_feasible(p, r.schedule, seed, s->name);
            struct figures again;
            schedule_evaluate(p, r.schedule, &again);
            assert_memory_equal(&again, &r.figures, sizeof again);
            assert_true(r.bound <= r.figures.objective);
            schedule_free(r.schedule);
            solved++;
        }
        problem_free(p);
    }
    assert_true(solved > SEEDS * 3);
}

static void repair_leaves_a_feasible_plan_unmoved(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct problem *p = random_problem(seed, &small);
        struct solve_result r = {0};
        struct schedule *again = NULL;
        if (p != NULL && solve("atcs", p, NULL, &limits, NULL, NULL, &r, NULL) == 0) {
            assert_int_equal(solve_repair(p, r.schedule, &again, NULL), 0);
            check_feasible(p, again, seed, "repair");
            for (int32_t i = 0; i < p->tasks; i++)
                if (again->line[i] != r.schedule->line[i] || again->start[i] != r.schedule->start[i])
                    fail_msg("seed %llu: task %d was moved", (unsigned long long)seed, (int)i);
            schedule_free(again);
            schedule_free(r.schedule);
        }
        problem_free(p);
    }
}

static void repair_makes_any_plan_feasible(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct problem *p = random_problem(seed, &small);
        struct schedule *fitted = NULL;
        struct dice d = {seed};
        if (p == NULL)
            continue;
        struct schedule *wild = schedule_new(p->tasks);
        for (int32_t i = 0; i < p->tasks; i++) {
            wild->line[i] = roll(&d, -1, p->lines - 1);
            wild->start[i] = roll(&d, 0, 40);
            wild->end[i] = wild->start[i] + roll(&d, 0, 9);
        }
        if (solve_repair(p, wild, &fitted, NULL) == 0)
            check_feasible(p, fitted, seed, "repair of a wild plan");
        schedule_free(fitted);
        schedule_free(wild);
        problem_free(p);
    }
}

/* The same problem with one more job as the quote describes it, its tasks fixed where the quote says: feasible. */
static void check_quote(uint64_t seed, const struct schedule *s, const struct problem_task_spec *tasks, size_t count,
                        const int32_t *line, const int32_t *start, const int32_t *end) {
    struct problem_builder *b = random_builder(seed, &small);
    struct problem *p = NULL;
    struct takt_error err = {0};
    int32_t job = problem_add_job(b, "quoted", 0);
    for (size_t k = 0; k < count; k++)
        problem_add_task(b, job, &tasks[k]);
    assert_int_equal(problem_build(b, &p, &err), 0);
    problem_builder_free(b);
    struct schedule *all = schedule_new(p->tasks);
    for (int32_t i = 0; i < p->tasks; i++) {
        int32_t k = i - s->task_count;
        all->line[i] = k < 0 ? s->line[i] : line[k];
        all->start[i] = k < 0 ? s->start[i] : start[k];
        all->end[i] = k < 0 ? s->end[i] : end[k];
    }
    check_feasible(p, all, seed, "quote");
    schedule_free(all);
    problem_free(p);
}

static void a_quote_can_be_kept_without_moving_anything(void **state) {
    (void)state;
    enum { COUNT = 3 };
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct problem *p = random_problem(seed, &small);
        struct solve_result r = {0};
        struct quoter *q = NULL;
        struct dice d = {seed};
        if (p != NULL && solve("edd", p, NULL, &limits, NULL, NULL, &r, NULL) == 0) {
            struct problem_task_spec tasks[COUNT];
            struct problem_option options[COUNT][4];
            struct problem_usage usage = {0, 1};
            for (size_t k = 0; k < COUNT; k++) {
                tasks[k] = PROBLEM_TASK_SPEC;
                for (int32_t l = 0; l < p->lines; l++)
                    options[k][l] = (struct problem_option){l, roll(&d, 0, 4)};
                tasks[k].options = options[k];
                tasks[k].option_count = (size_t)p->lines;
                tasks[k].family = roll(&d, -1, RANDOM_FAMILIES - 1);
                tasks[k].pools = &usage;
                tasks[k].pool_count = p->pools > 0 && chance(&d, 40);
                tasks[k].lag_after = roll(&d, 0, 3);
                tasks[k].overlap_quantity = chance(&d, 30) ? 4 : 0;
                tasks[k].overlap_first = 1;
            }
            int32_t line[COUNT], start[COUNT], end[COUNT], done;
            assert_int_equal(quoter_new(p, r.schedule, &q, NULL), 0);
            if (quoter_ask(q, roll(&d, 0, 20), tasks, COUNT, &done, line, start, end, NULL) == 0)
                check_quote(seed, r.schedule, tasks, COUNT, line, start, end);
            quoter_free(q);
            schedule_free(r.schedule);
        }
        problem_free(p);
    }
}

static int32_t job_end(const struct problem *p, const struct schedule *s, int32_t job) {
    int32_t end = INT32_MIN;
    for (int32_t k = p->job_offset[job]; k < p->job_offset[job + 1]; k++)
        end = s->end[p->job_task[k]] > end ? s->end[p->job_task[k]] : end;
    return end;
}

/* No due suffers: what others have a part in is done by its due date or when it was. */
static void check_dues(const struct problem *p, const struct schedule *was, const struct schedule *is, int32_t job) {
    for (int32_t d = 0; d < p->dues; d++) {
        int32_t limit = p->due[d], end = INT32_MIN;
        for (int32_t k = p->due_offset[d]; k < p->due_offset[d + 1]; k++) {
            if (p->due_job[k] == job)
                continue;
            int32_t before = job_end(p, was, p->due_job[k]), after = job_end(p, is, p->due_job[k]);
            limit = before > limit ? before : limit;
            end = after > end ? after : end;
        }
        assert_true(end <= limit);
    }
}

static void a_quote_that_moves_others_keeps_their_dues(void **state) {
    (void)state;
    int sooner = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct problem *p = random_problem(seed, &small);
        struct solve_result r = {0};
        struct quoter *q = NULL;
        if (p != NULL && solve("edd", p, NULL, &limits, NULL, NULL, &r, NULL) == 0) {
            int32_t job = (int32_t)(seed % (uint64_t)p->jobs);
            struct schedule *without = schedule_copy(r.schedule), *plan = NULL;
            struct quote_moving quote;
            bool apart = true; /* the plan without the job is one: it was not the longest of a run */
            for (int32_t k = p->job_offset[job]; k < p->job_offset[job + 1]; k++) {
                int32_t task = p->job_task[k];
                apart = apart && p->fixed_line[task] < 0 && p->line_batch[r.schedule->line[task]] == 0;
                without->line[task] = -1;
            }
            assert_int_equal(quoter_new(p, without, &q, NULL), 0);
            if (apart && quoter_ask_moving(q, job, &quote, &plan, NULL) == 0) {
                check_feasible(p, plan, seed, "quote");
                check_dues(p, r.schedule, plan, job);
                assert_int_equal(quote.end, job_end(p, plan, job));
                assert_true(quote.end < quote.end_alone || (quote.end == quote.end_alone && quote.moved == 0));
                for (int32_t i = 0; i < p->tasks; i++)
                    if (p->job[i] != job)
                        assert_true(plan->line[i] == without->line[i] && plan->start[i] >= without->start[i]);
                sooner += quote.end < quote.end_alone;
                schedule_free(plan);
            }
            quoter_free(q);
            schedule_free(without);
            schedule_free(r.schedule);
        }
        problem_free(p);
    }
    assert_true(sooner > SEEDS / 40 || SEEDS < 1000); /* a share means something for many problems only */
}

/* Every line and start of every task; ends follow from them but for runs, where any end is tried. */
struct brute {
    const struct problem *p;
    struct schedule *s;
    int64_t best;
};

static void try_all(struct brute *b, int32_t task) {
    if (task == b->p->tasks) {
        struct figures f;
        if (schedule_verify(b->p, b->s, NULL) != 0)
            return;
        schedule_evaluate(b->p, b->s, &f);
        b->best = f.objective < b->best ? f.objective : b->best;
        return;
    }
    for (int32_t o = b->p->option_offset[task]; o < b->p->option_offset[task + 1]; o++)
        for (int32_t start = 0; start < TINY_HORIZON; start++) {
            const struct hours *h = &b->p->hours[b->p->option_hours[o]];
            b->s->line[task] = b->p->option_line[o];
            b->s->start[task] = start;
            b->s->end[task] = hours_passed(h, start, b->p->option_time[o]);
            if (b->s->end[task] != HOURS_NEVER)
                try_all(b, task + 1);
        }
    b->s->line[task] = -1;
}

static void no_scheduler_beats_the_optimum_and_no_bound_exceeds_it(void **state) {
    (void)state;
    int optimal = 0, compared = 0;
    for (uint64_t seed = 0; seed < TINY_SEEDS; seed++) {
        struct problem *p = random_problem(seed, &tiny);
        bool plain = p != NULL && p->tasks <= 3;
        for (int32_t l = 0; plain && l < p->lines; l++)
            plain = p->line_batch[l] == 0;
        if (plain) {
            struct brute b = {p, schedule_new(p->tasks), INT64_MAX};
            int64_t bound, alone;
            try_all(&b, 0);
            solve_bound(p, &bound, &alone);
            assert_true(bound <= b.best);
            int64_t found = INT64_MAX;
            for (const struct scheduler *s = schedulers; s->name != NULL && b.best < INT64_MAX; s++) {
                struct solve_result r = {0};
                assert_int_equal(solve(s->name, p, NULL, &limits, NULL, NULL, &r, NULL), 0);
                assert_true(r.figures.objective >= b.best || r.figures.makespan > TINY_HORIZON);
                found = r.figures.objective < found ? r.figures.objective : found;
                schedule_free(r.schedule);
            }
            compared++;
            optimal += found <= b.best;
            schedule_free(b.s);
        }
        problem_free(p);
    }
    assert_true(compared * 12 > TINY_SEEDS);
    assert_true(compared <= 20 || optimal * 4 > compared * 3); /* under a sanitizer they are too few to say */
}

static void the_same_seed_gives_the_same_schedule_whatever_the_threads(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct problem *p = random_problem(seed, &small);
        for (const struct scheduler *s = schedulers; p != NULL && s->name != NULL; s++) {
            struct solve_result one = {0}, two = {0};
            struct solve_limits more = limits;
            more.threads = 2;
            if (solve(s->name, p, NULL, &limits, NULL, NULL, &one, NULL) != 0)
                continue;
            assert_int_equal(solve(s->name, p, NULL, &more, NULL, NULL, &two, NULL), 0);
            size_t size = (size_t)p->tasks * sizeof(int32_t);
            assert_memory_equal(one.schedule->start, two.schedule->start, size);
            assert_memory_equal(one.schedule->line, two.schedule->line, size);
            schedule_free(one.schedule);
            schedule_free(two.schedule);
        }
        problem_free(p);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scheduler_gives_feasible_schedules),
        cmocka_unit_test(repair_leaves_a_feasible_plan_unmoved),
        cmocka_unit_test(repair_makes_any_plan_feasible),
        cmocka_unit_test(a_quote_can_be_kept_without_moving_anything),
        cmocka_unit_test(a_quote_that_moves_others_keeps_their_dues),
        cmocka_unit_test(no_scheduler_beats_the_optimum_and_no_bound_exceeds_it),
        cmocka_unit_test(the_same_seed_gives_the_same_schedule_whatever_the_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
