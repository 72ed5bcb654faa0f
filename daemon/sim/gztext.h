/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Lines of a text file, plain or compressed by gzip, one after another.
 *
 * Threads: one owner. Ownership: a line lies in the reader until the next call.
 * Errors: TAKT_ENOENT, TAKT_EIO where it cannot be opened or read; TAKT_EDATA for a damaged archive, for a zero byte and for
 * a line longer than GZTEXT_LINE_MAX; each names the file, and the line where there is one. */

#include "base/error.h"

#include <stddef.h>

enum { GZTEXT_LINE_MAX = 1 << 20 };

struct gztext;

int gztext_open(const char *path, struct gztext **ret, struct takt_error *err);
void gztext_close(struct gztext *t); /* NULL is fine */

/* The next line without its newline; *ret_line is NULL at the end. */
int gztext_next(struct gztext *t, char **ret_line, size_t *ret_length, struct takt_error *err);

unsigned gztext_line(const struct gztext *t);     /* number of the last line given, from 1 */
unsigned gztext_permille(struct gztext *t);       /* how much of the file has been read */
