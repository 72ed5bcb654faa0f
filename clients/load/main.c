/* SPDX-License-Identifier: Apache-2.0 */

/* takt-load: pushes orders over the real protocol, as fast as credit allows or at a rate, and says how long receipts took.
 *
 * One thread and a DEALER for each connection. An order is the template with an order_ref of its own, put together as text:
 * what is measured is the plant, not a JSON library. The time of a receipt is from when its message was due, so a plant that
 * holds a sender up is not measured kinder for it (Tene's coordinated omission). */

#include "base/arena.h"
#include "clients/load/histogram.h"
#include "daemon/keys/keyfile.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <zmq.h>

enum { CREATORS_MAX = 10000, BATCH_MAX = 500, IN_FLIGHT_MAX = 64, SILENT_S = 60 };

enum { HELP = -1 }; /* no status: only asked what there is */

static const char usage[] =
    "usage: takt-load [OPTION …] ENDPOINT ORDER.json\n"
    "\n"
    "Pushes orders like ORDER.json, each with an order_ref of its own, and prints orders a second and the times of receipts.\n"
    "\n"
    "  --creators NAME,…    who pushes (load)\n"
    "  --keys FOLDER        their keys, FOLDER/NAME.key; needs --plant-key\n"
    "  --plant-key KEY      the plant's public key\n"
    "  --connections N      of each creator (1)\n"
    "  --orders N           in all (10000)\n"
    "  --batch N            orders in a message (50)\n"
    "  --rate N             orders a second in all (as fast as the credit allows)\n"
    "  --prefix TEXT        of the order_refs (the time, so that every run is new)\n"
    "  --help               print this and end\n"
    "\n"
    "Exit status: 0 all were accepted; 1 some were refused; 64 wrong usage; 69 no answer for 60 s.\n";

struct sent { /* a message without its receipt */
    uint64_t id, due_us;
    uint32_t orders;
};

struct connection {
    void *socket;
    const char *creator;
    size_t account;
    bool open;
    struct sent sent[IN_FLIGHT_MAX];
    size_t sent_count;
};

struct account { /* a creator's, over its connections */
    int64_t credit, out;
};

struct load {
    const char *endpoint, *keys, *plant_key, *prefix;
    char **creators;
    size_t creator_count, connections_each, batch;
    uint64_t orders, rate;
    char *order; /* the template's members, without braces */
    void *zmq;
    struct connection *connections;
    struct account *accounts;
    size_t count, turn;
    uint64_t pushed, accepted, refused, messages, again;
    uint64_t begin_us, heard_us;
    bool barred; /* a creator was not let in */
    struct histogram times;
};

static uint64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* ---- arguments ---- */

static void split_creators(struct load *l, char *text) {
    l->creators = takt_realloc(NULL, CREATORS_MAX, sizeof *l->creators);
    for (char *name = strtok(text, ","); name && l->creator_count < CREATORS_MAX; name = strtok(NULL, ","))
        l->creators[l->creator_count++] = name;
}

static bool read_template(struct load *l, const char *path) {
    json_error_t why;
    json_t *order = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    if (!json_is_object(order)) {
        fprintf(stderr, "takt-load: '%s' is no JSON object (%s)\n", path, order ? "another kind of value" : why.text);
        json_decref(order);
        return false;
    }
    json_object_del(order, "order_ref");
    char *text = json_dumps(order, JSON_COMPACT);
    text[strlen(text) - 1] = 0;
    l->order = takt_strdup(text + 1);
    free(text);
    json_decref(order);
    return true;
}

static uint64_t number(const char *text, uint64_t most) {
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    return *end || value > most ? 0 : value;
}

static int parse(struct load *l, int argc, char **argv) {
    static const struct option table[] = {{"creators", 1, NULL, 'c'}, {"keys", 1, NULL, 'k'},   {"plant-key", 1, NULL, 'p'},
                                          {"connections", 1, NULL, 'n'}, {"orders", 1, NULL, 'o'}, {"batch", 1, NULL, 'b'},
                                          {"rate", 1, NULL, 'r'},     {"prefix", 1, NULL, 'x'}, {"help", 0, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    static char anybody[] = "load", made_up[32];
    char *creators = anybody;
    snprintf(made_up, sizeof made_up, "%llx", (unsigned long long)time(NULL));
    *l = (struct load){.connections_each = 1, .orders = 10000, .batch = 50, .prefix = made_up};
    for (int c; (c = getopt_long(argc, argv, "", table, NULL)) != -1;) {
        switch (c) {
        case 'c': creators = optarg; break;
        case 'k': l->keys = optarg; break;
        case 'p': l->plant_key = optarg; break;
        case 'n': l->connections_each = number(optarg, 1000); break;
        case 'o': l->orders = number(optarg, 1000000000); break;
        case 'b': l->batch = number(optarg, BATCH_MAX); break;
        case 'r': l->rate = number(optarg, 10000000); break;
        case 'x': l->prefix = optarg; break;
        case 'h': return HELP;
        default: return EX_USAGE;
        }
    }
    split_creators(l, creators);
    if (argc - optind != 2 || !l->creator_count || !l->connections_each || !l->orders || !l->batch || !l->keys != !l->plant_key)
        return EX_USAGE;
    l->endpoint = argv[optind];
    return read_template(l, argv[optind + 1]) ? 0 : EX_NOINPUT;
}

/* ---- connections ---- */

static int give_key(const struct load *l, void *socket, const char *creator) {
    char path[4096];
    struct keypair pair;
    struct takt_error err = {0};
    if (l->keys == NULL)
        return 0;
    snprintf(path, sizeof path, "%s/%s.key", l->keys, creator);
    int code = keyfile_read(path, false, &pair, &err);
    if (code != 0) {
        fprintf(stderr, "takt-load: %s\n", err.text);
        return code;
    }
    zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, pair.public_key, KEY_SIZE);
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, pair.secret_key, KEY_SIZE);
    zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, l->plant_key, KEY_SIZE);
    keypair_wipe(&pair);
    return 0;
}

static bool connect_one(struct load *l, size_t i) {
    const int none = 0;
    char hello[200];
    struct connection *c = &l->connections[i];
    c->account = i % l->creator_count;
    c->creator = l->creators[c->account];
    c->socket = zmq_socket(l->zmq, ZMQ_DEALER);
    zmq_setsockopt(c->socket, ZMQ_LINGER, &none, sizeof none);
    if (give_key(l, c->socket, c->creator) != 0 || zmq_connect(c->socket, l->endpoint) != 0)
        return false;
    int size = snprintf(hello, sizeof hello, "{\"type\":\"hello\",\"protocol\":1,\"client\":\"takt-load\",\"creator\":\"%s\"}",
                        c->creator);
    return zmq_send(c->socket, hello, (size_t)size, 0) == size;
}

static bool connect_all(struct load *l) {
    l->zmq = zmq_ctx_new();
    zmq_ctx_set(l->zmq, ZMQ_MAX_SOCKETS, 65535);
    l->count = l->creator_count * l->connections_each;
    l->connections = takt_alloc(l->count * sizeof *l->connections);
    l->accounts = takt_alloc(l->creator_count * sizeof *l->accounts);
    for (size_t i = 0; i < l->count; i++)
        if (!connect_one(l, i))
            return false;
    l->heard_us = now_us();
    return true;
}

/* ---- pushing ---- */

static void push(struct load *l, struct connection *c, uint32_t orders, uint64_t due_us) {
    char *text;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    uint64_t id = ++l->messages;
    fprintf(to, "{\"type\":\"orders\",\"id\":\"%llu\",\"orders\":[", (unsigned long long)id);
    for (uint32_t i = 0; i < orders; i++)
        fprintf(to, "%s{\"order_ref\":\"%s-%llu\",%s}", i ? "," : "", l->prefix, (unsigned long long)l->pushed++, l->order);
    fputs("]}", to);
    fclose(to);
    zmq_send(c->socket, text, size, 0);
    free(text);
    c->sent[c->sent_count++] = (struct sent){id, due_us, orders};
    l->accounts[c->account].out += orders;
}

/* When the next message is due; 0: there is none left. */
static uint64_t next_due_us(const struct load *l) {
    if (l->pushed >= l->orders)
        return 0;
    return l->rate ? l->begin_us + l->pushed * 1000000 / l->rate : 1;
}

/* Connections in turn, as far as the credit of their creators goes. */
static void push_due(struct load *l) {
    uint64_t now = now_us(), due;
    for (size_t tried = 0; tried < l->count && (due = next_due_us(l)) != 0 && due <= now;) {
        struct connection *c = &l->connections[l->turn++ % l->count];
        const struct account *a = &l->accounts[c->account];
        uint64_t left = l->orders - l->pushed;
        uint32_t orders = (uint32_t)(left < l->batch ? left : l->batch);
        if (!c->open || c->sent_count == IN_FLIGHT_MAX || (a->out > 0 && a->out + orders > a->credit)) {
            tried++;
            continue;
        }
        push(l, c, orders, l->rate ? due : now);
        tried = 0;
    }
}

/* ---- receipts ---- */

static bool take_sent(struct connection *c, uint64_t id, struct sent *ret) {
    for (size_t i = 0; i < c->sent_count; i++) {
        if (c->sent[i].id != id)
            continue;
        *ret = c->sent[i];
        c->sent[i] = c->sent[--c->sent_count];
        return true;
    }
    return false;
}

static void take_receipt(struct load *l, struct connection *c, const json_t *m, const char *type) {
    const char *id = json_string_value(json_object_get(m, "id"));
    const json_t *credit = json_object_get(m, "credit");
    struct sent sent;
    if (credit)
        l->accounts[c->account].credit = json_integer_value(credit);
    if (id == NULL || !take_sent(c, strtoull(id, NULL, 10), &sent))
        return;
    l->accounts[c->account].out -= sent.orders;
    histogram_add(&l->times, now_us() - sent.due_us);
    if (strcmp(type, "accepted") != 0) { /* busy: other orders take their place, these were never taken */
        l->again += sent.orders;
        l->orders += sent.orders;
        return;
    }
    l->accepted += (uint64_t)json_integer_value(json_object_get(m, "accepted"));
    l->refused += (uint64_t)json_integer_value(json_object_get(m, "refused"));
}

static bool take_message(struct load *l, struct connection *c) {
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    bool got = zmq_msg_recv(&frame, c->socket, ZMQ_DONTWAIT) >= 0;
    json_t *m = got ? json_loadb(zmq_msg_data(&frame), zmq_msg_size(&frame), 0, NULL) : NULL;
    const char *type = json_string_value(json_object_get(m, "type"));
    if (type && strcmp(type, "welcome") == 0) {
        c->open = true;
        l->accounts[c->account].credit = json_integer_value(json_object_get(m, "credit"));
    } else if (type && !c->open) {
        fprintf(stderr, "takt-load: %s: %.*s\n", c->creator, (int)zmq_msg_size(&frame), (const char *)zmq_msg_data(&frame));
        l->barred = true;
    } else if (type) {
        take_receipt(l, c, m, type);
    }
    json_decref(m);
    zmq_msg_close(&frame);
    if (got)
        l->heard_us = now_us();
    return got;
}

static bool all_open(const struct load *l) {
    for (size_t i = 0; i < l->count; i++)
        if (!l->connections[i].open)
            return false;
    return true;
}

static bool all_answered(const struct load *l) {
    for (size_t i = 0; i < l->count; i++)
        if (l->connections[i].sent_count > 0)
            return false;
    return next_due_us(l) == 0;
}

static int run(struct load *l) {
    zmq_pollitem_t *items = takt_alloc(l->count * sizeof *items);
    for (size_t i = 0; i < l->count; i++)
        items[i] = (zmq_pollitem_t){.socket = l->connections[i].socket, .events = ZMQ_POLLIN};
    while (!l->barred && (l->begin_us == 0 || !all_answered(l))) {
        zmq_poll(items, (int)l->count, l->rate && l->begin_us ? 1 : 100);
        for (size_t i = 0; i < l->count; i++)
            while (items[i].revents && take_message(l, &l->connections[i])) {
            }
        if (l->begin_us == 0 && all_open(l))
            l->begin_us = now_us();
        if (l->begin_us)
            push_due(l);
        if (now_us() - l->heard_us > (uint64_t)SILENT_S * 1000000)
            break;
    }
    free(items);
    return l->begin_us && all_answered(l) ? 0 : EX_UNAVAILABLE;
}

static void print(const struct load *l) {
    static const uint32_t shares[] = {50000, 90000, 99000, 99900};
    double seconds = (double)(l->heard_us - l->begin_us) / 1e6;
    printf("{\"orders\": %llu, \"refused\": %llu, \"busy\": %llu, \"seconds\": %.3f, \"orders_per_s\": %.0f, \"receipt_ms\": {",
           (unsigned long long)l->accepted, (unsigned long long)l->refused, (unsigned long long)l->again, seconds,
           seconds > 0 ? (double)l->accepted / seconds : 0);
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
        printf("\"p%g\": %.2f, ", shares[i] / 1000.0, (double)histogram_at(&l->times, shares[i]) / 1000);
    printf("\"most\": %.2f}}\n", (double)l->times.most_us / 1000);
}

static void end(struct load *l) {
    for (size_t i = 0; i < l->count; i++)
        if (l->connections[i].socket)
            zmq_close(l->connections[i].socket);
    if (l->zmq)
        zmq_ctx_term(l->zmq);
    free(l->connections);
    free(l->accounts);
    free(l->creators);
    free(l->order);
}

int main(int argc, char **argv) {
    struct load l;
    int status = parse(&l, argc, argv);
    if (status == HELP)
        return fputs(usage, stdout) < 0;
    if (status == EX_USAGE)
        fputs(usage, stderr);
    if (status == 0)
        status = connect_all(&l) ? run(&l) : EX_UNAVAILABLE;
    if (status == 0) {
        print(&l);
        status = l.refused > 0;
    } else if (status == EX_UNAVAILABLE) {
        fputs("takt-load: no answer\n", stderr);
    }
    end(&l);
    return status;
}
