/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/sqlite_statement.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

static const char *const texts[STATEMENT_COUNT] = {
#define X(name, sql) [SQL_##name] = sql,
    STATEMENTS(X)
#undef X
};

static const struct {
    int rc, code;
    const char *what;
} failures[] = {
    {SQLITE_FULL, TAKT_EFULL, "no space is left for the store"},
    {SQLITE_READONLY, TAKT_ESTORE, "the store cannot be written"},
    {SQLITE_CORRUPT, TAKT_ESTORE, "the store is damaged"},
    {SQLITE_NOTADB, TAKT_ESTORE, "the store is damaged"},
    {SQLITE_IOERR, TAKT_ESTORE, "input or output of the store failed"},
    {SQLITE_BUSY, TAKT_ESTORE, "another program keeps the store locked"},
    {SQLITE_CANTOPEN, TAKT_ESTORE, "a file of the store cannot be opened"},
};

/* What is to be told of a result code. A disk without room for the index of the log (-shm) is to SQLite an error of
 * input or output; whoever has to mend it needs the true cause. */
static int told_as(struct sqlite_store *s, int rc) {
    int cause = (rc & 0xff) == SQLITE_IOERR ? sqlite3_system_errno(s->db) : 0;
    return cause == ENOSPC || cause == EDQUOT ? SQLITE_FULL : rc & 0xff;
}

int sqlite_failed(struct sqlite_store *s, int rc, const char *what) {
    if (s->failed != 0)
        return s->failure.code;
    s->failed = rc;
    takt_error_clear(&s->failure);
    int told = told_as(s, rc);
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++)
        if (told == failures[i].rc)
            return takt_fail(&s->failure, failures[i].code, "%s: %s (%s, '%s')", failures[i].what,
                             sqlite3_errmsg(s->db), what, s->path);
    return takt_fail(&s->failure, TAKT_ESTORE, "the store failed: %s (%s, '%s')", sqlite3_errmsg(s->db), what, s->path);
}

static int bind_text(sqlite3_stmt *st, int at, const char *text) {
    return sqlite3_bind_text(st, at, text != NULL ? text : "", -1, SQLITE_STATIC);
}

static int bind_time(sqlite3_stmt *st, int at, int64_t time_s) {
    return time_s == TAKT_TIME_NONE ? sqlite3_bind_null(st, at) : sqlite3_bind_int64(st, at, time_s);
}

static int bind_day(sqlite3_stmt *st, int at, int32_t day) {
    return day == TAKT_DAY_NONE ? sqlite3_bind_null(st, at) : sqlite3_bind_int(st, at, day);
}

static int bind_all(sqlite3_stmt *st, const char *types, va_list args) {
    int rc = SQLITE_OK;
    for (int at = 1; *types != '\0' && rc == SQLITE_OK; types++, at++) {
        switch (*types) {
        case 'i':
            rc = sqlite3_bind_int64(st, at, va_arg(args, int64_t));
            break;
        case 'u':
            rc = sqlite3_bind_int64(st, at, (int64_t)va_arg(args, uint64_t));
            break;
        case 'n':
            rc = sqlite3_bind_int64(st, at, va_arg(args, int));
            break;
        case 'w':
            rc = sqlite3_bind_int64(st, at, va_arg(args, uint32_t));
            break;
        case 's':
            rc = bind_text(st, at, va_arg(args, const char *));
            break;
        case 't':
            rc = bind_time(st, at, va_arg(args, int64_t));
            break;
        case 'd':
            rc = bind_day(st, at, va_arg(args, int32_t));
            break;
        case 'b':
            rc = sqlite3_bind_blob(st, at, va_arg(args, const uint8_t *), STORE_HASH_SIZE, SQLITE_STATIC);
            break;
        default:
            rc = SQLITE_MISUSE;
        }
    }
    return rc;
}

static sqlite3_stmt *query(struct sqlite_store *s, enum statement id, const char *types, va_list args) {
    /* a key that is added by itself has nothing to do with orders that wait */
    if (s->failed != 0 || (id != SQL_KEY_ADD && sqlite_flush(s) < 0))
        return NULL;
    int rc = SQLITE_OK;
    if (s->statements[id] == NULL)
        rc = sqlite3_prepare_v3(s->db, texts[id], -1, SQLITE_PREPARE_PERSISTENT, &s->statements[id], NULL);
    if (rc == SQLITE_OK)
        rc = bind_all(s->statements[id], types, args);
    if (rc == SQLITE_OK)
        return s->statements[id];
    sqlite_failed(s, rc, texts[id]);
    return NULL;
}

sqlite3_stmt *sqlite_query(struct sqlite_store *s, enum statement id, const char *types, ...) {
    va_list args;
    va_start(args, types);
    sqlite3_stmt *st = query(s, id, types, args);
    va_end(args);
    return st;
}

int sqlite_row(struct sqlite_store *s, sqlite3_stmt *st) {
    if (st == NULL)
        return s->failure.code;
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        return 1;
    int code = rc == SQLITE_DONE ? 0 : sqlite_failed(s, rc, sqlite3_sql(st));
    sqlite3_reset(st);
    return code;
}

int sqlite_run(struct sqlite_store *s, enum statement id, const char *types, ...) {
    va_list args;
    va_start(args, types);
    sqlite3_stmt *st = query(s, id, types, args);
    va_end(args);
    return sqlite_row(s, st);
}

int sqlite_flush(struct sqlite_store *s) {
    if (s->fresh.count == 0 || s->fresh.writing)
        return 0;
    s->fresh.writing = true;
    int code = s->careful > 0 ? 0 : sqlite_run(s, SQL_KEYS_FRESH, "");
    if (code == 0)
        code = sqlite_run(s, SQL_ORDERS_FRESH, "");
    if (code == 0)
        code = sqlite_run(s, SQL_BODIES_FRESH, "");
    s->fresh.writing = false;
    fresh_clear(&s->fresh);
    return code;
}

const char *column_text(sqlite3_stmt *st, int column, struct arena *arena) {
    const char *text = (const char *)sqlite3_column_text(st, column);
    return text == NULL ? "" : arena_strndup(arena, text, (size_t)sqlite3_column_bytes(st, column));
}

int64_t column_time(sqlite3_stmt *st, int column) {
    return sqlite3_column_type(st, column) == SQLITE_NULL ? TAKT_TIME_NONE : sqlite3_column_int64(st, column);
}

int32_t column_day(sqlite3_stmt *st, int column) {
    return sqlite3_column_type(st, column) == SQLITE_NULL ? TAKT_DAY_NONE : sqlite3_column_int(st, column);
}

bool column_hash(sqlite3_stmt *st, int column, uint8_t ret[STORE_HASH_SIZE]) {
    if (sqlite3_column_bytes(st, column) != STORE_HASH_SIZE)
        return false;
    memcpy(ret, sqlite3_column_blob(st, column), STORE_HASH_SIZE);
    return true;
}
