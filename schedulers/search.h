/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The search behind `search` and `auto`: a first plan, then lanes that improve it side by side, and tell each other the
 * best they have at fixed points. */

#include "schedulers/solver.h"

int search_solve(const struct problem *p, const struct schedule *start, const struct solve_limits *limits,
                 solve_better_fn *on_better, void *arg, struct solve_result *ret, struct takt_error *err);
