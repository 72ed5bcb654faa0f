/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The pages of a store that a planner loads, one request after the other.
 *
 * Between two pages others write: parcels are shipped, orders come and are cancelled. So what belongs together comes in one row, as
 * an order and whether it is in a parcel, and the changes since the first page are handed in before anything is published.
 *
 * Threads: no state of its own. Ownership: the arena is the caller's; it is cleared for every page. */

#include "daemon/planner/planner.h"

enum { PLANNER_PAGE = 2000 };

struct pages {
    size_t kind;
    struct store_load page; /* the request for the next one */
};

void pages_begin(struct pages *g, struct arena *arena);
/* The page has come (code 0): the planner is handed its rows. False: that was the last; else `page` asks for the next. */
bool pages_take(struct pages *g, struct planner *p);
