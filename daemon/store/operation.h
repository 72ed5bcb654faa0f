/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What each request of the store means, once for all back ends, over the tables.
 *
 * Every operation checks before it writes: one that is refused has written nothing, so that the others of its group
 * stand. Returns what it sets as r->code; TAKT_ELIMIT of STORE_SHIPMENT is the one code below 0 that goes with a write.
 * After it, a back end asks itself whether a primitive failed. */

#include "daemon/store/tables.h"

int operation_run(struct tables *t, struct store_request *r);
bool operation_writes(enum store_op op);

/* The single operations, for operation_run. */
int operation_accept(struct tables *t, struct store_request *r);
int operation_amend(struct tables *t, struct store_request *r);
int operation_cancel(struct tables *t, struct store_request *r);
int operation_publish(struct tables *t, struct store_request *r);
int operation_shipment(struct tables *t, struct store_request *r);
int operation_load(struct tables *t, struct store_request *r);
int operation_follow(struct tables *t, struct store_request *r);
int operation_changes(struct tables *t, struct store_request *r);
int operation_events(struct tables *t, struct store_request *r);
int operation_order(struct tables *t, struct store_request *r);
int operation_orders(struct tables *t, struct store_request *r);
int operation_shipments(struct tables *t, struct store_request *r);
int operation_bodies(struct tables *t, struct store_request *r);
int operation_reported(struct tables *t, struct store_request *r);
int operation_adopt(struct tables *t, struct store_request *r);
int operation_configure(struct tables *t, struct store_request *r);
int operation_erase(struct tables *t, struct store_request *r);
int operation_erasures(struct tables *t, struct store_request *r);
int operation_stats(struct tables *t, struct store_request *r);

/* An order has ended: erases it if that is due. */
int operation_erase_ended(struct tables *t, uint64_t no, int64_t now_s);

/* What LOAD_META gives. */
void operation_meta(const struct tables *t, struct store_meta *ret);

/* How far the store is. */
void operation_place(const struct tables *t, struct store_place *ret);

/* An order is shipped or cancelled now: its state, its lots' counts, the event and the change, in this transaction.
 * Fills cursor, creator, order and ship_by of the event. */
int operation_close(struct tables *t, struct order_head *head, enum order_state to, struct event_row *event);
