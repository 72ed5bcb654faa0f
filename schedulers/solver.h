/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Schedulers behind one interface, and what stands beside them.
 *
 * Guarantees: a schedule that is handed out is feasible; it is never worse than a feasible start schedule (but for the
 * rules fifo, edd, spt and atcs with `start` NULL, which are what they are). For one seed, number of lanes and
 * iterations the result is the same whatever the threads, the compiler and the machine, as long as the deadline is not
 * reached. No I/O, no clock but `deadline`, no global state.
 *
 * Threads: reentrant; `threads` above 1 makes threads that end before solve returns; on_better is called in the calling
 * thread only. Ownership: what is returned is the caller's. */

#include "schedulers/schedule.h"

struct solve_limits {
    bool (*deadline)(void *arg); /* true: stop soon; asked every few microseconds to milliseconds; NULL: never. It must
                                    be callable from any thread */
    void *arg;
    int64_t iterations; /* of the search, per lane; 0: as the deadline allows (one of the two must be there, but for
                           the rules) */
    int32_t threads;    /* 0: 1 */
    int32_t lanes;      /* searchers; 0: threads */
    uint64_t seed;
    int32_t (*spent)(void *arg); /* the share of the time that is over, 0 to 65536, asked like deadline and with its
                                    arg; NULL: not known, and the search goes in rounds of growing length */
};

struct solve_result {
    struct schedule *schedule; /* NULL: none was found before the deadline */
    struct figures figures;
    int64_t bound; /* proven: no schedule has a smaller objective */
    int64_t moves; /* tried by the search */
};

typedef void solve_better_fn(void *arg, const struct schedule *better, const struct figures *figures);

struct scheduler {
    const char *name;
    const char *help; /* one line */
    bool rule;        /* a dispatching rule: its order is what the user asked for, even where another plan costs less */
    int (*solve)(const struct problem *p, const struct schedule *start, const struct solve_limits *limits,
                 solve_better_fn *on_better, void *arg, struct solve_result *ret, struct takt_error *err);
};

/* fifo, edd, spt, atcs, search, auto. NULL-terminated by name. */
extern const struct scheduler schedulers[];
const struct scheduler *scheduler_find(const char *name); /* NULL: none */

/* A feasible schedule by the named scheduler. `start` may be NULL, or a schedule of this problem, complete or not,
 * feasible or not: what of it can be kept is where the search begins. TAKT_EINFEASIBLE: there is none, with the task
 * and the reason (calendars too short for the work, a fixed task that blocks …). */
int solve(const char *scheduler, const struct problem *p, const struct schedule *start,
          const struct solve_limits *limits, solve_better_fn *on_better, void *arg, struct solve_result *ret,
          struct takt_error *err);

/* A plan fitted to a changed problem with as few moves as can be: tasks keep the line and the order that `old` (or,
 * where old is NULL, the problem's own plan_line and plan_start) gives them and start no earlier than planned unless
 * that makes an order late; tasks without a place in it are inserted where they cost least. What the old plan had
 * in time for its due stays so where room can be made by moving others. Deterministic. Cost: O(n
 * log n) and a scan of the lines' gaps for each inserted task. */
int solve_repair(const struct problem *p, const struct schedule *old, struct schedule **ret, struct takt_error *err);

/* What binds a task to its start: one step backwards. */
enum binding {
    BOUND_NOTHING,    /* it starts at tick 0 or could start earlier */
    BOUND_RELEASE,    /* its own or its job's release */
    BOUND_TASK,       /* a task that it succeeds (`other`), with the lag after it */
    BOUND_LINE,       /* the task before it on its line (`other`) */
    BOUND_CHANGEOVER, /* the same, and the changeover between them */
    BOUND_POOL,       /* a pool that others hold (`pool`, `other` is one that ends then) */
    BOUND_CLOSED,     /* its line or a pool was closed until then (`pool` -1: the line) */
    BOUND_FIXED       /* it is fixed */
};

struct binding_step {
    int32_t task;
    enum binding why;
    int32_t other;    /* task, or -1 */
    int32_t pool;     /* or -1 */
    int32_t from, to; /* ticks between which it waited for this */
};

/* The chain that binds `task`, backwards from its start to the first cause; at most `most` steps. Returns the number.
 */
size_t solve_explain(const struct problem *p, const struct schedule *s, int32_t task, struct binding_step *steps,
                     size_t most);

/* When one more job would be done, against a plan. quote_new prepares a plan once (O(n log n)); asking costs a scan of
 * gaps. The job is described as in a builder: its tasks in order, each after the one before it. Without moving others
 * (A). */
struct quoter;
int quoter_new(const struct problem *p, const struct schedule *s, struct quoter **ret, struct takt_error *err);
void quoter_free(struct quoter *q); /* NULL is fine */
/* ret_end: completion tick of the job. ret_line, ret_start, ret_task_end (each task_count long) may be NULL. */
int quoter_ask(const struct quoter *q, int32_t release, const struct problem_task_spec *tasks, size_t task_count,
               int32_t *ret_end, int32_t *ret_line, int32_t *ret_start, int32_t *ret_task_end, struct takt_error *err);

struct quote_moving {
    int32_t end;       /* completion of the job, the earlier of both */
    int32_t end_alone; /* without moving others */
    int32_t moved;     /* tasks of others that start later than planned; 0: moving a few does not help */
};
/* When a job of the problem that the plan does not hold would be done if a few tasks of others may start later (B): on
 * their lines, in the order of their jobs, so that no due is done later than its due date or than it is now, whichever
 * is later. ret_plan: the plan with the job in it and those tasks moved; it may be NULL. TAKT_EINVAL: the plan holds the
 * job. Threads: one at a time asks this of a quoter. Cost: a copy of the timetable, and a few trials for each of the
 * job's tasks and lines. */
int quoter_ask_moving(struct quoter *q, int32_t job, struct quote_moving *ret, struct schedule **ret_plan,
                      struct takt_error *err);

/* A proven lower bound of the objective, and what is unavoidable: the sum of what each due would cost if its jobs were
 * alone in the plant. */
void solve_bound(const struct problem *p, int64_t *ret_bound, int64_t *ret_alone);
