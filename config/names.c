/* SPDX-License-Identifier: Apache-2.0 */
#include "config/names.h"

#include "base/arena.h"

#include <assert.h>
#include <string.h>

struct slot {
    const char *name; /* NULL: free */
    int32_t number;
};

struct names { /* open addressing, never more than half full */
    struct slot *slots;
    size_t mask, count;
};

uint64_t names_hash(const char *name) { /* FNV-1a, then mixed, since the table uses the low bits */
    uint64_t h = UINT64_C(14695981039346656037);
    for (; *name != '\0'; name++)
        h = (h ^ (unsigned char)*name) * UINT64_C(1099511628211);
    h ^= h >> 32;
    h *= UINT64_C(0x9fb21c651e98df25);
    return h ^ h >> 28;
}

struct names *names_new(struct arena *arena, size_t most) {
    size_t size = 8;
    while (size / 2 < most)
        size *= 2;
    struct names *names = arena_alloc(arena, sizeof *names);
    names->slots = arena_array(arena, size, sizeof *names->slots);
    names->mask = size - 1;
    return names;
}

static size_t slot_of(const struct names *names, const char *name) {
    size_t k = (size_t)names_hash(name) & names->mask;
    while (names->slots[k].name != NULL && strcmp(names->slots[k].name, name) != 0)
        k = (k + 1) & names->mask;
    return k;
}

int32_t names_add(struct names *names, const char *name, int32_t number) {
    struct slot *slot = &names->slots[slot_of(names, name)];
    if (slot->name != NULL)
        return slot->number;
    assert(names->count <= names->mask / 2);
    *slot = (struct slot){name, number};
    names->count++;
    return -1;
}

int32_t names_find(const struct names *names, const char *name) {
    const struct slot *slot = &names->slots[slot_of(names, name)];
    return slot->name != NULL ? slot->number : -1;
}
