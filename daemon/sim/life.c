/* SPDX-License-Identifier: Apache-2.0 */

/* An instant, in this order:
 *
 *   1 ship      the courier leaves: orders are shipped
 *   2 feed      orders are accepted, orders are cancelled
 *   3 changes   what 1 and 2 wrote is told to the planner, from the store's log
 *   4 floor     reports of the shop, of the suppliers and of packing
 *   5 plan      one turn; what differs from the store is published; floor and courier follow
 *   6 search    what it improves is published again
 *
 * A publication may let something happen at the same second (a task that follows one on a line with `reports: planned`): then
 * the next instant is the same one again. */

#include "daemon/sim/life.h"

#include "base/time.h"
#include "daemon/planner/ask.h"
#include "daemon/planner/planner.h"
#include "daemon/sim/courier.h"
#include "daemon/sim/packer.h"
#include "daemon/sim/shop.h"
#include "daemon/sim/supply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH_MAX = 500, CHANGES_MAX = 1000, NOTES_MAX = 10, SAME_INSTANT_MAX = 1000, ESTIMATE_S = 3600 };

struct life {
    struct life_config config;
    const struct feed_message *message; /* the next one; NULL: the feed is at its end */
    int64_t origin_s, now_s, last_message_s;
    struct worktime *worktime;
    struct alone *alone;
    struct store *store;
    struct planner *planner;
    struct shop *shop;
    struct supply *supply;
    struct packer *packer;
    struct courier *courier;
    struct tally *tally;
    struct arena *arena;                /* of one request */
    uint64_t epoch;
    struct estimate *estimate;          /* of capacity, as the planner would tell the intake now and then */
    unsigned notes;
    int64_t began_us;
    int64_t *load_ppm;
};

static int64_t cpu_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static struct store_request request(struct life *l, enum store_op op) {
    arena_clear(l->arena);
    return (struct store_request){.op = op, .arena = l->arena};
}

/* The store in memory refuses nothing that is right, so a failure ends the life. */
static int call(struct life *l, struct store_request *r, const char *what, struct takt_error *err) {
    int code = store_call(l->store, r);
    return code == 0 ? 0 : takt_fail(err, code, "%s: %s", what, r->err.text[0] != '\0' ? r->err.text : takt_error_text(code));
}

/* ---- to begin ---- */

static int open_store(struct life *l, struct takt_error *err) {
    struct store_config config = {.url = "memory:", .plant = l->config.plant->id, .create = true};
    int r = store_open(&config, &l->store, err);
    if (r < 0)
        return r;
    struct store_claim claim = {.head = request(l, STORE_CLAIM)};
    r = call(l, &claim.head, "claim", err);
    l->epoch = claim.ret_epoch;
    return r;
}

static int open_planner(struct life *l, struct takt_error *err) {
    struct planner_config config = {.plant = l->config.plant, .scheduler = l->config.scheduler, .seed = l->config.seed,
                                    .effort = l->config.effort};
    l->planner = planner_new(&config, l->epoch);
    struct store_load load = {.head = request(l, STORE_LOAD), .kind = LOAD_META, .first = true, .limit = 1};
    int r = call(l, &load.head, "load", err);
    if (r < 0)
        return r;
    planner_load_meta(l->planner, &load.ret_meta);
    return planner_loaded(l->planner, l->origin_s, err);
}

static void open_world(struct life *l) {
    struct plant *plant = l->config.plant;
    l->worktime = worktime_new(plant, l->origin_s);
    l->alone = alone_new(plant, l->worktime);
    l->tally = tally_new(plant, l->alone, l->origin_s);
    l->supply = supply_new(plant, l->origin_s);
    l->packer = packer_new(plant);
    l->courier = courier_new(plant);
    l->shop = shop_new(&(struct shop_config){.plant = plant, .worktime = l->worktime, .seed = l->config.seed,
                                             .noise_ppm = l->config.noise_ppm, .breakdowns = l->config.breakdowns,
                                             .origin_s = l->origin_s});
    l->load_ppm = takt_alloc(plant->line_count * sizeof *l->load_ppm + 1);
}

int life_new(const struct life_config *config, struct life **ret, struct takt_error *err) {
    struct life *l = takt_alloc(sizeof *l);
    *l = (struct life){.config = *config, .began_us = cpu_us(), .arena = arena_new()};
    int r = feed_next(config->feed, &l->message, err);
    if (r == 0 && l->message == NULL)
        r = takt_fail(err, TAKT_EDATA, "the feed is empty");
    if (r < 0) {
        life_free(l);
        return r;
    }
    l->origin_s = l->now_s = l->last_message_s = l->message->at_s;
    open_world(l);
    r = open_store(l, err);
    if (r == 0)
        r = open_planner(l, err);
    if (r < 0) {
        life_free(l);
        return r;
    }
    *ret = l;
    return 0;
}

void life_free(struct life *l) {
    if (l == NULL)
        return;
    planner_free(l->planner);
    store_close(l->store);
    shop_free(l->shop);
    supply_free(l->supply);
    packer_free(l->packer);
    courier_free(l->courier);
    tally_free(l->tally);
    alone_free(l->alone);
    worktime_free(l->worktime);
    arena_free(l->arena);
    estimate_free(l->estimate);
    free(l->load_ppm);
    free(l);
}

/* ---- 1: ship ---- */

static int ship_one(struct life *l, const struct courier_parcel *p, enum shipment_act act, struct takt_error *err) {
    struct store_shipment r = {.head = request(l, STORE_SHIPMENT), .epoch = l->epoch, .act = act, .shipment = p->shipment,
                               .consumer = "courier", .carrier = p->carrier, .tracking = "", .reason = "",
                               .attempt = 1, .attempts_max = 20, .now_s = l->now_s};
    return call(l, &r.head, p->shipment, err);
}

static int ship(struct life *l, struct takt_error *err) {
    for (const struct courier_parcel *p; (p = courier_due(l->courier, l->now_s)) != NULL; courier_shipped(l->courier)) {
        static const enum shipment_act acts[] = {SHIPMENT_SENT, SHIPMENT_TAKE, SHIPMENT_SHIP};
        for (size_t k = 0; k < sizeof acts / sizeof acts[0]; k++) {
            int r = ship_one(l, p, acts[k], err);
            if (r < 0)
                return r;
        }
        tally_shipped(l->tally, p->orders, p->order_count, l->now_s);
    }
    return 0;
}

/* ---- 2: feed ---- */

static void note_refusal(struct life *l, const struct refusal *refusal) {
    tally_refused(l->tally);
    if (l->config.note == NULL || l->notes > NOTES_MAX)
        return;
    char text[512];
    if (l->notes++ == NOTES_MAX)
        snprintf(text, sizeof text, "more orders were refused");
    else
        snprintf(text, sizeof text, "line %u: refused, %s: %s", feed_line(l->config.feed), refusal_name(refusal->kind),
                 refusal->detail);
    l->config.note(l->config.arg, text);
}

static const struct refusal outcome_refusals[] = {
    [ACCEPT_CONFLICT] = {.kind = REFUSAL_CONFLICT, .detail = "the order_ref was used before with other content"},
    [ACCEPT_OVER_LIMIT] = {.kind = REFUSAL_OVER_LIMIT, .detail = "the creator has as many open orders as max_open allows"},
};

static int accept(struct life *l, struct accept_order *orders, size_t count, struct takt_error *err) {
    int32_t creator = plant_creator_find(l->config.plant, orders[0].row.creator);
    struct store_accept r = {.head = {.op = STORE_ACCEPT, .arena = l->arena}, .creator = orders[0].row.creator,
                             .max_open = l->config.plant->creators[creator].max_open, .now_s = l->now_s, .orders = orders,
                             .count = count};
    int code = call(l, &r.head, "accept", err);
    for (size_t k = 0; code == 0 && k < count; k++) {
        if (orders[k].ret_outcome == ACCEPT_NEW)
            tally_accepted(l->tally, orders[k].ret_no, &orders[k].row, l->now_s);
        else if (orders[k].ret_outcome != ACCEPT_DUPLICATE)
            note_refusal(l, &outcome_refusals[orders[k].ret_outcome]);
    }
    return code;
}

static int cancel(struct life *l, struct takt_error *err) {
    enum cancel_outcome outcome = CANCEL_UNKNOWN;
    struct store_cancel r = {.head = request(l, STORE_CANCEL), .creator = l->message->creator, .now_s = l->now_s,
                             .refs = &l->message->cancel, .ret_outcomes = &outcome, .count = 1};
    int code = call(l, &r.head, "cancel", err);
    if (code == 0 && outcome == CANCEL_DONE)
        tally_cancelled(l->tally, 1);
    return code;
}

static int advance(struct life *l, struct takt_error *err) {
    l->last_message_s = l->message->at_s;
    return feed_next(l->config.feed, &l->message, err);
}

static void estimate(struct life *l) {
    if (l->estimate != NULL && l->now_s < l->estimate->at_s + ESTIMATE_S)
        return;
    estimate_free(l->estimate);
    l->estimate = planner_estimate(l->planner, l->now_s);
}

/* Orders of one creator that follow each other at one instant are accepted together. */
static int take_orders(struct life *l, struct takt_error *err) {
    struct accept_order orders[BATCH_MAX];
    char creator[128];
    size_t count = 0;
    int r = 0;
    struct feed_terms terms = {.plant = l->config.plant, .now_s = l->now_s, .scale_ppm = l->config.scale_ppm};
    estimate(l);
    terms.estimate = l->estimate;
    arena_clear(l->arena);
    snprintf(creator, sizeof creator, "%s", l->message->creator);
    do {
        struct refusal refusal;
        if (feed_order(l->config.feed, &terms, l->arena, &orders[count], &refusal))
            count++;
        else
            note_refusal(l, &refusal);
        r = advance(l, err);
    } while (r == 0 && count < BATCH_MAX && l->message != NULL && l->message->cancel == NULL &&
             l->message->at_s <= l->now_s && strcmp(l->message->creator, creator) == 0);
    return r == 0 && count > 0 ? accept(l, orders, count, err) : r;
}

static int take_feed(struct life *l, struct takt_error *err) {
    int r = 0;
    while (r == 0 && l->message != NULL && l->message->at_s <= l->now_s) {
        if (l->message->cancel == NULL) {
            r = take_orders(l, err);
            continue;
        }
        r = cancel(l, err);
        if (r == 0)
            r = advance(l, err);
    }
    return r;
}

/* ---- 3: changes ---- */

static int take_changes(struct life *l, struct takt_error *err) {
    size_t count;
    do {
        struct store_changes r = {.head = request(l, STORE_CHANGES), .after = planner_seen(l->planner), .limit = CHANGES_MAX};
        int code = call(l, &r.head, "changes", err);
        if (code < 0)
            return code;
        for (size_t k = 0; k < r.ret_count; k++)
            planner_change(l->planner, &r.ret_changes[k]);
        count = r.ret_count;
    } while (count == CHANGES_MAX);
    return 0;
}

/* ---- 4: floor ---- */

static bool judge(struct life *l, const struct report *report) {
    struct refusal refusal = {0};
    if (planner_report(l->planner, l->now_s, report, &refusal))
        return true;
    if (l->config.note != NULL) {
        char text[512];
        snprintf(text, sizeof text, "report '%s' refused, %s: %s", report->report_ref, refusal_name(refusal.kind),
                 refusal.detail);
        l->config.note(l->config.arg, text);
    }
    return false;
}

static void take_reports(struct life *l) {
    struct report report;
    while (shop_report(l->shop, l->now_s, &report))
        shop_answered(l->shop, judge(l, &report));
    while (supply_report(l->supply, l->now_s, &report)) {
        judge(l, &report);
        supply_answered(l->supply);
    }
    while (packer_report(l->packer, l->now_s, &report)) {
        judge(l, &report);
        packer_answered(l->packer);
    }
}

static void look_at_stock(struct life *l) {
    if (!supply_wants_look(l->supply, l->now_s))
        return;
    arena_clear(l->arena);
    struct ask ask = {.kind = ASK_STOCK, .arena = l->arena};
    planner_ask(l->planner, l->now_s, &ask);
    supply_look(l->supply, l->now_s, ask.u.stock.ret_materials, ask.u.stock.ret_material_count);
}

/* ---- 5 and 6: plan, search ---- */

/* Nobody else writes between the changes and the publication, so it is never stale. */
static int publish_part(struct life *l, bool *ret_planned, struct takt_error *err) {
    arena_clear(l->arena);
    struct store_publish *p = planner_collect(l->planner, l->now_s, l->arena);
    if (p == NULL)
        return 0;
    p->head = (struct store_request){.op = STORE_PUBLISH, .arena = l->arena};
    int code = call(l, &p->head, "publish", err);
    if (code == 0) {
        tally_published(l->tally, p);
        shop_follow(l->shop, p);
        packer_follow(l->packer, p);
        courier_follow(l->courier, p);
        *ret_planned |= p->plan_version > 0;
    }
    planner_published(l->planner, code);
    return code;
}

static int publish(struct life *l, bool *ret_planned, struct takt_error *err) {
    int code;
    do
        code = publish_part(l, ret_planned, err);
    while (code == 0 && planner_owes(l->planner));
    return code;
}

static int search(struct life *l, bool *ret_planned, struct takt_error *err) {
    struct search_job *job = planner_search(l->planner, l->now_s);
    if (job == NULL)
        return 0;
    bool improved = false;
    search_job_run(job);
    planner_searched(l->planner, job, l->now_s, &improved);
    return improved ? publish(l, ret_planned, err) : 0;
}

static int plan(struct life *l, struct takt_error *err) {
    bool planned = false;
    int64_t begin_us = cpu_us();
    planner_turn(l->planner, l->now_s);
    int r = publish(l, &planned, err);
    if (r == 0)
        r = search(l, &planned, err);
    if (planned)
        tally_plan_us(l->tally, cpu_us() - begin_us);
    return r;
}

/* ---- the instants ---- */

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t next_instant(struct life *l) {
    int64_t next_s = l->message != NULL ? l->message->at_s : TAKT_TIME_NEVER;
    next_s = earlier(next_s, courier_next_s(l->courier));
    next_s = earlier(next_s, shop_next_s(l->shop));
    next_s = earlier(next_s, supply_next_s(l->supply));
    next_s = earlier(next_s, packer_next_s(l->packer));
    next_s = earlier(next_s, planner_next_s(l->planner));
    return next_s < l->now_s ? l->now_s : next_s;
}

static int instant(struct life *l, struct takt_error *err) {
    const struct shop_figures *floor = shop_figures(l->shop);
    tally_hold(l->tally, l->now_s, floor->wip_units, floor->made_units);
    int r = ship(l, err);
    if (r == 0)
        r = take_feed(l, err);
    if (r == 0)
        r = take_changes(l, err);
    if (r < 0)
        return r;
    take_reports(l);
    look_at_stock(l);
    return plan(l, err);
}

static bool is_over(const struct life *l) {
    return l->message == NULL && (tally_open(l->tally) == 0 || l->now_s > l->last_message_s + LIFE_AFTER_S);
}

/* A life in which nothing moves on is a mistake of ours; it must not run for ever. */
static int check_progress(struct life *l, int64_t next_s, unsigned *same, struct takt_error *err) {
    *same = next_s == l->now_s ? *same + 1 : 0;
    char text[TIME_TEXT_SIZE];
    return *same < SAME_INSTANT_MAX ? 0 : takt_fail(err, TAKT_EINTERNAL, "time stands still at %s", time_format(next_s, text));
}

int life_run(struct life *l, struct takt_error *err) {
    unsigned same = 0;
    for (int64_t next_s = l->origin_s; next_s != TAKT_TIME_NEVER && next_s < l->config.until_s; next_s = next_instant(l)) {
        int r = check_progress(l, next_s, &same, err);
        l->now_s = next_s;
        if (r == 0)
            r = instant(l, err);
        if (r < 0)
            return r;
        if (l->config.progress != NULL)
            l->config.progress(l->config.arg, l->now_s, feed_permille(l->config.feed), tally_accepted_count(l->tally),
                               tally_open(l->tally));
        if (is_over(l))
            return 0;
    }
    return 0;
}

static uint64_t surplus(struct life *l) {
    arena_clear(l->arena);
    struct ask ask = {.kind = ASK_STOCK, .arena = l->arena};
    uint64_t units = 0;
    planner_ask(l->planner, l->now_s, &ask);
    for (size_t k = 0; k < ask.u.stock.ret_surplus_count; k++)
        units += ask.u.stock.ret_surplus[k].quantity;
    return units;
}

void life_summary(struct life *l, struct summary *ret) {
    tally_summary(l->tally, ret);
    const struct shop_figures *floor = shop_figures(l->shop);
    ret->surplus = surplus(l);
    ret->changeover_s = floor->changeover_s;
    ret->moves = floor->moves;
    for (size_t k = 0; k < l->config.plant->line_count; k++) {
        int32_t line = (int32_t)k;
        int64_t open_s = worktime_between_s(l->worktime, worktime_line(l->worktime, line), l->origin_s, l->now_s);
        l->load_ppm[k] = open_s > 0 ? shop_busy_s(l->shop, line) * 1000000 / open_s : 0;
    }
    ret->load_ppm = l->load_ppm;
    ret->cpu_total_us = cpu_us() - l->began_us;
}
