/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/postgres_link.h"

#include "base/arena.h"
#include "daemon/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWERS_EVERY = 8 }; /* statements of a pipe; then the server is asked to send what it has to say so far */

static const struct {
    const char *prefix; /* of an SQLSTATE */
    enum link_trouble trouble;
} states[] = {
    {"53100", LINK_FULL},    {"25006", LINK_READ_ONLY}, {"57014", LINK_SLOW}, {"55P03", LINK_SLOW},
    {"25P03", LINK_SLOW},    {"57P", LINK_STOPPED},     {"08", LINK_STOPPED}, {"28", LINK_REFUSED},
    {"3D000", LINK_REFUSED}, {"42501", LINK_REFUSED},
};

static const struct {
    int code;
    const char *what;
} troubles[] = {
    [LINK_WELL] = {TAKT_ESTORE, "works"},
    [LINK_STOPPED] = {TAKT_ESTORE, "is stopped or cannot be reached"},
    [LINK_SLOW] = {TAKT_ESTORE, "is slow"},
    [LINK_FULL] = {TAKT_EFULL, "has no space left"},
    [LINK_READ_ONLY] = {TAKT_ESTORE, "is read-only"},
    [LINK_REFUSED] = {TAKT_ESTORE, "refuses takt"},
    [LINK_FAILED] = {TAKT_ESTORE, "failed"},
};

/* libpq's messages end in a newline and may be of several lines. */
static void note(struct pg_link *l, enum link_trouble trouble, const char *text, const char *what) {
    char line[256];
    size_t n = 0;
    while (*text != '\0' && n < sizeof line - 1) {
        line[n++] = *text == '\n' || *text == '\t' ? ' ' : *text;
        text++;
    }
    while (n > 0 && line[n - 1] == ' ')
        n--;
    line[n] = '\0';
    l->trouble = trouble;
    l->sqlstate[0] = '\0';
    takt_error_clear(&l->failure);
    takt_fail(&l->failure, troubles[trouble].code, "the database at %s %s (%s%s%.120s)", l->where,
              troubles[trouble].what, line, *what != '\0' ? ": " : "", what);
}

static void note_late(struct pg_link *l, enum link_trouble trouble, int ms, const char *what) {
    char text[64];
    snprintf(text, sizeof text, "no answer within %d ms", ms);
    note(l, trouble, text, what);
}

static enum link_trouble trouble_of_state(const char *state) {
    for (size_t i = 0; state != NULL && i < sizeof states / sizeof states[0]; i++)
        if (strncmp(state, states[i].prefix, strlen(states[i].prefix)) == 0)
            return states[i].trouble;
    return LINK_FAILED;
}

/* A refused connection has no SQLSTATE. What libpq says of a host that is not what target_session_attrs asks for is not
 * translated: the daemon sets no locale. */
static enum link_trouble trouble_of_connect(const char *text) {
    if (strstr(text, "read-only") != NULL || strstr(text, "hot standby") != NULL)
        return LINK_READ_ONLY;
    return strstr(text, "authentication") != NULL || strstr(text, "does not exist") != NULL ? LINK_REFUSED
                                                                                            : LINK_STOPPED;
}

static void notice(void *arg, const PGresult *result) {
    struct pg_link *l = arg;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    l->warned = l->warned || severity == NULL || strcmp(severity, "WARNING") == 0;
}

/* ---- connecting ---- */

static const char *option(const struct pg_link *l, const char *keyword) {
    for (const PQconninfoOption *o = l->options; o->keyword != NULL; o++)
        if (strcmp(o->keyword, keyword) == 0)
            return o->val;
    return NULL;
}

int link_init(struct pg_link *l, const char *url, struct takt_error *err) {
    char *message = NULL;
    *l = (struct pg_link){.options = PQconninfoParse(url, &message)};
    if (l->options == NULL) { /* the message may quote the URL, which may hold a password */
        PQfreemem(message);
        return takt_fail(err, TAKT_EINVAL, "store 'postgresql://…' is not a URL that libpq can read");
    }
    const char *host = option(l, "host"), *address = option(l, "hostaddr");
    l->where = address != NULL && *address != '\0' ? address
               : host != NULL && *host != '\0'     ? host
                                                   : "the local socket";
    return 0;
}

void link_drop(struct pg_link *l) {
    PQfinish(l->conn);
    l->conn = NULL;
    l->piped = l->ended = l->unsent = false;
    l->pending = 0;
}

void link_done(struct pg_link *l) {
    link_drop(l);
    PQconninfoFree(l->options);
}

bool link_lost(const struct pg_link *l) {
    return l->conn == NULL;
}

static bool wait_for(struct pg_link *l, short events, int64_t until_ms) {
    for (;;) {
        struct pg_link *beside = l->beside != NULL && l->beside->unsent ? l->beside : NULL;
        struct pollfd p[] = {{.fd = PQsocket(l->conn), .events = events},
                             {.fd = beside != NULL ? PQsocket(beside->conn) : -1, .events = POLLOUT}};
        int64_t left = until_ms - clock_mono_ms();
        int n = poll(p, 2, left > 0 ? (int)left : 0);
        if (p[1].revents != 0 && n > 0)
            beside->unsent = PQflush(beside->conn) == 1;
        if ((p[0].revents != 0 && n > 0) || (n < 0 && errno != EINTR))
            return true; /* an error of the socket shows when it is used */
        if (n == 0 && left <= 0)
            return false;
    }
}

static int connect_poll(struct pg_link *l) {
    int64_t until_ms = clock_mono_ms() + LINK_CONNECT_MS;
    PostgresPollingStatusType status =
        PQstatus(l->conn) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
    while (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING) {
        if (!wait_for(l, status == PGRES_POLLING_READING ? POLLIN : POLLOUT, until_ms)) {
            note_late(l, LINK_STOPPED, LINK_CONNECT_MS, "connect");
            return l->failure.code;
        }
        status = PQconnectPoll(l->conn);
    }
    if (status == PGRES_POLLING_OK && PQsetnonblocking(l->conn, 1) == 0)
        return 0;
    note(l, trouble_of_connect(PQerrorMessage(l->conn)), PQerrorMessage(l->conn), "");
    return l->failure.code;
}

/* The n-th of a list with commas, which is the last one if it is shorter: libpq lets one port stand for all. */
static char *nth(const char *list, size_t n) {
    for (const char *comma; n > 0 && (comma = strchr(list, ',')) != NULL; n--)
        list = comma + 1;
    char *one = takt_strdup(list);
    one[strcspn(one, ",")] = '\0';
    return one;
}

static size_t list_length(const char *list) {
    size_t n = 1;
    for (; list != NULL && *list != '\0'; list++)
        n += *list == ',';
    return n;
}

static bool is_per_host(const char *keyword) {
    return strcmp(keyword, "host") == 0 || strcmp(keyword, "hostaddr") == 0 || strcmp(keyword, "port") == 0;
}

static int connect_to(struct pg_link *l, size_t n) {
    enum { OPTIONS_MAX = 64 };
    const char *keys[OPTIONS_MAX + 2] = {0}, *values[OPTIONS_MAX + 2] = {0};
    char *own[3];
    size_t count = 0, own_count = 0;
    for (const PQconninfoOption *o = l->options; o->keyword != NULL && count < OPTIONS_MAX; o++) {
        if (o->val == NULL || *o->val == '\0')
            continue;
        keys[count] = o->keyword;
        values[count++] = is_per_host(o->keyword) ? (own[own_count++] = nth(o->val, n)) : o->val;
    }
    if (option(l, "target_session_attrs") == NULL) {
        keys[count] = "target_session_attrs";
        values[count++] = "read-write";
    }
    if (option(l, "application_name") == NULL) {
        keys[count] = "application_name";
        values[count++] = "taktd";
    }
    l->conn = PQconnectStartParams(keys, values, 0);
    while (own_count > 0)
        free(own[--own_count]);
    if (l->conn == NULL)
        takt_no_memory();
    PQsetNoticeReceiver(l->conn, notice, l);
    int code = connect_poll(l);
    if (code < 0)
        link_drop(l);
    return code;
}

int link_connect(struct pg_link *l) {
    const char *address = option(l, "hostaddr");
    size_t hosts = list_length(address != NULL && *address != '\0' ? address : option(l, "host"));
    link_drop(l);
    int code = TAKT_ESTORE;
    for (size_t i = 0; i < hosts && code < 0; i++)
        code = connect_to(l, i);
    return code;
}

/* ---- asking ---- */

/* The server has done something of what was begun then: so long it may take for the next. */
static int64_t further(const struct pg_link *l, int64_t begun_ms) {
    int64_t next_ms = clock_mono_ms() + LINK_ANSWER_MS;
    if (l->patience_ms > 0)
        return begun_ms + l->patience_ms;
    return next_ms < begun_ms + LINK_PIPE_MS ? next_ms : begun_ms + LINK_PIPE_MS;
}

static bool flush(struct pg_link *l, int64_t begun_ms) {
    int left;
    while ((left = PQflush(l->conn)) == 1) {
        if (!wait_for(l, POLLIN | POLLOUT, further(l, begun_ms)))
            return false;
        if (PQconsumeInput(l->conn) == 0)
            break; /* lost: shows in the result */
    }
    l->unsent = false;
    return true;
}

/* Keeps the last result, or the first that is an error. */
static bool gather(struct pg_link *l, int64_t until_ms, PGresult **ret) {
    for (;;) {
        while (PQisBusy(l->conn)) {
            if (!wait_for(l, POLLIN, until_ms))
                return false;
            if (PQconsumeInput(l->conn) == 0)
                break; /* lost: PQgetResult says so */
        }
        PGresult *next = PQgetResult(l->conn);
        if (next == NULL)
            return true;
        if (PQresultStatus(*ret) == PGRES_FATAL_ERROR && *ret != NULL) {
            PQclear(next);
            continue;
        }
        PQclear(*ret);
        *ret = next;
    }
}

static bool is_good(const PGresult *result) {
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* What the result of a statement says, or the loss of the connection. */
static void note_result(struct pg_link *l, const PGresult *result, const char *what) {
    bool lost = PQstatus(l->conn) != CONNECTION_OK;
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = result != NULL && *PQresultErrorMessage(result) != '\0' ? PQresultErrorMessage(result)
                                                                               : PQerrorMessage(l->conn);
    note(l, lost ? LINK_STOPPED : trouble_of_state(state), text, what);
    if (state != NULL)
        snprintf(l->sqlstate, sizeof l->sqlstate, "%s", state);
    if (lost || l->trouble == LINK_READ_ONLY) /* another host may be the one that can be written now */
        link_drop(l);
}

/* The answers to the `count` statements that were sent; the result is the last one's. */
static PGresult *await(struct pg_link *l, int count, const char *what) {
    int64_t begun_ms = clock_mono_ms();
    PGresult *result = NULL;
    bool in_time = flush(l, begun_ms), good = in_time;
    l->pending = 0;
    for (int i = 0; i < count && in_time; i++) {
        PQclear(result);
        result = NULL;
        in_time = gather(l, further(l, begun_ms), &result);
        if (!in_time || !good || (is_good(result) && PQstatus(l->conn) == CONNECTION_OK))
            continue;
        good = false;
        note_result(l, result, what);
        if (link_lost(l))
            break;
    }
    if (!in_time) {
        note_late(l, LINK_SLOW, l->patience_ms > 0 ? l->patience_ms : LINK_ANSWER_MS, what);
        link_drop(l);
    }
    if (in_time && good)
        return result;
    PQclear(result);
    return NULL;
}

int link_push(struct pg_link *l, int sent, const char *what) {
    if (sent == 1) {
        l->pending++;
        if (l->piped && l->pending % ANSWERS_EVERY == 0)
            PQsendFlushRequest(l->conn);
        int left = PQflush(l->conn);
        l->unsent = left == 1;
        return left >= 0 ? 0 : (note_result(l, NULL, what), l->failure.code);
    }
    note_result(l, NULL, what);
    return l->failure.code;
}

PGresult *link_answer(struct pg_link *l, int sent, const char *what) {
    if (sent != 1) {
        note_result(l, NULL, what);
        return NULL;
    }
    int count = l->pending + 1;
    if (l->piped)
        PQsendFlushRequest(l->conn);
    return await(l, count, what);
}

static int send_text(struct pg_link *l, const char *sql) {
    return l->piped ? PQsendQueryParams(l->conn, sql, 0, NULL, NULL, NULL, NULL, 0) : PQsendQuery(l->conn, sql);
}

PGresult *link_query(struct pg_link *l, const char *sql) {
    return l->conn == NULL ? NULL : link_answer(l, send_text(l, sql), sql);
}

int link_run(struct pg_link *l, const char *sql) {
    PGresult *result = link_query(l, sql);
    PQclear(result);
    return result != NULL ? 0 : l->failure.code;
}

bool link_holds(struct pg_link *l) {
    struct pollfd p = {.fd = l->conn != NULL ? PQsocket(l->conn) : -1, .events = POLLIN};
    if (poll(&p, 1, 0) > 0 && (PQconsumeInput(l->conn) == 0 || PQstatus(l->conn) != CONNECTION_OK))
        link_drop(l);
    return !link_lost(l);
}

/* ---- the pipe ---- */

int link_pipe(struct pg_link *l) {
    if (l->conn == NULL)
        return l->failure.code;
    l->piped = PQenterPipelineMode(l->conn) == 1;
    if (!l->piped)
        note_result(l, NULL, "pipeline");
    return l->piped ? 0 : l->failure.code;
}

/* The mark at which the server begins to do what it is told again. */
static void leave(struct pg_link *l) {
    PGresult *mark = NULL;
    int64_t until_ms = clock_mono_ms() + LINK_ANSWER_MS;
    while (!link_lost(l) && PQresultStatus(mark) != PGRES_PIPELINE_SYNC) {
        PQclear(mark);
        mark = NULL;
        while (PQisBusy(l->conn))
            if (!wait_for(l, POLLIN, until_ms) || PQconsumeInput(l->conn) == 0)
                break;
        bool stuck = PQisBusy(l->conn) || PQstatus(l->conn) != CONNECTION_OK;
        mark = stuck ? NULL : PQgetResult(l->conn);
        if (stuck || clock_mono_ms() > until_ms)
            link_drop(l);
    }
    PQclear(mark);
    if (!link_lost(l) && PQexitPipelineMode(l->conn) != 1)
        link_drop(l);
    l->piped = l->ended = false;
}

int link_end(struct pg_link *l, const char *sql) {
    if (link_lost(l))
        return l->failure.code;
    if (link_push(l, send_text(l, sql), sql) < 0 || PQpipelineSync(l->conn) != 1) {
        link_drop(l);
        return l->failure.code;
    }
    l->unsent = PQflush(l->conn) == 1;
    l->ended = true;
    return 0;
}

PGresult *link_finish(struct pg_link *l, const char *sql) {
    if (!l->ended && link_end(l, sql) < 0)
        return NULL;
    PGresult *result = await(l, l->pending, sql);
    if (!link_lost(l))
        leave(l);
    return result;
}

void link_abandon(struct pg_link *l) {
    if (link_lost(l) || !l->piped)
        return;
    if ((l->ended || PQpipelineSync(l->conn) == 1) && flush(l, clock_mono_ms()))
        leave(l);
    else
        link_drop(l);
    l->pending = 0;
}
