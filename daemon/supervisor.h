/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What main does between start and end: it starts the actors, waits for all to serve, tells the service manager, handles
 * signals, carries reloads through, watches for progress, and stops the actors in stages.
 *
 * Signals, through a signalfd: TERM and INT drain and end; HUP reads the plant's file again. They must be blocked in all
 * threads before any is made (supervisor_block_signals).
 *
 * Threads: main. Ownership: the store goes to the store's actor. Errors: what an actor that could not go on said. */

#include "daemon/actor.h"
#include "daemon/role.h"

struct supervisor_config {
    const char *file;          /* the plant's, for reloads */
    struct actor_config actor; /* bus, zmq, clock, plant, epoch, store, beats, planless */
    enum role role;
};

void supervisor_block_signals(void);

/* Returns 0 after an orderly end, else a negative code with err, in both cases with all threads ended. If actors do not end in
 * time it says so and ends the process (EX_SOFTWARE). */
int supervisor_run(const struct supervisor_config *config, struct takt_error *err);
