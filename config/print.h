/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A loaded plant as text: every option with its effective value, defaults included.
 *
 * Threads: no state. Ownership: what is returned is from the arena. */

#include "config/options.h"
#include "config/plant.h"

#include <stdbool.h>
#include <stdio.h>

struct arena;

/* YAML that loads as the same plant, but for a password in the store's URL, which is shown as ***. */
void plant_print(const struct plant *plant, FILE *to);

struct plant_value {
    const char *path;                /* "lines.print-1.calendar" */
    const struct option_row *option; /* its row: what it is, its default, whether it needs a restart */
    const char *text;                /* as it would be written; NULL: there is no value and no default */
};

/* The same one by one, in order. `reveal`: with the store's password. */
void plant_values(const struct plant *plant, bool reveal, struct arena *arena, struct plant_value **ret_list,
                  size_t *ret_count);

/* A store's URL without the password in it. */
const char *store_without_password(const char *url, struct arena *arena);
