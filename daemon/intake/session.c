/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/intake/session.h"

#include "base/arena.h"

#include <stdlib.h>
#include <utlist.h>

/* ---- by when they were heard ---- */

static void unlink_heard(struct sessions *s, struct session *one) {
    *(one->newer ? &one->newer->older : &s->newest) = one->older;
    *(one->older ? &one->older->newer : &s->oldest) = one->newer;
    one->newer = one->older = NULL;
}

static void link_newest(struct sessions *s, struct session *one) {
    one->older = s->newest;
    *(s->newest ? &s->newest->newer : &s->oldest) = one;
    s->newest = one;
}

/* ---- life ---- */

static void forget_events(struct sessions *s, struct session *one) {
    if (one->wanting)
        DL_DELETE2(s->wanting, one, want_prev, want_next);
    one->wanting = one->reading = false;
    one->generation++;
    subscription_done(&one->subscription);
}

void session_end(struct sessions *s, struct session *session) {
    if (session == NULL)
        return;
    forget_events(s, session);
    unlink_heard(s, session);
    HASH_DEL(s->table, session);
    free(session);
}

void sessions_done(struct sessions *s) {
    while (s->oldest)
        session_end(s, s->oldest);
}

struct session *session_find(const struct sessions *s, uint64_t peer) {
    struct session *session;
    HASH_FIND(hh, s->table, &peer, sizeof peer, session);
    return session;
}

struct session *session_open(struct sessions *s, uint64_t peer, struct account *account) {
    struct session *session = session_find(s, peer);
    if (session) {
        forget_events(s, session);
        unlink_heard(s, session);
    } else {
        if (HASH_COUNT(s->table) >= SESSIONS_MAX)
            session_end(s, s->oldest);
        session = takt_alloc(sizeof *session);
        session->peer = peer;
        HASH_ADD(hh, s->table, peer, sizeof session->peer, session);
    }
    session->account = account;
    link_newest(s, session);
    return session;
}

struct session *session_heard(struct sessions *s, uint64_t peer) {
    struct session *session = session_find(s, peer);
    if (session && session != s->newest) {
        unlink_heard(s, session);
        link_newest(s, session);
    }
    return session;
}

/* ---- events ---- */

void session_want(struct sessions *s, struct session *session) {
    if (!session->subscription.active || session->wanting)
        return;
    session->wanting = true;
    DL_APPEND2(s->wanting, session, want_prev, want_next);
}

struct session *session_next_wanting(struct sessions *s) {
    struct session *session = s->wanting;
    if (session) {
        DL_DELETE2(s->wanting, session, want_prev, want_next);
        session->wanting = false;
    }
    return session;
}
