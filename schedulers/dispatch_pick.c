/* SPDX-License-Identifier: Apache-2.0 */

/* What a line takes when it is free.
 *
 * 1. Each task in its queue gets the most that its score can be: its merit, less its slack, less the changeover as far
 * as that is still to come. 2. The best of them is fitted into the timetable, which shows what it must wait for beyond
 * that (a pool, a closed line, a fixed task in the way); such waiting counts like a changeover. 3. Others are fitted as
 * long as they could still be better, so that most decisions fit one task.
 *
 * On lines with `batch` a half empty run costs as much as twice the time, and may wait for more of its family. */

#include "schedulers/dispatch_work.h"

#include <stdlib.h>

#define BLOCKED (INT64_C(1) << 50)
#define NEVER   INT64_MIN
enum { SEARCHES_MAX = 6 }; /* for the next best, before the rest is looked at as it comes */

static int32_t max(int32_t a, int32_t b) {
    return a > b ? a : b;
}

static int64_t merit_of(const struct dispatcher *d, int32_t task, int32_t option) {
    int32_t bias = d->p->usage_offset[task] < d->p->usage_offset[task + 1] ? d->pooled : d->own;
    int64_t merit;
    switch (d->rule) {
    case DISPATCH_FIFO:
        return -(int64_t)d->state.ready[task];
    case DISPATCH_EDD:
        return -(int64_t)d->facts.due[d->p->job[task]];
    case DISPATCH_SPT:
        return -(int64_t)d->p->option_time[option];
    default:
        merit = (int64_t)d->merit[option] - (int64_t)bias * d->slower[option];
        if (d->phases != NULL)
            merit += ((int64_t)d->log_time[option] * (100 - d->time) - (int64_t)d->log_rest[task] * d->rest) / 100;
        return merit * 65536;
    }
}

void dispatch_enqueue(struct dispatcher *d, int32_t task) {
    const struct problem *p = d->p;
    int32_t due = d->facts.due[p->job[task]];
    int64_t lead = (int64_t)d->facts.tail[task] * d->lead / 100;
    int32_t urgent_at = due == INT32_MAX || due < INT32_MIN + lead ? INT32_MIN : (int32_t)(due - lead);
    bool chooses = d->most != INT32_MAX && p->usage_offset[task] < p->usage_offset[task + 1];
    d->left[task] = p->option_offset[task + 1] - p->option_offset[task];
    for (int32_t o = p->option_offset[task]; o < p->option_offset[task + 1]; o++) {
        int32_t line = p->option_line[o];
        struct queue *q = &d->queues[line];
        if (chooses && d->slower[o] > d->most) {
            d->left[task]--;
            continue;
        }
        q->rows[q->count++] =
            (struct waiting){merit_of(d, task, o), task, o, p->family[task], d->state.ready[task], urgent_at};
        d->active[line / 64] |= UINT64_C(1) << (line % 64);
    }
    d->state.coming[p->family[task] + 1] -= d->may_run[task];
}

static int64_t score_of(const struct dispatcher *d, const struct waiting *row, int32_t now) {
    int64_t slack = (int64_t)row->urgent_at - now;
    if (slack <= 0)
        return row->merit;
    return row->merit - (slack < d->slack_max ? slack : d->slack_max) * d->slope1;
}

/* What waiting costs in the rule's score. */
static int64_t wait_cost(const struct dispatcher *d, int64_t wait, int32_t change) {
    if (d->rule == DISPATCH_ATCS)
        return (wait < d->wait_max ? wait : d->wait_max) * d->slope2;
    return wait > change ? BLOCKED + wait : 0;
}

/* Sums what waits for the line by family, for full_cost. */
static void sum_waiting(struct dispatcher *d, int32_t line) {
    const struct problem *p = d->p;
    const struct queue *q = &d->queues[line];
    for (int32_t k = 0; k < q->count; k++)
        d->waiting[q->rows[k].family + 1] = 0;
    for (int32_t k = 0; k < q->count; k++)
        if (d->t->line[q->rows[k].task] < 0 && d->waiting[q->rows[k].family + 1] < p->line_batch[line])
            d->waiting[q->rows[k].family + 1] += p->size[q->rows[k].task];
}

/* Whether a run of the family should wait for more of it. */
static bool waits_for_company(const struct dispatcher *d, int32_t family, int32_t batch) {
    return batch > 0 && d->fill > 0 && !d->forced && d->state.coming[family + 1] > 0 &&
           (int64_t)d->waiting[family + 1] * 100 < (int64_t)batch * d->fill;
}

/* What it costs that the family's run would not be full: a run keeps its line busy whatever is in it. */
static int64_t full_cost(const struct dispatcher *d, int32_t family, int32_t batch) {
    int32_t size = d->waiting[family + 1];
    if (d->fullness == 0 || size >= batch)
        return 0;
    return ((int64_t)log2_fixed((uint64_t)batch) - log2_fixed((uint64_t)max(size, 1))) * d->fullness;
}

static struct bounds bounds_of(const struct dispatcher *d, const struct waiting *row, int32_t now) {
    struct bounds b = BOUNDS_NONE;
    if (d->bounded[row->task])
        b = timetable_bounds(d->t, row->task, row->option);
    else
        b.start_min = row->ready;
    b.start_min = max(b.start_min, now);
    return b;
}

static void drop_row(struct dispatcher *d, struct queue *q, int32_t k) {
    q->rows[k] = q->rows[--q->count];
    d->score[k] = d->score[q->count];
}

/* No earlier than this are the task's pools free at all. */
static int32_t pools_free(struct dispatcher *d, int32_t task, int32_t now) {
    const struct problem *p = d->p;
    int32_t free = now;
    for (int32_t u = p->usage_offset[task]; u < p->usage_offset[task + 1]; u++) {
        int32_t pool = p->usage_pool[u];
        if (p->usage_amount[u] == 0)
            continue;
        if (d->pool_asked[pool] != d->decision) {
            d->pool_asked[pool] = d->decision;
            d->pool_free[pool] = profile_next(&d->t->pools[pool], now, 1);
        }
        free = max(free, d->pool_free[pool]);
    }
    return free;
}

/* Fills d->score, and drops what has found its place elsewhere. */
static void score_rows(struct dispatcher *d, int32_t line, int32_t now) {
    const struct problem *p = d->p;
    const struct line_runs *l = &d->t->lines[line];
    struct queue *q = &d->queues[line];
    uint32_t before = timetable_runs_before(d->t, line, now + 1);
    int32_t setup = before > 0 ? l->runs[before - 1].setup : p->line_initial[line], batch = p->line_batch[line];
    int64_t free = before > 0 ? l->runs[before - 1].end : 0;
    d->decision++;
    if (batch > 0)
        sum_waiting(d, line);
    for (int32_t k = 0; k < q->count;) {
        const struct waiting *row = &q->rows[k];
        if (d->t->line[row->task] >= 0) {
            q->rows[k] = q->rows[--q->count];
            continue;
        }
        int32_t change = changeover(p, line, setup, row->family);
        int64_t wait = free + change, pools = pools_free(d, row->task, now);
        wait = (wait > pools ? wait : pools) - now;
        d->score[k] = score_of(d, row, now) - wait_cost(d, wait > 0 ? wait : 0, INT32_MAX);
        if (batch > 0)
            d->score[k] =
                waits_for_company(d, row->family, batch) ? NEVER : d->score[k] - full_cost(d, row->family, batch);
        k++;
    }
}

static bool is_earlier(const struct dispatcher *d, int32_t task, int32_t other) {
    if (d->state.ready[task] != d->state.ready[other])
        return d->state.ready[task] < d->state.ready[other];
    return task < other;
}

static bool is_better(const struct dispatcher *d, int64_t score, int32_t task, const struct pick *best) {
    if (best->task < 0 || score != best->score)
        return best->task < 0 || score > best->score;
    return is_earlier(d, task, best->task);
}

/* The row with the highest score that is still to be looked at and could be better than the best; -1: there is none. */
static int32_t next_row(const struct dispatcher *d, const struct queue *q, const struct pick *best) {
    int64_t most = best->task >= 0 ? best->score : NEVER + 1;
    int32_t found = -1;
    for (int32_t k = 0; k < q->count; k++) {
        if (d->score[k] < most)
            continue;
        int32_t other = found >= 0 ? q->rows[found].task : best->task;
        if (d->score[k] == most && other >= 0 && !is_earlier(d, q->rows[k].task, other))
            continue;
        most = d->score[k];
        found = k;
    }
    return found;
}

/* Fits a row into the timetable, and takes it if it is better. False: it has no line left to wait at. */
static bool look_at(struct dispatcher *d, int32_t line, int32_t k, int32_t now, struct pick *best) {
    const struct problem *p = d->p;
    struct queue *q = &d->queues[line];
    const struct waiting *row = &q->rows[k];
    struct piece piece = timetable_piece(p, row->task, row->option);
    struct bounds b = bounds_of(d, row, now);
    struct place place;
    if (!timetable_fit(d->t, &piece, &b, &place)) {
        bool lost = d->left[row->task]-- == 1;
        if (!lost)
            drop_row(d, q, k);
        return !lost;
    }
    int32_t setup = place.at > 0 ? d->t->lines[line].runs[place.at - 1].setup : p->line_initial[line];
    int32_t change = place.joins ? 0 : changeover(p, line, setup, row->family), batch = p->line_batch[line];
    int64_t score = score_of(d, row, now) - wait_cost(d, (int64_t)place.start - now, change) -
                    (batch > 0 ? full_cost(d, row->family, batch) : 0);
    d->score[k] = NEVER;
    if (is_better(d, score, row->task, best))
        *best = (struct pick){score, row->task, row->option, piece, place};
    return true;
}

struct pick dispatch_pick(struct dispatcher *d, int32_t line, int32_t now, int32_t *ret_lost) {
    struct queue *q = &d->queues[line];
    struct pick best = {.task = -1};
    score_rows(d, line, now);
    for (int32_t searches = 0; searches < SEARCHES_MAX; searches++) {
        int32_t k = next_row(d, q, &best);
        if (k < 0)
            return best;
        int32_t task = q->rows[k].task;
        if (!look_at(d, line, k, now, &best)) {
            *ret_lost = task;
            return best;
        }
    }
    for (int32_t k = 0; k < q->count;) {
        int32_t task = q->rows[k].task, count = q->count;
        if (d->score[k] == NEVER || (best.task >= 0 && !is_better(d, d->score[k], task, &best))) {
            k++;
            continue;
        }
        if (!look_at(d, line, k, now, &best)) {
            *ret_lost = task;
            return best;
        }
        k += q->count == count;
    }
    return best;
}

void dispatch_gather(struct dispatcher *d, int32_t line, int32_t family, int32_t now) {
    const struct problem *p = d->p;
    const struct queue *q = &d->queues[line];
    for (int32_t k = 0; k < q->count; k++) {
        const struct waiting *row = &q->rows[k];
        bool may = row->family == family && d->t->line[row->task] < 0 && p->group[row->task] < 0;
        d->score[k] = may ? score_of(d, row, now) : NEVER;
    }
}

static int32_t amount_of(const struct problem *p, int32_t task, int32_t pool) {
    for (int32_t u = p->usage_offset[task]; u < p->usage_offset[task + 1]; u++)
        if (p->usage_pool[u] == pool)
            return p->usage_amount[u];
    return 0;
}

/* A task was refused: where a pool has not enough for it, those that need as much are not asked any more. */
static void shut_out(struct dispatcher *d, const struct queue *q, const struct run *run, int32_t task) {
    const struct problem *p = d->p;
    for (int32_t u = p->usage_offset[task]; u < p->usage_offset[task + 1]; u++) {
        int32_t pool = p->usage_pool[u], amount = p->usage_amount[u], until;
        if (profile_has(&d->t->pools[pool], run->start, run->end, amount, &until))
            continue;
        for (int32_t k = 0; k < q->count; k++)
            if (d->score[k] != NEVER && amount_of(p, q->rows[k].task, pool) >= amount)
                d->score[k] = NEVER;
    }
}

bool dispatch_company(struct dispatcher *d, int32_t line, uint32_t run, struct pick *ret) {
    const struct run *r = &d->t->lines[line].runs[run];
    const struct queue *q = &d->queues[line];
    const struct pick none = {.task = -1};
    for (int32_t k; r->size < d->p->line_batch[line] && (k = next_row(d, q, &none)) >= 0;) {
        const struct waiting *row = &q->rows[k];
        struct piece piece = timetable_piece(d->p, row->task, row->option);
        struct bounds b = bounds_of(d, row, r->start);
        struct place place;
        int64_t score = d->score[k];
        d->score[k] = NEVER;
        b.start_max = r->start < b.start_max ? r->start : b.start_max;
        if (piece.time > r->ticks || piece.size > d->p->line_batch[line] - r->size)
            continue;
        if (timetable_fit(d->t, &piece, &b, &place) && place.joins) {
            *ret = (struct pick){score, row->task, row->option, piece, place};
            return true;
        }
        shut_out(d, q, r, row->task);
    }
    return false;
}
