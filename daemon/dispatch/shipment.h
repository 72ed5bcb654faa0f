/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A shipment as the message that its consumer gets:
 *
 *     {"type": "shipment", "shipment_id", "creator", "order_refs": […],
 *      "parcel": {"items": [{"order_ref", "product", "options"?, "quantity", "personalization"?}, …], "weight"?},
 *      "recipient": {…}, "carrier"?, "service"?, "ship_by"?, "packed_at"}
 *
 * weight is in grams, left out where the plant says none. The recipient is that of the parcel's last order: all of them
 * go to the same one, and the last one that was amended or ordered is how he writes himself now.
 *
 * Threads: no state. */

#include "daemon/store/store.h"
#include "daemon/wire/writer.h"

/* One message into an empty writer. bodies: those of the row's orders, in their order. */
void shipment_write(struct writer *w, const struct shipment_row *row, const struct store_bodies *bodies);
