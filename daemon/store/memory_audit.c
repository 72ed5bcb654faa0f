/* SPDX-License-Identifier: Apache-2.0 */

/* The audit log and erasures in memory. */

#include "daemon/store/memory_rows.h"

#include <string.h>

static struct memory_store *self(struct tables *t) {
    return (struct memory_store *)t;
}

static int audit_add(struct tables *t, const struct audit_link *link) {
    struct memory_store *s = self(t);
    ARRAY_GROW(s->links.rows, s->links.count, s->links.room);
    struct audit_link *mine = &s->links.rows[s->links.count++];
    *mine = *link;
    mine->detail = memory_text(s, link->detail);
    return 0;
}

static int audit_get(struct tables *t, uint64_t link, struct arena *arena, struct audit_link *ret) {
    const struct memory_store *s = self(t);
    if (link == 0 || link > s->links.count)
        return TAKT_ENOENT;
    *ret = s->links.rows[link - 1];
    ret->detail = arena_strdup(arena, ret->detail);
    return 0;
}

/* ---- erasures ---- */

static int compare_erasure(const void *a, const void *b) {
    const struct erasure_row *x = a, *y = b;
    return (x->order > y->order) - (x->order < y->order);
}

static size_t erasure_place(const struct memory_store *s, uint64_t order) {
    const struct erasure_row key = {.order = order};
    return memory_place(s->erasures.rows, s->erasures.count, sizeof key, &key, compare_erasure);
}

static int erasure_put(struct tables *t, const struct erasure_row *row) {
    struct memory_store *s = self(t);
    size_t at = erasure_place(s, row->order);
    if (at == s->erasures.count || s->erasures.rows[at].order != row->order) {
        ARRAY_GROW(s->erasures.rows, s->erasures.count, s->erasures.room);
        memmove(s->erasures.rows + at + 1, s->erasures.rows + at, (s->erasures.count++ - at) * sizeof *row);
    }
    s->erasures.rows[at] = *row;
    s->erasures.rows[at].order_ref = "";
    return 0;
}

static int erasure_get(struct tables *t, uint64_t order, struct erasure_row *ret) {
    const struct memory_store *s = self(t);
    size_t at = erasure_place(s, order);
    if (at == s->erasures.count || s->erasures.rows[at].order != order)
        return TAKT_ENOENT;
    *ret = s->erasures.rows[at];
    return 0;
}

static int erasures_page(struct tables *t, uint64_t after, size_t limit, struct erasure_row *ret, size_t *ret_count) {
    const struct memory_store *s = self(t);
    *ret_count = 0;
    for (size_t at = erasure_place(s, after + 1); at < s->erasures.count && *ret_count < limit; at++)
        ret[(*ret_count)++] = s->erasures.rows[at];
    return 0;
}

/* What lies in the arena stays there until the store is closed; nobody finds it any more. */
static int order_erase(struct tables *t, const struct order_row *row, uint64_t shipment) {
    struct memory_store *s = self(t);
    struct memory_order *o = memory_order(s, row->no);
    o->body = NULL;
    o->row.recipient_key = 0;
    for (size_t i = 0; i < o->events.count; i++)
        o->events.rows[i]->tracking = "";
    for (size_t i = 0; i < s->shipments.count; i++) {
        struct shipment_row *mine = &s->shipments.rows[i];
        if (mine->parcel.number != shipment)
            continue;
        mine->tracking = mine->reason = "";
        mine->parcel.recipient_key = 0;
    }
    return 0;
}

void memory_audit_ops(struct table_ops *ops) {
    ops->audit_add = audit_add;
    ops->audit_get = audit_get;
    ops->erasure_put = erasure_put;
    ops->erasure_get = erasure_get;
    ops->erasures_page = erasures_page;
    ops->order_erase = order_erase;
}
