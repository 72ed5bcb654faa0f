/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The thread that owns the store: it takes requests by mail (MAIL_STORE), runs what waits in groups, and gives every
 * request back to its sender (MAIL_STORE_DONE), whatever became of it. A sender's requests are run in the order in
 * which it sent them.
 *
 * Trouble with the store is logged once when it begins and once when it ends, and told to main and operate
 * (MAIL_TROUBLE); it is up to the senders to try again.
 *
 * Ownership: the store and its custody in the config; it is closed at the end, after everything that was sent has been run and given
 * back. */

#include "daemon/actor.h"

int store_actor_start(const struct actor_config *config, pthread_t *ret_thread, struct takt_error *err);
