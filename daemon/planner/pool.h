/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Many small objects of one size, got and put back one by one, at stable addresses.
 *
 * Threads: one owner. Ownership: pool_done frees all at once. Cost: O(1); chunks are kept until pool_done. */

#include <stddef.h>

struct pool {
    size_t size;
    void *free_list;
    char **chunks;
    size_t chunk_count, chunk_cap;
    size_t next; /* unused place in the last chunk */
    size_t used;
};

void pool_init(struct pool *pool, size_t size);
void pool_done(struct pool *pool);
void *pool_get(struct pool *pool); /* zeroed */
void pool_put(struct pool *pool, void *object);
