/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The thread with the shipments endpoint: it carries frames between consumers and the outbox, and the outbox's requests
 * to the store. When orders were shipped it wakes planner and intake; it is woken when there are new parcels.
 *
 * A plant that does not listen for consumers gets the thread all the same, which then only waits.
 * Errors: an endpoint that cannot be bound is MAIL_FAILED. */

#include "daemon/actor.h"

int dispatch_actor_start(const struct actor_config *config, pthread_t *ret_thread, struct takt_error *err);
