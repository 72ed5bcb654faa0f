/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* When an order would be shipped if it were alone in an idle plant: the yardstick of `flow_factor`.
 *
 * Its units are made at once in lots of at most lot.max, each operation on the line that ends first, without changeovers,
 * material to wait for or noise, by the calendars; then packed, and handed over at the carrier's next cut-off.
 *
 * Threads: one owner. Ownership: the plant and the worktime must outlive it. Cost: operations × lines × O(log shifts). */

#include "daemon/sim/worktime.h"
#include "daemon/store/store.h"

struct alone;

struct alone *alone_new(const struct plant *plant, const struct worktime *worktime);
void alone_free(struct alone *a); /* NULL is fine */

/* TAKT_TIME_NEVER: its products cannot be made within the years that calendars cover. */
int64_t alone_shipped_s(struct alone *a, const struct order_row *order, int64_t from_s);
