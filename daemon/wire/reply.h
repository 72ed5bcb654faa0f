/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The plant's answers on the orders endpoint, and what is common to the answers of all endpoints.
 *
 * Each function writes one whole message into an empty writer; or, where it says so, begins one, to which the caller adds
 * rows and which it ends with reply_end. `id` "" is left out.
 * Threads: no state. */

#include "daemon/store/store.h"
#include "daemon/wire/refusal.h"
#include "daemon/wire/writer.h"

/* {"type", "id" …: for any answer; add members, then reply_end. */
void reply_begin(struct writer *w, const char *type, const char *id);
void reply_end(struct writer *w);

/* {"type": "problem", "id", "problem", "title", "detail", "at"} */
void reply_problem(struct writer *w, const char *id, const struct refusal *refusal);
/* The members problem, title, detail and at, within any object. */
void reply_problem_members(struct writer *w, const struct refusal *refusal);

struct reply_welcome {
    const char *plant;
    int64_t time_s;
    int64_t credit, max_message, max_orders, window; /* of the orders endpoint; -1: not said */
};
void reply_welcome(struct writer *w, const char *id, const struct reply_welcome *welcome);
void reply_pong(struct writer *w, const char *id, int64_t time_s);
void reply_amended(struct writer *w, const char *id);
void reply_subscribed(struct writer *w, const char *id, uint64_t cursor);
void reply_quoted(struct writer *w, const char *id, int64_t ship_by_s, int32_t deliver_by_day, int64_t valid_until_s);
void reply_event(struct writer *w, const struct event_row *event);

/* accepted: begin, then a row for each order that is not simply accepted, then the end. order_ref NULL: it had none. */
struct reply_accepted {
    uint32_t accepted, duplicates, refused;
    int64_t credit;
};
void reply_accepted_begin(struct writer *w, const char *id);
void reply_accepted_duplicate(struct writer *w, const char *order_ref);
void reply_accepted_refused(struct writer *w, const char *order_ref, const struct refusal *refusal);
void reply_accepted_end(struct writer *w, const struct reply_accepted *counts);

/* cancelled: begin, a row a ref, reply_rows_end. */
void reply_cancelled_begin(struct writer *w, const char *id);
void reply_cancelled_row(struct writer *w, const char *order_ref, enum cancel_outcome outcome);

/* statuses: begin, a row a ref (order NULL: unknown; shipment NULL: none yet), reply_rows_end. */
void reply_statuses_begin(struct writer *w, const char *id);
void reply_statuses_row(struct writer *w, const char *order_ref, const struct order_row *order,
                        const struct shipment_row *shipment);
void reply_rows_end(struct writer *w);
