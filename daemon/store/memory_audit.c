/* SPDX-License-Identifier: Apache-2.0 */

/* The audit log and erasures in memory. */

#include "daemon/store/memory_rows.h"

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

void memory_audit_ops(struct table_ops *ops) {
    ops->audit_add = audit_add;
    ops->audit_get = audit_get;
}
