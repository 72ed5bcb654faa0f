/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The searcher for problems that a sequence does not know: runs of several tasks, limited lags, pools whose capacity
 * changes or that close.
 *
 * A plan is the order in which tasks are placed in a timetable, and the line that each is kept to. A change of either
 * is judged by placing everything after it anew, from one of a few timetables that are kept on the way; it is taken as
 * in annealing (lane.h). Slower than a sequence by far, but it knows all of the format.
 *
 * Threads, ownership: searcher.h. */

#include "schedulers/searcher.h"

extern const struct searcher_kind reorder_kind;
