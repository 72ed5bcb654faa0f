/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A feed of recorded messages: one JSON object a line, in order of time,
 *
 *     {"at": "2010-12-01T08:26:00Z", "creator": "luna", "order": {…}}       the order as in the protocol
 *     {"at": "2010-12-01T10:41:00Z", "creator": "luna", "cancel": "LUNA-1"}
 *
 * as a file, plain or compressed by gzip. Empty lines are passed over.
 *
 * Threads: one owner. Ownership: a message lives until the next one is read.
 * Errors: what is no such line, or goes back in time, is TAKT_EDATA with file and line; TAKT_ENOENT, TAKT_EIO. An order that
 * the plant does not take is not an error of the feed: feed_order says why. */

#include "config/plant.h"
#include "daemon/planner/ask.h"
#include "daemon/store/store.h"
#include "daemon/wire/recipient.h"

struct feed;

struct feed_message {
    int64_t at_s;
    const char *creator;
    const char *cancel;   /* order_ref; NULL: it is an order */
};

int feed_open(const char *path, struct feed **ret, struct takt_error *err);
void feed_close(struct feed *f); /* NULL is fine */

/* *ret is NULL at the end. */
int feed_next(struct feed *f, const struct feed_message **ret, struct takt_error *err);

struct feed_terms { /* on which orders are taken */
    const struct plant *plant;
    const struct estimate *estimate; /* of capacity; NULL: everything is in time */
    int64_t now_s;
    int64_t scale_ppm;               /* quantities are multiplied by it, and kept between 1 and 10000 */
};

/* The order of the message read last, as the intake would read and check it. Its texts are of the arena. false: refused,
 * ret_refusal says why. */
bool feed_order(const struct feed *f, const struct feed_terms *terms, struct arena *arena, struct accept_order *ret,
                struct refusal *ret_refusal);

unsigned feed_line(const struct feed *f);
unsigned feed_permille(struct feed *f); /* how much of it has been read */
