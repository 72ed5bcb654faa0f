/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The searcher for problems that rows know: lines whose jobs are one task each.
 *
 * It anneals again and again: each cycle falls from hot to cold and begins where the last one ended. Moves take
 * a block to another place of its row or of another one, swap two tasks, or exchange what two rows do last; where the
 * makespan counts, half of them begin at the row that ends last.
 *
 * Threads: a searcher's owner. */

#include "schedulers/searcher.h"

extern const struct searcher_kind rows_kind;
