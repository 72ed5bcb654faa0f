/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The items of an order as one text, which is how they lie in the order's row: a line an item,
 * `<quantity>[*]<tab><product><tab><options>`, * if personalised; backslash, tab and newline inside are written \\ \t
 * \n.
 *
 * Errors: TAKT_EDATA: not such a text. Threads: no state. */

#include "daemon/store/store.h"

const char *items_format(const struct item_row *items, uint32_t count, struct arena *arena);
int items_parse(const char *text, struct arena *arena, const struct item_row **ret, uint32_t *ret_count);
