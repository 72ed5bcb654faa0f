/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Is there capacity for an order in time, by the planner's last estimate?
 *
 * Refused as `no-capacity` is what would be packed later than `promise.at_most` from now, and, where `if_late` is refuse, what
 * would miss the last cut-off from which it could be delivered by its wish. A wish that has passed is a wish for as soon as
 * possible. Without an estimate everything is taken.
 *
 * Threads: no state. */

#include "daemon/planner/ask.h"
#include "daemon/wire/reader.h"

/* false: refused, with the place in `order`. estimate may be NULL. */
bool capacity_check(const struct reader *order, const struct plant *plant, const struct estimate *estimate,
                    const struct order_row *row, int64_t now_s);
