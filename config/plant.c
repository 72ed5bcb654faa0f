/* SPDX-License-Identifier: Apache-2.0 */
#include "config/plant.h"

#include "base/arena.h"
#include "config/inner.h"

#include <assert.h>
#include <string.h>

struct pair_slot {
    const char *from, *to; /* NULL: free */
    int64_t time_s;
    int32_t changeover;
};

struct pair_table { /* open addressing, never more than half full */
    struct pair_slot *slots;
    size_t mask;
};

struct plant *plant_ref(struct plant *plant) {
    atomic_fetch_add_explicit(&plant->inner->references, 1, memory_order_relaxed);
    return plant;
}

void plant_unref(struct plant *plant) {
    if (plant == NULL)
        return;
    if (atomic_fetch_sub_explicit(&plant->inner->references, 1, memory_order_acq_rel) == 1)
        arena_free(plant->inner->arena);
}

void plant_faults_done(struct plant_faults *faults) {
    arena_free(faults->arena);
    *faults = (struct plant_faults){0};
}

static int32_t find(const struct plant *plant, enum option_table table, const char *id) {
    return names_find(plant->inner->tables[table], id);
}

int32_t plant_line_find(const struct plant *plant, const char *id) {
    return find(plant, TABLE_LINES, id);
}

int32_t plant_product_find(const struct plant *plant, const char *id) {
    return find(plant, TABLE_PRODUCTS, id);
}

int32_t plant_creator_find(const struct plant *plant, const char *id) {
    return find(plant, TABLE_CREATORS, id);
}

int32_t plant_material_find(const struct plant *plant, const char *id) {
    return find(plant, TABLE_MATERIALS, id);
}

int32_t plant_consumer_find(const struct plant *plant, const char *id) {
    return find(plant, TABLE_CONSUMERS, id);
}

int32_t plant_terminal_find(const struct plant *plant, const char *id) {
    return find(plant, TABLE_TERMINALS, id);
}

int32_t plant_service_find(const struct plant *plant, const char *id) {
    return find(plant, TABLE_SERVICES, id);
}

/* The slot of a pair, or the free one where it would go. */
static struct pair_slot *pair_slot(const struct pair_table *t, int32_t changeover, const char *from, const char *to) {
    uint64_t hash = names_hash(from) * 3 + names_hash(to) * 5 + (uint64_t)changeover * UINT64_C(0x9e3779b97f4a7c15);
    for (size_t k = (size_t)(hash ^ hash >> 32) & t->mask;; k = (k + 1) & t->mask) {
        struct pair_slot *slot = &t->slots[k];
        if (slot->from == NULL ||
            (slot->changeover == changeover && strcmp(slot->from, from) == 0 && strcmp(slot->to, to) == 0))
            return slot;
    }
}

void plant_index_pairs(struct plant *plant) {
    struct arena *arena = plant->inner->arena;
    size_t count = 0, size = 8;
    for (size_t k = 0; k < plant->changeover_count; k++)
        count += plant->changeovers[k].pair_count;
    while (size / 2 < count)
        size *= 2;
    struct pair_table *t = arena_alloc(arena, sizeof *t);
    t->slots = arena_array(arena, size, sizeof *t->slots);
    t->mask = size - 1;
    for (size_t k = 0; k < plant->changeover_count; k++) {
        const struct plant_changeover *c = &plant->changeovers[k];
        for (size_t m = 0; m < c->pair_count; m++)
            *pair_slot(t, (int32_t)k, c->pairs[m].from, c->pairs[m].to) =
                (struct pair_slot){c->pairs[m].from, c->pairs[m].to, c->pairs[m].time_s, (int32_t)k};
    }
    plant->inner->pairs = t;
}

int64_t plant_changeover_s(const struct plant *plant, int32_t changeover, const char *from, const char *to) {
    if (changeover < 0 || from == NULL || to == NULL || strcmp(from, to) == 0)
        return 0;
    assert((size_t)changeover < plant->changeover_count);
    const struct pair_slot *slot = pair_slot(plant->inner->pairs, changeover, from, to);
    return slot->from != NULL ? slot->time_s : plant->changeovers[changeover].default_s;
}

int64_t plant_rate_s(const struct plant_rate *rate, int64_t units) {
    if (rate->rate_milli == 0 || units <= 0)
        return rate->fixed_s;
    const int64_t milli_hours = INT64_C(3600) * 1000;
    assert(units <= INT64_MAX / milli_hours - 1);
    return rate->fixed_s + (units * milli_hours + rate->rate_milli - 1) / rate->rate_milli;
}

int32_t plant_transit_days(const struct plant *plant, int32_t service, const char *country) {
    const struct plant_carrier *c = &plant->carriers[plant->services[service].carrier];
    int32_t other = -1, longest = 0;
    for (size_t k = 0; k < c->transit_count; k++) {
        const struct plant_transit *t = &c->transit[k];
        if (t->country != NULL && country != NULL && strcmp(t->country, country) == 0)
            return t->days;
        if (t->country == NULL)
            other = t->days;
        if (t->days > longest)
            longest = t->days;
    }
    return other >= 0 ? other : longest;
}
