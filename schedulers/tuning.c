/* SPDX-License-Identifier: Apache-2.0 */
#include "schedulers/tuning.h"

#include "schedulers/model.h"

#include <stdlib.h>
#include <string.h>

enum { KNOBS = 7, BIASES = 8, PHASE_TASKS = 100, TRIES_A_SPAN = 8 };

static const int32_t k1[] = {3, 5, 7, 10, 15, 20, 30, 45, 70, 110, 170, 260};
static const int32_t k2[] = {1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 70, 110};
static const int32_t time_exponent[] = {0, 25, 50, 75, 100, 125};
static const int32_t rest[] = {0, 25, 50, 75, 100};
static const struct {
    int32_t own, pooled, most;
} bias[BIASES] = {{0, 0, 0}, {1, 1, 0},  {2, 2, 0},  {2, 6, 0}, /* against slow lines; five as in atcs.c */
                  {0, 4, 0}, {0, 4, 40}, {0, 4, 20}, {0, 4, 8}};
static const int32_t lead[] = {50, 100, 150, 200, 300, 450, 700};
static const int32_t fill[] = {0, 70, 100}; /* only where there are runs: the last knob */
static const int8_t knob_count[KNOBS] = {12, 12, 6, 5, BIASES, 7, 3};

struct setting {
    int8_t at[KNOBS];
};

/* Where the climb may begin: points far apart, for all phases alike. */
static const struct setting starts[] = {
    {{7, 2, 4, 0, 0, 1, 0}}, {{8, 8, 4, 0, 5, 1, 2}}, {{7, 8, 3, 2, 0, 3, 0}}, {{5, 3, 4, 0, 1, 1, 1}},
    {{9, 3, 4, 0, 2, 3, 2}}, {{8, 4, 2, 2, 1, 1, 0}}, {{6, 4, 4, 0, 2, 1, 1}}, {{5, 1, 4, 0, 1, 4, 0}},
    {{9, 4, 3, 2, 0, 1, 2}}, {{8, 8, 3, 2, 6, 1, 1}}, {{5, 5, 3, 0, 1, 3, 2}}, {{10, 10, 3, 2, 0, 1, 1}},
};

struct tuning {
    tuning_judge_fn *judge;
    void *arg;
    struct dispatcher *d;
    struct random random;
    int32_t phases, spans, tries; /* spans that are changed as one, and how often that has been done */
    struct dispatch_phase *phase;
    struct setting *setting, *trial;
    struct setting *joined; /* what all that were joined last went on from; nothing before that */
    bool has_joined;
    int32_t from, to, started; /* started: points that have been tried to begin with */
    int64_t cost;
    struct schedule *best;
    int32_t knob, begin, end, way; /* a change that was good, to be made again; way 0: none */
};

/* Up to which phase two settings are the same. */
static int32_t same_phases(const struct tuning *t, const struct setting *a, const struct setting *b) {
    int32_t same = 0;
    while (same < t->phases && memcmp(&a[same], &b[same], sizeof *a) == 0)
        same++;
    return same;
}

/* The setting that others are tried from. */
static void go_on_from(struct tuning *t, const struct setting *setting) {
    dispatcher_forget(t->d, same_phases(t, setting, t->setting));
    memcpy(t->setting, setting, (size_t)t->phases * sizeof *setting);
}

static int64_t run(struct tuning *t, const struct setting *setting) {
    int64_t length = (int64_t)t->to - t->from;
    for (int32_t i = 0; i < t->phases; i++) {
        const int8_t *at = setting[i].at;
        int32_t from = i == 0 ? INT32_MIN : t->from + (int32_t)(length * i / t->phases);
        struct dispatch_scales scales = {k1[at[0]],       k2[at[1]],          fill[at[6]],
                                         bias[at[4]].own, bias[at[4]].pooled, bias[at[4]].most};
        t->phase[i] = (struct dispatch_phase){from, scales, time_exponent[at[2]], rest[at[3]], lead[at[5]]};
    }
    if (dispatcher_run_phases(t->d, same_phases(t, setting, t->setting), NULL) != 0)
        return INT64_MAX;
    return t->judge != NULL ? t->judge(t->arg, t->d) : dispatcher_cost(t->d);
}

static void keep(struct tuning *t, int64_t cost) {
    schedule_free(t->best);
    t->best = dispatcher_schedule(t->d);
    t->cost = cost;
}

static void try_start(struct tuning *t) {
    for (int32_t i = 0; i < t->phases; i++)
        t->trial[i] = starts[t->started];
    t->started++;
    int64_t cost = run(t, t->trial);
    if (cost >= t->cost)
        return;
    go_on_from(t, t->trial);
    keep(t, cost);
}

struct tuning *tuning_new(const struct problem *p, int32_t from, int32_t to, uint64_t seed, tuning_judge_fn *judge,
                          void *arg) {
    struct tuning *t = takt_alloc(sizeof *t);
    *t = (struct tuning){.from = from,
                         .to = to,
                         .random = {seed},
                         .spans = 1,
                         .phases = p->tasks / PHASE_TASKS + 1,
                         .judge = judge,
                         .arg = arg};
    if (dispatcher_new(p, &t->d, NULL) != 0) {
        free(t);
        return NULL;
    }
    t->phase = takt_alloc((size_t)t->phases * sizeof *t->phase);
    t->setting = takt_alloc((size_t)t->phases * sizeof *t->setting);
    t->trial = takt_alloc((size_t)t->phases * sizeof *t->trial);
    t->joined = takt_alloc((size_t)t->phases * sizeof *t->joined);
    dispatcher_vary(t->d, t->phase, t->phases);
    t->cost = INT64_MAX;
    try_start(t);
    if (t->cost < INT64_MAX)
        return t;
    tuning_free(t);
    return NULL;
}

void tuning_free(struct tuning *t) {
    if (t == NULL)
        return;
    dispatcher_free(t->d);
    schedule_free(t->best);
    free(t->phase);
    free(t->setting);
    free(t->trial);
    free(t->joined);
    free(t);
}

/* The next change to try: what was good is done again, else any knob of any span. */
static void choose_change(struct tuning *t) {
    if (t->way != 0)
        return;
    if (t->tries++ == TRIES_A_SPAN * t->spans) {
        t->tries = 0;
        t->spans = 2 * t->spans < t->phases ? 2 * t->spans : t->phases;
    }
    int32_t span = random_below(&t->random, t->spans);
    t->begin = (int32_t)((int64_t)t->phases * span / t->spans);
    t->end = (int32_t)((int64_t)t->phases * (span + 1) / t->spans);
    t->knob = random_below(&t->random, dispatcher_has_runs(t->d) ? KNOBS : KNOBS - 1);
    t->way = random_below(&t->random, 2) == 0 ? 1 : -1;
}

void tuning_step(struct tuning *t) {
    if (t->started < (int32_t)(sizeof starts / sizeof *starts)) {
        try_start(t);
        return;
    }
    bool changed = false;
    choose_change(t);
    memcpy(t->trial, t->setting, (size_t)t->phases * sizeof *t->trial);
    for (int32_t i = t->begin; i < t->end; i++) {
        int32_t at = t->trial[i].at[t->knob] + t->way;
        if (at < 0 || at >= knob_count[t->knob])
            continue;
        t->trial[i].at[t->knob] = (int8_t)at;
        changed = true;
    }
    int64_t cost = changed ? run(t, t->trial) : INT64_MAX;
    if (cost >= t->cost)
        t->way = 0;
    if (cost > t->cost)
        return;
    go_on_from(t, t->trial);
    if (cost < t->cost)
        keep(t, cost);
}

/* Puts into best->trial what best has changed since the last join, and then what `other` has. False: that is nothing.
 */
static bool add_changes(struct tuning *best, const struct tuning *other) {
    bool changed = false;
    for (int32_t i = 0; i < best->phases; i++)
        for (int32_t k = 0; k < KNOBS; k++) {
            int8_t was = best->joined[i].at[k], own = other->setting[i].at[k];
            if (own == was || best->trial[i].at[k] != was)
                continue;
            best->trial[i].at[k] = own;
            changed = true;
        }
    return changed;
}

void tuning_join(struct tuning *const *all, int32_t count) {
    struct tuning *best = all[0];
    bool changed = false;
    for (int32_t k = 1; k < count; k++)
        best = all[k]->cost < best->cost ? all[k] : best;
    size_t size = (size_t)best->phases * sizeof *best->setting;
    memcpy(best->trial, best->setting, size);
    for (int32_t k = 0; k < count; k++)
        changed = (all[k] != best && best->has_joined && add_changes(best, all[k])) || changed;
    int64_t cost = changed ? run(best, best->trial) : INT64_MAX;
    if (cost < best->cost) {
        go_on_from(best, best->trial);
        keep(best, cost);
    }
    for (int32_t k = 0; k < count; k++) {
        memcpy(all[k]->joined, best->setting, size);
        all[k]->has_joined = true;
        if (all[k] == best)
            continue;
        go_on_from(all[k], best->setting);
        schedule_free(all[k]->best);
        all[k]->best = schedule_copy(best->best);
        all[k]->cost = best->cost;
    }
}

int64_t tuning_cost(const struct tuning *t) {
    return t->cost;
}

struct schedule *tuning_schedule(const struct tuning *t) {
    return schedule_copy(t->best);
}
