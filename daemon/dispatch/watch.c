/* SPDX-License-Identifier: Apache-2.0 */

/* Descriptors are used again at once, so what is known of one has to be taken in the order in which it happened. The
 * thread of ZeroMQ that tells of the end of a connection is the one that accepts the next, and it does the former
 * first: when a frame has been received, the end of whoever had its descriptor before is waiting in the monitor
 * already. So the monitor is read to its end before a frame's peer is put down; if it says that this connection has
 * ended as well, the peer has gone. */

#include "daemon/dispatch/watch.h"

#include "base/arena.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <zmq.h>

struct connection {
    int descriptor;
    bool open;
    bool heard;
    uint64_t peer; /* of who is heard */
    UT_hash_handle hh;
};

struct watch {
    void *monitor;
    struct connection *connections;
    uint64_t *lost;
    size_t lost_count, lost_cap;
};

static struct connection *connection_of(struct watch *w, int descriptor) {
    struct connection *c;
    HASH_FIND_INT(w->connections, &descriptor, c);
    if (c == NULL) {
        c = takt_alloc(sizeof *c);
        c->descriptor = descriptor;
        HASH_ADD_INT(w->connections, descriptor, c);
    }
    return c;
}

static void lose(struct watch *w, struct connection *c) {
    if (!c->heard)
        return;
    c->heard = false;
    ARRAY_GROW(w->lost, w->lost_count, w->lost_cap);
    w->lost[w->lost_count++] = c->peer;
}

/* An event is two frames: a number of 16 bits and a value of 32, and the address. */
static bool read_event(struct watch *w, uint16_t *ret_event, int32_t *ret_value) {
    unsigned char event[6];
    char address[256];
    if (zmq_recv(w->monitor, event, sizeof event, ZMQ_DONTWAIT) != sizeof event)
        return false;
    memcpy(ret_event, event, sizeof *ret_event);
    memcpy(ret_value, event + sizeof *ret_event, sizeof *ret_value);
    return zmq_recv(w->monitor, address, sizeof address, ZMQ_DONTWAIT) >= 0;
}

static void read_events(struct watch *w) {
    uint16_t event;
    int32_t descriptor;
    while (read_event(w, &event, &descriptor)) {
        struct connection *c = connection_of(w, descriptor);
        lose(w, c);
        c->open = event == ZMQ_EVENT_ACCEPTED;
    }
}

int watch_new(void *zmq, const struct endpoint *endpoint, struct watch **ret, struct takt_error *err) {
    struct watch *w = takt_alloc(sizeof *w);
    char address[64];
    snprintf(address, sizeof address, "inproc://watch-%p", (void *)w);
    if (zmq_socket_monitor(endpoint_socket(endpoint), address, ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED) == 0)
        w->monitor = zmq_socket(zmq, ZMQ_PAIR);
    if (w->monitor == NULL || zmq_connect(w->monitor, address) != 0) {
        int code = takt_fail(err, TAKT_EIO, "cannot watch connections: %s", zmq_strerror(errno));
        watch_free(w, endpoint);
        return code;
    }
    *ret = w;
    return 0;
}

void watch_free(struct watch *w, const struct endpoint *endpoint) {
    if (w == NULL)
        return;
    zmq_socket_monitor(endpoint_socket(endpoint), NULL, 0);
    if (w->monitor != NULL)
        zmq_close(w->monitor);
    struct connection *c, *next;
    HASH_ITER(hh, w->connections, c, next) {
        HASH_DEL(w->connections, c);
        free(c);
    }
    free(w->lost);
    free(w);
}

void *watch_socket(const struct watch *w) {
    return w->monitor;
}

void watch_heard(struct watch *w, const struct frame *frame) {
    if (frame->descriptor < 0)
        return;
    read_events(w);
    struct connection *c = connection_of(w, frame->descriptor);
    if (c->heard && c->peer != frame->peer)
        lose(w, c);
    c->peer = frame->peer;
    c->heard = true;
    if (!c->open)
        lose(w, c);
}

bool watch_lost(struct watch *w, uint64_t *ret_peer) {
    read_events(w);
    if (w->lost_count == 0)
        return false;
    *ret_peer = w->lost[--w->lost_count];
    return true;
}
