/* SPDX-License-Identifier: Apache-2.0 */
#include "schedulers/lane.h"

#include "schedulers/job_facts.h"

#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 400, ASK_EVERY = 32, HOT_DIVISOR = 2, COLD_DIVISOR = 200 };

static int compare_costs(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Temperatures from what moves that make the plan worse cost at the start. */
static void calibrate(struct lane *l) {
    int64_t worse[SAMPLES], count = 0;
    for (int32_t k = 0; k < 4 * SAMPLES && count < SAMPLES; k++) {
        struct neighbour_move m;
        int64_t before = l->q->cost;
        if (!neighbour_propose(&l->neighbour, l->q, &m) || !sequence_move(l->q, m.task, m.option, m.next))
            continue;
        if (l->q->cost > before)
            worse[count++] = l->q->cost - before;
        sequence_undo(l->q);
    }
    if (count > 0)
        qsort(worse, (size_t)count, sizeof *worse, compare_costs);
    int64_t typical = count > 0 ? worse[count / 4] : 1;
    typical = typical < (INT64_C(1) << 40) ? typical : INT64_C(1) << 40;
    l->hot = typical * 65536 / HOT_DIVISOR + 1;
    l->cold = l->hot / COLD_DIVISOR + 1;
}

struct lane *lane_new(const struct problem *p, const struct schedule *s, uint64_t seed) {
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
    calibrate(l);
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
static int64_t temperature(const struct lane *l, int32_t at) {
    int64_t fall = (int64_t)log2_fixed((uint64_t)l->hot) - log2_fixed((uint64_t)l->cold);
    int64_t down = fall * at / 65536, whole = down >> 16, part = down & 0xffff;
    return ((l->hot >> whole) * (131072 - part)) / 131072;
}

/* The most that a move may cost more now: T · −ln(u) for a random u in (0, 1]. */
static int64_t patience(struct lane *l, int64_t warmth) {
    uint64_t u = (random_next(&l->neighbour.random) >> 32) + 1;
    int64_t log = (32 << 16) - log2_fixed(u); /* −log2(u) · 2^16 */
    return ((warmth >> 8) * (log * 45426 >> 24)) >> 16;
}

static void remember(struct lane *l) {
    l->best_cost = l->q->cost;
    sequence_save(l->q, &l->best);
}

void lane_run(struct lane *l, const struct lane_stretch *stretch, const struct solve_limits *limits) {
    struct sequence *q = l->q;
    int64_t warmth = temperature(l, stretch->from), best = l->best_cost;
    bool better = false; /* than the one that was saved, and not left since */
    for (int64_t k = 0; stretch->moves == 0 || k < stretch->moves; k++) {
        struct neighbour_move m;
        if (k % ASK_EVERY == 0) {
            int32_t at = stretch->from;
            if (limits->deadline != NULL && limits->deadline(limits->arg))
                break;
            if (stretch->moves > 0)
                at += (int32_t)((stretch->to - stretch->from) * k / stretch->moves);
            else if ((at = limits->spent(limits->arg)) >= stretch->to)
                break;
            warmth = temperature(l, at);
        }
        l->tried++;
        if (!neighbour_propose(&l->neighbour, q, &m))
            continue;
        int64_t before = q->cost;
        q->limit = before + patience(l, warmth);
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
