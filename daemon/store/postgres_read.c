/* SPDX-License-Identifier: Apache-2.0 */

/* What reads rows, into the arena of who asks. */

#include "daemon/store/items.h"
#include "daemon/store/numbers.h"
#include "daemon/store/places.h"
#include "daemon/store/postgres_fetch.h"
#include "daemon/store/postgres_statement.h"

#include <string.h>

static struct postgres_store *self(struct tables *t) {
    return (struct postgres_store *)t;
}

/* A result of which one row is wanted: 1: it is there, and the caller's to clear; 0: none; negative: failed. */
static int one(struct postgres_store *s, PGresult *r) {
    if (r == NULL)
        return s->failed;
    if (PQntuples(r) > 0)
        return 1;
    PQclear(r);
    return 0;
}

/* The end of a function that reads all rows of a result into new room, or a page of them into the caller's. */
#define READ_ALL(t, r, type, read_one)                                                                                 \
    do {                                                                                                               \
        *ret_count = 0;                                                                                                \
        if ((r) == NULL)                                                                                               \
            return self(t)->failed;                                                                                    \
        type *rows = arena_array(arena, (size_t)PQntuples(r), sizeof *rows);                                           \
        for (int i = 0; i < PQntuples(r); i++) {                                                                       \
            memset(&rows[i], 0, sizeof rows[i]);                                                                       \
            read_one(r, i, arena, &rows[i]);                                                                           \
        }                                                                                                              \
        *ret = rows;                                                                                                   \
        *ret_count = (size_t)PQntuples(r);                                                                             \
        PQclear(r);                                                                                                    \
        return 0;                                                                                                      \
    } while (0)

#define READ_PAGE(t, r, read_one)                                                                                      \
    do {                                                                                                               \
        *ret_count = 0;                                                                                                \
        if ((r) == NULL)                                                                                               \
            return self(t)->failed;                                                                                    \
        for (int i = 0; i < PQntuples(r); i++)                                                                         \
            read_one(r, i, arena, &ret[(*ret_count)++]);                                                               \
        PQclear(r);                                                                                                    \
        return 0;                                                                                                      \
    } while (0)

/* ---- orders ---- */

static int key_find(struct tables *t, const char *creator, const char *order_ref, struct order_key *ret) {
    struct postgres_store *s = self(t);
    int known = pg_fetched_key(s, creator, order_ref, ret);
    if (known != 0)
        return known < 0 ? known : 0;
    PGresult *r = pg_query(s, PG_KEY_FIND, creator, order_ref);
    int code = one(s, r);
    if (code <= 0)
        return code < 0 ? code : TAKT_ENOENT;
    ret->no = (uint64_t)pg_int(r, 0, 0);
    bool whole = pg_hash(r, 0, 1, ret->hash);
    PQclear(r);
    return whole ? 0 : pg_damaged(s, "a hash of an order");
}

/* A state beyond the last one is of a newer takt or of damaged data. */
static int get_enum(struct postgres_store *s, const PGresult *r, int row, int column, int count) {
    int64_t value = pg_int(r, row, column);
    if (value >= 0 && value < count)
        return (int)value;
    pg_damaged(s, "a state of an order");
    return 0;
}

void pg_read_order(struct postgres_store *s, const PGresult *q, int row, struct arena *arena, struct order_row *r) {
    r->no = (uint64_t)pg_int(q, row, 0);
    r->creator = pg_text(q, row, 1, arena);
    r->order_ref = pg_text(q, row, 2, arena);
    r->accepted_at_s = pg_int(q, row, 3);
    r->channel = pg_text(q, row, 4, arena);
    r->campaign = pg_text(q, row, 5, arena);
    r->service = pg_text(q, row, 6, arena);
    r->wish_day = pg_day(q, row, 7);
    strncpy(r->country, pg_text(q, row, 8, arena), sizeof r->country - 1);
    r->recipient_key = (uint64_t)pg_int(q, row, 9);
    r->state = get_enum(s, q, row, 10, ORDER_STATE_COUNT);
    r->ship_by_s = pg_time(q, row, 11);
    r->deliver_by_day = pg_day(q, row, 12);
    r->planned_packed_s = pg_time(q, row, 13);
    r->packed_at_s = pg_time(q, row, 14);
    r->shipment = (uint64_t)pg_int(q, row, 15);
    if (items_parse(PQgetvalue(q, row, 16), arena, &r->items, &r->item_count) < 0)
        pg_damaged(s, "the items of an order");
}

static int order_get(struct tables *t, uint64_t no, struct arena *arena, struct order_row *ret) {
    struct postgres_store *s = self(t);
    PGresult *r = pg_query(s, PG_ORDER_GET, no);
    int code = one(s, r);
    if (code <= 0)
        return code < 0 ? code : TAKT_ENOENT;
    memset(ret, 0, sizeof *ret);
    pg_read_order(s, r, 0, arena, ret);
    PQclear(r);
    return s->failed;
}

void pg_read_head(struct tables *t, const PGresult *r, int row, struct order_head *ret) {
    *ret = (struct order_head){.no = (uint64_t)pg_int(r, row, 0),
                               .creator = tables_creator(t, PQgetvalue(r, row, 1)),
                               .state = get_enum(self(t), r, row, 2, ORDER_STATE_COUNT),
                               .ship_by_s = pg_time(r, row, 3),
                               .deliver_by_day = pg_day(r, row, 4),
                               .planned_packed_s = pg_time(r, row, 5),
                               .packed_at_s = pg_time(r, row, 6),
                               .shipment = (uint64_t)pg_int(r, row, 7)};
}

static int order_head(struct tables *t, uint64_t no, struct order_head *ret) {
    struct postgres_store *s = self(t);
    int known = pg_fetched_head(s, no, ret);
    if (known != 0)
        return known < 0 ? known : 0;
    PGresult *r = pg_query(s, PG_ORDER_HEAD, no);
    int code = one(s, r);
    if (code <= 0)
        return code < 0 ? code : TAKT_ENOENT;
    pg_read_head(t, r, 0, ret);
    PQclear(r);
    return s->failed;
}

static PGresult *query_orders(struct postgres_store *s, const struct order_filter *f, uint64_t after, size_t limit) {
    const int64_t most = (int64_t)limit;
    if (f->creator == NULL && f->state == -1)
        return pg_query(s, PG_ORDERS_ALL, after, most);
    if (f->creator == NULL && f->state == -2)
        return pg_query(s, PG_ORDERS_OPEN, after, most);
    if (f->creator == NULL)
        return pg_query(s, PG_ORDERS_STATE, after, most, f->state);
    if (f->state == -1)
        return pg_query(s, PG_ORDERS_CREATOR, after, most, f->creator);
    if (f->state == -2)
        return pg_query(s, PG_ORDERS_CREATOR_OPEN, after, most, f->creator);
    return pg_query(s, PG_ORDERS_CREATOR_STATE, after, most, f->creator, f->state);
}

static int orders_page(struct tables *t, const struct order_filter *filter, uint64_t after, size_t limit,
                       struct arena *arena, struct order_row *ret, size_t *ret_count) {
    struct postgres_store *s = self(t);
    PGresult *r = query_orders(s, filter, after, limit);
    *ret_count = 0;
    for (int i = 0; r != NULL && i < PQntuples(r); i++)
        pg_read_order(s, r, i, arena, &ret[(*ret_count)++]);
    PQclear(r);
    return s->failed;
}

static int body_get(struct tables *t, uint64_t no, struct arena *arena, const char **ret) {
    PGresult *r = pg_query(self(t), PG_BODY_GET, no);
    int code = one(self(t), r);
    *ret = NULL;
    if (code <= 0)
        return code;
    *ret = pg_text(r, 0, 0, arena);
    PQclear(r);
    return 0;
}

static void read_change(const PGresult *q, int row, struct arena *arena, struct change_mark *r) {
    (void)arena;
    r->seq = (uint64_t)pg_int(q, row, 0);
    r->kind = (enum change_kind)pg_int(q, row, 1);
    r->order = (uint64_t)pg_int(q, row, 2);
}

static int changes_page(struct tables *t, uint64_t after, size_t limit, struct change_mark *ret, size_t *ret_count) {
    struct arena *arena = NULL;
    PGresult *r = pg_query(self(t), PG_CHANGES_PAGE, after, (int64_t)limit);
    READ_PAGE(t, r, read_change);
}

/* ---- lots and tasks ---- */

static int lot_head(struct tables *t, uint32_t lot, struct lot_head *ret) {
    struct postgres_store *s = self(t);
    int known = pg_fetched_lot(s, lot, ret);
    if (known != 0)
        return known < 0 ? known : 0;
    PGresult *r = pg_query(s, PG_LOT_HEAD, lot);
    int code = one(s, r);
    if (code <= 0)
        return code < 0 ? code : TAKT_ENOENT;
    ret->state = (enum lot_state)pg_int(r, 0, 1);
    ret->firm_at_s = pg_time(r, 0, 2);
    PQclear(r);
    return 0;
}

void pg_read_lot(const PGresult *q, int row, struct arena *arena, struct lot_row *r) {
    r->lot = (uint32_t)pg_int(q, row, 0);
    r->product = pg_text(q, row, 1, arena);
    r->like = pg_text(q, row, 2, arena);
    r->state = (enum lot_state)pg_int(q, row, 3);
    r->opened_at_s = pg_time(q, row, 4);
    r->let_go_at_s = pg_time(q, row, 5);
    r->firm_at_s = pg_time(q, row, 6);
    r->units = (uint32_t)pg_int(q, row, 7);
    r->extra = (uint32_t)pg_int(q, row, 8);
}

static int lots_page(struct tables *t, uint64_t after, size_t limit, struct arena *arena, struct lot_row *ret,
                     size_t *ret_count) {
    PGresult *r = pg_query(self(t), PG_LOTS_PAGE, after, (int64_t)limit);
    READ_PAGE(t, r, pg_read_lot);
}

void pg_read_slice(const PGresult *q, int row, struct slice_row *r) {
    r->order = (uint64_t)pg_int(q, row, 0);
    r->item = (uint32_t)pg_int(q, row, 1);
    r->first = (uint32_t)pg_int(q, row, 2);
    r->count = (uint32_t)pg_int(q, row, 3);
    r->lot = (uint32_t)pg_int(q, row, 4);
    r->gone = false;
}

static void read_slice(const PGresult *q, int row, struct arena *arena, struct slice_row *r) {
    (void)arena;
    pg_read_slice(q, row, r);
}

static int slices_of(struct tables *t, uint64_t order, struct arena *arena, struct slice_row **ret, size_t *ret_count) {
    const struct slice_row *known;
    if (pg_fetched_slices(self(t), order, &known, ret_count) == 1) {
        *ret = arena_memdup(arena, known, *ret_count * sizeof *known);
        return 0;
    }
    PGresult *r = pg_query(self(t), PG_SLICES_OF, order);
    READ_ALL(t, r, struct slice_row, read_slice);
}

static int slices_page(struct tables *t, const uint64_t after[3], size_t limit, struct slice_row *ret,
                       size_t *ret_count) {
    struct arena *arena = NULL;
    PGresult *r = pg_query(self(t), PG_SLICES_PAGE, after[0], after[1], after[2], (int64_t)limit);
    READ_PAGE(t, r, read_slice);
}

int pg_read_task(struct postgres_store *s, const PGresult *q, int row, struct arena *arena, struct task_row *r) {
    r->lot = (uint32_t)pg_int(q, row, 0);
    r->op = (uint32_t)pg_int(q, row, 1);
    r->op_id = pg_text(q, row, 2, arena);
    r->state = (enum task_state)pg_int(q, row, 4);
    r->quantity = (uint32_t)pg_int(q, row, 5);
    r->good = (uint32_t)pg_int(q, row, 6);
    r->scrap = (uint32_t)pg_int(q, row, 7);
    r->started_at_s = pg_time(q, row, 8);
    r->finished_at_s = pg_time(q, row, 9);
    r->late = pg_int(q, row, 10) != 0;
    r->gone = r->moved = false;
    return places_find(PQgetvalue(q, row, 3), arena, r) ? 0 : pg_damaged(s, "the place of a task");
}

static int tasks_page(struct tables *t, const uint64_t after[2], size_t limit, struct arena *arena,
                      struct task_row *ret, size_t *ret_count) {
    struct postgres_store *s = self(t);
    PGresult *r = pg_query(s, PG_TASKS_PAGE, after[0], after[1], (int64_t)limit);
    *ret_count = 0;
    for (int i = 0; r != NULL && s->failed == 0 && i < PQntuples(r); i++)
        pg_read_task(s, r, i, arena, &ret[(*ret_count)++]);
    PQclear(r);
    return s->failed;
}

/* ---- the story ---- */

static void read_promise(const PGresult *q, int row, struct arena *arena, struct promise_row *r) {
    r->order = (uint64_t)pg_int(q, row, 0);
    r->at_s = pg_int(q, row, 1);
    r->ship_by_s = pg_time(q, row, 2);
    r->deliver_by_day = pg_day(q, row, 3);
    r->reason = pg_text(q, row, 4, arena);
}

static int promises_of(struct tables *t, uint64_t order, struct arena *arena, struct promise_row **ret,
                       size_t *ret_count) {
    PGresult *r = pg_query(self(t), PG_PROMISES_OF, order);
    READ_ALL(t, r, struct promise_row, read_promise);
}

static void read_event(const PGresult *q, int row, struct arena *arena, struct event_row *r) {
    r->cursor = (uint64_t)pg_int(q, row, 0);
    r->creator = pg_text(q, row, 1, arena);
    r->kind = (enum event_kind)pg_int(q, row, 2);
    r->order = (uint64_t)pg_int(q, row, 3);
    r->order_ref = pg_text(q, row, 4, arena);
    r->at_s = pg_int(q, row, 5);
    r->ship_by_s = pg_time(q, row, 6);
    r->deliver_by_day = pg_day(q, row, 7);
    r->reason = pg_text(q, row, 8, arena);
    r->shipment = pg_text(q, row, 9, arena);
    r->carrier = pg_text(q, row, 10, arena);
    r->tracking = pg_text(q, row, 11, arena);
}

static int events_page(struct tables *t, const char *creator, uint64_t after, size_t limit, struct arena *arena,
                       struct event_row *ret, size_t *ret_count) {
    PGresult *r = pg_query(self(t), PG_EVENTS_PAGE, creator, after, (int64_t)limit);
    READ_PAGE(t, r, read_event);
}

static int events_of(struct tables *t, uint64_t order, struct arena *arena, struct event_row **ret, size_t *ret_count) {
    PGresult *r = pg_query(self(t), PG_EVENTS_OF, order);
    READ_ALL(t, r, struct event_row, read_event);
}

static int event_last(struct tables *t, const char *creator, uint64_t *ret) {
    PGresult *r = pg_query(self(t), PG_EVENT_LAST, creator);
    int code = one(self(t), r);
    *ret = 0;
    if (code <= 0)
        return code;
    *ret = (uint64_t)pg_int(r, 0, 0);
    PQclear(r);
    return 0;
}

static int report_find(struct tables *t, const char *reporter, const char *report_ref,
                       uint8_t ret_hash[STORE_HASH_SIZE]) {
    PGresult *r = pg_query(self(t), PG_REPORT_FIND, reporter, report_ref);
    int code = one(self(t), r);
    if (code <= 0)
        return code < 0 ? code : TAKT_ENOENT;
    bool whole = pg_hash(r, 0, 0, ret_hash);
    PQclear(r);
    return whole ? 0 : pg_damaged(self(t), "a hash of a report");
}

/* ---- the world ---- */

static void read_stock(const PGresult *q, int row, struct arena *arena, struct stock_row *r) {
    r->material = pg_text(q, row, 0, arena);
    r->on_hand_milli = pg_int(q, row, 1);
}

static void read_receipt(const PGresult *q, int row, struct arena *arena, struct receipt_row *r) {
    r->material = pg_text(q, row, 0, arena);
    r->at_s = pg_int(q, row, 1);
    r->quantity_milli = pg_int(q, row, 2);
}

static void read_down(const PGresult *q, int row, struct arena *arena, struct down_row *r) {
    r->line = pg_text(q, row, 0, arena);
    r->from_s = pg_int(q, row, 1);
    r->to_s = pg_int(q, row, 2);
    r->reason = pg_text(q, row, 3, arena);
}

static void read_setup(const PGresult *q, int row, struct arena *arena, struct setup_row *r) {
    r->line = pg_text(q, row, 0, arena);
    r->family = pg_text(q, row, 1, arena);
}

static void read_surplus(const PGresult *q, int row, struct arena *arena, struct surplus_row *r) {
    r->product = pg_text(q, row, 0, arena);
    r->options = pg_text(q, row, 1, arena);
    r->quantity = (uint32_t)pg_int(q, row, 2);
}

static void read_process(const PGresult *q, int row, struct arena *arena, struct process_row *r) {
    r->process = pg_text(q, row, 0, arena);
    r->epoch = (uint64_t)pg_int(q, row, 1);
    r->beats = (uint64_t)pg_int(q, row, 2);
    r->address = pg_text(q, row, 3, arena);
    r->creators = pg_text(q, row, 4, arena);
    r->gone = false;
}

#define ALL(name, statement, type, read_one)                                                                           \
    static int name(struct tables *t, struct arena *arena, type **ret, size_t *ret_count) {                            \
        PGresult *r = pg_query(self(t), statement);                                                                    \
        READ_ALL(t, r, type, read_one);                                                                                \
    }
ALL(stock_all, PG_STOCK_ALL, struct stock_row, read_stock)
ALL(receipts_all, PG_RECEIPTS_ALL, struct receipt_row, read_receipt)
ALL(downs_all, PG_DOWNS_ALL, struct down_row, read_down)
ALL(setups_all, PG_SETUPS_ALL, struct setup_row, read_setup)
ALL(surplus_all, PG_SURPLUS_ALL, struct surplus_row, read_surplus)
ALL(processes_all, PG_PROCESSES_ALL, struct process_row, read_process)
#undef ALL

/* ---- shipments ---- */

static void read_shipment(const PGresult *q, int row, struct arena *arena, struct shipment_row *r) {
    struct parcel_row *p = &r->parcel;
    p->number = (uint64_t)pg_int(q, row, 0);
    r->state = (enum shipment_state)pg_int(q, row, 1);
    r->attempts = (uint32_t)pg_int(q, row, 2);
    r->consumer = pg_text(q, row, 3, arena);
    r->tracking = pg_text(q, row, 4, arena);
    r->reason = pg_text(q, row, 5, arena);
    r->ended_at_s = pg_time(q, row, 6);
    p->shipment = pg_text(q, row, 7, arena);
    p->creator = pg_text(q, row, 8, arena);
    p->service = pg_text(q, row, 9, arena);
    p->carrier = pg_text(q, row, 10, arena);
    p->ship_by_s = pg_time(q, row, 11);
    p->packed_at_s = pg_time(q, row, 12);
    p->recipient_key = (uint64_t)pg_int(q, row, 13);
    p->weight_mg = pg_int(q, row, 14);
    numbers_parse(pg_text(q, row, 15, arena), arena, &p->orders, &p->order_count);
}

static int shipment_get(struct tables *t, uint64_t number, struct arena *arena, struct shipment_row *ret) {
    PGresult *r = pg_query(self(t), PG_SHIPMENT_GET, number);
    int code = one(self(t), r);
    if (code <= 0)
        return code < 0 ? code : TAKT_ENOENT;
    read_shipment(r, 0, arena, ret);
    PQclear(r);
    return 0;
}

static int shipments_page(struct tables *t, int state, uint64_t after, size_t limit, struct arena *arena,
                          struct shipment_row *ret, size_t *ret_count) {
    struct postgres_store *s = self(t);
    const int64_t most = (int64_t)limit;
    PGresult *r = state == -1   ? pg_query(s, PG_SHIPMENTS_ALL, after, most)
                  : state == -2 ? pg_query(s, PG_SHIPMENTS_OPEN, after, most)
                                : pg_query(s, PG_SHIPMENTS_STATE, after, most, state);
    READ_PAGE(t, r, read_shipment);
}

/* Of the whole database, which may be that of several plants. */
static uint64_t bytes(struct tables *t) {
    PGresult *r = pg_query(self(t), PG_BYTES);
    if (one(self(t), r) != 1)
        return 0;
    uint64_t size = (uint64_t)pg_int(r, 0, 0);
    PQclear(r);
    return size;
}

void postgres_read_ops(struct table_ops *ops) {
    ops->key_find = key_find;
    ops->order_get = order_get;
    ops->order_head = order_head;
    ops->orders_page = orders_page;
    ops->body_get = body_get;
    ops->changes_page = changes_page;
    ops->lot_head = lot_head;
    ops->lots_page = lots_page;
    ops->slices_of = slices_of;
    ops->slices_page = slices_page;
    ops->tasks_page = tasks_page;
    ops->promises_of = promises_of;
    ops->events_page = events_page;
    ops->events_of = events_of;
    ops->event_last = event_last;
    ops->report_find = report_find;
    ops->stock_all = stock_all;
    ops->receipts_all = receipts_all;
    ops->downs_all = downs_all;
    ops->setups_all = setups_all;
    ops->surplus_all = surplus_all;
    ops->processes_all = processes_all;
    ops->shipment_get = shipment_get;
    ops->shipments_page = shipments_page;
    ops->bytes = bytes;
}
