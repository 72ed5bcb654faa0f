/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/intake/capacity.h"

#include "config/calendar.h"
#include "config/zone.h"

#include <string.h>

/* The estimate may be of the plant before a reload, so products are found by name. */
static const struct estimate_product *estimate_of(const struct estimate *e, const char *product) {
    int32_t at = plant_product_find(e->plant, product);
    return at >= 0 && (size_t)at < e->product_count ? &e->products[at] : NULL;
}

static int64_t units_of(const struct order_row *row, const char *product) {
    int64_t units = 0;
    for (uint32_t i = 0; i < row->item_count; i++)
        if (strcmp(row->items[i].product, product) == 0)
            units += row->items[i].quantity;
    return units;
}

static int64_t estimate_packed_s(const struct estimate *e, const struct order_row *row) {
    int64_t packed_s = TAKT_TIME_NONE;
    for (uint32_t i = 0; i < row->item_count; i++) {
        const struct estimate_product *p = estimate_of(e, row->items[i].product);
        int64_t units = units_of(row, row->items[i].product);
        if (p == NULL)
            continue;
        if (p->packed_s == TAKT_TIME_NEVER || units > p->most)
            return TAKT_TIME_NEVER;
        int64_t product_s = p->packed_s + (p->lot > 0 ? (units - 1) / p->lot * p->more_s : 0);
        packed_s = product_s > packed_s ? product_s : packed_s;
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
