/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/news.h"

#include "base/arena.h"
#include "daemon/planner/state.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_MOST = 65536, MOVED_MOST = 32, MOVED_PARTS = 256 };

void news_init(struct news *n) {
    *n = (struct news){.arena = arena_new()};
}

void news_done(struct news *n) {
    free(n->lots);
    free(n->slices);
    free(n->gone);
    free(n->task_gone);
    free(n->orders.list);
    free(n->moved.list);
    free(n->promises);
    free(n->events);
    free(n->reports);
    free(n->surplus);
    arena_free(n->arena);
    n->arena = NULL;
}

static void enlist_lot(struct news *n, struct lot *lot) {
    if (lot->news_at != 0)
        return;
    ARRAY_GROW(n->lots, n->lot_count, n->lot_cap);
    n->lots[n->lot_count++] = lot;
    lot->news_at = (uint32_t)n->lot_count;
}

void news_lot(struct planner *p, struct lot *lot) {
    lot->dirty = true;
    enlist_lot(&p->news, lot);
}

void news_task(struct planner *p, struct lot *lot, size_t op) {
    lot->tasks[op].dirty = true;
    enlist_lot(&p->news, lot);
}

void news_task_moved(struct planner *p, struct lot *lot, size_t op) {
    lot->tasks[op].moved = true;
    enlist_lot(&p->news, lot);
}

void news_task_gone(struct planner *p, uint32_t lot, uint32_t op, const char *op_id) {
    struct news *n = &p->news;
    ARRAY_GROW(n->task_gone, n->task_gone_count, n->task_gone_cap);
    n->task_gone[n->task_gone_count++] =
        (struct task_row){.lot = lot, .op = op, .op_id = arena_strdup(n->arena, op_id), .line = "", .gone = true};
}

void news_task_stays(struct planner *p, uint32_t lot) {
    struct news *n = &p->news;
    size_t kept = 0;
    for (size_t i = 0; i < n->task_gone_count; i++)
        if (n->task_gone[i].lot != lot)
            n->task_gone[kept++] = n->task_gone[i];
    n->task_gone_count = kept;
}

void news_slice(struct planner *p, struct slice *s) {
    struct news *n = &p->news;
    if (s->news_at != 0)
        return;
    ARRAY_GROW(n->slices, n->slice_count, n->slice_cap);
    n->slices[n->slice_count++] = s;
    s->news_at = (uint32_t)n->slice_count;
}

void news_slice_gone(struct planner *p, const struct slice *s) {
    struct news *n = &p->news;
    ARRAY_GROW(n->gone, n->gone_count, n->gone_cap);
    n->gone[n->gone_count++] = (struct slice_row){.order = s->order->no,
                                                  .item = s->item,
                                                  .first = s->first,
                                                  .count = s->count,
                                                  .lot = s->lot == NULL ? 0 : s->lot->no,
                                                  .gone = true};
}

void news_slice_drop(struct planner *p, struct slice *s) {
    if (s->news_at != 0)
        p->news.slices[s->news_at - 1] = NULL;
    s->news_at = 0;
}

static struct order_list *order_news(struct news *n, const struct order *o) {
    return o->news_whole ? &n->orders : &n->moved;
}

void news_order(struct planner *p, struct order *o) {
    if (!o->news_whole)
        order_list_drop(&p->news.moved, o, &o->news_at);
    o->news_whole = true;
    order_list_add(&p->news.orders, o, &o->news_at);
}

void news_order_moved(struct planner *p, struct order *o) {
    order_list_add(order_news(&p->news, o), o, &o->news_at);
}

void news_order_back(struct planner *p, struct order *o) {
    if (!o->news_whole)
        order_list_drop(&p->news.moved, o, &o->news_at);
}

size_t news_part(const struct news *n) {
    size_t left = n->moved.count - n->moved_from, part = left / MOVED_PARTS > MOVED_MOST ? left / MOVED_PARTS : MOVED_MOST;
    size_t to = n->moved_from;
    for (; to < n->moved.count && part > 0 && !n->moved_rest; to++)
        part -= n->moved.list[to] != NULL;
    return to;
}

static void told(struct order *o) {
    o->news_at = 0;
    o->news_whole = false;
    o->told_packed_s = o->packed_s == TAKT_TIME_NEVER ? TAKT_TIME_NONE : o->packed_s;
}

/* The list is moved up when half of it is published, so that this costs no more than a step for each order. */
static void clear_moved(struct news *n) {
    size_t to = news_part(n), kept = 0;
    for (size_t i = n->moved_from; i < to; i++)
        if (n->moved.list[i] != NULL)
            told(n->moved.list[i]);
    n->moved_from = to;
    if (to < n->moved.count - to)
        return;
    for (size_t i = to; i < n->moved.count; i++) {
        struct order *o = n->moved.list[i];
        if (o == NULL)
            continue;
        n->moved.list[kept++] = o;
        o->news_at = (uint32_t)kept;
    }
    n->moved.count = kept;
    n->moved_from = 0;
}

static void clear_orders(struct news *n) {
    for (size_t i = 0; i < n->orders.count; i++)
        if (n->orders.list[i] != NULL)
            told(n->orders.list[i]);
    n->orders.count = 0;
    clear_moved(n);
}

void news_surplus(struct planner *p, struct variant *variant) {
    struct news *n = &p->news;
    if (variant->surplus_dirty)
        return;
    variant->surplus_dirty = true;
    ARRAY_GROW(n->surplus, n->surplus_count, n->surplus_cap);
    n->surplus[n->surplus_count++] = variant;
}

void news_promise(struct planner *p, const struct order *o, int64_t now_s, const char *reason) {
    struct news *n = &p->news;
    ARRAY_GROW(n->promises, n->promise_count, n->promise_cap);
    n->promises[n->promise_count++] = (struct promise_row){.order = o->no,
                                                           .at_s = now_s,
                                                           .ship_by_s = o->ship_by_s,
                                                           .deliver_by_day = o->deliver_by_day,
                                                           .reason = reason};
}

void news_event(struct planner *p, const struct order *o, enum event_kind kind, int64_t at_s, const char *reason) {
    struct news *n = &p->news;
    ARRAY_GROW(n->events, n->event_count, n->event_cap);
    n->events[n->event_count++] = (struct event_row){.creator = label_name(&p->book.creators, o->creator),
                                                     .kind = kind,
                                                     .order = o->no,
                                                     .order_ref = "",
                                                     .at_s = at_s,
                                                     .ship_by_s = o->ship_by_s,
                                                     .deliver_by_day = o->deliver_by_day,
                                                     .reason = reason,
                                                     .shipment = "",
                                                     .carrier = "",
                                                     .tracking = ""};
}

void news_report(struct planner *p, const struct report *report, int64_t at_s) {
    static const char *const EVENTS[] = {
#define X(name, text) text,
        REPORT_EVENTS(X)
#undef X
    };
    struct news *n = &p->news;
    ARRAY_GROW(n->reports, n->report_count, n->report_cap);
    struct report_row *row = &n->reports[n->report_count++];
    *row = (struct report_row){.reporter = arena_strdup(n->arena, report->reporter),
                               .report_ref = arena_strdup(n->arena, report->report_ref),
                               .at_s = at_s,
                               .event = EVENTS[report->event],
                               .body = arena_strdup(n->arena, report->body == NULL ? "{}" : report->body)};
    memcpy(row->hash, report->hash, sizeof row->hash);
}

const struct report_row *news_find_report(const struct news *n, const struct report *report) {
    for (size_t i = 0; i < n->report_count; i++)
        if (strcmp(n->reports[i].report_ref, report->report_ref) == 0 &&
            strcmp(n->reports[i].reporter, report->reporter) == 0)
            return &n->reports[i];
    return NULL;
}

void news_forget(struct planner *p, struct order *o) {
    struct news *n = &p->news;
    size_t kept = 0;
    order_list_drop(order_news(n, o), o, &o->news_at);
    o->news_whole = false;
    for (size_t i = 0; i < n->promise_count; i++)
        if (n->promises[i].order != o->no)
            n->promises[kept++] = n->promises[i];
    n->promise_count = kept;
    kept = 0;
    for (size_t i = 0; i < n->event_count; i++)
        if (n->events[i].order != o->no)
            n->events[kept++] = n->events[i];
    n->event_count = kept;
}

void news_lot_drop(struct planner *p, struct lot *lot) {
    if (lot->news_at != 0)
        p->news.lots[lot->news_at - 1] = NULL;
    lot->news_at = 0;
}

static void clear_lots(struct planner *p) {
    struct news *n = &p->news;
    for (size_t i = 0; i < n->lot_count; i++) {
        struct lot *lot = n->lots[i];
        if (lot == NULL)
            continue;
        lot->news_at = 0;
        for (size_t k = 0; k < lot->op_count; k++) {
            struct task *t = &lot->tasks[k];
            if (task_is_news(lot, k))
                t->stored = !task_goes(lot, k);
            t->dirty = t->moved = false;
            t->told_line = t->line;
            t->told_start_s = t->start_s;
        }
        lot->dirty = false;
        lot->stored = true;
        lot->units_told = lot->units;
        lot->extra_told = lot_extra(lot);
        lot_forget(p, lot);
    }
    n->lot_count = 0;
}

/* A start with a million new orders needs large arrays once, and never again. */
#define SHRINK(array, cap)                                                                                             \
    do {                                                                                                               \
        if ((cap) > KEPT_MOST) {                                                                                       \
            free(array);                                                                                               \
            (array) = NULL;                                                                                            \
            (cap) = 0;                                                                                                 \
        }                                                                                                              \
    } while (0)

static void shrink(struct news *n) {
    SHRINK(n->slices, n->slice_cap);
    SHRINK(n->gone, n->gone_cap);
    if (n->orders.count == 0)
        SHRINK(n->orders.list, n->orders.cap);
    if (n->moved.count == 0)
        SHRINK(n->moved.list, n->moved.cap);
    SHRINK(n->promises, n->promise_cap);
    SHRINK(n->events, n->event_cap);
}

void news_clear(struct planner *p) {
    struct news *n = &p->news;
    clear_lots(p);
    for (size_t i = 0; i < n->slice_count; i++)
        if (n->slices[i] != NULL)
            n->slices[i]->news_at = 0;
    clear_orders(n);
    for (size_t i = 0; i < n->surplus_count; i++)
        n->surplus[i]->surplus_dirty = false;
    n->slice_count = n->gone_count = n->promise_count = n->event_count = 0;
    n->report_count = n->surplus_count = n->task_gone_count = 0;
    if (n->stock)
        stock_published(&p->stock);
    n->stock = n->plan = false;
    shrink(n);
    arena_clear(n->arena);
}
