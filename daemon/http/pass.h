/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Who asks: tokens of the HTTP port compared, in a time that says nothing of how much was right.
 *
 * The board's token is a secret the daemon holds; of a terminal's tokens the plant's file has only SHA-256 digests, so they come
 * and go with a reload. A terminal's token is taken from the header `Authorization: Bearer …` alone, never from a cookie: what
 * a browser adds by itself must not be able to report anything.
 *
 * Threads: no state. Ownership: a name is the plant's. */

#include "config/plant.h"

#include <stdbool.h>

/* text: NULL is nobody's. */
bool pass_is(const char *token, const char *text);
/* What comes after `Bearer `; NULL: header is NULL or something else, or nothing comes. */
const char *pass_bearer(const char *header);
/* The terminal whose token it is; NULL: none's, or too short to be one. */
const char *pass_terminal(const struct plant *plant, const char *text);
/* Does a request's Origin (NULL: none is fine) name the host that the request was sent to? */
bool pass_same_origin(const char *origin, const char *host);
