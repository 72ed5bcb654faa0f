/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A region of memory that is freed at once.
 *
 * Memory comes in chunks from malloc, zeroed, aligned for any type. A failure to get memory ends the process through
 * takt_no_memory: nothing that runs on behalf of one order is large enough for a failed malloc to mean anything but the
 * end, and every accepted order is in the store by then.
 *
 * Threads: one owner at a time. Ownership: arena_free frees everything that came from the arena. */

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *arena); /* NULL is fine */

/* Forgets all allocations, keeps the largest chunk for reuse. */
void arena_clear(struct arena *arena);

/* size 0 gives a pointer that is not NULL. count * size is checked for overflow. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_array(struct arena *arena, size_t count, size_t size);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
void *arena_memdup(struct arena *arena, const void *bytes, size_t size);

/* Bytes handed out since the last clear. */
size_t arena_used(const struct arena *arena);

/* malloc and friends that end the process instead of returning NULL; for what lives outside of an arena. */
_Noreturn void takt_no_memory(void);
void *takt_alloc(size_t size);                               /* zeroed */
void *takt_realloc(void *old, size_t count, size_t size);    /* not zeroed; count * size is checked */
char *takt_strdup(const char *text);

/* Grows a heap array so that one more element fits: ARRAY_GROW(v, n, cap) before v[n++] = x. cap is a size_t or uint32_t. */
#define ARRAY_GROW(array, count, cap)                                                   \
    do {                                                                                \
        if ((count) >= (cap)) {                                                         \
            (cap) = (cap) < 8 ? 8 : (cap) + (cap) / 2;                                  \
            (array) = takt_realloc((array), (cap), sizeof *(array));                    \
        }                                                                               \
    } while (0)
