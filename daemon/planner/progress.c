/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/progress.h"

#include "daemon/planner/lot_time.h"
#include "daemon/planner/material.h"
#include "daemon/planner/placing.h"
#include "daemon/planner/promise.h"
#include "daemon/planner/state.h"

#include <assert.h>

enum { EARLY_S = 300 };

static void touch_orders(struct planner *p, struct lot *lot) {
    for (struct slice *s = lot->slices; s != NULL; s = s->lot_next)
        order_touch(&p->book, s->order);
}

/* ---- start ---- */

static void set_up_line(struct planner *p, int32_t line, int32_t family) {
    struct setup *u = &p->stock.setups[line];
    if (family < 0 || u->family == family)
        return;
    u->family = family;
    u->dirty = p->news.stock = true;
}

/* The other tasks of its run on a batch line begin and end with it. */
static void move_run(struct planner *p, const struct task *old, int64_t start_s, int64_t end_s) {
    for (size_t i = 0; i < p->lots.live_count; i++) {
        struct lot *lot = p->lots.live[i];
        for (size_t k = 0; k < lot->op_count; k++) {
            struct task *t = &lot->tasks[k];
            if (t->state == TASK_FINISHED || t->line != old->line || t->start_s != old->start_s ||
                t->end_s != old->end_s)
                continue;
            t->start_s = start_s;
            t->end_s = end_s;
            t->missed_s = TAKT_TIME_NONE;
            news_task(p, lot, k);
        }
    }
    p->news.plan = true;
}

static bool as_planned(const struct task *t, int32_t line, int64_t at_s) {
    int64_t off_s = at_s - t->start_s;
    return t->line == line && off_s <= END_GRACE_S && off_s >= -END_GRACE_S;
}

static void place_started(struct planner *p, struct lot *lot, size_t op, int32_t line, int64_t at_s) {
    struct task *t = &lot->tasks[op];
    const struct task old = *t;
    if (as_planned(t, line, at_s))
        return;
    t->line = line;
    t->start_s = at_s;
    t->end_s = task_end(p, lot, op, line, at_s, task_time(p, lot, op, line));
    if (p->plant->lines[line].batch > 0 && old.line == line)
        move_run(p, &old, t->start_s, t->end_s);
    p->news.plan = true;
    planner_want(p, CAUSE_CAPACITY);
}

void progress_start(struct planner *p, struct lot *lot, size_t op, int32_t line, int64_t at_s, int64_t now_s) {
    struct task *t = &lot->tasks[op];
    bool first = !lot_started(lot);
    assert(t->state == TASK_PLANNED);
    place_started(p, lot, op, line, at_s);
    t->state = TASK_STARTED;
    t->started_at_s = at_s;
    t->late = false;
    t->missed_s = TAKT_TIME_NONE;
    news_task(p, lot, op);
    set_up_line(p, line, lot->group->families[op]);
    p->basis++;
    if (!first)
        return;
    material_consume(p, lot, now_s);
    if (lot->let_go_at_s == TAKT_TIME_NONE) {
        lot->let_go_at_s = at_s;
        news_lot(p, lot);
    }
    if (lot->state == LOT_OPEN)
        lot_move(p, lot, LOT_FIRM);
    for (struct slice *s = lot->slices; s != NULL; s = s->lot_next)
        order_started(p, s->order, at_s);
}

/* ---- counting ---- */

/* More came out of the operation before than its yield let expect, and went into this one. */
static void take_more(struct planner *p, struct lot *lot, size_t op, uint32_t good) {
    struct task *t = &lot->tasks[op];
    if (good + t->scrap <= t->quantity)
        return;
    t->quantity = good + t->scrap;
    news_task(p, lot, op);
}

uint32_t progress_there(const struct lot *lot, size_t op) {
    const struct task *t = &lot->tasks[op], *before = op == 0 ? NULL : &lot->tasks[op - 1];
    uint32_t there = t->quantity;
    if (before != NULL && before->state == TASK_FINISHED)
        there = before->good;
    else if (before != NULL)
        there = before->quantity > before->scrap ? before->quantity - before->scrap : 0;
    return there > t->quantity ? there : t->quantity;
}

/* What is left takes as long as its rate says, from when it was counted. */
void progress_good(struct planner *p, struct lot *lot, size_t op, uint32_t good, int64_t at_s, int64_t now_s) {
    struct task *t = &lot->tasks[op];
    take_more(p, lot, op, good);
    uint32_t left = t->quantity > good + t->scrap ? t->quantity - good - t->scrap : 0;
    int64_t all_s = task_time(p, lot, op, t->line), end_s;
    t->good = good;
    news_task(p, lot, op);
    if (p->plant->lines[t->line].batch > 0 || t->quantity == 0 || all_s < 0)
        return;
    end_s = task_end(p, lot, op, t->line, at_s, all_s * left / t->quantity);
    if (end_s < now_s)
        end_s = now_s;
    if (end_s - t->end_s <= EARLY_S && t->end_s - end_s <= EARLY_S)
        return;
    t->end_s = end_s;
    t->missed_s = TAKT_TIME_NONE;
    p->news.plan = true;
    planner_want(p, CAUSE_CAPACITY);
}

uint32_t progress_expected(const struct planner *p, const struct lot *lot, size_t op) {
    const struct task *t = &lot->tasks[op];
    uint32_t there = t->quantity > t->scrap ? t->quantity - t->scrap : 0;
    uint32_t wanted = op + 1 < lot->op_count ? lot->tasks[op + 1].quantity : lot->units;
    return lot_op(p, lot, op)->yield_ppm < 1000000 && !lot->group->personalised && wanted < there ? wanted : there;
}

/* ---- ends ---- */

static void end_lot(struct planner *p, struct lot *lot) {
    const struct task *last = &lot->tasks[lot->op_count - 1];
    bool complete = last->state == TASK_FINISHED;
    int64_t ready_s = complete ? last->finished_at_s + lot_op(p, lot, lot->op_count - 1u)->rest_s : TAKT_TIME_NEVER;
    uint32_t more = complete && last->good > lot->units ? last->good - lot->units : 0;
    struct variant *variant = NULL;
    if (lot->slices != NULL)
        variant = lot->slices->order->items[lot->slices->item].variant;
    else if (complete && lot->group->product >= 0)
        variant = variant_get(&p->variants, lot->group->product_id, lot->group->like);
    if (more > 0 && !lot->group->personalised) {
        variant->surplus += more;
        news_surplus(p, variant);
    }
    lot->ready_s = ready_s;
    if (lot->state == LOT_OPEN)
        lot_move(p, lot, LOT_FIRM);
    lot_move(p, lot, LOT_DONE);
    for (struct slice *s = lot->slices; s != NULL; s = s->lot_next) {
        due_assign(p, s->order);
        order_touch(&p->book, s->order);
    }
}

static bool something_runs(const struct lot *lot) {
    for (size_t k = 0; k < lot->op_count; k++)
        if (lot->tasks[k].state == TASK_STARTED)
            return true;
    return false;
}

void progress_settle(struct planner *p, struct lot *lot) {
    if (lot->state == LOT_DONE || lot->state == LOT_GONE)
        return;
    placing_shorten(p, lot, NULL, 0);
    lot_resize(p, lot);
    if (lot->tasks[lot->op_count - 1].state == TASK_FINISHED ||
        (lot->units == 0 && lot_started(lot) && !something_runs(lot)))
        end_lot(p, lot);
}

/* Made units were lost: surplus of the lot that nobody has been given, then units of orders. */
static void scrap_made(struct planner *p, struct lot *lot, uint32_t scrap, const struct report_unit *units,
                       size_t unit_count) {
    struct task *last = &lot->tasks[lot->op_count - 1];
    uint32_t more = last->good > lot->units ? last->good - lot->units : 0, given = 0;
    struct variant *variant = lot->slices == NULL ? NULL : lot->slices->order->items[lot->slices->item].variant;
    last->good -= last->good < scrap ? last->good : scrap;
    news_task(p, lot, lot->op_count - 1U);
    if (variant != NULL && !lot->group->personalised)
        given = more < variant->surplus ? more : variant->surplus;
    given = given < scrap ? given : scrap;
    if (given > 0) {
        variant->surplus -= given;
        news_surplus(p, variant);
    }
    placing_lose(p, lot, scrap - given, units, unit_count);
}

void progress_scrap(struct planner *p, struct lot *lot, size_t op, uint32_t scrap, const struct report_unit *units,
                    size_t unit_count) {
    struct task *t = &lot->tasks[op];
    t->scrap += scrap;
    news_task(p, lot, op);
    touch_orders(p, lot);
    planner_want(p, CAUSE_SCRAP);
    if (lot->state == LOT_DONE) {
        scrap_made(p, lot, scrap, units, unit_count);
        return;
    }
    if (t->state == TASK_FINISHED)
        t->good -= t->good < scrap ? t->good : scrap;
    placing_shorten(p, lot, units, unit_count);
    progress_settle(p, lot);
}

void progress_finish(struct planner *p, struct lot *lot, size_t op, uint32_t good, int64_t at_s) {
    struct task *t = &lot->tasks[op];
    int64_t off_s = at_s - t->end_s;
    assert(t->state == TASK_STARTED && good <= progress_there(lot, op));
    take_more(p, lot, op, good);
    t->state = TASK_FINISHED;
    t->finished_at_s = at_s;
    t->good = good;
    t->scrap = t->quantity - good;
    t->missed_s = TAKT_TIME_NONE;
    news_task(p, lot, op);
    p->basis++;
    if (off_s != 0) {
        t->end_s = at_s > t->start_s ? at_s : t->start_s;
        p->news.plan = true;
    }
    uint32_t units = lot->units;
    progress_settle(p, lot);
    if (off_s > END_GRACE_S || off_s < -EARLY_S || lot->units != units)
        planner_want(p, lot->units != units ? CAUSE_SCRAP : CAUSE_CAPACITY);
}
