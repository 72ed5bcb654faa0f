/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The books of a simulated life: what became of each order, and the figures that come of it (docs/simulation.md says what
 * each means). Whole numbers all through, so the same life gives the same figures everywhere.
 *
 * Threads: one owner. Cost: about 80 bytes an order; the summary sorts. */

#include "daemon/sim/alone.h"
#include "daemon/store/store.h"

struct tally;

struct spread { /* of many values; all 0 if there were none */
    int64_t mean, median, p95, p99;
};

struct summary {
    uint64_t accepted, refused, cancelled, shipped, open;
    uint64_t units, surplus;
    uint64_t late_promise, late_wish;
    struct spread lead_promised_s, flow_s;
    struct spread flow_factor_milli;
    int64_t changes_per_1000_milli;
    int64_t changeover_s;
    int64_t wip_unit_s, made_not_shipped_unit_s;
    int64_t *load_ppm;          /* by line */
    uint64_t plans, moves;
    int64_t cpu_total_us;
    struct spread plan_us;
};

struct tally *tally_new(const struct plant *plant, struct alone *alone, int64_t origin_s);
void tally_free(struct tally *t); /* NULL is fine */

void tally_refused(struct tally *t);
void tally_accepted(struct tally *t, uint64_t no, const struct order_row *order, int64_t now_s);
void tally_cancelled(struct tally *t, uint64_t count);
void tally_published(struct tally *t, const struct store_publish *publication);
void tally_shipped(struct tally *t, const uint64_t *orders, size_t count, int64_t now_s);
/* Up to now, so many units were in work, and so many were made since the beginning. */
void tally_hold(struct tally *t, int64_t now_s, int64_t wip_units, int64_t made_units);
/* Processor time that one plan took. */
void tally_plan_us(struct tally *t, int64_t us);

uint64_t tally_open(const struct tally *t);     /* orders neither shipped nor cancelled */
uint64_t tally_accepted_count(const struct tally *t);

/* All but surplus, changeover_s, load, moves and cpu_total_us, which others know. */
void tally_summary(const struct tally *t, struct summary *ret);
