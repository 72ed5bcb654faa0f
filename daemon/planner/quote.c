/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/quote.h"

#include "base/arena.h"
#include "daemon/planner/promise.h"
#include "daemon/planner/state.h"

#include <stdlib.h>

enum { VALID_S = 15 * 60, FAR_S = PROBLEM_TICK_MAX / 2 };

static struct quoter *quoter_get(struct planner *p) {
    if (p->quoter != NULL && p->quoter_model == p->model)
        return p->quoter;
    quoter_free(p->quoter);
    p->quoter = NULL;
    p->quoter_model = p->model;
    if (p->model == NULL || quoter_new(p->model->problem, p->schedule, &p->quoter, NULL) < 0)
        p->quoter = NULL;
    return p->quoter;
}

/* When so many units' material is there that nobody has reserved. */
static int64_t material_at(const struct planner *p, const struct plant_product *pr, uint32_t units, int64_t now_s) {
    int64_t at_s = now_s;
    for (size_t i = 0; i < pr->material_count; i++) {
        const struct material *m = &p->stock.materials[pr->materials[i].index];
        int64_t left = m->on_hand_milli - m->reserved_milli - pr->materials[i].amount * units, t = now_s;
        for (size_t k = 0; k < m->receipt_count && left < 0; k++) {
            left += m->receipts[k].quantity_milli;
            t = m->receipts[k].at_s;
        }
        if (left < 0) {
            int64_t lead_s = p->plant->materials[pr->materials[i].index].lead_time_s;
            t = lead_s < 0 ? TAKT_TIME_NEVER : now_s + lead_s;
        }
        at_s = t > at_s ? t : at_s;
    }
    return at_s;
}

static int32_t family_number(const struct plan_model *m, int32_t family) {
    return family >= 0 && (size_t)family < m->family_count ? m->family[family] : -1;
}

/* The tasks of one lot of so many units; the longest of them on its fastest line is the bottleneck. */
static struct problem_task_spec *lot_tasks(const struct planner *p, const struct group *group, uint32_t units,
                                           struct arena *arena, int64_t *ret_bottleneck_s) {
    const struct plant_product *pr = &p->plant->products[group->product];
    struct problem_task_spec *specs = arena_array(arena, pr->op_count, sizeof *specs);
    *ret_bottleneck_s = 0;
    for (size_t k = 0; k < pr->op_count; k++) {
        const struct plant_op *op = &pr->route[k];
        struct problem_option *options = arena_array(arena, op->line_count, sizeof *options);
        struct problem_usage *pools = arena_array(arena, op->pool_count, sizeof *pools);
        int64_t fastest_s = INT64_MAX;
        for (size_t i = 0; i < op->line_count; i++) {
            int64_t time_s = plant_rate_s(&op->lines[i], units), batch = p->plant->lines[op->lines[i].line].batch;
            options[i] = (struct problem_option){op->lines[i].line, (int32_t)(time_s < FAR_S ? time_s : FAR_S)};
            time_s /= batch > units ? batch / units : 1; /* so many lots share a run */
            fastest_s = time_s < fastest_s ? time_s : fastest_s;
        }
        for (size_t i = 0; i < op->pool_count; i++)
            pools[i] = (struct problem_usage){op->pools[i].index, (int32_t)op->pools[i].amount};
        fastest_s /= (int64_t)(op->line_count > 0 ? op->line_count : 1);
        *ret_bottleneck_s = fastest_s > *ret_bottleneck_s ? fastest_s : *ret_bottleneck_s;
        specs[k] = PROBLEM_TASK_SPEC;
        specs[k].options = options;
        specs[k].option_count = op->line_count;
        specs[k].pools = pools;
        specs[k].pool_count = op->pool_count;
        specs[k].family = group->families == NULL ? -1 : family_number(p->model, group->families[k]);
        specs[k].size = (int32_t)units;
        specs[k].lag_after = k + 1 < pr->op_count ? (int32_t)op->rest_s : 0;
        specs[k].breakable = op->breakable;
        if (op->overlap > 0 && op->overlap < units) {
            specs[k].overlap_quantity = (int32_t)units;
            specs[k].overlap_first = (int32_t)op->overlap;
        }
    }
    return specs;
}

/* When units would be made and rested, and when if the last line took longer by the promise's margin. */
struct made {
    int64_t at_s, slipped_s;
};

static void take_later(struct made *made, struct made other) {
    made->at_s = other.at_s > made->at_s ? other.at_s : made->at_s;
    made->slipped_s = other.slipped_s > made->slipped_s ? other.slipped_s : made->slipped_s;
}

static int64_t end_slipped(const struct planner *p, int32_t line, int64_t end_s, int64_t now_s) {
    const struct opening *open = &p->openings.lines[line];
    return opening_end(open, end_s, promise_margin(p, opening_between(open, now_s, end_s)));
}

/* So many units of a group in lots of their own. `before_s`: what else is asked for keeps their lines so long.
 * ret_work_s: how long they keep theirs. */
static struct made made_in_new_lots(struct planner *p, const struct group *group, uint32_t units, int64_t before_s,
                                    int64_t now_s, struct arena *arena, int64_t *ret_work_s) {
    const struct plant_product *pr = &p->plant->products[group->product];
    uint32_t capacity = group_capacity(p, group), lot_units = units < capacity ? units : capacity;
    int64_t lots = (units + capacity - 1) / capacity, bottleneck_s;
    int64_t release_s = material_at(p, pr, units, now_s), rest_s = pr->route[pr->op_count - 1].rest_s;
    struct quoter *q = quoter_get(p);
    int32_t end, *lines = arena_array(arena, pr->op_count, sizeof *lines);
    if (!planner_lets_go_early(p) && lot_units < capacity && now_s + pr->lot_wait_s > release_s)
        release_s = now_s + pr->lot_wait_s;
    if (q == NULL || release_s == TAKT_TIME_NEVER)
        return (struct made){TAKT_TIME_NEVER, TAKT_TIME_NEVER};
    struct problem_task_spec *specs = lot_tasks(p, group, lot_units, arena, &bottleneck_s);
    if (quoter_ask(q, (int32_t)(release_s - p->model->origin_s), specs, pr->op_count, &end, lines, NULL, NULL, NULL) <
        0)
        return (struct made){TAKT_TIME_NEVER, TAKT_TIME_NEVER};
    int64_t end_s = p->model->origin_s + end + (lots - 1) * bottleneck_s + before_s;
    *ret_work_s = lots * bottleneck_s;
    return (struct made){end_s + rest_s, end_slipped(p, lines[pr->op_count - 1], end_s, now_s) + rest_s};
}

/* Items of one group go into the same lots. */
struct wanted {
    struct group *group;
    const struct variant *variant; /* of the first */
    uint32_t units;                /* beyond what surplus gives */
    int64_t work_s;                /* for which its new lots keep their lines */
};

static size_t want_items(struct planner *p, const struct ask *ask, struct wanted *wanted) {
    size_t count = 0;
    for (size_t i = 0; i < ask->u.quote.item_count; i++) {
        const struct ask_item *item = &ask->u.quote.items[i];
        struct variant *variant = variant_get(&p->variants, p->plant->products[item->product].id, item->options);
        struct group *group = variant_group(&p->variants, variant, item->personalised);
        uint32_t given = item->personalised ? 0 : variant->surplus;
        size_t at = 0;
        while (at < count && wanted[at].group != group)
            at++;
        if (at == count)
            wanted[count++] = (struct wanted){.group = group, .variant = variant};
        else if (wanted[at].variant == variant)
            given = 0; /* the first has it */
        wanted[at].units += item->quantity - (given < item->quantity ? given : item->quantity);
    }
    return count;
}

static bool share_a_line(const struct planner *p, const struct group *a, const struct group *b) {
    const struct plant_product *x = &p->plant->products[a->product], *y = &p->plant->products[b->product];
    for (size_t i = 0; i < x->op_count; i++)
        for (size_t k = 0; k < y->op_count; k++)
            for (size_t m = 0; m < x->route[i].line_count; m++)
                for (size_t n = 0; n < y->route[k].line_count; n++)
                    if (x->route[i].lines[m].line == y->route[k].lines[n].line)
                        return true;
    return false;
}

/* The plan knows nothing of what is asked for with it, so what shares a line with it is taken to come first. */
static int64_t work_before(const struct planner *p, const struct wanted *wanted, size_t at) {
    int64_t sum_s = 0;
    for (size_t i = 0; i < at; i++)
        sum_s += share_a_line(p, wanted[i].group, wanted[at].group) ? wanted[i].work_s : 0;
    return sum_s;
}

static struct made made_group(struct planner *p, struct wanted *wanted, size_t at, int64_t now_s, struct arena *arena) {
    struct made made = {now_s, now_s};
    uint32_t left = wanted[at].units;
    for (const struct lot *lot = wanted[at].group->growing; lot != NULL && left > 0; lot = lot->next_growing) {
        uint32_t room = lot_room(p, lot, now_s);
        if (room == 0 || lot->ready_s == TAKT_TIME_NEVER)
            continue;
        left -= room < left ? room : left;
        take_later(&made, (struct made){lot->ready_s, promise_lot_slipped(p, lot, now_s)});
    }
    if (left > 0)
        take_later(&made, made_in_new_lots(p, wanted[at].group, left, work_before(p, wanted, at), now_s, arena,
                                           &wanted[at].work_s));
    return made;
}

void quote_answer(struct planner *p, int64_t now_s, struct ask *ask) {
    struct made made = {now_s, now_s};
    struct wanted *wanted = arena_array(ask->arena, ask->u.quote.item_count, sizeof *wanted);
    size_t count = want_items(p, ask, wanted);
    for (size_t i = 0; i < count; i++)
        take_later(&made, made_group(p, wanted, i, now_s, ask->arena));
    if (made.at_s == TAKT_TIME_NEVER) {
        refuse(&ask->refusal, REFUSAL_NO_CAPACITY, "",
               "it cannot be planned: there is no material for it, or no plan yet");
        return;
    }
    int64_t packed_s = packing_end(p, made.at_s, now_s), slipped_s = packing_end(p, made.slipped_s, now_s);
    int32_t service = ask->u.quote.service < 0 ? 0 : ask->u.quote.service;
    const char *country = ask->u.quote.country == NULL ? "" : ask->u.quote.country;
    promise_make(p, service, country, slipped_s > packed_s ? slipped_s : packed_s, now_s, &ask->u.quote.ret_ship_by_s,
                 &ask->u.quote.ret_deliver_by_day);
    ask->u.quote.ret_packed_s = packed_s;
    ask->u.quote.ret_valid_until_s = now_s + VALID_S;
}

static uint32_t material_for(const struct planner *p, const struct plant_product *pr) {
    int64_t most = UINT32_MAX;
    for (size_t i = 0; i < pr->material_count; i++) {
        const struct material *m = &p->stock.materials[pr->materials[i].index];
        int64_t left = m->on_hand_milli - m->reserved_milli;
        for (size_t k = 0; k < m->receipt_count; k++)
            left += m->receipts[k].quantity_milli;
        int64_t units = left > 0 ? left / pr->materials[i].amount : 0;
        if (p->plant->materials[pr->materials[i].index].lead_time_s < 0 && units < most)
            most = units;
    }
    return (uint32_t)most;
}

/* Nothing is known before the first plan. */
static void estimate_one(struct planner *p, size_t product, int64_t now_s, struct arena *arena,
                         struct estimate_product *ret) {
    const struct plant_product *pr = &p->plant->products[product];
    struct group any = {.product = (int32_t)product, .product_id = pr->id, .like = ""};
    *ret = (struct estimate_product){.packed_s = now_s, .most = UINT32_MAX};
    if (p->model == NULL)
        return;
    int64_t work_s;
    ret->packed_s = packing_end(p, made_in_new_lots(p, &any, 1, 0, now_s, arena, &work_s).at_s, now_s);
    ret->lot = group_capacity(p, &any);
    ret->most = material_for(p, pr);
    lot_tasks(p, &any, ret->lot, arena, &ret->more_s);
}

struct estimate *planner_estimate(struct planner *p, int64_t now_s) {
    struct arena *arena = arena_new();
    struct estimate *e = takt_alloc(sizeof *e);
    e->product_count = p->plant->product_count;
    e->at_s = now_s;
    e->plant = plant_ref(p->plant);
    e->products = takt_alloc(e->product_count * sizeof *e->products);
    openings_need(&p->openings, p->plant, &p->stock, now_s, p->plant->planning.horizon_s);
    for (size_t i = 0; i < e->product_count; i++)
        estimate_one(p, i, now_s, arena, &e->products[i]);
    arena_free(arena);
    return e;
}

void estimate_free(struct estimate *e) {
    if (e == NULL)
        return;
    plant_unref(e->plant);
    free(e->products);
    free(e);
}
