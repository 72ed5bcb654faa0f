/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/keys/zap.h"

#include "base/arena.h"
#include "daemon/clock.h"
#include "daemon/operate/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum { FIELD_MAX = 256, KEY_BYTES = 32, FIELDS_MAX = 8 };

struct zap {
    struct keyring *keys;
    void *socket;        /* the thread's */
    void *stop, *stopped; /* ends of a pair: anything sent stops the thread */
    int64_t logged_ms;
    pthread_t thread;
};

struct question {
    char id[FIELD_MAX];
    size_t id_size;
    char domain[FIELD_MAX], address[FIELD_MAX], mechanism[FIELD_MAX];
    uint8_t key[KEY_BYTES];
    bool good; /* all of it was there */
};

/* ---- one question ---- */

/* The frames of a question: version, request id, domain, address, routing id, mechanism, credentials. */
static bool read_question(struct zap *z, struct question *ret) {
    char fields[FIELDS_MAX][FIELD_MAX];
    int sizes[FIELDS_MAX] = {0}, count = 0, more = 1;
    size_t size = sizeof more;
    memset(fields, 0, sizeof fields);
    for (; more; count++) {
        char left_over[FIELD_MAX], *to = count < FIELDS_MAX ? fields[count] : left_over;
        int got = zmq_recv(z->socket, to, FIELD_MAX - 1, 0);
        if (got < 0)
            return false;
        if (count < FIELDS_MAX)
            sizes[count] = got < FIELD_MAX ? got : FIELD_MAX - 1;
        zmq_getsockopt(z->socket, ZMQ_RCVMORE, &more, &size);
    }
    *ret = (struct question){.id_size = (size_t)sizes[1]};
    memcpy(ret->id, fields[1], sizeof ret->id);
    memcpy(ret->domain, fields[2], sizeof ret->domain);
    memcpy(ret->address, fields[3], sizeof ret->address);
    memcpy(ret->mechanism, fields[5], sizeof ret->mechanism);
    ret->good = count == 7 && strcmp(fields[0], "1.0") == 0 && sizes[6] == KEY_BYTES;
    memcpy(ret->key, fields[6], KEY_BYTES);
    return true;
}

static void answer(struct zap *z, const struct question *q, const char *status, const char *text, const char *user) {
    zmq_send(z->socket, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(z->socket, q->id, q->id_size, ZMQ_SNDMORE);
    zmq_send(z->socket, status, strlen(status), ZMQ_SNDMORE);
    zmq_send(z->socket, text, strlen(text), ZMQ_SNDMORE);
    zmq_send(z->socket, user, strlen(user), ZMQ_SNDMORE);
    zmq_send(z->socket, "", 0, 0);
}

static void complain(struct zap *z, const struct question *q, enum key_verdict verdict) {
    int64_t now_ms = clock_mono_ms();
    char counts[300] = "";
    if (now_ms - z->logged_ms < ZAP_LOG_EVERY_MS)
        return;
    z->logged_ms = now_ms;
    for (int v = KEY_STRANGER; v < KEY_VERDICTS; v++) {
        uint64_t count = keyring_count(z->keys, (enum key_verdict)v);
        size_t used = strlen(counts);
        if (count > 0)
            snprintf(counts + used, sizeof counts - used, "%s%s: %llu", used ? ", " : "", key_verdict_text((enum key_verdict)v),
                     (unsigned long long)count);
    }
    log_write(LOG_LEVEL_WARNING, "keys", LOG_MESSAGE_HANDSHAKE_REFUSED, LOG_FIELDS({"TAKT_ADDRESS", q->address}),
              "a connection from '%s' to the endpoint of %ss was refused (%s), ignoring (so far %s)", q->address, q->domain,
              key_verdict_text(verdict), counts);
}

static bool find_role(const char *domain, enum key_role *ret) {
    for (int role = 0; role < KEY_ROLES; role++)
        if (strcmp(key_role_text((enum key_role)role), domain) == 0) {
            *ret = (enum key_role)role;
            return true;
        }
    return false;
}

static void decide(struct zap *z, const struct question *q) {
    char key[KEY_SIZE] = "";
    enum key_role role;
    enum key_verdict verdict = KEY_UNSIGNED;
    if (q->good && strcmp(q->mechanism, "CURVE") == 0 && find_role(q->domain, &role) && zmq_z85_encode(key, q->key, KEY_BYTES))
        verdict = keyring_admit(z->keys, role, key, clock_mono_ms());
    else
        keyring_count_unsigned(z->keys);
    if (verdict == KEY_GOOD)
        answer(z, q, "200", "OK", key);
    else if (verdict == KEY_TOO_FAST || verdict == KEY_TOO_MANY)
        answer(z, q, "300", "later", "");
    else
        answer(z, q, "400", "refused", "");
    if (verdict != KEY_GOOD)
        complain(z, q, verdict);
}

/* ---- the thread ---- */

static void *run(void *arg) {
    struct zap *z = arg;
    zmq_pollitem_t items[] = {{.socket = z->socket, .events = ZMQ_POLLIN}, {.socket = z->stopped, .events = ZMQ_POLLIN}};
    while (zmq_poll(items, 2, -1) >= 0 || errno == EINTR) {
        struct question q;
        if (items[1].revents)
            break;
        if (items[0].revents && read_question(z, &q))
            decide(z, &q);
    }
    return NULL;
}

static void close_sockets(struct zap *z) {
    void *const sockets[] = {z->socket, z->stop, z->stopped};
    const int none = 0;
    for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++)
        if (sockets[i]) {
            zmq_setsockopt(sockets[i], ZMQ_LINGER, &none, sizeof none);
            zmq_close(sockets[i]);
        }
}

int zap_start(void *zmq, struct keyring *keys, struct zap **ret, struct takt_error *err) {
    struct zap *z = takt_alloc(sizeof *z);
    z->keys = keys;
    z->logged_ms = -ZAP_LOG_EVERY_MS;
    z->socket = zmq_socket(zmq, ZMQ_REP);
    z->stop = zmq_socket(zmq, ZMQ_PAIR);
    z->stopped = zmq_socket(zmq, ZMQ_PAIR);
    bool fine = z->socket && z->stop && z->stopped && zmq_bind(z->socket, "inproc://zeromq.zap.01") == 0 &&
                zmq_bind(z->stopped, "inproc://zap-stop") == 0 && zmq_connect(z->stop, "inproc://zap-stop") == 0;
    if (fine && pthread_create(&z->thread, NULL, run, z) == 0) {
        pthread_setname_np(z->thread, "keys");
        *ret = z;
        return 0;
    }
    int code = takt_fail(err, TAKT_EIO, "cannot begin to check keys: %s", zmq_strerror(errno));
    close_sockets(z);
    free(z);
    return code;
}

void zap_stop(struct zap *z) {
    if (z == NULL)
        return;
    zmq_send(z->stop, "", 0, 0);
    pthread_join(z->thread, NULL);
    close_sockets(z);
    free(z);
}
