/* SPDX-License-Identifier: Apache-2.0 */
#include "schedulers/lane.h"

#include "schedulers/job_facts.h"

#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 400, ASK_EVERY = 32, COLD_DIVISOR = 200 };

static int compare_costs(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Temperatures from what moves that make the plan worse cost at the start. */
static void calibrate(struct lane *l, const struct solve_limits *limits) {
    int64_t worse[SAMPLES], count = 0;
    for (int32_t k = 0; k < 4 * SAMPLES && count < SAMPLES; k++) {
        struct neighbour_move m;
        int64_t before = l->q->energy;
        if (limits->deadline != NULL && limits->deadline(limits->arg))
            break;
        if (!neighbour_propose(&l->neighbour, l->q, &m) || !sequence_move(l->q, m.task, m.option, m.next))
            continue;
        if (l->q->energy > before)
            worse[count++] = l->q->energy - before;
        sequence_undo(l->q);
    }
    if (count > 0)
        qsort(worse, (size_t)count, sizeof *worse, compare_costs);
    static const struct {
        int32_t percent, divisor;
    } of[LANE_LEVELS] = {{5, 4096}, {5, 256}, {10, 16}, {25, 8}, {25, 2}, {50, 2}, {50, 1}, {90, 1}};
    for (int32_t k = 0; k < LANE_LEVELS; k++) {
        int64_t typical = count > 0 ? worse[count * of[k].percent / 100] : 1;
        typical = typical < (INT64_C(1) << 40) ? typical : INT64_C(1) << 40;
        l->level[k] = typical * 65536 / of[k].divisor + 1;
    }
    lane_heat(l, LANE_LEVELS / 2);
}

void lane_heat(struct lane *l, int32_t level) {
    l->hot = l->level[level];
    l->cold = l->hot / COLD_DIVISOR + 1;
}

struct lane *lane_new(const struct problem *p, const struct schedule *s, uint64_t seed,
                      const struct solve_limits *limits) {
    struct sequence *q = sequence_knows(p) ? sequence_new(p, s) : NULL;
    if (q == NULL)
        return NULL;
    struct lane *l = takt_alloc(sizeof *l);
    size_t size = (size_t)p->tasks * sizeof(int32_t);
    l->q = q;
    l->best.order = takt_alloc(size);
    l->best.option = takt_alloc(size);
    sequence_save(q, &l->best);
    l->best_cost = q->cost;
    neighbour_init(&l->neighbour, p, seed);
    calibrate(l, limits);
    return l;
}

void lane_free(struct lane *l) {
    if (l == NULL)
        return;
    neighbour_done(&l->neighbour);
    sequence_free(l->q);
    free(l->best.order);
    free(l->best.option);
    free(l);
}

/* hot · (cold/hot)^(at/2^16), with the power of two taken straight between its whole steps. */
int64_t lane_temperature(int64_t hot, int64_t cold, int32_t at) {
    int64_t fall = (int64_t)log2_fixed((uint64_t)hot) - log2_fixed((uint64_t)cold);
    int64_t down = fall * at / 65536, whole = down >> 16, part = down & 0xffff;
    return (int64_t)((__int128)(hot >> whole) * (131072 - part) / 131072); /* costs of a whole order book are large */
}

int64_t lane_patience(struct random *random, int64_t warmth) {
    uint64_t u = (random_next(random) >> 32) + 1;
    int64_t log = (32 << 16) - log2_fixed(u); /* −log2(u) · 2^16 */
    return ((warmth >> 8) * (log * 45426 >> 24)) >> 16;
}

int32_t lane_progress(const struct lane_stretch *stretch, const struct solve_limits *limits, int64_t done) {
    int64_t way = stretch->to - stretch->from;
    if (limits->deadline != NULL && limits->deadline(limits->arg))
        return -1;
    if (stretch->moves > 0)
        return stretch->from + (int32_t)(way * done / stretch->moves);
    int32_t share = limits->spent(limits->arg);
    if (share >= stretch->end)
        return -1;
    if (share <= stretch->begin)
        return stretch->from;
    return stretch->from + (int32_t)(way * (share - stretch->begin) / (stretch->end - stretch->begin));
}

static void remember(struct lane *l) {
    l->best_cost = l->q->cost;
    sequence_save(l->q, &l->best);
}

void lane_run(struct lane *l, const struct lane_stretch *stretch, const struct solve_limits *limits) {
    struct sequence *q = l->q;
    int64_t warmth = lane_temperature(l->hot, l->cold, stretch->from), best = l->best_cost;
    bool better = false; /* than the one that was saved, and not left since */
    for (int64_t k = 0; stretch->moves == 0 || k < stretch->moves; k++) {
        struct neighbour_move m;
        if (k % ASK_EVERY == 0) {
            int32_t at = lane_progress(stretch, limits, k);
            if (at < 0)
                break;
            warmth = lane_temperature(l->hot, l->cold, at);
        }
        l->tried++;
        if (!neighbour_propose(&l->neighbour, q, &m))
            continue;
        int64_t before = q->energy;
        q->limit = before + lane_patience(&l->neighbour.random, warmth);
        q->slack = q->limit - before + (warmth >> 14);
        if (!sequence_move(q, m.task, m.option, m.next))
            continue;
        if (better && q->cost > best) { /* it goes up from a new best: that one is kept first */
            sequence_undo(q);
            remember(l);
            better = false;
            sequence_move(q, m.task, m.option, m.next);
        }
        if (q->cost < best) {
            best = q->cost;
            better = true;
        }
    }
    if (better)
        remember(l);
    q->limit = INT64_MAX;
}

void lane_adopt(struct lane *l, const struct lane *other) {
    sequence_restore(l->q, &other->best);
}

struct schedule *lane_schedule(struct lane *l) {
    struct sequence_order now;
    size_t size = (size_t)l->q->p->tasks * sizeof(int32_t);
    now.order = takt_alloc(size);
    now.option = takt_alloc(size);
    sequence_save(l->q, &now);
    sequence_restore(l->q, &l->best);
    struct schedule *s = sequence_schedule(l->q);
    sequence_restore(l->q, &now);
    free(now.order);
    free(now.option);
    return s;
}

void lane_restart(struct lane *l, struct sequence_order from) {
    sequence_restore(l->q, &from);
    remember(l);
}
