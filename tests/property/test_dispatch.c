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
    {DISPATCH_ATCS, {20, 5, 0, 0, 0, 0}},  {DISPATCH_FIFO, {20, 5, 0, 0, 0, 0}}, {DISPATCH_ATCS, {1, 1, 100, 2, 6, 0}},
    {DISPATCH_SPT, {20, 5, 100, 0, 0, 0}}, {DISPATCH_EDD, {20, 5, 0, 0, 0, 0}},  {DISPATCH_ATCS, {170, 170, 70, 1, 1, 0}},
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

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_plan_of_a_dispatcher_is_feasible_and_its_own)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
