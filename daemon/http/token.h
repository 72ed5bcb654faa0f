/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A token of the HTTP port: one of systemd's credentials or, where there is none, a file of the working folder, which only
 * its owner may read. Printable ASCII without spaces, 16 to HTTP_TOKEN_MAX characters; a newline at its end is none
 * of it.
 *
 * Threads: no state. Ownership: plain data; who holds it wipes it. Errors: TAKT_ECONFIG: others can read it, or it is no token;
 * TAKT_EIO. That there is no such file is no error: the token is "". */

#include "base/error.h"
#include "daemon/http/http.h"

enum { HTTP_TOKEN_MIN = 16 };

int token_read(const char *name, char ret_token[HTTP_TOKEN_MAX + 1], struct takt_error *err);
