/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A planner that waits its turn and is kept warm: it loads the open orders and lots, and then follows what the active one and
 * the intakes write (STORE_FOLLOW, planner_follow). When its turn comes it reads the last difference and is handed over; dues,
 * queues and the plan's first repair are worked out then, as by one that has loaded.
 *
 * What cannot be followed is loaded anew, and the log says so: when it is too far behind, when the store is another or an older
 * copy, and (every RELOAD_MS) when the store has what the plant's file lacks, which is a warning since it could not take over.
 * While the store is away it stays as it is.
 *
 * Cost: as much memory as the active planner has without its plan; for the database the rows that have changed, once, by their
 * numbers, and a look at the plant's state a second when nothing does.
 *
 * Threads: one owner, who waits for the store. Ownership: the store is the caller's. */

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct plant;
struct planner;
struct standby;
struct store;

struct standby *standby_new(struct plant *plant); /* a reference is taken */
void standby_free(struct standby *s);             /* NULL is fine */

bool standby_began(const struct standby *s); /* it has had to wait */

/* One page, or one difference if it is time for one. Returns whether there is more to do at once. */
bool standby_step(struct standby *s, struct store *store, int64_t now_ms);
/* How it stands, for status lines: "warm: 200000 orders as of publication 4711, 210 MiB". */
void standby_text(const struct standby *s, char *buffer, size_t size);

/* The epoch is ours, nobody else publishes: reads the rest. NULL: it is not warm, and whoever goes on has to load. The planner
 * is the caller's. */
struct planner *standby_take(struct standby *s, struct store *store, uint64_t epoch);
