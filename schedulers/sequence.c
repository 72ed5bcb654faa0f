/* SPDX-License-Identifier: Apache-2.0 */

/* Moves, and what follows from them.
 *
 * A move of v between a and b on a line, with b before v in the list:
 *
 *      … a … b x y z v …   →   … a … x' v b y' …      where b and all that waits for b (y') now stand behind v
 *
 * If v itself waits for b (but for the line), the move would close a circle and is refused. With v before a, the same
 * is done the other way round: v and all that waits for v goes behind a.
 *
 * What was overwritten, there and in the times, is in a log, from which sequence_undo restores it. */

#include "schedulers/sequence_work.h"

#include <string.h>

static void unlink_task(struct sequence *q, int32_t task) {
    int32_t line = q->p->option_line[q->option[task]], before = q->before[task], behind = q->behind[task];
    *(before >= 0 ? &q->behind[before] : &q->line_first[line]) = behind;
    *(behind >= 0 ? &q->before[behind] : &q->line_last[line]) = before;
}

void sequence_link(struct sequence *q, int32_t task, int32_t option, int32_t next) {
    int32_t line = q->p->option_line[option], before = next >= 0 ? q->before[next] : q->line_last[line];
    q->option[task] = option;
    q->before[task] = before;
    q->behind[task] = next;
    *(before >= 0 ? &q->behind[before] : &q->line_first[line]) = task;
    *(next >= 0 ? &q->before[next] : &q->line_last[line]) = task;
}

static bool waits_for_marked(const struct sequence *q, int32_t task, bool by_line) {
    const struct problem *p = q->p;
    const int32_t *mark = q->work->mark, epoch = q->work->epoch;
    for (int32_t k = p->before_offset[task]; k < p->before_offset[task + 1]; k++)
        if (mark[p->before[k]] == epoch)
            return true;
    return by_line && q->before[task] >= 0 && mark[q->before[task]] == epoch;
}

/* Links those of the shifted part that use pools in its new order. */
static void relink_pools(struct sequence *q, const int32_t *old_order, int32_t length, bool dirty) {
    struct sequence_work *w = q->work;
    const struct problem *p = q->p;
    if (p->pools == 0)
        return;
    for (int32_t k = 0; k < p->pools; k++)
        w->pool_last[k] = w->pool_last[p->pools + k] = -2;
    for (int32_t i = 0; i < length; i++)
        for (int32_t u = p->usage_offset[old_order[i]]; u < p->usage_offset[old_order[i] + 1]; u++) {
            int32_t pool = p->usage_pool[u];
            if (w->pool_last[pool] == -2)
                w->pool_last[pool] = w->usage_before[u];
            w->pool_last[p->pools + pool] = w->usage_behind[u];
        }
    for (int32_t i = 0; i < length; i++) {
        int32_t task = q->order[w->from + i];
        for (int32_t u = p->usage_offset[task]; u < p->usage_offset[task + 1]; u++) {
            int32_t pool = p->usage_pool[u], last = w->pool_last[pool];
            if (w->usage_before[u] != last && dirty)
                mark_dirty(q, task);
            w->usage_before[u] = last;
            if (last >= 0)
                w->usage_behind[last] = u;
            w->pool_last[pool] = u;
        }
    }
    for (int32_t k = 0; k < p->pools; k++) {
        int32_t last = w->pool_last[k], behind = w->pool_last[p->pools + k];
        if (last == -2)
            continue;
        if (last >= 0)
            w->usage_behind[last] = behind;
        if (behind < 0)
            continue;
        if (w->usage_before[behind] != last && dirty)
            mark_dirty(q, w->task_of_usage[behind]);
        w->usage_before[behind] = last;
    }
}

static void keep_part(struct sequence *q, int32_t from, int32_t to) {
    struct sequence_work *w = q->work;
    w->from = from;
    w->length = to - from + 1;
    memcpy(w->shifted, &q->order[from], (size_t)w->length * sizeof *w->shifted);
}

static void write_part(struct sequence *q, const int32_t *part) {
    struct sequence_work *w = q->work;
    for (int32_t i = 0; i < w->length; i++) {
        q->order[w->from + i] = part[i];
        q->pos[part[i]] = w->from + i;
    }
}

/* Shifts `first` and what waits for it behind `last`; false: `last` waits for it. */
static bool shift(struct sequence *q, int32_t first, int32_t last, bool last_moves) {
    struct sequence_work *w = q->work;
    int32_t front = 0, back = 0, from = q->pos[first], to = q->pos[last];
    int32_t *part = w->scratch, *later = w->scratch + q->p->tasks;
    w->epoch++;
    keep_part(q, from, to);
    w->mark[first] = w->epoch;
    later[back++] = first;
    for (int32_t i = from + 1; i < to; i++) {
        int32_t task = q->order[i];
        if (waits_for_marked(q, task, true)) {
            w->mark[task] = w->epoch;
            later[back++] = task;
        } else {
            part[front++] = task;
        }
    }
    if (waits_for_marked(q, last, !last_moves)) {
        w->length = 0;
        return false;
    }
    part[front++] = last;
    memcpy(part + front, later, (size_t)back * sizeof *part);
    write_part(q, part);
    relink_pools(q, w->shifted, w->length, true);
    return true;
}

static void begin_move(struct sequence *q, int32_t task) {
    struct sequence_work *w = q->work;
    w->task = task;
    w->option = q->option[task];
    w->next = q->behind[task];
    w->from = q->pos[task];
    w->length = 0;
    w->cost = q->cost;
    w->energy = q->energy;
    w->aside = q->aside;
    w->task_count = w->job_count = w->due_count = w->state_count = 0;
    if (q->p->objective.makespan > 0)
        q->cost -= q->p->objective.makespan * sequence_makespan(q);
}

bool sequence_move(struct sequence *q, int32_t task, int32_t option, int32_t next) {
    struct sequence_work *w = q->work;
    if (next == task || (next == q->behind[task] && option == q->option[task]))
        return false;
    begin_move(q, task);
    int32_t old_behind = q->behind[task];
    if (q->p->objective.moves > 0)
        q->cost -= sequence_move_cost(q, task, q->start[task]);
    unlink_task(q, task);
    sequence_link(q, task, option, next);
    if (q->p->objective.moves > 0)
        q->cost += sequence_move_cost(q, task, q->start[task]);
    int32_t before = q->before[task];
    bool sound = true;
    if (next >= 0 && q->pos[next] < q->pos[task])
        sound = shift(q, next, task, true);
    else if (before >= 0 && q->pos[before] > q->pos[task])
        sound = shift(q, task, before, false);
    if (!sound) {
        unlink_task(q, task);
        sequence_link(q, task, w->option, w->next);
        q->cost = w->cost;
        return false;
    }
    mark_dirty(q, task);
    if (next >= 0)
        mark_dirty(q, next);
    if (old_behind >= 0)
        mark_dirty(q, old_behind);
    for (int32_t k = q->p->after_offset[task]; k < q->p->after_offset[task + 1] && q->p->overlap_quantity[task] > 0;
         k++)
        mark_dirty(q, q->p->after[k]);
    if (sequence_propagate(q, w->from) && q->energy <= q->limit)
        return true;
    sequence_undo(q);
    return false;
}

void sequence_undo(struct sequence *q) {
    struct sequence_work *w = q->work;
    while (w->task_count > 0) {
        const struct old_task *o = &w->tasks[--w->task_count];
        q->start[o->task] = o->start;
        q->end[o->task] = o->end;
        q->setup[o->task] = o->setup;
        q->change[o->task] = o->change;
    }
    while (w->job_count > 0) {
        w->job_count--;
        q->job_end[w->jobs[w->job_count].job] = w->jobs[w->job_count].end;
    }
    while (w->due_count > 0) {
        w->due_count--;
        q->due_cost[w->dues[w->due_count].due] = w->dues[w->due_count].cost;
    }
    while (w->state_count > 0) {
        int32_t u = w->states[w->state_count - 1], n = w->free_offset[u + 1] - w->free_offset[u];
        w->state_count -= (size_t)n + 1;
        memcpy(&w->free[w->free_offset[u]], &w->states[w->state_count], (size_t)n * sizeof *w->free);
    }
    unlink_task(q, w->task);
    sequence_link(q, w->task, w->option, w->next);
    if (w->length > 0) {
        memcpy(w->scratch, &q->order[w->from], (size_t)w->length * sizeof *w->scratch);
        write_part(q, w->shifted);
        relink_pools(q, w->scratch, w->length, false);
    }
    q->cost = w->cost;
    q->energy = w->energy;
    q->aside = w->aside;
}
