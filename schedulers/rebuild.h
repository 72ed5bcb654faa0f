/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A searcher for shops with several orders: annealing whose move takes some tasks out of the plan and puts each back where it costs
 * least (ruin and recreate: Schrimpf, Schneider, Stamm-Wilbrandt and Dueck, 2000).
 *
 * Threads, ownership: searcher.h. */

#include "schedulers/searcher.h"

extern const struct searcher_kind rebuild_kind;
