/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Who may ask what at the HTTP port: what a request offers, weighed against its route.
 *
 * Tokens are taken from the header, from the cookie, and for `/` once from the address. Each that is offered is looked at, also
 * where another opens already, so that who has one cannot look for a second; who offers wrong ones waits (guess.h), is counted
 * (meter.h) and told of in the log. What is for all who reach the port asks for none, looks at none and never waits.
 *
 * Threads: one owner. Ownership: the token is the caller's and outlives the door. */

#include "config/plant.h"
#include "daemon/http/guess.h"
#include "daemon/http/route.h"

struct MHD_Connection;

struct door {
    const char *token; /* the board's; "": none */
    struct guesses guesses;
};

enum door_answer {
    DOOR_OPEN,
    DOOR_WELCOME, /* `/` with the board's token in its address */
    DOOR_SHUT,
    DOOR_LATER /* nothing of what it offers was looked at */
};

void door_init(struct door *door, const char *token);
/* ret_wait_ms: written for DOOR_LATER. */
enum door_answer door_ask(struct door *door, struct MHD_Connection *connection, const struct route *route, const struct plant *plant,
                          int64_t now_ms, int64_t *ret_wait_ms);
/* The terminal whose token is in the header; NULL: none's. */
const char *door_terminal(struct MHD_Connection *connection, const struct plant *plant);
