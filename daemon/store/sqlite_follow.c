/* SPDX-License-Identifier: Apache-2.0 */

/* What a planner that waits reads, in SQLite: row by row, since here nobody waits but in tests. */

#include "daemon/store/sqlite_statement.h"

#include <stdlib.h>
#include <string.h>

static struct sqlite_store *self(struct tables *t) {
    return (struct sqlite_store *)t;
}

static int publication_add(struct tables *t, const struct publication_row *r) {
    return sqlite_run(self(t), SQL_PUBLICATION_ADD, "uussn", r->publish_no, r->before_no, r->orders, r->lots, (int)r->world);
}

static int publication_trim(struct tables *t, uint64_t up_to) {
    return sqlite_run(self(t), SQL_PUBLICATION_TRIM, "u", up_to);
}

static int publications_page(struct tables *t, uint64_t after, size_t limit, struct arena *arena,
                             struct publication_row *ret, size_t *ret_count) {
    struct sqlite_store *s = self(t);
    sqlite3_stmt *st = sqlite_query(s, SQL_PUBLICATIONS_PAGE, "ui", after, (int64_t)limit);
    int code;
    *ret_count = 0;
    while ((code = sqlite_row(s, st)) == 1)
        ret[(*ret_count)++] = (struct publication_row){.publish_no = (uint64_t)sqlite3_column_int64(st, 0),
                                                       .before_no = (uint64_t)sqlite3_column_int64(st, 1),
                                                       .orders = column_text(st, 2, arena),
                                                       .lots = column_text(st, 3, arena),
                                                       .world = sqlite3_column_int(st, 4) != 0};
    return code;
}

static int orders_named(struct tables *t, const uint64_t *numbers, size_t count, struct arena *arena,
                        struct order_row *ret, size_t *ret_count) {
    *ret_count = 0;
    for (size_t i = 0; i < count; i++) {
        int code = t->ops->order_get(t, numbers[i], arena, &ret[*ret_count]);
        if (code < 0 && code != TAKT_ENOENT)
            return code;
        *ret_count += code == 0;
    }
    return 0;
}

static int slices_named(struct tables *t, const uint64_t *orders, size_t count, struct arena *arena,
                        struct slice_row **ret, size_t *ret_count) {
    struct slice_row *rows = NULL;
    size_t n = 0, room = 0;
    int code = 0;
    for (size_t i = 0; i < count && code == 0; i++) {
        struct slice_row *some;
        size_t some_count;
        code = t->ops->slices_of(t, orders[i], t->scratch, &some, &some_count);
        for (size_t k = 0; code == 0 && k < some_count; k++) {
            ARRAY_GROW(rows, n, room);
            rows[n++] = some[k];
        }
    }
    *ret = arena_memdup(arena, rows, n * sizeof *rows);
    *ret_count = n;
    free(rows);
    return code;
}

static int lots_named(struct tables *t, const uint64_t *numbers, size_t count, struct arena *arena, struct lot_row *ret,
                      size_t *ret_count) {
    struct sqlite_store *s = self(t);
    int code = 0;
    *ret_count = 0;
    for (size_t i = 0; i < count && code == 0; i++) {
        sqlite3_stmt *st = sqlite_query(s, SQL_LOT_GET, "u", numbers[i]);
        while ((code = sqlite_row(s, st)) == 1)
            sqlite_read_lot(st, arena, &ret[(*ret_count)++]);
    }
    return code;
}

static int tasks_named(struct tables *t, const uint64_t *lots, size_t count, struct arena *arena, struct task_row **ret,
                       size_t *ret_count) {
    struct sqlite_store *s = self(t);
    struct task_row *rows = NULL;
    size_t n = 0, room = 0;
    int code = 0;
    for (size_t i = 0; i < count && code == 0; i++) {
        sqlite3_stmt *st = sqlite_query(s, SQL_TASKS_OF, "u", lots[i]);
        while (code == 0 && (code = sqlite_row(s, st)) == 1) {
            ARRAY_GROW(rows, n, room);
            code = sqlite_read_task(s, st, arena, &rows[n++]);
        }
    }
    *ret = arena_memdup(arena, rows, n * sizeof *rows);
    *ret_count = n;
    free(rows);
    return code;
}

void sqlite_follow_ops(struct table_ops *ops) {
    ops->publication_add = publication_add;
    ops->publication_trim = publication_trim;
    ops->publications_page = publications_page;
    ops->orders_named = orders_named;
    ops->slices_named = slices_named;
    ops->lots_named = lots_named;
    ops->tasks_named = tasks_named;
}
