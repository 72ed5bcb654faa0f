/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Promises, and the life of an order as its creator sees it.
 *
 *   ACCEPTED ─planned─▶ PLANNED ─first task started─▶ IN_PRODUCTION ─all made and rested─▶ MADE ─▶ PACKED
 *      ▲ └──no material, ever──▶ HELD                       ▲                               │
 *      └───────amended──────────┘                          └───────────scrap───────────────┘
 *
 * A promise is given when an order is first planned: its expected packing, a margin of the time until then, and on to
 * the carrier's next cut-off. It stays while the plan can keep it. An order that the plan does not keep is listed; it
 * is promised anew, with a reason, when the plan has settled (a search that is under way may still keep the old one),
 * and where nothing but the plan's own movement is the cause, when that has lasted for a while.
 *
 * Threads: one owner. */

#include "daemon/planner/book.h"

struct planner;

/* The order is expected to be packed then; TAKT_TIME_NEVER: nothing is known. First promise, lists of late orders. */
void promise_expect(struct planner *p, struct order *o, int64_t packed_s, int64_t now_s);
/* Gives every listed order that is still late another promise. */
void promise_flush(struct planner *p, int64_t now_s);
/* The margin of so long a time. */
int64_t promise_margin(const struct planner *p, int64_t time_s);
/* When a lot is ready if its last line takes longer by the margin of its open time until then: what would end just
 * before the weekend ends after it, and is not promised for it. */
int64_t promise_lot_slipped(const struct planner *p, const struct lot *lot, int64_t now_s);
/* What is promised for lots that slip so and an order that then is packed at slipped_s: that, with the margin of the
 * time until then, at the carrier's next cut-off. */
void promise_make(const struct planner *p, int32_t service, const char *country, int64_t slipped_s, int64_t now_s,
                  int64_t *ret_ship_by_s, int32_t *ret_deliver_by_day);
/* By when it has to be packed for its wish; recomputed when wish, service or country change. */
void order_wish(struct planner *p, struct order *o);
/* Its country changed: the same time means another date. */
void promise_redate(struct planner *p, struct order *o, int64_t now_s);

void order_move(struct planner *p, struct order *o, enum order_state to);
void order_started(struct planner *p, struct order *o, int64_t at_s);
void order_made(struct planner *p, struct order *o); /* at its made_s */
void order_packed(struct planner *p, struct order *o, int64_t at_s);
void order_unmade(struct planner *p, struct order *o); /* units of it were lost */
void order_hold(struct planner *p, struct order *o);   /* it cannot be planned */
/* What the parcels know of it. */
void order_tell_parcels(struct planner *p, const struct order *o);
const char *cause_text(enum cause cause);
