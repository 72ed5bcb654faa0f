/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/sim/breakdown.h"

#include "base/arena.h"
#include "base/time.h"
#include "daemon/sim/chance.h"

#include <stdlib.h>

enum { WEEK_S = 7 * 86400, SHORTEST_S = 30 * 60, LONGEST_S = 8 * 3600, GUESS_NOISE_PPM = 500000 };

struct breakdowns {
    const struct plant *plant;
    const struct worktime *worktime;
    uint64_t seed;
    int64_t a_week, origin_s;
    uint64_t week;             /* the next one to draw */
    struct breakdown *queue;   /* from `at` on, by time */
    size_t at, count, room;
};

static int by_time(const void *left, const void *right) {
    const struct breakdown *a = left, *b = right;
    if (a->from_s != b->from_s)
        return a->from_s < b->from_s ? -1 : 1;
    return (a->line > b->line) - (a->line < b->line);
}

static void add(struct breakdowns *b, struct breakdown one) {
    ARRAY_GROW(b->queue, b->count, b->room);
    b->queue[b->count++] = one;
}

struct breakdowns *breakdowns_new(const struct plant *plant, const struct worktime *worktime, uint64_t seed, int64_t a_week,
                                  int64_t origin_s) {
    struct breakdowns *b = takt_alloc(sizeof *b);
    *b = (struct breakdowns){
        .plant = plant, .worktime = worktime, .seed = seed, .a_week = a_week, .origin_s = origin_s};
    for (size_t l = 0; l < plant->line_count; l++)
        for (size_t k = 0; k < plant->lines[l].down_count; k++) {
            const struct plant_interval *down = &plant->lines[l].down[k];
            if (down->to_s > origin_s)
                add(b, (struct breakdown){.line = (int32_t)l, .from_s = down->from_s, .to_s = down->to_s,
                                          .guess_s = down->to_s, .announced = true, .reason = down->reason});
        }
    if (b->count > 1)
        qsort(b->queue, b->count, sizeof *b->queue, by_time);
    return b;
}

void breakdowns_free(struct breakdowns *b) {
    if (b == NULL)
        return;
    free(b->queue);
    free(b);
}

static struct breakdown draw(const struct breakdowns *b, uint64_t week, uint64_t number) {
    uint64_t key = week * 1000 + number;
    int32_t line = (int32_t)chance_below(chance(b->seed, CHANCE_LINE, key, 0), b->plant->line_count);
    int64_t from_s = b->origin_s + (int64_t)week * WEEK_S +
                     (int64_t)chance_below(chance(b->seed, CHANCE_BREAKDOWN, key, 0), WEEK_S);
    from_s = worktime_next_s(b->worktime, worktime_line(b->worktime, line), from_s);
    if (from_s == TAKT_TIME_NEVER)
        return (struct breakdown){.from_s = from_s};
    int64_t length_s = SHORTEST_S + (int64_t)chance_below(chance(b->seed, CHANCE_REPAIR, key, 0), LONGEST_S - SHORTEST_S);
    int64_t guess_ppm = chance_factor_ppm(chance(b->seed, CHANCE_ESTIMATE, key, 0), GUESS_NOISE_PPM);
    return (struct breakdown){.line = line, .from_s = from_s, .to_s = from_s + length_s,
                              .guess_s = from_s + length_s * guess_ppm / 1000000, .reason = "breakdown"};
}

/* A breakdown of a week may come in a later one, when its line opens; what comes next is known for certain once a week is
 * drawn that begins after it. */
static void draw_weeks(struct breakdowns *b) {
    if (b->a_week == 0 || b->plant->line_count == 0)
        return;
    while (b->week < (uint64_t)WORKTIME_YEARS * 52 &&
           (b->at == b->count || b->queue[b->at].from_s >= b->origin_s + (int64_t)b->week * WEEK_S)) {
        for (int64_t k = 0; k < b->a_week; k++) {
            struct breakdown one = draw(b, b->week, (uint64_t)k);
            if (one.from_s != TAKT_TIME_NEVER)
                add(b, one);
        }
        b->week++;
        if (b->count > b->at)
            qsort(b->queue + b->at, b->count - b->at, sizeof *b->queue, by_time);
    }
}

const struct breakdown *breakdowns_next(struct breakdowns *b) {
    draw_weeks(b);
    return b->at < b->count ? &b->queue[b->at] : NULL;
}

void breakdowns_take(struct breakdowns *b) {
    b->at++;
}
