/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* `taktd --check FILE`: everything that is wrong with a plant's files, or what it amounts to; `taktd --print FILE`: the same, but
 * instead of a summary the whole plant with its defaults, drop-in files taken in.
 *
 * Faults go to `err` as `file:line:column: what is wrong`, notes (what is allowed but probably not meant) likewise with
 * `note:` before the text; then the summary or the plant to `out`. Returns what the process exits with: 0 for a plant that can run, 78
 * (EX_CONFIG) for faults, 66 (EX_NOINPUT) for a file that is not there or cannot be read. */

#include <stdbool.h>
#include <stdio.h>

int plant_check_main(const char *file, bool print, FILE *out, FILE *err);
