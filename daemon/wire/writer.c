/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wire/writer.h"

#include "base/arena.h"
#include "base/time.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- bytes ---- */

static void reserve(struct writer *w, size_t more) {
    if (w->cap - w->size > more) /* a NUL always fits behind */
        return;
    w->cap = w->cap + w->cap / 2 + more + 256;
    w->bytes = takt_realloc(w->bytes, w->cap, 1);
}

static void put(struct writer *w, const char *bytes, size_t size) {
    reserve(w, size);
    memcpy(w->bytes + w->size, bytes, size);
    w->size += size;
}

static void put_char(struct writer *w, char c) {
    reserve(w, 1);
    w->bytes[w->size++] = c;
}

static void put_escape(struct writer *w, unsigned char c) {
    char text[8];
    if (c == '"' || c == '\\')
        put(w, text, (size_t)snprintf(text, sizeof text, "\\%c", c));
    else
        put(w, text, (size_t)snprintf(text, sizeof text, "\\u%04x", c));
}

/* Runs of characters that need no escape are copied as a whole. */
static void put_string(struct writer *w, const char *text) {
    put_char(w, '"');
    const char *start = text;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        put(w, start, (size_t)(text - start));
        put_escape(w, c);
        start = text + 1;
    }
    put(w, start, (size_t)(text - start));
    put_char(w, '"');
}

/* ---- structure ---- */

static void put_name(struct writer *w, const char *name) {
    if (w->filled[w->level])
        put_char(w, ',');
    w->filled[w->level] = true;
    if (name) {
        put_string(w, name);
        put_char(w, ':');
    }
}

static void open_level(struct writer *w, const char *name, char open, char close) {
    put_name(w, name);
    put_char(w, open);
    assert(w->level + 1 < WRITER_LEVELS_MAX);
    w->level++;
    w->filled[w->level] = false;
    w->close[w->level] = close;
}

void writer_done(struct writer *w) {
    free(w->bytes);
    *w = (struct writer){0};
}

void writer_clear(struct writer *w) {
    w->size = 0;
    w->level = 0;
    w->filled[0] = false;
}

void writer_object(struct writer *w, const char *name) {
    open_level(w, name, '{', '}');
}

void writer_list(struct writer *w, const char *name) {
    open_level(w, name, '[', ']');
}

void writer_end(struct writer *w) {
    assert(w->level > 0);
    put_char(w, w->close[w->level]);
    w->level--;
}

/* ---- values ---- */

void writer_text(struct writer *w, const char *name, const char *text) {
    put_name(w, name);
    put_string(w, text);
}

void writer_some_text(struct writer *w, const char *name, const char *text) {
    if (text && *text)
        writer_text(w, name, text);
}

void writer_integer(struct writer *w, const char *name, int64_t value) {
    char text[24];
    put_name(w, name);
    put(w, text, (size_t)snprintf(text, sizeof text, "%lld", (long long)value));
}

void writer_milli(struct writer *w, const char *name, int64_t value_milli) {
    char text[32];
    uint64_t size = value_milli < 0 ? 0 - (uint64_t)value_milli : (uint64_t)value_milli;
    int length = snprintf(text, sizeof text, "%s%llu.%03u", value_milli < 0 ? "-" : "", (unsigned long long)(size / 1000),
                          (unsigned)(size % 1000));
    while (text[length - 1] == '0')
        length--;
    if (text[length - 1] == '.')
        length--;
    put_name(w, name);
    put(w, text, (size_t)length);
}

void writer_boolean(struct writer *w, const char *name, bool value) {
    writer_json(w, name, value ? "true" : "false");
}

void writer_null(struct writer *w, const char *name) {
    writer_json(w, name, "null");
}

void writer_time(struct writer *w, const char *name, int64_t time_s) {
    char text[TIME_TEXT_SIZE];
    if (time_s != TAKT_TIME_NONE && time_s != TAKT_TIME_NEVER)
        writer_text(w, name, time_format(time_s, text));
}

void writer_day(struct writer *w, const char *name, int32_t day) {
    char text[DAY_TEXT_SIZE];
    if (day != TAKT_DAY_NONE)
        writer_text(w, name, day_format(day, text));
}

void writer_json(struct writer *w, const char *name, const char *json) {
    writer_json_part(w, name, json, strlen(json));
}

void writer_json_part(struct writer *w, const char *name, const char *json, size_t size) {
    put_name(w, name);
    put(w, json, size);
}

char *writer_take(struct writer *w, size_t *ret_size) {
    assert(w->level == 0);
    reserve(w, 0);
    w->bytes[w->size] = '\0';
    if (ret_size)
        *ret_size = w->size;
    char *bytes = w->bytes;
    *w = (struct writer){0};
    return bytes;
}
