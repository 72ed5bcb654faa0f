/* SPDX-License-Identifier: Apache-2.0 */

/* A store in a PostgreSQL database: read through a cursor in one moment of it, written by COPY in one transaction under
 * the lock on the plant's row, which keeps daemons out.
 *
 * libpq's plain interface: this is a tool's, at whose end a person sits who can interrupt it. */

#include "base/arena.h"
#include "daemon/store/copy.h"
#include "daemon/store/postgres_schema.h"
#include "daemon/store/schema.h"
#include "daemon/store/store.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FETCH_ROWS = 5000, SEND_ROOM = 1 << 16, SESSION_END_TRIES = 60, OID_BYTEA = 17, OID_TEXT = 25 };
static const char scheme[] = "postgresql:";

struct side {
    PGconn *conn;
    struct arena *arena;
    int64_t plant;
    /* from */
    PGresult *page;
    int row;
    uint8_t *bytes[COPY_COLUMNS_MAX]; /* PQfreemem */
    /* to */
    bool copying;
    char *line;
    size_t length, room;
    size_t columns;
};

static int failed(struct side *s, const char *what, struct takt_error *err) {
    const char *text = PQerrorMessage(s->conn);
    return takt_fail(err, TAKT_ESTORE, "the database: %.*s (%.80s)", (int)strcspn(text, "\n"), text, what);
}

static PGresult *ask(struct side *s, const char *sql, struct takt_error *err) {
    PGresult *r = PQexec(s->conn, sql);
    ExecStatusType status = PQresultStatus(r);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_COPY_IN)
        return r;
    failed(s, sql, err);
    PQclear(r);
    return NULL;
}

static int run(struct side *s, const char *sql, struct takt_error *err) {
    PGresult *r = ask(s, sql, err);
    PQclear(r);
    return r != NULL ? 0 : TAKT_ESTORE;
}

static void forget_bytes(struct side *s) {
    for (size_t i = 0; i < COPY_COLUMNS_MAX; i++) {
        PQfreemem(s->bytes[i]);
        s->bytes[i] = NULL;
    }
}

static void close_side(void *self) {
    struct side *s = self;
    if (s == NULL)
        return;
    forget_bytes(s);
    PQclear(s->page);
    PQfinish(s->conn); /* the server rolls back what was not committed */
    arena_free(s->arena);
    free(s->line);
    free(s);
}

static struct side *new_side(void) {
    struct side *s = takt_alloc(sizeof *s);
    s->arena = arena_new();
    return s;
}

static int connect(struct side *s, const char *url, struct takt_error *err) {
    const char *const keys[] = {"dbname", "fallback_application_name", NULL};
    const char *const values[] = {url, "taktctl", NULL};
    s->conn = PQconnectdbParams(keys, values, 1);
    if (s->conn == NULL)
        takt_no_memory();
    if (PQstatus(s->conn) != CONNECTION_OK)
        return failed(s, "connect", err);
    return run(s,
               "SET search_path = takt; SET client_min_messages = warning; SET client_encoding = 'UTF8'; "
               "SET bytea_output = 'hex'; SET extra_float_digits = 0; SET jit = off",
               err);
}

/* The plant's number is put for :plant. */
static int number(void *self, const char *sql, int64_t *ret, struct takt_error *err) {
    struct side *s = self;
    const char *place;
    char *text = takt_alloc(strlen(sql) * 4 + 64), *at = text;
    while ((place = strstr(sql, ":plant")) != NULL) {
        at += sprintf(at, "%.*s%lld", (int)(place - sql), sql, (long long)s->plant);
        sql = place + strlen(":plant");
    }
    strcpy(at, sql);
    PGresult *r = ask(s, text, err);
    free(text);
    if (r == NULL)
        return TAKT_ESTORE;
    *ret = PQntuples(r) > 0 && !PQgetisnull(r, 0, 0) ? strtoll(PQgetvalue(r, 0, 0), NULL, 10) : 0;
    PQclear(r);
    return 0;
}

static int find_plant(struct side *s, const char *wanted, char ret_id[COPY_PLANT_SIZE], struct takt_error *err) {
    const char *values[] = {wanted};
    PGresult *r = PQexecParams(s->conn, "SELECT plant, id FROM plant WHERE $1 IN ('', id) ORDER BY id", 1, NULL, values,
                               NULL, NULL, 0);
    int code = 0, count = PQntuples(r);
    if (PQresultStatus(r) != PGRES_TUPLES_OK) {
        code = strcmp(PQresultErrorField(r, PG_DIAG_SQLSTATE) != NULL ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : "",
                      "42P01") == 0
                   ? takt_fail(err, TAKT_ENOENT, "there is no store of takt in the database")
                   : failed(s, "plant", err);
    } else if (count == 0) {
        code = takt_fail(err, TAKT_ENOENT, "the database holds no plant%s%s%s", *wanted != '\0' ? " '" : "", wanted,
                         *wanted != '\0' ? "'" : "");
    } else if (count > 1) {
        code = takt_fail(err, TAKT_EINVAL, "the database holds %d plants, '%s' and '%s' among them: say which", count,
                         PQgetvalue(r, 0, 1), PQgetvalue(r, 1, 1));
    } else {
        s->plant = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
        snprintf(ret_id, COPY_PLANT_SIZE, "%s", PQgetvalue(r, 0, 1));
    }
    PQclear(r);
    return code;
}

static int count_daemons(struct side *s, int64_t *ret, struct takt_error *err) {
    int code = run(s, "SELECT pg_stat_clear_snapshot()", err); /* or it would say the same for the whole transaction */
    return code != 0 ? code
                     : number(s,
                              "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                              "AND application_name = 'taktd'",
                              ret, err);
}

/* The server takes a moment to see that a session has ended, such as that by which a store was made just now. */
static int refuse_daemons(void *self, struct takt_error *err) {
    const struct timespec pause = {.tv_nsec = 50000000};
    int64_t daemons = 0;
    int code = count_daemons(self, &daemons, err);
    for (int i = 0; code == 0 && daemons > 0 && i < SESSION_END_TRIES; i++) {
        nanosleep(&pause, NULL);
        code = count_daemons(self, &daemons, err);
    }
    if (code == 0 && daemons > 0)
        return takt_fail(err, TAKT_EBUSY, "a daemon works with this database; stop it first");
    return code;
}

/* ---- from ---- */

static int read_head(struct side *s, struct copy_head *ret, struct takt_error *err) {
    const struct {
        const char *sql;
        int64_t *to;
    } numbers[] = {
        {"SELECT max(version) FROM schema_version", &ret->schema},
        {"SELECT change FROM state WHERE plant = :plant", &ret->change},
        {"SELECT cursor FROM state WHERE plant = :plant", &ret->cursor},
        {"SELECT coalesce(least((SELECT min(accepted_at_s) FROM body WHERE plant = :plant), "
         "(SELECT min(at_s) FROM event WHERE plant = :plant)), 9000000000000)",
         &ret->earliest_s},
        {"SELECT coalesce(greatest((SELECT max(accepted_at_s) FROM body WHERE plant = :plant), "
         "(SELECT max(at_s) FROM event WHERE plant = :plant)), 0)",
         &ret->latest_s},
    };
    int code = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && code == 0; i++)
        code = number(s, numbers[i].sql, numbers[i].to, err);
    return code;
}

static int open_source(const char *url, const char *plant, void **ret, struct copy_head *ret_head,
                       struct takt_error *err) {
    struct side *s = new_side();
    int code = connect(s, url, err);
    if (code == 0)
        code = run(s, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err);
    if (code == 0)
        code = find_plant(s, plant, ret_head->plant, err);
    if (code == 0)
        code = read_head(s, ret_head, err);
    if (code < 0) {
        close_side(s);
        return code;
    }
    *ret = s;
    return 0;
}

static int select_table(void *self, const struct copy_table *table, struct copy_columns *ret, struct takt_error *err) {
    struct side *s = self;
    char order[128];
    arena_clear(s->arena);
    PGresult *r = ask(s,
                      arena_printf(s->arena,
                                   "CLOSE ALL; SELECT attname FROM pg_attribute WHERE attrelid = 'takt.%s'::regclass "
                                   "AND attnum > 0 AND NOT attisdropped AND attname <> 'plant' ORDER BY attnum",
                                   table->name),
                      err);
    if (r == NULL)
        return TAKT_ESTORE;
    const char *list = "";
    for (ret->count = 0; (int)ret->count < PQntuples(r) && ret->count < COPY_COLUMNS_MAX; ret->count++) {
        const char *name = PQgetvalue(r, (int)ret->count, 0);
        snprintf(ret->names[ret->count], COPY_NAME_SIZE, "%s", name);
        list = arena_printf(s->arena, "%s%s%s", list, ret->count > 0 ? ", " : "", name);
    }
    PQclear(r);
    PQclear(s->page);
    s->page = NULL;
    s->row = 0;
    s->columns = ret->count;
    copy_order_text(table, " COLLATE \"C\"", order, sizeof order);
    return run(s,
               arena_printf(s->arena, "DECLARE c NO SCROLL CURSOR FOR SELECT %s FROM %s WHERE plant = %lld ORDER BY %s",
                            list, table->name, (long long)s->plant, order),
               err);
}

static void read_value(struct side *s, int column, struct copy_value *ret) {
    *ret = (struct copy_value){.kind = COPY_NULL};
    if (PQgetisnull(s->page, s->row, column))
        return;
    const char *text = PQgetvalue(s->page, s->row, column);
    switch (PQftype(s->page, column)) {
    case OID_TEXT:
        *ret = (struct copy_value){
            .kind = COPY_TEXT, .bytes = text, .length = (size_t)PQgetlength(s->page, s->row, column)};
        return;
    case OID_BYTEA:
        ret->kind = COPY_BYTES;
        s->bytes[column] = PQunescapeBytea((const unsigned char *)text, &ret->length);
        if (s->bytes[column] == NULL)
            takt_no_memory();
        ret->bytes = (const char *)s->bytes[column];
        return;
    default:
        *ret = (struct copy_value){.kind = COPY_INTEGER, .integer = strtoll(text, NULL, 10)};
    }
}

static int read_row(void *self, struct copy_value *ret, struct takt_error *err) {
    struct side *s = self;
    forget_bytes(s);
    if (s->page == NULL || s->row == PQntuples(s->page)) {
        if (s->page != NULL && PQntuples(s->page) < FETCH_ROWS)
            return 0;
        char sql[64];
        PQclear(s->page);
        snprintf(sql, sizeof sql, "FETCH %d FROM c", FETCH_ROWS);
        s->page = ask(s, sql, err);
        s->row = 0;
        if (s->page == NULL)
            return TAKT_ESTORE;
        if (PQntuples(s->page) == 0)
            return 0;
    }
    for (size_t i = 0; i < s->columns; i++)
        read_value(s, (int)i, &ret[i]);
    s->row++;
    return 1;
}

const struct copy_source_kind copy_from_postgres = {.scheme = scheme,
                                                    .open = open_source,
                                                    .table = select_table,
                                                    .row = read_row,
                                                    .number = number,
                                                    .alone = refuse_daemons,
                                                    .close = close_side};

/* ---- to ---- */

/* By opening it once as a daemon does. */
static int make_schema(const char *url, const char *plant, struct takt_error *err) {
    struct store_config config = {.url = url, .plant = plant, .create = true};
    struct store *store;
    int code = store_open(&config, &store, err);
    if (code == 0)
        store_close(store);
    return code;
}

/* Those of other plants too: what they hold could not be told from ours. */
static int keep_daemons_out(struct side *s, struct takt_error *err) {
    int64_t there;
    int code = run(s, "SET lock_timeout = 5000; BEGIN", err);
    if (code == 0)
        code = number(s, "SELECT 1 FROM state WHERE plant = :plant FOR UPDATE", &there, err);
    return code < 0 ? code : refuse_daemons(s, err);
}

static int make_room(struct side *s, const struct copy_head *head, bool replace, struct takt_error *err) {
    int64_t change = 0, epoch = 0;
    int code = number(s, "SELECT change FROM state WHERE plant = :plant", &change, err);
    if (code == 0)
        code = number(s, "SELECT epoch FROM state WHERE plant = :plant", &epoch, err);
    if (code == 0 && change + epoch > 0 && !replace)
        code = copy_not_empty(head, "the plant's part of the database", change, err);
    for (size_t i = 0; i < copy_table_count && code == 0; i++)
        if (copy_table_in(&copy_tables[i], SCHEMA_VERSION))
            code = run(s,
                       arena_printf(s->arena, "DELETE FROM %s WHERE plant = %lld", copy_tables[i].name,
                                    (long long)s->plant),
                       err);
    return code;
}

static int make_months(struct side *s, const struct copy_head *head, struct takt_error *err) {
    static const char *const tables[] = {"body", "event"};
    int code = 0;
    if (head->latest_s < head->earliest_s || head->earliest_s < 0 || head->latest_s > TAKT_TIME_MAX_S)
        return 0;
    for (int32_t month = pg_month_of(head->earliest_s); month <= pg_month_of(head->latest_s) && code == 0; month++)
        for (size_t i = 0; i < sizeof tables / sizeof tables[0] && code == 0; i++)
            code = run(s, pg_partition_text(tables[i], month, s->arena), err);
    return code;
}

static int open_sink(const char *url, const struct copy_head *head, bool replace, void **ret, struct takt_error *err) {
    struct side *s = new_side();
    char id[COPY_PLANT_SIZE];
    int code = make_schema(url, head->plant, err);
    if (code == 0)
        code = connect(s, url, err);
    if (code == 0)
        code = find_plant(s, head->plant, id, err);
    if (code == 0)
        code = keep_daemons_out(s, err);
    if (code == 0)
        code = make_room(s, head, replace, err);
    if (code == 0)
        code = make_months(s, head, err);
    if (code < 0) {
        close_side(s);
        return code;
    }
    *ret = s;
    return 0;
}

static int send_lines(struct side *s, struct takt_error *err) {
    bool good = s->length == 0 || PQputCopyData(s->conn, s->line, (int)s->length) == 1;
    s->length = 0;
    return good ? 0 : failed(s, "COPY", err);
}

static int end_table(struct side *s, struct takt_error *err) {
    if (!s->copying)
        return 0;
    s->copying = false;
    int code = send_lines(s, err);
    if (code == 0 && PQputCopyEnd(s->conn, NULL) != 1)
        code = failed(s, "COPY", err);
    for (PGresult *r; (r = PQgetResult(s->conn)) != NULL; PQclear(r))
        if (PQresultStatus(r) != PGRES_COMMAND_OK && code == 0)
            code = failed(s, "COPY", err);
    return code;
}

static int begin_table(void *self, const struct copy_table *table, const struct copy_columns *columns,
                       struct takt_error *err) {
    struct side *s = self;
    int code = end_table(s, err);
    arena_clear(s->arena);
    const char *list = "plant";
    for (size_t i = 0; i < columns->count; i++)
        list = arena_printf(s->arena, "%s, %s", list, columns->names[i]);
    s->columns = columns->count;
    if (code == 0)
        code = run(s, arena_printf(s->arena, "COPY %s (%s) FROM STDIN", table->name, list), err);
    s->copying = code == 0;
    return code;
}

static void put(struct side *s, const char *bytes, size_t length) {
    if (s->length + length > s->room) {
        s->room = (s->length + length) * 2 + SEND_ROOM;
        s->line = takt_realloc(s->line, s->room, 1);
    }
    memcpy(s->line + s->length, bytes, length);
    s->length += length;
}

static void put_text(struct side *s, const char *text, size_t length) {
    static const char special[] = "\\\n\r\t", letters[] = "\\nrt";
    for (size_t i = 0; i < length; i++) {
        const char *found = text[i] != '\0' ? strchr(special, text[i]) : NULL;
        if (found != NULL)
            put(s, (const char[]){'\\', letters[found - special]}, 2);
        else
            put(s, &text[i], 1);
    }
}

static void put_value(struct side *s, const struct copy_value *v) {
    char text[32];
    switch (v->kind) {
    case COPY_NULL:
        put(s, "\\N", 2);
        break;
    case COPY_INTEGER:
        put(s, text, (size_t)sprintf(text, "%lld", (long long)v->integer));
        break;
    case COPY_TEXT:
        put_text(s, v->bytes, v->length);
        break;
    case COPY_BYTES:
        put(s, "\\\\x", 3);
        for (size_t i = 0; i < v->length; i++)
            put(s, text, (size_t)sprintf(text, "%02x", (unsigned)(uint8_t)v->bytes[i]));
        break;
    }
}

static int write_row(void *self, const struct copy_value *values, struct takt_error *err) {
    struct side *s = self;
    char plant[32];
    put(s, plant, (size_t)sprintf(plant, "%lld", (long long)s->plant));
    for (size_t i = 0; i < s->columns; i++) {
        put(s, "\t", 1);
        put_value(s, &values[i]);
    }
    put(s, "\n", 1);
    return s->length < SEND_ROOM ? 0 : send_lines(s, err);
}

static int finish(void *self, struct takt_error *err) {
    struct side *s = self;
    int code = end_table(s, err);
    if (code < 0)
        return code;
    PGresult *r = ask(s, "COMMIT", err);
    bool done = r != NULL && strcmp(PQcmdStatus(r), "COMMIT") == 0;
    PQclear(r);
    if (done)
        PQclear(PQexec(s->conn, "ANALYZE"));
    return done ? 0 : takt_fail(err, TAKT_ESTORE, "the database rolled the copy back");
}

const struct copy_sink_kind copy_to_postgres = {
    .scheme = scheme, .open = open_sink, .table = begin_table, .row = write_row, .finish = finish, .close = close_side};
