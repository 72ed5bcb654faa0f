/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The tables of a store: the rows under the operations.
 *
 * What an operation means (operation.h) is written once, over these primitives; a back end is an implementation of them
 * and of transactions. A back end may do an operation in a faster way of its own, if the conformance suite cannot tell.
 *
 * Guarantees the operations build on: primitives see what earlier ones of the same transaction wrote; those that write
 * fail for want of the medium only (and then the whole group is rolled back), because operations check everything
 * before they write anything.
 *
 * State and counts live in memory while a group runs: a back end loads them at open and after a rollback, and writes
 * what changed before it commits.
 *
 * Errors: 0; TAKT_ENOENT where a row is looked for; else the medium failed: the back end has noted why and fails the
 * group.
 * Ownership: texts handed in are copied; texts handed out lie in the arena. Threads: one owner. */

#include "daemon/store/audit.h"
#include "daemon/store/store.h"

#include <uthash.h>

enum { ORDER_STATE_COUNT = 8, SHIPMENT_STATE_COUNT = 4 };

/* Of a store that was restored: with --force; the audit log knows it. */
enum { TAKEN_FORCED = 1, TAKEN_NOTED = 2 };

/* One row a store; its fields are the columns. All are whole numbers that fit an int64_t. */
#define STATE_FIELDS(X)                                                                                                \
    X(epoch)         /* of the planner that may publish */                                                             \
    X(beats)         /* of that planner, 0 when it has ended */                                                        \
    X(publish_no)                                                                                                      \
    X(plan_version)                                                                                                    \
    X(published_at_s) /* when the last publication was made */                                                         \
    X(change)        /* the last change; an order's acceptance is a change, and its number is the order's */           \
    X(binding)       /* the last cancellation or amendment */                                                          \
    X(trimmed)       /* changes up to here may have been taken away */                                                 \
    X(cursor)        /* the last event */                                                                              \
    X(promise)       /* the last promise */                                                                            \
    X(last_order)                                                                                                      \
    X(last_lot)                                                                                                        \
    X(last_shipment)                                                                                                   \
    X(seeded)                                                                                                          \
    X(plant_s)       /* the anchor of plant time; clock_set 0: none */                                                 \
    X(wall_ms)                                                                                                         \
    X(speed_milli)                                                                                                     \
    X(clock_set)                                                                                                       \
    X(shipments_open)                                                                                                  \
    X(shipments_taken)                                                                                                 \
    X(shipments_shipped)                                                                                               \
    X(shipments_aside)                                                                                                 \
    X(promises)                                                                                                        \
    X(repromises)                                                                                                      \
    X(kept)                                                                                                            \
    X(broken)                                                                                                          \
    X(settled)       /* commits of unknown outcome that were looked into (sqlite.c, postgres.c) */                     \
    X(audit)         /* the last link of the audit log, and its hash */                                                \
    X(audit_a)                                                                                                         \
    X(audit_b)                                                                                                         \
    X(audit_c)                                                                                                         \
    X(audit_d)                                                                                                         \
    X(configured)    /* the configuration that the audit log knows, the first bytes of its hash */                     \
    X(erasures_due)  /* of orders that have not ended */                                                               \
    X(generation)    /* which store this is: see STORE_ADOPT */                                                        \
    X(parent)        /* the generation this one is an older copy of, 0: none */                                        \
    X(parted)        /* that copy's last change */                                                                     \
    X(taken)         /* what has been done about it: TAKEN_… */

struct store_state {
#define X(name) int64_t name;
    STATE_FIELDS(X)
#undef X
};

/* How many orders of a creator are in which state. */
struct creator_count {
    char *creator;
    int64_t orders[ORDER_STATE_COUNT];
    bool changed; /* since the last commit */
    UT_hash_handle hh;
};

struct order_key {
    uint64_t no;
    uint8_t hash[STORE_HASH_SIZE];
};

/* The part of an order that moves. */
struct order_head {
    uint64_t no;
    struct creator_count *creator;
    enum order_state state;
    int64_t ship_by_s, planned_packed_s, packed_at_s;
    int32_t deliver_by_day;
    uint64_t shipment; /* its number, 0: none */
};

struct lot_head {
    enum lot_state state;
    int64_t firm_at_s;
};

struct change_mark { /* of an amendment, a cancellation, a shipping */
    uint64_t seq;
    enum change_kind kind;
    uint64_t order;
};

/* What a publication has named: see schema/0004_publication.sql. */
struct publication_row {
    uint64_t publish_no, before_no;
    const char *orders, *lots; /* as named_pack gives them */
    bool world;                /* stock, receipts, downs, setups or surplus */
};

struct order_filter {
    const char *creator; /* NULL: all */
    int state;           /* -1: all; -2: open */
};

struct tables;

struct table_ops {
    /* orders; order_add brings key, row and body, and returns TAKT_EEXIST, having written nothing, if the key is there
     * (or the back end runs the whole group again, so that it does); its texts must live until the group has ended */
    int (*key_find)(struct tables *t, const char *creator, const char *order_ref, struct order_key *ret);
    int (*order_add)(struct tables *t, const struct order_row *row, const uint8_t hash[STORE_HASH_SIZE],
                     const char *body);
    int (*order_get)(struct tables *t, uint64_t no, struct arena *arena, struct order_row *ret);
    int (*order_amend)(struct tables *t, const struct order_row *row); /* what a creator may amend */
    int (*order_head)(struct tables *t, uint64_t no, struct order_head *ret);
    int (*order_move)(struct tables *t, const struct order_head *head);
    int (*orders_page)(struct tables *t, const struct order_filter *filter, uint64_t after, size_t limit,
                       struct arena *arena, struct order_row *ret, size_t *ret_count);
    int (*body_get)(struct tables *t, uint64_t no, struct arena *arena, const char **ret); /* *ret NULL: erased */
    int (*body_put)(struct tables *t, const struct order_row *row, const char *body);
    int (*change_add)(struct tables *t, const struct change_mark *mark);
    int (*change_trim)(struct tables *t, uint64_t up_to);
    int (*changes_page)(struct tables *t, uint64_t after, size_t limit, struct change_mark *ret, size_t *ret_count);

    /* lots and tasks; lot_count adds to the number of slices of open orders in a lot */
    int (*lot_put)(struct tables *t, const struct lot_row *row);
    int (*lot_count)(struct tables *t, uint32_t lot, int delta);
    int (*lot_head)(struct tables *t, uint32_t lot, struct lot_head *ret);
    int (*lots_page)(struct tables *t, uint64_t after, size_t limit, struct arena *arena, struct lot_row *ret,
                     size_t *ret_count); /* those with slices of open orders */
    int (*slice_put)(struct tables *t, const struct slice_row *row);
    int (*slice_drop)(struct tables *t, const struct slice_row *row);
    int (*slices_of)(struct tables *t, uint64_t order, struct arena *arena, struct slice_row **ret, size_t *ret_count);
    int (*slices_page)(struct tables *t, const uint64_t after[3], size_t limit, struct slice_row *ret,
                       size_t *ret_count); /* of open orders */
    int (*task_put)(struct tables *t, const struct task_row *row);
    int (*task_drop)(struct tables *t, uint32_t lot, uint32_t op);
    /* where and when, of all tasks of a publication, after task_put and task_drop: sorted (places.h); one that is only
     * moved and is not there stays away */
    int (*tasks_place)(struct tables *t, const struct task_row *const *rows, size_t count);
    int (*tasks_page)(struct tables *t, const uint64_t after[2], size_t limit, struct arena *arena,
                      struct task_row *ret, size_t *ret_count); /* of lots with slices of open orders */
    int (*plan_add)(struct tables *t, const struct store_publish *p);

    /* what a planner that waits reads; numbers: ascending, each once; what is not there is left out */
    int (*publication_add)(struct tables *t, const struct publication_row *row);
    int (*publication_trim)(struct tables *t, uint64_t up_to);
    int (*publications_page)(struct tables *t, uint64_t after, size_t limit, struct arena *arena,
                             struct publication_row *ret, size_t *ret_count);
    int (*orders_named)(struct tables *t, const uint64_t *numbers, size_t count, struct arena *arena,
                        struct order_row *ret, size_t *ret_count);
    int (*slices_named)(struct tables *t, const uint64_t *orders, size_t count, struct arena *arena,
                        struct slice_row **ret, size_t *ret_count);
    int (*lots_named)(struct tables *t, const uint64_t *numbers, size_t count, struct arena *arena,
                      struct lot_row *ret, size_t *ret_count); /* those with slices of open orders */
    int (*tasks_named)(struct tables *t, const uint64_t *lots, size_t count, struct arena *arena,
                       struct task_row **ret, size_t *ret_count);

    /* the story; the number is in the row or beside it */
    int (*promise_add)(struct tables *t, uint64_t number, const struct promise_row *row);
    int (*promises_of)(struct tables *t, uint64_t order, struct arena *arena, struct promise_row **ret,
                       size_t *ret_count);
    int (*event_add)(struct tables *t, const struct event_row *row);
    int (*events_page)(struct tables *t, const char *creator, uint64_t after, size_t limit, struct arena *arena,
                       struct event_row *ret, size_t *ret_count);
    int (*events_of)(struct tables *t, uint64_t order, struct arena *arena, struct event_row **ret, size_t *ret_count);
    int (*event_last)(struct tables *t, const char *creator, uint64_t *ret);
    int (*report_add)(struct tables *t, const struct report_row *row);
    int (*report_find)(struct tables *t, const char *reporter, const char *report_ref,
                       uint8_t ret_hash[STORE_HASH_SIZE]);

    /* the world */
    int (*stock_put)(struct tables *t, const struct stock_row *row);
    int (*receipt_put)(struct tables *t, const struct receipt_row *row); /* gone and quantity 0 take the row away */
    int (*down_put)(struct tables *t, const struct down_row *row);
    int (*setup_put)(struct tables *t, const struct setup_row *row);
    int (*surplus_put)(struct tables *t, const struct surplus_row *row);
    int (*stock_all)(struct tables *t, struct arena *arena, struct stock_row **ret, size_t *ret_count);
    int (*receipts_all)(struct tables *t, struct arena *arena, struct receipt_row **ret, size_t *ret_count);
    int (*downs_all)(struct tables *t, struct arena *arena, struct down_row **ret, size_t *ret_count);
    int (*setups_all)(struct tables *t, struct arena *arena, struct setup_row **ret, size_t *ret_count);
    int (*surplus_all)(struct tables *t, struct arena *arena, struct surplus_row **ret, size_t *ret_count);

    /* who is there */
    int (*process_put)(struct tables *t, const struct process_row *row); /* gone takes the row away */
    int (*processes_all)(struct tables *t, struct arena *arena, struct process_row **ret, size_t *ret_count);

    /* shipments, by number */
    int (*shipment_add)(struct tables *t, const struct parcel_row *row);
    int (*shipment_get)(struct tables *t, uint64_t number, struct arena *arena, struct shipment_row *ret);
    int (*shipment_put)(struct tables *t, const struct shipment_row *row); /* what moves */
    int (*audit_add)(struct tables *t, const struct audit_link *link);
    /* erasures; order_erase takes an order's personal data away wherever it is */
    int (*erasure_put)(struct tables *t, const struct erasure_row *row);
    int (*erasure_get)(struct tables *t, uint64_t order, struct erasure_row *ret);
    int (*erasures_page)(struct tables *t, uint64_t after, size_t limit, struct erasure_row *ret, size_t *ret_count);
    int (*order_erase)(struct tables *t, const struct order_row *row, uint64_t shipment);

    int (*audit_get)(struct tables *t, uint64_t link, struct arena *arena, struct audit_link *ret);

    int (*shipments_page)(struct tables *t, int state, uint64_t after, size_t limit, struct arena *arena,
                          struct shipment_row *ret, size_t *ret_count);

    uint64_t (*bytes)(struct tables *t);
};

/* The head of a back end's own struct. */
struct tables {
    const struct table_ops *ops;
    struct store_state state;
    struct creator_count *creators; /* by name */
    struct audit *audit;            /* of the group that runs */
    bool erased;                    /* personal data, since the back end last looked */
    struct arena *scratch;          /* of the operation that runs */
};

void tables_init(struct tables *t, const struct table_ops *ops);
void tables_done(struct tables *t);
/* Forgets state and counts, before they are loaded again. */
void tables_forget(struct tables *t);

/* The creator's counts, made if there are none yet. */
struct creator_count *tables_creator(struct tables *t, const char *creator);

/* Orders of a creator that are neither shipped nor cancelled. */
int64_t creator_open(const struct creator_count *creator);
void creator_move(struct creator_count *creator, enum order_state from, enum order_state to);

/* Neither shipped nor cancelled. */
bool order_state_open(enum order_state state);
