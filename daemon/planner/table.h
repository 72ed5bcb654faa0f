/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A hash table of pointers to objects that know their own key. An object is in it at most once.
 *
 * Threads: one owner. Ownership: the objects are the caller's. Cost: O(1) expected; eight bytes a place. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t table_hash_fn(const void *entry);
typedef bool table_same_fn(const void *entry, const void *key);

struct table {
    void **slots;
    size_t mask; /* places - 1; slots NULL: none yet */
    size_t count;
    table_hash_fn *hash;
    table_same_fn *same;
};

void table_init(struct table *t, table_hash_fn *hash, table_same_fn *same);
void table_done(struct table *t);
void *table_find(const struct table *t, uint64_t hash, const void *key); /* NULL: none */
void table_add(struct table *t, void *entry);
void table_remove(struct table *t, const void *entry); /* it must be there */

uint64_t hash_number(uint64_t number);
uint64_t hash_text(uint64_t seed, const char *text);
