/* SPDX-License-Identifier: Apache-2.0 */

/* What creators do to orders: accept, amend, cancel; and how an order ends.
 *
 * Acceptance is a change, and the number of the change is the order's: so a new order costs its key, its row and its
 * body and nothing else, and the log of changes holds amendments, cancellations and shippings only. */

#include "daemon/store/body.h"
#include "daemon/store/operation.h"

#include <string.h>

/* ---- accept ---- */

static int judge_known(struct tables *t, const char *creator, struct accept_order *o) {
    struct order_key key;
    int code = t->ops->key_find(t, creator, o->row.order_ref, &key);
    if (code < 0)
        return code;
    o->ret_no = key.no;
    o->ret_outcome = memcmp(key.hash, o->hash, sizeof key.hash) == 0 ? ACCEPT_DUPLICATE : ACCEPT_CONFLICT;
    return 0;
}

static int add_order(struct tables *t, const struct store_accept *q, struct accept_order *o) {
    struct order_key key = {.no = (uint64_t)t->state.change + 1};
    memcpy(key.hash, o->hash, sizeof key.hash);
    struct order_row row = o->row;
    row.no = key.no;
    row.creator = q->creator;
    row.accepted_at_s = q->now_s;
    row.state = ORDER_ACCEPTED;
    row.ship_by_s = row.planned_packed_s = row.packed_at_s = TAKT_TIME_NONE;
    row.deliver_by_day = TAKT_DAY_NONE;
    int code = t->ops->order_add(t, &row, key.hash, o->body);
    if (code < 0)
        return code;
    t->state.last_order = ++t->state.change;
    o->ret_outcome = ACCEPT_NEW;
    o->ret_no = key.no;
    audit_accepted(t, q->now_s, q->creator, o->row.order_ref, &key);
    return 0;
}

static int accept_one(struct tables *t, const struct store_accept *q, int64_t *open, struct accept_order *o) {
    if (*open >= q->max_open) {
        int code = judge_known(t, q->creator, o);
        if (code != TAKT_ENOENT)
            return code;
        o->ret_outcome = ACCEPT_OVER_LIMIT;
        o->ret_no = 0;
        return 0;
    }
    int code = add_order(t, q, o);
    if (code == TAKT_EEXIST)
        return judge_known(t, q->creator, o);
    *open += code == 0;
    return code;
}

int operation_accept(struct tables *t, struct store_request *r) {
    struct store_accept *q = (struct store_accept *)r;
    struct creator_count *creator = tables_creator(t, q->creator);
    const int64_t open_before = creator_open(creator);
    int64_t open = open_before;
    int code = 0;
    for (size_t i = 0; i < q->count && code == 0; i++)
        code = accept_one(t, q, &open, &q->orders[i]);
    creator->orders[ORDER_ACCEPTED] += open - open_before;
    creator->changed = creator->changed || open != open_before;
    return code;
}

/* ---- firmness ---- */

/* Units given from surplus are made already: as firm as can be. */
static bool lot_is_firm(const struct lot_head *lot, int64_t now_s) {
    switch (lot->state) {
    case LOT_OPEN:
        return lot->firm_at_s <= now_s;
    case LOT_FIRM:
    case LOT_DONE:
        return true;
    case LOT_GONE:
        break;
    }
    return false;
}

static int order_is_firm(struct tables *t, const struct slice_row *slices, size_t count, int64_t now_s, bool *ret) {
    *ret = false;
    for (size_t i = 0; i < count && !*ret; i++) {
        struct lot_head lot;
        int code = slices[i].lot == 0 ? TAKT_OK : t->ops->lot_head(t, slices[i].lot, &lot);
        if (code < 0 && code != TAKT_ENOENT)
            return code;
        *ret = slices[i].lot == 0 || (code == 0 && lot_is_firm(&lot, now_s));
    }
    return 0;
}

/* Takes an order out of its lots: of one that is cancelled, or is to be planned anew. */
static int drop_slices(struct tables *t, const struct slice_row *slices, size_t count) {
    int code = 0;
    for (size_t i = 0; i < count && code == 0; i++) {
        code = t->ops->slice_drop(t, &slices[i]);
        if (code == 0 && slices[i].lot != 0)
            code = t->ops->lot_count(t, slices[i].lot, -1);
    }
    return code;
}

static int add_change(struct tables *t, enum change_kind kind, uint64_t order) {
    struct change_mark mark = {.seq = (uint64_t)++t->state.change, .kind = kind, .order = order};
    if (kind == CHANGE_CANCEL || kind == CHANGE_AMEND)
        t->state.binding = t->state.change;
    return t->ops->change_add(t, &mark);
}

int operation_close(struct tables *t, struct order_head *head, enum order_state to, struct event_row *event) {
    creator_move(head->creator, head->state, to);
    head->state = to;
    event->cursor = (uint64_t)++t->state.cursor;
    event->creator = head->creator->creator;
    event->order = head->no;
    event->ship_by_s = head->ship_by_s;
    event->deliver_by_day = head->deliver_by_day;
    if (to == ORDER_CANCELLED)
        audit_noted_order(t, event->at_s, "cancelled", head->no);
    int code = t->ops->order_move(t, head);
    if (code == 0)
        code = t->ops->event_add(t, event);
    if (code == 0)
        code = add_change(t, to == ORDER_CANCELLED ? CHANGE_CANCEL : CHANGE_SHIPPED, head->no);
    return code < 0 || t->state.erasures_due == 0 ? code : operation_erase_ended(t, head->no, event->at_s);
}

/* ---- cancel ---- */

static int cancel_open(struct tables *t, struct order_head *head, int64_t now_s, enum cancel_outcome *ret) {
    struct slice_row *slices;
    size_t count;
    bool firm = true;
    int code = t->ops->slices_of(t, head->no, t->scratch, &slices, &count);
    if (code == 0)
        code = order_is_firm(t, slices, count, now_s, &firm);
    if (code < 0 || firm) {
        *ret = CANCEL_TOO_LATE;
        return code;
    }
    *ret = CANCEL_DONE;
    struct event_row event = {.kind = EVENT_ORDER_CANCELLED, .at_s = now_s};
    code = drop_slices(t, slices, count);
    return code < 0 ? code : operation_close(t, head, ORDER_CANCELLED, &event);
}

static int cancel_one(struct tables *t, const struct store_cancel *q, const char *ref, enum cancel_outcome *ret) {
    struct order_key key;
    struct order_head head;
    int code = t->ops->key_find(t, q->creator, ref, &key);
    if (code == 0)
        code = t->ops->order_head(t, key.no, &head);
    if (code == TAKT_ENOENT) {
        *ret = CANCEL_UNKNOWN;
        return 0;
    }
    if (code < 0)
        return code;
    if (head.state == ORDER_CANCELLED) {
        *ret = CANCEL_DONE;
        return 0;
    }
    if (head.shipment != 0 || head.state == ORDER_PACKED || head.state == ORDER_SHIPPED) {
        *ret = CANCEL_TOO_LATE;
        return 0;
    }
    return cancel_open(t, &head, q->now_s, ret);
}

int operation_cancel(struct tables *t, struct store_request *r) {
    struct store_cancel *q = (struct store_cancel *)r;
    int code = 0;
    for (size_t i = 0; i < q->count && code == 0; i++)
        code = cancel_one(t, q, q->refs[i], &q->ret_outcomes[i]);
    return code;
}

/* ---- amend ---- */

struct amendment {
    struct order_row row;
    struct order_head head;
    const char *body;
    struct slice_row *slices;
    size_t slice_count;
};

static int check_amend(struct tables *t, struct store_amend *q, struct amendment *a) {
    struct takt_error *err = &q->head.err;
    struct order_key key;
    int code = t->ops->key_find(t, q->creator, q->order_ref, &key);
    if (code == 0)
        code = t->ops->order_head(t, key.no, &a->head);
    if (code == 0)
        code = t->ops->order_get(t, key.no, t->scratch, &a->row);
    if (code == TAKT_ENOENT)
        return takt_fail(err, code, "creator '%s' has no order '%s'", q->creator, q->order_ref);
    if (code < 0)
        return code;
    if (!order_state_open(a->head.state) || (a->head.state == ORDER_PACKED && q->set_items) || a->head.shipment != 0)
        return takt_fail(err, TAKT_ESTALE, "order '%s' is %s", q->order_ref, order_state_text(a->head.state));
    if (!q->set_items)
        return 0;
    bool firm = true;
    code = t->ops->slices_of(t, key.no, t->scratch, &a->slices, &a->slice_count);
    if (code == 0)
        code = order_is_firm(t, a->slices, a->slice_count, q->now_s, &firm);
    if (code == 0 && firm)
        return takt_fail(err, TAKT_ESTALE, "a lot of order '%s' is firm", q->order_ref);
    return code;
}

static int merge_body(struct tables *t, struct store_amend *q, struct amendment *a) {
    const char *old;
    int code = t->ops->body_get(t, a->head.no, t->scratch, &old);
    if (code < 0 || q->body == NULL)
        return code;
    return body_merge(old, q->body, t->scratch, &a->body, &q->head.err);
}

static void merge_row(const struct store_amend *q, struct order_row *row) {
    if (q->set_items) {
        row->items = q->row.items;
        row->item_count = q->row.item_count;
    }
    if (q->set_recipient) {
        memcpy(row->country, q->row.country, sizeof row->country);
        row->recipient_key = q->row.recipient_key;
    }
    if (q->set_shipping) {
        row->service = q->row.service;
        row->wish_day = q->row.wish_day;
    }
}

/* Other items are to be planned anew: no lot is firm, so the order leaves its lots and is as it was when accepted, but
 * for the promise it was given. */
static int unplan(struct tables *t, struct amendment *a) {
    int code = drop_slices(t, a->slices, a->slice_count);
    if (a->head.state != ORDER_HELD) {
        creator_move(a->head.creator, a->head.state, ORDER_ACCEPTED);
        a->head.state = ORDER_ACCEPTED;
    }
    a->head.planned_packed_s = TAKT_TIME_NONE;
    return code < 0 ? code : t->ops->order_move(t, &a->head);
}

int operation_amend(struct tables *t, struct store_request *r) {
    struct store_amend *q = (struct store_amend *)r;
    struct amendment a = {0};
    int code = check_amend(t, q, &a);
    if (code == 0)
        code = merge_body(t, q, &a);
    if (code < 0)
        return code;
    merge_row(q, &a.row);
    code = t->ops->order_amend(t, &a.row);
    if (code == 0 && a.body != NULL)
        code = t->ops->body_put(t, &a.row, a.body);
    if (code == 0 && q->set_items)
        code = unplan(t, &a);
    audit_noted_order(t, q->now_s, "amended", a.head.no);
    return code < 0 ? code : add_change(t, CHANGE_AMEND, a.head.no);
}
