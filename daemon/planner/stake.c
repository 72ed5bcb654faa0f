/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/stake.h"

#include "base/arena.h"

#include <stdlib.h>

/* When the lots of a model are ready by a schedule, by job. */
static int64_t *ready_times(const struct planner *p, const struct plan_model *m, const struct schedule *s) {
    int64_t *ready_s = takt_alloc(p->lots.live_count * sizeof *ready_s);
    for (int32_t i = 0; i < m->task_count; i++) {
        const struct lot *lot = lot_find(&p->lots, m->tasks[i].lot);
        if (lot->job >= 0 && m->tasks[i].op + 1 == lot->op_count)
            ready_s[lot->job] = m->origin_s + s->end[i] + lot_op(p, lot, m->tasks[i].op)->rest_s;
    }
    return ready_s;
}

struct outlook { /* of a due with a promise */
    struct due *due;
    int64_t before_s, after_s, latest_s;
    struct packing_cell before, after;
};

/* The half hour of a time; of one that never comes the last there is whose end can be told. */
static int64_t half_hour(int64_t time_s) {
    return time_s == TAKT_TIME_NEVER ? TAKT_TIME_NEVER / PACKING_BUCKET_S - 1 : time_s / PACKING_BUCKET_S;
}

/* When the last of its lots is ready, in the plan in force and by the schedule. */
static struct outlook look_at(const struct due *d, const int64_t *ready_s) {
    int64_t before_s = TAKT_TIME_NONE, after_s = TAKT_TIME_NONE;
    for (uint32_t k = 0; k < d->lot_count; k++) {
        const struct lot *lot = d->lots[k];
        int64_t then_s = lot->job >= 0 ? ready_s[lot->job] : lot->ready_s;
        before_s = lot->ready_s > before_s ? lot->ready_s : before_s;
        after_s = then_s > after_s ? then_s : after_s;
    }
    struct packing_cell cell = {.ship_by_s = d->promise_s, .count = d->orders};
    struct outlook o = {.before_s = before_s, .after_s = after_s, .before = cell, .after = cell};
    o.before.number = half_hour(before_s);
    o.after.number = half_hour(after_s);
    return o;
}

static void pack(struct planner *p, struct packing_cell **cells, size_t count, int64_t now_s) {
    if (p->packing.station_count > 0)
        packing_forecast(p, cells, count, now_s);
    else
        for (size_t i = 0; i < count; i++)
            cells[i]->end_s = cells[i]->number * PACKING_BUCKET_S;
}

static void pack_all(struct planner *p, struct outlook *list, size_t count, int64_t now_s) {
    struct packing_cell **cells = takt_alloc(count * sizeof *cells);
    for (size_t i = 0; i < count; i++)
        cells[i] = &list[i].before;
    pack(p, cells, count, now_s);
    for (size_t i = 0; i < count; i++)
        cells[i] = &list[i].after;
    pack(p, cells, count, now_s);
    free(cells);
}

struct stake stake_of(struct planner *p, const struct plan_model *m, const struct schedule *s, int64_t now_s) {
    int64_t *ready_s = ready_times(p, m, s);
    struct outlook *list = takt_alloc(p->dues.count * sizeof *list);
    struct stake stake = {0, 0};
    size_t count = 0;
    for (size_t i = 0; i < p->dues.count; i++) {
        struct due *d = p->dues.list[i];
        d->broken = false;
        if (d->promise_s == TAKT_TIME_NONE)
            continue;
        list[count] = look_at(d, ready_s);
        list[count].latest_s = packing_latest(p, d->promise_s);
        list[count++].due = d;
    }
    if (count > 0)
        pack_all(p, list, count, now_s);
    for (size_t i = 0; i < count; i++) {
        struct due *d = list[i].due;
        bool was_unmade = list[i].before_s > list[i].latest_s, is_unmade = list[i].after_s > list[i].latest_s;
        bool was_late = list[i].before.end_s > d->promise_s, is_late = list[i].after.end_s > d->promise_s;
        d->broken = (!was_unmade && is_unmade) || (!was_late && is_late);
        stake.broken += d->broken ? d->weight : 0;
        stake.mended += was_unmade && !is_unmade ? d->weight : 0;
    }
    free(list);
    free(ready_s);
    return stake;
}
