/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What stands at which path of the HTTP port: a page, a question to the control core, or the stream of changes.
 *
 * A question is a command of the control endpoint (daemon/operate/control.h) with members that are taken from the query,
 * so the board shows what taktctl shows; only commands that change nothing are in the table. What changes something is a
 * message of the floor endpoint, the body of a POST, and goes where those go.
 *
 * Threads: no state. */

#include "daemon/wire/refusal.h"
#include "daemon/wire/writer.h"

enum route_kind {
    ROUTE_PAGE,   /* an embedded file */
    ROUTE_ASK,    /* a command's reply, as JSON */
    ROUTE_TEXT,   /* the member `text` of a command's reply, as text: metrics, health */
    ROUTE_STREAM, /* server-sent events */
    ROUTE_CODE,   /* `text` of the query as a QR code */
    ROUTE_FLOOR   /* POST: one message of the floor endpoint, and its reply */
};

enum route_access {
    ACCESS_BOARD,    /* the board's token, where there is one */
    ACCESS_OPEN,     /* says nothing of orders: metrics, health, and pages without what is in them */
    ACCESS_FLOOR,    /* as ACCESS_BOARD, or any terminal's token */
    ACCESS_TERMINAL  /* a terminal's token, in any case */
};

enum { ROUTE_PARAMETERS_MAX = 6 };

struct route_parameter {
    const char *name;
    bool integer; /* else text */
};

struct route {
    const char *path;         /* one that ends in a slash, but for `/`: all that begins with it */
    enum route_kind kind;
    enum route_access access;
    const char *command;      /* ROUTE_ASK, ROUTE_TEXT */
    const char *content_type; /* ROUTE_PAGE, ROUTE_TEXT */
    const char *const *page;  /* ROUTE_PAGE: its bytes, ended by a NUL */
    struct route_parameter parameters[ROUTE_PARAMETERS_MAX];
};

/* NULL: nothing stands there. */
const struct route *route_find(const char *path);

/* One member of the query. false, with a refusal: the route does not take it, or it is no number where one belongs. */
bool route_parameter(const struct route *route, const char *name, const char *value, struct writer *w,
                     struct refusal *ret_refusal);
