/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What rules and the search want to know of jobs and tasks, computed once from a problem. */

#include "schedulers/model.h"

struct job_facts {
    int32_t *due;    /* by job: the earliest of its dues; INT32_MAX: it has none */
    int64_t *weight; /* by job: of all its dues together */
    int32_t
        *tail; /* by task: least ticks from its start to the end of what comes after it in the job, itself with it */
    int32_t *least;                 /* by task: the shortest of its times */
    int32_t mean_time, mean_change; /* at least 1 */
};

void job_facts_init(struct job_facts *f, const struct problem *p);
void job_facts_done(struct job_facts *f);

/* log2(x) · 2^16 for x >= 1, exact to 2^-16 and the same everywhere. */
int32_t log2_fixed(uint64_t x);
