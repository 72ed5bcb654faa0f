/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What can be said of a store at rest or at work, from one moment of it: how much is in it, and whether what must hold
 * between its tables does. Both work on SQLite and PostgreSQL alike, and change nothing.
 *
 * Errors: in err; as copy.h. Threads: one owner. */

#include "daemon/store/copy.h"

struct inspect_row {
    const char *name; /* a table, or the rule that is broken */
    int64_t count;    /* its rows; how often */
};

struct inspect {
    struct copy_head head;
    int64_t bytes, epoch, plan_version, open_orders;
    struct inspect_row rows[40];
    size_t row_count;
};

int inspect_stats(const char *url, const char *plant, struct inspect *ret, struct takt_error *err);

/* Rows: rules that are broken; none: the store is whole. */
int inspect_check(const char *url, const char *plant, struct inspect *ret, struct takt_error *err);
