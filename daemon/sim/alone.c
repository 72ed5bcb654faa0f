/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/sim/alone.h"

#include "base/arena.h"
#include "base/time.h"
#include "config/calendar.h"

#include <stdlib.h>

struct alone {
    const struct plant *plant;
    const struct worktime *worktime;
    int64_t *free_s;   /* by line: when it is done with this order's lots so far */
};

struct leg { /* one operation of one lot */
    int64_t end_s;     /* of its work */
    int64_t first_s;   /* when enough is there for the next one to begin */
    int64_t part_s;    /* what the next one works on after this one's end, at least; 0: no overlap */
    size_t choice;
};

struct alone *alone_new(const struct plant *plant, const struct worktime *worktime) {
    struct alone *a = takt_alloc(sizeof *a);
    *a = (struct alone){.plant = plant, .worktime = worktime};
    a->free_s = takt_alloc(plant->line_count * sizeof *a->free_s + 1);
    return a;
}

void alone_free(struct alone *a) {
    if (a == NULL)
        return;
    free(a->free_s);
    free(a);
}

static int64_t later(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static int64_t part_of(int64_t work_s, int64_t first, int64_t units) {
    return first >= units ? work_s : (work_s * first + units - 1) / units;
}

/* The line that ends the operation first, after `fed`, the leg before it. */
static struct leg run_op(struct alone *a, int32_t product, size_t o, int64_t units, const struct leg *fed) {
    const struct plant_product *makes = &a->plant->products[product];
    const struct plant_op *op = &makes->route[o], *before = o > 0 ? op - 1 : NULL;
    struct leg best = {.end_s = TAKT_TIME_NEVER, .first_s = TAKT_TIME_NEVER};
    for (size_t c = 0; c < op->line_count; c++) {
        const struct hours *hours = worktime_op(a->worktime, product, o, c);
        int64_t work_s = plant_rate_s(&op->lines[c], units);
        int64_t from_s = later(fed->first_s, a->free_s[op->lines[c].line]);
        int64_t start_s = worktime_start_s(a->worktime, hours, from_s, work_s, op->breakable);
        int64_t end_s = start_s == TAKT_TIME_NEVER ? start_s : worktime_passed_s(a->worktime, hours, start_s, work_s);
        if (end_s != TAKT_TIME_NEVER && before != NULL && before->overlap > 0)
            end_s = later(end_s, fed->end_s + part_of(work_s, before->overlap, units));
        if (end_s >= best.end_s)
            continue;
        best = (struct leg){.end_s = end_s, .first_s = end_s + op->rest_s, .choice = c};
        if (op->overlap > 0 && op->overlap < units)
            best.first_s = op->rest_s + worktime_passed_s(a->worktime, hours, start_s, part_of(work_s, op->overlap, units));
    }
    if (best.end_s == TAKT_TIME_NEVER)
        return best;
    a->free_s[op->lines[best.choice].line] = best.end_s;
    best.end_s += op->rest_s;
    return best;
}

/* When the units of an item are made and rested. */
static int64_t make(struct alone *a, int32_t product, int64_t quantity, int64_t from_s) {
    const struct plant_product *makes = &a->plant->products[product];
    int64_t made_s = from_s;
    for (int64_t left = quantity; left > 0; left -= makes->lot_max) {
        int64_t units = left < makes->lot_max ? left : makes->lot_max;
        struct leg leg = {.end_s = from_s, .first_s = from_s};
        for (size_t o = 0; o < makes->op_count && leg.end_s != TAKT_TIME_NEVER; o++)
            leg = run_op(a, product, o, units, &leg);
        made_s = later(made_s, leg.end_s);
    }
    return made_s;
}

static int64_t pack(const struct alone *a, int64_t made_s) {
    int64_t packed_s = TAKT_TIME_NEVER;
    for (size_t k = 0; k < a->plant->packing_count; k++) {
        const struct plant_packing_line *line = &a->plant->packing[k];
        int64_t work_s = (INT64_C(3600000) + line->rate_milli - 1) / line->rate_milli;
        int64_t end_s = worktime_passed_s(a->worktime, worktime_packing(a->worktime, k), made_s, work_s);
        if (end_s < packed_s)
            packed_s = end_s;
    }
    return packed_s;
}

int64_t alone_shipped_s(struct alone *a, const struct order_row *order, int64_t from_s) {
    for (size_t l = 0; l < a->plant->line_count; l++)
        a->free_s[l] = from_s;
    int64_t made_s = from_s;
    for (uint32_t i = 0; i < order->item_count; i++) {
        int32_t product = plant_product_find(a->plant, order->items[i].product);
        made_s = later(made_s, product < 0 ? TAKT_TIME_NEVER : make(a, product, order->items[i].quantity, from_s));
    }
    int64_t packed_s = made_s == TAKT_TIME_NEVER || a->plant->packing_count == 0 ? made_s : pack(a, made_s);
    int32_t service = order->service[0] != '\0' ? plant_service_find(a->plant, order->service) : 0;
    if (packed_s == TAKT_TIME_NEVER || service < 0 || (size_t)service >= a->plant->service_count)
        return packed_s;
    return carrier_cutoff(a->plant, a->plant->services[service].carrier, packed_s);
}
