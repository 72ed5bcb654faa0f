/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wire/reply.h"

enum { PROTOCOL = 1 };

void reply_begin(struct writer *w, const char *type, const char *id) {
    writer_object(w, NULL);
    writer_text(w, "type", type);
    writer_some_text(w, "id", id);
}

void reply_end(struct writer *w) {
    writer_end(w);
}

void reply_problem_members(struct writer *w, const struct refusal *refusal) {
    writer_text(w, "problem", refusal_name(refusal->kind));
    writer_text(w, "title", refusal_title(refusal->kind));
    writer_some_text(w, "detail", refusal->detail);
    writer_some_text(w, "at", refusal->at);
}

void reply_problem(struct writer *w, const char *id, const struct refusal *refusal) {
    reply_begin(w, "problem", id);
    reply_problem_members(w, refusal);
    reply_end(w);
}

static void some_integer(struct writer *w, const char *name, int64_t value) {
    if (value >= 0)
        writer_integer(w, name, value);
}

void reply_welcome(struct writer *w, const char *id, const struct reply_welcome *welcome) {
    reply_begin(w, "welcome", id);
    writer_integer(w, "protocol", PROTOCOL);
    writer_text(w, "plant", welcome->plant);
    writer_time(w, "time", welcome->time_s);
    some_integer(w, "credit", welcome->credit);
    some_integer(w, "max_message", welcome->max_message);
    some_integer(w, "max_orders", welcome->max_orders);
    some_integer(w, "window", welcome->window);
    reply_end(w);
}

void reply_pong(struct writer *w, const char *id, int64_t time_s) {
    reply_begin(w, "pong", id);
    writer_time(w, "time", time_s);
    reply_end(w);
}

void reply_amended(struct writer *w, const char *id) {
    reply_begin(w, "amended", id);
    reply_end(w);
}

void reply_subscribed(struct writer *w, const char *id, uint64_t cursor) {
    reply_begin(w, "subscribed", id);
    writer_integer(w, "cursor", (int64_t)cursor);
    reply_end(w);
}

void reply_quoted(struct writer *w, const char *id, int64_t ship_by_s, int32_t deliver_by_day, int64_t valid_until_s) {
    reply_begin(w, "quoted", id);
    writer_time(w, "ship_by", ship_by_s);
    writer_day(w, "deliver_by", deliver_by_day);
    writer_time(w, "valid_until", valid_until_s);
    reply_end(w);
}

void reply_event(struct writer *w, const struct event_row *event) {
    reply_begin(w, "event", "");
    writer_integer(w, "cursor", (int64_t)event->cursor);
    writer_text(w, "event", event_kind_text(event->kind));
    writer_text(w, "order_ref", event->order_ref);
    writer_time(w, "at", event->at_s);
    writer_time(w, "ship_by", event->ship_by_s);
    writer_day(w, "deliver_by", event->deliver_by_day);
    writer_some_text(w, "reason", event->reason);
    writer_some_text(w, "shipment_id", event->shipment);
    writer_some_text(w, "carrier", event->carrier);
    writer_some_text(w, "tracking", event->tracking);
    reply_end(w);
}

/* ---- accepted ---- */

void reply_accepted_begin(struct writer *w, const char *id) {
    reply_begin(w, "accepted", id);
    writer_list(w, "results");
}

void reply_accepted_duplicate(struct writer *w, const char *order_ref) {
    writer_object(w, NULL);
    writer_text(w, "order_ref", order_ref);
    writer_text(w, "outcome", "duplicate");
    writer_end(w);
}

void reply_accepted_refused(struct writer *w, const char *order_ref, const struct refusal *refusal) {
    writer_object(w, NULL);
    writer_some_text(w, "order_ref", order_ref);
    writer_text(w, "outcome", "refused");
    reply_problem_members(w, refusal);
    writer_end(w);
}

void reply_accepted_end(struct writer *w, const struct reply_accepted *counts) {
    writer_end(w);
    writer_integer(w, "accepted", counts->accepted);
    writer_integer(w, "duplicates", counts->duplicates);
    writer_integer(w, "refused", counts->refused);
    writer_integer(w, "credit", counts->credit);
    reply_end(w);
}

/* ---- rows a reference ---- */

void reply_cancelled_begin(struct writer *w, const char *id) {
    reply_begin(w, "cancelled", id);
    writer_list(w, "results");
}

void reply_cancelled_row(struct writer *w, const char *order_ref, enum cancel_outcome outcome) {
    static const struct {
        const char *outcome;
        enum refusal_kind problem;
        const char *detail;
    } table[] = {
        [CANCEL_DONE] = {"cancelled", REFUSAL_NONE, ""},
        [CANCEL_UNKNOWN] = {"unknown", REFUSAL_UNKNOWN_ORDER, ""},
        [CANCEL_TOO_LATE] = {"too-late", REFUSAL_TOO_LATE, "it is in production or beyond"},
    };
    writer_object(w, NULL);
    writer_text(w, "order_ref", order_ref);
    writer_text(w, "outcome", table[outcome].outcome);
    if (table[outcome].problem != REFUSAL_NONE) {
        struct refusal refusal;
        refuse(&refusal, table[outcome].problem, "", "%s", table[outcome].detail);
        reply_problem_members(w, &refusal);
    }
    writer_end(w);
}

void reply_statuses_begin(struct writer *w, const char *id) {
    reply_begin(w, "statuses", id);
    writer_list(w, "orders");
}

static void shipment(struct writer *w, const struct shipment_row *row) {
    static const char *const states[] = {[SHIPMENT_OPEN] = "open",
                                         [SHIPMENT_TAKEN] = "taken",
                                         [SHIPMENT_SHIPPED] = "shipped",
                                         [SHIPMENT_ASIDE] = "aside"};
    writer_object(w, NULL);
    writer_text(w, "shipment_id", row->parcel.shipment);
    writer_text(w, "state", states[row->state]);
    writer_some_text(w, "carrier", row->parcel.carrier);
    writer_some_text(w, "tracking", row->tracking);
    writer_end(w);
}

void reply_statuses_row(struct writer *w, const char *order_ref, const struct order_row *order,
                        const struct shipment_row *shipment_row) {
    writer_object(w, NULL);
    writer_text(w, "order_ref", order_ref);
    if (order == NULL) {
        struct refusal refusal;
        refuse(&refusal, REFUSAL_UNKNOWN_ORDER, "", "%s", "");
        reply_problem_members(w, &refusal);
    } else {
        writer_text(w, "state", order_state_text(order->state));
        writer_time(w, "ship_by", order->ship_by_s);
        writer_day(w, "deliver_by", order->deliver_by_day);
        writer_list(w, "shipments");
        if (shipment_row)
            shipment(w, shipment_row);
        writer_end(w);
    }
    writer_end(w);
}

void reply_rows_end(struct writer *w) {
    writer_end(w);
    reply_end(w);
}
