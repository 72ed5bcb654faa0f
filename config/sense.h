/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Whether a plant makes sense as a whole: what each value by itself cannot show.
 *
 * A fault is what would never work; a note is what works and was probably not meant. The plant may be half read: what
 * is absent is -1, NULL or 0, and draws no fault here, since it has drawn one already.
 *
 * Threads: no state. */

#include "config/document.h"

struct sense {
    const struct plant *plant;
    const struct node *root; /* for places */
    struct arena *scratch;
    struct faults *faults, *notes;
};

void sense_check(const struct sense *s);

/* The part about products: lots, routes, families. In config/sense_products.c. */
void sense_products(const struct sense *s);

/* Where an option stands, by the keys that lead to it, NULL at the end; what is not written stands where its nearest
 * surroundings do. */
struct place sense_place(const struct sense *s, const char *key, ...);
