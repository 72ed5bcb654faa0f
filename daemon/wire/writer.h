/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* JSON written straight into one growing buffer, without a tree.
 *
 *     struct writer w = {0};
 *     writer_object(&w, NULL);
 *     writer_text(&w, "type", "tasks");
 *     writer_list(&w, "tasks");
 *     …
 *     writer_end(&w);
 *     writer_end(&w);
 *     send(writer_take(&w, &size));
 *
 * `name` is the member's name within an object and NULL within a list. Text must be UTF-8 and is escaped; names are the
 * protocol's own or from the plant and are escaped as well.
 *
 * Threads: one owner. Ownership: writer_take hands the bytes over (free them); writer_done frees what is there.
 * Cost: amortised linear. Levels are at most WRITER_LEVELS_MAX, asserted. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WRITER_LEVELS_MAX = 32 };

struct writer { /* zeroed: empty */
    char *bytes;
    size_t size, cap;
    uint32_t level;
    bool filled[WRITER_LEVELS_MAX]; /* something stands on this level already */
    char close[WRITER_LEVELS_MAX];
};

void writer_done(struct writer *w);
void writer_clear(struct writer *w); /* keeps the buffer */

void writer_object(struct writer *w, const char *name);
void writer_list(struct writer *w, const char *name);
void writer_end(struct writer *w); /* of the innermost object or list */

void writer_text(struct writer *w, const char *name, const char *text);
void writer_some_text(struct writer *w, const char *name, const char *text); /* nothing if it is NULL or "" */
void writer_integer(struct writer *w, const char *name, int64_t value);
void writer_milli(struct writer *w, const char *name, int64_t value_milli);  /* 1200: 1.2; 3000: 3 */
void writer_boolean(struct writer *w, const char *name, bool value);
void writer_null(struct writer *w, const char *name);
void writer_time(struct writer *w, const char *name, int64_t time_s);        /* nothing if TAKT_TIME_NONE or _NEVER */
void writer_day(struct writer *w, const char *name, int32_t day);            /* nothing if TAKT_DAY_NONE */
void writer_json(struct writer *w, const char *name, const char *json);      /* JSON already */
void writer_json_part(struct writer *w, const char *name, const char *json, size_t size); /* that ends without a NUL */

/* Everything is ended: the bytes, followed by a NUL that ret_size (may be NULL) does not count. The writer is empty after. */
char *writer_take(struct writer *w, size_t *ret_size);
