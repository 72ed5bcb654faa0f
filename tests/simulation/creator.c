/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- creators: scripts ---- */

static void script_recipient(struct world *w, char *text, size_t size) {
    snprintf(text, size,
             "{\"name\": \"P%d\", \"address\": {\"country\": \"%s\", \"city\": \"C\", \"line1\": \"%d High St\"}}",
             (int)dice_between(world_dice(w), 1, 6), dice_hit(world_dice(w), 800) ? "DE" : "GB",
             (int)dice_between(world_dice(w), 1, 3));
}

static void script_product(struct world *w, char *product, size_t size, char *options, size_t options_size) {
    static const char *const colours[] = {"red", "blue", "green"};
    snprintf(product, size, "thing-%d", (int)dice_between(world_dice(w), 0, (int64_t)w->life.plant->product_count - 1));
    snprintf(options, options_size, "{\"colour\": \"%s\", \"size\": \"%s\"}", colours[dice_between(world_dice(w), 0, 2)],
             dice_hit(world_dice(w), 500) ? "S" : "L");
}

static void script_items(struct world *w, struct script *s) {
    int count = dice_hit(world_dice(w), 300) ? 2 : 1;
    size_t used = 0;
    for (int k = 0; k < count; k++) {
        char product[sizeof s->product], options[sizeof s->options];
        script_product(w, product, sizeof product, options, sizeof options);
        memcpy(s->product, product, sizeof product);
        memcpy(s->options, options, sizeof options);
        used += (size_t)snprintf(s->items + used, sizeof s->items - used,
                                 "%s{\"product\": \"%s\", \"options\": %s, \"quantity\": %d%s}", k > 0 ? ", " : "", product,
                                 options, (int)dice_between(world_dice(w), 1, dice_hit(world_dice(w), 100) ? 45 : 8),
                                 dice_hit(world_dice(w), 150) ? ", \"personalization\": {\"text\": \"for Mei\"}" : "");
    }
    if (count == 1 && dice_hit(world_dice(w), 150))
        s->amend_quantity = (int)dice_between(world_dice(w), 1, 10);
}

void script_make(struct world *w, struct creator *c, size_t k) {
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

static int script_order(const struct script *s, char *text, size_t size) {
    return snprintf(text, size, "{\"order_ref\": \"%s\", \"items\": [%s], \"shipping\": %s%s%s}", s->ref, s->items, s->shipping,
                    s->recipient[0] != '\0' ? ", \"recipient\": " : "", s->recipient);
}


/* ---- creators: requests ---- */

static bool creator_orders(struct world *w, struct creator *c) {
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

static bool creator_cancels(struct world *w, struct creator *c) {
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

static bool creator_amends(struct world *w, struct creator *c) {
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

static bool creator_other(struct world *w, struct creator *c) {
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

bool creator_acts(struct world *w, struct creator *c) {
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

int64_t creator_next_s(const struct creator *c) {
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

const char *text_of(const json_t *j, const char *name) {
    const char *text = json_string_value(json_object_get(j, name));
    return text != NULL ? text : "";
}

bool is_passing(const char *problem) {
    return strcmp(problem, "busy") == 0 || strcmp(problem, "no-session") == 0 || strcmp(problem, "internal") == 0 ||
           strcmp(problem, "over-credit") == 0;
}

static void creator_accepted(struct world *w, struct creator *c, const json_t *j) {
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

static void creator_cancelled(struct world *w, struct creator *c, const json_t *j) {
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

static void creator_event(struct world *w, struct creator *c, const json_t *j) {
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

static void creator_problem(struct world *w, struct creator *c, const json_t *j) {
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

void creator_hears(struct world *w, struct creator *c, const json_t *j) {
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

