/* SPDX-License-Identifier: Apache-2.0 */

/* How a place is found on a line: gap by gap from the first run that ends after the earliest start,
 *
 *      prev ──changeover──> [ piece ] ──changeover──> next          (a fixed next needs no changeover before it)
 *
 * the piece is moved right until its hours, its bounds and its pools let it start, and the gap is left for the next one
 * as soon as it cannot end before `next`. On a line with `batch` the run after each gap is tried as company.
 * A task without a family leaves the set-up as it was, so what counts before a piece is the set-up after `prev`, and
 * after it the changeover to the next run that has a family, be it the neighbour or not.
 *
 * Runs of no length sort before a run that starts at the same tick. Two of them at one tick could be read in either
 * order, so on lines with changeovers or runs the second is put a tick later. */

#include "schedulers/timetable.h"

#include <stdlib.h>
#include <string.h>

static int32_t max(int32_t a, int32_t b) {
    return a > b ? a : b;
}

static const struct hours *piece_hours(const struct timetable *t, const struct piece *piece) {
    return piece->own_hours != NULL ? piece->own_hours : &t->p->hours[piece->hours];
}

static struct problem_usage usage_of(const struct timetable *t, const struct piece *piece, int32_t k) {
    if (piece->usages != NULL)
        return piece->usages[k];
    int32_t u = t->p->usage_offset[piece->task] + k;
    return (struct problem_usage){t->p->usage_pool[u], t->p->usage_amount[u]};
}

/* The end of what blocks [start, end) in a pool; INT32_MIN: it is free. Only open time holds a pool. */
static int32_t blocked_until(const struct timetable *t, const struct piece *piece, int32_t start, int32_t end) {
    const struct hours *h = piece_hours(t, piece);
    int32_t until = INT32_MIN, last;
    for (int32_t k = 0; k < piece->usage_count; k++) {
        struct problem_usage use = usage_of(t, piece, k);
        const struct profile *pool = &t->pools[use.pool];
        if (use.amount == 0)
            continue;
        if (h->count == HOURS_ALWAYS) {
            if (!profile_has(pool, start, end, use.amount, &last))
                until = max(until, last);
            continue;
        }
        for (int32_t s = hours_span_at(h, start); s >= 0 && s < h->count && h->from[s] < end; s++) {
            int32_t from = max(h->from[s], start), to = h->to[s] < end ? h->to[s] : end;
            if (!profile_has(pool, from, to, use.amount, &last))
                until = max(until, last);
        }
    }
    return until;
}

/* The first start not before `from` that hours, end_min and pools allow, and its end; HOURS_NEVER: none that ends by
 * `latest_end`. */
static int32_t first_start(const struct timetable *t, const struct piece *piece, int32_t from, const struct bounds *b,
                           int32_t latest_end, int32_t *ret_end) {
    const struct hours *h = piece_hours(t, piece);
    if (b->end_min != INT32_MIN && b->end_min > from) {
        int32_t needed = piece->time == 0
                             ? b->end_min
                             : hours_tick(h, (int64_t)hours_open_before(h, b->end_min - 1) - piece->time + 1);
        if (h->count == HOURS_ALWAYS && piece->time > 0)
            needed = b->end_min - piece->time;
        from = max(from, needed);
    }
    while (from < PROBLEM_TICK_MAX) {
        int32_t start = hours_start(h, from, piece->time, piece->breakable);
        if (start >= PROBLEM_TICK_MAX)
            break;
        int32_t end = hours_passed(h, start, piece->time);
        if (end == HOURS_NEVER || end > latest_end || start > b->start_max || end > b->end_max)
            break;
        int32_t until = piece->usage_count == 0 ? INT32_MIN : blocked_until(t, piece, start, end);
        if (until == INT32_MIN) {
            *ret_end = end;
            return start;
        }
        from = until;
    }
    return HOURS_NEVER;
}

/* The first tick at which the piece may start after run `at - 1`: the line is free and set up. */
static int32_t free_from(const struct timetable *t, const struct piece *piece, uint32_t at) {
    const struct problem *p = t->p;
    const struct line_runs *l = &t->lines[piece->line];
    int32_t setup = at > 0 ? l->runs[at - 1].setup : p->line_initial[piece->line];
    int32_t free = at > 0 ? l->runs[at - 1].end : 0;
    int32_t gap = changeover(p, piece->line, setup, piece->family);
    return gap == 0 ? free : hours_passed(&p->hours[p->line_hours[piece->line]], free, gap);
}

/* Whether what follows still finds its changeover when the piece with this end lies before run `at`. */
static bool leaves_changeover(const struct timetable *t, const struct piece *piece, uint32_t at, int32_t end) {
    const struct problem *p = t->p;
    const struct line_runs *l = &t->lines[piece->line];
    if (p->line_table[piece->line] < 0)
        return true;
    int32_t setup = piece->family >= 0 ? piece->family : at > 0 ? l->runs[at - 1].setup : p->line_initial[piece->line];
    uint32_t k = at;
    while (piece->family >= 0 && k < l->count && l->runs[k].family < 0)
        k++;
    if (k == l->count || l->runs[k].family < 0 || l->runs[k].fixed)
        return true;
    int32_t gap = changeover(p, piece->line, setup, l->runs[k].family);
    int32_t from = k == at ? end : l->runs[k - 1].end;
    return hours_open_between(&p->hours[p->line_hours[piece->line]], from, l->runs[k].start) >= gap;
}

static bool within_late_bounds(const struct timetable *t, const struct piece *piece, const struct bounds *b,
                               int32_t start, int32_t end) {
    if (start > b->start_max || end > b->end_max)
        return false;
    return b->part < 0 || hours_passed(piece_hours(t, piece), start, b->part) <= b->part_max;
}

static bool is_contiguous(const struct hours *h, int32_t start, int32_t end) {
    if (h->count == HOURS_ALWAYS || start == end)
        return true;
    int32_t k = hours_span_at(h, start);
    return k >= 0 && end <= h->to[k];
}

static bool can_join(const struct timetable *t, const struct piece *piece, const struct bounds *b,
                     const struct run *run) {
    if (run->family != piece->family || run->ticks < piece->time || piece->own_hours != NULL ||
        run->hours != piece->hours)
        return false;
    if (run->size > t->p->line_batch[piece->line] - piece->size)
        return false;
    if (run->start < b->start_min || run->end < b->end_min || !within_late_bounds(t, piece, b, run->start, run->end))
        return false;
    if (!piece->breakable && !is_contiguous(&t->p->hours[run->hours], run->start, run->end))
        return false;
    return piece->usage_count == 0 || blocked_until(t, piece, run->start, run->end) == INT32_MIN;
}

/* A run of no length at this very place could be read in another order. */
static bool is_ambiguous(const struct timetable *t, const struct piece *piece, uint32_t at, int32_t start) {
    const struct line_runs *l = &t->lines[piece->line];
    if (t->p->line_table[piece->line] < 0 && t->p->line_batch[piece->line] == 0)
        return false;
    return (at > 0 && l->runs[at - 1].start == start && l->runs[at - 1].end == start) ||
           (at < l->count && l->runs[at].start == start && l->runs[at].end == start);
}

static bool fit_gap(const struct timetable *t, const struct piece *piece, const struct bounds *b, uint32_t at,
                    struct place *ret) {
    const struct line_runs *l = &t->lines[piece->line];
    int32_t latest = at < l->count ? l->runs[at].start : PROBLEM_TICK_MAX - 1;
    int32_t from = max(free_from(t, piece, at), b->start_min), end, start;
    for (;; from = start + 1) {
        if ((int64_t)from + piece->time > latest)
            return false;
        start = first_start(t, piece, from, b, latest, &end);
        if (start == HOURS_NEVER)
            return false;
        if (piece->time == 0 && is_ambiguous(t, piece, at, start))
            continue;
        break;
    }
    if (!leaves_changeover(t, piece, at, end) || !within_late_bounds(t, piece, b, start, end))
        return false;
    *ret = (struct place){.start = start, .end = end, .at = at};
    return true;
}

/* The first run that ends after tick, or, of those that end at it, begins there too. */
static uint32_t first_run(const struct line_runs *l, int32_t tick) {
    if (l->count == 0 || l->runs[l->count - 1].end < tick)
        return l->count;
    uint32_t low = 0, high = l->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (l->runs[middle].end < tick)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool timetable_fit(const struct timetable *t, const struct piece *piece, const struct bounds *b, struct place *ret) {
    const struct line_runs *l = &t->lines[piece->line];
    bool runs = t->p->line_batch[piece->line] > 0;
    if (runs && piece->size > t->p->line_batch[piece->line])
        return false;
    struct bounds own = *b;
    own.start_min = max(own.start_min, 0);
    for (uint32_t at = first_run(l, own.start_min);; at++) {
        int32_t free = at > 0 ? l->runs[at - 1].end : 0;
        if (free > own.start_max)
            return false;
        int32_t gap_to = at < l->count ? l->runs[at].start : PROBLEM_TICK_MAX;
        if (gap_to - max(free, own.start_min) >= piece->time && fit_gap(t, piece, &own, at, ret))
            return true;
        if (at == l->count)
            return false;
        if (runs && can_join(t, piece, &own, &l->runs[at])) {
            *ret = (struct place){.start = l->runs[at].start, .end = l->runs[at].end, .at = at, .joins = true};
            return true;
        }
    }
}

struct piece timetable_piece(const struct problem *p, int32_t task, int32_t option) {
    return (struct piece){
        .line = p->option_line[option],
        .time = p->option_time[option],
        .hours = p->option_hours[option],
        .family = p->family[task],
        .size = p->size[task],
        .breakable = p->breakable[task],
        .task = task,
        .usage_count = p->usage_offset[task + 1] - p->usage_offset[task],
    };
}

static int32_t time_placed(const struct timetable *t, int32_t task) {
    return t->p->option_time[option_on(t->p, task, t->line[task])];
}

static const struct hours *hours_placed(const struct timetable *t, int32_t task) {
    const struct problem *p = t->p;
    int32_t fixed = p->fixed_line[task] >= 0;
    return &p->hours[fixed ? p->fixed_hours[task] : p->option_hours[option_on(p, task, t->line[task])]];
}

static int32_t add_lag(int64_t tick, int64_t lag) {
    return tick + lag < INT32_MAX ? (int32_t)(tick + lag) : INT32_MAX;
}

/* What a placed task asks of one after it. */
static void bound_after(const struct timetable *t, int32_t before, int32_t time, struct bounds *b) {
    const struct problem *p = t->p;
    int32_t ready = t->end[before], lag = p->lag_after[before];
    if (p->overlap_quantity[before] > 0) {
        int32_t first = p->overlap_first[before], of = p->overlap_quantity[before];
        b->end_min = max(b->end_min, add_lag((int64_t)ready + lag, part_of(time, first, of)));
        int32_t passed =
            hours_passed(hours_placed(t, before), t->start[before], part_of(time_placed(t, before), first, of));
        ready = passed < ready ? passed : ready;
    }
    b->start_min = max(b->start_min, add_lag(ready, lag));
    if (p->lag_max[before] != PROBLEM_NONE) {
        int32_t limit = add_lag(t->end[before], p->lag_max[before]);
        b->start_max = limit < b->start_max ? limit : b->start_max;
    }
}

/* What a placed task asks of one before it. */
static void bound_before(const struct timetable *t, int32_t task, int32_t time, int32_t after, struct bounds *b) {
    const struct problem *p = t->p;
    int32_t limit = t->start[after] - p->lag_after[task];
    if (p->overlap_quantity[task] > 0) {
        int32_t first = p->overlap_first[task], of = p->overlap_quantity[task];
        int64_t end = (int64_t)t->end[after] - p->lag_after[task] - part_of(time_placed(t, after), first, of);
        b->end_max = end < b->end_max ? (int32_t)end : b->end_max;
        b->part_max = b->part < 0 || limit < b->part_max ? limit : b->part_max;
        b->part = part_of(time, first, of);
    } else if (limit < b->end_max) {
        b->end_max = limit;
    }
    if (p->lag_max[task] != PROBLEM_NONE)
        b->end_min = max(b->end_min, t->start[after] - p->lag_max[task]);
}

struct bounds timetable_bounds(const struct timetable *t, int32_t task, int32_t option) {
    const struct problem *p = t->p;
    struct bounds b = BOUNDS_NONE;
    int32_t time = p->option_time[option];
    b.start_min = max(p->release[task], p->job_release[p->job[task]]);
    for (int32_t k = p->before_offset[task]; k < p->before_offset[task + 1]; k++)
        if (t->line[p->before[k]] >= 0)
            bound_after(t, p->before[k], time, &b);
    for (int32_t k = p->after_offset[task]; k < p->after_offset[task + 1]; k++)
        if (t->line[p->after[k]] >= 0)
            bound_before(t, task, time, p->after[k], &b);
    return b;
}

static void hold_pools(struct timetable *t, int32_t task, int32_t hours, int32_t sign) {
    const struct problem *p = t->p;
    const struct hours *h = &p->hours[hours];
    int32_t start = t->start[task], end = t->end[task];
    for (int32_t u = p->usage_offset[task]; u < p->usage_offset[task + 1]; u++) {
        struct profile *pool = &t->pools[p->usage_pool[u]];
        int32_t amount = sign * p->usage_amount[u];
        if (h->count == HOURS_ALWAYS) {
            profile_take(pool, start, end, amount);
            continue;
        }
        for (int32_t s = max(hours_span_at(h, start), 0); s < h->count && h->from[s] < end; s++)
            profile_take(pool, max(h->from[s], start), h->to[s] < end ? h->to[s] : end, amount);
    }
}

/* Set-ups from run `at` on, until one does not change. */
static void pass_setup(struct timetable *t, int32_t line, uint32_t at) {
    struct line_runs *l = &t->lines[line];
    int32_t setup = at > 0 ? l->runs[at - 1].setup : t->p->line_initial[line];
    for (uint32_t k = at; k < l->count; k++) {
        if (l->runs[k].family >= 0) {
            l->runs[k].setup = l->runs[k].family;
            return;
        }
        l->runs[k].setup = setup;
    }
}

static void insert_run(struct timetable *t, int32_t line, uint32_t at, struct run run) {
    struct line_runs *l = &t->lines[line];
    ARRAY_GROW(l->runs, l->count, l->cap);
    memmove(&l->runs[at + 1], &l->runs[at], (l->count - at) * sizeof *l->runs);
    l->runs[at] = run;
    l->count++;
    pass_setup(t, line, at);
    if (run.family >= 0)
        pass_setup(t, line, at + 1);
}

void timetable_put(struct timetable *t, int32_t task, const struct piece *piece, const struct place *place) {
    struct line_runs *l = &t->lines[piece->line];
    t->line[task] = piece->line;
    t->start[task] = place->start;
    t->end[task] = place->end;
    if (place->joins) {
        struct run *run = &l->runs[place->at];
        t->next[task] = run->head;
        run->head = task;
        run->size += piece->size;
    } else {
        t->next[task] = -1;
        insert_run(t, piece->line, place->at,
                   (struct run){.start = place->start,
                                .end = place->end,
                                .family = piece->family,
                                .ticks = piece->time,
                                .size = piece->size,
                                .hours = piece->hours,
                                .head = task});
    }
    hold_pools(t, task, piece->hours, 1);
}

void timetable_take(struct timetable *t, int32_t task) {
    int32_t line = t->line[task];
    struct line_runs *l = &t->lines[line];
    uint32_t at = first_run(l, t->end[task]);
    while (l->runs[at].head != task)
        at++;
    struct run *run = &l->runs[at];
    hold_pools(t, task, run->hours, -1);
    run->size -= t->p->size[task];
    run->head = t->next[task];
    t->line[task] = -1;
    if (run->head >= 0)
        return;
    memmove(run, run + 1, (l->count - at - 1) * sizeof *l->runs);
    l->count--;
    pass_setup(t, line, at);
}

uint32_t timetable_runs_before(const struct timetable *t, int32_t line, int32_t tick) {
    const struct line_runs *l = &t->lines[line];
    uint32_t low = 0, high = l->count;
    if (high > 0 && l->runs[high - 1].start < tick)
        return high;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (l->runs[middle].start < tick)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct schedule *timetable_release(struct timetable *t) {
    struct schedule *s = t->schedule;
    t->schedule = NULL;
    return s;
}
