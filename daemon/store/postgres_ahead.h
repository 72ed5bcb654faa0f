/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Groups of acceptances of which two are under way at a time, and what of postgres.c they need.
 *
 * Threads: one owner. Errors: a group that cannot go ahead is run by itself, and told what comes of that. */

#include "daemon/store/postgres_statement.h"

enum commit_outcome { COMMIT_DONE, COMMIT_UNDONE, COMMIT_UNKNOWN };

/* Sends a group's rows. False: it has to be run by itself, after those under way. */
bool pg_ahead_begin(struct postgres_store *s, struct store_request *chain);
/* Waits for the group that was begun first; NULL: none is under way. */
struct store_request *pg_ahead_finish(struct postgres_store *s);
void pg_ahead_done(struct postgres_store *s);

/* ---- postgres.c ---- */

int pg_connect(struct postgres_store *s);
void pg_roll_back(struct postgres_store *s);
enum commit_outcome pg_commit(struct postgres_store *s);
/* Of a COMMIT whose outcome is not known, on any lane: tells the requests the truth (I3). */
void pg_find_out(struct postgres_store *s, struct store_request *chain, const struct takt_error *why);
void pg_works(struct postgres_store *s);
/* Whether a failure was that of a key that is there; if so, the next groups look first (I5). */
bool pg_needs_care(struct postgres_store *s);
void pg_run_alone(void *self, struct store_request *chain);
