/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The order book: every open order, its items and where their units are.
 *
 * An item's units 0 … quantity-1 are in slices, ascending and disjoint; what no slice covers is unplaced. A slice
 * belongs to one lot, or to none: then its units were given from surplus. A million orders are kept, so there is no
 * text in them.
 *
 * Threads: one owner. Ownership: the book owns orders, items and slices. Cost: O(1) but where said. */

#include "daemon/planner/labels.h"
#include "daemon/planner/pool.h"
#include "daemon/planner/variant.h"
#include "daemon/store/store.h"

struct due;
struct packing_cell;

struct slice {
    struct order *order;
    struct lot *lot;    /* NULL: given from surplus */
    struct slice *next; /* of the item, by first */
    struct slice *lot_prev, *lot_next;
    uint32_t first, count;
    uint32_t news_at; /* place + 1 in news.slices, 0: the store knows it */
    uint16_t item;
};

struct item {
    struct variant *variant;
    struct slice *slices;
    uint32_t quantity;
    bool personalised;
};

/* Why a promise moves; the greater one wins when several things happen at once. */
enum cause {
    CAUSE_NONE,
    CAUSE_CAPACITY,
    CAUSE_OPERATOR,
    CAUSE_AMENDMENT,
    CAUSE_SCRAP,
    CAUSE_MATERIAL,
    CAUSE_BREAKDOWN
};

struct order {
    uint64_t no;
    uint64_t recipient_key; /* 0: none yet */
    int64_t accepted_at_s;
    int64_t wish_s;        /* packed by then it is as was wished */
    int64_t ship_by_s;     /* the promise in force; TAKT_TIME_NONE */
    int64_t made_s;        /* when all is (expected to be) made and rested; TAKT_TIME_NEVER: not all is planned */
    int64_t packed_s;      /* expected packing; TAKT_TIME_NEVER */
    int64_t told_packed_s; /* what the store knows of it; TAKT_TIME_NONE */
    int64_t packed_at_s;   /* TAKT_TIME_NONE */
    int64_t late_since_s;  /* while it is in book.late */
    struct item *items;
    struct due *due;                         /* NULL: nothing of it is to be made */
    struct packing_cell *cell;           /* of those that are packed at about the same time; NULL: none */
    struct order *cell_prev, *cell_next;
    int32_t wish_day, deliver_by_day;        /* TAKT_DAY_NONE */
    uint32_t unplaced;                       /* units in no slice */
    uint32_t busy;                           /* slices in lots that are not done */
    uint32_t heap_at;                        /* place + 1 in the heap that it is in */
    uint32_t news_at;                        /* place + 1 in news.orders, or in news.moved */
    uint32_t touched_at;                     /* place + 1 in book.touched */
    uint32_t waiting_at;                     /* place + 1 in book.waiting: it has unplaced units */
    uint32_t late_at;                        /* place + 1 in book.late: the plan does not keep its promise */
    uint16_t item_count;
    uint16_t creator, service, country; /* labels */
    uint8_t state;                      /* enum order_state */
    uint8_t cause;                      /* enum cause of its own: what happened to this order */
    uint8_t late_cause;                 /* enum cause: why it is in book.late */
    bool news_whole;                    /* more than its expected packing is news */
    bool ready;                         /* it is in the heap of those to be packed, or being packed */
    bool parcelled;                     /* it is in a parcel */
    bool late_promise, late_wish;       /* counted in the book */
};

struct order_list { /* each order is in it at most once and knows its place */
    struct order **list;
    size_t count, cap;
};

struct book {
    struct pool orders, slices;
    struct table by_no;
    struct labels creators, services, countries;
    struct order_list touched; /* their lots or units moved: to be estimated anew */
    struct order_list waiting; /* with unplaced units, to be placed; those of scrap first */
    struct order_list late;
    uint64_t units_open;
    uint64_t late_promise, late_wish;
};

void book_init(struct book *b);
void book_done(struct book *b);

struct order *book_find(const struct book *b, uint64_t no); /* NULL: none */
/* A new order with items and nothing placed. Texts are not kept. */
struct order *book_add(struct book *b, struct variants *v, const struct order_row *row);
/* Its slices must be gone. */
void book_remove(struct book *b, struct order *o);
/* Other items; nothing of the old ones may be placed. */
void book_set_items(struct book *b, struct variants *v, struct order *o, const struct item_row *items, uint32_t count);

/* A new slice in the item's chain; the units must be unplaced. Cost: the item's slices. */
struct slice *book_slice(struct book *b, struct order *o, uint16_t item, uint32_t first, uint32_t count);
void book_slice_remove(struct book *b, struct slice *s);

/* Membership in the lists above. */
void order_touch(struct book *b, struct order *o);
void order_wait(struct book *b, struct order *o);
void order_list_drop(struct order_list *l, struct order *o, uint32_t *place);
void order_list_add(struct order_list *l, struct order *o, uint32_t *place);
