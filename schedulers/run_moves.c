/* SPDX-License-Identifier: Apache-2.0 */
#include "schedulers/run_moves.h"

enum { TRIES = 8, SHIFT_MAX = 12 };

static int32_t below(struct neighbour *n, int32_t limit) {
    return random_below(&n->random, limit);
}

static bool on_run_line(const struct sequence *q, int32_t task) {
    return q->p->line_batch[q->p->option_line[q->option[task]]] > 0;
}

static int32_t room_in(const struct sequence *q, int32_t task) {
    const struct problem *p = q->p;
    int32_t first = sequence_leader(q, task), room = p->line_batch[p->option_line[q->option[task]]];
    for (int32_t i = first; i >= 0 && (i == first || q->joined[i]); i = q->behind[i])
        room -= p->size[i];
    return room;
}

/* When the task alone could start, but for its line and its run: at the end of what it waits for. */
static int32_t ready_of(const struct sequence *q, int32_t task) {
    const struct problem *p = q->p;
    int32_t ready = p->release[task] > p->job_release[p->job[task]] ? p->release[task] : p->job_release[p->job[task]];
    for (int32_t k = p->before_offset[task]; k < p->before_offset[task + 1]; k++) {
        int32_t end = q->end[p->before[k]] + p->lag_after[p->before[k]];
        ready = end > ready ? end : ready;
    }
    return ready;
}

/* A member of the run for which the others wait most. */
static int32_t latest_member(const struct sequence *q, int32_t task) {
    int32_t first = sequence_leader(q, task), latest = first;
    for (int32_t i = q->behind[first]; i >= 0 && q->joined[i]; i = q->behind[i])
        if (ready_of(q, i) > ready_of(q, latest))
            latest = i;
    return latest;
}

/* A task on a line with runs that is worth moving: along the causes of something late, or any. */
static int32_t choose(struct neighbour *n, const struct sequence *q) {
    int32_t holder, task = below(n, 2) == 0 ? neighbour_blocked(n, q, &holder) : -1;
    if (task >= 0 && on_run_line(q, task))
        return below(n, 2) == 0 ? latest_member(q, task) : task;
    return n->running[below(n, n->running_count)];
}

/* The range of the task's family in n->running. */
static void family_range(const struct neighbour *n, int32_t family, int32_t *ret_from, int32_t *ret_to) {
    int32_t low = 0, high = n->running_count;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (n->p->family[n->running[middle]] < family)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_from = low;
    for (high = n->running_count; low < high;) {
        int32_t middle = low + (high - low) / 2;
        if (n->p->family[n->running[middle]] <= family)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_to = low;
}

/* The nearest in time of a few tasks of its family in other runs with so much room; -1: none. */
static int32_t find_company(struct neighbour *n, const struct sequence *q, int32_t task, int32_t room) {
    const struct problem *p = n->p;
    int32_t from, to, best = -1;
    int64_t nearest = INT64_MAX;
    family_range(n, p->family[task], &from, &to);
    for (int32_t k = 0; k < TRIES && to > from; k++) {
        int32_t other = n->running[from + below(n, to - from)], line = p->option_line[q->option[other]];
        int64_t off = (int64_t)q->start[other] - q->start[task];
        off = off < 0 ? -off : off;
        if (other == task || off >= nearest || !on_run_line(q, other) || option_on(p, task, line) < 0 ||
            sequence_leader(q, other) == sequence_leader(q, task) || room_in(q, other) < room)
            continue;
        nearest = off;
        best = other;
    }
    return best;
}

/* Out of its run, and some places away from it. */
static bool leave(struct neighbour *n, const struct sequence *q, int32_t task, struct neighbour_move *ret) {
    int32_t next = sequence_leader(q, task), steps = below(n, 3);
    if (below(n, 2) == 0) {
        next = q->behind[sequence_tail(q, task)];
        for (; steps > 0 && next >= 0; steps--)
            next = q->behind[sequence_tail(q, next)];
    } else {
        for (; steps > 0 && q->before[next] >= 0; steps--)
            next = sequence_leader(q, q->before[next]);
    }
    *ret = (struct neighbour_move){task, q->option[task], next, MOVE_ALONE};
    return true;
}

static bool move_run(struct neighbour *n, const struct sequence *q, int32_t task, struct neighbour_move *ret) {
    int32_t steps = 1 + below(n, 1 + below(n, SHIFT_MAX)), next = sequence_leader(q, task);
    if (below(n, 2) == 0) {
        next = q->behind[sequence_tail(q, task)];
        for (; steps > 0 && next >= 0; steps--)
            next = q->behind[sequence_tail(q, next)];
    } else {
        for (; steps > 0 && q->before[next] >= 0; steps--)
            next = sequence_leader(q, q->before[next]);
    }
    *ret = (struct neighbour_move){task, q->option[task], next, MOVE_RUN};
    return true;
}

bool run_moves_propose(struct neighbour *n, const struct sequence *q, struct neighbour_move *ret) {
    int32_t task = choose(n, q), kind = below(n, 12);
    if (!on_run_line(q, task) || n->p->fixed_line[task] >= 0)
        return false;
    if (kind < 9) {
        bool swaps = kind < 4;
        int32_t other = find_company(n, q, task, swaps ? INT32_MIN : n->p->size[task]);
        if (other < 0)
            return false;
        *ret = (struct neighbour_move){task, q->option[task], other, swaps ? MOVE_SWAP : MOVE_JOIN};
        return true;
    }
    return kind < 10 ? leave(n, q, task, ret) : move_run(n, q, task, ret);
}

void run_moves_widen(struct neighbour *n, const struct sequence *q, struct neighbour_move *ret) {
    const struct problem *p = n->p;
    int32_t line = p->option_line[ret->option];
    if (ret->kind != MOVE_ALONE || p->line_batch[line] == 0)
        return;
    if (ret->next >= 0 && p->family[ret->next] == p->family[ret->task] && below(n, 4) > 0)
        ret->kind = MOVE_JOIN;
    else if (on_run_line(q, ret->task) && below(n, 4) > 0)
        ret->kind = MOVE_RUN;
}
