/* SPDX-License-Identifier: Apache-2.0 */

/* Open addressing with linear probing; at most three quarters full. Removal moves later entries of the same cluster
 * back, so that there are no tombstones. */

#include "daemon/planner/table.h"

#include "base/arena.h"

#include <assert.h>
#include <stdlib.h>

enum { PLACES_MIN = 16 };

void table_init(struct table *t, table_hash_fn *hash, table_same_fn *same) {
    *t = (struct table){.hash = hash, .same = same};
}

void table_done(struct table *t) {
    free(t->slots);
    table_init(t, t->hash, t->same);
}

void *table_find(const struct table *t, uint64_t hash, const void *key) {
    if (t->slots == NULL)
        return NULL;
    for (size_t i = hash & t->mask; t->slots[i] != NULL; i = (i + 1) & t->mask)
        if (t->same(t->slots[i], key))
            return t->slots[i];
    return NULL;
}

static void put(struct table *t, void *entry) {
    size_t i = t->hash(entry) & t->mask;
    while (t->slots[i] != NULL)
        i = (i + 1) & t->mask;
    t->slots[i] = entry;
}

static void grow(struct table *t) {
    struct table old = *t;
    size_t places = old.slots == NULL ? PLACES_MIN : (old.mask + 1) * 2;
    t->slots = takt_alloc(places * sizeof *t->slots);
    t->mask = places - 1;
    for (size_t i = 0; old.slots != NULL && i <= old.mask; i++)
        if (old.slots[i] != NULL)
            put(t, old.slots[i]);
    free(old.slots);
}

void table_add(struct table *t, void *entry) {
    if (t->slots == NULL || (t->count + 1) * 4 > (t->mask + 1) * 3)
        grow(t);
    put(t, entry);
    t->count++;
}

void table_remove(struct table *t, const void *entry) {
    assert(t->slots != NULL);
    size_t i = t->hash(entry) & t->mask;
    while (t->slots[i] != entry) {
        assert(t->slots[i] != NULL);
        i = (i + 1) & t->mask;
    }
    t->slots[i] = NULL;
    t->count--;
    for (size_t j = (i + 1) & t->mask; t->slots[j] != NULL; j = (j + 1) & t->mask) {
        size_t home = t->hash(t->slots[j]) & t->mask;
        if (((j - home) & t->mask) >= ((j - i) & t->mask)) { /* its home is not after the hole: it may move there */
            t->slots[i] = t->slots[j];
            t->slots[j] = NULL;
            i = j;
        }
    }
}

/* Finalizer of splitmix64. */
uint64_t hash_number(uint64_t number) {
    number = (number ^ (number >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ (number >> 27)) * UINT64_C(0x94d049bb133111eb);
    return number ^ (number >> 31);
}

uint64_t hash_text(uint64_t seed, const char *text) {
    uint64_t h = seed ^ UINT64_C(0xcbf29ce484222325);
    for (; *text != '\0'; text++)
        h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash_number(h);
}
