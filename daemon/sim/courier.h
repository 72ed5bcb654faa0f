/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The simulated consumer of shipments: it takes every parcel as soon as it is published, and its carrier's next cut-off takes
 * it away.
 *
 * How it goes: courier_follow each publication that is in the store; at courier_next_s, for each that courier_due gives, ship
 * it and say courier_shipped.
 * Threads: one owner. Ownership: parcels are copied; what courier_due gives lives until courier_shipped. */

#include "config/plant.h"
#include "daemon/store/store.h"

struct courier;

struct courier_parcel {
    char *shipment;
    const char *carrier;    /* the plant's, or "" */
    int64_t leaves_s;
    uint64_t *orders;
    uint32_t order_count;
};

struct courier *courier_new(const struct plant *plant);
void courier_free(struct courier *c); /* NULL is fine */

void courier_follow(struct courier *c, const struct store_publish *publication);
int64_t courier_next_s(const struct courier *c); /* TAKT_TIME_NEVER */
/* The next parcel that leaves by now; NULL: none does. */
const struct courier_parcel *courier_due(struct courier *c, int64_t now_s);
void courier_shipped(struct courier *c);
