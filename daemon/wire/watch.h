/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A watch over the connections of a ROUTER: says which peers have gone, also when nothing is sent to them, and closes those
 * that are not wanted.
 *
 * A ROUTER tells that a peer has gone only to who tries to send to it, and cannot close a connection. ZeroMQ's monitor tells
 * when one begins and ends, by its descriptor, and the descriptor stands with every frame that was received; put together they
 * give the peer. To close one, its descriptor is shut down, and ZeroMQ finds that the other end has gone.
 *
 * Closed are who is cut, and who says nothing in its first WATCH_SILENT_MS: its client connects again by itself if it lives.
 *
 * Threads: the endpoint's. Errors: TAKT_EIO. */

#include "base/error.h"

#include <stdint.h>

enum { WATCH_CUT_AFTER_MS = 300, WATCH_SILENT_MS = 60000, WATCH_LOOK_MS = 1000 };

struct watch;

struct watch_stats {
    uint32_t open;
    uint64_t failed;   /* handshakes */
    uint64_t silent;   /* closed for saying nothing */
};

int watch_new(void *zmq, void *router, struct watch **ret, struct takt_error *err);
void watch_free(struct watch *w, void *router); /* before the socket is closed; NULL is fine */

void *watch_socket(const struct watch *w); /* for zmq_poll: ZMQ_POLLIN */

/* Of each frame, after it was received. */
enum watch_heard { WATCH_KNOWN, WATCH_NEW, WATCH_CUT /* cut already: what it says does not count */ };
enum watch_heard watch_heard(struct watch *w, int descriptor, uint64_t peer);

/* Closes a connection that was heard, WATCH_CUT_AFTER_MS from now, so that what was sent to it can leave. */
void watch_cut(struct watch *w, uint64_t peer, int64_t now_ms);

/* Once a loop turn; at least every watch_wait_ms (-1: there is no hurry). */
void watch_turn(struct watch *w, int64_t now_ms);
int64_t watch_wait_ms(const struct watch *w);

/* A peer that was heard and whose connection has ended; once for each. false: no more. */
bool watch_lost(struct watch *w, uint64_t *ret_peer);

struct watch_stats watch_stats(const struct watch *w);
