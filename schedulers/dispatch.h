/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* List scheduling: whenever a line is free, it takes the waiting task that a rule likes best (Pinedo, Scheduling, ch.
 * 14).
 *
 * The rules: first come first served, earliest due date, shortest time, and the apparent tardiness cost with set-ups of
 * Lee, Bhaskaran and Pinedo (1997), w/p · exp(−slack/(k1·p̄)) · exp(−s/(k2·s̄)), whose logarithm is taken in whole
 * numbers and in whose place, where a job has no due date, most work remaining counts. Where a job has many dues, the
 * earliest of them and their weights together stand for them.
 *
 * Lines that are slow for a task leave it to faster ones the more, the larger `own` and `pooled` are: a pool's time is
 * scarce, and who holds it on a slow line holds it longer. Where the pool is what all wait for, it is better to leave a
 * slow line idle (`most`).
 *
 * A dispatcher holds what all plans of one problem share, so that one more of them, by another rule or other scales,
 * costs little.
 *
 * Threads: one owner. Ownership: dispatcher_new and dispatcher_free. Cost: O(n log n + what waits at each decision). */

#include "schedulers/solver.h"

enum dispatch_rule { DISPATCH_FIFO, DISPATCH_EDD, DISPATCH_SPT, DISPATCH_ATCS };

struct dispatch_scales {
    int32_t k1, k2;      /* of ATCS, in tenths */
    int32_t fill;        /* how full a run must be to be started while more of its family is to come, in percent */
    int32_t own, pooled; /* how many times it counts that a line takes longer than the task's fastest, of tasks without
                            pools and with them */
    int32_t
        most; /* tasks with pools use no line that is slower than their fastest by more, as log2 in percent; 0: any */
};

/* How ATCS decides from a tick on. */
struct dispatch_phase {
    int32_t from; /* tick */
    struct dispatch_scales scales;
    int32_t time, rest; /* exponents in percent of a task's own time (100 in plain ATCS), and of the least time that its
                           job takes from it on (0) */
    int32_t lead;       /* how long a job is thought to take from a task on, in percent of the least (100) */
};

struct dispatcher;
/* TAKT_EINFEASIBLE: fixed tasks are in each other's way, or leave no place for what they bind. */
int dispatcher_new(const struct problem *p, struct dispatcher **ret, struct takt_error *err);
void dispatcher_free(struct dispatcher *d); /* NULL is fine */

/* Makes a plan. TAKT_EINFEASIBLE: the first task that found no place; TAKT_ETIMEOUT: the deadline came first. */
int dispatcher_run(struct dispatcher *d, enum dispatch_rule rule, struct dispatch_scales scales,
                   const struct solve_limits *limits, struct takt_error *err);
/* From now on ATCS goes by phases instead of scales; NULL: no longer. They must outlive its use. */
void dispatcher_vary(struct dispatcher *d, const struct dispatch_phase *phases, int32_t count);
/* Makes a plan by the phases, of which the first `same` are what they were in all runs since dispatcher_forget said that they are
 * others; what such a run has decided by them is not worked out again. */
int dispatcher_run_phases(struct dispatcher *d, int32_t same, struct takt_error *err);
/* Phases from number `same` on are others from now on. */
void dispatcher_forget(struct dispatcher *d, int32_t same);
/* Of the plan made last: its objective, and a copy of it. */
int64_t dispatcher_cost(struct dispatcher *d);
struct schedule *dispatcher_schedule(const struct dispatcher *d);
bool dispatcher_has_runs(const struct dispatcher *d); /* some line has `batch` */
