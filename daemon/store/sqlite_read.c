/* SPDX-License-Identifier: Apache-2.0 */

/* What reads rows, into the arena of who asks. */

#include "daemon/store/items.h"
#include "daemon/store/numbers.h"
#include "daemon/store/places.h"
#include "daemon/store/sqlite_statement.h"

#include <stdlib.h>
#include <string.h>

static struct sqlite_store *self(struct tables *t) {
    return (struct sqlite_store *)t;
}

/* Rows of unknown number, gathered on the heap and then put into the arena. */
#define READ_ALL(s, st, type, read_one)                                                                                \
    do {                                                                                                               \
        type *rows = NULL;                                                                                             \
        size_t count = 0, room = 0;                                                                                    \
        int code;                                                                                                      \
        while ((code = sqlite_row((s), (st))) == 1) {                                                                  \
            ARRAY_GROW(rows, count, room);                                                                             \
            memset(&rows[count], 0, sizeof rows[count]);                                                               \
            read_one((st), arena, &rows[count++]);                                                                     \
        }                                                                                                              \
        *ret = arena_memdup(arena, rows, count * sizeof *rows);                                                        \
        *ret_count = count;                                                                                            \
        free(rows);                                                                                                    \
        return code;                                                                                                   \
    } while (0)

/* At most as many rows as the statement's LIMIT, which the caller has room for. */
#define READ_PAGE(s, st, read_one)                                                                                     \
    do {                                                                                                               \
        int code;                                                                                                      \
        *ret_count = 0;                                                                                                \
        while ((code = sqlite_row((s), (st))) == 1)                                                                    \
            read_one((st), arena, &ret[(*ret_count)++]);                                                               \
        return code;                                                                                                   \
    } while (0)

/* ---- orders ---- */

static int key_find(struct tables *t, const char *creator, const char *order_ref, struct order_key *ret) {
    struct sqlite_store *s = self(t);
    sqlite3_stmt *st = sqlite_query(s, SQL_KEY_FIND, "ss", creator, order_ref);
    int code = sqlite_row(s, st);
    if (code <= 0)
        return code < 0 ? code : TAKT_ENOENT;
    ret->no = (uint64_t)sqlite3_column_int64(st, 0);
    bool whole = column_hash(st, 1, ret->hash);
    sqlite3_reset(st);
    return whole ? 0 : sqlite_failed(s, SQLITE_CORRUPT, "a hash of an order");
}

/* A state or kind beyond the last one is of a newer takt or of a damaged file. */
static int get_enum(struct sqlite_store *s, sqlite3_stmt *st, int column, int count) {
    int value = sqlite3_column_int(st, column);
    if (value >= 0 && value < count)
        return value;
    sqlite_failed(s, SQLITE_CORRUPT, sqlite3_sql(st));
    return 0;
}

static void read_order(struct sqlite_store *s, sqlite3_stmt *st, struct arena *arena, struct order_row *r) {
    r->no = (uint64_t)sqlite3_column_int64(st, 0);
    r->creator = column_text(st, 1, arena);
    r->order_ref = column_text(st, 2, arena);
    r->accepted_at_s = sqlite3_column_int64(st, 3);
    r->channel = column_text(st, 4, arena);
    r->campaign = column_text(st, 5, arena);
    r->service = column_text(st, 6, arena);
    r->wish_day = column_day(st, 7);
    strncpy(r->country, column_text(st, 8, arena), sizeof r->country - 1);
    r->recipient_key = (uint64_t)sqlite3_column_int64(st, 9);
    r->state = get_enum(s, st, 10, ORDER_STATE_COUNT);
    r->ship_by_s = column_time(st, 11);
    r->deliver_by_day = column_day(st, 12);
    r->planned_packed_s = column_time(st, 13);
    r->packed_at_s = column_time(st, 14);
    r->shipment = (uint64_t)sqlite3_column_int64(st, 15);
    if (items_parse((const char *)sqlite3_column_text(st, 16), arena, &r->items, &r->item_count) < 0)
        sqlite_failed(s, SQLITE_CORRUPT, "the items of an order");
}

static int order_get(struct tables *t, uint64_t no, struct arena *arena, struct order_row *ret) {
    struct sqlite_store *s = self(t);
    sqlite3_stmt *st = sqlite_query(s, SQL_ORDER_GET, "u", no);
    int code = sqlite_row(s, st);
    if (code <= 0)
        return code < 0 ? code : TAKT_ENOENT;
    memset(ret, 0, sizeof *ret);
    read_order(s, st, arena, ret);
    sqlite3_reset(st);
    return s->failed != 0 ? s->failure.code : 0;
}

static int order_head(struct tables *t, uint64_t no, struct order_head *ret) {
    struct sqlite_store *s = self(t);
    sqlite3_stmt *st = sqlite_query(s, SQL_ORDER_HEAD, "u", no);
    int code = sqlite_row(s, st);
    if (code <= 0)
        return code < 0 ? code : TAKT_ENOENT;
    const char *creator = (const char *)sqlite3_column_text(st, 0);
    *ret = (struct order_head){.no = no,
                               .creator = tables_creator(t, creator != NULL ? creator : ""),
                               .state = get_enum(s, st, 1, ORDER_STATE_COUNT),
                               .ship_by_s = column_time(st, 2),
                               .deliver_by_day = column_day(st, 3),
                               .planned_packed_s = column_time(st, 4),
                               .packed_at_s = column_time(st, 5),
                               .shipment = (uint64_t)sqlite3_column_int64(st, 6)};
    sqlite3_reset(st);
    return s->failed != 0 ? s->failure.code : 0;
}

static sqlite3_stmt *query_orders(struct sqlite_store *s, const struct order_filter *f, uint64_t after, size_t limit) {
    const int64_t most = (int64_t)limit;
    if (f->creator == NULL && f->state == -1)
        return sqlite_query(s, SQL_ORDERS_ALL, "ui", after, most);
    if (f->creator == NULL && f->state == -2)
        return sqlite_query(s, SQL_ORDERS_OPEN, "ui", after, most);
    if (f->creator == NULL)
        return sqlite_query(s, SQL_ORDERS_STATE, "uin", after, most, f->state);
    if (f->state == -1)
        return sqlite_query(s, SQL_ORDERS_CREATOR, "uis", after, most, f->creator);
    if (f->state == -2)
        return sqlite_query(s, SQL_ORDERS_CREATOR_OPEN, "uis", after, most, f->creator);
    return sqlite_query(s, SQL_ORDERS_CREATOR_STATE, "uisn", after, most, f->creator, f->state);
}

static int orders_page(struct tables *t, const struct order_filter *filter, uint64_t after, size_t limit,
                       struct arena *arena, struct order_row *ret, size_t *ret_count) {
    struct sqlite_store *s = self(t);
    sqlite3_stmt *st = query_orders(s, filter, after, limit);
    int code;
    *ret_count = 0;
    while ((code = sqlite_row(s, st)) == 1)
        read_order(s, st, arena, &ret[(*ret_count)++]);
    return code;
}

static int body_get(struct tables *t, uint64_t no, struct arena *arena, const char **ret) {
    struct sqlite_store *s = self(t);
    sqlite3_stmt *st = sqlite_query(s, SQL_BODY_GET, "u", no);
    int code = sqlite_row(s, st);
    *ret = NULL;
    if (code <= 0)
        return code;
    *ret = column_text(st, 0, arena);
    sqlite3_reset(st);
    return 0;
}

static void read_change(sqlite3_stmt *st, struct arena *arena, struct change_mark *r) {
    (void)arena;
    r->seq = (uint64_t)sqlite3_column_int64(st, 0);
    r->kind = (enum change_kind)sqlite3_column_int(st, 1);
    r->order = (uint64_t)sqlite3_column_int64(st, 2);
}

static int changes_page(struct tables *t, uint64_t after, size_t limit, struct change_mark *ret, size_t *ret_count) {
    struct arena *arena = NULL;
    sqlite3_stmt *st = sqlite_query(self(t), SQL_CHANGES_PAGE, "ui", after, (int64_t)limit);
    READ_PAGE(self(t), st, read_change);
}

/* ---- lots and tasks ---- */

static int lot_head(struct tables *t, uint32_t lot, struct lot_head *ret) {
    struct sqlite_store *s = self(t);
    sqlite3_stmt *st = sqlite_query(s, SQL_LOT_HEAD, "w", lot);
    int code = sqlite_row(s, st);
    if (code <= 0)
        return code < 0 ? code : TAKT_ENOENT;
    ret->state = (enum lot_state)sqlite3_column_int(st, 0);
    ret->firm_at_s = column_time(st, 1);
    sqlite3_reset(st);
    return 0;
}

void sqlite_read_lot(sqlite3_stmt *st, struct arena *arena, struct lot_row *r) {
    r->lot = (uint32_t)sqlite3_column_int64(st, 0);
    r->product = column_text(st, 1, arena);
    r->like = column_text(st, 2, arena);
    r->state = (enum lot_state)sqlite3_column_int(st, 3);
    r->opened_at_s = column_time(st, 4);
    r->let_go_at_s = column_time(st, 5);
    r->firm_at_s = column_time(st, 6);
    r->units = (uint32_t)sqlite3_column_int64(st, 7);
    r->extra = (uint32_t)sqlite3_column_int64(st, 8);
}

static int lots_page(struct tables *t, uint64_t after, size_t limit, struct arena *arena, struct lot_row *ret,
                     size_t *ret_count) {
    sqlite3_stmt *st = sqlite_query(self(t), SQL_LOTS_PAGE, "ui", after, (int64_t)limit);
    READ_PAGE(self(t), st, sqlite_read_lot);
}

static void read_slice(sqlite3_stmt *st, struct arena *arena, struct slice_row *r) {
    (void)arena;
    r->order = (uint64_t)sqlite3_column_int64(st, 0);
    r->item = (uint32_t)sqlite3_column_int64(st, 1);
    r->first = (uint32_t)sqlite3_column_int64(st, 2);
    r->count = (uint32_t)sqlite3_column_int64(st, 3);
    r->lot = (uint32_t)sqlite3_column_int64(st, 4);
    r->gone = false;
}

static int slices_of(struct tables *t, uint64_t order, struct arena *arena, struct slice_row **ret, size_t *ret_count) {
    sqlite3_stmt *st = sqlite_query(self(t), SQL_SLICES_OF, "u", order);
    READ_ALL(self(t), st, struct slice_row, read_slice);
}

static int slices_page(struct tables *t, const uint64_t after[3], size_t limit, struct slice_row *ret,
                       size_t *ret_count) {
    struct arena *arena = NULL;
    sqlite3_stmt *st = sqlite_query(self(t), SQL_SLICES_PAGE, "uuui", after[0], after[1], after[2], (int64_t)limit);
    READ_PAGE(self(t), st, read_slice);
}

int sqlite_read_task(struct sqlite_store *s, sqlite3_stmt *st, struct arena *arena, struct task_row *r) {
    r->lot = (uint32_t)sqlite3_column_int64(st, 0);
    r->op = (uint32_t)sqlite3_column_int64(st, 1);
    r->op_id = column_text(st, 2, arena);
    r->state = (enum task_state)sqlite3_column_int(st, 4);
    r->quantity = (uint32_t)sqlite3_column_int64(st, 5);
    r->good = (uint32_t)sqlite3_column_int64(st, 6);
    r->scrap = (uint32_t)sqlite3_column_int64(st, 7);
    r->started_at_s = column_time(st, 8);
    r->finished_at_s = column_time(st, 9);
    r->late = sqlite3_column_int(st, 10) != 0;
    r->gone = r->moved = false;
    const char *places = (const char *)sqlite3_column_text(st, 3);
    if (places != NULL && places_find(places, arena, r))
        return 0;
    sqlite3_reset(st);
    return sqlite_failed(s, SQLITE_CORRUPT, "the place of a task");
}

static int tasks_page(struct tables *t, const uint64_t after[2], size_t limit, struct arena *arena,
                      struct task_row *ret, size_t *ret_count) {
    struct sqlite_store *s = self(t);
    sqlite3_stmt *st = sqlite_query(s, SQL_TASKS_PAGE, "uui", after[0], after[1], (int64_t)limit);
    int code = 0;
    *ret_count = 0;
    while (code == 0 && (code = sqlite_row(s, st)) == 1)
        code = sqlite_read_task(s, st, arena, &ret[(*ret_count)++]);
    return code;
}

/* ---- the story ---- */

static void read_promise(sqlite3_stmt *st, struct arena *arena, struct promise_row *r) {
    r->order = (uint64_t)sqlite3_column_int64(st, 0);
    r->at_s = sqlite3_column_int64(st, 1);
    r->ship_by_s = column_time(st, 2);
    r->deliver_by_day = column_day(st, 3);
    r->reason = column_text(st, 4, arena);
}

static int promises_of(struct tables *t, uint64_t order, struct arena *arena, struct promise_row **ret,
                       size_t *ret_count) {
    sqlite3_stmt *st = sqlite_query(self(t), SQL_PROMISES_OF, "u", order);
    READ_ALL(self(t), st, struct promise_row, read_promise);
}

static void read_event(sqlite3_stmt *st, struct arena *arena, struct event_row *r) {
    r->cursor = (uint64_t)sqlite3_column_int64(st, 0);
    r->creator = column_text(st, 1, arena);
    r->kind = (enum event_kind)sqlite3_column_int(st, 2);
    r->order = (uint64_t)sqlite3_column_int64(st, 3);
    r->order_ref = column_text(st, 4, arena);
    r->at_s = sqlite3_column_int64(st, 5);
    r->ship_by_s = column_time(st, 6);
    r->deliver_by_day = column_day(st, 7);
    r->reason = column_text(st, 8, arena);
    r->shipment = column_text(st, 9, arena);
    r->carrier = column_text(st, 10, arena);
    r->tracking = column_text(st, 11, arena);
}

static int events_page(struct tables *t, const char *creator, uint64_t after, size_t limit, struct arena *arena,
                       struct event_row *ret, size_t *ret_count) {
    sqlite3_stmt *st = sqlite_query(self(t), SQL_EVENTS_PAGE, "sui", creator, after, (int64_t)limit);
    READ_PAGE(self(t), st, read_event);
}

static int events_of(struct tables *t, uint64_t order, struct arena *arena, struct event_row **ret, size_t *ret_count) {
    sqlite3_stmt *st = sqlite_query(self(t), SQL_EVENTS_OF, "u", order);
    READ_ALL(self(t), st, struct event_row, read_event);
}

static int event_last(struct tables *t, const char *creator, uint64_t *ret) {
    struct sqlite_store *s = self(t);
    sqlite3_stmt *st = sqlite_query(s, SQL_EVENT_LAST, "s", creator);
    int code = sqlite_row(s, st);
    *ret = 0;
    if (code <= 0)
        return code;
    *ret = (uint64_t)sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return 0;
}

static int report_find(struct tables *t, const char *reporter, const char *report_ref,
                       uint8_t ret_hash[STORE_HASH_SIZE]) {
    struct sqlite_store *s = self(t);
    sqlite3_stmt *st = sqlite_query(s, SQL_REPORT_FIND, "ss", reporter, report_ref);
    int code = sqlite_row(s, st);
    if (code <= 0)
        return code < 0 ? code : TAKT_ENOENT;
    bool whole = column_hash(st, 0, ret_hash);
    sqlite3_reset(st);
    return whole ? 0 : sqlite_failed(s, SQLITE_CORRUPT, "a hash of a report");
}

/* ---- the world ---- */

static void read_stock(sqlite3_stmt *st, struct arena *arena, struct stock_row *r) {
    r->material = column_text(st, 0, arena);
    r->on_hand_milli = sqlite3_column_int64(st, 1);
}

static void read_receipt(sqlite3_stmt *st, struct arena *arena, struct receipt_row *r) {
    r->material = column_text(st, 0, arena);
    r->at_s = sqlite3_column_int64(st, 1);
    r->quantity_milli = sqlite3_column_int64(st, 2);
}

static void read_down(sqlite3_stmt *st, struct arena *arena, struct down_row *r) {
    r->line = column_text(st, 0, arena);
    r->from_s = sqlite3_column_int64(st, 1);
    r->to_s = sqlite3_column_int64(st, 2);
    r->reason = column_text(st, 3, arena);
}

static void read_setup(sqlite3_stmt *st, struct arena *arena, struct setup_row *r) {
    r->line = column_text(st, 0, arena);
    r->family = column_text(st, 1, arena);
}

static void read_surplus(sqlite3_stmt *st, struct arena *arena, struct surplus_row *r) {
    r->product = column_text(st, 0, arena);
    r->options = column_text(st, 1, arena);
    r->quantity = (uint32_t)sqlite3_column_int64(st, 2);
}

static void read_process(sqlite3_stmt *st, struct arena *arena, struct process_row *r) {
    r->process = column_text(st, 0, arena);
    r->epoch = (uint64_t)sqlite3_column_int64(st, 1);
    r->beats = (uint64_t)sqlite3_column_int64(st, 2);
    r->address = column_text(st, 3, arena);
    r->creators = column_text(st, 4, arena);
    r->gone = false;
}

#define ALL(name, statement, type, read_one)                                                                           \
    static int name(struct tables *t, struct arena *arena, type **ret, size_t *ret_count) {                            \
        sqlite3_stmt *st = sqlite_query(self(t), statement, "");                                                       \
        READ_ALL(self(t), st, type, read_one);                                                                         \
    }
ALL(stock_all, SQL_STOCK_ALL, struct stock_row, read_stock)
ALL(receipts_all, SQL_RECEIPTS_ALL, struct receipt_row, read_receipt)
ALL(downs_all, SQL_DOWNS_ALL, struct down_row, read_down)
ALL(setups_all, SQL_SETUPS_ALL, struct setup_row, read_setup)
ALL(surplus_all, SQL_SURPLUS_ALL, struct surplus_row, read_surplus)
ALL(processes_all, SQL_PROCESSES_ALL, struct process_row, read_process)
#undef ALL

/* ---- shipments ---- */

static void read_shipment(sqlite3_stmt *st, struct arena *arena, struct shipment_row *r) {
    struct parcel_row *p = &r->parcel;
    p->number = (uint64_t)sqlite3_column_int64(st, 0);
    r->state = (enum shipment_state)sqlite3_column_int(st, 1);
    r->attempts = (uint32_t)sqlite3_column_int64(st, 2);
    r->consumer = column_text(st, 3, arena);
    r->tracking = column_text(st, 4, arena);
    r->reason = column_text(st, 5, arena);
    r->ended_at_s = column_time(st, 6);
    p->shipment = column_text(st, 7, arena);
    p->creator = column_text(st, 8, arena);
    p->service = column_text(st, 9, arena);
    p->carrier = column_text(st, 10, arena);
    p->ship_by_s = column_time(st, 11);
    p->packed_at_s = column_time(st, 12);
    p->recipient_key = (uint64_t)sqlite3_column_int64(st, 13);
    p->weight_mg = sqlite3_column_int64(st, 14);
    numbers_parse(column_text(st, 15, arena), arena, &p->orders, &p->order_count);
}

static int shipment_get(struct tables *t, uint64_t number, struct arena *arena, struct shipment_row *ret) {
    struct sqlite_store *s = self(t);
    sqlite3_stmt *st = sqlite_query(s, SQL_SHIPMENT_GET, "u", number);
    int code = sqlite_row(s, st);
    if (code <= 0)
        return code < 0 ? code : TAKT_ENOENT;
    read_shipment(st, arena, ret);
    sqlite3_reset(st);
    return 0;
}

static int shipments_page(struct tables *t, int state, uint64_t after, size_t limit, struct arena *arena,
                          struct shipment_row *ret, size_t *ret_count) {
    struct sqlite_store *s = self(t);
    const int64_t most = (int64_t)limit;
    sqlite3_stmt *st = state == -1   ? sqlite_query(s, SQL_SHIPMENTS_ALL, "ui", after, most)
                       : state == -2 ? sqlite_query(s, SQL_SHIPMENTS_OPEN, "ui", after, most)
                                     : sqlite_query(s, SQL_SHIPMENTS_STATE, "uin", after, most, state);
    READ_PAGE(s, st, read_shipment);
}

static uint64_t bytes(struct tables *t) {
    struct sqlite_store *s = self(t);
    uint64_t product = 1;
    static const enum statement factors[] = {SQL_PAGE_COUNT, SQL_PAGE_SIZE};
    for (size_t i = 0; i < 2; i++) {
        sqlite3_stmt *st = sqlite_query(s, factors[i], "");
        if (sqlite_row(s, st) != 1)
            return 0;
        product *= (uint64_t)sqlite3_column_int64(st, 0);
        sqlite3_reset(st);
    }
    return product;
}

void sqlite_read_ops(struct table_ops *ops) {
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
