/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The control endpoint: what taktctl asks and tells. docs/internals.md says how it hangs together with the rest.
 *
 * A core without sockets: it is handed messages and hands back effects, whose results come back to it in whatever order. Every
 * command is one row of a table (control_commands.c): its type, and steps, each of which asks the planner or the store for
 * something or writes the reply. Replies have the type of their request and carry its id; lists are under one named member and
 * come in pages: `limit` (default 1,000, at most 5,000) and `after` or `offset`, with `next` where there is more.
 *
 * `report` and `next` are the floor's (daemon/floor/floor.h): control_receive leaves them to the caller.
 *
 * Personal data is neither read nor shown here. Who may connect is decided by the socket's file.
 * Threads: one owner. Ownership: a reply's text is the receiver's, to be freed with free(); requests, asks and reloads stay the
 * control's until they are handed back, but a reload, which is the carrier's. */

#include "config/plant.h"
#include "daemon/planner/ask.h"
#include "daemon/reload.h"
#include "daemon/store/store.h"

enum { CONTROL_CALLS_MAX = 1000, CONTROL_PAGE_DEFAULT = 1000, CONTROL_PAGE_MAX = 5000 };

enum control_effect_kind { CONTROL_REPLY, CONTROL_STORE, CONTROL_ASK, CONTROL_RELOAD };

struct control_effect {
    enum control_effect_kind kind;
    uint64_t peer;                 /* CONTROL_REPLY */
    char *text;                    /* likewise: one frame, JSON */
    size_t size;
    struct store_request *request; /* CONTROL_STORE */
    struct ask *ask;               /* CONTROL_ASK */
    struct reload *reload;         /* CONTROL_RELOAD: to main */
};

struct control;
struct keyring; /* daemon/keys/keyring.h */

/* A reference of the plant is taken. keys: NULL where none are asked for. */
struct control *control_new(struct plant *plant, int64_t speed_milli, struct keyring *keys);
/* NULL is fine. Nothing may be under way. */
void control_free(struct control *c);
void control_plant(struct control *c, struct plant *plant);
/* What is wrong with the store, "" nothing. */
void control_trouble(struct control *c, const char *text);

/* false: it is for the floor, and nothing was done. */
bool control_receive(struct control *c, uint64_t peer, const void *bytes, size_t size, int64_t now_s);

void control_stored(struct control *c, struct store_request *request, int64_t now_s);
void control_answered(struct control *c, struct ask *ask, int64_t now_s);
/* The result of a reload, whoever asked for it; it is freed here. */
void control_reloaded(struct control *c, struct reload *reload, int64_t now_s);

bool control_effect(struct control *c, struct control_effect *ret);
size_t control_pending(const struct control *c); /* calls under way */
