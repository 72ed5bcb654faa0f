/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The best order there is of a few tasks that follow each other in a row, with all else as it is: dynamic programming
 * over sets of tasks (Held and Karp, 1962). When a set is done depends on its order where there are changeovers and
 * releases, so a set has several labels of end, set-up and cost, and one that is no earlier and no cheaper than another
 * with the same set-up is dropped: nothing that rows know gets cheaper by being later.
 *
 * Threads: one owner. Ownership: rows_window_free. Cost: 2^count sets by count tasks by labels. */

#include "schedulers/rows.h"

enum { ROWS_WINDOW_MAX = 12 };

struct rows_window {
    struct rows_label *labels;
    size_t label_count, label_cap;
    int32_t first[1 << ROWS_WINDOW_MAX]; /* label of a set; -1: none */
    int32_t order[ROWS_WINDOW_MAX];
};

struct rows_window *rows_window_new(void);
void rows_window_free(struct rows_window *w); /* NULL is fine */

/* Looks at `count` tasks of a row from place `from` on. True: ret is the change to an order of less energy, the least
 * there is; it points into the window. */
bool rows_window_solve(struct rows_window *w, const struct rows *r, int32_t row, int32_t from, int32_t count,
                       struct rows_change *ret);
