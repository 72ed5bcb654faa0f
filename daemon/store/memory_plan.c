/* SPDX-License-Identifier: Apache-2.0 */

/* Lots, slices and tasks in memory. */

#include "daemon/store/memory_rows.h"

#include <string.h>

static struct memory_store *self(struct tables *t) {
    return (struct memory_store *)t;
}

/* Makes room at `place` of an array for one more. */
#define INSERT_AT(array, place)                                                                                        \
    do {                                                                                                               \
        ARRAY_GROW((array).rows, (array).count, (array).room);                                                         \
        memmove(&(array).rows[(place) + 1], &(array).rows[place], ((array).count - (place)) * sizeof *(array).rows);   \
        (array).count++;                                                                                               \
    } while (0)

#define REMOVE_AT(array, place)                                                                                        \
    do {                                                                                                               \
        (array).count--;                                                                                               \
        memmove(&(array).rows[place], &(array).rows[(place) + 1], ((array).count - (place)) * sizeof *(array).rows);   \
    } while (0)

/* ---- lots ---- */

static int lot_put(struct tables *t, const struct lot_row *row) {
    struct memory_store *s = self(t);
    while (s->lots.count <= row->lot) {
        ARRAY_GROW(s->lots.rows, s->lots.count, s->lots.room);
        s->lots.rows[s->lots.count++] = NULL;
    }
    if (s->lots.rows[row->lot] == NULL)
        s->lots.rows[row->lot] = arena_alloc(s->arena, sizeof(struct memory_lot));
    struct lot_row *mine = &s->lots.rows[row->lot]->row;
    *mine = *row;
    mine->product = memory_word(s, row->product);
    mine->like = memory_word(s, row->like);
    return 0;
}

static int lot_count(struct tables *t, uint32_t lot, int delta) {
    struct memory_lot *l = memory_lot(self(t), lot);
    if (l != NULL)
        l->open_slices += delta;
    return 0;
}

static int lot_head(struct tables *t, uint32_t lot, struct lot_head *ret) {
    const struct memory_lot *l = memory_lot(self(t), lot);
    if (l == NULL)
        return TAKT_ENOENT;
    *ret = (struct lot_head){.state = l->row.state, .firm_at_s = l->row.firm_at_s};
    return 0;
}

static int lots_page(struct tables *t, uint64_t after, size_t limit, struct arena *arena, struct lot_row *ret,
                     size_t *ret_count) {
    struct memory_store *s = self(t);
    size_t n = 0;
    for (size_t lot = after + 1; lot < s->lots.count && n < limit; lot++) {
        const struct memory_lot *l = s->lots.rows[lot];
        if (l == NULL || l->open_slices <= 0)
            continue;
        ret[n] = l->row;
        ret[n].product = arena_strdup(arena, l->row.product);
        ret[n++].like = arena_strdup(arena, l->row.like);
    }
    *ret_count = n;
    return 0;
}

/* ---- slices ---- */

static int compare_slice(const void *a, const void *b) {
    const struct slice_row *x = a, *y = b;
    if (x->item != y->item)
        return x->item < y->item ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

static size_t slice_place(const struct memory_order *o, const struct slice_row *row) {
    return memory_place(o->slices.rows, o->slices.count, sizeof *row, row, compare_slice);
}

static int slice_put(struct tables *t, const struct slice_row *row) {
    struct memory_order *o = memory_order(self(t), row->order);
    size_t at = slice_place(o, row);
    if (at == o->slices.count || compare_slice(&o->slices.rows[at], row) != 0)
        INSERT_AT(o->slices, at);
    o->slices.rows[at] = *row;
    return 0;
}

static int slice_drop(struct tables *t, const struct slice_row *row) {
    struct memory_order *o = memory_order(self(t), row->order);
    size_t at = slice_place(o, row);
    if (at < o->slices.count && compare_slice(&o->slices.rows[at], row) == 0)
        REMOVE_AT(o->slices, at);
    return 0;
}

static int slices_of(struct tables *t, uint64_t order, struct arena *arena, struct slice_row **ret, size_t *ret_count) {
    const struct memory_order *o = memory_order(self(t), order);
    *ret = arena_array(arena, o->slices.count, sizeof **ret);
    if (o->slices.count > 0)
        memcpy(*ret, o->slices.rows, o->slices.count * sizeof **ret);
    *ret_count = o->slices.count;
    return 0;
}

static int slices_page(struct tables *t, const uint64_t after[3], size_t limit, struct slice_row *ret,
                       size_t *ret_count) {
    struct memory_store *s = self(t);
    const struct slice_row last = {.item = (uint32_t)after[1], .first = (uint32_t)after[2]};
    size_t n = 0;
    for (size_t no = after[0]; no < s->orders.count && n < limit; no++) {
        const struct memory_order *o = s->orders.rows[no];
        if (o == NULL || !order_state_open(o->head.state))
            continue;
        for (size_t i = 0; i < o->slices.count && n < limit; i++)
            if (no > after[0] || compare_slice(&o->slices.rows[i], &last) > 0)
                ret[n++] = o->slices.rows[i];
    }
    *ret_count = n;
    return 0;
}

/* ---- tasks ---- */

static int compare_task(const void *a, const void *b) {
    const struct task_row *x = a, *y = b;
    return (x->op > y->op) - (x->op < y->op);
}

static size_t task_place(const struct memory_lot *l, uint32_t op) {
    const struct task_row key = {.op = op};
    return memory_place(l->tasks.rows, l->tasks.count, sizeof key, &key, compare_task);
}

static int task_put(struct tables *t, const struct task_row *row) {
    struct memory_store *s = self(t);
    struct memory_lot *l = memory_lot(s, row->lot);
    size_t at = task_place(l, row->op);
    if (at == l->tasks.count || l->tasks.rows[at].op != row->op)
        INSERT_AT(l->tasks, at);
    l->tasks.rows[at] = *row;
    l->tasks.rows[at].op_id = memory_word(s, row->op_id);
    l->tasks.rows[at].line = memory_word(s, row->line);
    return 0;
}

static void move_task(struct memory_store *s, const struct task_row *row) {
    struct memory_lot *l = memory_lot(s, row->lot);
    size_t at = task_place(l, row->op);
    if (at == l->tasks.count || l->tasks.rows[at].op != row->op)
        return;
    l->tasks.rows[at].line = memory_word(s, row->line);
    l->tasks.rows[at].start_s = row->start_s;
    l->tasks.rows[at].end_s = row->end_s;
}

static int tasks_place(struct tables *t, const struct task_row *const *rows, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (rows[i]->moved && !rows[i]->gone)
            move_task(self(t), rows[i]);
    return 0;
}

static int task_drop(struct tables *t, uint32_t lot, uint32_t op) {
    struct memory_lot *l = memory_lot(self(t), lot);
    size_t at = l != NULL ? task_place(l, op) : 0;
    if (l != NULL && at < l->tasks.count && l->tasks.rows[at].op == op)
        REMOVE_AT(l->tasks, at);
    return 0;
}

static int tasks_page(struct tables *t, const uint64_t after[2], size_t limit, struct arena *arena,
                      struct task_row *ret, size_t *ret_count) {
    struct memory_store *s = self(t);
    size_t n = 0;
    for (size_t lot = after[0]; lot < s->lots.count && n < limit; lot++) {
        const struct memory_lot *l = s->lots.rows[lot];
        if (l == NULL || l->open_slices <= 0)
            continue;
        for (size_t i = 0; i < l->tasks.count && n < limit; i++) {
            if (lot == after[0] && l->tasks.rows[i].op <= after[1])
                continue;
            ret[n] = l->tasks.rows[i];
            ret[n].op_id = arena_strdup(arena, ret[n].op_id);
            ret[n].line = arena_strdup(arena, ret[n].line);
            n++;
        }
    }
    *ret_count = n;
    return 0;
}

static int plan_add(struct tables *t, const struct store_publish *p) {
    (void)t; /* its number is in the state; who made it nobody asks of a store in memory */
    (void)p;
    return 0;
}

void memory_plan_ops(struct table_ops *ops) {
    ops->lot_put = lot_put;
    ops->lot_count = lot_count;
    ops->lot_head = lot_head;
    ops->lots_page = lots_page;
    ops->slice_put = slice_put;
    ops->slice_drop = slice_drop;
    ops->slices_of = slices_of;
    ops->slices_page = slices_page;
    ops->task_put = task_put;
    ops->task_drop = task_drop;
    ops->tasks_place = tasks_place;
    ops->tasks_page = tasks_page;
    ops->plan_add = plan_add;
}
