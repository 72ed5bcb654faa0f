/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/book.h"

#include "base/arena.h"

#include <assert.h>
#include <stdlib.h>

static uint64_t order_hash(const void *entry) {
    return hash_number(((const struct order *)entry)->no);
}

static bool order_same(const void *entry, const void *key) {
    return ((const struct order *)entry)->no == *(const uint64_t *)key;
}

void book_init(struct book *b) {
    *b = (struct book){0};
    pool_init(&b->orders, sizeof(struct order));
    pool_init(&b->slices, sizeof(struct slice));
    table_init(&b->by_no, order_hash, order_same);
    labels_init(&b->creators);
    labels_init(&b->services);
    labels_init(&b->countries);
}

void book_done(struct book *b) {
    for (size_t i = 0; b->by_no.slots != NULL && i <= b->by_no.mask; i++)
        if (b->by_no.slots[i] != NULL)
            free(((struct order *)b->by_no.slots[i])->items);
    table_done(&b->by_no);
    pool_done(&b->orders);
    pool_done(&b->slices);
    labels_done(&b->creators);
    labels_done(&b->services);
    labels_done(&b->countries);
    free(b->touched.list);
    free(b->waiting.list);
    free(b->late.list);
}

struct order *book_find(const struct book *b, uint64_t no) {
    return table_find(&b->by_no, hash_number(no), &no);
}

void order_list_add(struct order_list *l, struct order *o, uint32_t *place) {
    if (*place != 0)
        return;
    ARRAY_GROW(l->list, l->count, l->cap);
    l->list[l->count++] = o;
    *place = (uint32_t)l->count;
}

/* The hole is filled by nobody, so that the order of the list stays; readers skip NULL. */
void order_list_drop(struct order_list *l, struct order *o, uint32_t *place) {
    if (*place == 0)
        return;
    assert(l->list[*place - 1] == o);
    (void)o;
    l->list[*place - 1] = NULL;
    *place = 0;
}

void order_touch(struct book *b, struct order *o) {
    order_list_add(&b->touched, o, &o->touched_at);
}

void order_wait(struct book *b, struct order *o) {
    order_list_add(&b->waiting, o, &o->waiting_at);
}

void book_set_items(struct book *b, struct variants *v, struct order *o, const struct item_row *items, uint32_t count) {
    for (uint16_t i = 0; i < o->item_count; i++) {
        assert(o->items[i].slices == NULL);
        b->units_open -= o->items[i].quantity;
    }
    free(o->items);
    o->items = takt_alloc(count * sizeof *o->items);
    o->item_count = (uint16_t)count;
    o->unplaced = 0;
    for (uint32_t i = 0; i < count; i++) {
        o->items[i] = (struct item){.variant = variant_get(v, items[i].product, items[i].options),
                                    .quantity = items[i].quantity,
                                    .personalised = items[i].personalised};
        o->unplaced += items[i].quantity;
    }
    b->units_open += o->unplaced;
}

struct order *book_add(struct book *b, struct variants *v, const struct order_row *row) {
    struct order *o = pool_get(&b->orders);
    *o = (struct order){.no = row->no,
                        .recipient_key = row->recipient_key,
                        .accepted_at_s = row->accepted_at_s,
                        .ship_by_s = row->ship_by_s,
                        .made_s = TAKT_TIME_NEVER,
                        .packed_s = TAKT_TIME_NEVER,
                        .told_packed_s = row->planned_packed_s,
                        .packed_at_s = row->packed_at_s,
                        .wish_day = row->wish_day,
                        .deliver_by_day = row->deliver_by_day,
                        .creator = label_get(&b->creators, row->creator),
                        .service = label_get(&b->services, row->service),
                        .country = label_get(&b->countries, row->country),
                        .state = (uint8_t)row->state,
                        .parcelled = row->shipment != 0};
    table_add(&b->by_no, o);
    book_set_items(b, v, o, row->items, row->item_count);
    return o;
}

void book_remove(struct book *b, struct order *o) {
    for (uint16_t i = 0; i < o->item_count; i++) {
        assert(o->items[i].slices == NULL);
        b->units_open -= o->items[i].quantity;
    }
    b->late_promise -= o->late_promise;
    b->late_wish -= o->late_wish;
    order_list_drop(&b->touched, o, &o->touched_at);
    order_list_drop(&b->waiting, o, &o->waiting_at);
    order_list_drop(&b->late, o, &o->late_at);
    table_remove(&b->by_no, o);
    free(o->items);
    pool_put(&b->orders, o);
}

struct slice *book_slice(struct book *b, struct order *o, uint16_t item, uint32_t first, uint32_t count) {
    struct slice **at = &o->items[item].slices;
    while (*at != NULL && (*at)->first < first)
        at = &(*at)->next;
    assert(*at == NULL || first + count <= (*at)->first);
    assert(count > 0 && first + count <= o->items[item].quantity && count <= o->unplaced);
    struct slice *s = pool_get(&b->slices);
    *s = (struct slice){.order = o, .next = *at, .first = first, .count = count, .item = item};
    *at = s;
    o->unplaced -= count;
    return s;
}

void book_slice_remove(struct book *b, struct slice *s) {
    struct slice **at = &s->order->items[s->item].slices;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    s->order->unplaced += s->count;
    pool_put(&b->slices, s);
}
