/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/tables.h"

#include <stdlib.h>
#include <string.h>

void tables_init(struct tables *t, const struct table_ops *ops) {
    memset(t, 0, sizeof *t);
    t->ops = ops;
    t->audit = audit_new();
    t->scratch = arena_new();
}

void tables_forget(struct tables *t) {
    struct creator_count *c, *next;
    HASH_ITER(hh, t->creators, c, next) {
        HASH_DEL(t->creators, c);
        free(c->creator);
        free(c);
    }
    memset(&t->state, 0, sizeof t->state);
}

void tables_done(struct tables *t) {
    tables_forget(t);
    arena_free(t->scratch);
    audit_free(t->audit);
    t->scratch = NULL;
}

struct creator_count *tables_creator(struct tables *t, const char *creator) {
    struct creator_count *c;
    HASH_FIND_STR(t->creators, creator, c);
    if (c == NULL) {
        c = takt_alloc(sizeof *c);
        c->creator = takt_strdup(creator);
        HASH_ADD_KEYPTR(hh, t->creators, c->creator, strlen(c->creator), c);
    }
    return c;
}

bool order_state_open(enum order_state state) {
    return state != ORDER_SHIPPED && state != ORDER_CANCELLED;
}

int64_t creator_open(const struct creator_count *creator) {
    int64_t open = 0;
    for (int s = 0; s < ORDER_STATE_COUNT; s++)
        open += order_state_open(s) ? creator->orders[s] : 0;
    return open;
}

void creator_move(struct creator_count *creator, enum order_state from, enum order_state to) {
    if (from == to)
        return;
    creator->orders[from]--;
    creator->orders[to]++;
    creator->changed = true;
}
