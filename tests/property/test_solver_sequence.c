/* SPDX-License-Identifier: Apache-2.0 */

/* Random moves on random plans: what a sequence keeps up to date is what evaluating its schedule from nothing gives,
 * every schedule on the way is feasible, and a move that is taken back leaves no trace. */

#include "schedulers/neighbour.h"
#include "schedulers/solver.h"
#include "tests/effort.h"

#include "tests/property/random_problem.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SEEDS = TEST_EFFORT(400), MOVES = 150 };

static void check_sequence(const struct sequence *q, uint64_t seed) {
    struct schedule *s = sequence_schedule(q);
    struct takt_error err = {0};
    struct figures f;
    if (schedule_verify(q->p, s, &err) != 0)
        fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
    schedule_evaluate(q->p, s, &f);
    if (f.objective != q->cost)
        fail_msg("seed %llu: %lld is kept, %lld is true", (unsigned long long)seed, (long long)q->cost,
                 (long long)f.objective);
    schedule_free(s);
}

static void check_undone(struct sequence *q, const struct schedule *before, int64_t cost, uint64_t seed) {
    struct schedule *after = sequence_schedule(q);
    size_t size = (size_t)before->task_count * sizeof(int32_t);
    if (q->cost != cost || memcmp(before->line, after->line, size) != 0 ||
        memcmp(before->start, after->start, size) != 0)
        fail_msg("seed %llu: a move left a trace", (unsigned long long)seed);
    schedule_free(after);
}

/* Moves made, by kind. */
static void walk(struct sequence *q, uint64_t seed, int made[MOVE_KINDS]) {
    struct neighbour n;
    neighbour_init(&n, q->p, seed);
    for (int k = 0; k < MOVES; k++) {
        struct neighbour_move m;
        struct schedule *before = sequence_schedule(q);
        int64_t cost = q->cost;
        if (neighbour_propose(&n, q, &m)) {
            q->limit = k % 3 == 0 ? q->energy + k : INT64_MAX;
            q->slack = k % 2 == 0 ? 0 : INT64_MAX;
            bool moved = neighbour_make(q, &m);
            made[m.kind] += moved;
            if (moved)
                check_sequence(q, seed);
            if (moved && k % 4 == 0)
                sequence_undo(q);
            if (!moved || k % 4 == 0)
                check_undone(q, before, cost, seed);
        }
        schedule_free(before);
    }
    neighbour_done(&n);
}

static void moves_keep_plans_feasible_and_their_cost_exact(void **state) {
    (void)state;
    static const struct random_size sizes[] = {{4, 8, 4, 6, false}, {2, 6, 3, 6, true}};
    int made[MOVE_KINDS] = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct problem *p = random_problem(seed, &sizes[seed % 2]);
        struct solve_result r = {0};
        struct solve_limits limits = {.iterations = 1};
        if (p != NULL && sequence_knows(p) && solve("edd", p, NULL, &limits, NULL, NULL, &r, NULL) == 0) {
            struct sequence *q = sequence_new(p, r.schedule);
            if (q != NULL) {
                check_sequence(q, seed);
                walk(q, seed, made);
            }
            sequence_free(q);
            schedule_free(r.schedule);
        }
        problem_free(p);
    }
    assert_true(made[MOVE_ALONE] > 4 * SEEDS);
    assert_true(made[MOVE_JOIN] > SEEDS / 2);
    assert_true(made[MOVE_RUN] > SEEDS / 2);
    assert_true(made[MOVE_OVERTAKE] > SEEDS / 2);
    assert_true(made[MOVE_SWAP] > SEEDS / 4 || SEEDS < 300); /* a share means something for many problems only */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(moves_keep_plans_feasible_and_their_cost_exact)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
