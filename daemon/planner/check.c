/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/state.h"

#include <assert.h>

/* P1: slices of an item are ascending and disjoint, and with what is unplaced they are all of it. */
static void check_item(const struct order *o, uint16_t item, uint32_t *placed, uint32_t *busy) {
    uint32_t end = 0;
    for (const struct slice *s = o->items[item].slices; s != NULL; s = s->next) {
        assert(s->order == o && s->item == item && s->count > 0);
        assert(s->first >= end);
        end = s->first + s->count;
        *placed += s->count;
        *busy += s->lot != NULL && s->lot->state != LOT_DONE;
        assert(s->lot == NULL || s->lot->state != LOT_GONE);
        assert(s->lot == NULL || s->lot->group->personalised == o->items[item].personalised);
    }
    assert(end <= o->items[item].quantity);
}

static void check_order(const struct planner *p, const struct order *o) {
    uint32_t placed = 0, busy = 0, units = 0;
    for (uint16_t i = 0; i < o->item_count; i++) {
        check_item(o, i, &placed, &busy);
        units += o->items[i].quantity;
    }
    assert(placed + o->unplaced == units);
    assert(busy == o->busy);
    assert(o->state != ORDER_CANCELLED && o->state != ORDER_SHIPPED);
    /* P5 */
    assert(o->state != ORDER_PLANNED || o->ship_by_s != TAKT_TIME_NONE);
    /* P6: what can be in a parcel is packed and has a recipient */
    assert(!o->parcelled || (o->packed_at_s != TAKT_TIME_NONE && o->recipient_key != 0));
    assert(o->state != ORDER_PACKED || (o->busy == 0 && o->unplaced == 0));
    assert((o->state == ORDER_PACKED) == (o->packed_at_s != TAKT_TIME_NONE));
    (void)p;
}

/* P2, and that the lot's counts are those of its slices. */
static void check_lot(const struct lot *lot) {
    uint32_t units = 0, slices = 0;
    for (const struct slice *s = lot->slices; s != NULL; s = s->lot_next) {
        assert(s->lot == lot);
        units += s->count;
        slices++;
    }
    assert(slices == lot->slice_count);
    if (lot->state == LOT_DONE || lot->state == LOT_GONE)
        return;
    assert(units == lot->units);
    assert(lot->units > 0 || lot_started(lot));
    assert(lot_possible(lot) >= lot->units);
    for (size_t k = 0; k < lot->op_count; k++) {
        const struct task *t = &lot->tasks[k];
        assert(t->good + t->scrap <= t->quantity);
        assert(t->state == TASK_PLANNED || (t->line >= 0 && t->started_at_s != TAKT_TIME_NONE));
        assert(t->state != TASK_FINISHED || t->finished_at_s >= t->started_at_s);
        assert(!lot->group->personalised || lot_started(lot) || t->quantity == lot->units);
    }
    assert(!lot_started(lot) || lot->state == LOT_FIRM);
}

void planner_check(const struct planner *p) {
    const struct table *orders = &p->book.by_no, *lots = &p->lots.by_no;
    for (size_t i = 0; orders->slots != NULL && i <= orders->mask; i++)
        if (orders->slots[i] != NULL)
            check_order(p, orders->slots[i]);
    for (size_t i = 0; lots->slots != NULL && i <= lots->mask; i++)
        if (lots->slots[i] != NULL)
            check_lot(lots->slots[i]);
}
