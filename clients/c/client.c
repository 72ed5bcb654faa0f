/* SPDX-License-Identifier: Apache-2.0 */

/* What waits is two lists: orders, and other requests. An order is waiting, or in a message whose number it has; a message has
 * no existence of its own, it is the orders with its number, in order of the list. So sending again is setting numbers to 0.
 *
 * connect → hello → welcome: everything without an answer is sent (again); no-session: hello again; no word for PATIENCE_MS
 * while something waits: the next endpoint. */

#include "takt.h"

#include "outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <utlist.h>
#include <zmq.h>

enum {
    ORDERS_MAX = 500,
    BYTES_MAX = 900000,
    PATIENCE_MS = 10000,
    IDLE_MS = 5000, /* without a word, before the plant is asked whether it still knows us */
    OWED_MS = 1000, /* the same while it owes an answer */
    PAUSE_MS = 100,
    SEEN_EVERY = 200,
    KEY_SIZE = 41,
    FRAMES_PER_WORK = 1000
};

struct order {
    char *ref, *json;
    uint64_t message; /* 0: it waits */
    struct order *prev, *next;
};

struct request {
    uint64_t id;
    char *json;
    bool sent;
    int64_t not_before_ms;
    struct request *prev, *next;
};

struct entry { /* of the news */
    struct takt_news news;
    char *order_ref, *problem, *detail, *at, *json;
    struct entry *prev, *next;
};

struct takt_client {
    void *zmq, *socket;
    char **endpoints;
    size_t endpoint_count, turn;
    char public_key[KEY_SIZE], secret_key[KEY_SIZE], plant_key[KEY_SIZE];
    bool keys;
    char *hello;
    struct outbox *outbox;
    struct order *orders;
    struct request *requests;
    struct entry *news, *shown;
    size_t waiting;
    bool open, subscribed;
    int64_t credit, heard_ms, owed_ms, pause_until_ms, patience_ms;
    uint64_t count, cursor, ping, subscription; /* of requests without an answer; 0: none */
    unsigned unseen;
};

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static char *copy(const char *text) {
    return text ? strdup(text) : NULL;
}

/* ---- news ---- */

static struct entry *add_news(struct takt_client *c, enum takt_news_kind kind, const json_t *message) {
    struct entry *e = calloc(1, sizeof *e);
    if (e == NULL)
        abort();
    e->problem = copy(json_string_value(json_object_get(message, "problem")));
    e->detail = copy(json_string_value(json_object_get(message, "detail")));
    e->at = copy(json_string_value(json_object_get(message, "at")));
    e->news = (struct takt_news){.kind = kind, .problem = e->problem, .detail = e->detail, .at = e->at};
    DL_APPEND(c->news, e);
    return e;
}

static struct entry *add_whole(struct takt_client *c, enum takt_news_kind kind, const json_t *message) {
    struct entry *e = add_news(c, kind, message);
    e->news.json = e->json = json_dumps(message, JSON_COMPACT);
    return e;
}

static void free_entry(struct entry *e) {
    if (e == NULL)
        return;
    free(e->order_ref);
    free(e->problem);
    free(e->detail);
    free(e->at);
    free(e->json);
    free(e);
}

/* ---- sending ---- */

static void send_text(struct takt_client *c, const char *text) {
    zmq_send(c->socket, text, strlen(text), ZMQ_DONTWAIT);
}

static size_t under_way(const struct takt_client *c) {
    const struct order *o;
    size_t count = 0;
    DL_FOREACH(c->orders, o) {
        count += o->message != 0;
    }
    return count;
}

/* One message of orders that wait, at most `room` of them; false: none waits. */
static bool send_batch(struct takt_client *c, size_t room) {
    struct order *o;
    size_t count = 0, size = 0;
    char *text = NULL;
    size_t text_size;
    FILE *to = NULL;
    DL_FOREACH(c->orders, o) {
        if (o->message != 0)
            continue;
        size += strlen(o->json) + 1;
        if (count >= room || count >= ORDERS_MAX || (count > 0 && size > BYTES_MAX))
            break;
        if (to == NULL) {
            to = open_memstream(&text, &text_size);
            fprintf(to, "{\"type\":\"orders\",\"id\":\"%llu\",\"orders\":[", (unsigned long long)++c->count);
        }
        fprintf(to, "%s%s", count ? "," : "", o->json);
        o->message = c->count;
        count++;
    }
    if (to == NULL)
        return false;
    fputs("]}", to);
    fclose(to);
    send_text(c, text);
    free(text);
    return true;
}

static void send_ready(struct takt_client *c) {
    struct request *r;
    int64_t now = now_ms();
    if (!c->open)
        return;
    DL_FOREACH(c->requests, r) {
        if (!r->sent && now >= r->not_before_ms)
            send_text(c, r->json);
        r->sent = r->sent || now >= r->not_before_ms;
    }
    size_t out = c->waiting && now >= c->pause_until_ms ? under_way(c) : SIZE_MAX;
    while (out != SIZE_MAX && (out == 0 || (int64_t)out < c->credit)) {
        size_t room = out == 0 && c->credit < 1 ? 1 : (size_t)c->credit - out;
        if (!send_batch(c, room))
            break;
        out = under_way(c);
    }
}

static void connect_next(struct takt_client *c) {
    static const struct {
        int option, value;
    } options[] = {{ZMQ_LINGER, 0},        {ZMQ_SNDHWM, 0},          {ZMQ_RECONNECT_IVL, 100}, {ZMQ_RECONNECT_IVL_MAX, 2000},
                   {ZMQ_HEARTBEAT_IVL, 5000}, {ZMQ_HEARTBEAT_TIMEOUT, 15000}};
    if (c->socket)
        zmq_close(c->socket);
    c->socket = zmq_socket(c->zmq, ZMQ_DEALER);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        zmq_setsockopt(c->socket, options[i].option, &options[i].value, sizeof options[i].value);
    if (c->keys) {
        zmq_setsockopt(c->socket, ZMQ_CURVE_PUBLICKEY, c->public_key, KEY_SIZE);
        zmq_setsockopt(c->socket, ZMQ_CURVE_SECRETKEY, c->secret_key, KEY_SIZE);
        zmq_setsockopt(c->socket, ZMQ_CURVE_SERVERKEY, c->plant_key, KEY_SIZE);
    }
    zmq_connect(c->socket, c->endpoints[c->turn++ % c->endpoint_count]);
    c->open = false;
    c->heard_ms = c->owed_ms = now_ms();
    send_text(c, c->hello);
}

/* ---- what the plant says ---- */

static bool is(const json_t *m, const char *member, const char *text) {
    const char *value = json_string_value(json_object_get(m, member));
    return value && strcmp(value, text) == 0;
}

static void subscribe(struct takt_client *c, uint64_t after);

static void take_welcome(struct takt_client *c, const json_t *m) {
    struct order *o;
    struct request *r;
    c->credit = json_integer_value(json_object_get(m, "credit"));
    if (c->open)
        return;
    c->open = true;
    c->pause_until_ms = 0;
    DL_FOREACH(c->orders, o) {
        o->message = 0;
    }
    DL_FOREACH(c->requests, r) {
        r->sent = false;
    }
    add_whole(c, TAKT_NEWS_CONNECTED, m);
    if (c->subscribed && c->subscription == 0)
        subscribe(c, c->cursor);
}

/* row: of the receipt, or a problem of the whole message; NULL for an order that was simply accepted. */
static void end_order(struct takt_client *c, struct order *o, const json_t *row) {
    bool duplicate = is(row, "outcome", "duplicate");
    struct entry *e = add_news(c, row && !duplicate ? TAKT_NEWS_REFUSED : TAKT_NEWS_ACCEPTED, duplicate ? NULL : row);
    e->news.duplicate = duplicate;
    if (c->outbox)
        outbox_done(c->outbox, o->ref);
    e->news.order_ref = e->order_ref = o->ref;
    DL_DELETE(c->orders, o);
    c->waiting--;
    free(o->json);
    free(o);
}

/* An order's row of `results`: by its place in the message, which also one has whose order_ref could not be read; a refusal
 * before others, since an order_ref may stand in a message twice. */
static const json_t *row_of(const json_t *results, size_t place, const char *ref) {
    const json_t *found = NULL;
    size_t i;
    json_t *row;
    json_array_foreach(results, i, row) {
        const char *theirs = json_string_value(json_object_get(row, "order_ref")),
                   *at = json_string_value(json_object_get(row, "at"));
        unsigned long long index = 0;
        bool placed = at && sscanf(at, "/orders/%llu", &index) == 1, here = placed ? index == place : theirs && strcmp(theirs, ref) == 0;
        if (here && is(row, "outcome", "refused"))
            return row;
        if (here && is(row, "outcome", "duplicate"))
            found = row;
    }
    return found;
}

static void take_receipt(struct takt_client *c, uint64_t id, const json_t *m, bool problem) {
    struct order *o, *next;
    size_t place = 0;
    DL_FOREACH_SAFE(c->orders, o, next) {
        if (o->message != id)
            continue;
        end_order(c, o, problem ? m : row_of(json_object_get(m, "results"), place, o->ref));
        place++;
    }
}

static void take_later(struct takt_client *c, uint64_t id) {
    struct order *o;
    struct request *r;
    DL_FOREACH(c->orders, o) {
        if (o->message == id)
            o->message = 0;
    }
    c->pause_until_ms = now_ms() + PAUSE_MS;
    DL_FOREACH(c->requests, r) {
        if (r->id == id) {
            r->sent = false;
            r->not_before_ms = now_ms() + PAUSE_MS;
        }
    }
}

static void take_answer(struct takt_client *c, const json_t *m) {
    const char *text = json_string_value(json_object_get(m, "id"));
    uint64_t id = text ? strtoull(text, NULL, 10) : 0;
    const json_t *credit = json_object_get(m, "credit"), *cursor = json_object_get(m, "cursor");
    bool problem = is(m, "type", "problem");
    struct request *r, *next;
    if (credit)
        c->credit = json_integer_value(credit);
    if (id == 0)
        return;
    if (problem && (is(m, "problem", "busy") || is(m, "problem", "over-credit"))) {
        take_later(c, id);
        return;
    }
    if (is(m, "type", "subscribed") && cursor)
        c->cursor = (uint64_t)json_integer_value(cursor);
    take_receipt(c, id, m, problem);
    DL_FOREACH_SAFE(c->requests, r, next) {
        if (r->id != id)
            continue;
        if (id != c->ping && (id != c->subscription || problem))
            add_whole(c, TAKT_NEWS_ANSWER, m)->news.request = id;
        c->subscription = id == c->subscription ? 0 : c->subscription;
        c->ping = id == c->ping ? 0 : c->ping;
        DL_DELETE(c->requests, r);
        free(r->json);
        free(r);
    }
}

static void take_event(struct takt_client *c, const json_t *m) {
    uint64_t cursor = (uint64_t)json_integer_value(json_object_get(m, "cursor"));
    char seen[64];
    if (c->subscription != 0 || (c->cursor != TAKT_NOW && cursor <= c->cursor))
        return; /* of the subscription before, or sent again */
    c->cursor = cursor;
    add_whole(c, TAKT_NEWS_EVENT, m)->news.cursor = cursor;
    if (++c->unseen < SEEN_EVERY)
        return;
    c->unseen = 0;
    snprintf(seen, sizeof seen, "{\"type\":\"seen\",\"cursor\":%llu}", (unsigned long long)cursor);
    send_text(c, seen);
}

static void take_message(struct takt_client *c, const void *bytes, size_t size) {
    json_t *m = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, NULL);
    c->heard_ms = now_ms();
    bool problem = is(m, "type", "problem");
    if (is(m, "type", "welcome")) {
        take_welcome(c, m);
    } else if (is(m, "type", "event")) {
        take_event(c, m);
    } else if (problem && is(m, "problem", "no-session")) {
        if (c->open)
            send_text(c, c->hello);
        c->open = false;
    } else if (problem && json_object_get(m, "id") == NULL && (!c->open || is(m, "problem", "not-allowed"))) {
        add_news(c, TAKT_NEWS_BARRED, m);
    } else if (json_is_object(m)) {
        take_answer(c, m);
    }
    json_decref(m);
}

/* ---- the loop ---- */

static bool awaits(const struct takt_client *c) {
    const struct request *r;
    bool any = !c->open || under_way(c) > 0;
    DL_FOREACH(c->requests, r) {
        any = any || r->sent;
    }
    return any;
}

int takt_client_work(struct takt_client *c) {
    if (!awaits(c))
        c->owed_ms = now_ms();
    for (int i = 0; i < FRAMES_PER_WORK; i++) {
        zmq_msg_t frame;
        zmq_msg_init(&frame);
        bool got = zmq_msg_recv(&frame, c->socket, ZMQ_DONTWAIT) >= 0;
        if (got)
            take_message(c, zmq_msg_data(&frame), zmq_msg_size(&frame));
        zmq_msg_close(&frame);
        if (!got)
            break;
    }
    send_ready(c);
    bool owed = awaits(c);
    int64_t now = now_ms(), silent_ms = now - (owed && c->owed_ms > c->heard_ms ? c->owed_ms : c->heard_ms);
    int64_t ask_ms = owed ? OWED_MS : IDLE_MS;
    if (owed && silent_ms > c->patience_ms)
        connect_next(c);
    else if (c->open && c->ping == 0 && silent_ms > (ask_ms < c->patience_ms ? ask_ms : c->patience_ms))
        c->ping = takt_client_ask(c, "ping", "{}");
    return c->news != NULL;
}

int takt_client_fd(const struct takt_client *c) {
    int fd = -1;
    size_t size = sizeof fd;
    zmq_getsockopt(c->socket, ZMQ_FD, &fd, &size);
    return fd;
}

/* ZeroMQ's descriptor tells of news once: what has come already must not be slept over. */
int takt_client_timeout_ms(const struct takt_client *c) {
    int events = 0;
    size_t size = sizeof events;
    zmq_getsockopt(c->socket, ZMQ_EVENTS, &events, &size);
    return c->news || (events & ZMQ_POLLIN) ? 0 : PAUSE_MS;
}

int takt_client_wait(struct takt_client *c, int timeout_ms) {
    int64_t until_ms = now_ms() + timeout_ms;
    while (!takt_client_work(c)) {
        int64_t left_ms = timeout_ms < 0 ? PAUSE_MS : until_ms - now_ms();
        if (left_ms <= 0)
            return 0;
        zmq_pollitem_t item = {.socket = c->socket, .events = ZMQ_POLLIN};
        zmq_poll(&item, 1, left_ms < PAUSE_MS ? left_ms : PAUSE_MS);
    }
    return 1;
}

bool takt_client_next(struct takt_client *c, struct takt_news *ret) {
    free_entry(c->shown);
    c->shown = c->news;
    if (c->shown == NULL)
        return false;
    DL_DELETE(c->news, c->shown);
    *ret = c->shown->news;
    return true;
}

size_t takt_client_waiting(const struct takt_client *c) {
    return c->waiting;
}

/* ---- requests ---- */

static void add_order(void *arg, const char *json) {
    struct takt_client *c = arg;
    struct order *o = calloc(1, sizeof *o);
    json_t *parsed = json_loads(json, 0, NULL);
    if (o == NULL)
        abort();
    o->ref = copy(json_string_value(json_object_get(parsed, "order_ref")));
    o->json = strdup(json);
    json_decref(parsed);
    DL_APPEND(c->orders, o);
    c->waiting++;
}

int takt_client_push(struct takt_client *c, const char *order_json, char *error, size_t error_size) {
    json_error_t why;
    json_t *order = json_loads(order_json, JSON_REJECT_DUPLICATES, &why);
    const char *ref = json_string_value(json_object_get(order, "order_ref"));
    if (order == NULL)
        snprintf(error, error_size, "an order is JSON: %s", why.text);
    else if (ref == NULL || strchr(ref, '\n'))
        snprintf(error, error_size, "an order has an order_ref, a text of yours that is unique for ever");
    char *line = ref && !strchr(ref, '\n') ? json_dumps(order, JSON_COMPACT) : NULL;
    json_decref(order);
    int code = line && (c->outbox == NULL || outbox_put(c->outbox, line, error, error_size) == 0) ? 0 : -1;
    if (code == 0)
        add_order(c, line);
    free(line);
    return code;
}

uint64_t takt_client_ask(struct takt_client *c, const char *type, const char *members_json) {
    char id[24];
    json_t *m = json_loads(members_json, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(m)) {
        json_decref(m);
        return 0;
    }
    struct request *r = calloc(1, sizeof *r);
    if (r == NULL)
        abort();
    r->id = ++c->count;
    snprintf(id, sizeof id, "%llu", (unsigned long long)r->id);
    json_object_set_new(m, "type", json_string(type));
    json_object_set_new(m, "id", json_string(id));
    r->json = json_dumps(m, JSON_COMPACT);
    json_decref(m);
    DL_APPEND(c->requests, r);
    return r->id;
}

static void subscribe(struct takt_client *c, uint64_t after) {
    char members[64] = "{\"after\":\"now\"}";
    if (after != TAKT_NOW)
        snprintf(members, sizeof members, "{\"after\":%llu}", (unsigned long long)after);
    c->subscribed = true;
    c->cursor = after;
    c->unseen = 0;
    c->subscription = takt_client_ask(c, "subscribe", members);
}

void takt_client_subscribe(struct takt_client *c, uint64_t after) {
    struct entry *e, *next;
    DL_FOREACH_SAFE(c->news, e, next) {
        if (e->news.kind == TAKT_NEWS_EVENT) {
            DL_DELETE(c->news, e);
            free_entry(e);
        }
    }
    subscribe(c, after);
}

/* ---- life ---- */

/* secret-key = "…" of a certificate; the public half follows from it. */
static int read_key(struct takt_client *c, const char *path, char *error, size_t error_size) {
    char text[4096] = "";
    struct stat status;
    FILE *file = fopen(path, "re");
    bool fine = file && fstat(fileno(file), &status) == 0 && fread(text, 1, sizeof text - 1, file) > 0;
    if (file)
        fclose(file);
    const char *at = fine ? strstr(text, "secret-key") : NULL;
    fine = at && sscanf(at, "secret-key = \"%40[^\"]\"", c->secret_key) == 1 && zmq_curve_public(c->public_key, c->secret_key) == 0;
    explicit_bzero(text, sizeof text);
    if (!fine)
        snprintf(error, error_size, "'%s' cannot be read as a key file", path);
    else if (status.st_mode & 077)
        snprintf(error, error_size, "'%s' is open to others: chmod 600", path);
    return fine && (status.st_mode & 077) == 0 ? 0 : -1;
}

static char *make_hello(const struct takt_options *options) {
    json_t *hello = json_pack("{s:s, s:i, s:s}", "type", "hello", "protocol", 1, "client",
                              options->client ? options->client : "libtakt");
    if (options->creator)
        json_object_set_new(hello, "creator", json_string(options->creator));
    char *text = json_dumps(hello, JSON_COMPACT);
    json_decref(hello);
    return text;
}

static int set_up(struct takt_client *c, const struct takt_options *options, char *error, size_t error_size) {
    size_t count = 0;
    while (options->endpoints && options->endpoints[count])
        count++;
    c->endpoints = calloc(count + 1, sizeof *c->endpoints);
    for (size_t i = 0; i < count; i++)
        c->endpoints[i] = strdup(options->endpoints[i]);
    c->endpoint_count = count;
    c->keys = options->key_file != NULL;
    c->patience_ms = options->patience_ms > 0 ? options->patience_ms : PATIENCE_MS;
    if (count == 0 || c->keys != (options->plant_key != NULL)) {
        snprintf(error, error_size, count ? "a key file needs the plant's public key, and the other way round" : "no endpoint");
        return -1;
    }
    if (c->keys && read_key(c, options->key_file, error, error_size) != 0)
        return -1;
    snprintf(c->plant_key, sizeof c->plant_key, "%s", c->keys ? options->plant_key : "");
    c->hello = make_hello(options);
    if (options->outbox && (c->outbox = outbox_open(options->outbox, add_order, c, error, error_size)) == NULL)
        return -1;
    c->zmq = zmq_ctx_new();
    return 0;
}

struct takt_client *takt_client_new(const struct takt_options *options, char *error, size_t error_size) {
    struct takt_client *c = calloc(1, sizeof *c);
    if (c == NULL || set_up(c, options, error, error_size) != 0) {
        takt_client_free(c);
        return NULL;
    }
    connect_next(c);
    return c;
}

static void free_lists(struct takt_client *c) {
    struct order *o, *o_next;
    struct request *r, *r_next;
    struct entry *e, *e_next;
    DL_FOREACH_SAFE(c->orders, o, o_next) {
        free(o->ref);
        free(o->json);
        free(o);
    }
    DL_FOREACH_SAFE(c->requests, r, r_next) {
        free(r->json);
        free(r);
    }
    DL_FOREACH_SAFE(c->news, e, e_next) {
        free_entry(e);
    }
    free_entry(c->shown);
}

void takt_client_free(struct takt_client *c) {
    if (c == NULL)
        return;
    if (c->socket)
        zmq_close(c->socket);
    if (c->zmq)
        zmq_ctx_term(c->zmq);
    free_lists(c);
    outbox_close(c->outbox);
    for (size_t i = 0; i < c->endpoint_count; i++)
        free(c->endpoints[i]);
    free(c->endpoints);
    free(c->hello);
    explicit_bzero(c->secret_key, sizeof c->secret_key);
    free(c);
}
