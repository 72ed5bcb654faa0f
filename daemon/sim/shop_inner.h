/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the files of the shop share: shop.c (what happens), shop_ready.c (when what can happen). Nobody else includes it. */

#include "daemon/sim/breakdown.h"
#include "daemon/sim/shop.h"
#include "daemon/sim/shopbook.h"

struct bench { /* a line as it is */
    struct shop_task **running; /* several only in one run of a batch line */
    size_t running_count, running_room;
    int64_t run_began_s;
    int64_t free_s;             /* when its last run ended */
    const char *family;         /* it is set up for; NULL: nothing known. From the task's lot: kept in `family_text` */
    char *family_text;
    int64_t down_until_s;       /* TAKT_TIME_NONE: it is not down */
    bool down_announced;
    int64_t next_s;             /* something may happen then */
    int64_t busy_s;
};

enum move { MOVE_NONE, MOVE_DOWN, MOVE_UP, MOVE_BEGIN, MOVE_END };

struct proposal {
    enum move move;
    int32_t line;
    struct shop_task *task; /* NULL: it is of a line, or its lot is gone meanwhile */
    struct report report;
    char report_ref[32], task_name[96];
};

struct shop {
    struct shop_config config;
    struct shopbook *book;
    struct breakdowns *breakdowns;
    struct bench *benches;      /* by line */
    struct proposal proposal;
    int64_t *scrap_rest_ppm;    /* by operation, over all products: what is left of a unit of scrap */
    size_t *first_op;           /* of a product, in it */
    uint64_t report_count;
    int64_t now_s;
    struct shop_figures figures;
};


bool shop_is_reported(const struct shop *s, int32_t line);

/* Units that come to a task: what the operation before makes of its own, or what the plan says. */
uint32_t shop_units_for(const struct shop *s, const struct shop_task *task);

/* The first second, not before now, at which a waiting task could begin; TAKT_TIME_NEVER: that cannot be said yet. */
int64_t shop_begin_s(const struct shop *s, const struct shop_task *task);
/* When a running one is done, and what it was fed by has ended for long enough; TAKT_TIME_NEVER likewise. */
int64_t shop_done_s(const struct shop_task *task);

const struct hours *shop_hours(const struct shop *s, const struct shop_task *task);
bool shop_same_family(const char *a, const char *b); /* NULL: none */

static inline int64_t shop_latest(int64_t a, int64_t b) {
    return a > b ? a : b;
}
