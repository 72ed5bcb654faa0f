/* SPDX-License-Identifier: Apache-2.0 */

/* The store in memory: for the simulation and for tests. Nothing survives its closing.
 *
 * An operation checks before it writes (operation.h) and writes here cannot fail, so a request is all or nothing
 * without anything to roll back. */

#include "daemon/store/backend.h"
#include "daemon/store/memory_rows.h"
#include "daemon/store/operation.h"

#include <stdlib.h>
#include <string.h>

struct memory_order *memory_order(struct memory_store *s, uint64_t no) {
    return no < s->orders.count ? s->orders.rows[no] : NULL;
}

struct memory_lot *memory_lot(struct memory_store *s, uint64_t lot) {
    return lot < s->lots.count ? s->lots.rows[lot] : NULL;
}

const char *memory_text(struct memory_store *s, const char *text) {
    return text == NULL || text[0] == '\0' ? "" : arena_strdup(s->arena, text);
}

const char *memory_word(struct memory_store *s, const char *text) {
    struct memory_text *known;
    if (text == NULL || text[0] == '\0')
        return "";
    HASH_FIND_STR(s->texts, text, known);
    if (known == NULL) {
        known = arena_alloc(s->arena, sizeof *known);
        known->text = arena_strdup(s->arena, text);
        HASH_ADD_KEYPTR(hh, s->texts, known->text, strlen(known->text), known);
    }
    return known->text;
}

size_t memory_place(const void *rows, size_t count, size_t size, const void *key,
                    int (*compare)(const void *a, const void *b)) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare((const char *)rows + middle * size, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void free_rows(struct memory_store *s) {
    for (size_t i = 0; i < s->orders.count; i++) {
        struct memory_order *o = s->orders.rows[i];
        if (o == NULL)
            continue;
        free(o->slices.rows);
        free(o->promises.rows);
        free(o->events.rows);
    }
    for (size_t i = 0; i < s->lots.count; i++)
        if (s->lots.rows[i] != NULL)
            free(s->lots.rows[i]->tasks.rows);
    for (struct memory_creator *c = s->creators; c != NULL; c = c->hh.next)
        free(c->events.rows);
    for (size_t i = 0; i < s->publications.count; i++) {
        free(s->publications.rows[i].orders);
        free(s->publications.rows[i].lots);
    }
    void *const arrays[] = {s->orders.rows,   s->lots.rows,  s->changes.rows, s->shipments.rows, s->stock.rows,
                            s->receipts.rows, s->downs.rows, s->setups.rows,  s->surplus.rows,
                            s->processes.rows, s->links.rows, s->erasures.rows, s->publications.rows};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        free(arrays[i]);
}

static void close_store(void *self) {
    struct memory_store *s = self;
    free_rows(s);
    HASH_CLEAR(hh, s->texts);
    HASH_CLEAR(hh, s->orders_by_ref);
    HASH_CLEAR(hh, s->reports);
    HASH_CLEAR(hh, s->creators);
    arena_free(s->arena);
    tables_done(&s->tables);
    free(s);
}

static uint64_t bytes(struct tables *t) {
    (void)t; /* none on disk */
    return 0;
}

static int open_store(const struct store_config *config, void **ret, struct takt_error *err) {
    if (!config->create)
        return takt_fail(err, TAKT_ENOENT, "a store in memory is not there before it is made");
    struct memory_store *s = takt_alloc(sizeof *s);
    memory_order_ops(&s->ops);
    memory_plan_ops(&s->ops);
    memory_world_ops(&s->ops);
    memory_audit_ops(&s->ops);
    memory_follow_ops(&s->ops);
    s->ops.bytes = bytes;
    tables_init(&s->tables, &s->ops);
    s->arena = arena_new();
    *ret = s;
    return 0;
}

static void run(void *self, struct store_request *chain) {
    struct memory_store *s = self;
    audit_begin(&s->tables);
    for (struct store_request *r = chain; r != NULL; r = r->next)
        r->code = operation_run(&s->tables, r);
    audit_end(&s->tables);
}

static const char *trouble(const void *self) {
    (void)self;
    return "";
}

const struct store_backend store_memory = {
    .scheme = "memory:", .open = open_store, .close = close_store, .run = run, .trouble = trouble};
