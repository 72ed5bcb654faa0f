/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Questions to the planner, answered from memory in one go, and their answers as plain data. Whoever renders them (wire,
 * taktctl's control socket, board, metrics) does so from these structs.
 *
 * Ownership: the asker makes the ask with an arena; the answer lies in it. planner_ask fills it. */

#include "base/arena.h"
#include "daemon/planner/planner.h"

enum ask_kind {
    ASK_QUOTE,      /* when would these items be packed? */
    ASK_NEXT,       /* the next tasks of a line */
    ASK_REPORT,     /* not a question: the shell hands it to planner_report and answers after the publication */
    ASK_STATUS,     /* figures of the plan */
    ASK_PLAN,       /* all tasks, or those of one line or lot, within [from_s, to_s) */
    ASK_LOTS,
    ASK_ORDER,      /* what the planner knows of one order: lots, tasks, expected packing */
    ASK_WHY,        /* what binds an order */
    ASK_LATE,       /* orders that are late or nearly so, the worst first */
    ASK_STOCK       /* materials, receipts, surplus, downtimes, set-ups */
};

struct task_view {
    char task[72];            /* L4711-print */
    uint32_t lot;
    const char *product, *op, *line, *family; /* "" if none */
    int64_t start_s, end_s;
    enum task_state state;
    bool frozen, late;
    uint32_t quantity, good, scrap;
    const struct variant_view *variants; /* ASK_NEXT only */
    size_t variant_count;
    const struct unit_view *units;       /* personalised ones, ASK_NEXT only */
    size_t unit_count;
};

struct variant_view {
    const char *options; /* canonical */
    uint32_t quantity;
};

struct unit_view { /* the text itself is read from the bodies by whoever shows it */
    uint64_t order;
    uint32_t item, first, count;
};

struct lot_view {
    uint32_t lot;
    const char *product, *like;
    enum lot_state state;
    uint32_t units, extra, orders;
    int64_t opened_at_s, let_go_at_s, start_s, end_s;
    int64_t due_s;            /* the earliest of its orders' dues */
};

struct why_step {
    char what[24];            /* release, material, task, line, changeover, pool, closed, down, fixed, company, packing, cutoff, lot; of
                               * an order that has ended: promised, started, made, packed, shipped, cancelled, kept */
    char task[72];            /* which task waited, "" for packing */
    const char *how;          /* of several ways to say one `what`, which: each has a word in the table of why.js; "" */
    const char *line, *pool, *material; /* "" */
    const char *reason;       /* of down: what was reported; of promised: why anew; of shipped: the carrier; "" */
    char other[72];           /* the task, lot or parcel it waited for or left in, "" */
    int64_t from_s, to_s;
    int64_t until_s;          /* of down: its reported end; of kept: the first promise; TAKT_TIME_NONE */
    const char *text;         /* a sentence: "waits for line print-1 behind L4711-print until Mon 06:00" */
};

struct late_view { /* an order that is expected to be packed after its promise or wish, or with next to nothing to spare */
    uint64_t order;
    int64_t packed_s;         /* expected */
    int64_t ship_by_s;        /* promised; TAKT_TIME_NONE */
    int64_t wish_s;           /* packed by then it would be as was wished */
    int64_t spare_s;          /* until the promise, or until the wish where there is no promise; negative: late */
};

struct plan_status {
    uint64_t version;
    int64_t published_at_s;
    uint64_t orders_open, units_open, lots_open, lots_firm, tasks_open, tasks_late, unplanned;
    uint64_t orders_late_promise, orders_late_wish;
    uint64_t surplus_units;
    int64_t objective, bound; /* of the last published plan; bound -1: not computed */
    const char *trouble;      /* why the last change found no plan, and the way out; "" */
    int64_t last_end_s;
    const struct line_view *lines;
    size_t line_count;
};

struct line_view {
    const char *line;
    bool down;
    const char *down_reason;
    const char *set_up_for;   /* "" */
    char running[72];         /* task, "" */
    int32_t load_ppm;         /* of its open time within the next seven days */
};

struct stock_view {
    const char *material, *unit;
    int64_t on_hand_milli, reserved_milli;
    const struct receipt_row *receipts;
    size_t receipt_count;
};

struct ask_item {
    int32_t product;          /* in the plant */
    const char *options;      /* canonical */
    uint32_t quantity;
    bool personalised;
};

struct ask {
    enum ask_kind kind;
    uint64_t tag;             /* the asker's */
    void *context;            /* the asker's */
    struct arena *arena;
    struct refusal refusal;   /* kind NONE: it went well */
    union {
        struct {
            const struct ask_item *items;
            size_t item_count;
            int32_t creator, service;
            const char *country;
            int64_t ret_ship_by_s, ret_packed_s;
            int32_t ret_deliver_by_day; /* TAKT_DAY_NONE without a country */
            int64_t ret_valid_until_s;
        } quote;
        struct {
            int32_t line;     /* place in the plant */
            size_t limit;
            struct task_view *ret_tasks;
            size_t ret_count;
        } next;
        struct {
            const struct report *report;
        } report;
        struct plan_status status;
        struct {
            int32_t line;     /* -1: all */
            uint32_t lot;     /* 0: all */
            int64_t from_s, to_s;
            struct task_view *ret_tasks; /* by line, then start */
            size_t ret_count;
            uint64_t ret_version;
        } plan;
        struct {
            struct lot_view *ret_lots;
            size_t ret_count;
        } lots;
        struct {
            uint64_t order;
            struct lot_view *ret_lots;
            size_t ret_lot_count;
            struct task_view *ret_tasks;
            size_t ret_task_count;
            int64_t ret_made_s, ret_packed_s; /* expected */
        } order;
        struct {
            uint64_t order;
            struct why_step *ret_steps; /* backwards from its packing */
            size_t ret_count;
            const char *ret_sentence;   /* all of it in one */
        } why;
        struct {
            size_t limit;
            struct late_view *ret_orders;
            size_t ret_count;
            int64_t ret_flow_s;      /* from acceptance to packing, on average of the open orders with a plan; -1: there are none */
            uint64_t ret_endangered; /* how many are not late but have less than LATE_SPARE_S to spare */
        } late;
        struct {
            struct stock_view *ret_materials;
            size_t ret_material_count;
            struct surplus_row *ret_surplus;
            size_t ret_surplus_count;
            struct down_row *ret_downs;
            size_t ret_down_count;
        } stock;
    } u;
};

enum { LATE_SPARE_S = 4 * 3600 };

/* Every kind but ASK_REPORT. Cost: milliseconds at most; ASK_LATE looks at every open order: 20 ms at a million. */
void planner_ask(struct planner *p, int64_t now_s, struct ask *ask);

struct estimate_product {
    int64_t packed_s; /* when one more unit would be packed; TAKT_TIME_NEVER */
    uint32_t lot;     /* of units beyond these many, each further lot of that size adds more_s; 0: nobody knows */
    int64_t more_s;
    uint32_t most;    /* so many units have material or can have it */
};

/* The planner's last estimate, for the intake. Immutable, shared by nobody: the receiver frees it with estimate_free. */
struct estimate {
    size_t product_count;
    int64_t at_s;
    struct estimate_product *products; /* of the plant it was made for */
    struct plant *plant;
};
struct estimate *planner_estimate(struct planner *p, int64_t now_s);
void estimate_free(struct estimate *e); /* NULL is fine */

/* `L4711-print`; false: not of that form. */
bool task_name_parse(const char *text, uint32_t *ret_lot, const char **ret_op);
