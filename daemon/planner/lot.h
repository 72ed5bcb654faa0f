/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Lots: units of one group made together, and their tasks, one an operation.
 *
 *   OPEN ──first task frozen or started──▶ FIRM ──all tasks finished──▶ DONE
 *    └────────last unit taken out────────▶ GONE ◀── (likewise, while nothing of it was started)
 *
 * An open lot takes more units until it is full. What its tasks have to start is its units and, but for personalised
 * ones, a yield allowance. Once started it takes no more units, and units that leave it turn its goods into surplus. A
 * lot that is done stays as long as an order has units of it, so that late reports of scrap find them.
 *
 * The functions here keep a lot and its slices true to themselves; what follows from that for orders and plan is with
 * their callers (placing.h, floor.h, plan.h).
 *
 * Threads: one owner. Ownership: lots own their tasks. */

#include "daemon/planner/book.h"

struct planner;

struct task {
    int64_t start_s, end_s; /* planned; TAKT_TIME_NONE: not placed. Of a started task: when it ends at the latest */
    int64_t started_at_s, finished_at_s; /* TAKT_TIME_NONE */
    int64_t missed_s;                    /* when it should have started at first, while it is late; TAKT_TIME_NONE */
    int64_t told_start_s;                /* as last published; TAKT_TIME_NONE */
    int32_t line, told_line;             /* -1 */
    uint32_t quantity, good, scrap;
    enum task_state state;
    bool late;
    bool dirty;  /* the store knows it otherwise */
    bool moved;  /* likewise, its place and times */
    bool stored; /* the store has its row */
};

struct lot {
    uint32_t no;
    enum lot_state state;
    struct group *group;
    struct task *tasks;
    uint16_t op_count;
    int64_t opened_at_s; /* acceptance of its earliest unit */
    int64_t let_go_at_s; /* TAKT_TIME_NONE: not decided */
    int64_t firm_at_s;   /* TAKT_TIME_NEVER */
    int64_t ready_s;     /* its last task's end and rest; TAKT_TIME_NEVER: not planned */
    int64_t due_s;       /* the earliest of its orders' dues, as of the last repair */
    int64_t material_s;  /* when its material is there; TAKT_TIME_NEVER: never; as of the last repair */
    int64_t ordered_s;   /* when material is there that was found missing once; TAKT_TIME_NONE */
    int32_t material;    /* which it waits for; -1 */
    uint32_t units, slice_count;
    uint32_t joined;      /* slices, the newest, that were added since it was planned last */
    uint32_t units_told;  /* as the store knows them */
    uint32_t extra_told;  /* allowance as the store knows it */
    int32_t job;          /* in the problem being built; -1 */
    struct slice *slices; /* newest first; of loaded ones, by order, item and unit, the last first */
    struct lot *next_growing;
    uint32_t news_at; /* place + 1 in news.lots */
    bool blamed;      /* in a repair: an order in it would be late */
    bool growing;     /* in its group's chain */
    bool dirty;       /* its own row */
    bool moved;       /* its ready time changed: its orders are to be estimated anew */
    bool coarse;      /* planned beyond the horizon: no task has a place */
    bool stored;      /* the store has a row of it */
};

struct lots {
    struct table by_no;
    struct lot **live; /* by number, ascending: neither done nor gone (but until the next sweep) */
    size_t live_count, live_cap;
    struct lot **grown; /* planned ones with slices that joined since */
    size_t grown_count, grown_cap;
    uint32_t last_no;
    bool swept; /* nothing in `live` is done or gone */
};

void lots_init(struct lots *l);
void lots_done(struct lots *l);
struct lot *lot_find(const struct lots *l, uint32_t no); /* NULL: none */

/* A new open lot with nothing in it; no 0: the next number. op_count as its product says. */
struct lot *lot_new(struct planner *p, struct group *group, uint32_t no, int64_t opened_at_s);
/* Its tasks as those of a new lot. */
void lot_clear_tasks(struct lot *lot);
/* Takes those that are done or gone out of `live`. */
void lots_sweep(struct lots *l);
/* Forgets a lot that no order has units of and that is done or gone. Returns whether it did. */
bool lot_forget(struct planner *p, struct lot *lot);

bool lot_started(const struct lot *lot); /* a task of it was reported as started */
/* Units that it could still take. */
uint32_t lot_room(const struct planner *p, const struct lot *lot, int64_t now_s);
/* Most units a lot of this group takes: what it starts for them is at most lot.max. */
uint32_t group_capacity(const struct planner *p, const struct group *group);
/* Good units that can come out of it at most; UINT32_MAX while nothing of it is started. */
uint32_t lot_possible(const struct lot *lot);
/* What is started beyond its units. */
uint32_t lot_extra(const struct lot *lot);
/* Of a task, to the store: a row that may differ from what it has; a row that is to be there no more. */
bool task_is_news(const struct lot *lot, size_t op);
bool task_goes(const struct lot *lot, size_t op);
/* Brings the quantities of its tasks in line with its units; marks tasks that changed. */
void lot_resize(struct planner *p, struct lot *lot);

/* Forgets those that no order has units of, while a planner loads. */
void lots_drop_empty(struct lots *l);

/* Slices in and out, with the counts of lot and order and what the store must be told. */
struct slice *lot_add(struct planner *p, struct lot *lot, struct order *o, uint16_t item, uint32_t first,
                      uint32_t count);
/* Takes units out of a slice (of a lot or of surplus): they are unplaced. */
void slice_cut(struct planner *p, struct slice *s, uint32_t first, uint32_t count);

/* The order has been shipped: its units leave the memory, not the store. */
void slice_release(struct planner *p, struct slice *s);

void lot_move(struct planner *p, struct lot *lot, enum lot_state to);
int64_t lot_open_since(const struct lot *lot); /* acceptance of the earliest unit in it now */

const struct plant_product *lot_product(const struct planner *p, const struct lot *lot);
const struct plant_op *lot_op(const struct planner *p, const struct lot *lot, size_t op);
/* `L4711-print` into a buffer of 72 bytes; returns it. */
const char *task_name(const struct planner *p, const struct lot *lot, size_t op, char *buffer);
