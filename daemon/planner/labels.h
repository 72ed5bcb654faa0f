/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Names of which there are few and which many objects refer to, as small numbers: creators, services, countries.
 *
 * Threads: one owner. Cost: O(1) expected. Limits: 65,535 names; more end the process, as their kinds come from a
 * plant. */

#include "daemon/planner/table.h"

struct labels {
    struct table table;
    struct label **list; /* by number */
    size_t count, cap;
};

void labels_init(struct labels *l);
void labels_done(struct labels *l);
uint16_t label_get(struct labels *l, const char *name);
const char *label_name(const struct labels *l, uint16_t number);
