/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Placing: units of orders into surplus and lots, and out again.
 *
 * What there is is given before anything new is made. Units then go to the oldest lot of their group that has room, and
 * to new lots; an item larger than a lot is split.
 *
 * Threads: one owner. Cost: linear in the item's slices and the group's growing lots. */

#include "daemon/planner/lot.h"
#include "daemon/planner/report.h"

/* Places every order that waits; those of scrap first, then by number. */
void placing_run(struct planner *p, int64_t now_s);

/* Takes what joined a planned lot since the last repair out again, and places it in the youngest lot of its group that
 * grows, if that is another one; `apart`: in new ones. */
void placing_part(struct planner *p, struct lot *lot, bool apart, int64_t now_s);
/* What joined has been planned. */
void placing_planned(struct planner *p);

/* Takes all of an order out of its lots: those that nothing was started of shrink, of others the units become surplus.
 */
void placing_withdraw(struct planner *p, struct order *o);

/* The order is shipped: it leaves its lots, which are done; those that nobody has units of any more are forgotten. */
void placing_release(struct planner *p, struct order *o);

/* `count` units are lost and orders again: those named first, then those of the latest due. Those of packed orders
 * stay. */
void placing_lose(struct planner *p, struct lot *lot, uint32_t count, const struct report_unit *units,
                  size_t unit_count);
/* The lot can make no more than `lot_possible`: what is beyond is lost. */
void placing_shorten(struct planner *p, struct lot *lot, const struct report_unit *units, size_t unit_count);

/* What follows for a lot whose units became fewer: quantities, or its end. */
void placing_shrunk(struct planner *p, struct lot *lot);
