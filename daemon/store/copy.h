/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A whole store, row by row, from one place to another: an SQLite file, a PostgreSQL database, or a file of lines (a
 * dump).
 *
 * A source gives one moment of the store, also while a daemon works on it. A sink takes all or nothing: what was put is
 * there when `finish` has returned 0, and not at all if it is closed before. Columns are matched by their names, so
 * that what an older schema lacks takes its default; a plan of before schema 6 becomes rows of lots, but in a dump.
 *
 * A dump: lines of JSON, compressed where the name of the file ends in `.gz`. The first says what it is, then come for
 * each table one with its columns and one for each row (bytes as a list of one text, in hexadecimal), and at last one
 * that counts the rows, without which it is not whole. It holds personal data: only its owner may read it.
 *
 * Threads: one owner. Ownership: values belong to the source until the next row. Errors: in err: TAKT_ENOENT,
 * TAKT_EEXIST (a sink that is not empty), TAKT_EBUSY (a daemon works on the sink), TAKT_EDATA (no dump, not whole, of a
 * newer takt), TAKT_ESTORE, TAKT_EFULL. */

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COPY_COLUMNS_MAX = 48, COPY_NAME_SIZE = 32, COPY_PLANT_SIZE = 65 };

enum copy_kind { COPY_NULL, COPY_INTEGER, COPY_TEXT, COPY_BYTES };

struct copy_value {
    enum copy_kind kind;
    int64_t integer;
    const char *bytes; /* of a text or bytes; a text ends in a NUL as well */
    size_t length;
};

struct copy_columns {
    char names[COPY_COLUMNS_MAX][COPY_NAME_SIZE]; /* without `plant` */
    size_t count;
};

struct copy_head {
    int64_t schema;
    char plant[COPY_PLANT_SIZE];
    int64_t change, cursor;       /* the last ones */
    int64_t earliest_s, latest_s; /* of bodies and events; latest below earliest: there are none */
};

struct copy_table {
    const char *name;
    const char *order; /* its key; `~` after a column that is a text */
    int64_t since;     /* the schema that brought it: older stores have no rows of it */
    int64_t until;     /* the last one that has it; 0: it is still there */
};

/* Every table but those that are about the database itself. The first is `state`, one row. */
extern const struct copy_table copy_tables[];
extern const size_t copy_table_count;
bool copy_table_in(const struct copy_table *table, int64_t schema);

/* plant: "" is the only one there is. */
struct copy_source_kind {
    const char *scheme;
    int (*open)(const char *url, const char *plant, void **ret, struct copy_head *ret_head, struct takt_error *err);
    int (*table)(void *self, const struct copy_table *table, struct copy_columns *ret, struct takt_error *err);
    int (*row)(void *self, struct copy_value *ret, struct takt_error *err); /* 1: filled; 0: that was the last */
    /* The one number of a query in which :plant stands for the plant; NULL: cannot. */
    int (*number)(void *self, const char *sql, int64_t *ret, struct takt_error *err);
    /* TAKT_EBUSY: a daemon works on it. Where that can be, keeps daemons out until it is closed. NULL: there are none.
     */
    int (*alone)(void *self, struct takt_error *err);
    void (*close)(void *self);
};

/* replace: what is there goes. */
struct copy_sink_kind {
    const char *scheme;
    int (*open)(const char *url, const struct copy_head *head, bool replace, void **ret, struct takt_error *err);
    int (*table)(void *self, const struct copy_table *table, const struct copy_columns *columns,
                 struct takt_error *err);
    int (*row)(void *self, const struct copy_value *values, struct takt_error *err);
    int (*finish)(void *self, struct takt_error *err);
    void (*close)(void *self); /* NULL is fine */
};

extern const struct copy_source_kind copy_from_sqlite, copy_from_postgres, copy_from_file;
extern const struct copy_sink_kind copy_to_sqlite, copy_to_postgres, copy_to_file;

/* By the scheme of the URL; what has none is a dump's file. */
const struct copy_source_kind *copy_source_of(const char *url);
const struct copy_sink_kind *copy_sink_of(const char *url);

enum copy_flags {
    COPY_REPLACE = 1,     /* what is in the sink goes */
    COPY_NEW_NUMBERS = 2, /* numbers that this copy does not know may have been given: go on STORE_GAP further */
    COPY_ALONE = 4        /* only where no daemon works on the source: nothing is to be left behind */
};

struct copy_counts {
    struct copy_head head;
    uint64_t rows;
};

int copy_store(const char *from, const char *plant, const char *to, unsigned flags, struct copy_counts *ret,
               struct takt_error *err);

/* ---- for the kinds ---- */

/* "a, b COLLATE …, c" of a table's key. */
void copy_order_text(const struct copy_table *table, const char *collate, char *buffer, size_t size);

/* A sink's refusal to write over what is there. */
int copy_not_empty(const struct copy_head *head, const char *where, int64_t change, struct takt_error *err);
