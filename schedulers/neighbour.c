/* SPDX-License-Identifier: Apache-2.0 */
#include "schedulers/neighbour.h"

#include "schedulers/run_moves.h"

#include <stdlib.h>

enum { CHAIN_MAX = 96, DUE_TRIES = 12, FAMILY_TRIES = 8, BLOCK_MAX = 12, SHIFT_MAX = 40, OVERTAKE_MAX = 6 };

static int compare_running(const void *a, const void *b, void *arg) {
    const struct problem *p = arg;
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    if (p->family[x] != p->family[y])
        return p->family[x] < p->family[y] ? -1 : 1;
    return (x > y) - (x < y);
}

static void find_running(struct neighbour *n, const struct problem *p) {
    n->running = takt_alloc((size_t)p->tasks * sizeof *n->running);
    for (int32_t k = 0; k < n->movable_count; k++) {
        int32_t task = n->movable[k];
        bool runs = false;
        for (int32_t o = p->option_offset[task]; o < p->option_offset[task + 1]; o++)
            runs = runs || p->line_batch[p->option_line[o]] > 0;
        if (runs)
            n->running[n->running_count++] = task;
    }
    qsort_r(n->running, (size_t)n->running_count, sizeof *n->running, compare_running, (void *)(uintptr_t)p);
}

void neighbour_init(struct neighbour *n, const struct problem *p, uint64_t seed) {
    *n = (struct neighbour){.p = p, .random = {seed}, .frozen_from = p->tasks};
    n->family_offset = takt_alloc(((size_t)p->families + 1) * sizeof *n->family_offset);
    n->family_task = takt_alloc((size_t)p->tasks * sizeof *n->family_task);
    n->movable = takt_alloc((size_t)p->tasks * sizeof *n->movable);
    n->chain = takt_alloc(CHAIN_MAX * sizeof *n->chain);
    uint8_t *counts = takt_alloc((size_t)p->tasks);
    for (int32_t i = 0; i < p->tasks; i++) {
        if (p->fixed_line[i] < 0)
            n->movable[n->movable_count++] = i;
        for (int32_t o = p->option_offset[i]; o < p->option_offset[i + 1] && p->family[i] >= 0; o++)
            counts[i] = counts[i] || p->line_table[p->option_line[o]] >= 0;
        if (counts[i]) {
            n->family_offset[p->family[i] + 1]++;
            n->familied_count++;
        }
    }
    for (int32_t f = 0; f < p->families; f++)
        n->family_offset[f + 1] += n->family_offset[f];
    int32_t *fill = takt_alloc(((size_t)p->families + 1) * sizeof *fill);
    for (int32_t i = 0; i < p->tasks; i++)
        if (counts[i])
            n->family_task[n->family_offset[p->family[i]] + fill[p->family[i]]++] = i;
    free(fill);
    free(counts);
    find_running(n, p);
}

void neighbour_done(struct neighbour *n) {
    free(n->running);
    free(n->family_offset);
    free(n->family_task);
    free(n->movable);
    free(n->chain);
}

void neighbour_freeze(struct neighbour *n, int32_t from) {
    int32_t running = 0;
    n->frozen_from = from;
    while (n->movable_count > 0 && n->movable[n->movable_count - 1] >= from)
        n->movable_count--;
    for (int32_t k = 0; k < n->running_count; k++)
        if (n->running[k] < from)
            n->running[running++] = n->running[k];
    n->running_count = running;
}

static int32_t below(struct neighbour *n, int32_t limit) {
    return random_below(&n->random, limit);
}

/* The last task of something that costs: the plan's end, or a late order's last job. -1: nothing was found. */
static int32_t costly_end(struct neighbour *n, const struct sequence *q) {
    const struct problem *p = n->p;
    if (p->dues == 0 || (p->objective.makespan > 0 && below(n, 4) == 0))
        return sequence_last(q);
    for (int32_t k = 0; k < DUE_TRIES; k++) {
        int32_t due = below(n, p->dues), job = -1;
        if (q->due_cost[due] <= 0)
            continue;
        for (int32_t i = p->due_offset[due]; i < p->due_offset[due + 1]; i++)
            if (job < 0 || q->job_end[p->due_job[i]] > q->job_end[job])
                job = p->due_job[i];
        return sequence_job_last(q, job);
    }
    return p->objective.makespan > 0 ? sequence_last(q) : -1;
}

/* A random one of the tasks that wait for their line or a pool on the chain of causes behind `task`; -1: none does. */
static int32_t blocked_task(struct neighbour *n, const struct sequence *q, int32_t task, int32_t *ret_holder) {
    int32_t count = 0, holder[CHAIN_MAX];
    for (int32_t k = 0; k < CHAIN_MAX && task >= 0; k++) {
        bool by_line;
        int32_t cause = sequence_cause(q, task, &by_line);
        bool by_pool = !by_line && cause >= 0 && n->p->pools > 0 && n->p->job[cause] != n->p->job[task];
        if (by_line || by_pool) {
            holder[count] = by_pool ? cause : -1;
            n->chain[count++] = by_line ? sequence_leader(q, task) : task;
        }
        task = cause;
    }
    if (count == 0)
        return -1;
    int32_t at = below(n, count);
    *ret_holder = holder[at];
    return n->chain[at];
}

/* The task on `line` before which something that starts about when `task` does would stand; found along the list. */
static int32_t near_in_list(const struct sequence *q, int32_t task, int32_t line) {
    const struct problem *p = q->p;
    int32_t most = 8 * p->lines + 16;
    for (int32_t k = q->pos[task] - 1; k >= 0 && most > 0; k--, most--)
        if (p->option_line[q->option[q->order[k]]] == line)
            return q->behind[q->order[k]];
    if (most > 0)
        return q->line_first[line];
    for (int32_t i = q->line_last[line]; i >= 0; i = q->before[i])
        if (q->pos[i] < q->pos[task])
            return q->behind[i];
    return q->line_first[line];
}

static bool to_other_line(struct neighbour *n, const struct sequence *q, int32_t task, struct neighbour_move *ret) {
    const struct problem *p = n->p;
    int32_t options = p->option_offset[task + 1] - p->option_offset[task];
    if (options < 2)
        return false;
    int32_t option = p->option_offset[task] + below(n, options - 1);
    option += option >= q->option[task];
    int32_t line = p->option_line[option], next = near_in_list(q, task, line), steps = below(n, 4);
    for (; steps > 0; steps--) {
        int32_t before = next >= 0 ? q->before[next] : q->line_last[line];
        if (before < 0)
            break;
        next = before;
    }
    *ret = (struct neighbour_move){task, option, next, MOVE_ALONE};
    return true;
}

/* Within the block of tasks that push each other: the task to its front, its blocker behind it, or both swapped. */
static bool within_block(struct neighbour *n, const struct sequence *q, int32_t task, struct neighbour_move *ret) {
    int32_t blocker = q->before[task], kind = below(n, 8), steps = below(n, BLOCK_MAX);
    bool by_line;
    if (kind < 3) {
        *ret = (struct neighbour_move){task, q->option[task], blocker, MOVE_ALONE};
        return true;
    }
    if (kind < 6) {
        int32_t front = blocker;
        while (steps-- > 0 && sequence_cause(q, front, &by_line) >= 0 && by_line)
            front = sequence_leader(q, q->before[front]);
        *ret = (struct neighbour_move){task, q->option[task], front, MOVE_ALONE};
        return true;
    }
    int32_t last = task;
    while (steps-- > 0 && q->behind[last] >= 0 && sequence_cause(q, q->behind[last], &by_line) == last)
        last = q->behind[last];
    *ret = (struct neighbour_move){blocker, q->option[blocker], q->behind[last], MOVE_ALONE};
    return true;
}

int32_t neighbour_blocked(struct neighbour *n, const struct sequence *q, int32_t *ret_holder) {
    int32_t end = costly_end(n, q);
    return end < 0 ? -1 : blocked_task(n, q, end, ret_holder);
}

/* Before the one that got the pool right before it, or some more of them. */
static void overtake(struct neighbour *n, const struct sequence *q, int32_t task, int32_t holder,
                     struct neighbour_move *ret) {
    for (int32_t steps = below(n, OVERTAKE_MAX); steps > 0; steps--) {
        int32_t before = sequence_before_in_pool(q, holder);
        if (before < 0)
            break;
        holder = before;
    }
    *ret = (struct neighbour_move){task, q->option[task], holder, MOVE_OVERTAKE};
}

static bool along_causes(struct neighbour *n, const struct sequence *q, struct neighbour_move *ret) {
    int32_t holder, task = neighbour_blocked(n, q, &holder);
    if (task < 0)
        return false;
    if (holder >= 0) {
        if (below(n, 4) > 0 || !to_other_line(n, q, task, ret))
            overtake(n, q, task, holder, ret);
        return true;
    }
    if (below(n, 3) == 0 && to_other_line(n, q, below(n, 3) > 0 ? task : q->before[task], ret))
        return true;
    return within_block(n, q, task, ret);
}

/* Next to a task of the same family, not too far away. */
static bool to_family(struct neighbour *n, const struct sequence *q, struct neighbour_move *ret) {
    const struct problem *p = n->p;
    int32_t task = n->family_task[below(n, n->familied_count)], family = p->family[task];
    int32_t from = n->family_offset[family], count = n->family_offset[family + 1] - from;
    int32_t window = p->tasks / 6 + 200, best = -1;
    if (count < 2)
        return false;
    for (int32_t k = 0; k < FAMILY_TRIES; k++) {
        int32_t other = n->family_task[from + below(n, count)];
        int32_t off = q->pos[other] > q->pos[task] ? q->pos[other] - q->pos[task] : q->pos[task] - q->pos[other];
        if (other == task || off > window || option_on(p, task, p->option_line[q->option[other]]) < 0)
            continue;
        window = off;
        best = other;
    }
    if (best < 0)
        return false;
    int32_t option = option_on(p, task, p->option_line[q->option[best]]);
    *ret = (struct neighbour_move){task, option, below(n, 2) == 0 ? best : q->behind[best], MOVE_ALONE};
    return true;
}

static bool anywhere(struct neighbour *n, const struct sequence *q, struct neighbour_move *ret) {
    int32_t task = n->movable[below(n, n->movable_count)], steps = 1 + below(n, 1 + below(n, SHIFT_MAX));
    if (below(n, 2) == 0 && to_other_line(n, q, task, ret))
        return true;
    int32_t next = q->behind[task];
    if (below(n, 2) == 0) {
        while (steps-- > 0 && next >= 0)
            next = q->behind[next];
    } else {
        for (next = q->before[task]; --steps > 0 && next >= 0 && q->before[next] >= 0;)
            next = q->before[next];
        if (next < 0)
            return false;
    }
    *ret = (struct neighbour_move){task, q->option[task], next, MOVE_ALONE};
    return true;
}

bool neighbour_make(struct sequence *q, const struct neighbour_move *m) {
    switch (m->kind) {
    case MOVE_RUN:
        return sequence_move_run(q, m->task, m->option, m->next);
    case MOVE_JOIN:
        return sequence_join(q, m->task, m->next);
    case MOVE_SWAP:
        return sequence_swap(q, m->task, m->next);
    case MOVE_OVERTAKE:
        return sequence_overtake(q, m->task, m->next);
    default:
        return sequence_move(q, m->task, m->option, m->next);
    }
}

/* Makes a move keep to what is frozen. False: it cannot. */
static bool keep_frozen(const struct neighbour *n, const struct sequence *q, struct neighbour_move *m) {
    if (m->kind == MOVE_OVERTAKE)
        return m->next < n->frozen_from && n->p->fixed_line[m->next] < 0;
    if (m->kind == MOVE_JOIN || m->kind == MOVE_SWAP)
        return m->next < n->frozen_from;
    int32_t line = n->p->option_line[m->option], before = m->next < 0 ? q->line_last[line] : q->before[m->next];
    while (before >= n->frozen_from) {
        m->next = before;
        before = q->before[before];
    }
    return true;
}

/* A move of a task or of all of its run. */
static bool propose_place(struct neighbour *n, const struct sequence *q, struct neighbour_move *ret) {
    int32_t kind = below(n, 16);
    bool found = kind < 8                             ? along_causes(n, q, ret)
                 : kind < 12 && n->familied_count > 0 ? to_family(n, q, ret)
                                                      : anywhere(n, q, ret);
    if (found && n->running_count > 0)
        run_moves_widen(n, q, ret);
    return found;
}

bool neighbour_propose(struct neighbour *n, const struct sequence *q, struct neighbour_move *ret) {
    if (n->movable_count == 0)
        return false;
    bool found = n->running_count > 0 && below(n, 3) == 0 ? run_moves_propose(n, q, ret) : propose_place(n, q, ret);
    if (!found || n->p->fixed_line[ret->task] >= 0 || ret->task >= n->frozen_from)
        return false;
    return n->frozen_from == n->p->tasks || keep_frozen(n, q, ret);
}
