/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* libtakt: a creator's connection to a plant, for C and whatever can call C.
 *
 *     struct takt_options options = {.endpoints = (const char *[]){"tcp://plant:7710", NULL}, .key_file = "luna.key",
 *                                    .plant_key = "…", .outbox = "luna.outbox"};
 *     struct takt_client *client = takt_client_new(&options, error, sizeof error);
 *     takt_client_push(client, "{\"order_ref\": …}", error, sizeof error);
 *     while (takt_client_wait(client, -1) >= 0)
 *         while (takt_client_next(client, &news)) …
 *
 * Nothing here blocks but takt_client_wait, which a program with a poll loop of its own does not call: it polls
 * takt_client_fd for reading, at most takt_client_timeout_ms, and calls takt_client_work. What has happened comes from
 * takt_client_next: a receipt for each order, an answer for each request, events.
 *
 * What is pushed is sent, in as large messages as the plant takes and no more than its credit allows, and sent again after
 * reconnects, `busy` and restarts of the plant, until it has its receipt; with an outbox also by the next process. Endpoints of
 * one plant are tried in turn.
 *
 * Threads: no thread of its own; a client belongs to one thread at a time. Ownership: texts of news are good until the next
 * takt_client_next. Errors: NULL or -1 with a line in `error`, cut off at error_size. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct takt_client;

struct takt_options {
    const char *const *endpoints; /* of one plant; NULL ends them */
    const char *key_file;         /* made by `taktctl key new`; NULL: the plant asks for no keys */
    const char *plant_key;        /* the plant's public key */
    const char *creator;          /* who you are, where the plant asks for no keys */
    const char *outbox;           /* a file in which orders are kept until they have a receipt; NULL: none */
    const char *client;           /* what calls itself so in the plant's log; NULL */
    int patience_ms;              /* how long an endpoint may owe an answer before the next is tried; 0: 10 s */
};

enum takt_news_kind {
    TAKT_NEWS_ACCEPTED,  /* order_ref: durable at the plant; duplicate: it was so before */
    TAKT_NEWS_REFUSED,   /* order_ref, problem, detail, at */
    TAKT_NEWS_ANSWER,    /* request, json; problem if it is one */
    TAKT_NEWS_EVENT,     /* json, cursor */
    TAKT_NEWS_CONNECTED, /* json: the welcome */
    TAKT_NEWS_BARRED     /* problem, detail: the plant does not let this creator in */
};

struct takt_news {
    enum takt_news_kind kind;
    uint64_t request;
    uint64_t cursor;
    const char *order_ref, *problem, *detail, *at, *json; /* NULL where they mean nothing */
    bool duplicate;
};

/* Connects in the background. Orders that an earlier process left in the outbox are pushed. */
struct takt_client *takt_client_new(const struct takt_options *options, char *error, size_t error_size);
void takt_client_free(struct takt_client *c); /* NULL is fine; what has no receipt stays in the outbox */

/* An order, as JSON; with an outbox it is on disk when this returns 0. */
int takt_client_push(struct takt_client *c, const char *order_json, char *error, size_t error_size);
/* Any other request: its type (quote, status, cancel, amend, ping) and its members but type and id, as a JSON object. Returns
 * its number, 0 if it is not JSON. */
uint64_t takt_client_ask(struct takt_client *c, const char *type, const char *members_json);
/* Events behind a cursor (0: all that are kept; TAKT_NOW), across reconnects; each at least once. Instead of those that were
 * subscribed to before; an answer comes only if it is a problem. */
#define TAKT_NOW UINT64_MAX
void takt_client_subscribe(struct takt_client *c, uint64_t after);

int takt_client_fd(const struct takt_client *c);
int takt_client_timeout_ms(const struct takt_client *c);
int takt_client_work(struct takt_client *c);
/* poll and work, until there is news or the time is up (-1: for ever). 1: there is news; 0: there is none. */
int takt_client_wait(struct takt_client *c, int timeout_ms);
bool takt_client_next(struct takt_client *c, struct takt_news *ret);

/* Orders without a receipt. */
size_t takt_client_waiting(const struct takt_client *c);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
