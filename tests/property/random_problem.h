/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Small random problems that have a little of everything, for property tests. The same seed gives the same problem,
 * whatever the compiler: dice are rolled in statements of their own. */

#include "schedulers/problem.h"

#include <stdlib.h>
#include <string.h>

struct dice {
    uint64_t state;
};

static inline int32_t roll(struct dice *d, int32_t from, int32_t to) { /* splitmix64 */
    uint64_t z = (d->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return from + (int32_t)(z % (uint64_t)(to - from + 1));
}

static inline bool chance(struct dice *d, int32_t percent) {
    return roll(d, 1, 100) <= percent;
}

struct random_size {
    int32_t lines, jobs, tasks; /* at most; tasks by job */
    int32_t times;              /* longest */
    bool hard;                  /* fixed tasks and limited lags, with which there may be no feasible schedule */
};

enum { RANDOM_SPANS = 60, RANDOM_FAMILIES = 3 };

static inline const struct problem_span *random_open(struct dice *d, struct problem_span *spans) {
    if (chance(d, 50))
        return NULL;
    int32_t at = roll(d, -4, 3);
    for (int k = 0; k < RANDOM_SPANS; k++) {
        spans[k] = (struct problem_span){at, at + roll(d, 4, 20)};
        at = spans[k].to + roll(d, 0, 4);
    }
    return spans;
}

static inline void random_tables(struct dice *d, struct problem_builder *b) {
    int32_t families[RANDOM_FAMILIES], time[RANDOM_FAMILIES * RANDOM_FAMILIES];
    for (int32_t f = 0; f < RANDOM_FAMILIES; f++)
        families[f] = problem_add_family(b, NULL);
    for (int32_t k = 0; k < RANDOM_FAMILIES * RANDOM_FAMILIES; k++)
        time[k] = k % (RANDOM_FAMILIES + 1) == 0 ? 0 : roll(d, 0, 4);
    problem_add_table_dense(b, "dense", families, RANDOM_FAMILIES, time);
    int32_t sparse = problem_add_table_sparse(b, "sparse", roll(d, 0, 3));
    problem_table_pair(b, sparse, 0, 1, roll(d, 0, 4));
    problem_table_pair(b, sparse, 1, 1, roll(d, 0, 1));
}

static inline void random_task(struct dice *d, struct problem_builder *b, const struct random_size *size, int32_t job,
                               int32_t lines, int32_t pools, bool first) {
    struct problem_task_spec t = PROBLEM_TASK_SPEC;
    struct problem_option options[8];
    struct problem_usage usages[2];
    for (int32_t l = 0; l < lines; l++)
        if (chance(d, 60) || (l + 1 == lines && t.option_count == 0))
            options[t.option_count++] = (struct problem_option){l, roll(d, chance(d, 10) ? 0 : 1, size->times)};
    t.options = options;
    t.family = chance(d, 60) ? roll(d, 0, RANDOM_FAMILIES - 1) : -1;
    t.size = chance(d, 30) ? roll(d, 1, 3) : 1;
    for (int32_t k = 0; k < pools; k++)
        if (chance(d, 40))
            usages[t.pool_count++] = (struct problem_usage){k, 1};
    t.pools = usages;
    t.release = chance(d, 20) ? roll(d, 0, 10) : 0;
    t.lag_after = chance(d, 30) ? roll(d, 0, 4) : 0;
    if (size->hard && chance(d, 15))
        t.lag_max = t.lag_after + roll(d, 0, 6);
    if (chance(d, 20)) {
        t.overlap_quantity = roll(d, 1, 9);
        t.overlap_first = roll(d, 1, t.overlap_quantity);
    }
    t.breakable = !(size->times <= 4 && chance(d, 20));
    const int32_t nothing[] = {0};
    if (!first && chance(d, 20)) /* it succeeds nothing: a network, not a chain */
        t.after = nothing;
    if (size->hard && first && t.pool_count == 0 && chance(d, 8)) {
        t.fixed_line = options[0].line;
        t.fixed_start = roll(d, -4, 6) + 30 * job;
        t.fixed_end = t.fixed_start + roll(d, 0, 6);
    }
    problem_add_task(b, job, &t);
}

static inline struct problem_builder *random_builder(uint64_t seed, const struct random_size *size) {
    struct dice d = {seed * UINT64_C(7919) + 1};
    struct problem_builder *b = problem_builder_new();
    struct problem_span spans[RANDOM_SPANS];
    random_tables(&d, b);
    int32_t lines = roll(&d, 1, size->lines), pools = roll(&d, 0, 2), jobs = roll(&d, 1, size->jobs);
    for (int32_t l = 0; l < lines; l++) {
        struct problem_line_spec line = {.table = roll(&d, -1, 1)};
        line.initial_family = roll(&d, -1, RANDOM_FAMILIES - 1);
        line.open = random_open(&d, spans);
        line.open_count = RANDOM_SPANS;
        line.batch = chance(&d, 35) ? 3 : 0;
        problem_add_line(b, &line);
    }
    for (int32_t k = 0; k < pools; k++) {
        int32_t few = roll(&d, 1, 2), more = roll(&d, 1, 3), from = roll(&d, 5, 30);
        struct problem_step steps[2] = {{0, few}, {from, more}};
        struct problem_pool_spec pool = {.steps = steps, .step_count = (size_t)roll(&d, 1, 2)};
        pool.open = chance(&d, 30) ? random_open(&d, spans) : NULL;
        pool.open_count = RANDOM_SPANS;
        problem_add_pool(b, &pool);
    }
    for (int32_t j = 0; j < jobs; j++) {
        int32_t job = problem_add_job(b, NULL, chance(&d, 40) ? roll(&d, 0, 10) : 0);
        for (int32_t k = 0, n = roll(&d, 1, size->tasks); k < n; k++)
            random_task(&d, b, size, job, lines, pools, k == 0);
        struct problem_due_spec due = {.jobs = &job, .job_count = 1, .placed = PROBLEM_NONE};
        due.due = roll(&d, -3, 30);
        if (chance(&d, 30))
            due.placed = roll(&d, -9, 9);
        due.weight = roll(&d, 0, 3);
        problem_add_due(b, &due);
    }
    int32_t both[2] = {0, jobs - 1};
    int32_t due = roll(&d, 0, 40), weight = roll(&d, 1, 4);
    if (jobs > 1)
        problem_add_due(b, &(struct problem_due_spec){both, 2, due, -5, weight});
    int32_t flow = roll(&d, 0, 1), waiting = roll(&d, 0, 1), makespan = 2 * roll(&d, 0, 1);
    problem_set_objective(b, &(struct problem_objective){10, flow, waiting, 1, 0, makespan});
    return b;
}

/* NULL: what the seed gives is no problem (a task too large for its only line, say). */
static inline struct problem *random_problem(uint64_t seed, const struct random_size *size) {
    struct problem_builder *b = random_builder(seed, size);
    struct problem *p = NULL;
    struct takt_error err = {0};
    if (problem_build(b, &p, &err) != 0)
        p = NULL;
    problem_builder_free(b);
    return p;
}
