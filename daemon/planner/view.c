/* SPDX-License-Identifier: Apache-2.0 */

/* Answers from memory, as plain data in the asker's arena. */

#include "base/arena.h"
#include "daemon/planner/ask.h"
#include "daemon/planner/late.h"
#include "daemon/planner/lot_time.h"
#include "daemon/planner/quote.h"
#include "daemon/planner/state.h"
#include "daemon/planner/why.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { WEEK_S = 7 * 86400, MILLION = 1000000 };

bool task_name_parse(const char *text, uint32_t *ret_lot, const char **ret_op) {
    char *end;
    if (text[0] != 'L' || !isdigit((unsigned char)text[1]))
        return false;
    unsigned long no = strtoul(text + 1, &end, 10);
    if (*end != '-' || end[1] == '\0' || no == 0 || no > UINT32_MAX)
        return false;
    *ret_lot = (uint32_t)no;
    *ret_op = end + 1;
    return true;
}

/* ---- tasks ---- */

static struct task_view view_task(const struct planner *p, const struct lot *lot, size_t op, int64_t now_s) {
    const struct task *t = &lot->tasks[op];
    int32_t family = lot->group->families[op];
    struct task_view v = {.lot = lot->no,
                          .product = lot->group->product_id,
                          .op = lot_op(p, lot, op)->id,
                          .line = t->line < 0 ? "" : p->plant->lines[t->line].id,
                          .family = family < 0 ? "" : p->variants.family_names[family],
                          .start_s = t->start_s,
                          .end_s = t->end_s,
                          .state = t->state,
                          .frozen = t->state != TASK_PLANNED || task_frozen(p, t, now_s),
                          .late = t->late,
                          .quantity = t->quantity,
                          .good = t->good,
                          .scrap = t->scrap};
    task_name(p, lot, op, v.task);
    return v;
}

static int by_line_and_start(const void *a, const void *b) {
    const struct task_view *x = a, *y = b;
    int c = strcmp(x->line, y->line);
    if (c != 0)
        return c;
    if (x->start_s != y->start_s)
        return x->start_s < y->start_s ? -1 : 1;
    return strcmp(x->task, y->task);
}

static bool in_question(const struct ask *ask, const struct lot *lot, const struct task *t) {
    if (ask->u.plan.lot != 0)
        return lot->no == ask->u.plan.lot;
    return t->line >= 0 && (ask->u.plan.line < 0 || t->line == ask->u.plan.line) && t->end_s > ask->u.plan.from_s &&
           t->start_s < ask->u.plan.to_s;
}

static size_t all_tasks(const struct planner *p) {
    size_t n = 0;
    for (size_t i = 0; i < p->lots.live_count; i++)
        n += p->lots.live[i]->op_count;
    return n;
}

static void answer_plan(struct planner *p, int64_t now_s, struct ask *ask) {
    const struct lot *one = ask->u.plan.lot == 0 ? NULL : lot_find(&p->lots, ask->u.plan.lot);
    struct task_view *views = arena_array(ask->arena, one != NULL ? one->op_count : all_tasks(p), sizeof *views);
    size_t n = 0;
    for (size_t i = 0; one == NULL && i < p->lots.live_count; i++)
        for (size_t k = 0; k < p->lots.live[i]->op_count; k++)
            if (in_question(ask, p->lots.live[i], &p->lots.live[i]->tasks[k]))
                views[n++] = view_task(p, p->lots.live[i], k, now_s);
    for (size_t k = 0; one != NULL && k < one->op_count; k++)
        views[n++] = view_task(p, one, k, now_s);
    if (n > 0)
        qsort(views, n, sizeof *views, by_line_and_start);
    ask->u.plan.ret_tasks = views;
    ask->u.plan.ret_count = n;
    ask->u.plan.ret_version = p->plan_version;
}

/* ---- next ---- */

/* How many of each variant; the allowance goes to the largest. */
static void view_variants(const struct lot *lot, uint32_t quantity, struct arena *arena, struct task_view *v) {
    struct variant_view *list = arena_array(arena, lot->slice_count, sizeof *list);
    size_t n = 0, largest = 0;
    uint32_t sum = 0;
    for (const struct slice *s = lot->slices; s != NULL; s = s->lot_next) {
        const char *options = s->order->items[s->item].variant->options;
        size_t k = 0;
        while (k < n && list[k].options != options)
            k++;
        if (k == n)
            list[n++] = (struct variant_view){options, 0};
        list[k].quantity += s->count;
        sum += s->count;
        if (list[k].quantity > list[largest].quantity)
            largest = k;
    }
    if (n > 0 && quantity > sum)
        list[largest].quantity += quantity - sum;
    v->variants = list;
    v->variant_count = n;
}

static void view_units(const struct lot *lot, struct arena *arena, struct task_view *v) {
    struct unit_view *list = arena_array(arena, lot->slice_count, sizeof *list);
    size_t n = 0;
    for (const struct slice *s = lot->slices; s != NULL; s = s->lot_next)
        if (s->order->items[s->item].personalised)
            list[n++] = (struct unit_view){s->order->no, s->item, s->first, s->count};
    v->units = list;
    v->unit_count = n;
}

static void answer_next(struct planner *p, int64_t now_s, struct ask *ask) {
    struct task_view *views = arena_array(ask->arena, all_tasks(p), sizeof *views);
    size_t n = 0;
    for (size_t i = 0; i < p->lots.live_count; i++) {
        const struct lot *lot = p->lots.live[i];
        for (size_t k = 0; k < lot->op_count; k++)
            if (lot->tasks[k].line == ask->u.next.line && lot->tasks[k].state != TASK_FINISHED)
                views[n++] = view_task(p, lot, k, now_s);
    }
    if (n > 0)
        qsort(views, n, sizeof *views, by_line_and_start);
    n = n < ask->u.next.limit ? n : ask->u.next.limit;
    for (size_t i = 0; i < n; i++) {
        const struct lot *lot = lot_find(&p->lots, views[i].lot);
        view_variants(lot, views[i].quantity, ask->arena, &views[i]);
        view_units(lot, ask->arena, &views[i]);
    }
    ask->u.next.ret_tasks = views;
    ask->u.next.ret_count = n;
}

/* ---- lots, orders ---- */

static int by_order(const void *a, const void *b) {
    const struct order *x = *(struct order *const *)a, *y = *(struct order *const *)b;
    return (x->no > y->no) - (x->no < y->no);
}

static uint32_t count_orders(const struct lot *lot) {
    const struct order **list = takt_alloc(lot->slice_count * sizeof *list);
    uint32_t n = 0, different = 0;
    for (const struct slice *s = lot->slices; s != NULL; s = s->lot_next)
        list[n++] = s->order;
    if (n > 0)
        qsort(list, n, sizeof(struct order *), by_order);
    for (uint32_t i = 0; i < n; i++)
        different += i == 0 || list[i] != list[i - 1];
    free(list);
    return different;
}

static struct lot_view view_lot(const struct lot *lot) {
    const struct task *last = &lot->tasks[lot->op_count - 1];
    return (struct lot_view){.lot = lot->no,
                             .product = lot->group->product_id,
                             .like = lot->group->like,
                             .state = lot->state,
                             .units = lot->units,
                             .extra = lot_extra(lot),
                             .orders = count_orders(lot),
                             .opened_at_s = lot->opened_at_s,
                             .let_go_at_s = lot->let_go_at_s,
                             .start_s = lot->tasks[0].start_s,
                             .end_s = last->end_s,
                             .due_s = lot->due_s};
}

static void answer_lots(struct planner *p, struct ask *ask) {
    struct lot_view *views = arena_array(ask->arena, p->lots.live_count, sizeof *views);
    for (size_t i = 0; i < p->lots.live_count; i++)
        views[i] = view_lot(p->lots.live[i]);
    ask->u.lots.ret_lots = views;
    ask->u.lots.ret_count = p->lots.live_count;
}

static bool seen_before(const struct lot_view *views, size_t n, uint32_t no) {
    for (size_t i = 0; i < n; i++)
        if (views[i].lot == no)
            return true;
    return false;
}

static void answer_order(struct planner *p, int64_t now_s, struct ask *ask) {
    const struct order *o = book_find(&p->book, ask->u.order.order);
    size_t slices = 0, lots = 0, tasks = 0, most = 0;
    if (o == NULL) {
        refuse(&ask->refusal, REFUSAL_UNKNOWN_ORDER, "", "the planner knows no such open order");
        return;
    }
    for (uint16_t i = 0; i < o->item_count; i++)
        for (const struct slice *s = o->items[i].slices; s != NULL; s = s->next, slices++)
            most += s->lot == NULL ? 0 : s->lot->op_count;
    struct lot_view *views = arena_array(ask->arena, slices, sizeof *views);
    struct task_view *task_views = arena_array(ask->arena, most, sizeof *task_views);
    for (uint16_t i = 0; i < o->item_count; i++) {
        for (const struct slice *s = o->items[i].slices; s != NULL; s = s->next) {
            if (s->lot == NULL || seen_before(views, lots, s->lot->no))
                continue;
            views[lots++] = view_lot(s->lot);
            for (size_t k = 0; k < s->lot->op_count; k++)
                task_views[tasks++] = view_task(p, s->lot, k, now_s);
        }
    }
    ask->u.order.ret_lots = views;
    ask->u.order.ret_lot_count = lots;
    ask->u.order.ret_tasks = task_views;
    ask->u.order.ret_task_count = tasks;
    ask->u.order.ret_made_s = o->made_s == TAKT_TIME_NEVER ? TAKT_TIME_NONE : o->made_s;
    ask->u.order.ret_packed_s = o->packed_s == TAKT_TIME_NEVER ? TAKT_TIME_NONE : o->packed_s;
}

/* ---- status, stock ---- */

static struct line_view *view_lines(struct planner *p, int64_t now_s, struct arena *arena, int64_t *work_s) {
    struct line_view *views = arena_array(arena, p->plant->line_count, sizeof *views);
    for (size_t i = 0; i < p->plant->line_count; i++) {
        const struct down *d = stock_down_at(&p->stock, (int32_t)i, now_s);
        int32_t family = p->stock.setups[i].family;
        int64_t open_s = opening_between(&p->openings.lines[i], now_s, now_s + WEEK_S);
        views[i] = (struct line_view){.line = p->plant->lines[i].id,
                                      .down = d != NULL,
                                      .down_reason = d == NULL ? "" : arena_strdup(arena, d->reason),
                                      .set_up_for = family < 0 ? "" : p->variants.family_names[family],
                                      .load_ppm = open_s == 0 ? 0 : (int32_t)(work_s[i] * MILLION / open_s)};
    }
    return views;
}

struct load {
    int64_t *work_s;           /* by line, within the next seven days */
    const struct task **runs;  /* tasks on batch lines: those of one run take their time together */
    size_t run_count;
};

static void add_work(const struct planner *p, const struct task *t, int64_t now_s, struct load *load) {
    int64_t from_s = t->start_s > now_s ? t->start_s : now_s,
            to_s = t->end_s < now_s + WEEK_S ? t->end_s : now_s + WEEK_S;
    if (from_s < to_s)
        load->work_s[t->line] += opening_between(&p->openings.lines[t->line], from_s, to_s);
}

static void count_task(struct planner *p, const struct task *t, int64_t now_s, struct plan_status *s, struct load *load) {
    if (t->state == TASK_FINISHED)
        return;
    s->tasks_open++;
    s->tasks_late += t->late;
    if (t->line < 0)
        return;
    if (p->plant->lines[t->line].batch > 0)
        load->runs[load->run_count++] = t;
    else
        add_work(p, t, now_s, load);
    s->last_end_s = t->end_s > s->last_end_s ? t->end_s : s->last_end_s;
}

static int by_run(const void *a, const void *b) {
    const struct task *x = *(const struct task *const *)a, *y = *(const struct task *const *)b;
    return x->line != y->line ? (x->line > y->line) - (x->line < y->line) : (x->start_s > y->start_s) - (x->start_s < y->start_s);
}

static void add_runs(const struct planner *p, int64_t now_s, struct load *load) {
    if (load->run_count > 0)
        qsort(load->runs, load->run_count, sizeof(const struct task *), by_run);
    for (size_t i = 0; i < load->run_count; i++)
        if (i == 0 || by_run(&load->runs[i - 1], &load->runs[i]) != 0)
            add_work(p, load->runs[i], now_s, load);
}

static void name_running(const struct planner *p, const struct plan_status *s, struct line_view *lines) {
    for (size_t i = 0; i < p->lots.live_count; i++) {
        const struct lot *lot = p->lots.live[i];
        for (size_t k = 0; k < lot->op_count; k++)
            if (lot->tasks[k].state == TASK_STARTED)
                task_name(p, lot, k, lines[lot->tasks[k].line].running);
    }
    (void)s;
}

static void answer_status(struct planner *p, int64_t now_s, struct ask *ask) {
    struct plan_status *s = &ask->u.status;
    struct load load = {.work_s = arena_array(ask->arena, p->plant->line_count, sizeof *load.work_s),
                        .runs = arena_array(ask->arena, all_tasks(p), sizeof *load.runs)};
    *s = (struct plan_status){.version = p->plan_version,
                              .published_at_s = p->published_at_s,
                              .orders_open = p->book.by_no.count,
                              .units_open = p->book.units_open,
                              .lots_open = p->lots.live_count,
                              .orders_late_promise = p->book.late_promise,
                              .orders_late_wish = p->book.late_wish,
                              .objective = p->objective,
                              .bound = p->bound,
                              .trouble = arena_strdup(ask->arena, p->trouble),
                              .last_end_s = now_s};
    for (size_t i = 0; i < p->lots.live_count; i++) {
        const struct lot *lot = p->lots.live[i];
        s->lots_firm += lot->state == LOT_FIRM;
        s->unplanned += lot->ready_s == TAKT_TIME_NEVER;
        for (size_t k = 0; k < lot->op_count; k++)
            count_task(p, &lot->tasks[k], now_s, s, &load);
    }
    add_runs(p, now_s, &load);
    for (size_t i = 0; i < p->variants.count; i++)
        s->surplus_units += p->variants.list[i]->surplus;
    struct line_view *lines = view_lines(p, now_s, ask->arena, load.work_s);
    name_running(p, s, lines);
    s->lines = lines;
    s->line_count = p->plant->line_count;
}

static struct stock_view view_material(const struct planner *p, size_t i, struct arena *arena) {
    const struct material *m = &p->stock.materials[i];
    struct receipt_row *rows = arena_array(arena, m->receipt_count, sizeof *rows);
    size_t n = 0;
    for (size_t k = 0; k < m->receipt_count; k++)
        if (m->receipts[k].quantity_milli > 0)
            rows[n++] = (struct receipt_row){p->plant->materials[i].id, m->receipts[k].at_s,
                                             m->receipts[k].quantity_milli, false};
    return (struct stock_view){
        p->plant->materials[i].id, p->plant->materials[i].unit, m->on_hand_milli, m->reserved_milli, rows, n};
}

static void answer_stock(struct planner *p, struct ask *ask) {
    size_t materials = p->plant->material_count;
    struct stock_view *views = arena_array(ask->arena, materials, sizeof *views);
    struct surplus_row *surplus = arena_array(ask->arena, p->variants.count, sizeof *surplus);
    struct down_row *downs = arena_array(ask->arena, p->stock.down_count, sizeof *downs);
    for (size_t i = 0; i < materials; i++)
        views[i] = view_material(p, i, ask->arena);
    for (size_t i = 0; i < p->variants.count; i++) {
        const struct variant *v = p->variants.list[i];
        if (v->surplus > 0)
            surplus[ask->u.stock.ret_surplus_count++] = (struct surplus_row){v->product_id, v->options, v->surplus};
    }
    for (size_t i = 0; i < p->stock.down_count; i++) {
        const struct down *d = &p->stock.downs[i];
        if (!d->gone)
            downs[ask->u.stock.ret_down_count++] = (struct down_row){
                arena_strdup(ask->arena, d->line), d->from_s, d->to_s, arena_strdup(ask->arena, d->reason), false};
    }
    ask->u.stock.ret_materials = views;
    ask->u.stock.ret_material_count = materials;
    ask->u.stock.ret_surplus = surplus;
    ask->u.stock.ret_downs = downs;
}

void planner_ask(struct planner *p, int64_t now_s, struct ask *ask) {
    openings_need(&p->openings, p->plant, &p->stock, now_s, p->plant->planning.horizon_s);
    lots_sweep(&p->lots);
    switch (ask->kind) {
    case ASK_QUOTE:
        quote_answer(p, now_s, ask);
        break;
    case ASK_NEXT:
        answer_next(p, now_s, ask);
        break;
    case ASK_STATUS:
        answer_status(p, now_s, ask);
        break;
    case ASK_PLAN:
        answer_plan(p, now_s, ask);
        break;
    case ASK_LOTS:
        answer_lots(p, ask);
        break;
    case ASK_ORDER:
        answer_order(p, now_s, ask);
        break;
    case ASK_WHY:
        why_answer(p, now_s, ask);
        break;
    case ASK_LATE:
        late_answer(p, ask);
        break;
    case ASK_STOCK:
        answer_stock(p, ask);
        break;
    case ASK_REPORT: /* not a question: see planner_report */
        refuse(&ask->refusal, REFUSAL_INTERNAL, "", "a report is not a question");
        break;
    }
}
