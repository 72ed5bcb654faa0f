/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The connection to a daemon's control endpoint: one request at a time, and its reply.
 *
 * Errors: a link_status that the caller turns into an exit status, and one line of text. Threads: one owner. */

#include <stddef.h>
#include <stdint.h>

struct json_t;
struct link;

enum link_status {
    LINK_OK,
    LINK_NO_DAEMON, /* nobody listens there */
    LINK_TIMEOUT,   /* no answer in time: what was asked for may yet happen */
    LINK_GARBLED,   /* the answer cannot be understood */
    LINK_REFUSED,   /* a problem */
    LINK_UNKNOWN,   /* likewise, of something that does not exist */
    LINK_BUSY       /* likewise, and worth trying again */
};

struct link_error {
    enum link_status status;
    char text[600];
    char at[96];            /* of a problem: the member that it is about, as "/line"; "" */
};

enum link_status link_open(const char *endpoint, int64_t timeout_ms, struct link **ret, struct link_error *err);
void link_close(struct link *l); /* NULL is fine */

/* bytes: a request with the id `link_id`; the reply is json_decref'ed by the caller. */
enum link_status link_call(struct link *l, const char *bytes, size_t size, struct json_t **ret, struct link_error *err);
/* The id for the next request. */
const char *link_id(struct link *l);
