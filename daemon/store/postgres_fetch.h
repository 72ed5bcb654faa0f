/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What operations of a group are about to read row by row, fetched beforehand in a few statements.
 *
 * Two kinds: the keys of all orders that the group's acceptances bring, which hold for the group (key_add notes what
 * it adds), and are fetched only if the store is careful (postgres.c, I5); and the heads, lots and slices that a
 * publication names, which hold until it begins to write. Both are exact only while nobody else writes, which the lock
 * on the plant's row sees to. What was not fetched is asked for as usual.
 *
 * Errors: noted as the group's failure. Threads: one owner. */

#include "daemon/store/postgres_statement.h"

struct pg_fetched *pg_fetched_new(void);
void pg_fetched_free(struct pg_fetched *f); /* NULL is fine */

int pg_fetch_group(struct postgres_store *s, const struct store_request *chain);
int pg_fetch_request(struct postgres_store *s, const struct store_request *r);
void pg_fetched_forget(struct postgres_store *s); /* what pg_fetch_request fetched */

/* TAKT_EEXIST: it is there. */
int pg_fetched_key_add(struct postgres_store *s, const char *creator, const char *order_ref,
                       const struct order_key *key);

/* 1: known, and filled; TAKT_ENOENT: known not to be there; 0: was not fetched. */
int pg_fetched_key(struct postgres_store *s, const char *creator, const char *order_ref, struct order_key *ret);
int pg_fetched_head(struct postgres_store *s, uint64_t no, struct order_head *ret);
int pg_fetched_lot(struct postgres_store *s, uint32_t lot, struct lot_head *ret);
/* 1: known; the slices are the caller's to copy. */
int pg_fetched_slices(struct postgres_store *s, uint64_t no, const struct slice_row **ret, size_t *ret_count);
