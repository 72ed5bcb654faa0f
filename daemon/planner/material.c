/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/material.h"

#include "base/arena.h"
#include "daemon/planner/state.h"

#include <stdlib.h>

struct supply {         /* of one material, while it is given away */
    int64_t left_milli; /* of the source that is at hand */
    size_t next_receipt;
    int64_t at_s; /* when that source is there */
};

static int by_claim(const void *a, const void *b) {
    const struct lot *x = *(struct lot *const *)a, *y = *(struct lot *const *)b;
    if (x->state != y->state)
        return x->state == LOT_FIRM ? -1 : 1;
    if (x->due_s != y->due_s)
        return x->due_s < y->due_s ? -1 : 1;
    return (x->no > y->no) - (x->no < y->no);
}

/* Takes so much; when the last of it is there, TAKT_TIME_NEVER if it does not suffice. */
static int64_t take(struct supply *s, const struct material *m, int64_t need_milli) {
    while (s->left_milli < need_milli) {
        need_milli -= s->left_milli;
        s->left_milli = 0;
        if (s->next_receipt == m->receipt_count)
            return TAKT_TIME_NEVER;
        s->left_milli = m->receipts[s->next_receipt].quantity_milli;
        s->at_s = m->receipts[s->next_receipt++].at_s;
    }
    s->left_milli -= need_milli;
    return s->at_s;
}

/* What can be had after a lead time was found missing once: from then on it counts, not from each new plan. */
static int64_t beyond(const struct planner *p, struct lot *lot, int32_t material, int64_t now_s) {
    int64_t lead_s = p->plant->materials[material].lead_time_s;
    if (lead_s < 0)
        return TAKT_TIME_NEVER;
    if (lot->ordered_s == TAKT_TIME_NONE)
        lot->ordered_s = now_s + lead_s;
    return lot->ordered_s;
}

static void supply_lot(struct planner *p, struct supply *supplies, struct lot *lot, int64_t now_s) {
    const struct plant_product *pr = lot_product(p, lot);
    int32_t lacks = -1;
    int64_t at_s = TAKT_TIME_NONE;
    for (size_t i = 0; i < pr->material_count; i++) {
        int32_t index = pr->materials[i].index;
        struct material *m = &p->stock.materials[index];
        int64_t need = pr->materials[i].amount * lot->tasks[0].quantity;
        int64_t there_s = take(&supplies[index], m, need);
        if (there_s == TAKT_TIME_NEVER)
            there_s = beyond(p, lot, index, now_s);
        m->reserved_milli += need;
        if (there_s > at_s && there_s > now_s) {
            at_s = there_s;
            lacks = index;
        }
    }
    lot->material_s = at_s;
    lot->material = lacks;
    if (lacks < 0)
        lot->ordered_s = TAKT_TIME_NONE;
    int64_t let_go_s = lacks >= 0 && at_s != TAKT_TIME_NEVER ? at_s : lot->let_go_at_s;
    if (let_go_s != lot->let_go_at_s) {
        lot->let_go_at_s = let_go_s;
        news_lot(p, lot);
    }
}

void material_allocate(struct planner *p, int64_t now_s) {
    size_t count = 0, known = p->plant->material_count;
    if (known == 0)
        return;
    struct lot **lots = takt_alloc(p->lots.live_count * sizeof *lots);
    struct supply *supplies = takt_alloc(known * sizeof *supplies);
    for (size_t i = 0; i < known; i++) {
        supplies[i].left_milli = p->stock.materials[i].on_hand_milli;
        supplies[i].at_s = TAKT_TIME_NONE;
        p->stock.materials[i].reserved_milli = 0;
    }
    for (size_t i = 0; i < p->lots.live_count; i++) {
        struct lot *lot = p->lots.live[i];
        lot->material_s = TAKT_TIME_NONE;
        if (lot_started(lot) || lot->op_count == 0)
            lot->material = -1;
        else if (lot_product(p, lot)->material_count > 0)
            lots[count++] = lot;
    }
    qsort(lots, count, sizeof(struct lot *), by_claim);
    for (size_t i = 0; i < count; i++)
        supply_lot(p, supplies, lots[i], now_s);
    free(lots);
    free(supplies);
}

void material_consume(struct planner *p, const struct lot *lot, int64_t now_s) {
    const struct plant_product *pr = lot_product(p, lot);
    for (size_t i = 0; i < pr->material_count; i++)
        stock_consume(&p->stock, pr->materials[i].index, pr->materials[i].amount * lot->tasks[0].quantity, now_s);
    p->news.stock = p->news.stock || pr->material_count > 0;
}
