/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/opening.h"

#include "base/arena.h"
#include "base/time.h"
#include "daemon/planner/stock.h"

#include <string.h>

enum { DAY_S = 86400, BEHIND_S = 14 * DAY_S, SPARE_S = 7 * DAY_S };

void openings_init(struct openings *o) {
    *o = (struct openings){.arena = arena_new()};
}

void openings_done(struct openings *o) {
    arena_free(o->arena);
    o->arena = NULL;
}

void openings_forget(struct openings *o) {
    o->to_s = 0;
}

static struct opening line_opening(struct openings *o, const struct plant *plant, const struct stock *stock,
                                   int32_t line, int64_t now_s) {
    struct plant_interval *downs;
    struct open_interval *list;
    size_t down_count, count;
    stock_downs(stock, line, now_s, o->arena, &downs, &down_count);
    calendar_open_less(plant, plant->lines[line].calendar, downs, down_count, o->from_s, o->to_s, o->arena, &list,
                       &count);
    return (struct opening){list, count};
}

static struct opening calendar_opening(struct openings *o, const struct plant *plant, int32_t calendar) {
    struct open_interval *list;
    size_t count;
    calendar_open(plant, calendar, o->from_s, o->to_s, o->arena, &list, &count);
    return (struct opening){list, count};
}

void openings_need(struct openings *o, const struct plant *plant, const struct stock *stock, int64_t now_s,
                   int64_t ahead_s) {
    if (o->to_s != 0 && o->from_s <= now_s && o->to_s >= now_s + ahead_s && now_s < stock->guess_until_s)
        return;
    arena_clear(o->arena);
    o->from_s = now_s - BEHIND_S;
    o->to_s = now_s + ahead_s + SPARE_S;
    o->lines = arena_array(o->arena, plant->line_count, sizeof *o->lines);
    o->pools = arena_array(o->arena, plant->pool_count, sizeof *o->pools);
    o->packing = arena_array(o->arena, plant->packing_count, sizeof *o->packing);
    for (size_t i = 0; i < plant->line_count; i++)
        o->lines[i] = line_opening(o, plant, stock, (int32_t)i, now_s);
    for (size_t i = 0; i < plant->pool_count; i++)
        o->pools[i] = calendar_opening(o, plant, plant->pools[i].calendar);
    for (size_t i = 0; i < plant->packing_count; i++)
        o->packing[i] = calendar_opening(o, plant, plant->packing[i].calendar);
}

size_t opening_at(const struct opening *o, int64_t time_s) {
    size_t low = 0, high = o->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (o->list[mid].to_s > time_s)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

int64_t opening_next(const struct opening *o, int64_t time_s) {
    size_t i = opening_at(o, time_s);
    if (i == o->count)
        return TAKT_TIME_NEVER;
    return o->list[i].from_s > time_s ? o->list[i].from_s : time_s;
}

int64_t opening_end(const struct opening *o, int64_t time_s, int64_t work_s) {
    int64_t at = time_s;
    for (size_t i = opening_at(o, time_s); i < o->count && work_s > 0; i++) {
        if (o->list[i].from_s > at)
            at = o->list[i].from_s;
        if (o->list[i].to_s - at >= work_s)
            return at + work_s;
        work_s -= o->list[i].to_s - at;
        at = o->list[i].to_s;
    }
    return at + work_s;
}

int64_t opening_between(const struct opening *o, int64_t from_s, int64_t to_s) {
    int64_t sum = 0;
    for (size_t i = opening_at(o, from_s); i < o->count && o->list[i].from_s < to_s; i++) {
        int64_t a = o->list[i].from_s > from_s ? o->list[i].from_s : from_s;
        int64_t b = o->list[i].to_s < to_s ? o->list[i].to_s : to_s;
        sum += b - a;
    }
    return sum;
}
