/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The simulated shop floor: it does what the plan says, as well as it can, and reports it.
 *
 * A task starts when the plan says so, or as soon after as its line is free and set up, what comes before it is done and
 * rested, and its pools have people left. It takes what its line's rate says, varied by `noise_ppm`; of its units some are
 * scrap, as its yield says, varied likewise. What a line does while it is down it goes on with afterwards. Lines with
 * `reports: planned` are not reported on: their tasks do what the planner takes for granted.
 *
 * Its own books are what really happens; the plan is what it was told last. The same seed and the same plans give the same
 * life: a figure is drawn for a lot's operation, not from a sequence.
 *
 * How it goes: shop_follow each publication that is in the store; at shop_next_s take the reports one by one:
 *     while (shop_report(shop, now_s, &report)) … shop_answered(shop, accepted);
 * A report stands until it is answered: without an answer, the next shop_report gives the same again (with its report_ref). A
 * refused one means that the floor and the planner disagree; the task waits then until a plan names it again.
 *
 * Threads: one owner. Ownership: the plant (through worktime) must outlive it; a report's texts live until it is answered.
 * Cost: a look at the waiting tasks of the lines to which something happened. */

#include "daemon/planner/report.h"
#include "daemon/sim/worktime.h"
#include "daemon/store/store.h"

struct shop;

struct shop_config {
    const struct plant *plant;
    const struct worktime *worktime;
    uint64_t seed;
    int64_t noise_ppm;       /* 0–1000000 */
    int64_t breakdowns;      /* a week */
    int64_t origin_s;        /* when the life begins */
};

struct shop_figures {
    int64_t changeover_s;    /* open seconds that lines were set up in */
    int64_t wip_units;       /* now: started and not made */
    int64_t made_units;      /* all good units so far that have left their last operation */
    int64_t scrap_units;
    uint64_t tasks_started, tasks_late; /* late: started after what the plan said last */
    uint64_t moves;          /* tasks due within two days that a plan moved to another line, or by more than an hour */
    uint64_t reports, refused;
};

struct shop *shop_new(const struct shop_config *config);
void shop_free(struct shop *s); /* NULL is fine */

void shop_follow(struct shop *s, const struct store_publish *publication);

int64_t shop_next_s(struct shop *s); /* TAKT_TIME_NEVER: nothing is going to happen by itself */
bool shop_report(struct shop *s, int64_t now_s, struct report *ret);
/* false: that was the end of a task, which has happened whatever the planner says; it is not true in the books. */
bool shop_answered(struct shop *s, bool accepted);

const struct shop_figures *shop_figures(const struct shop *s);
/* Open seconds that a line has worked so far. */
int64_t shop_busy_s(const struct shop *s, int32_t line);
