/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* An endpoint of the plant: a ROUTER socket to which creators, consumers or terminals connect with a DEALER.
 *
 * A peer is one connection, known by a number that is never used again for another and is never shown to anybody. Who a peer
 * is does not follow from it: its key says that or, where no keys are asked for, its hello.
 *
 * Guarantees:
 *  - Reading never stops for want of room to write: what a peer does not take waits here, at most ENDPOINT_BACKLOG_MAX
 *    messages of it and ENDPOINT_BACKLOG_BYTES_MAX bytes of all; a peer beyond that is lost, as is one that has gone: what
 *    waits for it is dropped, its connection is closed, and endpoint_lost says so. If it is heard again, it is a new peer.
 *  - A peer that gives itself a routing id is not heard at all, only counted.
 *  - A message of several frames is read to its end and handed out as `broken`.
 *  - Where the service manager holds a listening socket of its address (inherited.h), it listens on that.
 *  - Frames larger than ENDPOINT_FRAME_MAX are cut off by ZeroMQ, with their connection.
 *  - Without keys it opens on this machine alone (ipc, or tcp on a loopback address). With keys it hears only whose key is in
 *    the keyring for its role, and asks for each message whether that still holds: who lost it is told `not-allowed`, and closed.
 *
 * Threads: one owner. Ownership: endpoint_send takes its bytes (from malloc). Errors: TAKT_ECONFIG: this address may not be
 * opened; TAKT_EIO: it could not be. */

#include "daemon/keys/keyring.h"

enum {
    ENDPOINT_FRAME_MAX = 2 << 20, /* above the largest message, so that who is only a little over it gets an answer */
    ENDPOINT_BACKLOG_MAX = 2000,
    ENDPOINT_BACKLOG_BYTES_MAX = 64 << 20,
    ENDPOINT_RETRY_MS = 5
};

struct endpoint;

struct endpoint_stats {
    uint64_t received, sent;
    uint64_t foreign; /* messages of peers with a routing id of their own */
    uint64_t broken;  /* messages of several frames */
    uint64_t lost;    /* peers */
    uint64_t barred;  /* messages with a key that does not hold any more */
    uint64_t no_room; /* connections of the process that found no descriptor but those in reserve */
};

struct endpoint_config {
    const char *address;
    const char *module;   /* who logs, as `intake` */
    struct keyring *keys; /* NULL: none are asked for */
    enum key_role role;
};

/* May this address be opened? For checks before anything is started. */
int endpoint_check(const char *address, bool keys, struct takt_error *err);

/* zmq: the context. With keys a ZAP handler is there already. */
int endpoint_open(void *zmq, const struct endpoint_config *config, struct endpoint **ret, struct takt_error *err);
/* What has been sent and not yet left gets a moment more. NULL is fine. */
void endpoint_close(struct endpoint *e);

/* For zmq_poll with ZMQ_POLLIN: messages, and the ends of connections; wait at most endpoint_wait_ms. */
void *endpoint_socket(const struct endpoint *e);
void *endpoint_ends(const struct endpoint *e);
/* Real milliseconds until it wants a turn; -1: none. */
int64_t endpoint_wait_ms(const struct endpoint *e);
/* Tries again to send what waits. Once a loop turn. */
void endpoint_turn(struct endpoint *e);

struct frame {
    uint64_t peer;
    const void *bytes; /* until the next endpoint_receive */
    size_t size;
    bool broken;       /* it had several frames: a protocol error; bytes are those of the first */
    const char *owner; /* of the connection's key, as long as bytes; NULL: no keys are asked for */
};

/* false: nothing is there. */
bool endpoint_receive(struct endpoint *e, struct frame *ret);
void endpoint_send(struct endpoint *e, uint64_t peer, char *bytes, size_t size);
/* A peer that was lost, or whose connection has ended; false: no more. Perhaps twice. */
bool endpoint_lost(struct endpoint *e, uint64_t *ret_peer);

/* What it may send no more is not heard, and its connection closes in a moment. */
void endpoint_cut(struct endpoint *e, uint64_t peer);

struct endpoint_stats endpoint_stats(const struct endpoint *e);
