/* SPDX-License-Identifier: Apache-2.0 */

/* Descriptors are used again at once, so what is known of one has to be taken in the order in which it happened. The
 * thread of ZeroMQ that tells of the end of a connection is the one that accepts the next, and it does the former
 * first: when a frame has been received, the end of whoever had its descriptor before is waiting in the monitor
 * already. So the monitor is read to its end before a frame's peer is put down; if it says that this connection has
 * ended as well, the peer has gone. Likewise before a descriptor is shut down. Between that look and the shutdown it may
 * still become another's: then a connection is closed that opens again by itself, and nothing else can happen, since what
 * is no socket cannot be shut down. */

#include "daemon/wire/watch.h"

#include "base/arena.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <uthash.h>
#include <zmq.h>

struct connection {
    int descriptor;
    bool open;
    bool heard, told; /* told: that it came is known by now_ms, see opened_ms */
    uint64_t peer;    /* of who is heard */
    int64_t opened_ms; /* when a turn saw it first */
    int64_t cut_ms;   /* when it is to be closed; 0: not */
    UT_hash_handle hh, by_peer;
};

struct watch {
    void *monitor;
    struct connection *connections, *peers;
    size_t cuts;      /* connections with cut_ms */
    int64_t looked_ms;
    uint64_t *lost;
    size_t lost_count, lost_cap;
    struct watch_stats stats;
};

/* ---- connections ---- */

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
    if (c->cut_ms)
        w->cuts--;
    c->cut_ms = 0;
    if (!c->heard)
        return;
    c->heard = false;
    HASH_DELETE(by_peer, w->peers, c);
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
    int32_t value;
    while (read_event(w, &event, &value)) {
        if (event != ZMQ_EVENT_ACCEPTED && event != ZMQ_EVENT_DISCONNECTED) {
            w->stats.failed++;
            continue;
        }
        struct connection *c = connection_of(w, value);
        lose(w, c);
        if (c->open)
            w->stats.open--;
        c->open = event == ZMQ_EVENT_ACCEPTED;
        c->told = false;
        w->stats.open += c->open;
    }
}

/* ---- life ---- */

int watch_new(void *zmq, void *router, struct watch **ret, struct takt_error *err) {
    const int events = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                       ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
    struct watch *w = takt_alloc(sizeof *w);
    char address[64];
    snprintf(address, sizeof address, "inproc://watch-%p", (void *)w);
    if (zmq_socket_monitor(router, address, events) == 0)
        w->monitor = zmq_socket(zmq, ZMQ_PAIR);
    /* ZeroMQ's own thread waits for room for an event, and closing the monitor waits for that thread: there is always room. */
    const int unbounded = 0;
    if (w->monitor == NULL || zmq_setsockopt(w->monitor, ZMQ_RCVHWM, &unbounded, sizeof unbounded) != 0 ||
        zmq_connect(w->monitor, address) != 0) {
        int code = takt_fail(err, TAKT_EIO, "cannot watch connections: %s", zmq_strerror(errno));
        watch_free(w, router);
        return code;
    }
    *ret = w;
    return 0;
}

void watch_free(struct watch *w, void *router) {
    if (w == NULL)
        return;
    zmq_socket_monitor(router, NULL, 0);
    if (w->monitor != NULL)
        zmq_close(w->monitor);
    struct connection *c, *next;
    HASH_CLEAR(by_peer, w->peers);
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

/* ---- what is heard ---- */

enum watch_heard watch_heard(struct watch *w, int descriptor, uint64_t peer) {
    if (descriptor < 0)
        return WATCH_KNOWN;
    read_events(w);
    struct connection *c = connection_of(w, descriptor);
    if (c->heard && c->peer == peer)
        return c->cut_ms ? WATCH_CUT : WATCH_KNOWN;
    lose(w, c);
    c->peer = peer;
    c->heard = true;
    HASH_ADD(by_peer, w->peers, peer, sizeof c->peer, c);
    if (!c->open)
        lose(w, c);
    return WATCH_NEW;
}

bool watch_lost(struct watch *w, uint64_t *ret_peer) {
    read_events(w);
    if (w->lost_count == 0)
        return false;
    *ret_peer = w->lost[--w->lost_count];
    return true;
}

/* ---- closing ---- */

void watch_cut(struct watch *w, uint64_t peer, int64_t now_ms) {
    struct connection *c;
    HASH_FIND(by_peer, w->peers, &peer, sizeof peer, c);
    if (c == NULL || c->cut_ms)
        return;
    c->cut_ms = now_ms + WATCH_CUT_AFTER_MS;
    w->cuts++;
}

static void look(struct watch *w, struct connection *c, int64_t now_ms) {
    if (!c->told)
        c->opened_ms = now_ms;
    c->told = true;
    bool silent = !c->heard && now_ms - c->opened_ms >= WATCH_SILENT_MS;
    if (!silent && (!c->cut_ms || now_ms < c->cut_ms))
        return;
    w->stats.silent += silent;
    c->opened_ms = now_ms; /* if it has not ended by then, once more */
    if (c->cut_ms)
        c->cut_ms = now_ms + WATCH_CUT_AFTER_MS;
    shutdown(c->descriptor, SHUT_RDWR);
}

void watch_turn(struct watch *w, int64_t now_ms) {
    if (now_ms - w->looked_ms < (w->cuts > 0 ? WATCH_CUT_AFTER_MS / 3 : WATCH_LOOK_MS))
        return;
    w->looked_ms = now_ms;
    read_events(w);
    struct connection *c, *next;
    HASH_ITER(hh, w->connections, c, next) {
        if (c->open)
            look(w, c, now_ms);
    }
}

int64_t watch_wait_ms(const struct watch *w) {
    return w->lost_count > 0 ? 0 : w->cuts > 0 ? WATCH_CUT_AFTER_MS / 3 : -1;
}

struct watch_stats watch_stats(const struct watch *w) {
    return w->stats;
}
