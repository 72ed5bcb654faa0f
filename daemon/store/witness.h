/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a daemon remembers of its store outside of it, so that an older copy put in its place is noticed and does not bring
 * back what was erased.
 *
 * PREFIX.mark    how far the store had come: one line of JSON, replaced whole. It lags behind a little, which is harmless:
 *                it never says more than is durable in the store.
 * PREFIX.erased  the orders that were erased or are to be: a line each (number, when it was asked for, tag), only ever
 *                added to, and synced. It holds no personal data.
 *
 * PREFIX is the store's file where it is embedded, else the plant's id in the daemon's working folder: see witness_prefix.
 * Keep both files out of what is copied back together with an old store.
 *
 * Threads: one owner at a time. Ownership: rows are the witness's, until the next call.
 * Errors: TAKT_EDATA: a file is none of these; TAKT_EIO. */

#include "daemon/store/store.h"

struct witness;

/* In the arena; NULL: this store leaves nothing to remember (memory). */
const char *witness_prefix(const char *store_url, const char *plant, struct arena *arena);

/* Files that are not there are made when there is something to write. */
int witness_open(const char *prefix, struct witness **ret, struct takt_error *err);
void witness_close(struct witness *w); /* NULL is fine */

/* The mark; false: there is none. */
bool witness_place(const struct witness *w, struct store_place *ret);
/* Writes it, unless it says the same already. */
int witness_note(struct witness *w, const struct store_place *place, struct takt_error *err);

const struct erasure_row *witness_erasures(const struct witness *w, size_t *ret_count);
/* Adds those that are not there yet; when it returns 0 they are on the disk. */
int witness_erased(struct witness *w, const struct erasure_row *rows, size_t count, struct takt_error *err);
