/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/coarse.h"

#include "base/arena.h"
#include "daemon/planner/lot_time.h"
#include "daemon/planner/state.h"

#include <stdlib.h>

enum { HOUR_S = 3600, DAY_S = 86400, KEEP_PERCENT = 110, STEADY_PARTS = 20 };

struct loads { /* by line: work given to it, and what it can do within the horizon */
    int64_t *work_s, *open_s;
};

static int by_need(const void *a, const void *b) {
    const struct lot *x = *(struct lot *const *)a, *y = *(struct lot *const *)b;
    if (x->state != y->state)
        return x->state == LOT_FIRM ? -1 : 1;
    if (x->due_s != y->due_s)
        return x->due_s < y->due_s ? -1 : 1;
    return (x->no > y->no) - (x->no < y->no);
}

/* What a task takes of a line's time: of a run on a batch line only its part. */
static int64_t share_s(const struct planner *p, const struct lot *lot, size_t op, const struct plant_rate *rate) {
    int64_t quantity = lot->tasks[op].quantity, batch = p->plant->lines[rate->line].batch;
    int64_t time_s = plant_rate_s(rate, quantity);
    return batch > 0 && quantity < batch ? time_s * quantity / batch : time_s;
}

/* The least loaded line of an operation, in parts a million of what it can do; the lot's work comes on top of it. */
static int64_t load_ppm(const struct planner *p, const struct loads *l, const struct lot *lot, size_t op,
                        int32_t *ret_line) {
    const struct plant_op *o = lot_op(p, lot, op);
    int64_t best = INT64_MAX;
    for (size_t i = 0; i < o->line_count; i++) {
        int32_t line = o->lines[i].line;
        int64_t open_s = l->open_s[line] > 0 ? l->open_s[line] : 1;
        int64_t ppm = (l->work_s[line] + share_s(p, lot, op, &o->lines[i])) * 1000000 / open_s;
        if (ppm < best) {
            best = ppm;
            *ret_line = line;
        }
    }
    return best;
}

static void add_work(const struct planner *p, struct loads *l, const struct lot *lot, size_t op, int32_t line) {
    const struct plant_op *o = lot_op(p, lot, op);
    for (size_t i = 0; i < o->line_count; i++)
        if (o->lines[i].line == line)
            l->work_s[line] += share_s(p, lot, op, &o->lines[i]);
}

static int64_t shortest_s(const struct planner *p, const struct lot *lot) {
    int64_t sum = 0;
    for (size_t k = 0; k < lot->op_count; k++) {
        const struct plant_op *o = lot_op(p, lot, k);
        int64_t best = INT64_MAX;
        for (size_t i = 0; i < o->line_count; i++) {
            int64_t time_s = plant_rate_s(&o->lines[i], lot->tasks[k].quantity);
            best = time_s < best ? time_s : best;
        }
        sum += best + o->rest_s;
    }
    return sum;
}

static void estimate(struct planner *p, struct lot *lot, int64_t fullest_ppm, int64_t now_s) {
    int64_t horizon_s = p->plant->planning.horizon_s;
    int64_t ready_s = now_s + horizon_s / 1000 * (fullest_ppm / 1000) + shortest_s(p, lot);
    int64_t off_s = ready_s > lot->ready_s ? ready_s - lot->ready_s : lot->ready_s - ready_s;
    if (lot->material_s != TAKT_TIME_NONE && lot->material_s > now_s && lot->material_s != TAKT_TIME_NEVER)
        ready_s = lot->material_s > ready_s ? lot->material_s + shortest_s(p, lot) : ready_s;
    if (lot->coarse && lot->ready_s != TAKT_TIME_NEVER && off_s <= DAY_S + (lot->ready_s - now_s) / STEADY_PARTS)
        return;
    if (lot->ready_s == ready_s)
        return;
    lot->ready_s = ready_s;
    for (struct slice *s = lot->slices; s != NULL; s = s->lot_next)
        order_touch(&p->book, s->order);
}

static void judge(struct planner *p, struct loads *l, struct lot *lot, int64_t now_s) {
    int32_t lines[256];
    int64_t fullest_ppm = 0, most_ppm = lot->coarse || lot->tasks[0].line < 0 ? 1000000 : KEEP_PERCENT * 10000;
    for (size_t k = 0; k < lot->op_count && k < 256; k++) {
        int64_t ppm = lot->tasks[k].state == TASK_FINISHED ? 0 : load_ppm(p, l, lot, k, &lines[k]);
        fullest_ppm = ppm > fullest_ppm ? ppm : fullest_ppm;
    }
    for (size_t k = 0; k < lot->op_count && k < 256; k++)
        if (lot->tasks[k].state != TASK_FINISHED)
            add_work(p, l, lot, k, lines[k]);
    if (lot->state == LOT_FIRM || fullest_ppm <= most_ppm) {
        lot->coarse = false;
        return;
    }
    estimate(p, lot, fullest_ppm, now_s);
    lot->coarse = true;
}

static int64_t again_s(const struct planner *p) {
    int64_t s = p->plant->planning.horizon_s / STEADY_PARTS;
    return s > DAY_S ? DAY_S : s < HOUR_S ? HOUR_S : s;
}

void coarse_divide(struct planner *p, int64_t now_s) {
    size_t lines = p->plant->line_count, count = p->lots.live_count;
    struct loads l = {takt_alloc(lines * sizeof(int64_t)), takt_alloc(lines * sizeof(int64_t))};
    struct lot **lots = takt_alloc(count * sizeof *lots);
    for (size_t i = 0; i < lines; i++)
        l.open_s[i] = opening_between(&p->openings.lines[i], now_s, now_s + p->plant->planning.horizon_s);
    for (size_t i = 0; i < count; i++)
        lots[i] = p->lots.live[i];
    if (count > 0)
        qsort(lots, count, sizeof(struct lot *), by_need);
    p->divide_s = TAKT_TIME_NEVER;
    for (size_t i = 0; i < count; i++) {
        judge(p, &l, lots[i], now_s);
        if (lots[i]->coarse)
            p->divide_s = now_s + again_s(p);
    }
    free(lots);
    free(l.work_s);
    free(l.open_s);
}
