/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Rows of text in columns as wide as what stands in them. On a terminal with a header and cut off at its width; piped without
 * both, columns separated by tabs, so that `cut` and `awk -F'\t'` work whatever stands in a column.
 *
 * Threads: one owner. Ownership: text is copied. */

#include "clients/taktctl/ctl.h"

enum { TABLE_COLUMNS_MAX = 12 };

enum table_tone { TONE_PLAIN, TONE_GOOD, TONE_WARNING, TONE_BAD, TONE_DIM };

struct table;

/* headers: "creator|order|>units": a `>` aligns right. */
struct table *table_new(const struct ctl *ctl, const char *headers);
void table_free(struct table *t);
/* One cell after the other; a row is full after as many as there are headers. */
void table_cell(struct table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_tone(struct table *t, enum table_tone tone); /* of the row being filled, or the last one */
/* Prints all rows and frees the table. `none` is said on a terminal if there are none. */
void table_print(struct table *t, const char *none);

/* Columns that a text takes on a terminal. */
int text_width(const char *text);
/* "\033[…m" where colours are shown, else "". */
const char *tone_on(const struct ctl *ctl, enum table_tone tone);
const char *tone_off(const struct ctl *ctl, enum table_tone tone);
