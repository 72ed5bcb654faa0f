/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/plan.h"

#include "daemon/planner/lot_time.h"
#include "daemon/planner/progress.h"
#include "daemon/planner/promise.h"
#include "daemon/planner/state.h"

#include <assert.h>

enum { MINUTE_S = 60, PARTS = 4 };

/* ---- apply ---- */

static void move_task(struct planner *p, struct lot *lot, size_t op, int32_t line, int64_t start_s, int64_t end_s) {
    struct task *t = &lot->tasks[op];
    if (t->line == line && t->start_s == start_s && t->end_s == end_s)
        return;
    t->line = line;
    t->start_s = start_s;
    t->end_s = end_s;
    news_task_moved(p, lot, op);
    p->news.plan = true;
}

static void displace(struct planner *p, struct lot *lot) {
    for (size_t k = 0; k < lot->op_count; k++)
        if (lot->tasks[k].state == TASK_PLANNED)
            move_task(p, lot, k, -1, TAKT_TIME_NONE, TAKT_TIME_NONE);
}

static void touch_orders(struct planner *p, struct lot *lot) {
    for (struct slice *s = lot->slices; s != NULL; s = s->lot_next)
        order_touch(&p->book, s->order);
}

static void set_firm_at(struct planner *p, struct lot *lot) {
    const struct task *first = &lot->tasks[0];
    int64_t firm_at_s = TAKT_TIME_NEVER;
    if (lot->state != LOT_OPEN)
        return;
    if (first->line >= 0)
        firm_at_s = first->start_s - p->plant->planning.frozen_s;
    if (firm_at_s == lot->firm_at_s)
        return;
    lot->firm_at_s = firm_at_s;
    news_lot(p, lot);
}

static void set_ready(struct planner *p, struct lot *lot) {
    const struct task *last = &lot->tasks[lot->op_count - 1];
    int64_t ready_s = TAKT_TIME_NEVER;
    if (last->line >= 0)
        ready_s = last->end_s + lot_op(p, lot, lot->op_count - 1u)->rest_s;
    if (ready_s == lot->ready_s)
        return;
    lot->ready_s = ready_s;
    touch_orders(p, lot);
}

static void make_firm(struct planner *p, struct lot *lot, int64_t now_s) {
    if (lot->state != LOT_OPEN || lot->firm_at_s > now_s)
        return;
    if (lot->let_go_at_s == TAKT_TIME_NONE)
        lot->let_go_at_s = now_s;
    lot_move(p, lot, LOT_FIRM);
}

void plan_apply(struct planner *p, const struct plan_model *m, const struct schedule *s, int64_t now_s) {
    for (int32_t i = 0; i < m->task_count; i++) {
        struct lot *lot = lot_find(&p->lots, m->tasks[i].lot);
        assert(lot != NULL && s->line[i] >= 0);
        move_task(p, lot, m->tasks[i].op, s->line[i], m->origin_s + s->start[i], m->origin_s + s->end[i]);
    }
    for (size_t i = 0; i < p->lots.live_count; i++) {
        struct lot *lot = p->lots.live[i];
        if (lot->job < 0)
            displace(p, lot);
        set_firm_at(p, lot);
        if (!lot->coarse || lot->material_s == TAKT_TIME_NEVER)
            set_ready(p, lot);
        make_firm(p, lot, now_s);
    }
}

/* ---- watch ---- */

static void next_at(struct planner *p, int64_t time_s) {
    if (time_s < p->next_s)
        p->next_s = time_s;
}

static bool may_start(const struct planner *p, const struct lot *lot, size_t op, int64_t now_s) {
    if (op == 0)
        return true;
    const struct task *before = &lot->tasks[op - 1];
    if (before->state == TASK_FINISHED)
        return before->finished_at_s + lot_op(p, lot, op - 1)->rest_s <= now_s;
    return before->state == TASK_STARTED && task_overlap(p, lot, op - 1) > 0;
}

/* A line that is planned instead of reported: what should have happened has. False: it could not begin. */
static bool go_as_planned(struct planner *p, struct lot *lot, size_t op, int64_t now_s) {
    struct task *t = &lot->tasks[op];
    if (t->state == TASK_PLANNED && t->start_s <= now_s) {
        if (!may_start(p, lot, op, now_s) || stock_down_at(&p->stock, t->line, t->start_s) != NULL)
            return false;
        progress_start(p, lot, op, t->line, t->start_s, now_s);
    }
    if (t->state == TASK_STARTED && t->end_s <= now_s) {
        if (op > 0 && lot->tasks[op - 1].state != TASK_FINISHED)
            return false;
        progress_finish(p, lot, op, progress_expected(p, lot, op), t->end_s);
    }
    return true;
}

/* It should have ended: until a moment from now, further on the longer it has been so. */
static void stretch(struct planner *p, struct lot *lot, size_t op, int64_t now_s) {
    struct task *t = &lot->tasks[op];
    if (t->missed_s == TAKT_TIME_NONE)
        t->missed_s = t->end_s;
    int64_t more_s = (now_s - t->missed_s) / PARTS;
    t->end_s = now_s + (more_s > MINUTE_S ? more_s : MINUTE_S);
    t->end_s += (MINUTE_S - t->end_s % MINUTE_S) % MINUTE_S;
    news_task_moved(p, lot, op);
    p->news.plan = true;
    planner_want(p, CAUSE_CAPACITY);
}

static void miss(struct planner *p, struct lot *lot, size_t op) {
    struct task *t = &lot->tasks[op];
    if (t->missed_s == TAKT_TIME_NONE)
        t->missed_s = t->start_s;
    if (!t->late) {
        t->late = true;
        news_task(p, lot, op);
    }
    planner_want(p, CAUSE_CAPACITY);
}

static void watch_task(struct planner *p, struct lot *lot, size_t op, int64_t now_s) {
    struct task *t = &lot->tasks[op];
    if (t->line < 0 || t->state == TASK_FINISHED)
        return;
    if (p->plant->lines[t->line].reports == REPORTS_PLANNED && go_as_planned(p, lot, op, now_s)) {
        if (t->state != TASK_FINISHED)
            next_at(p, t->state == TASK_PLANNED ? t->start_s : t->end_s > now_s ? t->end_s : now_s + MINUTE_S);
        return;
    }
    if (t->state == TASK_STARTED && t->end_s + END_GRACE_S < now_s)
        stretch(p, lot, op, now_s);
    else if (t->state == TASK_PLANNED && t->start_s + START_GRACE_S < now_s && may_start(p, lot, op, now_s))
        miss(p, lot, op);
    else if (t->state == TASK_PLANNED && t->start_s + START_GRACE_S < now_s)
        planner_want(p, CAUSE_CAPACITY);
    int64_t judged_s = t->state == TASK_STARTED ? t->end_s + END_GRACE_S + 1 : t->start_s + START_GRACE_S + 1;
    next_at(p, judged_s > now_s ? judged_s : now_s + MINUTE_S);
}

void plan_watch(struct planner *p, int64_t now_s) {
    p->next_s = TAKT_TIME_NEVER;
    lots_sweep(&p->lots);
    size_t count = p->lots.live_count;
    for (size_t i = 0; i < count; i++) {
        struct lot *lot = p->lots.live[i];
        make_firm(p, lot, now_s);
        for (size_t k = 0; k < lot->op_count && (lot->state == LOT_OPEN || lot->state == LOT_FIRM); k++)
            watch_task(p, lot, k, now_s);
        if (lot->state == LOT_OPEN && lot->firm_at_s != TAKT_TIME_NEVER)
            next_at(p, lot->firm_at_s);
    }
}

/* ---- settle ---- */

/* When all of it is made; TAKT_TIME_NEVER if some of it is in no plan. */
static int64_t made_at(const struct order *o, int64_t now_s, bool *ret_held) {
    int64_t made_s = TAKT_TIME_NONE, given_s = o->made_s < now_s ? o->made_s : now_s;
    *ret_held = false;
    if (o->unplaced > 0)
        return TAKT_TIME_NEVER;
    for (uint16_t i = 0; i < o->item_count; i++) {
        for (const struct slice *s = o->items[i].slices; s != NULL; s = s->next) {
            int64_t ready_s = s->lot == NULL ? TAKT_TIME_NONE : s->lot->ready_s;
            *ret_held = *ret_held || (s->lot != NULL && s->lot->material_s == TAKT_TIME_NEVER);
            made_s = ready_s > made_s ? ready_s : made_s;
        }
    }
    return made_s == TAKT_TIME_NONE ? given_s : made_s; /* all from surplus: when it was given */
}

static void settle_made(struct planner *p, struct order *o, int64_t now_s) {
    bool held, done = o->unplaced == 0 && o->busy == 0;
    int64_t made_s = made_at(o, now_s, &held);
    if (o->state == ORDER_PACKED)
        return;
    if (!done && (o->heap_at != 0 || o->ready || o->state == ORDER_MADE))
        order_unmade(p, o);
    if (done && !o->ready && (o->heap_at == 0 || made_s != o->made_s)) {
        packing_drop(p, o);
        o->made_s = made_s;
        packing_queue(p, o);
    }
    if (!o->ready)
        o->made_s = made_s;
    packing_expect(p, o, o->made_s);
    if (held)
        order_hold(p, o);
}

void plan_settle(struct planner *p, int64_t now_s) {
    struct order_list *l = &p->book.touched;
    for (size_t i = 0; i < l->count; i++)
        if (l->list[i] != NULL)
            settle_made(p, l->list[i], now_s);
    packing_estimate(p, now_s);
    for (size_t i = 0; i < l->count; i++) {
        struct order *o = l->list[i];
        if (o == NULL)
            continue;
        o->touched_at = 0;
        if (!o->ready && o->state != ORDER_PACKED)
            promise_expect(p, o, packing_expected(p, o, now_s), now_s);
    }
    l->count = 0;
}
