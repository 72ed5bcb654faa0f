/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Who lives around the plant in a simulated life: creators with their scripts, a shop floor with its terminal, suppliers, two
 * consumers, an operator who releases what was set aside. Each is a careful client: it keeps what is not confirmed, gives a
 * connection up when nothing comes, connects again and sends again. */

#include "daemon/sim/shop.h"
#include "daemon/sim/supply.h"
#include "model.h"
#include "plantlife.h"

#include <jansson.h>

enum {
    CREATORS = 2,
    CONSUMERS = 2,
    SCRIPT_MAX = 24,
    EVENTS_MAX = 1024,
    PARCELS_MAX = 256,
    PATIENCE_S = 240,
    OPERATOR_S = 6 * 3600
};

enum step { STEP_NONE, STEP_WANTED, STEP_SENT, STEP_DONE, STEP_REFUSED };

struct script { /* one order of a creator */
    char ref[32];
    char items[512], recipient[256], shipping[96];
    int64_t send_s, cancel_s, amend_s;
    enum step order, cancel, amend;
    int amend_quantity;             /* 0: the recipient is amended */
    char product[16], options[64];
    bool again;                     /* it is sent once more though it was accepted */
};

struct link { /* a client's connection */
    enum endpoint endpoint;
    uint64_t peer;                  /* 0: none */
    bool welcome;
    int64_t asked_s;                /* TAKT_TIME_NONE: no answer is due */
    unsigned id;
};

struct creator {
    const char *name;
    struct link link;
    struct script scripts[SCRIPT_MAX];
    size_t count;
    size_t asked[SCRIPT_MAX], asked_count; /* what the request under way is about */
    enum { ASKED_ORDERS, ASKED_CANCEL, ASKED_AMEND, ASKED_SUBSCRIBE, ASKED_OTHER } asking;
    bool subscribed;
    uint64_t cursor, seen;
    struct {
        uint64_t cursor;
        char event[24], ref[32];
    } events[EVENTS_MAX];
    size_t event_count;
};

struct parcel { /* as consumers know it */
    char id[64], refs[512];
    int holder;                     /* consumer who has it or had it last */
    enum { PARCEL_GOT, PARCEL_TAKEN, PARCEL_SHIPPED, PARCEL_REFUSED } state;
    bool was_refused, said_refused, said_shipped; /* whoever has said so once, whatever came of it, does not say otherwise */
    int64_t act_s;
};

struct consumer {
    const char *name;
    struct link link;
    char asked[80];
};

struct world {
    struct plantlife life;
    struct model model;
    struct worktime *worktime;
    struct shop *shop;
    struct supply *supply;
    struct creator creators[CREATORS];
    struct consumer consumers[CONSUMERS];
    struct parcel parcels[PARCELS_MAX];
    size_t parcel_count;
    struct link terminal;
    bool reporting_supply;
    int64_t retry_s;                /* the terminal was told `busy`: not before */
    int64_t operator_s;
    uint64_t reports_refused;
};

#define WORLD_HOLDS(w, what, ...) MODEL_HOLDS(&(w)->model, what, __VA_ARGS__)

static inline struct dice *world_dice(struct world *w) {
    return &w->life.dice;
}

/* ---- links ---- */

static inline void link_open(struct world *w, struct link *link, const char *hello) {
    link->peer = ++w->life.last_peer;
    link->welcome = false;
    link->asked_s = w->life.now_s;
    plantlife_send(&w->life, link->endpoint, link->peer, hello);
}

static inline void link_ask(struct world *w, struct link *link, const char *text) {
    link->asked_s = w->life.now_s;
    plantlife_send(&w->life, link->endpoint, link->peer, text);
}

static inline int64_t link_next_s(const struct link *link) {
    return link->asked_s == TAKT_TIME_NONE ? TAKT_TIME_NEVER : link->asked_s + PATIENCE_S;
}

/* An answer did not come: the connection is given up. */
static inline bool link_gives_up(struct world *w, struct link *link) {
    if (link->peer == 0 || link_next_s(link) > w->life.now_s)
        return false;
    plantlife_break(&w->life, link->endpoint, link->peer);
    return true;
}

/* ---- creators: scripts ---- */

static inline void script_recipient(struct world *w, char *text, size_t size) {
    snprintf(text, size,
             "{\"name\": \"P%d\", \"address\": {\"country\": \"%s\", \"city\": \"C\", \"line1\": \"%d High St\"}}",
             (int)dice_between(world_dice(w), 1, 6), dice_hit(world_dice(w), 800) ? "DE" : "GB",
             (int)dice_between(world_dice(w), 1, 3));
}

static inline void script_product(struct world *w, char *product, size_t size, char *options, size_t options_size) {
    static const char *const colours[] = {"red", "blue", "green"};
    snprintf(product, size, "thing-%d", (int)dice_between(world_dice(w), 0, (int64_t)w->life.plant->product_count - 1));
    snprintf(options, options_size, "{\"colour\": \"%s\", \"size\": \"%s\"}", colours[dice_between(world_dice(w), 0, 2)],
             dice_hit(world_dice(w), 500) ? "S" : "L");
}

static inline void script_items(struct world *w, struct script *s) {
    int count = dice_hit(world_dice(w), 300) ? 2 : 1;
    size_t used = 0;
    for (int k = 0; k < count; k++) {
        script_product(w, s->product, sizeof s->product, s->options, sizeof s->options);
        used += (size_t)snprintf(s->items + used, sizeof s->items - used,
                                 "%s{\"product\": \"%s\", \"options\": %s, \"quantity\": %d%s}", k > 0 ? ", " : "", s->product,
                                 s->options, (int)dice_between(world_dice(w), 1, dice_hit(world_dice(w), 100) ? 45 : 8),
                                 dice_hit(world_dice(w), 150) ? ", \"personalization\": {\"text\": \"for Mei\"}" : "");
    }
    if (count == 1 && dice_hit(world_dice(w), 150))
        s->amend_quantity = (int)dice_between(world_dice(w), 1, 10);
}

static inline void script_make(struct world *w, struct creator *c, size_t k) {
    struct script *s = &c->scripts[k];
    struct dice *d = world_dice(w);
    *s = (struct script){.order = STEP_WANTED, .cancel_s = TAKT_TIME_NEVER, .amend_s = TAKT_TIME_NEVER};
    snprintf(s->ref, sizeof s->ref, "%s-%zu", c->name, k);
    s->send_s = w->life.now_s + dice_between(d, 0, dice_hit(d, 500) ? 3600 : 4 * 86400);
    script_items(w, s);
    if (dice_hit(d, 850))
        script_recipient(w, s->recipient, sizeof s->recipient);
    else
        s->amend_s = s->send_s + dice_between(d, 60, 3 * 86400);
    if (s->amend_quantity > 0 && s->recipient[0] != '\0')
        s->amend_s = s->send_s + dice_between(d, 60, 86400);
    else
        s->amend_quantity = 0;
    if (dice_hit(d, 150))
        s->cancel_s = s->send_s + dice_between(d, 0, 2 * 86400);
    snprintf(s->shipping, sizeof s->shipping, "{\"service\": \"%s\"%s}", dice_hit(d, 700) ? "standard" : "express",
             dice_hit(d, 400) ? ", \"deliver_by\": \"2026-11-28\"" : "");
    s->again = dice_hit(d, 150);
}

static inline int script_order(const struct script *s, char *text, size_t size) {
    return snprintf(text, size, "{\"order_ref\": \"%s\", \"items\": [%s], \"shipping\": %s%s%s}", s->ref, s->items, s->shipping,
                    s->recipient[0] != '\0' ? ", \"recipient\": " : "", s->recipient);
}

/* ---- creators: requests ---- */

static inline bool creator_orders(struct world *w, struct creator *c) {
    char text[8192];
    size_t used = (size_t)snprintf(text, sizeof text, "{\"type\": \"orders\", \"id\": \"%u\", \"orders\": [", ++c->link.id);
    c->asked_count = 0;
    for (size_t k = 0; k < c->count && c->asked_count < 4; k++) {
        struct script *s = &c->scripts[k];
        bool again = s->order == STEP_DONE && s->again;
        if (s->send_s > w->life.now_s || (s->order != STEP_WANTED && !again))
            continue;
        used += (size_t)snprintf(text + used, sizeof text - used, "%s", c->asked_count > 0 ? ", " : "");
        used += (size_t)script_order(s, text + used, sizeof text - used);
        c->asked[c->asked_count++] = k;
    }
    if (c->asked_count == 0)
        return false;
    snprintf(text + used, sizeof text - used, "]}");
    c->asking = ASKED_ORDERS;
    link_ask(w, &c->link, text);
    return true;
}

static inline bool creator_cancels(struct world *w, struct creator *c) {
    for (size_t k = 0; k < c->count; k++) {
        struct script *s = &c->scripts[k];
        if (s->order != STEP_DONE || s->cancel != STEP_NONE || s->cancel_s > w->life.now_s)
            continue;
        char text[256];
        snprintf(text, sizeof text, "{\"type\": \"cancel\", \"id\": \"%u\", \"order_refs\": [\"%s\"]}", ++c->link.id, s->ref);
        c->asked[0] = k;
        c->asked_count = 1;
        c->asking = ASKED_CANCEL;
        link_ask(w, &c->link, text);
        return true;
    }
    return false;
}

static inline bool creator_amends(struct world *w, struct creator *c) {
    for (size_t k = 0; k < c->count; k++) {
        struct script *s = &c->scripts[k];
        if (s->order != STEP_DONE || s->amend != STEP_NONE || s->amend_s > w->life.now_s)
            continue;
        char text[1024], recipient[256];
        script_recipient(w, recipient, sizeof recipient);
        size_t used = (size_t)snprintf(text, sizeof text, "{\"type\": \"amend\", \"id\": \"%u\", \"order_ref\": \"%s\", ",
                                       ++c->link.id, s->ref);
        if (s->amend_quantity > 0)
            snprintf(text + used, sizeof text - used,
                     "\"items\": [{\"product\": \"%s\", \"options\": %s, \"quantity\": %d}]}", s->product, s->options,
                     s->amend_quantity);
        else
            snprintf(text + used, sizeof text - used, "\"recipient\": %s}", recipient);
        c->asked[0] = k;
        c->asked_count = 1;
        c->asking = ASKED_AMEND;
        link_ask(w, &c->link, text);
        return true;
    }
    return false;
}

static inline bool creator_other(struct world *w, struct creator *c) {
    char text[512];
    if (!c->subscribed) {
        c->asking = ASKED_SUBSCRIBE;
        snprintf(text, sizeof text, "{\"type\": \"subscribe\", \"id\": \"%u\", \"after\": %llu}", ++c->link.id,
                 (unsigned long long)c->cursor);
    } else if (dice_hit(world_dice(w), 20)) {
        c->asking = ASKED_OTHER;
        snprintf(text, sizeof text, "{\"type\": \"status\", \"id\": \"%u\", \"order_refs\": [\"%s\"]}", ++c->link.id,
                 c->scripts[0].ref);
    } else if (dice_hit(world_dice(w), 20)) {
        char product[16], options[64];
        script_product(w, product, sizeof product, options, sizeof options);
        c->asking = ASKED_OTHER;
        snprintf(text, sizeof text,
                 "{\"type\": \"quote\", \"id\": \"%u\", \"items\": [{\"product\": \"%s\", \"options\": %s, \"quantity\": 3}]}",
                 ++c->link.id, product, options);
    } else {
        return false;
    }
    link_ask(w, &c->link, text);
    return true;
}

static inline bool creator_acts(struct world *w, struct creator *c) {
    char hello[128];
    if (c->link.peer == 0) {
        snprintf(hello, sizeof hello, "{\"type\": \"hello\", \"protocol\": 1, \"creator\": \"%s\"}", c->name);
        link_open(w, &c->link, hello);
        return true;
    }
    if (link_gives_up(w, &c->link))
        return true;
    if (!c->link.welcome || c->link.asked_s != TAKT_TIME_NONE)
        return false;
    return creator_orders(w, c) || creator_cancels(w, c) || creator_amends(w, c) || creator_other(w, c);
}

static inline int64_t creator_next_s(const struct creator *c) {
    int64_t next_s = link_next_s(&c->link);
    for (size_t k = 0; k < c->count; k++) {
        const struct script *s = &c->scripts[k];
        int64_t at_s = TAKT_TIME_NEVER;
        if (s->order == STEP_WANTED)
            at_s = s->send_s;
        else if (s->order == STEP_DONE && s->cancel == STEP_NONE)
            at_s = s->cancel_s;
        if (s->order == STEP_DONE && s->amend == STEP_NONE && s->amend_s < at_s)
            at_s = s->amend_s;
        if (at_s < next_s)
            next_s = at_s;
    }
    return next_s;
}

/* ---- creators: answers ---- */

static inline const char *text_of(const json_t *j, const char *name) {
    const char *text = json_string_value(json_object_get(j, name));
    return text != NULL ? text : "";
}

static inline bool is_passing(const char *problem) {
    return strcmp(problem, "busy") == 0 || strcmp(problem, "no-session") == 0 || strcmp(problem, "internal") == 0 ||
           strcmp(problem, "over-credit") == 0;
}

static inline void creator_accepted(struct world *w, struct creator *c, const json_t *j) {
    for (size_t k = 0; k < c->asked_count; k++) {
        struct script *s = &c->scripts[c->asked[k]];
        const json_t *results = json_object_get(j, "results");
        const char *outcome = "", *problem = "";
        for (size_t r = 0; r < json_array_size(results); r++)
            if (strcmp(text_of(json_array_get(results, r), "order_ref"), s->ref) == 0) {
                outcome = text_of(json_array_get(results, r), "outcome");
                problem = text_of(json_array_get(results, r), "problem");
            }
        if (strcmp(outcome, "refused") == 0) {
            WORLD_HOLDS(w, s->order != STEP_DONE, "%s was accepted and is refused now: %s", s->ref, problem);
            if (!is_passing(problem))
                s->order = STEP_REFUSED;
            continue;
        }
        s->again &= s->order != STEP_DONE;
        s->order = STEP_DONE;
        WORLD_HOLDS(w, model_find(&w->model, c->name, s->ref) != NULL, "%s is said to be accepted and is not there", s->ref);
    }
}

static inline void creator_cancelled(struct world *w, struct creator *c, const json_t *j) {
    struct script *s = &c->scripts[c->asked[0]];
    const json_t *result = json_array_get(json_object_get(j, "results"), 0);
    const char *outcome = text_of(result, "outcome");
    const struct model_order *o = model_find(&w->model, c->name, s->ref);
    if (strcmp(outcome, "cancelled") == 0) {
        WORLD_HOLDS(w, o->cancelled, "%s is said to be cancelled and is not", s->ref);
        s->cancel = STEP_DONE;
    } else if (strcmp(outcome, "too-late") == 0) {
        WORLD_HOLDS(w, !o->cancelled, "%s is cancelled and said to be too late", s->ref);
        s->cancel = STEP_REFUSED;
    } else {
        WORLD_HOLDS(w, false, "%s was accepted and its cancellation is '%s'", s->ref, outcome);
    }
}

static inline void creator_event(struct world *w, struct creator *c, const json_t *j) {
    uint64_t cursor = (uint64_t)json_integer_value(json_object_get(j, "cursor"));
    if (cursor <= c->cursor)
        return; /* at least once */
    c->cursor = cursor;
    WORLD_HOLDS(w, c->event_count < EVENTS_MAX, "too many events");
    c->events[c->event_count].cursor = cursor;
    snprintf(c->events[c->event_count].event, sizeof c->events[0].event, "%s", text_of(j, "event"));
    snprintf(c->events[c->event_count++].ref, sizeof c->events[0].ref, "%s", text_of(j, "order_ref"));
    if (c->cursor - c->seen >= 20 || dice_hit(world_dice(w), 200)) {
        char text[96];
        snprintf(text, sizeof text, "{\"type\": \"seen\", \"cursor\": %llu}", (unsigned long long)cursor);
        plantlife_send(&w->life, TO_INTAKE, c->link.peer, text);
        c->seen = cursor;
    }
}

static inline void creator_problem(struct world *w, struct creator *c, const json_t *j) {
    const char *problem = text_of(j, "problem");
    if (strcmp(problem, "no-session") == 0) {
        plantlife_break(&w->life, TO_INTAKE, c->link.peer);
        return;
    }
    if (is_passing(problem))
        return;
    if (c->asking == ASKED_AMEND) {
        WORLD_HOLDS(w, strcmp(problem, "too-late") == 0, "an amendment is refused: %s %s", problem, text_of(j, "detail"));
        c->scripts[c->asked[0]].amend = STEP_REFUSED;
    } else if (c->asking == ASKED_OTHER) {
        WORLD_HOLDS(w, strcmp(problem, "unknown-order") == 0 || strcmp(problem, "no-capacity") == 0, "a question is refused: %s %s",
                    problem, text_of(j, "detail"));
    } else {
        WORLD_HOLDS(w, false, "%s is told: %s", c->name, problem);
    }
}

static inline void creator_hears(struct world *w, struct creator *c, const json_t *j) {
    const char *type = text_of(j, "type");
    if (strcmp(type, "event") == 0) {
        creator_event(w, c, j);
        return;
    }
    if (strcmp(type, "welcome") == 0) {
        c->link.welcome = true;
        c->link.asked_s = TAKT_TIME_NONE;
        return;
    }
    bool ours = (unsigned)atoi(text_of(j, "id")) == c->link.id;
    if (!ours && strcmp(type, "problem") != 0)
        return;
    c->link.asked_s = TAKT_TIME_NONE;
    if (strcmp(type, "problem") == 0)
        creator_problem(w, c, j);
    else if (c->asking == ASKED_ORDERS)
        creator_accepted(w, c, j);
    else if (c->asking == ASKED_CANCEL)
        creator_cancelled(w, c, j);
    else if (c->asking == ASKED_AMEND)
        c->scripts[c->asked[0]].amend = STEP_DONE;
    else if (c->asking == ASKED_SUBSCRIBE)
        c->subscribed = true;
}

/* ---- the floor's terminal ---- */

static inline size_t put_text(char *text, size_t size, size_t used, const char *name, const char *value) {
    return value == NULL ? used : used + (size_t)snprintf(text + used, size - used, ", \"%s\": \"%s\"", name, value);
}

static inline size_t put_number(char *text, size_t size, size_t used, const char *name, int64_t value) {
    return value < 0 ? used : used + (size_t)snprintf(text + used, size - used, ", \"%s\": %lld", name, (long long)value);
}

static inline size_t put_time(char *text, size_t size, size_t used, const char *name, int64_t at_s) {
    char time[TIME_TEXT_SIZE];
    return at_s == TAKT_TIME_NONE ? used : put_text(text, size, used, name, time_format(at_s, time));
}

static inline void terminal_send(struct world *w, const struct report *r) {
    static const char *const events[] = {
#define X(name, wire) wire,
        REPORT_EVENTS(X)
#undef X
    };
    char text[1024];
    size_t used = (size_t)snprintf(text, sizeof text, "{\"type\": \"report\", \"id\": \"%u\", \"report_ref\": \"%s\", \"event\": \"%s\"",
                                   ++w->terminal.id, r->report_ref, events[r->event]);
    used = put_text(text, sizeof text, used, "line", r->line);
    used = put_text(text, sizeof text, used, "task", r->task);
    used = put_text(text, sizeof text, used, "material", r->material);
    used = put_text(text, sizeof text, used, "reason", r->reason);
    used = put_number(text, sizeof text, used, "good", r->good);
    used = put_number(text, sizeof text, used, "scrap", r->scrap);
    if (r->quantity_milli >= 0)
        used += (size_t)snprintf(text + used, sizeof text - used, ", \"quantity\": %lld.%03d", (long long)r->quantity_milli / 1000,
                                 (int)(r->quantity_milli % 1000));
    used = put_time(text, sizeof text, used, "at", r->at_s);
    used = put_time(text, sizeof text, used, "until", r->until_s);
    snprintf(text + used, sizeof text - used, "}");
    link_ask(w, &w->terminal, text);
    if (w->life.faults && dice_hit(world_dice(w), 30))
        plantlife_send(&w->life, TO_FLOOR, w->terminal.peer, text);
}

static inline bool terminal_acts(struct world *w) {
    if (w->terminal.peer == 0) {
        link_open(w, &w->terminal, "{\"type\": \"hello\", \"protocol\": 1, \"terminal\": \"floor\"}");
        return true;
    }
    if (link_gives_up(w, &w->terminal))
        return true;
    struct report r;
    if (!w->terminal.welcome || w->terminal.asked_s != TAKT_TIME_NONE || w->life.now_s < w->retry_s)
        return false;
    w->reporting_supply = false;
    if (!shop_report(w->shop, w->life.now_s, &r)) {
        w->reporting_supply = supply_report(w->supply, w->life.now_s, &r);
        if (!w->reporting_supply)
            return false;
    }
    terminal_send(w, &r);
    return true;
}

static inline void terminal_problem(struct world *w, const json_t *j) {
    const char *problem = text_of(j, "problem");
    plantlife_say(&w->life, "terminal is told %s: %s", problem, text_of(j, "detail"));
    if (strcmp(problem, "no-session") == 0) {
        plantlife_break(&w->life, TO_FLOOR, w->terminal.peer);
        return;
    }
    w->retry_s = w->life.now_s + 30;
    if (is_passing(problem))
        return;
    WORLD_HOLDS(w, !w->reporting_supply, "a receipt is refused: %s %s", problem, text_of(j, "detail"));
    WORLD_HOLDS(w, strcmp(problem, "contradiction") == 0 || strcmp(problem, "unknown-task") == 0, "a report is refused: %s %s",
                problem, text_of(j, "detail"));
    WORLD_HOLDS(w, shop_answered(w->shop, false), "the end of a task is refused: %s", text_of(j, "detail"));
    w->reports_refused++;
}

static inline void terminal_hears(struct world *w, const json_t *j) {
    const char *type = text_of(j, "type");
    if (strcmp(type, "welcome") == 0) {
        w->terminal.welcome = true;
        w->terminal.asked_s = TAKT_TIME_NONE;
        return;
    }
    if ((unsigned)atoi(text_of(j, "id")) != w->terminal.id || w->terminal.asked_s == TAKT_TIME_NONE)
        return; /* of a repeat */
    w->terminal.asked_s = TAKT_TIME_NONE;
    if (strcmp(type, "problem") == 0)
        terminal_problem(w, j);
    else if (w->reporting_supply)
        supply_answered(w->supply);
    else
        shop_answered(w->shop, true);
}

static inline void supply_looks(struct world *w) {
    if (!supply_wants_look(w->supply, w->life.now_s))
        return;
    struct ask ask = {.kind = ASK_STOCK, .arena = arena_new()};
    planner_ask(w->life.planner, w->life.now_s, &ask);
    supply_look(w->supply, w->life.now_s, ask.u.stock.ret_materials, ask.u.stock.ret_material_count);
    arena_free(ask.arena);
}

/* ---- consumers ---- */

static inline void consumer_says(struct world *w, struct consumer *c, const char *type, const struct parcel *p) {
    char text[256];
    snprintf(text, sizeof text, "{\"type\": \"%s\", \"id\": \"%u\", \"shipment_id\": \"%s\"%s}", type, ++c->link.id, p->id,
             strcmp(type, "shipped") == 0    ? ", \"carrier\": \"mail\", \"tracking\": \"T1\""
             : strcmp(type, "refused") == 0 ? ", \"reason\": \"wet\""
                                            : "");
    snprintf(c->asked, sizeof c->asked, "%s %s", type, p->id);
    link_ask(w, &c->link, text);
}

static inline bool consumer_acts(struct world *w, int which) {
    struct consumer *c = &w->consumers[which];
    char text[128];
    if (c->link.peer == 0) {
        snprintf(text, sizeof text, "{\"type\": \"hello\", \"protocol\": 1, \"consumer\": \"%s\", \"credit\": %d}", c->name,
                 (int)dice_between(world_dice(w), 1, 5));
        link_open(w, &c->link, text);
        return true;
    }
    if (link_gives_up(w, &c->link))
        return true;
    if (!c->link.welcome || c->link.asked_s != TAKT_TIME_NONE)
        return false;
    for (size_t k = 0; k < w->parcel_count; k++) {
        struct parcel *p = &w->parcels[k];
        if (p->holder != which || p->act_s > w->life.now_s || p->state >= PARCEL_SHIPPED)
            continue;
        bool refuse = p->said_refused || (!p->said_shipped && !p->was_refused && dice_hit(world_dice(w), 60));
        p->said_refused = refuse;
        p->said_shipped |= !refuse && p->state == PARCEL_TAKEN;
        consumer_says(w, c, refuse ? "refused" : p->state == PARCEL_GOT ? "taken" : "shipped", p);
        return true;
    }
    return false;
}

static inline int64_t consumer_next_s(const struct world *w, int which) {
    int64_t next_s = link_next_s(&w->consumers[which].link);
    for (size_t k = 0; k < w->parcel_count; k++)
        if (w->parcels[k].holder == which && w->parcels[k].state < PARCEL_SHIPPED && w->parcels[k].act_s < next_s)
            next_s = w->parcels[k].act_s;
    return next_s;
}

static inline struct parcel *world_parcel(struct world *w, const char *id) {
    for (size_t k = 0; k < w->parcel_count; k++)
        if (strcmp(w->parcels[k].id, id) == 0)
            return &w->parcels[k];
    return NULL;
}

static inline void consumer_gets(struct world *w, int which, const json_t *j) {
    const char *id = text_of(j, "shipment_id");
    char refs[512] = "";
    const json_t *list = json_object_get(j, "order_refs");
    size_t used = 0;
    for (size_t k = 0; k < json_array_size(list) && used < sizeof refs; k++)
        used += (size_t)snprintf(refs + used, sizeof refs - used, "%s ", json_string_value(json_array_get(list, k)));
    struct parcel *p = world_parcel(w, id);
    if (p == NULL) {
        WORLD_HOLDS(w, w->parcel_count < PARCELS_MAX, "too many parcels");
        p = &w->parcels[w->parcel_count++];
        *p = (struct parcel){.holder = which};
        snprintf(p->id, sizeof p->id, "%s", id);
        memcpy(p->refs, refs, sizeof refs);
    }
    WORLD_HOLDS(w, strcmp(p->refs, refs) == 0, "%s is sent with %sand with %s", id, p->refs, refs);
    WORLD_HOLDS(w, p->state != PARCEL_TAKEN || p->holder == which, "%s is taken by %s and sent to another", id,
                w->consumers[p->holder].name);
    WORLD_HOLDS(w, p->state != PARCEL_SHIPPED, "%s is shipped and sent again", id);
    if (p->state != PARCEL_TAKEN) {
        p->holder = which;
        p->state = PARCEL_GOT;
    }
    p->act_s = w->life.now_s + dice_between(world_dice(w), 0, dice_hit(world_dice(w), 100) ? 3600 : 40);
}

static inline void consumer_confirmed(struct world *w, int which) {
    struct consumer *c = &w->consumers[which];
    struct parcel *p = world_parcel(w, strchr(c->asked, ' ') + 1);
    if (strncmp(c->asked, "taken", 5) == 0) {
        p->state = PARCEL_TAKEN;
        p->holder = which;
        p->act_s = w->life.now_s + dice_between(world_dice(w), 0, 7200);
    } else if (strncmp(c->asked, "shipped", 7) == 0) {
        p->state = PARCEL_SHIPPED;
    } else {
        p->state = PARCEL_REFUSED;
        p->was_refused = true;
    }
}

static inline void consumer_hears(struct world *w, int which, const json_t *j) {
    struct consumer *c = &w->consumers[which];
    const char *type = text_of(j, "type");
    if (strcmp(type, "shipment") == 0) {
        consumer_gets(w, which, j);
        return;
    }
    bool ours = c->link.asked_s != TAKT_TIME_NONE;
    c->link.asked_s = TAKT_TIME_NONE;
    if (strcmp(type, "welcome") == 0) {
        c->link.welcome = true;
    } else if (strcmp(type, "confirmed") == 0) {
        if (ours && strcmp(strchr(c->asked, ' ') + 1, text_of(j, "shipment_id")) == 0)
            consumer_confirmed(w, which);
    } else {
        const char *problem = text_of(j, "problem");
        if (strcmp(problem, "no-session") == 0) {
            plantlife_break(&w->life, TO_OUTBOX, c->link.peer);
        } else if (!is_passing(problem)) {
            /* its lease ended and another has it, or the operator released it */
            struct parcel *p = world_parcel(w, strchr(c->asked, ' ') + 1);
            plantlife_say(&w->life, "%s is told %s: %s", c->name, problem, text_of(j, "detail"));
            WORLD_HOLDS(w, p->state != PARCEL_TAKEN || p->holder != which, "%s took %s and is told %s", c->name, p->id, problem);
            if (p->holder == which)
                p->act_s = TAKT_TIME_NEVER;
        }
    }
}

/* ---- the operator ---- */

static inline void operator_releases(struct world *w) {
    if (w->life.now_s < w->operator_s)
        return;
    w->operator_s = w->life.now_s + OPERATOR_S;
    struct arena *arena = arena_new();
    struct store_shipments aside = {.head = {.op = STORE_SHIPMENTS, .arena = arena}, .state = SHIPMENT_ASIDE, .limit = 100};
    plantlife_direct(&w->life, &aside.head);
    for (size_t k = 0; k < aside.ret_count; k++) {
        const char *id = aside.ret_shipments[k].parcel.shipment;
        struct store_shipment release = {.head = {.op = STORE_SHIPMENT, .arena = arena}, .act = SHIPMENT_RELEASE, .shipment = id,
                                         .consumer = "", .carrier = "", .tracking = "", .reason = "", .now_s = w->life.now_s};
        plantlife_direct(&w->life, &release.head);
        WORLD_HOLDS(w, release.head.code == 0, "%s cannot be released", id);
        struct parcel *p = world_parcel(w, id);
        if (p != NULL) {
            p->state = PARCEL_GOT;
            p->was_refused = true;
            p->said_refused = false;
            p->act_s = TAKT_TIME_NEVER;
        }
    }
    arena_free(arena);
}

/* ---- what reaches whom ---- */

static inline void world_deliver(void *arg, enum endpoint endpoint, uint64_t peer, const char *text) {
    struct world *w = arg;
    json_t *j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    WORLD_HOLDS(w, j != NULL, "a frame that is no JSON: %s", text);
    for (int k = 0; k < CREATORS && endpoint == TO_INTAKE; k++)
        if (w->creators[k].link.peer == peer)
            creator_hears(w, &w->creators[k], j);
    for (int k = 0; k < CONSUMERS && endpoint == TO_OUTBOX; k++)
        if (w->consumers[k].link.peer == peer)
            consumer_hears(w, k, j);
    if (endpoint == TO_FLOOR && w->terminal.peer == peer)
        terminal_hears(w, j);
    json_decref(j);
}

static inline void link_broke(struct link *link, uint64_t peer) {
    if (peer != 0 && link->peer != peer)
        return;
    link->peer = 0;
    link->welcome = false;
    link->asked_s = TAKT_TIME_NONE;
}

static inline void world_broken(void *arg, enum endpoint endpoint, uint64_t peer) {
    struct world *w = arg;
    for (int k = 0; k < CREATORS && endpoint == TO_INTAKE; k++) {
        link_broke(&w->creators[k].link, peer);
        if (w->creators[k].link.peer == 0)
            w->creators[k].subscribed = false;
    }
    for (int k = 0; k < CONSUMERS && endpoint == TO_OUTBOX; k++)
        link_broke(&w->consumers[k].link, peer);
    if (endpoint == TO_FLOOR)
        link_broke(&w->terminal, peer);
}

/* What really took place in the store. */
static inline void world_happened(void *arg, struct store_request *r) {
    struct world *w = arg;
    plantlife_mix_number(&w->life, (uint64_t)r->op * 100 + (uint64_t)-r->code);
    if (r->code != 0)
        return;
    if (r->op == STORE_ACCEPT)
        model_accept(&w->model, (const struct store_accept *)(const void *)r);
    else if (r->op == STORE_CANCEL)
        model_cancel(&w->model, (const struct store_cancel *)(const void *)r);
    else if (r->op == STORE_AMEND)
        model_amend(&w->model, (const struct store_amend *)(const void *)r);
    else if (r->op == STORE_SHIPMENT)
        model_ship(&w->model, (const struct store_shipment *)(const void *)r);
    else if (r->op == STORE_PUBLISH) {
        model_publish(&w->model, (const struct store_publish *)(const void *)r);
        shop_follow(w->shop, (const struct store_publish *)(const void *)r);
    }
}
