/* SPDX-License-Identifier: Apache-2.0 */

/* Statements of the PostgreSQL back end: prepared once a connection, parameters and results in binary.
 *
 * An array on the wire: dimensions (1), whether NULLs are in it, the type of the elements, their number, the first
 * index (1), then each element with its length before it (-1: NULL); all of them 32 bits, the high byte first. A column
 * of a batch is such an array that grows; its head is written when it is sent. */

#include "daemon/store/postgres_statement.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARAMS_MAX = 48, ARRAY_HEAD = 20, NUMBER_SIZE = 8 };
enum {
    OID_BYTEA = 17,
    OID_INT8 = 20,
    OID_TEXT = 25,
    OID_BYTEA_ARRAY = 1001,
    OID_TEXT_ARRAY = 1009,
    OID_INT8_ARRAY = 1016
};

#define X(name) ", " #name
static const char state_get[] = "SELECT 0" STATE_FIELDS(X) " FROM state WHERE plant = $1";
static const char state_lock[] = "SELECT 0" STATE_FIELDS(X) " FROM state WHERE plant = $1 FOR UPDATE";
#undef X

static const struct {
    const char *sql, *types;
    unsigned tables;
} statements[PG_STATEMENT_COUNT] = {
#define X(name, in, types, sql) [PG_##name] = {sql, types, in},
    PG_STATEMENTS(X)
#undef X
        [PG_STATE_GET] = {state_get, "", 0},
    [PG_STATE_LOCK] = {state_lock, "", 0},
    [PG_STATE_MATCH] = {NULL, "", 0},
    [PG_STATE_PUT] = {NULL, "", 0},
};

/* What a failure says it happened in. */
static const char *const texts[PG_STATEMENT_COUNT] = {
#define X(name, in, types, sql) [PG_##name] = #name,
    PG_STATEMENTS(X)
#undef X
        [PG_STATE_GET] = "STATE_GET",
    [PG_STATE_LOCK] = "STATE_LOCK",
    [PG_STATE_MATCH] = "STATE_MATCH",
    [PG_STATE_PUT] = "STATE_PUT",
};

/* ---- failures ---- */

int pg_failed(struct postgres_store *s) {
    if (s->failed == 0) {
        s->failed = s->link->failure.code != 0 ? s->link->failure.code : TAKT_ESTORE;
        s->trouble = s->link->trouble;
    }
    return s->failed;
}

int pg_damaged(struct postgres_store *s, const char *what) {
    if (s->failed == 0) {
        s->link->trouble = LINK_FAILED;
        takt_error_clear(&s->link->failure);
        takt_fail(&s->link->failure, TAKT_ESTORE, "the store is damaged: %s (%s)", what, s->link->where);
    }
    return pg_failed(s);
}

/* ---- bytes on the wire ---- */

static void put32(char *at, int32_t value) {
    uint32_t n = htonl((uint32_t)value);
    memcpy(at, &n, sizeof n);
}

static void put64(char *at, int64_t value) {
    put32(at, (int32_t)((uint64_t)value >> 32));
    put32(at + 4, (int32_t)((uint64_t)value & UINT32_MAX));
}

struct value { /* bytes NULL: NULL */
    const char *bytes;
    size_t length;
    char number[NUMBER_SIZE];
};

static void set_number(struct value *v, int64_t n, bool null) {
    put64(v->number, n);
    v->bytes = null ? NULL : v->number;
    v->length = NUMBER_SIZE;
}

static void take_value(struct value *v, char type, va_list *args) {
    int64_t n = 0;
    bool null = false;
    switch (type) {
    case 's':
        v->bytes = va_arg(*args, const char *);
        v->bytes = v->bytes != NULL ? v->bytes : "";
        v->length = strlen(v->bytes);
        return;
    case 'b':
        v->bytes = va_arg(*args, const char *);
        v->length = STORE_HASH_SIZE;
        return;
    case 'i':
        n = va_arg(*args, int64_t);
        break;
    case 'u':
        n = (int64_t)va_arg(*args, uint64_t);
        break;
    case 'n':
        n = va_arg(*args, int);
        break;
    case 'w':
        n = va_arg(*args, uint32_t);
        break;
    case 't':
        n = va_arg(*args, int64_t);
        null = n == TAKT_TIME_NONE;
        break;
    case 'd':
        n = va_arg(*args, int32_t);
        null = n == TAKT_DAY_NONE;
        break;
    default:
        assert(!"a type of postgres_statement.h");
    }
    set_number(v, n, null);
}

static Oid type_oid(char type, bool array) {
    if (type == 's')
        return array ? OID_TEXT_ARRAY : OID_TEXT;
    if (type == 'b')
        return array ? OID_BYTEA_ARRAY : OID_BYTEA;
    return array ? OID_INT8_ARRAY : OID_INT8;
}

/* ---- running one ---- */

static const char *const state_names[] = {
#define X(name) #name,
    STATE_FIELDS(X)
#undef X
};
enum { STATE_COUNT = sizeof state_names / sizeof state_names[0] };

/* What puts the fields of state, and what divides by zero if they are not as they should be. */
static const char *state_text(enum pg_statement id, char *buffer, size_t size) {
    bool put = id == PG_STATE_PUT;
    int used = snprintf(buffer, size, put ? "UPDATE state SET " : "SELECT 1 / count(*) FROM (SELECT FROM state WHERE ");
    for (size_t i = 0; i < STATE_COUNT; i++)
        used += snprintf(buffer + used, size - (size_t)used, "%s%s = $%zu",
                         i == 0 ? ""
                         : put  ? ", "
                                : " AND ",
                         state_names[i], i + 2);
    snprintf(buffer + used, size - (size_t)used, put ? " WHERE plant = $1" : " AND plant = $1 FOR UPDATE NOWAIT) s");
    return buffer;
}

/* In a pipe it is not waited for: if it fails, so does what uses it, and all are prepared anew (pg_unprepare). */
static int prepare(struct postgres_store *s, enum pg_statement id, const char *name) {
    const char *types = statements[id].types, *sql = statements[id].sql;
    char buffer[2048];
    bool array = types[0] == '*';
    Oid oids[PARAMS_MAX] = {OID_INT8};
    size_t count = strlen(types) - array;
    for (size_t i = 0; i < count; i++)
        oids[i + 1] = type_oid(types[i + array], array);
    if (sql == NULL) {
        sql = state_text(id, buffer, sizeof buffer);
        count = STATE_COUNT;
        for (size_t i = 0; i < count; i++)
            oids[i + 1] = OID_INT8;
    }
    int sent = PQsendPrepare(s->link->conn, name, sql, (int)count + 1, oids);
    if (s->link->piped) {
        s->prepared[id] = link_push(s->link, sent, sql) == 0;
    } else {
        PGresult *r = link_answer(s->link, sent, sql);
        s->prepared[id] = r != NULL;
        PQclear(r);
    }
    return s->prepared[id] ? 0 : pg_failed(s);
}

/* values: those after the plant. Returns what libpq says of sending, or a failure that is noted (below 0). */
static int send_values(struct postgres_store *s, enum pg_statement id, const struct value *values, size_t count) {
    const char *bytes[PARAMS_MAX];
    int lengths[PARAMS_MAX], formats[PARAMS_MAX];
    char name[16];
    struct value plant;
    if (s->failed != 0)
        return s->failed;
    if (s->link->conn == NULL)
        return pg_failed(s);
    snprintf(name, sizeof name, "t%d", (int)id);
    if (!s->prepared[id] && prepare(s, id, name) < 0)
        return s->failed;
    set_number(&plant, s->plant, false);
    for (size_t i = 0; i <= count; i++) {
        const struct value *v = i == 0 ? &plant : &values[i - 1];
        bytes[i] = v->bytes;
        lengths[i] = (int)v->length;
        formats[i] = 1;
    }
    return PQsendQueryPrepared(s->link->conn, name, (int)count + 1, bytes, lengths, formats, 1);
}

static PGresult *ask_values(struct postgres_store *s, enum pg_statement id, const struct value *values, size_t count) {
    if (s->going_ahead && s->failed == 0)
        s->failed = TAKT_ESTORE;
    int sent = send_values(s, id, values, count);
    if (sent < 0)
        return NULL;
    PGresult *r = link_answer(s->link, sent, texts[id]);
    if (r == NULL)
        pg_failed(s);
    return r;
}

/* One that gives nothing back: in a pipe what came of it shows later. */
static int do_values(struct postgres_store *s, enum pg_statement id, const struct value *values, size_t count) {
    int sent = send_values(s, id, values, count);
    if (sent < 0)
        return s->failed;
    if (s->link->piped)
        return link_push(s->link, sent, texts[id]) < 0 ? pg_failed(s) : 0;
    PGresult *r = link_answer(s->link, sent, texts[id]);
    PQclear(r);
    return r != NULL ? 0 : pg_failed(s);
}

static int send_batch(struct postgres_store *s, enum pg_statement id);

static int flush_tables(struct postgres_store *s, unsigned tables, enum pg_statement but) {
    int code = 0;
    for (size_t i = 0; i < PG_STATEMENT_COUNT && code == 0; i++) {
        if (s->batches[i].rows == 0 || i == (size_t)but || (statements[i].tables & tables) == 0)
            continue;
        code = send_batch(s, (enum pg_statement)i);
    }
    return code;
}

static bool take_values(struct postgres_store *s, enum pg_statement id, struct value *values, size_t *ret_count,
                        va_list *args) {
    *ret_count = strlen(statements[id].types);
    for (size_t i = 0; i < *ret_count; i++)
        take_value(&values[i], statements[id].types[i], args);
    return s->failed == 0 && flush_tables(s, statements[id].tables, PG_STATEMENT_COUNT) == 0;
}

PGresult *pg_query(struct postgres_store *s, enum pg_statement id, ...) {
    struct value values[PARAMS_MAX];
    size_t count;
    va_list args;
    va_start(args, id);
    PGresult *r = take_values(s, id, values, &count, &args) ? ask_values(s, id, values, count) : NULL;
    va_end(args);
    return r;
}

int pg_run(struct postgres_store *s, enum pg_statement id, ...) {
    struct value values[PARAMS_MAX];
    size_t count;
    va_list args;
    va_start(args, id);
    int code = take_values(s, id, values, &count, &args) ? do_values(s, id, values, count) : s->failed;
    va_end(args);
    s->wrote = true;
    return code;
}

static int do_state(struct postgres_store *s, enum pg_statement id, const struct store_state *state) {
    struct value values[PARAMS_MAX];
    size_t count = 0;
#define X(name) set_number(&values[count++], state->name, false);
    STATE_FIELDS(X)
#undef X
    return do_values(s, id, values, count);
}

int pg_put_state(struct postgres_store *s, const struct store_state *state) {
    return do_state(s, PG_STATE_PUT, state);
}

int pg_match_state(struct postgres_store *s, const struct store_state *state) {
    return do_state(s, PG_STATE_MATCH, state);
}

/* ---- batches ---- */

static void column_add(struct pg_column *c, const struct value *v) {
    size_t need = c->length + sizeof(int32_t) + v->length + (c->length == 0 ? ARRAY_HEAD : 0);
    if (need > c->room) {
        c->room = need + need / 2 + 256;
        c->bytes = takt_realloc(c->bytes, c->room, 1);
    }
    if (c->length == 0)
        c->length = ARRAY_HEAD;
    put32(c->bytes + c->length, v->bytes != NULL ? (int32_t)v->length : -1);
    c->length += sizeof(int32_t);
    c->rows++;
    c->nulls += v->bytes == NULL;
    if (v->bytes == NULL)
        return;
    memcpy(c->bytes + c->length, v->bytes, v->length);
    c->length += v->length;
}

static struct value column_value(const struct pg_column *c, char type) {
    put32(c->bytes, 1);
    put32(c->bytes + 4, c->nulls > 0);
    put32(c->bytes + 8, (int32_t)type_oid(type, false));
    put32(c->bytes + 12, c->rows);
    put32(c->bytes + 16, 1);
    return (struct value){.bytes = c->bytes, .length = c->length};
}

static void batch_clear(struct pg_batch *b) {
    b->rows = 0;
    for (size_t i = 0; i < BATCH_COLUMNS_MAX; i++)
        b->columns[i].length = 0, b->columns[i].rows = b->columns[i].nulls = 0;
}

static size_t batch_values(const struct pg_batch *b, enum pg_statement id, struct value *values) {
    const char *types = statements[id].types + 1;
    size_t count = strlen(types);
    for (size_t i = 0; i < count; i++)
        values[i] = column_value(&b->columns[i], types[i]);
    return count;
}

PGresult *pg_ask(struct postgres_store *s, enum pg_statement id) {
    struct pg_batch *b = &s->batches[id];
    struct value values[BATCH_COLUMNS_MAX];
    if (b->rows == 0 || s->failed != 0)
        return NULL;
    PGresult *r = ask_values(s, id, values, batch_values(b, id, values));
    batch_clear(b);
    return r;
}

static int send_batch(struct postgres_store *s, enum pg_statement id) {
    struct pg_batch *b = &s->batches[id];
    struct value values[BATCH_COLUMNS_MAX];
    int code = do_values(s, id, values, batch_values(b, id, values));
    batch_clear(b); /* libpq has copied it */
    return code;
}

int pg_put(struct postgres_store *s, enum pg_statement id, ...) {
    struct pg_batch *b = &s->batches[id];
    const char *types = statements[id].types + 1;
    if (s->failed != 0)
        return s->failed;
    if (b->rows == 0 && flush_tables(s, statements[id].tables, id) < 0)
        return s->failed;
    va_list args;
    va_start(args, id);
    for (size_t i = 0; types[i] != '\0'; i++) {
        struct value v;
        take_value(&v, types[i], &args);
        column_add(&b->columns[i], &v);
    }
    va_end(args);
    b->rows++;
    s->wrote = true;
    if (b->rows < BATCH_ROWS_MAX)
        return 0;
    return send_batch(s, id);
}

int pg_flush(struct postgres_store *s) {
    return s->failed != 0 ? s->failed : flush_tables(s, ~0U, PG_STATEMENT_COUNT);
}

void pg_forget(struct postgres_store *s) {
    for (size_t i = 0; i < PG_STATEMENT_COUNT; i++)
        batch_clear(&s->batches[i]);
}

void pg_lane_use(struct postgres_store *s, struct pg_lane *lane) {
    s->link = &lane->link;
    s->prepared = lane->prepared;
    s->fetched = lane->fetched;
}

void pg_unprepare(struct postgres_store *s) {
    memset(s->prepared, 0, PG_STATEMENT_COUNT * sizeof *s->prepared);
}

void pg_batches_done(struct postgres_store *s) {
    for (size_t i = 0; i < PG_STATEMENT_COUNT; i++)
        for (size_t c = 0; c < BATCH_COLUMNS_MAX; c++)
            free(s->batches[i].columns[c].bytes);
}

/* ---- columns ---- */

const char *pg_text(const PGresult *r, int row, int column, struct arena *arena) {
    return arena_strndup(arena, PQgetvalue(r, row, column), (size_t)PQgetlength(r, row, column));
}

/* Of 2, 4 or 8 bytes. */
int64_t pg_int(const PGresult *r, int row, int column) {
    const unsigned char *bytes = (const unsigned char *)PQgetvalue(r, row, column);
    int length = PQgetisnull(r, row, column) ? 0 : PQgetlength(r, row, column);
    uint64_t n = length > 0 && (bytes[0] & 0x80) != 0 ? UINT64_MAX : 0;
    for (int i = 0; i < length; i++)
        n = n << 8 | bytes[i];
    return (int64_t)n;
}

int64_t pg_time(const PGresult *r, int row, int column) {
    return PQgetisnull(r, row, column) ? TAKT_TIME_NONE : pg_int(r, row, column);
}

int32_t pg_day(const PGresult *r, int row, int column) {
    return PQgetisnull(r, row, column) ? TAKT_DAY_NONE : (int32_t)pg_int(r, row, column);
}

bool pg_hash(const PGresult *r, int row, int column, uint8_t ret[STORE_HASH_SIZE]) {
    if (PQgetlength(r, row, column) != STORE_HASH_SIZE)
        return false;
    memcpy(ret, PQgetvalue(r, row, column), STORE_HASH_SIZE);
    return true;
}
