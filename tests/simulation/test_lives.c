/* SPDX-License-Identifier: Apache-2.0 */

/* Thousands of short lives of a plant: random plants, random creators, and everything that can go wrong while it happens: the
 * store fails before or after a commit, its queue is full, connections break and what was on its way is lost or comes twice,
 * wake-ups are lost, searches come back late, the daemon is killed at any moment and starts again from its store.
 *
 * After each request that takes place in the store the model (model.h) says whether that may be; after each turn the planner
 * checks itself, its plan against schedule_verify (planner_check). In the last part of a life the faults stop, and everything
 * that was accepted must come to its end. The trace of all frames, times and outcomes gives a number: the same seed, the same
 * number.
 *
 *     TAKT_SEED=4711 tests/simulation/test_lives     one life; TAKT_LOUD=1 tells what happens in it
 *     TAKT_LIVES=5000 tests/simulation/test_lives    so many, from TAKT_SEED or 1 on */

#include "tests/effort.h"
#include "plantlife.h"
#include "random_plant.h"
#include "world.h"

#include "base/time.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    DAY_S = 86400,
    FAULTS_S = 6 * DAY_S,   /* so long things go wrong */
    LIFE_S = 60 * DAY_S,    /* by then everything must be over */
    JUMP_S = 3600,          /* time never jumps by more, so that everybody looks around now and then */
    MOVES_MAX = 200000,     /* within one instant */
    LIVES_DEFAULT = TEST_EFFORT(250)
};

static uint64_t seed_now;

/* Whatever fails, in whatever module, the seed is known. */
static void say_seed(int signal_number) {
    char text[96];
    int n = snprintf(text, sizeof text, "\nTAKT_SEED=%llu fails\n", (unsigned long long)seed_now);
    if (write(STDERR_FILENO, text, (size_t)n) < 0)
        _exit(99);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

/* ---- begin and end ---- */

static struct plant *load_plant(const char *text) {
    char folder[] = "/tmp/test_lives.XXXXXX", file[64];
    struct plant *plant = NULL;
    struct plant_faults faults = {0};
    struct takt_error err = {0};
    if (mkdtemp(folder) == NULL)
        abort();
    snprintf(file, sizeof file, "%s/plant.yaml", folder);
    FILE *to = fopen(file, "w");
    if (to == NULL || fputs(text, to) < 0 || fclose(to) != 0)
        abort();
    int r = plant_load(file, NULL, 0, &plant, &faults, &err);
    unlink(file);
    rmdir(folder);
    for (size_t k = 0; k < faults.count; k++)
        fprintf(stderr, "%d:%d: %s\n", faults.list[k].line, faults.list[k].column, faults.list[k].text);
    plant_faults_done(&faults);
    if (r != 0) {
        fprintf(stderr, "%s\n%s\n", err.text, text);
        abort();
    }
    return plant;
}

static void open_world(struct world *w) {
    struct plantlife *l = &w->life;
    w->worktime = worktime_new(l->plant, l->now_s);
    w->shop = shop_new(&(struct shop_config){.plant = l->plant, .worktime = w->worktime, .seed = w->model.seed,
                                             .noise_ppm = dice_hit(&l->dice, 500) ? 300000 : 0,
                                             .breakdowns = dice_hit(&l->dice, 500) ? 4 : 0, .origin_s = l->now_s});
    w->supply = supply_new(l->plant, l->now_s);
    static const char *const creators[CREATORS] = {"luna", "nova"}, *const consumers[CONSUMERS] = {"dock", "annex"};
    for (int k = 0; k < CREATORS; k++) {
        struct creator *c = &w->creators[k];
        *c = (struct creator){.name = creators[k], .link = {.endpoint = TO_INTAKE, .asked_s = TAKT_TIME_NONE}};
        c->count = (size_t)dice_between(&l->dice, 1, 12);
        for (size_t s = 0; s < c->count; s++)
            script_make(w, c, s);
    }
    for (int k = 0; k < CONSUMERS; k++)
        w->consumers[k] = (struct consumer){.name = consumers[k], .link = {.endpoint = TO_OUTBOX, .asked_s = TAKT_TIME_NONE}};
    w->terminal = (struct link){.endpoint = TO_FLOOR, .asked_s = TAKT_TIME_NONE};
    w->operator_s = l->now_s + OPERATOR_S;
}

static struct world *world_new(uint64_t seed) {
    struct world *w = calloc(1, sizeof *w);
    if (w == NULL)
        abort();
    struct plantlife *l = &w->life;
    l->dice.state = seed * UINT64_C(0x9e3779b97f4a7c15);
    char *text = random_plant(&l->dice);
    l->plant = load_plant(text);
    if (getenv("TAKT_LOUD") != NULL)
        fputs(text, stderr);
    free(text);
    w->model.plant = l->plant;
    w->model.seed = seed;
    if (!time_parse_rfc3339("2026-11-23T06:00:00Z", &l->now_s))
        abort();
    l->now_s += dice_between(&l->dice, 0, DAY_S);
    l->real_ms = 1000000;
    l->faults = dice_hit(&l->dice, 800);
    l->deliver = world_deliver;
    l->broken = world_broken;
    l->world = w;
    open_world(w);
    l->faulty = (struct faulty){.inner = &store_memory, .dice = &l->dice, .mode = l->faults ? FAULTS_SOME : FAULTS_NONE,
                                .permille = (int)dice_between(&l->dice, 10, 120), .happened = world_happened, .arg = w};
    struct store_config config = {.url = "memory:", .plant = l->plant->id, .create = true};
    if (store_memory.open(&config, &l->disk, NULL) != 0)
        abort();
    l->faulty.self = l->disk;
    plantlife_start(l);
    return w;
}

static void world_free(struct world *w) {
    plantlife_stop(&w->life);
    store_memory.close(w->life.disk);
    shop_free(w->shop);
    supply_free(w->supply);
    worktime_free(w->worktime);
    plant_unref(w->life.plant);
    free(w);
}

/* ---- going on ---- */

static bool somebody_acts(struct world *w) {
    size_t first = (size_t)dice_between(&w->life.dice, 0, 4);
    for (size_t k = 0; k < 5; k++) {
        size_t who = (first + k) % 5;
        if (who < 2 ? creator_acts(w, &w->creators[who]) : who < 4 ? consumer_acts(w, (int)who - 2) : terminal_acts(w))
            return true;
    }
    return false;
}

static void something_breaks(struct world *w) {
    struct plantlife *l = &w->life;
    struct link *links[] = {&w->creators[0].link, &w->creators[1].link, &w->consumers[0].link, &w->consumers[1].link,
                            &w->terminal};
    if (dice_hit(&l->dice, 3)) {
        plantlife_crash(l);
    } else if (dice_hit(&l->dice, 8)) {
        struct link *link = links[dice_between(&l->dice, 0, 4)];
        if (link->peer != 0)
            plantlife_break(l, link->endpoint, link->peer);
    }
}

/* All that can happen at one instant. */
static void live_instant(struct world *w) {
    supply_looks(w);
    operator_releases(w);
    for (int moves = 0;; moves++) {
        WORLD_HOLDS(w, moves < MOVES_MAX, "time stands still");
        if (w->life.faults)
            something_breaks(w);
        bool acted = dice_hit(&w->life.dice, 500) && somebody_acts(w);
        bool moved = plantlife_step(&w->life);
        if (!acted && !moved && !somebody_acts(w))
            return;
    }
}

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t next_s(struct world *w) {
    int64_t now_s = w->life.now_s, next = now_s + dice_between(&w->life.dice, 600, JUMP_S);
    if (w->terminal.asked_s == TAKT_TIME_NONE)
        next = earlier(next, earlier(shop_next_s(w->shop), supply_next_s(w->supply)));
    next = earlier(next, planner_next_s(w->life.planner));
    next = earlier(next, link_next_s(&w->terminal));
    for (int k = 0; k < CREATORS; k++)
        next = earlier(next, creator_next_s(&w->creators[k]));
    for (int k = 0; k < CONSUMERS; k++)
        next = earlier(next, consumer_next_s(w, k));
    return next > now_s ? next : now_s + 1;
}

static bool scripts_are_done(const struct world *w) {
    for (int c = 0; c < CREATORS; c++)
        for (size_t k = 0; k < w->creators[c].count; k++) {
            const struct script *s = &w->creators[c].scripts[k];
            bool cancels = s->cancel_s != TAKT_TIME_NEVER && s->cancel == STEP_NONE;
            bool amends = s->amend_s != TAKT_TIME_NEVER && s->amend == STEP_NONE;
            if (s->order < STEP_DONE || (s->order == STEP_DONE && (cancels || amends)))
                return false;
        }
    return true;
}

/* ---- events ---- */

struct told { /* of one order */
    unsigned promised, started, made, shipped, cancelled, all;
    const char *last;
};

static void count_told(struct told *t, const char *event) {
    t->promised += strcmp(event, "order.promised") == 0;
    t->started += strcmp(event, "order.started") == 0;
    t->made += strcmp(event, "order.made") == 0;
    t->shipped += strcmp(event, "order.shipped") == 0;
    t->cancelled += strcmp(event, "order.cancelled") == 0;
    t->all++;
    t->last = event;
}

static void check_told(struct world *w, const struct creator *c, const struct script *s) {
    const struct model_order *o = model_find(&w->model, c->name, s->ref);
    struct told t = {0};
    for (size_t k = 0; k < c->event_count; k++)
        if (strcmp(c->events[k].ref, s->ref) == 0) {
            WORLD_HOLDS(w, t.all > 0 || c->events[k].event[6] == 'p' || c->events[k].event[6] == 'c', "%s begins with %s", s->ref,
                        c->events[k].event);
            count_told(&t, c->events[k].event);
        }
    if (o == NULL)
        return;
    WORLD_HOLDS(w, t.promised <= 1 && t.started <= 1 && t.made <= 1, "%s: promised %u, started %u, made %u times", s->ref,
                t.promised, t.started, t.made);
    if (o->cancelled)
        WORLD_HOLDS(w, t.cancelled == 1 && strcmp(t.last, "order.cancelled") == 0, "%s was cancelled; told %u times, last %s",
                    s->ref, t.cancelled, t.last);
    else if (o->shipped)
        WORLD_HOLDS(w, t.promised == 1 && t.made == 1 && t.shipped == 1 && strcmp(t.last, "order.shipped") == 0,
                    "%s was shipped; promised %u, made %u, shipped %u times, last %s", s->ref, t.promised, t.made, t.shipped,
                    t.last);
}

static uint64_t last_event(struct world *w, const struct creator *c) {
    struct arena *arena = arena_new();
    struct store_events r = {.head = {.op = STORE_EVENTS, .arena = arena}, .creator = c->name, .limit = EVENTS_MAX};
    plantlife_direct(&w->life, &r.head);
    uint64_t last = r.ret_last;
    arena_free(arena);
    return last;
}

/* What the creator has heard is what the store has, all of it, in its order. */
static void check_events(struct world *w, const struct creator *c) {
    struct arena *arena = arena_new();
    struct store_events r = {.head = {.op = STORE_EVENTS, .arena = arena}, .creator = c->name, .limit = EVENTS_MAX};
    plantlife_direct(&w->life, &r.head);
    WORLD_HOLDS(w, r.ret_count == c->event_count, "%s heard %zu events of %zu", c->name, c->event_count, r.ret_count);
    for (size_t k = 0; k < r.ret_count; k++) {
        WORLD_HOLDS(w, r.ret_events[k].cursor == c->events[k].cursor, "event %zu", k);
        WORLD_HOLDS(w, strcmp(event_kind_text(r.ret_events[k].kind), c->events[k].event) == 0, "event %zu", k);
        WORLD_HOLDS(w, strcmp(r.ret_events[k].order_ref, c->events[k].ref) == 0, "event %zu", k);
    }
    arena_free(arena);
    for (size_t k = 0; k < c->count; k++)
        check_told(w, c, &c->scripts[k]);
}

/* ---- a life ---- */

static bool is_over(struct world *w) {
    if (!scripts_are_done(w) || model_open(&w->model) > 0)
        return false;
    for (int k = 0; k < CREATORS; k++)
        if (last_event(w, &w->creators[k]) != w->creators[k].cursor)
            return false;
    return true;
}

struct outcome {
    uint64_t trace, accepted, shipped, cancelled, restarts, faults, reports_refused;
};

static struct outcome live(uint64_t seed) {
    seed_now = seed;
    signal(SIGABRT, say_seed);
    signal(SIGSEGV, say_seed); /* in place of the one of cmocka, which would not name it */
    struct world *w = world_new(seed);
    struct plantlife *l = &w->life;
    int64_t origin_s = l->now_s;
    while (!is_over(w)) {
        WORLD_HOLDS(w, l->now_s < origin_s + LIFE_S, "it does not end: %llu orders are open",
                    (unsigned long long)model_open(&w->model));
        if (l->now_s > origin_s + FAULTS_S) {
            l->faults = false;
            l->faulty.mode = FAULTS_NONE;
        }
        live_instant(w);
        plantlife_time(l, next_s(w));
    }
    for (int k = 0; k < CREATORS; k++)
        check_events(w, &w->creators[k]);
    model_end(&w->model);
    struct outcome outcome = {.trace = l->trace, .accepted = w->model.accepted, .shipped = w->model.shipped,
                              .cancelled = w->model.cancelled, .restarts = l->restarts, .faults = l->faulty.failed,
                              .reports_refused = w->reports_refused};
    world_free(w);
    return outcome;
}

static uint64_t number_of(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static void test_whatever_goes_wrong_each_accepted_order_is_made_and_shipped_once(void **state) {
    (void)state;
    uint64_t first = number_of("TAKT_SEED", 1);
    uint64_t lives = number_of("TAKT_LIVES", getenv("TAKT_SEED") != NULL ? 1 : LIVES_DEFAULT);
    struct outcome sum = {0};
    for (uint64_t seed = first; seed < first + lives; seed++) {
        struct outcome o = live(seed);
        sum.accepted += o.accepted;
        sum.shipped += o.shipped;
        sum.cancelled += o.cancelled;
        sum.restarts += o.restarts;
        sum.faults += o.faults;
        sum.reports_refused += o.reports_refused;
    }
    print_message("%llu lives: %llu orders accepted, %llu shipped, %llu cancelled; %llu restarts, %llu faults of the store, "
                  "%llu reports refused\n",
                  (unsigned long long)lives, (unsigned long long)sum.accepted, (unsigned long long)sum.shipped,
                  (unsigned long long)sum.cancelled, (unsigned long long)sum.restarts, (unsigned long long)sum.faults,
                  (unsigned long long)sum.reports_refused);
    assert_true(sum.accepted > 0);
}

static void test_the_same_seed_gives_the_same_life(void **state) {
    (void)state;
    uint64_t first = number_of("TAKT_SEED", 1), traces[5];
    uint64_t lives = getenv("TAKT_SEED") != NULL ? 1 : 5;
    for (uint64_t k = 0; k < lives; k++) {
        traces[k] = live(first + k).trace;
        assert_true(traces[k] == live(first + k).trace);
        assert_true(k == 0 || traces[k] != traces[k - 1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whatever_goes_wrong_each_accepted_order_is_made_and_shipped_once),
        cmocka_unit_test(test_the_same_seed_gives_the_same_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
