/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/copy.h"

#include "daemon/store/places.h"
#include "daemon/store/schema.h"
#include "daemon/store/tables.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TASK_PLAN = 9, LOT_PLAN = 10 };

const struct copy_table copy_tables[] = {
    {"state", "plant", 1, 0},
    {"creator", "creator~", 1, 0},
    {"order_key", "creator~, order_ref~", 1, 0},
    {"orders", "no", 1, 0},
    {"body", "no", 1, 0},
    {"change", "seq", 1, 0},
    {"lot", "lot", 1, 0},
    {"slice", "order_no, item, first", 1, 0},
    {"task", "lot, op", 1, 0},
    [TASK_PLAN] = {"task_plan", "lot, op", 1, 5},
    [LOT_PLAN] = {"lot_plan", "lot", 6, 0},
    {"plan", "version", 1, 0},
    {"promise", "order_no, number", 1, 0},
    {"event", "creator~, cursor", 1, 0},
    {"report", "reporter~, report_ref~", 1, 0},
    {"stock", "material~", 1, 0},
    {"receipt", "material~, at_s", 1, 0},
    {"down", "line~, from_s", 1, 0},
    {"setup", "line~", 1, 0},
    {"surplus", "product~, options~", 1, 0},
    {"shipment", "number", 1, 0},
    {"audit", "link", 3, 0},
    {"erasure", "order_no", 3, 0},
    {"publication", "publish_no", 4, 0},
};
const size_t copy_table_count = sizeof copy_tables / sizeof copy_tables[0];

static const struct copy_source_kind *const sources[] = {&copy_from_sqlite, &copy_from_postgres, &copy_from_file};
static const struct copy_sink_kind *const sinks[] = {&copy_to_sqlite, &copy_to_postgres, &copy_to_file};

static bool has_scheme(const char *url, const char *scheme) {
    return strncmp(url, scheme, strlen(scheme)) == 0;
}

/* The last of each has an empty scheme. */
const struct copy_source_kind *copy_source_of(const char *url) {
    size_t i = 0;
    while (!has_scheme(url, sources[i]->scheme))
        i++;
    return sources[i];
}

const struct copy_sink_kind *copy_sink_of(const char *url) {
    size_t i = 0;
    while (!has_scheme(url, sinks[i]->scheme))
        i++;
    return sinks[i];
}

bool copy_table_in(const struct copy_table *table, int64_t schema) {
    return table->since <= schema && (table->until == 0 || table->until >= schema);
}

void copy_order_text(const struct copy_table *table, const char *collate, char *buffer, size_t size) {
    size_t used = 0;
    for (const char *at = table->order; *at != '\0' && used + 1 < size; at++)
        if (*at == '~')
            used += (size_t)snprintf(buffer + used, size - used, "%s", collate);
        else
            buffer[used++] = *at;
    buffer[used < size ? used : size - 1] = '\0';
}

int copy_not_empty(const struct copy_head *head, const char *where, int64_t change, struct takt_error *err) {
    if (change > head->change)
        return takt_fail(err, TAKT_EEXIST,
                         "%s is newer: it ends with change %lld, this copy with %lld; --force throws that away", where,
                         (long long)change, (long long)head->change);
    return takt_fail(err, TAKT_EEXIST, "%s is not empty; --force throws away what is there", where);
}

/* ---- numbers ---- */

/* What counts in `state`, so that nobody is ever told a number twice that meant something else before. */
static bool is_number(const char *column) {
    static const char *const names[] = {"epoch",   "publish_no", "plan_version", "change",       "cursor",
                                        "promise", "last_order", "last_lot",     "last_shipment"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(column, names[i]) == 0)
            return true;
    return false;
}

static struct copy_value *find_column(const struct copy_columns *columns, struct copy_value *values, const char *name) {
    for (size_t i = 0; i < columns->count; i++)
        if (strcmp(columns->names[i], name) == 0 && values[i].kind == COPY_INTEGER)
            return &values[i];
    return NULL;
}

/* A generation of its own, which knows what it is a copy of: STORE_ADOPT in store.h. A store of before generations has no
 * such columns. */
static void begin_generation(const struct copy_columns *columns, struct copy_value *values, bool forced) {
    struct copy_value *generation = find_column(columns, values, "generation");
    struct copy_value *parent = find_column(columns, values, "parent"), *parted = find_column(columns, values, "parted");
    const struct copy_value *change = find_column(columns, values, "change");
    struct copy_value *taken = find_column(columns, values, "taken");
    if (generation == NULL || parent == NULL || parted == NULL || change == NULL || taken == NULL)
        return;
    int64_t fresh = 0;
    randombytes_buf(&fresh, sizeof fresh);
    parent->integer = generation->integer;
    parted->integer = change->integer;
    generation->integer = (fresh & INT64_MAX) | 1;
    taken->integer = forced ? TAKEN_FORCED : 0;
}

static void renumber(const struct copy_columns *columns, struct copy_value *values, bool forced) {
    begin_generation(columns, values, forced);
    for (size_t i = 0; i < columns->count; i++)
        if (is_number(columns->names[i]) && values[i].kind == COPY_INTEGER)
            values[i].integer += STORE_GAP;
}

/* ---- the copy ---- */

struct ends {
    const struct copy_source_kind *source;
    const struct copy_sink_kind *sink;
    void *from, *to;
};

static int copy_one(const struct ends *e, const struct copy_table *table, unsigned flags, uint64_t *rows,
                    struct takt_error *err) {
    struct copy_columns columns = {.count = 0};
    struct copy_value values[COPY_COLUMNS_MAX];
    int code = e->source->table(e->from, table, &columns, err);
    if (code == 0)
        code = e->sink->table(e->to, table, &columns, err);
    while (code == 0 && (code = e->source->row(e->from, values, err)) == 1) {
        if (table == &copy_tables[0] && (flags & COPY_NEW_NUMBERS) != 0)
            renumber(&columns, values, (flags & COPY_REPLACE) != 0);
        code = e->sink->row(e->to, values, err);
        ++*rows;
    }
    return code;
}

/* ---- a plan of before schema 6, a row for each task ---- */

struct task_plan {
    struct task_row *rows; /* of one lot, by op */
    size_t count, room;
    struct arena *arena;
    size_t lot, op, line, start_s, end_s; /* which column is which */
};

static bool find_place_columns(const struct copy_columns *columns, struct task_plan *ret) {
    const struct {
        const char *name;
        size_t *place;
    } wanted[] = {{"lot", &ret->lot},
                  {"op", &ret->op},
                  {"line", &ret->line},
                  {"start_s", &ret->start_s},
                  {"end_s", &ret->end_s}};
    size_t found = 0;
    for (size_t w = 0; w < sizeof wanted / sizeof wanted[0]; w++)
        for (size_t i = 0; i < columns->count; i++)
            if (strcmp(columns->names[i], wanted[w].name) == 0) {
                *wanted[w].place = i;
                found++;
            }
    return found == sizeof wanted / sizeof wanted[0];
}

static int add_place(struct task_plan *p, const struct copy_value *v, struct takt_error *err) {
    if (v[p->lot].kind != COPY_INTEGER || v[p->op].kind != COPY_INTEGER || v[p->line].kind != COPY_TEXT ||
        !places_line_fits(v[p->line].bytes))
        return takt_fail(err, TAKT_EDATA, "a plan with a row that is none");
    ARRAY_GROW(p->rows, p->count, p->room);
    struct task_row *row = &p->rows[p->count++];
    *row = (struct task_row){.lot = (uint32_t)v[p->lot].integer,
                             .op = (uint32_t)v[p->op].integer,
                             .line = arena_strndup(p->arena, v[p->line].bytes, v[p->line].length),
                             .start_s = v[p->start_s].kind == COPY_NULL ? TAKT_TIME_NONE : v[p->start_s].integer,
                             .end_s = v[p->end_s].kind == COPY_NULL ? TAKT_TIME_NONE : v[p->end_s].integer};
    return 0;
}

static int put_places(const struct ends *e, struct task_plan *p, uint64_t *rows, struct takt_error *err) {
    if (p->count == 0)
        return 0;
    const struct task_row **sorted = arena_array(p->arena, p->count, sizeof *sorted);
    for (size_t i = 0; i < p->count; i++)
        sorted[i] = &p->rows[i];
    const char *places = places_apply("", sorted, p->count, p->arena);
    const struct copy_value values[] = {
        {.kind = COPY_INTEGER, .integer = p->rows[0].lot},
        {.kind = COPY_TEXT, .bytes = places, .length = strlen(places)},
    };
    int code = e->sink->row(e->to, values, err);
    ++*rows;
    p->count = 0;
    arena_clear(p->arena);
    return code;
}

static int copy_task_plan(const struct ends *e, const struct copy_table *table, uint64_t *rows,
                          struct takt_error *err) {
    static const struct copy_columns into = {.names = {"lot", "places"}, .count = 2};
    struct task_plan p = {.arena = arena_new()};
    struct copy_columns columns = {.count = 0};
    struct copy_value values[COPY_COLUMNS_MAX];
    int code = e->source->table(e->from, table, &columns, err);
    if (code == 0 && columns.count > 0 && !find_place_columns(&columns, &p))
        code = takt_fail(err, TAKT_EDATA, "a plan without lot, op, line, start_s or end_s");
    if (code == 0)
        code = e->sink->table(e->to, &copy_tables[LOT_PLAN], &into, err);
    while (code == 0 && (code = e->source->row(e->from, values, err)) == 1) {
        code = p.count > 0 && p.rows[0].lot != (uint32_t)values[p.lot].integer ? put_places(e, &p, rows, err) : 0;
        if (code == 0)
            code = add_place(&p, values, err);
    }
    if (code == 0)
        code = put_places(e, &p, rows, err);
    free(p.rows);
    arena_free(p.arena);
    return code;
}

/* ---- all of it ---- */

/* A dump keeps the schema of what was dumped, so that the takt of then can read it. */
static int copy_any(const struct ends *e, const struct copy_table *table, unsigned flags, uint64_t *rows,
                    struct takt_error *err) {
    if (table == &copy_tables[TASK_PLAN] && e->sink != &copy_to_file)
        return copy_task_plan(e, table, rows, err);
    return copy_one(e, table, flags, rows, err);
}

int copy_store(const char *from, const char *plant, const char *to, unsigned flags, struct copy_counts *ret,
               struct takt_error *err) {
    struct ends e = {.source = copy_source_of(from), .sink = copy_sink_of(to)};
    struct copy_counts counts = {.rows = 0};
    int code = e.source->open(from, plant, &e.from, &counts.head, err);
    if (code < 0)
        return code;
    e.to = NULL;
    if (counts.head.schema > SCHEMA_VERSION)
        code = takt_fail(err, TAKT_EDATA, "'%s' is of a newer takt: its schema is %lld, this takt knows %d", from,
                         (long long)counts.head.schema, SCHEMA_VERSION);
    bool alone = (flags & COPY_ALONE) != 0 && e.source->alone != NULL;
    if (code == 0 && alone)
        code = e.source->alone(e.from, err);
    if (code == 0)
        code = e.sink->open(to, &counts.head, (flags & COPY_REPLACE) != 0, &e.to, err);
    for (size_t i = 0; i < copy_table_count && code == 0; i++)
        if (copy_table_in(&copy_tables[i], counts.head.schema))
            code = copy_any(&e, &copy_tables[i], flags, &counts.rows, err);
    if (code == 0 && alone)
        code = e.source->alone(e.from, err);
    if (code == 0)
        code = e.sink->finish(e.to, err);
    e.sink->close(e.to);
    e.source->close(e.from);
    if (code == 0)
        *ret = counts;
    return code;
}
