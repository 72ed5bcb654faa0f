/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A line's next tasks as the message that a terminal gets:
 *
 *     {"type": "tasks", "id", "line", "tasks": [
 *       {"task", "lot", "product", "operation", "line", "family"?, "start", "end", "state", "frozen", "late",
 *        "quantity", "good", "scrap", "variants": [{"options"?, "quantity"}, …],
 *        "units": [{"unit": "luna/LUNA-1/1/3", "count", "options"?, "personalization"?}, …]}, …]}
 *
 * `units` are the personalised ones: `count` of them, of which `unit` is the first, bear the same personalization.
 *
 * Threads: no state. */

#include "daemon/planner/ask.h"
#include "daemon/store/store.h"
#include "daemon/wire/writer.h"

/* By start. */
void tasks_sort(struct task_view *tasks, size_t count);

/* How many of the first tasks may be written so that personalised units are at most `most`; one at least. */
size_t tasks_fitting(const struct task_view *tasks, size_t count, size_t most);

/* The orders of their personalised units, ascending, each once; from the arena. */
const uint64_t *tasks_orders(const struct task_view *tasks, size_t count, struct arena *arena, size_t *ret_count);

/* bodies: those orders, in that order; NULL: there are none. */
void tasks_write(struct writer *w, const char *id, const char *line, const struct task_view *tasks, size_t count,
                 const struct store_bodies *bodies);
