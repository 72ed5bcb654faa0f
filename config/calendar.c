/* SPDX-License-Identifier: Apache-2.0 */
/* Calendars: shifts of every local day turned into plant time, sorted, merged, cut.
 *
 * A day of 23 or 25 hours needs no case of its own: both ends of a shift are local times, and the tz database says when
 * they are. A shift whose ends fall on the same moment (it lay in the hour that was left out) is void. */
#include "config/calendar.h"

#include "base/arena.h"
#include "base/time.h"
#include "config/zone.h"

#include <stdlib.h>

enum { DAY_S = 86400, DAY_MIN = 24 * 60, WEEK = 7 };

struct list {
    struct arena *arena;
    struct open_interval *items;
    size_t count, cap;
    int64_t from_s, to_s; /* what is asked for */
};

static void add(struct list *list, int64_t from_s, int64_t to_s) {
    if (from_s < list->from_s)
        from_s = list->from_s;
    if (to_s > list->to_s)
        to_s = list->to_s;
    if (from_s >= to_s)
        return;
    if (list->count == list->cap) {
        list->cap = list->cap == 0 ? 64 : list->cap * 2;
        struct open_interval *more = arena_array(list->arena, list->cap, sizeof *more);
        for (size_t k = 0; k < list->count; k++)
            more[k] = list->items[k];
        list->items = more;
    }
    list->items[list->count++] = (struct open_interval){from_s, to_s};
}

static int compare(const void *a, const void *b) {
    const struct open_interval *x = a, *y = b;
    return x->from_s < y->from_s ? -1 : x->from_s > y->from_s;
}

static void merge(struct list *list) {
    size_t kept = 0;
    if (list->count > 1)
        qsort(list->items, list->count, sizeof *list->items, compare);
    for (size_t k = 0; k < list->count; k++) {
        struct open_interval next = list->items[k];
        if (kept > 0 && next.from_s <= list->items[kept - 1].to_s) {
            if (next.to_s > list->items[kept - 1].to_s)
                list->items[kept - 1].to_s = next.to_s;
        } else {
            list->items[kept++] = next;
        }
    }
    list->count = kept;
}

static bool is_closed(const struct plant_calendar *c, int32_t day) {
    for (size_t k = 0; k < c->closed_count; k++)
        if (day >= c->closed[k].first_day && day <= c->closed[k].last_day)
            return true;
    return false;
}

static int64_t local_min(const struct plant *plant, int32_t day, int32_t minute) {
    return zone_time(plant->zone, day, minute * 60);
}

static void add_shifts(const struct plant *plant, const struct plant_calendar *c, struct list *list) {
    int32_t first, last, second;
    zone_local(plant->zone, list->from_s, &first, &second);
    zone_local(plant->zone, list->to_s, &last, &second);
    for (int32_t day = first - 2; day <= last;
         day++) { /* a shift may begin two days before it ends, over a change of offset */
        unsigned bit = 1u << day_of_week(day);
        if (is_closed(c, day))
            continue;
        for (size_t k = 0; k < c->weekly_count; k++)
            if ((c->weekly[k].days & bit) != 0)
                add(list, local_min(plant, day, c->weekly[k].from_min), local_min(plant, day, c->weekly[k].to_min));
    }
}

static void gather(const struct plant *plant, int32_t calendar, struct list *list) {
    const struct plant_calendar *c = &plant->calendars[calendar];
    if (list->from_s >= list->to_s)
        return;
    if (c->always) {
        add(list, list->from_s, list->to_s);
        return;
    }
    if (c->weekly_count > 0)
        add_shifts(plant, c, list);
    for (size_t k = 0; k < c->extra_count; k++)
        add(list, local_min(plant, c->extra[k].from_day, c->extra[k].from_min),
            local_min(plant, c->extra[k].to_day, c->extra[k].to_min));
    merge(list);
}

void calendar_open(const struct plant *plant, int32_t calendar, int64_t from_s, int64_t to_s, struct arena *arena,
                   struct open_interval **ret_list, size_t *ret_count) {
    struct list list = {.arena = arena, .from_s = from_s, .to_s = to_s};
    gather(plant, calendar, &list);
    *ret_list = list.items;
    *ret_count = list.count;
}

void calendar_open_less(const struct plant *plant, int32_t calendar, const struct plant_interval *down,
                        size_t down_count, int64_t from_s, int64_t to_s, struct arena *arena,
                        struct open_interval **ret_list, size_t *ret_count) {
    struct list open = {.arena = arena, .from_s = from_s, .to_s = to_s};
    struct list out = {.arena = arena, .from_s = from_s, .to_s = to_s};
    struct list left = {.arena = arena, .from_s = from_s, .to_s = to_s};
    gather(plant, calendar, &open);
    for (size_t k = 0; k < down_count; k++)
        add(&out, down[k].from_s, down[k].to_s);
    merge(&out);
    size_t next = 0;
    for (size_t k = 0; k < open.count; k++) {
        int64_t at = open.items[k].from_s, to = open.items[k].to_s;
        while (next < out.count && out.items[next].to_s <= at)
            next++;
        for (size_t n = next; n < out.count && out.items[n].from_s < to; n++) {
            add(&left, at, out.items[n].from_s);
            at = out.items[n].to_s;
        }
        add(&left, at, to);
    }
    *ret_list = left.items;
    *ret_count = left.count;
}

/* The carrier's cut-off of a day on which it collects, that day or, by `step`, the nearest after or before it. */
static int64_t cutoff_near(const struct plant *plant, const struct plant_carrier *c, int32_t day, int step) {
    for (int k = 0; k < WEEK; k++, day += step)
        if ((c->days & 1u << day_of_week(day)) != 0)
            return local_min(plant, day, c->cutoff_min);
    return TAKT_TIME_NONE; /* a carrier that collects on no day is never loaded */
}

int64_t carrier_cutoff(const struct plant *plant, int32_t carrier, int64_t time_s) {
    const struct plant_carrier *c = &plant->carriers[carrier];
    int32_t day, second;
    zone_local(plant->zone, time_s, &day, &second);
    int64_t cutoff = cutoff_near(plant, c, day, 1);
    return cutoff >= time_s ? cutoff : cutoff_near(plant, c, day + 1, 1);
}

int64_t carrier_latest(const struct plant *plant, int32_t service, const char *country, int32_t deliver_by_day) {
    if (service < 0 || (size_t)service >= plant->service_count || deliver_by_day < 0 ||
        deliver_by_day > TAKT_TIME_MAX_S / DAY_S)
        return TAKT_TIME_NONE;
    const struct plant_carrier *c = &plant->carriers[plant->services[service].carrier];
    return cutoff_near(plant, c, deliver_by_day - plant_transit_days(plant, service, country), -1);
}

int32_t carrier_delivery(const struct plant *plant, int32_t service, const char *country, int64_t ship_by_s) {
    int32_t day, second;
    zone_local(plant->zone, ship_by_s, &day, &second);
    return day + plant_transit_days(plant, service, country);
}
