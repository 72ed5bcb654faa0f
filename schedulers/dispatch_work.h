/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The inside of a dispatcher, shared by its parts: what happens when (dispatch.c), what a line takes (dispatch_pick.c), and plans
 * in the making that others begin from (dispatch_mark.c). */

#include "schedulers/dispatch.h"
#include "schedulers/job_facts.h"
#include "schedulers/placer.h"

struct waiting {   /* a task in the queue of a line */
    int64_t merit; /* its score when nothing presses, changeover and fullness not counted */
    int32_t task, option, family, ready;
    int32_t urgent_at; /* the tick at which it has no slack left; INT32_MIN: it always counts as urgent */
};

struct queue {
    struct waiting *rows; /* as many as there are options on the line */
    int32_t count;
};

/* What changes while a plan is made, but for the timetable: one block of numbers, so that it is soon reset. */
struct dispatch_state {
    int32_t *ready;  /* by task */
    int32_t *waits;  /* by task: predecessors not placed */
    int32_t *coming; /* by family + 1: tasks that may run on lines with runs and do not wait yet */
    size_t size;     /* of all three, which lie behind each other */
};

/* All that a plan in the making is, at the first event of a phase and before it. */
struct dispatch_mark {
    bool taken;
    struct timetable *t;
    struct dispatch_state state;
    int32_t *left, *busy_until, *queue_count;
    struct waiting *rows; /* of all queues, one behind the other */
    size_t rows_cap;
    int64_t *heap;
    size_t heap_count, heap_cap, first_next;
    uint64_t *active;
    bool forced;
};

enum { DISPATCH_MARKS = 7 }; /* eighths, as halves, quarters and eighths of a plan are changed first */

struct dispatcher {
    const struct problem *p;
    struct job_facts facts;
    int32_t *merit;  /* by option: log2 of weight over time, in 2^-16 */
    int32_t *slower; /* by option: log2 of its time over the task's shortest, likewise */
    bool has_runs;
    uint8_t *bounded; /* by task: more than its ready time bounds it */
    uint8_t *may_run; /* by task: on some line with `batch` */

    struct timetable *first; /* before anything is decided: fixed tasks and those that they bind */
    struct dispatch_state first_state;
    int64_t *first_events; /* ascending */
    size_t first_count;

    struct timetable *t;
    struct placer placer;
    struct dispatch_state state;
    enum dispatch_rule rule;
    int32_t fill;                /* percent; 0: runs are started with whatever waits */
    int64_t fullness;            /* what a run that is half as full costs, in the score; 0: nothing */
    int64_t slope1, slope2;      /* ATCS: what a tick of slack and of changeover costs, in 2^-32 */
    int64_t slack_max, wait_max; /* beyond which it makes no difference */
    int32_t own, pooled, most;   /* see dispatch_scales; most as `slower`, INT32_MAX: any */
    const struct dispatch_phase *phases, *phases_end, *phase; /* phase: the next one; NULL: there are none */
    int32_t time, rest, lead;                                 /* of the one under way, in percent */
    struct dispatch_mark marks[DISPATCH_MARKS];
    int32_t next_mark, same; /* the mark that comes next; phases that are as they were when marks were taken */
    int32_t *log_time, *log_rest; /* by option, by task, as merit; NULL as long as nothing varies */
    bool forced;                  /* nothing else can happen: runs start as they are */
    int32_t now;
    size_t first_next;
    int64_t *heap; /* tick << 32 | number; tasks first, then lines */
    size_t heap_count, heap_cap;
    struct queue *queues; /* by line */
    int32_t *busy_until;  /* by line: when it decides again */
    uint64_t *active;     /* by line, a bit: it is looked at now */
    int32_t *left;        /* by task: lines it still waits at */
    int32_t *waiting;     /* by family + 1: size of what waits for the line with runs that decides now */
    int64_t *score;       /* by row of the queue being looked at: the most it can be */
    int32_t *job_end;
    int64_t decision;    /* how many there were */
    int64_t *pool_asked; /* by pool: the decision at which pool_free was found */
    int32_t *pool_free;  /* the first tick at which some of it is free */
};

struct pick {
    int64_t score;
    int32_t task, option; /* task -1: none */
    struct piece piece;
    struct place place;
};

/* Before an event is looked at: takes the mark that is here, if its plan will be made again. */
void dispatch_mark_pass(struct dispatcher *d);
/* Goes on from the last mark that is of use; false: there is none. */
bool dispatch_mark_begin(struct dispatcher *d);
/* Those behind so many phases are of another plan now. */
void dispatch_mark_forget(struct dispatcher *d, int32_t same);
void dispatch_mark_done(struct dispatcher *d);

void dispatch_enqueue(struct dispatcher *d, int32_t task);
/* The best of a line's queue; task -1: none fits. ret_lost: a task that has no line left to wait at, or -1. */
struct pick dispatch_pick(struct dispatcher *d, int32_t line, int32_t now, int32_t *ret_lost);
/* Notes which tasks in the queue may join a run of the family. */
void dispatch_gather(struct dispatcher *d, int32_t line, int32_t family, int32_t now);
/* The best of those noted that fits into the run; each is asked once. False: there is none. */
bool dispatch_company(struct dispatcher *d, int32_t line, uint32_t run, struct pick *ret);
