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

/* In real milliseconds. */
struct service_watch {
    int64_t every_ms; /* between feedings; 0: there is no watchdog */
    int64_t turn_ms;  /* how long an actor may wait (bus_set_turn) */
    int64_t stall_ms; /* how long it may make no progress; without a watchdog SERVICE_STALL_MS_DEFAULT */
};
struct service_watch service_watchdog(void);
void service_feed(void);
