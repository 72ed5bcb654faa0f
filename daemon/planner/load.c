/* SPDX-License-Identifier: Apache-2.0 */

/* From the rows of a store back to the state that wrote them.
 *
 * Rows are data, not ours: whatever contradicts itself or names what the plant lacks is remembered as the load's error
 * and left out, and planner_loaded gives it back. What follows from rows (dues, expected packings, queues) is not
 * stored; it is worked out as it is after any turn. */

#include "base/arena.h"
#include "daemon/planner/plan.h"
#include "daemon/planner/progress.h"
#include "daemon/planner/promise.h"
#include "daemon/planner/repair.h"
#include "daemon/planner/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void planner_load_meta(struct planner *p, const struct store_meta *meta) {
    p->seen = meta->seen;
    p->publish_no = meta->publish_no;
    p->plan_version = meta->plan_version;
    p->published_at_s = meta->published_at_s;
    p->last_shipment_number = meta->last_shipment_number;
    p->lots.last_no = meta->last_lot;
    p->seeded = meta->seeded;
}

static void fail(struct planner *p, const char *what, uint64_t number, const char *name) {
    takt_fail(&p->load_error, TAKT_EDATA, what, number, name);
}

void planner_load_order(struct planner *p, const struct order_row *row) {
    if (book_find(&p->book, row->no) != NULL) {
        takt_fail(&p->load_error, TAKT_EDATA, "order %" PRIu64 " is there twice", row->no);
        return;
    }
    struct order *o = book_add(&p->book, &p->variants, row);
    for (uint16_t i = 0; i < o->item_count; i++) {
        const struct variant *v = o->items[i].variant;
        size_t length;
        const char *lacks = v->product < 0 ? NULL : options_lack(&p->plant->products[v->product], v->options, &length);
        if (v->product < 0)
            takt_fail(&p->load_error, TAKT_EDATA, "open order %" PRIu64 " needs product '%s', which the plant lacks",
                      o->no, v->product_id);
        else if (lacks != NULL)
            takt_fail(&p->load_error, TAKT_EDATA, "open order %" PRIu64 " needs %.*s of product '%s', which the plant lacks",
                      o->no, (int)length, lacks, v->product_id);
    }
    if (plant_creator_find(p->plant, row->creator) < 0)
        takt_fail(&p->load_error, TAKT_EDATA, "open order %" PRIu64 " is of creator '%s', whom the plant lacks", o->no,
                  row->creator);
}

static uint32_t slice_units(const struct lot *lot) {
    uint32_t units = 0;
    for (const struct slice *s = lot->slices; s != NULL; s = s->lot_next)
        units += s->count;
    return units;
}

/* Its row and its tasks come again; its slices stay. */
static void renew_lot(struct planner *p, struct lot *lot, const struct lot_row *row) {
    bool was_done = lot->state == LOT_DONE, done = row->state == LOT_DONE;
    bool personalised = false;
    lot->opened_at_s = row->opened_at_s;
    for (struct slice *s = lot->slices; s != NULL; s = s->lot_next) {
        personalised = personalised || s->order->items[s->item].personalised;
        if (s->order->accepted_at_s < lot->opened_at_s)
            lot->opened_at_s = s->order->accepted_at_s;
        s->order->busy += was_done && !done;
        s->order->busy -= !was_done && done;
    }
    lot->group = group_get(&p->variants, row->product, row->like, personalised);
    lot_clear_tasks(lot);
    news_task_stays(p, lot->no);
}

void planner_load_lot(struct planner *p, const struct lot_row *row) {
    struct group *group = group_get(&p->variants, row->product, row->like, false);
    struct lot *lot = lot_find(&p->lots, row->lot);
    if (row->state == LOT_GONE)
        return;
    if (group->product < 0) {
        if (row->state != LOT_DONE)
            fail(p, "lot L%" PRIu64 " needs product '%s', which the plant lacks", row->lot, row->product);
        return;
    }
    if (lot == NULL)
        lot = lot_new(p, group, row->lot, row->opened_at_s);
    else
        renew_lot(p, lot, row);
    lot->state = row->state;
    lot->let_go_at_s = row->let_go_at_s;
    lot->firm_at_s = row->firm_at_s;
    lot->units = row->state == LOT_DONE ? row->units : slice_units(lot);
    lot->units_told = row->units;
    lot->extra_told = row->extra;
    lot->stored = true;
}

static bool fits(const struct order *o, const struct slice_row *row) {
    if (row->item >= o->item_count || row->count == 0 || row->first >= o->items[row->item].quantity ||
        row->count > o->items[row->item].quantity - row->first)
        return false;
    for (const struct slice *s = o->items[row->item].slices; s != NULL; s = s->next)
        if (row->first < s->first + s->count && s->first < row->first + row->count)
            return false;
    return true;
}

void planner_load_slice(struct planner *p, const struct slice_row *row) {
    struct order *o = book_find(&p->book, row->order);
    struct lot *lot = row->lot == 0 ? NULL : lot_find(&p->lots, row->lot);
    if (o == NULL)
        return;
    if (!fits(o, row) || (row->lot != 0 && lot == NULL)) {
        ARRAY_GROW(p->doubts, p->doubt_count, p->doubt_cap);
        p->doubts[p->doubt_count++] = *row;
        return;
    }
    if (lot == NULL) {
        book_slice(&p->book, o, (uint16_t)row->item, row->first, row->count);
        return;
    }
    if (o->items[row->item].personalised && !lot->group->personalised)
        lot->group = group_get(&p->variants, lot->group->product_id, lot->group->like, true);
    lot_add(p, lot, o, (uint16_t)row->item, row->first, row->count);
}

static bool task_matches(struct planner *p, const struct lot *lot, const struct task_row *row) {
    if (row->op < lot->op_count && strcmp(lot_op(p, lot, row->op)->id, row->op_id) == 0)
        return true;
    if (lot->state == LOT_OPEN)
        news_task_gone(p, lot->no, row->op, row->op_id);
    else if (lot->state == LOT_FIRM)
        fail(p, "firm lot L%" PRIu64 " needs operation '%s', which its product's route lacks", lot->no, row->op_id);
    return false;
}

void planner_load_task(struct planner *p, const struct task_row *row) {
    struct lot *lot = lot_find(&p->lots, row->lot);
    if (lot == NULL || !task_matches(p, lot, row))
        return;
    struct task *t = &lot->tasks[row->op];
    int32_t line = row->line[0] == '\0' ? -1 : plant_line_find(p->plant, row->line);
    if (line < 0 && row->state == TASK_STARTED)
        fail(p, "L%" PRIu64 " runs on line '%s', which the plant lacks", lot->no, row->line);
    *t = (struct task){.start_s = line < 0 ? TAKT_TIME_NONE : row->start_s,
                       .end_s = line < 0 ? TAKT_TIME_NONE : row->end_s,
                       .started_at_s = row->started_at_s,
                       .finished_at_s = row->finished_at_s,
                       .missed_s = row->late ? row->start_s : TAKT_TIME_NONE,
                       .told_start_s = row->start_s,
                       .line = line,
                       .told_line = line,
                       .quantity = row->quantity,
                       .good = row->good,
                       .scrap = row->scrap,
                       .state = row->state,
                       .late = row->late,
                       .stored = true};
}

void planner_load_stock(struct planner *p, const struct stock_row *row) {
    stock_load_stock(&p->stock, row);
}

void planner_load_receipt(struct planner *p, const struct receipt_row *row) {
    stock_load_receipt(&p->stock, row);
}

void planner_load_down(struct planner *p, const struct down_row *row) {
    stock_load_down(&p->stock, row);
}

void planner_load_setup(struct planner *p, const struct setup_row *row) {
    stock_load_setup(&p->stock, &p->variants, row);
}

void planner_load_surplus(struct planner *p, const struct surplus_row *row) {
    variant_get(&p->variants, row->product, row->options)->surplus = row->quantity;
}

/* ---- the end of it ---- */

struct numbered {
    uint64_t no;
    struct order *order;
};

static void append_growing(struct lot *lot) {
    struct lot **at = &lot->group->growing;
    while (*at != NULL)
        at = &(*at)->next_growing;
    *at = lot;
    lot->growing = true;
}

void planner_enlist_lots(struct planner *p, int64_t now_s) {
    p->lots.swept = false;
    lots_sweep(&p->lots);
    for (size_t i = 0; i < p->lots.live_count; i++) {
        struct lot *lot = p->lots.live[i];
        if (lot->state == LOT_OPEN && lot_product(p, lot) != NULL)
            append_growing(lot);
        if (lot->let_go_at_s != TAKT_TIME_NONE && lot->let_go_at_s > now_s)
            lot->ordered_s = lot->let_go_at_s;
    }
}

/* When a lot of the store is ready: of those that are done nothing else would say so. */
static void date_lots(struct planner *p) {
    const struct table *t = &p->lots.by_no;
    for (size_t i = 0; t->slots != NULL && i <= t->mask; i++) {
        struct lot *lot = t->slots[i];
        if (lot == NULL || lot->op_count == 0)
            continue;
        const struct task *last = &lot->tasks[lot->op_count - 1];
        int64_t end_s = last->state == TASK_FINISHED ? last->finished_at_s : last->end_s;
        lot->ready_s = end_s == TAKT_TIME_NONE ? TAKT_TIME_NEVER : end_s + lot_op(p, lot, lot->op_count - 1u)->rest_s;
    }
}

/* Orders that were cancelled or amended after the last publication have left their lots in the store, and only there.
 */
static void catch_up(struct planner *p) {
    for (size_t i = 0; i < p->lots.live_count; i++) {
        struct lot *lot = p->lots.live[i];
        if (lot->units != lot->units_told)
            news_lot(p, lot);
        if (lot->units == 0 && !lot_started(lot))
            lot_move(p, lot, LOT_GONE);
        else
            progress_settle(p, lot);
    }
}

static int by_number(const void *a, const void *b) {
    const struct numbered *x = a, *y = b;
    return (x->no > y->no) - (x->no < y->no);
}

/* By number, whatever way they came: what follows is the same then; and mostly that is how they lie in memory. */
static void enlist_orders(struct planner *p) {
    const struct table *t = &p->book.by_no;
    struct numbered *list = takt_alloc(t->count * sizeof *list);
    size_t count = 0;
    for (size_t i = 0; t->slots != NULL && i <= t->mask; i++)
        if (t->slots[i] != NULL)
            list[count++] = (struct numbered){((const struct order *)t->slots[i])->no, t->slots[i]};
    qsort(list, count, sizeof *list, by_number);
    for (size_t i = 0; i < count; i++) {
        struct order *o = list[i].order;
        order_wish(p, o);
        if (o->unplaced > 0)
            order_wait(&p->book, o);
        due_assign(p, o);
        if (o->packed_at_s != TAKT_TIME_NONE)
            o->packed_s = o->packed_at_s;
        order_touch(&p->book, o);
        order_tell_parcels(p, o);
    }
    free(list);
}

int planner_load_judge(const struct planner *p, struct takt_error *err) {
    if (p->load_error.code != 0)
        return takt_fail(err, p->load_error.code, "%s", p->load_error.text);
    if (p->doubt_count > 0)
        return takt_fail(err, TAKT_EDATA, "order %" PRIu64 " has units in L%" PRIu32 " that it cannot have",
                         p->doubts[0].order, p->doubts[0].lot);
    return 0;
}

int planner_loaded(struct planner *p, int64_t now_s, struct takt_error *err) {
    int code = planner_load_judge(p, err);
    if (code < 0)
        return code;
    p->now_s = p->tidied_s = now_s;
    p->packing.turned_s = now_s;
    p->parcels = parcels_new(p->plant, p->last_shipment_number);
    if (!p->seeded) {
        stock_seed(&p->stock, &p->variants, now_s);
        p->news.stock = true;
    }
    stock_guess(&p->stock, now_s);
    planner_know_labels(p);
    openings_need(&p->openings, p->plant, &p->stock, now_s, repair_window_s(p));
    planner_enlist_lots(p, now_s);
    date_lots(p);
    enlist_orders(p);
    p->loading = false;
    catch_up(p);
    plan_settle(p, now_s);
    p->next_s = now_s;
    planner_want(p, CAUSE_NONE);
    return 0;
}
