/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a reload changes: two plants compared, option by option.
 *
 * Most changes take effect at once. Some need a restart (PLANT_CHANGE_RESTART), and what a new store starts from is ignored
 * by one that exists (PLANT_CHANGE_INITIAL): the daemon says so. Names that came or went are listed by themselves, without
 * the options below them; whether something that went is still needed is for the daemon to know.
 *
 * Threads: no state. Ownership: ret_list is from the arena. Cost: linear in the sizes of both plants. */

#include "config/options.h"
#include "config/plant.h"

struct arena;

enum plant_change_kind { PLANT_CHANGE_LIVE, PLANT_CHANGE_RESTART, PLANT_CHANGE_INITIAL, PLANT_CHANGE_GONE, PLANT_CHANGE_NEW };

struct plant_change {
    enum plant_change_kind kind;
    const char *path;        /* "planning.frozen", "lines.print-1.calendar"; of a name "lines.print-1" */
    enum option_table table; /* of a name that came or went */
    const char *name;        /* likewise; stations of a line with count one by one */
    const char *was, *is;    /* values as they would be written; NULL: none. A store's password is left out */
};

void plant_compare(const struct plant *old, const struct plant *now, struct arena *arena,
                   struct plant_change **ret_list, size_t *ret_count);
