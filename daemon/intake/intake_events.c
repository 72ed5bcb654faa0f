/* SPDX-License-Identifier: Apache-2.0 */

/* `subscribe`, `seen`, and the way of events from the store to subscribers.
 *
 * A session for which there may be events stands in a queue; its turn reads one page, and whoever got a full page goes to the
 * end of the queue. So a creator that was away for a week catches up beside the others, and reads under way are bounded. */

#include "daemon/intake/intake_inner.h"

#include "daemon/operate/log.h"

#include <string.h>

enum { EVENTS_PAGE = 200 };

/* ---- subscribe ---- */

struct subscribe_job {
    struct job head;
    bool newest;        /* after "now" */
    struct store_events request;
};

/* Once is enough to be looked after, and a creator that makes cursors up must not fill the journal. */
static void note_old_copy(struct intake *in, const char *creator, uint64_t seen, uint64_t last) {
    if (in->noted_old_copy)
        return;
    in->noted_old_copy = true;
    log_write(LOG_LEVEL_ERR, "intake", LOG_MESSAGE_STORE_OLD, LOG_FIELDS({"TAKT_CREATOR", creator}),
              "creator '%s' has seen event %llu, this store has given %llu: if it is an older copy, dump it and restore "
              "that (taktctl store restore), so that no number means two things",
              creator, (unsigned long long)seen, (unsigned long long)last);
}

static void finish_subscribe(struct intake *in, struct job *head) {
    struct subscribe_job *job = (struct subscribe_job *)head;
    struct session *session = session_find(&in->sessions, head->peer);
    struct refusal refusal;
    if (job->request.head.code < 0) {
        intake_store_refusal(in, &job->request.head, &refusal);
        intake_problem(in, head->peer, head->id, &refusal);
        return;
    }
    if (session == NULL || session->account != head->account) {
        refuse(&refusal, REFUSAL_NO_SESSION, "", "the session has ended meanwhile");
        intake_problem(in, head->peer, head->id, &refusal);
        return;
    }
    uint64_t last = job->request.ret_last;
    if (!job->newest && job->request.after > job->request.ret_newest) {
        note_old_copy(in, head->account->creator, job->request.after, job->request.ret_newest);
        refuse(&refusal, REFUSAL_CONTRADICTION, "/after",
               "event %llu was not given by this plant, the newest is %llu: its store may be an older copy",
               (unsigned long long)job->request.after, (unsigned long long)job->request.ret_newest);
        intake_problem(in, head->peer, head->id, &refusal);
        return;
    }
    uint64_t cursor = job->newest || job->request.after > last ? last : job->request.after;
    struct writer w = {0};
    reply_subscribed(&w, head->id, cursor);
    intake_say(in, head->peer, &w);
    session->generation++;
    session->reading = false;
    subscription_begin(&session->subscription, cursor);
    session_want(&in->sessions, session);
}

static bool read_after(struct call *c, uint64_t *ret_after, bool *ret_newest) {
    const char *text = "";
    int64_t after = 0;
    *ret_newest = reader_kind(&c->reader, "after") == MEMBER_TEXT;
    if (*ret_newest && !reader_text(&c->reader, "after", READ_REQUIRED, 64, &text))
        return false;
    if (*ret_newest && strcmp(text, "now") != 0)
        return reader_problem(&c->reader, "after", REFUSAL_BAD_MESSAGE, "after is a cursor, 0 or \"now\", not \"%s\"", text);
    if (!*ret_newest && !reader_integer(&c->reader, "after", READ_REQUIRED, 0, READ_INTEGER_MAX, &after))
        return false;
    *ret_after = (uint64_t)after;
    return true;
}

bool intake_subscribe(struct call *c) {
    uint64_t after;
    bool newest;
    if (!read_after(c, &after, &newest))
        return false;
    struct subscribe_job *job = job_new(c->in, sizeof *job, c->session, c->message, finish_subscribe);
    job->newest = newest;
    job->request.head.arena = job->head.arena;
    job->request.creator = job->head.account->creator;
    job->request.after = newest ? READ_INTEGER_MAX : after;
    job->request.limit = 1;
    job_submit(c->in, &job->head, STORE_EVENTS, &job->request.head);
    return true;
}

bool intake_seen(struct call *c) {
    int64_t cursor;
    if (!reader_integer(&c->reader, "cursor", READ_REQUIRED, 0, READ_INTEGER_MAX, &cursor))
        return false;
    bool was_full = subscription_room(&c->session->subscription) == 0;
    subscription_seen(&c->session->subscription, (uint64_t)cursor);
    if (was_full && subscription_room(&c->session->subscription) > 0)
        session_want(&c->in->sessions, c->session);
    return true;
}

/* ---- events ---- */

struct events_job {
    struct job head;
    uint32_t generation;
    struct store_events request;
};

static void send_event(struct intake *in, struct session *session, const struct event_row *event) {
    if (!subscription_send(&session->subscription, event->cursor))
        return;
    struct writer w = {0};
    reply_event(&w, event);
    intake_say(in, session->peer, &w);
    in->stats.events++;
}

static void finish_events(struct intake *in, struct job *head) {
    struct events_job *job = (struct events_job *)head;
    const struct store_events *request = &job->request;
    struct session *session = session_find(&in->sessions, head->peer);
    in->reads--;
    if (session == NULL || session->generation != job->generation)
        return;
    session->reading = false;
    if (request->head.code < 0) {
        if (in->poll_ms > in->now_ms + INTAKE_EVENT_RETRY_MS)
            in->poll_ms = in->now_ms + INTAKE_EVENT_RETRY_MS;
        return;
    }
    for (size_t i = 0; i < request->ret_count; i++)
        send_event(in, session, &request->ret_events[i]);
    if (request->ret_count == request->limit)
        session_want(&in->sessions, session);
}

static void read_page(struct intake *in, struct session *session, size_t room) {
    struct events_job *job = job_new(in, sizeof *job, session, NULL, finish_events);
    job->generation = session->generation;
    job->request.head.arena = job->head.arena;
    job->request.creator = session->account->creator;
    job->request.after = session->subscription.sent;
    job->request.limit = room < EVENTS_PAGE ? room : EVENTS_PAGE;
    session->reading = true;
    in->reads++;
    job_submit(in, &job->head, STORE_EVENTS, &job->request.head);
}

/* Who is read for already is asked again afterwards: what it was woken for may be behind what the read has seen. */
void events_turn(struct intake *in) {
    struct session *later[INTAKE_EVENT_READS_MAX];
    size_t later_count = 0;
    while (in->reads < INTAKE_EVENT_READS_MAX && later_count < INTAKE_EVENT_READS_MAX) {
        struct session *session = session_next_wanting(&in->sessions);
        if (session == NULL)
            break;
        size_t room = subscription_room(&session->subscription);
        if (session->reading)
            later[later_count++] = session;
        else if (room > 0)
            read_page(in, session, room);
    }
    while (later_count > 0)
        session_want(&in->sessions, later[--later_count]);
}

void events_want_all(struct intake *in) {
    struct session *session, *next;
    HASH_ITER(hh, in->sessions.table, session, next) {
        session_want(&in->sessions, session);
    }
}
