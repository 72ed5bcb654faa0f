/* SPDX-License-Identifier: Apache-2.0 */

/*            standby_step                 standby_step
 *   COLD ───────────────────▶ LOADING ───────────────────▶ WARM ──standby_take──▶ handed over
 *     ▲     it is time to        │        the last page      │
 *     └──────────────────────────┴───────────────────────────┘
 *             drop: a page failed, or a difference could not be had or applied */

#include "daemon/planner/standby.h"

#include "daemon/clock.h"
#include "daemon/meter.h"
#include "daemon/operate/log.h"
#include "daemon/planner/pages.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { FOLLOW_MS = 1000, RETRY_MS = 3000, RELOAD_MS = 60000, TAKE_TRIES = 3, MIB = 1024 * 1024 };

enum warmth { COLD, LOADING, WARM };

struct standby {
    struct plant *plant;
    struct arena *arena;
    enum warmth warmth;
    struct planner *planner; /* NULL: cold */
    struct pages pages;
    int64_t next_ms;         /* COLD: when to load; WARM: when to look for the next difference */
    bool told;               /* that it is warm, since it was loaded last */
    bool began;
    bool behind;             /* the last difference was not all of it */
    struct takt_error why;   /* it is cold */
};

struct standby *standby_new(struct plant *plant) {
    struct standby *s = takt_alloc(sizeof *s);
    *s = (struct standby){.plant = plant_ref(plant), .arena = arena_new(), .next_ms = INT64_MIN};
    return s;
}

void standby_free(struct standby *s) {
    if (s == NULL)
        return;
    planner_free(s->planner);
    arena_free(s->arena);
    plant_unref(s->plant);
    free(s);
}

static void drop(struct standby *s, int64_t next_ms, const struct takt_error *why) {
    planner_free(s->planner);
    s->planner = NULL;
    s->warmth = COLD;
    s->next_ms = next_ms;
    s->told = false;
    s->why = *why;
}

static bool load(struct standby *s) {
    struct planner_config config = {.plant = s->plant};
    s->planner = planner_new(&config, 0);
    s->warmth = LOADING;
    pages_begin(&s->pages, s->arena);
    return true;
}

static bool take_page(struct standby *s, struct store *store, int64_t now_ms) {
    if (store_call(store, &s->pages.page.head) != 0) {
        drop(s, now_ms + RETRY_MS, &s->pages.page.head.err);
        return false;
    }
    if (!pages_take(&s->pages, s->planner))
        s->warmth = WARM;
    return true;
}

static void tell_warm(struct standby *s) {
    char text[100];
    if (s->told)
        return;
    s->told = true;
    standby_text(s, text, sizeof text);
    log_notice("planner", "this one is %s", text);
}

/* One difference. Returns the store's code, or TAKT_EDATA; err says which. */
static int follow(struct standby *s, struct store *store, struct takt_error *err) {
    struct store_meta at = planner_followed(s->planner);
    struct store_follow q = {.head = {.op = STORE_FOLLOW, .arena = s->arena},
                             .publish_no = at.publish_no,
                             .seen = at.seen,
                             .limit = PLANNER_PAGE};
    arena_clear(s->arena);
    q.again = planner_doubts(s->planner, s->arena, &q.again_count);
    int code = store_call(store, &q.head);
    if (code == 0) {
        s->behind = q.ret_more;
        code = planner_follow(s->planner, &q, err);
    } else {
        takt_fail(err, code, "%s", q.head.err.text);
    }
    arena_clear(s->arena);
    return code;
}

/* A store that is away is for others to tell of. */
static bool follow_on(struct standby *s, struct store *store, int64_t now_ms) {
    struct takt_error err = {0};
    int code = follow(s, store, &err);
    s->next_ms = now_ms + FOLLOW_MS;
    if (code == TAKT_ESTALE) {
        log_notice("planner", "the standby is loaded anew (%s)", err.text);
        drop(s, now_ms + RETRY_MS, &err);
    } else if (code == TAKT_EDATA) {
        log_warning("planner", "this one could not take over (%s), loading again in %d s", err.text, RELOAD_MS / 1000);
        drop(s, now_ms + RELOAD_MS, &err);
    } else if (code == 0 && s->behind) {
        return true;
    } else if (code == 0) {
        tell_warm(s);
    }
    return false;
}

bool standby_began(const struct standby *s) {
    return s->began;
}

bool standby_step(struct standby *s, struct store *store, int64_t now_ms) {
    s->began = true;
    if (s->warmth == LOADING)
        return take_page(s, store, now_ms);
    if (now_ms < s->next_ms && !(s->warmth == WARM && s->behind))
        return false;
    return s->warmth == COLD ? load(s) : follow_on(s, store, now_ms);
}

void standby_text(const struct standby *s, char *buffer, size_t size) {
    if (s->warmth == WARM)
        snprintf(buffer, size, "warm: %zu orders as of publication %llu, %lld MiB", planner_orders(s->planner),
                 (unsigned long long)planner_followed(s->planner).publish_no, (long long)(meter_resident() / MIB));
    else if (s->warmth == LOADING)
        snprintf(buffer, size, "loading: %zu orders so far", planner_orders(s->planner));
    else
        snprintf(buffer, size, "cold%s%s", s->why.code != 0 ? ": " : "", s->why.text);
}

struct planner *standby_take(struct standby *s, struct store *store, uint64_t epoch) {
    struct takt_error err = {0};
    struct planner *planner = s->planner;
    int code = TAKT_ENOENT;
    if (s->warmth != WARM) {
        log_notice("planner", "the standby is not warm, the open orders are loaded now");
        return NULL;
    }
    for (int tries = 0; tries < TAKE_TRIES && code != 0; tries++) {
        takt_error_clear(&err);
        do
            code = follow(s, store, &err);
        while (code == 0 && s->behind);
        if (code == TAKT_ESTALE || code == TAKT_EDATA)
            break;
    }
    if (code != 0) {
        log_warning("planner", "the standby could not follow to the end (%s), the open orders are loaded now", err.text);
        return NULL;
    }
    s->planner = NULL;
    s->warmth = COLD;
    planner_take_over(planner, epoch);
    return planner;
}
