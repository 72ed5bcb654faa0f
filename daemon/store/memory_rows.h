/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Inside the memory back end: where its rows lie.
 *
 * Orders and lots are found by number in arrays (a number is at most as large as all changes together), keys of texts
 * in hash tables, what belongs to an order or a lot in small arrays of its own. Texts of which there are few (products,
 * options, lines, creators, services) are kept once; all lie in an arena until the store is closed. */

#include "daemon/store/tables.h"

/* A growing array that is part of something; each used with its type's name. */
#define ROWS(type)                                                                                                     \
    struct {                                                                                                           \
        type *rows;                                                                                                    \
        size_t count, room;                                                                                            \
    }

struct memory_order {
    struct order_row row;
    struct order_head head; /* what moves; row has it too when it is handed out */
    const char *body;
    ROWS(struct slice_row) slices; /* by item, first */
    ROWS(struct promise_row) promises;
    ROWS(struct event_row *) events;
};

struct memory_lot {
    struct lot_row row;
    int64_t open_slices;
    ROWS(struct task_row) tasks; /* by op */
};

struct memory_key { /* of an order or a report: both texts, one after the other */
    const char *text;
    struct order_key key;
    UT_hash_handle hh;
};

struct memory_text {
    const char *text;
    UT_hash_handle hh;
};

struct publication_text { /* the texts are its own */
    struct publication_row row;
    char *orders, *lots;
};

struct memory_creator {
    const char *creator;
    ROWS(const struct event_row *) events; /* by cursor */
    UT_hash_handle hh;
};

struct memory_store {
    struct tables tables;
    struct table_ops ops;
    struct arena *arena;
    struct memory_text *texts;
    struct memory_key *orders_by_ref, *reports;
    ROWS(struct memory_order *) orders; /* by number, NULL: the change of that number was no order */
    ROWS(struct memory_lot *) lots;     /* by number */
    ROWS(struct change_mark) changes;
    ROWS(struct publication_text) publications; /* by number */
    ROWS(struct erasure_row) erasures; /* by order */
    ROWS(struct audit_link) links; /* by number, from 1 */
    struct memory_creator *creators;
    ROWS(struct shipment_row) shipments; /* by number */
    ROWS(struct stock_row) stock;        /* these by their keys */
    ROWS(struct receipt_row) receipts;
    ROWS(struct down_row) downs;
    ROWS(struct setup_row) setups;
    ROWS(struct surplus_row) surplus;
    ROWS(struct process_row) processes;
};

/* NULL: there is none. */
struct memory_order *memory_order(struct memory_store *s, uint64_t no);
struct memory_lot *memory_lot(struct memory_store *s, uint64_t lot);

/* For texts of which there are few, and for others; NULL is "". */
const char *memory_word(struct memory_store *s, const char *text);
const char *memory_text(struct memory_store *s, const char *text);

void memory_order_ops(struct table_ops *ops);
void memory_plan_ops(struct table_ops *ops);
void memory_world_ops(struct table_ops *ops);
void memory_follow_ops(struct table_ops *ops);
void memory_audit_ops(struct table_ops *ops);

/* The place of key in rows that are sorted by compare: the first that is not below it. */
size_t memory_place(const void *rows, size_t count, size_t size, const void *key,
                    int (*compare)(const void *a, const void *b));
