/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where and when the tasks of a lot are to be done, as one text, which is how a plan lies in the databases: a line of
 * text for each task, by operation: the operation's number, start, end ("-": none), and the plant's line.
 *
 *     0 1764547200 1764550800 print-1
 *
 * Threads: no state. Ownership: what is returned is from the arena. */

#include "base/arena.h"
#include "daemon/store/store.h"

/* Rows of tasks, for qsort of pointers: by lot; of a lot those that are only moved come last; else in the order in which
 * they lie in one array. */
int places_compare(const void *a, const void *b);

/* How many of the sorted rows, from the first on, are of its lot. */
size_t places_of_lot(const struct task_row *const *rows, size_t count);

/* The text with sorted rows of one lot applied: those gone taken away, those moved only where they are there. "": no task
 * is left. NULL: the text is none of this kind. */
const char *places_apply(const char *text, const struct task_row *const *rows, size_t count, struct arena *arena);

/* Fills in line, start_s and end_s of the task with that op. False: it is not there. */
bool places_find(const char *text, struct arena *arena, struct task_row *ret);

/* Whether a text is one: each line is read, by ascending numbers of operations. */
bool places_sound(const char *text);

/* Whether a line's name may stand in such a text. */
bool places_line_fits(const char *line);
