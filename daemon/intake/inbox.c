/* SPDX-License-Identifier: Apache-2.0 */

/* A box is a connection with messages waiting or under way, a lane a creator with such boxes:
 *
 *     ring of lanes ──▶ lane luna ──▶ ring of boxes with messages ──▶ box 17 ──▶ message, message, …
 *                       lane band      (boxes with none are only counted)
 *
 * Lanes are in the ring while a box of theirs has messages. A lane at the head is served until its deficit is used up, then
 * goes to the end with a fresh quantum; an empty lane keeps no deficit, so nobody saves turns up. */

#include "daemon/intake/inbox.h"

#include "base/arena.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

struct letter {
    struct letter *next;
    size_t size;
    bool broken;
    char bytes[];
};

struct lane;

struct box {
    uint64_t peer;
    struct lane *lane;
    char *owner; /* of the last message; NULL: no keys */
    struct letter *first, **end;
    size_t count, bytes;
    uint32_t jobs;
    struct box *prev, *next; /* in the lane's ring while it has messages */
    UT_hash_handle hh;
};

struct lane {
    char *creator;
    int64_t deficit, quantum;
    struct box *ring;
    size_t count, bytes; /* of all its boxes */
    uint32_t jobs, boxes;
    struct lane *prev, *next; /* in the ring of lanes while its own is not empty */
    UT_hash_handle hh;
};

struct inbox {
    struct box *boxes;
    struct lane *lanes, *ring;
    size_t count, bytes;
    struct letter *taken; /* the last item's */
    char *taken_owner;
};

/* ---- lanes and boxes ---- */

static struct lane *lane_of(struct inbox *b, const struct inbox_lane_name *name) {
    struct lane *l;
    HASH_FIND_STR(b->lanes, name->creator, l);
    if (l == NULL) {
        l = takt_alloc(sizeof *l);
        l->creator = takt_strdup(name->creator);
        HASH_ADD_KEYPTR(hh, b->lanes, l->creator, strlen(l->creator), l);
    }
    l->quantum = (int64_t)INBOX_QUANTUM * (name->share < 1 ? 1 : name->share);
    return l;
}

static void leave_lane(struct inbox *b, struct box *x) {
    struct lane *l = x->lane;
    if (x->count > 0)
        DL_DELETE(l->ring, x);
    if (x->count > 0 && l->ring == NULL) {
        DL_DELETE(b->ring, l);
        l->deficit = 0;
    }
    l->count -= x->count;
    l->bytes -= x->bytes;
    l->jobs -= x->jobs;
    if (--l->boxes > 0)
        return;
    HASH_DEL(b->lanes, l);
    free(l->creator);
    free(l);
}

static void enter_ring(struct inbox *b, struct box *x) {
    if (x->lane->ring == NULL)
        DL_APPEND(b->ring, x->lane);
    DL_APPEND(x->lane->ring, x);
}

static void enter_lane(struct inbox *b, struct box *x, struct lane *l) {
    x->lane = l;
    l->boxes++;
    l->count += x->count;
    l->bytes += x->bytes;
    l->jobs += x->jobs;
    if (x->count > 0)
        enter_ring(b, x);
}

static struct box *find_box(const struct inbox *b, uint64_t peer) {
    struct box *x;
    HASH_FIND(hh, b->boxes, &peer, sizeof peer, x);
    return x;
}

static struct box *box_of(struct inbox *b, uint64_t peer, const struct inbox_lane_name *lane) {
    struct box *x = find_box(b, peer);
    if (x)
        return x;
    x = takt_alloc(sizeof *x);
    x->peer = peer;
    x->end = &x->first;
    HASH_ADD(hh, b->boxes, peer, sizeof x->peer, x);
    enter_lane(b, x, lane_of(b, lane));
    return x;
}

static void free_if_idle(struct inbox *b, struct box *x) {
    if (x->count > 0 || x->jobs > 0)
        return;
    leave_lane(b, x);
    HASH_DEL(b->boxes, x);
    free(x->owner);
    free(x);
}

/* ---- in ---- */

static bool has_room(const struct inbox *b, const struct box *x, size_t size) {
    bool is_sure = x->count < INBOX_PEER_SURE && x->bytes + size <= INBOX_PEER_SURE_BYTES &&
                   x->lane->count < 2 * INBOX_CREATOR_MESSAGES_MAX && x->lane->bytes + size <= 2 * INBOX_CREATOR_BYTES_MAX;
    bool has_own = x->count < INBOX_PEER_MESSAGES_MAX && x->bytes + size <= INBOX_PEER_BYTES_MAX;
    bool has_lane = x->lane->count < INBOX_CREATOR_MESSAGES_MAX && x->lane->bytes + size <= INBOX_CREATOR_BYTES_MAX;
    return (is_sure || (has_own && has_lane)) && b->bytes + size <= INBOX_BYTES_MAX;
}

static void set_owner(struct box *x, const char *owner) {
    if (x->owner && owner && strcmp(x->owner, owner) == 0)
        return;
    free(x->owner);
    x->owner = owner ? takt_strdup(owner) : NULL;
}

bool inbox_put(struct inbox *b, const struct inbox_lane_name *lane, const struct inbox_item *item) {
    struct box *x = box_of(b, item->peer, lane);
    if (!has_room(b, x, item->size)) {
        free_if_idle(b, x);
        return false;
    }
    struct letter *l = takt_realloc(NULL, sizeof *l + item->size, 1);
    *l = (struct letter){NULL, item->size, item->broken};
    memcpy(l->bytes, item->bytes, item->size);
    *x->end = l;
    x->end = &l->next;
    set_owner(x, item->owner);
    if (x->count == 0)
        enter_ring(b, x);
    x->count++;
    x->bytes += l->size;
    x->lane->count++;
    x->lane->bytes += l->size;
    b->count++;
    b->bytes += l->size;
    return true;
}

/* ---- out ---- */

static struct letter *pop(struct inbox *b, struct box *x) {
    struct letter *l = x->first;
    x->first = l->next;
    if (x->first == NULL)
        x->end = &x->first;
    x->count--;
    x->bytes -= l->size;
    x->lane->count--;
    x->lane->bytes -= l->size;
    b->count--;
    b->bytes -= l->size;
    DL_DELETE(x->lane->ring, x);
    if (x->count > 0) {
        DL_APPEND(x->lane->ring, x); /* the next connection's turn */
    } else if (x->lane->ring == NULL) {
        DL_DELETE(b->ring, x->lane);
        x->lane->deficit = 0;
    }
    return l;
}

/* The connection whose turn it is; NULL: all of them wait for answers. */
static struct box *ready_box(const struct lane *l) {
    struct box *x;
    if (l->jobs >= INBOX_JOBS_MAX)
        return NULL;
    DL_FOREACH(l->ring, x) {
        if (x->jobs < INBOX_PEER_JOBS_MAX)
            return x;
    }
    return NULL;
}

static struct box *choose(struct inbox *b) {
    bool any = true;
    while (any) {
        struct lane *l, *next, *last = b->ring ? b->ring->prev : NULL;
        any = false;
        DL_FOREACH_SAFE(b->ring, l, next) {
            struct box *x = ready_box(l);
            bool was_last = l == last;
            any = any || x != NULL;
            if (x && l->deficit > 0)
                return x;
            if (x)
                l->deficit += l->quantum;
            DL_DELETE(b->ring, l);
            DL_APPEND(b->ring, l);
            if (was_last)
                break;
        }
    }
    return NULL;
}

bool inbox_take(struct inbox *b, struct inbox_item *ret) {
    struct box *x = choose(b);
    if (x == NULL)
        return false;
    free(b->taken);
    free(b->taken_owner);
    x->lane->deficit -= (int64_t)x->first->size + INBOX_COST;
    b->taken = pop(b, x);
    b->taken_owner = x->owner ? takt_strdup(x->owner) : NULL;
    *ret = (struct inbox_item){x->peer, b->taken_owner, b->taken->bytes, b->taken->size, b->taken->broken};
    free_if_idle(b, x);
    return true;
}

/* ---- peers ---- */

void inbox_move(struct inbox *b, uint64_t peer, const struct inbox_lane_name *lane) {
    struct box *x = find_box(b, peer);
    if (x == NULL || strcmp(x->lane->creator, lane->creator) == 0)
        return;
    struct lane *to = lane_of(b, lane);
    leave_lane(b, x);
    enter_lane(b, x, to);
}

void inbox_drop(struct inbox *b, uint64_t peer) {
    struct box *x = find_box(b, peer);
    if (x == NULL)
        return;
    while (x->count > 0)
        free(pop(b, x));
    free_if_idle(b, x);
}

void inbox_begun(struct inbox *b, uint64_t peer, const struct inbox_lane_name *lane) {
    struct box *x = box_of(b, peer, lane);
    x->jobs++;
    x->lane->jobs++;
}

void inbox_ended(struct inbox *b, uint64_t peer) {
    struct box *x = find_box(b, peer);
    assert(x && x->jobs > 0);
    x->jobs--;
    x->lane->jobs--;
    free_if_idle(b, x);
}

/* ---- life ---- */

struct inbox *inbox_new(void) {
    return takt_alloc(sizeof(struct inbox));
}

void inbox_free(struct inbox *b) {
    struct box *x, *next;
    if (b == NULL)
        return;
    HASH_ITER(hh, b->boxes, x, next) {
        while (x->count > 0)
            free(pop(b, x));
        assert(x->jobs == 0);
        free_if_idle(b, x);
    }
    free(b->taken);
    free(b->taken_owner);
    free(b);
}

size_t inbox_waiting(const struct inbox *b) {
    return b->count;
}

size_t inbox_waiting_beside(const struct inbox *b, uint64_t peer) {
    const struct box *x = find_box(b, peer);
    return x ? x->lane->count : 0;
}
