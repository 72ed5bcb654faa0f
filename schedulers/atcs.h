/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The best plan of the rule atcs (dispatch.h) over its scales. */

#include "schedulers/solver.h"

/* As in `schedulers`; `iterations` limits the points that are tried. */
int atcs_solve(const struct problem *p, const struct schedule *start, const struct solve_limits *limits,
               solve_better_fn *on_better, void *arg, struct solve_result *ret, struct takt_error *err);
