/* SPDX-License-Identifier: Apache-2.0 */

/* A planner that waits keeps what it has loaded as the store has it, so that little is left to be read when its turn comes.
 *
 * It stands between the last load_… and planner_loaded: nothing that follows from the rows (dues, queues, parcels) is there yet, so
 * there is nothing that rows could leave untrue. Every order that is named leaves and comes back as it is now, with its slices;
 * a lot stays with the slices of the orders that were not named, and takes its new row and tasks. An order or a lot that was
 * named for nothing comes back as it was. So whatever was missed, or read twice, while the planner loaded page by page and others
 * wrote, is mended by the first difference; and planner_loaded finds the rows that a planner would find that loaded now.
 *
 * Lots that no open order has units of are not loaded, so they leave here too. */

#include "daemon/planner/planner.h"

#include "base/arena.h"
#include "daemon/planner/state.h"

#include <stdlib.h>

struct store_meta planner_followed(const struct planner *p) {
    return (struct store_meta){.publish_no = p->publish_no, .seen = p->seen};
}

uint64_t *planner_doubts(const struct planner *p, struct arena *arena, size_t *ret_count) {
    uint64_t *orders = arena_array(arena, p->doubt_count, sizeof *orders);
    for (size_t i = 0; i < p->doubt_count; i++)
        orders[i] = p->doubts[i].order;
    *ret_count = p->doubt_count;
    return orders;
}

size_t planner_orders(const struct planner *p) {
    return p->book.by_no.count;
}

void planner_take_over(struct planner *p, uint64_t epoch) {
    p->epoch = p->seed = epoch;
}

static void unload_order(struct planner *p, struct order *o) {
    for (uint16_t i = 0; i < o->item_count; i++) {
        while (o->items[i].slices != NULL) {
            struct slice *s = o->items[i].slices;
            if (s->lot != NULL && s->lot->state != LOT_DONE)
                s->lot->units -= s->count;
            slice_release(p, s);
        }
    }
    book_remove(&p->book, o);
}

static int by_number(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Doubts about what comes again are void. */
static void unload_named(struct planner *p, const struct store_follow *q) {
    size_t kept = 0;
    for (size_t i = 0; i < p->doubt_count; i++)
        if (q->ret_named_count == 0 ||
            bsearch(&p->doubts[i].order, q->ret_named, q->ret_named_count, sizeof *q->ret_named, by_number) == NULL)
            p->doubts[kept++] = p->doubts[i];
    p->doubt_count = kept;
    for (size_t i = 0; i < q->ret_named_count; i++) {
        struct order *o = book_find(&p->book, q->ret_named[i]);
        if (o != NULL)
            unload_order(p, o);
    }
}

static void load_world(struct planner *p, const struct store_follow *q) {
    stock_done(&p->stock);
    stock_init(&p->stock, p->plant);
    for (size_t i = 0; i < p->variants.count; i++)
        p->variants.list[i]->surplus = 0;
    for (size_t i = 0; i < q->ret_stock_count; i++)
        planner_load_stock(p, &q->ret_stock[i]);
    for (size_t i = 0; i < q->ret_receipt_count; i++)
        planner_load_receipt(p, &q->ret_receipts[i]);
    for (size_t i = 0; i < q->ret_down_count; i++)
        planner_load_down(p, &q->ret_downs[i]);
    for (size_t i = 0; i < q->ret_setup_count; i++)
        planner_load_setup(p, &q->ret_setups[i]);
    for (size_t i = 0; i < q->ret_surplus_count; i++)
        planner_load_surplus(p, &q->ret_surplus[i]);
}

int planner_follow(struct planner *p, const struct store_follow *q, struct takt_error *err) {
    unload_named(p, q);
    for (size_t i = 0; i < q->ret_lot_count; i++)
        planner_load_lot(p, &q->ret_lots[i]);
    for (size_t i = 0; i < q->ret_task_count; i++)
        planner_load_task(p, &q->ret_tasks[i]);
    for (size_t i = 0; i < q->ret_order_count; i++)
        planner_load_order(p, &q->ret_orders[i]);
    for (size_t i = 0; i < q->ret_slice_count; i++)
        planner_load_slice(p, &q->ret_slices[i]);
    if (q->ret_world)
        load_world(p, q);
    planner_load_meta(p, &q->ret_meta);
    lots_drop_empty(&p->lots);
    return q->ret_more ? 0 : planner_load_judge(p, err);
}
