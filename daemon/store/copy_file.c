/* SPDX-License-Identifier: Apache-2.0 */

/* A store as a file of lines: see copy.h. A sink writes beside the file and takes its name in the end. */

#include "base/arena.h"
#include "daemon/store/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { LINE_ROOM = 65536, DUMP_VERSION = 1 };

/* ---- from ---- */

struct reading {
    gzFile file;
    const char *path;
    char *line;
    size_t room;
    json_t *now;   /* the line that was read last */
    json_t *ahead; /* one that was read too far */
    uint8_t bytes[COPY_COLUMNS_MAX][64];
    int64_t rows;
    size_t columns;
    bool last; /* table */
};

static int damaged(const struct reading *r, const char *why, struct takt_error *err) {
    return takt_fail(err, TAKT_EDATA, "'%s' is no whole dump of takt (%s)", r->path, why);
}

static int read_line(struct reading *r, struct takt_error *err) {
    size_t length = 0;
    for (;;) {
        if (length + LINE_ROOM > r->room) {
            r->room = r->room * 2 + LINE_ROOM;
            r->line = takt_realloc(r->line, r->room, 1);
        }
        if (gzgets(r->file, r->line + length, (int)(r->room - length)) == NULL)
            return damaged(r, "it ends too soon", err);
        length += strlen(r->line + length);
        if (length > 0 && r->line[length - 1] == '\n')
            break;
    }
    json_decref(r->now);
    r->now = json_loadb(r->line, length, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    return r->now != NULL ? 0 : damaged(r, "a line is no JSON", err);
}

static int64_t member(const json_t *object, const char *name) {
    return (int64_t)json_integer_value(json_object_get(object, name));
}

static int read_head(struct reading *r, struct copy_head *ret, struct takt_error *err) {
    int code = read_line(r, err);
    if (code < 0)
        return code;
    const char *plant = json_string_value(json_object_get(r->now, "plant"));
    if (member(r->now, "takt_dump") != DUMP_VERSION || plant == NULL || strlen(plant) >= sizeof ret->plant)
        return damaged(r, "it does not begin like one", err);
    *ret = (struct copy_head){.schema = member(r->now, "schema"),
                              .change = member(r->now, "change"),
                              .cursor = member(r->now, "cursor"),
                              .earliest_s = member(r->now, "earliest_s"),
                              .latest_s = member(r->now, "latest_s")};
    snprintf(ret->plant, sizeof ret->plant, "%s", plant);
    return 0;
}

static void close_reading(void *self) {
    struct reading *r = self;
    if (r->file != NULL)
        gzclose(r->file);
    json_decref(r->now);
    json_decref(r->ahead);
    free(r->line);
    free(r);
}

static int open_reading(const char *url, const char *plant, void **ret, struct copy_head *ret_head,
                        struct takt_error *err) {
    struct reading *r = takt_alloc(sizeof *r);
    r->path = url;
    r->file = gzopen(url, "rb");
    int code = r->file != NULL ? read_head(r, ret_head, err)
                               : takt_fail(err, errno == ENOENT ? TAKT_ENOENT : TAKT_EIO, "cannot open '%s': %s", url,
                                           strerror(errno));
    if (code == 0 && *plant != '\0' && strcmp(plant, ret_head->plant) != 0)
        code = takt_fail(err, TAKT_ENOENT, "'%s' is a dump of plant '%s', not of '%s'", url, ret_head->plant, plant);
    if (code < 0) {
        close_reading(r);
        return code;
    }
    *ret = r;
    return 0;
}

/* A table that an older takt did not have yet is empty. */
static int read_table(void *self, const struct copy_table *table, struct copy_columns *ret, struct takt_error *err) {
    struct reading *r = self;
    int code = r->ahead == NULL ? read_line(r, err) : 0;
    if (code < 0)
        return code;
    if (r->ahead == NULL)
        r->ahead = json_incref(r->now);
    const char *name = json_string_value(json_object_get(r->ahead, "table"));
    const json_t *columns = json_object_get(r->ahead, "columns");
    ret->count = r->columns = 0;
    r->last = table == &copy_tables[copy_table_count - 1];
    if (name == NULL || strcmp(name, table->name) != 0)
        return 0;
    if (json_array_size(columns) > COPY_COLUMNS_MAX)
        return damaged(r, "too many columns", err);
    for (; ret->count < json_array_size(columns); ret->count++) {
        const char *column = json_string_value(json_array_get(columns, ret->count));
        if (column == NULL || strlen(column) >= COPY_NAME_SIZE ||
            strspn(column, "abcdefghijklmnopqrstuvwxyz_") != strlen(column))
            return damaged(r, "the name of a column", err);
        strcpy(ret->names[ret->count], column);
    }
    r->columns = ret->count;
    json_decref(r->ahead);
    r->ahead = NULL;
    return 0;
}

static int digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_bytes(const json_t *value, uint8_t *room, size_t size, struct copy_value *ret) {
    const char *text = json_string_value(json_array_get(value, 0));
    size_t length = text != NULL ? strlen(text) / 2 : size + 1;
    if (length > size)
        return false;
    for (size_t i = 0; i < length; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        room[i] = (uint8_t)(high << 4 | low);
    }
    *ret = (struct copy_value){.kind = COPY_BYTES, .bytes = (const char *)room, .length = length};
    return true;
}

static bool read_value(struct reading *r, size_t column, struct copy_value *ret) {
    const json_t *value = json_array_get(r->now, column);
    *ret = (struct copy_value){.kind = COPY_NULL};
    if (json_is_integer(value))
        *ret = (struct copy_value){.kind = COPY_INTEGER, .integer = json_integer_value(value)};
    else if (json_is_string(value))
        *ret = (struct copy_value){
            .kind = COPY_TEXT, .bytes = json_string_value(value), .length = json_string_length(value)};
    else if (json_is_array(value))
        return read_bytes(value, r->bytes[column], sizeof r->bytes[column], ret);
    return value != NULL;
}

/* What comes after the last table that is known must be the end. */
static int check_end(const struct reading *r, struct takt_error *err) {
    const json_t *rows = json_object_get(r->ahead, "rows");
    if (rows == NULL)
        return r->last ? damaged(r, "it has more in it than this takt knows", err) : 0;
    return json_integer_value(rows) == r->rows ? 0 : damaged(r, "rows are missing", err);
}

static int read_row(void *self, struct copy_value *ret, struct takt_error *err) {
    struct reading *r = self;
    if (r->ahead != NULL)
        return check_end(r, err);
    int code = read_line(r, err);
    if (code < 0)
        return code;
    if (json_is_object(r->now)) { /* the next table, or the end */
        r->ahead = json_incref(r->now);
        return check_end(r, err);
    }
    if (json_array_size(r->now) != r->columns)
        return damaged(r, "a row of another length", err);
    for (size_t i = 0; i < r->columns; i++)
        if (!read_value(r, i, &ret[i]))
            return damaged(r, "a value", err);
    r->rows++;
    return 1;
}

const struct copy_source_kind copy_from_file = {
    .scheme = "", .open = open_reading, .table = read_table, .row = read_row, .close = close_reading};

/* ---- to ---- */

struct writing {
    gzFile file;
    int fd;
    char *path, *part;
    size_t columns;
    int64_t rows;
};

static int write_json(struct writing *w, json_t *line, struct takt_error *err) {
    char *text = json_dumps(line, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(line);
    bool good = text != NULL && gzputs(w->file, text) > 0 && gzputc(w->file, '\n') == '\n';
    free(text);
    return good ? 0
                : takt_fail(err, errno == ENOSPC ? TAKT_EFULL : TAKT_EIO, "cannot write '%s': %s", w->part,
                            strerror(errno));
}

static void close_writing(void *self) {
    struct writing *w = self;
    if (w == NULL)
        return;
    if (w->file != NULL)
        gzclose(w->file);
    if (w->fd >= 0)
        close(w->fd);
    unlink(w->part); /* when it was finished it has another name */
    free(w->path);
    free(w->part);
    free(w);
}

static int begin_writing(struct writing *w, bool replace, struct takt_error *err) {
    size_t length = strlen(w->path);
    bool zip = length > 3 && strcmp(w->path + length - 3, ".gz") == 0;
    if (!replace && access(w->path, F_OK) == 0)
        return takt_fail(err, TAKT_EEXIST, "'%s' is there already; --force writes over it", w->path);
    w->fd = open(w->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (w->fd < 0)
        return takt_fail(err, TAKT_EIO, "cannot write '%s': %s", w->part, strerror(errno));
    w->file = gzdopen(dup(w->fd), zip ? "wb6" : "wbT");
    return w->file != NULL ? 0 : takt_fail(err, TAKT_EIO, "cannot write '%s'", w->part);
}

static int open_writing(const char *url, const struct copy_head *head, bool replace, void **ret,
                        struct takt_error *err) {
    struct writing *w = takt_alloc(sizeof *w);
    size_t size = strlen(url) + sizeof ".part";
    w->fd = -1;
    w->path = takt_strdup(url);
    w->part = takt_alloc(size);
    snprintf(w->part, size, "%s.part", url);
    int code = begin_writing(w, replace, err);
    if (code == 0)
        code = write_json(w,
                          json_pack("{s:i, s:I, s:s, s:I, s:I, s:I, s:I}", "takt_dump", DUMP_VERSION, "schema",
                                    (json_int_t)head->schema, "plant", head->plant, "change", (json_int_t)head->change,
                                    "cursor", (json_int_t)head->cursor, "earliest_s", (json_int_t)head->earliest_s,
                                    "latest_s", (json_int_t)head->latest_s),
                          err);
    if (code < 0) {
        close_writing(w);
        return code;
    }
    *ret = w;
    return 0;
}

static int write_table(void *self, const struct copy_table *table, const struct copy_columns *columns,
                       struct takt_error *err) {
    struct writing *w = self;
    json_t *names = json_array();
    w->columns = columns->count;
    for (size_t i = 0; i < columns->count; i++)
        json_array_append_new(names, json_string(columns->names[i]));
    return write_json(w, json_pack("{s:s, s:o}", "table", table->name, "columns", names), err);
}

static json_t *json_of(const struct copy_value *v) {
    char hex[129];
    switch (v->kind) {
    case COPY_INTEGER:
        return json_integer(v->integer);
    case COPY_TEXT:
        return json_stringn(v->bytes, v->length);
    case COPY_BYTES:
        if (v->length * 2 >= sizeof hex)
            return NULL;
        for (size_t i = 0; i < v->length; i++)
            sprintf(hex + 2 * i, "%02x", (unsigned)(uint8_t)v->bytes[i]);
        hex[2 * v->length] = '\0';
        return json_pack("[s]", hex);
    case COPY_NULL:
        break;
    }
    return json_null();
}

static int write_row(void *self, const struct copy_value *values, struct takt_error *err) {
    struct writing *w = self;
    json_t *row = json_array();
    for (size_t i = 0; i < w->columns; i++)
        if (json_array_append_new(row, json_of(&values[i])) != 0) {
            json_decref(row);
            return takt_fail(err, TAKT_EDATA, "a row cannot be written as JSON");
        }
    w->rows++;
    return write_json(w, row, err);
}

static int finish_writing(void *self, struct takt_error *err) {
    struct writing *w = self;
    int code = write_json(w, json_pack("{s:I}", "rows", (json_int_t)w->rows), err);
    if (code < 0)
        return code;
    bool good = gzclose(w->file) == Z_OK;
    w->file = NULL;
    if (!good || fsync(w->fd) != 0 || rename(w->part, w->path) != 0)
        return takt_fail(err, errno == ENOSPC ? TAKT_EFULL : TAKT_EIO, "cannot write '%s': %s", w->path,
                         strerror(errno));
    return 0;
}

const struct copy_sink_kind copy_to_file = {.scheme = "",
                                            .open = open_writing,
                                            .table = write_table,
                                            .row = write_row,
                                            .finish = finish_writing,
                                            .close = close_writing};
