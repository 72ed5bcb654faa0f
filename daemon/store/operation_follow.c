/* SPDX-License-Identifier: Apache-2.0 */

/* What a planner that waits has not read yet: gather → read.
 *
 * 1. gather   the numbers of orders and lots that publications and changes have named since. Both are read in their order, and
 *             together they name every row that a planner loads and that is not as it was: publications all that planners write;
 *             changes what others do to orders (taken, amended, cancelled, shipped). What others do to lots is that they lose
 *             units, which is said by the orders' slices.
 * 2. read     those rows, as they are now. The request is one moment of the store, so whatever names each other is there.
 *
 * Rows are not kept with the publications: they would be written twice, and a reader that is behind would read of every
 * order as many states as it has had. */

#include "daemon/store/named.h"
#include "daemon/store/operation.h"

#include <string.h>

enum { PUBLICATIONS_A_TIME = 100 };

struct following {
    struct tables *t;
    struct store_follow *q;
    struct arena *arena; /* of the request */
    uint64_t *orders, *lots;
    size_t order_count, order_room, lot_count, lot_room;
};

static void add(uint64_t **list, size_t *count, size_t *room, const uint64_t *numbers, size_t n, struct arena *arena) {
    if (*count + n > *room) {
        *room = (*count + n) * 2;
        uint64_t *wider = arena_array(arena, *room, sizeof *wider);
        if (*count > 0)
            memcpy(wider, *list, *count * sizeof *wider);
        *list = wider;
    }
    if (n > 0)
        memcpy(*list + *count, numbers, n * sizeof *numbers);
    *count += n;
}

static void name_orders(struct following *f, const uint64_t *numbers, size_t n) {
    add(&f->orders, &f->order_count, &f->order_room, numbers, n, f->arena);
}

static int stale(struct following *f) {
    return takt_fail(&f->q->head.err, TAKT_ESTALE, "what was published after %llu and has changed after %llu is not to be had: load",
                     (unsigned long long)f->q->publish_no, (unsigned long long)f->q->seen);
}

/* ---- gather ---- */

static void take_publication(struct following *f, const struct publication_row *row) {
    struct arena *arena = f->t->scratch;
    size_t count;
    const uint64_t *numbers = named_unpack(row->orders, arena, &count);
    name_orders(f, numbers, count);
    numbers = named_unpack(row->lots, arena, &count);
    add(&f->lots, &f->lot_count, &f->lot_room, numbers, count, f->arena);
    f->q->ret_world = f->q->ret_world || row->world;
    f->q->ret_meta.publish_no = row->publish_no;
}

/* Each says which one was before it, so that none is missed. */
static int gather_publications(struct following *f) {
    struct publication_row rows[PUBLICATIONS_A_TIME];
    const uint64_t last = (uint64_t)f->t->state.publish_no;
    while (f->q->ret_meta.publish_no < last && f->order_count < f->q->limit) {
        size_t count;
        int code = f->t->ops->publications_page(f->t, f->q->ret_meta.publish_no, PUBLICATIONS_A_TIME, f->t->scratch, rows, &count);
        if (code < 0)
            return code;
        for (size_t i = 0; i < count && f->order_count < f->q->limit; i++) {
            if (rows[i].before_no != f->q->ret_meta.publish_no)
                return stale(f);
            take_publication(f, &rows[i]);
        }
        if (count == 0)
            return stale(f);
    }
    f->q->ret_more = f->q->ret_meta.publish_no < last;
    return 0;
}

/* Of acceptances the orders come with it, and are not read again. */
static int gather_changes(struct following *f, size_t size, struct order_row *fresh, size_t *ret_fresh) {
    static const struct order_filter all = {.state = -1};
    struct change_mark *marks = arena_array(f->t->scratch, size, sizeof *marks);
    uint64_t seen = f->q->seen, last = (uint64_t)f->t->state.change;
    size_t mark_count, count;
    int code = f->t->ops->changes_page(f->t, seen, size, marks, &mark_count);
    if (code == 0)
        code = f->t->ops->orders_page(f->t, &all, seen, size, f->arena, fresh, &count);
    if (code < 0)
        return code;
    uint64_t most = last; /* what fits on both pages */
    if (mark_count == size)
        most = marks[size - 1].seq;
    if (count == size && fresh[size - 1].no < most)
        most = fresh[size - 1].no;
    while (count > 0 && fresh[count - 1].no > most)
        count--;
    for (size_t i = 0; i < mark_count && marks[i].seq <= most; i++)
        name_orders(f, &marks[i].order, 1);
    f->q->ret_meta.seen = most;
    f->q->ret_more = f->q->ret_more || most < last;
    *ret_fresh = count;
    return 0;
}

/* ---- read ---- */

static size_t keep_open(struct order_row *rows, size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (order_state_open(rows[i].state))
            rows[kept++] = rows[i];
    return kept;
}

static bool is_among(const struct order_row *rows, size_t count, uint64_t no) {
    return count > 0 && no >= rows[0].no && no <= rows[count - 1].no;
}

/* All that are named but those that came as acceptances, before them. */
static int read_orders(struct following *f, const struct order_row *fresh, size_t fresh_count) {
    struct store_follow *q = f->q;
    size_t other = 0;
    f->order_count = named_sort(f->orders, f->order_count);
    for (size_t i = 0; i < f->order_count; i++)
        if (!is_among(fresh, fresh_count, f->orders[i]))
            f->orders[other++] = f->orders[i];
    f->order_count = other;
    q->ret_orders = arena_array(f->arena, other + fresh_count, sizeof *q->ret_orders);
    int code = f->t->ops->orders_named(f->t, f->orders, other, f->arena, q->ret_orders, &q->ret_order_count);
    if (code < 0)
        return code;
    if (fresh_count > 0)
        memcpy(q->ret_orders + q->ret_order_count, fresh, fresh_count * sizeof *fresh);
    for (size_t i = 0; i < fresh_count; i++)
        name_orders(f, &fresh[i].no, 1);
    q->ret_order_count = keep_open(q->ret_orders, q->ret_order_count + fresh_count);
    q->ret_named_count = named_sort(f->orders, f->order_count);
    q->ret_named = f->orders;
    uint64_t *open = arena_array(f->t->scratch, q->ret_order_count, sizeof *open);
    for (size_t i = 0; i < q->ret_order_count; i++)
        open[i] = q->ret_orders[i].no;
    return f->t->ops->slices_named(f->t, open, named_sort(open, q->ret_order_count), f->arena, &q->ret_slices, &q->ret_slice_count);
}

static int read_lots(struct following *f) {
    struct store_follow *q = f->q;
    f->lot_count = named_sort(f->lots, f->lot_count);
    q->ret_lots = arena_array(f->arena, f->lot_count, sizeof *q->ret_lots);
    int code = f->t->ops->lots_named(f->t, f->lots, f->lot_count, f->arena, q->ret_lots, &q->ret_lot_count);
    if (code < 0)
        return code;
    for (size_t i = 0; i < q->ret_lot_count; i++)
        f->lots[i] = q->ret_lots[i].lot;
    return f->t->ops->tasks_named(f->t, f->lots, q->ret_lot_count, f->arena, &q->ret_tasks, &q->ret_task_count);
}

static int read_world(struct following *f) {
    const struct table_ops *ops = f->t->ops;
    struct store_follow *q = f->q;
    if (!q->ret_world)
        return 0;
    int code = ops->stock_all(f->t, f->arena, &q->ret_stock, &q->ret_stock_count);
    if (code == 0)
        code = ops->receipts_all(f->t, f->arena, &q->ret_receipts, &q->ret_receipt_count);
    if (code == 0)
        code = ops->downs_all(f->t, f->arena, &q->ret_downs, &q->ret_down_count);
    if (code == 0)
        code = ops->setups_all(f->t, f->arena, &q->ret_setups, &q->ret_setup_count);
    return code < 0 ? code : ops->surplus_all(f->t, f->arena, &q->ret_surplus, &q->ret_surplus_count);
}

/* There is nothing of what was given before. */
static void clear(struct store_follow *q) {
    *q = (struct store_follow){.head = q->head, .publish_no = q->publish_no, .seen = q->seen,
                               .again = q->again, .again_count = q->again_count, .limit = q->limit};
}

int operation_follow(struct tables *t, struct store_request *r) {
    struct store_follow *q = (struct store_follow *)r;
    const struct store_state *s = &t->state;
    struct following f = {.t = t, .q = q, .arena = r->arena};
    clear(q);
    if (q->limit == 0 || q->limit > STORE_PAGE_MAX)
        return takt_fail(&r->err, TAKT_EINVAL, "a page of %zu rows: 1 to %d", q->limit, STORE_PAGE_MAX);
    if (q->publish_no > (uint64_t)s->publish_no || q->seen > (uint64_t)s->change || q->seen < (uint64_t)s->trimmed)
        return stale(&f);
    operation_meta(t, &q->ret_meta);
    q->ret_meta.publish_no = q->publish_no;
    size_t since = (size_t)((uint64_t)s->change - q->seen), size = since < q->limit ? since : q->limit, fresh_count = 0;
    struct order_row *fresh = arena_array(r->arena, size, sizeof *fresh);
    int code = gather_publications(&f);
    if (code == 0 && size > 0)
        code = gather_changes(&f, size, fresh, &fresh_count);
    name_orders(&f, q->again, q->again_count); /* beyond the limit */
    if (code == 0)
        code = read_orders(&f, fresh, fresh_count);
    if (code == 0)
        code = read_lots(&f);
    return code < 0 ? code : read_world(&f);
}
