/* SPDX-License-Identifier: Apache-2.0 */

/* Stock, receipts, downtimes, set-ups, surplus and shipments in memory. */

#include "daemon/store/memory_rows.h"

#include <string.h>

static struct memory_store *self(struct tables *t) {
    return (struct memory_store *)t;
}

static int compare_time(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

static int compare_stock(const void *a, const void *b) {
    const struct stock_row *x = a, *y = b;
    return strcmp(x->material, y->material);
}

static int compare_receipt(const void *a, const void *b) {
    const struct receipt_row *x = a, *y = b;
    int order = strcmp(x->material, y->material);
    return order != 0 ? order : compare_time(x->at_s, y->at_s);
}

static int compare_down(const void *a, const void *b) {
    const struct down_row *x = a, *y = b;
    int order = strcmp(x->line, y->line);
    return order != 0 ? order : compare_time(x->from_s, y->from_s);
}

static int compare_setup(const void *a, const void *b) {
    const struct setup_row *x = a, *y = b;
    return strcmp(x->line, y->line);
}

static int compare_surplus(const void *a, const void *b) {
    const struct surplus_row *x = a, *y = b;
    int order = strcmp(x->product, y->product);
    return order != 0 ? order : strcmp(x->options, y->options);
}

static int compare_process(const void *a, const void *b) {
    const struct process_row *x = a, *y = b;
    return strcmp(x->process, y->process);
}

/* Puts *row in the place of the one with its key, or takes that one away. */
#define PUT_ROW(array, row, gone, compare)                                                                             \
    do {                                                                                                               \
        size_t at = memory_place((array).rows, (array).count, sizeof *(row), (row), (compare));                        \
        bool there = at < (array).count && (compare)(&(array).rows[at], (row)) == 0;                                   \
        size_t behind = (array).count - at;                                                                            \
        if ((gone) && there) {                                                                                         \
            memmove(&(array).rows[at], &(array).rows[at + 1], (behind - 1) * sizeof *(row));                           \
            (array).count--;                                                                                           \
        } else if (!(gone)) {                                                                                          \
            if (!there) {                                                                                              \
                ARRAY_GROW((array).rows, (array).count, (array).room);                                                 \
                memmove(&(array).rows[at + 1], &(array).rows[at], behind * sizeof *(row));                             \
                (array).count++;                                                                                       \
            }                                                                                                          \
            (array).rows[at] = *(row);                                                                                 \
        }                                                                                                              \
    } while (0)

static int stock_put(struct tables *t, const struct stock_row *row) {
    struct stock_row mine = *row;
    mine.material = memory_word(self(t), row->material);
    PUT_ROW(self(t)->stock, &mine, false, compare_stock);
    return 0;
}

static int receipt_put(struct tables *t, const struct receipt_row *row) {
    struct receipt_row mine = *row;
    mine.material = memory_word(self(t), row->material);
    PUT_ROW(self(t)->receipts, &mine, row->gone, compare_receipt);
    return 0;
}

static int down_put(struct tables *t, const struct down_row *row) {
    struct down_row mine = *row;
    mine.line = memory_word(self(t), row->line);
    mine.reason = memory_word(self(t), row->reason);
    PUT_ROW(self(t)->downs, &mine, row->gone, compare_down);
    return 0;
}

static int setup_put(struct tables *t, const struct setup_row *row) {
    struct setup_row mine = {.line = memory_word(self(t), row->line), .family = memory_word(self(t), row->family)};
    PUT_ROW(self(t)->setups, &mine, false, compare_setup);
    return 0;
}

static int surplus_put(struct tables *t, const struct surplus_row *row) {
    struct surplus_row mine = *row;
    mine.product = memory_word(self(t), row->product);
    mine.options = memory_word(self(t), row->options);
    PUT_ROW(self(t)->surplus, &mine, row->quantity == 0, compare_surplus);
    return 0;
}

static int process_put(struct tables *t, const struct process_row *row) {
    struct process_row mine = *row;
    mine.process = memory_word(self(t), row->process);
    mine.address = memory_word(self(t), row->address);
    mine.creators = memory_word(self(t), row->creators);
    PUT_ROW(self(t)->processes, &mine, row->gone, compare_process);
    return 0;
}

static void copy_stock(struct stock_row *row, struct arena *arena) {
    row->material = arena_strdup(arena, row->material);
}

static void copy_receipt(struct receipt_row *row, struct arena *arena) {
    row->material = arena_strdup(arena, row->material);
}

static void copy_down(struct down_row *row, struct arena *arena) {
    row->line = arena_strdup(arena, row->line);
    row->reason = arena_strdup(arena, row->reason);
}

static void copy_setup(struct setup_row *row, struct arena *arena) {
    row->line = arena_strdup(arena, row->line);
    row->family = arena_strdup(arena, row->family);
}

static void copy_surplus(struct surplus_row *row, struct arena *arena) {
    row->product = arena_strdup(arena, row->product);
    row->options = arena_strdup(arena, row->options);
}

static void copy_process(struct process_row *row, struct arena *arena) {
    row->process = arena_strdup(arena, row->process);
    row->address = arena_strdup(arena, row->address);
    row->creators = arena_strdup(arena, row->creators);
}

#define ALL(name, array, type, copy)                                                                                   \
    static int name(struct tables *t, struct arena *arena, type **ret, size_t *ret_count) {                            \
        struct memory_store *s = self(t);                                                                              \
        *ret = arena_array(arena, s->array.count, sizeof **ret);                                                       \
        *ret_count = s->array.count;                                                                                   \
        for (size_t i = 0; i < s->array.count; i++) {                                                                  \
            (*ret)[i] = s->array.rows[i];                                                                              \
            copy(&(*ret)[i], arena);                                                                                   \
        }                                                                                                              \
        return 0;                                                                                                      \
    }
ALL(stock_all, stock, struct stock_row, copy_stock)
ALL(receipts_all, receipts, struct receipt_row, copy_receipt)
ALL(downs_all, downs, struct down_row, copy_down)
ALL(setups_all, setups, struct setup_row, copy_setup)
ALL(surplus_all, surplus, struct surplus_row, copy_surplus)
ALL(processes_all, processes, struct process_row, copy_process)
#undef ALL

/* ---- shipments ---- */

static int compare_shipment(const void *a, const void *b) {
    const struct shipment_row *x = a, *y = b;
    return (x->parcel.number > y->parcel.number) - (x->parcel.number < y->parcel.number);
}

static size_t shipment_place(const struct memory_store *s, uint64_t number) {
    const struct shipment_row key = {.parcel = {.number = number}};
    return memory_place(s->shipments.rows, s->shipments.count, sizeof key, &key, compare_shipment);
}

static struct shipment_row *find_shipment(struct memory_store *s, uint64_t number) {
    size_t at = shipment_place(s, number);
    return at < s->shipments.count && s->shipments.rows[at].parcel.number == number ? &s->shipments.rows[at] : NULL;
}

static int shipment_add(struct tables *t, const struct parcel_row *row) {
    struct memory_store *s = self(t);
    ARRAY_GROW(s->shipments.rows, s->shipments.count, s->shipments.room);
    struct shipment_row *mine = &s->shipments.rows[s->shipments.count++]; /* numbers ascend */
    *mine = (struct shipment_row){.parcel = *row,
                                  .state = SHIPMENT_OPEN,
                                  .consumer = "",
                                  .tracking = "",
                                  .reason = "",
                                  .ended_at_s = TAKT_TIME_NONE};
    mine->parcel.shipment = memory_text(s, row->shipment);
    mine->parcel.creator = memory_word(s, row->creator);
    mine->parcel.service = memory_word(s, row->service);
    mine->parcel.carrier = memory_word(s, row->carrier);
    mine->parcel.orders = arena_memdup(s->arena, row->orders, row->order_count * sizeof *row->orders);
    return 0;
}

static void copy_shipment(const struct shipment_row *row, struct arena *arena, struct shipment_row *ret) {
    *ret = *row;
    ret->consumer = arena_strdup(arena, row->consumer);
    ret->tracking = arena_strdup(arena, row->tracking);
    ret->reason = arena_strdup(arena, row->reason);
    ret->parcel.shipment = arena_strdup(arena, row->parcel.shipment);
    ret->parcel.creator = arena_strdup(arena, row->parcel.creator);
    ret->parcel.service = arena_strdup(arena, row->parcel.service);
    ret->parcel.carrier = arena_strdup(arena, row->parcel.carrier);
    ret->parcel.orders = arena_memdup(arena, row->parcel.orders, row->parcel.order_count * sizeof *row->parcel.orders);
}

static int shipment_get(struct tables *t, uint64_t number, struct arena *arena, struct shipment_row *ret) {
    const struct shipment_row *row = find_shipment(self(t), number);
    if (row == NULL)
        return TAKT_ENOENT;
    copy_shipment(row, arena, ret);
    return 0;
}

static int shipment_put(struct tables *t, const struct shipment_row *row) {
    struct memory_store *s = self(t);
    struct shipment_row *mine = find_shipment(s, row->parcel.number);
    mine->state = row->state;
    mine->attempts = row->attempts;
    mine->consumer = memory_word(s, row->consumer);
    mine->tracking = memory_text(s, row->tracking);
    mine->reason = memory_word(s, row->reason);
    mine->ended_at_s = row->ended_at_s;
    mine->parcel.carrier = memory_word(s, row->parcel.carrier);
    return 0;
}

static int shipments_page(struct tables *t, int state, uint64_t after, size_t limit, struct arena *arena,
                          struct shipment_row *ret, size_t *ret_count) {
    struct memory_store *s = self(t);
    size_t n = 0;
    for (size_t at = shipment_place(s, after + 1); at < s->shipments.count && n < limit; at++) {
        const struct shipment_row *row = &s->shipments.rows[at];
        bool open = row->state == SHIPMENT_OPEN || row->state == SHIPMENT_TAKEN;
        if (state == -1 || (state == -2 && open) || state == (int)row->state)
            copy_shipment(row, arena, &ret[n++]);
    }
    *ret_count = n;
    return 0;
}

void memory_world_ops(struct table_ops *ops) {
    ops->stock_put = stock_put;
    ops->receipt_put = receipt_put;
    ops->down_put = down_put;
    ops->setup_put = setup_put;
    ops->surplus_put = surplus_put;
    ops->process_put = process_put;
    ops->stock_all = stock_all;
    ops->receipts_all = receipts_all;
    ops->downs_all = downs_all;
    ops->setups_all = setups_all;
    ops->surplus_all = surplus_all;
    ops->processes_all = processes_all;
    ops->shipment_add = shipment_add;
    ops->shipment_get = shipment_get;
    ops->shipment_put = shipment_put;
    ops->shipments_page = shipments_page;
}
