/* SPDX-License-Identifier: Apache-2.0 */

/* What writes rows. Most are gathered; errors are noted when they are sent, and looked at when the group ends. */

#include "daemon/store/items.h"
#include "daemon/store/numbers.h"
#include "daemon/store/places.h"
#include "daemon/store/postgres_fetch.h"
#include "daemon/store/postgres_statement.h"

#include <string.h>

static struct postgres_store *self(struct tables *t) {
    return (struct postgres_store *)t;
}

static int body_put(struct tables *t, const struct order_row *row, const char *body) {
    return pg_put(self(t), PG_BODY_PUT, row->no, row->accepted_at_s, body);
}

static int order_add(struct tables *t, const struct order_row *r, const uint8_t hash[STORE_HASH_SIZE],
                     const char *body) {
    struct postgres_store *s = self(t);
    struct order_key key = {.no = r->no};
    memcpy(key.hash, hash, sizeof key.hash);
    int code = pg_fetched_key_add(s, r->creator, r->order_ref, &key);
    return code < 0 ? code
                    : pg_put(s, PG_ORDER_ADD, r->creator, r->order_ref, r->no, hash, r->accepted_at_s, r->channel,
                             r->campaign, r->service, r->wish_day, r->country, r->recipient_key,
                             items_format(r->items, r->item_count, t->scratch), body);
}

static int order_amend(struct tables *t, const struct order_row *r) {
    return pg_run(self(t), PG_ORDER_AMEND, r->no, r->service, r->wish_day, r->country, r->recipient_key,
                  items_format(r->items, r->item_count, t->scratch));
}

static int order_move(struct tables *t, const struct order_head *h) {
    return pg_put(self(t), PG_ORDER_MOVE, h->no, (int)h->state, h->ship_by_s, h->deliver_by_day, h->planned_packed_s,
                  h->packed_at_s, h->shipment);
}

static int change_add(struct tables *t, const struct change_mark *mark) {
    return pg_put(self(t), PG_CHANGE_ADD, mark->seq, (int)mark->kind, mark->order);
}

static int change_trim(struct tables *t, uint64_t up_to) {
    return pg_run(self(t), PG_CHANGE_TRIM, up_to);
}

static int lot_put(struct tables *t, const struct lot_row *r) {
    return pg_put(self(t), PG_LOT_PUT, r->lot, r->product, r->like, (int)r->state, r->opened_at_s, r->let_go_at_s,
                  r->firm_at_s, r->units, r->extra);
}

static int lot_count(struct tables *t, uint32_t lot, int delta) {
    return pg_put(self(t), PG_LOT_COUNT, lot, delta);
}

static int slice_put(struct tables *t, const struct slice_row *r) {
    return pg_put(self(t), PG_SLICE_PUT, r->order, r->item, r->first, r->count, r->lot, 0);
}

static int slice_drop(struct tables *t, const struct slice_row *r) {
    return pg_put(self(t), PG_SLICE_PUT, r->order, r->item, r->first, r->count, r->lot, 1);
}

static int task_put(struct tables *t, const struct task_row *r) {
    return pg_put(self(t), PG_TASK_PUT, r->lot, r->op, r->op_id, (int)r->state, r->quantity, r->good, r->scrap,
                  r->started_at_s, r->finished_at_s, (int)r->late, 0);
}

static int task_drop(struct tables *t, uint32_t lot, uint32_t op) {
    return pg_put(self(t), PG_TASK_PUT, lot, op, "", 0, 0U, 0U, 0U, TAKT_TIME_NONE, TAKT_TIME_NONE, 0, 1);
}

/* The rows of one lot; before: what is there, NULL: nothing. */
static int place_lot(struct postgres_store *s, const char *before, const struct task_row *const *rows, size_t count) {
    const char *places = places_apply(before != NULL ? before : "", rows, count, s->tables.scratch);
    if (places == NULL)
        return pg_damaged(s, "the places of a lot");
    if (*places != '\0')
        return pg_put(s, PG_PLACES_PUT, rows[0]->lot, places);
    return before != NULL ? pg_put(s, PG_PLACES_DROP, rows[0]->lot) : 0;
}

/* What is there is asked for as many lots at a time as go into one statement; asking sends what was put before, so one
 * statement never brings a lot twice. */
static int tasks_place(struct tables *t, const struct task_row *const *rows, size_t count) {
    struct postgres_store *s = self(t);
    while (count > 0 && s->failed == 0) {
        size_t some = 0;
        for (int lots = 0; some < count && lots < BATCH_ROWS_MAX - 1 && s->failed == 0; lots++) {
            pg_put(s, PG_PLACES_NAMED, rows[some]->lot);
            some += places_of_lot(rows + some, count - some);
        }
        PGresult *r = pg_ask(s, PG_PLACES_NAMED);
        int row = 0;
        for (size_t at = 0, n; r != NULL && at < some && s->failed == 0; at += n) {
            n = places_of_lot(rows + at, some - at);
            bool there = row < PQntuples(r) && pg_int(r, row, 0) == rows[at]->lot;
            place_lot(s, there ? PQgetvalue(r, row, 1) : NULL, rows + at, n);
            row += there;
        }
        PQclear(r);
        rows += some;
        count -= some;
    }
    return s->failed;
}

static int plan_add(struct tables *t, const struct store_publish *p) {
    return pg_run(self(t), PG_PLAN_ADD, p->plan_version, p->at_s, p->scheduler, p->objective, p->bound);
}

static int promise_add(struct tables *t, uint64_t number, const struct promise_row *r) {
    return pg_put(self(t), PG_PROMISE_ADD, r->order, number, r->at_s, r->ship_by_s, r->deliver_by_day, r->reason);
}

static int event_add(struct tables *t, const struct event_row *r) {
    return pg_put(self(t), PG_EVENT_ADD, r->creator, r->cursor, r->at_s, (int)r->kind, r->order, r->ship_by_s,
                  r->deliver_by_day, r->reason, r->shipment, r->carrier, r->tracking);
}

static int report_add(struct tables *t, const struct report_row *r) {
    return pg_put(self(t), PG_REPORT_ADD, r->reporter, r->report_ref, r->hash, r->at_s, r->event, r->body);
}

static int stock_put(struct tables *t, const struct stock_row *r) {
    return pg_put(self(t), PG_STOCK_PUT, r->material, r->on_hand_milli);
}

static int receipt_put(struct tables *t, const struct receipt_row *r) {
    if (r->gone)
        return pg_run(self(t), PG_RECEIPT_DROP, r->material, r->at_s);
    return pg_run(self(t), PG_RECEIPT_PUT, r->material, r->at_s, r->quantity_milli);
}

static int down_put(struct tables *t, const struct down_row *r) {
    if (r->gone)
        return pg_run(self(t), PG_DOWN_DROP, r->line, r->from_s);
    return pg_run(self(t), PG_DOWN_PUT, r->line, r->from_s, r->to_s, r->reason);
}

static int setup_put(struct tables *t, const struct setup_row *r) {
    return pg_run(self(t), PG_SETUP_PUT, r->line, r->family);
}

static int surplus_put(struct tables *t, const struct surplus_row *r) {
    if (r->quantity == 0)
        return pg_run(self(t), PG_SURPLUS_DROP, r->product, r->options);
    return pg_run(self(t), PG_SURPLUS_PUT, r->product, r->options, r->quantity);
}

static int process_put(struct tables *t, const struct process_row *r) {
    if (r->gone)
        return pg_run(self(t), PG_PROCESS_DROP, r->process);
    return pg_run(self(t), PG_PROCESS_PUT, r->process, r->epoch, r->beats, r->address, r->creators);
}

static int shipment_add(struct tables *t, const struct parcel_row *r) {
    return pg_put(self(t), PG_SHIPMENT_ADD, r->number, r->shipment, r->creator, r->service, r->carrier,
                  numbers_format(r->orders, r->order_count, t->scratch), r->ship_by_s, r->packed_at_s, r->recipient_key,
                  r->weight_mg);
}

static int shipment_put(struct tables *t, const struct shipment_row *r) {
    return pg_run(self(t), PG_SHIPMENT_PUT, r->parcel.number, (int)r->state, r->attempts, r->consumer, r->tracking,
                  r->reason, r->ended_at_s, r->parcel.carrier);
}

void postgres_write_ops(struct table_ops *ops) {
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
