/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Who else takes orders for this plant, from whom, and where its planner is: what each process that takes orders writes beside
 * the planner's epoch and reads there once a PRESENCE_MS (STORE_PRESENT).
 *
 * A process is there as long as its beats go up by our own clock; one that stands still for PRESENCE_STILL_MS counts no more,
 * and after PRESENCE_GONE_MS its row is taken away. What a creator may do is shared by the processes that it is connected to:
 * each gives it one part of as many. It writes whose connections it has as a set that may only be too large, so that parts may
 * be too small but not too many. Who connects to one more process may be given more by the others until they have seen it:
 * PRESENCE_MS, twice at most.
 * While the store is away, what was seen last holds.
 *
 * Threads: one owner. Ownership: the request is its own. */

#include "daemon/store/store.h"

enum { PRESENCE_MS = 1000, PRESENCE_STILL_MS = 3500, PRESENCE_GONE_MS = 60000, CREATOR_SET_WORDS = 16 };

/* Creators by a hash of their names: one of 1024 bits each. */
struct creator_set {
    uint64_t bits[CREATOR_SET_WORDS];
};
void creator_set_add(struct creator_set *set, const char *creator);
bool creator_set_has(const struct creator_set *set, const char *creator);

struct presence;

struct presence *presence_new(void);
void presence_free(struct presence *p); /* the request must be back; NULL is fine */

/* What to submit now; NULL: nothing. here: whose connections this process has; ends: it ends in order, which a store that does
 * not work is not asked to keep. */
struct store_request *presence_due(struct presence *p, const struct creator_set *here, bool ends, int64_t now_ms);
bool presence_is(const struct presence *p, const struct store_request *request);
void presence_came(struct presence *p, int64_t now_ms); /* the request is back */
bool presence_out(const struct presence *p);            /* it is not */
int64_t presence_next_ms(const struct presence *p);

/* How many processes the creator is connected to, this one included; 2 as long as nothing was seen. NULL: 1. */
uint32_t presence_sharers(const struct presence *p, const char *creator);

/* Where the active planner is asked; NULL: there is none, or it is nowhere asked. */
const char *presence_planner(const struct presence *p, uint64_t *ret_epoch);
