/* SPDX-License-Identifier: Apache-2.0 */

/* Whether a schedule keeps the rules of the format, read from the format alone: the search's arithmetic is not used
 * here.
 *
 * 1. each task by itself: it is placed, on a line that can do it, where it is fixed;
 * 2. each line: its runs in order of time, with their open ticks, sizes and changeovers;
 * 3. each job: releases, lags, overlap;
 * 4. each pool: what is held of it, tick by tick where that changes.
 * The first broken rule ends it. */

#include "schedulers/schedule.h"
#include "schedulers/verify_hours.h"

#include <stdlib.h>

enum { CLOCKS_KNOWN_MAX = 64 };

struct known_clock {
    int32_t *hours; /* ascending */
    size_t count;
    struct verify_clock *clock;
};

struct hold {
    int32_t pool, at;
    int64_t amount; /* taken; negative: given back */
};

struct verification {
    const struct problem *p;
    const struct schedule *s;
    struct takt_error *err;
    struct arena *arena;
    int32_t *order;                    /* tasks by line and run */
    const struct verify_clock **clock; /* of the task's run */
    struct known_clock known[CLOCKS_KNOWN_MAX];
    size_t known_count;
    struct hold *holds;
    size_t hold_count, hold_cap;
};

#define BROKEN(v, ...) takt_fail((v)->err, TAKT_EINFEASIBLE, __VA_ARGS__)
#define NAME(v, task)  task_text((v)->p, (task), (char[TASK_TEXT_SIZE]){0})
#define LINE(v, line)  line_text((v)->p, (line), (char[TASK_TEXT_SIZE]){0})

static int check_task(struct verification *v, int32_t i) {
    const struct problem *p = v->p;
    int32_t line = v->s->line[i], start = v->s->start[i], end = v->s->end[i];
    if (line < 0)
        return BROKEN(v, "%s is not placed", NAME(v, i));
    bool can = false;
    for (int32_t o = p->option_offset[i]; o < p->option_offset[i + 1]; o++)
        can = can || p->option_line[o] == line;
    if (!can)
        return BROKEN(v, "%s cannot run on line %d", NAME(v, i), (int)line);
    if (start > end || start <= -PROBLEM_TICK_MAX || end >= PROBLEM_TICK_MAX)
        return BROKEN(v, "%s is at %d to %d", NAME(v, i), (int)start, (int)end);
    if (p->fixed_line[i] >= 0 && (line != p->fixed_line[i] || start != p->fixed_start[i] || end != p->fixed_end[i]))
        return BROKEN(v, "%s is not where it is fixed", NAME(v, i));
    return 0;
}

/* The order of runs on a line; 0: the same run, if the line does runs. */
static int compare_runs(const struct verification *v, int32_t x, int32_t y) {
    const int32_t keys[][2] = {{v->s->line[x], v->s->line[y]},
                               {v->s->start[x], v->s->start[y]},
                               {v->s->end[x], v->s->end[y]},
                               {v->p->family[x], v->p->family[y]}};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        if (keys[k][0] != keys[k][1])
            return keys[k][0] < keys[k][1] ? -1 : 1;
    return 0;
}

static int compare_tasks(const void *a, const void *b, void *arg) {
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    int order = compare_runs(arg, x, y);
    return order != 0 ? order : (x > y) - (x < y);
}

static int compare_numbers(const void *a, const void *b) {
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* The clock of a run, made once for all runs with the same hours (of the last few kinds). */
static const struct verify_clock *clock_of(struct verification *v, const int32_t *tasks, size_t count) {
    const struct problem *p = v->p;
    size_t most = 1;
    for (size_t k = 0; k < count; k++)
        most += (size_t)(p->usage_offset[tasks[k] + 1] - p->usage_offset[tasks[k]]);
    int32_t few[16], *hours = most <= 16 ? few : takt_alloc(most * sizeof *hours);
    size_t n = 0;
    hours[n++] = p->line_hours[v->s->line[tasks[0]]];
    for (size_t k = 0; k < count; k++)
        for (int32_t u = p->usage_offset[tasks[k]]; u < p->usage_offset[tasks[k] + 1]; u++)
            hours[n++] = p->pool_hours[p->usage_pool[u]];
    qsort(hours, n, sizeof *hours, compare_numbers);
    struct known_clock *found = NULL;
    for (size_t i = 0; i < v->known_count && found == NULL; i++) {
        struct known_clock *c = &v->known[i];
        bool same = c->count == n;
        for (size_t k = 0; same && k < n; k++)
            same = c->hours[k] == hours[k];
        found = same ? c : NULL;
    }
    if (found == NULL) {
        found =
            &v->known[v->known_count < CLOCKS_KNOWN_MAX ? v->known_count++ : (size_t)hours[n - 1] % CLOCKS_KNOWN_MAX];
        found->hours = arena_memdup(v->arena, hours, n * sizeof *hours);
        found->count = n;
        found->clock = verify_clock_new(p, hours, n, v->arena);
    }
    if (hours != few)
        free(hours);
    return found->clock;
}

static void hold(struct verification *v, int32_t pool, int32_t from, int32_t to, int32_t amount) {
    for (int k = 0; k < 2; k++) {
        ARRAY_GROW(v->holds, v->hold_count, v->hold_cap);
        v->holds[v->hold_count++] = (struct hold){pool, k == 0 ? from : to, k == 0 ? amount : -amount};
    }
}

/* A task holds its pools while its run is open. */
static void hold_pools(struct verification *v, int32_t i, const struct verify_clock *clock) {
    const struct problem *p = v->p;
    int32_t from = v->s->start[i], to = v->s->end[i];
    for (int32_t u = p->usage_offset[i]; u < p->usage_offset[i + 1]; u++) {
        if (clock->always) {
            hold(v, p->usage_pool[u], from, to, p->usage_amount[u]);
            continue;
        }
        for (int32_t k = verify_span_after(clock, from); k < clock->count && clock->spans[k].from < to; k++) {
            const struct problem_span *span = &clock->spans[k];
            hold(v, p->usage_pool[u], span->from < from ? from : span->from, span->to > to ? to : span->to,
                 p->usage_amount[u]);
        }
    }
}

static int32_t time_on(const struct problem *p, int32_t task, int32_t line) {
    for (int32_t o = p->option_offset[task]; o < p->option_offset[task + 1]; o++)
        if (p->option_line[o] == line)
            return p->option_time[o];
    return 0;
}

/* The members of one run: their open ticks, whether they may pause, their sizes. */
static int check_run(struct verification *v, const int32_t *members, size_t count) {
    const struct problem *p = v->p;
    int32_t line = v->s->line[members[0]], start = v->s->start[members[0]], end = v->s->end[members[0]];
    const struct verify_clock *clock = clock_of(v, members, count);
    int64_t size = 0, need = 0, ticks = verify_open_ticks(clock, start, end);
    size_t fixed = 0;
    bool breakable = true;
    for (size_t k = 0; k < count; k++) {
        int32_t i = members[k];
        v->clock[i] = clock;
        hold_pools(v, i, clock);
        size += p->size[i];
        if (p->fixed_line[i] >= 0) {
            fixed++;
            continue;
        }
        int32_t time = time_on(p, i, line);
        need = time > need ? time : need;
        breakable = breakable && p->breakable[i];
    }
    if (fixed > 0 ? ticks < need : ticks != need)
        return BROKEN(v, "%s has %lld open ticks of %lld", NAME(v, members[0]), (long long)ticks, (long long)need);
    if (fixed == 0 && need > 0 && !(verify_is_open(clock, start) && verify_is_open(clock, end - 1)))
        return BROKEN(v, "%s starts or ends where it is closed", NAME(v, members[0]));
    if (!breakable && ticks != (int64_t)end - start)
        return BROKEN(v, "%s may not be broken but is closed within", NAME(v, members[0]));
    if (p->line_batch[line] > 0 && size > p->line_batch[line])
        return BROKEN(v, "%s runs with too much on %s", NAME(v, members[0]), LINE(v, line));
    return 0;
}

static int32_t table_gap(const struct problem *p, int32_t line, int32_t from, int32_t to) {
    return from < 0 || to < 0 || p->line_table[line] < 0 ? 0 : table_time(&p->table[p->line_table[line]], from, to);
}

/* Tasks order[from..to) are all those of one line. */
static int check_line(struct verification *v, int32_t from, int32_t to) {
    const struct problem *p = v->p;
    int32_t line = v->s->line[v->order[from]];
    const struct verify_clock *clock = verify_clock_new(p, &p->line_hours[line], 1, v->arena);
    int32_t at = v->s->start[v->order[from]], family = p->line_initial[line];
    at = at < 0 ? at : 0;
    for (int32_t next; from < to; from = next) {
        int32_t first = v->order[from];
        for (next = from + 1; next < to && p->line_batch[line] > 0; next++)
            if (compare_runs(v, first, v->order[next]) != 0)
                break;
        int code = check_run(v, &v->order[from], (size_t)(next - from));
        if (code != 0)
            return code;
        bool fixed = false;
        for (int32_t k = from; k < next; k++)
            fixed = fixed || p->fixed_line[v->order[k]] >= 0;
        int32_t start = v->s->start[first], gap = table_gap(p, line, family, p->family[first]);
        if (start < at)
            return BROKEN(v, "%s overlaps what is before it on %s", NAME(v, first), LINE(v, line));
        if (!fixed && verify_open_ticks(clock, at, start) < gap)
            return BROKEN(v, "%s starts within its changeover on %s", NAME(v, first), LINE(v, line));
        family = p->family[first] >= 0 ? p->family[first] : family;
        at = v->s->end[first];
    }
    return 0;
}

static int check_lag(struct verification *v, int32_t before, int32_t i) {
    const struct problem *p = v->p;
    const struct schedule *s = v->s;
    if (p->fixed_line[before] >= 0 && p->fixed_line[i] >= 0)
        return 0;
    int64_t ready = s->end[before], lag = p->lag_after[before];
    if (p->lag_max[before] != PROBLEM_NONE && s->start[i] > ready + p->lag_max[before])
        return BROKEN(v, "%s starts too long after %s", NAME(v, i), NAME(v, before));
    if (p->overlap_quantity[before] > 0) {
        int64_t first = p->overlap_first[before], of = p->overlap_quantity[before];
        int64_t own_part = (time_on(p, i, s->line[i]) * first + of - 1) / of;
        int64_t part = (time_on(p, before, s->line[before]) * first + of - 1) / of;
        if (s->end[i] < ready + lag + own_part)
            return BROKEN(v, "%s ends before it can have done the last of %s", NAME(v, i), NAME(v, before));
        int64_t passed = verify_passed(v->clock[before], s->start[before], part);
        ready = passed < ready ? passed : ready;
    }
    if (s->start[i] < ready + lag)
        return BROKEN(v, "%s starts before %s lets it", NAME(v, i), NAME(v, before));
    return 0;
}

static int check_order(struct verification *v, int32_t i) {
    const struct problem *p = v->p;
    if (p->fixed_line[i] < 0 && (v->s->start[i] < p->release[i] || v->s->start[i] < p->job_release[p->job[i]]))
        return BROKEN(v, "%s starts before its release", NAME(v, i));
    for (int32_t k = p->before_offset[i]; k < p->before_offset[i + 1]; k++) {
        int code = check_lag(v, p->before[k], i);
        if (code != 0)
            return code;
    }
    return 0;
}

static int compare_holds(const void *a, const void *b) {
    const struct hold *x = a, *y = b;
    if (x->pool != y->pool)
        return x->pool < y->pool ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static int check_pools(struct verification *v) {
    const struct problem *p = v->p;
    for (int32_t pool = 0; pool < p->pools; pool++)
        for (int32_t k = p->step_offset[pool]; k < p->step_offset[pool + 1]; k++) {
            ARRAY_GROW(v->holds, v->hold_count, v->hold_cap); /* nothing is taken, but it is looked at */
            v->holds[v->hold_count++] = (struct hold){pool, p->step_from[k], 0};
        }
    if (v->hold_count > 0)
        qsort(v->holds, v->hold_count, sizeof *v->holds, compare_holds);
    int64_t used = 0;
    int32_t step = 0;
    for (size_t k = 0; k < v->hold_count; k++) {
        const struct hold *h = &v->holds[k];
        if (k == 0 || h->pool != v->holds[k - 1].pool) {
            used = 0;
            step = p->step_offset[h->pool];
        }
        used += h->amount;
        while (step + 1 < p->step_offset[h->pool + 1] && p->step_from[step + 1] <= h->at)
            step++;
        bool last = k + 1 == v->hold_count || v->holds[k + 1].pool != h->pool || v->holds[k + 1].at != h->at;
        if (last && used > p->step_capacity[step])
            return BROKEN(v, "pool %d ('%.80s') is over its %d at %d", (int)h->pool,
                          p->pool_name[h->pool] != NULL ? p->pool_name[h->pool] : "", (int)p->step_capacity[step],
                          (int)h->at);
    }
    return 0;
}

static int check_all(struct verification *v) {
    int32_t n = v->p->tasks;
    int code = 0;
    for (int32_t i = 0; code == 0 && i < n; i++) {
        code = check_task(v, i);
        v->order[i] = i;
    }
    if (code != 0)
        return code;
    if (n > 0)
        qsort_r(v->order, (size_t)n, sizeof *v->order, compare_tasks, v);
    for (int32_t from = 0, to; code == 0 && from < n; from = to) {
        for (to = from; to < n && v->s->line[v->order[to]] == v->s->line[v->order[from]]; to++)
            ;
        code = check_line(v, from, to);
    }
    for (int32_t i = 0; code == 0 && i < n; i++)
        code = check_order(v, i);
    return code != 0 ? code : check_pools(v);
}

int schedule_verify(const struct problem *p, const struct schedule *s, struct takt_error *err) {
    if (s->task_count != p->tasks)
        return takt_fail(err, TAKT_EINFEASIBLE, "it is a schedule of %d tasks, the problem has %d", (int)s->task_count,
                         (int)p->tasks);
    struct verification v = {.p = p, .s = s, .err = err, .arena = arena_new()};
    v.order = takt_alloc((size_t)p->tasks * sizeof *v.order);
    v.clock = takt_alloc((size_t)p->tasks * sizeof *v.clock);
    int code = check_all(&v);
    free(v.order);
    free(v.clock);
    free(v.holds);
    arena_free(v.arena);
    return code;
}
