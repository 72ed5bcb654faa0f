/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a loaded plant has besides what everybody may read: its arena, its references, its tables of names and
 * changeovers. Only config/ includes this. */

#include "config/names.h"
#include "config/options.h"
#include "config/plant.h"

#include <stdatomic.h>

struct pair_table;

struct plant_inner {
    struct arena *arena; /* all of the plant, this included */
    atomic_size_t references;
    struct names *tables[TABLE_COUNT]; /* of TABLE_LINES: stations one by one */
    struct names *bases;               /* lines as they are written; the number is that of the first station */
    const struct pair_table *pairs;    /* of changeovers */
};

/* Makes the changeover table, when all changeovers are there. */
void plant_index_pairs(struct plant *plant);
