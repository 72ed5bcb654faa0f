/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uthash.h>

enum { HEX_SIZE = STORE_HASH_SIZE * 2 + 1, LINE_SIZE = 256 };

struct known_order {
    uint64_t order;
    UT_hash_handle hh;
};

struct witness {
    char *mark_path, *new_mark_path, *erased_path;
    struct store_place place;
    bool has_place;
    struct erasure_row *erasures;
    size_t count, room;
    struct known_order *known;
    off_t whole; /* so far the file of erasures has whole lines */
};

const char *witness_prefix(const char *store_url, const char *plant, struct arena *arena) {
    static const char sqlite[] = "sqlite:", memory[] = "memory:";
    if (strncmp(store_url, memory, strlen(memory)) == 0)
        return NULL;
    if (strncmp(store_url, sqlite, strlen(sqlite)) == 0)
        return arena_strdup(arena, store_url + strlen(sqlite));
    return arena_strdup(arena, plant);
}

static int io_failed(const char *path, const char *what, struct takt_error *err) {
    return takt_fail(err, TAKT_EIO, "cannot %s '%s' (%s)", what, path, strerror(errno));
}

static int not_ours(const char *path, struct takt_error *err) {
    return takt_fail(err, TAKT_EDATA, "'%s' is not what takt wrote there: look at it, and take it away to go on without it",
                     path);
}

static bool read_hash(const char *hex, uint8_t ret[STORE_HASH_SIZE]) {
    size_t length = 0;
    return hex != NULL && sodium_hex2bin(ret, STORE_HASH_SIZE, hex, strlen(hex), NULL, &length, NULL) == 0 &&
           length == STORE_HASH_SIZE;
}

/* ---- the mark ---- */

static bool parse_mark(json_t *json, struct store_place *ret) {
    json_int_t generation, change, cursor, shipment, audit;
    const char *hash;
    if (json_unpack(json, "{s:I, s:I, s:I, s:I, s:I, s:s}", "generation", &generation, "change", &change,
                    "event", &cursor, "shipment", &shipment, "link", &audit, "hash", &hash) < 0)
        return false;
    *ret = (struct store_place){.generation = (uint64_t)generation,
                                .change = (uint64_t)change,
                                .cursor = (uint64_t)cursor,
                                .shipment = (uint64_t)shipment,
                                .audit = (uint64_t)audit};
    return read_hash(hash, ret->audit_hash);
}

/* An empty one is that of a machine that stopped at once after the first was made. */
static int read_mark(struct witness *w, struct takt_error *err) {
    FILE *f = fopen(w->mark_path, "re");
    if (f == NULL)
        return errno == ENOENT ? 0 : io_failed(w->mark_path, "read", err);
    char line[LINE_SIZE * 2] = "";
    bool empty = fgets(line, sizeof line, f) == NULL;
    fclose(f);
    json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    w->has_place = json != NULL && parse_mark(json, &w->place);
    json_decref(json);
    return w->has_place || empty ? 0 : not_ours(w->mark_path, err);
}

/* From `at` on; what was behind it goes. */
static int write_file(const char *path, off_t at, const char *text, size_t length, struct takt_error *err) {
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return io_failed(path, "write", err);
    bool good = ftruncate(fd, at) == 0 && pwrite(fd, text, length, at) == (ssize_t)length && fdatasync(fd) == 0;
    int code = good ? 0 : io_failed(path, "write", err);
    close(fd);
    return code;
}

bool witness_place(const struct witness *w, struct store_place *ret) {
    *ret = w->place;
    return w->has_place;
}

int witness_note(struct witness *w, const struct store_place *place, struct takt_error *err) {
    char line[LINE_SIZE * 2], hash[HEX_SIZE];
    if (w->has_place && memcmp(&w->place, place, sizeof *place) == 0)
        return 0;
    sodium_bin2hex(hash, sizeof hash, place->audit_hash, STORE_HASH_SIZE);
    int length = snprintf(line, sizeof line,
                          "{\"generation\": %" PRIu64 ", \"change\": %" PRIu64 ", \"event\": %" PRIu64
                          ", \"shipment\": %" PRIu64 ", \"link\": %" PRIu64 ", \"hash\": \"%s\"}\n",
                          place->generation, place->change, place->cursor, place->shipment, place->audit, hash);
    int code = write_file(w->new_mark_path, 0, line, (size_t)length, err);
    if (code == 0 && rename(w->new_mark_path, w->mark_path) != 0)
        code = io_failed(w->mark_path, "write", err);
    if (code < 0)
        return code;
    w->place = *place;
    w->has_place = true;
    return 0;
}

/* ---- erasures ---- */

static bool is_known(const struct witness *w, uint64_t order) {
    struct known_order *known;
    HASH_FIND(hh, w->known, &order, sizeof order, known);
    return known != NULL;
}

static void keep(struct witness *w, const struct erasure_row *row) {
    if (is_known(w, row->order))
        return;
    struct known_order *known = takt_alloc(sizeof *known);
    known->order = row->order;
    HASH_ADD(hh, w->known, order, sizeof known->order, known);
    ARRAY_GROW(w->erasures, w->count, w->room);
    w->erasures[w->count] = *row;
    w->erasures[w->count++].order_ref = "";
}

static bool parse_erasure(const char *line, struct erasure_row *ret) {
    char hash[HEX_SIZE];
    *ret = (struct erasure_row){.order_ref = "", .erased_at_s = TAKT_TIME_NONE};
    return sscanf(line, "%" SCNu64 " %" SCNd64 " %64s", &ret->order, &ret->asked_at_s, hash) == 3 &&
           read_hash(hash, ret->tag);
}

/* A last line that is cut off was not yet answered to anybody; the next one takes its place. */
static int read_erased(struct witness *w, struct takt_error *err) {
    FILE *f = fopen(w->erased_path, "re");
    char line[LINE_SIZE];
    struct erasure_row row;
    int code = 0;
    if (f == NULL)
        return errno == ENOENT ? 0 : io_failed(w->erased_path, "read", err);
    while (code == 0 && fgets(line, sizeof line, f) != NULL) {
        bool whole = strchr(line, '\n') != NULL;
        if (whole && parse_erasure(line, &row))
            keep(w, &row);
        else if (whole)
            code = not_ours(w->erased_path, err);
        w->whole = whole ? ftello(f) : w->whole;
    }
    fclose(f);
    return code;
}

const struct erasure_row *witness_erasures(const struct witness *w, size_t *ret_count) {
    *ret_count = w->count;
    return w->erasures;
}

int witness_erased(struct witness *w, const struct erasure_row *rows, size_t count, struct takt_error *err) {
    char *text = NULL, hash[HEX_SIZE];
    size_t length = 0, added = 0;
    FILE *f = open_memstream(&text, &length);
    if (f == NULL)
        takt_no_memory();
    for (size_t i = 0; i < count; i++) {
        if (is_known(w, rows[i].order))
            continue;
        sodium_bin2hex(hash, sizeof hash, rows[i].tag, STORE_HASH_SIZE);
        fprintf(f, "%" PRIu64 " %" PRId64 " %s\n", rows[i].order, rows[i].asked_at_s, hash);
        added++;
    }
    fclose(f);
    int code = added == 0 ? 0 : write_file(w->erased_path, w->whole, text, length, err);
    w->whole += code == 0 ? (off_t)length : 0;
    for (size_t i = 0; i < count && code == 0; i++)
        keep(w, &rows[i]);
    free(text);
    return code;
}

/* ---- life ---- */

static char *path_of(const char *prefix, const char *ending) {
    size_t size = strlen(prefix) + strlen(ending) + 1;
    char *path = takt_alloc(size);
    snprintf(path, size, "%s%s", prefix, ending);
    return path;
}

int witness_open(const char *prefix, struct witness **ret, struct takt_error *err) {
    struct witness *w = takt_alloc(sizeof *w);
    w->mark_path = path_of(prefix, ".mark");
    w->new_mark_path = path_of(prefix, ".mark.new");
    w->erased_path = path_of(prefix, ".erased");
    int code = read_mark(w, err);
    if (code == 0)
        code = read_erased(w, err);
    if (code < 0) {
        witness_close(w);
        return code;
    }
    *ret = w;
    return 0;
}

void witness_close(struct witness *w) {
    struct known_order *known, *next;
    if (w == NULL)
        return;
    HASH_ITER(hh, w->known, known, next) {
        HASH_DEL(w->known, known);
        free(known);
    }
    free(w->erasures);
    free(w->mark_path);
    free(w->new_mark_path);
    free(w->erased_path);
    free(w);
}
