/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One value of a plant as text, as an operator would write it: the counterpart of config/reader_values.c. */

#include "config/options.h"
#include "config/plant.h"

#include <stdbool.h>

struct arena;

/* The value of a row in the struct at base; lists and maps in flow style. NULL: there is none. */
const char *print_text(const struct plant *plant, const struct option_row *o, const void *base, bool reveal,
                       struct arena *arena);

/* A map of a section's rows in flow style: {op: cut, lines: {cut-1: 240/h}}. */
const char *print_item(const struct plant *plant, const struct section *s, const void *base, struct arena *arena);
