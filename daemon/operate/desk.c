/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/operate/desk.h"

#include "daemon/planner/inquiry.h"
#include "daemon/wire/message.h"
#include "daemon/wire/reply.h"

#include <stdlib.h>
#include <string.h>

struct desk_job {
    uint64_t peer;
    char id[MESSAGE_ID_MAX + 1];
    struct ask ask;
};

struct desk {
    struct plant *plant;
    uint64_t epoch;
    uint64_t peers[DESK_PEERS_MAX]; /* those who have said hello */
    size_t peer_count, pending;
    struct desk_effect *effects; /* a queue: from effect_first to effect_count */
    size_t effect_first, effect_count, effect_cap;
};

/* ---- effects ---- */

static struct desk_effect *add(struct desk *d, enum desk_effect_kind kind) {
    if (d->effect_first == d->effect_count)
        d->effect_first = d->effect_count = 0;
    ARRAY_GROW(d->effects, d->effect_count, d->effect_cap);
    struct desk_effect *e = &d->effects[d->effect_count++];
    *e = (struct desk_effect){.kind = kind};
    return e;
}

bool desk_effect(struct desk *d, struct desk_effect *ret) {
    if (d->effect_first == d->effect_count)
        return false;
    *ret = d->effects[d->effect_first++];
    return true;
}

static void say(struct desk *d, uint64_t peer, struct writer *w) {
    struct desk_effect *e = add(d, DESK_REPLY);
    e->peer = peer;
    e->text = writer_take(w, &e->size);
}

static void tell_all(struct desk *d, struct writer *w) {
    size_t size;
    char *text = writer_take(w, &size);
    for (size_t i = 0; i < d->peer_count; i++) {
        struct desk_effect *e = add(d, DESK_REPLY);
        e->peer = d->peers[i];
        e->text = takt_strdup(text);
        e->size = size;
    }
    free(text);
}

/* ---- messages: one function a type; false: refused ---- */

struct desk_call {
    uint64_t peer;
    const struct message *message;
    struct reader reader;
};

static size_t find_peer(const struct desk *d, uint64_t peer) {
    size_t i = 0;
    while (i < d->peer_count && d->peers[i] != peer)
        i++;
    return i;
}

static bool take_hello(struct desk *d, struct desk_call *c) {
    int64_t epoch;
    size_t place = find_peer(d, c->peer);
    if (!reader_integer(&c->reader, "epoch", READ_REQUIRED, 0, READ_INTEGER_MAX, &epoch))
        return false;
    if ((uint64_t)epoch != d->epoch)
        return reader_problem(&c->reader, "epoch", REFUSAL_BUSY, "this is the planner of epoch %llu", (unsigned long long)d->epoch);
    if (place == DESK_PEERS_MAX)
        return reader_problem(&c->reader, NULL, REFUSAL_OVER_LIMIT, "%d intakes ask here already", DESK_PEERS_MAX);
    d->peers[place] = c->peer;
    d->peer_count += place == d->peer_count;
    struct writer w = {0};
    reply_begin(&w, "welcome", c->message->id);
    reply_end(&w);
    say(d, c->peer, &w);
    return true;
}

static bool take_quote(struct desk *d, struct desk_call *c) {
    if (find_peer(d, c->peer) == d->peer_count)
        return reader_problem(&c->reader, NULL, REFUSAL_NO_SESSION, "%s", "");
    if (d->pending >= DESK_ASKS_MAX)
        return reader_problem(&c->reader, NULL, REFUSAL_BUSY, "too many questions wait for the planner");
    struct arena *arena = arena_new();
    struct desk_job *job = arena_alloc(arena, sizeof *job);
    job->peer = c->peer;
    job->ask.arena = arena;
    job->ask.tag = DESK_TAG;
    job->ask.context = job;
    memcpy(job->id, c->message->id, sizeof job->id);
    if (!inquiry_read_quote(&c->reader, d->plant, &job->ask)) {
        arena_free(arena);
        return false;
    }
    d->pending++;
    add(d, DESK_ASK)->ask = &job->ask;
    return true;
}

static bool take_wake(struct desk *d, struct desk_call *c) {
    (void)c;
    add(d, DESK_WAKE);
    return true;
}

static bool take_message(struct desk *d, struct desk_call *c) {
    static const struct {
        const char *type;
        bool (*take)(struct desk *d, struct desk_call *c);
    } types[] = {{"hello", take_hello}, {"quote", take_quote}, {"wake", take_wake}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].type, c->message->type) == 0)
            return types[i].take(d, c);
    return reader_problem(&c->reader, "type", REFUSAL_UNKNOWN_TYPE, "%s", "");
}

void desk_receive(struct desk *d, uint64_t peer, const void *bytes, size_t size) {
    struct message message;
    struct refusal refusal = {0};
    struct desk_call call = {.peer = peer, .message = &message};
    bool good = message_read(bytes, size, &message, &refusal);
    if (good) {
        call.reader = message_reader(&message, &refusal);
        good = take_message(d, &call);
    }
    if (!good) {
        struct writer w = {0};
        reply_problem(&w, message.id, &refusal);
        say(d, peer, &w);
    }
    message_done(&message);
}

void desk_lost(struct desk *d, uint64_t peer) {
    size_t place = find_peer(d, peer);
    if (place < d->peer_count)
        d->peers[place] = d->peers[--d->peer_count];
}

/* ---- what the planner says ---- */

void desk_answered(struct desk *d, struct ask *ask) {
    struct desk_job *job = ask->context;
    struct writer w = {0};
    inquiry_write_quoted(&w, job->id, ask);
    say(d, job->peer, &w);
    d->pending--;
    arena_free(ask->arena);
}

void desk_news(struct desk *d) {
    struct writer w = {0};
    reply_begin(&w, "news", "");
    reply_end(&w);
    tell_all(d, &w);
}

void desk_estimate(struct desk *d, const struct estimate *estimate) {
    struct writer w = {0};
    if (d->peer_count == 0)
        return;
    inquiry_write_estimate(&w, estimate);
    tell_all(d, &w);
}

/* ---- life ---- */

struct desk *desk_new(struct plant *plant, uint64_t epoch) {
    struct desk *d = takt_alloc(sizeof *d);
    d->plant = plant_ref(plant);
    d->epoch = epoch;
    return d;
}

void desk_plant(struct desk *d, struct plant *plant) {
    plant_unref(d->plant);
    d->plant = plant_ref(plant);
}

void desk_free(struct desk *d) {
    struct desk_effect e;
    if (d == NULL)
        return;
    while (desk_effect(d, &e))
        free(e.text);
    free(d->effects);
    plant_unref(d->plant);
    free(d);
}

size_t desk_pending(const struct desk *d) {
    return d->pending;
}
