/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/promise.h"

#include "config/calendar.h"
#include "daemon/planner/lot_time.h"
#include "daemon/planner/state.h"

#include <assert.h>

enum { MILLION = 1000000, TELL_S = 3600, PATIENCE_PARTS = 4, PATIENCE_MOST_S = 12 * 3600 };

const char *cause_text(enum cause cause) {
    static const char *const TEXT[] = {
        [CAUSE_NONE] = "capacity",       [CAUSE_CAPACITY] = "capacity", [CAUSE_OPERATOR] = "operator",
        [CAUSE_AMENDMENT] = "amendment", [CAUSE_SCRAP] = "scrap",       [CAUSE_MATERIAL] = "material",
        [CAUSE_BREAKDOWN] = "breakdown"};
    return TEXT[cause];
}

/* ---- states ---- */

void order_move(struct planner *p, struct order *o, enum order_state to) {
    static const uint16_t LEGAL[] = {
#define TO(state) (1u << ORDER_##state)
        [ORDER_ACCEPTED] = TO(PLANNED) | TO(IN_PRODUCTION) | TO(MADE) | TO(HELD),
        [ORDER_PLANNED] = TO(ACCEPTED) | TO(IN_PRODUCTION) | TO(MADE) | TO(HELD),
        [ORDER_IN_PRODUCTION] = TO(ACCEPTED) | TO(MADE) | TO(HELD),
        [ORDER_MADE] = TO(IN_PRODUCTION) | TO(PACKED),
        [ORDER_PACKED] = TO(SHIPPED),
        [ORDER_HELD] = TO(ACCEPTED) | TO(PLANNED) | TO(IN_PRODUCTION) | TO(MADE),
        [ORDER_SHIPPED] = 0,
        [ORDER_CANCELLED] = 0,
#undef TO
    };
    if (o->state == to)
        return;
    assert(LEGAL[o->state] & (1u << to));
    o->state = (uint8_t)to;
    news_order(p, o);
}

static bool in_production(const struct order *o) {
    for (uint16_t i = 0; i < o->item_count; i++)
        for (const struct slice *s = o->items[i].slices; s != NULL; s = s->next)
            if (s->lot != NULL && lot_started(s->lot))
                return true;
    return false;
}

void order_started(struct planner *p, struct order *o, int64_t at_s) {
    if (o->state != ORDER_PLANNED && o->state != ORDER_ACCEPTED)
        return;
    order_move(p, o, ORDER_IN_PRODUCTION);
    news_event(p, o, EVENT_ORDER_STARTED, at_s, "");
}

void order_made(struct planner *p, struct order *o) {
    if (o->state == ORDER_MADE)
        return;
    order_move(p, o, ORDER_MADE);
    news_event(p, o, EVENT_ORDER_MADE, o->made_s, "");
}

void order_unmade(struct planner *p, struct order *o) {
    packing_drop(p, o);
    if (o->state == ORDER_MADE)
        order_move(p, o, ORDER_IN_PRODUCTION);
}

static void count_late(struct planner *p, struct order *o) {
    bool known = o->packed_s != TAKT_TIME_NEVER;
    bool promise = known && o->ship_by_s != TAKT_TIME_NONE && o->packed_s > o->ship_by_s;
    bool wish = known && o->packed_s > o->wish_s;
    p->book.late_promise += promise;
    p->book.late_promise -= o->late_promise;
    p->book.late_wish += wish;
    p->book.late_wish -= o->late_wish;
    o->late_promise = promise;
    o->late_wish = wish;
}

void order_packed(struct planner *p, struct order *o, int64_t at_s) {
    o->ready = false;
    o->packed_at_s = o->packed_s = at_s;
    order_move(p, o, ORDER_PACKED);
    order_list_drop(&p->book.late, o, &o->late_at);
    count_late(p, o);
    order_tell_parcels(p, o);
}

void order_hold(struct planner *p, struct order *o) {
    if (o->state == ORDER_ACCEPTED || o->state == ORDER_PLANNED)
        order_move(p, o, ORDER_HELD);
}

void order_tell_parcels(struct planner *p, const struct order *o) {
    int32_t creator = order_creator(p, o);
    if (o->parcelled || creator < 0)
        return;
    struct parcel_order facts = {.no = o->no,
                                 .creator = creator,
                                 .service = order_service(p, o),
                                 .recipient_key = o->recipient_key,
                                 .ship_by_s = o->ship_by_s,
                                 .planned_packed_s = o->packed_s == TAKT_TIME_NEVER ? TAKT_TIME_NONE : o->packed_s,
                                 .packed_at_s = o->packed_at_s};
    for (uint16_t i = 0; i < o->item_count; i++)
        if (o->items[i].variant->product >= 0)
            facts.weight_mg += p->plant->products[o->items[i].variant->product].weight_mg * o->items[i].quantity;
    parcels_set(p->parcels, &facts);
}

/* ---- dates ---- */

static const char *country_of(const struct planner *p, const struct order *o) {
    return label_name(&p->book.countries, o->country);
}

void order_wish(struct planner *p, struct order *o) {
    int64_t wish_s = TAKT_TIME_NONE;
    if (o->wish_day != TAKT_DAY_NONE)
        wish_s = carrier_latest(p->plant, order_service(p, o), country_of(p, o), o->wish_day);
    if (wish_s == TAKT_TIME_NONE)
        wish_s = o->accepted_at_s + p->plant->planning.target_s;
    o->wish_s = wish_s > o->accepted_at_s ? wish_s : o->accepted_at_s;
}

int64_t promise_margin(const struct planner *p, int64_t time_s) {
    return time_s > 0 ? time_s * p->plant->planning.margin_ppm / MILLION : 0;
}

int64_t promise_lot_slipped(const struct planner *p, const struct lot *lot, int64_t now_s) {
    size_t last = lot->op_count - 1u;
    const struct task *t = &lot->tasks[last];
    if (t->line < 0 || t->state == TASK_FINISHED || t->end_s <= now_s || lot->coarse)
        return lot->ready_s;
    int64_t work_s = promise_margin(p, task_open(p, lot, last, t->line, now_s, t->end_s));
    return task_end(p, lot, last, t->line, t->end_s, work_s) + lot_op(p, lot, last)->rest_s;
}

static int64_t order_slipped(const struct planner *p, const struct order *o, int64_t now_s) {
    int64_t made_s = o->made_s;
    for (uint16_t i = 0; i < o->item_count; i++) {
        for (const struct slice *s = o->items[i].slices; s != NULL; s = s->next) {
            int64_t ready_s = s->lot == NULL ? TAKT_TIME_NONE : promise_lot_slipped(p, s->lot, now_s);
            made_s = ready_s > made_s ? ready_s : made_s;
        }
    }
    int64_t packed_s = packing_end(p, made_s, now_s);
    return packed_s > o->packed_s ? packed_s : o->packed_s;
}

void promise_make(const struct planner *p, int32_t service, const char *country, int64_t slipped_s, int64_t now_s,
                  int64_t *ret_ship_by_s, int32_t *ret_deliver_by_day) {
    const struct plant *plant = p->plant;
    int64_t at_s = slipped_s + promise_margin(p, slipped_s - now_s);
    *ret_ship_by_s = carrier_cutoff(plant, plant->services[service].carrier, at_s);
    *ret_deliver_by_day =
        country[0] == '\0' ? TAKT_DAY_NONE : carrier_delivery(plant, service, country, *ret_ship_by_s);
}

static void promise_set(struct planner *p, struct order *o, int64_t now_s, const char *reason) {
    bool first = o->ship_by_s == TAKT_TIME_NONE;
    promise_make(p, order_service(p, o), country_of(p, o), order_slipped(p, o, now_s), now_s, &o->ship_by_s,
                 &o->deliver_by_day);
    news_promise(p, o, now_s, reason);
    news_event(p, o, first ? EVENT_ORDER_PROMISED : EVENT_ORDER_REPROMISED, now_s, reason);
    packing_rekey(p, o);
    due_assign(p, o);
    count_late(p, o);
    order_tell_parcels(p, o);
}

void promise_redate(struct planner *p, struct order *o, int64_t now_s) {
    if (o->ship_by_s == TAKT_TIME_NONE)
        return;
    const char *country = country_of(p, o);
    int32_t day =
        country[0] == '\0' ? TAKT_DAY_NONE : carrier_delivery(p->plant, order_service(p, o), country, o->ship_by_s);
    if (day == o->deliver_by_day)
        return;
    o->deliver_by_day = day;
    news_promise(p, o, now_s, cause_text(CAUSE_AMENDMENT));
    news_event(p, o, EVENT_ORDER_REPROMISED, now_s, cause_text(CAUSE_AMENDMENT));
}

/* An order's own story counts before what happened to the plant. */
static enum cause cause_of(const struct planner *p, const struct order *o) {
    if (o->cause != CAUSE_NONE)
        return o->cause;
    return p->cause != CAUSE_NONE ? p->cause : CAUSE_CAPACITY;
}

static void list_late(struct planner *p, struct order *o, int64_t now_s) {
    if (!o->late_promise) {
        order_list_drop(&p->book.late, o, &o->late_at);
        return;
    }
    enum cause cause = cause_of(p, o);
    if (o->late_at == 0) {
        o->late_since_s = now_s;
        o->late_cause = CAUSE_NONE;
    }
    if (cause > o->late_cause)
        o->late_cause = (uint8_t)cause;
    order_list_add(&p->book.late, o, &o->late_at);
}

static void expect(struct planner *p, struct order *o, int64_t packed_s, int64_t now_s) {
    bool told = o->told_packed_s != TAKT_TIME_NONE && packed_s != TAKT_TIME_NEVER &&
                packed_s - o->told_packed_s < TELL_S && o->told_packed_s - packed_s < TELL_S;
    bool stale = packed_s == TAKT_TIME_NEVER && o->told_packed_s != TAKT_TIME_NONE; /* as after a start */
    if (o->packed_s == packed_s && o->ship_by_s != TAKT_TIME_NONE && !stale)
        return;
    o->packed_s = packed_s;
    if (told)
        news_order_back(p, o);
    else
        news_order_moved(p, o);
    if (packed_s == TAKT_TIME_NEVER) {
        count_late(p, o);
        list_late(p, o, now_s);
        return;
    }
    if (o->state == ORDER_ACCEPTED || o->state == ORDER_HELD)
        order_move(p, o, in_production(o) ? ORDER_IN_PRODUCTION : ORDER_PLANNED);
    if (o->ship_by_s == TAKT_TIME_NONE)
        promise_set(p, o, now_s, "");
    else
        order_tell_parcels(p, o);
    count_late(p, o);
    list_late(p, o, now_s);
}

void promise_expect(struct planner *p, struct order *o, int64_t packed_s, int64_t now_s) {
    if (o->state == ORDER_PACKED)
        return;
    expect(p, o, packed_s, now_s);
    if (packed_s != TAKT_TIME_NEVER)
        o->cause = CAUSE_NONE; /* what comes of it has been seen: what comes later has another cause */
}

/* The first of those that wait to be packed may have waited past its promise. */
static void list_overdue(struct planner *p, int64_t now_s) {
    const struct order *first;
    while ((first = packing_first(p)) != NULL && first->ship_by_s < now_s) {
        struct order *o = book_find(&p->book, first->no);
        o->packed_s = packing_end(p, now_s, now_s);
        news_order_moved(p, o);
        promise_set(p, o, now_s, cause_text(cause_of(p, o)));
    }
}

/* Until when the plan may still mend it: what was broken by an event is told at once; what is only the ebb and flow of
 * the plan has a quarter of the time that is left, half a day at most. */
static int64_t patience_until(const struct order *o) {
    int64_t left_s = o->ship_by_s - o->late_since_s, wait_s = left_s / PATIENCE_PARTS;
    if (o->late_cause > CAUSE_CAPACITY || left_s <= 0)
        return o->late_since_s;
    return o->late_since_s + (wait_s < PATIENCE_MOST_S ? wait_s : PATIENCE_MOST_S);
}

void promise_flush(struct planner *p, int64_t now_s) {
    struct order_list *l = &p->book.late;
    size_t kept = 0;
    list_overdue(p, now_s);
    p->flush_s = TAKT_TIME_NEVER;
    for (size_t i = 0; i < l->count; i++) {
        struct order *o = l->list[i];
        if (o == NULL)
            continue;
        if (patience_until(o) > now_s) {
            l->list[kept++] = o;
            o->late_at = (uint32_t)kept;
            p->flush_s = patience_until(o) < p->flush_s ? patience_until(o) : p->flush_s;
            continue;
        }
        o->late_at = 0;
        promise_set(p, o, now_s, cause_text(o->late_cause));
        o->cause = CAUSE_NONE;
    }
    l->count = kept;
    p->cause = CAUSE_NONE;
}
