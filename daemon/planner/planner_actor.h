/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The thread that owns the planner: the book, the lots and the plan.
 *
 * It loads from the store (or is given a planner that has followed it: standby.h), then tails the store's changes: when it is woken, and once a second in any case, so a lost wake-up
 * costs no more. Changes that come thick are taken in together before the plan is repaired, and a repair that took long is
 * followed by a pause as long, in which questions are answered.
 *
 * Guarantees:
 *  - One publication is under way at a time; one that failed is collected again, one whose outcome is unknown is looked up.
 *  - A report (ASK_REPORT) is answered after the publication that holds it is durable; if the daemon ends before, it is
 *    refused as busy, and its sender repeats it.
 *  - Other asks are answered at once from memory; while the plan is being loaded they are refused as busy.
 *  - After each publication intake and dispatch are woken, and intake gets an estimate, at most one a second.
 *  - One search is with the solver actor at a time.
 *  - MAIL_READY is sent when the last plan is served: it is loaded, and what a new store starts from is written.
 *
 * Errors: MAIL_FAILED with TAKT_EFENCED (another daemon has the plan), TAKT_EDATA (the store contradicts itself, or the plant
 * lacks what open work needs), or what a store that fails from the start says. */

#include "daemon/actor.h"

int planner_actor_start(const struct actor_config *config, pthread_t *ret_thread, struct takt_error *err);
