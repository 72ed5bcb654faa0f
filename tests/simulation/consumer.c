/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdio.h>
#include <string.h>

/* ---- consumers ---- */

static void consumer_says(struct world *w, struct consumer *c, size_t parcel) {
    static const char *const types[] = {"taken", "shipped", "refused"};
    static const char *const more[] = {"", ", \"carrier\": \"mail\", \"tracking\": \"T1\"", ", \"reason\": \"wet\""};
    char text[256];
    snprintf(text, sizeof text, "{\"type\": \"%s\", \"id\": \"%u\", \"shipment_id\": \"%s\"%s}", types[c->said], ++c->link.id,
             w->parcels[parcel].id, more[c->said]);
    c->said_of = parcel;
    link_ask(w, &c->link, text);
}

bool consumer_acts(struct world *w, int which) {
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
        c->said = refuse ? SAID_REFUSED : p->state == PARCEL_GOT ? SAID_TAKEN : SAID_SHIPPED;
        consumer_says(w, c, k);
        return true;
    }
    return false;
}

int64_t consumer_next_s(const struct world *w, int which) {
    int64_t next_s = link_next_s(&w->consumers[which].link);
    for (size_t k = 0; k < w->parcel_count; k++)
        if (w->parcels[k].holder == which && w->parcels[k].state < PARCEL_SHIPPED && w->parcels[k].act_s < next_s)
            next_s = w->parcels[k].act_s;
    return next_s;
}

struct parcel *world_parcel(struct world *w, const char *id) {
    for (size_t k = 0; k < w->parcel_count; k++)
        if (strcmp(w->parcels[k].id, id) == 0)
            return &w->parcels[k];
    return NULL;
}

static void consumer_gets(struct world *w, int which, const json_t *j) {
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

static void consumer_confirmed(struct world *w, int which) {
    struct consumer *c = &w->consumers[which];
    struct parcel *p = &w->parcels[c->said_of];
    if (c->said == SAID_TAKEN) {
        p->state = PARCEL_TAKEN;
        p->holder = which;
        p->act_s = w->life.now_s + dice_between(world_dice(w), 0, 7200);
    } else if (c->said == SAID_SHIPPED) {
        p->state = PARCEL_SHIPPED;
    } else {
        p->state = PARCEL_REFUSED;
        p->was_refused = true;
    }
}

void consumer_hears(struct world *w, int which, const json_t *j) {
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
        if (ours && strcmp(w->parcels[c->said_of].id, text_of(j, "shipment_id")) == 0)
            consumer_confirmed(w, which);
    } else {
        const char *problem = text_of(j, "problem");
        if (strcmp(problem, "no-session") == 0) {
            plantlife_break(&w->life, TO_OUTBOX, c->link.peer);
        } else if (!is_passing(problem)) {
            /* its lease ended and another has it, or the operator released it */
            struct parcel *p = &w->parcels[c->said_of];
            plantlife_say(&w->life, "%s is told %s: %s", c->name, problem, text_of(j, "detail"));
            WORLD_HOLDS(w, p->state != PARCEL_TAKEN || p->holder != which, "%s took %s and is told %s", c->name, p->id, problem);
            if (p->holder == which)
                p->act_s = TAKT_TIME_NEVER;
        }
    }
}


/* ---- the operator ---- */

void operator_releases(struct world *w) {
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

