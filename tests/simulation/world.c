/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdlib.h>
#include <string.h>

struct dice *world_dice(struct world *w) {
    return &w->life.dice;
}

/* ---- links ---- */

void link_open(struct world *w, struct link *link, const char *hello) {
    link->peer = ++w->life.last_peer;
    link->welcome = false;
    link->asked_s = w->life.now_s;
    plantlife_send(&w->life, link->endpoint, link->peer, hello);
}

void link_ask(struct world *w, struct link *link, const char *text) {
    link->asked_s = w->life.now_s;
    plantlife_send(&w->life, link->endpoint, link->peer, text);
}

int64_t link_next_s(const struct link *link) {
    return link->asked_s == TAKT_TIME_NONE ? TAKT_TIME_NEVER : link->asked_s + PATIENCE_S;
}

bool link_gives_up(struct world *w, struct link *link) {
    if (link->peer == 0 || link_next_s(link) > w->life.now_s)
        return false;
    plantlife_break(&w->life, link->endpoint, link->peer);
    return true;
}


/* ---- what reaches whom ---- */

void world_deliver(void *arg, enum endpoint endpoint, uint64_t peer, const char *text) {
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

static void link_broke(struct link *link, uint64_t peer) {
    if (peer != 0 && link->peer != peer)
        return;
    link->peer = 0;
    link->welcome = false;
    link->asked_s = TAKT_TIME_NONE;
}

void world_broken(void *arg, enum endpoint endpoint, uint64_t peer) {
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

void world_happened(void *arg, struct store_request *r) {
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
