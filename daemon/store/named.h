/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The orders that a publication names, and what is done with lists of numbers.
 *
 * Threads: no state. Ownership: what is returned is from the arena. Cost: O(n log n). */

#include "daemon/store/store.h"

/* For qsort and bsearch: of elements that begin with a uint64_t, by it, ascending. */
int named_compare(const void *a, const void *b);

/* Sorts, ascending, and keeps each once. Returns how many are left. */
size_t named_sort(uint64_t *numbers, size_t count);

/* Ascending numbers as a text, each as what it is above the one before; and back. */
const char *named_pack(const uint64_t *numbers, size_t count, struct arena *arena);
const uint64_t *named_unpack(const char *text, struct arena *arena, size_t *ret_count);

/* The lots of the publication's lots, tasks and slices, without 0: ascending, each once. */
uint64_t *named_lots(const struct store_publish *q, struct arena *arena, size_t *ret_count);

/* Of every row of the publication that is about an order: ascending, each once. */
uint64_t *named_orders(const struct store_publish *q, struct arena *arena, size_t *ret_count);
