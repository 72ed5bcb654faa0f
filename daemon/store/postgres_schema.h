/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The schema `takt` of a PostgreSQL database: migrations, the plants in it, and the partitions of the months.
 *
 * What is made is made under one advisory lock, so daemons that start at once do it one after the other; a migration is
 * one transaction with its number in `schema_version`. A database holds any number of plants.
 *
 * Errors: in err: TAKT_ENOENT (not there, and not to be made), TAKT_EDATA (of a newer takt, or a database takt cannot
 * use), TAKT_ESTORE. Threads: one owner. */

#include "daemon/store/postgres_statement.h"

/* Plans are made once, when tables may be empty and nothing is known of them, and kept: so they must be those that are
 * right for large ones. Every statement goes along an index (a test holds that), which these say. What waits on the
 * server is given up there a little before this side stops to listen, and locks of a session that went away without a
 * word are freed. */
#define PG_SESSION                                                                                                     \
    "SET search_path = takt; SET client_min_messages = warning; SET statement_timeout = 4500; "                        \
    "SET lock_timeout = 3000; SET idle_in_transaction_session_timeout = 4000; SET jit = off; "                        \
    "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 5; "                     \
    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off; "                \
    "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off; "                               \
    "SET standard_conforming_strings = on; SET client_encoding = 'UTF8'; "                                             \
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"

/* A session that was connected just now: what takt needs of it. */
int pg_session_begin(struct postgres_store *s);

/* Brings the schema up to date and finds the plant's number, or gives it one. */
int pg_schema_open(struct postgres_store *s, bool create, struct takt_error *err);

/* Makes partitions for what the requests will write. Not inside a transaction. */
/* Whether there is nothing to make. */
bool pg_schema_has_months(const struct postgres_store *s, const struct store_request *accepts);
int pg_schema_months(struct postgres_store *s, const struct store_request *chain);

/* Bodies and events of a month (year * 12 + month - 1) lie in a partition of its own: the statement that makes it. */
int32_t pg_month_of(int64_t time_s);
const char *pg_partition_text(const char *table, int32_t month, struct arena *arena);
