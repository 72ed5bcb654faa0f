/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/lot_time.h"

#include "daemon/planner/state.h"

enum { MISSED_LEAST_S = 60, MISSED_MOST_S = 3600, PARTS = 4 };

bool lot_is_full(const struct planner *p, const struct lot *lot) {
    return lot->units >= group_capacity(p, lot->group);
}

int64_t lot_release(const struct planner *p, const struct lot *lot, int64_t now_s) {
    const struct plant_product *pr = lot_product(p, lot);
    int64_t release_s = now_s, waited_s = lot->opened_at_s + pr->lot_wait_s;
    bool company = planner_lets_go_early(p) ? lot->units < pr->lot_min : true;
    if (lot->material_s == TAKT_TIME_NEVER)
        return TAKT_TIME_NEVER;
    if (company && lot->state == LOT_OPEN && waited_s > release_s && !lot_is_full(p, lot))
        release_s = waited_s;
    return lot->material_s > release_s ? lot->material_s : release_s;
}

int64_t task_time(const struct planner *p, const struct lot *lot, size_t op, int32_t line) {
    const struct plant_op *o = lot_op(p, lot, op);
    for (size_t i = 0; i < o->line_count; i++)
        if (o->lines[i].line == line)
            return plant_rate_s(&o->lines[i], lot->tasks[op].quantity);
    return -1;
}

int64_t task_overlap(const struct planner *p, const struct lot *lot, size_t op) {
    int64_t overlap = lot_op(p, lot, op)->overlap;
    return overlap < lot->tasks[op].quantity ? overlap : 0;
}

/* The next piece of time, from at_s on, in which the line and all pools of the operation are open. False: none is
 * known. */
static bool open_piece(const struct planner *p, const struct plant_op *o, int32_t line, int64_t at_s,
                       int64_t *ret_from_s, int64_t *ret_to_s) {
    int64_t from_s = at_s, to_s;
    for (bool moved = true; moved;) {
        moved = false;
        to_s = INT64_MAX;
        for (size_t i = 0; i <= o->pool_count; i++) {
            const struct opening *open = i == 0 ? &p->openings.lines[line] : &p->openings.pools[o->pools[i - 1].index];
            size_t at = opening_at(open, from_s);
            if (at == open->count)
                return false;
            if (open->list[at].from_s > from_s) {
                from_s = open->list[at].from_s;
                moved = true;
            }
            to_s = open->list[at].to_s < to_s ? open->list[at].to_s : to_s;
        }
    }
    *ret_from_s = from_s;
    *ret_to_s = to_s;
    return true;
}

int64_t task_end(const struct planner *p, const struct lot *lot, size_t op, int32_t line, int64_t start_s,
                 int64_t work_s) {
    int64_t at_s = start_s, from_s, to_s;
    while (work_s > 0 && open_piece(p, lot_op(p, lot, op), line, at_s, &from_s, &to_s)) {
        if (to_s - from_s >= work_s)
            return from_s + work_s;
        work_s -= to_s - from_s;
        at_s = to_s;
    }
    return at_s + work_s;
}

int64_t task_open(const struct planner *p, const struct lot *lot, size_t op, int32_t line, int64_t from_s,
                  int64_t to_s) {
    int64_t sum = 0, a, b;
    while (from_s < to_s && open_piece(p, lot_op(p, lot, op), line, from_s, &a, &b) && a < to_s) {
        sum += (b < to_s ? b : to_s) - a;
        from_s = b;
    }
    return sum;
}

bool task_frozen(const struct planner *p, const struct task *t, int64_t now_s) {
    return t->state == TASK_PLANNED && t->line >= 0 && t->start_s <= now_s + p->plant->planning.frozen_s;
}

int64_t task_missed_until(const struct task *t, int64_t now_s) {
    int64_t wait_s = (now_s - t->missed_s) / PARTS;
    if (wait_s < MISSED_LEAST_S)
        wait_s = MISSED_LEAST_S;
    return now_s + (wait_s > MISSED_MOST_S ? MISSED_MOST_S : wait_s);
}
