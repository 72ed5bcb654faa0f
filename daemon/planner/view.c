/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/view.h"

#include "daemon/planner/lot_time.h"
#include "daemon/planner/state.h"

#include <stdlib.h>
#include <string.h>

static int64_t task_shown_start(const struct task *t) {
    return t->started_at_s != TAKT_TIME_NONE ? t->started_at_s : t->start_s;
}

void view_fill_task(const struct planner *p, const struct lot *lot, size_t op, int64_t now_s, struct task_view *ret) {
    const struct task *t = &lot->tasks[op];
    const struct plant_op *operation = lot_op(p, lot, op);
    int32_t family = lot->group->families[op];
    task_name(p, lot, op, ret->task);
    ret->lot = lot->no;
    ret->product = lot->group->product_id;
    ret->op = operation->id;
    ret->line = t->line < 0 ? "" : p->plant->lines[t->line].id;
    ret->family = family < 0 ? "" : p->variants.family_names[family];
    ret->start_s = task_shown_start(t);
    ret->end_s = t->finished_at_s != TAKT_TIME_NONE ? t->finished_at_s : t->end_s;
    ret->state = t->state;
    ret->frozen = t->state == TASK_PLANNED && task_frozen(p, t, now_s);
    ret->late = t->late;
    ret->quantity = t->quantity;
    ret->good = t->good;
    ret->scrap = t->scrap;
}

static int by_address(const void *left, const void *right) {
    uintptr_t a = *(const uintptr_t *)left, b = *(const uintptr_t *)right;
    return a < b ? -1 : a > b;
}

static uint32_t count_orders(const struct lot *lot, struct arena *arena) {
    uintptr_t *orders = arena_array(arena, lot->slice_count, sizeof *orders);
    size_t n = 0;
    uint32_t distinct = 0;
    for (const struct slice *s = lot->slices; s != NULL; s = s->lot_next)
        orders[n++] = (uintptr_t)s->order;
    qsort(orders, n, sizeof *orders, by_address);
    for (size_t i = 0; i < n; i++)
        distinct += i == 0 || orders[i] != orders[i - 1];
    return distinct;
}

void view_fill_lot(const struct lot *lot, struct arena *arena, struct lot_view *ret) {
    ret->lot = lot->no;
    ret->product = lot->group->product_id;
    ret->like = lot->group->like;
    ret->state = lot->state;
    ret->units = lot->units;
    ret->extra = lot_extra(lot);
    ret->orders = count_orders(lot, arena);
    ret->opened_at_s = lot->opened_at_s;
    ret->let_go_at_s = lot->let_go_at_s;
    ret->start_s = lot->op_count > 0 ? task_shown_start(&lot->tasks[0]) : TAKT_TIME_NONE;
    ret->end_s = lot->ready_s == TAKT_TIME_NEVER ? TAKT_TIME_NONE : lot->ready_s;
    ret->due_s = lot->due_s;
}

/* ---- what a line does next ---- */

static int by_options(const void *left, const void *right) {
    const struct variant_view *a = left, *b = right;
    return strcmp(a->options, b->options);
}

/* Quantities by variant, and the personalised units one by one, in the order of their orders. */
static void fill_contents(const struct lot *lot, struct arena *arena, struct task_view *ret) {
    struct variant_view *variants = arena_array(arena, lot->slice_count, sizeof *variants);
    struct unit_view *units = arena_array(arena, lot->slice_count, sizeof *units);
    size_t found = 0, kept = 0;
    for (const struct slice *s = lot->slices; s != NULL; s = s->lot_next) {
        const struct item *item = &s->order->items[s->item];
        variants[found++] = (struct variant_view){item->variant->options, s->count};
        if (item->personalised)
            units[ret->unit_count++] = (struct unit_view){s->order->no, s->item, s->first, s->count};
    }
    qsort(variants, found, sizeof *variants, by_options);
    for (size_t i = 0; i < found; i++)
        if (kept > 0 && strcmp(variants[kept - 1].options, variants[i].options) == 0)
            variants[kept - 1].quantity += variants[i].quantity;
        else
            variants[kept++] = variants[i];
    ret->variants = variants;
    ret->variant_count = kept;
    ret->units = units;
}

struct place {
    const struct lot *lot;
    size_t op;
};

static int by_start(const void *left, const void *right) {
    const struct place *a = left, *b = right;
    const struct task *s = &a->lot->tasks[a->op], *t = &b->lot->tasks[b->op];
    if (s->line != t->line)
        return s->line < t->line ? -1 : 1;
    if (s->start_s != t->start_s)
        return s->start_s < t->start_s ? -1 : 1;
    return a->lot->no < b->lot->no ? -1 : a->lot->no > b->lot->no;
}

struct span {
    int32_t line;      /* -1: all */
    uint32_t lot;      /* 0: all */
    bool unfinished;   /* only those */
    int64_t from_s, to_s;
};

static bool within(const struct span *span, const struct task *t) {
    if (t->line < 0 || t->start_s == TAKT_TIME_NONE || (span->line >= 0 && t->line != span->line))
        return false;
    if (span->unfinished && t->state == TASK_FINISHED)
        return false;
    return task_shown_start(t) < span->to_s && t->end_s >= span->from_s;
}

/* Placed tasks of live lots, by line, then start. */
static struct place *gather(const struct planner *p, const struct span *span, struct arena *arena, size_t *ret_count) {
    size_t most = 0, count = 0;
    for (size_t i = 0; i < p->lots.live_count; i++)
        most += p->lots.live[i]->op_count;
    struct place *places = arena_array(arena, most, sizeof *places);
    for (size_t i = 0; i < p->lots.live_count; i++) {
        const struct lot *lot = p->lots.live[i];
        for (size_t op = 0; op < lot->op_count && (span->lot == 0 || lot->no == span->lot); op++)
            if (within(span, &lot->tasks[op]))
                places[count++] = (struct place){lot, op};
    }
    qsort(places, count, sizeof *places, by_start);
    *ret_count = count;
    return places;
}

void view_next(struct planner *p, int64_t now_s, struct ask *ask) {
    struct span span = {.line = ask->u.next.line, .unfinished = true, .from_s = INT64_MIN, .to_s = INT64_MAX};
    size_t count = 0;
    struct place *places = gather(p, &span, ask->arena, &count);
    if (count > ask->u.next.limit)
        count = ask->u.next.limit;
    struct task_view *tasks = arena_array(ask->arena, count, sizeof *tasks);
    for (size_t i = 0; i < count; i++) {
        view_fill_task(p, places[i].lot, places[i].op, now_s, &tasks[i]);
        fill_contents(places[i].lot, ask->arena, &tasks[i]);
    }
    ask->u.next.ret_tasks = tasks;
    ask->u.next.ret_count = count;
}

void view_plan(struct planner *p, int64_t now_s, struct ask *ask) {
    struct span span = {.line = ask->u.plan.line, .lot = ask->u.plan.lot, .from_s = ask->u.plan.from_s, .to_s = ask->u.plan.to_s};
    size_t count = 0;
    struct place *places = gather(p, &span, ask->arena, &count);
    struct task_view *tasks = arena_array(ask->arena, count, sizeof *tasks);
    for (size_t i = 0; i < count; i++)
        view_fill_task(p, places[i].lot, places[i].op, now_s, &tasks[i]);
    ask->u.plan.ret_tasks = tasks;
    ask->u.plan.ret_count = count;
    ask->u.plan.ret_version = p->plan_version;
}

/* ---- lots and orders ---- */

void view_lots(struct planner *p, int64_t now_s, struct ask *ask) {
    (void)now_s;
    struct lot_view *views = arena_array(ask->arena, p->lots.live_count, sizeof *views);
    size_t count = 0;
    for (size_t i = 0; i < p->lots.live_count; i++)
        if (p->lots.live[i]->state == LOT_OPEN || p->lots.live[i]->state == LOT_FIRM)
            view_fill_lot(p->lots.live[i], ask->arena, &views[count++]);
    ask->u.lots.ret_lots = views;
    ask->u.lots.ret_count = count;
}

static int by_lot(const void *left, const void *right) {
    const struct lot *a = *(struct lot *const *)left, *b = *(struct lot *const *)right;
    return a->no < b->no ? -1 : a->no > b->no;
}

/* The lots that the order has units in, each once, by number. */
static struct lot **order_lots(const struct order *o, struct arena *arena, size_t *ret_count) {
    size_t slices = 0, found = 0, kept = 0;
    for (uint32_t i = 0; i < o->item_count; i++)
        for (const struct slice *s = o->items[i].slices; s != NULL; s = s->next)
            slices++;
    struct lot **lots = arena_array(arena, slices, sizeof *lots);
    for (uint32_t i = 0; i < o->item_count; i++)
        for (const struct slice *s = o->items[i].slices; s != NULL; s = s->next)
            if (s->lot != NULL)
                lots[found++] = s->lot;
    qsort(lots, found, sizeof(struct lot *), by_lot);
    for (size_t i = 0; i < found; i++)
        if (kept == 0 || lots[kept - 1] != lots[i])
            lots[kept++] = lots[i];
    *ret_count = kept;
    return lots;
}

static int64_t known(int64_t time_s) {
    return time_s == TAKT_TIME_NEVER ? TAKT_TIME_NONE : time_s;
}

void view_order(struct planner *p, int64_t now_s, struct ask *ask) {
    struct order *o = book_find(&p->book, ask->u.order.order);
    if (o == NULL) {
        refuse(&ask->refusal, REFUSAL_UNKNOWN_ORDER, "", "the planner has no such open order");
        return;
    }
    size_t lots, tasks = 0;
    struct lot **list = order_lots(o, ask->arena, &lots);
    for (size_t i = 0; i < lots; i++)
        tasks += list[i]->op_count;
    ask->u.order.ret_lots = arena_array(ask->arena, lots, sizeof *ask->u.order.ret_lots);
    ask->u.order.ret_tasks = arena_array(ask->arena, tasks, sizeof *ask->u.order.ret_tasks);
    ask->u.order.ret_lot_count = lots;
    ask->u.order.ret_task_count = tasks;
    tasks = 0;
    for (size_t i = 0; i < lots; i++) {
        view_fill_lot(list[i], ask->arena, &ask->u.order.ret_lots[i]);
        for (size_t op = 0; op < list[i]->op_count; op++)
            view_fill_task(p, list[i], op, now_s, &ask->u.order.ret_tasks[tasks++]);
    }
    ask->u.order.ret_made_s = known(o->made_s);
    ask->u.order.ret_packed_s = o->packed_at_s != TAKT_TIME_NONE ? o->packed_at_s : known(o->packed_s);
}

/* ---- figures ---- */

enum { LOAD_WINDOW_S = 7 * 86400, PPM = 1000000 };

static void fill_line(struct planner *p, int32_t line, int64_t now_s, struct line_view *ret) {
    const struct down *down = stock_down_at(&p->stock, line, now_s);
    int32_t family = p->stock.setups[line].family;
    ret->line = p->plant->lines[line].id;
    ret->down = down != NULL;
    ret->down_reason = down != NULL ? down->reason : "";
    ret->set_up_for = family < 0 ? "" : p->variants.family_names[family];
}

static void count_tasks(struct planner *p, int64_t now_s, struct plan_status *status, struct line_view *lines, int64_t *work_s) {
    for (size_t i = 0; i < p->lots.live_count; i++) {
        const struct lot *lot = p->lots.live[i];
        if (lot->state != LOT_OPEN && lot->state != LOT_FIRM)
            continue;
        status->lots_open++;
        status->lots_firm += lot->state == LOT_FIRM;
        for (size_t op = 0; op < lot->op_count; op++) {
            const struct task *t = &lot->tasks[op];
            if (t->state == TASK_FINISHED)
                continue;
            status->tasks_open++;
            status->tasks_late += t->late;
            if (t->line < 0 || t->start_s == TAKT_TIME_NONE)
                continue;
            if (t->end_s > status->last_end_s)
                status->last_end_s = t->end_s;
            if (t->state == TASK_STARTED)
                task_name(p, lot, op, lines[t->line].running);
            int64_t from_s = t->start_s > now_s ? t->start_s : now_s;
            int64_t to_s = t->end_s < now_s + LOAD_WINDOW_S ? t->end_s : now_s + LOAD_WINDOW_S;
            if (from_s < to_s)
                work_s[t->line] += task_open(p, lot, op, t->line, from_s, to_s);
        }
    }
}

void view_status(struct planner *p, int64_t now_s, struct ask *ask) {
    struct plan_status *status = &ask->u.status;
    size_t count = p->plant->line_count;
    struct line_view *lines = arena_array(ask->arena, count, sizeof *lines);
    int64_t *work_s = arena_array(ask->arena, count, sizeof *work_s);
    *status = (struct plan_status){.version = p->plan_version,
                                   .published_at_s = p->published_at_s,
                                   .orders_open = p->book.by_no.count,
                                   .units_open = p->book.units_open,
                                   .unplanned = p->book.waiting.count,
                                   .orders_late_promise = p->book.late_promise,
                                   .orders_late_wish = p->book.late_wish,
                                   .objective = p->objective,
                                   .bound = p->bound,
                                   .last_end_s = TAKT_TIME_NONE,
                                   .lines = lines,
                                   .line_count = count};
    openings_need(&p->openings, p->plant, &p->stock, now_s, LOAD_WINDOW_S);
    for (size_t i = 0; i < count; i++)
        fill_line(p, (int32_t)i, now_s, &lines[i]);
    count_tasks(p, now_s, status, lines, work_s);
    for (size_t i = 0; i < count; i++) {
        int64_t open_s = opening_between(&p->openings.lines[i], now_s, now_s + LOAD_WINDOW_S);
        lines[i].load_ppm = open_s > 0 ? (int32_t)(work_s[i] * PPM / open_s) : 0;
    }
    for (size_t i = 0; i < p->variants.count; i++)
        status->surplus_units += p->variants.list[i]->surplus;
}

/* ---- stock ---- */

static void fill_material(const struct planner *p, size_t at, struct arena *arena, struct stock_view *ret) {
    const struct material *m = &p->stock.materials[at];
    ret->material = m->id;
    ret->unit = at < p->plant->material_count ? p->plant->materials[at].unit : "";
    ret->on_hand_milli = m->on_hand_milli;
    ret->reserved_milli = m->reserved_milli;
    struct receipt_row *rows = arena_array(arena, m->receipt_count, sizeof *rows);
    for (size_t i = 0; i < m->receipt_count; i++)
        if (m->receipts[i].quantity_milli > 0)
            rows[ret->receipt_count++] = (struct receipt_row){m->id, m->receipts[i].at_s, m->receipts[i].quantity_milli, false};
    ret->receipts = rows;
}

void view_stock(struct planner *p, int64_t now_s, struct ask *ask) {
    size_t materials = p->stock.material_count, surplus = 0, downs = 0;
    struct stock_view *views = arena_array(ask->arena, materials, sizeof *views);
    for (size_t i = 0; i < materials; i++)
        fill_material(p, i, ask->arena, &views[i]);
    struct surplus_row *rows = arena_array(ask->arena, p->variants.count, sizeof *rows);
    for (size_t i = 0; i < p->variants.count; i++) {
        const struct variant *v = p->variants.list[i];
        if (v->surplus > 0)
            rows[surplus++] = (struct surplus_row){v->product_id, v->options, v->surplus};
    }
    struct down_row *down_rows = arena_array(ask->arena, p->stock.down_count, sizeof *down_rows);
    for (size_t i = 0; i < p->stock.down_count; i++) {
        const struct down *d = &p->stock.downs[i];
        if (!d->gone && d->to_s > now_s)
            down_rows[downs++] = (struct down_row){d->line, d->from_s, d->to_s, d->reason, false};
    }
    ask->u.stock.ret_materials = views;
    ask->u.stock.ret_material_count = materials;
    ask->u.stock.ret_surplus = rows;
    ask->u.stock.ret_surplus_count = surplus;
    ask->u.stock.ret_downs = down_rows;
    ask->u.stock.ret_down_count = downs;
}
