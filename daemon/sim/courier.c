/* SPDX-License-Identifier: Apache-2.0 */

/* A carrier's cut-offs come in the order of time, so each carrier has a queue; one more is for parcels of none. */

#include "daemon/sim/courier.h"

#include "base/arena.h"
#include "base/time.h"
#include "config/calendar.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct queue {
    struct courier_parcel *parcels;
    size_t at, count, room;
};

struct courier {
    const struct plant *plant;
    struct queue *queues; /* by carrier, and one more */
    int due;              /* the queue whose first parcel was given out last */
};

struct courier *courier_new(const struct plant *plant) {
    struct courier *c = takt_alloc(sizeof *c);
    *c = (struct courier){.plant = plant, .due = -1};
    c->queues = takt_alloc((plant->carrier_count + 1) * sizeof *c->queues);
    return c;
}

static void parcel_done(struct courier_parcel *p) {
    free(p->shipment);
    free(p->orders);
}

void courier_free(struct courier *c) {
    if (c == NULL)
        return;
    for (size_t q = 0; q <= c->plant->carrier_count; q++) {
        for (size_t k = c->queues[q].at; k < c->queues[q].count; k++)
            parcel_done(&c->queues[q].parcels[k]);
        free(c->queues[q].parcels);
    }
    free(c->queues);
    free(c);
}

static size_t carrier_place(const struct plant *plant, const char *id) {
    size_t place = 0;
    while (place < plant->carrier_count && strcmp(plant->carriers[place].id, id) != 0)
        place++;
    return place;
}

void courier_follow(struct courier *c, const struct store_publish *publication) {
    for (size_t k = 0; k < publication->parcel_count; k++) {
        const struct parcel_row *row = &publication->parcels[k];
        size_t carrier = carrier_place(c->plant, row->carrier);
        bool known = carrier < c->plant->carrier_count;
        struct courier_parcel p = {.shipment = takt_strdup(row->shipment),
                                   .carrier = known ? c->plant->carriers[carrier].id : "",
                                   .order_count = row->order_count};
        p.leaves_s = known ? carrier_cutoff(c->plant, (int32_t)carrier, publication->at_s) : publication->at_s;
        p.orders = takt_alloc(row->order_count * sizeof *p.orders + 1);
        memcpy(p.orders, row->orders, row->order_count * sizeof *p.orders);
        struct queue *q = &c->queues[carrier];
        if (q->at == q->count)
            q->at = q->count = 0;
        ARRAY_GROW(q->parcels, q->count, q->room);
        q->parcels[q->count++] = p;
    }
}

static int first_queue(const struct courier *c) {
    int best = -1;
    for (size_t q = 0; q <= c->plant->carrier_count; q++) {
        const struct queue *one = &c->queues[q];
        if (one->at < one->count && (best < 0 || one->parcels[one->at].leaves_s <
                                                     c->queues[best].parcels[c->queues[best].at].leaves_s))
            best = (int)q;
    }
    return best;
}

int64_t courier_next_s(const struct courier *c) {
    int q = first_queue(c);
    return q < 0 ? TAKT_TIME_NEVER : c->queues[q].parcels[c->queues[q].at].leaves_s;
}

const struct courier_parcel *courier_due(struct courier *c, int64_t now_s) {
    int q = first_queue(c);
    if (q < 0 || c->queues[q].parcels[c->queues[q].at].leaves_s > now_s)
        return NULL;
    c->due = q;
    return &c->queues[q].parcels[c->queues[q].at];
}

void courier_shipped(struct courier *c) {
    assert(c->due >= 0);
    parcel_done(&c->queues[c->due].parcels[c->queues[c->due].at++]);
    c->due = -1;
}
