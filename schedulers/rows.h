/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A plan as one row of tasks a line, for problems whose jobs are one task each: what a change of one or two rows costs
 * is known without touching them.
 *
 * A task's cost follows from its end alone (every due wants one job), so a plan's is the sum over rows and the
 * makespan. A change of a row is written as what is kept in front, parts of rows to come then, and what is kept behind.
 * Of what is kept behind it is known how far it may be shifted, to the left and to the right, while its cost changes
 * evenly: by so much a tick. So its tasks are looked at one by one only until the shift is within these limits, mostly
 * at once: the idea of Ergun and Orlin (2006) and of the tables of Subramanian, Battarra and Potts (2014) for what is
 * shifted, at the price of one pass over the row when a change is made.
 *
 * Most changes leave the makespan or the tardiness as it is, and a search that sees only the objective walks in the
 * dark. So it looks at an energy: the objective, and at a small weight the ends of all rows. Where nothing but the
 * makespan counts it is the sum of the ends, and four times as much of what lies beyond a target: a tick less than the
 * best makespan so far.
 *
 * It knows lines with hours and changeovers, releases, and all terms of the objective but moves; no batches, pools,
 * fixed tasks, tasks without length, dues of several jobs.
 *
 * Threads: one owner. Ownership: rows_new and rows_free. Cost: a trial is O(parts + tasks behind them until the shift
 * is within the limits), making a change O(row). */

#include "schedulers/model.h"
#include "schedulers/schedule.h"

struct rows_task {
    int32_t release;
    int32_t kind; /* of changeover; 0: none */
    int32_t due;  /* INT32_MAX: none */
    int32_t more; /* further dues in `terms`, so many */
    int32_t more_from;
    int64_t weight; /* of a tick after the due */
    int64_t slope;  /* of a tick of its end in any case */
};

struct rows_term {
    int32_t due;
    int64_t weight;
};

struct rows_tail { /* of a row, from a place on: what a shift of all of it does */
    int64_t slope;
    int32_t left, right; /* how far it may be shifted with that slope */
    int32_t rigid;       /* 1: its end is shifted as well, 0: there is idle time before it */
};

struct rows_value {
    int64_t cost;   /* the objective */
    int64_t energy; /* what a search looks at */
};

struct row {
    int32_t count;
    int32_t *task;
    int32_t *end, *setup;   /* by place: tick and kind after it */
    int64_t *sum;           /* by place: cost of all up to it */
    struct rows_tail *tail; /* by place, and one after the last */
};

struct rows {
    const struct problem *p;
    struct arena *arena;
    int32_t lines, tasks, kinds;
    int32_t *line;          /* those that some task can be on: their numbers in the problem */
    int32_t *initial;       /* by line: kind at the start */
    const int32_t **change; /* by line: [kind before][kind after]; kind before 0: nothing is set up */
    int32_t *time;          /* [line][task]; -1: it cannot be there */
    int32_t *hours;         /* [line][task], of the task there; NULL: all is always open */
    struct rows_task *facts;
    struct rows_term *terms;
    struct row *row;
    int32_t *row_of, *place; /* by task */
    struct rows_value now;
    int64_t scale, aside; /* energy = scale · cost + aside · sum of ends; or, where nothing but the makespan counts: */
    bool ends_only; /* the sum of ends, and of what is beyond the target */
    int32_t target;
    bool additive; /* besides, there are several rows, whose ends are sums of times and changeovers of neighbours */
    bool bare;     /* no line has changeovers */
    int64_t rows_cost, ends; /* sums over rows */
    int64_t base;            /* what the objective has beside what rows cost and the makespan */
    int32_t *scratch;
};

enum { ROWS_PARTS = 4 };
#define ROWS_ENERGY_MAX (INT64_MAX / 4)

struct rows_change { /* of one row: its first `keep` tasks, then the parts, then what stands from `tail` on */
    int32_t row, keep, tail, parts;
    struct {
        const int32_t *task;
        int32_t count;
    } part[ROWS_PARTS];
    int64_t cost; /* of the row; by rows_try */
    int32_t end;
    bool priced; /* whoever made it knows the end, and only ends count: it is not walked through */
};

struct rows_saved {
    int32_t *count, *task; /* by line; of all lines one after another */
};

bool rows_knows(const struct problem *p);
/* The rows of a feasible schedule. */
struct rows *rows_new(const struct problem *p, const struct schedule *s);
void rows_free(struct rows *r); /* NULL is fine */

/* What it would be after some changes, of different rows. False: the energy would be above the limit, or a task
 * cannot be there; nothing is known then. Whatever the answer, all is as it was. */
bool rows_try(const struct rows *r, struct rows_change *changes, int32_t count, int64_t limit, struct rows_value *ret);
/* Makes changes that rows_try has looked at. */
void rows_make(struct rows *r, const struct rows_change *changes, int32_t count);

/* From now on what lies beyond a tick less than the makespan at hand counts more, if nothing but the makespan counts and
 * the target is not less already: the energy changes. */
void rows_aim(struct rows *r);

struct rows_saved rows_saved_new(const struct rows *r);
void rows_saved_free(struct rows_saved *saved);
void rows_save(const struct rows *r, struct rows_saved *to);
void rows_restore(struct rows *r, const struct rows_saved *from);
struct schedule *rows_schedule(const struct rows *r);
