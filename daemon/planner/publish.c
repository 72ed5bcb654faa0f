/* SPDX-License-Identifier: Apache-2.0 */

/* A collection: what is marked in the news, as rows with the values of this moment.
 *
 * Rows are absolute, so one that was collected and not published is simply collected again, with whatever has become of
 * it meanwhile. Rows that are only appended (promises, events, reports, parcels) are in the collection until it took
 * place; `publish_no` sees to it that they count once. */

#include "base/arena.h"
#include "daemon/planner/state.h"

#include <string.h>

struct collecting {
    struct planner *p;
    struct arena *arena;
    struct store_publish *q;
};

static bool changed(const struct lot *lot) {
    return lot->stored || lot->state != LOT_GONE; /* else it came and went between two publications */
}

static void collect_lots(struct collecting *c) {
    const struct news *n = &c->p->news;
    struct lot_row *rows = arena_array(c->arena, n->lot_count, sizeof *rows);
    size_t count = 0;
    for (size_t i = 0; i < n->lot_count; i++) {
        const struct lot *lot = n->lots[i];
        if (lot == NULL || !lot->dirty || !changed(lot))
            continue;
        rows[count++] = (struct lot_row){.lot = lot->no,
                                         .product = lot->group->product_id,
                                         .like = lot->group->like,
                                         .state = lot->state,
                                         .opened_at_s = lot->opened_at_s,
                                         .let_go_at_s = lot->let_go_at_s,
                                         .firm_at_s = lot->firm_at_s,
                                         .units = lot->units,
                                         .extra = lot_extra(lot)};
    }
    c->q->lots = rows;
    c->q->lot_count = count;
}

static struct task_row task_row(const struct planner *p, const struct lot *lot, size_t op) {
    const struct task *t = &lot->tasks[op];
    return (struct task_row){.lot = lot->no,
                             .op = (uint32_t)op,
                             .op_id = lot_op(p, lot, op)->id,
                             .line = t->line < 0 ? "" : p->plant->lines[t->line].id,
                             .start_s = t->start_s,
                             .end_s = t->end_s,
                             .state = t->state,
                             .quantity = t->quantity,
                             .good = t->good,
                             .scrap = t->scrap,
                             .started_at_s = t->started_at_s,
                             .finished_at_s = t->finished_at_s,
                             .late = t->late,
                             .gone = task_goes(lot, op),
                             .moved = t->stored && !t->dirty};
}

static void collect_tasks(struct collecting *c) {
    const struct news *n = &c->p->news;
    size_t most = n->task_gone_count, count = 0;
    for (size_t i = 0; i < n->lot_count; i++)
        most += n->lots[i] == NULL ? 0 : n->lots[i]->op_count;
    struct task_row *rows = arena_array(c->arena, most, sizeof *rows);
    for (size_t i = 0; i < n->task_gone_count; i++)
        rows[count++] = n->task_gone[i];
    for (size_t i = 0; i < n->lot_count; i++) {
        const struct lot *lot = n->lots[i];
        if (lot == NULL || !changed(lot))
            continue;
        for (size_t k = 0; k < lot->op_count; k++)
            if (task_is_news(lot, k))
                rows[count++] = task_row(c->p, lot, k);
    }
    c->q->tasks = rows;
    c->q->task_count = count;
}

static void collect_slices(struct collecting *c) {
    const struct news *n = &c->p->news;
    struct slice_row *rows = arena_array(c->arena, n->slice_count + n->gone_count, sizeof *rows);
    size_t count = n->gone_count;
    if (count > 0)
        memcpy(rows, n->gone, count * sizeof *rows);
    for (size_t i = 0; i < n->slice_count; i++) {
        const struct slice *s = n->slices[i];
        if (s != NULL)
            rows[count++] = (struct slice_row){.order = s->order->no,
                                               .item = s->item,
                                               .first = s->first,
                                               .count = s->count,
                                               .lot = s->lot == NULL ? 0 : s->lot->no};
    }
    c->q->slices = rows;
    c->q->slice_count = count;
}

static struct order_update order_update(const struct order *o) {
    return (struct order_update){.no = o->no,
                                 .state = o->state,
                                 .planned_packed_s = o->packed_s == TAKT_TIME_NEVER ? TAKT_TIME_NONE : o->packed_s,
                                 .packed_at_s = o->packed_at_s};
}

static void collect_orders(struct collecting *c) {
    const struct news *n = &c->p->news;
    size_t count = 0, to = news_part(n);
    struct order_update *rows = arena_array(c->arena, n->orders.count + to - n->moved_from, sizeof *rows);
    for (size_t i = 0; i < n->orders.count; i++)
        if (n->orders.list[i] != NULL)
            rows[count++] = order_update(n->orders.list[i]);
    for (size_t i = n->moved_from; i < to; i++)
        if (n->moved.list[i] != NULL)
            rows[count++] = order_update(n->moved.list[i]);
    c->q->orders = rows;
    c->q->order_count = count;
}

static size_t material_rows(const struct material *m, struct stock_row *stock, size_t *stock_count,
                            struct receipt_row *receipts) {
    size_t n = 0;
    if (!m->stored || m->on_hand_milli != m->told_milli)
        stock[(*stock_count)++] = (struct stock_row){m->id, m->on_hand_milli};
    for (size_t i = 0; i < m->receipt_count; i++) {
        const struct receipt *r = &m->receipts[i];
        if (r->quantity_milli != r->told_milli)
            receipts[n++] = (struct receipt_row){m->id, r->at_s, r->quantity_milli, r->quantity_milli == 0};
    }
    return n;
}

static void collect_materials(struct collecting *c) {
    const struct stock *s = &c->p->stock;
    size_t most = 0, receipt_count = 0;
    for (size_t i = 0; i < s->material_count; i++)
        most += s->materials[i].receipt_count;
    struct stock_row *stock = arena_array(c->arena, s->material_count, sizeof *stock);
    struct receipt_row *receipts = arena_array(c->arena, most, sizeof *receipts);
    for (size_t i = 0; i < s->material_count; i++)
        receipt_count += material_rows(&s->materials[i], stock, &c->q->stock_count, receipts + receipt_count);
    c->q->stock = stock;
    c->q->receipts = receipts;
    c->q->receipt_count = receipt_count;
}

static void collect_lines(struct collecting *c) {
    const struct planner *p = c->p;
    const struct stock *s = &p->stock;
    struct down_row *downs = arena_array(c->arena, s->down_count, sizeof *downs);
    struct setup_row *setups = arena_array(c->arena, s->setup_count, sizeof *setups);
    for (size_t i = 0; i < s->down_count; i++) {
        const struct down *d = &s->downs[i];
        if (d->dirty)
            downs[c->q->down_count++] = (struct down_row){d->line, d->from_s, d->to_s, d->reason, d->gone};
    }
    for (size_t i = 0; i < s->setup_count; i++) {
        const struct setup *u = &s->setups[i];
        if (u->dirty)
            setups[c->q->setup_count++] =
                (struct setup_row){u->line, u->family < 0 ? "" : p->variants.family_names[u->family]};
    }
    c->q->downs = downs;
    c->q->setups = setups;
}

static void collect_surplus(struct collecting *c) {
    const struct news *n = &c->p->news;
    struct surplus_row *rows = arena_array(c->arena, n->surplus_count, sizeof *rows);
    for (size_t i = 0; i < n->surplus_count; i++)
        rows[i] = (struct surplus_row){n->surplus[i]->product_id, n->surplus[i]->options, n->surplus[i]->surplus};
    c->q->surplus = rows;
    c->q->surplus_count = n->surplus_count;
}

static bool is_empty(const struct store_publish *q) {
    return q->lot_count + q->slice_count + q->task_count + q->order_count + q->promise_count + q->event_count +
               q->report_count + q->stock_count + q->receipt_count + q->down_count + q->setup_count + q->surplus_count +
               q->parcel_count ==
           0;
}

struct store_publish *planner_collect(struct planner *p, int64_t now_s, struct arena *arena) {
    struct news *n = &p->news;
    struct store_publish *q = arena_alloc(arena, sizeof *q);
    struct collecting c = {p, arena, q};
    *q = (struct store_publish){.head = {.op = STORE_PUBLISH},
                                .epoch = p->epoch,
                                .publish_no = p->publish_no + 1,
                                .seen = p->seen,
                                .plan_version = n->plan ? p->plan_version + 1 : 0,
                                .at_s = now_s,
                                .scheduler = planner_scheduler(p),
                                .objective = p->objective,
                                .bound = p->bound,
                                .promises = n->promises,
                                .promise_count = n->promise_count,
                                .events = n->events,
                                .event_count = n->event_count,
                                .reports = n->reports,
                                .report_count = n->report_count};
    collect_lots(&c);
    collect_tasks(&c);
    collect_slices(&c);
    collect_orders(&c);
    if (n->stock) {
        collect_materials(&c);
        collect_lines(&c);
    }
    collect_surplus(&c);
    q->parcels = parcels_left(p->parcels, &q->parcel_count);
    if (q->task_count == 0)
        q->plan_version = 0;
    p->collected_version = q->plan_version;
    return is_empty(q) ? NULL : q;
}

static void mark_parcelled(struct planner *p) {
    size_t count;
    const struct parcel_row *rows = parcels_left(p->parcels, &count);
    for (size_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < rows[i].order_count; k++) {
            struct order *o = book_find(&p->book, rows[i].orders[k]);
            if (o != NULL)
                o->parcelled = true;
        }
    }
    if (count > 0)
        parcels_published(p->parcels);
}

bool planner_owes(const struct planner *p) {
    const struct news *n = &p->news;
    for (size_t i = n->moved_from; i < n->moved.count; i++)
        if (n->moved.list[i] != NULL) /* else it has ended meanwhile */
            return true;
    return false;
}

void planner_spread(struct planner *p, bool part) {
    p->news.moved_rest = !part;
}

void planner_published(struct planner *p, int code) {
    if (code != 0)
        return;
    p->publish_no++;
    if (p->collected_version != 0)
        p->plan_version = p->collected_version;
    mark_parcelled(p);
    news_clear(p);
    p->seeded = true;
    p->published_at_s = p->now_s;
}
