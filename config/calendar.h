/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Calendars as intervals of plant time.
 *
 * calendar_open gives the intervals in which a calendar is open within [from, to), ascending, disjoint, adjoining ones
 * merged: weekly shifts of the plant's zone, less closed days, plus extra shifts. A shift that begins on a closed day does
 * not take place, also where it passes midnight; one that begins the day before goes on into it until it ends.
 * `always` gives the one interval.
 *
 * Threads: no state. Ownership: ret_list is from the arena. Cost: linear in the days. */

#include "config/plant.h"

struct arena;

struct open_interval {
    int64_t from_s, to_s;
};

void calendar_open(const struct plant *plant, int32_t calendar, int64_t from_s, int64_t to_s, struct arena *arena,
                   struct open_interval **ret_list, size_t *ret_count);

/* The same less the downtimes given (any order, may overlap). */
void calendar_open_less(const struct plant *plant, int32_t calendar, const struct plant_interval *down, size_t down_count,
                        int64_t from_s, int64_t to_s, struct arena *arena, struct open_interval **ret_list,
                        size_t *ret_count);

/* The carrier's first cut-off at or after a time. */
int64_t carrier_cutoff(const struct plant *plant, int32_t carrier, int64_t time_s);

/* The last cut-off of the service's carrier from which a parcel arrives by the date; TAKT_TIME_NONE if the country or date
 * makes no sense. Never looks at whether that is in the past. */
int64_t carrier_latest(const struct plant *plant, int32_t service, const char *country, int32_t deliver_by_day);

/* The date on which a parcel given to the carrier at its cut-off `ship_by_s` is delivered. */
int32_t carrier_delivery(const struct plant *plant, int32_t service, const char *country, int64_t ship_by_s);
