/* SPDX-License-Identifier: Apache-2.0 */

/* The store in an SQLite file: the connection, transactions and what follows when one fails.
 *
 * One connection writes and reads; another brings what stands in the log into the file (sqlite_log.h, which has invariants of its own).
 * Journal WAL, synchronous=FULL: the log is synced before COMMIT returns.
 *
 * I1. A group is one transaction: BEGIN IMMEDIATE, its requests in order, state and counts, COMMIT. What a request
 * reads, it reads inside; codes are final only when COMMIT has returned.
 *
 * I2. After any failure the transaction is rolled back, and state and counts are loaded again before the next one.
 *
 * I3. A COMMIT that failed while the log was written or synced may have left a whole transaction in the log: this
 * process does not see it, but one that recovers after a crash would. SQLITE_FULL cannot (the frame that commits is the
 * last and was not written). After any other failure nothing runs until a small transaction has been committed over the
 * same place of the log (`settle`): from then on the failed one is gone for good. If that succeeds at once, the
 * requests are told TAKT_ESTORE, else TAKT_EUNKNOWN.
 *
 * I4. What recovery found in the log at open may never have reached the disk (an earlier process died of a failed
 * sync), so the log is checkpointed, which syncs it, before the first request.
 *
 * I5. What is taken away is overwritten in its page. After a group that erased, the log is emptied as well: pages of before
 * stand there. While somebody else reads the store that cannot be done, and is tried again after each group.
 *
 * I6. Most orders are new, so those of a group are written together (sqlite_fresh.h), their keys without a look. A group in
 * which one was there already is rolled back and run again with care: each key is added by itself, and so they are for some
 * groups more, because who sends one order again mostly sends more.
 *
 * A crash between any two steps leaves whole groups: SQLite's log is read up to the last frame that commits.
 *
 * The file is one plant's (table `plant`), and one process's (owner.h). Nothing is written while another file, or none,
 * has its name: what an unlinked file holds is durable for nobody. `application_id` tells it from other SQLite
 * files, `user_version` is the number of the last migration. */

#include "daemon/store/backend.h"
#include "daemon/store/operation.h"
#include "daemon/store/owner.h"
#include "daemon/store/schema.h"
#include "daemon/store/sqlite_statement.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { APPLICATION_ID = 0x74616b74 /* "takt" */, BUSY_MS = 2000, CAREFUL_GROUPS = 32 };

/* SQLite 3.40 looks at each page of its cache at the end of a commit in which a page was split: it has borrowed the highest page
 * number there is for a moment, and takes away all above the file's end. The system's cache has what this one has not. */
static const char *const settings[] = {
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON", /* I5 */
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -16384",           /* KiB; see above */
    "PRAGMA wal_autocheckpoint = 0",        /* sqlite_log.h */
    "PRAGMA journal_size_limit = 67108864", /* the log does not stay larger than this */
};

/* ---- state and counts ---- */

static const char state_get_text[] = "SELECT 0"
#define X(name) ", " #name
    STATE_FIELDS(X)
#undef X
        " FROM state WHERE plant = 1";

/* What stands first is ignored, since the column is set again. (`plant`, with an index, would cost a page each commit.) */
static const char state_put_text[] = "UPDATE state SET epoch = epoch"
#define X(name) ", " #name " = ?"
    STATE_FIELDS(X)
#undef X
        " WHERE plant = 1";

static int load_state(struct sqlite_store *s) {
    int rc = s->state_get == NULL ? sqlite3_prepare_v2(s->db, state_get_text, -1, &s->state_get, NULL) : SQLITE_OK;
    if (rc != SQLITE_OK)
        return sqlite_failed(s, rc, "state");
    int code = sqlite_row(s, s->state_get);
    if (code != 1)
        return code < 0 ? code : sqlite_failed(s, SQLITE_CORRUPT, "there is no state");
    int column = 1;
#define X(name) s->tables.state.name = sqlite3_column_int64(s->state_get, column++);
    STATE_FIELDS(X)
#undef X
    sqlite3_reset(s->state_get);
    s->committed = s->tables.state;
    return 0;
}

static int load_counts(struct sqlite_store *s) {
    sqlite3_stmt *st = sqlite_query(s, SQL_CREATOR_ALL, "");
    int code;
    while ((code = sqlite_row(s, st)) == 1) {
        const char *creator = (const char *)sqlite3_column_text(st, 0);
        struct creator_count *c = tables_creator(&s->tables, creator != NULL ? creator : "");
        for (int i = 0; i < ORDER_STATE_COUNT; i++)
            c->orders[i] = sqlite3_column_int64(st, 1 + i);
    }
    return code;
}

static int load(struct sqlite_store *s) {
    tables_forget(&s->tables);
    int code = load_state(s);
    if (code == 0)
        code = load_counts(s);
    s->stale = code != 0;
    return code;
}

static void save_state(struct sqlite_store *s) {
    if (s->failed != 0 || memcmp(&s->committed, &s->tables.state, sizeof s->committed) == 0)
        return;
    int rc = s->state_put == NULL ? sqlite3_prepare_v2(s->db, state_put_text, -1, &s->state_put, NULL) : SQLITE_OK;
    if (rc != SQLITE_OK) {
        sqlite_failed(s, rc, "state");
        return;
    }
    int at = 1;
#define X(name) sqlite3_bind_int64(s->state_put, at++, s->tables.state.name);
    STATE_FIELDS(X)
#undef X
    sqlite_row(s, s->state_put);
}

static void save_counts(struct sqlite_store *s) {
    for (struct creator_count *c = s->tables.creators; c != NULL; c = c->hh.next) {
        const int64_t *n = c->orders;
        if (c->changed)
            sqlite_run(s, SQL_CREATOR_PUT, "siiiiiiii", c->creator, n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]);
    }
}

static void counts_committed(struct sqlite_store *s) {
    s->committed = s->tables.state;
    for (struct creator_count *c = s->tables.creators; c != NULL; c = c->hh.next)
        c->changed = false;
}

/* ---- transactions ---- */

static void roll_back(struct sqlite_store *s) {
    fresh_clear(&s->fresh);
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        if (s->statements[i] != NULL)
            sqlite3_reset(s->statements[i]);
    /* an error of the medium may have ended it already */
    if (sqlite3_get_autocommit(s->db) == 0)
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    s->stale = true;
}

/* I3. Leaves `failed` as the attempt left it. */
static bool settle(struct sqlite_store *s) {
    s->failed = 0;
    if (sqlite_run(s, SQL_BEGIN_WRITE, "") == 0 && sqlite_run(s, SQL_SETTLE, "") == 0 &&
        sqlite_run(s, SQL_COMMIT, "") == 0) {
        s->unsettled = false;
        s->stale = true; /* the count of them */
        return true;
    }
    roll_back(s);
    return false;
}

static bool make_ready(struct sqlite_store *s) {
    s->failed = 0;
    if (s->unsettled && !settle(s))
        return false;
    return !s->stale || load(s) == 0;
}

static void fail_all(struct store_request *chain, int code, const struct takt_error *why) {
    for (struct store_request *r = chain; r != NULL; r = r->next) {
        takt_error_clear(&r->err);
        r->code = takt_fail(&r->err, code, "%s", why->text);
    }
}

/* I5. Nobody waits for who reads. */
static void empty_log(struct sqlite_store *s) {
    sqlite_log_wait(s->log);
    sqlite3_busy_timeout(s->db, 0);
    if (sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) == SQLITE_OK)
        s->tables.erased = false;
    sqlite3_busy_timeout(s->db, BUSY_MS);
}

static void commit(struct sqlite_store *s, struct store_request *chain, bool writes) {
    if (sqlite_run(s, SQL_COMMIT, "") == 0) {
        counts_committed(s);
        if (writes)
            takt_error_clear(&s->failure);
        if (s->tables.erased)
            empty_log(s);
        else
            sqlite_log_committed(s->log);
        return;
    }
    struct takt_error why = s->failure;
    int code = why.code;
    s->unsettled = writes && (s->failed & 0xff) != SQLITE_FULL;
    roll_back(s);
    if (s->unsettled && !settle(s))
        code = TAKT_EUNKNOWN;
    s->failure = why;
    fail_all(chain, code, &why);
}

/* What is written to a file that was taken away or replaced is gone with this process, so nothing is written while it
 * is. */
static bool is_in_place(struct sqlite_store *s) {
    int moved = 0;
    sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (moved) {
        takt_error_clear(&s->failure);
        takt_fail(&s->failure, TAKT_ESTORE, "the store '%s' was taken away or replaced while it is in use; put it back",
                  s->path);
    }
    return !moved;
}

/* Up to COMMIT. */
static bool run_once(struct sqlite_store *s, struct store_request *chain, bool writes) {
    if (!make_ready(s) || (writes && !is_in_place(s)) ||
        sqlite_run(s, writes ? SQL_BEGIN_WRITE : SQL_BEGIN_READ, "") < 0)
        return false;
    audit_begin(&s->tables);
    for (struct store_request *r = chain; r != NULL && s->failed == 0; r = r->next) {
        takt_error_clear(&r->err);
        r->code = operation_run(&s->tables, r);
    }
    sqlite_flush(s);
    audit_end(&s->tables);
    save_state(s);
    save_counts(s);
    return s->failed == 0;
}

/* I6 */
static bool needs_care(struct sqlite_store *s) {
    if (s->careful > 0 || (s->failed & 0xff) != SQLITE_CONSTRAINT)
        return false;
    s->careful = CAREFUL_GROUPS;
    return true;
}

static void run(void *self, struct store_request *chain) {
    struct sqlite_store *s = self;
    bool writes = false;
    for (const struct store_request *r = chain; r != NULL; r = r->next)
        writes = writes || operation_writes(r->op);
    s->careful -= s->careful > 0;
    struct takt_error before = s->failure;
    bool good = run_once(s, chain, writes);
    if (!good && needs_care(s)) {
        roll_back(s);
        s->failure = before;
        good = run_once(s, chain, writes);
    }
    if (good) {
        commit(s, chain, writes);
        return;
    }
    roll_back(s);
    fail_all(chain, s->failure.code, &s->failure);
}

static const char *trouble(const void *self) {
    const struct sqlite_store *s = self;
    return s->failure.code != 0 ? s->failure.text : "";
}

/* ---- open ---- */

static int db_fail(struct sqlite_store *s, struct takt_error *err, int rc, const char *what) {
    s->failed = 0;
    int code = sqlite_failed(s, rc, what);
    return takt_fail(err, code, "%s", s->failure.text);
}

static int exec(struct sqlite_store *s, const char *sql, struct takt_error *err) {
    int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : db_fail(s, err, rc, sql);
}

static int read_number(struct sqlite_store *s, const char *sql, int64_t *ret, struct takt_error *err) {
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        *ret = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    if ((rc & 0xff) == SQLITE_NOTADB)
        return takt_fail(err, TAKT_EDATA, "'%s' is not a store of takt", s->path);
    return rc == SQLITE_ROW ? 0 : db_fail(s, err, rc, sql);
}

/* The version of the schema, 0 for a file in which nothing is yet. */
static int read_version(struct sqlite_store *s, int64_t *ret, struct takt_error *err) {
    int64_t application = 0, tables = 0;
    int code = read_number(s, "PRAGMA application_id", &application, err);
    if (code == 0)
        code = read_number(s, "SELECT count(*) FROM sqlite_schema", &tables, err);
    if (code == 0)
        code = read_number(s, "PRAGMA user_version", ret, err);
    if (code < 0)
        return code;
    if (application != APPLICATION_ID && (application != 0 || tables != 0 || *ret != 0))
        return takt_fail(err, TAKT_EDATA, "'%s' is an SQLite file, but not a store of takt", s->path);
    if (*ret > SCHEMA_VERSION)
        return takt_fail(err, TAKT_EDATA, "store '%s' is of a newer takt: its schema is %lld, this takt knows %d",
                         s->path, (long long)*ret, SCHEMA_VERSION);
    return 0;
}

static int name_plant(struct sqlite_store *s, const char *plant, struct takt_error *err) {
    char *sql =
        sqlite3_mprintf("INSERT INTO plant (plant, id) VALUES (1, %Q); INSERT INTO state (plant) VALUES (1)", plant);
    if (sql == NULL)
        takt_no_memory();
    int code = exec(s, sql, err);
    sqlite3_free(sql);
    return code;
}

/* One migration is one transaction with its number. */
static int migrate(struct sqlite_store *s, int version, const char *plant, struct takt_error *err) {
    struct arena *arena = arena_new();
    int code = exec(s, "BEGIN IMMEDIATE", err);
    if (code == 0)
        code = exec(s, schema_migration(version, SCHEMA_SQLITE, arena), err);
    if (code == 0 && version == 1)
        code = name_plant(s, plant, err);
    if (code == 0)
        code = exec(
            s, arena_printf(arena, "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID, version),
            err);
    if (code == 0)
        code = exec(s, "COMMIT", err);
    if (code < 0)
        roll_back(s);
    arena_free(arena);
    return code;
}

static int check_plant(struct sqlite_store *s, const char *plant, struct takt_error *err) {
    sqlite3_stmt *st = NULL;
    int code = 0, rc = sqlite3_prepare_v2(s->db, "SELECT id FROM plant WHERE plant = 1", -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    const char *id = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : NULL;
    if (id == NULL)
        code = db_fail(s, err, rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_CORRUPT : rc, "plant");
    else if (strcmp(id, plant) != 0)
        code = takt_fail(err, TAKT_EEXIST, "store '%s' is that of plant '%s', not of '%s'", s->path, id, plant);
    sqlite3_finalize(st);
    return code;
}

/* Made by us, so that nobody else may read the personal data in it; SQLite gives the log the same mode. */
static int make_file(const struct sqlite_store *s, bool create, struct takt_error *err) {
    int fd = open(s->path, O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0600);
    if (fd < 0)
        return takt_fail(err, errno == ENOENT && !create ? TAKT_ENOENT : TAKT_ESTORE, "cannot open store '%s': %s",
                         s->path, strerror(errno));
    close(fd);
    return 0;
}

static int connect(struct sqlite_store *s, struct takt_error *err) {
    int rc = sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK)
        rc = fresh_register(s->db, &s->fresh);
    if (rc != SQLITE_OK)
        return db_fail(s, err, rc, "open");
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, BUSY_MS);
    return 0;
}

static int open_file(struct sqlite_store *s, const struct store_config *config, struct takt_error *err) {
    int64_t version = 0;
    int code = connect(s, err);
    if (code == 0)
        code = read_version(s, &version, err);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0] && code == 0; i++)
        code = exec(s, settings[i], err);
    for (int v = (int)version + 1; v <= SCHEMA_VERSION && code == 0; v++)
        code = migrate(s, v, config->plant, err);
    if (code == 0)
        code = check_plant(s, config->plant, err);
    if (code < 0)
        return code;
    s->failed = 0;
    takt_error_clear(&s->failure);
    int rc = sqlite_log_open(s->db, s->path, &s->log);
    if (rc != SQLITE_OK)
        return takt_fail(err, TAKT_ESTORE, "cannot open store '%s' for its log: %s", s->path, sqlite3_errstr(rc));
    rc = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL); /* I4 */
    if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_FULL && (rc & 0xff) != SQLITE_BUSY)
        return db_fail(s, err, rc, "checkpoint");
    return load(s) == 0 ? 0 : takt_fail(err, s->failure.code, "%s", s->failure.text);
}

static void close_store(void *self) {
    struct sqlite_store *s = self;
    sqlite_log_end(s->log);
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(s->statements[i]);
    sqlite3_finalize(s->state_get);
    sqlite3_finalize(s->state_put);
    int rc = sqlite3_close(s->db);
    assert(rc == SQLITE_OK); /* every statement is finalized */
    sqlite_log_free(s->log);
    fresh_done(&s->fresh);
    owner_free(s->owner);
    tables_done(&s->tables);
    free(s->path);
    free(s);
}

static int open_store(const struct store_config *config, void **ret, struct takt_error *err) {
    const char *path = config->url + strlen(store_sqlite.scheme);
    if (path[0] == '\0')
        return takt_fail(err, TAKT_EINVAL, "store '%s' names no file", config->url);
    if (!config->create && access(path, F_OK) != 0)
        return takt_fail(err, TAKT_ENOENT, "there is no store '%s'", path);
    struct sqlite_store *s = takt_alloc(sizeof *s);
    sqlite_write_ops(&s->ops);
    sqlite_read_ops(&s->ops);
    sqlite_audit_ops(&s->ops);
    sqlite_follow_ops(&s->ops);
    tables_init(&s->tables, &s->ops);
    fresh_init(&s->fresh);
    s->path = takt_strdup(path);
    int code = owner_take(path, &s->owner, err);
    if (code == 0)
        code = make_file(s, config->create, err);
    if (code == 0)
        code = open_file(s, config, err);
    if (code < 0) {
        close_store(s);
        return code;
    }
    *ret = s;
    return 0;
}

const struct store_backend store_sqlite = {
    .scheme = "sqlite:", .open = open_store, .close = close_store, .run = run, .trouble = trouble};
