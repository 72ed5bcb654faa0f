/* SPDX-License-Identifier: Apache-2.0 */

/* The store in a PostgreSQL database: the session, transactions and what follows when one fails.
 *
 * I1. A group is one transaction. One that writes (but see postgres_ahead.c) locks the plant's row of `state` before it
 * reads anything and holds it until its end, so those that write one plant come one after the other, on however many
 * machines: numbers are given in the order of commits, and what was read is still so when it is written. One that only
 * reads sees one moment (REPEATABLE READ).
 *
 * I2. State is read at the beginning of every group. If it is not what this process left, somebody else has written,
 * and the counts are loaded again.
 *
 * I3. A COMMIT is done when its tag says COMMIT and the server did not warn. The tag ROLLBACK, or an error, is a
 * transaction that changed nothing. After all else (the connection was lost, the answer is late, the wait for a
 * synchronous standby was cancelled, which is a mere warning) the outcome is not known, and `settle` finds it out:
 * every transaction that writes leaves a number in this process's row of `writer`, and under the lock on the plant's
 * row, which the old transaction holds as long as it lives, that number says whether it took place. Then a transaction
 * of its own is committed, without a warning, since what it saw is durable as soon as that is. If all this comes to
 * pass within SETTLE_MS, the requests are told the truth, else TAKT_EUNKNOWN; and nothing else runs until it has.
 *
 * I4. A process owns nothing: the epoch, read under the lock, keeps planners that are over from writing.
 *
 * I5. Most orders are new, so keys are added without a look whether they are there. A group in which one was is undone
 * by the server, and run again with care: keys are looked for first, and so they are for some groups more, because who
 * sends one order again mostly sends more.
 *
 * A group goes through a pipe: what only writes is not waited for before COMMIT is answered, which is one wait for all.
 *
 * A connection that is lost is made again when something is to run, after pauses that grow. */

#include "daemon/store/backend.h"
#include "daemon/store/operation.h"
#include "daemon/store/postgres_ahead.h"
#include "daemon/store/postgres_fetch.h"
#include "daemon/store/postgres_schema.h"

#include "daemon/clock.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { PAUSE_MIN_MS = 100, PAUSE_MAX_MS = 5000, SETTLE_MS = 4000, CAREFUL_GROUPS = 32 };

/* ---- the session ---- */

int pg_connect(struct postgres_store *s) {
    int code = link_connect(s->link);
    if (s->link == &s->lanes[0].link) { /* another host may not have what was made last */
        s->month_count = 0;
        link_drop(&s->lanes[1].link);
    }
    if (code == 0)
        code = pg_session_begin(s);
    if (code < 0)
        link_drop(s->link);
    return code;
}

static int connect_after_pause(struct postgres_store *s) {
    int64_t now_ms = clock_mono_ms();
    if (!link_lost(s->link))
        return 0;
    if (now_ms < s->retry_at_ms)
        return pg_failed(s);
    if (pg_connect(s) == 0)
        return 0;
    s->pause_ms = s->pause_ms == 0 ? PAUSE_MIN_MS : s->pause_ms * 2 < PAUSE_MAX_MS ? s->pause_ms * 2 : PAUSE_MAX_MS;
    s->retry_at_ms = clock_mono_ms() + s->pause_ms;
    return pg_failed(s);
}

void pg_roll_back(struct postgres_store *s) {
    pg_forget(s);
    pg_unprepare(s); /* what was prepared after the failure was not */
    s->stale = true;
    link_abandon(s->link);
    if (!link_lost(s->link) && (link_run(s->link, "ROLLBACK") < 0 || link_run(s->link, "DEALLOCATE ALL") < 0))
        link_drop(s->link);
}

/* ---- state and counts ---- */

static int read_counts(struct postgres_store *s) {
    PGresult *r = pg_query(s, PG_CREATOR_ALL);
    for (int i = 0; r != NULL && i < PQntuples(r); i++) {
        struct creator_count *c = tables_creator(&s->tables, PQgetvalue(r, i, 0));
        for (int k = 0; k < ORDER_STATE_COUNT; k++)
            c->orders[k] = pg_int(r, i, 1 + k);
    }
    PQclear(r);
    return s->failed;
}

static int load(struct postgres_store *s, bool writes) {
    PGresult *r = pg_query(s, writes ? PG_STATE_LOCK : PG_STATE_GET);
    struct store_state now;
    int column = 1;
    if (r == NULL)
        return s->failed;
    if (PQntuples(r) != 1) {
        PQclear(r);
        return pg_damaged(s, "there is no state of the plant");
    }
#define X(name) now.name = pg_int(r, 0, column++);
    STATE_FIELDS(X)
#undef X
    PQclear(r);
    if (!s->stale && memcmp(&now, &s->committed, sizeof now) == 0)
        return 0;
    s->stale = true;
    tables_forget(&s->tables);
    s->tables.state = s->committed = now;
    if (read_counts(s) == 0)
        s->stale = false;
    return s->failed;
}

static void save(struct postgres_store *s) {
    for (struct creator_count *c = s->tables.creators; c != NULL; c = c->hh.next) {
        const int64_t *n = c->orders;
        if (c->changed)
            pg_put(s, PG_CREATOR_PUT, c->creator, n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]);
    }
    if (memcmp(&s->committed, &s->tables.state, sizeof s->committed) != 0) {
        s->wrote = true;
        if (s->failed == 0)
            pg_put_state(s, &s->tables.state);
    }
    if (s->wrote)
        pg_run(s, PG_WRITER_PUT, s->writer, ++s->number);
    pg_flush(s);
}

static void saved(struct postgres_store *s) {
    s->committed = s->tables.state;
    for (struct creator_count *c = s->tables.creators; c != NULL; c = c->hh.next)
        c->changed = false;
}

/* ---- transactions ---- */

static const char UNIQUE_VIOLATION[] = "23505", LOCK_NOT_AVAILABLE[] = "55P03";

enum commit_outcome pg_commit(struct postgres_store *s) {
    if (!s->link->ended)
        s->link->warned = false;
    PGresult *r = s->link->piped ? link_finish(s->link, "COMMIT") : link_query(s->link, "COMMIT");
    if (r == NULL)
        return link_lost(s->link) ? COMMIT_UNKNOWN : COMMIT_UNDONE;
    bool done = strcmp(PQcmdStatus(r), "COMMIT") == 0;
    PQclear(r);
    if (!done || s->link->warned) {
        takt_error_clear(&s->link->failure);
        takt_fail(&s->link->failure, TAKT_ESTORE, "the database at %s %s", s->link->where,
                  done ? "could not wait for its synchronous standby" : "rolled a transaction back");
        s->link->trouble = LINK_FAILED;
    }
    return !done ? COMMIT_UNDONE : s->link->warned ? COMMIT_UNKNOWN : COMMIT_DONE;
}

/* I3, one attempt. */
static bool settle(struct postgres_store *s) {
    s->failed = 0;
    if (link_lost(s->link) && pg_connect(s) < 0)
        return false;
    PGresult *state =
        link_run(s->link, "BEGIN ISOLATION LEVEL READ COMMITTED") < 0 ? NULL : pg_query(s, PG_STATE_LOCK);
    PGresult *mine = state == NULL ? NULL : pg_query(s, PG_WRITER_GET, s->writer);
    if (mine != NULL) {
        int64_t number = PQntuples(mine) > 0 ? pg_int(mine, 0, 0) : 0;
        if (number <= s->unsettled_number) /* above: an attempt of this has looked already, and was committed */
            s->found = number == s->unsettled_number;
        if (pg_run(s, PG_STATE_SETTLED) == 0 && pg_run(s, PG_WRITER_PUT, s->writer, ++s->number) == 0 &&
            pg_commit(s) == COMMIT_DONE)
            s->unsettled = false;
    }
    PQclear(state);
    PQclear(mine);
    if (s->unsettled)
        pg_roll_back(s);
    s->stale = true;
    return !s->unsettled;
}

static void fail_all(struct store_request *chain, int code, const struct takt_error *why) {
    for (struct store_request *r = chain; r != NULL; r = r->next) {
        takt_error_clear(&r->err);
        r->code = takt_fail(&r->err, code, "%s", why->text);
    }
}

void pg_works(struct postgres_store *s) {
    s->pause_ms = 0;
    if (s->wrote || (s->trouble != LINK_FULL && s->trouble != LINK_READ_ONLY))
        s->trouble = LINK_WELL;
}

void pg_find_out(struct postgres_store *s, struct store_request *chain, const struct takt_error *why) {
    int64_t until_ms = clock_mono_ms() + SETTLE_MS;
    s->unsettled = true;
    s->found = false;
    s->unsettled_number = s->number;
    while (!settle(s) && clock_mono_ms() < until_ms)
        poll(NULL, 0, PAUSE_MIN_MS);
    if (s->unsettled) {
        s->failed = 0;
        pg_failed(s); /* the trouble is what keeps us from finding out */
        fail_all(chain, TAKT_EUNKNOWN, why);
    } else if (!s->found) {
        fail_all(chain, TAKT_ESTORE, why);
    } else {
        pg_works(s);
    }
}

enum run_outcome { RUN_DONE, RUN_FAILED }; /* done: the requests have been told what became of them */

static enum run_outcome end(struct postgres_store *s, struct store_request *chain) {
    struct takt_error why;
    switch (pg_commit(s)) {
    case COMMIT_DONE:
        saved(s);
        pg_works(s);
        break;
    case COMMIT_UNDONE:
        pg_failed(s);
        return RUN_FAILED;
    case COMMIT_UNKNOWN:
        why = s->link->failure;
        if (s->wrote)
            pg_find_out(s, chain, &why);
        else
            s->stale = true; /* what was read is true; there was nothing to commit */
        break;
    }
    return RUN_DONE;
}

/* Up to the first request. */
static int begin(struct postgres_store *s, const struct store_request *chain, bool writes) {
    s->failed = 0;
    s->wrote = false;
    if (connect_after_pause(s) < 0 || (s->unsettled && !settle(s)))
        return pg_failed(s);
    s->wrote = false;
    const char *begin_text =
        writes ? "BEGIN ISOLATION LEVEL READ COMMITTED" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    if ((writes && pg_schema_months(s, chain) < 0) || link_pipe(s->link) < 0 ||
        link_push(s->link, PQsendQueryParams(s->link->conn, begin_text, 0, NULL, NULL, NULL, NULL, 0), begin_text) < 0)
        return pg_failed(s);
    if (load(s, writes) == 0)
        pg_fetch_group(s, chain);
    return s->failed;
}

/* Up to COMMIT. */
static int run_once(struct postgres_store *s, struct store_request *chain, bool writes) {
    bool connected = !link_lost(s->link);
    /* a connection that broke while nothing ran shows now, and nothing is lost by another one */
    if (begin(s, chain, writes) < 0 && connected && link_lost(s->link) && s->trouble == LINK_STOPPED) {
        pg_forget(s);
        begin(s, chain, writes);
    }
    audit_begin(&s->tables);
    for (struct store_request *r = chain; r != NULL && s->failed == 0; r = r->next) {
        takt_error_clear(&r->err);
        pg_fetch_request(s, r);
        r->code = s->failed != 0 ? s->failed : operation_run(&s->tables, r);
        pg_fetched_forget(s);
    }
    if (s->failed == 0)
        audit_end(&s->tables);
    save(s);
    return s->failed;
}

bool pg_needs_care(struct postgres_store *s) {
    if (s->careful > 0 || strcmp(s->link->sqlstate, UNIQUE_VIOLATION) != 0)
        return false;
    s->careful = CAREFUL_GROUPS;
    return true;
}

/* The server waits without end for the rest of a pipe whose client was stopped or cut off in the middle, with the lock of the
 * plant's row in its hand: none of its timeouts counts then. Whoever waits in vain for that lock ends such a session. What was
 * not committed is undone, as by any other loss of a connection. */
static void dismiss_stuck(struct postgres_store *s) {
    if (!link_lost(s->link))
        link_run(s->link, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND "
                           "usename = current_user AND application_name = current_setting('application_name') AND "
                           "pid <> pg_backend_pid() AND wait_event IN ('ClientRead', 'ClientWrite') AND "
                           "xact_start < clock_timestamp() - interval '2500 ms'");
}

void pg_run_alone(void *self, struct store_request *chain) {
    struct postgres_store *s = self;
    bool writes = false;
    for (const struct store_request *r = chain; r != NULL; r = r->next)
        writes = writes || operation_writes(r->op);
    s->link->sqlstate[0] = '\0';
    s->careful -= s->careful > 0;
    enum run_outcome outcome = run_once(s, chain, writes) < 0 ? RUN_FAILED : end(s, chain);
    if (outcome != RUN_DONE && pg_needs_care(s)) {
        s->link->sqlstate[0] = '\0';
        pg_roll_back(s);
        outcome = run_once(s, chain, writes) < 0 ? RUN_FAILED : end(s, chain);
    }
    if (outcome == RUN_DONE)
        return;
    struct takt_error why = s->link->failure;
    int code = s->failed;
    bool in_vain = strcmp(s->link->sqlstate, LOCK_NOT_AVAILABLE) == 0;
    pg_roll_back(s);
    if (in_vain)
        dismiss_stuck(s);
    s->link->failure = why;
    fail_all(chain, code, &why);
}

static const char *trouble(const void *self) {
    const struct postgres_store *s = self;
    return s->trouble != LINK_WELL ? s->link->failure.text : "";
}

/* ---- open ---- */

static void close_store(void *self) {
    struct postgres_store *s = self;
    pg_ahead_done(s);
    for (size_t i = 0; i < LANES; i++) {
        link_done(&s->lanes[i].link);
        pg_fetched_free(s->lanes[i].fetched);
    }
    pg_batches_done(s);
    tables_done(&s->tables);
    free(s->months);
    free(s->plant_id);
    free(s);
}

static int begin_store(struct postgres_store *s, const struct store_config *config, struct takt_error *err) {
    if (getrandom(&s->writer, sizeof s->writer, 0) != sizeof s->writer)
        return takt_fail(err, TAKT_EIO, "the system gives no random numbers");
    if (pg_connect(s) < 0)
        return takt_fail(err, s->link->failure.code, "%s", s->link->failure.text);
    return pg_schema_open(s, config->create, err);
}

static int open_store(const struct store_config *config, void **ret, struct takt_error *err) {
    struct pg_link link;
    int code = link_init(&link, config->url, err);
    if (code < 0)
        return code;
    struct postgres_store *s = takt_alloc(sizeof *s);
    s->lanes[0].link = link;
    link_init(&s->lanes[1].link, config->url, err); /* the same URL */
    for (size_t i = 0; i < LANES; i++) {
        s->lanes[i].link.beside = &s->lanes[LANES - 1 - i].link;
        s->lanes[i].fetched = pg_fetched_new();
    }
    pg_lane_use(s, &s->lanes[0]);
    postgres_write_ops(&s->ops);
    postgres_read_ops(&s->ops);
    postgres_audit_ops(&s->ops);
    postgres_follow_ops(&s->ops);
    tables_init(&s->tables, &s->ops);
    s->plant_id = takt_strdup(config->plant);
    s->stale = true;
    code = begin_store(s, config, err);
    if (code < 0) {
        close_store(s);
        return code;
    }
    *ret = s;
    return 0;
}

static bool begin_ahead(void *self, struct store_request *chain) {
    return pg_ahead_begin(self, chain);
}

static struct store_request *finish_ahead(void *self) {
    return pg_ahead_finish(self);
}

const struct store_backend store_postgres = {.scheme = "postgresql:",
                                             .open = open_store,
                                             .close = close_store,
                                             .run = pg_run_alone,
                                             .begin = begin_ahead,
                                             .finish = finish_ahead,
                                             .trouble = trouble};
