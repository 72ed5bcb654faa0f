/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Moves of the search on lines with `batch`: tasks join a run of their family, leave one, change places with one of
 * another run, and runs move as a whole.
 *
 * Half of them begin where a late order or the plan's end is held up: at a task whose run waits for another of its
 * members, which then is the one to go, or for the line. */

#include "schedulers/neighbour.h"

/* False: nothing came to mind. */
bool run_moves_propose(struct neighbour *n, const struct sequence *q, struct neighbour_move *ret);
/* On a line with `batch`, mostly turns a move of one task into one of its run. */
void run_moves_widen(struct neighbour *n, const struct sequence *q, struct neighbour_move *ret);
