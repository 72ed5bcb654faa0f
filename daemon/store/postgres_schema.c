/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/postgres_schema.h"

#include "daemon/store/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERVER_VERSION_MIN = 150000, MONTHS = 12, DAY_S = 86400, MIGRATION_MS = 3600 * 1000 };

#define LOCK "SELECT pg_advisory_xact_lock(7809636)"

int pg_session_begin(struct postgres_store *s) {
    pg_unprepare(s);
    return link_run(s->link, PG_SESSION);
}

/* ---- reading one number ---- */

static int fail(struct postgres_store *s, struct takt_error *err) {
    return takt_fail(err, s->link->failure.code, "%s", s->link->failure.text);
}

/* The first column of the first row; *ret is left alone where there is none, or it is NULL. */
static int read_number(struct postgres_store *s, const char *sql, int64_t *ret, struct takt_error *err) {
    PGresult *r = link_query(s->link, sql);
    if (r == NULL)
        return fail(s, err);
    if (PQntuples(r) > 0 && !PQgetisnull(r, 0, 0))
        *ret = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
    PQclear(r);
    return 0;
}

static int run(struct postgres_store *s, const char *sql, struct takt_error *err) {
    return link_run(s->link, sql) == 0 ? 0 : fail(s, err);
}

/* ---- schema ---- */

static int check_server(struct postgres_store *s, struct takt_error *err) {
    int version = PQserverVersion(s->link->conn);
    const char *encoding = PQparameterStatus(s->link->conn, "server_encoding");
    if (version < SERVER_VERSION_MIN)
        return takt_fail(err, TAKT_EDATA, "the database at %s is PostgreSQL %d, takt needs %d or later", s->link->where,
                         version / 10000, SERVER_VERSION_MIN / 10000);
    if (encoding == NULL || strcmp(encoding, "UTF8") != 0)
        return takt_fail(err, TAKT_EDATA, "the encoding of the database at %s is %s, takt needs UTF8", s->link->where,
                         encoding != NULL ? encoding : "unknown");
    return 0;
}

static int read_version(struct postgres_store *s, bool create, int64_t *ret, struct takt_error *err) {
    int64_t schema = 0, table = 0;
    int code = read_number(s, "SELECT count(*) FROM pg_namespace WHERE nspname = 'takt'", &schema, err);
    if (code == 0)
        code =
            read_number(s, "SELECT count(*) FROM pg_tables WHERE schemaname = 'takt' AND tablename = 'schema_version'",
                        &table, err);
    if (code == 0 && table == 0 && !create)
        return takt_fail(err, TAKT_ENOENT, "there is no store of takt in the database at %s", s->link->where);
    if (code == 0 && schema == 0)
        code = run(s, "CREATE SCHEMA takt", err);
    if (code == 0 && table == 0)
        code = run(s,
                   "CREATE TABLE schema_version (version integer NOT NULL PRIMARY KEY, "
                   "migrated_at timestamptz NOT NULL DEFAULT now())",
                   err);
    if (code == 0)
        code = read_number(s, "SELECT max(version) FROM schema_version", ret, err);
    if (code == 0 && *ret > SCHEMA_VERSION)
        return takt_fail(err, TAKT_EDATA, "the store at %s is of a newer takt: its schema is %lld, this takt knows %d",
                         s->link->where, (long long)*ret, SCHEMA_VERSION);
    return code;
}

/* A migration may rewrite all that a plant has ever done, and nobody may write what it has already read: each publication
 * begins with its plant's row of state, so this waits for those under way, and a planner of before is fenced as soon as it
 * tries again. */
static int begin_migration(struct postgres_store *s, struct takt_error *err) {
    s->link->patience_ms = MIGRATION_MS;
    return run(s, "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '20s'; UPDATE state SET epoch = epoch + 1", err);
}

static int migrate(struct postgres_store *s, int version, struct takt_error *err) {
    struct arena *arena = arena_new();
    int code = run(s, schema_migration(version, SCHEMA_POSTGRES, arena), err);
    if (code == 0)
        code = run(s, arena_printf(arena, "INSERT INTO schema_version (version) VALUES (%d)", version), err);
    arena_free(arena);
    return code;
}

static int find_plant(struct postgres_store *s, bool create, struct takt_error *err) {
    struct arena *arena = arena_new();
    char *id = PQescapeLiteral(s->link->conn, s->plant_id, strlen(s->plant_id));
    if (id == NULL)
        takt_no_memory();
    s->plant = 0;
    int code = read_number(s, arena_printf(arena, "SELECT plant FROM plant WHERE id = %s", id), &s->plant, err);
    if (code == 0 && s->plant == 0 && !create)
        code = takt_fail(err, TAKT_ENOENT, "the store at %s holds no plant '%s'", s->link->where, s->plant_id);
    if (code == 0 && s->plant == 0)
        code =
            read_number(s,
                        arena_printf(arena,
                                     "WITH p AS (INSERT INTO plant (plant, id) SELECT coalesce(max(plant), 0) + 1, %s "
                                     "FROM plant RETURNING plant) INSERT INTO state (plant) SELECT plant FROM p "
                                     "RETURNING plant",
                                     id),
                        &s->plant, err);
    PQfreemem(id);
    arena_free(arena);
    return code;
}

static int commit(struct postgres_store *s, struct takt_error *err) {
    PGresult *r = link_query(s->link, "COMMIT");
    if (r == NULL)
        return fail(s, err);
    bool done = strcmp(PQcmdStatus(r), "COMMIT") == 0;
    PQclear(r);
    return done ? 0 : takt_fail(err, TAKT_ESTORE, "the database at %s rolled a migration back", s->link->where);
}

int pg_schema_open(struct postgres_store *s, bool create, struct takt_error *err) {
    int64_t version = 0;
    int code = check_server(s, err);
    if (code == 0)
        code = run(s, "BEGIN; " LOCK, err);
    if (code == 0)
        code = read_version(s, create, &version, err);
    if (code == 0 && version > 0 && version < SCHEMA_VERSION)
        code = begin_migration(s, err);
    for (int v = (int)version + 1; v <= SCHEMA_VERSION && code == 0; v++)
        code = migrate(s, v, err);
    if (code == 0)
        code = find_plant(s, create, err);
    if (code == 0) /* of processes that are long gone */
        code = run(s, "DELETE FROM writer WHERE seen_at < now() - interval '30 days'", err);
    if (code == 0)
        code = commit(s, err);
    s->link->patience_ms = 0;
    return code;
}

/* ---- months ---- */

int32_t pg_month_of(int64_t time_s) {
    int year, month, day;
    civil_from_day((int32_t)(time_s / DAY_S), &year, &month, &day);
    return year * MONTHS + month - 1;
}

static int64_t month_begin(int32_t month) {
    return (int64_t)day_from_civil(month / MONTHS, month % MONTHS + 1, 1) * DAY_S;
}

static const char *partition_name(const char *table, int32_t month, struct arena *arena) {
    return arena_printf(arena, "%s_%04d_%02d", table, month / MONTHS, month % MONTHS + 1);
}

const char *pg_partition_text(const char *table, int32_t month, struct arena *arena) {
    return arena_printf(arena, "CREATE TABLE IF NOT EXISTS %s PARTITION OF %s FOR VALUES FROM (%lld) TO (%lld)",
                        partition_name(table, month, arena), table, (long long)month_begin(month),
                        (long long)month_begin(month + 1));
}

static int make_partition(struct postgres_store *s, const char *table, int32_t month, struct arena *arena) {
    const char *name = partition_name(table, month, arena);
    int64_t there = 0;
    int code = read_number(s,
                           arena_printf(arena,
                                        "SELECT count(*) FROM pg_tables WHERE schemaname = 'takt' AND "
                                        "tablename = '%s'",
                                        name),
                           &there, NULL);
    if (code < 0 || there != 0)
        return code;
    return link_run(s->link,
                    arena_printf(arena, "BEGIN; " LOCK "; %s; COMMIT", pg_partition_text(table, month, arena)));
}

static int make_month(struct postgres_store *s, int32_t month) {
    struct arena *arena = arena_new();
    int code = make_partition(s, "body", month, arena);
    if (code == 0)
        code = make_partition(s, "event", month, arena);
    arena_free(arena);
    if (code < 0 && !link_lost(s->link))
        PQclear(link_query(s->link, "ROLLBACK"));
    if (code < 0)
        return code;
    ARRAY_GROW(s->months, s->month_count, s->month_room);
    s->months[s->month_count++] = month;
    return 0;
}

/* What lies outside of the calendar goes to the partition for all others. */
static bool has_time(const struct postgres_store *s, int64_t time_s) {
    if (time_s < 0 || time_s > TAKT_TIME_MAX_S)
        return true;
    int32_t month = pg_month_of(time_s);
    for (size_t i = s->month_count; i > 0; i--)
        if (s->months[i - 1] == month)
            return true;
    return false;
}

static int need_time(struct postgres_store *s, int64_t time_s) {
    return has_time(s, time_s) ? 0 : make_month(s, pg_month_of(time_s));
}

bool pg_schema_has_months(const struct postgres_store *s, const struct store_request *accepts) {
    for (; accepts != NULL; accepts = accepts->next)
        if (!has_time(s, ((const struct store_accept *)accepts)->now_s))
            return false;
    return true;
}

static int need_times(struct postgres_store *s, const struct store_request *r) {
    int code = 0;
    switch (r->op) {
    case STORE_ACCEPT:
        return need_time(s, ((const struct store_accept *)r)->now_s);
    case STORE_CANCEL:
        return need_time(s, ((const struct store_cancel *)r)->now_s);
    case STORE_SHIPMENT:
        return need_time(s, ((const struct store_shipment *)r)->now_s);
    case STORE_PUBLISH: {
        const struct store_publish *q = (const struct store_publish *)r;
        for (size_t i = 0; i < q->event_count && code == 0; i++)
            code = need_time(s, q->events[i].at_s);
        return code;
    }
    default:
        return 0;
    }
}

int pg_schema_months(struct postgres_store *s, const struct store_request *chain) {
    int code = 0;
    for (const struct store_request *r = chain; r != NULL && code == 0; r = r->next)
        code = need_times(s, r);
    return code;
}
