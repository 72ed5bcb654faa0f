/* SPDX-License-Identifier: Apache-2.0 */

/* A turn is a list of phases:
 *
 *   watch     what time alone does: lines go on as planned, starts are missed, lots become firm, guesses run out
 *   place     orders that wait get their units into surplus and lots
 *   repair    if anything called for it
 *   settle    what that means for orders: expected packing, first promises
 *   pack      orders that are made and rested queue and are packed
 *   flush     promises that the settled plan does not keep are given anew
 *   parcels   packed orders leave
 *
 * Each is skipped where nothing is due, so that an idle turn costs next to nothing. */

#include "daemon/planner/planner.h"

#include "base/arena.h"
#include "daemon/planner/ask.h"
#include "daemon/planner/placing.h"
#include "daemon/planner/plan.h"
#include "daemon/planner/promise.h"
#include "daemon/planner/repair.h"
#include "daemon/planner/state.h"

#include <stdlib.h>
#include <string.h>

enum { UNSETTLED_S = 3600, TIDY_S = 86400 };

void planner_pack_mode(struct planner *p) {
    p->terminal_packs = false;
    for (size_t i = 0; i < p->plant->terminal_count; i++)
        p->terminal_packs = p->terminal_packs || p->plant->terminals[i].packs;
}

struct planner *planner_new(const struct planner_config *config, uint64_t epoch) {
    struct planner *p = takt_alloc(sizeof *p);
    p->plant = plant_ref(config->plant);
    p->scheduler = config->scheduler == NULL ? NULL : takt_strdup(config->scheduler);
    p->seed = config->seed;
    p->effort = config->effort;
    p->check = config->check;
    p->epoch = epoch;
    planner_pack_mode(p);
    p->loading = true;
    p->next_s = p->flush_s = p->divide_s = TAKT_TIME_NEVER;
    p->bound = -1;
    variants_init(&p->variants, p->plant);
    book_init(&p->book);
    lots_init(&p->lots);
    dues_init(&p->dues);
    stock_init(&p->stock, p->plant);
    openings_init(&p->openings);
    packing_init(&p->packing, p->plant);
    news_init(&p->news);
    return p;
}

void planner_free(struct planner *p) {
    if (p == NULL)
        return;
    repair_forget(p);
    free(p->doubts);
    news_done(&p->news);
    parcels_free(p->parcels);
    packing_done(&p->packing);
    openings_done(&p->openings);
    stock_done(&p->stock);
    dues_done(&p->dues);
    lots_done(&p->lots);
    book_done(&p->book);
    variants_done(&p->variants);
    free(p->creator_at);
    free(p->service_at);
    free(p->scheduler);
    plant_unref(p->plant);
    free(p);
}

const char *planner_scheduler(const struct planner *p) {
    return p->scheduler != NULL ? p->scheduler : p->plant->planning.scheduler;
}

bool planner_lets_go_early(const struct planner *p) {
    return !scheduler_find(planner_scheduler(p))->rule;
}

void planner_want(struct planner *p, enum cause cause) {
    p->wants = true;
    p->basis++;
    if (cause > p->cause)
        p->cause = cause;
}

/* ---- labels ---- */

void planner_know_labels(struct planner *p) {
    struct labels *creators = &p->book.creators, *services = &p->book.services;
    if (p->creator_known == creators->count && p->service_known == services->count)
        return;
    p->creator_at = takt_realloc(p->creator_at, creators->count, sizeof *p->creator_at);
    p->service_at = takt_realloc(p->service_at, services->count, sizeof *p->service_at);
    for (size_t i = p->creator_known; i < creators->count; i++)
        p->creator_at[i] = plant_creator_find(p->plant, label_name(creators, (uint16_t)i));
    for (size_t i = p->service_known; i < services->count; i++) {
        const char *name = label_name(services, (uint16_t)i);
        p->service_at[i] = name[0] == '\0' ? 0 : plant_service_find(p->plant, name);
    }
    p->creator_known = creators->count;
    p->service_known = services->count;
}

int32_t order_creator(const struct planner *p, const struct order *o) {
    return p->creator_at[o->creator];
}

int32_t order_service(const struct planner *p, const struct order *o) {
    return p->service_at[o->service] < 0 ? 0 : p->service_at[o->service];
}

/* ---- changes ---- */

static void take_order(struct planner *p, const struct order_row *row) {
    if (row->state == ORDER_CANCELLED || row->state == ORDER_SHIPPED || book_find(&p->book, row->no) != NULL)
        return;
    struct order *o = book_add(&p->book, &p->variants, row);
    planner_know_labels(p);
    order_wish(p, o);
    order_wait(&p->book, o);
    order_tell_parcels(p, o);
    p->wants = true;
}

static void drop_order(struct planner *p, struct order *o) {
    packing_drop(p, o);
    placing_withdraw(p, o);
    parcels_remove(p->parcels, o->no);
    news_forget(p, o);
    book_remove(&p->book, o);
}

static bool same_items(const struct order *o, const struct order_row *row) {
    bool same = o->item_count == row->item_count;
    for (uint32_t i = 0; same && i < row->item_count; i++)
        same = o->items[i].quantity == row->items[i].quantity &&
               o->items[i].personalised == row->items[i].personalised &&
               strcmp(o->items[i].variant->product_id, row->items[i].product) == 0 &&
               strcmp(o->items[i].variant->options, row->items[i].options) == 0;
    return same;
}

/* Other items are planned anew, as the store has done with them. */
static void replace_items(struct planner *p, struct order *o, const struct order_row *row) {
    packing_drop(p, o);
    placing_withdraw(p, o);
    book_set_items(&p->book, &p->variants, o, row->items, row->item_count);
    if (o->state != ORDER_HELD)
        order_move(p, o, ORDER_ACCEPTED);
    o->told_packed_s = TAKT_TIME_NONE;
    o->packed_s = o->made_s = TAKT_TIME_NEVER;
    order_wait(&p->book, o);
}

/* The store may have taken the order out of its lots for items that turn out to be the same: it is told again. */
static void retell(struct planner *p, struct order *o) {
    for (uint16_t i = 0; i < o->item_count; i++)
        for (struct slice *s = o->items[i].slices; s != NULL; s = s->next)
            news_slice(p, s);
    news_order(p, o);
}

static void amend_order(struct planner *p, struct order *o, const struct order_row *row) {
    uint16_t service = label_get(&p->book.services, row->service);
    uint16_t country = label_get(&p->book.countries, row->country);
    bool other_way = service != o->service || country != o->country || row->wish_day != o->wish_day;
    o->recipient_key = row->recipient_key;
    if (other_way) {
        due_leave(p, o);
        o->service = service;
        o->country = country;
        o->wish_day = row->wish_day;
        planner_know_labels(p);
        order_wish(p, o);
    }
    bool other_items = !same_items(o, row);
    if (other_way || other_items)
        o->cause = CAUSE_AMENDMENT;
    if (other_items)
        replace_items(p, o, row);
    else
        retell(p, o);
    due_assign(p, o);
    if (other_way)
        promise_redate(p, o, p->now_s);
    order_touch(&p->book, o);
    order_tell_parcels(p, o);
    planner_want(p, CAUSE_NONE);
}

static void ship_order(struct planner *p, struct order *o) {
    packing_drop(p, o);
    placing_release(p, o);
    news_forget(p, o);
    book_remove(&p->book, o);
}

void planner_change(struct planner *p, const struct change_row *change) {
    struct order *o = book_find(&p->book, change->order.no);
    if (change->seq > p->seen)
        p->seen = change->seq;
    if (change->kind == CHANGE_ORDER)
        take_order(p, &change->order);
    else if (o != NULL && change->kind == CHANGE_AMEND)
        amend_order(p, o, &change->order);
    else if (o != NULL && change->kind == CHANGE_CANCEL)
        drop_order(p, o);
    else if (o != NULL && change->kind == CHANGE_SHIPPED)
        ship_order(p, o);
}

uint64_t planner_seen(const struct planner *p) {
    return p->seen;
}

/* ---- time ---- */

static void watch(struct planner *p, int64_t now_s) {
    if (p->stock.guess_until_s <= now_s) {
        stock_guess(&p->stock, now_s);
        openings_forget(&p->openings);
        planner_want(p, CAUSE_BREAKDOWN);
    }
    if (p->divide_s <= now_s)
        planner_want(p, CAUSE_NONE);
    if (now_s >= p->next_s)
        plan_watch(p, now_s);
}

static void send_parcels(struct planner *p, int64_t now_s) {
    if (parcels_next_s(p->parcels) > now_s)
        return;
    parcels_turn(p->parcels, now_s);
}

static void tidy(struct planner *p, int64_t now_s) {
    if (now_s < p->tidied_s + TIDY_S)
        return;
    stock_tidy(&p->stock, now_s);
    p->news.stock = true;
    p->tidied_s = now_s;
}

void planner_turn(struct planner *p, int64_t now_s) {
    p->now_s = now_s;
    openings_need(&p->openings, p->plant, &p->stock, now_s, repair_window_s(p));
    watch(p, now_s);
    tidy(p, now_s);
    placing_run(p, now_s);
    if (p->wants)
        repair_run(p, now_s);
    if (p->book.touched.count > 0)
        plan_settle(p, now_s);
    if (now_s >= p->next_s) { /* what begins with this plan begins after its promises are given */
        plan_watch(p, now_s);
        plan_settle(p, now_s);
    }
    packing_turn(p, now_s);
    if (p->unsettled && now_s >= p->unsettled_s + UNSETTLED_S)
        p->unsettled = false;
    if (!p->unsettled)
        promise_flush(p, now_s);
    send_parcels(p, now_s);
    if (p->check)
        planner_check(p);
}

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

int64_t planner_next_s(const struct planner *p) {
    int64_t next_s = earlier(p->next_s, packing_next_s(p));
    next_s = earlier(next_s, parcels_next_s(p->parcels));
    next_s = earlier(earlier(next_s, p->stock.guess_until_s), p->divide_s);
    if (p->book.late.count > 0)
        next_s = earlier(next_s, p->unsettled ? p->unsettled_s + UNSETTLED_S : p->flush_s);
    if (packing_first(p) != NULL && packing_first(p)->ship_by_s != TAKT_TIME_NONE)
        next_s = earlier(next_s, packing_first(p)->ship_by_s + 1);
    return planner_wants_turn(p) ? earlier(next_s, p->now_s) : next_s;
}

const char *planner_trouble(const struct planner *p) {
    return p->trouble;
}

bool planner_wants_turn(const struct planner *p) {
    return p->wants || p->book.waiting.count > 0 || p->book.touched.count > 0;
}
