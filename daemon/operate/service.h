/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the service manager is told (sd_notify(3)), and what it asks for (the watchdog). Without a service manager all of it
 * does nothing.
 *
 * Threads: main only. */

#include <stdbool.h>
#include <stdint.h>

enum { SERVICE_STALL_MS_DEFAULT = 20000 };

bool service_managed(void);               /* somebody listens */

void service_ready(const char *status);   /* READY=1, after a start or a reload */
void service_status(const char *status);  /* one line; told only when it differs from the last one */
void service_reloading(void);             /* RELOADING=1 with MONOTONIC_USEC */
void service_stopping(const char *status);

/* Real milliseconds between feedings, and how long an actor may make no progress; without a watchdog every_ms is 0 and the
 * stall is SERVICE_STALL_MS_DEFAULT. */
void service_watchdog(int64_t *ret_every_ms, int64_t *ret_stall_ms);
void service_feed(void);
