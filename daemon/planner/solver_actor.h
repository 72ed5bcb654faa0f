/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The actor that searches: it takes one job at a time from the planner (MAIL_SOLVE), has it worked on by a thread of the lowest
 * priority for as long as the plant's `think` allows, under --speed N at most for frozen / (4 N), and gives it back
 * (MAIL_SOLVED). The threads that the solver makes for itself inherit the priority, so a commit never waits for a search.
 *
 * MAIL_STOP ends a search within the solver's next look at its deadline. A search that goes on long after its deadline counts
 * as no progress, so the watchdog sees it.
 * Ownership: the job is the solver's until it is given back. */

#include "daemon/actor.h"

int solver_actor_start(const struct actor_config *config, pthread_t *ret_thread, struct takt_error *err);

/* Real milliseconds that a search may take. */
int64_t solver_budget_ms(const struct plant *plant, int64_t speed_milli);
