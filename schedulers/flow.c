/* SPDX-License-Identifier: Apache-2.0 */

/* A plan is an order of jobs for each stage, served as they come in it, each on the line where it ends first. After a
 * move it is drawn tight from both sides (forward and backward improvement, as for projects: Li and Willis, 1992;
 * Valls, Ballestín and Quintanilla, 2005):
 *
 * 1. forwards, in the order as it is;
 * 2. backwards from the last stage, those first that ended last;
 * 3. forwards again, those first that must start first by 2.
 *
 * What comes out is the plan that is judged, and its order is the one that is kept. Pass 3 is given up as soon as a job
 * cannot end within what the annealing would take.
 *
 * Where each stage is a single line and there are jobs enough, most of the time goes to one order for all stages
 * (permutation.h), which the tabu search at the end then takes apart. */

#include "schedulers/flow.h"

#include "schedulers/lane.h"
#include "schedulers/permutation.h"
#include "schedulers/tabu.h"

#include <stdlib.h>
#include <string.h>

enum {
    TASKS_MAX = 4000,
    SINGLE_TASKS_MAX = 50000,
    SINGLE_JOBS_MIN = 15,
    ASK_EVERY = 4,
    TABU_FROM = 65536 / 10 * 9,
    HOT_DIVISOR = 10,
    COLD_DIVISOR = 50
};

struct flow {
    struct critical *c;
    struct tabu tabu;
    struct random random;
    int32_t jobs, stages;
    /* all by [stage][job] */
    int32_t *task;
    int32_t *tail;            /* ticks from the end there to the job's, at least */
    int32_t *order, *drawn;   /* jobs in the order in which they are served: now, and after the move that is tried */
    int32_t *key;             /* when a pass has ended them, or what they are sorted by next */
    int32_t *ready, *free_at; /* in a pass: by job; by line */
    struct critical_order plan, trial; /* the best, and the one that is tried */
    int64_t cost, plan_cost;
    int64_t hot, tried;
    bool polishing;
    bool single; /* each stage is one line: */
    struct permutation greedy;
    int32_t *time, *lag, *release; /* by [stage][job] */
};

static bool same_lines(const struct problem *p, int32_t a, int32_t b) {
    int32_t count = p->option_offset[a + 1] - p->option_offset[a];
    if (p->option_offset[b + 1] - p->option_offset[b] != count)
        return false;
    for (int32_t k = 0; k < count; k++)
        if (p->option_line[p->option_offset[a] + k] != p->option_line[p->option_offset[b] + k])
            return false;
    return true;
}

static int32_t next_in_job(const struct problem *p, int32_t task) {
    return p->after_offset[task] < p->after_offset[task + 1] ? p->after[p->after_offset[task]] : -1;
}

static int32_t job_first(const struct problem *p, int32_t job) {
    return p->job_offset[job] < p->job_offset[job + 1] ? p->job_task[p->job_offset[job]] : -1;
}

/* The stages of the first job; each line belongs to one of them. 0: these are none. */
static int32_t count_stages(const struct problem *p) {
    uint8_t *taken = takt_alloc((size_t)p->lines);
    int32_t stages = 0;
    for (int32_t task = job_first(p, 0); task >= 0 && stages >= 0; task = next_in_job(p, task)) {
        stages++;
        for (int32_t o = p->option_offset[task]; o < p->option_offset[task + 1] && stages >= 0; o++)
            stages = taken[p->option_line[o]]++ ? -1 : stages;
    }
    free(taken);
    return stages > 0 ? stages : 0;
}

static bool is_flow(const struct problem *p) {
    int32_t stages = count_stages(p);
    if (stages < 2 || p->jobs < 2 || (int64_t)stages * p->jobs != p->tasks)
        return false;
    for (int32_t l = 0; l < p->lines; l++)
        if (p->line_table[l] >= 0)
            return false;
    for (int32_t j = 0; j < p->jobs; j++) {
        int32_t model = job_first(p, 0), task = job_first(p, j);
        for (; model >= 0 && task >= 0; model = next_in_job(p, model), task = next_in_job(p, task)) {
            if (!same_lines(p, model, task))
                return false;
        }
        if (model >= 0 || task >= 0)
            return false;
    }
    return true;
}

static bool is_single(const struct problem *p) {
    return p->option_offset[p->tasks] == p->tasks && p->jobs >= SINGLE_JOBS_MIN;
}

static bool flow_knows(const struct problem *p, int32_t lane, int32_t lanes) {
    (void)lane, (void)lanes;
    return p->dues == 0 && p->objective.makespan > 0 && p->jobs > 0 &&
           p->tasks <= (is_single(p) ? SINGLE_TASKS_MAX : TASKS_MAX) && critical_knows(p) && is_flow(p);
}

/* Jobs of a stage by their keys, the least first or last, ties as they were. */
static void sort_row(int32_t *row, const int32_t *key, int32_t count, int32_t sign) {
    for (int32_t k = 1; k < count; k++) {
        int32_t job = row[k], own = sign * key[job], i = k;
        for (; i > 0 && sign * key[row[i - 1]] > own; i--)
            row[i] = row[i - 1];
        row[i] = job;
    }
}

/* Where a task that is ready then ends first. */
static int32_t first_end(const struct flow *f, int32_t task, int32_t ready, int32_t *ret_option) {
    const struct problem *p = f->c->p;
    int32_t best = INT32_MAX, idle = INT32_MIN;
    for (int32_t o = p->option_offset[task]; o < p->option_offset[task + 1]; o++) {
        int32_t free_at = f->free_at[p->option_line[o]], end = (free_at > ready ? free_at : ready) + p->option_time[o];
        if (end < best || (end == best && free_at > idle)) { /* the one that would wait least */
            best = end;
            idle = free_at;
            *ret_option = o;
        }
    }
    return best;
}

/* Serves the jobs of a stage in their order; keys become ends. False: one cannot end by `latest`. */
static bool serve(struct flow *f, int32_t stage, int32_t latest, struct critical_order *ret) {
    const struct problem *p = f->c->p;
    const int32_t at = stage * f->jobs, *row = &f->drawn[at], *task = &f->task[at], *tail = &f->tail[at];
    for (int32_t k = 0; k < f->jobs; k++) {
        int32_t job = row[k], option = 0, end = first_end(f, task[job], f->ready[job], &option);
        if (end + tail[job] > latest)
            return false;
        f->free_at[p->option_line[option]] = end;
        f->key[at + job] = end;
        if (ret != NULL) {
            ret->order[at + k] = task[job];
            ret->option[task[job]] = option;
        }
    }
    return true;
}

/* From the first stage on; returns the last end, INT32_MAX: it is after `latest`. */
static int32_t forwards(struct flow *f, int32_t latest, struct critical_order *ret) {
    const struct critical_node *node = f->c->node;
    int32_t last = 0;
    memset(f->free_at, 0, (size_t)f->c->p->lines * sizeof *f->free_at);
    for (int32_t s = 0; s < f->stages; s++) {
        for (int32_t j = 0; j < f->jobs; j++) {
            const struct critical_node *n = &node[f->task[s * f->jobs + j]];
            int32_t ready = s > 0 ? f->key[(s - 1) * f->jobs + j] + node[n->job_before].lag : 0;
            f->ready[j] = ready > n->release ? ready : n->release;
        }
        if (!serve(f, s, latest, ret))
            return INT32_MAX;
    }
    for (int32_t j = 0; j < f->jobs; j++)
        last = f->key[(f->stages - 1) * f->jobs + j] > last ? f->key[(f->stages - 1) * f->jobs + j] : last;
    return last;
}

/* From the last stage back, time running the other way. */
static void backwards(struct flow *f) {
    memset(f->free_at, 0, (size_t)f->c->p->lines * sizeof *f->free_at);
    for (int32_t s = f->stages - 1; s >= 0; s--) {
        sort_row(&f->drawn[s * f->jobs], &f->key[s * f->jobs], f->jobs, -1);
        for (int32_t j = 0; j < f->jobs; j++)
            f->ready[j] =
                s + 1 < f->stages ? f->key[(s + 1) * f->jobs + j] + f->c->node[f->task[s * f->jobs + j]].lag : 0;
        serve(f, s, INT32_MAX, NULL);
    }
}

/* What is drawn, tight from both sides. Returns its cost, INT64_MAX: more than `limit`. */
static int64_t tighten(struct flow *f, int64_t limit, struct critical_order *ret) {
    int64_t tick = f->c->end[0].tick, most = limit / tick;
    forwards(f, INT32_MAX, NULL);
    backwards(f);
    for (int32_t s = 0; s < f->stages; s++)
        sort_row(&f->drawn[s * f->jobs], &f->key[s * f->jobs], f->jobs, -1);
    int32_t last = forwards(f, most < INT32_MAX ? (int32_t)most : INT32_MAX, ret);
    return last == INT32_MAX ? INT64_MAX : last * tick;
}

/* A job goes some places forwards or back, at every stage. */
static void draw(struct flow *f) {
    int32_t job = random_below(&f->random, f->jobs), far = 1 + random_below(&f->random, (f->jobs + 1) / 2);
    bool back = (random_next(&f->random) >> 63) != 0;
    memcpy(f->drawn, f->order, (size_t)f->c->tasks * sizeof *f->drawn);
    for (int32_t s = 0; s < f->stages; s++) {
        int32_t *row = &f->drawn[s * f->jobs], at = 0;
        while (row[at] != job)
            at++;
        for (int32_t k = 0; k < far && (back ? at > 0 : at + 1 < f->jobs); k++) {
            row[at] = row[at + (back ? -1 : 1)];
            at += back ? -1 : 1;
        }
        row[at] = job;
    }
}

static int64_t mean_time(const struct problem *p) {
    int64_t sum = 0;
    int32_t options = p->option_offset[p->tasks];
    for (int32_t o = 0; o < options; o++)
        sum += p->option_time[o];
    return sum / options + 1;
}

/* Jobs of a stage as a plan starts them. */
static void take_order(struct flow *f, const struct critical *c) {
    for (int32_t s = 0; s < f->stages; s++) {
        int32_t at = s * f->jobs;
        for (int32_t j = 0; j < f->jobs; j++) {
            f->order[at + j] = j;
            f->key[at + j] = critical_start(&c->node[f->task[at + j]]);
        }
        sort_row(&f->order[at], &f->key[at], f->jobs, 1);
    }
    f->cost = c->cost;
}

static void find_stages(struct flow *f) {
    const struct problem *p = f->c->p;
    for (int32_t j = 0; j < f->jobs; j++) {
        int32_t s = 0;
        for (int32_t task = job_first(p, j); task >= 0; task = next_in_job(p, task))
            f->task[s++ * f->jobs + j] = task;
        for (s = f->stages - 2; s >= 0; s--) {
            int32_t next = f->task[(s + 1) * f->jobs + j], least = INT32_MAX;
            for (int32_t o = p->option_offset[next]; o < p->option_offset[next + 1]; o++)
                least = p->option_time[o] < least ? p->option_time[o] : least;
            f->tail[s * f->jobs + j] =
                f->tail[(s + 1) * f->jobs + j] + least + f->c->node[f->task[s * f->jobs + j]].lag;
        }
    }
}

/* What the greedy search has found, if it is better than what is known. */
static void take_greedy(struct flow *f) {
    int64_t cost = f->greedy.best_end * f->c->end[0].tick;
    if (cost >= f->plan_cost)
        return;
    f->plan_cost = cost;
    for (int32_t s = 0; s < f->stages; s++)
        for (int32_t k = 0; k < f->jobs; k++) {
            int32_t task = f->task[s * f->jobs + f->greedy.best[k]];
            f->plan.order[s * f->jobs + k] = task;
            f->plan.option[task] = f->c->p->option_offset[task];
        }
}

static void begin_single(struct flow *f) {
    const struct critical_node *node = f->c->node;
    size_t tasks = (size_t)f->c->tasks * sizeof(int32_t);
    f->time = takt_alloc(tasks);
    f->lag = takt_alloc(tasks);
    f->release = takt_alloc(tasks);
    for (int32_t k = 0; k < f->c->tasks; k++) {
        f->time[k] = node[f->task[k]].time;
        f->lag[k] = node[f->task[k]].lag;
        f->release[k] = node[f->task[k]].release;
    }
    struct permutation_shop shop = {f->jobs, f->stages, f->time, f->lag, f->release};
    permutation_init(&f->greedy, &shop, random_next(&f->random));
}

static void *flow_make(const struct searcher_brief *brief) {
    const struct problem *p = brief->p;
    struct flow *f = takt_alloc(sizeof *f);
    size_t tasks = (size_t)p->tasks * sizeof(int32_t);
    f->c = critical_new(p, brief->plan);
    f->random.state = brief->seed;
    f->jobs = p->jobs;
    f->stages = p->tasks / p->jobs;
    f->task = takt_alloc(tasks);
    f->tail = takt_alloc(tasks);
    f->order = takt_alloc(tasks);
    f->drawn = takt_alloc(tasks);
    f->key = takt_alloc(tasks);
    f->ready = takt_alloc((size_t)p->jobs * sizeof *f->ready);
    f->free_at = takt_alloc((size_t)p->lines * sizeof *f->free_at);
    f->plan = (struct critical_order){takt_alloc(tasks), takt_alloc(tasks)};
    f->trial = (struct critical_order){takt_alloc(tasks), takt_alloc(tasks)};
    find_stages(f);
    take_order(f, f->c);
    critical_save(f->c, &f->plan);
    f->plan_cost = f->c->cost;
    tabu_init(&f->tabu, f->c, random_next(&f->random));
    f->hot = f->c->end[0].tick * mean_time(p) * (65536 / HOT_DIVISOR);
    f->single = is_single(p);
    if (f->single) {
        begin_single(f);
        take_greedy(f);
    }
    return f;
}

static void flow_free(void *self) {
    struct flow *f = self;
    if (f == NULL)
        return;
    int32_t *rows[] = {f->task,       f->tail,        f->order,       f->drawn,        f->key,  f->ready, f->free_at,
                       f->plan.order, f->plan.option, f->trial.order, f->trial.option, f->time, f->lag,   f->release};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        free(rows[k]);
    permutation_done(&f->greedy);
    tabu_done(&f->tabu);
    critical_free(f->c);
    free(f);
}

static void anneal(struct flow *f, int64_t warmth) {
    int64_t limit = f->cost + lane_patience(&f->random, warmth);
    draw(f);
    int64_t cost = tighten(f, limit, &f->trial);
    if (cost > limit)
        return;
    if (cost < f->plan_cost) {
        struct critical_order plan = f->plan;
        f->plan = f->trial;
        f->trial = plan;
        f->plan_cost = cost;
    }
    f->cost = cost;
    int32_t *order = f->order;
    f->order = f->drawn;
    f->drawn = order;
}

/* One order for all stages, at an even temperature. */
static void permute(struct flow *f) {
    int64_t tick = f->c->end[0].tick, patience = lane_patience(&f->random, f->hot / 2) / tick;
    if (permutation_step(&f->greedy, patience < INT32_MAX / 2 ? (int32_t)patience : INT32_MAX / 2))
        take_greedy(f);
}

static void begin_polish(struct flow *f) {
    critical_restore(f->c, &f->plan);
    tabu_begin(&f->tabu);
    f->polishing = true;
}

static void keep_polished(struct flow *f) {
    if (f->tabu.best_cost >= f->plan_cost)
        return;
    f->plan_cost = f->tabu.best_cost;
    memcpy(f->plan.order, f->tabu.best.order, (size_t)f->c->tasks * sizeof(int32_t));
    memcpy(f->plan.option, f->tabu.best.option, (size_t)f->c->tasks * sizeof(int32_t));
}

static void flow_run(void *self, const struct searcher_stretch *stretch, const struct solve_limits *limits) {
    struct flow *f = self;
    int64_t warmth = 0;
    for (int64_t k = 0; stretch->moves == 0 || k < stretch->moves; k++) {
        if (k % ASK_EVERY == 0) {
            int32_t at = searcher_progress(stretch, limits, k);
            if (at < 0)
                break;
            if (at >= TABU_FROM && !f->polishing && f->c->tasks <= TASKS_MAX)
                begin_polish(f);
            if (!f->polishing)
                warmth =
                    lane_temperature(f->hot, f->hot / COLD_DIVISOR + 1, (int32_t)((int64_t)at * 65536 / TABU_FROM));
        }
        f->tried++;
        if (!f->polishing && f->single)
            permute(f);
        else if (!f->polishing)
            anneal(f, warmth);
        else if (!tabu_step(&f->tabu))
            break;
    }
    if (f->polishing)
        keep_polished(f);
    f->polishing = f->polishing && stretch->to < 65536;
}

static int64_t flow_best_cost(const void *self) {
    return ((const struct flow *)self)->plan_cost;
}

static struct schedule *flow_best(void *self) {
    struct flow *f = self;
    return critical_schedule_of(f->c, &f->plan);
}

static int64_t flow_tried(const void *self) {
    return ((const struct flow *)self)->tried;
}

static void flow_adopt(void *self, const void *other) {
    const struct flow *o = other;
    struct flow *f = self;
    if (f->single)
        permutation_adopt(&f->greedy, &o->greedy);
    if (f->single || f->polishing || o->cost >= f->cost)
        return;
    memcpy(f->order, o->order, (size_t)f->c->tasks * sizeof *f->order);
    f->cost = o->cost;
}

const struct searcher_kind flow_kind = {
    .name = "flow",
    .knows = flow_knows,
    .make = flow_make,
    .free = flow_free,
    .run = flow_run,
    .best_cost = flow_best_cost,
    .best = flow_best,
    .tried = flow_tried,
    .adopt = flow_adopt,
};
