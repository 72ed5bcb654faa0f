/* SPDX-License-Identifier: Apache-2.0 */

/* Another plant: judge → swap → map.
 *
 * Everything refers to the plant by place, so all of it is found again by name. First it is judged whether open work
 * can do without what is gone; only then anything is touched. Open lots get their tasks by the new route; firm ones
 * must find theirs as they are. */

#include "base/arena.h"
#include "daemon/planner/plan.h"
#include "daemon/planner/promise.h"
#include "daemon/planner/repair.h"
#include "daemon/planner/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- judge ---- */

static int judge_order(const struct planner *p, const struct order *o, const struct plant *plant,
                       struct takt_error *err) {
    const char *creator = label_name(&p->book.creators, o->creator);
    if (plant_creator_find(plant, creator) < 0)
        return takt_fail(err, TAKT_ECONFIG, "creator '%s' has open orders", creator);
    for (uint16_t i = 0; i < o->item_count; i++) {
        const struct variant *v = o->items[i].variant;
        int32_t product = plant_product_find(plant, v->product_id);
        size_t length;
        if (product < 0)
            return takt_fail(err, TAKT_ECONFIG, "open orders need product '%s'", v->product_id);
        const char *lacks = options_lack(&plant->products[product], v->options, &length);
        if (lacks != NULL)
            return takt_fail(err, TAKT_ECONFIG, "open orders need %.*s of product '%s'", (int)length, lacks, v->product_id);
    }
    return 0;
}

static int judge_firm(const struct planner *p, const struct lot *lot, const struct plant *plant,
                      struct takt_error *err) {
    const struct plant_product *old = lot_product(p, lot);
    int32_t product = plant_product_find(plant, old->id);
    if (product < 0)
        return takt_fail(err, TAKT_ECONFIG, "firm lot L%" PRIu32 " needs product '%s'", lot->no, old->id);
    const struct plant_product *new = &plant->products[product];
    for (size_t k = 0; k < lot->op_count; k++) {
        const struct task *t = &lot->tasks[k];
        if (k >= new->op_count || new->op_count != old->op_count || strcmp(new->route[k].id, old->route[k].id) != 0)
            return takt_fail(err, TAKT_ECONFIG, "firm lot L%" PRIu32 " needs operation '%s' of product '%s'", lot->no,
                             old->route[k].id, old->id);
        if (t->line >= 0 && t->state != TASK_FINISHED && plant_line_find(plant, p->plant->lines[t->line].id) < 0)
            return takt_fail(err, TAKT_ECONFIG, "firm lot L%" PRIu32 " needs line '%s'", lot->no,
                             p->plant->lines[t->line].id);
    }
    return 0;
}

static int judge(const struct planner *p, const struct plant *plant, struct takt_error *err) {
    const struct table *orders = &p->book.by_no;
    int code = 0;
    for (size_t i = 0; code == 0 && i < p->lots.live_count; i++)
        if (p->lots.live[i]->state == LOT_FIRM)
            code = judge_firm(p, p->lots.live[i], plant, err);
    for (size_t i = 0; code == 0 && orders->slots != NULL && i <= orders->mask; i++)
        if (orders->slots[i] != NULL)
            code = judge_order(p, orders->slots[i], plant, err);
    return code;
}

/* ---- map ---- */

static int32_t map_line(const struct plant *from, const struct plant *to, int32_t line) {
    return line < 0 ? -1 : plant_line_find(to, from->lines[line].id);
}

/* Places by the new plant; a planned task whose line is gone has none. */
static void map_tasks(const struct plant *old, const struct plant *plant, struct lot *lot) {
    for (size_t k = 0; k < lot->op_count; k++) {
        struct task *t = &lot->tasks[k];
        t->line = map_line(old, plant, t->line);
        t->told_line = map_line(old, plant, t->told_line);
        if (t->line < 0)
            t->start_s = t->end_s = TAKT_TIME_NONE;
    }
}

static bool same_route(const struct plant_product *a, const struct plant_product *b) {
    bool same = a->op_count == b->op_count;
    for (size_t k = 0; same && k < a->op_count; k++)
        same = strcmp(a->route[k].id, b->route[k].id) == 0;
    return same;
}

/* An open lot is made by the new route from the start. */
static void reroute(struct planner *p, struct lot *lot, const struct plant_product *old,
                    const struct plant_product *new) {
    for (size_t k = 0; k < lot->op_count; k++)
        news_task_gone(p, lot->no, (uint32_t)k, old->route[k].id);
    free(lot->tasks);
    lot->op_count = (uint16_t) new->op_count;
    lot->tasks = takt_alloc(lot->op_count * sizeof *lot->tasks);
    lot_clear_tasks(lot);
    lot->ready_s = TAKT_TIME_NEVER;
}

struct remembered { /* of the plant before */
    struct lot *lot;
    const struct plant_product *product;
};

static struct remembered *remember(const struct planner *p, size_t *ret_count) {
    const struct table *t = &p->lots.by_no;
    struct remembered *list = takt_alloc(t->count * sizeof *list);
    size_t n = 0;
    for (size_t i = 0; t->slots != NULL && i <= t->mask; i++)
        if (t->slots[i] != NULL)
            list[n++] = (struct remembered){t->slots[i], lot_product(p, t->slots[i])};
    *ret_count = n;
    return list;
}

static void map_lots(struct planner *p, const struct plant *old, const struct remembered *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct lot *lot = list[i].lot;
        lot->growing = false;
        lot->next_growing = NULL;
        if (lot->group->product < 0)
            continue; /* it is done, and nothing of it is asked any more but its units */
        const struct plant_product *new = lot_product(p, lot);
        if (same_route(list[i].product, new))
            map_tasks(old, p->plant, lot);
        else if (lot->state == LOT_OPEN)
            reroute(p, lot, list[i].product, new);
        if (lot->state == LOT_OPEN)
            lot_resize(p, lot);
    }
}

static void map_orders(struct planner *p) {
    const struct table *t = &p->book.by_no;
    dues_done(&p->dues);
    dues_init(&p->dues);
    p->creator_known = p->service_known = 0;
    planner_know_labels(p);
    for (size_t i = 0; t->slots != NULL && i <= t->mask; i++) {
        struct order *o = t->slots[i];
        if (o == NULL)
            continue;
        o->due = NULL;
        order_wish(p, o);
        due_assign(p, o);
        order_touch(&p->book, o);
    }
}

static void swap(struct planner *p, struct plant *plant, int64_t now_s) {
    struct plant *old = p->plant;
    size_t count;
    struct remembered *lots = remember(p, &count);
    p->plant = plant_ref(plant);
    variants_reload(&p->variants, plant);
    stock_reload(&p->stock, plant);
    openings_forget(&p->openings);
    repair_forget(p);
    map_lots(p, old, lots, count);
    openings_need(&p->openings, p->plant, &p->stock, now_s, repair_window_s(p));
    packing_reload(p, now_s);
    parcels_reload(p->parcels, plant);
    map_orders(p);
    planner_enlist_lots(p, now_s);
    planner_pack_mode(p);
    free(lots);
    plant_unref(old);
}

int planner_reload(struct planner *p, struct plant *plant, int64_t now_s, struct takt_error *err) {
    lots_sweep(&p->lots);
    int code = judge(p, plant, err);
    if (code < 0)
        return code;
    swap(p, plant, now_s);
    p->next_s = now_s;
    planner_want(p, CAUSE_OPERATOR);
    return 0;
}
