/* SPDX-License-Identifier: Apache-2.0 */

/* A store in an SQLite file: read in one transaction of a connection of its own; written in one, while the store itself
 * is held open, which keeps daemons out (owner.h) and has made the schema. */

#include "base/arena.h"
#include "daemon/store/copy.h"
#include "daemon/store/owner.h"
#include "daemon/store/schema.h"
#include "daemon/store/store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUSY_MS = 5000, SQL_SIZE = 4096 };
static const char scheme[] = "sqlite:";

struct side {
    sqlite3 *db;
    sqlite3_stmt *st;
    struct store *store; /* of a sink */
    struct owner *owner; /* of a source that is to be alone */
    char *path;
    size_t columns;
};

static int failed(const struct side *s, const char *what, struct takt_error *err) {
    int rc = sqlite3_errcode(s->db);
    return takt_fail(err,
                     (rc & 0xff) == SQLITE_FULL     ? TAKT_EFULL
                     : (rc & 0xff) == SQLITE_NOTADB ? TAKT_EDATA
                                                    : TAKT_ESTORE,
                     "store '%s': %s (%s)", s->path, sqlite3_errmsg(s->db), what);
}

static int prepare(struct side *s, const char *sql, struct takt_error *err) {
    sqlite3_finalize(s->st);
    s->st = NULL;
    return sqlite3_prepare_v2(s->db, sql, -1, &s->st, NULL) == SQLITE_OK ? 0 : failed(s, sql, err);
}

static int exec(struct side *s, const char *sql, struct takt_error *err) {
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : failed(s, sql, err);
}

static void close_side(void *self) {
    struct side *s = self;
    if (s == NULL)
        return;
    sqlite3_finalize(s->st);
    sqlite3_close(s->db); /* rolls back what was not committed */
    store_close(s->store);
    owner_free(s->owner);
    free(s->path);
    free(s);
}

static int connect(struct side *s, struct takt_error *err) {
    if (sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return takt_fail(err, TAKT_ENOENT, "cannot open store '%s': %s", s->path, sqlite3_errmsg(s->db));
    sqlite3_busy_timeout(s->db, BUSY_MS);
    return 0;
}

/* ---- from ---- */

/* 1 stands for the plant in every query of this file. */
static int number(void *self, const char *sql, int64_t *ret, struct takt_error *err) {
    struct side *s = self;
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) != SQLITE_OK)
        return failed(s, sql, err);
    int place = sqlite3_bind_parameter_index(st, ":plant");
    if (place > 0)
        sqlite3_bind_int64(st, place, 1);
    int rc = sqlite3_step(st);
    int code = rc == SQLITE_ROW ? 0 : failed(s, sql, err);
    if (rc == SQLITE_ROW)
        *ret = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return code;
}

static int read_plant(struct side *s, const char *wanted, struct copy_head *ret, struct takt_error *err) {
    int code = prepare(s, "SELECT id FROM plant WHERE plant = 1", err);
    if (code < 0)
        return code;
    if (sqlite3_step(s->st) != SQLITE_ROW)
        return takt_fail(err, TAKT_EDATA, "'%s' is not a store of takt", s->path);
    snprintf(ret->plant, sizeof ret->plant, "%s", (const char *)sqlite3_column_text(s->st, 0));
    if (*wanted != '\0' && strcmp(wanted, ret->plant) != 0)
        return takt_fail(err, TAKT_ENOENT, "store '%s' is that of plant '%s', not of '%s'", s->path, ret->plant,
                         wanted);
    return 0;
}

static int read_head(struct side *s, const char *plant, struct copy_head *ret, struct takt_error *err) {
    const struct {
        const char *sql;
        int64_t *to;
    } numbers[] = {
        {"PRAGMA user_version", &ret->schema},
        {"SELECT change FROM state", &ret->change},
        {"SELECT cursor FROM state", &ret->cursor},
        {"SELECT min(coalesce((SELECT min(accepted_at_s) FROM body), 9000000000000), "
         "coalesce((SELECT min(at_s) FROM event), 9000000000000))",
         &ret->earliest_s},
        {"SELECT max(coalesce((SELECT max(accepted_at_s) FROM body), 0), coalesce((SELECT max(at_s) FROM event), 0))",
         &ret->latest_s},
    };
    int code = read_plant(s, plant, ret, err);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && code == 0; i++)
        code = number(s, numbers[i].sql, numbers[i].to, err);
    return code;
}

static int open_source(const char *url, const char *plant, void **ret, struct copy_head *ret_head,
                       struct takt_error *err) {
    struct side *s = takt_alloc(sizeof *s);
    s->path = takt_strdup(url + strlen(scheme));
    int code = connect(s, err);
    if (code == 0)
        code = exec(s, "PRAGMA query_only = 1; BEGIN", err);
    if (code == 0)
        code = read_head(s, plant, ret_head, err);
    if (code < 0) {
        close_side(s);
        return code;
    }
    *ret = s;
    return 0;
}

static int select_table(void *self, const struct copy_table *table, struct copy_columns *ret, struct takt_error *err) {
    struct side *s = self;
    char sql[SQL_SIZE], order[128];
    snprintf(sql, sizeof sql, "SELECT name FROM pragma_table_info('%s') WHERE name <> 'plant' ORDER BY cid",
             table->name);
    int code = prepare(s, sql, err);
    if (code < 0)
        return code;
    size_t used = (size_t)snprintf(sql, sizeof sql, "SELECT ");
    ret->count = 0;
    while (sqlite3_step(s->st) == SQLITE_ROW && ret->count < COPY_COLUMNS_MAX) {
        const char *name = (const char *)sqlite3_column_text(s->st, 0);
        snprintf(ret->names[ret->count], COPY_NAME_SIZE, "%s", name);
        used += (size_t)snprintf(sql + used, sizeof sql - used, "%s%s", ret->count > 0 ? ", " : "", name);
        ret->count++;
    }
    copy_order_text(table, "", order, sizeof order);
    snprintf(sql + used, sizeof sql - used, " FROM %s ORDER BY %s", table->name, order);
    s->columns = ret->count;
    return prepare(s, sql, err);
}

static void read_value(sqlite3_stmt *st, int column, struct copy_value *ret) {
    switch (sqlite3_column_type(st, column)) {
    case SQLITE_INTEGER:
        *ret = (struct copy_value){.kind = COPY_INTEGER, .integer = sqlite3_column_int64(st, column)};
        return;
    case SQLITE_NULL:
        *ret = (struct copy_value){.kind = COPY_NULL};
        return;
    case SQLITE_BLOB:
        *ret = (struct copy_value){.kind = COPY_BYTES, .bytes = sqlite3_column_blob(st, column)};
        break;
    default:
        *ret = (struct copy_value){.kind = COPY_TEXT, .bytes = (const char *)sqlite3_column_text(st, column)};
        break;
    }
    ret->length = (size_t)sqlite3_column_bytes(st, column);
}

static int read_row(void *self, struct copy_value *ret, struct takt_error *err) {
    struct side *s = self;
    int rc = sqlite3_step(s->st);
    if (rc != SQLITE_ROW)
        return rc == SQLITE_DONE ? 0 : failed(s, "read", err);
    for (size_t i = 0; i < s->columns; i++)
        read_value(s->st, (int)i, &ret[i]);
    return 1;
}

static int be_alone(void *self, struct takt_error *err) {
    struct side *s = self;
    return s->owner != NULL ? 0 : owner_take(s->path, &s->owner, err);
}

const struct copy_source_kind copy_from_sqlite = {.scheme = scheme,
                                                  .open = open_source,
                                                  .table = select_table,
                                                  .row = read_row,
                                                  .number = number,
                                                  .alone = be_alone,
                                                  .close = close_side};

/* ---- to ---- */

static int make_room(struct side *s, const struct copy_head *head, bool replace, struct takt_error *err) {
    int64_t change = 0, epoch = 0;
    char sql[64];
    int code = exec(s, "BEGIN IMMEDIATE", err);
    if (code == 0)
        code = number(s, "SELECT change FROM state", &change, err);
    if (code == 0)
        code = number(s, "SELECT epoch FROM state", &epoch, err);
    if (code == 0 && change + epoch > 0 && !replace)
        code = copy_not_empty(head, s->path, change, err);
    for (size_t i = 0; i < copy_table_count && code == 0; i++) {
        if (!copy_table_in(&copy_tables[i], SCHEMA_VERSION))
            continue;
        snprintf(sql, sizeof sql, "DELETE FROM %s", copy_tables[i].name);
        code = exec(s, sql, err);
    }
    return code;
}

static int open_sink(const char *url, const struct copy_head *head, bool replace, void **ret, struct takt_error *err) {
    struct side *s = takt_alloc(sizeof *s);
    struct store_config config = {.url = url, .plant = head->plant, .create = true};
    s->path = takt_strdup(url + strlen(scheme));
    int code = store_open(&config, &s->store, err);
    if (code == 0)
        code = connect(s, err);
    if (code == 0)
        code = exec(s, "PRAGMA synchronous = FULL", err);
    if (code == 0)
        code = make_room(s, head, replace, err);
    if (code < 0) {
        close_side(s);
        return code;
    }
    *ret = s;
    return 0;
}

static int insert_table(void *self, const struct copy_table *table, const struct copy_columns *columns,
                        struct takt_error *err) {
    char sql[SQL_SIZE];
    size_t used = (size_t)snprintf(sql, sizeof sql, "INSERT INTO %s (plant", table->name);
    for (size_t i = 0; i < columns->count; i++)
        used += (size_t)snprintf(sql + used, sizeof sql - used, ", %s", columns->names[i]);
    used += (size_t)snprintf(sql + used, sizeof sql - used, ") VALUES (1");
    for (size_t i = 0; i < columns->count; i++)
        used += (size_t)snprintf(sql + used, sizeof sql - used, ", ?");
    snprintf(sql + used, sizeof sql - used, ")");
    ((struct side *)self)->columns = columns->count;
    return prepare(self, sql, err);
}

static void bind(sqlite3_stmt *st, int place, const struct copy_value *v) {
    if (v->kind == COPY_INTEGER)
        sqlite3_bind_int64(st, place, v->integer);
    else if (v->kind == COPY_TEXT)
        sqlite3_bind_text(st, place, v->bytes, (int)v->length, SQLITE_STATIC);
    else if (v->kind == COPY_BYTES)
        sqlite3_bind_blob(st, place, v->bytes, (int)v->length, SQLITE_STATIC);
    else
        sqlite3_bind_null(st, place);
}

static int write_row(void *self, const struct copy_value *values, struct takt_error *err) {
    struct side *s = self;
    for (size_t i = 0; i < s->columns; i++)
        bind(s->st, (int)i + 1, &values[i]);
    int rc = sqlite3_step(s->st);
    sqlite3_reset(s->st);
    return rc == SQLITE_DONE ? 0 : failed(s, "write", err);
}

static int finish(void *self, struct takt_error *err) {
    struct side *s = self;
    sqlite3_finalize(s->st);
    s->st = NULL;
    return exec(s, "COMMIT", err);
}

const struct copy_sink_kind copy_to_sqlite = {.scheme = scheme,
                                              .open = open_sink,
                                              .table = insert_table,
                                              .row = write_row,
                                              .finish = finish,
                                              .close = close_side};
