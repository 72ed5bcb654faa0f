/* SPDX-License-Identifier: Apache-2.0 */

/* The time goes to two ways of searching. In its first half rules are tuned (tuning.h): over the whole plan, by each
 * lane from another seed, or where that is too long over parts of it, one after the other. In the second half windows
 * are annealed. Windows want a number of moves for each of their tasks; where a stretch is too short for that, one
 * window takes several, and lanes are joined only after so many: between two merges each lane changes nothing but its
 * own share of the list. How hot to begin differs from plan to plan, so each window takes the heat that has gained
 * most, or now and then another one. */

#include "schedulers/windows.h"

#include "schedulers/dispatch.h"
#include "schedulers/lane.h"
#include "schedulers/tuning.h"
#include "schedulers/window.h"

#include <stdlib.h>
#include <string.h>

#define AFTERWARDS (1 << 29) /* ticks, for an order behind all else */

enum {
    TASKS_MIN = 4000,
    TASKS_MIXED = 900,   /* from here on every other lane, beside annealing of the whole plan */
    WHOLE_MAX = 20000,   /* tasks of which rules are tuned as one */
    PART = 2500,         /* tasks of a part for which they are tuned else, */
    PART_REACH = 1000,   /* … and how far it sees */
    TUNED_UNTIL = 24576, /* share of the search */
    TASKS_A_MOVE = 10,   /* a plan by rule takes as long as a tenth as many moves as it has tasks */
    WINDOW = 2500,
    WINDOW_REACH = 500,
    MOVES_A_TASK = 100,
    HEATS = 6,
    HEAT_LEAST = 64, /* the coldest is the typical cost by this; each other four times the one before */
    EXPLORE = 6      /* one window in so many takes any heat */
};

struct heat_record { /* what windows gained at one heat */
    int64_t gain, windows;
};

struct windows {
    const struct problem *p;
    struct sequence *q;
    struct marginal *marginal;
    struct sequence_order plan, trial; /* the plan now, and another that is tried */
    bool stale;                        /* the sequence is not that of the plan */
    int64_t cost;
    struct random random, common; /* own; the same in all lanes */
    int32_t lane, lanes;
    int32_t from, to, cursor; /* places in the list: this lane's share, and where the next window begins */
    int64_t tried, spent;     /* moves of windows; the share of the time that they took */
    int64_t ruled;            /* plans by rule, as moves */
    int64_t unit;             /* of heats */
    struct heat_record heat[HEATS];
    int32_t cycle, at; /* stretches between two merges; how many of them are over */

    struct window *part; /* what is being improved; NULL: nothing */
    struct lane *annealing;
    struct tuning *tuning;
    int32_t level;                /* of heat */
    struct searcher_stretch last; /* the stretch before */
};

static bool windows_knows(const struct problem *p, int32_t lane, int32_t lanes) {
    (void)lanes;
    bool wanted = p->tasks >= TASKS_MIN || (p->tasks >= TASKS_MIXED && lane % 2 == 1 && p->objective.flow == 0);
    return wanted && p->dues > 0 && window_knows(p);
}

struct starting {
    int32_t start, end, place, task;
};

static int compare_starting(const void *a, const void *b) {
    const struct starting *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* Puts the list in the order of starts. */
static void sort_list(struct windows *w) {
    int32_t n = w->p->tasks;
    struct starting *row = takt_alloc((size_t)n * sizeof *row);
    for (int32_t k = 0; k < n; k++) {
        int32_t task = w->q->order[k];
        row[k] = (struct starting){w->q->start[task], w->q->end[task], k, task};
    }
    qsort(row, (size_t)n, sizeof *row, compare_starting);
    for (int32_t k = 0; k < n; k++)
        w->trial.order[k] = row[k].task;
    memcpy(w->trial.option, w->plan.option, (size_t)n * sizeof *w->trial.option);
    free(row);
    if (sequence_restore(w->q, &w->trial) && w->q->cost <= w->cost) {
        w->cost = w->q->cost;
        sequence_save(w->q, &w->plan);
    } else {
        sequence_restore(w->q, &w->plan);
    }
}

static void windows_free(void *self) {
    struct windows *w = self;
    tuning_free(w->tuning);
    if (w->annealing != NULL)
        lane_kind.free(w->annealing);
    window_free(w->part);
    sequence_free(w->q);
    marginal_free(w->marginal);
    free(w->plan.order);
    free(w->plan.option);
    free(w->trial.order);
    free(w->trial.option);
    free(w);
}

static void *windows_make(const struct searcher_brief *brief) {
    const struct problem *p = brief->p;
    size_t size = (size_t)p->tasks * sizeof(int32_t);
    struct sequence *q = sequence_new(p, brief->plan);
    if (q == NULL)
        return NULL;
    struct windows *w = takt_alloc(sizeof *w);
    *w = (struct windows){.p = p, .q = q, .cost = q->cost, .lane = brief->lane, .lanes = brief->lanes};
    w->plan = (struct sequence_order){takt_alloc(size), takt_alloc(size)};
    w->trial = (struct sequence_order){takt_alloc(size), takt_alloc(size)};
    if (p->tasks < TASKS_MIN) { /* each such lane has the whole plan */
        w->lane = 0;
        w->lanes = 1;
    }
    w->marginal = marginal_new(p);
    w->random.state = brief->seed;
    w->common.state = brief->limits->seed;
    w->unit = lane_typical_cost(p);
    sequence_save(q, &w->plan);
    return w;
}

static int64_t heat_of(const struct windows *w, int32_t level) {
    return (w->unit * 65536 / HEAT_LEAST << (2 * level)) + 1;
}

/* The best so far, or another one. */
static int32_t choose_heat(struct windows *w) {
    int32_t best = 0;
    for (int32_t k = 0; k < HEATS; k++) {
        if (w->heat[k].windows == 0)
            return (k + w->lane * (HEATS / 2)) % HEATS;
        if (w->heat[k].gain * w->heat[best].windows > w->heat[best].gain * w->heat[k].windows)
            best = k;
    }
    return random_below(&w->random, EXPLORE) == 0 ? random_below(&w->random, HEATS) : best;
}

/* Takes the order over if the plan costs no more with it. */
static void splice(struct windows *w, const struct window *part, const struct lane *l) {
    const struct sequence_order *found = lane_order(l);
    size_t size = (size_t)w->p->tasks * sizeof(int32_t);
    memcpy(w->trial.order, w->plan.order, size);
    memcpy(w->trial.option, w->plan.option, size);
    window_order(part, found->order, w->trial.order + part->from);
    for (int32_t i = part->heads; i < part->heads + part->own; i++) {
        w->trial.option[part->task[i]] = window_option(part, w->p, i, found->option[i]);
    }
    bool sound = sequence_restore(w->q, &w->trial);
    if (sound && w->q->cost <= w->cost) {
        w->cost = w->q->cost;
        memcpy(w->plan.order, w->trial.order, size);
        memcpy(w->plan.option, w->trial.option, size);
    } else {
        sequence_restore(w->q, &w->plan);
    }
}

static int32_t clip(int32_t value, int32_t most) {
    return value < most ? value : most;
}

/* The next place in the list from `at` on that splits no run. */
static int32_t border(const struct windows *w, int32_t at) {
    while (at < w->p->tasks && w->q->joined[w->q->order[at]])
        at++;
    return at;
}

static void open_window(struct windows *w) {
    w->cursor = border(w, w->cursor);
    int32_t to = border(w, clip(w->cursor + WINDOW, w->to)), reach = border(w, clip(to + WINDOW_REACH, w->to));
    marginal_compute(w->marginal, w->q);
    w->part = window_new(w->q, w->marginal, w->cursor, to, reach);
    w->annealing = lane_new(w->part->p, w->part->plan, random_next(&w->random));
    w->cursor = to;
    if (w->cursor + WINDOW / 4 >= w->to) /* a share may be shorter than a window */
        w->cursor = w->from + random_below(&w->random, clip((w->to - w->from) / 2, WINDOW / 2) + 1);
    if (w->annealing == NULL)
        return;
    w->level = choose_heat(w);
    lane_freeze(w->annealing, w->part->heads + w->part->own);
    lane_heat(w->annealing, heat_of(w, w->level) * w->part->scale);
}

static void close_window(struct windows *w) {
    if (w->annealing != NULL) {
        int64_t before = w->cost;
        w->tried += lane_kind.tried(w->annealing);
        splice(w, w->part, w->annealing);
        w->heat[w->level].gain += before - w->cost;
        w->heat[w->level].windows++;
        lane_kind.free(w->annealing);
    }
    window_free(w->part);
    w->part = NULL;
    w->annealing = NULL;
}

/* The lane's share of the list, with borders that are others each time. */
static void take_share(struct windows *w) {
    int32_t n = w->p->tasks, jitter = clip(n / w->lanes / 2, WINDOW);
    int32_t off = random_below(&w->common, 2 * jitter + 1) - jitter;
    w->from = w->lane == 0 ? 0 : (int32_t)((int64_t)n * w->lane / w->lanes) + off;
    w->to = w->lane + 1 == w->lanes ? n : (int32_t)((int64_t)n * (w->lane + 1) / w->lanes) + off;
    w->from = border(w, w->from);
    w->to = border(w, w->to);
    if (w->cursor < w->from || w->cursor >= w->to)
        w->cursor = w->from;
}

/* The plan of a tuned rule as a searcher that only holds it; what is not the part's own stays where it was. */
static struct lane *lane_of(const struct window *part, struct schedule *s) {
    for (int32_t i = 0; i < part->p->tasks; i++) {
        if (i >= part->heads && i < part->heads + part->own)
            continue;
        s->line[i] = part->plan->line[i];
        s->start[i] = part->plan->start[i];
        if (i >= part->heads && s->start[i] < INT32_MAX)
            s->start[i] += AFTERWARDS;
    }
    return lane_new(part->p, s, 0);
}

static int64_t judge_part(void *arg, struct dispatcher *d) {
    struct schedule *s = dispatcher_schedule(d);
    struct lane *l = lane_of(arg, s);
    int64_t cost = l != NULL ? lane_kind.best_cost(l) : INT64_MAX;
    if (l != NULL)
        lane_kind.free(l);
    schedule_free(s);
    return cost;
}

/* Makes plans by rule until the stretch is over. */
static struct schedule *run_tuning(struct windows *w, const struct searcher_stretch *stretch,
                                   const struct solve_limits *limits, int32_t tasks) {
    int64_t moves = 0;
    while ((stretch->moves == 0 || moves < stretch->moves) && searcher_progress(stretch, limits, moves) >= 0) {
        tuning_step(w->tuning);
        moves += tasks / TASKS_A_MOVE + 1;
    }
    w->ruled += moves;
    return tuning_schedule(w->tuning);
}

static void tune_whole(struct windows *w, const struct searcher_stretch *stretch, const struct solve_limits *limits) {
    int32_t n = w->p->tasks, first = w->q->order[0], last = w->q->order[n - 1];
    w->from = 0;
    w->to = n;
    if (w->tuning == NULL)
        w->tuning = tuning_new(w->p, w->q->start[first], w->q->start[last], random_next(&w->random), NULL, NULL);
    if (w->tuning == NULL)
        return;
    struct schedule *s = run_tuning(w, stretch, limits, n);
    if (tuning_cost(w->tuning) < w->cost) {
        struct sequence *q = sequence_new(w->p, s);
        if (q != NULL && q->cost < w->cost) {
            w->cost = q->cost;
            sequence_save(q, &w->plan);
            sequence_restore(w->q, &w->plan);
        }
        sequence_free(q);
    }
    schedule_free(s);
}

static void tune_part(struct windows *w, int32_t from, int32_t to, const struct searcher_stretch *stretch,
                      const struct solve_limits *limits) {
    const struct sequence *q = w->q;
    from = border(w, from);
    to = border(w, to);
    int32_t reach = border(w, clip(to + PART_REACH, w->to));
    marginal_compute(w->marginal, q);
    w->part = window_new(q, w->marginal, from, to, reach);
    w->tuning = tuning_new(w->part->p, q->start[q->order[from]], q->start[q->order[to - 1]], random_next(&w->random),
                           judge_part, w->part);
    if (w->tuning != NULL) {
        struct schedule *s = run_tuning(w, stretch, limits, w->part->p->tasks);
        struct lane *l = lane_of(w->part, s);
        if (l != NULL) {
            splice(w, w->part, l);
            lane_kind.free(l);
        }
        schedule_free(s);
    }
    tuning_free(w->tuning);
    window_free(w->part);
    w->tuning = NULL;
    w->part = NULL;
}

static struct searcher_stretch share_of(const struct searcher_stretch *stretch, int32_t k, int32_t count) {
    int64_t length = stretch->end - stretch->begin;
    return (struct searcher_stretch){
        .from = 0,
        .to = 65536,
        .begin = stretch->begin + (int32_t)(length * k / count),
        .end = stretch->begin + (int32_t)(length * (k + 1) / count),
        .moves = stretch->moves * (k + 1) / count - stretch->moves * k / count,
    };
}

static bool is_over(const struct solve_limits *limits) {
    return limits->deadline != NULL && limits->deadline(limits->arg);
}

/* Those parts of the lane's share that fall to this stretch. */
static void tune_parts(struct windows *w, const struct searcher_stretch *stretch, const struct solve_limits *limits) {
    int64_t tasks = w->to - w->from, parts = tasks / PART + 1;
    int32_t first = (int32_t)(parts * stretch->begin / TUNED_UNTIL),
            end = (int32_t)(parts * stretch->end / TUNED_UNTIL);
    for (int32_t k = first; k < end && !is_over(limits); k++) {
        struct searcher_stretch share = share_of(stretch, k - first, end - first);
        int32_t from = w->from + (int32_t)(tasks * k / parts), to = w->from + (int32_t)(tasks * (k + 1) / parts);
        if (k + 1 < parts || w->to < w->p->tasks)
            to -= PART_REACH < (to - from) / 2 && k + 1 == parts ? PART_REACH : 0;
        tune_part(w, from, to, &share, limits);
    }
}

static void run_many(struct windows *w, int32_t count, const struct searcher_stretch *stretch,
                     const struct solve_limits *limits) {
    for (int32_t k = 0; k < count && !is_over(limits); k++) {
        struct searcher_stretch share = share_of(stretch, k, count);
        open_window(w);
        if (w->annealing != NULL)
            lane_kind.run(w->annealing, &share, limits);
        close_window(w);
    }
}

/* One window for all stretches up to the next merge. */
static void run_one(struct windows *w, const struct searcher_stretch *stretch, const struct solve_limits *limits) {
    struct searcher_stretch share = *stretch;
    share.from = (int32_t)(65536 * (int64_t)w->at / w->cycle);
    share.to = (int32_t)(65536 * ((int64_t)w->at + 1) / w->cycle);
    if (w->at == 0)
        open_window(w);
    if (w->annealing != NULL)
        lane_kind.run(w->annealing, &share, limits);
    if (w->at + 1 == w->cycle)
        close_window(w);
}

/* Moves that a stretch has room for. */
static int64_t room_of(const struct windows *w, const struct searcher_stretch *stretch) {
    if (stretch->moves > 0)
        return stretch->moves;
    return w->spent > 0 ? w->tried * (stretch->end - stretch->begin) / w->spent : WINDOW * MOVES_A_TASK;
}

static void windows_run(void *self, const struct searcher_stretch *stretch, const struct solve_limits *limits) {
    struct windows *w = self;
    bool tunes = stretch->end <= TUNED_UNTIL;
    w->last = *stretch;
    if (w->stale)
        sequence_restore(w->q, &w->plan);
    w->stale = false;
    if (!tunes && w->tuning != NULL) {
        tuning_free(w->tuning);
        w->tuning = NULL;
    }
    if (tunes && w->p->tasks <= WHOLE_MAX) {
        tune_whole(w, stretch, limits);
    } else {
        if (w->at == 0) {
            sort_list(w);
            take_share(w);
        }
        int64_t count = room_of(w, stretch) / (WINDOW * MOVES_A_TASK);
        if (tunes)
            tune_parts(w, stretch, limits);
        else if (w->cycle <= 1)
            run_many(w, count > 1 ? (int32_t)count : 1, stretch, limits);
        else
            run_one(w, stretch, limits);
    }
    w->at++;
    w->spent += tunes ? 0 : stretch->end - stretch->begin;
}

/* How many stretches the next windows take. */
static int32_t next_cycle(const struct windows *w) {
    int64_t length = w->last.end - w->last.begin, room = room_of(w, &w->last);
    int64_t left = length > 0 ? (65536 - w->last.end) / length : 1;
    int64_t cycle = room > 0 ? (WINDOW * MOVES_A_TASK + room / 2) / room : 1;
    cycle = cycle < left ? cycle : left;
    return cycle < 1 || w->last.end + length <= TUNED_UNTIL ? 1 : (int32_t)cycle;
}

static int64_t windows_best_cost(const void *self) {
    return ((const struct windows *)self)->cost;
}

static int64_t windows_tried(const void *self) {
    return ((const struct windows *)self)->tried + ((const struct windows *)self)->ruled;
}

static struct schedule *windows_best(void *self) {
    struct windows *w = self;
    if (w->stale)
        sequence_restore(w->q, &w->plan);
    w->stale = false;
    return sequence_schedule(w->q);
}

static void copy_plan(struct windows *to, const struct windows *from) {
    size_t size = (size_t)to->p->tasks * sizeof(int32_t);
    memcpy(to->plan.order, from->plan.order, size);
    memcpy(to->plan.option, from->plan.option, size);
    to->cost = from->cost;
    to->stale = true;
}

static void windows_adopt(void *self, const void *other) {
    copy_plan(self, other);
}

/* Those that tune rules of the whole plan. */
static void join_tuning(void *const *searchers, int32_t count) {
    struct tuning **all = takt_alloc((size_t)count * sizeof(struct tuning *));
    int32_t n = 0;
    for (int32_t k = 0; k < count; k++)
        if (((struct windows *)searchers[k])->tuning != NULL)
            all[n++] = ((struct windows *)searchers[k])->tuning;
    if (n > 1)
        tuning_join(all, n);
    free(all);
}

static void windows_merge(void *const *searchers, int32_t count) {
    struct windows *first = searchers[0], *best = first;
    join_tuning(searchers, count);
    if (first->at < first->cycle)
        return;
    int32_t cycle = next_cycle(first);
    for (int32_t k = 0; k < count; k++) {
        ((struct windows *)searchers[k])->cycle = cycle;
        ((struct windows *)searchers[k])->at = 0;
    }
    size_t size = (size_t)first->p->tasks * sizeof(int32_t);
    for (int32_t k = 1; k < count; k++)
        if (((struct windows *)searchers[k])->cost < best->cost)
            best = searchers[k];
    memcpy(first->trial.order, first->plan.order, size);
    memcpy(first->trial.option, first->plan.option, size);
    for (int32_t k = 1; k < count; k++) {
        const struct windows *w = searchers[k];
        memcpy(first->trial.order + w->from, w->plan.order + w->from, (size_t)(w->to - w->from) * sizeof(int32_t));
        for (int32_t i = w->from; i < w->to; i++)
            first->trial.option[w->plan.order[i]] = w->plan.option[w->plan.order[i]];
    }
    if (sequence_restore(first->q, &first->trial) && first->q->cost <= best->cost) {
        first->cost = first->q->cost;
        first->stale = false;
        memcpy(first->plan.order, first->trial.order, size);
        memcpy(first->plan.option, first->trial.option, size);
    } else {
        first->stale = true;
        if (best != first)
            copy_plan(first, best);
    }
    for (int32_t k = 1; k < count; k++)
        copy_plan(searchers[k], first);
}

const struct searcher_kind windows_kind = {
    .name = "windows",
    .knows = windows_knows,
    .make = windows_make,
    .free = windows_free,
    .run = windows_run,
    .best_cost = windows_best_cost,
    .best = windows_best,
    .tried = windows_tried,
    .adopt = windows_adopt,
    .merge = windows_merge,
};
