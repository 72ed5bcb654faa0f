/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/labels.h"

#include "base/arena.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct label {
    uint16_t number;
    char name[];
};

static uint64_t label_hash(const void *entry) {
    return hash_text(0, ((const struct label *)entry)->name);
}

static bool label_same(const void *entry, const void *key) {
    return strcmp(((const struct label *)entry)->name, key) == 0;
}

void labels_init(struct labels *l) {
    *l = (struct labels){0};
    table_init(&l->table, label_hash, label_same);
}

void labels_done(struct labels *l) {
    for (size_t i = 0; i < l->count; i++)
        free(l->list[i]);
    free(l->list);
    table_done(&l->table);
    labels_init(l);
}

uint16_t label_get(struct labels *l, const char *name) {
    struct label *label = table_find(&l->table, hash_text(0, name), name);
    if (label == NULL) {
        assert(l->count < UINT16_MAX);
        label = takt_alloc(sizeof *label + strlen(name) + 1);
        label->number = (uint16_t)l->count;
        strcpy(label->name, name);
        ARRAY_GROW(l->list, l->count, l->cap);
        l->list[l->count++] = label;
        table_add(&l->table, label);
    }
    return label->number;
}

const char *label_name(const struct labels *l, uint16_t number) {
    return l->list[number]->name;
}
