/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The simulated suppliers: what the plant's file expects comes when it says, and somebody buys what the plan is short of.
 *
 * Materials with a `lead_time` are bought whenever the planner has reserved more than is there, expected and bought already;
 * they come a lead time later. Those without come only as expected. Everything that comes is reported as a `receipt`.
 *
 * How it goes: at supply_next_s take the reports one by one, as the shop's; when supply_wants_look, hand in what the planner
 * says of its stock.
 * Threads: one owner. Ownership: the plant must outlive it; a report's texts live until it is answered. */

#include "config/plant.h"
#include "daemon/planner/ask.h"
#include "daemon/planner/report.h"

enum { SUPPLY_LOOK_S = 3600 };

struct supply;

struct supply *supply_new(const struct plant *plant, int64_t origin_s);
void supply_free(struct supply *s); /* NULL is fine */

int64_t supply_next_s(const struct supply *s);
bool supply_report(struct supply *s, int64_t now_s, struct report *ret);
void supply_answered(struct supply *s);

/* An hour has passed since the last look, and there is a material that can be bought. */
bool supply_wants_look(const struct supply *s, int64_t now_s);
void supply_look(struct supply *s, int64_t now_s, const struct stock_view *views, size_t count);
