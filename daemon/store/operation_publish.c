/* SPDX-License-Identifier: Apache-2.0 */

/* A publication: gather → check → apply.
 *
 * 1. gather   the heads of all orders that it names, once each, sorted by number; likewise its lots
 * 2. check    epoch, number, what the planner has seen; then the rows, against those heads and the store; the effect on
 *             the heads is worked out on the way (so an order in two parcels is found there)
 * 3. apply    writes every row; an order that moved is written once, a lot's count once
 *
 * Nothing is written before 3, so a publication that is refused leaves no trace. */

#include "daemon/store/named.h"
#include "daemon/store/operation.h"
#include "daemon/store/places.h"

#include <stdlib.h>
#include <string.h>

/* Changes that all planners have seen are taken away, but for as many as one that comes back after a while may ask for.
 */
enum { CHANGES_KEPT = 100000 };

/* For planners that wait. They are taken away in steps. */
enum { PUBLICATIONS_KEPT = 5000, PUBLICATIONS_STEP = 500 };

struct moved_order {
    struct order_head head;
    enum order_state was;
    bool moved;
};

struct lot_delta {
    uint32_t lot;
    int delta;
};

struct publication {
    struct tables *t;
    const struct store_publish *q;
    struct takt_error *err;
    struct moved_order *orders; /* by number, ascending */
    size_t order_count;
    const struct slice_row **slices; /* by order, those gone first */
    struct lot_delta *deltas;
    size_t delta_count;
    uint64_t *lots; /* of its own, ascending */
    size_t lot_count;
};

/* ---- gather ---- */

static int gather_lots(struct publication *p) {
    p->lots = arena_array(p->t->scratch, p->q->lot_count, sizeof *p->lots);
    for (size_t i = 0; i < p->q->lot_count; i++)
        p->lots[i] = p->q->lots[i].lot;
    p->lot_count = named_sort(p->lots, p->q->lot_count);
    if (p->lot_count > 0 && p->lots[0] == 0)
        return takt_fail(p->err, TAKT_EINVAL, "lots are numbered from 1");
    return 0;
}

static int gather_orders(struct publication *p) {
    uint64_t *numbers = named_orders(p->q, p->t->scratch, &p->order_count);
    p->orders = arena_array(p->t->scratch, p->order_count, sizeof *p->orders);
    for (size_t i = 0; i < p->order_count; i++) {
        int code = p->t->ops->order_head(p->t, numbers[i], &p->orders[i].head);
        if (code == TAKT_ENOENT)
            return takt_fail(p->err, code, "a publication names order %llu, which is not there",
                             (unsigned long long)numbers[i]);
        if (code < 0)
            return code;
        p->orders[i].was = p->orders[i].head.state;
    }
    return 0;
}

static struct moved_order *find_order(struct publication *p, uint64_t no) {
    /* head.no is the first field of the first field */
    return bsearch(&no, p->orders, p->order_count, sizeof *p->orders, named_compare);
}

/* ---- check ---- */

static int check_turn(struct publication *p) {
    const struct store_state *s = &p->t->state;
    const struct store_publish *q = p->q;
    if (q->epoch != (uint64_t)s->epoch)
        return takt_fail(p->err, TAKT_EFENCED, "epoch %llu is over: %llu publishes", (unsigned long long)q->epoch,
                         (unsigned long long)s->epoch);
    if (q->publish_no <= (uint64_t)s->publish_no)
        return takt_fail(p->err, TAKT_EEXIST, "publication %llu took place", (unsigned long long)q->publish_no);
    if (q->seen < (uint64_t)s->binding)
        return takt_fail(p->err, TAKT_ESTALE, "change %llu cancelled or amended an order, the planner has seen %llu",
                         (unsigned long long)s->binding, (unsigned long long)q->seen);
    if (q->plan_version != 0 && q->plan_version <= (uint64_t)s->plan_version)
        return takt_fail(p->err, TAKT_EINVAL, "plan version %llu is not above %llu",
                         (unsigned long long)q->plan_version, (unsigned long long)s->plan_version);
    return 0;
}

/* How an order ends is the store's to say (cancel, ship). What a planner says of one that ended meanwhile is void. */
static int check_updates(struct publication *p) {
    for (size_t i = 0; i < p->q->order_count; i++) {
        const struct order_update *u = &p->q->orders[i];
        struct moved_order *o = find_order(p, u->no);
        if (!order_state_open(u->state))
            return takt_fail(p->err, TAKT_EINVAL, "a planner cannot make order %llu %s", (unsigned long long)u->no,
                             order_state_text(u->state));
        if (!order_state_open(o->was))
            continue;
        o->moved = true;
        o->head.state = u->state;
        o->head.planned_packed_s = u->planned_packed_s;
        o->head.packed_at_s = u->packed_at_s;
    }
    for (size_t i = 0; i < p->q->promise_count; i++) {
        const struct promise_row *promise = &p->q->promises[i];
        struct moved_order *o = find_order(p, promise->order);
        o->moved = true;
        o->head.ship_by_s = promise->ship_by_s;
        o->head.deliver_by_day = promise->deliver_by_day;
    }
    return 0;
}

/* Lots are the publication's own or the store's. */
static int check_lot(struct publication *p, uint32_t lot) {
    struct lot_head head;
    const uint64_t number = lot;
    if (bsearch(&number, p->lots, p->lot_count, sizeof number, named_compare) != NULL)
        return 0;
    int code = p->t->ops->lot_head(p->t, lot, &head);
    return code == TAKT_ENOENT ? takt_fail(p->err, code, "a publication names lot L%u, which is not there", lot) : code;
}

static int check_tasks(struct publication *p) {
    uint32_t known = 0;
    for (size_t i = 0; i < p->q->task_count; i++) {
        const struct task_row *task = &p->q->tasks[i];
        int code = task->gone || task->lot == known ? TAKT_OK : check_lot(p, task->lot);
        if (code < 0)
            return code;
        known = task->gone ? known : task->lot;
        if (!task->gone && !places_line_fits(task->line))
            return takt_fail(p->err, TAKT_EINVAL, "a line's name has a line break in it");
    }
    return 0;
}

static int compare_slice(const void *a, const void *b) {
    const struct slice_row *x = *(const struct slice_row *const *)a, *y = *(const struct slice_row *const *)b;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    if (x->gone != y->gone)
        return x->gone ? -1 : 1;
    if (x->item != y->item)
        return x->item < y->item ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

static int compare_unit(const void *a, const void *b) {
    const struct slice_row *x = a, *y = b;
    if (x->item != y->item)
        return x->item < y->item ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

static void add_delta(struct publication *p, uint32_t lot, int delta) {
    if (lot != 0)
        p->deltas[p->delta_count++] = (struct lot_delta){lot, delta};
}

static struct slice_row *find_slice(struct slice_row *slices, size_t count, const struct slice_row *key) {
    for (size_t i = 0; i < count; i++)
        if (slices[i].item == key->item && slices[i].first == key->first)
            return &slices[i];
    return NULL;
}

/* The order's slices as they will be: those of the store with the publication's applied. */
static size_t apply_slices(struct publication *p, struct slice_row *slices, size_t count, bool open, size_t from,
                           size_t to) {
    for (size_t i = from; i < to; i++) {
        const struct slice_row *row = p->slices[i];
        struct slice_row *old = find_slice(slices, count, row);
        if (old != NULL && open)
            add_delta(p, old->lot, -1);
        if (!row->gone && open)
            add_delta(p, row->lot, 1);
        if (!row->gone)
            *(old != NULL ? old : &slices[count++]) = *row;
        else if (old != NULL)
            *old = slices[--count];
    }
    return count;
}

/* S6: a unit is in at most one slice. The publication's slices from..to are those of one order. */
static int check_slices_of(struct publication *p, size_t from, size_t to) {
    struct slice_row *kept, *slices;
    size_t count;
    uint64_t no = p->slices[from]->order;
    int code = p->t->ops->slices_of(p->t, no, p->t->scratch, &kept, &count);
    if (code < 0)
        return code;
    slices = arena_array(p->t->scratch, count + (to - from), sizeof *slices);
    if (count > 0)
        memcpy(slices, kept, count * sizeof *slices);
    count = apply_slices(p, slices, count, order_state_open(find_order(p, no)->was), from, to);
    qsort(slices, count, sizeof *slices, compare_unit);
    for (size_t i = 0; i < count; i++) {
        const struct slice_row *s = &slices[i];
        if (s->count == 0)
            return takt_fail(p->err, TAKT_EINVAL, "a slice of order %llu is empty", (unsigned long long)no);
        if (i > 0 && s[-1].item == s->item && (uint64_t)s[-1].first + s[-1].count > s->first)
            return takt_fail(p->err, TAKT_EEXIST, "unit %u of order %llu would be in two slices", s->first,
                             (unsigned long long)no);
    }
    return 0;
}

static int check_slices(struct publication *p) {
    size_t count = p->q->slice_count;
    p->slices = arena_array(p->t->scratch, count, sizeof *p->slices);
    p->deltas = arena_array(p->t->scratch, count * 2, sizeof *p->deltas);
    for (size_t i = 0; i < count; i++)
        p->slices[i] = &p->q->slices[i];
    qsort(p->slices, count, sizeof *p->slices, compare_slice);
    int code = 0;
    for (size_t i = 0; i < count && code == 0; i++)
        if (!p->slices[i]->gone && p->slices[i]->lot != 0)
            code = check_lot(p, p->slices[i]->lot);
    for (size_t from = 0, to; from < count && code == 0; from = to) {
        for (to = from + 1; to < count && p->slices[to]->order == p->slices[from]->order; to++)
            ;
        code = check_slices_of(p, from, to);
    }
    return code;
}

static int compare_report(const void *a, const void *b) {
    const struct report_row *x = *(const struct report_row *const *)a, *y = *(const struct report_row *const *)b;
    int order = strcmp(x->reporter, y->reporter);
    return order != 0 ? order : strcmp(x->report_ref, y->report_ref);
}

static int check_reports(struct publication *p) {
    size_t count = p->q->report_count;
    const struct report_row **sorted = arena_array(p->t->scratch, count, sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        sorted[i] = &p->q->reports[i];
    qsort(sorted, count, sizeof *sorted, compare_report);
    for (size_t i = 0; i < count; i++) {
        uint8_t hash[STORE_HASH_SIZE];
        bool twice = i > 0 && compare_report(&sorted[i - 1], &sorted[i]) == 0;
        int code = twice ? TAKT_OK : p->t->ops->report_find(p->t, sorted[i]->reporter, sorted[i]->report_ref, hash);
        if (code == 0)
            return takt_fail(p->err, TAKT_EEXIST, "report '%s' of '%s' is there already", sorted[i]->report_ref,
                             sorted[i]->reporter);
        if (code != TAKT_ENOENT)
            return code;
    }
    return 0;
}

/* S6: an order is in at most one shipment. */
static int check_parcels(struct publication *p) {
    uint64_t last = (uint64_t)p->t->state.last_shipment;
    for (size_t i = 0; i < p->q->parcel_count; i++) {
        const struct parcel_row *parcel = &p->q->parcels[i];
        if (parcel->number <= last)
            return takt_fail(p->err, TAKT_EEXIST, "shipment number %llu is not above %llu",
                             (unsigned long long)parcel->number, (unsigned long long)last);
        last = parcel->number;
        for (uint32_t k = 0; k < parcel->order_count; k++) {
            struct moved_order *o = find_order(p, parcel->orders[k]);
            if (o->head.shipment != 0 || !order_state_open(o->was))
                return takt_fail(p->err, TAKT_EEXIST, "order %llu is in a shipment or has ended",
                                 (unsigned long long)o->head.no);
            o->head.shipment = parcel->number;
            o->moved = true;
        }
    }
    return 0;
}

/* ---- apply ---- */

static int apply_orders(struct publication *p) {
    int code = 0;
    for (size_t i = 0; i < p->order_count && code == 0; i++) {
        struct moved_order *o = &p->orders[i];
        if (!o->moved)
            continue;
        creator_move(o->head.creator, o->was, o->head.state);
        code = p->t->ops->order_move(p->t, &o->head);
    }
    return code;
}

static int compare_delta(const void *a, const void *b) {
    const struct lot_delta *x = a, *y = b;
    return (x->lot > y->lot) - (x->lot < y->lot);
}

static int apply_lots(struct publication *p) {
    int code = 0;
    for (size_t i = 0; i < p->q->lot_count && code == 0; i++)
        code = p->t->ops->lot_put(p->t, &p->q->lots[i]);
    for (size_t i = 0; i < p->q->slice_count && code == 0; i++)
        code = (p->slices[i]->gone ? p->t->ops->slice_drop : p->t->ops->slice_put)(p->t, p->slices[i]);
    qsort(p->deltas, p->delta_count, sizeof *p->deltas, compare_delta);
    for (size_t i = 0; i < p->delta_count && code == 0;) {
        uint32_t lot = p->deltas[i].lot;
        int sum = 0;
        for (; i < p->delta_count && p->deltas[i].lot == lot; i++)
            sum += p->deltas[i].delta;
        if (sum != 0)
            code = p->t->ops->lot_count(p->t, lot, sum);
    }
    return code;
}

static int apply_plan(struct publication *p) {
    const struct table_ops *ops = p->t->ops;
    size_t count = p->q->task_count;
    const struct task_row **rows = arena_array(p->t->scratch, count, sizeof *rows);
    int code = p->q->plan_version != 0 ? ops->plan_add(p->t, p->q) : TAKT_OK;
    for (size_t i = 0; i < count && code == 0; i++) {
        const struct task_row *task = rows[i] = &p->q->tasks[i];
        if (task->gone)
            code = ops->task_drop(p->t, task->lot, task->op);
        else if (!task->moved)
            code = ops->task_put(p->t, task);
    }
    if (count == 0 || code < 0)
        return code;
    qsort(rows, count, sizeof *rows, places_compare);
    return ops->tasks_place(p->t, rows, count);
}

static int apply_story(struct publication *p) {
    const struct table_ops *ops = p->t->ops;
    struct store_state *s = &p->t->state;
    int code = 0;
    for (size_t i = 0; i < p->q->promise_count && code == 0; i++) {
        const struct promise_row *promise = &p->q->promises[i];
        ++*(promise->reason == NULL || promise->reason[0] == '\0' ? &s->promises : &s->repromises);
        code = ops->promise_add(p->t, (uint64_t)++s->promise, promise);
        audit_promised(p->t, (uint64_t)s->promise, promise);
    }
    for (size_t i = 0; i < p->q->event_count && code == 0; i++) {
        struct event_row event = p->q->events[i];
        event.cursor = (uint64_t)++s->cursor;
        event.creator = find_order(p, event.order)->head.creator->creator;
        code = ops->event_add(p->t, &event);
    }
    for (size_t i = 0; i < p->q->report_count && code == 0; i++)
        code = ops->report_add(p->t, &p->q->reports[i]);
    for (size_t i = 0; i < p->q->parcel_count && code == 0; i++) {
        code = ops->shipment_add(p->t, &p->q->parcels[i]);
        s->last_shipment = (int64_t)p->q->parcels[i].number;
        s->shipments_open++;
    }
    return code;
}

static int apply_world(struct publication *p) {
    const struct table_ops *ops = p->t->ops;
    const struct store_publish *q = p->q;
    int code = 0;
    for (size_t i = 0; i < q->stock_count && code == 0; i++)
        code = ops->stock_put(p->t, &q->stock[i]);
    for (size_t i = 0; i < q->receipt_count && code == 0; i++)
        code = ops->receipt_put(p->t, &q->receipts[i]);
    for (size_t i = 0; i < q->down_count && code == 0; i++)
        code = ops->down_put(p->t, &q->downs[i]);
    for (size_t i = 0; i < q->setup_count && code == 0; i++)
        code = ops->setup_put(p->t, &q->setups[i]);
    for (size_t i = 0; i < q->surplus_count && code == 0; i++)
        code = ops->surplus_put(p->t, &q->surplus[i]);
    if (q->stock_count + q->receipt_count + q->down_count + q->setup_count > 0)
        p->t->state.seeded = 1;
    return code;
}

static int apply_names(struct publication *p) {
    struct arena *arena = p->t->scratch;
    const struct store_publish *q = p->q;
    uint64_t *orders = arena_array(arena, p->order_count, sizeof *orders), before = (uint64_t)p->t->state.publish_no;
    size_t lot_count;
    for (size_t i = 0; i < p->order_count; i++)
        orders[i] = p->orders[i].head.no;
    const uint64_t *lots = named_lots(q, arena, &lot_count);
    struct publication_row row = {
        .publish_no = q->publish_no,
        .before_no = before,
        .orders = named_pack(orders, p->order_count, arena),
        .lots = named_pack(lots, lot_count, arena),
        .world = q->stock_count + q->receipt_count + q->down_count + q->setup_count + q->surplus_count > 0};
    int code = p->t->ops->publication_add(p->t, &row);
    if (code < 0 || q->publish_no <= PUBLICATIONS_KEPT || q->publish_no / PUBLICATIONS_STEP == before / PUBLICATIONS_STEP)
        return code;
    return p->t->ops->publication_trim(p->t, q->publish_no - PUBLICATIONS_KEPT);
}

static int apply_state(struct publication *p) {
    struct store_state *s = &p->t->state;
    s->publish_no = (int64_t)p->q->publish_no;
    s->published_at_s = p->q->at_s;
    if (p->lot_count > 0 && p->lots[p->lot_count - 1] > (uint64_t)s->last_lot)
        s->last_lot = (int64_t)p->lots[p->lot_count - 1];
    if (p->q->plan_version != 0)
        s->plan_version = (int64_t)p->q->plan_version;
    int64_t seen = (int64_t)p->q->seen < s->change ? (int64_t)p->q->seen : s->change;
    /* in steps, so that not every publication deletes a row or two */
    if (seen - CHANGES_KEPT - s->trimmed < CHANGES_KEPT / 10)
        return 0;
    s->trimmed = seen - CHANGES_KEPT;
    return p->t->ops->change_trim(p->t, (uint64_t)s->trimmed);
}

int operation_publish(struct tables *t, struct store_request *r) {
    static int (*const steps[])(struct publication * p) = {
        check_turn,    gather_lots,   gather_orders, check_updates, check_tasks, check_slices,
        check_reports, check_parcels, /* nothing is written up to here */
        apply_orders,  apply_lots,    apply_plan,    apply_story,   apply_world, apply_names, apply_state,
    };
    struct publication p = {.t = t, .q = (const struct store_publish *)r, .err = &r->err};
    int code = 0;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && code == 0; i++)
        code = steps[i](&p);
    return code;
}
