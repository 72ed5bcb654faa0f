/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The store: the only hand-off between the parts of takt, and the only thing that survives.
 *
 * Everything is a request: a struct that begins with `struct store_request`, filled by the caller, submitted, run by
 * store_turn together with whatever else waits (one commit for the group), and then done. Each request alone is all or
 * nothing: a request that is refused (an unknown order, a fenced epoch) leaves the others of its group as they are.
 * When the commit of the group fails, all its requests fail.
 *
 * Guarantees, on every back end (tests/unit/test_store_*.c hold them):
 *  S1  A request whose code is 0 is durable: it is there after any crash, of this process or of the machine.
 *  S2  A request that failed with anything but TAKT_EUNKNOWN changed nothing. TAKT_EUNKNOWN: ask by key before you act.
 *  S3  (creator, order_ref) is accepted once; the same content again is a duplicate, other content a conflict,
 *      for ever.
 *  S4  Changes are numbered in the order of their commits; a reader that has seen n never later finds one below n.
 *  S5  Events of a creator are numbered ascending in the order of their commits; likewise never found late.
 *  S6  An order is in at most one shipment; a unit in at most one slice; a report_ref of a reporter counts once.
 *  S7  store_publish takes place only under the newest epoch, and only if no cancellation or amendment is newer than
 *      what the planner has seen; store_cancel and store_amend only for orders of which no lot is firm at `now_s`.
 *  S8  What was decided stands in the audit log (audit.h), in the transaction of the decision.
 *  S9  An order that was erased has no personal data left in any row; what is counted of it stays.
 *  S10 Two processes never have one store open for writing, where the back end is embedded (TAKT_EBUSY names
 *      the holder).
 *
 * Threads: one owner; other threads hand requests to it (daemon/store/store_actor.h).
 * Ownership: what a request points to must live until it is done; results lie in the request's arena, which is the
 * caller's. Text in results is never NULL unless said so.
 * Errors: `code` and `err` of each request: TAKT_ESTORE (failed, try again later), TAKT_EFULL (no space), TAKT_EBUSY,
 * TAKT_ENOENT, TAKT_EEXIST, TAKT_ESTALE, TAKT_EFENCED, TAKT_EUNKNOWN. */

#include "base/arena.h"
#include "base/error.h"
#include "base/time.h"

#include <stddef.h>
#include <stdint.h>

enum { STORE_HASH_SIZE = 32, STORE_COUNTRY_SIZE = 3, STORE_PAGE_MAX = 100000 };

#define ORDER_STATES(X)                                                                                                \
    X(ACCEPTED, "accepted")                                                                                            \
    X(PLANNED, "planned")                                                                                              \
    X(IN_PRODUCTION, "in-production")                                                                                  \
    X(MADE, "made")                                                                                                    \
    X(PACKED, "packed")                                                                                                \
    X(SHIPPED, "shipped")                                                                                              \
    X(HELD, "held")                                                                                                    \
    X(CANCELLED, "cancelled")
enum order_state {
#define X(name, text) ORDER_##name,
    ORDER_STATES(X)
#undef X
};
const char *order_state_text(enum order_state state);

enum lot_state { LOT_OPEN, LOT_FIRM, LOT_DONE, LOT_GONE }; /* gone: its last unit was cancelled before it was firm */
enum task_state { TASK_PLANNED, TASK_STARTED, TASK_FINISHED };

#define EVENT_KINDS(X)                                                                                                 \
    X(ORDER_PROMISED, "order.promised")                                                                                \
    X(ORDER_REPROMISED, "order.repromised")                                                                            \
    X(ORDER_STARTED, "order.started")                                                                                  \
    X(ORDER_MADE, "order.made")                                                                                        \
    X(ORDER_SHIPPED, "order.shipped")                                                                                  \
    X(ORDER_CANCELLED, "order.cancelled")
enum event_kind {
#define X(name, text) EVENT_##name,
    EVENT_KINDS(X)
#undef X
};
const char *event_kind_text(enum event_kind kind);

enum shipment_state {
    SHIPMENT_OPEN,    /* nobody has taken it; it may have been sent */
    SHIPMENT_TAKEN,   /* it is a consumer's */
    SHIPMENT_SHIPPED, /* ended */
    SHIPMENT_ASIDE    /* refused or given up: waits for the operator */
};

/* ---- rows: what is written and read, as plain data ---- */

struct item_row {
    const char *product;
    const char *options;  /* canonical: `fabric=white;ink=dark;size=M`, names ascending */
    uint32_t quantity;    /* 1–10000 */
    bool personalised;
};

struct order_row {
    uint64_t no;                       /* given by the store at acceptance: the number of that change, so with gaps */
    const char *creator, *order_ref;
    int64_t accepted_at_s;
    const char *channel, *campaign;    /* "" if none */
    const char *service;               /* "" : the plant's first */
    int32_t wish_day;                  /* deliver_by; TAKT_DAY_NONE */
    char country[STORE_COUNTRY_SIZE];  /* of the recipient, ISO 3166; "" unknown */
    uint64_t recipient_key;            /* same recipient, same key; 0: there is none yet, so it cannot be shipped */
    enum order_state state;
    int64_t ship_by_s;                 /* the promise in force; TAKT_TIME_NONE */
    int32_t deliver_by_day;            /* TAKT_DAY_NONE */
    int64_t planned_packed_s, packed_at_s; /* TAKT_TIME_NONE */
    uint64_t shipment;                 /* the number of its parcel, 0: it is in none */
    const struct item_row *items;
    uint32_t item_count;
};

struct lot_row {
    uint32_t lot;                      /* 1, 2, 3 …; shown as L<lot> */
    const char *product;
    const char *like;                  /* canonical text of the options in lot.like */
    enum lot_state state;
    int64_t opened_at_s;
    int64_t let_go_at_s;               /* earliest start, decided; TAKT_TIME_NONE: not yet */
    int64_t firm_at_s;                 /* from then on it is firm even if nobody says so; TAKT_TIME_NEVER */
    uint32_t units;                    /* of orders */
    uint32_t extra;                    /* the yield allowance beyond them */
};

/* Units first … first+count-1 (from 0) of an order's item are in a lot; lot 0: they were given from surplus. */
struct slice_row {
    uint64_t order;
    uint32_t item, first, count;
    uint32_t lot;
    bool gone;                         /* in a publication: take this slice away */
};

struct task_row {
    uint32_t lot;
    uint32_t op;                       /* place in the route, from 0 */
    const char *op_id, *line;          /* line "": not placed */
    int64_t start_s, end_s;
    enum task_state state;
    uint32_t quantity;                 /* to be started: units and allowance */
    uint32_t good, scrap;              /* reported */
    int64_t started_at_s, finished_at_s; /* TAKT_TIME_NONE */
    bool late;                         /* its start has passed and nobody reported it: an alarm */
    bool gone;                         /* in a publication: take it away */
    bool moved;                        /* in a publication: the store has it, and only line, start_s and end_s differ */
};

struct order_update {
    uint64_t no;
    enum order_state state;
    int64_t planned_packed_s, packed_at_s;
};

struct promise_row {
    uint64_t order;
    int64_t at_s;
    int64_t ship_by_s;
    int32_t deliver_by_day;            /* TAKT_DAY_NONE: country not known */
    const char *reason;                /* "" for the first; else breakdown, material, capacity, scrap, operator,
                                        * amendment */
};

struct event_row {
    uint64_t cursor;                   /* given by the store */
    const char *creator;
    enum event_kind kind;
    uint64_t order;
    const char *order_ref;             /* filled when read; the writer need not */
    int64_t at_s, ship_by_s;
    int32_t deliver_by_day;
    const char *reason, *shipment, *carrier, *tracking; /* "" if none */
};

struct report_row {
    const char *reporter, *report_ref;
    uint8_t hash[STORE_HASH_SIZE];
    int64_t at_s;
    const char *event;
    const char *body;                  /* JSON as it came; no personal data is in reports */
};

struct stock_row {
    const char *material;
    int64_t on_hand_milli;             /* after what tasks have consumed */
};

struct receipt_row {
    const char *material;
    int64_t at_s, quantity_milli;      /* the key is (material, at_s): add up what comes at one time */
    bool gone;                         /* in a publication: it has arrived or was called off */
};

struct down_row {
    const char *line;
    int64_t from_s, to_s;              /* TAKT_TIME_NEVER: until reported up; the key is (line, from_s) */
    const char *reason;
    bool gone;
};

struct setup_row {
    const char *line, *family;         /* "": none */
};

struct surplus_row { /* good units without an order */
    const char *product, *options;
    uint32_t quantity;                 /* now; 0 takes the row away */
};

struct parcel_row {
    const char *shipment;              /* <plant>-<number>, ascending numbers */
    uint64_t number;
    const char *creator, *service, *carrier;
    int64_t ship_by_s, packed_at_s;
    uint64_t recipient_key;
    int64_t weight_mg;
    const uint64_t *orders;
    uint32_t order_count;
};

/* A process of the plant. Its name is its own choice, unlike all others'; STORE_PLANNER is that of the active planner's row. */
#define STORE_PLANNER "planner"
struct process_row {
    const char *process;
    uint64_t epoch;                    /* of the planner; 0: it takes orders */
    uint64_t beats;                    /* those of a process that is there go up */
    const char *address;               /* at which the planner is asked; "": nowhere */
    const char *creators;              /* whose connections it has, in its own words */
    bool gone;                         /* when written: take it away */
};

struct shipment_row { /* a parcel on its way */
    struct parcel_row parcel;
    enum shipment_state state;
    uint32_t attempts;
    const char *consumer;              /* who has taken it, "" */
    const char *tracking, *reason;     /* "" */
    int64_t ended_at_s;
};

/* ---- requests ---- */

enum store_op {
    /* writes */
    STORE_CLAIM, STORE_BEAT, STORE_PRESENT, STORE_CLOCK, STORE_ACCEPT, STORE_AMEND, STORE_CANCEL, STORE_PUBLISH, STORE_SHIPMENT,
    STORE_ADOPT, STORE_CONFIGURE, STORE_ERASE,
    /* reads */
    STORE_LOAD, STORE_FOLLOW, STORE_CHANGES, STORE_EVENTS, STORE_ORDER, STORE_ORDERS, STORE_SHIPMENTS, STORE_BODIES, STORE_REPORTED,
    STORE_STATS, STORE_BEATS, STORE_WHERE, STORE_ERASURES
};

struct store_request {
    enum store_op op;
    int code;                          /* result: 0 or negative */
    struct takt_error err;
    struct arena *arena;               /* for results; NULL where there are none */
    int from;                          /* for the actor that carries it: whom to give it back to */
    int64_t since_us;                  /* likewise: when it came */
    uint64_t tag;                      /* the caller's */
    struct store_request *next;        /* while it waits */
};

/* A planner begins: fences all earlier ones. */
struct store_claim {
    struct store_request head;
    const char *address;               /* at which it is asked; NULL: nowhere */
    uint64_t ret_epoch;
};

/* STORE_BEAT: the planner of that epoch lives (TAKT_EFENCED: another is in its place), or ends in order. STORE_BEATS: a look.
 * See daemon/role.h. */
struct store_beat {
    struct store_request head;
    uint64_t epoch;
    bool ends;
    uint64_t ret_epoch, ret_beats;     /* beats 0: no planner is active */
    const char *ret_address;           /* with an arena: at which that planner is asked, "": nowhere */
};

/* STORE_PRESENT: a process that takes orders is there, or ends in order, and sees who else is. It takes away the rows of those
 * that it has found gone. */
struct store_present {
    struct store_request head;
    const char *process, *creators;
    bool ends;
    const char *const *gone;
    size_t gone_count;
    bool ret_planned;                  /* a planner is active, as far as the store knows; its row says where */
    struct process_row *ret_processes;
    size_t ret_count;
};

/* How far a store has come: what a copy of it is told from an older one by. */
struct store_place {
    uint64_t generation;               /* 0: none yet (STORE_ADOPT gives it one) */
    uint64_t change, cursor, shipment; /* the last ones */
    uint64_t audit;                    /* the last link of the audit log, and its hash */
    uint8_t audit_hash[STORE_HASH_SIZE];
};

struct store_where {
    struct store_request head;
    struct store_place ret_place;
};

/* Before a daemon works with a store: is it the one it worked with, or an older copy of it? Copies of files and databases keep
 * their generation and are told by how far they have come; those that `store restore` made have one of their own and know
 * of which generation they are a copy, and how far that had come (copy.h).
 *
 * TAKT_ESTALE: it is older than `seen`, or not the same store at all; err says which. With `force`, or where it was
 * restored with --force, it is taken all the same: an older copy gets a generation of its own, and all numbers go on
 * STORE_GAP further, so that none that was given is given again for something else. It stands in the audit log. */
enum { STORE_GAP = 1000000 };
struct store_adopt {
    struct store_request head;
    bool known;                        /* seen says something */
    struct store_place seen;
    bool force;
    uint64_t fresh;                    /* a number for a new generation: random, not 0, that fits an int64_t */
    int64_t now_s;
    bool ret_taken;                    /* an older copy was taken just now */
};

/* The configuration in force; one that the audit log does not end with is noted there. */
struct store_configure {
    struct store_request head;
    const char *digest;                /* of the configuration, in hexadecimal: at least 16 digits */
    int64_t now_s;
};

/* An order of which the personal data was erased, or is to be as soon as it is shipped or cancelled. The tag is a hash of
 * its key under the hash of its content: it tells nobody who it was, and does not fit another order of that number. */
struct erasure_row {
    uint64_t order;
    const char *order_ref;             /* "" where it is not read */
    int64_t asked_at_s, erased_at_s;   /* TAKT_TIME_NONE: not yet */
    uint8_t tag[STORE_HASH_SIZE];
};

/* Erases the personal data of orders: their bodies (recipient, personalization, metadata), the recipient's key, tracking
 * numbers in events and shipments, and what consumers said of the shipment. An order that is neither shipped nor
 * cancelled needs its address: it is marked, and erased in the transaction in which it ends. Doing it again changes
 * nothing. TAKT_ENOENT: the creator has no order of that order_ref. */
struct store_erase {
    struct store_request head;
    const char *creator;
    const char *order_ref;             /* not NULL: that order */
    const char *field, *value;         /* else those whose recipient has that name, phone, email or token */
    uint64_t after;                    /* looks at `limit` of the creator's orders with numbers above this one */
    size_t limit;
    const struct erasure_row *again;   /* not NULL: these, and no others; what does not fit its tag is passed over */
    size_t again_count;
    int64_t now_s;
    uint64_t ret_after;                /* 0: there are no more */
    struct erasure_row *ret_rows;      /* what was found: erased or marked, now or before */
    size_t ret_count;
};

/* Erasures by order, ascending. */
struct store_erasures {
    struct store_request head;
    uint64_t after;
    size_t limit;
    struct erasure_row *ret_rows;
    size_t ret_count;
};

/* The anchor of plant time. set false: read. */
struct store_clock {
    struct store_request head;
    bool set;
    int64_t plant_s;                   /* plant time at the wall time; TAKT_TIME_NONE: none was ever set */
    int64_t wall_ms;
    int64_t speed_milli;               /* plant seconds a wall second, in thousandths */
};

enum accept_outcome {
    ACCEPT_NEW,
    ACCEPT_DUPLICATE,
    ACCEPT_CONFLICT,                   /* the ref was used with other content */
    ACCEPT_OVER_LIMIT                  /* the creator has max_open open orders */
};

struct accept_order {
    struct order_row row;              /* no, creator, accepted_at_s (it is now_s), state and promise are not read */
    uint8_t hash[STORE_HASH_SIZE];     /* of the content: see wire/order.h */
    const char *body;                  /* JSON {recipient, items: [personalization …], metadata}; personal data */
    enum accept_outcome ret_outcome;
    uint64_t ret_no;                   /* of the first one, for a duplicate */
};

struct store_accept {
    struct store_request head;
    const char *creator;
    int64_t max_open;
    int64_t now_s;
    struct accept_order *orders;
    size_t count;
};

/* code TAKT_ENOENT: no such order; TAKT_ESTALE: too late (items are set and it is packed or a lot of it is firm; or it is
 * in a shipment, shipped or cancelled); TAKT_EDATA: the body is no JSON object. An order of which items are set leaves its lots (its slices are
 * gone) and is `accepted` again, unless it was held; the promises it was given stand. */
struct store_amend {
    struct store_request head;
    const char *creator, *order_ref;
    int64_t now_s;
    bool set_items, set_recipient, set_shipping;
    struct order_row row;              /* items / country, recipient_key / service, wish_day, as set_… say */
    const char *body;                  /* the merging is the store's: members present here replace those there */
};

enum cancel_outcome { CANCEL_DONE, CANCEL_UNKNOWN, CANCEL_TOO_LATE };

/* Units given from surplus (slices of lot 0) are as firm as can be. A cancelled order's slices are gone. */
struct store_cancel {
    struct store_request head;
    const char *creator;
    int64_t now_s;
    const char *const *refs;
    enum cancel_outcome *ret_outcomes; /* one a ref; filled; a ref cancelled before is done */
    size_t count;
};

/* All that a planner writes, at once. Rows are absolute values (upserts by their keys), so that writing them again
 * changes nothing; events, promises, reports and parcels are appended, and `publish_no` makes the whole of it happen
 * once: a publish_no that is not above the last one is TAKT_EEXIST and changed nothing. So is what S6 forbids: a slice
 * over units of another, an order in a second parcel, a report that is there. TAKT_ENOENT: an order or lot that is not
 * there; TAKT_EINVAL: a state that is not the planner's to give (shipped, cancelled), an empty slice, a plan_version
 * not above the last. Updates of orders that have ended meanwhile are void. */
struct store_publish {
    struct store_request head;
    uint64_t epoch;
    uint64_t publish_no;
    uint64_t seen;                     /* the last change it knows; else TAKT_ESTALE, see S7 */
    uint64_t plan_version;             /* 0: the plan is as it was, only states change */
    int64_t at_s;
    const char *scheduler;             /* of a new version */
    int64_t objective, bound;          /* likewise */
    const struct lot_row *lots;
    size_t lot_count;
    const struct slice_row *slices;    /* those gone are applied first */
    size_t slice_count;
    const struct task_row *tasks;
    size_t task_count;
    const struct order_update *orders;
    size_t order_count;
    const struct promise_row *promises;
    size_t promise_count;
    const struct event_row *events;
    size_t event_count;
    const struct report_row *reports;  /* one that is there already: TAKT_EEXIST */
    size_t report_count;
    const struct stock_row *stock;
    size_t stock_count;
    const struct receipt_row *receipts;
    size_t receipt_count;
    const struct down_row *downs;
    size_t down_count;
    const struct setup_row *setups;
    size_t setup_count;
    const struct surplus_row *surplus;
    size_t surplus_count;
    const struct parcel_row *parcels;
    size_t parcel_count;
};

enum shipment_act {
    SHIPMENT_SENT,     /* is about to be sent the `attempt`-th time, which may be said again; beyond `attempts_max` it is set
                          aside instead (TAKT_ELIMIT, and that is durable) */
    SHIPMENT_TAKE,     /* open → taken by consumer; again by the same is fine; by another TAKT_ESTALE */
    SHIPMENT_SHIP,     /* open or taken → shipped; its orders are shipped, with events and changes; a repeat is fine */
    SHIPMENT_REFUSE,   /* open or taken → aside; a repeat is fine */
    SHIPMENT_RELEASE   /* aside or taken → open again, attempts 0: the operator */
};

struct store_shipment { /* TAKT_ENOENT: no such shipment; TAKT_ESTALE: its state does not allow it */
    struct store_request head;
    uint64_t epoch;                    /* 0: not checked (the operator) */
    enum shipment_act act;
    const char *shipment, *consumer, *carrier, *tracking, *reason; /* "" where they mean nothing */
    uint32_t attempt, attempts_max;    /* SENT: 1 and up; 0: no limit, and a taken shipment has none */
    int64_t now_s;
};

/* What a planner starts from, page by page: rows of one kind with keys above `after`, ascending, at most `limit`
 * (1–STORE_PAGE_MAX, here and wherever there is a limit); fewer than limit: that was the last page. Orders that are
 * shipped or cancelled and lots of which all orders are, are not given, nor are such orders' slices and such lots'
 * tasks: so lot_row.units may count more units than the slices that were given hold. */
enum load_kind {
    LOAD_META,                         /* ret_meta */
    LOAD_ORDERS, LOAD_LOTS, LOAD_SLICES, LOAD_TASKS,
    LOAD_STOCK, LOAD_RECEIPTS, LOAD_DOWNS, LOAD_SETUPS, LOAD_SURPLUS /* these: always all of them */
};

struct store_meta {
    uint64_t seen;                     /* the last change */
    uint64_t publish_no, plan_version;
    int64_t published_at_s;            /* of publish_no; TAKT_TIME_NONE: there was none */
    uint64_t last_order, last_shipment_number;
    uint32_t last_lot;
    bool seeded;                       /* stock, receipts, downs, setups were written once (a publication with them) */
};

struct store_load {
    struct store_request head;
    enum load_kind kind;
    uint64_t after[3];                 /* keys: order; lot; (order, item, first) of slices; (lot, op) of tasks, 0 first:
                                          use what ret_after says */
    bool first;                        /* true: from the beginning, `after` is not read */
    size_t limit;
    union {
        struct order_row *orders;
        struct lot_row *lots;
        struct slice_row *slices;
        struct task_row *tasks;
        struct stock_row *stock;
        struct receipt_row *receipts;
        struct down_row *downs;
        struct setup_row *setups;
        struct surplus_row *surplus;
    } ret;
    struct store_meta ret_meta;
    size_t ret_count;
    uint64_t ret_after[3];
};

/* What has changed for a planner that waits: the orders and lots that changes and publications have named since it looked last,
 * as they are now, all at one moment. With what it has loaded or followed before, that is what LOAD_… would give it now:
 * each named order leaves with its slices and comes back as ret_orders has it, each named lot likewise, and one that no
 * open order has units of any more leaves (daemon/planner/follow.c).
 *
 * What has happened is given in order, up to about `limit` orders; a publication is never divided. ret_more: there is more, and
 * until it has been read too rows may name others that are not there yet.
 *
 * TAKT_ESTALE: it is too far behind (the last 5,000 publications are kept, and the changes that STORE_CHANGES has), or ahead: load. */
struct store_follow {
    struct store_request head;
    uint64_t publish_no, seen;         /* of store_meta, as the reader has it */
    const uint64_t *again;             /* further orders that it wants */
    size_t again_count;
    size_t limit;
    struct store_meta ret_meta;        /* as the reader has it then */
    bool ret_more;
    const uint64_t *ret_named;         /* orders, ascending; those that ret_orders lacks are open no more */
    size_t ret_named_count;
    struct order_row *ret_orders;
    size_t ret_order_count;
    struct slice_row *ret_slices;
    size_t ret_slice_count;
    struct lot_row *ret_lots;
    size_t ret_lot_count;
    struct task_row *ret_tasks;        /* of those, all they have */
    size_t ret_task_count;
    bool ret_world;                    /* the following have changed, and are given whole */
    struct stock_row *ret_stock;
    size_t ret_stock_count;
    struct receipt_row *ret_receipts;
    size_t ret_receipt_count;
    struct down_row *ret_downs;
    size_t ret_down_count;
    struct setup_row *ret_setups;
    size_t ret_setup_count;
    struct surplus_row *ret_surplus;
    size_t ret_surplus_count;
};

enum change_kind { CHANGE_ORDER, CHANGE_AMEND, CHANGE_CANCEL, CHANGE_SHIPPED };

struct change_row {
    uint64_t seq;
    enum change_kind kind;
    struct order_row order;            /* as it is now; for CANCEL and SHIPPED only `no` and `state` mean something */
};

/* TAKT_ESTALE: `after` is older than what is kept (the last 100,000 changes and all that no planner has seen): load. */
struct store_changes {
    struct store_request head;
    uint64_t after;
    size_t limit;
    struct change_row *ret_changes;
    size_t ret_count;
};

struct store_events {
    struct store_request head;
    const char *creator;
    uint64_t after;
    size_t limit;
    struct event_row *ret_events;
    size_t ret_count;
    uint64_t ret_last;                 /* the creator's newest cursor, 0: none */
    uint64_t ret_newest;               /* the newest cursor that was given to anybody */
};

/* One order's whole story. creator NULL: wherever the ref is unique (TAKT_EEXIST with the creators in err if it is
 * not). order_ref NULL: by `no`. */
struct store_order {
    struct store_request head;
    const char *creator, *order_ref;
    uint64_t no;
    struct order_row ret_order;
    struct promise_row *ret_promises;
    size_t ret_promise_count;
    struct slice_row *ret_slices;
    size_t ret_slice_count;
    struct event_row *ret_events;
    size_t ret_event_count;
    struct shipment_row *ret_shipment; /* NULL: none yet */
};

/* A list for people, by number. With a creator or a state that is not open it may have to look at every order.
 * numbers not NULL: these and no others, in their order; what is not there is left out. */
struct store_orders {
    struct store_request head;
    const uint64_t *numbers;
    size_t number_count;
    const char *creator;               /* NULL: all */
    int state;                         /* -1: all; -2: all that are open (neither shipped nor cancelled) */
    uint64_t after;
    size_t limit;
    struct order_row *ret_orders;
    size_t ret_count;
};

struct store_shipments {
    struct store_request head;
    uint64_t after;                    /* number */
    size_t limit;
    int state;                         /* -1: all; -2: open and taken */
    const char *shipment;              /* not NULL: this one only */
    struct shipment_row *ret_shipments;
    size_t ret_count;
};

struct store_bodies { /* personal data: for the moment in which a shipment is sent, or an operator asks for one order */
    struct store_request head;
    const uint64_t *orders;
    size_t count;
    const char **ret_bodies;           /* one an order; NULL: erased or not there */
    struct order_row *ret_orders;
};

struct store_reported { /* is a report_ref known? ret_hash of its content */
    struct store_request head;
    const char *reporter, *report_ref;
    bool ret_known;
    uint8_t ret_hash[STORE_HASH_SIZE];
};

struct store_creator_stats {
    const char *creator;
    uint64_t orders[8];                /* by order_state */
};

struct store_stats {
    struct store_request head;
    struct store_creator_stats *ret_creators;
    size_t ret_count;
    uint64_t ret_shipments[4];         /* by shipment_state */
    uint64_t ret_promises, ret_repromises;
    uint64_t ret_kept, ret_broken;     /* shipped orders: packed by the promise in force, or after it */
    uint64_t ret_bytes;                /* on disk; 0 in memory */
};

/* ---- the store ---- */

struct store;

struct store_config {
    const char *url;                   /* memory:  sqlite:PATH */
    const char *plant;                 /* its id leads every key; a store of another plant is TAKT_EEXIST */
    bool create;                       /* make what is not there; false: TAKT_ENOENT */
    size_t queue_max;                  /* requests that may wait; 0: 4096 */
};

int store_open(const struct store_config *config, struct store **ret, struct takt_error *err);
void store_close(struct store *s); /* NULL is fine; runs nothing: what waits is the caller's */

/* Takes a place in the queue; TAKT_EBUSY: it is full (the request is untouched). */
int store_submit(struct store *s, struct store_request *r);

/* Runs what waits, in order, in one group commit of a bounded size; a chain (by next) of those that are done, NULL if
 * nothing waited. timeout_ms is for back ends with something to wait for. */
struct store_request *store_turn(struct store *s, int timeout_ms);

/* For one who has more to bring meanwhile: sends a group of acceptances on its way, where enough of them wait and the
 * back end can do that, and does not wait for it; store_turn gives it back, and sends a second one first if enough
 * waits. A group that cannot go ahead is run at once; returns as store_turn does. */
struct store_request *store_begin(struct store *s);
bool store_under_way(const struct store *s);

/* Submits and turns until it is done; for start-up, tools, tests and the simulation: nothing else may be waiting.
 * Returns r->code. */
int store_call(struct store *s, struct store_request *r);

/* What is wrong with the store now, "" if nothing: for status lines. What did not work at last stands in brackets behind
 * it. */
const char *store_trouble(const struct store *s);
