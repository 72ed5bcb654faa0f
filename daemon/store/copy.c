/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/copy.h"

#include "daemon/store/schema.h"
#include "daemon/store/tables.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

const struct copy_table copy_tables[] = {
    {"state", "plant", 1},
    {"creator", "creator~", 1},
    {"order_key", "creator~, order_ref~", 1},
    {"orders", "no", 1},
    {"body", "no", 1},
    {"change", "seq", 1},
    {"lot", "lot", 1},
    {"slice", "order_no, item, first", 1},
    {"task", "lot, op", 1},
    {"task_plan", "lot, op", 1},
    {"plan", "version", 1},
    {"promise", "order_no, number", 1},
    {"event", "creator~, cursor", 1},
    {"report", "reporter~, report_ref~", 1},
    {"stock", "material~", 1},
    {"receipt", "material~, at_s", 1},
    {"down", "line~, from_s", 1},
    {"setup", "line~", 1},
    {"surplus", "product~, options~", 1},
    {"shipment", "number", 1},
    {"audit", "link", 3},
    {"erasure", "order_no", 3},
    {"publication", "publish_no", 4},
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
        code = copy_tables[i].since > counts.head.schema ? 0 : copy_one(&e, &copy_tables[i], flags, &counts.rows, err);
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
