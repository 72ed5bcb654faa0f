/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_MIN = 16 * 1024, CHUNK_MAX = 4 * 1024 * 1024 };

struct chunk {
    struct chunk *next;
    size_t size;
    size_t used;
    alignas(max_align_t) char bytes[];
};

struct arena {
    struct chunk *chunks; /* the current one first */
    size_t used;
};

_Noreturn void takt_no_memory(void) {
    fputs("takt: out of memory\n", stderr);
    abort();
}

void *takt_alloc(size_t size) {
    void *p = calloc(1, size > 0 ? size : 1);
    if (p == NULL)
        takt_no_memory();
    return p;
}

void *takt_realloc(void *old, size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / size)
        takt_no_memory();
    void *p = realloc(old, count * size > 0 ? count * size : 1);
    if (p == NULL)
        takt_no_memory();
    return p;
}

char *takt_strdup(const char *text) {
    char *copy = strdup(text);
    if (copy == NULL)
        takt_no_memory();
    return copy;
}

struct arena *arena_new(void) {
    return takt_alloc(sizeof(struct arena));
}

void arena_free(struct arena *arena) {
    if (arena == NULL)
        return;
    for (struct chunk *c = arena->chunks, *next; c != NULL; c = next) {
        next = c->next;
        free(c);
    }
    free(arena);
}

void arena_clear(struct arena *arena) {
    struct chunk *keep = NULL;
    for (struct chunk *c = arena->chunks, *next; c != NULL; c = next) {
        next = c->next;
        if (keep == NULL || c->size > keep->size) {
            free(keep);
            keep = c;
        } else {
            free(c);
        }
    }
    if (keep != NULL) {
        memset(keep->bytes, 0, keep->used);
        keep->used = 0;
        keep->next = NULL;
    }
    arena->chunks = keep;
    arena->used = 0;
}

static struct chunk *add_chunk(struct arena *arena, size_t least) {
    size_t size = arena->chunks == NULL ? CHUNK_MIN : arena->chunks->size * 2;
    if (size > CHUNK_MAX)
        size = CHUNK_MAX;
    if (size < least)
        size = least;
    if (size > SIZE_MAX - sizeof(struct chunk))
        takt_no_memory();
    struct chunk *c = takt_alloc(sizeof *c + size);
    c->size = size;
    c->next = arena->chunks;
    arena->chunks = c;
    return c;
}

void *arena_alloc(struct arena *arena, size_t size) {
    const size_t unit = alignof(max_align_t);
    if (size > SIZE_MAX - unit)
        takt_no_memory();
    size = size == 0 ? unit : (size + unit - 1) / unit * unit;
    struct chunk *c = arena->chunks;
    if (c == NULL || c->size - c->used < size)
        c = add_chunk(arena, size);
    void *p = c->bytes + c->used;
    c->used += size;
    arena->used += size;
    return p;
}

void *arena_array(struct arena *arena, size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / size)
        takt_no_memory();
    return arena_alloc(arena, count * size);
}

void *arena_memdup(struct arena *arena, const void *bytes, size_t size) {
    void *p = arena_alloc(arena, size);
    if (size > 0)
        memcpy(p, bytes, size);
    return p;
}

char *arena_strndup(struct arena *arena, const char *text, size_t length) {
    char *p = arena_alloc(arena, length + 1);
    memcpy(p, text, length);
    p[length] = '\0';
    return p;
}

char *arena_strdup(struct arena *arena, const char *text) {
    return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *p = arena_alloc(arena, (size_t)(length < 0 ? 0 : length) + 1);
    if (length >= 0)
        vsnprintf(p, (size_t)length + 1, format, again);
    va_end(again);
    return p;
}

size_t arena_used(const struct arena *arena) {
    return arena->used;
}
