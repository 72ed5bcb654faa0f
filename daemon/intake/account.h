/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A creator's account at the intake: how many of its orders are under way, and how fast they may come. One for each creator,
 * whatever the number of its connections.
 *
 * Threads: one owner. Ownership: accounts live as long as their table, also when a reload takes their creator away, since
 * requests under way point to them. Times are real. */

#include "config/plant.h"

#include <uthash.h>

enum {
    ACCOUNT_CREDIT = 2000,     /* orders sent and not yet answered, at all processes together that the creator is connected to */
    ACCOUNT_CREDIT_LOW = 500,  /* while much waits */
    ACCOUNT_CREDIT_LEAST = 100, /* while the store fails */
    ACCOUNT_STORE = 200,       /* orders at the store at a time, times the creator's share; see I6 of intake.h */
    ACCOUNT_STORE_BESIDE = 25, /* the same, while somebody else sends little */
    ACCOUNT_SPARSE = 20,       /* orders under way, at most, of who sends little */
    ACCOUNT_BESIDE_MS = 1000   /* for how long who has sent little is remembered */
};

struct account {
    char *creator;
    int32_t place;        /* in the plant; -1: it is not in it any more */
    uint32_t outstanding; /* orders */
    uint32_t part, part_before; /* of ACCOUNT_CREDIT, as the creator was told last and before that */
    uint32_t at_store;    /* orders, and what else changes one */
    struct store_request *held, *held_last; /* changes that wait until less is at the store, in order */
    int64_t sent_ms;      /* when the first of those went there */
    int64_t resume_ms;    /* while it pauses */
    bool pauses;          /* what is held waits for that */
    struct account *paused_prev, *paused_next;
    int64_t allowance_milli, refilled_ms; /* of rate */
    UT_hash_handle hh;
};

struct accounts {
    struct account *table;
};

void accounts_done(struct accounts *a);

/* The account of a creator; NULL: it is not in the plant. */
struct account *account_open(struct accounts *a, const struct plant *plant, const char *creator);

/* A new plant is in force. */
void accounts_move(struct accounts *a, const struct plant *plant);

/* The creator is told its part of the credit, of which there are so many. */
void account_tell(struct account *a, uint32_t sharers);
/* How many orders may be under way: what it may rely on until it has seen less. */
uint32_t account_most(const struct account *a);

/* May so many orders come now, at one of so many processes? Takes them off the allowance if so; else ret_wait_ms says when to try
 * again. */
bool account_admit(struct account *a, const struct plant_creator *creator, uint32_t sharers, uint32_t orders, int64_t now_ms,
                   int64_t *ret_wait_ms);
