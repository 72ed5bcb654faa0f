/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Whether a plant makes sense as a whole: what each value by itself cannot show.
 *
 * A fault is what would never work; a note is what works and was probably not meant. The plant may be half read: what
 * is absent is -1, NULL or 0, and draws no fault here, since it has drawn one already.
 *
 * Threads: no state. */

#include "config/document.h"

void sense_check(struct plant *plant, const struct node *root, struct arena *scratch, struct faults *faults,
                 struct faults *notes);
