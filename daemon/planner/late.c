/* SPDX-License-Identifier: Apache-2.0 */

/* The worst are kept in a heap with the least bad on top, which gives way to a worse one. */

#include "daemon/planner/late.h"

#include "base/arena.h"
#include "daemon/planner/state.h"

#include <stdlib.h>

static bool is_worse(const struct late_view *a, const struct late_view *b) {
    return a->spare_s != b->spare_s ? a->spare_s < b->spare_s : a->order < b->order;
}

static void sink(struct late_view *heap, size_t count, size_t at) {
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && is_worse(&heap[child], &heap[child + 1]))
            child++;
        if (!is_worse(&heap[at], &heap[child]))
            return;
        struct late_view other = heap[at];
        heap[at] = heap[child];
        heap[child] = other;
    }
}

static void keep(struct ask *ask, const struct late_view *late) {
    struct late_view *heap = ask->u.late.ret_orders;
    if (ask->u.late.ret_count < ask->u.late.limit) {
        heap[ask->u.late.ret_count++] = *late;
        for (size_t at = ask->u.late.ret_count; ask->u.late.ret_count == ask->u.late.limit && at-- > 0;)
            sink(heap, ask->u.late.limit, at);
    } else if (is_worse(late, &heap[0])) {
        heap[0] = *late;
        sink(heap, ask->u.late.limit, 0);
    }
}

static int by_spare(const void *a, const void *b) {
    return is_worse(a, b) ? -1 : 1;
}

static bool look_at(const struct order *o, struct late_view *ret) {
    if (o->packed_s == TAKT_TIME_NEVER || o->state == ORDER_PACKED)
        return false;
    int64_t by_s = o->ship_by_s != TAKT_TIME_NONE ? o->ship_by_s : o->wish_s;
    *ret = (struct late_view){o->no, o->packed_s, o->ship_by_s, o->wish_s, by_s - o->packed_s};
    return ret->spare_s < LATE_SPARE_S || o->late_wish;
}

void late_answer(const struct planner *p, struct ask *ask) {
    const struct table *orders = &p->book.by_no;
    int64_t flow_s = 0, known = 0;
    ask->u.late.ret_orders = arena_array(ask->arena, ask->u.late.limit, sizeof *ask->u.late.ret_orders);
    for (size_t i = 0; orders->slots != NULL && ask->u.late.limit > 0 && i <= orders->mask; i++) {
        struct late_view late;
        const struct order *o = orders->slots[i];
        if (o == NULL)
            continue;
        if (o->packed_s != TAKT_TIME_NEVER) {
            flow_s += o->packed_s - o->accepted_at_s;
            known++;
        }
        if (!look_at(o, &late))
            continue;
        ask->u.late.ret_endangered += late.spare_s >= 0 && late.spare_s < LATE_SPARE_S;
        keep(ask, &late);
    }
    ask->u.late.ret_flow_s = known > 0 ? flow_s / known : -1;
    if (ask->u.late.ret_count > 0)
        qsort(ask->u.late.ret_orders, ask->u.late.ret_count, sizeof *ask->u.late.ret_orders, by_spare);
}
