/* SPDX-License-Identifier: Apache-2.0 */

/* Moves, and what follows from them. What is moved is a unit: a task, or a run as a whole.
 *
 * A move of v between a and b on a line, with b before v in the list:
 *
 *      … a … b x y z v …   →   … a … x' v b y' …      where b and all that waits for b (y') now stand behind v
 *
 * If v itself waits for b (but for the line), the move would close a circle and is refused. With v before a, the same
 * is done the other way round: v and all that waits for v goes behind a. Runs stand in the list as a whole, and wait
 * for what any of their members waits for.
 *
 * A task that leaves its run first goes to the end of it in the list. One that joins a run is brought next to it in the
 * same way, before or behind, whichever way the two stood; on the line it then is the run's first or last.
 *
 * What was overwritten, there and in the times, is in a log, from which sequence_undo restores it. */

#include "schedulers/sequence_work.h"

#include <string.h>

/* What stays of a run that loses its leader has a new one. */
static void unlink_unit(struct sequence *q, int32_t first, int32_t last) {
    int32_t line = q->p->option_line[q->option[first]], before = q->before[first], behind = q->behind[last];
    *(before >= 0 ? &q->behind[before] : &q->line_first[line]) = behind;
    *(behind >= 0 ? &q->before[behind] : &q->line_last[line]) = before;
    if (behind >= 0 && !q->joined[first])
        q->joined[behind] = 0;
}

void sequence_link(struct sequence *q, int32_t first, int32_t last, int32_t line, int32_t next) {
    int32_t before = next >= 0 ? q->before[next] : q->line_last[line];
    q->before[first] = before;
    q->behind[last] = next;
    *(before >= 0 ? &q->behind[before] : &q->line_first[line]) = first;
    *(next >= 0 ? &q->before[next] : &q->line_last[line]) = last;
}

/* Whether a task waits for what is marked, by its job or, where it leads a run, by its line. */
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

/* The place behind the run that begins at this place of the list. */
static inline int32_t run_end(const struct sequence *q, int32_t place) {
    do
        place++;
    while (place < q->p->tasks && q->joined[q->order[place]]);
    return place;
}

static inline void copy_run(const struct sequence *q, int32_t place, int32_t end, int32_t *list, int32_t *count) {
    while (place < end)
        list[(*count)++] = q->order[place++];
}

static inline bool run_waits(const struct sequence *q, int32_t place, int32_t end, bool by_line) {
    for (int32_t i = place; i < end; i++)
        if (waits_for_marked(q, q->order[i], by_line))
            return true;
    return false;
}

static inline void mark_run(const struct sequence *q, int32_t place, int32_t end) {
    for (int32_t i = place; i < end; i++)
        q->work->mark[q->order[i]] = q->work->epoch;
}

/* Shifts the run that begins at place `first` and what waits for it behind the one that begins at `last`; false: that
 * one waits for it. */
static bool shift(struct sequence *q, int32_t first, int32_t last, bool last_moves) {
    struct sequence_work *w = q->work;
    int32_t front = 0, back = 0, *part = w->scratch, *later = w->scratch + q->p->tasks;
    int32_t end = run_end(q, first), last_end = run_end(q, last);
    w->epoch++;
    copy_run(q, w->from, first, part, &front);
    mark_run(q, first, end);
    copy_run(q, first, end, later, &back);
    for (int32_t i = end; i < last; i = end) {
        end = run_end(q, i);
        if (run_waits(q, i, end, true)) {
            mark_run(q, i, end);
            copy_run(q, i, end, later, &back);
        } else {
            copy_run(q, i, end, part, &front);
        }
    }
    if (run_waits(q, last, last_end, !last_moves))
        return false;
    copy_run(q, last, last_end, part, &front);
    memcpy(part + front, later, (size_t)back * sizeof *part);
    front += back;
    copy_run(q, last_end, w->from + w->length, part, &front);
    write_part(q, part);
    return true;
}

/* In the list, brings a task to the end of the run that it leaves, or to its front. */
static void leave_run(struct sequence *q, int32_t task, int32_t from, int32_t to, bool to_front) {
    int32_t place = q->pos[task], step = to_front ? -1 : 1, end = to_front ? from : to;
    for (; place != end; place += step) {
        q->order[place] = q->order[place + step];
        q->pos[q->order[place]] = place;
    }
    q->order[place] = task;
    q->pos[task] = place;
}

static void charge_moves(struct sequence *q, int32_t first, int32_t last, int64_t sign) {
    for (int32_t i = first; q->p->objective.moves > 0; i = q->behind[i]) {
        q->cost += sign * sequence_move_cost(q, i, q->start[i]);
        if (i == last)
            return;
    }
}

static void set_line(struct sequence *q, int32_t first, int32_t last, int32_t line) {
    for (int32_t i = first;; i = q->behind[i]) {
        q->option[i] = option_on(q->p, i, line);
        if (i == last)
            return;
    }
}

static void begin_move(struct sequence *q, int32_t first, int32_t last) {
    struct sequence_work *w = q->work;
    w->first = first;
    w->last = last;
    w->other = -1;
    w->line = q->p->option_line[q->option[first]];
    w->next = q->behind[last];
    w->joined = q->joined[first];
    w->next_joined = w->next >= 0 && q->joined[w->next];
    w->length = 0;
    w->cost = q->cost;
    w->energy = q->energy;
    w->aside = q->aside;
    w->task_count = w->job_count = w->due_count = w->state_count = 0;
    if (q->p->objective.makespan > 0)
        q->cost -= q->p->objective.makespan * sequence_makespan(q);
}

static void set_neighbours(struct sequence *q, int32_t task, int32_t line, int32_t before, int32_t behind) {
    q->before[task] = before;
    q->behind[task] = behind;
    *(before >= 0 ? &q->behind[before] : &q->line_first[line]) = task;
    *(behind >= 0 ? &q->before[behind] : &q->line_last[line]) = task;
}

/* Puts each into the place of the other: on its line, in its run and in the list. */
static void exchange(struct sequence *q, int32_t x, int32_t y) {
    const struct problem *p = q->p;
    int32_t line_x = p->option_line[q->option[x]], line_y = p->option_line[q->option[y]];
    int32_t before_x = q->before[x], behind_x = q->behind[x], place_x = q->pos[x];
    uint8_t joined_x = q->joined[x];
    set_neighbours(q, x, line_y, q->before[y], q->behind[y]);
    set_neighbours(q, y, line_x, before_x, behind_x);
    q->option[x] = option_on(p, x, line_y);
    q->option[y] = option_on(p, y, line_x);
    q->joined[x] = q->joined[y];
    q->joined[y] = joined_x;
    q->pos[x] = q->pos[y];
    q->pos[y] = place_x;
    q->order[q->pos[x]] = x;
    q->order[place_x] = y;
}

/* Puts what was moved back on its line and in the list. */
static void put_back(struct sequence *q, bool relink) {
    struct sequence_work *w = q->work;
    if (w->other >= 0) {
        memcpy(w->scratch, &q->order[w->from], (size_t)w->length * sizeof *w->scratch);
        exchange(q, w->first, w->other);
        relink_pools(q, w->scratch, w->length, false);
        return;
    }
    unlink_unit(q, w->first, w->last);
    set_line(q, w->first, w->last, w->line);
    sequence_link(q, w->first, w->last, w->line, w->next);
    q->joined[w->first] = w->joined;
    if (w->next >= 0)
        q->joined[w->next] = w->next_joined;
    if (w->length == 0)
        return;
    memcpy(w->scratch, &q->order[w->from], (size_t)w->length * sizeof *w->scratch);
    write_part(q, w->shifted);
    if (relink)
        relink_pools(q, w->scratch, w->length, false);
}

/* Where a unit goes: before `next` on the line, or into the run of `mate`, if not -1. */
struct goal {
    int32_t line, next, mate;
};

/* Brings the list in order for a unit that is linked in its new place; [from, to] was its run in the list. */
static bool settle(struct sequence *q, const struct goal *g, int32_t from, int32_t to) {
    struct sequence_work *w = q->work;
    int32_t first = w->first, before = q->before[first], behind = q->behind[w->last];
    bool leaves = to - from > q->pos[w->last] - q->pos[first];
    if (g->mate >= 0) { /* next to it, on the side where it stands already */
        behind = q->pos[g->mate] < q->pos[first] ? sequence_leader(q, g->mate) : -1;
        before = behind < 0 ? sequence_tail(q, g->mate) : -1;
    }
    bool back = behind >= 0 && q->pos[behind] < q->pos[first], ahead = before >= 0 && q->pos[before] > q->pos[w->last];
    w->from = from;
    if (!leaves && !back && !ahead)
        return true;
    keep_part(q, back && q->pos[behind] < from ? q->pos[behind] : from,
              ahead && q->pos[before] > to ? q->pos[before] : to);
    if (leaves)
        leave_run(q, first, from, to, behind >= 0 && q->pos[behind] >= from && q->pos[behind] <= to);
    if (behind >= 0 && q->pos[behind] < q->pos[first])
        return shift(q, q->pos[behind], q->pos[first], true);
    if (before >= 0 && q->pos[before] > q->pos[w->last])
        return shift(q, q->pos[first], q->pos[sequence_leader(q, before)], false);
    return true;
}

static void mark_unit(struct sequence *q, int32_t old_mate) {
    struct sequence_work *w = q->work;
    const struct problem *p = q->p;
    mark_dirty(q, w->first);
    if (q->behind[w->last] >= 0)
        mark_dirty(q, q->behind[w->last]);
    if (w->next >= 0)
        mark_dirty(q, w->next);
    if (old_mate >= 0)
        mark_dirty(q, old_mate);
    for (int32_t i = w->first;; i = q->behind[i]) {
        for (int32_t k = p->after_offset[i]; k < p->after_offset[i + 1] && p->overlap_quantity[i] > 0; k++)
            mark_dirty(q, p->after[k]);
        if (i == w->last)
            return;
    }
}

static bool move_unit(struct sequence *q, int32_t first, int32_t last, struct goal g) {
    struct sequence_work *w = q->work;
    int32_t from = q->pos[sequence_leader(q, first)], to = q->pos[sequence_tail(q, last)];
    begin_move(q, first, last);
    int32_t old_mate = w->joined ? q->before[first] : w->next_joined ? w->next : -1;
    charge_moves(q, first, last, -1);
    unlink_unit(q, first, last);
    q->joined[first] = 0;
    while (g.next >= 0 && q->joined[g.next])
        g.next = q->before[g.next];
    bool in_front = g.mate >= 0 && q->pos[g.mate] < q->pos[first];
    if (g.mate >= 0)
        g.next = in_front ? sequence_leader(q, g.mate) : q->behind[sequence_tail(q, g.mate)];
    set_line(q, first, last, g.line);
    sequence_link(q, first, last, g.line, g.next);
    charge_moves(q, first, last, 1);
    if (!settle(q, &g, from, to)) {
        put_back(q, false);
        q->cost = w->cost;
        return false;
    }
    if (g.mate >= 0)
        q->joined[in_front ? g.next : first] = 1;
    if (w->length > 0)
        relink_pools(q, w->shifted, w->length, true);
    mark_unit(q, old_mate);
    if (sequence_propagate(q, w->from) && q->energy <= q->limit)
        return true;
    sequence_undo(q);
    return false;
}

static bool is_alone(const struct sequence *q, int32_t task) {
    return !q->joined[task] && (q->behind[task] < 0 || !q->joined[q->behind[task]]);
}

bool sequence_move(struct sequence *q, int32_t task, int32_t option, int32_t next) {
    const struct problem *p = q->p;
    int32_t line = p->option_line[option];
    if (next == task || (next == q->behind[task] && option == q->option[task] && is_alone(q, task)))
        return false;
    if (p->line_batch[line] > 0 && p->size[task] > p->line_batch[line])
        return false;
    return move_unit(q, task, task, (struct goal){line, next, -1});
}

/* Whether all of a run can be done on the line, as one. */
static bool run_fits(const struct sequence *q, int32_t first, int32_t last, int32_t line) {
    const struct problem *p = q->p;
    int64_t size = 0;
    int32_t hours = -1;
    for (int32_t i = first;; i = q->behind[i]) {
        int32_t o = option_on(p, i, line);
        if (o < 0 || p->fixed_line[i] >= 0 || (hours >= 0 && p->option_hours[o] != hours))
            return false;
        hours = p->option_hours[o];
        size += p->size[i];
        if (i == last)
            return size <= p->line_batch[line];
    }
}

bool sequence_move_run(struct sequence *q, int32_t task, int32_t option, int32_t next) {
    int32_t first = sequence_leader(q, task), last = sequence_tail(q, task), line = q->p->option_line[option];
    if (first == last)
        return sequence_move(q, task, option, next);
    if (next >= 0)
        next = sequence_leader(q, next);
    if (next == first || (next == q->behind[last] && option == q->option[task]) || !run_fits(q, first, last, line))
        return false;
    return move_unit(q, first, last, (struct goal){line, next, -1});
}

bool sequence_join(struct sequence *q, int32_t task, int32_t other) {
    const struct problem *p = q->p;
    int32_t line = p->option_line[q->option[other]], option = option_on(p, task, line),
            first = sequence_leader(q, other);
    int64_t size = p->size[task];
    if (option < 0 || p->line_batch[line] == 0 || p->family[task] != p->family[other] ||
        sequence_leader(q, task) == first)
        return false;
    for (int32_t i = first; i >= 0 && (i == first || q->joined[i]); i = q->behind[i]) {
        size += p->size[i];
        if (size > p->line_batch[line] || p->fixed_line[i] >= 0 ||
            p->option_hours[q->option[i]] != p->option_hours[option])
            return false;
    }
    return move_unit(q, task, task, (struct goal){line, -1, other});
}

bool sequence_overtake(struct sequence *q, int32_t task, int32_t other) {
    struct sequence_work *w = q->work;
    int32_t first = sequence_leader(q, task), last = sequence_tail(q, task), ahead = sequence_leader(q, other);
    if (q->pos[ahead] >= q->pos[first])
        return false;
    begin_move(q, first, last);
    keep_part(q, q->pos[ahead], q->pos[last]);
    if (!shift(q, q->pos[ahead], q->pos[first], false)) {
        q->cost = w->cost;
        return false;
    }
    relink_pools(q, w->shifted, w->length, true);
    if (sequence_propagate(q, w->from) && q->energy <= q->limit)
        return true;
    sequence_undo(q);
    return false;
}

/* Whether `task` may be in the place of `other`, in its run. */
static bool can_replace(const struct sequence *q, int32_t task, int32_t other) {
    const struct problem *p = q->p;
    int32_t line = p->option_line[q->option[other]], option = option_on(p, task, line), batch = p->line_batch[line];
    int32_t first = sequence_leader(q, other);
    int64_t size = (int64_t)p->size[task] - p->size[other];
    if (option < 0 || p->fixed_line[task] >= 0)
        return false;
    for (int32_t i = first; i >= 0 && (i == first || q->joined[i]); i = q->behind[i]) {
        size += p->size[i];
        if (i != other && (p->family[i] != p->family[task] || p->fixed_line[i] >= 0 ||
                           p->option_hours[q->option[i]] != p->option_hours[option]))
            return false;
    }
    return batch == 0 || size <= batch;
}

/* With x before y in the list: whether nothing between them waits for x, and y for nothing there. */
static bool may_exchange(const struct sequence *q, int32_t x, int32_t y) {
    const struct problem *p = q->p;
    int32_t front = q->pos[sequence_leader(q, x)], end = q->pos[sequence_tail(q, y)];
    for (int32_t k = p->after_offset[x]; k < p->after_offset[x + 1]; k++)
        if (q->pos[p->after[k]] <= end)
            return false;
    for (int32_t k = p->before_offset[y]; k < p->before_offset[y + 1]; k++)
        if (q->pos[p->before[k]] >= front)
            return false;
    return true;
}

bool sequence_swap(struct sequence *q, int32_t task, int32_t other) {
    struct sequence_work *w = q->work;
    int32_t x = q->pos[task] < q->pos[other] ? task : other, y = x == task ? other : task;
    if (q->behind[x] == y || q->behind[y] == x || sequence_leader(q, x) == sequence_leader(q, y) ||
        !can_replace(q, x, y) || !can_replace(q, y, x) || !may_exchange(q, x, y))
        return false;
    begin_move(q, x, x);
    w->other = y;
    keep_part(q, q->pos[x], q->pos[y]);
    charge_moves(q, x, x, -1);
    charge_moves(q, y, y, -1);
    exchange(q, x, y);
    charge_moves(q, x, x, 1);
    charge_moves(q, y, y, 1);
    relink_pools(q, w->shifted, w->length, true);
    mark_unit(q, y);
    w->first = w->last = y;
    mark_unit(q, x);
    w->first = w->last = x;
    int32_t tail_x = q->behind[sequence_tail(q, x)], tail_y = q->behind[sequence_tail(q, y)];
    if (tail_x >= 0)
        mark_dirty(q, tail_x);
    if (tail_y >= 0)
        mark_dirty(q, tail_y);
    int32_t front = q->pos[sequence_leader(q, y)];
    if (sequence_propagate(q, front < w->from ? front : w->from) && q->energy <= q->limit)
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
    put_back(q, true);
    q->cost = w->cost;
    q->energy = w->energy;
    q->aside = w->aside;
}
