/* SPDX-License-Identifier: Apache-2.0 */

/* What a planner that waits reads, in memory. */

#include "daemon/store/memory_rows.h"

#include <stdlib.h>
#include <string.h>

static struct memory_store *self(struct tables *t) {
    return (struct memory_store *)t;
}

static int publication_add(struct tables *t, const struct publication_row *row) {
    struct memory_store *s = self(t);
    ARRAY_GROW(s->publications.rows, s->publications.count, s->publications.room);
    struct publication_text *mine = &s->publications.rows[s->publications.count++];
    *mine = (struct publication_text){*row, takt_strdup(row->orders), takt_strdup(row->lots)};
    return 0;
}

static int publication_trim(struct tables *t, uint64_t up_to) {
    struct memory_store *s = self(t);
    size_t kept = 0;
    for (size_t i = 0; i < s->publications.count; i++) {
        struct publication_text *mine = &s->publications.rows[i];
        if (mine->row.publish_no > up_to) {
            s->publications.rows[kept++] = *mine;
            continue;
        }
        free(mine->orders);
        free(mine->lots);
    }
    s->publications.count = kept;
    return 0;
}

static int publications_page(struct tables *t, uint64_t after, size_t limit, struct arena *arena,
                             struct publication_row *ret, size_t *ret_count) {
    const struct memory_store *s = self(t);
    *ret_count = 0;
    for (size_t i = 0; i < s->publications.count && *ret_count < limit; i++) {
        const struct publication_text *mine = &s->publications.rows[i];
        if (mine->row.publish_no <= after)
            continue;
        struct publication_row *row = &ret[(*ret_count)++];
        *row = mine->row;
        row->orders = arena_strdup(arena, mine->orders);
        row->lots = arena_strdup(arena, mine->lots);
    }
    return 0;
}

static int orders_named(struct tables *t, const uint64_t *numbers, size_t count, struct arena *arena,
                        struct order_row *ret, size_t *ret_count) {
    *ret_count = 0;
    for (size_t i = 0; i < count; i++)
        *ret_count += t->ops->order_get(t, numbers[i], arena, &ret[*ret_count]) == 0;
    return 0;
}

static int slices_named(struct tables *t, const uint64_t *orders, size_t count, struct arena *arena,
                        struct slice_row **ret, size_t *ret_count) {
    struct memory_store *s = self(t);
    size_t most = 0;
    for (size_t i = 0; i < count; i++)
        most += memory_order(s, orders[i])->slices.count;
    *ret = arena_array(arena, most, sizeof **ret);
    *ret_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct memory_order *o = memory_order(s, orders[i]);
        for (size_t k = 0; k < o->slices.count; k++)
            (*ret)[(*ret_count)++] = o->slices.rows[k];
    }
    return 0;
}

static int lots_named(struct tables *t, const uint64_t *numbers, size_t count, struct arena *arena, struct lot_row *ret,
                      size_t *ret_count) {
    *ret_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct memory_lot *l = memory_lot(self(t), numbers[i]);
        if (l == NULL || l->open_slices <= 0)
            continue;
        struct lot_row *row = &ret[(*ret_count)++];
        *row = l->row;
        row->product = arena_strdup(arena, l->row.product);
        row->like = arena_strdup(arena, l->row.like);
    }
    return 0;
}

static int tasks_named(struct tables *t, const uint64_t *lots, size_t count, struct arena *arena, struct task_row **ret,
                       size_t *ret_count) {
    struct memory_store *s = self(t);
    size_t most = 0;
    for (size_t i = 0; i < count; i++)
        most += memory_lot(s, lots[i])->tasks.count;
    *ret = arena_array(arena, most, sizeof **ret);
    *ret_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct memory_lot *l = memory_lot(s, lots[i]);
        for (size_t k = 0; k < l->tasks.count; k++) {
            struct task_row *row = &(*ret)[(*ret_count)++];
            *row = l->tasks.rows[k];
            row->op_id = arena_strdup(arena, row->op_id);
            row->line = arena_strdup(arena, row->line);
        }
    }
    return 0;
}

void memory_follow_ops(struct table_ops *ops) {
    ops->publication_add = publication_add;
    ops->publication_trim = publication_trim;
    ops->publications_page = publications_page;
    ops->orders_named = orders_named;
    ops->slices_named = slices_named;
    ops->lots_named = lots_named;
    ops->tasks_named = tasks_named;
}
