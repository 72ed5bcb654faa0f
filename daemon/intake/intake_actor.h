/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The thread that owns the orders endpoint and the intake (daemon/intake/intake.h) behind it.
 *
 * Wakes the planner when orders were accepted, amended or cancelled; looks for events when it is woken. After MAIL_STOP it
 * reads no more messages, answers those under way, and ends: what it was sent besides, its sender sends again.
 *
 * Errors: MAIL_FAILED with TAKT_ECONFIG where the endpoint may not be opened (see endpoint_check in daemon/wire/endpoint.h,
 * by which main can tell before anything is started), or TAKT_EIO. */

#include "daemon/actor.h"

int intake_actor_start(const struct actor_config *config, pthread_t *ret_thread, struct takt_error *err);
