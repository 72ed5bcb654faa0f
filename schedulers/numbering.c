/* SPDX-License-Identifier: Apache-2.0 */
#include "schedulers/numbering.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

struct numbering_slot {
    const char *name; /* NULL: empty */
    uint32_t hash;
    int32_t number;
};

void numbering_done(struct numbering *n) {
    free(n->slots);
    *n = (struct numbering){0};
}

void numbering_clear(struct numbering *n) {
    if (n->count > 0)
        memset(n->slots, 0, n->cap * sizeof *n->slots);
    n->count = 0;
}

static uint32_t hash_of(const char *name) { /* FNV-1a */
    uint32_t h = UINT32_C(2166136261);
    for (; *name != '\0'; name++)
        h = (h ^ (unsigned char)*name) * UINT32_C(16777619);
    return h;
}

static struct numbering_slot *slot_of(const struct numbering *n, const char *name, uint32_t hash) {
    uint32_t at = hash & (n->cap - 1);
    while (n->slots[at].name != NULL && (n->slots[at].hash != hash || strcmp(n->slots[at].name, name) != 0))
        at = (at + 1) & (n->cap - 1);
    return &n->slots[at];
}

static void grow(struct numbering *n) {
    struct numbering larger = {.cap = n->cap == 0 ? 64 : n->cap * 2, .count = n->count};
    larger.slots = takt_alloc(larger.cap * sizeof *larger.slots);
    for (uint32_t k = 0; k < n->cap; k++)
        if (n->slots[k].name != NULL)
            *slot_of(&larger, n->slots[k].name, n->slots[k].hash) = n->slots[k];
    free(n->slots);
    *n = larger;
}

int32_t numbering_find(const struct numbering *n, const char *name) {
    if (n->count == 0)
        return -1;
    const struct numbering_slot *slot = slot_of(n, name, hash_of(name));
    return slot->name != NULL ? slot->number : -1;
}

int32_t numbering_add(struct numbering *n, const char *name, int *ret_new) {
    if (n->count >= n->cap / 2)
        grow(n);
    uint32_t hash = hash_of(name);
    struct numbering_slot *slot = slot_of(n, name, hash);
    int is_new = slot->name == NULL;
    if (is_new)
        *slot = (struct numbering_slot){name, hash, (int32_t)n->count++};
    if (ret_new != NULL)
        *ret_new = is_new;
    return slot->number;
}
