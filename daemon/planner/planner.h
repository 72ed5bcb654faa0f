/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The planner's core: the order book, its lots, the plan and its life, promises, packing and parcels. Plain C: it has no
 * socket, no thread, no clock and no store; it is handed rows, reports and the time, and hands back what to write.
 *
 * How it goes (the shell is daemon/planner/planner_actor.c, or the simulation's):
 *   load_…        rows of the store, in the order of `enum load_kind`; then planner_loaded
 *   follow        of one that waits, between those two and as often as wanted: what has changed in the store since
 *   change        each change of the store's log, in order (orders, amendments, cancellations, shipped orders)
 *   report        each report of the floor; it is judged against what is known and applied or refused at once
 *   turn          time passes: lines with `reports: planned` progress, orders are packed, starts are missed, lots are let go;
 *                 if anything calls for it the plan is repaired (at most once a call, so changes that come thick are taken
 *                 together)
 *   collect       everything that differs from what the store was last told, as one store_publish; NULL if nothing does
 *   published     what became of it: 0 clears what was collected; TAKT_ESTALE: hand the missing changes in and collect again;
 *                 any other failure: it stays to be collected again
 *   search        a problem for a solver thread; its result is fitted onto the state of the moment when it comes back
 *
 * The state in memory runs ahead of the store between collect and published; an answer that claims something durable
 * (`reported`, a promise, a shipment) leaves only after its publication. Questions are answered from memory at any time.
 *
 * Invariants (planner_check asserts them):
 *  P1  Each unit of an open order is in exactly one slice (of a lot, or of surplus) or unplaced; never in two.
 *  P2  A lot's tasks are for its units plus its yield allowance; a lot without units has no task that has not started.
 *  P3  Started, finished and frozen tasks are where they were, in every plan.
 *  P4  The plan verifies (schedule_verify) against the problem it was made from.
 *  P5  An order has a promise once it is planned, and every change of it has a reason.
 *  P6  An order is in at most one parcel, and only when packed and with a recipient.
 *
 * Threads: one owner. Ownership: rows handed in are copied; what is handed out says so. */

#include "config/plant.h"
#include "daemon/planner/report.h"
#include "daemon/store/store.h"
#include "daemon/wire/refusal.h"
#include "schedulers/solver.h"

struct planner;

struct planner_config {
    struct plant *plant;       /* a reference is taken */
    const char *scheduler;     /* NULL: as the plant says */
    uint64_t seed;
    int64_t effort;            /* iterations of every search (takt-sim); 0: as long as `think` allows */
    bool check;                /* verify P1–P6 after every turn: tests, simulation */
};

struct planner *planner_new(const struct planner_config *config, uint64_t epoch);
void planner_free(struct planner *p); /* NULL is fine */

/* ---- start ---- */
void planner_load_meta(struct planner *p, const struct store_meta *meta);
void planner_load_order(struct planner *p, const struct order_row *row);
void planner_load_lot(struct planner *p, const struct lot_row *row);
void planner_load_slice(struct planner *p, const struct slice_row *row);
void planner_load_task(struct planner *p, const struct task_row *row);
void planner_load_stock(struct planner *p, const struct stock_row *row);
void planner_load_receipt(struct planner *p, const struct receipt_row *row);
void planner_load_down(struct planner *p, const struct down_row *row);
void planner_load_setup(struct planner *p, const struct setup_row *row);
void planner_load_surplus(struct planner *p, const struct surplus_row *row);
/* What STORE_FOLLOW gave: the rows that are loaded are then those of the store at that moment, as if they had been loaded then.
 * While there is more they may still contradict each other. TAKT_EDATA: as planner_loaded; the planner is of no more use. */
int planner_follow(struct planner *p, const struct store_follow *q, struct takt_error *err);
struct store_meta planner_followed(const struct planner *p); /* publish_no and seen: how far it has come */
/* Orders with rows that contradicted what was loaded so far: STORE_FOLLOW is to give them again. */
uint64_t *planner_doubts(const struct planner *p, struct arena *arena, size_t *ret_count);
size_t planner_orders(const struct planner *p); /* open ones that are loaded */
/* It is its turn: under an epoch that was claimed after it was made. Before planner_loaded. */
void planner_take_over(struct planner *p, uint64_t epoch);

/* All is there; an empty store is seeded with the plant's initial values. TAKT_EDATA: the store contradicts itself or the
 * plant lacks what open work needs (named in err). */
int planner_loaded(struct planner *p, int64_t now_s, struct takt_error *err);

/* ---- the world changes ---- */
void planner_change(struct planner *p, const struct change_row *change);
uint64_t planner_seen(const struct planner *p); /* the last change's seq */

/* false: ret_refusal says why, and nothing changed. A report that repeats what is known is accepted and changes nothing. */
bool planner_report(struct planner *p, int64_t now_s, const struct report *report, struct refusal *ret_refusal);

/* A shipment was set aside or released by hand needs no planner. The plant is swapped, or stays if firm tasks or open orders
 * need what is gone: TAKT_ECONFIG naming it. */
int planner_reload(struct planner *p, struct plant *plant, int64_t now_s, struct takt_error *err);

/* ---- time passes ---- */
void planner_turn(struct planner *p, int64_t now_s);
/* Plant time at which a turn is due even if nothing happens; TAKT_TIME_NEVER. */
int64_t planner_next_s(const struct planner *p);
/* Something was handed in since the last turn that calls for a repair. */
bool planner_wants_turn(const struct planner *p);

/* Why there is no plan for what is open, with the way out; "": there is one. It changes in planner_turn only. */
const char *planner_trouble(const struct planner *p);

/* ---- to the store ---- */
/* The publication points into the arena and into the planner; it must be done before the next call of anything but
 * questions. head is for the caller to fill, but op. */
struct store_publish *planner_collect(struct planner *p, int64_t now_s, struct arena *arena);
void planner_published(struct planner *p, int code);
/* More orders have moved than were collected: they were left out to keep the publication short. */
bool planner_owes(const struct planner *p);
/* From now on collections have a part of the orders that have only moved, or none of them. */
void planner_spread(struct planner *p, bool part);

/* ---- search ---- */
struct search_job { /* self-contained: may be carried to another thread */
    struct problem *problem;
    struct schedule *start;
    const char *scheduler;
    struct solve_limits limits;      /* iterations, threads, lanes, seed; the deadline is the shell's */
    struct plant *plant;             /* keeps `scheduler` alive */
    uint64_t basis;                  /* what state it was made from */
    void *map;                       /* the planner's: tasks of the problem → tasks of the plan */
    /* filled by the solver thread */
    int code;
    struct takt_error err;
    struct solve_result result;
};
/* NULL: there is nothing to improve now (nothing changed since the last search, or no open task). */
struct search_job *planner_search(struct planner *p, int64_t now_s);
/* Takes the job back and frees it. A better plan (or a rule's plan) that still fits is taken over, to be collected;
 * ret_improved (may be NULL) says whether it was. */
void planner_searched(struct planner *p, struct search_job *job, int64_t now_s, bool *ret_improved);
void search_job_run(struct search_job *job); /* what a solver thread does */
void search_job_free(struct search_job *job);

void planner_check(const struct planner *p); /* asserts P1–P6 */
