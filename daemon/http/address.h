/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The address of the HTTP port: `127.0.0.1:7780`, `[::1]:7780`, `localhost:7780`, `*:7780`. Threads: no state. */

#include "base/error.h"

#include <sys/socket.h>

struct http_address {
    struct sockaddr_storage socket;
    socklen_t size;
    bool loopback; /* reached from this machine alone */
};

/* Errors: TAKT_ECONFIG: not of that form; names are not looked up. */
int http_address_read(const char *text, struct http_address *ret, struct takt_error *err);
/* A listening, non-blocking socket. Errors: TAKT_EIO: what the system says. */
int http_address_listen(const struct http_address *a, int *ret_descriptor, struct takt_error *err);
/* Does a request's Host (may be NULL) name this machine by its loopback? */
bool http_host_is_local(const char *host);
