/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What improves a plan in one lane of the search, whatever its way: a kind is a row of functions in the table
 * `searcher_kinds`. search.c runs the lanes in stretches, hands out what is better, and lets lanes go on from each
 * other's best; of what they do within a stretch it knows nothing.
 *
 * For each lane the first kind is taken that knows the problem, wants that lane, and can begin with the first plan. So
 * a kind for special problems stands before those for more general ones, and one that wants only some of the lanes
 * leaves the others to the next.
 *
 * Guarantees that each kind must give: the best is feasible and never worse than what make was given; for one seed
 * and numbers of moves it is the same whatever the thread, the machine and the other lanes did, as long as no deadline
 * is reached; no state is shared between searchers within a stretch.
 *
 * Threads: a searcher has one owner at a time; which thread that is changes from stretch to stretch.
 * Ownership: make and free; `best` gives the caller a copy. */

#include "schedulers/solver.h"

/* A part of a search: from one share of the way down to another, while the time goes from `begin` to `end`; or so many
 * moves, if not 0. Shares are 0 to 2^16. */
struct searcher_stretch {
    int32_t from, to;
    int32_t begin, end;
    int64_t moves;
};

struct searcher_brief { /* what a searcher begins with */
    const struct problem *p;
    const struct schedule *plan; /* feasible */
    const struct solve_limits *limits;
    uint64_t seed; /* another for each lane */
    int32_t lane, lanes;
};

struct searcher_kind {
    const char *name;
    bool (*knows)(const struct problem *p, int32_t lane, int32_t lanes); /* and wants this one of the lanes */
    void *(*make)(const struct searcher_brief *brief);                   /* NULL: it cannot begin with this plan */
    void (*free)(void *self);
    void (*run)(void *self, const struct searcher_stretch *stretch, const struct solve_limits *limits);
    int64_t (*best_cost)(const void *self);
    struct schedule *(*best)(void *self); /* a copy */
    int64_t (*tried)(const void *self);   /* moves, since it was made */
    /* Goes on from the best of another searcher of the same kind; what it has found itself stays its best. */
    void (*adopt)(void *self, const void *other);
    /* Goes on from a plan that a searcher of another kind found, if it can; NULL: never. */
    void (*take)(void *self, const struct schedule *plan);
    /* Joins what searchers of this kind, which began a stretch with the same plan, found in it; NULL: never. */
    void (*merge)(void *const *searchers, int32_t count);
    /* How hot to begin, where that must be tried: levels from cold to hot, 0: none, and no functions. Each is tried by
     * one of the lanes from the first plan on, all the way down; then all lanes go on from the best at about the best
     * level. Stretches of a kind without levels go by the whole of the search, trials and all. */
    int32_t levels;
    void (*try_level)(void *self, int32_t level);   /* back to the first plan; its best stays */
    int64_t (*level_cost)(const void *self);        /* the least since then */
    void (*settle)(void *self, int32_t best_level); /* from its best or what it adopted on, about that level */
};

extern const struct searcher_kind *const searcher_kinds[]; /* the last one is NULL */

/* Where on the way down a stretch is after so many moves; -1: it is over. */
int32_t searcher_progress(const struct searcher_stretch *stretch, const struct solve_limits *limits, int64_t done);
