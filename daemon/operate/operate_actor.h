/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The thread of the floor and control endpoints: it carries frames, requests, asks and reloads between the sockets, the bus and
 * two cores, the floor's (daemon/floor/floor.h) and the control's (daemon/operate/control.h). `report` and `next` from the
 * control endpoint go to the floor's core as the operator's.
 *
 * What it is asked before its end is answered, as long as the planner and the store answer.
 * Errors: MAIL_FAILED if an endpoint cannot be opened. */

#include "daemon/actor.h"

int operate_actor_start(const struct actor_config *config, pthread_t *ret_thread, struct takt_error *err);
