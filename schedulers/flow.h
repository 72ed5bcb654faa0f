/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A searcher for flow shops with parallel lines: every job passes the same stages, each of them a set of lines of its
 * own. Annealing over the order in which jobs enter the first stage; at later ones the first to come is the first to be
 * served, on the line where it ends first. Towards the end tabu search takes over, and moves single tasks.
 *
 * Threads, ownership: searcher.h. */

#include "schedulers/searcher.h"

extern const struct searcher_kind flow_kind;
