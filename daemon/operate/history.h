/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Why an order that is shipped or cancelled left when it did: told from what the store keeps of it, in the order in which it
 * happened, as steps of the kind that the planner gives for open orders. For those, why they were last promised anew: the plan
 * knows what binds them now, but not what moved them.
 *
 * Threads: any. Ownership: the answer lies in the arena, and points into the story. */

#include "config/plant.h"
#include "daemon/planner/ask.h"
#include "daemon/store/store.h"

struct history {
    struct why_step *steps;
    size_t count;
    const char *sentence; /* all of it in one */
};

void history_tell(const struct store_order *story, const struct plant *plant, int64_t now_s, struct arena *arena,
                  struct history *ret);
/* why: as the planner has answered it; its steps follow. */
void history_tell_open(const struct store_order *story, const struct plant *plant, int64_t now_s, const struct ask *why,
                       struct history *ret);
