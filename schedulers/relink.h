/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A searcher for shops: tabu search from plan to plan, and new plans to begin with from half way between two good ones
 * (path relinking: Peng, Lü and Cheng, 2015; for several lines González, Vela and Varela, 2015).
 *
 * Threads, ownership: searcher.h. */

#include "schedulers/searcher.h"

extern const struct searcher_kind relink_kind;
