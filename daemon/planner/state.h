/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The planner's state: the nouns that its functions share, each kept by its own module.
 *
 *   variants  what can be ordered               book     open orders and where their units are
 *   lots      units made together, their tasks  dues     orders that count as one
 *   stock     how the plant stands              openings when lines and crews work
 *   packing   what is to be packed, and when    parcels  which packed orders leave together
 *   news      what the store does not know yet
 *
 * One turn goes through them in one direction: placing (orders → lots) → plan_model (lots → problem) → the solver →
 * plan (schedule → tasks → ready times) → promise and packing (orders) → news. */

#include "daemon/dispatch/parcel.h"
#include "daemon/planner/due.h"
#include "daemon/planner/news.h"
#include "daemon/planner/opening.h"
#include "daemon/planner/packing.h"
#include "daemon/planner/plan_model.h"
#include "daemon/planner/planner.h"
#include "daemon/planner/stock.h"

struct planner {
    struct plant *plant;
    char *scheduler; /* as configured; NULL: the plant's */
    uint64_t seed;
    int64_t effort;
    bool check;
    bool terminal_packs; /* orders count as packed when it is reported, not by planned capacity */

    struct variants variants;
    struct book book;
    struct lots lots;
    struct dues dues;
    struct stock stock;
    struct openings openings;
    struct packing packing;
    struct parcels *parcels;
    struct news news;

    int32_t *creator_at, *service_at; /* label → place in the plant */
    size_t creator_known, service_known;

    uint64_t collected_version; /* of the plan, in the collection under way; 0: it is as it was */
    uint64_t epoch, seen, publish_no, plan_version, last_shipment_number;
    bool seeded, loading;
    bool wants;               /* the plan is to be repaired */
    enum cause cause;         /* why, since the last repair */
    uint64_t basis;           /* counts what changes the problem */
    uint64_t searched;        /* basis + 1 of the last search that was asked for */
    bool unsettled;           /* a search may still mend what the last repair broke: promises wait for it */
    int64_t unsettled_s;      /* since when */
    int64_t now_s, tidied_s;  /* of the last turn */
    int64_t divide_s;         /* when lots beyond the horizon are to be looked at again */
    int64_t flush_s;          /* when the next listed order is to be promised anew */
    int64_t next_s;           /* when the plan itself calls for a turn */
    int64_t objective, bound; /* of the plan, in the plant's units; bound -1: not computed */
    bool infeasible;          /* the last repair found no plan; the old one stands */
    char trouble[400];        /* why, and the way out; "" */
    struct plan_model
        *model; /* that the plan was made from, and the plan in its terms: for questions; NULL: none yet */
    struct schedule *schedule;
    int window_factor; /* calendars are read so many times as far as usual; 0: as usual */
    uint64_t repairs;
    int64_t published_at_s;
    struct takt_error load_error; /* the first contradiction among the rows of the store */
    struct slice_row *doubts;     /* slices that fit nothing that is loaded so far */
    size_t doubt_count, doubt_cap;
    struct quoter *quoter;        /* against the plan, made when first asked */
    const struct plan_model *quoter_model;
};

/* Places in the plant; a creator it does not have: -1; a service: 0. */
int32_t order_creator(const struct planner *p, const struct order *o);
int32_t order_service(const struct planner *p, const struct order *o);
void planner_pack_mode(struct planner *p);   /* whether a terminal packs */
void planner_know_labels(struct planner *p); /* after new labels or another plant */
const char *planner_scheduler(const struct planner *p);
bool planner_lets_go_early(const struct planner *p); /* it is no baseline rule: lots need not wait for company */

/* What is loaded so far agrees with itself and the plant: 0, or TAKT_EDATA. */
int planner_load_judge(const struct planner *p, struct takt_error *err);

/* Open lots into their groups' chains, after loading or another plant. */
void planner_enlist_lots(struct planner *p, int64_t now_s);
/* What happened calls for a repair. */
void planner_want(struct planner *p, enum cause cause);
