/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Why a message was refused: the closed table of the protocol's problems, with room for one line of detail.
 *
 * On the wire it is `{"type": "problem", "id", "problem", "title", "detail", "at"}`.
 * Threads: no state. Ownership: plain data, to be copied. */

#include <stdbool.h>

#define REFUSALS(X)                                                                                                     \
    X(NONE, "", "")                                                                                                     \
    X(BAD_MESSAGE, "bad-message", "the message cannot be understood")                                                   \
    X(BAD_PROTOCOL, "bad-protocol", "this version of the protocol is not spoken here")                                  \
    X(NO_SESSION, "no-session", "say hello first")                                                                      \
    X(NOT_ALLOWED, "not-allowed", "this is not allowed here")                                                           \
    X(UNKNOWN_CREATOR, "unknown-creator", "no such creator")                                                            \
    X(UNKNOWN_TYPE, "unknown-type", "no such type of message")                                                          \
    X(UNKNOWN_PRODUCT, "unknown-product", "no such product")                                                            \
    X(UNKNOWN_OPTION, "unknown-option", "no such option, or no such value of it")                                       \
    X(UNKNOWN_SERVICE, "unknown-service", "no such shipping service")                                                   \
    X(BAD_QUANTITY, "bad-quantity", "the quantity is out of range")                                                     \
    X(BAD_RECIPIENT, "bad-recipient", "the recipient is not complete or not valid")                                     \
    X(CONFLICT, "conflict", "the same reference was used with other content")                                           \
    X(OVER_CREDIT, "over-credit", "more was sent than the credit allows")                                               \
    X(OVER_LIMIT, "over-limit", "a limit is reached")                                                                   \
    X(TOO_LATE, "too-late", "it is too late for that")                                                                  \
    X(UNKNOWN_ORDER, "unknown-order", "no such order")                                                                  \
    X(AMBIGUOUS, "ambiguous", "several orders have that order_ref: name the creator too")                               \
    X(UNKNOWN_CAMPAIGN, "unknown-campaign", "no such campaign")                                                         \
    X(UNKNOWN_QUOTE, "unknown-quote", "no such quote, or it has lapsed")                                                \
    X(UNKNOWN_LINE, "unknown-line", "no such line")                                                                     \
    X(UNKNOWN_TASK, "unknown-task", "no such task")                                                                     \
    X(UNKNOWN_MATERIAL, "unknown-material", "no such material")                                                         \
    X(UNKNOWN_SHIPMENT, "unknown-shipment", "no such shipment")                                                         \
    X(CONTRADICTION, "contradiction", "this contradicts what is known")                                                 \
    X(NO_CAPACITY, "no-capacity", "there is no capacity for it in time")                                                \
    X(CLOSED, "closed", "it is closed")                                                                                 \
    X(BUSY, "busy", "not now, try again")                                                                               \
    X(INTERNAL, "internal", "an error of the plant's own")

enum refusal_kind {
#define X(name, wire, title) REFUSAL_##name,
    REFUSALS(X)
#undef X
};

struct refusal {
    enum refusal_kind kind;
    char detail[256]; /* one line, UTF-8; may name what the sender sent */
    char at[96];      /* JSON pointer into the message; "" if it means nothing */
};

const char *refusal_name(enum refusal_kind kind);  /* as on the wire */
const char *refusal_title(enum refusal_kind kind);

/* Fills it and returns false, so that refusing is one line: return refuse(ret, REFUSAL_…, "/items/0", "…"). */
bool refuse(struct refusal *ret, enum refusal_kind kind, const char *at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
