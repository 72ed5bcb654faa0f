/* SPDX-License-Identifier: Apache-2.0 */

/* The watchdog is fed four times an interval, and actors turn as often when idle, but at most once a TURN_MS_MIN and at
 * least once a BUS_TURN_MS_MAX. A stall shorter than a turn and a half cannot be told from idleness. */

#include "daemon/operate/service.h"

#include "daemon/bus.h"
#include "daemon/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

enum { TURN_MS_MIN = 1000 };

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

struct service_watch service_watchdog(void) {
    struct service_watch w = {.turn_ms = BUS_TURN_MS_MAX, .stall_ms = SERVICE_STALL_MS_DEFAULT};
    uint64_t usec;
    if (sd_watchdog_enabled(0, &usec) <= 0)
        return w;
    int64_t interval_ms = (int64_t)(usec / 1000), quarter_ms = interval_ms / 4;
    w.every_ms = quarter_ms > 0 ? quarter_ms : 1;
    w.turn_ms = quarter_ms > BUS_TURN_MS_MAX ? BUS_TURN_MS_MAX : quarter_ms < TURN_MS_MIN ? TURN_MS_MIN : quarter_ms;
    int64_t idle_ms = w.turn_ms + w.turn_ms / 2;
    w.stall_ms = interval_ms / 2 > idle_ms ? interval_ms / 2 : idle_ms;
    return w;
}

void service_feed(void) {
    sd_notify(0, "WATCHDOG=1");
}
