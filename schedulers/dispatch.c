/* SPDX-License-Identifier: Apache-2.0 */

/* Events are ticks at which a task becomes ready or a line becomes free, in a heap. At each tick, 1. tasks that are
 * ready join the queues of all lines that can do them; 2. each free line with a queue takes what its rule likes best,
 * until it is busy. What a task must wait for beyond its changeover (a pool, a closed line, a fixed task in the way)
 * counts like a changeover, so that work that can start now goes first.
 *
 * Tasks bound to fixed ones by a latest end or start are placed before all others, in order of that bound. Groups
 * (groups.h) are taken as a whole when their first task is. */

#include "schedulers/dispatch.h"

#include "schedulers/job_facts.h"
#include "schedulers/placer.h"

#include <stdlib.h>

#define BLOCKED  (INT64_C(1) << 50)
#define FULLNESS (INT64_C(1) << 16) /* one halving counts as much as twice the time */

struct queue {
    int32_t *tasks;
    uint32_t count, cap;
};

struct dispatching {
    const struct problem *p;
    struct job_facts facts;
    struct timetable *t;
    struct placer placer;
    enum dispatch_rule rule;
    int64_t fullness;       /* what a run that is half as full costs, in the score; 0: nothing */
    int32_t *waiting;       /* by family + 1: size of what waits for a line with runs */
    int32_t *coming;        /* by family + 1: tasks that may run on such lines and do not wait yet */
    int32_t fill;           /* percent; 0: runs are started with whatever waits */
    bool forced;            /* nothing else can happen: runs start as they are */
    int64_t slope1, slope2; /* ATCS: what a tick of slack and of changeover costs, in 2^-32 */
    int32_t *merit;         /* ATCS, by option: log2 of weight over time, in 2^-16 */
    int32_t now;
    int64_t *heap; /* tick << 32 | number; tasks first, then lines */
    size_t heap_count, heap_cap;
    struct queue *queues;  /* by line */
    int32_t *busy_until;   /* by line: when it decides again */
    uint8_t *active;       /* by line: it is looked at now */
    int32_t *ready;        /* by task */
    int32_t *waits, *left; /* by task: predecessors not placed, lines it still waits at */
    uint8_t *bounded;      /* by task: more than its ready time bounds it */
};

static void heap_push(struct dispatching *d, int32_t tick, int32_t number) {
    ARRAY_GROW(d->heap, d->heap_count, d->heap_cap);
    int64_t key = (int64_t)tick * (INT64_C(1) << 32) + number;
    size_t at = d->heap_count++;
    for (; at > 0 && d->heap[(at - 1) / 2] > key; at = (at - 1) / 2)
        d->heap[at] = d->heap[(at - 1) / 2];
    d->heap[at] = key;
}

static int64_t heap_pop(struct dispatching *d) {
    int64_t top = d->heap[0], key = d->heap[--d->heap_count];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < d->heap_count; at = child) {
        if (child + 1 < d->heap_count && d->heap[child + 1] < d->heap[child])
            child++;
        if (d->heap[child] >= key)
            break;
        d->heap[at] = d->heap[child];
    }
    d->heap[at] = key;
    return top;
}

/* What of a score does not depend on the hour: worked out once, since a queue is looked at again and again. */
static int32_t *merits(const struct problem *p, const struct job_facts *facts) {
    int32_t *merit = takt_alloc((size_t)p->option_offset[p->tasks] * sizeof *merit);
    for (int32_t i = 0; i < p->tasks; i++) {
        int32_t job = p->job[i];
        int64_t worth = facts->due[job] != INT32_MAX ? facts->weight[job] : facts->tail[i];
        int32_t log_worth = log2_fixed((uint64_t)worth * 16 + 1);
        for (int32_t o = p->option_offset[i]; o < p->option_offset[i + 1]; o++)
            merit[o] = log_worth - log2_fixed((uint64_t)p->option_time[o] + 1);
    }
    return merit;
}

static int64_t atcs_score(const struct dispatching *d, int32_t task, int32_t option, int32_t now) {
    int32_t job = d->p->job[task];
    int64_t slack = 0;
    if (d->facts.due[job] != INT32_MAX)
        slack = (int64_t)d->facts.due[job] - d->facts.tail[task] - now;
    return (int64_t)d->merit[option] * 65536 - (slack > 0 ? slack * d->slope1 : 0);
}

/* How much the rule likes a task on a line, its changeover not counted; more is better. */
static int64_t score_of(const struct dispatching *d, int32_t task, int32_t option, int32_t now) {
    switch (d->rule) {
    case DISPATCH_FIFO:
        return -(int64_t)d->ready[task];
    case DISPATCH_EDD:
        return -(int64_t)d->facts.due[d->p->job[task]];
    case DISPATCH_SPT:
        return -(int64_t)d->p->option_time[option];
    default:
        return atcs_score(d, task, option, now);
    }
}

/* Sums what waits for the line by family, for full_cost. */
static void sum_waiting(struct dispatching *d, int32_t line) {
    const struct problem *p = d->p;
    const struct queue *q = &d->queues[line];
    for (uint32_t k = 0; k < q->count; k++)
        d->waiting[p->family[q->tasks[k]] + 1] = 0;
    for (uint32_t k = 0; k < q->count; k++)
        if (d->t->line[q->tasks[k]] < 0 && d->waiting[p->family[q->tasks[k]] + 1] < p->line_batch[line])
            d->waiting[p->family[q->tasks[k]] + 1] += p->size[q->tasks[k]];
}

static bool may_run(const struct problem *p, int32_t task) {
    for (int32_t o = p->option_offset[task]; o < p->option_offset[task + 1]; o++)
        if (p->line_batch[p->option_line[o]] > 0)
            return true;
    return false;
}

/* Whether the task's run should wait for more of its family. */
static bool waits_for_company(const struct dispatching *d, int32_t task, int32_t line) {
    int32_t batch = d->p->line_batch[line], family = d->p->family[task] + 1;
    return batch > 0 && d->fill > 0 && !d->forced && d->coming[family] > 0 &&
           (int64_t)d->waiting[family] * 100 < (int64_t)batch * d->fill;
}

/* What it costs that the task's run would not be full: a run keeps its line busy whatever is in it. */
static int64_t full_cost(const struct dispatching *d, int32_t task, int32_t line) {
    int32_t batch = d->p->line_batch[line], size = d->waiting[d->p->family[task] + 1];
    if (d->fullness == 0 || batch == 0 || size >= batch)
        return 0;
    return ((int64_t)log2_fixed((uint64_t)batch) - log2_fixed((uint64_t)(size > 0 ? size : 1))) * d->fullness;
}

/* What waiting costs in the rule's score. */
static int64_t wait_cost(const struct dispatching *d, int32_t wait, int32_t change) {
    if (d->rule == DISPATCH_ATCS)
        return (int64_t)wait * d->slope2;
    return wait > change ? BLOCKED + wait : 0;
}

static struct bounds bounds_of(const struct dispatching *d, int32_t task, int32_t option, int32_t now) {
    struct bounds b = BOUNDS_NONE;
    if (d->bounded[task])
        b = timetable_bounds(d->t, task, option);
    else
        b.start_min = d->ready[task];
    if (b.start_min < now)
        b.start_min = now;
    return b;
}

static void enqueue(struct dispatching *d, int32_t task) {
    const struct problem *p = d->p;
    for (int32_t o = p->option_offset[task]; o < p->option_offset[task + 1]; o++) {
        struct queue *q = &d->queues[p->option_line[o]];
        ARRAY_GROW(q->tasks, q->count, q->cap);
        q->tasks[q->count++] = task;
        d->active[p->option_line[o]] = 1;
    }
    d->left[task] = p->option_offset[task + 1] - p->option_offset[task];
    d->coming[p->family[task] + 1] -= may_run(p, task);
}

static void become_ready(struct dispatching *d, int32_t task) {
    d->ready[task] = timetable_bounds(d->t, task, d->p->option_offset[task]).start_min;
    if (d->ready[task] < 0)
        d->ready[task] = 0;
    heap_push(d, d->ready[task] > d->now ? d->ready[task] : d->now, task); /* a group may lie in the past */
}

/* Predecessors of a whole group count for its first task. */
static int32_t unit_of(const struct problem *p, int32_t task) {
    return p->group[task] < 0 ? task : p->group_task[p->group_offset[p->group[task]]];
}

/* A task was placed: what waited only for it becomes ready. */
static void release_after(struct dispatching *d, int32_t task) {
    const struct problem *p = d->p;
    for (int32_t s = p->after_offset[task]; s < p->after_offset[task + 1]; s++) {
        int32_t after = p->after[s], unit = unit_of(p, after);
        if (p->group[after] >= 0 && p->group[after] == p->group[task])
            continue;
        if (--d->waits[unit] == 0 && d->t->line[unit] < 0)
            become_ready(d, unit);
    }
}

static void release_unit(struct dispatching *d, int32_t task) {
    const struct problem *p = d->p;
    int32_t g = p->group[task];
    if (g < 0) {
        release_after(d, task);
        return;
    }
    for (int32_t k = p->group_offset[g]; k < p->group_offset[g + 1]; k++)
        release_after(d, p->group_task[k]);
}

struct pick {
    int64_t score;
    int32_t task, option;
    struct piece piece;
    struct place place;
};

static bool is_better(const struct dispatching *d, int64_t score, int32_t task, const struct pick *best) {
    if (best->task < 0 || score != best->score)
        return best->task < 0 || score > best->score;
    if (d->ready[task] != d->ready[best->task])
        return d->ready[task] < d->ready[best->task];
    return task < best->task;
}

/* The best of a line's queue; task -1: none fits. ret_lost: a task that has no line left to wait at, or -1. */
static struct pick pick_best(struct dispatching *d, int32_t line, int32_t now, int32_t *ret_lost) {
    const struct problem *p = d->p;
    struct queue *q = &d->queues[line];
    struct pick best = {.task = -1};
    uint32_t before = timetable_runs_before(d->t, line, now + 1);
    int32_t setup = before > 0 ? d->t->lines[line].runs[before - 1].setup : p->line_initial[line];
    if (p->line_batch[line] > 0)
        sum_waiting(d, line);
    for (uint32_t k = 0; k < q->count;) {
        int32_t task = q->tasks[k];
        if (d->t->line[task] >= 0) {
            q->tasks[k] = q->tasks[--q->count];
            continue;
        }
        if (waits_for_company(d, task, line)) {
            k++;
            continue;
        }
        int32_t option = option_on(p, task, line), change = changeover(p, line, setup, p->family[task]);
        int64_t score = score_of(d, task, option, now) - full_cost(d, task, line);
        if (best.task >= 0 && score - wait_cost(d, change, change) < best.score) {
            k++;
            continue;
        }
        struct piece piece = timetable_piece(p, task, option);
        struct bounds b = bounds_of(d, task, option, now);
        struct place place;
        if (!timetable_fit(d->t, &piece, &b, &place)) {
            if (d->left[task] == 1) {
                *ret_lost = task;
                return best;
            }
            d->left[task]--;
            q->tasks[k] = q->tasks[--q->count];
            continue;
        }
        score -= wait_cost(d, place.start - now, change);
        if (is_better(d, score, task, &best))
            best = (struct pick){score, task, option, piece, place};
        k++;
    }
    return best;
}

static bool put_pick(struct dispatching *d, const struct pick *pick) {
    if (d->p->group[pick->task] >= 0) {
        if (!placer_put(&d->placer, pick->task, pick->option) && !placer_put(&d->placer, pick->task, -1))
            return false;
    } else {
        timetable_put(d->t, pick->task, &pick->piece, &pick->place);
    }
    release_unit(d, pick->task);
    return true;
}

/* Fills a run that has just been started with what waits and may join it, the best first. */
static void fill_run(struct dispatching *d, int32_t line, int32_t start, int32_t family, int32_t now) {
    const struct problem *p = d->p;
    struct queue *q = &d->queues[line];
    for (struct pick best;; put_pick(d, &best)) {
        best = (struct pick){.task = -1};
        for (uint32_t k = 0; k < q->count; k++) {
            int32_t task = q->tasks[k];
            if (d->t->line[task] >= 0 || p->family[task] != family || p->group[task] >= 0)
                continue;
            int32_t option = option_on(p, task, line);
            int64_t score = score_of(d, task, option, now);
            if (!is_better(d, score, task, &best))
                continue;
            struct piece piece = timetable_piece(p, task, option);
            struct bounds b = bounds_of(d, task, option, now);
            struct place place;
            if (timetable_fit(d->t, &piece, &b, &place) && place.joins && place.start == start)
                best = (struct pick){score, task, option, piece, place};
        }
        if (best.task < 0)
            return;
    }
}

/* Until when the line does something at `now` already; now: it is free. INT32_MAX: it is closed for good. */
static int32_t free_at(const struct dispatching *d, int32_t line, int32_t now) {
    uint32_t before = timetable_runs_before(d->t, line, now + 1);
    const struct line_runs *l = &d->t->lines[line];
    if (before > 0 && l->runs[before - 1].end > now)
        return l->runs[before - 1].end;
    return hours_next(&d->p->hours[d->p->line_hours[line]], now);
}

/* A task that no line has a place for when it comes to its turn may still find one anywhere. */
static int place_lost(struct dispatching *d, int32_t task, struct takt_error *err) {
    if (!placer_put(&d->placer, task, -1))
        return placer_fail(&d->placer, task, err);
    release_unit(d, task);
    return 0;
}

static int serve_line(struct dispatching *d, int32_t line, int32_t now, struct takt_error *err) {
    struct queue *q = &d->queues[line];
    while (q->count > 0 && d->busy_until[line] <= now) {
        int32_t free = free_at(d, line, now), lost = -1;
        if (free > now && free != HOURS_NEVER) {
            d->busy_until[line] = free;
            heap_push(d, free, d->p->tasks + line);
            return 0;
        }
        struct pick pick = pick_best(d, line, now, &lost);
        if (lost >= 0) {
            int code = place_lost(d, lost, err);
            if (code != 0)
                return code;
            continue;
        }
        if (pick.task < 0)
            return 0;
        if (!put_pick(d, &pick))
            return placer_fail(&d->placer, pick.task, err);
        int32_t end = d->t->end[pick.task];
        if (d->p->line_batch[line] > 0)
            fill_run(d, line, d->t->start[pick.task], d->p->family[pick.task], now);
        if (d->t->line[pick.task] == line && end > d->busy_until[line]) {
            d->busy_until[line] = end;
            heap_push(d, end, d->p->tasks + line);
        }
    }
    return 0;
}

/* Lines that wait for company which waits for them: one task's run is started as it is. False: nothing waits. */
static bool force_run(struct dispatching *d) {
    for (int32_t line = 0; line < d->p->lines; line++)
        for (uint32_t k = 0; k < d->queues[line].count; k++)
            if (d->t->line[d->queues[line].tasks[k]] < 0) {
                d->forced = true;
                heap_push(d, d->now > d->busy_until[line] ? d->now : d->busy_until[line], d->p->tasks + line);
                return true;
            }
    return false;
}

static int run_events(struct dispatching *d, const struct solve_limits *limits, struct takt_error *err) {
    while (d->heap_count > 0 || force_run(d)) {
        int32_t now = d->now = (int32_t)(d->heap[0] >> 32);
        if (limits->deadline != NULL && limits->deadline(limits->arg))
            return takt_fail(err, TAKT_ETIMEOUT, "the time was over before there was a first schedule");
        while (d->heap_count > 0 && (int32_t)(d->heap[0] >> 32) == now) {
            int32_t number = (int32_t)(heap_pop(d) & 0xffffffff);
            if (number >= d->p->tasks)
                d->active[number - d->p->tasks] = 1;
            else if (d->t->line[number] < 0)
                enqueue(d, number);
        }
        for (int32_t line = 0; line < d->p->lines; line++) {
            if (!d->active[line])
                continue;
            d->active[line] = 0;
            int code = serve_line(d, line, now, err);
            d->forced = false;
            if (code != 0)
                return code;
        }
    }
    return 0;
}

static int place_urgent(struct dispatching *d, int32_t task, struct takt_error *err) {
    const struct problem *p = d->p;
    int32_t g = p->group[task], first = g < 0 ? 0 : p->group_offset[g], end = g < 0 ? 1 : p->group_offset[g + 1];
    for (int32_t m = first; m < end; m++) {
        int32_t member = g < 0 ? task : p->group_task[m];
        for (int32_t b = p->before_offset[member]; b < p->before_offset[member + 1]; b++) {
            int32_t before = p->before[b];
            if (d->t->line[before] >= 0 || (g >= 0 && p->group[before] == g))
                continue;
            int code = place_urgent(d, before, err);
            if (code != 0)
                return code;
        }
    }
    if (!placer_put(&d->placer, task, -1))
        return placer_fail(&d->placer, task, err);
    release_unit(d, task);
    return 0;
}

struct limited {
    int32_t limit, task;
};

static int compare_limited(const void *a, const void *b) {
    const struct limited *x = a, *y = b;
    if (x->limit != y->limit)
        return x->limit < y->limit ? -1 : 1;
    return (x->task > y->task) - (x->task < y->task);
}

static int place_all_urgent(struct dispatching *d, struct takt_error *err) {
    int32_t *limit = placer_limits(d->p);
    struct limited *row = takt_alloc((size_t)d->p->tasks * sizeof *row);
    size_t n = 0;
    for (int32_t i = 0; i < d->p->tasks; i++)
        if (limit[i] != INT32_MAX && d->p->fixed_line[i] < 0)
            row[n++] = (struct limited){limit[i], i};
    if (n > 0)
        qsort(row, n, sizeof *row, compare_limited);
    int code = 0;
    for (size_t k = 0; k < n && code == 0; k++)
        if (d->t->line[row[k].task] < 0)
            code = place_urgent(d, row[k].task, err);
    free(row);
    free(limit);
    return code;
}

static bool is_bounded(const struct problem *p, int32_t task) {
    for (int32_t b = p->before_offset[task]; b < p->before_offset[task + 1]; b++)
        if (p->overlap_quantity[p->before[b]] > 0 || p->lag_max[p->before[b]] != PROBLEM_NONE)
            return true;
    for (int32_t s = p->after_offset[task]; s < p->after_offset[task + 1]; s++)
        if (p->fixed_line[p->after[s]] >= 0)
            return true;
    return false;
}

static void count_waits(struct dispatching *d) {
    const struct problem *p = d->p;
    for (int32_t i = 0; i < p->tasks; i++) {
        d->bounded[i] = is_bounded(p, i);
        for (int32_t b = p->before_offset[i]; b < p->before_offset[i + 1]; b++)
            if (p->group[i] < 0 || p->group[i] != p->group[p->before[b]])
                d->waits[unit_of(p, i)]++;
    }
}

static int dispatch_all(struct dispatching *d, const struct solve_limits *limits, struct takt_error *err) {
    const struct problem *p = d->p;
    count_waits(d);
    for (int32_t i = 0; i < p->tasks; i++)
        d->coming[p->family[i] + 1] += p->fixed_line[i] < 0 && may_run(p, i);
    for (int32_t i = 0; i < p->tasks; i++)
        if (p->fixed_line[i] < 0 && unit_of(p, i) == i && d->waits[i] == 0)
            become_ready(d, i);
    for (int32_t i = 0; i < p->tasks; i++)
        if (p->fixed_line[i] >= 0)
            release_after(d, i);
    int code = place_all_urgent(d, err);
    if (code != 0)
        return code;
    return run_events(d, limits, err);
}

static int dispatch_once(const struct problem *p, enum dispatch_rule rule, struct dispatch_scales scales,
                         const struct solve_limits *limits, struct schedule **ret, struct takt_error *err) {
    struct dispatching d = {.p = p, .rule = rule, .fill = scales.fill};
    d.fullness = rule == DISPATCH_ATCS ? FULLNESS : 0;
    int code = timetable_new(p, &d.t, err);
    if (code != 0)
        return code;
    size_t n = (size_t)p->tasks, lines = (size_t)p->lines;
    job_facts_init(&d.facts, p);
    placer_init(&d.placer, d.t);
    const int64_t bit = INT64_C(61961456000); /* 10 · log2(e) · 2^32, tenths taken out of the scales */
    d.slope1 = bit / ((int64_t)scales.k1 * d.facts.mean_time);
    d.slope2 = bit / ((int64_t)scales.k2 * d.facts.mean_change);
    if (rule == DISPATCH_ATCS)
        d.merit = merits(p, &d.facts);
    d.queues = takt_alloc(lines * sizeof *d.queues);
    d.busy_until = takt_alloc(lines * sizeof *d.busy_until);
    d.active = takt_alloc(lines);
    d.ready = takt_alloc(n * sizeof *d.ready);
    d.waits = takt_alloc(n * sizeof *d.waits);
    d.waiting = takt_alloc(((size_t)p->families + 1) * sizeof *d.waiting);
    d.coming = takt_alloc(((size_t)p->families + 1) * sizeof *d.coming);
    d.left = takt_alloc(n * sizeof *d.left);
    d.bounded = takt_alloc(n);
    code = dispatch_all(&d, limits, err);
    if (code == 0)
        *ret = timetable_release(d.t);
    for (size_t l = 0; l < lines; l++)
        free(d.queues[l].tasks);
    free(d.queues);
    free(d.merit);
    free(d.busy_until);
    free(d.active);
    free(d.ready);
    free(d.waits);
    free(d.waiting);
    free(d.coming);
    free(d.left);
    free(d.bounded);
    free(d.heap);
    placer_done(&d.placer);
    job_facts_done(&d.facts);
    timetable_free(d.t);
    return code;
}

static bool has_runs(const struct problem *p) {
    for (int32_t l = 0; l < p->lines; l++)
        if (p->line_batch[l] > 0)
            return true;
    return false;
}

/* Where hours are too short for the rule's half empty runs, they may do for full ones. */
int dispatch(const struct problem *p, enum dispatch_rule rule, struct dispatch_scales scales,
             const struct solve_limits *limits, struct schedule **ret, struct takt_error *err) {
    struct takt_error first = {0};
    int code = dispatch_once(p, rule, scales, limits, ret, &first);
    scales.fill = 100;
    if (code == TAKT_EINFEASIBLE && has_runs(p))
        code = dispatch_once(p, rule, scales, limits, ret, NULL);
    return code == 0 ? 0 : takt_fail(err, first.code, "%s", first.text);
}
