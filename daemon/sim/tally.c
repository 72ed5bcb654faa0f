/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/sim/tally.h"

#include "base/arena.h"
#include "base/time.h"
#include "config/calendar.h"

#include <stdlib.h>
#include <string.h>

struct entry { /* of an order; accepted_s TAKT_TIME_NONE: there is none of that number */
    int64_t accepted_s;
    int64_t wish_s;      /* packed by then, it is in time for its wish */
    int64_t promised_s;  /* the first promise; TAKT_TIME_NONE */
    int64_t alone_s;     /* from acceptance to shipped, alone */
    int64_t packed_s, shipped_s; /* TAKT_TIME_NONE */
    uint32_t units;
};

struct samples {
    int64_t *values;
    size_t count, room;
};

struct tally {
    const struct plant *plant;
    struct alone *alone;
    struct entry *entries; /* by number of the order */
    size_t room;
    uint64_t accepted, refused, cancelled, shipped, repromised, units, plans;
    int64_t held_from_s, wip_unit_s, made_not_shipped_unit_s;
    int64_t shipped_units;
    struct samples plan_us;
};

struct tally *tally_new(const struct plant *plant, struct alone *alone, int64_t origin_s) {
    struct tally *t = takt_alloc(sizeof *t);
    *t = (struct tally){.plant = plant, .alone = alone, .held_from_s = origin_s};
    return t;
}

void tally_free(struct tally *t) {
    if (t == NULL)
        return;
    free(t->entries);
    free(t->plan_us.values);
    free(t);
}

static struct entry *entry(struct tally *t, uint64_t no) {
    return no < t->room && t->entries[no].accepted_s != TAKT_TIME_NONE ? &t->entries[no] : NULL;
}

static struct entry *new_entry(struct tally *t, uint64_t no) {
    if (no >= t->room) {
        size_t room = no + no / 2 + 1024;
        t->entries = takt_realloc(t->entries, room, sizeof *t->entries);
        for (size_t k = t->room; k < room; k++)
            t->entries[k].accepted_s = TAKT_TIME_NONE;
        t->room = room;
    }
    return &t->entries[no];
}

/* When it must be packed to be where it is wished in time; without a wish, within the plant's target. */
static int64_t wish_of(const struct tally *t, const struct order_row *order, int64_t now_s) {
    int32_t service = order->service[0] != '\0' ? plant_service_find(t->plant, order->service) : 0;
    int64_t wish_s = now_s + t->plant->planning.target_s;
    if (order->wish_day != TAKT_DAY_NONE && service >= 0 && (size_t)service < t->plant->service_count) {
        const char *country = order->country[0] != '\0' ? order->country : NULL;
        int64_t latest_s = carrier_latest(t->plant, service, country, order->wish_day);
        if (latest_s != TAKT_TIME_NONE)
            wish_s = latest_s;
    }
    return wish_s > now_s ? wish_s : now_s;
}

void tally_refused(struct tally *t) {
    t->refused++;
}

void tally_accepted(struct tally *t, uint64_t no, const struct order_row *order, int64_t now_s) {
    uint32_t units = 0;
    for (uint32_t i = 0; i < order->item_count; i++)
        units += order->items[i].quantity;
    int64_t alone_s = alone_shipped_s(t->alone, order, now_s);
    *new_entry(t, no) = (struct entry){.accepted_s = now_s,
                                       .wish_s = wish_of(t, order, now_s),
                                       .promised_s = TAKT_TIME_NONE,
                                       .alone_s = alone_s == TAKT_TIME_NEVER ? 0 : alone_s - now_s,
                                       .packed_s = TAKT_TIME_NONE,
                                       .shipped_s = TAKT_TIME_NONE,
                                       .units = units};
    t->accepted++;
    t->units += units;
}

void tally_cancelled(struct tally *t, uint64_t count) {
    t->cancelled += count;
}

void tally_published(struct tally *t, const struct store_publish *publication) {
    t->plans += publication->plan_version > 0;
    for (size_t k = 0; k < publication->promise_count; k++) {
        struct entry *e = entry(t, publication->promises[k].order);
        if (e != NULL && e->promised_s == TAKT_TIME_NONE)
            e->promised_s = publication->promises[k].ship_by_s;
        else
            t->repromised++;
    }
    for (size_t k = 0; k < publication->order_count; k++) {
        struct entry *e = entry(t, publication->orders[k].no);
        if (e != NULL && publication->orders[k].packed_at_s != TAKT_TIME_NONE)
            e->packed_s = publication->orders[k].packed_at_s;
    }
}

void tally_shipped(struct tally *t, const uint64_t *orders, size_t count, int64_t now_s) {
    for (size_t k = 0; k < count; k++) {
        struct entry *e = entry(t, orders[k]);
        if (e == NULL)
            continue;
        e->shipped_s = now_s;
        t->shipped++;
        t->shipped_units += e->units;
    }
}

void tally_hold(struct tally *t, int64_t now_s, int64_t wip_units, int64_t made_units) {
    int64_t span_s = now_s - t->held_from_s;
    t->wip_unit_s += span_s * wip_units;
    t->made_not_shipped_unit_s += span_s * (made_units - t->shipped_units);
    t->held_from_s = now_s;
}

static void sample(struct samples *s, int64_t value) {
    ARRAY_GROW(s->values, s->count, s->room);
    s->values[s->count++] = value;
}

void tally_plan_us(struct tally *t, int64_t us) {
    sample(&t->plan_us, us);
}

uint64_t tally_open(const struct tally *t) {
    return t->accepted - t->shipped - t->cancelled;
}

uint64_t tally_accepted_count(const struct tally *t) {
    return t->accepted;
}

static int ascending(const void *left, const void *right) {
    int64_t a, b;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    return (a > b) - (a < b);
}

/* The value that so many in a thousand do not exceed. */
static int64_t rank(const struct samples *s, size_t permille) {
    return s->values[(s->count * permille + 999) / 1000 - 1];
}

static struct spread spread_of(const struct samples *s) {
    if (s->count == 0)
        return (struct spread){0};
    qsort(s->values, s->count, sizeof *s->values, ascending);
    int64_t sum = 0;
    for (size_t k = 0; k < s->count; k++)
        sum += s->values[k];
    return (struct spread){
        .mean = sum / (int64_t)s->count, .median = rank(s, 500), .p95 = rank(s, 950), .p99 = rank(s, 990)};
}

void tally_summary(const struct tally *t, struct summary *ret) {
    struct samples lead = {0}, flow = {0}, factor = {0};
    *ret = (struct summary){.accepted = t->accepted, .refused = t->refused, .cancelled = t->cancelled,
                            .shipped = t->shipped, .open = tally_open(t), .units = t->units, .plans = t->plans,
                            .wip_unit_s = t->wip_unit_s, .made_not_shipped_unit_s = t->made_not_shipped_unit_s};
    for (size_t k = 0; k < t->room; k++) {
        const struct entry *e = &t->entries[k];
        if (e->accepted_s == TAKT_TIME_NONE)
            continue;
        if (e->promised_s != TAKT_TIME_NONE)
            sample(&lead, e->promised_s - e->accepted_s);
        if (e->packed_s != TAKT_TIME_NONE) {
            ret->late_promise += e->promised_s != TAKT_TIME_NONE && e->packed_s > e->promised_s;
            ret->late_wish += e->packed_s > e->wish_s;
        }
        if (e->shipped_s == TAKT_TIME_NONE)
            continue;
        sample(&flow, e->shipped_s - e->accepted_s);
        if (e->alone_s > 0)
            sample(&factor, (e->shipped_s - e->accepted_s) * 1000 / e->alone_s);
    }
    ret->lead_promised_s = spread_of(&lead);
    ret->flow_s = spread_of(&flow);
    ret->flow_factor_milli = spread_of(&factor);
    ret->plan_us = spread_of(&t->plan_us);
    ret->changes_per_1000_milli = t->accepted == 0 ? 0 : (int64_t)(t->repromised * 1000000 / t->accepted);
    free(lead.values);
    free(flow.values);
    free(factor.values);
}
