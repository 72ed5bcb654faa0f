/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The searcher for problems that rows know: lines whose jobs are one task each.
 *
 * Where only the makespan counts and the ends of several rows are sums of times it anneals once, for all of the time.
 * Otherwise short cycles try how hot to begin, then a few long ones, or a single one of several rows, begin about there,
 * each from the best plan so far; for what is tried see rows_moves.h. Between two cycles each window of a few tasks of
 * the best plan gets the best order that there is (rows_window.h).
 *
 * Threads: a searcher's owner. */

#include "schedulers/searcher.h"

extern const struct searcher_kind rows_kind;
