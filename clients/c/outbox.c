/* SPDX-License-Identifier: Apache-2.0 */
#include "outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct outbox {
    FILE *file;
};

static void fail(char *error, size_t size, const char *what, const char *path) {
    snprintf(error, size, "%s '%s': %s", what, path, strerror(errno));
}

/* order_ref → the order's line, of what has no receipt. */
static json_t *read_left(FILE *file) {
    json_t *left = json_object();
    char *line = NULL;
    size_t size = 0;
    for (ssize_t n; (n = getline(&line, &size, file)) > 0;) {
        if (line[n - 1] != '\n')
            break; /* cut short */
        line[n - 1] = 0;
        json_t *order = line[0] == '+' ? json_loads(line + 1, JSON_REJECT_DUPLICATES, NULL) : NULL;
        const char *ref = json_string_value(json_object_get(order, "order_ref"));
        if (ref)
            json_object_set_new(left, ref, json_string(line + 1));
        else if (line[0] == '-')
            json_object_del(left, line + 1);
        json_decref(order);
    }
    free(line);
    return left;
}

static int rewrite(const char *path, json_t *left, FILE **ret) {
    char fresh[4096];
    const char *ref;
    json_t *line;
    if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh)
        return -1;
    FILE *file = fopen(fresh, "w+e");
    if (file == NULL)
        return -1;
    json_object_foreach(left, ref, line) {
        fprintf(file, "+%s\n", json_string_value(line));
    }
    if (flock(fileno(file), LOCK_EX | LOCK_NB) != 0 || fflush(file) != 0 || fsync(fileno(file)) != 0 || rename(fresh, path) != 0) {
        fclose(file);
        return -1;
    }
    *ret = file;
    return 0;
}

struct outbox *outbox_open(const char *path, outbox_order_fn *each, void *arg, char *error, size_t error_size) {
    FILE *old = fopen(path, "a+e"), *file = NULL;
    if (old == NULL) {
        fail(error, error_size, "cannot open", path);
        return NULL;
    }
    if (flock(fileno(old), LOCK_EX | LOCK_NB) != 0) {
        fail(error, error_size, "another process has the outbox", path);
        fclose(old);
        return NULL;
    }
    rewind(old);
    json_t *left = read_left(old), *line;
    const char *ref;
    int code = rewrite(path, left, &file);
    if (code != 0)
        fail(error, error_size, "cannot write", path);
    fclose(old);
    struct outbox *o = code == 0 ? calloc(1, sizeof *o) : NULL;
    if (o != NULL) {
        o->file = file;
        json_object_foreach(left, ref, line) {
            each(arg, json_string_value(line));
        }
    }
    json_decref(left);
    return o;
}

void outbox_close(struct outbox *o) {
    if (o == NULL)
        return;
    fclose(o->file);
    free(o);
}

int outbox_put(struct outbox *o, const char *order_json, char *error, size_t error_size) {
    if (fprintf(o->file, "+%s\n", order_json) > 0 && fflush(o->file) == 0 && fdatasync(fileno(o->file)) == 0)
        return 0;
    fail(error, error_size, "cannot write", "the outbox");
    return -1;
}

void outbox_done(struct outbox *o, const char *order_ref) {
    fprintf(o->file, "-%s\n", order_ref);
    fflush(o->file);
}
