/* SPDX-License-Identifier: Apache-2.0 */

/* What writes rows. Errors are noted by sqlite_run, and looked at when the group ends. */

#include "daemon/store/items.h"
#include "daemon/store/numbers.h"
#include "daemon/store/places.h"
#include "daemon/store/sqlite_statement.h"

#include <string.h>

static struct sqlite_store *self(struct tables *t) {
    return (struct sqlite_store *)t;
}

static int body_put(struct tables *t, const struct order_row *row, const char *body) {
    return sqlite_run(self(t), SQL_BODY_PUT, "uis", row->no, row->accepted_at_s, body);
}

static int order_add(struct tables *t, const struct order_row *r, const uint8_t hash[STORE_HASH_SIZE],
                     const char *body) {
    struct sqlite_store *s = self(t);
    if (s->careful > 0) {
        int code = sqlite_run(s, SQL_KEY_ADD, "ssub", r->creator, r->order_ref, r->no, hash);
        if (code < 0 || sqlite3_changes(s->db) == 0)
            return code < 0 ? code : TAKT_EEXIST;
    }
    fresh_add(&s->fresh, r, hash, body);
    return s->fresh.count < FRESH_MAX ? 0 : sqlite_flush(s);
}

static int order_amend(struct tables *t, const struct order_row *r) {
    return sqlite_run(self(t), SQL_ORDER_AMEND, "usdsus", r->no, r->service, r->wish_day, r->country, r->recipient_key,
                      items_format(r->items, r->item_count, t->scratch));
}

/* In the same state the index of the open ones is left alone. */
static int order_move(struct tables *t, const struct order_head *h) {
    static const enum statement tries[] = {SQL_ORDER_STAY, SQL_ORDER_MOVE};
    struct sqlite_store *s = self(t);
    int code = 0, done = 0;
    for (size_t i = 0; i < sizeof tries / sizeof tries[0] && code == 0 && done == 0; i++) {
        code = sqlite_run(s, tries[i], "untdttu", h->no, (int)h->state, h->ship_by_s, h->deliver_by_day, h->planned_packed_s,
                          h->packed_at_s, h->shipment);
        done = sqlite3_changes(s->db);
    }
    return code;
}

static int change_add(struct tables *t, const struct change_mark *mark) {
    return sqlite_run(self(t), SQL_CHANGE_ADD, "unu", mark->seq, (int)mark->kind, mark->order);
}

static int change_trim(struct tables *t, uint64_t up_to) {
    return sqlite_run(self(t), SQL_CHANGE_TRIM, "u", up_to);
}

static int lot_put(struct tables *t, const struct lot_row *r) {
    return sqlite_run(self(t), SQL_LOT_PUT, "wssntttww", r->lot, r->product, r->like, (int)r->state, r->opened_at_s,
                      r->let_go_at_s, r->firm_at_s, r->units, r->extra);
}

static int lot_count(struct tables *t, uint32_t lot, int delta) {
    return sqlite_run(self(t), SQL_LOT_COUNT, "wn", lot, delta);
}

static int slice_put(struct tables *t, const struct slice_row *r) {
    return sqlite_run(self(t), SQL_SLICE_PUT, "uwwww", r->order, r->item, r->first, r->count, r->lot);
}

static int slice_drop(struct tables *t, const struct slice_row *r) {
    return sqlite_run(self(t), SQL_SLICE_DROP, "uww", r->order, r->item, r->first);
}

static int task_put(struct tables *t, const struct task_row *r) {
    return sqlite_run(self(t), SQL_TASK_PUT, "wwsnwwwttn", r->lot, r->op, r->op_id, (int)r->state, r->quantity, r->good,
                      r->scrap, r->started_at_s, r->finished_at_s, (int)r->late);
}

static int task_drop(struct tables *t, uint32_t lot, uint32_t op) {
    return sqlite_run(self(t), SQL_TASK_DROP, "ww", lot, op);
}

static int place_lot(struct sqlite_store *s, const struct task_row *const *rows, size_t count) {
    struct arena *arena = s->tables.scratch;
    uint32_t lot = rows[0]->lot;
    const char *before = "";
    sqlite3_stmt *st = sqlite_query(s, SQL_PLACES_GET, "w", lot);
    int there = sqlite_row(s, st);
    if (there < 0)
        return there;
    if (there > 0) {
        before = column_text(st, 0, arena);
        sqlite3_reset(st);
    }
    const char *places = places_apply(before, rows, count, arena);
    if (places == NULL)
        return sqlite_failed(s, SQLITE_CORRUPT, "the places of a lot");
    if (*places != '\0')
        return sqlite_run(s, SQL_PLACES_PUT, "ws", lot, places);
    return there > 0 ? sqlite_run(s, SQL_PLACES_DROP, "w", lot) : 0;
}

static int tasks_place(struct tables *t, const struct task_row *const *rows, size_t count) {
    int code = 0;
    for (size_t n; count > 0 && code == 0; rows += n, count -= n) {
        n = places_of_lot(rows, count);
        code = place_lot(self(t), rows, n);
    }
    return code;
}

static int plan_add(struct tables *t, const struct store_publish *p) {
    return sqlite_run(self(t), SQL_PLAN_ADD, "uisii", p->plan_version, p->at_s, p->scheduler, p->objective, p->bound);
}

static int promise_add(struct tables *t, uint64_t number, const struct promise_row *r) {
    return sqlite_run(self(t), SQL_PROMISE_ADD, "uuitds", r->order, number, r->at_s, r->ship_by_s, r->deliver_by_day,
                      r->reason);
}

static int event_add(struct tables *t, const struct event_row *r) {
    return sqlite_run(self(t), SQL_EVENT_ADD, "suinutdssss", r->creator, r->cursor, r->at_s, (int)r->kind, r->order,
                      r->ship_by_s, r->deliver_by_day, r->reason, r->shipment, r->carrier, r->tracking);
}

static int report_add(struct tables *t, const struct report_row *r) {
    return sqlite_run(self(t), SQL_REPORT_ADD, "ssbiss", r->reporter, r->report_ref, r->hash, r->at_s, r->event,
                      r->body);
}

static int stock_put(struct tables *t, const struct stock_row *r) {
    return sqlite_run(self(t), SQL_STOCK_PUT, "si", r->material, r->on_hand_milli);
}

static int receipt_put(struct tables *t, const struct receipt_row *r) {
    if (r->gone)
        return sqlite_run(self(t), SQL_RECEIPT_DROP, "si", r->material, r->at_s);
    return sqlite_run(self(t), SQL_RECEIPT_PUT, "sii", r->material, r->at_s, r->quantity_milli);
}

static int down_put(struct tables *t, const struct down_row *r) {
    if (r->gone)
        return sqlite_run(self(t), SQL_DOWN_DROP, "si", r->line, r->from_s);
    return sqlite_run(self(t), SQL_DOWN_PUT, "siis", r->line, r->from_s, r->to_s, r->reason);
}

static int setup_put(struct tables *t, const struct setup_row *r) {
    return sqlite_run(self(t), SQL_SETUP_PUT, "ss", r->line, r->family);
}

static int surplus_put(struct tables *t, const struct surplus_row *r) {
    if (r->quantity == 0)
        return sqlite_run(self(t), SQL_SURPLUS_DROP, "ss", r->product, r->options);
    return sqlite_run(self(t), SQL_SURPLUS_PUT, "ssw", r->product, r->options, r->quantity);
}

static int process_put(struct tables *t, const struct process_row *r) {
    if (r->gone)
        return sqlite_run(self(t), SQL_PROCESS_DROP, "s", r->process);
    return sqlite_run(self(t), SQL_PROCESS_PUT, "suuss", r->process, r->epoch, r->beats, r->address,
                      r->creators);
}

static int shipment_add(struct tables *t, const struct parcel_row *r) {
    return sqlite_run(self(t), SQL_SHIPMENT_ADD, "unnssstssssttuis", r->number, (int)SHIPMENT_OPEN, 0, "", "", "",
                      TAKT_TIME_NONE, r->shipment, r->creator, r->service, r->carrier, r->ship_by_s, r->packed_at_s,
                      r->recipient_key, r->weight_mg, numbers_format(r->orders, r->order_count, t->scratch));
}

static int shipment_put(struct tables *t, const struct shipment_row *r) {
    return sqlite_run(self(t), SQL_SHIPMENT_PUT, "unwsssts", r->parcel.number, (int)r->state, r->attempts, r->consumer,
                      r->tracking, r->reason, r->ended_at_s, r->parcel.carrier);
}

void sqlite_write_ops(struct table_ops *ops) {
    ops->order_add = order_add;
    ops->order_amend = order_amend;
    ops->order_move = order_move;
    ops->body_put = body_put;
    ops->change_add = change_add;
    ops->change_trim = change_trim;
    ops->lot_put = lot_put;
    ops->lot_count = lot_count;
    ops->slice_put = slice_put;
    ops->slice_drop = slice_drop;
    ops->task_put = task_put;
    ops->task_drop = task_drop;
    ops->tasks_place = tasks_place;
    ops->plan_add = plan_add;
    ops->promise_add = promise_add;
    ops->event_add = event_add;
    ops->report_add = report_add;
    ops->stock_put = stock_put;
    ops->receipt_put = receipt_put;
    ops->down_put = down_put;
    ops->setup_put = setup_put;
    ops->surplus_put = surplus_put;
    ops->process_put = process_put;
    ops->shipment_add = shipment_add;
    ops->shipment_put = shipment_put;
}
