/* SPDX-License-Identifier: Apache-2.0 */

/* ROUTER_MANDATORY turns what ZeroMQ would drop in silence into errors: EHOSTUNREACH (the peer has gone) and EAGAIN (its queue
 * is full). The second puts the message into the peer's backlog, and what follows behind it, so that order is kept.
 *
 * Automatic routing ids are five bytes, a zero and a counter of 32 bits: the counter is the peer's number. */

#include "daemon/wire/endpoint.h"

#include "base/arena.h"
#include "daemon/clock.h"
#include "daemon/operate/log.h"
#include "daemon/wire/accept.h"
#include "daemon/wire/inherited.h"
#include "daemon/wire/reply.h"
#include "daemon/wire/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uthash.h>
#include <zmq.h>

enum { ROUTING_ID_SIZE = 5, LINGER_MS = 200, LOG_EVERY_MS = 60000 };

/* ZMQ_ZAP_ENFORCE_DOMAIN: libzmq 4.3 obeys it, but names it only to those who build with its drafts. A libzmq that did not
 * know it would refuse it, and the endpoint would not open. */
enum { ZAP_ENFORCE_DOMAIN = 93 };

struct letter {
    struct letter *next;
    char *bytes;
    size_t size;
};

struct slow_peer { /* one that has a backlog */
    uint64_t peer;
    struct letter *first, **end;
    size_t count;
    UT_hash_handle hh;
};

struct bearer { /* a peer with a key, for as long as its connection */
    uint64_t peer;
    char key[KEY_SIZE];
    UT_hash_handle hh;
};

struct endpoint {
    void *socket;
    struct watch *watch;
    const char *module;
    struct keyring *keys; /* NULL: none are asked for */
    enum key_role role;
    struct bearer *bearers;
    char owner[KEYRING_OWNER_SIZE]; /* what frame.owner points to */
    zmq_msg_t body; /* what frame.bytes points into */
    struct slow_peer *slow;
    size_t backlog_bytes;
    uint64_t *lost;
    size_t lost_count, lost_cap;
    struct endpoint_stats stats;
    int64_t logged_ms;
};

/* ---- opening ---- */

static bool is_local(const char *address) {
    static const char *const prefixes[] = {"ipc://", "inproc://", "tcp://127.", "tcp://localhost:", "tcp://[::1]:"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(address, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

int endpoint_check(const char *address, bool keys, struct takt_error *err) {
    if (is_local(address) || (keys && strncmp(address, "tcp://", 6) == 0))
        return 0;
    if (keys)
        return takt_fail(err, TAKT_ECONFIG, "'%s' is neither tcp://ADDRESS:PORT nor ipc://PATH", address);
    return takt_fail(err, TAKT_ECONFIG,
                     "'%s' can be reached from other machines, and without keys it lets in whoever can: listen on ipc://PATH or "
                     "tcp://127.0.0.1:PORT, or set 'security: curve'",
                     address);
}

static int set_options(void *socket, struct takt_error *err) {
    static const struct {
        int option, value;
    } options[] = {
        {ZMQ_ROUTER_MANDATORY, 1},
        {ZMQ_ROUTER_HANDOVER, 0},
        {ZMQ_LINGER, LINGER_MS},
        {ZMQ_HANDSHAKE_IVL, 5000},
        {ZMQ_HEARTBEAT_IVL, 10000},
        {ZMQ_HEARTBEAT_TIMEOUT, 30000},
        {ZMQ_TCP_KEEPALIVE, 1},
        {ZMQ_TCP_KEEPALIVE_IDLE, 60},
        {ZMQ_TCP_KEEPALIVE_INTVL, 10},
        {ZMQ_TCP_KEEPALIVE_CNT, 6},
        {ZMQ_BACKLOG, 1024},
        {ZMQ_SNDHWM, 1000},
        {ZMQ_RCVHWM, 1000},
    };
    const int64_t frame_max = ENDPOINT_FRAME_MAX;
    if (zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max) != 0)
        return takt_fail(err, TAKT_EIO, "cannot bound the size of frames: %s", zmq_strerror(errno));
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (zmq_setsockopt(socket, options[i].option, &options[i].value, sizeof options[i].value) != 0)
            return takt_fail(err, TAKT_EIO, "cannot set option %d of a socket: %s", options[i].option, zmq_strerror(errno));
    return 0;
}

/* With keys: nobody gets in whom the ZAP handler does not admit, and nobody at all where there is none. */
static int set_keys(const struct endpoint *e, struct takt_error *err) {
    const int yes = 1;
    const char *domain = key_role_text(e->role), *secret = keyring_secret(e->keys);
    if (zmq_setsockopt(e->socket, ZMQ_CURVE_SERVER, &yes, sizeof yes) != 0 ||
        zmq_setsockopt(e->socket, ZMQ_CURVE_SECRETKEY, secret, KEY_SIZE) != 0 ||
        zmq_setsockopt(e->socket, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) != 0 ||
        zmq_setsockopt(e->socket, ZAP_ENFORCE_DOMAIN, &yes, sizeof yes) != 0)
        return takt_fail(err, TAKT_EIO, "cannot ask for keys: %s", zmq_strerror(errno));
    return 0;
}

/* libzmq listens on a socket that is handed to it, and never looks at the address then. */
static int listen_on(struct endpoint *e, const char *address, struct takt_error *err) {
    int fd = inherited_take(address);
    if (fd >= 0 && zmq_setsockopt(e->socket, ZMQ_USE_FD, &fd, sizeof fd) != 0) {
        close(fd);
        return takt_fail(err, TAKT_EIO, "cannot use the service manager's socket for '%s': %s", address, zmq_strerror(errno));
    }
    if (zmq_bind(e->socket, address) != 0)
        return takt_fail(err, TAKT_EIO, "cannot listen on '%s': %s", address, zmq_strerror(errno));
    return 0;
}

int endpoint_open(void *zmq, const struct endpoint_config *config, struct endpoint **ret, struct takt_error *err) {
    int code = endpoint_check(config->address, config->keys != NULL, err);
    if (code < 0)
        return code;
    struct endpoint *e = takt_alloc(sizeof *e);
    e->module = config->module;
    e->keys = config->keys;
    e->role = config->role;
    e->logged_ms = -LOG_EVERY_MS;
    zmq_msg_init(&e->body);
    e->socket = zmq_socket(zmq, ZMQ_ROUTER);
    if (e->socket == NULL)
        code = takt_fail(err, TAKT_EIO, "cannot make a socket: %s", zmq_strerror(errno));
    else
        code = set_options(e->socket, err);
    if (code == 0 && e->keys)
        code = set_keys(e, err);
    if (code == 0)
        code = watch_new(zmq, e->socket, &e->watch, err);
    if (code == 0)
        code = listen_on(e, config->address, err);
    if (code < 0)
        endpoint_close(e);
    else
        *ret = e;
    return code;
}

/* ---- backlog ---- */

static void drop_backlog(struct endpoint *e, struct slow_peer *p) {
    for (struct letter *l = p->first, *next; l; l = next) {
        next = l->next;
        e->backlog_bytes -= l->size;
        free(l->bytes);
        free(l);
    }
    HASH_DEL(e->slow, p);
    free(p);
}

static void lose(struct endpoint *e, uint64_t peer) {
    struct slow_peer *p;
    HASH_FIND(hh, e->slow, &peer, sizeof peer, p);
    if (p)
        drop_backlog(e, p);
    ARRAY_GROW(e->lost, e->lost_count, e->lost_cap);
    e->lost[e->lost_count++] = peer;
    e->stats.lost++;
    endpoint_cut(e, peer);
}

/* 0, EAGAIN: it has no room now, or EHOSTUNREACH. */
static int try_send(struct endpoint *e, uint64_t peer, const char *bytes, size_t size) {
    unsigned char id[ROUTING_ID_SIZE] = {0, (unsigned char)(peer >> 24), (unsigned char)(peer >> 16),
                                         (unsigned char)(peer >> 8), (unsigned char)peer};
    if (zmq_send(e->socket, id, sizeof id, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
        return errno == EAGAIN || errno == EINTR ? EAGAIN : EHOSTUNREACH;
    if (zmq_send(e->socket, bytes, size, ZMQ_DONTWAIT) < 0)
        return EHOSTUNREACH;
    e->stats.sent++;
    return 0;
}

static void put_aside(struct endpoint *e, struct slow_peer *p, char *bytes, size_t size) {
    struct letter *l = takt_alloc(sizeof *l);
    *l = (struct letter){NULL, bytes, size};
    *p->end = l;
    p->end = &l->next;
    p->count++;
    e->backlog_bytes += size;
    if (p->count > ENDPOINT_BACKLOG_MAX || e->backlog_bytes > ENDPOINT_BACKLOG_BYTES_MAX)
        lose(e, p->peer);
}

static struct slow_peer *add_slow(struct endpoint *e, uint64_t peer) {
    struct slow_peer *p = takt_alloc(sizeof *p);
    p->peer = peer;
    p->end = &p->first;
    HASH_ADD(hh, e->slow, peer, sizeof p->peer, p);
    return p;
}

void endpoint_send(struct endpoint *e, uint64_t peer, char *bytes, size_t size) {
    struct slow_peer *p;
    HASH_FIND(hh, e->slow, &peer, sizeof peer, p);
    int why = p ? EAGAIN : try_send(e, peer, bytes, size);
    if (why == EAGAIN) {
        put_aside(e, p ? p : add_slow(e, peer), bytes, size);
        return;
    }
    free(bytes);
    if (why != 0)
        lose(e, peer);
}

static int send_first(struct endpoint *e, struct slow_peer *p) {
    struct letter *l = p->first;
    int why = try_send(e, p->peer, l->bytes, l->size);
    if (why != 0)
        return why;
    p->first = l->next;
    if (p->first == NULL)
        p->end = &p->first;
    p->count--;
    e->backlog_bytes -= l->size;
    free(l->bytes);
    free(l);
    return 0;
}

void endpoint_turn(struct endpoint *e) {
    struct slow_peer *p, *next;
    HASH_ITER(hh, e->slow, p, next) {
        int why = 0;
        while (p->first && why == 0)
            why = send_first(e, p);
        if (p->first == NULL)
            drop_backlog(e, p);
        else if (why == EHOSTUNREACH)
            lose(e, p->peer);
    }
    watch_turn(e->watch, clock_mono_ms());
}

int64_t endpoint_wait_ms(const struct endpoint *e) {
    return e->lost_count > 0 ? 0 : e->slow ? ENDPOINT_RETRY_MS : watch_wait_ms(e->watch);
}

static void forget_bearer(struct endpoint *e, struct bearer *b) {
    keyring_left(e->keys, e->role, b->key);
    HASH_DEL(e->bearers, b);
    free(b);
}

static void take_ends(struct endpoint *e) {
    uint64_t peer;
    while (watch_lost(e->watch, &peer)) {
        struct bearer *b;
        struct slow_peer *p;
        HASH_FIND(hh, e->bearers, &peer, sizeof peer, b);
        if (b)
            forget_bearer(e, b);
        HASH_FIND(hh, e->slow, &peer, sizeof peer, p);
        if (p)
            drop_backlog(e, p);
        ARRAY_GROW(e->lost, e->lost_count, e->lost_cap);
        e->lost[e->lost_count++] = peer;
    }
}

bool endpoint_lost(struct endpoint *e, uint64_t *ret_peer) {
    take_ends(e);
    if (e->lost_count == 0)
        return false;
    *ret_peer = e->lost[--e->lost_count];
    return true;
}

void endpoint_cut(struct endpoint *e, uint64_t peer) {
    watch_cut(e->watch, peer, clock_mono_ms());
}

/* ---- receiving ---- */

/* At most a line a minute, however many there are. */
static void complain(struct endpoint *e, const char *what) {
    int64_t now_ms = clock_mono_ms();
    if (now_ms - e->logged_ms < LOG_EVERY_MS)
        return;
    e->logged_ms = now_ms;
    log_write(LOG_LEVEL_WARNING, e->module, LOG_MESSAGE_PEER_DROPPED, NULL,
              "a connection %s, ignoring (so far %llu messages with a routing id of the sender's own, %llu of several frames)",
              what, (unsigned long long)e->stats.foreign, (unsigned long long)e->stats.broken);
}

static bool read_peer(struct endpoint *e, uint64_t *ret_peer) {
    unsigned char id[256];
    int size;
    do
        size = zmq_recv(e->socket, id, sizeof id, ZMQ_DONTWAIT);
    while (size < 0 && errno == EINTR);
    if (size < 0)
        return false;
    bool automatic = size == ROUTING_ID_SIZE && id[0] == 0;
    *ret_peer = automatic ? (uint64_t)id[1] << 24 | (uint64_t)id[2] << 16 | (uint64_t)id[3] << 8 | id[4] : UINT64_MAX;
    return true;
}

/* The rest of a message is there as soon as its first frame is. */
static bool skip_rest(struct endpoint *e) {
    bool any = false;
    while (zmq_msg_more(&e->body)) {
        any = true;
        zmq_msg_t rest;
        zmq_msg_init(&rest);
        if (zmq_msg_recv(&rest, e->socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&rest);
            break;
        }
        bool more = zmq_msg_more(&rest);
        zmq_msg_close(&rest);
        if (!more)
            break;
    }
    return any;
}

/* ---- keys ---- */

static void bar(struct endpoint *e, uint64_t peer, enum key_verdict verdict) {
    struct writer w = {0};
    struct refusal refusal;
    size_t size;
    e->stats.barred++;
    refuse(&refusal, REFUSAL_NOT_ALLOWED, "", "this connection's key is not admitted here any more (%s)",
           key_verdict_text(verdict));
    reply_problem(&w, "", &refusal);
    char *text = writer_take(&w, &size);
    endpoint_send(e, peer, text, size);
    lose(e, peer);
}

/* Whose key the message came with, which ZeroMQ puts with its last frame. NULL: nobody's who may speak. */
static const char *find_owner(struct endpoint *e, uint64_t peer, bool new_peer) {
    const char *key = zmq_msg_gets(&e->body, "User-Id");
    enum key_verdict verdict = key ? keyring_owner(e->keys, e->role, key, e->owner) : KEY_UNSIGNED;
    if (verdict != KEY_GOOD) {
        bar(e, peer, verdict);
        return NULL;
    }
    if (new_peer) {
        struct bearer *b = takt_alloc(sizeof *b);
        b->peer = peer;
        snprintf(b->key, sizeof b->key, "%s", key);
        HASH_ADD(hh, e->bearers, peer, sizeof b->peer, b);
        keyring_joined(e->keys, e->role, key);
    }
    return e->owner;
}

/* The frame that was read; false: it is not to be heard. */
static bool judge_frame(struct endpoint *e, uint64_t peer, bool broken, struct frame *ret) {
    const char *owner = NULL;
    if (peer == UINT64_MAX) {
        e->stats.foreign++;
        complain(e, "has given itself a routing id");
        return false;
    }
    enum watch_heard heard = watch_heard(e->watch, zmq_msg_get(&e->body, ZMQ_SRCFD), peer);
    if (heard == WATCH_CUT || (e->keys && (owner = find_owner(e, peer, heard == WATCH_NEW)) == NULL))
        return false;
    if (broken) {
        e->stats.broken++;
        complain(e, "sends messages of several frames");
    }
    e->stats.received++;
    *ret = (struct frame){peer, zmq_msg_data(&e->body), zmq_msg_size(&e->body), broken, owner};
    return true;
}

bool endpoint_receive(struct endpoint *e, struct frame *ret) {
    uint64_t peer;
    while (read_peer(e, &peer)) {
        zmq_msg_close(&e->body);
        zmq_msg_init(&e->body);
        if (zmq_msg_recv(&e->body, e->socket, ZMQ_DONTWAIT) < 0)
            return false;
        bool broken = skip_rest(e);
        if (judge_frame(e, peer, broken, ret))
            return true;
    }
    return false;
}

/* ---- the rest ---- */

void *endpoint_socket(const struct endpoint *e) {
    return e->socket;
}

void *endpoint_ends(const struct endpoint *e) {
    return watch_socket(e->watch);
}

struct endpoint_stats endpoint_stats(const struct endpoint *e) {
    struct endpoint_stats stats = e->stats;
    stats.no_room = accept_refused();
    return stats;
}

void endpoint_close(struct endpoint *e) {
    if (e == NULL)
        return;
    struct slow_peer *p, *next;
    HASH_ITER(hh, e->slow, p, next) {
        drop_backlog(e, p);
    }
    struct bearer *b, *after;
    HASH_ITER(hh, e->bearers, b, after) {
        forget_bearer(e, b);
    }
    watch_free(e->watch, e->socket);
    zmq_msg_close(&e->body);
    if (e->socket)
        zmq_close(e->socket);
    free(e->lost);
    free(e);
}
