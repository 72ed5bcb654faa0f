/* SPDX-License-Identifier: Apache-2.0 */

/* A DEALER that connects again by itself; to another planner goes another socket, so that no answer of the old one can be taken
 * for the new one's. A hello goes out once a second: by its answer the planner is known to be there, and by it the planner knows
 * whom to send news, whatever became of the connection meanwhile. */

#include "daemon/intake/planner_link.h"

#include "daemon/operate/log.h"
#include "daemon/planner/inquiry.h"
#include "daemon/wire/message.h"
#include "daemon/wire/reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>
#include <zmq.h>

enum { ID_SIZE = 24, FRAMES_PER_TURN_MAX = 500 };

struct question {
    char id[ID_SIZE];
    struct ask *ask;
    int64_t until_ms;
    struct question *next; /* among those that have come back */
    UT_hash_handle hh;
};

struct planner_link {
    void *zmq, *socket;
    struct keyring *keys;
    struct plant *plant;
    char *address;
    uint64_t epoch, last_id;
    int64_t hello_ms, heard_ms; /* heard_ms: of a welcome; -1: none yet */
    struct question *out, *back;
    bool news, estimate_new;
    struct estimate *estimate;
};

/* ---- asks ---- */

static void come_back(struct planner_link *l, struct question *q) {
    HASH_DEL(l->out, q);
    LL_APPEND(l->back, q);
}

static void turn_down(struct planner_link *l, struct question *q) {
    refuse(&q->ask->refusal, REFUSAL_BUSY, "", "the planner cannot be reached from here; orders are taken all the same");
    come_back(l, q);
}

void planner_link_give_up(struct planner_link *l) {
    struct question *q, *next;
    HASH_ITER(hh, l->out, q, next) {
        turn_down(l, q);
    }
}

static bool send_out(struct planner_link *l, struct writer *w) {
    size_t size;
    char *text = writer_take(w, &size);
    bool sent = l->socket && zmq_send(l->socket, text, size, ZMQ_DONTWAIT) >= 0;
    free(text);
    return sent;
}

void planner_link_ask(struct planner_link *l, struct ask *ask, int64_t now_ms) {
    struct writer w = {0};
    struct question *q = takt_alloc(sizeof *q);
    bool room = HASH_COUNT(l->out) < PLANNER_LINK_ASKS_MAX;
    snprintf(q->id, sizeof q->id, "%llu", (unsigned long long)++l->last_id);
    q->ask = ask;
    q->until_ms = now_ms + PLANNER_LINK_ASK_MS;
    HASH_ADD_STR(l->out, id, q);
    if (l->heard_ms < 0 || !room) {
        turn_down(l, q);
        return;
    }
    inquiry_write_quote(&w, q->id, l->plant, ask);
    if (!send_out(l, &w))
        turn_down(l, q);
}

struct ask *planner_link_answered(struct planner_link *l) {
    struct question *q = l->back;
    if (q == NULL)
        return NULL;
    struct ask *ask = q->ask;
    LL_DELETE(l->back, q);
    free(q);
    return ask;
}

void planner_link_wake(struct planner_link *l) {
    struct writer w = {0};
    reply_begin(&w, "wake", "");
    reply_end(&w);
    send_out(l, &w); /* if it is lost, the planner looks for itself soon enough */
}

/* ---- what comes in ---- */

static void take_answer(struct planner_link *l, const struct message *m, const struct reader *r) {
    struct question *q;
    HASH_FIND_STR(l->out, m->id, q);
    if (q == NULL)
        return; /* too late */
    inquiry_read_quoted(r, strcmp(m->type, "quoted") == 0, q->ask);
    come_back(l, q);
}

static void put_estimate(struct planner_link *l, struct estimate *estimate) {
    estimate_free(l->estimate);
    l->estimate = estimate;
    l->estimate_new = true;
}

static void take_message(struct planner_link *l, const struct message *m, const struct reader *r, int64_t now_ms) {
    if (strcmp(m->type, "welcome") == 0) {
        if (l->heard_ms < 0)
            log_notice("intake", "the planner of epoch %llu is asked at '%s'", (unsigned long long)l->epoch, l->address);
        l->heard_ms = now_ms;
    } else if (strcmp(m->type, "quoted") == 0 || strcmp(m->type, "problem") == 0) {
        take_answer(l, m, r);
    } else if (strcmp(m->type, "news") == 0) {
        l->news = true;
    } else if (strcmp(m->type, "estimate") == 0) {
        struct estimate *estimate = inquiry_read_estimate(r, l->plant);
        if (estimate)
            put_estimate(l, estimate);
    }
}

static bool take_frame(struct planner_link *l, int64_t now_ms) {
    zmq_msg_t frame;
    struct message m;
    struct refusal refusal = {0};
    zmq_msg_init(&frame);
    bool came = zmq_msg_recv(&frame, l->socket, ZMQ_DONTWAIT) >= 0;
    if (came && message_read(zmq_msg_data(&frame), zmq_msg_size(&frame), &m, &refusal)) {
        struct reader r = message_reader(&m, &refusal);
        take_message(l, &m, &r, now_ms);
    }
    if (came)
        message_done(&m);
    zmq_msg_close(&frame);
    return came;
}

bool planner_link_news(struct planner_link *l) {
    bool news = l->news;
    l->news = false;
    return news;
}

bool planner_link_estimate(struct planner_link *l, struct estimate **ret) {
    if (!l->estimate_new)
        return false;
    *ret = l->estimate;
    l->estimate = NULL;
    l->estimate_new = false;
    return true;
}

/* ---- the line ---- */

static void say_hello(struct planner_link *l, int64_t now_ms) {
    struct writer w = {0};
    reply_begin(&w, "hello", "");
    writer_integer(&w, "epoch", (int64_t)l->epoch);
    reply_end(&w);
    send_out(l, &w);
    l->hello_ms = now_ms;
}

static void fall_silent(struct planner_link *l) {
    l->heard_ms = -1;
    put_estimate(l, NULL);
    planner_link_give_up(l);
}

static bool set_options(struct planner_link *l) {
    static const struct {
        int option, value;
    } options[] = {{ZMQ_LINGER, 0},           {ZMQ_IMMEDIATE, 1},           {ZMQ_RECONNECT_IVL, 200}, {ZMQ_RECONNECT_IVL_MAX, 2000},
                   {ZMQ_HEARTBEAT_IVL, 1000}, {ZMQ_HEARTBEAT_TIMEOUT, 3000}, {ZMQ_HANDSHAKE_IVL, 3000}, {ZMQ_CONNECT_TIMEOUT, 3000}};
    const int64_t frame_max = MESSAGE_SIZE_MAX;
    bool good = zmq_setsockopt(l->socket, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max) == 0;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        good = good && zmq_setsockopt(l->socket, options[i].option, &options[i].value, sizeof options[i].value) == 0;
    if (l->keys == NULL)
        return good;
    const char *public_key = keyring_public(l->keys), *secret_key = keyring_secret(l->keys);
    return good && zmq_setsockopt(l->socket, ZMQ_CURVE_SERVERKEY, public_key, KEY_SIZE) == 0 &&
           zmq_setsockopt(l->socket, ZMQ_CURVE_PUBLICKEY, public_key, KEY_SIZE) == 0 &&
           zmq_setsockopt(l->socket, ZMQ_CURVE_SECRETKEY, secret_key, KEY_SIZE) == 0;
}

static void hang_up(struct planner_link *l) {
    if (l->socket)
        zmq_close(l->socket);
    l->socket = NULL;
    free(l->address);
    l->address = NULL;
}

void planner_link_to(struct planner_link *l, const char *address, uint64_t epoch, int64_t now_ms) {
    bool same = address && l->address ? strcmp(address, l->address) == 0 && epoch == l->epoch : address == l->address;
    if (same)
        return;
    hang_up(l);
    fall_silent(l);
    if (address == NULL)
        return;
    l->address = takt_strdup(address);
    l->epoch = epoch;
    l->socket = zmq_socket(l->zmq, ZMQ_DEALER);
    if (l->socket == NULL || !set_options(l) || zmq_connect(l->socket, address) != 0) {
        log_warning("intake", "the planner cannot be asked at '%s' (%s), ignoring", address, zmq_strerror(zmq_errno()));
        if (l->socket)
            zmq_close(l->socket);
        l->socket = NULL;
        return;
    }
    say_hello(l, now_ms);
}

void *planner_link_socket(const struct planner_link *l) {
    return l->socket;
}

/* Until the planner has been heard, its connection may be there at any moment. */
static int64_t hello_after_ms(const struct planner_link *l) {
    return l->hello_ms + (l->heard_ms < 0 ? PLANNER_LINK_HELLO_MS / 10 : PLANNER_LINK_HELLO_MS);
}

int64_t planner_link_wait_ms(const struct planner_link *l, int64_t now_ms) {
    if (l->back || l->estimate_new || l->news)
        return 0;
    int64_t wait_ms = l->socket ? hello_after_ms(l) - now_ms : PLANNER_LINK_HELLO_MS;
    return wait_ms < 0 ? 0 : wait_ms;
}

void planner_link_turn(struct planner_link *l, int64_t now_ms) {
    struct question *q, *next;
    for (int i = 0; l->socket && i < FRAMES_PER_TURN_MAX && take_frame(l, now_ms); i++) {
        /* until no more are there */
    }
    if (l->socket && now_ms >= hello_after_ms(l))
        say_hello(l, now_ms);
    if (l->heard_ms >= 0 && now_ms - l->heard_ms > PLANNER_LINK_SILENT_MS) {
        log_warning("intake", "the planner of epoch %llu does not answer, retrying", (unsigned long long)l->epoch);
        fall_silent(l);
    }
    HASH_ITER(hh, l->out, q, next) {
        if (now_ms >= q->until_ms)
            turn_down(l, q);
    }
}

/* ---- life ---- */

struct planner_link *planner_link_new(void *zmq, struct keyring *keys, struct plant *plant) {
    struct planner_link *l = takt_alloc(sizeof *l);
    l->zmq = zmq;
    l->keys = keys;
    l->plant = plant_ref(plant);
    l->heard_ms = -1;
    return l;
}

void planner_link_plant(struct planner_link *l, struct plant *plant) {
    plant_unref(l->plant);
    l->plant = plant_ref(plant);
}

void planner_link_free(struct planner_link *l) {
    if (l == NULL)
        return;
    hang_up(l);
    estimate_free(l->estimate);
    plant_unref(l->plant);
    free(l);
}
