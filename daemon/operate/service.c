/* SPDX-License-Identifier: Apache-2.0 */

/* The watchdog is fed four times an interval. An actor may turn only every BUS_TURN_MS_MAX when idle, so a stall shorter than
 * that and a half cannot be told from idleness, whatever the interval. */

#include "daemon/operate/service.h"

#include "daemon/bus.h"
#include "daemon/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

static char last_status[512];

bool service_managed(void) {
    return getenv("NOTIFY_SOCKET") != NULL;
}

static void keep(const char *status) {
    snprintf(last_status, sizeof last_status, "%s", status);
}

void service_ready(const char *status) {
    keep(status);
    sd_notifyf(0, "READY=1\nSTATUS=%s", last_status);
}

void service_status(const char *status) {
    if (strncmp(status, last_status, sizeof last_status - 1) == 0)
        return;
    keep(status);
    sd_notifyf(0, "STATUS=%s", last_status);
}

void service_reloading(void) {
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_mono_ms() * 1000);
}

void service_stopping(const char *status) {
    keep(status);
    sd_notifyf(0, "STOPPING=1\nSTATUS=%s", last_status);
}

void service_watchdog(int64_t *ret_every_ms, int64_t *ret_stall_ms) {
    uint64_t usec;
    *ret_every_ms = 0;
    *ret_stall_ms = SERVICE_STALL_MS_DEFAULT;
    if (sd_watchdog_enabled(0, &usec) <= 0)
        return;
    int64_t interval_ms = (int64_t)(usec / 1000), idle_ms = BUS_TURN_MS_MAX + BUS_TURN_MS_MAX / 2;
    *ret_every_ms = interval_ms / 4 > 0 ? interval_ms / 4 : 1;
    *ret_stall_ms = interval_ms / 2 > idle_ms ? interval_ms / 2 : idle_ms;
}

void service_feed(void) {
    sd_notify(0, "WATCHDOG=1");
}
