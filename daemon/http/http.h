/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The HTTP port: the board, the lines' pages, metrics and health.
 *
 * A shell around libmicrohttpd without a thread of its own, turned by the actor that owns it. What a browser asks becomes a
 * message for the control core, under a number; the reply goes back by that number. What a line's page reports is a message of
 * the floor endpoint as the body of a POST, and goes to the floor's core as that terminal's:
 *
 *     http_turn(h);                            take what came, send what can be sent
 *     while (http_request(h, &request)) …      control_receive(control, request.no, request.bytes, request.size, …), or
 *                                              floor_terminal(floor, request.no, request.terminal, …) if it names one
 *     http_reply(h, no, text, size);
 *
 * Guarantees:
 *  - GET and HEAD change nothing: only commands that show are reachable (route.h). A POST needs a terminal's token in its
 *    header, not in a cookie, comes from no page of elsewhere, and may do what that terminal may (floor.h, F1).
 *  - Beyond this machine it opens only with a token, which every request but metrics and health must then carry: as
 *    `Authorization: Bearer …`, or in the cookie that `/?token=…` sets. On loopback a request must name this machine as its
 *    Host, so that no page of elsewhere can read the board through a browser here.
 *  - Who offers wrong tokens waits longer and longer (guess.h): 429 with Retry-After, whatever it offers then.
 *  - Bounded: so many connections, streams and questions at a time; an unanswered question ends with 504.
 *  - Where the address is in use it is tried again every few seconds; takt goes on without.
 *
 * Threads: one owner. Ownership: a request's bytes are its receiver's, a reply's text becomes the port's; both from malloc. */

#include "config/plant.h"

#include <stddef.h>
#include <stdint.h>

enum {
    HTTP_CONNECTIONS_MAX = 128,
    HTTP_STREAMS_MAX = 32,
    HTTP_TOKEN_MAX = 256,
    HTTP_BODY_MAX = 65536,
    HTTP_TERMINAL_SIZE = 65,
    HTTP_ANSWER_MS_MAX = 10000, /* for a question */
    HTTP_RETRY_MS = 5000        /* to open */
};

struct http;

struct http_request {
    uint64_t no; /* 1 and on, never used again */
    char *bytes; /* JSON */
    size_t size;
    char terminal[HTTP_TERMINAL_SIZE]; /* whose message for the floor; "": it is for the control core */
};

/* address: host:port, numeric, as the plant's listen.http; token: "" for none. Nothing is opened before the first turn.
 * A reference of the plant is taken. Errors: TAKT_ECONFIG: this address may not be opened without a token. */
int http_new(const char *address, const char *token, struct plant *plant, struct http **ret, struct takt_error *err);
void http_plant(struct http *h, struct plant *plant); /* another one is in force */
void http_free(struct http *h); /* questions under way are answered with 503; NULL is fine */

/* For poll with POLLIN; -1: it is not open. */
int http_descriptor(const struct http *h);
/* Real milliseconds until it wants a turn. */
int64_t http_wait_ms(const struct http *h);
void http_turn(struct http *h, int64_t real_ms);

bool http_request(struct http *h, struct http_request *ret); /* false: nothing is there */
void http_reply(struct http *h, uint64_t no, char *text, size_t size);
/* To all who watch: something has changed. */
void http_changed(struct http *h);
size_t http_streams(const struct http *h); /* who watch */
/* Why it is not open, "" if it is. */
const char *http_trouble(const struct http *h);
