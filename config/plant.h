/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The plant: what the operator wrote in YAML, checked, typed and immutable.
 *
 * Everything refers to everything else by its place in the arrays below; -1 is none. Names are unique within their kind.
 * A line with `count` is there as so many lines, `sew-1.1` … `sew-1.4`, which share everything but their name.
 * Sequences (lines, products …) are in the order of the files, so the same files give the same plant.
 *
 * Threads: immutable once loaded; shared by reference count, see plant_ref. Ownership: all of it lies in one arena. */

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct arena;       /* base/arena.h */
struct plant_inner; /* config/inner.h: what the functions below need */
struct zone;        /* config/zone.h */

struct plant_interval {
    int64_t from_s, to_s; /* [from, to), plant time */
    const char *reason;   /* of a downtime; NULL: none given */
};

/* A shift as it is written; `calendar_open` (config/calendar.h) turns calendars into intervals of plant time. */
struct plant_shift {
    uint8_t days;              /* bit 0 is Monday */
    int32_t from_min, to_min;  /* local minutes since midnight, to <= 48 * 60: beyond 24 h it ends on the next day */
};

struct plant_dates {
    int32_t first_day, last_day; /* both included */
};

/* A local interval (`extra`): wall clock times of the plant's zone. */
struct plant_local {
    int32_t from_day, to_day;
    int32_t from_min, to_min;
};

struct plant_calendar { /* number 0 is `always` */
    const char *id;
    bool always;
    const struct plant_shift *weekly;
    size_t weekly_count;
    const struct plant_dates *closed;
    size_t closed_count;
    const struct plant_local *extra;
    size_t extra_count;
};

struct plant_pool {
    const char *id;
    int32_t capacity; /* >= 1 */
    int32_t calendar;
};

struct plant_pair {
    const char *from, *to;
    int64_t time_s;
};

struct plant_changeover {
    const char *id;
    int64_t default_s;
    const struct plant_pair *pairs;
    size_t pair_count;
};

enum report_mode { REPORTS_FLOOR, REPORTS_PLANNED };

struct plant_line {
    const char *id;
    const char *base;         /* as written: `sew-1` for `sew-1.3` */
    int32_t calendar;
    int32_t changeover;       /* -1: it needs none */
    int64_t batch;            /* units of one family at once; 0: it is not a batch line */
    const char *set_up_for;   /* what a new store starts from; NULL: nothing known, its first task needs no changeover */
    enum report_mode reports;
    const struct plant_interval *down; /* what a new store starts from */
    size_t down_count;
};

struct plant_receipt {
    int64_t at_s;
    int64_t quantity_milli;
};

struct plant_material {
    const char *id;
    const char *unit;
    int64_t on_hand_milli;             /* thousandths of its unit; what a new store starts from */
    const struct plant_receipt *receipts; /* likewise; ascending */
    size_t receipt_count;
    int64_t lead_time_s;               /* -1: never beyond receipts */
};

struct plant_option {
    const char *id;
    bool any;                 /* 1–64 letters, digits, . _ - */
    const char *const *values;
    size_t value_count;
};

struct plant_usage { /* of a material, or of a pool */
    int32_t index;
    int64_t amount; /* of a material: thousandths of its unit for one unit of the product; of a pool: how many */
};

struct plant_rate {
    int32_t line;
    int64_t rate_milli; /* units an hour, in thousandths; 0: the time does not depend on the quantity */
    int64_t fixed_s;
};

struct plant_op {
    const char *id;                   /* unique within its route */
    const struct plant_rate *lines;   /* by line; each line once; stations of `count` one by one */
    size_t line_count;
    const char *family;               /* as written: text in which {option} stands for its value; NULL: none */
    const struct plant_usage *pools;
    size_t pool_count;
    int64_t overlap;                  /* the next operation may start after so many units; 0: after all of them */
    int64_t rest_s;                   /* must pass before the next operation or packing */
    int64_t rest_max_s;               /* -1: no upper limit */
    bool breakable;
    int32_t yield_ppm;                /* good units a million started, 1–1000000 */
};

struct plant_product {
    const char *id;
    const struct plant_option *options;
    size_t option_count;
    int64_t weight_mg;                /* of one unit; 0: not given */
    const struct plant_usage *materials;
    size_t material_count;
    const int32_t *like;              /* places in options; units that agree on them share a lot */
    size_t like_count;
    int64_t lot_max, lot_min;         /* units; lot_min <= lot_max */
    int64_t lot_wait_s;
    const struct plant_op *route;
    size_t op_count;
};

struct plant_packing_line {
    const char *id;
    int32_t calendar;
    int64_t rate_milli;               /* parcels an hour, in thousandths */
};

struct plant_keys { /* Z85 public keys of CURVE, 40 characters each */
    const char *const *list;
    size_t count;
};

struct plant_creator {
    const char *id;
    struct plant_keys keys;
    int32_t share;                    /* of intake and capacity, >= 1 */
    int32_t weight;                   /* of lateness, >= 1 */
    int64_t max_open;                 /* open orders */
    int64_t rate_milli;               /* orders a second, in thousandths; 0: no limit */
};

struct plant_consumer {
    const char *id;
    struct plant_keys keys;
};

struct plant_tokens { /* SHA-256 of each in lower case, 64 characters */
    const char *const *list;
    size_t count;
};

struct plant_terminal {
    const char *id;
    struct plant_keys keys;
    struct plant_tokens tokens;
    const int32_t *lines;             /* places in lines; every station of a named line */
    size_t line_count;
    bool packs;                       /* it names a packing line: orders count as packed when it reports so */
};

struct plant_transit {
    const char *country;              /* ISO 3166 code, or NULL for `else` */
    int32_t days;                     /* calendar days */
};

struct plant_carrier {
    const char *id;
    int32_t cutoff_min;               /* local minutes since midnight */
    uint8_t days;                     /* bit 0 is Monday: on which it collects */
    const struct plant_transit *transit;
    size_t transit_count;
};

struct plant_service {
    const char *id;
    int32_t carrier;
    int32_t weight;                   /* >= 1 */
};

enum if_late { IF_LATE_ACCEPT, IF_LATE_REFUSE };

struct plant_objective { /* weights of planning.objective, each >= 0 */
    int32_t late_promise, late_wish, flow, waiting, changeover, moves;
};

struct plant_planning {
    const char *scheduler;            /* a name the solver library knows */
    int64_t target_s, horizon_s, frozen_s;
    int32_t threads;                  /* 1–256 */
    int64_t think_ms;
    int32_t margin_ppm;               /* promise.margin */
    int64_t promise_at_most_s;
    struct plant_objective objective;
};

struct plant_listen {
    const char *orders, *shipments, *floor, *control, *planner; /* ZeroMQ endpoints; NULL: not served */
    const char *http;                                 /* host:port or NULL */
};

enum security { SECURITY_CURVE, SECURITY_NONE };

struct plant {
    const char *id, *name, *time_zone;
    const struct zone *zone;

    const struct plant_calendar *calendars;
    size_t calendar_count;
    const struct plant_pool *pools;
    size_t pool_count;
    const struct plant_changeover *changeovers;
    size_t changeover_count;
    const struct plant_line *lines;
    size_t line_count;
    const struct plant_material *materials;
    size_t material_count;
    const struct plant_product *products;
    size_t product_count;
    const struct plant_packing_line *packing;
    size_t packing_count;
    const struct plant_creator *creators;
    size_t creator_count;
    const struct plant_consumer *consumers;
    size_t consumer_count;
    const struct plant_terminal *terminals;
    size_t terminal_count;
    const struct plant_carrier *carriers;
    size_t carrier_count;
    const struct plant_service *services; /* the first one is meant where an order names none */
    size_t service_count;

    int64_t consolidate_s;                /* 0: never */
    enum if_late if_late;
    struct plant_planning planning;
    const char *store;                    /* URL */
    struct plant_listen listen;
    enum security security;

    const struct plant_fault *notes;      /* what is allowed but probably not meant, in order of place */
    size_t note_count;
    struct plant_inner *inner;
};

/* Where one mistake is. */
struct plant_fault {
    const char *file;
    int line, column; /* from 1 */
    const char *text; /* what is wrong and the way out */
};

struct plant_faults { /* all that was found, in order of place */
    struct plant_fault *list;
    size_t count;
    struct arena *arena; /* owns the list and its texts */
};

/* Reads the file, and the `taktd.d` folder beside it: its *.yaml in order of their names. `drop_ins` are further files
 * merged likewise (takt-sim's --plant FILE…). Returns 0 and a plant with one reference, or TAKT_ECONFIG with every fault in
 * ret_faults (free with plant_faults_done; also filled with nothing on success), or TAKT_ENOENT, TAKT_EIO with err. */
int plant_load(const char *file, const char *const *drop_ins, size_t drop_in_count, struct plant **ret,
               struct plant_faults *ret_faults, struct takt_error *err);
void plant_faults_done(struct plant_faults *faults);

struct plant *plant_ref(struct plant *plant);
void plant_unref(struct plant *plant); /* NULL is fine; the last one frees it. References are counted atomically. */

/* The place of a name, or -1. Cost: O(1). */
int32_t plant_line_find(const struct plant *plant, const char *id);
int32_t plant_product_find(const struct plant *plant, const char *id);
int32_t plant_creator_find(const struct plant *plant, const char *id);
int32_t plant_material_find(const struct plant *plant, const char *id);
int32_t plant_consumer_find(const struct plant *plant, const char *id);
int32_t plant_terminal_find(const struct plant *plant, const char *id);
int32_t plant_service_find(const struct plant *plant, const char *id);

/* Open seconds to change over; either family may be NULL (none): 0. Cost: O(1) expected. */
int64_t plant_changeover_s(const struct plant *plant, int32_t changeover, const char *from, const char *to);

/* Open seconds that `units` take: fixed + ceil(units / rate). */
int64_t plant_rate_s(const struct plant_rate *rate, int64_t units);

/* Calendar days on the way, of the carrier of a service. country NULL or unknown: its `else`, or the longest there is. */
int32_t plant_transit_days(const struct plant *plant, int32_t service, const char *country);
