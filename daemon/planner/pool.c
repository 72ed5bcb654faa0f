/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/pool.h"

#include "base/arena.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_OBJECTS = 1024 };

void pool_init(struct pool *pool, size_t size) {
    assert(size >= sizeof(void *));
    *pool = (struct pool){.size = size, .next = CHUNK_OBJECTS};
}

void pool_done(struct pool *pool) {
    for (size_t i = 0; i < pool->chunk_count; i++)
        free(pool->chunks[i]);
    free(pool->chunks);
    *pool = (struct pool){.size = pool->size, .next = CHUNK_OBJECTS};
}

void *pool_get(struct pool *pool) {
    void *object = pool->free_list;
    pool->used++;
    if (object != NULL) {
        memcpy(&pool->free_list, object, sizeof pool->free_list);
        memset(object, 0, pool->size);
        return object;
    }
    if (pool->next == CHUNK_OBJECTS) {
        ARRAY_GROW(pool->chunks, pool->chunk_count, pool->chunk_cap);
        pool->chunks[pool->chunk_count++] = takt_alloc(CHUNK_OBJECTS * pool->size);
        pool->next = 0;
    }
    return pool->chunks[pool->chunk_count - 1] + pool->size * pool->next++;
}

void pool_put(struct pool *pool, void *object) {
    memcpy(object, &pool->free_list, sizeof pool->free_list);
    pool->free_list = object;
    pool->used--;
}
