/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A part of a plan, between two places in its list, as a problem of its own: to be searched without moving the rest.
 *
 * What lies before the window stands as fixed tasks: the last on each line (which leaves it set up), and what still
 * holds a pool. What lies behind it is seen in what it costs to keep it waiting (marginal.h): the first task behind the
 * window on each line is the last in the problem, never to be moved itself, and where a job goes on later, its part
 * here is due when the rest is kept waiting. Orders with jobs elsewhere are due no sooner than those are done.
 *
 * So the problem's cost is exact but for constants as far as the window reaches, and a guess of what follows: whether
 * another order of the window is better can be told from the whole plan only.
 *
 * Tasks are numbered heads first, then the window's in the order of the list, then those behind.
 *
 * Threads: one owner; the whole problem must outlive it. Ownership: window_new and window_free.
 * Cost: O(tasks of the plan) with a small factor, + O(tasks of the window). */

#include "schedulers/marginal.h"

struct window {
    struct problem *p; /* shares lines, pools, families and hours with the whole */
    struct schedule *plan;
    int64_t
        scale; /* its objective is as many times that of the whole, so that weights of all sizes are whole numbers */
    int32_t from, to, reach;    /* places in the list: what is its own, and how far it sees */
    int32_t heads, own, behind; /* how many of each there are */
    int32_t *task;              /* of the whole problem, by number here */
};

/* Whether windows of the problem's plans can be problems of their own: no limited lags or pools that change. */
bool window_knows(const struct problem *p);
/* The plan's starts must ascend along its list, and no run may lie across one of the places. NULL: nothing there can be
 * moved. */
struct window *window_new(const struct sequence *q, const struct marginal *m, int32_t from, int32_t to, int32_t reach);
void window_free(struct window *w); /* NULL is fine */
/* An option of the part's task `i`, as a sequence_order has it, in the whole problem. */
int32_t window_option(const struct window *w, const struct problem *whole, int32_t i, int32_t option);
/* What the whole's list has between `from` and `reach` with an order of the part's. */
void window_order(const struct window *w, const int32_t *order, int32_t *ret_task);
