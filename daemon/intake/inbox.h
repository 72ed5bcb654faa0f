/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Messages that were received and wait for their turn: fair between creators, and for each creator between its connections.
 *
 * Creators take turns by deficit round robin (Shreedhar and Varghese 1995): each round gives a creator INBOX_QUANTUM bytes times
 * its share, and what a message costs is its size and INBOX_COST. Within a creator its connections take turns, a message each;
 * within a connection order is kept. Who has said no hello shares one turn with all that have not, whatever their number.
 * A creator with INBOX_JOBS_MAX messages under way, or a connection with INBOX_PEER_JOBS_MAX, waits until some are answered,
 * and nobody waits for it.
 *
 * Nothing here stops reading: what finds no room is refused, and its sender told so.
 *
 * Threads: one owner. Ownership: bytes are copied; those of an item are good until the next inbox_take. Cost: O(1) a message,
 * but for creators that wait, which are passed over one by one. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    INBOX_QUANTUM = 16 << 10,
    INBOX_COST = 500,
    INBOX_JOBS_MAX = 256,
    INBOX_PEER_JOBS_MAX = 64,
    INBOX_PEER_SURE = 4, /* messages that find room however much waits on the creator's other connections, */
    INBOX_PEER_SURE_BYTES = 64 << 10, /* with this size together, up to twice the creator's room */
    INBOX_PEER_MESSAGES_MAX = 2500, /* waiting */
    INBOX_PEER_BYTES_MAX = 8 << 20,
    INBOX_CREATOR_MESSAGES_MAX = 10000,
    INBOX_CREATOR_BYTES_MAX = 32 << 20,
    INBOX_BYTES_MAX = 256 << 20
};

struct inbox;

struct inbox_item {
    uint64_t peer;
    const char *owner; /* of its key; NULL: no keys are asked for */
    const void *bytes;
    size_t size;
    bool broken;
};

/* Whose turn it comes out of: the creator; "" if that is not known yet. */
struct inbox_lane_name {
    const char *creator;
    int32_t share; /* >= 1 */
};

struct inbox *inbox_new(void);
void inbox_free(struct inbox *b); /* NULL is fine */

/* false: there is no room for it. */
bool inbox_put(struct inbox *b, const struct inbox_lane_name *lane, const struct inbox_item *item);
/* The next message; false: none may be dealt with now. */
bool inbox_take(struct inbox *b, struct inbox_item *ret);
/* A peer is now known to be this creator's: what waits of it comes out of that one's turn. */
void inbox_move(struct inbox *b, uint64_t peer, const struct inbox_lane_name *lane);
/* The peer is lost: what waits of it is dropped. */
void inbox_drop(struct inbox *b, uint64_t peer);

/* A message of the peer is under way; its answer has left. */
void inbox_begun(struct inbox *b, uint64_t peer, const struct inbox_lane_name *lane);
void inbox_ended(struct inbox *b, uint64_t peer);

size_t inbox_waiting(const struct inbox *b); /* messages */
size_t inbox_waiting_beside(const struct inbox *b, uint64_t peer); /* of its creator, this peer's among them */
