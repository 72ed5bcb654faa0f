/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A connection to PostgreSQL on which nothing waits longer than it says.
 *
 * libpq's asynchronous interface under deadlines of our own: a server that is stopped keeps its sockets open, and
 * neither keepalives nor its own timeouts say so. Where the URL names several hosts each is tried in turn, with a
 * deadline for each: PQconnectPoll knows none, and would wait for the first one for ever. Without target_session_attrs
 * in the URL only a host that can be written is taken.
 *
 * Between link_pipe and link_finish statements are sent without waiting for what came of those before (libpq's
 * pipeline): link_push sends one that is not asked about, link_answer waits for it and all before it. After one that
 * failed the server does none of the others.
 *
 * Threads: one owner. Ownership: results are the caller's to PQclear. Errors: in `failure`, which tells a database that
 * is stopped, slow, full or read-only apart. Cost: names of hosts are looked up by the system's resolver, which knows
 * no deadline: `hostaddr` in the URL saves that. */

#include "base/error.h"

#include <libpq-fe.h>
#include <stdint.h>

/* The third is for a whole pipe, of which some has been answered within every LINK_ANSWER_MS. */
enum { LINK_CONNECT_MS = 2000, LINK_ANSWER_MS = 5000, LINK_PIPE_MS = 15000 };

enum link_trouble { LINK_WELL, LINK_STOPPED, LINK_SLOW, LINK_FULL, LINK_READ_ONLY, LINK_REFUSED, LINK_FAILED };

struct pg_link {
    PQconninfoOption *options;
    const char *where; /* the hosts of the URL, for people */
    PGconn *conn;      /* NULL: there is none */
    bool warned;       /* the server has warned since this was last made false */
    bool piped, ended; /* ended: the last statement of the pipe has been sent */
    bool unsent;       /* some of what was sent is still here */
    struct pg_link *beside; /* another one, whose rest is sent while this one is waited for; NULL: none */
    int64_t patience_ms; /* for one answer, instead of LINK_ANSWER_MS and LINK_PIPE_MS; 0: these */
    int pending;       /* sent in the pipe and not yet answered */
    char sqlstate[6];  /* of the newest failure, "" : it had none */
    enum link_trouble trouble;
    struct takt_error failure; /* the newest */
};

/* Reads the URL; does not connect. TAKT_EINVAL: it is none. */
int link_init(struct pg_link *l, const char *url, struct takt_error *err);
void link_done(struct pg_link *l);

int link_connect(struct pg_link *l);
void link_drop(struct pg_link *l);

/* Sends statements without parameters and waits for the answer to the last one; NULL: failed. A connection that failed
 * or is late is dropped; an error of the server leaves it. */
PGresult *link_query(struct pg_link *l, const char *sql);
int link_run(struct pg_link *l, const char *sql);

/* What was sent by PQsend… on l->conn (sent: what that returned): waits for it. `what` is for the message. */
PGresult *link_answer(struct pg_link *l, int sent, const char *what);

int link_pipe(struct pg_link *l);
int link_push(struct pg_link *l, int sent, const char *what);
/* Sends the last statement of the pipe. link_finish does so if it has not been done, waits for all and ends it. NULL:
 * one of them failed, the first of which is noted. */
int link_end(struct pg_link *l, const char *sql);
PGresult *link_finish(struct pg_link *l, const char *sql);
/* Ends a pipe in which something failed. */
void link_abandon(struct pg_link *l);

/* Of one on which nothing is under way: whether it is there, so far as can be seen without asking; if not, it is
 * dropped. */
bool link_holds(struct pg_link *l);

/* The failure is about the medium being away, so another attempt at once is of use. */
bool link_lost(const struct pg_link *l);
