/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A plant's life under a virtual clock, in one thread.
 *
 * The core is the daemon's: orders are read and checked as the intake does, a store in memory accepts them, the planner is
 * told of them by the store's log and publishes into it, packs and makes parcels. Around it stand a feed, a shop floor,
 * suppliers and a courier that follow the publications and act on them. Time jumps from one instant at which something
 * happens to the next; at each, first all of that is handed in, then the planner turns, publishes, and searches.
 *
 * It begins at the feed's first message and ends when the feed is at its end and nothing is open, or at `until_s`. Orders
 * that can never be shipped (no recipient, no material) stay open: it also ends when nothing is going to happen any more, or
 * LIFE_AFTER_S after the last message.
 *
 * Threads: one owner. Ownership: the config's plant and feed must outlive it.
 * Errors: of the feed; TAKT_ESTORE and the like would be our own. */

#include "config/plant.h"
#include "daemon/sim/feed.h"
#include "daemon/sim/tally.h"

enum { LIFE_AFTER_S = 400 * 86400 };

struct life_config {
    struct plant *plant;
    struct feed *feed;
    const char *scheduler;      /* NULL: as the plant says */
    int64_t until_s;            /* TAKT_TIME_NEVER */
    int64_t effort, scale_ppm, noise_ppm, breakdowns;
    uint64_t seed;
    void (*progress)(void *arg, int64_t now_s, unsigned permille, uint64_t accepted, uint64_t open); /* NULL: none */
    void (*note)(void *arg, const char *text); /* an order that was refused and why, and the like; NULL: none */
    void *arg;
};

struct life;

/* TAKT_EDATA also for a feed without a message. */
int life_new(const struct life_config *config, struct life **ret, struct takt_error *err);
int life_run(struct life *l, struct takt_error *err);
/* After life_run. load_ppm lies in the life. */
void life_summary(struct life *l, struct summary *ret);
void life_free(struct life *l); /* NULL is fine */
