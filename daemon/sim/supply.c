/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/sim/supply.h"

#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>

struct delivery {
    int32_t material;
    int64_t at_s, quantity_milli;
    bool expected;            /* by the plant's file: the planner knows of it */
};

struct supply {
    const struct plant *plant;
    struct delivery *due;     /* in no order */
    size_t count, room;
    struct delivery reported; /* its report is under way; material -1: none is */
    bool buys;
    int64_t look_s;           /* the next look */
    uint64_t number;
    char report_ref[32];
};

static void expect(struct supply *s, struct delivery d) {
    ARRAY_GROW(s->due, s->count, s->room);
    s->due[s->count++] = d;
}

struct supply *supply_new(const struct plant *plant, int64_t origin_s) {
    struct supply *s = takt_alloc(sizeof *s);
    *s = (struct supply){.plant = plant, .look_s = origin_s, .reported = {.material = -1}};
    for (size_t m = 0; m < plant->material_count; m++) {
        const struct plant_material *material = &plant->materials[m];
        s->buys |= material->lead_time_s >= 0;
        for (size_t k = 0; k < material->receipt_count; k++)
            expect(s, (struct delivery){(int32_t)m, material->receipts[k].at_s, material->receipts[k].quantity_milli, true});
    }
    return s;
}

void supply_free(struct supply *s) {
    if (s == NULL)
        return;
    free(s->due);
    free(s);
}

int64_t supply_next_s(const struct supply *s) {
    int64_t next_s = s->reported.material >= 0 ? s->reported.at_s : TAKT_TIME_NEVER;
    for (size_t k = 0; k < s->count; k++)
        if (s->due[k].at_s < next_s)
            next_s = s->due[k].at_s;
    return next_s;
}

/* The first that is there goes from due to reported. */
static bool arrives(struct supply *s, int64_t now_s) {
    size_t first = 0;
    for (size_t k = 1; k < s->count; k++)
        if (s->due[k].at_s < s->due[first].at_s)
            first = k;
    if (s->count == 0 || s->due[first].at_s > now_s)
        return false;
    s->reported = s->due[first];
    s->due[first] = s->due[--s->count];
    snprintf(s->report_ref, sizeof s->report_ref, "goods-in-%llu", (unsigned long long)++s->number);
    return true;
}

bool supply_report(struct supply *s, int64_t now_s, struct report *ret) {
    if (s->reported.material < 0 && !arrives(s, now_s))
        return false;
    *ret = (struct report){.reporter = "goods-in",
                           .report_ref = s->report_ref,
                           .event = REPORT_RECEIPT,
                           .good = -1,
                           .scrap = -1,
                           .at_s = s->reported.at_s,
                           .until_s = TAKT_TIME_NONE,
                           .material = s->plant->materials[s->reported.material].id,
                           .quantity_milli = s->reported.quantity_milli,
                           .body = "{}"};
    return true;
}

void supply_answered(struct supply *s) {
    s->reported.material = -1;
}

bool supply_wants_look(const struct supply *s, int64_t now_s) {
    return s->buys && now_s >= s->look_s;
}

static int64_t bought(const struct supply *s, int32_t material) {
    int64_t sum = s->reported.material == material && !s->reported.expected ? s->reported.quantity_milli : 0;
    for (size_t k = 0; k < s->count; k++)
        if (s->due[k].material == material && !s->due[k].expected)
            sum += s->due[k].quantity_milli;
    return sum;
}

void supply_look(struct supply *s, int64_t now_s, const struct stock_view *views, size_t count) {
    s->look_s = now_s + SUPPLY_LOOK_S;
    for (size_t v = 0; v < count; v++) {
        int32_t m = plant_material_find(s->plant, views[v].material);
        if (m < 0 || s->plant->materials[m].lead_time_s < 0)
            continue;
        int64_t short_milli = views[v].reserved_milli - views[v].on_hand_milli - bought(s, m);
        for (size_t k = 0; k < views[v].receipt_count; k++)
            short_milli -= views[v].receipts[k].quantity_milli;
        if (short_milli > 0)
            expect(s, (struct delivery){m, now_s + s->plant->materials[m].lead_time_s, short_milli, false});
    }
}
