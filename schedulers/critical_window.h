/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A part of the list of a critical graph (critical.h), for a search that takes tasks out and puts them back: what lies before it and
 * behind it stays as it is, so a place for a task is priced, and heads and tails are kept, by what lies in the window alone.
 *
 * A way to an end either goes through a task of the window, or it is one of those around it, which are known when the window is opened
 * (but for lines without a task in the window, which are looked at each time). While a task is out it stands in its job alone, with the
 * least time that it can take. So what the others cost then is no more than what all cost with the task at any place, and the greater
 * of that and of the longest way through the task at a place is what that place costs: exactly, but where changeovers break the
 * triangle inequality, where it may be said to cost more than it does. After critical_window_put all is exact again.
 *
 * Threads: one owner. Ownership: critical_window_new and critical_window_free; the graph, of two ends or more, is the caller's and is
 * changed by critical_window_close alone. Cost: opening O(tasks × ends), taking and putting O(window × ends), less where little
 * changes. */

#include "schedulers/critical.h"

struct critical_window;

enum { CRITICAL_WINDOW_MAX = 256 }; /* tasks */

struct critical_window *critical_window_new(struct critical *c);
void critical_window_free(struct critical_window *w); /* NULL is fine */

/* Places `from` to `to` of the list, `to` not included; all is as in the graph. */
void critical_window_open(struct critical_window *w, int32_t from, int32_t to);
/* The graph as the window has it. */
void critical_window_close(struct critical_window *w);

int32_t critical_window_count(const struct critical_window *w);
/* Tasks of the window have numbers, 0 to count - 1, from when it is opened; which one stands at a place of the list. */
int32_t critical_window_at(const struct critical_window *w, int32_t place);
/* What the plan costs as it stands, tasks that are out in their jobs alone. */
int64_t critical_window_cost(const struct critical_window *w);
/* The place of a task that is on a longest way to an end that costs something, both drawn by chance; -1: there is none. */
int32_t critical_window_cause(const struct critical_window *w, struct random *random);

/* How things stand is kept, and brought back. */
void critical_window_save(struct critical_window *w);
void critical_window_restore(struct critical_window *w);

void critical_window_take(struct critical_window *w, const int32_t *numbers, int32_t tasks);
/* A task that is out goes in where it costs least, ties drawn by chance. False: each place costs more than `most`; it stays out. */
bool critical_window_put(struct critical_window *w, int32_t number, int64_t most, struct random *random);
