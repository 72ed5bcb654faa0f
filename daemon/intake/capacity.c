/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/intake/capacity.h"

#include "config/calendar.h"
#include "config/zone.h"

/* The estimate may be of the plant before a reload, so products are found by name. */
static int64_t estimate_packed_s(const struct estimate *e, const struct order_row *row) {
    int64_t packed_s = TAKT_TIME_NONE;
    for (uint32_t i = 0; i < row->item_count; i++) {
        int32_t product = plant_product_find(e->plant, row->items[i].product);
        if (product >= 0 && (size_t)product < e->product_count && e->packed_s[product] > packed_s)
            packed_s = e->packed_s[product];
    }
    return packed_s;
}

static bool check_wish(const struct reader *order, const struct plant *plant, const struct order_row *row, int64_t packed_s,
                       int64_t now_s) {
    int32_t today, second;
    zone_local(plant->zone, now_s, &today, &second);
    if (row->wish_day < today)
        return true;
    int32_t service = *row->service ? plant_service_find(plant, row->service) : 0;
    int64_t latest_s = carrier_latest(plant, service, *row->country ? row->country : NULL, row->wish_day);
    char packed[TIME_TEXT_SIZE], wish[DAY_TEXT_SIZE];
    return (latest_s != TAKT_TIME_NONE && packed_s <= latest_s) ||
           reader_problem(order, "shipping", REFUSAL_NO_CAPACITY, "it would be packed at about %s, too late to be delivered by %s",
                          time_format(packed_s, packed), day_format(row->wish_day, wish));
}

bool capacity_check(const struct reader *order, const struct plant *plant, const struct estimate *estimate,
                    const struct order_row *row, int64_t now_s) {
    char most[DURATION_TEXT_SIZE], packed[TIME_TEXT_SIZE];
    int64_t packed_s = estimate ? estimate_packed_s(estimate, row) : TAKT_TIME_NONE;
    if (packed_s == TAKT_TIME_NONE)
        return true;
    duration_format(plant->planning.promise_at_most_s, most);
    if (packed_s == TAKT_TIME_NEVER)
        return reader_problem(order, "items", REFUSAL_NO_CAPACITY, "it cannot be made as the plant stands now");
    if (packed_s - now_s > plant->planning.promise_at_most_s)
        return reader_problem(order, "items", REFUSAL_NO_CAPACITY, "it would be packed at about %s; at most %s are promised",
                              time_format(packed_s, packed), most);
    return plant->if_late != IF_LATE_REFUSE || row->wish_day == TAKT_DAY_NONE || plant->service_count == 0 ||
           check_wish(order, plant, row, packed_s, now_s);
}
