/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a daemon does for its store besides running requests: at the start it looks whether it is the one it worked with
 * (STORE_ADOPT), erases again what an older copy brought back, and then keeps the witness (witness.h) and tells the audit
 * log of every configuration.
 *
 * Requests of its own go through the store's queue like those of others: whoever owns the store gives custody_done every
 * request that is done, before anybody else gets it.
 *
 * Threads: one owner, that of the store. Ownership: a custody takes nothing but its witness. Errors: logged where nobody
 * can be told. */

#include "config/plant.h"
#include "daemon/store/store.h"

struct custody;

/* Before anything else is done with the store. force: an older copy is taken, or another store. TAKT_ESTALE: it is one, and
 * err says what can be done; TAKT_EDATA, TAKT_EIO: the witness cannot be read. */
int custody_begin(struct store *store, const struct plant *plant, bool force, int64_t now_s, struct custody **ret,
                  struct takt_error *err);
void custody_end(struct custody *c); /* notes the last; the store is still open. NULL is fine */

/* A configuration to be noted. */
void custody_plant(struct custody *c, const struct plant *plant);

/* Submits what is due. Until then it is custody_wait_ms, INT64_MAX if nothing is. */
int64_t custody_wait_ms(const struct custody *c, int64_t mono_ms);
void custody_turn(struct custody *c, int64_t mono_ms, int64_t now_s);
/* True: it was one of custody's own. An erasure's list is kept before its sender hears of it. */
bool custody_done(struct custody *c, struct store_request *r);
