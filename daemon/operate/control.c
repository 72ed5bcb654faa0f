/* SPDX-License-Identifier: Apache-2.0 */

/* A call's life: begun by a message, it takes its command's steps; after each it waits until everything that was asked for is
 * back, and at the end it replies and is freed. Whatever fails on the way is a problem as the reply.
 *
 * Asks and requests find their call by a pointer: an ask's context, a request's tag. They are never handed to anybody who would
 * not give them back, so the pointer is good. */

#include "daemon/operate/control_inner.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct control *control_new(struct plant *plant, int64_t speed_milli, struct keyring *keys) {
    struct control *c = takt_alloc(sizeof *c);
    c->plant = plant_ref(plant);
    c->speed_milli = speed_milli;
    c->keys = keys;
    return c;
}

void control_free(struct control *c) {
    if (!c)
        return;
    assert(!c->calls);
    for (struct control_effect e; control_effect(c, &e);)
        free(e.text);
    plant_unref(c->plant);
    reload_free(c->last_reload);
    free(c->effects);
    free(c);
}

void control_plant(struct control *c, struct plant *plant) {
    plant_ref(plant);
    plant_unref(c->plant);
    c->plant = plant;
}

void control_trouble(struct control *c, const char *text) {
    snprintf(c->trouble, sizeof c->trouble, "%s", text);
}

size_t control_pending(const struct control *c) {
    return c->call_count;
}

/* ---- effects ---- */

static void add_effect(struct control *c, const struct control_effect *effect) {
    ARRAY_GROW(c->effects, c->effect_count, c->effect_cap);
    c->effects[c->effect_count++] = *effect;
}

bool control_effect(struct control *c, struct control_effect *ret) {
    if (c->effect_first == c->effect_count) {
        c->effect_first = c->effect_count = 0;
        return false;
    }
    *ret = c->effects[c->effect_first++];
    return true;
}

static struct arena *new_arena(struct control_call *call) {
    assert(call->arena_count < CONTROL_ARENAS_MAX);
    return call->arenas[call->arena_count++] = arena_new();
}

struct ask *control_ask(struct control_call *call, enum ask_kind kind) {
    struct ask *ask = arena_alloc(call->arena, sizeof *ask);
    ask->kind = kind;
    ask->arena = new_arena(call);
    ask->context = call;
    call->pending++;
    add_effect(call->control, &(struct control_effect){.kind = CONTROL_ASK, .ask = ask});
    return ask;
}

void control_store(struct control_call *call, struct store_request *request) {
    request->arena = new_arena(call);
    request->tag = (uint64_t)(uintptr_t)call;
    call->request = request;
    call->pending++;
    add_effect(call->control, &(struct control_effect){.kind = CONTROL_STORE, .request = request});
}

void control_reload(struct control_call *call) {
    struct reload *reload = reload_new();
    reload->tag = (uint64_t)(uintptr_t)call;
    call->pending++;
    add_effect(call->control, &(struct control_effect){.kind = CONTROL_RELOAD, .reload = reload});
}

/* ---- calls ---- */

static void reply(struct control *c, uint64_t peer, struct writer *w) {
    struct control_effect effect = {.kind = CONTROL_REPLY, .peer = peer};
    effect.text = writer_take(w, &effect.size);
    add_effect(c, &effect);
}

static struct control_call *call_new(struct control *c, uint64_t peer, int64_t now_s) {
    struct control_call *call = takt_alloc(sizeof *call);
    call->control = c;
    call->peer = peer;
    call->now_s = now_s;
    call->arena = arena_new();
    call->next = c->calls;
    call->at = &c->calls;
    if (call->next)
        call->next->at = &call->next;
    c->calls = call;
    c->call_count++;
    return call;
}

static void call_free(struct control_call *call) {
    *call->at = call->next;
    if (call->next)
        call->next->at = call->at;
    call->control->call_count--;
    writer_done(&call->reply);
    message_done(&call->message);
    for (size_t i = 0; i < call->arena_count; i++)
        arena_free(call->arenas[i]);
    arena_free(call->arena);
    free(call);
}

static void finish(struct control_call *call) {
    if (call->refusal.kind != REFUSAL_NONE) {
        writer_clear(&call->reply);
        reply_problem(&call->reply, call->message.id, &call->refusal);
    }
    reply(call->control, call->peer, &call->reply);
    call_free(call);
}

static void proceed(struct control_call *call) {
    while (call->pending == 0) {
        control_step_fn *step = call->step < CONTROL_STEPS_MAX ? call->command->steps[call->step] : NULL;
        if (!step || call->refusal.kind != REFUSAL_NONE || !step(call)) {
            finish(call);
            return;
        }
        call->step++;
    }
}

static bool find_command(struct control_call *call) {
    const char *nearest;
    call->command = control_command_find(call->message.type, &nearest);
    if (call->command)
        return true;
    return refuse(&call->refusal, REFUSAL_UNKNOWN_TYPE, "/type", "'%s' is no command%s%s%s", call->message.type,
                  nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

bool control_receive(struct control *c, uint64_t peer, const void *bytes, size_t size, int64_t now_s) {
    struct control_call *call = call_new(c, peer, now_s);
    bool good = message_read(bytes, size, &call->message, &call->refusal);
    if (good && (strcmp(call->message.type, "report") == 0 || strcmp(call->message.type, "next") == 0)) {
        call_free(call);
        return false;
    }
    if (good && c->call_count > CONTROL_CALLS_MAX)
        good = refuse(&call->refusal, REFUSAL_BUSY, "", "too many commands are under way");
    if (good && find_command(call))
        proceed(call);
    else
        finish(call);
    return true;
}

/* ---- what comes back ---- */

static bool refuse_stored(struct control_call *call, const struct store_request *request) {
    switch (request->code) {
    case 0:
        return true;
    case TAKT_ENOENT:
        return refuse(&call->refusal, request->op == STORE_SHIPMENT ? REFUSAL_UNKNOWN_SHIPMENT : REFUSAL_UNKNOWN_ORDER, "", "%s",
                      request->err.text);
    case TAKT_EEXIST:
        return refuse(&call->refusal, REFUSAL_AMBIGUOUS, "/order", "%s", request->err.text);
    case TAKT_ESTALE:
        return refuse(&call->refusal, REFUSAL_CONTRADICTION, "", "%s", request->err.text);
    default:
        return refuse(&call->refusal, REFUSAL_BUSY, "", "%s", request->err.text);
    }
}

void control_stored(struct control *c, struct store_request *request, int64_t now_s) {
    (void)c;
    struct control_call *call = (struct control_call *)(uintptr_t)request->tag;
    call->pending--;
    call->now_s = now_s;
    if (request->op != STORE_STATS) /* what can be said without its figures is said: see show_status, show_creators */
        refuse_stored(call, request);
    proceed(call);
}

void control_answered(struct control *c, struct ask *ask, int64_t now_s) {
    (void)c;
    struct control_call *call = ask->context;
    call->pending--;
    call->now_s = now_s;
    if (ask->refusal.kind != REFUSAL_NONE && call->refusal.kind == REFUSAL_NONE)
        call->refusal = ask->refusal;
    proceed(call);
}

void control_reloaded(struct control *c, struct reload *reload, int64_t now_s) {
    reload_free(c->last_reload);
    c->last_reload = reload;
    struct control_call *call = (struct control_call *)(uintptr_t)reload->tag;
    if (!call)
        return;
    reload->tag = 0;
    call->pending--;
    call->now_s = now_s;
    call->reload = reload;
    proceed(call);
}
