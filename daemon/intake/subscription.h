/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A subscriber's place in the log of its creator's events, and the window of those sent and not yet seen.
 *
 * Cursors have gaps, so the window remembers each cursor that was sent. Delivery is at least once: who resumes after a
 * cursor gets everything behind it again.
 *
 * Threads: one owner. Ownership: embedded; subscription_done frees what it holds and ends it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SUBSCRIPTION_WINDOW = 1000 };

struct subscription { /* zeroed: none */
    bool active;
    uint64_t sent;      /* the last cursor that went out */
    uint64_t *unseen;   /* ring of SUBSCRIPTION_WINDOW cursors, ascending; NULL until the first */
    uint32_t first, count;
};

void subscription_begin(struct subscription *s, uint64_t cursor);
void subscription_done(struct subscription *s);

size_t subscription_room(const struct subscription *s); /* how many may be sent now */
/* An event goes out; there must be room. false: it went out before. */
bool subscription_send(struct subscription *s, uint64_t cursor);
void subscription_seen(struct subscription *s, uint64_t cursor);
