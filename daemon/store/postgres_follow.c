/* SPDX-License-Identifier: Apache-2.0 */

/* What a planner that waits reads, in PostgreSQL: rows by their numbers, some thousand in one statement. */

#include "daemon/store/postgres_statement.h"

#include <stdlib.h>

static struct postgres_store *self(struct tables *t) {
    return (struct postgres_store *)t;
}

static int publication_add(struct tables *t, const struct publication_row *r) {
    return pg_run(self(t), PG_PUBLICATION_ADD, r->publish_no, r->before_no, r->orders, r->lots, (int)r->world);
}

static int publication_trim(struct tables *t, uint64_t up_to) {
    return pg_run(self(t), PG_PUBLICATION_TRIM, up_to);
}

static int publications_page(struct tables *t, uint64_t after, size_t limit, struct arena *arena,
                             struct publication_row *ret, size_t *ret_count) {
    PGresult *r = pg_query(self(t), PG_PUBLICATIONS_PAGE, after, (int64_t)limit);
    *ret_count = 0;
    for (int i = 0; r != NULL && i < PQntuples(r); i++)
        ret[(*ret_count)++] = (struct publication_row){.publish_no = (uint64_t)pg_int(r, i, 0),
                                                       .before_no = (uint64_t)pg_int(r, i, 1),
                                                       .orders = pg_text(r, i, 2, arena),
                                                       .lots = pg_text(r, i, 3, arena),
                                                       .world = pg_int(r, i, 4) != 0};
    PQclear(r);
    return self(t)->failed;
}

/* Asks for the next numbers, as many as go into one statement; NULL: there are no more, or it failed. It only reads, whatever
 * pg_put thinks of it. */
static PGresult *ask(struct postgres_store *s, enum pg_statement id, const uint64_t *numbers, size_t count, size_t *from) {
    bool wrote = s->wrote;
    for (int n = 0; *from < count && n < BATCH_ROWS_MAX - 1 && s->failed == 0; n++) /* pg_put would send a full one, and not read */
        pg_put(s, id, numbers[(*from)++]);
    s->wrote = wrote;
    return pg_ask(s, id);
}

static int orders_named(struct tables *t, const uint64_t *numbers, size_t count, struct arena *arena,
                        struct order_row *ret, size_t *ret_count) {
    size_t from = 0;
    *ret_count = 0;
    for (PGresult *r; (r = ask(self(t), PG_ORDERS_NAMED, numbers, count, &from)) != NULL; PQclear(r))
        for (int i = 0; i < PQntuples(r); i++)
            pg_read_order(self(t), r, i, arena, &ret[(*ret_count)++]);
    return self(t)->failed;
}

static int slices_named(struct tables *t, const uint64_t *orders, size_t count, struct arena *arena,
                        struct slice_row **ret, size_t *ret_count) {
    struct slice_row *rows = NULL;
    size_t from = 0, n = 0, room = 0;
    for (PGresult *r; (r = ask(self(t), PG_SLICES_OF_ALL, orders, count, &from)) != NULL; PQclear(r))
        for (int i = 0; i < PQntuples(r); i++) {
            ARRAY_GROW(rows, n, room);
            pg_read_slice(r, i, &rows[n++]);
        }
    *ret = arena_memdup(arena, rows, n * sizeof *rows);
    *ret_count = n;
    free(rows);
    return self(t)->failed;
}

static int lots_named(struct tables *t, const uint64_t *numbers, size_t count, struct arena *arena, struct lot_row *ret,
                      size_t *ret_count) {
    size_t from = 0;
    *ret_count = 0;
    for (PGresult *r; (r = ask(self(t), PG_LOTS_NAMED, numbers, count, &from)) != NULL; PQclear(r))
        for (int i = 0; i < PQntuples(r); i++)
            pg_read_lot(r, i, arena, &ret[(*ret_count)++]);
    return self(t)->failed;
}

static int tasks_named(struct tables *t, const uint64_t *lots, size_t count, struct arena *arena, struct task_row **ret,
                       size_t *ret_count) {
    struct task_row *rows = NULL;
    size_t from = 0, n = 0, room = 0;
    for (PGresult *r; (r = ask(self(t), PG_TASKS_NAMED, lots, count, &from)) != NULL; PQclear(r))
        for (int i = 0; i < PQntuples(r); i++) {
            ARRAY_GROW(rows, n, room);
            pg_read_task(self(t), r, i, arena, &rows[n++]);
        }
    *ret = arena_memdup(arena, rows, n * sizeof *rows);
    *ret_count = n;
    free(rows);
    return self(t)->failed;
}

void postgres_follow_ops(struct table_ops *ops) {
    ops->publication_add = publication_add;
    ops->publication_trim = publication_trim;
    ops->publications_page = publications_page;
    ops->orders_named = orders_named;
    ops->slices_named = slices_named;
    ops->lots_named = lots_named;
    ops->tasks_named = tasks_named;
}
