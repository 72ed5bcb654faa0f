/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Parcels: which packed orders leave together, and when.
 *
 * Orders of one creator to one recipient by one service leave as one parcel if they are packed within the plant's
 * `consolidate`: an order that is packed waits for another that is expected to be packed within that window, unless
 * waiting would cost it a promise. An order that has nobody to wait for leaves at once; one without a recipient stays
 * until it has one. With a window of nothing every order leaves alone. In doubt an order leaves: a date kept matters
 * more than a parcel saved.
 *
 * How it goes: hand in every open order that is in no shipment yet (parcels_set, again at each change of its facts),
 * take out those that are cancelled (parcels_remove), let time pass (parcels_turn), publish what parcels_left gives as
 * parcels of a publication, and say so (parcels_published). Until then a parcel that has left stays in parcels_left,
 * always with the same number, so a publication that failed is simply collected again; where an order in it turns out
 * to be amended or cancelled meanwhile, the parcel is dissolved and its orders are decided upon anew.
 *
 * At a start the open and taken shipments of the store (STORE_SHIPMENTS, state -2) and those set aside name the orders
 * that are in a parcel already: they must not be handed in.
 *
 * Threads: one owner. Ownership: facts are copied; rows belong to the parcels until parcels_published or the next
 * change. Cost: parcels_set and parcels_remove O(1) expected, without looking at other orders; parcels_turn is linear
 * in the orders of the recipients that something happened to. About 100 bytes an open order. */

#include "config/plant.h"
#include "daemon/store/store.h"

struct parcels;

enum {
    PARCEL_ORDERS_MAX = 50,     /* more orders than that to one recipient leave as several parcels */
    PARCEL_HANDOVER_S = 30 * 60 /* waiting ends so long before the carrier collects, for labels and loading */
};

struct parcel_order {
    uint64_t no;
    int32_t creator, service; /* places in the plant; service -1: the plant's first */
    uint64_t recipient_key;   /* 0: none yet */
    int64_t ship_by_s;        /* the promise in force; TAKT_TIME_NONE */
    int64_t planned_packed_s; /* expected packing; TAKT_TIME_NONE: not planned, nobody waits for it */
    int64_t packed_at_s;      /* TAKT_TIME_NONE: it is not packed yet */
    int64_t weight_mg;        /* of all its units */
};

/* A reference of the plant is taken. last_number: of the last shipment in the store. */
struct parcels *parcels_new(struct plant *plant, uint64_t last_number);
void parcels_free(struct parcels *p); /* NULL is fine */

/* The plant is swapped: creators and services are found again by their names. A service that is gone becomes the
 * plant's first; every creator of an order that is here must be in the new plant. */
void parcels_reload(struct parcels *p, struct plant *plant);

/* Takes an order in, or what is new about it. */
void parcels_set(struct parcels *p, const struct parcel_order *order);
/* It is cancelled; one that is not here is fine. */
void parcels_remove(struct parcels *p, uint64_t no);

/* Decides; how many parcels have left with this call. */
size_t parcels_turn(struct parcels *p, int64_t now_s);
/* When a turn is due though nothing is handed in; at once (INT64_MIN) while something was handed in that calls for one;
 * TAKT_TIME_NEVER. */
int64_t parcels_next_s(const struct parcels *p);

/* What has left and is not published yet, by number. Valid until the next call of anything else. */
const struct parcel_row *parcels_left(struct parcels *p, size_t *ret_count);
/* All of that is in the store now: its orders are forgotten. */
void parcels_published(struct parcels *p);
