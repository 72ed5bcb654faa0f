/* SPDX-License-Identifier: Apache-2.0 */
#include "schedulers/names.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

struct name_slot {
    const char *name; /* NULL: empty */
    uint32_t hash;
    int32_t number;
};

void names_done(struct names *n) {
    free(n->slots);
    *n = (struct names){0};
}

void names_clear(struct names *n) {
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

static struct name_slot *slot_of(const struct names *n, const char *name, uint32_t hash) {
    uint32_t at = hash & (n->cap - 1);
    while (n->slots[at].name != NULL && (n->slots[at].hash != hash || strcmp(n->slots[at].name, name) != 0))
        at = (at + 1) & (n->cap - 1);
    return &n->slots[at];
}

static void grow(struct names *n) {
    struct names larger = {.cap = n->cap == 0 ? 64 : n->cap * 2, .count = n->count};
    larger.slots = takt_alloc(larger.cap * sizeof *larger.slots);
    for (uint32_t k = 0; k < n->cap; k++)
        if (n->slots[k].name != NULL)
            *slot_of(&larger, n->slots[k].name, n->slots[k].hash) = n->slots[k];
    free(n->slots);
    *n = larger;
}

int32_t names_find(const struct names *n, const char *name) {
    if (n->count == 0)
        return -1;
    const struct name_slot *slot = slot_of(n, name, hash_of(name));
    return slot->name != NULL ? slot->number : -1;
}

int32_t names_add(struct names *n, const char *name, int *ret_new) {
    if (n->count >= n->cap / 2)
        grow(n);
    uint32_t hash = hash_of(name);
    struct name_slot *slot = slot_of(n, name, hash);
    int is_new = slot->name == NULL;
    if (is_new)
        *slot = (struct name_slot){name, hash, (int32_t)n->count++};
    if (ret_new != NULL)
        *ret_new = is_new;
    return slot->number;
}
