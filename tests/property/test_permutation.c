/* SPDX-License-Identifier: Apache-2.0 */

/* One order of jobs for all stages of a flow shop: its end is what serving the jobs in that order gives, few jobs get
 * the best of all orders, and a search on its own stays where it was. */

#include "base/arena.h"
#include "schedulers/permutation.h"
#include "tests/effort.h"

#include "tests/property/random_problem.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SEEDS = TEST_EFFORT(400), FEW_SEEDS = TEST_EFFORT(150), FEW = 6, MANY = 25, STAGES = 6, STEPS = 40 };

struct shop {
    int32_t time[STAGES * MANY], lag[STAGES * MANY], release[STAGES * MANY];
    struct permutation_shop p;
};

static void random_flow_shop(struct shop *s, uint64_t seed, int32_t jobs) {
    struct dice d = {seed * UINT64_C(7907) + 1};
    s->p = (struct permutation_shop){jobs, roll(&d, 1, STAGES), s->time, s->lag, s->release};
    for (int32_t k = 0; k < s->p.stages * jobs; k++) {
        s->time[k] = roll(&d, 0, 20);
        s->lag[k] = chance(&d, 20) ? roll(&d, 0, 15) : 0;
        s->release[k] = chance(&d, 20) ? roll(&d, 0, 60) : 0;
    }
}

static int32_t served(const struct permutation_shop *s, const int32_t *row) {
    int32_t free_at[STAGES] = {0}, last = 0;
    for (int32_t k = 0; k < s->jobs; k++) {
        int32_t ready = 0;
        for (int32_t stage = 0; stage < s->stages; stage++) {
            int32_t at = stage * s->jobs + row[k];
            int32_t start = ready > free_at[stage] ? ready : free_at[stage];
            free_at[stage] = (start > s->release[at] ? start : s->release[at]) + s->time[at];
            ready = free_at[stage] + s->lag[at];
            last = free_at[stage] > last ? free_at[stage] : last;
        }
    }
    return last;
}

static void check(const struct permutation *p, const struct permutation_shop *s, uint64_t seed) {
    uint32_t seen = 0;
    for (int32_t k = 0; k < s->jobs; k++)
        seen |= UINT32_C(1) << p->best[k];
    assert_int_equal(seen, (UINT32_C(1) << s->jobs) - 1);
    if (served(s, p->best) != p->best_end)
        fail_msg("seed %llu: %d is kept, %d is true", (unsigned long long)seed, p->best_end, served(s, p->best));
}

static void the_end_is_that_of_serving_jobs_in_that_order(void **state) {
    (void)state;
    struct shop s;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct permutation p = {0}, other = {0};
        random_flow_shop(&s, seed, 2 + (int32_t)(seed % (MANY - 1)));
        permutation_init(&p, &s.p, seed);
        permutation_init(&other, &s.p, seed + 1);
        check(&p, &s.p, seed);
        for (int32_t k = 0; k < STEPS; k++) {
            int32_t before = p.best_end;
            bool better = permutation_step(&p, (int32_t)(seed % 7));
            assert_true(better ? p.best_end < before : p.best_end == before);
            permutation_step(&other, 0);
            permutation_adopt(&p, &other);
            check(&p, &s.p, seed);
        }
        permutation_done(&p);
        permutation_done(&other);
    }
}

static int32_t least(const struct permutation_shop *s, int32_t *row, int32_t at) {
    if (at == s->jobs)
        return served(s, row);
    int32_t best = INT32_MAX;
    for (int32_t k = at; k < s->jobs; k++) {
        int32_t job = row[k];
        row[k] = row[at];
        row[at] = job;
        int32_t end = least(s, row, at + 1);
        best = end < best ? end : best;
        row[at] = row[k];
        row[k] = job;
    }
    return best;
}

static void few_jobs_get_the_best_order_there_is(void **state) {
    (void)state;
    struct shop s;
    for (uint64_t seed = 0; seed < FEW_SEEDS; seed++) {
        struct permutation p = {0};
        int32_t row[FEW];
        random_flow_shop(&s, seed, 1 + (int32_t)(seed % FEW));
        for (int32_t k = 0; k < s.p.jobs; k++)
            row[k] = k;
        permutation_init(&p, &s.p, seed);
        for (int32_t k = 0; k < 200; k++)
            permutation_step(&p, 8);
        if (p.best_end != least(&s.p, row, 0))
            fail_msg("seed %llu: %d, and %d is possible", (unsigned long long)seed, p.best_end, least(&s.p, row, 0));
        permutation_done(&p);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_is_that_of_serving_jobs_in_that_order),
        cmocka_unit_test(few_jobs_get_the_best_order_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
