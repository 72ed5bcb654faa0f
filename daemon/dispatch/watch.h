/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A watch over the connections of an endpoint: says which peers have gone, also when nothing is sent to them.
 *
 * A ROUTER tells that a peer has gone only to who tries to send to it. ZeroMQ's monitor tells when a connection ends,
 * by its descriptor, and the descriptor stands with every frame that was received; put together they give the peer.
 *
 * Threads: the endpoint's. Errors: TAKT_EIO. */

#include "daemon/wire/endpoint.h"

struct watch;

int watch_new(void *zmq, const struct endpoint *endpoint, struct watch **ret, struct takt_error *err);
void watch_free(struct watch *w, const struct endpoint *endpoint); /* before the endpoint is closed; NULL is fine */

void *watch_socket(const struct watch *w); /* for zmq_poll: ZMQ_POLLIN */

/* Of each frame, after it was received. */
void watch_heard(struct watch *w, const struct frame *frame);

/* A peer that was heard and whose connection has ended; once for each. false: no more. */
bool watch_lost(struct watch *w, uint64_t *ret_peer);
