/* SPDX-License-Identifier: Apache-2.0 */

/* A dispatcher over random problems: its plans are feasible and cost what it says, and each is what a dispatcher of its
 * own would have made. */

#include "schedulers/dispatch.h"
#include "tests/effort.h"

#include "tests/property/random_problem.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SEEDS = TEST_EFFORT(400) };

static const struct random_size SIZES[] = {{4, 8, 4, 6, false}, {2, 6, 3, 6, true}};
static const struct solve_limits NO_LIMITS = {0};

static const struct {
    enum dispatch_rule rule;
    struct dispatch_scales scales;
} PLANS[] = {
    {DISPATCH_ATCS, {20, 5, 0, 0, 0, 0}},  {DISPATCH_FIFO, {20, 5, 0, 0, 0, 0}},
    {DISPATCH_ATCS, {1, 1, 100, 2, 6, 0}}, {DISPATCH_SPT, {20, 5, 100, 0, 0, 0}},
    {DISPATCH_EDD, {20, 5, 0, 0, 0, 0}},   {DISPATCH_ATCS, {170, 170, 70, 1, 1, 0}},
};

static void check_plan(const struct problem *p, struct dispatcher *d, uint64_t seed) {
    struct schedule *s = dispatcher_schedule(d);
    struct takt_error err = {0};
    struct figures f;
    if (schedule_verify(p, s, &err) != 0)
        fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
    schedule_evaluate(p, s, &f);
    if (f.objective != dispatcher_cost(d))
        fail_msg("seed %llu: %lld is said, %lld is true", (unsigned long long)seed, (long long)dispatcher_cost(d),
                 (long long)f.objective);
    schedule_free(s);
}

static void check_same(const struct problem *p, struct dispatcher *d, size_t k, uint64_t seed) {
    struct dispatcher *other = NULL;
    size_t size = (size_t)problem_task_count(p) * sizeof(int32_t);
    assert_int_equal(dispatcher_new(p, &other, NULL), 0);
    assert_int_equal(dispatcher_run(other, PLANS[k].rule, PLANS[k].scales, &NO_LIMITS, NULL), 0);
    struct schedule *one = dispatcher_schedule(d), *two = dispatcher_schedule(other);
    if (memcmp(one->line, two->line, size) != 0 || memcmp(one->start, two->start, size) != 0)
        fail_msg("seed %llu: plan %zu is not what a new dispatcher makes", (unsigned long long)seed, k);
    schedule_free(one);
    schedule_free(two);
    dispatcher_free(other);
}

static void every_plan_of_a_dispatcher_is_feasible_and_its_own(void **state) {
    (void)state;
    int made = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct problem *p = random_problem(seed, &SIZES[seed % 2]);
        struct dispatcher *d = NULL;
        if (p == NULL || dispatcher_new(p, &d, NULL) != 0) {
            problem_free(p);
            continue;
        }
        for (size_t k = 0; k < sizeof PLANS / sizeof *PLANS; k++) {
            if (dispatcher_run(d, PLANS[k].rule, PLANS[k].scales, &NO_LIMITS, NULL) != 0)
                continue;
            check_plan(p, d, seed);
            check_same(p, d, k, seed);
            made++;
        }
        dispatcher_free(d);
        problem_free(p);
    }
    assert_true(made > SEEDS);
}

enum { PHASES = 16, PHASE_TICKS = 2, CHANGES = 12 };

static void choose_phase(struct dice *d, struct dispatch_phase *phase) {
    size_t k = (size_t)roll(d, 0, 2);
    phase->scales = PLANS[k == 0 ? 0 : k == 1 ? 2 : 5].scales;
    phase->time = roll(d, 0, 5) * 25;
    phase->rest = roll(d, 0, 4) * 25;
    phase->lead = 50 + roll(d, 0, 3) * 50;
}

/* What a dispatcher of its own makes of the phases from the beginning. */
static void check_phases(const struct problem *p, struct dispatcher *d, int code, const struct dispatch_phase *phases,
                         uint64_t seed) {
    struct dispatcher *other = NULL;
    size_t size = (size_t)problem_task_count(p) * sizeof(int32_t);
    assert_int_equal(dispatcher_new(p, &other, NULL), 0);
    dispatcher_vary(other, phases, PHASES);
    int wanted = dispatcher_run_phases(other, 0, NULL);
    struct schedule *one = dispatcher_schedule(d), *two = dispatcher_schedule(other);
    if (code != wanted ||
        (code == 0 && (memcmp(one->line, two->line, size) != 0 || memcmp(one->start, two->start, size) != 0)))
        fail_msg("seed %llu: a plan that begins where phases change is not the one from the beginning",
                 (unsigned long long)seed);
    schedule_free(one);
    schedule_free(two);
    dispatcher_free(other);
}

static int change_phases(const struct problem *p, struct dispatcher *d, uint64_t seed) {
    struct dispatch_phase now[PHASES], trial[PHASES];
    struct dice dice = {seed};
    int made = 0;
    for (int32_t i = 0; i < PHASES; i++) {
        now[i].from = i == 0 ? INT32_MIN : i * PHASE_TICKS;
        choose_phase(&dice, &now[i]);
    }
    memcpy(trial, now, sizeof trial);
    dispatcher_vary(d, trial, PHASES);
    for (int k = 0; k < CHANGES; k++) {
        int32_t from = k == 0 ? 0 : roll(&dice, 0, PHASES), to = roll(&dice, from, PHASES);
        memcpy(trial, now, sizeof trial);
        for (int32_t i = from; i < to; i++)
            choose_phase(&dice, &trial[i]);
        int code = dispatcher_run_phases(d, from, NULL);
        check_phases(p, d, code, trial, seed);
        made += code == 0;
        if (k > 0 && !chance(&dice, 40))
            continue;
        dispatcher_forget(d, from);
        memcpy(now, trial, sizeof now);
    }
    return made;
}

static void a_plan_of_which_only_later_phases_change_is_what_it_is_from_the_beginning(void **state) {
    (void)state;
    int made = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct problem *p = random_problem(seed, &SIZES[seed % 2]);
        struct dispatcher *d = NULL;
        if (p != NULL && dispatcher_new(p, &d, NULL) == 0)
            made += change_phases(p, d, seed);
        dispatcher_free(d);
        problem_free(p);
    }
    assert_true(made > SEEDS * CHANGES / 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_plan_of_a_dispatcher_is_feasible_and_its_own),
        cmocka_unit_test(a_plan_of_which_only_later_phases_change_is_what_it_is_from_the_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
