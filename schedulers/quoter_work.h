/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The inside of a quoter, shared by quotes that move nothing (quoter.c) and those that do (quoter_moving.c). */

#include "schedulers/solver.h"
#include "schedulers/timetable.h"

struct quoter {
    const struct problem *p;
    struct timetable *t;
    struct timetable *scratch; /* of a quote under way that moves others; NULL: none has been asked */
    int32_t *latest;           /* by job: to be done by then, for no due to suffer; made with scratch */
};
