/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One way to fail, for the whole of takt.
 *
 * A fallible function returns 0 or one negative code of the list below, and may take a last `struct takt_error *err`.
 * The first error wins: filling an error that is already filled changes nothing, so a cleanup path cannot hide the cause.
 * NULL is a fine place to put an error.
 *
 * Threads: no state. */

#include <stdbool.h>

#define TAKT_ERRORS(X)                                                                   \
    X(EINVAL, 1, "invalid argument")                                                     \
    X(ENOMEM, 2, "out of memory")                                                        \
    X(ENOENT, 3, "not found")                                                            \
    X(EEXIST, 4, "exists already")                                                       \
    X(ECONFIG, 5, "the configuration is wrong")                                          \
    X(EDATA, 6, "malformed data")                                                        \
    X(ELIMIT, 7, "over a limit")                                                         \
    X(EIO, 8, "input or output failed")                                                  \
    X(ESTORE, 9, "the store failed")                                                     \
    X(EFULL, 10, "no space is left")                                                     \
    X(EBUSY, 11, "busy")                                                                 \
    X(ESTALE, 12, "overtaken by a newer state")                                          \
    X(EFENCED, 13, "another holds the epoch")                                            \
    X(EUNKNOWN, 14, "the outcome is not known")                                          \
    X(EINFEASIBLE, 15, "there is no feasible answer")                                    \
    X(EOVERFLOW, 16, "a number is too large")                                            \
    X(ETIMEOUT, 17, "out of time")                                                       \
    X(EINTERNAL, 18, "internal error")

enum takt_code {
    TAKT_OK = 0,
#define X(name, value, text) TAKT_##name = -(value),
    TAKT_ERRORS(X)
#undef X
};

struct takt_error {
    int code;       /* 0: none */
    char text[508]; /* one line without a newline, cut off if longer */
};

/* Fills err unless it is filled, and returns code. code must be negative. */
int takt_fail(struct takt_error *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* What a code says in general; never NULL. */
const char *takt_error_text(int code);

void takt_error_clear(struct takt_error *err);
