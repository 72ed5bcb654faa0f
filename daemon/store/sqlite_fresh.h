/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* New orders of a group that wait to be written: to SQLite they are the rows of a table, `fresh`, so one statement copies
 * all of them into a table of the store, without a parameter, a cursor and an end for each.
 *
 * Guarantees: they are written before any other statement of the group runs, and in groups of at most FRESH_MAX.
 * Ownership: texts of rows are the request's, which lives until its group has ended. Threads: the store's. */

#include "daemon/store/tables.h"

#include <sqlite3.h>

enum { FRESH_MAX = 1024 };

struct fresh_order {
    struct order_row row;
    uint8_t hash[STORE_HASH_SIZE];
    const char *items, *body;
};

struct fresh {
    struct fresh_order *orders;
    size_t count, cap;
    struct arena *arena; /* of the items' texts */
    bool writing;        /* they are being read: nothing is to be written before */
};

void fresh_init(struct fresh *f);
void fresh_done(struct fresh *f);
void fresh_clear(struct fresh *f);

/* Makes `fresh` a table of the connection. Returns a code of SQLite's. */
int fresh_register(sqlite3 *db, struct fresh *f);

void fresh_add(struct fresh *f, const struct order_row *row, const uint8_t hash[STORE_HASH_SIZE], const char *body);
