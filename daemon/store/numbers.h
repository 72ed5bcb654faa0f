/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Numbers of orders as one text with blanks between, which is how they lie in a shipment's row. Threads: no state. */

#include "base/arena.h"

#include <stdint.h>

const char *numbers_format(const uint64_t *numbers, uint32_t count, struct arena *arena);
void numbers_parse(const char *text, struct arena *arena, const uint64_t **ret, uint32_t *ret_count);
