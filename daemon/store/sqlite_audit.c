/* SPDX-License-Identifier: Apache-2.0 */

/* The audit log and erasures in SQLite. */

#include "daemon/store/sqlite_statement.h"

static struct sqlite_store *self(struct tables *t) {
    return (struct sqlite_store *)t;
}

static int audit_add(struct tables *t, const struct audit_link *l) {
    return sqlite_run(self(t), SQL_AUDIT_ADD, "uiuuuuwwwbbsb", l->link, l->at_s, l->after_change, l->change,
                      l->after_promise, l->promise, l->accepted, l->promised, l->repromised, l->orders, l->promises,
                      l->detail, l->hash);
}

static void read_link(sqlite3_stmt *st, struct arena *arena, struct audit_link *r) {
    r->link = (uint64_t)sqlite3_column_int64(st, 0);
    r->at_s = sqlite3_column_int64(st, 1);
    r->after_change = (uint64_t)sqlite3_column_int64(st, 2);
    r->change = (uint64_t)sqlite3_column_int64(st, 3);
    r->after_promise = (uint64_t)sqlite3_column_int64(st, 4);
    r->promise = (uint64_t)sqlite3_column_int64(st, 5);
    r->accepted = (uint32_t)sqlite3_column_int64(st, 6);
    r->promised = (uint32_t)sqlite3_column_int64(st, 7);
    r->repromised = (uint32_t)sqlite3_column_int64(st, 8);
    r->detail = column_text(st, 11, arena);
}

static int audit_get(struct tables *t, uint64_t link, struct arena *arena, struct audit_link *ret) {
    struct sqlite_store *s = self(t);
    sqlite3_stmt *st = sqlite_query(s, SQL_AUDIT_GET, "u", link);
    int code = sqlite_row(s, st);
    if (code <= 0)
        return code < 0 ? code : TAKT_ENOENT;
    read_link(st, arena, ret);
    bool whole = column_hash(st, 9, ret->orders) && column_hash(st, 10, ret->promises) && column_hash(st, 12, ret->hash);
    sqlite3_reset(st);
    return whole ? 0 : sqlite_failed(s, SQLITE_CORRUPT, "a hash of the audit log");
}

/* ---- erasures ---- */

static int erasure_put(struct tables *t, const struct erasure_row *r) {
    return sqlite_run(self(t), SQL_ERASURE_PUT, "uitb", r->order, r->asked_at_s, r->erased_at_s, r->tag);
}

static bool read_erasure(sqlite3_stmt *st, struct erasure_row *r) {
    r->order = (uint64_t)sqlite3_column_int64(st, 0);
    r->order_ref = "";
    r->asked_at_s = sqlite3_column_int64(st, 1);
    r->erased_at_s = column_time(st, 2);
    return column_hash(st, 3, r->tag);
}

static int erasure_get(struct tables *t, uint64_t order, struct erasure_row *ret) {
    struct sqlite_store *s = self(t);
    sqlite3_stmt *st = sqlite_query(s, SQL_ERASURE_GET, "u", order);
    int code = sqlite_row(s, st);
    if (code <= 0)
        return code < 0 ? code : TAKT_ENOENT;
    bool whole = read_erasure(st, ret);
    sqlite3_reset(st);
    return whole ? 0 : sqlite_failed(s, SQLITE_CORRUPT, "the tag of an erasure");
}

static int erasures_page(struct tables *t, uint64_t after, size_t limit, struct erasure_row *ret, size_t *ret_count) {
    struct sqlite_store *s = self(t);
    sqlite3_stmt *st = sqlite_query(s, SQL_ERASURES_PAGE, "ui", after, (int64_t)limit);
    int code;
    bool whole = true;
    *ret_count = 0;
    while ((code = sqlite_row(s, st)) == 1)
        whole = read_erasure(st, &ret[(*ret_count)++]) && whole;
    return code == 0 && !whole ? sqlite_failed(s, SQLITE_CORRUPT, "the tag of an erasure") : code;
}

static int order_erase(struct tables *t, const struct order_row *row, uint64_t shipment) {
    struct sqlite_store *s = self(t);
    static const enum statement statements[] = {SQL_ERASE_BODY, SQL_ERASE_ORDER, SQL_ERASE_EVENTS};
    int code = 0;
    for (size_t i = 0; i < sizeof statements / sizeof statements[0] && code == 0; i++)
        code = sqlite_run(s, statements[i], "u", row->no);
    return code < 0 || shipment == 0 ? code : sqlite_run(s, SQL_ERASE_SHIPMENT, "u", shipment);
}

void sqlite_audit_ops(struct table_ops *ops) {
    ops->audit_add = audit_add;
    ops->audit_get = audit_get;
    ops->erasure_put = erasure_put;
    ops->erasure_get = erasure_get;
    ops->erasures_page = erasures_page;
    ops->order_erase = order_erase;
}
