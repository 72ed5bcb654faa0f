/* SPDX-License-Identifier: Apache-2.0 */

/* Events are ticks at which a task becomes ready or a line becomes free, in a heap. At each tick, 1. tasks that are
 * ready join the queues of all lines that can do them; 2. each free line with a queue takes what its rule likes best
 * (dispatch_pick.c), until it is busy.
 *
 * Tasks bound to fixed ones by a latest end or start are placed before all others, in order of that bound. Groups
 * (groups.h) are taken as a whole when their first task is.
 *
 * What no rule decides (fixed tasks, those that they bind, who waits for whom, what is ready at the beginning) is done
 * once, and each plan begins with a copy of it. */

#include "schedulers/dispatch_work.h"

#include "schedulers/timetable_cost.h"

#include <stdlib.h>
#include <string.h>

#define FULLNESS (INT64_C(1) << 16) /* one halving counts as much as twice the time */
#define MOST     (INT64_C(1) << 60)

enum { ASK_EVERY = 64 };

static int64_t event_key(int32_t tick, int32_t number) {
    return (int64_t)tick * (INT64_C(1) << 32) + number;
}

static void heap_push(struct dispatcher *d, int32_t tick, int32_t number) {
    ARRAY_GROW(d->heap, d->heap_count, d->heap_cap);
    int64_t key = event_key(tick, number);
    size_t at = d->heap_count++;
    for (; at > 0 && d->heap[(at - 1) / 2] > key; at = (at - 1) / 2)
        d->heap[at] = d->heap[(at - 1) / 2];
    d->heap[at] = key;
}

static void heap_drop(struct dispatcher *d) {
    int64_t key = d->heap[--d->heap_count];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < d->heap_count; at = child) {
        if (child + 1 < d->heap_count && d->heap[child + 1] < d->heap[child])
            child++;
        if (d->heap[child] >= key)
            break;
        d->heap[at] = d->heap[child];
    }
    d->heap[at] = key;
}

/* The next event of the heap or of those known from the beginning; false: there is none. */
static bool next_event(const struct dispatcher *d, int64_t *ret) {
    bool any = d->heap_count > 0;
    *ret = any ? d->heap[0] : INT64_MAX;
    if (d->first_next < d->first_count && d->first_events[d->first_next] <= *ret) {
        *ret = d->first_events[d->first_next];
        any = true;
    }
    return any;
}

static void drop_event(struct dispatcher *d, int64_t event) {
    if (d->first_next < d->first_count && d->first_events[d->first_next] == event)
        d->first_next++;
    else
        heap_drop(d);
}

static void become_ready(struct dispatcher *d, int32_t task) {
    int32_t ready = timetable_bounds(d->t, task, d->p->option_offset[task]).start_min;
    d->state.ready[task] = ready > 0 ? ready : 0;
    heap_push(d, ready > d->now ? ready : d->now, task); /* a group may lie in the past */
}

/* Predecessors of a whole group count for its first task. */
static int32_t unit_of(const struct problem *p, int32_t task) {
    return p->group[task] < 0 ? task : p->group_task[p->group_offset[p->group[task]]];
}

/* A task was placed: what waited only for it becomes ready. */
static void release_after(struct dispatcher *d, int32_t task) {
    const struct problem *p = d->p;
    for (int32_t s = p->after_offset[task]; s < p->after_offset[task + 1]; s++) {
        int32_t after = p->after[s], unit = unit_of(p, after);
        if (p->group[after] >= 0 && p->group[after] == p->group[task])
            continue;
        if (--d->state.waits[unit] == 0 && d->t->line[unit] < 0)
            become_ready(d, unit);
    }
}

static void release_unit(struct dispatcher *d, int32_t task) {
    const struct problem *p = d->p;
    int32_t g = p->group[task];
    if (g < 0) {
        release_after(d, task);
        return;
    }
    for (int32_t k = p->group_offset[g]; k < p->group_offset[g + 1]; k++)
        release_after(d, p->group_task[k]);
}

static bool put_pick(struct dispatcher *d, const struct pick *pick) {
    if (d->p->group[pick->task] >= 0) {
        if (!placer_put(&d->placer, pick->task, pick->option) && !placer_put(&d->placer, pick->task, -1))
            return false;
    } else {
        timetable_put(d->t, pick->task, &pick->piece, &pick->place);
    }
    release_unit(d, pick->task);
    return true;
}

/* Fills the run that a task has just begun with what waits and may join it, the best first. */
static void fill_run(struct dispatcher *d, int32_t line, const struct pick *first, int32_t now) {
    struct pick pick;
    if (d->p->group[first->task] >= 0)
        return;
    dispatch_gather(d, line, d->p->family[first->task], now);
    while (dispatch_company(d, line, first->place.at, &pick))
        put_pick(d, &pick);
}

/* Until when the line does something at `now` already; now: it is free. INT32_MAX: it is closed for good. */
static int32_t free_at(const struct dispatcher *d, int32_t line, int32_t now) {
    uint32_t before = timetable_runs_before(d->t, line, now + 1);
    const struct line_runs *l = &d->t->lines[line];
    if (before > 0 && l->runs[before - 1].end > now)
        return l->runs[before - 1].end;
    return hours_next(&d->p->hours[d->p->line_hours[line]], now);
}

/* A task that no line has a place for when it comes to its turn may still find one anywhere. */
static int place_lost(struct dispatcher *d, int32_t task, struct takt_error *err) {
    if (!placer_put(&d->placer, task, -1))
        return placer_fail(&d->placer, task, err);
    release_unit(d, task);
    return 0;
}

static void busy_until(struct dispatcher *d, int32_t line, int32_t tick) {
    d->busy_until[line] = tick;
    heap_push(d, tick, d->p->tasks + line);
}

static int serve_line(struct dispatcher *d, int32_t line, int32_t now, struct takt_error *err) {
    struct queue *q = &d->queues[line];
    while (q->count > 0 && d->busy_until[line] <= now) {
        int32_t free = free_at(d, line, now), lost = -1;
        if (free > now && free != HOURS_NEVER) {
            busy_until(d, line, free);
            return 0;
        }
        struct pick pick = dispatch_pick(d, line, now, &lost);
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
            fill_run(d, line, &pick, now);
        if (d->t->line[pick.task] == line && end > d->busy_until[line])
            busy_until(d, line, end);
    }
    return 0;
}

/* Lines that wait for company which waits for them: one task's run is started as it is. False: nothing waits. */
static bool force_run(struct dispatcher *d) {
    for (int32_t line = 0; line < d->p->lines; line++)
        for (int32_t k = 0; k < d->queues[line].count; k++)
            if (d->t->line[d->queues[line].rows[k].task] < 0) {
                d->forced = true;
                heap_push(d, d->now > d->busy_until[line] ? d->now : d->busy_until[line], d->p->tasks + line);
                return true;
            }
    return false;
}

static void take_events(struct dispatcher *d) {
    int64_t event;
    while (next_event(d, &event) && (int32_t)(event >> 32) == d->now) {
        int32_t number = (int32_t)(event & 0xffffffff), line = number - d->p->tasks;
        drop_event(d, event);
        if (line >= 0)
            d->active[line / 64] |= UINT64_C(1) << (line % 64);
        else if (d->t->line[number] < 0)
            dispatch_enqueue(d, number);
    }
}

static int serve_lines(struct dispatcher *d, struct takt_error *err) {
    for (int32_t word = 0; word <= d->p->lines / 64; word++)
        while (d->active[word] != 0) {
            int32_t line = word * 64 + __builtin_ctzll(d->active[word]);
            d->active[word] &= d->active[word] - 1;
            int code = serve_line(d, line, d->now, err);
            d->forced = false;
            if (code != 0)
                return code;
        }
    return 0;
}

static void set_slopes(struct dispatcher *d, int32_t k1, int32_t k2) {
    const int64_t bit = INT64_C(61961456000); /* 10 · log2(e) · 2^32, tenths taken out of the scales */
    d->slope1 = bit / ((int64_t)k1 * d->facts.mean_time);
    d->slope2 = bit / ((int64_t)k2 * d->facts.mean_change);
    d->slack_max = MOST / (d->slope1 + 1);
    d->wait_max = MOST / (d->slope2 + 1);
}

static void set_bias(struct dispatcher *d, const struct dispatch_scales *scales) {
    d->own = scales->own;
    d->pooled = scales->pooled;
    d->most = scales->most > 0 ? scales->most * 65536 / 100 : INT32_MAX;
}

static void next_phase(struct dispatcher *d) {
    while (d->phase != NULL && d->phase < d->phases_end && d->phase->from <= d->now) {
        set_slopes(d, d->phase->scales.k1, d->phase->scales.k2);
        d->fill = d->phase->scales.fill;
        set_bias(d, &d->phase->scales);
        d->time = d->phase->time;
        d->rest = d->phase->rest;
        d->lead = d->phase->lead;
        d->phase++;
    }
}

static int run_events(struct dispatcher *d, const struct solve_limits *limits, struct takt_error *err) {
    int64_t event;
    for (int32_t turn = 0; next_event(d, &event) || (force_run(d) && next_event(d, &event)); turn++) {
        d->now = (int32_t)(event >> 32);
        if (d->phases != NULL)
            dispatch_mark_pass(d);
        if (turn % ASK_EVERY == 0 && limits->deadline != NULL && limits->deadline(limits->arg))
            return takt_fail(err, TAKT_ETIMEOUT, "the time was over before there was a first schedule");
        next_phase(d);
        take_events(d);
        int code = serve_lines(d, err);
        if (code != 0)
            return code;
    }
    return 0;
}

static int place_urgent(struct dispatcher *d, int32_t task, struct takt_error *err) {
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

static int place_all_urgent(struct dispatcher *d, struct takt_error *err) {
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

static bool may_run(const struct problem *p, int32_t task) {
    for (int32_t o = p->option_offset[task]; o < p->option_offset[task + 1]; o++)
        if (p->line_batch[p->option_line[o]] > 0)
            return true;
    return false;
}

static void count_waits(struct dispatcher *d) {
    const struct problem *p = d->p;
    for (int32_t i = 0; i < p->tasks; i++) {
        d->bounded[i] = is_bounded(p, i);
        d->may_run[i] = may_run(p, i);
        d->state.coming[p->family[i] + 1] += p->fixed_line[i] < 0 && d->may_run[i];
        for (int32_t b = p->before_offset[i]; b < p->before_offset[i + 1]; b++)
            if (p->group[i] < 0 || p->group[i] != p->group[p->before[b]])
                d->state.waits[unit_of(p, i)]++;
    }
}

static int compare_events(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Everything before the first decision, in d->t and d->state, and kept from there. */
static int begin(struct dispatcher *d, struct takt_error *err) {
    const struct problem *p = d->p;
    count_waits(d);
    for (int32_t i = 0; i < p->tasks; i++)
        if (p->fixed_line[i] < 0 && unit_of(p, i) == i && d->state.waits[i] == 0)
            become_ready(d, i);
    for (int32_t i = 0; i < p->tasks; i++)
        if (p->fixed_line[i] >= 0)
            release_after(d, i);
    int code = place_all_urgent(d, err);
    if (code != 0)
        return code;
    d->first = timetable_copy(d->t);
    memcpy(d->first_state.ready, d->state.ready, d->state.size);
    d->first_events = d->heap;
    d->first_count = d->heap_count;
    d->heap = NULL;
    d->heap_count = d->heap_cap = 0;
    if (d->first_count > 0)
        qsort(d->first_events, d->first_count, sizeof *d->first_events, compare_events);
    return 0;
}

/* What of a score does not depend on the hour: logarithms of a task's worth over its time, and of its times. */
static void find_merits(struct dispatcher *d) {
    const struct problem *p = d->p;
    d->merit = takt_alloc((size_t)p->option_offset[p->tasks] * sizeof *d->merit);
    d->slower = takt_alloc((size_t)p->option_offset[p->tasks] * sizeof *d->slower);
    for (int32_t i = 0; i < p->tasks; i++) {
        int32_t job = p->job[i];
        int64_t worth = d->facts.due[job] != INT32_MAX ? d->facts.weight[job] : d->facts.tail[i];
        int32_t log_worth = log2_fixed((uint64_t)worth * 16 + 1), least = log2_fixed((uint64_t)d->facts.least[i] + 1);
        for (int32_t o = p->option_offset[i]; o < p->option_offset[i + 1]; o++) {
            int32_t time = log2_fixed((uint64_t)p->option_time[o] + 1);
            d->merit[o] = log_worth - time;
            d->slower[o] = time - least;
        }
    }
}

static void make_queues(struct dispatcher *d) {
    const struct problem *p = d->p;
    size_t lines = (size_t)p->lines;
    int32_t options = p->option_offset[p->tasks], most = 0, *count = takt_alloc(lines * sizeof *count);
    d->queues = takt_alloc(lines * sizeof *d->queues);
    for (int32_t o = 0; o < options; o++)
        count[p->option_line[o]]++;
    struct waiting *rows = takt_alloc((size_t)options * sizeof *rows);
    for (size_t l = 0; l < lines; l++) {
        d->queues[l].rows = rows;
        rows += count[l];
        most = count[l] > most ? count[l] : most;
    }
    d->score = takt_alloc((size_t)most * sizeof *d->score);
    free(count);
}

static void make_state(const struct problem *p, struct dispatch_state *s) {
    size_t n = (size_t)p->tasks, count = 2 * n + (size_t)p->families + 1;
    s->size = count * sizeof *s->ready;
    s->ready = takt_alloc(s->size);
    s->waits = s->ready + n;
    s->coming = s->waits + n;
}

int dispatcher_new(const struct problem *p, struct dispatcher **ret, struct takt_error *err) {
    struct dispatcher *d = takt_alloc(sizeof *d);
    size_t n = (size_t)p->tasks, lines = (size_t)p->lines;
    d->p = p;
    int code = timetable_new(p, &d->t, err);
    if (code != 0) {
        free(d);
        return code;
    }
    job_facts_init(&d->facts, p);
    placer_init(&d->placer, d->t);
    make_state(p, &d->first_state);
    make_state(p, &d->state);
    make_queues(d);
    d->bounded = takt_alloc(n);
    d->may_run = takt_alloc(n);
    d->busy_until = takt_alloc(lines * sizeof *d->busy_until);
    d->active = takt_alloc((lines / 64 + 1) * sizeof *d->active);
    d->waiting = takt_alloc(((size_t)p->families + 1) * sizeof *d->waiting);
    d->left = takt_alloc(n * sizeof *d->left);
    d->job_end = takt_alloc((size_t)p->jobs * sizeof *d->job_end);
    d->pool_asked = takt_alloc((size_t)p->pools * sizeof *d->pool_asked);
    d->pool_free = takt_alloc((size_t)p->pools * sizeof *d->pool_free);
    for (int32_t l = 0; l < p->lines; l++)
        d->has_runs = d->has_runs || p->line_batch[l] > 0;
    code = begin(d, err);
    if (code != 0) {
        dispatcher_free(d);
        return code;
    }
    *ret = d;
    return 0;
}

void dispatcher_free(struct dispatcher *d) {
    if (d == NULL)
        return;
    if (d->p->lines > 0)
        free(d->queues[0].rows);
    void *arrays[] = {
        d->merit,        d->log_time,    d->log_rest, d->slower,     d->bounded,  d->may_run,    d->first_state.ready,
        d->first_events, d->state.ready, d->heap,     d->queues,     d->active,   d->busy_until, d->left,
        d->waiting,      d->score,       d->job_end,  d->pool_asked, d->pool_free};
    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++)
        free(arrays[k]);
    dispatch_mark_done(d);
    placer_done(&d->placer);
    job_facts_done(&d->facts);
    timetable_free(d->first);
    timetable_free(d->t);
    free(d);
}

/* To the beginning. */
static void reset(struct dispatcher *d) {
    size_t lines = (size_t)d->p->lines;
    timetable_reset(d->t, d->first);
    memcpy(d->state.ready, d->first_state.ready, d->state.size);
    for (size_t l = 0; l < lines; l++)
        d->queues[l].count = 0;
    memset(d->busy_until, 0, lines * sizeof *d->busy_until);
    memset(d->active, 0, (lines / 64 + 1) * sizeof *d->active);
    d->heap_count = d->first_next = 0;
    d->forced = false;
    d->now = 0;
    d->phase = d->phases;
    d->time = d->lead = 100;
    d->rest = 0;
    d->next_mark = DISPATCH_MARKS; /* none */
}

static void set_scales(struct dispatcher *d, enum dispatch_rule rule, struct dispatch_scales scales) {
    bool atcs = rule == DISPATCH_ATCS;
    d->rule = rule;
    d->fill = scales.fill;
    set_bias(d, &scales);
    d->fullness = atcs ? FULLNESS : 0;
    d->slope1 = d->slope2 = 0;
    d->slack_max = d->wait_max = MOST;
    if (atcs)
        set_slopes(d, scales.k1, scales.k2);
    if (atcs && d->merit == NULL)
        find_merits(d);
}

/* Where hours are too short for the rule's half empty runs, they may do for full ones. */
int dispatcher_run(struct dispatcher *d, enum dispatch_rule rule, struct dispatch_scales scales,
                   const struct solve_limits *limits, struct takt_error *err) {
    struct takt_error first = {0};
    set_scales(d, rule, scales);
    reset(d);
    int code = run_events(d, limits, &first);
    if (code == TAKT_EINFEASIBLE && d->has_runs && d->phases == NULL) {
        d->fill = 100;
        reset(d);
        code = run_events(d, limits, NULL);
    }
    return code == 0 ? 0 : takt_fail(err, first.code, "%s", first.text);
}

int dispatcher_run_phases(struct dispatcher *d, int32_t same, struct takt_error *err) {
    static const struct solve_limits none = {0};
    set_scales(d, DISPATCH_ATCS, d->phases->scales);
    d->same = same;
    if (!dispatch_mark_begin(d)) {
        reset(d);
        d->next_mark = 0;
    }
    return run_events(d, &none, err);
}

void dispatcher_forget(struct dispatcher *d, int32_t same) {
    dispatch_mark_forget(d, same);
}

void dispatcher_vary(struct dispatcher *d, const struct dispatch_phase *phases, int32_t count) {
    const struct problem *p = d->p;
    dispatch_mark_forget(d, -1);
    d->phases = phases;
    d->phases_end = phases == NULL ? NULL : phases + count;
    if (phases == NULL || d->log_time != NULL)
        return;
    d->log_time = takt_alloc((size_t)p->option_offset[p->tasks] * sizeof *d->log_time);
    d->log_rest = takt_alloc((size_t)p->tasks * sizeof *d->log_rest);
    for (int32_t o = 0; o < p->option_offset[p->tasks]; o++)
        d->log_time[o] = log2_fixed((uint64_t)p->option_time[o] + 1);
    for (int32_t i = 0; i < p->tasks; i++)
        d->log_rest[i] = log2_fixed((uint64_t)d->facts.tail[i] + 1);
}

int64_t dispatcher_cost(struct dispatcher *d) {
    return timetable_cost(d->t, d->job_end);
}

struct schedule *dispatcher_schedule(const struct dispatcher *d) {
    return schedule_copy(d->t->schedule);
}

bool dispatcher_has_runs(const struct dispatcher *d) {
    return d->has_runs;
}
