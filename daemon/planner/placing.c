/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/placing.h"

#include "base/arena.h"
#include "daemon/planner/state.h"

#include <stdlib.h>

/* ---- in ---- */

static uint32_t give_surplus(struct planner *p, struct order *o, uint16_t item, uint32_t first, uint32_t count) {
    struct item *it = &o->items[item];
    if (it->personalised || it->variant->surplus == 0)
        return 0;
    uint32_t n = it->variant->surplus < count ? it->variant->surplus : count;
    it->variant->surplus -= n;
    news_surplus(p, it->variant);
    news_slice(p, book_slice(&p->book, o, item, first, n));
    return n;
}

/* The oldest lot after number `after` that has room; lots that take no more leave the chain. */
static struct lot *growing_lot(struct planner *p, struct group *group, uint32_t after, int64_t now_s) {
    for (struct lot **at = &group->growing; *at != NULL;) {
        struct lot *lot = *at;
        if (lot_room(p, lot, now_s) > 0) {
            if (lot->no > after)
                return lot;
            at = &lot->next_growing;
            continue;
        }
        *at = lot->next_growing;
        lot->next_growing = NULL;
        lot->growing = false;
    }
    return NULL;
}

static struct lot *open_lot(struct planner *p, struct group *group, const struct order *o) {
    struct lot *lot = lot_new(p, group, 0, o->accepted_at_s);
    struct lot **at = &group->growing;
    while (*at != NULL)
        at = &(*at)->next_growing;
    *at = lot;
    lot->growing = true;
    return lot;
}

static void note_joined(struct lots *l, struct lot *lot) {
    if (lot->ready_s == TAKT_TIME_NEVER)
        return;
    if (lot->joined++ > 0)
        return;
    ARRAY_GROW(l->grown, l->grown_count, l->grown_cap);
    l->grown[l->grown_count++] = lot;
}

struct range { /* units of an order's item */
    struct order *order;
    uint16_t item;
    uint32_t first, count;
};

/* Into lots with a number above `after`, and new ones. */
static void place_in_lots(struct planner *p, struct range r, uint32_t after, int64_t now_s) {
    struct item *it = &r.order->items[r.item];
    struct group *group = variant_group(&p->variants, it->variant, it->personalised);
    while (r.count > 0) {
        struct lot *lot = growing_lot(p, group, after, now_s);
        if (lot == NULL)
            lot = open_lot(p, group, r.order);
        uint32_t room = lot_room(p, lot, now_s), n = room < r.count ? room : r.count;
        lot_add(p, lot, r.order, r.item, r.first, n);
        lot_resize(p, lot);
        note_joined(&p->lots, lot);
        r.first += n;
        r.count -= n;
    }
}

static void place_range(struct planner *p, struct order *o, uint16_t item, uint32_t first, uint32_t count,
                        int64_t now_s) {
    uint32_t given = give_surplus(p, o, item, first, count);
    place_in_lots(p, (struct range){o, item, first + given, count - given}, 0, now_s);
}

static void place_item(struct planner *p, struct order *o, uint16_t item, int64_t now_s) {
    uint32_t at = 0;
    for (struct slice *s = o->items[item].slices, *next; s != NULL; s = next) {
        uint32_t end = s->first + s->count, from = at, gap = s->first - at;
        next = s->next;
        at = end;
        if (gap > 0)
            place_range(p, o, item, from, gap, now_s);
    }
    if (at < o->items[item].quantity)
        place_range(p, o, item, at, o->items[item].quantity - at, now_s);
}

static int by_turn(const void *a, const void *b) {
    const struct order *x = *(struct order *const *)a, *y = *(struct order *const *)b;
    bool scrap_x = x->cause == CAUSE_SCRAP, scrap_y = y->cause == CAUSE_SCRAP;
    if (scrap_x != scrap_y)
        return scrap_x ? -1 : 1;
    return (x->no > y->no) - (x->no < y->no);
}

void placing_run(struct planner *p, int64_t now_s) {
    struct order_list *l = &p->book.waiting;
    size_t n = 0;
    if (l->count == 0)
        return;
    for (size_t i = 0; i < l->count; i++)
        if (l->list[i] != NULL)
            l->list[n++] = l->list[i];
    l->count = n;
    qsort(l->list, n, sizeof(struct order *), by_turn);
    for (size_t i = 0; i < n; i++) {
        struct order *o = l->list[i];
        o->waiting_at = 0;
        for (uint16_t k = 0; k < o->item_count; k++)
            if (o->items[k].variant->product >= 0)
                place_item(p, o, k, now_s);
        due_assign(p, o);
        order_touch(&p->book, o);
    }
    l->count = 0;
    planner_want(p, CAUSE_NONE);
}

/* ---- out of lots that grew too large for their promises ---- */

void placing_part(struct planner *p, struct lot *lot, bool apart, int64_t now_s) {
    uint32_t count = lot->joined, after = p->lots.last_no;
    for (const struct lot *l = lot; !apart && l != NULL; l = l->next_growing)
        after = l->no > lot->no ? l->no - 1 : after;
    struct range *list = takt_alloc(count * sizeof *list);
    for (uint32_t i = 0; i < count; i++) { /* the newest slice comes first: the earliest order is placed first again */
        struct slice *s = lot->slices;
        list[count - 1 - i] = (struct range){s->order, s->item, s->first, s->count};
        slice_cut(p, s, s->first, s->count);
    }
    lot->joined = 0;
    placing_shrunk(p, lot);
    for (uint32_t i = 0; i < count; i++) {
        place_in_lots(p, list[i], after, now_s);
        due_assign(p, list[i].order);
        order_touch(&p->book, list[i].order);
    }
    free(list);
}

void placing_planned(struct planner *p) {
    for (size_t i = 0; i < p->lots.grown_count; i++)
        p->lots.grown[i]->joined = 0;
    p->lots.grown_count = 0;
}

/* ---- out ---- */

void placing_shrunk(struct planner *p, struct lot *lot) {
    if (lot->units == 0 && !lot_started(lot)) {
        lot_move(p, lot, LOT_GONE);
    } else {
        int64_t since = lot_open_since(lot);
        if (since != lot->opened_at_s && lot->state == LOT_OPEN) {
            lot->opened_at_s = since;
            news_lot(p, lot);
        }
        lot_resize(p, lot);
    }
    planner_want(p, CAUSE_NONE);
}

void placing_withdraw(struct planner *p, struct order *o) {
    for (uint16_t i = 0; i < o->item_count; i++) {
        struct item *it = &o->items[i];
        while (it->slices != NULL) {
            struct slice *s = it->slices;
            struct lot *lot = s->lot;
            if ((lot == NULL || lot->state == LOT_DONE) && !it->personalised) {
                it->variant->surplus += s->count;
                news_surplus(p, it->variant);
            }
            slice_cut(p, s, s->first, s->count);
            if (lot != NULL && lot->state != LOT_DONE)
                placing_shrunk(p, lot);
            else if (lot != NULL)
                lot_forget(p, lot);
        }
    }
    due_assign(p, o);
}

void placing_release(struct planner *p, struct order *o) {
    for (uint16_t i = 0; i < o->item_count; i++) {
        while (o->items[i].slices != NULL) {
            struct lot *lot = o->items[i].slices->lot;
            slice_release(p, o->items[i].slices);
            if (lot != NULL)
                lot_forget(p, lot);
        }
    }
    due_leave(p, o);
}

/* Takes it out and lets its order wait for a place again. */
static void lose(struct planner *p, struct slice *s, uint32_t first, uint32_t count) {
    struct order *o = s->order;
    slice_cut(p, s, first, count);
    o->cause = CAUSE_SCRAP;
    order_wait(&p->book, o);
    order_touch(&p->book, o);
    due_assign(p, o);
}

static int64_t order_due_s(const struct order *o) {
    return o->ship_by_s != TAKT_TIME_NONE && o->ship_by_s < o->wish_s ? o->ship_by_s : o->wish_s;
}

/* Is the first due after the second? What is promised alike is told apart by what was wished, then by who came last. */
static bool is_later(const struct slice *a, const struct slice *b) {
    const struct order *x = a->order, *y = b->order;
    if (order_due_s(x) != order_due_s(y))
        return order_due_s(x) > order_due_s(y);
    if (x->wish_s != y->wish_s)
        return x->wish_s > y->wish_s;
    return x != y ? x->no > y->no : a->first > b->first;
}

static struct slice *latest(const struct lot *lot) {
    struct slice *best = NULL;
    for (struct slice *s = lot->slices; s != NULL; s = s->lot_next)
        if (s->order->state != ORDER_PACKED && (best == NULL || is_later(s, best)))
            best = s;
    return best;
}

static struct slice *find_unit(const struct planner *p, const struct lot *lot, const struct report_unit *unit) {
    struct order *o = book_find(&p->book, unit->order);
    if (o == NULL || unit->item >= o->item_count || o->state == ORDER_PACKED)
        return NULL;
    for (struct slice *s = o->items[unit->item].slices; s != NULL; s = s->next)
        if (s->lot == lot && s->first <= unit->unit && unit->unit - s->first < s->count)
            return s;
    return NULL;
}

void placing_lose(struct planner *p, struct lot *lot, uint32_t count, const struct report_unit *units,
                  size_t unit_count) {
    struct slice *s;
    for (size_t i = 0; i < unit_count && count > 0; i++) {
        s = find_unit(p, lot, &units[i]);
        if (s == NULL)
            continue;
        lose(p, s, units[i].unit, 1);
        count--;
    }
    while (count > 0 && (s = latest(lot)) != NULL) {
        uint32_t n = s->count < count ? s->count : count;
        lose(p, s, s->first + s->count - n, n);
        count -= n;
    }
}

void placing_shorten(struct planner *p, struct lot *lot, const struct report_unit *units, size_t count) {
    uint32_t possible = lot_possible(lot);
    if (lot->units > possible)
        placing_lose(p, lot, lot->units - possible, units, count);
}
