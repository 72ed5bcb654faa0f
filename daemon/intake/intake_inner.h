/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the parts of the intake share: the struct, jobs, and how to answer. Included by daemon/intake/intake*.c alone.
 *
 * A job is a message whose answer needs the store or the planner. It lies in its own arena with all its requests, counts
 * those that are out, and is finished by its kind's function when the last one is back. While requests are out, nothing
 * is taken from the arena: it is the store's then. */

#include "base/arena.h"
#include "daemon/intake/account.h"
#include "daemon/intake/changes.h"
#include "daemon/intake/inbox.h"
#include "daemon/intake/intake.h"
#include "daemon/intake/presence.h"
#include "daemon/intake/session.h"
#include "daemon/wire/message.h"
#include "daemon/wire/recipient.h"
#include "daemon/wire/reply.h"

struct job;
typedef void job_fn(struct intake *in, struct job *job);

struct job {
    struct arena *arena;
    job_fn *finish;      /* everything is back; job_free comes after */
    job_fn *more;        /* one is back and others are out, or there is more to submit; NULL: nothing to do then */
    uint64_t peer;
    struct account *account;
    char id[MESSAGE_ID_MAX + 1];
    bool counted;        /* a message, which the inbox counts as under way */
    uint32_t out;
};

struct sparse { /* of changes.h */
    const struct account *account; /* NULL: nobody yet */
    int64_t at_ms;
};

struct intake {
    struct plant *plant;
    struct estimate *estimate;
    const struct presence *presence; /* NULL: nobody else takes orders */
    uint8_t secret[RECIPIENT_SECRET_SIZE];
    struct accounts accounts;
    struct sessions sessions;
    struct inbox *inbox;     /* what was received and waits for its turn */
    int64_t now_s, now_ms;
    int64_t poll_ms;         /* when all subscribers are to be looked after next */
    bool store_fails;        /* what the last write said */
    bool noted_old_copy;
    struct sparse sparse[2];  /* the last one, and the last that is another */
    struct account *paused;
    bool hurry;              /* nobody pauses any more */
    uint32_t pending;        /* orders */
    uint32_t jobs, reads;
    size_t owed;
    struct intake_effect *effects;
    size_t effect_first, effect_count, effect_cap;
    struct intake_stats stats;
};

/* ---- answers ---- */
void intake_say(struct intake *in, uint64_t peer, struct writer *w);
void intake_problem(struct intake *in, uint64_t peer, const char *id, const struct refusal *refusal);
void intake_store(struct intake *in, struct store_request *request);
void intake_wake_planner(struct intake *in);
/* What a store's failure means to a creator; also notes how the store does. */
void intake_store_refusal(struct intake *in, const struct store_request *r, struct refusal *ret);
void intake_note_store(struct intake *in, int code);

/* ---- jobs ---- */
/* size is that of the kind's struct, which begins with struct job. */
void *job_new(struct intake *in, size_t size, const struct session *session, const struct message *m, job_fn *finish);
/* The request's arena is NULL unless the caller has set it. */
void job_submit(struct intake *in, struct job *job, enum store_op op, struct store_request *request);
void job_ask(struct intake *in, struct job *job, struct ask *ask);
void job_free(struct intake *in, struct job *job);

/* ---- messages: one function a type; false: refused ---- */
struct call {
    struct intake *in;
    struct session *session;
    const char *owner; /* of the connection's key; NULL: no keys are asked for */
    const struct message *message;
    struct reader reader;
};

bool intake_orders(struct call *c);
bool intake_amend(struct call *c);
bool intake_cancel(struct call *c);
bool intake_quote(struct call *c);
bool intake_status(struct call *c);
bool intake_subscribe(struct call *c);
bool intake_seen(struct call *c);

/* The list `order_refs`, copied to the arena. */
bool intake_read_refs(struct call *c, struct arena *arena, const char *const **ret, size_t *ret_count);

/* ---- events ---- */
void events_turn(struct intake *in);
void events_want_all(struct intake *in);

/* At how many processes the creator shares its credit and rate, this one included. */
uint32_t intake_sharers(const struct intake *in, const struct account *account);
/* What the creator is told. */
uint32_t intake_credit(const struct intake *in, struct account *account);
