/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which change of rows to try next: a block to another place of its row, mostly near, or behind a task that needs a
 * short changeover; two tasks of a row swapped; a task or a block to another row, mostly one that is fast for it; tasks
 * of two rows exchanged; what two rows do last exchanged. Where the makespan counts, half of them begin at the row that
 * ends last, and tasks go where they cost least changeover in their new row (Vallada and Ruiz, 2011), also two in a
 * chain: one takes another's place, which goes to a third row. Where ends are sums of times, such moves are priced here,
 * by what they change about the places that tasks leave and come to.
 *
 * Threads: one owner. Ownership: rows_moves_init and rows_moves_done; the rows must outlive it. */

#include "schedulers/random.h"
#include "schedulers/rows.h"

struct rows_moves {
    const struct rows *r;
    struct random random;
    int32_t *short_before;            /* [row][kind][few]: kinds with the shortest changeovers before it */
    int32_t *kind_offset, *kind_task; /* tasks by kind */
    int32_t *fast;                    /* [task][few]: rows where it is short */
    struct rows_change changes[3];    /* what was proposed */
    int32_t change_count;
};

void rows_moves_init(struct rows_moves *m, const struct rows *r, uint64_t seed);
void rows_moves_done(struct rows_moves *m);
/* False: nothing came to mind; ask again. */
bool rows_propose(struct rows_moves *m);
