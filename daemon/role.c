/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/role.h"

#include "daemon/clock.h"
#include "daemon/operate/log.h"
#include "daemon/operate/service.h"
#include "daemon/planner/standby.h"
#include "daemon/probe.h"
#include "daemon/store/store.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 300, PROBE_MS = 200 };

static const struct {
    const char *name;
    bool takes_orders, plans;
} roles[] = {
    [ROLE_ALL] = {"all", true, true},
    [ROLE_INTAKE] = {"intake", true, false},
    [ROLE_PLANNER] = {"planner", false, true},
};

bool role_parse(const char *text, enum role *ret) {
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        if (strcmp(text, roles[i].name) == 0) {
            *ret = (enum role)i;
            return true;
        }
    return false;
}

bool role_takes_orders(enum role role) {
    return roles[role].takes_orders;
}

bool role_plans(enum role role) {
    return roles[role].plans;
}

void role_address(const char *listen, char *buffer, size_t size) {
    char here[1024] = "";
    if (listen == NULL) {
        *buffer = '\0';
    } else if (strncmp(listen, "tcp://*:", 8) == 0 && gethostname(here, sizeof here - 1) == 0) {
        snprintf(buffer, size, "tcp://%s:%s", here, listen + 8);
    } else if (strncmp(listen, "ipc://", 6) == 0 && listen[6] != '/' && listen[6] != '@' && getcwd(here, sizeof here)) {
        snprintf(buffer, size, "ipc://%s/%s", here, listen + 6);
    } else {
        snprintf(buffer, size, "%s", listen);
    }
}

bool role_told_to_end(int64_t pause_ms) {
    const struct timespec pause = {.tv_sec = pause_ms / 1000, .tv_nsec = pause_ms % 1000 * 1000000};
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    return sigtimedwait(&ends, NULL, &pause) > 0;
}

/* While the store is away the active planner cannot beat either: the time begins anew. One that stands still and where its
 * machine says that nobody listens any more was killed, and need not be waited for so long. */
static bool stands_still(const struct store_beat *look, struct store_beat *last, int64_t *since_ms) {
    int64_t now_ms = clock_mono_ms();
    bool same = look->head.code == 0 && last->head.code == 0 && look->ret_epoch == last->ret_epoch &&
                look->ret_beats == last->ret_beats;
    if (!same)
        *since_ms = now_ms;
    *last = *look;
    return same && (now_ms - *since_ms >= BEAT_STILL_MS ||
                    (now_ms - *since_ms >= BEAT_GONE_MS && probe_refused(look->ret_address, PROBE_MS)));
}

/* Until it is time for the next look, or a signal to end came. */
static bool keep_warm(struct store *store, struct standby *standby) {
    int64_t until_ms = clock_mono_ms() + LOOK_MS, now_ms;
    char text[600] = "waits: another planner is active; this one is ";
    size_t used = strlen(text);
    while ((now_ms = clock_mono_ms()) < until_ms && standby_step(standby, store, now_ms)) {
    }
    standby_text(standby, text + used, sizeof text - used);
    service_status(text);
    service_feed();
    return role_told_to_end(now_ms < until_ms ? until_ms - now_ms : 0);
}

int role_await(struct store *store, struct standby *standby, bool *ret_end, struct takt_error *err) {
    struct store_beat last = {.head = {.code = TAKT_ENOENT}};
    int64_t since_ms = 0;
    bool told = false;
    struct arena *arena = arena_new();
    int code;
    *ret_end = false;
    for (;;) {
        struct store_beat look = {.head = {.op = STORE_BEATS, .arena = arena}};
        arena_clear(arena);
        code = store_call(store, &look.head);
        if (code != 0 && code != TAKT_ESTORE) {
            code = takt_fail(err, code, "%s", look.head.err.text);
            break;
        }
        if ((code == 0 && look.ret_beats == 0) || stands_still(&look, &last, &since_ms))
            break;
        if (!told) {
            service_ready("waits: another planner is active");
            log_write(LOG_LEVEL_NOTICE, "main", LOG_MESSAGE_WAITS, NULL, "the planner of epoch %llu is active, this one waits",
                      (unsigned long long)look.ret_epoch);
            told = true;
        }
        *ret_end = keep_warm(store, standby);
        if (*ret_end)
            break;
    }
    arena_free(arena);
    code = code == TAKT_ESTORE ? 0 : code;
    if (told && !*ret_end && code == 0)
        log_write(LOG_LEVEL_NOTICE, "main", LOG_MESSAGE_TAKES_OVER, NULL, "no planner is active any more, this one takes over");
    return code;
}
