/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* "did you mean …": the known name that is nearest to a mistyped one.
 *
 * Distance is that of optimal string alignment (an insertion, deletion, substitution or swap of neighbours costs one).
 * Cost: O(length²) a name; names longer than 64 bytes are never near. Threads: no state. */

#include <stddef.h>

enum { NEAREST_LENGTH_MAX = 64 };

/* The candidate with the least distance, if that is at most a third of the longer name's length (and at least one edit is
 * always allowed for names of three and more); NULL if none is. The first of equals wins. */
const char *nearest_name(const char *name, const char *const *candidates, size_t count);
