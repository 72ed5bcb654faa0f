/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How the plant stands: material on hand and expected, lines out of use, what lines are set up for.
 *
 * A new store starts from what the plant's file says; from then on reports are the truth.
 *
 * Threads: one owner. Ownership: texts are copied. */

#include "config/plant.h"
#include "daemon/store/store.h"

struct arena;

struct receipt {
    int64_t at_s, quantity_milli;
    int64_t told_milli; /* as the store knows it; 0: it has no such row */
};

struct material {
    char *id;
    int64_t on_hand_milli, told_milli;
    bool stored;
    struct receipt *receipts; /* ascending; those with nothing left go once the store knows */
    size_t receipt_count, receipt_cap;
    int64_t reserved_milli; /* by lots that are not started, as of the last repair */
};

struct down {
    char *line, *reason;
    int64_t from_s, to_s; /* TAKT_TIME_NEVER: until it is reported up */
    bool gone, dirty;
};

struct setup {
    char *line;
    int32_t family; /* place in variants.family_names; -1: none */
    bool dirty;
};

struct stock {
    const struct plant *plant;
    struct material *materials; /* by place in the plant, then those the plant does not know any more */
    size_t material_count;
    struct down *downs;
    size_t down_count, down_cap;
    struct setup *setups; /* likewise by line */
    size_t setup_count;
    int64_t guess_until_s; /* downtimes of unknown end are taken to end then; TAKT_TIME_NEVER: there is none */
};

struct variants;

void stock_init(struct stock *s, const struct plant *plant);
void stock_done(struct stock *s);
/* Another plant: materials and lines are found again by name. */
void stock_reload(struct stock *s, const struct plant *plant);
/* An empty store: everything as the plant's file says. */
void stock_seed(struct stock *s, struct variants *v, int64_t now_s);

void stock_load_stock(struct stock *s, const struct stock_row *row);
void stock_load_receipt(struct stock *s, const struct receipt_row *row);
void stock_load_down(struct stock *s, const struct down_row *row);
void stock_load_setup(struct stock *s, struct variants *v, const struct setup_row *row);

/* The downtimes of a line, with ends; those of unknown end as guessed at now_s. */
void stock_downs(const struct stock *s, int32_t line, int64_t now_s, struct arena *arena, struct plant_interval **ret,
                 size_t *ret_count);
/* Guesses anew; true: a downtime has outlasted the last guess. */
bool stock_guess(struct stock *s, int64_t now_s);
/* The downtime that a line is in; NULL: none. */
struct down *stock_down_at(const struct stock *s, int32_t line, int64_t time_s);
void stock_down(struct stock *s, int32_t line, int64_t from_s, int64_t to_s, const char *reason);
void stock_up(struct stock *s, int32_t line, int64_t at_s);
/* Downtimes that ended long ago go. */
void stock_tidy(struct stock *s, int64_t now_s);

/* A task has started, so its material was there: what is expected by now is taken to have come where on hand falls
 * short. */
void stock_consume(struct stock *s, int32_t material, int64_t quantity_milli, int64_t now_s);
/* So much has come: what was expected first is settled by it. */
void stock_receive(struct stock *s, int32_t material, int64_t quantity_milli);

void stock_published(struct stock *s); /* the store knows all of it */
