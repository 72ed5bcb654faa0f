/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A plan of a shop as a graph with heads and tails: for each task its earliest end, and the longest way from its start
 * to each of the ends that cost something. What a move would give can so be told, nearly, without making it.
 *
 * A shop: lines that are always open, no pools, no runs, no overlap, nothing fixed, no limited lags, tasks in chains;
 * changeovers, lags, releases and several lines to choose from are fine. What costs are ends: the end of the plan, and
 * orders' tardiness and flow. critical_knows tells.
 *
 * All tasks stand in one list, each behind what it succeeds and behind its neighbour on its line, as in a sequence
 * (sequence.h); a move shifts in it what must then stand behind, heads are computed anew from the first place that
 * changed on, tails from the last place back.
 *
 * Guarantees: after each call heads, tails and cost are exact; an estimate is exact for what it looks at (the ways
 * through the tasks that are moved, with what is around them as it is now), and so neither a bound from above nor from
 * below of what the move gives; a move that is proposed with `critical_span` closes no circle.
 *
 * Threads: one owner. Ownership: critical_new and critical_free. Cost: a move is O(tasks × ends), an estimate
 * O(length × ends). */

#include "schedulers/model.h"
#include "schedulers/random.h"
#include "schedulers/schedule.h"

/* Nodes: tasks by number, then one that stands for nothing (`none`), then one behind the last task of each chain. */
struct critical_node {
    int32_t job_before, job_behind; /* what it succeeds, and what succeeds it */
    int32_t before, behind;         /* on its line */
    int32_t release, time, lag;
    int32_t change; /* between the one before it on the line and itself */
    int32_t end;    /* the earliest */
    int32_t option, line;
    int32_t index; /* its place on the line */
};

struct critical_end { /* something that is complete with the last of some tasks */
    int32_t due;      /* PROBLEM_NONE: none */
    int64_t late;     /* cost of a tick behind that */
    int64_t tick;     /* of any tick */
    int64_t constant;
    int32_t first_sink, sinks; /* tasks that nothing succeeds, in critical.sink */
    int32_t done;              /* when it is complete */
};

struct critical {
    const struct problem *p;
    int32_t tasks, ends, none;
    int32_t width; /* of a row of `rest`: 1, or enough for all ends in fours */
    int64_t cost;
    struct critical_node *node;
    int32_t *rest; /* [node][end]: ticks from its start to the end, at least; far below 0: it does not lead there */
    struct critical_end *end;
    int32_t *sink;
    int32_t *order, *pos;              /* the list; place in it by task */
    int32_t *line_offset, *line_count; /* by line, of line_task */
    int32_t *line_task;
    bool changes; /* some line needs changeovers */
    struct critical_work *work;
};

struct critical_order { /* all that a plan follows from; as long as there are tasks */
    int32_t *order, *option;
};

/* A task with an option between two neighbours on that line: at `index`, counted without the task itself. */
struct critical_move {
    int32_t task, option, index;
};

bool critical_knows(const struct problem *p);
/* The order of a feasible schedule, all as early as can be. */
struct critical *critical_new(const struct problem *p, const struct schedule *s);
void critical_free(struct critical *c); /* NULL is fine */

/* False: it would close a circle, and all is as it was. */
bool critical_move(struct critical *c, const struct critical_move *m);
/* For a search that needs no tails: a move with heads and cost alone, until critical_settle. False: it would close a
 * circle. critical_retract takes the last one back. */
bool critical_try(struct critical *c, const struct critical_move *m);
void critical_retract(struct critical *c);
void critical_settle(struct critical *c);
/* What the plan would cost after a move, nearly. */
int64_t critical_estimate(struct critical *c, const struct critical_move *m);
/* Places on another line where the task can stand without a circle, and which are worth a look: ret_from to ret_to,
 * inclusive; false: there are none. */
bool critical_span(const struct critical *c, int32_t task, int32_t option, int32_t *ret_from, int32_t *ret_to);
/* Whether `first` may stand right behind `last`, or `last` right before `first`, both on one line, first before last:
 * true only where that surely closes no circle. */
bool critical_may_follow(const struct critical *c, int32_t first, int32_t last);
bool critical_may_precede(const struct critical *c, int32_t first, int32_t last);

/* One longest way to an end, first task first, ties drawn by chance. Returns how long it is. */
int32_t critical_path(const struct critical *c, int32_t end, struct random *random, int32_t *path);

struct critical_order critical_order_new(int32_t tasks);
void critical_order_free(struct critical_order *o);
void critical_save(const struct critical *c, struct critical_order *ret);
void critical_restore(struct critical *c, const struct critical_order *saved);
struct schedule *critical_schedule(const struct critical *c);
/* That of an order; the graph is then as before. */
struct schedule *critical_schedule_of(struct critical *c, const struct critical_order *order);

static inline int32_t critical_start(const struct critical_node *n) {
    return n->end - n->time;
}

static inline int64_t critical_end_cost(const struct critical_end *e, int32_t done) {
    int64_t cost = e->tick * done + e->constant;
    return e->due != PROBLEM_NONE && done > e->due ? cost + e->late * (done - (int64_t)e->due) : cost;
}
