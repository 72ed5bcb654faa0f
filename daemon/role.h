/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What of the daemon a process is (taktd --role), and how one planner of several comes to be the active one.
 *
 * all      everything
 * intake   only takes orders: as many as wanted, on any machine
 * planner  everything but that: any number, of which one is active and the others wait in role_await, warm (planner/standby.h)
 *
 * An intake asks the active planner at the address that stands beside its epoch (daemon/intake/planner_link.h).
 *
 * The active planner's store actor beats: once a BEAT_MS it counts up a number in the store, under its epoch. Who waits looks
 * at it and takes over when it has stood still for BEAT_STILL_MS by its own clock, so clocks of machines need not agree; after BEAT_GONE_MS already
 * where the active one's address says that nobody listens there (daemon/probe.h). What
 * the one that stood still wants to write afterwards is refused, because the epoch is another: that, and not the beat, is what
 * there is one planner by. An orderly end says so, and is not waited for.
 *
 * Threads: main, before the actors start. */

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct standby;
struct store;

enum { BEAT_MS = 1000, BEAT_STILL_MS = 3500, BEAT_GONE_MS = 1500 };

enum role { ROLE_ALL, ROLE_INTAKE, ROLE_PLANNER };

bool role_parse(const char *text, enum role *ret);
bool role_takes_orders(enum role role);
bool role_plans(enum role role);

/* How others reach who listens at `listen`: `*` is this machine's name, and an ipc path goes from the root. "" for NULL. */
void role_address(const char *listen, char *buffer, size_t size);

/* Waits until no planner is active, and keeps the standby warm meanwhile. *ret_end: a signal to end came instead. */
int role_await(struct store *store, struct standby *standby, bool *ret_end, struct takt_error *err);

/* The pause is over (false), or a signal to end came within it. */
bool role_told_to_end(int64_t pause_ms);
