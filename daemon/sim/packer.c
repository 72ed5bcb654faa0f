/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/sim/packer.h"

#include "base/arena.h"
#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>

struct made { /* an order that waits to be packed */
    uint64_t order;
    int64_t at_s;
};

struct packer {
    bool reports;            /* the plant has a terminal that packs */
    struct made *made;       /* in no order */
    size_t count, room;
    struct made packed;      /* its report is under way; order 0: none is */
    uint64_t number;
    char report_ref[32];
};

struct packer *packer_new(const struct plant *plant) {
    struct packer *p = takt_alloc(sizeof *p);
    for (size_t k = 0; k < plant->terminal_count; k++)
        p->reports |= plant->terminals[k].packs;
    return p;
}

void packer_free(struct packer *p) {
    if (p == NULL)
        return;
    free(p->made);
    free(p);
}

static void follow_order(struct packer *p, const struct order_update *row) {
    size_t k = 0;
    while (k < p->count && p->made[k].order != row->no)
        k++;
    bool waits = row->state == ORDER_MADE && row->planned_packed_s != TAKT_TIME_NONE && p->packed.order != row->no;
    if (waits && k == p->count) {
        ARRAY_GROW(p->made, p->count, p->room);
        p->count++;
    }
    if (waits)
        p->made[k] = (struct made){row->no, row->planned_packed_s};
    else if (k < p->count)
        p->made[k] = p->made[--p->count];
}

void packer_follow(struct packer *p, const struct store_publish *publication) {
    for (size_t k = 0; p->reports && k < publication->order_count; k++)
        follow_order(p, &publication->orders[k]);
}

static size_t first_made(const struct packer *p) {
    size_t first = 0;
    for (size_t k = 1; k < p->count; k++)
        if (p->made[k].at_s < p->made[first].at_s ||
            (p->made[k].at_s == p->made[first].at_s && p->made[k].order < p->made[first].order))
            first = k;
    return first;
}

int64_t packer_next_s(const struct packer *p) {
    if (p->packed.order != 0)
        return p->packed.at_s;
    return p->count > 0 ? p->made[first_made(p)].at_s : TAKT_TIME_NEVER;
}

bool packer_report(struct packer *p, int64_t now_s, struct report *ret) {
    if (p->packed.order == 0) {
        size_t first = first_made(p);
        if (p->count == 0 || p->made[first].at_s > now_s)
            return false;
        p->packed = (struct made){p->made[first].order, now_s};
        p->made[first] = p->made[--p->count];
        snprintf(p->report_ref, sizeof p->report_ref, "packing-%llu", (unsigned long long)++p->number);
    }
    *ret = (struct report){.reporter = "packing",
                           .report_ref = p->report_ref,
                           .event = REPORT_PACKED,
                           .good = -1,
                           .scrap = -1,
                           .at_s = p->packed.at_s,
                           .until_s = TAKT_TIME_NONE,
                           .quantity_milli = -1,
                           .order = p->packed.order,
                           .body = "{}"};
    return true;
}

void packer_answered(struct packer *p) {
    p->packed = (struct made){.order = 0};
}
