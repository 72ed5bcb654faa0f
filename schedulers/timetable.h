/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Lines and pools with what is placed on them: where a task fits, and putting it there and taking it away again.
 *
 * Each line holds its runs in order of time (a task by itself is a run of one). Tasks go into the first gap that holds
 * them, fixed tasks and their neighbours' changeovers respected, or join a run of their family on a line with `batch`.
 * Everything the timetable holds keeps the rules of the format.
 *
 * Threads: one owner; asking does not change it. Ownership: timetable_new and timetable_free.
 * Cost: finding a place is O(log runs + gaps looked at), placing O(runs after it on the line). */

#include "schedulers/model.h"
#include "schedulers/profile.h"
#include "schedulers/schedule.h"

struct run {
    int32_t start, end;
    int32_t family; /* -1: none */
    int32_t setup;  /* what the line is set up for after it; -1: nothing */
    int32_t ticks;  /* open ones that it takes */
    int32_t size;   /* of all members together */
    int32_t hours;
    int32_t head; /* the member that came last; others follow by timetable.next */
    bool fixed;
};

struct line_runs {
    struct run *runs;
    uint32_t count, cap;
};

struct timetable {
    const struct problem *p;
    struct line_runs *lines;
    struct profile *pools;
    int32_t *line, *start, *end; /* by task; line -1: not placed */
    int32_t *next;               /* in its run; -1: none */
    struct schedule *schedule;   /* owns line, start and end */
};

/* What is to be placed, as a task of the problem or of a quote. */
struct piece {
    int32_t line, time, hours;
    const struct hours *own_hours; /* instead of `hours` -1 */
    int32_t family, size;
    bool breakable;
    const struct problem_usage *usages; /* NULL: of `task` */
    int32_t task;                       /* -1: none of the problem */
    int32_t usage_count;
};

/* Between what a place must lie; all are inclusive. */
struct bounds {
    int32_t start_min, end_min, start_max, end_max;
    int32_t part, part_max; /* its first `part` open ticks have passed by part_max; part -1: no such bound */
};
#define BOUNDS_NONE ((struct bounds){INT32_MIN, INT32_MIN, INT32_MAX, INT32_MAX, -1, 0})

struct place {
    int32_t start, end;
    uint32_t at; /* the run before which it lies, or that it joins */
    bool joins;
};

/* Fixed tasks are placed. TAKT_EINFEASIBLE: they are in each other's way. */
int timetable_new(const struct problem *p, struct timetable **ret, struct takt_error *err);
/* The same and all other tasks of a feasible schedule that are placed in it. */
int timetable_load(const struct problem *p, const struct schedule *s, struct timetable **ret, struct takt_error *err);
struct timetable *timetable_copy(const struct timetable *from);
/* Makes `t` the same as `from`, of the same problem. */
void timetable_reset(struct timetable *t, const struct timetable *from);
void timetable_free(struct timetable *t); /* NULL is fine */

struct piece timetable_piece(const struct problem *p, int32_t task, int32_t option);
/* Bounds of a task from all tasks before and after it that are placed. */
struct bounds timetable_bounds(const struct timetable *t, int32_t task, int32_t option);
/* The first place on the piece's line; false: there is none within the bounds. */
bool timetable_fit(const struct timetable *t, const struct piece *piece, const struct bounds *bounds,
                   struct place *ret);
/* Puts a task where timetable_fit found a place and nothing has changed since. */
void timetable_put(struct timetable *t, int32_t task, const struct piece *piece, const struct place *place);
/* Takes the task away that was put last into its run. */
void timetable_take(struct timetable *t, int32_t task);
/* The number of runs on the line that begin before tick t. */
uint32_t timetable_runs_before(const struct timetable *t, int32_t line, int32_t tick);
/* The schedule so far, taken out of the timetable, which may only be freed afterwards. */
struct schedule *timetable_release(struct timetable *t);
