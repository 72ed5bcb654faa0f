/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A report of the shop floor, as a struct. daemon/floor reads it from the wire; planner_report judges and applies it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPORT_EVENTS(X)                                                                                                \
    X(STARTED, "started")                                                                                               \
    X(PROGRESS, "progress")                                                                                             \
    X(FINISHED, "finished")                                                                                             \
    X(SCRAPPED, "scrapped")                                                                                             \
    X(DOWN, "down")                                                                                                     \
    X(UP, "up")                                                                                                         \
    X(SETUP, "setup")                                                                                                   \
    X(STOCK, "stock")                                                                                                   \
    X(RECEIPT, "receipt")                                                                                               \
    X(PACKED, "packed")
enum report_event {
#define X(name, text) REPORT_##name,
    REPORT_EVENTS(X)
#undef X
};

/* One unit of an order: `CREATOR/ORDER_REF/item/unit` on the wire, item and unit from 1. */
struct report_unit {
    uint64_t order; /* number */
    uint32_t item;  /* from 0 */
    uint32_t unit;  /* from 0 */
};

struct report {
    const char *reporter;    /* terminal, or `operator` from the control socket */
    const char *report_ref;  /* 1–64 bytes, the reporter's own */
    enum report_event event;
    const char *line;        /* NULL: not given */
    const char *task;        /* `L<lot>-<op>`; NULL: not given */
    int64_t good, scrap;     /* -1: not given. good: total so far of this task; scrap: more units lost with this report */
    const struct report_unit *units; /* that were scrapped, by name */
    size_t unit_count;
    int64_t at_s;            /* when it happened; TAKT_TIME_NONE: now. The future beyond five minutes is refused */
    int64_t until_s;         /* down: expected end, TAKT_TIME_NONE: until `up` */
    const char *reason;      /* NULL: none */
    const char *family;      /* setup: what the line is set up for now */
    const char *material;    /* stock, receipt */
    int64_t quantity_milli;  /* stock: on hand now; receipt: what has come; -1: not given */
    uint64_t order;          /* packed: number of the order (the floor has looked it up); 0 */
    const char *body;        /* JSON as it came, for the record */
    uint8_t hash[32];        /* of the content */
};
