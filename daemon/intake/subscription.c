/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/intake/subscription.h"

#include "base/arena.h"

#include <assert.h>
#include <stdlib.h>

void subscription_begin(struct subscription *s, uint64_t cursor) {
    subscription_done(s);
    s->active = true;
    s->sent = cursor;
}

void subscription_done(struct subscription *s) {
    free(s->unseen);
    *s = (struct subscription){0};
}

size_t subscription_room(const struct subscription *s) {
    return s->active ? SUBSCRIPTION_WINDOW - s->count : 0;
}

bool subscription_send(struct subscription *s, uint64_t cursor) {
    if (cursor <= s->sent)
        return false;
    assert(subscription_room(s) > 0);
    if (s->unseen == NULL)
        s->unseen = takt_alloc(SUBSCRIPTION_WINDOW * sizeof *s->unseen);
    s->unseen[(s->first + s->count++) % SUBSCRIPTION_WINDOW] = cursor;
    s->sent = cursor;
    return true;
}

void subscription_seen(struct subscription *s, uint64_t cursor) {
    while (s->count > 0 && s->unseen[s->first] <= cursor) {
        s->first = (s->first + 1) % SUBSCRIPTION_WINDOW;
        s->count--;
    }
}
