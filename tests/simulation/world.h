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
    enum { SAID_TAKEN, SAID_SHIPPED, SAID_REFUSED } said;
    size_t said_of;                 /* place in parcels */
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

struct dice *world_dice(struct world *w);
void link_open(struct world *w, struct link *link, const char *hello);
void link_ask(struct world *w, struct link *link, const char *text);
int64_t link_next_s(const struct link *link);
/* An answer did not come: the connection is given up. */
bool link_gives_up(struct world *w, struct link *link);
void script_make(struct world *w, struct creator *c, size_t k);
bool creator_acts(struct world *w, struct creator *c);
int64_t creator_next_s(const struct creator *c);
const char *text_of(const json_t *j, const char *name);
bool is_passing(const char *problem);
void creator_hears(struct world *w, struct creator *c, const json_t *j);
bool terminal_acts(struct world *w);
void terminal_hears(struct world *w, const json_t *j);
void supply_looks(struct world *w);
bool consumer_acts(struct world *w, int which);
int64_t consumer_next_s(const struct world *w, int which);
struct parcel *world_parcel(struct world *w, const char *id);
void consumer_hears(struct world *w, int which, const json_t *j);
void operator_releases(struct world *w);
void world_deliver(void *arg, enum endpoint endpoint, uint64_t peer, const char *text);
void world_broken(void *arg, enum endpoint endpoint, uint64_t peer);
/* What really took place in the store. */
void world_happened(void *arg, struct store_request *r);
