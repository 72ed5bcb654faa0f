/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A flow shop of single lines, and one order of jobs for all of them: iterated greedy search (Ruiz and Stützle, 2007;
 * the search between taking out and putting back: Dubois-Lacoste, Pagnozzi and Stützle, 2017).
 *
 * Guarantees: the best is never worse than the order that was found first, that of NEH (Nawaz, Enscore and Ham, 1983).
 *
 * Threads: one owner. Ownership: permutation_new and permutation_free. Cost: where a job is put best is O(jobs ×
 * stages) for all places together (Taillard, 1990); a step does that for each job, a few times. */

#include "schedulers/random.h"

#include <stdbool.h>
#include <stdint.h>

struct permutation_shop { /* by [stage][job]; the caller's, and must outlive the search */
    int32_t jobs, stages;
    const int32_t *time, *lag, *release; /* ticks; the lag is from a task's end to the job's next */
};

struct permutation {
    int32_t *best; /* jobs, the first first */
    int32_t best_end;
    struct permutation_work *work;
};

void permutation_init(struct permutation *p, const struct permutation_shop *shop, uint64_t seed);
void permutation_done(struct permutation *p);
/* Takes some jobs out and puts them where they do least harm. `patience` in ticks: how much later the last end may
 * then be than before, to go on from there. True: the best is a new one. */
bool permutation_step(struct permutation *p, int32_t patience);
/* Goes on from the best of another, if it is better than what this one is at. */
void permutation_adopt(struct permutation *p, const struct permutation *other);
