/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which move to try next: along what makes an order late or the plan long, next to a task of the same family, or
 * anywhere.
 *
 * The first kind follows the causes of a late end backwards (the critical tree) and moves a task or its blocker within
 * the block that it stands in, to its ends (N5 and N6 of Nowicki and Smutnicki, 1996, and Balas and Vazacopoulos,
 * 1998), or to another line (k-insertion, Mastrolilli and Gambardella, 2000); for tardiness as in Mati, Dauzère-Pérès
 * and Lahlou (2011).
 *
 * Threads: one owner. Ownership: neighbour_init and neighbour_done. */

#include "schedulers/random.h"
#include "schedulers/sequence.h"

enum neighbour_kind { MOVE_ALONE, MOVE_RUN, MOVE_JOIN, MOVE_OVERTAKE, MOVE_SWAP, MOVE_KINDS };

struct neighbour_move {
    int32_t task, option, next; /* as in sequence_move; MOVE_JOIN: next is one of the run that it joins; MOVE_OVERTAKE:
                                   whom in the list */
    enum neighbour_kind kind;
};

struct neighbour {
    const struct problem *p;
    struct random random;
    int32_t *family_offset, *family_task; /* tasks of each family that lines need set-ups for */
    int32_t *movable;                     /* tasks that are not fixed */
    int32_t movable_count, familied_count;
    int32_t *running; /* those of them that may be on a line with `batch`, in order of their family */
    int32_t running_count;
    int32_t frozen_from;
    int32_t *chain; /* scratch */
};

void neighbour_init(struct neighbour *n, const struct problem *p, uint64_t seed);
void neighbour_done(struct neighbour *n);
/* From now on tasks from this number on are not moved, and stay the last on their lines, as they must be now, and in the
 * runs that they are in, which must have none of those before; and none gets a pool before a fixed one. */
void neighbour_freeze(struct neighbour *n, int32_t from);
/* False: nothing came to mind; ask again. */
bool neighbour_propose(struct neighbour *n, const struct sequence *q, struct neighbour_move *ret);
/* Makes a move: false: it cannot be, or costs more than the limit. */
bool neighbour_make(struct sequence *q, const struct neighbour_move *m);
/* Of the tasks on a chain of causes behind something that costs, one that waits for its line or for a pool, ret_holder
 * (-1: for the line); -1: none was found. */
int32_t neighbour_blocked(struct neighbour *n, const struct sequence *q, int32_t *ret_holder);
