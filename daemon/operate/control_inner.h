/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the files of the control core share: control.c (calls and their life), control_commands.c (the table of commands and
 * their steps), control_views.c (structs as JSON). Nobody else includes it. */

#include "daemon/operate/control.h"
#include "daemon/wire/message.h"
#include "daemon/wire/reply.h"

enum { CONTROL_STEPS_MAX = 4, CONTROL_ARENAS_MAX = 4 };

struct control_call;

/* A step asks for things (control_ask, control_store, control_reload) and the next one is taken when all of them are back; the
 * last one writes the reply. false: the call's refusal says why, and that is the reply. */
typedef bool control_step_fn(struct control_call *call);

struct control_command {
    const char *type;
    control_step_fn *steps[CONTROL_STEPS_MAX]; /* up to the first NULL */
};

const struct control_command *control_command_find(const char *type, const char **ret_nearest);

struct control_call {
    struct control *control;
    struct control_call *next, **at; /* in the control's list */
    const struct control_command *command;
    uint64_t peer;
    int64_t now_s;
    struct message message;
    struct refusal refusal;
    struct arena *arena;                        /* of the call itself */
    struct arena *arenas[CONTROL_ARENAS_MAX];   /* one for each thing asked for: others write into them at the same time */
    size_t arena_count;
    size_t step, pending;
    struct writer reply;
    /* what the steps of one call hand to each other */
    void *request;                   /* a store_… in the arena */
    struct ask *ask, *also;
    struct reload *reload;           /* its result */
    int64_t offset, limit;
};

struct control {
    struct plant *plant;
    int64_t speed_milli;
    struct keyring *keys;            /* NULL: none are asked for */
    struct control_call *calls;
    size_t call_count;
    struct control_effect *effects;
    size_t effect_first, effect_count, effect_cap;
    char trouble[300];
    struct reload *last_reload;      /* the last one's result, NULL: none yet */
};

struct ask *control_ask(struct control_call *call, enum ask_kind kind);

/* Begins a reply with the type of the request. */
struct writer *control_reply(struct control_call *call);
/* `request` is at least a struct store_request; its op is set. */
void control_store(struct control_call *call, struct store_request *request);
void control_reload(struct control_call *call);

/* ---- keys: control_keys.c ---- */
control_step_fn control_show_keys, control_revoke_key;

/* ---- erasures: control_erase.c ---- */
control_step_fn control_erase, control_show_erased;

/* ---- metrics, health, late orders: control_watch.c ---- */
control_step_fn control_show_metrics, control_ask_planner, control_show_alive, control_show_ready, control_ask_late,
    control_ask_late_orders, control_show_late;

/* ---- one line, for its page: control_line.c ---- */
control_step_fn control_ask_line, control_show_line;

/* ---- views ---- */

void view_order_row(struct writer *w, const struct order_row *row); /* the members, within an object */
void view_story(struct writer *w, const struct store_order *story, const struct ask *planned);
void view_task(struct writer *w, const struct task_view *task);     /* an object */
void view_lot(struct writer *w, const struct lot_view *lot);
void view_shipment(struct writer *w, const char *name, const struct shipment_row *row);
void view_downs(struct writer *w, const struct down_row *downs, size_t count);
void view_stock(struct writer *w, const struct ask *stock);
void view_why(struct writer *w, const struct why_step *steps, size_t count, const char *sentence);
void view_line(struct writer *w, const struct line_view *line);
void view_plant(struct writer *w, const struct control_call *call); /* who it is and what time it is there */
void view_status(struct writer *w, const struct control_call *call, const struct ask *status, const struct store_stats *stats);
void view_creators(struct writer *w, const struct plant *plant, const struct store_stats *stats);
void view_reload(struct writer *w, const char *name, const struct reload *reload);
