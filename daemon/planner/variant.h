/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Variants, and groups of variants whose units may share a lot; every text is kept once.
 *
 * A group is a product with values for the options of `lot.like` and for those that the families of its route name: all
 * of a lot is set up for alike. Personalised units have groups of their own, because a yield allowance means nothing to
 * them.
 *
 * Threads: one owner. Ownership: what is handed out lives as long as the variants, also over a reload.
 * Cost: O(1) expected. */

#include "config/plant.h"
#include "daemon/planner/table.h"

struct lot;

struct group {
    int32_t product; /* in the plant; -1: it is not made any more */
    bool personalised;
    const char *product_id;
    const char *like;        /* canonical text of the options that its units agree on */
    const int32_t *families; /* by operation: place in variants.family_names; -1: none */
    struct lot *growing;     /* lots that take more units, the oldest first, chained by next_growing */
};

struct variant {
    int32_t product; /* -1: it is not made any more */
    const char *product_id;
    const char *options;    /* canonical */
    struct group *group[2]; /* [1]: of personalised units; made when first asked for */
    uint32_t surplus;       /* good units without an order */
    bool surplus_dirty;     /* the store was told something else */
};

struct variants {
    struct plant *plant;
    struct arena *arena;
    struct table variants, groups, families;
    struct variant **list;
    size_t count, cap;
    struct group **group_list;
    size_t group_count, group_cap;
    const char **family_names;
    size_t family_count, family_cap;
};

void variants_init(struct variants *v, struct plant *plant); /* the plant is borrowed */
void variants_done(struct variants *v);

/* Another plant: products are found again by name, groups anew. What lots hold (groups) stays valid. */
void variants_reload(struct variants *v, struct plant *plant);

struct variant *variant_get(struct variants *v, const char *product_id, const char *options);
struct group *variant_group(struct variants *v, struct variant *variant, bool personalised);
struct group *group_get(struct variants *v, const char *product_id, const char *like, bool personalised);

int32_t family_get(struct variants *v, const char *name); /* a place in family_names */

/* The first option of a canonical text that the product does not have, or not with that value: "ink=dark", as long as
 * *ret_length; NULL: it can be made as it is ordered. */
const char *options_lack(const struct plant_product *product, const char *options, size_t *ret_length);
/* Do these options agree with what the group's units agree on? */
bool group_matches(const struct group *group, const struct variant *variant);
