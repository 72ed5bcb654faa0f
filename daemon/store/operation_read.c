/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/operation.h"

#include <string.h>

/* A page may not be larger than STORE_PAGE_MAX, and need not be larger than what there can be. */
static int page_size(struct store_request *r, size_t limit, int64_t there_at_most, size_t *ret) {
    if (limit == 0 || limit > STORE_PAGE_MAX)
        return takt_fail(&r->err, TAKT_EINVAL, "a page of %zu rows: 1 to %d", limit, STORE_PAGE_MAX);
    if (there_at_most < 0)
        there_at_most = 0;
    *ret = (uint64_t)there_at_most < limit ? (size_t)there_at_most : limit;
    return 0;
}

/* ---- load ---- */

void operation_meta(const struct tables *t, struct store_meta *ret) {
    const struct store_state *s = &t->state;
    *ret = (struct store_meta){.seen = (uint64_t)s->change,
                               .publish_no = (uint64_t)s->publish_no,
                               .plan_version = (uint64_t)s->plan_version,
                               .published_at_s = s->publish_no == 0 ? TAKT_TIME_NONE : s->published_at_s,
                               .last_order = (uint64_t)s->last_order,
                               .last_shipment_number = (uint64_t)s->last_shipment,
                               .last_lot = (uint32_t)s->last_lot,
                               .seeded = s->seeded != 0};
}

static int load_orders(struct tables *t, struct store_load *q, const uint64_t after[3]) {
    static const struct order_filter open = {.state = -2};
    size_t size = 0;
    int code = page_size(&q->head, q->limit, t->state.last_order - (int64_t)after[0], &size);
    if (code < 0)
        return code;
    q->ret.orders = arena_array(q->head.arena, size, sizeof *q->ret.orders);
    code = t->ops->orders_page(t, &open, after[0], size, q->head.arena, q->ret.orders, &q->ret_count);
    if (code == 0 && q->ret_count > 0)
        q->ret_after[0] = q->ret.orders[q->ret_count - 1].no;
    return code;
}

static int load_lots(struct tables *t, struct store_load *q, const uint64_t after[3]) {
    size_t size = 0;
    int code = page_size(&q->head, q->limit, t->state.last_lot - (int64_t)after[0], &size);
    if (code < 0)
        return code;
    q->ret.lots = arena_array(q->head.arena, size, sizeof *q->ret.lots);
    code = t->ops->lots_page(t, after[0], size, q->head.arena, q->ret.lots, &q->ret_count);
    if (code == 0 && q->ret_count > 0)
        q->ret_after[0] = q->ret.lots[q->ret_count - 1].lot;
    return code;
}

static int load_slices(struct tables *t, struct store_load *q, const uint64_t after[3]) {
    size_t size = 0;
    int code = page_size(&q->head, q->limit, INT64_MAX, &size);
    if (code < 0)
        return code;
    q->ret.slices = arena_array(q->head.arena, size, sizeof *q->ret.slices);
    code = t->ops->slices_page(t, after, size, q->ret.slices, &q->ret_count);
    if (code == 0 && q->ret_count > 0) {
        const struct slice_row *last = &q->ret.slices[q->ret_count - 1];
        q->ret_after[0] = last->order;
        q->ret_after[1] = last->item;
        q->ret_after[2] = last->first;
    }
    return code;
}

static int load_tasks(struct tables *t, struct store_load *q, const uint64_t after[3]) {
    size_t size = 0;
    int code = page_size(&q->head, q->limit, INT64_MAX, &size);
    if (code < 0)
        return code;
    q->ret.tasks = arena_array(q->head.arena, size, sizeof *q->ret.tasks);
    code = t->ops->tasks_page(t, after, size, q->head.arena, q->ret.tasks, &q->ret_count);
    if (code == 0 && q->ret_count > 0) {
        q->ret_after[0] = q->ret.tasks[q->ret_count - 1].lot;
        q->ret_after[1] = q->ret.tasks[q->ret_count - 1].op;
    }
    return code;
}

int operation_load(struct tables *t, struct store_request *r) {
    static const uint64_t beginning[3]; /* orders and lots are numbered from 1: nothing has such a key */
    struct store_load *q = (struct store_load *)r;
    const uint64_t *after = q->first ? beginning : q->after;
    q->ret_count = 0;
    memcpy(q->ret_after, after, sizeof q->ret_after);
    switch (q->kind) {
    case LOAD_META:
        operation_meta(t, &q->ret_meta);
        return 0;
    case LOAD_ORDERS:
        return load_orders(t, q, after);
    case LOAD_LOTS:
        return load_lots(t, q, after);
    case LOAD_SLICES:
        return load_slices(t, q, after);
    case LOAD_TASKS:
        return load_tasks(t, q, after);
    case LOAD_STOCK:
        return t->ops->stock_all(t, r->arena, &q->ret.stock, &q->ret_count);
    case LOAD_RECEIPTS:
        return t->ops->receipts_all(t, r->arena, &q->ret.receipts, &q->ret_count);
    case LOAD_DOWNS:
        return t->ops->downs_all(t, r->arena, &q->ret.downs, &q->ret_count);
    case LOAD_SETUPS:
        return t->ops->setups_all(t, r->arena, &q->ret.setups, &q->ret_count);
    case LOAD_SURPLUS:
        return t->ops->surplus_all(t, r->arena, &q->ret.surplus, &q->ret_count);
    }
    return takt_fail(&r->err, TAKT_EINVAL, "there is nothing of kind %d to load", (int)q->kind);
}

/* ---- changes ---- */

/* The row of a change that is no acceptance. One that closed its order needs no more than that. */
static int read_marked(struct tables *t, const struct change_mark *mark, struct arena *arena, struct change_row *ret) {
    ret->seq = mark->seq;
    ret->kind = mark->kind;
    if (mark->kind == CHANGE_AMEND)
        return t->ops->order_get(t, mark->order, arena, &ret->order);
    ret->order.no = mark->order;
    ret->order.state = mark->kind == CHANGE_CANCEL ? ORDER_CANCELLED : ORDER_SHIPPED;
    return 0;
}

/* Acceptances are the orders, the other changes are the marks: merges the two by number. */
static int merge_changes(struct tables *t, struct store_changes *q, size_t size, struct change_mark *marks,
                         struct order_row *orders) {
    static const struct order_filter all = {.state = -1};
    size_t mark_count, order_count, m = 0, o = 0;
    int code = t->ops->changes_page(t, q->after, size, marks, &mark_count);
    if (code == 0)
        code = t->ops->orders_page(t, &all, q->after, size, q->head.arena, orders, &order_count);
    while (code == 0 && q->ret_count < size && (m < mark_count || o < order_count)) {
        struct change_row *row = &q->ret_changes[q->ret_count++];
        if (m == mark_count || (o < order_count && orders[o].no < marks[m].seq)) {
            row->seq = orders[o].no;
            row->kind = CHANGE_ORDER;
            row->order = orders[o++];
        } else {
            code = read_marked(t, &marks[m++], q->head.arena, row);
        }
    }
    return code;
}

int operation_changes(struct tables *t, struct store_request *r) {
    struct store_changes *q = (struct store_changes *)r;
    size_t size = 0;
    q->ret_count = 0;
    if (q->after < (uint64_t)t->state.trimmed)
        return takt_fail(&r->err, TAKT_ESTALE, "changes up to %lld are no longer kept: load",
                         (long long)t->state.trimmed);
    int code = page_size(r, q->limit, t->state.change - (int64_t)q->after, &size);
    if (code < 0)
        return code;
    q->ret_changes = arena_array(r->arena, size, sizeof *q->ret_changes);
    if (size == 0)
        return 0;
    return merge_changes(t, q, size, arena_array(t->scratch, size, sizeof(struct change_mark)),
                         arena_array(t->scratch, size, sizeof(struct order_row)));
}

/* ---- orders and their stories ---- */

int operation_events(struct tables *t, struct store_request *r) {
    struct store_events *q = (struct store_events *)r;
    size_t size = 0;
    q->ret_count = 0;
    q->ret_last = 0;
    q->ret_newest = (uint64_t)t->state.cursor;
    int code = page_size(r, q->limit, t->state.cursor - (int64_t)q->after, &size);
    if (code == 0)
        code = t->ops->event_last(t, q->creator, &q->ret_last);
    if (code < 0)
        return code;
    q->ret_events = arena_array(r->arena, size, sizeof *q->ret_events);
    return t->ops->events_page(t, q->creator, q->after, size, r->arena, q->ret_events, &q->ret_count);
}

/* The one creator who has used the ref. */
static int find_ref(struct tables *t, struct store_order *q, struct order_key *ret) {
    if (q->creator != NULL)
        return t->ops->key_find(t, q->creator, q->order_ref, ret);
    const char *found = NULL;
    for (struct creator_count *c = t->creators; c != NULL; c = c->hh.next) {
        struct order_key key;
        int code = t->ops->key_find(t, c->creator, q->order_ref, &key);
        if (code == TAKT_ENOENT)
            continue;
        if (code < 0)
            return code;
        if (found != NULL)
            return takt_fail(&q->head.err, TAKT_EEXIST, "'%s' is an order of '%s' and of '%s'", q->order_ref, found,
                             c->creator);
        found = c->creator;
        *ret = key;
    }
    return found != NULL ? 0 : TAKT_ENOENT;
}

static int read_shipment(struct tables *t, uint64_t number, struct arena *arena, struct shipment_row **ret) {
    *ret = NULL;
    if (number == 0)
        return 0;
    struct shipment_row *row = arena_alloc(arena, sizeof *row);
    int code = t->ops->shipment_get(t, number, arena, row);
    if (code == 0)
        *ret = row;
    return code;
}

int operation_order(struct tables *t, struct store_request *r) {
    struct store_order *q = (struct store_order *)r;
    struct order_key key = {.no = q->no};
    struct order_head head;
    int code = q->order_ref == NULL ? TAKT_OK : find_ref(t, q, &key);
    if (code == 0)
        code = t->ops->order_get(t, key.no, r->arena, &q->ret_order);
    if (code == TAKT_ENOENT)
        return q->order_ref == NULL
                   ? takt_fail(&r->err, code, "there is no order number %llu", (unsigned long long)q->no)
                   : takt_fail(&r->err, code, "there is no order '%s'", q->order_ref);
    if (code == 0)
        code = t->ops->order_head(t, key.no, &head);
    if (code == 0)
        code = t->ops->promises_of(t, key.no, r->arena, &q->ret_promises, &q->ret_promise_count);
    if (code == 0)
        code = t->ops->slices_of(t, key.no, r->arena, &q->ret_slices, &q->ret_slice_count);
    if (code == 0)
        code = t->ops->events_of(t, key.no, r->arena, &q->ret_events, &q->ret_event_count);
    return code < 0 ? code : read_shipment(t, head.shipment, r->arena, &q->ret_shipment);
}

static int read_named(struct tables *t, struct store_orders *q) {
    q->ret_orders = arena_array(q->head.arena, q->number_count, sizeof *q->ret_orders);
    for (size_t i = 0; i < q->number_count; i++) {
        int code = t->ops->order_get(t, q->numbers[i], q->head.arena, &q->ret_orders[q->ret_count]);
        if (code < 0 && code != TAKT_ENOENT)
            return code;
        q->ret_count += code == 0;
    }
    return 0;
}

int operation_orders(struct tables *t, struct store_request *r) {
    struct store_orders *q = (struct store_orders *)r;
    struct order_filter filter = {.creator = q->creator, .state = q->state};
    size_t size = 0;
    q->ret_count = 0;
    if (q->numbers != NULL)
        return read_named(t, q);
    int code = page_size(r, q->limit, t->state.last_order - (int64_t)q->after, &size);
    if (code < 0)
        return code;
    q->ret_orders = arena_array(r->arena, size, sizeof *q->ret_orders);
    return t->ops->orders_page(t, &filter, q->after, size, r->arena, q->ret_orders, &q->ret_count);
}

int operation_bodies(struct tables *t, struct store_request *r) {
    struct store_bodies *q = (struct store_bodies *)r;
    q->ret_bodies = arena_array(r->arena, q->count, sizeof *q->ret_bodies);
    q->ret_orders = arena_array(r->arena, q->count, sizeof *q->ret_orders);
    for (size_t i = 0; i < q->count; i++) {
        int code = t->ops->order_get(t, q->orders[i], r->arena, &q->ret_orders[i]);
        if (code == TAKT_ENOENT)
            return takt_fail(&r->err, code, "there is no order number %llu", (unsigned long long)q->orders[i]);
        if (code == 0)
            code = t->ops->body_get(t, q->orders[i], r->arena, &q->ret_bodies[i]);
        if (code < 0)
            return code;
    }
    return 0;
}

int operation_reported(struct tables *t, struct store_request *r) {
    struct store_reported *q = (struct store_reported *)r;
    int code = t->ops->report_find(t, q->reporter, q->report_ref, q->ret_hash);
    q->ret_known = code == 0;
    return code == TAKT_ENOENT ? 0 : code;
}

int operation_stats(struct tables *t, struct store_request *r) {
    struct store_stats *q = (struct store_stats *)r;
    const struct store_state *s = &t->state;
    q->ret_creators = arena_array(r->arena, HASH_COUNT(t->creators), sizeof *q->ret_creators);
    q->ret_count = 0;
    for (struct creator_count *c = t->creators; c != NULL; c = c->hh.next) {
        struct store_creator_stats *row = &q->ret_creators[q->ret_count++];
        row->creator = arena_strdup(r->arena, c->creator);
        for (int i = 0; i < ORDER_STATE_COUNT; i++)
            row->orders[i] = (uint64_t)c->orders[i];
    }
    q->ret_shipments[SHIPMENT_OPEN] = (uint64_t)s->shipments_open;
    q->ret_shipments[SHIPMENT_TAKEN] = (uint64_t)s->shipments_taken;
    q->ret_shipments[SHIPMENT_SHIPPED] = (uint64_t)s->shipments_shipped;
    q->ret_shipments[SHIPMENT_ASIDE] = (uint64_t)s->shipments_aside;
    q->ret_promises = (uint64_t)s->promises;
    q->ret_repromises = (uint64_t)s->repromises;
    q->ret_kept = (uint64_t)s->kept;
    q->ret_broken = (uint64_t)s->broken;
    q->ret_bytes = t->ops->bytes(t);
    return 0;
}
