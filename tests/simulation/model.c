/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"

#include <string.h>

static struct model_order *find_no(struct model *m, uint64_t no) {
    MODEL_HOLDS(m, no < MODEL_ORDERS && m->orders[no].there, "order %llu is not there", (unsigned long long)no);
    return &m->orders[no];
}

struct model_order *model_find(struct model *m, const char *creator, const char *ref) {
    for (uint64_t k = 0; k <= m->last_no; k++)
        if (m->orders[k].there && strcmp(m->orders[k].ref, ref) == 0 && strcmp(m->orders[k].creator, creator) == 0)
            return &m->orders[k];
    return NULL;
}

static void set_items(struct model *m, struct model_order *o, const struct order_row *row) {
    MODEL_HOLDS(m, row->item_count <= MODEL_ITEMS, "too many items");
    o->item_count = row->item_count;
    for (uint32_t i = 0; i < row->item_count; i++) {
        MODEL_HOLDS(m, row->items[i].quantity <= MODEL_UNITS, "too many units");
        o->quantity[i] = row->items[i].quantity;
        o->personalised[i] = row->items[i].personalised;
    }
}

void model_accept(struct model *m, const struct store_accept *r) {
    for (size_t k = 0; k < r->count; k++) {
        const struct accept_order *a = &r->orders[k];
        if (a->ret_outcome != ACCEPT_NEW)
            continue;
        MODEL_HOLDS(m, model_find(m, r->creator, a->row.order_ref) == NULL, "%s is accepted twice", a->row.order_ref);
        MODEL_HOLDS(m, a->ret_no > m->last_no && a->ret_no < MODEL_ORDERS, "numbers ascend");
        struct model_order *o = &m->orders[a->ret_no];
        *o = (struct model_order){.there = true, .has_recipient = a->row.recipient_key != 0};
        snprintf(o->creator, sizeof o->creator, "%s", r->creator);
        snprintf(o->ref, sizeof o->ref, "%s", a->row.order_ref);
        memset(o->lot, 0xff, sizeof o->lot);
        set_items(m, o, &a->row);
        m->last_no = a->ret_no;
        m->accepted++;
    }
}

/* The store itself takes the units of what is cancelled, or has other items now, out of their lots. */
static void drop_units(struct model *m, struct model_order *o) {
    for (uint32_t i = 0; i < MODEL_ITEMS; i++)
        for (uint32_t u = 0; u < MODEL_UNITS; u++)
            if (o->lot[i][u] != NOWHERE && o->lot[i][u] != 0)
                m->lots[o->lot[i][u]].given--;
    memset(o->lot, 0xff, sizeof o->lot);
}

void model_cancel(struct model *m, const struct store_cancel *r) {
    for (size_t k = 0; k < r->count; k++) {
        if (r->ret_outcomes[k] != CANCEL_DONE)
            continue;
        struct model_order *o = model_find(m, r->creator, r->refs[k]);
        MODEL_HOLDS(m, o != NULL && !o->in_parcel && !o->shipped, "cancelled what is on its way: %s", r->refs[k]);
        for (uint32_t i = 0; i < o->item_count; i++)
            for (uint32_t u = 0; u < MODEL_UNITS; u++)
                MODEL_HOLDS(m, o->lot[i][u] == NOWHERE || o->lot[i][u] == 0 || !m->lots[o->lot[i][u]].started,
                            "%s is cancelled, but L%u has started", o->ref, o->lot[i][u]);
        drop_units(m, o);
        m->cancelled += !o->cancelled;
        o->cancelled = true;
    }
}

void model_amend(struct model *m, const struct store_amend *r) {
    struct model_order *o = model_find(m, r->creator, r->order_ref);
    MODEL_HOLDS(m, o != NULL && !o->shipped && !o->cancelled, "amended what is over: %s", r->order_ref);
    if (r->set_recipient)
        o->has_recipient = r->row.recipient_key != 0;
    if (r->set_items) {
        drop_units(m, o);
        set_items(m, o, &r->row);
    }
}

/* ---- a publication ---- */

/* Takes the slice with this row's key away, as it was. */
static void take_slice(struct model *m, const struct slice_row *s) {
    struct model_order *o = find_no(m, s->order);
    MODEL_HOLDS(m, s->item < MODEL_ITEMS && s->first + s->count <= MODEL_UNITS && s->lot < MODEL_LOTS, "a slice out of range");
    for (uint32_t u = s->first; u < MODEL_UNITS; u++) {
        uint32_t *lot = &o->lot[s->item][u];
        if (*lot == NOWHERE || o->slice[s->item][u] != s->first)
            continue;
        if (*lot != 0)
            m->lots[*lot].given--;
        *lot = NOWHERE;
    }
}

static void put_slice(struct model *m, const struct slice_row *s) {
    struct model_order *o = find_no(m, s->order);
    for (uint32_t u = s->first; u < s->first + s->count; u++) {
        uint32_t *lot = &o->lot[s->item][u];
        MODEL_HOLDS(m, *lot == NOWHERE, "unit %u of %s is in L%u and in L%u", u, o->ref, *lot, s->lot);
        if (s->lot != 0)
            m->lots[s->lot].given++;
        *lot = s->lot;
        o->slice[s->item][u] = s->first;
        m->lots[s->lot].has_personalised |= o->personalised[s->item];
    }
}

static const struct plant_product *product_of(struct model *m, const struct model_lot *lot) {
    return &m->plant->products[lot->product];
}

static void set_lot(struct model *m, const struct lot_row *row) {
    MODEL_HOLDS(m, row->lot > 0 && row->lot < MODEL_LOTS, "lot number %u", row->lot);
    struct model_lot *lot = &m->lots[row->lot];
    int32_t product = plant_product_find(m->plant, row->product);
    MODEL_HOLDS(m, product >= 0, "L%u is of no product", row->lot);
    lot->there = true;
    lot->product = (uint32_t)product;
    lot->units = row->units;
    lot->extra = row->extra;
    lot->gone = row->state == LOT_GONE;
}

/* Units beyond those of orders that all yields together call for. */
static uint32_t allowance(struct model *m, const struct model_lot *lot, uint32_t units) {
    uint64_t need = units;
    const struct plant_product *p = product_of(m, lot);
    for (size_t o = p->op_count; o-- > 0;)
        need = (need * 1000000 + (uint64_t)p->route[o].yield_ppm - 1) / (uint64_t)p->route[o].yield_ppm;
    return (uint32_t)(need - units);
}

/* A number for all of a task that a row which only moves it leaves alone. */
static uint64_t task_print(const struct task_row *row) {
    const int64_t fields[] = {row->state, row->quantity, row->good, row->scrap, row->started_at_s, row->finished_at_s, row->late};
    uint64_t print = 14695981039346656037U;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        print = (print ^ (uint64_t)fields[i]) * 1099511628211U;
    return print | 1;
}

static void keep_task(struct model *m, const struct task_row *row) {
    uint64_t *kept = &m->lots[row->lot].tasks[row->op];
    MODEL_HOLDS(m, row->gone || !row->moved || *kept == task_print(row), "L%u, operation %u: more is new than its place",
                row->lot, row->op);
    *kept = row->gone ? 0 : task_print(row);
}

static void set_task(struct model *m, const struct task_row *row) {
    struct model_lot *lot = &m->lots[row->lot];
    keep_task(m, row);
    if (row->gone)
        return;
    MODEL_HOLDS(m, lot->there && row->op < product_of(m, lot)->op_count, "a task of no lot: L%u", row->lot);
    if (row->state == TASK_FINISHED)
        lot->ops_done |= UINT64_C(1) << row->op;
    if (row->state == TASK_PLANNED || lot->started)
        return;
    MODEL_HOLDS(m, row->op == 0, "L%u starts with operation %u", row->lot, row->op);
    MODEL_HOLDS(m, lot->given == lot->units, "L%u starts for %u units, but orders gave it %u", row->lot, lot->units, lot->given);
    MODEL_HOLDS(m, row->quantity <= lot->units + lot->extra, "L%u starts %u units for %u and %u", row->lot, row->quantity,
                lot->units, lot->extra);
    MODEL_HOLDS(m, lot->extra <= (lot->has_personalised ? 0 : allowance(m, lot, lot->units)),
                "L%u allows for %u units beyond %u", row->lot, lot->extra, lot->units);
    lot->started = true;
    lot->started_with = row->quantity;
}

static void check_packed(struct model *m, const struct order_update *u) {
    struct model_order *o = find_no(m, u->no);
    if (u->packed_at_s == TAKT_TIME_NONE || o->packed)
        return;
    for (uint32_t i = 0; i < o->item_count; i++)
        for (uint32_t k = 0; k < o->quantity[i]; k++) {
            uint32_t lot = o->lot[i][k];
            MODEL_HOLDS(m, lot != NOWHERE, "%s is packed, but its unit %u/%u is in no lot", o->ref, i, k);
            if (lot == 0)
                continue;
            uint64_t all = (UINT64_C(1) << product_of(m, &m->lots[lot])->op_count) - 1;
            MODEL_HOLDS(m, m->lots[lot].ops_done == all, "%s is packed before L%u is made", o->ref, lot);
        }
    o->packed = true;
}

static void set_parcel(struct model *m, const struct parcel_row *p) {
    MODEL_HOLDS(m, m->parcel_count < MODEL_ORDERS && p->order_count > 0 && p->order_count <= MODEL_PARCEL_ORDERS, "%s",
                p->shipment);
    struct model_parcel *own = &m->parcels[m->parcel_count++];
    snprintf(own->id, sizeof own->id, "%s", p->shipment);
    own->order_count = p->order_count;
    for (uint32_t k = 0; k < p->order_count; k++) {
        own->orders[k] = p->orders[k];
        struct model_order *o = find_no(m, p->orders[k]);
        MODEL_HOLDS(m, !o->in_parcel, "%s is in two parcels", o->ref);
        MODEL_HOLDS(m, o->packed && !o->cancelled && o->has_recipient, "%s is in %s", o->ref, p->shipment);
        MODEL_HOLDS(m, strcmp(o->creator, p->creator) == 0, "%s of %s is in a parcel of %s", o->ref, o->creator, p->creator);
        o->in_parcel = true;
    }
}

void model_publish(struct model *m, const struct store_publish *p) {
    for (size_t k = 0; k < p->lot_count; k++)
        set_lot(m, &p->lots[k]);
    for (size_t k = 0; k < p->slice_count; k++)
        take_slice(m, &p->slices[k]);
    for (size_t k = 0; k < p->slice_count; k++)
        if (!p->slices[k].gone)
            put_slice(m, &p->slices[k]);
    for (size_t k = 0; k < p->task_count; k++)
        set_task(m, &p->tasks[k]);
    for (size_t k = 0; k < p->lot_count; k++)
        MODEL_HOLDS(m, p->lots[k].state != LOT_GONE || m->lots[p->lots[k].lot].given == 0, "L%u is gone with units in it",
                    p->lots[k].lot);
    for (size_t k = 0; k < p->order_count; k++)
        check_packed(m, &p->orders[k]);
    for (size_t k = 0; k < p->parcel_count; k++)
        set_parcel(m, &p->parcels[k]);
}

void model_ship(struct model *m, const struct store_shipment *r) {
    if (r->act != SHIPMENT_SHIP)
        return;
    size_t k = 0;
    while (k < m->parcel_count && strcmp(m->parcels[k].id, r->shipment) != 0)
        k++;
    MODEL_HOLDS(m, k < m->parcel_count, "%s is shipped and was never published", r->shipment);
    for (uint32_t o = 0; o < m->parcels[k].order_count; o++) {
        struct model_order *order = find_no(m, m->parcels[k].orders[o]);
        MODEL_HOLDS(m, !order->cancelled, "%s is cancelled and shipped", order->ref);
        m->shipped += !order->shipped;
        order->shipped = true;
    }
}

uint64_t model_open(const struct model *m) {
    uint64_t open = 0;
    for (uint64_t no = 0; no <= m->last_no; no++) {
        const struct model_order *o = &m->orders[no];
        open += o->there && !o->cancelled && !o->shipped && o->has_recipient;
    }
    return open;
}

void model_end(struct model *m) {
    for (uint64_t no = 0; no <= m->last_no; no++) {
        const struct model_order *o = &m->orders[no];
        if (!o->there || o->cancelled || !o->has_recipient)
            continue;
        MODEL_HOLDS(m, o->shipped, "%s of %s was accepted and is not shipped (packed %d, in a parcel %d)", o->ref, o->creator,
                    o->packed, o->in_parcel);
        for (uint32_t i = 0; i < o->item_count; i++)
            for (uint32_t u = 0; u < MODEL_UNITS; u++)
                MODEL_HOLDS(m, (o->lot[i][u] != NOWHERE) == (u < o->quantity[i]), "unit %u/%u of %s is in L%u", i, u, o->ref,
                            o->lot[i][u]);
    }
}
