/* SPDX-License-Identifier: Apache-2.0 */

/* The outbox. What is durable of a shipment is its state in the store (store.h):
 *
 *               taken                    shipped
 *     OPEN ───────────────▶ TAKEN ───────────────────▶ SHIPPED
 *      │ ▲     release        │                           ▲
 *      │ └────────────────────┤                           │
 *      │        refused, 20 attempts                      │
 *      ├──────────────────────▼                           │
 *      │                    ASIDE ── release ──▶ OPEN      │
 *      └────────────────────── shipped ───────────────────┘
 *
 * What is not durable, connections and leases, is in the ledger, whose states refine OPEN (waiting, sending, sent) and
 * TAKEN (sending, taken, kept). The store decides every transition; the ledger follows its answers, which come in the
 * order in which the store ran the requests. So the ledger may lag behind the store, but it never runs ahead of it.
 *
 * Sending is two steps: SHIPMENT_SENT (which attempt it is) together with the row, then the bodies of its orders; then the
 * message. The number goes up when a lease or a connection ends, so that a step that failed, or a hello on the same
 * connection, is not counted as a sending that came to nothing. A step that comes back after its shipment has moved on (taken by another, its connection gone) is known by
 * its sending_no and dropped.
 *
 * New shipments are found by number, above the highest that is known; on a wake-up and once a second. Since one that
 * was set aside may be released by the operator, and an answer about a commit may be unknown, a second look goes round
 * all that are open and taken, a page a second, and brings the ledger into line; it begins anew when something was released.
 *
 * What a crash leaves behind, between any two steps:
 *   published │ SENT      nothing is lost: the first look finds it
 *   SENT      │ message   one attempt was counted that nobody saw
 *   message   │ taken     it is open: sent again, with the same shipment_id, perhaps to another; the consumer knows it
 * by it TAKE      │ confirmed it is the consumer's: sent again to it alone; `taken` again is confirmed again SHIP │
 * confirmed it is shipped, with its orders and events: `shipped` again is confirmed again SHIP      │ wake      planner
 * and intake look at the store once a second anyway REFUSE    │ confirmed it is aside: `refused` again is confirmed
 * again */

#include "daemon/dispatch/outbox.h"

#include "base/arena.h"
#include "base/nearest.h"
#include "daemon/dispatch/ledger.h"
#include "daemon/dispatch/shipment.h"
#include "daemon/wire/hello.h"
#include "daemon/wire/message.h"
#include "daemon/wire/reply.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum job_kind { JOB_LOOK_NEW, JOB_LOOK_ROUND, JOB_SEND, JOB_ACT };

struct job { /* something that waits for the store; it lies in its own arena, as do all results */
    enum job_kind kind;
    struct arena *arena;
    uint32_t waiting; /* requests that have not come back */
    union {
        struct store_shipments look;
        struct {
            uint64_t sending_no;
            struct store_shipment sent;
            struct store_shipments row;
            struct store_bodies bodies;
        } send;
        struct {
            uint64_t peer;
            const char *id;
            struct store_shipment request;
        } act;
    } u;
};

struct outbox {
    struct plant *plant;
    uint64_t epoch;
    struct ledger *ledger;

    struct outbox_effect *effects; /* a queue: from effect_first to effect_count */
    size_t effect_first, effect_count, effect_cap;

    uint64_t known;       /* the highest number that was looked at */
    uint64_t round_after; /* where the second look goes on */
    bool look_new_under_way, look_round_under_way;
    bool round_anew; /* the next page is the first */
    int64_t look_new_ms, look_round_ms; /* when the next ones are due; 0: at once */
    int64_t pause_ms;                   /* nothing is sent before: the store has failed; 0: it has not */
    size_t jobs, requests;
    bool draining;
};

/* ---- effects ---- */

static struct outbox_effect *effect_add(struct outbox *o, enum outbox_effect_kind kind) {
    if (o->effect_first == o->effect_count)
        o->effect_first = o->effect_count = 0;
    ARRAY_GROW(o->effects, o->effect_count, o->effect_cap);
    struct outbox_effect *e = &o->effects[o->effect_count++];
    *e = (struct outbox_effect){.kind = kind};
    return e;
}

static void send_text(struct outbox *o, uint64_t peer, struct writer *w) {
    struct outbox_effect *e = effect_add(o, OUTBOX_SEND);
    e->peer = peer;
    e->text = writer_take(w, &e->size);
}

static void send_problem(struct outbox *o, uint64_t peer, const char *id, const struct refusal *refusal) {
    struct writer w = {0};
    reply_problem(&w, id, refusal);
    send_text(o, peer, &w);
}

static void submit(struct outbox *o, struct job *job, struct store_request *request, enum store_op op) {
    request->op = op;
    request->arena = job->arena;
    request->tag = (uint64_t)(uintptr_t)job;
    effect_add(o, OUTBOX_STORE)->request = request;
    job->waiting++;
    o->requests++;
}

static void tell_aside(struct outbox *o, const char *shipment, const char *reason) {
    struct outbox_effect *e = effect_add(o, OUTBOX_ASIDE);
    size_t first = strlen(shipment) + 1, second = strlen(reason) + 1;
    e->size = first + second;
    e->text = takt_alloc(e->size);
    memcpy(e->text, shipment, first);
    memcpy(e->text + first, reason, second);
}

static struct job *job_new(struct outbox *o, enum job_kind kind) {
    struct arena *arena = arena_new();
    struct job *job = arena_alloc(arena, sizeof *job);
    job->kind = kind;
    job->arena = arena;
    o->jobs++;
    return job;
}

static void job_free(struct outbox *o, struct job *job) {
    o->jobs--;
    arena_free(job->arena);
}

/* ---- looking at the store ---- */

static void look(struct outbox *o, enum job_kind kind, uint64_t after) {
    struct job *job = job_new(o, kind);
    job->u.look.after = after;
    job->u.look.limit = OUTBOX_PAGE;
    job->u.look.state = -2;
    submit(o, job, &job->u.look.head, STORE_SHIPMENTS);
}

static void look_done(struct outbox *o, struct job *job, const struct outbox_now *now) {
    const struct store_shipments *q = &job->u.look;
    bool fine = q->head.code == 0, more = fine && q->ret_count == OUTBOX_PAGE;
    size_t count = fine ? q->ret_count : 0;
    for (size_t i = 0; i < count; i++)
        ledger_learn(o->ledger, &q->ret_shipments[i]);
    uint64_t last = count > 0 ? q->ret_shipments[count - 1].parcel.number : 0;
    if (last > o->known)
        o->known = last;
    if (job->kind == JOB_LOOK_NEW) {
        o->look_new_under_way = false;
        if (more)
            o->look_new_ms = now->real_ms;
        else if (!fine)
            o->look_new_ms = now->real_ms + OUTBOX_LOOK_MS;
    } else {
        o->look_round_under_way = false;
        if (!o->round_anew)
            o->look_round_ms = now->real_ms + (fine && !more ? OUTBOX_IDLE_MS : OUTBOX_LOOK_MS);
        o->round_after = more ? last : fine ? 0 : o->round_after;
    }
    job_free(o, job);
}

/* ---- sending ---- */

static void send_next(struct outbox *o, struct ledger_entry *e, const struct outbox_now *now) {
    struct job *job = job_new(o, JOB_SEND);
    const char *shipment = arena_strdup(job->arena, e->shipment);
    job->u.send.sending_no = e->sending_no;
    job->u.send.sent.act = SHIPMENT_SENT;
    job->u.send.sent.epoch = o->epoch;
    job->u.send.sent.shipment = shipment;
    job->u.send.sent.consumer = arena_strdup(job->arena, ledger_session_consumer(e->session));
    job->u.send.sent.carrier = job->u.send.sent.tracking = job->u.send.sent.reason = "";
    job->u.send.sent.attempt = e->attempts + 1;
    job->u.send.sent.attempts_max = OUTBOX_ATTEMPTS_MAX;
    job->u.send.sent.now_s = now->plant_s;
    job->u.send.row.shipment = shipment;
    submit(o, job, &job->u.send.sent.head, STORE_SHIPMENT);
    submit(o, job, &job->u.send.row.head, STORE_SHIPMENTS);
}

static void send_failed(struct outbox *o, struct ledger_entry *e, const struct outbox_now *now) {
    ledger_unsent(o->ledger, e);
    o->pause_ms = now->real_ms + OUTBOX_RETRY_MS;
}

static void send_bodies(struct outbox *o, struct job *job) {
    const struct parcel_row *parcel = &job->u.send.row.ret_shipments[0].parcel;
    job->u.send.bodies.orders = parcel->orders;
    job->u.send.bodies.count = parcel->order_count;
    submit(o, job, &job->u.send.bodies.head, STORE_BODIES);
}

static void send_message(struct outbox *o, struct job *job, struct ledger_entry *e, const struct outbox_now *now) {
    struct writer w = {0};
    shipment_write(&w, &job->u.send.row.ret_shipments[0], &job->u.send.bodies);
    send_text(o, e->session->peer, &w);
    ledger_sent(o->ledger, e, now->real_ms + OUTBOX_LEASE_MS);
}

/* Both of the first step, or the second step, have come back. */
static void send_step(struct outbox *o, struct job *job, const struct outbox_now *now) {
    struct store_shipment *sent = &job->u.send.sent;
    struct ledger_entry *e = ledger_find(o->ledger, sent->shipment);
    bool ours = e != NULL && e->state == LEDGER_SENDING && e->sending_no == job->u.send.sending_no;
    bool first_step = job->u.send.bodies.orders == NULL;
    if (first_step && sent->head.code == TAKT_ELIMIT)
        tell_aside(o, sent->shipment, "attempts");
    if (!ours) {
        job_free(o, job);
        return;
    }
    if (sent->head.code == TAKT_ELIMIT || sent->head.code == TAKT_ESTALE || sent->head.code == TAKT_ENOENT)
        ledger_ended(o->ledger, e);
    else if (sent->head.code < 0 || job->u.send.row.head.code < 0 || job->u.send.bodies.head.code < 0)
        send_failed(o, e, now);
    else if (first_step)
        send_bodies(o, job);
    else
        send_message(o, job, e, now);
    if (job->waiting == 0)
        job_free(o, job);
}

/* ---- what consumers say ---- */

struct said { /* a message being dealt with */
    uint64_t peer;
    const char *owner; /* of its key */
    const struct message *message;
    struct reader reader;
    struct refusal *refusal;
    struct ledger_session *session; /* NULL: it has said no hello */
};

static bool check_consumer(const struct outbox *o, const struct reader *r, const char *name) {
    if (plant_consumer_find(o->plant, name) >= 0)
        return true;
    const char **names = takt_realloc(NULL, o->plant->consumer_count + 1, sizeof *names);
    for (size_t i = 0; i < o->plant->consumer_count; i++)
        names[i] = o->plant->consumers[i].id;
    const char *near = nearest_name(name, names, o->plant->consumer_count);
    free(names);
    return reader_problem(r, "consumer", REFUSAL_NOT_ALLOWED, "the plant has no consumer '%s'%s%s%s", name,
                          near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static bool say_hello(struct outbox *o, const struct said *said, const struct outbox_now *now) {
    const struct reader *r = &said->reader;
    const char *consumer = NULL;
    int64_t credit = 0;
    if (!hello_read(r, "consumer", said->owner, &consumer) || !check_consumer(o, r, consumer) ||
        !reader_integer(r, "credit", READ_REQUIRED, 0, OUTBOX_CREDIT_MAX, &credit))
        return false;
    if (said->session == NULL && ledger_session_count(o->ledger) >= OUTBOX_SESSIONS_MAX)
        return reader_problem(r, NULL, REFUSAL_OVER_LIMIT, "%d connections are open", OUTBOX_SESSIONS_MAX);
    if (said->session != NULL)
        ledger_session_leave(o->ledger, said->session);
    ledger_session_begin(o->ledger, said->peer, consumer, (uint32_t)credit);
    struct writer w = {0};
    reply_welcome(&w, said->message->id,
                  &(struct reply_welcome){.plant = o->plant->id,
                                          .time_s = now->plant_s,
                                          .credit = credit,
                                          .max_message = MESSAGE_SIZE_MAX,
                                          .max_orders = -1,
                                          .window = -1});
    send_text(o, said->peer, &w);
    return true;
}

static bool say_credit(struct outbox *o, const struct said *said, const struct outbox_now *now) {
    int64_t credit = 0;
    (void)o;
    (void)now;
    if (!reader_integer(&said->reader, "credit", READ_REQUIRED, 0, OUTBOX_CREDIT_MAX, &credit))
        return false;
    said->session->credit = (uint32_t)credit;
    return true;
}

/* taken, shipped, refused: begins the act; what is particular to it is filled in by the caller, who submits it. */
static struct job *act_begin(struct outbox *o, const struct said *said, enum shipment_act act,
                             const struct outbox_now *now) {
    const char *shipment = NULL;
    if (!reader_text(&said->reader, "shipment_id", READ_REQUIRED, 128, &shipment))
        return NULL;
    if (o->jobs >= OUTBOX_JOBS_MAX) {
        refuse(said->refusal, REFUSAL_BUSY, "", "%d messages are under way", OUTBOX_JOBS_MAX);
        return NULL;
    }
    struct job *job = job_new(o, JOB_ACT);
    job->u.act.peer = said->peer;
    job->u.act.id = arena_strdup(job->arena, said->message->id);
    job->u.act.request = (struct store_shipment){
        .epoch = o->epoch,
        .act = act,
        .shipment = arena_strdup(job->arena, shipment),
        .consumer = arena_strdup(job->arena, ledger_session_consumer(said->session)),
        .carrier = "",
        .tracking = "",
        .reason = "",
        .now_s = now->plant_s,
    };
    return job;
}

static bool act_submit(struct outbox *o, struct job *job) {
    submit(o, job, &job->u.act.request.head, STORE_SHIPMENT);
    return true;
}

static bool say_taken(struct outbox *o, const struct said *said, const struct outbox_now *now) {
    struct job *job = act_begin(o, said, SHIPMENT_TAKE, now);
    return job != NULL && act_submit(o, job);
}

static bool say_shipped(struct outbox *o, const struct said *said, const struct outbox_now *now) {
    const char *carrier = "", *tracking = "";
    if (!reader_text(&said->reader, "carrier", READ_OPTIONAL, 64, &carrier) ||
        !reader_text(&said->reader, "tracking", READ_OPTIONAL, OUTBOX_TRACKING_MAX, &tracking))
        return false;
    struct job *job = act_begin(o, said, SHIPMENT_SHIP, now);
    if (job == NULL)
        return false;
    job->u.act.request.carrier = arena_strdup(job->arena, carrier);
    job->u.act.request.tracking = arena_strdup(job->arena, tracking);
    return act_submit(o, job);
}

static bool say_refused(struct outbox *o, const struct said *said, const struct outbox_now *now) {
    const char *reason = NULL;
    if (!reader_text(&said->reader, "reason", READ_REQUIRED, OUTBOX_REASON_MAX, &reason))
        return false;
    struct job *job = act_begin(o, said, SHIPMENT_REFUSE, now);
    if (job == NULL)
        return false;
    job->u.act.request.reason = arena_strdup(job->arena, reason);
    return act_submit(o, job);
}

static const struct {
    const char *type;
    bool needs_session;
    bool (*say)(struct outbox *o, const struct said *said, const struct outbox_now *now);
} sayings[] = {
    {"hello", false, say_hello},    {"taken", true, say_taken},   {"shipped", true, say_shipped},
    {"refused", true, say_refused}, {"credit", true, say_credit},
};

static bool deal_with(struct outbox *o, const struct said *said, const struct outbox_now *now) {
    for (size_t i = 0; i < sizeof sayings / sizeof sayings[0]; i++) {
        if (strcmp(said->message->type, sayings[i].type) != 0)
            continue;
        if (sayings[i].needs_session && said->session == NULL)
            return refuse(said->refusal, REFUSAL_NO_SESSION, "", "say hello with your consumer and credit");
        return sayings[i].say(o, said, now);
    }
    return refuse(said->refusal, said->session ? REFUSAL_UNKNOWN_TYPE : REFUSAL_NO_SESSION, "/type",
                  "'%s' means nothing on the shipments endpoint", said->message->type);
}

/* One whose key has become another's since its hello has to say hello again. */
static struct ledger_session *heard_session(struct outbox *o, uint64_t peer, const char *owner) {
    struct ledger_session *s = ledger_session_find(o->ledger, peer);
    if (s == NULL || owner == NULL || strcmp(ledger_session_consumer(s), owner) == 0)
        return s;
    ledger_session_end(o->ledger, s);
    return NULL;
}

void outbox_receive(struct outbox *o, uint64_t peer, const char *owner, const void *bytes, size_t size,
                    const struct outbox_now *now) {
    struct message message = {0};
    struct refusal refusal = {0};
    struct said said = {.peer = peer, .owner = owner, .message = &message, .refusal = &refusal};
    bool fine = message_read(bytes, size, &message, &refusal);
    if (fine) {
        said.reader = message_reader(&message, &refusal);
        said.session = heard_session(o, peer, owner);
        fine = deal_with(o, &said, now);
    }
    if (!fine)
        send_problem(o, peer, message.id, &refusal);
    message_done(&message);
}

/* ---- what the store says of it ---- */

static void act_refuse(struct outbox *o, const struct job *job) {
    const struct store_shipment *q = &job->u.act.request;
    struct refusal refusal = {0};
    if (q->head.code == TAKT_ENOENT)
        refuse(&refusal, REFUSAL_UNKNOWN_SHIPMENT, "/shipment_id", "there is no shipment '%s'", q->shipment);
    else if (q->head.code == TAKT_ESTALE)
        refuse(&refusal, REFUSAL_CONTRADICTION, "/shipment_id", "%s", q->head.err.text);
    else
        refuse(&refusal, REFUSAL_BUSY, "", "the store does not answer, say it again");
    send_problem(o, job->u.act.peer, job->u.act.id, &refusal);
}

/* The ledger follows. A shipment that it does not know, or knows no more, is none of its concern. */
static void act_follow(struct outbox *o, const struct job *job) {
    const struct store_shipment *q = &job->u.act.request;
    struct ledger_entry *e = ledger_find(o->ledger, q->shipment);
    if (q->act == SHIPMENT_SHIP)
        effect_add(o, OUTBOX_WAKE);
    if (q->act == SHIPMENT_REFUSE && e != NULL)
        tell_aside(o, q->shipment, q->reason);
    if (e == NULL)
        return;
    if (q->act == SHIPMENT_TAKE)
        ledger_taken(o->ledger, e, q->consumer, ledger_session_find(o->ledger, job->u.act.peer));
    else
        ledger_ended(o->ledger, e);
}

static void act_done(struct outbox *o, struct job *job) {
    if (job->u.act.request.head.code < 0) {
        act_refuse(o, job);
    } else {
        struct writer w = {0};
        act_follow(o, job);
        reply_begin(&w, "confirmed", job->u.act.id);
        writer_text(&w, "shipment_id", job->u.act.request.shipment);
        reply_end(&w);
        send_text(o, job->u.act.peer, &w);
    }
    job_free(o, job);
}

void outbox_stored(struct outbox *o, struct store_request *request, const struct outbox_now *now) {
    struct job *job = (struct job *)(uintptr_t)request->tag;
    assert(job->waiting > 0 && o->requests > 0);
    o->requests--;
    if (--job->waiting > 0)
        return;
    if (job->kind == JOB_SEND)
        send_step(o, job, now);
    else if (job->kind == JOB_ACT)
        act_done(o, job);
    else
        look_done(o, job, now);
}

/* ---- life ---- */

struct outbox *outbox_new(struct plant *plant, uint64_t epoch) {
    struct outbox *o = takt_alloc(sizeof *o);
    o->plant = plant_ref(plant);
    o->epoch = epoch;
    o->ledger = ledger_new();
    return o;
}

void outbox_free(struct outbox *o) {
    if (o == NULL)
        return;
    assert(o->requests == 0);
    struct outbox_effect e;
    while (outbox_effect(o, &e))
        free(e.text);
    free(o->effects);
    ledger_free(o->ledger);
    plant_unref(o->plant);
    free(o);
}

void outbox_reload(struct outbox *o, struct plant *plant) {
    struct ledger_session *s = ledger_session_next(o->ledger, NULL), *next;
    for (; s != NULL; s = next) {
        next = ledger_session_next(o->ledger, s);
        if (plant_consumer_find(plant, ledger_session_consumer(s)) < 0)
            ledger_session_end(o->ledger, s);
    }
    plant_unref(o->plant);
    o->plant = plant_ref(plant);
}

void outbox_gone(struct outbox *o, uint64_t peer) {
    struct ledger_session *s = ledger_session_find(o->ledger, peer);
    if (s != NULL)
        ledger_session_end(o->ledger, s);
}

void outbox_broken(struct outbox *o, uint64_t peer) {
    struct refusal refusal = {0};
    outbox_gone(o, peer);
    refuse(&refusal, REFUSAL_BAD_MESSAGE, "", "a message is one frame; say hello again");
    send_problem(o, peer, "", &refusal);
}

void outbox_wake(struct outbox *o) {
    o->look_new_ms = 0;
}

void outbox_released(struct outbox *o) {
    o->round_anew = true;
    o->look_round_ms = 0;
}

void outbox_turn(struct outbox *o, const struct outbox_now *now) {
    ledger_expire(o->ledger, now->real_ms);
    if (o->draining)
        return;
    if (o->pause_ms <= now->real_ms)
        o->pause_ms = 0;
    if (!o->look_new_under_way && o->look_new_ms <= now->real_ms) {
        o->look_new_under_way = true;
        o->look_new_ms = now->real_ms + OUTBOX_IDLE_MS;
        look(o, JOB_LOOK_NEW, o->known);
    }
    if (!o->look_round_under_way && o->look_round_ms <= now->real_ms) {
        o->look_round_under_way = true;
        look(o, JOB_LOOK_ROUND, o->round_anew ? 0 : o->round_after);
        o->round_anew = false;
    }
    struct ledger_entry *e;
    while (o->pause_ms <= now->real_ms && ledger_count(o->ledger, LEDGER_SENDING) < OUTBOX_SENDING_MAX &&
           (e = ledger_assign(o->ledger)) != NULL)
        send_next(o, e, now);
}

static int64_t earlier(int64_t a_ms, int64_t b_ms) {
    return a_ms < b_ms ? a_ms : b_ms;
}

int64_t outbox_next_ms(const struct outbox *o) {
    int64_t next_ms = ledger_next_ms(o->ledger);
    if (o->draining)
        return next_ms;
    if (o->pause_ms > 0)
        next_ms = earlier(next_ms, o->pause_ms);
    if (!o->look_new_under_way)
        next_ms = earlier(next_ms, o->look_new_ms);
    if (!o->look_round_under_way)
        next_ms = earlier(next_ms, o->look_round_ms);
    return next_ms;
}

bool outbox_effect(struct outbox *o, struct outbox_effect *ret) {
    if (o->effect_first == o->effect_count)
        return false;
    *ret = o->effects[o->effect_first++];
    return true;
}

void outbox_drain(struct outbox *o) {
    o->draining = true;
}

size_t outbox_pending(const struct outbox *o) {
    return o->requests;
}

void outbox_check(const struct outbox *o) {
    ledger_check(o->ledger);
}
