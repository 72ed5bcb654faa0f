/* SPDX-License-Identifier: Apache-2.0 */

/* Pools, given out in the order of the list. Behind each usage stands when each unit of its pool is free, ascending: a
 * task that holds n of them can start when the n-th is, and gives them back at its end. What a run's members hold of
 * one pool is summed. Where a pool has less at some hours, so many of its units count as held then. */

#include "schedulers/sequence_work.h"

#include <stdlib.h>
#include <string.h>

enum { ALWAYS_KEPT = 64 }; /* units; larger pools are looked at first */
#define ROWS_MAX (INT64_C(1) << 26)

static int32_t most_units(const struct problem *p, int32_t pool) {
    int32_t most = 0;
    for (int32_t s = p->step_offset[pool]; s < p->step_offset[pool + 1]; s++)
        most = p->step_capacity[s] > most ? p->step_capacity[s] : most;
    return most;
}

/* What could be held of each pool at once if every line did what holds most of it. */
static int64_t *most_held(const struct problem *p) {
    int64_t *held = takt_alloc((size_t)p->pools * sizeof *held);
    int64_t *of_line = takt_alloc((size_t)p->pools * (size_t)p->lines * sizeof *of_line);
    for (int32_t i = 0; i < p->tasks; i++)
        for (int32_t o = p->option_offset[i]; o < p->option_offset[i + 1]; o++)
            for (int32_t u = p->usage_offset[i]; u < p->usage_offset[i + 1]; u++) {
                int32_t line = p->option_line[o], batch = p->line_batch[line];
                int64_t amount = (int64_t)p->usage_amount[u] * (batch > 1 ? batch : 1);
                int64_t *most = &of_line[(size_t)line * (size_t)p->pools + (size_t)p->usage_pool[u]];
                *most = amount > *most ? amount : *most;
            }
    for (int32_t l = 0; l < p->lines; l++)
        for (int32_t k = 0; k < p->pools; k++)
            held[k] += of_line[(size_t)l * (size_t)p->pools + (size_t)k];
    free(of_line);
    return held;
}

/* Whether there is enough of the pool at all hours, whatever the lines do. */
static bool is_ample(const struct problem *p, int32_t pool, int64_t held) {
    for (int32_t s = p->step_offset[pool]; s < p->step_offset[pool + 1]; s++)
        if (p->step_capacity[s] < held)
            return false;
    return true;
}

/* By pool: units that are kept account of; 0: it never runs out. The caller frees it. */
static int32_t *count_units(const struct problem *p) {
    int32_t *units = takt_alloc((size_t)p->pools * sizeof *units);
    int64_t *held = most_held(p);
    for (int32_t k = 0; k < p->pools; k++) {
        units[k] = most_units(p, k);
        if (units[k] > ALWAYS_KEPT && is_ample(p, k, held[k]))
            units[k] = 0;
    }
    free(held);
    return units;
}

bool sequence_pools_knows(const struct problem *p) {
    int32_t *units = count_units(p);
    int64_t rows = 0;
    for (int32_t u = 0; u < p->usage_offset[p->tasks]; u++)
        rows += units[p->usage_pool[u]];
    free(units);
    return rows <= ROWS_MAX;
}

void sequence_pools_init(struct sequence *q) {
    const struct problem *p = q->p;
    struct sequence_work *w = q->work;
    int32_t *units = count_units(p), most = 0;
    for (int32_t i = 0; i < p->tasks; i++)
        for (int32_t u = p->usage_offset[i]; u < p->usage_offset[i + 1]; u++) {
            int32_t n = units[p->usage_pool[u]];
            w->task_of_usage[u] = i;
            w->free_offset[u + 1] = w->free_offset[u] + n;
            most = n > most ? n : most;
        }
    for (int32_t k = 0; k < p->pools; k++)
        w->has_steps = w->has_steps || p->step_offset[k + 1] - p->step_offset[k] > 1;
    w->free = arena_array(w->arena, (size_t)w->free_offset[p->usage_offset[p->tasks]], sizeof *w->free);
    w->free_row = arena_array(w->arena, (size_t)most, sizeof *w->free_row);
    free(units);
}

struct holding { /* what a task or a run holds of one pool */
    int32_t pool, amount, units;
    const int32_t *free; /* before it, ascending; NULL: all of them always were */
};

static bool in_run(const struct sequence *q, int32_t leader, int32_t tail, int32_t task) {
    for (int32_t i = leader;; i = q->behind[i])
        if (i == task || i == tail)
            return i == task;
}

/* The holding that begins with this usage; false: it is part of one that began before, or of none. */
static bool holding_of(const struct sequence *q, int32_t leader, int32_t tail, int32_t usage, struct holding *ret) {
    const struct sequence_work *w = q->work;
    const struct problem *p = q->p;
    int32_t before = w->usage_before[usage], units = w->free_offset[usage + 1] - w->free_offset[usage];
    if (units == 0 || (leader != tail && before >= 0 && in_run(q, leader, tail, w->task_of_usage[before])))
        return false;
    *ret = (struct holding){p->usage_pool[usage], p->usage_amount[usage], units,
                            before >= 0 ? &w->free[w->free_offset[before]] : NULL};
    for (int32_t u = w->usage_behind[usage]; leader != tail && u >= 0 && in_run(q, leader, tail, w->task_of_usage[u]);
         u = w->usage_behind[u])
        ret->amount += p->usage_amount[u];
    return ret->amount > 0;
}

static int32_t task_ready(const struct sequence *q, int32_t task, int32_t ready) {
    const struct sequence_work *w = q->work;
    const struct problem *p = q->p;
    for (int32_t u = p->usage_offset[task]; u < p->usage_offset[task + 1]; u++) {
        int32_t before = w->usage_before[u], amount = p->usage_amount[u];
        int32_t units = w->free_offset[u + 1] - w->free_offset[u];
        if (units == 0 || amount == 0)
            continue;
        if (amount > units)
            return PROBLEM_TICK_MAX;
        if (before >= 0 && w->free[w->free_offset[before] + amount - 1] > ready)
            ready = w->free[w->free_offset[before] + amount - 1];
    }
    return ready;
}

int32_t sequence_pools_ready(const struct sequence *q, int32_t leader, int32_t tail, int32_t ready) {
    const struct problem *p = q->p;
    if (leader == tail)
        return task_ready(q, leader, ready);
    for (int32_t i = leader;; i = q->behind[i]) {
        for (int32_t u = p->usage_offset[i]; u < p->usage_offset[i + 1]; u++) {
            struct holding h;
            if (!holding_of(q, leader, tail, u, &h))
                continue;
            if (h.amount > h.units)
                return PROBLEM_TICK_MAX;
            if (h.free != NULL && h.free[h.amount - 1] > ready)
                ready = h.free[h.amount - 1];
        }
        if (i == tail)
            return ready;
    }
}

/* The first tick not before `start` from which the pool's steps leave enough until `end`, as far as one look shows. */
static int32_t after_steps(const struct problem *p, const struct holding *h, int32_t start, int32_t end) {
    for (int32_t s = p->step_offset[h->pool]; s < p->step_offset[h->pool + 1]; s++) {
        bool first = s == p->step_offset[h->pool], last = s + 1 == p->step_offset[h->pool + 1];
        int32_t from = first ? INT32_MIN : p->step_from[s], to = last ? PROBLEM_TICK_MAX : p->step_from[s + 1];
        if (to <= start || from >= end)
            continue;
        int32_t least = h->amount + h->units - p->step_capacity[s], since = from > start ? from : start;
        if (least > h->units)
            return to;
        if (h->free != NULL && least > 0 && h->free[least - 1] > since)
            return h->free[least - 1] < to ? h->free[least - 1] : to;
    }
    return start;
}

int32_t sequence_pools_after(const struct sequence *q, int32_t leader, int32_t tail, int32_t start, int32_t end) {
    const struct problem *p = q->p;
    for (int32_t i = leader;; i = q->behind[i]) {
        for (int32_t u = p->usage_offset[i]; u < p->usage_offset[i + 1]; u++) {
            struct holding h;
            int32_t pool = p->usage_pool[u];
            if (p->step_offset[pool + 1] - p->step_offset[pool] < 2 || !holding_of(q, leader, tail, u, &h))
                continue;
            int32_t after = after_steps(p, &h, start, end);
            if (after > start)
                return after;
        }
        if (i == tail)
            return start;
    }
}

static void log_row(struct sequence_work *w, int32_t usage, const int32_t *row, size_t n) {
    while (w->state_count + 1 + n > w->state_cap)
        ARRAY_GROW(w->states, w->state_cap, w->state_cap);
    memcpy(&w->states[w->state_count], row, n * sizeof *row);
    w->states[w->state_count + n] = usage;
    w->state_count += n + 1;
}

static void give(struct sequence *q, int32_t leader, int32_t tail, int32_t u) {
    struct sequence_work *w = q->work;
    const struct problem *p = q->p;
    int32_t n = w->free_offset[u + 1] - w->free_offset[u], behind = w->usage_behind[u], k = 0, *row = w->free_row;
    int32_t amount = p->usage_amount[u] < n ? p->usage_amount[u] : n, end = q->end[leader];
    int32_t *own = &w->free[w->free_offset[u]];
    const int32_t *before = w->usage_before[u] >= 0 ? &w->free[w->free_offset[w->usage_before[u]]] : NULL;
    for (int32_t i = amount; i < n && (before == NULL || before[i] <= end); i++)
        row[k++] = before == NULL ? INT32_MIN : before[i];
    for (int32_t i = 0; i < amount; i++)
        row[k++] = end;
    for (; k < n; k++)
        row[k] = before[k];
    if (memcmp(row, own, (size_t)n * sizeof *row) == 0)
        return;
    log_row(w, u, own, (size_t)n);
    memcpy(own, row, (size_t)n * sizeof *row);
    if (behind >= 0 && (leader == tail || !in_run(q, leader, tail, w->task_of_usage[behind])))
        mark_dirty(q, w->task_of_usage[behind]);
}

void sequence_pools_give(struct sequence *q, int32_t leader, int32_t tail) {
    const struct problem *p = q->p;
    for (int32_t i = leader;; i = q->behind[i]) {
        for (int32_t u = p->usage_offset[i]; u < p->usage_offset[i + 1]; u++)
            if (q->work->free_offset[u + 1] > q->work->free_offset[u])
                give(q, leader, tail, u);
        if (i == tail)
            return;
    }
}
