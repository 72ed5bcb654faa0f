/* SPDX-License-Identifier: Apache-2.0 */

/* What a move would give, from the heads and tails as they are.
 *
 * On its own line a task u goes behind v, or v before u, over a chain of neighbours:
 *
 *      a | u x y v | b    →    a | x y v u | b        ends from a forwards, rests from b back, in the new order
 *
 * and the longest way through any of them is the estimate (Taillard, 1994; Balas and Vazacopoulos, 1998). An end whose
 * longest way does not go through the chain stays at least where it is. On another line it is the longest way through
 * the task at its new place (Dell'Amico and Trubian, 1993; Mastrolilli and Gambardella, 2000).
 *
 * No circle: a way from x to y is at least as long as x's time, so there is none where y starts before x ends; and none
 * where the rest of x is less than that of y, with the time of x. */

#include "schedulers/critical_work.h"

static inline int32_t larger(int32_t a, int32_t b) {
    return a > b ? a : b;
}

bool critical_may_follow(const struct critical *c, int32_t first, int32_t last) {
    int32_t job = c->node[first].job_behind;
    if (job >= c->tasks || job == last)
        return job != last;
    for (int32_t e = 0; e < c->ends; e++)
        if (c->rest[last * c->width + e] > c->rest[job * c->width + e] - c->node[job].time &&
            c->rest[last * c->width + e] > 0)
            return true;
    return critical_start(&c->node[last]) < c->node[job].end;
}

bool critical_may_precede(const struct critical *c, int32_t first, int32_t last) {
    int32_t job = c->node[last].job_before;
    return job != first && (job >= c->tasks || c->node[first].end > critical_start(&c->node[job]));
}

/* The first place on a line such that all tasks behind it end after `tick`. */
static int32_t first_ending_after(const struct critical *c, int32_t line, int32_t tick) {
    const int32_t *row = &c->line_task[c->line_offset[line]];
    int32_t from = 0, to = c->line_count[line];
    while (from < to) {
        int32_t middle = (from + to) / 2;
        if (c->node[row[middle]].end > tick)
            to = middle;
        else
            from = middle + 1;
    }
    return from;
}

/* The first place whose task starts at `tick` or later. */
static int32_t first_starting_at(const struct critical *c, int32_t line, int32_t tick) {
    const int32_t *row = &c->line_task[c->line_offset[line]];
    int32_t from = 0, to = c->line_count[line];
    while (from < to) {
        int32_t middle = (from + to) / 2;
        if (critical_start(&c->node[row[middle]]) >= tick)
            to = middle;
        else
            from = middle + 1;
    }
    return from;
}

bool critical_span(const struct critical *c, int32_t task, int32_t option, int32_t *ret_from, int32_t *ret_to) {
    const struct critical_node *n = &c->node[task], *job = &c->node[n->job_before];
    int32_t line = c->p->option_line[option];
    int32_t from = n->job_before < c->tasks ? first_ending_after(c, line, critical_start(job)) : 0;
    int32_t to =
        n->job_behind < c->tasks ? first_starting_at(c, line, c->node[n->job_behind].end) : c->line_count[line];
    if (n->job_before < c->tasks && job->line == line && from <= job->index)
        from = job->index + 1; /* a job may come back to a line */
    if (n->job_behind < c->tasks && c->node[n->job_behind].line == line && to > c->node[n->job_behind].index)
        to = c->node[n->job_behind].index;
    *ret_from = from;
    *ret_to = to;
    return from <= to;
}

/* What all would cost if the ways through what is moved were so long: `was` now, `is` then. */
static int64_t cost_with(const struct critical *c, const int32_t *was, const int32_t *is) {
    int64_t cost = 0;
    for (int32_t e = 0; e < c->ends; e++) {
        const struct critical_end *end = &c->end[e];
        cost += critical_end_cost(end, was[e] < end->done ? larger(is[e], end->done) : is[e]);
    }
    return cost;
}

static int64_t estimate_other(struct critical *c, const struct critical_move *m) {
    const struct critical_node *n = &c->node[m->task], *job = &c->node[n->job_before];
    int32_t line = c->p->option_line[m->option], time = c->p->option_time[m->option], width = c->width;
    const int32_t *row = &c->line_task[c->line_offset[line]];
    int32_t before = m->index > 0 ? row[m->index - 1] : c->none;
    int32_t behind = m->index < c->line_count[line] ? row[m->index] : c->none;
    int32_t start = larger(job->end + job->lag, c->node[before].end + critical_change(c, line, before, m->task));
    int32_t change = critical_change(c, line, m->task, behind), *was = c->work->most, *is = was + width;
    start = larger(start, n->release);
    const int32_t *by_job = &c->rest[n->job_behind * width], *by_line = &c->rest[behind * width];
    const int32_t *own = &c->rest[m->task * width];
    for (int32_t e = 0; e < c->ends; e++) {
        was[e] = critical_start(n) + own[e];
        is[e] = start + time + larger(by_job[e] + n->lag, by_line[e] + change);
    }
    return cost_with(c, was, is);
}

/* The tasks between the two places in their new order. */
static int32_t gather_chain(struct critical *c, int32_t task, int32_t index) {
    const struct critical_node *n = &c->node[task];
    const int32_t *row = &c->line_task[c->line_offset[n->line]];
    int32_t *chain = c->work->chain, count = 0;
    if (index < n->index)
        chain[count++] = task;
    int32_t from = index < n->index ? index : n->index + 1, to = index < n->index ? n->index - 1 : index;
    for (int32_t k = from; k <= to; k++)
        chain[count++] = row[k];
    if (index > n->index)
        chain[count++] = task;
    return count;
}

static void chain_ends(struct critical *c, int32_t count, int32_t line, int32_t before) {
    const struct critical_node *node = c->node;
    const int32_t *chain = c->work->chain;
    int32_t end = node[before].end;
    for (int32_t k = 0; k < count; k++) {
        const struct critical_node *n = &node[chain[k]], *job = &node[n->job_before];
        int32_t start = larger(job->end + job->lag, end + critical_change(c, line, before, chain[k]));
        end = larger(start, n->release) + n->time;
        c->work->chain_end[k] = end;
        before = chain[k];
    }
}

/* The longest ways through the chain, as it is and as it would be. */
static int64_t chain_cost(struct critical *c, int32_t count, int32_t line, int32_t behind) {
    const struct critical_node *node = c->node;
    const int32_t *chain = c->work->chain, *rest = &c->rest[behind];
    int32_t was = CRITICAL_NEVER, is = CRITICAL_NEVER, tail = *rest;
    for (int32_t k = count - 1; k >= 0; k--) {
        const struct critical_node *n = &node[chain[k]];
        tail = larger(c->rest[n->job_behind] + n->lag, tail + critical_change(c, line, chain[k], behind));
        was = larger(was, critical_start(n) + c->rest[chain[k]]);
        is = larger(is, c->work->chain_end[k] + tail);
        tail += n->time;
        behind = chain[k];
    }
    return cost_with(c, &was, &is);
}

/* The same to all ends. */
static int64_t chain_costs(struct critical *c, int32_t count, int32_t line, int32_t behind) {
    const struct critical_node *node = c->node;
    const int32_t *chain = c->work->chain, width = c->width;
    int32_t *was = c->work->most, *is = was + width, *rest = c->work->chain_rest;
    for (int32_t e = 0; e < width; e++) {
        was[e] = is[e] = CRITICAL_NEVER;
        rest[e] = c->rest[behind * width + e];
    }
    for (int32_t k = count - 1; k >= 0; k--) {
        const struct critical_node *n = &node[chain[k]];
        const int32_t *own = &c->rest[chain[k] * width], *job = &c->rest[n->job_behind * width];
        int32_t change = critical_change(c, line, chain[k], behind), end = c->work->chain_end[k];
        int32_t start = critical_start(n);
        for (int32_t e = 0; e < width; e += 4) {
            critical_four *w = (critical_four *)(was + e), *i = (critical_four *)(is + e);
            critical_four *r = (critical_four *)(rest + e);
            critical_four tail = critical_larger(*(const critical_four *)(job + e) + n->lag, *r + change);
            *w = critical_larger(*w, *(const critical_four *)(own + e) + start);
            *i = critical_larger(*i, tail + end);
            *r = tail + n->time;
        }
        behind = chain[k];
    }
    return cost_with(c, was, is);
}

int64_t critical_estimate(struct critical *c, const struct critical_move *m) {
    const struct critical_node *n = &c->node[m->task];
    int32_t line = c->p->option_line[m->option];
    if (line != n->line)
        return estimate_other(c, m);
    const int32_t *row = &c->line_task[c->line_offset[line]];
    int32_t count = gather_chain(c, m->task, m->index);
    int32_t low = m->index < n->index ? m->index : n->index, high = low + count;
    chain_ends(c, count, line, low > 0 ? row[low - 1] : c->none);
    int32_t behind = high < c->line_count[line] ? row[high] : c->none;
    return c->width == 1 ? chain_cost(c, count, line, behind) : chain_costs(c, count, line, behind);
}
