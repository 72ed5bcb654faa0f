/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the files of the planner's actor share: planner_actor.c (the turn), planner_load.c (the start), planner_publish.c
 * (what goes to the store, and who waits for it). Nobody else includes it. */

#include "daemon/planner/ask.h"
#include "daemon/planner/pages.h"
#include "daemon/planner/planner_actor.h"

enum { PLANNER_PART_MS = 25, PLANNER_RETRY_MS = 1000, PLANNER_REFUSED_MS_MAX = 60000, PLANNER_ANEW_EVERY = 3 };

struct planner_actor {
    struct bus_port *port;
    const struct actor_config *config;
    struct plant *plant;
    struct planner *planner;
    bool stopping, failed;
    int64_t stop_by_ms;         /* while stopping: until then what somebody waits for may be published */
    char trouble[400];          /* planner_trouble, as it was logged last */

    /* mail that has to wait while a publication is under way: reports, searched jobs, reloads */
    struct mail *held;
    size_t held_count, held_cap;

    /* the tail of the store's changes */
    struct store_changes changes;
    bool changes_asked, changes_came, changes_due;
    int64_t changes_asked_ms;   /* when it was last asked */
    int64_t thick_since_ms;     /* changes have been coming without a turn since then; 0: none */
    size_t thick_count;         /* so many */
    size_t turn_changes;        /* a turn takes so many, but for what must all be read */
    unsigned full_turns;        /* so many in a row have taken that many */
    int64_t turn_began_ms;      /* the one of which the publication is awaited; 0: none */
    enum { READ_SOME, READ_ALL, READ_DONE } reading; /* what the store insists on: see planner_actor.c */
    bool asked_all;             /* changes were asked for after it had insisted */

    /* publication */
    struct arena *publish_arena;
    struct store_publish *publishing; /* NULL: none is under way */
    bool publish_sent;
    int64_t publish_after_ms;   /* not before: the last one failed */
    int64_t part_after_ms;      /* not before: orders that have only moved */
    bool has_part, owes;        /* the last publication had some of them; it left some out */
    bool store_fails;           /* what the last one that came back said */
    unsigned refused;           /* publications in a row that contradicted the store */
    char refusal[400];          /* what the last of them was told, for people; "" */
    bool anew_due;              /* everything is to be read from the store again */
    struct store_load *lookup;  /* what became of a publication of unknown outcome is being looked up */
    struct ask **waiting;       /* reports that are applied and not yet durable */
    size_t waiting_count, waiting_cap;
    size_t waiting_published;   /* the first so many are in the publication under way */
    bool collect_due;           /* something was handed to the planner since the last collection */

    bool searching;
    bool search_due;
    int64_t turn_after_ms;      /* the last turn took long: not before */
    int64_t estimate_after_ms, notice_after_ms;
    bool estimate_due;
    uint64_t late_noticed, unplanned_noticed;
};

/* Loads everything, or what is left to do where the planner has all rows already, answering asks as busy meanwhile; false: it
 * failed or is to stop, and said so. */
bool planner_load(struct planner_actor *a, bool has_rows);

/* Collects and sends if anything differs from the store; reports that changed nothing are answered. */
void planner_publish(struct planner_actor *a, int64_t now_ms);
/* The store has what the last turn came to: how long that took says how much the next one takes. */
void planner_keeps_up(struct planner_actor *a, int64_t now_ms);
/* The publication came back. */
void planner_publish_done(struct planner_actor *a, int64_t now_ms);
/* Tries again to send what the store's queue had no room for. */
void planner_publish_send(struct planner_actor *a);
/* What became of it was looked up. */
void planner_publish_looked_up(struct planner_actor *a, int64_t now_ms);

void planner_fail(struct planner_actor *a, const struct takt_error *err);
/* What must not reach the planner now is kept for later. */
void planner_hold(struct planner_actor *a, const struct mail *mail);
void planner_answer(struct planner_actor *a, enum actor to, struct ask *ask);
