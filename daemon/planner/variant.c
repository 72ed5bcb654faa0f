/* SPDX-License-Identifier: Apache-2.0 */

/* Options travel as one canonical text, `fabric=white;ink=dark`, names ascending, so variants are compared and filtered
 * as text. What a group's units agree on is that text with the other options left out. */

#include "daemon/planner/variant.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

enum { FAMILY_SIZE = 256 };

struct variant_key {
    const char *product_id, *options;
};

struct group_key {
    const char *product_id, *like;
    bool personalised;
};

struct family {
    const char *name;
    int32_t number;
};

static uint64_t hash_pair(const char *a, const char *b) {
    return hash_text(hash_text(0, a), b);
}

static uint64_t variant_hash(const void *entry) {
    const struct variant *v = entry;
    return hash_pair(v->product_id, v->options);
}

static bool variant_same(const void *entry, const void *key) {
    const struct variant *v = entry;
    const struct variant_key *k = key;
    return strcmp(v->options, k->options) == 0 && strcmp(v->product_id, k->product_id) == 0;
}

static uint64_t group_hash(const void *entry) {
    const struct group *g = entry;
    return hash_pair(g->product_id, g->like) + g->personalised;
}

static bool group_same(const void *entry, const void *key) {
    const struct group *g = entry;
    const struct group_key *k = key;
    return g->personalised == k->personalised && strcmp(g->like, k->like) == 0 &&
           strcmp(g->product_id, k->product_id) == 0;
}

static uint64_t family_hash(const void *entry) {
    return hash_text(0, ((const struct family *)entry)->name);
}

static bool family_same(const void *entry, const void *key) {
    return strcmp(((const struct family *)entry)->name, key) == 0;
}

void variants_init(struct variants *v, struct plant *plant) {
    *v = (struct variants){.plant = plant, .arena = arena_new()};
    table_init(&v->variants, variant_hash, variant_same);
    table_init(&v->groups, group_hash, group_same);
    table_init(&v->families, family_hash, family_same);
}

void variants_done(struct variants *v) {
    table_done(&v->variants);
    table_done(&v->groups);
    table_done(&v->families);
    free(v->list);
    free(v->group_list);
    free(v->family_names);
    arena_free(v->arena);
    v->arena = NULL;
}

int32_t family_get(struct variants *v, const char *name) {
    struct family *f = table_find(&v->families, hash_text(0, name), name);
    if (f == NULL) {
        f = arena_alloc(v->arena, sizeof *f);
        *f = (struct family){arena_strdup(v->arena, name), (int32_t)v->family_count};
        ARRAY_GROW(v->family_names, v->family_count, v->family_cap);
        v->family_names[v->family_count++] = f->name;
        table_add(&v->families, f);
    }
    return f->number;
}

/* The value of an option in a canonical text; NULL: it has none. */
static const char *value_of(const char *options, const char *name, size_t name_length, size_t *ret_length) {
    for (const char *at = options; *at != '\0';) {
        size_t length = strcspn(at, ";");
        if (length > name_length && memcmp(at, name, name_length) == 0 && at[name_length] == '=') {
            *ret_length = length - name_length - 1;
            return at + name_length + 1;
        }
        at += length + (at[length] == ';');
    }
    return NULL;
}

/* `{ink}-a` with what the options say for it. */
static const char *fill_family(const char *pattern, const char *options, char *buffer) {
    size_t n = 0;
    for (const char *at = pattern; *at != '\0' && n + 1 < FAMILY_SIZE;) {
        const char *close = *at == '{' ? strchr(at, '}') : NULL;
        size_t length = 1;
        const char *text = close == NULL ? at : value_of(options, at + 1, (size_t)(close - at) - 1, &length);
        if (text == NULL)
            length = 0;
        if (length > FAMILY_SIZE - 1 - n)
            length = FAMILY_SIZE - 1 - n;
        if (length > 0)
            memcpy(buffer + n, text, length);
        n += length;
        at = close == NULL ? at + 1 : close + 1;
    }
    buffer[n] = '\0';
    return buffer;
}

static const int32_t *families_of(struct variants *v, int32_t product, const char *like) {
    char buffer[FAMILY_SIZE];
    if (product < 0)
        return NULL;
    const struct plant_product *pr = &v->plant->products[product];
    int32_t *families = arena_array(v->arena, pr->op_count, sizeof *families);
    for (size_t i = 0; i < pr->op_count; i++) {
        const char *pattern = pr->route[i].family;
        families[i] = pattern == NULL ? -1 : family_get(v, fill_family(pattern, like, buffer));
    }
    return families;
}

struct group *group_get(struct variants *v, const char *product_id, const char *like, bool personalised) {
    struct group_key key = {product_id, like, personalised};
    struct group *g = table_find(&v->groups, hash_pair(product_id, like) + personalised, &key);
    if (g != NULL)
        return g;
    g = arena_alloc(v->arena, sizeof *g);
    *g = (struct group){.product = plant_product_find(v->plant, product_id),
                        .personalised = personalised,
                        .product_id = arena_strdup(v->arena, product_id),
                        .like = arena_strdup(v->arena, like)};
    g->families = families_of(v, g->product, g->like);
    ARRAY_GROW(v->group_list, v->group_count, v->group_cap);
    v->group_list[v->group_count++] = g;
    table_add(&v->groups, g);
    return g;
}

/* Must units of one lot agree on this option? */
static bool is_alike(const struct plant_product *pr, const char *name, size_t length) {
    for (size_t i = 0; i < pr->like_count; i++) {
        const char *id = pr->options[pr->like[i]].id;
        if (strlen(id) == length && memcmp(id, name, length) == 0)
            return true;
    }
    for (size_t i = 0; i < pr->op_count; i++) {
        const char *at = pr->route[i].family;
        while (at != NULL && (at = strchr(at, '{')) != NULL) {
            at++;
            if (strncmp(at, name, length) == 0 && at[length] == '}')
                return true;
        }
    }
    return false;
}

static const char *like_of(struct variants *v, const struct variant *variant) {
    if (variant->product < 0)
        return variant->options;
    const struct plant_product *pr = &v->plant->products[variant->product];
    char *like = arena_alloc(v->arena, strlen(variant->options) + 1);
    size_t n = 0;
    for (const char *at = variant->options; *at != '\0';) {
        size_t length = strcspn(at, ";"), name = strcspn(at, "=;");
        if (is_alike(pr, at, name)) {
            if (n > 0)
                like[n++] = ';';
            memcpy(like + n, at, length);
            n += length;
        }
        at += length + (at[length] == ';');
    }
    like[n] = '\0';
    return like;
}

struct group *variant_group(struct variants *v, struct variant *variant, bool personalised) {
    struct group **slot = &variant->group[personalised];
    if (*slot == NULL)
        *slot = group_get(v, variant->product_id, like_of(v, variant), personalised);
    return *slot;
}

struct variant *variant_get(struct variants *v, const char *product_id, const char *options) {
    struct variant_key key = {product_id, options};
    struct variant *variant = table_find(&v->variants, hash_pair(product_id, options), &key);
    if (variant != NULL)
        return variant;
    variant = arena_alloc(v->arena, sizeof *variant);
    *variant = (struct variant){.product = plant_product_find(v->plant, product_id),
                                .product_id = arena_strdup(v->arena, product_id),
                                .options = arena_strdup(v->arena, options)};
    ARRAY_GROW(v->list, v->count, v->cap);
    v->list[v->count++] = variant;
    table_add(&v->variants, variant);
    return variant;
}

void variants_reload(struct variants *v, struct plant *plant) {
    v->plant = plant;
    for (size_t i = 0; i < v->group_count; i++) {
        struct group *g = v->group_list[i];
        g->product = plant_product_find(plant, g->product_id);
        g->families = families_of(v, g->product, g->like);
        g->growing = NULL;
    }
    for (size_t i = 0; i < v->count; i++) {
        struct variant *variant = v->list[i];
        variant->product = plant_product_find(plant, variant->product_id);
        variant->group[0] = variant->group[1] = NULL;
    }
}

static bool has_value(const struct plant_option *o, const char *value, size_t length) {
    for (size_t i = 0; i < o->value_count; i++)
        if (strlen(o->values[i]) == length && memcmp(o->values[i], value, length) == 0)
            return true;
    return o->any;
}

const char *options_lack(const struct plant_product *product, const char *options, size_t *ret_length) {
    for (const char *at = options; *at != '\0';) {
        size_t length = strcspn(at, ";"), name = strcspn(at, "=;");
        bool found = false;
        for (size_t i = 0; i < product->option_count && !found; i++) {
            const struct plant_option *o = &product->options[i];
            found = strlen(o->id) == name && memcmp(o->id, at, name) == 0 && name < length &&
                    has_value(o, at + name + 1, length - name - 1);
        }
        *ret_length = length;
        if (!found)
            return at;
        at += length + (at[length] == ';');
    }
    return NULL;
}

bool group_matches(const struct group *group, const struct variant *variant) {
    if (strcmp(group->product_id, variant->product_id) != 0)
        return false;
    for (const char *at = group->like; *at != '\0';) {
        size_t length = strcspn(at, ";"), name = strcspn(at, "=;"), found;
        const char *value = value_of(variant->options, at, name, &found);
        if (value == NULL || found != length - name - 1 || memcmp(value, at + name + 1, found) != 0)
            return false;
        at += length + (at[length] == ';');
    }
    return true;
}
