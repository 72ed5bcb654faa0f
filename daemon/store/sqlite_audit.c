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

void sqlite_audit_ops(struct table_ops *ops) {
    ops->audit_add = audit_add;
    ops->audit_get = audit_get;
}
