/* SPDX-License-Identifier: Apache-2.0 */

/* Random small shops: what the critical graph keeps up to date is what follows from its order from nothing, what it
 * says of a move beforehand holds, and the searchers that live on it find what there is to be found. */

#include "schedulers/critical_window.h"
#include "schedulers/flow.h"
#include "schedulers/rebuild.h"
#include "schedulers/relink.h"
#include "schedulers/solver.h"
#include "tests/effort.h"

#include "tests/property/random_problem.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SEEDS = TEST_EFFORT(300), SOLVED_SEEDS = TEST_EFFORT(40), TINY_SEEDS = TEST_EFFORT(40), MOVES = 60 };

struct shop_size {
    int32_t jobs, tasks, lines;
    int32_t parallel; /* lines of a stage, the makespan alone; 0: no stages */
};

/* Where there are changeovers every task takes time. */
static void add_task(struct dice *d, struct problem_builder *b, const struct shop_size *size, int32_t job, int32_t k,
                     int32_t least) {
    struct problem_task_spec spec = PROBLEM_TASK_SPEC;
    struct problem_option options[8];
    int32_t time = roll(d, least, 9), first = roll(d, 0, size->lines - 1);
    spec.option_count = 1;
    options[0] = (struct problem_option){first, time};
    if (size->parallel > 0) {
        spec.option_count = (size_t)size->parallel;
        for (int32_t l = 0; l < size->parallel; l++)
            options[l] = (struct problem_option){size->parallel * k + l, time};
    } else if (chance(d, 40) && size->lines > 1) {
        options[1] = (struct problem_option){(first + 1) % size->lines, roll(d, least, 9)};
        spec.option_count = 2;
    }
    spec.options = options;
    spec.family = roll(d, 0, RANDOM_FAMILIES - 1);
    spec.release = chance(d, 10) ? roll(d, 0, 15) : 0;
    spec.lag_after = chance(d, 10) ? roll(d, 0, 5) : 0;
    problem_add_task(b, job, &spec);
}

static struct problem *random_shop(uint64_t seed, const struct shop_size *size) {
    struct dice d = {seed * 7919};
    struct problem_builder *b = problem_builder_new();
    struct problem_objective objective = {.makespan = size->parallel > 0 || chance(&d, 60) ? roll(&d, 1, 3) : 0};
    bool changes = size->parallel == 0 && chance(&d, 50);
    random_tables(&d, b);
    for (int32_t l = 0; l < size->lines; l++) {
        int32_t table = changes ? roll(&d, -1, 1) : -1;
        int32_t initial = table >= 0 ? roll(&d, -1, RANDOM_FAMILIES - 1) : -1;
        problem_add_line(b, &(struct problem_line_spec){NULL, table, initial, 0, NULL, 0});
    }
    for (int32_t j = 0; j < size->jobs; j++) {
        int32_t job = problem_add_job(b, NULL, chance(&d, 20) ? roll(&d, 0, 10) : 0);
        for (int32_t k = 0; k < size->tasks; k++)
            add_task(&d, b, size, job, k, changes);
    }
    if (objective.makespan == 0 || (size->parallel == 0 && chance(&d, 30))) {
        objective.tardiness = roll(&d, 1, 5);
        objective.flow = roll(&d, 0, 1);
        for (int32_t j = 0; j < size->jobs; j++) {
            int32_t both[2] = {j, (j + 1) % size->jobs};
            size_t count = size->jobs > 1 ? (size_t)roll(&d, 1, 2) : 1;
            int32_t due = roll(&d, -2, 30), placed = roll(&d, -3, 3);
            problem_add_due(b, &(struct problem_due_spec){both, count, due, placed, roll(&d, 1, 4)});
        }
    }
    problem_set_objective(b, &objective);
    struct problem *p = NULL;
    struct takt_error err = {0};
    if (problem_build(b, &p, &err) != 0)
        fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
    problem_builder_free(b);
    return p;
}

static const struct shop_size middling = {5, 4, 3, 0}, flowing = {7, 3, 6, 2}, single = {16, 3, 3, 1},
                              tiny = {3, 3, 2, 0};

static struct schedule *first_plan(const struct problem *p) {
    struct solve_result r = {0};
    assert_int_equal(solve("spt", p, NULL, &(struct solve_limits){0}, NULL, NULL, &r, NULL), 0);
    return r.schedule;
}

static void check_graph(const struct critical *c, struct critical *other, uint64_t seed) {
    struct critical_order order = critical_order_new(c->tasks);
    struct schedule *s = critical_schedule(c);
    struct takt_error err = {0};
    struct figures f;
    if (schedule_verify(c->p, s, &err) != 0)
        fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
    schedule_evaluate(c->p, s, &f);
    if (f.objective != c->cost)
        fail_msg("seed %llu: %lld is kept, %lld is true", (unsigned long long)seed, (long long)c->cost,
                 (long long)f.objective);
    critical_save(c, &order);
    critical_restore(other, &order);
    for (int32_t i = 0; i < c->tasks; i++) {
        if (c->node[i].end != other->node[i].end)
            fail_msg("seed %llu: the head of task %d is old", (unsigned long long)seed, (int)i);
        if (memcmp(&c->rest[i * c->width], &other->rest[i * c->width], (size_t)c->width * sizeof *c->rest) != 0)
            fail_msg("seed %llu: a tail of task %d is old", (unsigned long long)seed, (int)i);
    }
    schedule_free(s);
    critical_order_free(&order);
}

/* Any move at all; many would close a circle. */
static struct critical_move any_move(struct random *random, const struct critical *c) {
    const struct problem *p = c->p;
    int32_t task = random_below(random, c->tasks), options = p->option_offset[task + 1] - p->option_offset[task];
    int32_t option = p->option_offset[task] + random_below(random, options), line = p->option_line[option];
    int32_t places = c->line_count[line] + (line != c->node[task].line);
    return (struct critical_move){task, option, random_below(random, places)};
}

static void heads_tails_and_cost_are_those_of_the_order(void **state) {
    (void)state;
    int made = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct problem *p = random_shop(seed, seed % 4 == 0 ? &flowing : &middling);
        struct schedule *s = first_plan(p);
        struct random random = {seed};
        assert_true(critical_knows(p));
        struct critical *c = critical_new(p, s), *other = critical_new(p, s);
        for (int k = 0; k < MOVES; k++) {
            struct critical_move m = any_move(&random, c);
            made += critical_move(c, &m);
            check_graph(c, other, seed);
        }
        critical_free(c);
        critical_free(other);
        schedule_free(s);
        problem_free(p);
    }
    assert_true(made > 10 * SEEDS);
}

static void a_try_tells_the_cost_and_leaves_no_trace(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct problem *p = random_shop(seed, &middling);
        struct schedule *s = first_plan(p);
        struct random random = {seed};
        struct critical *c = critical_new(p, s), *other = critical_new(p, s);
        for (int k = 0; k < MOVES; k++) {
            struct critical_move m = any_move(&random, c);
            int64_t cost = -1;
            bool tried = critical_try(c, &m);
            if (tried) {
                cost = c->cost;
                critical_retract(c);
            }
            check_graph(c, other, seed);
            assert_int_equal(critical_move(c, &m), tried);
            if (tried)
                assert_int_equal(c->cost, cost);
        }
        critical_free(c);
        critical_free(other);
        schedule_free(s);
        problem_free(p);
    }
}

/* What is said beforehand of two neighbours on a line. */
static void check_neighbours(struct critical *c, int32_t first, uint64_t seed) {
    int32_t second = c->node[first].behind;
    if (second >= c->tasks || !critical_may_follow(c, first, second))
        return;
    struct critical_move m = {first, c->node[first].option, c->node[second].index};
    int64_t estimate = critical_estimate(c, &m);
    if (!critical_try(c, &m))
        fail_msg("seed %llu: a circle where there is surely none", (unsigned long long)seed);
    if (c->cost < estimate)
        fail_msg("seed %llu: a swap was said to cost %lld and costs %lld", (unsigned long long)seed,
                 (long long)estimate, (long long)c->cost);
    critical_retract(c);
}

static void check_spans(struct critical *c, int32_t task, uint64_t seed) {
    int32_t from, to;
    for (int32_t o = c->p->option_offset[task]; o < c->p->option_offset[task + 1]; o++) {
        if (o == c->node[task].option || !critical_span(c, task, o, &from, &to))
            continue;
        for (int32_t k = from; k <= to; k++) {
            if (!critical_try(c, &(struct critical_move){task, o, k}))
                fail_msg("seed %llu: a circle on another line", (unsigned long long)seed);
            critical_retract(c);
        }
    }
}

static void what_is_said_of_a_move_beforehand_holds(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct problem *p = random_shop(seed, &middling);
        struct schedule *s = first_plan(p);
        struct random random = {seed};
        struct critical *c = critical_new(p, s);
        for (int k = 0; k < MOVES / 4; k++) {
            for (int32_t task = 0; task < c->tasks; task++) {
                check_neighbours(c, task, seed);
                check_spans(c, task, seed);
            }
            struct critical_move m = any_move(&random, c);
            critical_move(c, &m);
        }
        critical_free(c);
        schedule_free(s);
        problem_free(p);
    }
}

static void move_in_window(struct random *random, struct critical_window *w, uint64_t seed) {
    int32_t count = critical_window_count(w), out[20], taken = 0;
    int64_t before = critical_window_cost(w);
    for (int32_t k = 0; k < count; k++)
        if (random_below(random, 3) == 0)
            out[taken++] = critical_window_at(w, k);
    critical_window_save(w);
    critical_window_take(w, out, taken);
    for (int32_t k = 0; k < taken; k++)
        if (!critical_window_put(w, out[k], k % 2 == 0 ? INT64_MAX : before, random)) {
            critical_window_restore(w);
            if (critical_window_cost(w) != before)
                fail_msg("seed %llu: what was kept does not come back", (unsigned long long)seed);
            return;
        }
}

static void a_window_closes_with_the_heads_tails_and_cost_that_it_says(void **state) {
    (void)state;
    int windows = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct problem *p = random_shop(seed, &middling);
        struct schedule *s = first_plan(p);
        struct random random = {seed};
        struct critical *c = critical_new(p, s), *other = critical_new(p, s);
        struct critical_window *w = c->ends > 1 ? critical_window_new(c) : NULL;
        for (int k = 0; k < MOVES && w != NULL; k++, windows++) {
            int32_t from = random_below(&random, c->tasks), to = from + 1 + random_below(&random, c->tasks - from);
            critical_window_open(w, from, to);
            if (critical_window_cost(w) != c->cost)
                fail_msg("seed %llu: a window is opened with another cost", (unsigned long long)seed);
            for (int m = 0; m < 3; m++)
                move_in_window(&random, w, seed);
            int64_t cost = critical_window_cost(w);
            critical_window_close(w);
            if (c->cost != cost)
                fail_msg("seed %llu: %lld was said, %lld is true", (unsigned long long)seed, (long long)cost, (long long)c->cost);
            check_graph(c, other, seed);
        }
        critical_window_free(w);
        critical_free(c);
        critical_free(other);
        schedule_free(s);
        problem_free(p);
    }
    assert_true(windows > 10 * SEEDS);
}

/* The least that a plan costs with a task at any place of any line. */
static int64_t least_of_moves(struct critical *c, int32_t task) {
    const struct problem *p = c->p;
    int64_t least = c->cost;
    for (int32_t o = p->option_offset[task]; o < p->option_offset[task + 1]; o++) {
        int32_t line = p->option_line[o], places = c->line_count[line] + (line != c->node[task].line);
        for (int32_t k = 0; k < places; k++)
            if (critical_try(c, &(struct critical_move){task, o, k})) {
                least = c->cost < least ? c->cost : least;
                critical_retract(c);
            }
    }
    return least;
}

static void a_task_is_put_back_where_it_costs_least_of_all_places(void **state) {
    (void)state;
    int tried = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct problem *p = random_shop(seed, &middling);
        struct schedule *s = first_plan(p);
        struct random random = {seed};
        struct critical *c = critical_new(p, s);
        struct critical_window *w = c->ends > 1 && !c->changes ? critical_window_new(c) : NULL; /* prices are exact then */
        for (int32_t task = 0; task < c->tasks && w != NULL; task++, tried++) {
            int32_t number = c->pos[task];
            int64_t least = least_of_moves(c, task);
            critical_window_open(w, 0, c->tasks);
            critical_window_take(w, &number, 1);
            assert_true(critical_window_cost(w) <= least);
            if (least > 0)
                assert_false(critical_window_put(w, number, least - 1, &random));
            assert_true(critical_window_put(w, number, least, &random));
            assert_int_equal(critical_window_cost(w), least);
            critical_window_close(w);
        }
        critical_window_free(w);
        critical_free(c);
        schedule_free(s);
        problem_free(p);
    }
    assert_true(tried > SEEDS);
}

static void a_cause_is_on_a_way_to_an_order_that_costs_something(void **state) {
    (void)state;
    int causes = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct problem *p = random_shop(seed, &middling);
        struct schedule *s = first_plan(p);
        struct random random = {seed};
        struct critical *c = critical_new(p, s);
        struct critical_window *w = c->ends > 1 ? critical_window_new(c) : NULL;
        for (int k = 0; k < 10 && w != NULL; k++) {
            critical_window_open(w, 0, c->tasks);
            int32_t at = critical_window_cause(w, &random), task = at >= 0 ? c->order[at] : -1;
            bool costs = false, found = false;
            for (int32_t e = 0; e < c->ends; e++) {
                bool late = critical_end_cost(&c->end[e], c->end[e].done) > critical_end_cost(&c->end[e], 0);
                costs = costs || late;
                found = found || (late && task >= 0 && critical_start(&c->node[task]) + c->rest[task * c->width + e] == c->end[e].done);
            }
            assert_int_equal(found, costs);
            causes += found;
        }
        critical_window_free(w);
        critical_free(c);
        schedule_free(s);
        problem_free(p);
    }
    assert_true(causes > SEEDS);
}

static const struct shop_size *shop_of(uint64_t seed) {
    return seed % 2 != 0 ? &middling : seed % 4 != 0 ? &flowing : &single;
}

static struct schedule *run_kind(const struct searcher_kind *kind, const struct problem *p, const struct schedule *plan,
                                 int64_t moves) {
    struct solve_limits limits = {.iterations = moves};
    void *self = kind->make(&(struct searcher_brief){p, plan, &limits, 5, 0, 1});
    assert_non_null(self);
    kind->run(self, &(struct searcher_stretch){0, 32768, 0, 32768, moves}, &limits);
    kind->run(self, &(struct searcher_stretch){32768, 65536, 32768, 65536, moves}, &limits);
    struct schedule *best = kind->best(self);
    struct figures f;
    schedule_evaluate(p, best, &f);
    assert_int_equal(f.objective, kind->best_cost(self));
    kind->free(self);
    return best;
}

static const struct searcher_kind *kind_of(const struct problem *p) {
    return flow_kind.knows(p, 0, 1) ? &flow_kind : rebuild_kind.knows(p, 0, 1) ? &rebuild_kind : &relink_kind;
}

static bool is_better_by(const struct searcher_kind *kind, const struct problem *p, int64_t moves, uint64_t seed) {
    struct schedule *first = first_plan(p), *best = run_kind(kind, p, first, moves);
    struct takt_error err = {0};
    struct figures before, after;
    schedule_evaluate(p, first, &before);
    schedule_evaluate(p, best, &after);
    if (schedule_verify(p, best, &err) != 0)
        fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
    assert_true(after.objective <= before.objective);
    schedule_free(first);
    schedule_free(best);
    return after.objective < before.objective;
}

static void searchers_give_feasible_plans_no_worse_than_the_first(void **state) {
    (void)state;
    int flows = 0, rebuilt = 0, relinked = 0;
    for (uint64_t seed = 0; seed < 2 * SOLVED_SEEDS; seed++) {
        struct problem *p = random_shop(seed, shop_of(seed));
        const struct searcher_kind *kind = kind_of(p);
        int better = is_better_by(kind, p, 3000, seed);
        flows += kind == &flow_kind && better;
        rebuilt += kind == &rebuild_kind && better;
        if (kind != &flow_kind)
            relinked += is_better_by(&relink_kind, p, 3000, seed);
        problem_free(p);
    }
    assert_true(flows > SOLVED_SEEDS / 2 && relinked > SOLVED_SEEDS / 2 && rebuilt > SOLVED_SEEDS / 8);
}

/* The least cost of any order of all tasks on any of their lines. */
static int64_t least_cost(struct critical *c, struct critical_order *o, int32_t at, int32_t *next) {
    const struct problem *p = c->p;
    int64_t least = INT64_MAX;
    if (at == c->tasks) {
        critical_restore(c, o);
        return c->cost;
    }
    for (int32_t j = 0; j < p->jobs; j++) {
        if (next[j] == p->job_offset[j + 1])
            continue;
        int32_t task = p->job_task[next[j]++];
        o->order[at] = task;
        for (int32_t option = p->option_offset[task]; option < p->option_offset[task + 1]; option++) {
            o->option[task] = option;
            int64_t cost = least_cost(c, o, at + 1, next);
            least = cost < least ? cost : least;
        }
        next[j]--;
    }
    return least;
}

static void tiny_shops_are_solved_to_the_least_cost_there_is(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < TINY_SEEDS; seed++) {
        struct problem *p = random_shop(seed, &tiny);
        if (p->option_offset[p->tasks] > p->tasks + 5) {
            problem_free(p);
            continue;
        }
        const struct searcher_kind *kind = seed % 2 == 0 ? kind_of(p) : &relink_kind;
        struct schedule *first = first_plan(p), *best = run_kind(kind, p, first, 20000);
        struct critical *c = critical_new(p, first);
        struct critical_order o = critical_order_new(p->tasks);
        int32_t next[3] = {p->job_offset[0], p->job_offset[1], p->job_offset[2]};
        struct figures f;
        schedule_evaluate(p, best, &f);
        int64_t least = least_cost(c, &o, 0, next);
        if (f.objective != least)
            fail_msg("seed %llu: %lld, and %lld is possible", (unsigned long long)seed, (long long)f.objective,
                     (long long)least);
        critical_order_free(&o);
        critical_free(c);
        schedule_free(first);
        schedule_free(best);
        problem_free(p);
    }
}

static void shops_are_planned_alike_on_any_number_of_threads(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < SOLVED_SEEDS; seed++) {
        struct problem *p = random_shop(seed, shop_of(seed));
        struct solve_limits one = {.iterations = 4000, .threads = 1, .lanes = 4, .seed = seed}, more = one;
        struct solve_result a = {0}, b = {0};
        more.threads = 3;
        assert_int_equal(solve("search", p, NULL, &one, NULL, NULL, &a, NULL), 0);
        assert_int_equal(solve("search", p, NULL, &more, NULL, NULL, &b, NULL), 0);
        assert_memory_equal(a.schedule->line, b.schedule->line, (size_t)p->tasks * sizeof(int32_t));
        assert_memory_equal(a.schedule->start, b.schedule->start, (size_t)p->tasks * sizeof(int32_t));
        schedule_free(a.schedule);
        schedule_free(b.schedule);
        problem_free(p);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_tails_and_cost_are_those_of_the_order),
        cmocka_unit_test(a_try_tells_the_cost_and_leaves_no_trace),
        cmocka_unit_test(what_is_said_of_a_move_beforehand_holds),
        cmocka_unit_test(a_window_closes_with_the_heads_tails_and_cost_that_it_says),
        cmocka_unit_test(a_task_is_put_back_where_it_costs_least_of_all_places),
        cmocka_unit_test(a_cause_is_on_a_way_to_an_order_that_costs_something),
        cmocka_unit_test(searchers_give_feasible_plans_no_worse_than_the_first),
        cmocka_unit_test(tiny_shops_are_solved_to_the_least_cost_there_is),
        cmocka_unit_test(shops_are_planned_alike_on_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
