/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The line from an intake to the planner on another machine: asks go out, answers, news and estimates come in
 * (daemon/planner/inquiry.h says how they look).
 *
 * It is a question, and may be lost: an ask that finds no planner, or none that answers within PLANNER_LINK_ASK_MS, comes back
 * with REFUSAL_BUSY. A planner from which nothing was heard for PLANNER_LINK_SILENT_MS is not asked at all, and its estimate
 * means nothing any more.
 * Where there are keys the line is CURVE, with the plant's own key at both ends.
 *
 * Threads: one owner. Ownership: asks stay their owner's. */

#include "daemon/keys/keyring.h"
#include "daemon/planner/ask.h"

enum { PLANNER_LINK_HELLO_MS = 1000, PLANNER_LINK_SILENT_MS = 3500, PLANNER_LINK_ASK_MS = 2000, PLANNER_LINK_ASKS_MAX = 1000 };

struct planner_link;

struct planner_link *planner_link_new(void *zmq, struct keyring *keys, struct plant *plant); /* takes a reference of its own */
void planner_link_free(struct planner_link *l); /* asks that are out have come back (planner_link_give_up); NULL is fine */
void planner_link_plant(struct planner_link *l, struct plant *plant); /* takes a reference of its own */

/* Where the planner is, and its epoch; NULL: nowhere. */
void planner_link_to(struct planner_link *l, const char *address, uint64_t epoch, int64_t now_ms);

/* For zmq_poll; NULL: there is no line. */
void *planner_link_socket(const struct planner_link *l);
int64_t planner_link_wait_ms(const struct planner_link *l, int64_t now_ms); /* until it wants a turn */

/* The ask comes back by planner_link_answered, perhaps at once. */
void planner_link_ask(struct planner_link *l, struct ask *ask, int64_t now_ms);
void planner_link_wake(struct planner_link *l);
void planner_link_give_up(struct planner_link *l); /* all that is out comes back */

/* Takes in what has come, and looks at the time. */
void planner_link_turn(struct planner_link *l, int64_t now_ms);
struct ask *planner_link_answered(struct planner_link *l); /* the next; NULL: no more */
bool planner_link_news(struct planner_link *l);            /* there were news since the last time */
/* There is another estimate than before, NULL if none holds any more; it is the caller's. */
bool planner_link_estimate(struct planner_link *l, struct estimate **ret);
