/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/dispatch/shipment.h"

#include "daemon/dispatch/slip.h"
#include "daemon/wire/reply.h"

static void write_items(struct writer *w, const struct order_row *order, const struct slip *slip) {
    for (uint32_t i = 0; i < order->item_count; i++) {
        const struct item_row *item = &order->items[i];
        writer_object(w, NULL);
        writer_text(w, "order_ref", order->order_ref);
        writer_text(w, "product", item->product);
        slip_write_options(item->options, w, "options");
        writer_integer(w, "quantity", item->quantity);
        slip_write_personalization(slip, i, w, "personalization");
        writer_end(w);
    }
}

static void write_parcel(struct writer *w, const struct parcel_row *parcel, const struct store_bodies *bodies) {
    writer_object(w, "parcel");
    writer_list(w, "items");
    for (size_t i = 0; i < bodies->count; i++) {
        struct slip *slip = slip_read(bodies->ret_bodies[i]);
        write_items(w, &bodies->ret_orders[i], slip);
        slip_free(slip);
    }
    writer_end(w);
    if (parcel->weight_mg > 0)
        writer_milli(w, "weight", parcel->weight_mg);
    writer_end(w);
}

static void write_recipient(struct writer *w, const struct store_bodies *bodies) {
    bool written = false;
    for (size_t i = bodies->count; i > 0 && !written; i--) {
        struct slip *slip = slip_read(bodies->ret_bodies[i - 1]);
        written = slip_write_recipient(slip, w, "recipient");
        slip_free(slip);
    }
}

void shipment_write(struct writer *w, const struct shipment_row *row, const struct store_bodies *bodies) {
    const struct parcel_row *parcel = &row->parcel;
    reply_begin(w, "shipment", "");
    writer_text(w, "shipment_id", parcel->shipment);
    writer_text(w, "creator", parcel->creator);
    writer_list(w, "order_refs");
    for (size_t i = 0; i < bodies->count; i++)
        writer_text(w, NULL, bodies->ret_orders[i].order_ref);
    writer_end(w);
    write_parcel(w, parcel, bodies);
    write_recipient(w, bodies);
    writer_some_text(w, "carrier", parcel->carrier);
    writer_some_text(w, "service", parcel->service);
    writer_time(w, "ship_by", parcel->ship_by_s);
    writer_time(w, "packed_at", parcel->packed_at_s);
    reply_end(w);
}
