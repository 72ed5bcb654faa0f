/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A plan as the search sees it: the order of tasks on each line, and the earliest starts that follow from it.
 *
 * All tasks stand in one list, each behind what it succeeds and behind its neighbour on its line; a task's start
 * follows from those before it in the list, and pools are given out in its order. A move takes one task out and puts it
 * before or behind another one; what must then stand behind it is shifted in the list (Pearce and Kelly, 2006), and
 * starts are computed anew only for tasks whose cause has changed, in the order of the list, until nothing changes. The
 * objective is kept up to date, exactly. A move can be taken back.
 *
 * Most moves leave the makespan as it is, and a search that sees only it walks in the dark: the energy adds the mean
 * end of all lines, at a fraction of the makespan's weight.
 *
 * On lines with `batch` neighbours may be one run: they stand next to each other in the list too, start and end
 * together, and whatever one of them waits for all of them wait for.
 *
 * It knows lines with hours, changeovers and runs, networks, lags, overlap, releases, fixed tasks, pools, and all terms
 * of the objective; not limited lags, nor tasks that fixed ones wait for; sequence_knows tells. A pool is held from a
 * task's start to its end, pauses and all, which is stricter than the format.
 *
 * Threads: one owner. Ownership: sequence_new and sequence_free. Cost: a move is O(tasks between the two places in the
 * list
 * + tasks whose start changes). */

#include "schedulers/model.h"
#include "schedulers/schedule.h"

struct sequence {
    const struct problem *p;
    int64_t cost;   /* the objective */
    int64_t energy; /* what the search looks at: the cost, and where the makespan counts also how full lines are, see
                       below */
    int64_t limit;  /* a move is given up when its energy is above; INT64_MAX: never */
    int64_t slack;  /* … or is above by so much before all has been looked at */
    int64_t scale;  /* energy = scale · cost + aside */
    int64_t aside;
    int32_t *order, *pos;            /* the list; place in it by task */
    int32_t *line_first, *line_last; /* by line; -1: none */
    int32_t *used_line;              /* those that some task can be on, used_lines of them */
    int32_t used_lines;
    int32_t *before, *behind; /* by task: neighbours on its line; -1: none */
    uint8_t *joined;          /* by task: in one run with the task before it on its line */
    int32_t *option;          /* by task: its line and time there */
    int32_t *start, *end;
    int32_t *setup;    /* of the line after the task */
    int32_t *change;   /* changeover before it */
    int32_t *job_end;  /* by job */
    int64_t *due_cost; /* by due, objective's weights in */
    struct sequence_work *work;
};

bool sequence_knows(const struct problem *p);
/* The order of a feasible schedule; starts are the earliest. NULL: this order has no feasible starts as the search
 * computes them. */
struct sequence *sequence_new(const struct problem *p, const struct schedule *s);
void sequence_free(struct sequence *q); /* NULL is fine */

/* Puts `task` with `option`, out of its run, directly before `next` and its run on that line (-1: behind its last).
 * False: that is no order, breaks a rule, or costs more than the limit; all is as it was. */
bool sequence_move(struct sequence *q, int32_t task, int32_t option, int32_t next);
/* The same for all of the task's run. */
bool sequence_move_run(struct sequence *q, int32_t task, int32_t option, int32_t next);
/* Puts `task` into the run of `other`. */
bool sequence_join(struct sequence *q, int32_t task, int32_t other);
/* Puts `task` and `other`, of two runs, each into the other's place, where nothing between them forbids it. */
bool sequence_swap(struct sequence *q, int32_t task, int32_t other);
/* Gives `task` and its run what they hold of pools before `other` gets any; the lines stay as they are. */
bool sequence_overtake(struct sequence *q, int32_t task, int32_t other);
/* Takes the last of these back; once. */
void sequence_undo(struct sequence *q);

/* The first and the last of the task's run on its line: itself, where it is alone. */
int32_t sequence_leader(const struct sequence *q, int32_t task);
int32_t sequence_tail(const struct sequence *q, int32_t task);
/* What binds the start of a task and its run: -1: nothing before it, else the task; ret_by_line: the one before its
 * leader on the line. */
int32_t sequence_cause(const struct sequence *q, int32_t task, bool *ret_by_line);
/* The task that got what `task` holds of its pools right before it; -1: none. */
int32_t sequence_before_in_pool(const struct sequence *q, int32_t task);
/* When `before` lets a task with `option` start that succeeds it. */
int32_t sequence_ready_after(const struct sequence *q, int32_t before, int32_t option);
/* When each unit of a usage's pool is free once its task holds what it holds, ascending; as many as the capacity. */
const int32_t *sequence_pool_after(const struct sequence *q, int32_t usage, int32_t *ret_units);
int32_t sequence_release(const struct sequence *q, int32_t task); /* its job's in it */
/* A task that ends last of all. */
int32_t sequence_last(const struct sequence *q);
/* The task of the job that ends last. */
int32_t sequence_job_last(const struct sequence *q, int32_t job);

struct sequence_order { /* all that a sequence follows from */
    int32_t *order;
    int32_t *option; /* by task; -1 - option: it is joined */
};
void sequence_save(const struct sequence *q, struct sequence_order *ret); /* arrays as long as there are tasks */
/* False: that order has no starts that keep every rule; restore another one. */
bool sequence_restore(struct sequence *q, const struct sequence_order *saved);
struct schedule *sequence_schedule(const struct sequence *q);
