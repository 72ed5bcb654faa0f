/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* When lines, pools and packing lines are open: calendars less downtimes, as sorted intervals of plant time within a
 * window that moves on with the clock.
 *
 * A downtime whose end is not known is taken to last two hours, and twice as long whenever that has passed: so a line
 * that is out of use is planned for again, later and later, and never for a time that has passed.
 *
 * Threads: one owner. Cost: making the window is linear in its days; questions are a binary search. */

#include "config/calendar.h"
#include "config/plant.h"

struct stock;

struct opening {
    const struct open_interval *list;
    size_t count;
};

struct openings {
    struct arena *arena;
    int64_t from_s, to_s;                    /* the window; to_s 0: none */
    struct opening *lines, *pools, *packing; /* by place in the plant */
};

void openings_init(struct openings *o);
void openings_done(struct openings *o);
/* Makes the window anew at the next openings_need: a downtime or the plant changed. */
void openings_forget(struct openings *o);
/* Sees to a window that begins before now_s and goes on for at least ahead_s. */
void openings_need(struct openings *o, const struct plant *plant, const struct stock *stock, int64_t now_s,
                   int64_t ahead_s);

/* The first open moment at or after time_s; TAKT_TIME_NEVER beyond the window. */
int64_t opening_next(const struct opening *o, int64_t time_s);
/* When work_s open seconds have passed from time_s on; beyond the window time goes on as if it were open. */
int64_t opening_end(const struct opening *o, int64_t time_s, int64_t work_s);
/* Open seconds in [from_s, to_s). */
int64_t opening_between(const struct opening *o, int64_t from_s, int64_t to_s);
/* Index of the first interval that ends after time_s. */
size_t opening_at(const struct opening *o, int64_t time_s);
