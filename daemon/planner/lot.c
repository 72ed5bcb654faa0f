/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/lot.h"

#include "base/arena.h"
#include "daemon/planner/state.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { MILLION = 1000000, TASK_NAME_SIZE = 72 };

static uint64_t lot_hash(const void *entry) {
    return hash_number(((const struct lot *)entry)->no);
}

static bool lot_same(const void *entry, const void *key) {
    return ((const struct lot *)entry)->no == *(const uint32_t *)key;
}

void lots_init(struct lots *l) {
    *l = (struct lots){0};
    table_init(&l->by_no, lot_hash, lot_same);
}

static void lot_free(struct lot *lot) {
    free(lot->tasks);
    free(lot);
}

void lots_done(struct lots *l) {
    for (size_t i = 0; l->by_no.slots != NULL && i <= l->by_no.mask; i++)
        if (l->by_no.slots[i] != NULL)
            lot_free(l->by_no.slots[i]);
    table_done(&l->by_no);
    free(l->live);
    free(l->grown);
}

struct lot *lot_find(const struct lots *l, uint32_t no) {
    return table_find(&l->by_no, hash_number(no), &no);
}

const struct plant_product *lot_product(const struct planner *p, const struct lot *lot) {
    assert(lot->group->product >= 0);
    return &p->plant->products[lot->group->product];
}

const struct plant_op *lot_op(const struct planner *p, const struct lot *lot, size_t op) {
    return &lot_product(p, lot)->route[op];
}

const char *task_name(const struct planner *p, const struct lot *lot, size_t op, char *buffer) {
    snprintf(buffer, TASK_NAME_SIZE, "L%" PRIu32 "-%s", lot->no, lot_op(p, lot, op)->id);
    return buffer;
}

void lot_clear_tasks(struct lot *lot) {
    for (size_t k = 0; k < lot->op_count; k++)
        lot->tasks[k] = (struct task){.start_s = TAKT_TIME_NONE,
                                      .end_s = TAKT_TIME_NONE,
                                      .started_at_s = TAKT_TIME_NONE,
                                      .finished_at_s = TAKT_TIME_NONE,
                                      .missed_s = TAKT_TIME_NONE,
                                      .told_start_s = TAKT_TIME_NONE,
                                      .line = -1,
                                      .told_line = -1};
}

struct lot *lot_new(struct planner *p, struct group *group, uint32_t no, int64_t opened_at_s) {
    struct lots *l = &p->lots;
    struct lot *lot = takt_alloc(sizeof *lot);
    *lot = (struct lot){.no = no == 0 ? l->last_no + 1 : no,
                        .group = group,
                        .op_count = (uint16_t)p->plant->products[group->product].op_count,
                        .opened_at_s = opened_at_s,
                        .let_go_at_s = TAKT_TIME_NONE,
                        .firm_at_s = TAKT_TIME_NEVER,
                        .ready_s = TAKT_TIME_NEVER,
                        .due_s = TAKT_TIME_NEVER,
                        .material_s = TAKT_TIME_NONE,
                        .ordered_s = TAKT_TIME_NONE,
                        .material = -1,
                        .job = -1};
    lot->tasks = takt_alloc(lot->op_count * sizeof *lot->tasks);
    lot_clear_tasks(lot);
    if (lot->no > l->last_no)
        l->last_no = lot->no;
    table_add(&l->by_no, lot);
    ARRAY_GROW(l->live, l->live_count, l->live_cap);
    l->live[l->live_count++] = lot;
    if (p->loading)
        return lot;
    for (size_t k = 0; k < lot->op_count; k++)
        news_task(p, lot, k);
    news_lot(p, lot);
    return lot;
}

static bool is_over(const struct lot *lot) {
    return lot->state == LOT_DONE || lot->state == LOT_GONE;
}

void lots_sweep(struct lots *l) {
    size_t n = 0;
    if (l->swept)
        return;
    for (size_t i = 0; i < l->live_count; i++)
        if (!is_over(l->live[i]))
            l->live[n++] = l->live[i];
    l->live_count = n;
    l->swept = true;
}

static int by_no(const void *a, const void *b) {
    const struct lot *x = *(struct lot *const *)a, *y = *(struct lot *const *)b;
    return (x->no > y->no) - (x->no < y->no);
}

/* One that was dropped may have come back after later ones: `live` is by number. */
void lots_drop_empty(struct lots *l) {
    size_t n = 0;
    bool ascending = true;
    for (size_t i = 0; i < l->live_count; i++) {
        struct lot *lot = l->live[i];
        if (lot->slices == NULL) {
            table_remove(&l->by_no, lot);
            lot_free(lot);
            continue;
        }
        ascending = ascending && (n == 0 || l->live[n - 1]->no < lot->no);
        l->live[n++] = lot;
    }
    l->live_count = n;
    if (!ascending)
        qsort(l->live, n, sizeof(struct lot *), by_no);
}

static void leave_group(struct lot *lot) {
    if (!lot->growing)
        return;
    struct lot **at = &lot->group->growing;
    while (*at != lot)
        at = &(*at)->next_growing;
    *at = lot->next_growing;
    lot->next_growing = NULL;
    lot->growing = false;
}

bool lot_forget(struct planner *p, struct lot *lot) {
    if (!is_over(lot) || lot->slices != NULL || lot->news_at != 0)
        return false;
    lots_sweep(&p->lots);
    leave_group(lot);
    table_remove(&p->lots.by_no, lot);
    lot_free(lot);
    return true;
}

bool lot_started(const struct lot *lot) {
    for (size_t k = 0; k < lot->op_count; k++)
        if (lot->tasks[k].state != TASK_PLANNED)
            return true;
    return false;
}

/* What an operation has to start so that `need` good units leave the route behind it. */
static uint32_t with_yield(const struct plant_op *op, uint64_t need) {
    return (uint32_t)((need * MILLION + (uint64_t)op->yield_ppm - 1) / (uint64_t)op->yield_ppm);
}

static uint32_t first_quantity(const struct plant_product *pr, const struct group *group, uint32_t need) {
    for (size_t k = pr->op_count; k-- > 0 && !group->personalised;)
        need = with_yield(&pr->route[k], need);
    return need;
}

uint32_t group_capacity(const struct planner *p, const struct group *group) {
    const struct plant_product *pr = &p->plant->products[group->product];
    uint32_t low = 1, high = (uint32_t)pr->lot_max;
    while (low < high) {
        uint32_t mid = low + (high - low + 1) / 2;
        if (first_quantity(pr, group, mid) <= pr->lot_max)
            low = mid;
        else
            high = mid - 1;
    }
    return low;
}

uint32_t lot_room(const struct planner *p, const struct lot *lot, int64_t now_s) {
    if (lot->state != LOT_OPEN || lot->firm_at_s <= now_s || lot_started(lot))
        return 0;
    uint32_t capacity = group_capacity(p, lot->group);
    return lot->units < capacity ? capacity - lot->units : 0;
}

uint32_t lot_possible(const struct lot *lot) {
    uint32_t possible = UINT32_MAX;
    for (size_t k = 0; k < lot->op_count; k++) {
        const struct task *t = &lot->tasks[k];
        if (t->state == TASK_FINISHED) {
            possible = t->good;
        } else if (t->state == TASK_STARTED) {
            possible = t->quantity < possible ? t->quantity : possible;
            possible = possible > t->scrap ? possible - t->scrap : 0;
        }
    }
    return possible;
}

bool task_is_news(const struct lot *lot, size_t op) {
    return lot->tasks[op].dirty || lot->tasks[op].moved || (lot->dirty && lot->units == 0);
}

bool task_goes(const struct lot *lot, size_t op) {
    return lot->state == LOT_GONE || (lot->units == 0 && lot->tasks[op].state == TASK_PLANNED);
}

uint32_t lot_extra(const struct lot *lot) {
    uint32_t possible = lot_possible(lot);
    if (possible == UINT32_MAX)
        possible = lot->op_count > 0 ? lot->tasks[0].quantity : 0;
    return possible > lot->units ? possible - lot->units : 0;
}

/* An operation starts what its predecessor has made, or will make as far as can be told; until anything is known that
 * is what the yields say. */
void lot_resize(struct planner *p, struct lot *lot) {
    const struct plant_product *pr = lot_product(p, lot);
    uint32_t there = UINT32_MAX;
    bool known = false;
    for (size_t k = 0; k < lot->op_count; k++) {
        struct task *t = &lot->tasks[k];
        uint32_t want = lot->units;
        for (size_t i = lot->op_count; i-- > k && !lot->group->personalised;)
            want = with_yield(&pr->route[i], want);
        uint32_t quantity = known || want > there ? there : want;
        if (t->state == TASK_STARTED)
            quantity = known || t->quantity > there ? there : t->quantity;
        if (t->state == TASK_FINISHED)
            quantity = t->quantity;
        if (quantity != t->quantity) {
            t->quantity = quantity;
            news_task(p, lot, k);
        }
        known = t->state == TASK_FINISHED;
        if (t->state == TASK_FINISHED)
            there = t->good;
        else if (t->state == TASK_STARTED)
            there = quantity > t->scrap ? quantity - t->scrap : 0;
    }
    if (lot_extra(lot) != lot->extra_told)
        news_lot(p, lot);
}

static bool is_after(const struct slice *a, const struct slice *b) {
    if (a->order != b->order)
        return a->order->no > b->order->no;
    return a->item != b->item ? a->item > b->item : a->first > b->first;
}

/* sorted: what is loaded lies in the same order, whenever it comes. */
static void link_slice(struct lot *lot, struct slice *s, bool sorted) {
    struct slice *before = NULL, *after = lot->slices;
    for (; sorted && after != NULL && is_after(after, s); after = after->lot_next)
        before = after;
    s->lot = lot;
    s->lot_prev = before;
    s->lot_next = after;
    if (after != NULL)
        after->lot_prev = s;
    *(before != NULL ? &before->lot_next : &lot->slices) = s;
    lot->slice_count++;
}

struct slice *lot_add(struct planner *p, struct lot *lot, struct order *o, uint16_t item, uint32_t first,
                      uint32_t count) {
    struct slice *s = book_slice(&p->book, o, item, first, count);
    link_slice(lot, s, p->loading);
    if (!p->loading || lot->state != LOT_DONE) /* what is done counts units of orders that have left since */
        lot->units += count;
    o->busy += lot->state != LOT_DONE;
    if (o->accepted_at_s < lot->opened_at_s)
        lot->opened_at_s = o->accepted_at_s;
    if (!p->loading) {
        news_slice(p, s);
        news_lot(p, lot);
    }
    return s;
}

static void unlink_slice(struct lot *lot, struct slice *s) {
    if (s->lot_prev != NULL)
        s->lot_prev->lot_next = s->lot_next;
    else
        lot->slices = s->lot_next;
    if (s->lot_next != NULL)
        s->lot_next->lot_prev = s->lot_prev;
    lot->slice_count--;
    s->order->busy -= lot->state != LOT_DONE;
}

/* The end that stays when units are taken out of the middle is a slice of its own. */
static void keep_tail(struct planner *p, struct slice *s, uint32_t first, uint32_t count) {
    struct lot *lot = s->lot;
    s->count -= count;
    s->order->unplaced += count;
    if (lot != NULL) {
        lot->units -= count; /* lot_add counts them again */
        lot_add(p, lot, s->order, s->item, first, count);
        return;
    }
    news_slice(p, book_slice(&p->book, s->order, s->item, first, count));
}

void slice_cut(struct planner *p, struct slice *s, uint32_t first, uint32_t count) {
    uint32_t end = s->first + s->count;
    struct lot *lot = s->lot;
    assert(first >= s->first && count > 0 && first + count <= end);
    if (first + count < end && first > s->first)
        keep_tail(p, s, first + count, end - first - count);
    if (lot != NULL) {
        lot->units -= count;
        news_lot(p, lot);
    }
    if (count == s->count) {
        news_slice_gone(p, s);
        news_slice_drop(p, s);
        if (lot != NULL)
            unlink_slice(lot, s);
        book_slice_remove(&p->book, s);
        return;
    }
    if (first == s->first) { /* its key changes */
        news_slice_gone(p, s);
        s->first += count;
    }
    s->count -= count;
    s->order->unplaced += count;
    news_slice(p, s);
}

void slice_release(struct planner *p, struct slice *s) {
    news_slice_drop(p, s);
    if (s->lot != NULL)
        unlink_slice(s->lot, s);
    book_slice_remove(&p->book, s);
}

int64_t lot_open_since(const struct lot *lot) {
    int64_t first = TAKT_TIME_NEVER;
    for (const struct slice *s = lot->slices; s != NULL; s = s->lot_next)
        if (s->order->accepted_at_s < first)
            first = s->order->accepted_at_s;
    return first == TAKT_TIME_NEVER ? lot->opened_at_s : first;
}

static void release_orders(struct lot *lot) {
    for (struct slice *s = lot->slices; s != NULL; s = s->lot_next)
        s->order->busy--;
}

void lot_move(struct planner *p, struct lot *lot, enum lot_state to) {
    static const bool LEGAL[4][4] = {
        [LOT_OPEN] = {[LOT_FIRM] = true, [LOT_GONE] = true},
        [LOT_FIRM] = {[LOT_DONE] = true, [LOT_GONE] = true},
    };
    assert(LEGAL[lot->state][to]);
    if (to != LOT_OPEN)
        leave_group(lot);
    if (to == LOT_DONE)
        release_orders(lot);
    lot->state = to;
    if (is_over(lot))
        p->lots.swept = false;
    news_lot(p, lot);
}
