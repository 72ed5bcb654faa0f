/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the store does not know yet: marks on what changed, and rows that are only ever appended.
 *
 * Marks name objects, not values: a collection reads the values of its moment. All of it stays until a publication took
 * place (news_clear).
 *
 * Threads: one owner. Ownership: rows' texts are copied into an arena that news_clear empties. */

#include "daemon/planner/lot.h"
#include "daemon/planner/report.h"

struct news {
    struct arena *arena;
    struct lot **lots; /* with a changed row or changed tasks; NULL: taken back */
    size_t lot_count, lot_cap;
    struct slice **slices; /* new or changed; NULL: taken back */
    size_t slice_count, slice_cap;
    struct slice_row *gone; /* slices that the store may have */
    size_t gone_count, gone_cap;
    struct task_row *task_gone; /* tasks of a route that is another one now */
    size_t task_gone_count, task_gone_cap;
    struct order_list orders; /* another state or actual packing */
    struct order_list moved;  /* another expected packing and nothing else; in parts, see news_part */
    size_t moved_from;        /* what stands before is published */
    bool moved_rest;          /* the next collection has none of them */
    struct promise_row *promises;
    size_t promise_count, promise_cap;
    struct event_row *events;
    size_t event_count, event_cap;
    struct report_row *reports;
    size_t report_count, report_cap;
    struct variant **surplus;
    size_t surplus_count, surplus_cap;
    bool stock; /* something in struct stock may differ */
    bool plan;  /* a task has another place: a new version */
};

void news_init(struct news *n);
void news_done(struct news *n);
void news_clear(struct planner *p);

void news_lot(struct planner *p, struct lot *lot); /* its row */
void news_task(struct planner *p, struct lot *lot, size_t op);
void news_task_moved(struct planner *p, struct lot *lot, size_t op); /* nothing else of it is new */
void news_task_gone(struct planner *p, uint32_t lot, uint32_t op, const char *op_id);
void news_task_stays(struct planner *p, uint32_t lot); /* none of the lot is gone after all */
void news_slice(struct planner *p, struct slice *s);
void news_slice_gone(struct planner *p, const struct slice *s); /* before its range changes or it is removed */
void news_slice_drop(struct planner *p, struct slice *s);       /* it is being removed */
void news_order(struct planner *p, struct order *o);
void news_order_moved(struct planner *p, struct order *o); /* its expected packing alone */
void news_order_back(struct planner *p, struct order *o);  /* it is expected when the store expects it, after all */
void news_surplus(struct planner *p, struct variant *variant);
void news_promise(struct planner *p, const struct order *o, int64_t now_s, const char *reason);
void news_event(struct planner *p, const struct order *o, enum event_kind kind, int64_t at_s, const char *reason);
void news_report(struct planner *p, const struct report *report, int64_t at_s);
/* The next publication has all of `orders`, and of `moved` those from moved_from on before what this returns. A new plan may move
 * the expected packing of a whole order book, and who sends an order meanwhile would wait until all of it is written: so it is
 * written in parts of 32 orders, or of a 256th if that is more. What is left is news still. */
size_t news_part(const struct news *n);
/* The row of an earlier report of the same reporter and report_ref that is not published yet; NULL: none. */
const struct report_row *news_find_report(const struct news *n, const struct report *report);
/* The order has ended: nothing more is said of it. */
void news_forget(struct planner *p, struct order *o);
/* The lot is freed. */
void news_lot_drop(struct planner *p, struct lot *lot);
