/* SPDX-License-Identifier: Apache-2.0 */

/* The life of a shipment.
 *
 *             take                    ship
 *     OPEN ─────────▶ TAKEN ───────────────▶ SHIPPED
 *      │ ▲  release    │ │ ▲                    ▲
 *      │ └─────────────┘ │ └ take (the same)    │
 *      │                 ▼ refuse               │
 *      ├──────────────▶ ASIDE                   │
 *      │ refuse, too many attempts: aside       │
 *      └────────────────── ship ────────────────┘
 *      aside ─ release ▶ open */

#include "daemon/store/operation.h"

#include <stdlib.h>
#include <string.h>

static int64_t *state_count(struct tables *t, enum shipment_state state) {
    int64_t *const counts[SHIPMENT_STATE_COUNT] = {
        [SHIPMENT_OPEN] = &t->state.shipments_open,
        [SHIPMENT_TAKEN] = &t->state.shipments_taken,
        [SHIPMENT_SHIPPED] = &t->state.shipments_shipped,
        [SHIPMENT_ASIDE] = &t->state.shipments_aside,
    };
    return counts[state];
}

static int shipment_move(struct tables *t, struct shipment_row *row, enum shipment_state to) {
    --*state_count(t, row->state);
    ++*state_count(t, to);
    row->state = to;
    return t->ops->shipment_put(t, row);
}

static int refuse_move(struct store_shipment *q, const char *why) {
    return takt_fail(&q->head.err, TAKT_ESTALE, "shipment '%s' %s", q->shipment, why);
}

/* A consumer may act on what nobody has taken and on what is its own; the operator, who names none, on both. */
static bool is_anothers(const struct store_shipment *q, const struct shipment_row *row) {
    return row->state == SHIPMENT_TAKEN && q->consumer[0] != '\0' && strcmp(q->consumer, row->consumer) != 0;
}

static int act_sent(struct tables *t, struct store_shipment *q, struct shipment_row *row) {
    if (row->state != SHIPMENT_OPEN && row->state != SHIPMENT_TAKEN)
        return refuse_move(q, "is not under way");
    if (row->state == SHIPMENT_OPEN && q->attempts_max > 0 && q->attempt > q->attempts_max) {
        row->reason = "attempts";
        int code = shipment_move(t, row, SHIPMENT_ASIDE);
        return code < 0 ? code
                        : takt_fail(&q->head.err, TAKT_ELIMIT, "shipment '%s' was sent %u times: set aside",
                                    q->shipment, row->attempts);
    }
    row->attempts = row->attempts > q->attempt ? row->attempts : q->attempt;
    return t->ops->shipment_put(t, row);
}

static int act_take(struct tables *t, struct store_shipment *q, struct shipment_row *row) {
    if (is_anothers(q, row))
        return refuse_move(q, "is another consumer's");
    if (row->state == SHIPMENT_TAKEN)
        return 0;
    if (row->state != SHIPMENT_OPEN)
        return refuse_move(q, "is not open");
    row->consumer = q->consumer;
    return shipment_move(t, row, SHIPMENT_TAKEN);
}

static int ship_order(struct tables *t, const struct store_shipment *q, const struct shipment_row *row, uint64_t no) {
    struct order_head head;
    struct slice_row *slices;
    size_t count;
    int code = t->ops->order_head(t, no, &head);
    if (code == 0)
        code = t->ops->slices_of(t, no, t->scratch, &slices, &count);
    if (code < 0 || !order_state_open(head.state))
        return code;
    for (size_t i = 0; i < count && code == 0; i++)
        if (slices[i].lot != 0)
            code = t->ops->lot_count(t, slices[i].lot, -1);
    if (code < 0)
        return code;
    int64_t packed_s = head.packed_at_s != TAKT_TIME_NONE ? head.packed_at_s : row->parcel.packed_at_s;
    if (head.ship_by_s != TAKT_TIME_NONE)
        ++*(packed_s <= head.ship_by_s ? &t->state.kept : &t->state.broken);
    struct event_row event = {.kind = EVENT_ORDER_SHIPPED,
                              .at_s = q->now_s,
                              .shipment = row->parcel.shipment,
                              .carrier = row->parcel.carrier,
                              .tracking = row->tracking};
    return operation_close(t, &head, ORDER_SHIPPED, &event);
}

static int act_ship(struct tables *t, struct store_shipment *q, struct shipment_row *row) {
    if (row->state == SHIPMENT_SHIPPED && (q->consumer[0] == '\0' || strcmp(q->consumer, row->consumer) == 0))
        return 0;
    if (row->state == SHIPMENT_SHIPPED)
        return refuse_move(q, "was shipped by another consumer");
    if (is_anothers(q, row))
        return refuse_move(q, "is another consumer's");
    if (row->state == SHIPMENT_ASIDE)
        return refuse_move(q, "is set aside");
    if (q->carrier[0] != '\0')
        row->parcel.carrier = q->carrier;
    row->tracking = q->tracking;
    row->ended_at_s = q->now_s;
    if (row->consumer[0] == '\0')
        row->consumer = q->consumer;
    int code = shipment_move(t, row, SHIPMENT_SHIPPED);
    for (uint32_t i = 0; i < row->parcel.order_count && code == 0; i++)
        code = ship_order(t, q, row, row->parcel.orders[i]);
    return code;
}

static int act_refuse(struct tables *t, struct store_shipment *q, struct shipment_row *row) {
    if (row->state == SHIPMENT_ASIDE)
        return 0;
    if (row->state == SHIPMENT_SHIPPED)
        return refuse_move(q, "is shipped");
    if (is_anothers(q, row))
        return refuse_move(q, "is another consumer's");
    row->reason = q->reason;
    row->ended_at_s = q->now_s;
    return shipment_move(t, row, SHIPMENT_ASIDE);
}

static int act_release(struct tables *t, struct store_shipment *q, struct shipment_row *row) {
    if (row->state == SHIPMENT_SHIPPED)
        return refuse_move(q, "is shipped");
    row->attempts = 0;
    row->consumer = "";
    row->reason = "";
    row->ended_at_s = TAKT_TIME_NONE;
    return shipment_move(t, row, SHIPMENT_OPEN);
}

static int (*const acts[])(struct tables *t, struct store_shipment *q, struct shipment_row *row) = {
    [SHIPMENT_SENT] = act_sent,     [SHIPMENT_TAKE] = act_take,       [SHIPMENT_SHIP] = act_ship,
    [SHIPMENT_REFUSE] = act_refuse, [SHIPMENT_RELEASE] = act_release,
};

/* The number at the end of <plant>-<number>; 0: there is none. */
static uint64_t shipment_number(const char *shipment) {
    const char *dash = strrchr(shipment, '-');
    char *end = NULL;
    if (dash == NULL || dash[1] < '1' || dash[1] > '9')
        return 0;
    uint64_t number = strtoull(dash + 1, &end, 10);
    return *end == '\0' && number <= INT64_MAX ? number : 0;
}

static const char *or_empty(const char *text) {
    return text != NULL ? text : "";
}

static int find_shipment(struct tables *t, const char *shipment, struct arena *arena, struct shipment_row *ret,
                         struct takt_error *err) {
    uint64_t number = shipment_number(shipment);
    int code = number == 0 ? TAKT_ENOENT : t->ops->shipment_get(t, number, arena, ret);
    if (code == 0 && strcmp(ret->parcel.shipment, shipment) != 0)
        code = TAKT_ENOENT;
    return code == TAKT_ENOENT ? takt_fail(err, code, "there is no shipment '%s'", shipment) : code;
}

int operation_shipment(struct tables *t, struct store_request *r) {
    struct store_shipment *q = (struct store_shipment *)r;
    struct shipment_row row;
    q->consumer = or_empty(q->consumer);
    q->carrier = or_empty(q->carrier);
    q->tracking = or_empty(q->tracking);
    q->reason = or_empty(q->reason);
    if (q->epoch != 0 && q->epoch != (uint64_t)t->state.epoch)
        return takt_fail(&r->err, TAKT_EFENCED, "epoch %llu is over", (unsigned long long)q->epoch);
    if ((size_t)q->act >= sizeof acts / sizeof acts[0])
        return takt_fail(&r->err, TAKT_EINVAL, "a shipment knows no act %d", (int)q->act);
    int code = find_shipment(t, q->shipment, t->scratch, &row, &r->err);
    return code < 0 ? code : acts[q->act](t, q, &row);
}

int operation_shipments(struct tables *t, struct store_request *r) {
    struct store_shipments *q = (struct store_shipments *)r;
    if (q->shipment != NULL) {
        q->ret_shipments = arena_alloc(r->arena, sizeof *q->ret_shipments);
        int code = find_shipment(t, q->shipment, r->arena, q->ret_shipments, &r->err);
        q->ret_count = code == 0;
        return code;
    }
    if (q->limit == 0 || q->limit > STORE_PAGE_MAX)
        return takt_fail(&r->err, TAKT_EINVAL, "a page of %zu rows: 1 to %d", q->limit, STORE_PAGE_MAX);
    q->ret_shipments = arena_array(r->arena, q->limit, sizeof *q->ret_shipments);
    return t->ops->shipments_page(t, q->state, q->after, q->limit, r->arena, q->ret_shipments, &q->ret_count);
}
