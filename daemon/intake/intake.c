/* SPDX-License-Identifier: Apache-2.0 */

/* A message goes: inbox, until its turn → parse → hello first → the row of its type → its function, which answers at once or leaves a job behind. What
 * a function refuses is answered here, in one place.
 *
 * What a crash between any two steps leaves behind: nothing. Sessions, credit and jobs are in memory alone; a creator that
 * was not answered sends again, and the store knows what it has. */

#include "daemon/intake/intake_inner.h"
#include "daemon/wire/hello.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { PEEK_BYTES_MAX = 64 << 10 }; /* of a message that finds no room */

/* ---- effects ---- */

static struct intake_effect *add_effect(struct intake *in, enum intake_effect_kind kind) {
    ARRAY_GROW(in->effects, in->effect_count, in->effect_cap);
    struct intake_effect *e = &in->effects[in->effect_count++];
    *e = (struct intake_effect){.kind = kind};
    return e;
}

void intake_say(struct intake *in, uint64_t peer, struct writer *w) {
    struct intake_effect *e = add_effect(in, INTAKE_REPLY);
    e->peer = peer;
    e->text = writer_take(w, &e->size);
}

void intake_problem(struct intake *in, uint64_t peer, const char *id, const struct refusal *refusal) {
    struct writer w = {0};
    reply_problem(&w, id, refusal);
    intake_say(in, peer, &w);
    in->stats.problems++;
}

void intake_store(struct intake *in, struct store_request *request) {
    add_effect(in, INTAKE_STORE)->request = request;
}

void intake_wake_planner(struct intake *in) {
    add_effect(in, INTAKE_WAKE_PLANNER);
}

bool intake_effect(struct intake *in, struct intake_effect *ret) {
    if (in->effect_first == in->effect_count) {
        in->effect_first = in->effect_count = 0;
        return false;
    }
    *ret = in->effects[in->effect_first++];
    return true;
}

/* ---- the store's failures ---- */

void intake_note_store(struct intake *in, int code) {
    switch (code) {
    case TAKT_ESTORE:
    case TAKT_EFULL:
    case TAKT_EBUSY:
    case TAKT_EUNKNOWN:
    case TAKT_EIO:
    case TAKT_ETIMEOUT:
        in->store_fails = true;
        break;
    default:
        in->store_fails = false;
        break;
    }
}

void intake_store_refusal(struct intake *in, const struct store_request *r, struct refusal *ret) {
    intake_note_store(in, r->code);
    if (r->code == TAKT_ENOENT)
        refuse(ret, REFUSAL_UNKNOWN_ORDER, "/order_ref", "%s", "");
    else if (r->code == TAKT_ESTALE)
        refuse(ret, REFUSAL_TOO_LATE, "", "%s", r->err.text);
    else if (in->store_fails)
        refuse(ret, REFUSAL_BUSY, "", "the plant cannot store it now; send it again in a moment");
    else
        refuse(ret, REFUSAL_INTERNAL, "", "the plant could not deal with it");
}

uint32_t intake_sharers(const struct intake *in, const struct account *account) {
    return presence_sharers(in->presence, account->creator);
}

uint32_t intake_credit(const struct intake *in, struct account *account) {
    uint32_t most = in->store_fails                            ? ACCOUNT_CREDIT_LEAST
                    : in->pending > INTAKE_PENDING_MAX * 2 / 5 ? ACCOUNT_CREDIT_LOW
                                                               : ACCOUNT_CREDIT;
    account_tell(account, intake_sharers(in, account));
    return most < account->part ? most : account->part;
}

/* ---- jobs ---- */

/* Out of whose turn a peer's messages come. */
static struct inbox_lane_name lane_of(const struct intake *in, const struct session *session, const char *owner) {
    const char *creator = session && session->account ? session->account->creator : owner ? owner : "";
    int32_t place = *creator ? plant_creator_find(in->plant, creator) : -1;
    return (struct inbox_lane_name){creator, place < 0 ? 1 : in->plant->creators[place].share};
}

void *job_new(struct intake *in, size_t size, const struct session *session, const struct message *m, job_fn *finish) {
    struct arena *arena = arena_new();
    struct job *job = arena_alloc(arena, size);
    job->arena = arena;
    job->finish = finish;
    job->peer = session->peer;
    job->account = session->account;
    memcpy(job->id, m ? m->id : "", m ? sizeof job->id : 1);
    in->jobs++;
    job->counted = m != NULL;
    if (job->counted) {
        struct inbox_lane_name lane = lane_of(in, session, NULL);
        inbox_begun(in->inbox, job->peer, &lane);
    }
    return job;
}

void job_submit(struct intake *in, struct job *job, enum store_op op, struct store_request *request) {
    request->op = op;
    request->tag = (uint64_t)(uintptr_t)job;
    job->out++;
    in->owed++;
    if (changes_are(op))
        changes_submit(in, job, request);
    else
        intake_store(in, request);
}

void job_ask(struct intake *in, struct job *job, struct ask *ask) {
    ask->context = job;
    ask->arena = job->arena;
    job->out++;
    in->owed++;
    add_effect(in, INTAKE_ASK)->ask = ask;
}

void job_free(struct intake *in, struct job *job) {
    assert(job->out == 0);
    in->jobs--;
    if (job->counted)
        inbox_ended(in->inbox, job->peer);
    arena_free(job->arena);
}

static void job_back(struct intake *in, struct job *job) {
    assert(job->out > 0 && in->owed > 0);
    job->out--;
    in->owed--;
    if (job->more)
        job->more(in, job);
    if (job->out > 0)
        return;
    job->finish(in, job);
    job_free(in, job);
}

void intake_stored(struct intake *in, struct store_request *request) {
    struct job *job = (struct job *)(uintptr_t)request->tag;
    if (changes_are(request->op))
        changes_back(in, job->account, request);
    job_back(in, job);
}

void intake_answered(struct intake *in, struct ask *ask) {
    job_back(in, ask->context);
}

/* ---- messages that are answered at once ---- */

static bool say_hello(struct call *c) {
    struct intake *in = c->in;
    const char *creator = NULL;
    if (!hello_read(&c->reader, "creator", c->owner, &creator))
        return false;
    struct account *account = account_open(&in->accounts, in->plant, creator);
    if (account == NULL)
        return reader_problem(&c->reader, "creator", REFUSAL_UNKNOWN_CREATOR, "no creator '%s' is known here", creator);
    session_open(&in->sessions, c->session->peer, account);
    struct writer w = {0};
    reply_welcome(&w, c->message->id,
                  &(struct reply_welcome){.plant = in->plant->id,
                                          .time_s = in->now_s,
                                          .credit = intake_credit(in, account),
                                          .max_message = MESSAGE_SIZE_MAX,
                                          .max_orders = INTAKE_ORDERS_MAX,
                                          .window = SUBSCRIPTION_WINDOW});
    intake_say(in, c->session->peer, &w);
    return true;
}

static bool say_ping(struct call *c) {
    struct writer w = {0};
    reply_pong(&w, c->message->id, c->in->now_s);
    intake_say(c->in, c->session->peer, &w);
    return true;
}

static bool say_campaign(struct call *c) {
    return reader_problem(&c->reader, NULL, REFUSAL_NOT_ALLOWED, "campaigns are not offered by this version");
}

static bool say_figures(struct call *c) {
    return reader_problem(&c->reader, NULL, REFUSAL_NOT_ALLOWED, "figures are not offered by this version");
}

/* ---- from frame to function ---- */

static const struct message_type {
    const char *type;
    bool (*run)(struct call *c);
    bool first;    /* needs no session */
    bool needs_id;
    bool job;      /* waits for somebody */
} types[] = {
    {"hello", say_hello, true, false, false},
    {"orders", intake_orders, false, true, true},
    {"amend", intake_amend, false, true, true},
    {"cancel", intake_cancel, false, true, true},
    {"quote", intake_quote, false, true, true},
    {"status", intake_status, false, true, true},
    {"subscribe", intake_subscribe, false, true, true},
    {"seen", intake_seen, false, false, false},
    {"ping", say_ping, false, true, false},
    {"campaign", say_campaign, false, true, false},
    {"figures", say_figures, false, true, false},
};

static const struct message_type *find_type(const char *type) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].type, type) == 0)
            return &types[i];
    return NULL;
}

static bool run(struct call *c, struct refusal *refusal) {
    const struct message_type *type = find_type(c->message->type);
    if (c->session->account == NULL && !(type && type->first))
        return refuse(refusal, REFUSAL_NO_SESSION, "", "send what is not yet accepted again after it");
    if (type == NULL)
        return refuse(refusal, REFUSAL_UNKNOWN_TYPE, "/type", "'%s' means nothing here", c->message->type);
    if (!type->first && c->session->account->place < 0)
        return refuse(refusal, REFUSAL_NOT_ALLOWED, "", "'%s' is not in the plant any more", c->session->account->creator);
    if (type->needs_id && !message_needs_id(c->message, refusal))
        return false;
    if (type->job && c->in->jobs >= INTAKE_JOBS_MAX)
        return refuse(refusal, REFUSAL_BUSY, "", "too much is under way; send it again in a moment");
    return type->run(c);
}

/* The session of who is heard. One whose key has become another's since its hello has none any more. */
static struct session *heard_session(struct intake *in, uint64_t peer, const char *owner) {
    struct session *session = session_heard(&in->sessions, peer);
    if (session == NULL || owner == NULL || strcmp(session->account->creator, owner) == 0)
        return session;
    session_end(&in->sessions, session);
    return NULL;
}

static void deal_with(struct intake *in, const struct inbox_item *item) {
    struct message message;
    struct refusal refusal = {0};
    struct session stranger = {.peer = item->peer}, *session = heard_session(in, item->peer, item->owner);
    if (message_read(item->bytes, item->size, &message, &refusal)) {
        struct call call = {.in = in,
                            .session = session ? session : &stranger,
                            .owner = item->owner,
                            .message = &message,
                            .reader = message_reader(&message, &refusal)};
        run(&call, &refusal);
    }
    if (refusal.kind != REFUSAL_NONE)
        intake_problem(in, item->peer, message.id, &refusal);
    message_done(&message);
}

static void deal_with_broken(struct intake *in, uint64_t peer) {
    struct refusal refusal;
    refuse(&refusal, REFUSAL_BAD_MESSAGE, "", "a message is one frame; say hello again");
    session_end(&in->sessions, session_find(&in->sessions, peer));
    intake_problem(in, peer, "", &refusal);
}

bool intake_work(struct intake *in) {
    struct inbox_item item;
    size_t bytes = 0;
    for (int i = 0; i < INTAKE_WORK_MESSAGES && bytes < INTAKE_WORK_BYTES; i++) {
        if (!inbox_take(in->inbox, &item))
            return false;
        bytes += item.size;
        if (item.broken)
            deal_with_broken(in, item.peer);
        else
            deal_with(in, &item);
        struct inbox_lane_name lane = lane_of(in, session_find(&in->sessions, item.peer), item.owner);
        inbox_move(in->inbox, item.peer, &lane);
    }
    return inbox_waiting(in->inbox) > 0;
}

/* Its id is read, if that costs little. */
static void refuse_for_room(struct intake *in, const struct inbox_item *item) {
    struct message message = {0};
    struct refusal refusal = {0}, busy = {0};
    if (!item->broken && item->size <= PEEK_BYTES_MAX)
        message_read(item->bytes, item->size, &message, &refusal);
    refuse(&busy, REFUSAL_BUSY, "", "too many of your messages wait for their turn; send it again in a moment");
    intake_problem(in, item->peer, message.id, &busy);
    message_done(&message);
}

static void put(struct intake *in, const struct inbox_item *item) {
    struct inbox_lane_name lane = lane_of(in, session_find(&in->sessions, item->peer), item->owner);
    in->stats.messages++;
    if (!inbox_put(in->inbox, &lane, item))
        refuse_for_room(in, item);
}

void intake_receive(struct intake *in, uint64_t peer, const char *owner, const void *bytes, size_t size) {
    put(in, &(struct inbox_item){peer, owner, bytes, size, false});
}

void intake_broken(struct intake *in, uint64_t peer, const char *owner) {
    put(in, &(struct inbox_item){peer, owner, "", 0, true});
}

void intake_lost(struct intake *in, uint64_t peer) {
    inbox_drop(in->inbox, peer);
    session_end(&in->sessions, session_find(&in->sessions, peer));
}

/* ---- time, plant, life ---- */

void intake_time(struct intake *in, int64_t plant_s, int64_t mono_ms) {
    in->now_s = plant_s;
    in->now_ms = mono_ms;
    changes_turn(in);
}

void intake_end(struct intake *in) {
    changes_hurry(in);
}

void intake_wake(struct intake *in) {
    events_want_all(in);
}

void intake_turn(struct intake *in) {
    if (in->now_ms >= in->poll_ms) {
        in->poll_ms = in->now_ms + (in->presence ? INTAKE_EVENT_POLL_MS : INTAKE_EVENT_ALONE_MS);
        events_want_all(in);
    }
    events_turn(in);
}

void intake_plant(struct intake *in, struct plant *plant) {
    plant_unref(in->plant);
    in->plant = plant;
    accounts_move(&in->accounts, plant);
}

void intake_estimate(struct intake *in, struct estimate *estimate) {
    estimate_free(in->estimate);
    in->estimate = estimate;
}

void intake_presence(struct intake *in, const struct presence *presence) {
    in->presence = presence;
}

void intake_creators(const struct intake *in, struct creator_set *ret) {
    *ret = (struct creator_set){0};
    for (const struct session *s = in->sessions.table; s; s = s->hh.next)
        creator_set_add(ret, s->account->creator);
}

struct intake *intake_new(struct plant *plant) {
    struct intake *in = takt_alloc(sizeof *in);
    in->plant = plant_ref(plant);
    in->inbox = inbox_new();
    recipient_secret(plant->id, in->secret);
    return in;
}

void intake_free(struct intake *in) {
    struct intake_effect left;
    if (in == NULL)
        return;
    assert(in->owed == 0);
    while (intake_effect(in, &left))
        free(left.text);
    inbox_free(in->inbox);
    sessions_done(&in->sessions);
    accounts_done(&in->accounts);
    estimate_free(in->estimate);
    plant_unref(in->plant);
    free(in->effects);
    free(in);
}

int64_t intake_next_ms(const struct intake *in) {
    int64_t changes_ms = changes_next_ms(in);
    return changes_ms < in->poll_ms ? changes_ms : in->poll_ms;
}

size_t intake_owed(const struct intake *in) {
    return in->owed;
}

struct intake_stats intake_stats(const struct intake *in) {
    struct intake_stats stats = in->stats;
    stats.sessions = HASH_COUNT(in->sessions.table);
    stats.pending = in->pending;
    stats.jobs = in->jobs;
    return stats;
}
