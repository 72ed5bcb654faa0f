/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What must be true of the store, kept by looking at each request that really took place, independently of the store's own
 * tables and of the planner's book:
 *
 *   no order_ref is accepted twice; no unit is in two lots; no order is in two parcels; a parcel has only packed orders with a
 *   recipient, none of them cancelled; an order is packed only when each of its units was made or came from surplus; a lot that
 *   starts has as many units as its orders gave it, and no more beyond than its yields allow for; what is cancelled is in no lot
 *   that has started. */

#include "config/plant.h"
#include "daemon/store/store.h"

#include <stdio.h>
#include <stdlib.h>

enum { MODEL_ORDERS = 256, MODEL_LOTS = 2048, MODEL_ITEMS = 3, MODEL_UNITS = 64, MODEL_PARCEL_ORDERS = 50 };
#define NOWHERE UINT32_MAX

struct model_order {
    bool there, cancelled, packed, in_parcel, shipped, has_recipient;
    char creator[16], ref[32];
    uint32_t item_count;
    uint32_t quantity[MODEL_ITEMS];
    bool personalised[MODEL_ITEMS];
    uint32_t lot[MODEL_ITEMS][MODEL_UNITS]; /* NOWHERE; 0: from surplus */
    uint32_t slice[MODEL_ITEMS][MODEL_UNITS]; /* the first unit of the slice that it is in */
    unsigned events[8];                     /* by kind */
};

struct model_lot {
    bool there, started, gone;
    uint32_t product, units, extra, given;  /* given: units of orders that are in it */
    uint32_t started_with;
    uint64_t ops_done;                      /* bits */
    uint64_t tasks[64];                     /* what the store has of each but its place; 0: it has none */
    bool has_personalised;
};

struct model_parcel {
    char id[64];
    uint64_t orders[MODEL_PARCEL_ORDERS];
    uint32_t order_count;
};

struct model {
    const struct plant *plant;
    struct model_parcel parcels[MODEL_ORDERS];
    size_t parcel_count;
    struct model_order orders[MODEL_ORDERS];
    struct model_lot lots[MODEL_LOTS];
    uint64_t last_no, seed;
    uint64_t accepted, cancelled, shipped;
};

#define MODEL_HOLDS(m, what, ...)                                                                                       \
    do {                                                                                                                \
        if (!(what)) {                                                                                                  \
            fprintf(stderr, "seed %llu: ", (unsigned long long)(m)->seed);                                              \
            fprintf(stderr, __VA_ARGS__);                                                                               \
            fprintf(stderr, " (%s, %s:%d)\n", #what, __FILE__, __LINE__);                                               \
            abort();                                                                                                    \
        }                                                                                                               \
    } while (0)

struct model_order *model_find(struct model *m, const char *creator, const char *ref);
void model_accept(struct model *m, const struct store_accept *r);
void model_cancel(struct model *m, const struct store_cancel *r);
void model_amend(struct model *m, const struct store_amend *r);
void model_publish(struct model *m, const struct store_publish *p);
void model_ship(struct model *m, const struct store_shipment *r);
/* Orders that are neither over nor waiting for a recipient who never comes. */
uint64_t model_open(const struct model *m);
/* The end: what was accepted is shipped or cancelled, each event came once and in its order, each unit was placed. */
void model_end(struct model *m);
