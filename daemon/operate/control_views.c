/* SPDX-License-Identifier: Apache-2.0 */

/* What the planner's and the store's structs look like on the control endpoint. Times are UTC; items and units count from 1. */

#include "daemon/operate/control_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const lot_states[] = {"open", "firm", "done", "gone"};
static const char *const task_states[] = {"planned", "started", "finished"};
static const char *const shipment_states[] = {"open", "taken", "shipped", "aside"};
static const char *const order_states[] = {
#define X(name, text) text,
    ORDER_STATES(X)
#undef X
};

/* "fabric=white;size=M" → {"fabric": "white", "size": "M"} */
static void write_options(struct writer *w, const char *canonical) {
    char pair[256];
    writer_object(w, "options");
    for (const char *at = canonical, *end; *at; at = *end ? end + 1 : end) {
        end = strchrnul(at, ';');
        snprintf(pair, sizeof pair, "%.*s", (int)(end - at), at);
        char *value = strchr(pair, '=');
        if (!value)
            continue;
        *value++ = 0;
        writer_text(w, pair, value);
    }
    writer_end(w);
}

static void write_lot_name(struct writer *w, const char *name, uint32_t lot) {
    char text[16];
    snprintf(text, sizeof text, "L%u", lot);
    writer_text(w, name, text);
}

/* ---- orders ---- */

void view_order_row(struct writer *w, const struct order_row *row) {
    writer_text(w, "creator", row->creator);
    writer_text(w, "order_ref", row->order_ref);
    writer_text(w, "state", order_state_text(row->state));
    writer_time(w, "accepted_at", row->accepted_at_s);
    writer_some_text(w, "channel", row->channel);
    writer_some_text(w, "campaign", row->campaign);
    writer_some_text(w, "service", row->service);
    writer_some_text(w, "country", row->country);
    writer_day(w, "wish", row->wish_day);
    writer_time(w, "ship_by", row->ship_by_s);
    writer_day(w, "deliver_by", row->deliver_by_day);
    writer_time(w, "planned_packed", row->planned_packed_s);
    writer_time(w, "packed_at", row->packed_at_s);
}

static void write_items(struct writer *w, const struct order_row *row) {
    writer_list(w, "items");
    for (uint32_t i = 0; i < row->item_count; i++) {
        writer_object(w, NULL);
        writer_text(w, "product", row->items[i].product);
        write_options(w, row->items[i].options);
        writer_integer(w, "quantity", row->items[i].quantity);
        writer_boolean(w, "personalised", row->items[i].personalised);
        writer_end(w);
    }
    writer_end(w);
}

static void write_promises(struct writer *w, const struct store_order *story) {
    writer_list(w, "promises");
    for (size_t i = 0; i < story->ret_promise_count; i++) {
        const struct promise_row *promise = &story->ret_promises[i];
        writer_object(w, NULL);
        writer_time(w, "at", promise->at_s);
        writer_time(w, "ship_by", promise->ship_by_s);
        writer_day(w, "deliver_by", promise->deliver_by_day);
        writer_some_text(w, "reason", promise->reason);
        writer_end(w);
    }
    writer_end(w);
}

static void write_slices(struct writer *w, const struct store_order *story) {
    writer_list(w, "units");
    for (size_t i = 0; i < story->ret_slice_count; i++) {
        const struct slice_row *slice = &story->ret_slices[i];
        writer_object(w, NULL);
        writer_integer(w, "item", (int64_t)slice->item + 1);
        writer_integer(w, "first", (int64_t)slice->first + 1);
        writer_integer(w, "count", slice->count);
        if (slice->lot > 0)
            write_lot_name(w, "lot", slice->lot);
        else
            writer_boolean(w, "from_surplus", true);
        writer_end(w);
    }
    writer_end(w);
}

static void write_events(struct writer *w, const struct store_order *story) {
    writer_list(w, "events");
    for (size_t i = 0; i < story->ret_event_count; i++) {
        const struct event_row *event = &story->ret_events[i];
        writer_object(w, NULL);
        writer_integer(w, "cursor", (int64_t)event->cursor);
        writer_text(w, "event", event_kind_text(event->kind));
        writer_time(w, "at", event->at_s);
        writer_time(w, "ship_by", event->ship_by_s);
        writer_day(w, "deliver_by", event->deliver_by_day);
        writer_some_text(w, "reason", event->reason);
        writer_some_text(w, "shipment", event->shipment);
        writer_some_text(w, "carrier", event->carrier);
        writer_some_text(w, "tracking", event->tracking);
        writer_end(w);
    }
    writer_end(w);
}

static void write_planned(struct writer *w, const struct ask *planned) {
    writer_time(w, "expected_made", planned->u.order.ret_made_s);
    writer_time(w, "expected_packed", planned->u.order.ret_packed_s);
    writer_list(w, "lots");
    for (size_t i = 0; i < planned->u.order.ret_lot_count; i++)
        view_lot(w, &planned->u.order.ret_lots[i]);
    writer_end(w);
    writer_list(w, "tasks");
    for (size_t i = 0; i < planned->u.order.ret_task_count; i++)
        view_task(w, &planned->u.order.ret_tasks[i]);
    writer_end(w);
}

void view_story(struct writer *w, const struct store_order *story, const struct ask *planned) {
    writer_object(w, "order");
    view_order_row(w, &story->ret_order);
    write_items(w, &story->ret_order);
    writer_end(w);
    write_promises(w, story);
    write_slices(w, story);
    if (planned)
        write_planned(w, planned);
    write_events(w, story);
    if (story->ret_shipment)
        view_shipment(w, "shipment", story->ret_shipment);
}

/* ---- plan ---- */

void view_task(struct writer *w, const struct task_view *task) {
    writer_object(w, NULL);
    writer_text(w, "task", task->task);
    write_lot_name(w, "lot", task->lot);
    writer_text(w, "product", task->product);
    writer_text(w, "op", task->op);
    writer_text(w, "line", task->line);
    writer_some_text(w, "family", task->family);
    writer_time(w, "start", task->start_s);
    writer_time(w, "end", task->end_s);
    writer_text(w, "state", task_states[task->state]);
    writer_boolean(w, "frozen", task->frozen);
    writer_boolean(w, "late", task->late);
    writer_integer(w, "quantity", task->quantity);
    writer_integer(w, "good", task->good);
    writer_integer(w, "scrap", task->scrap);
    writer_end(w);
}

void view_lot(struct writer *w, const struct lot_view *lot) {
    writer_object(w, NULL);
    write_lot_name(w, "lot", lot->lot);
    writer_text(w, "product", lot->product);
    writer_text(w, "like", lot->like);
    writer_text(w, "state", lot_states[lot->state]);
    writer_integer(w, "units", lot->units);
    writer_integer(w, "extra", lot->extra);
    writer_integer(w, "orders", lot->orders);
    writer_time(w, "opened_at", lot->opened_at_s);
    writer_time(w, "let_go_at", lot->let_go_at_s);
    writer_time(w, "start", lot->start_s);
    writer_time(w, "end", lot->end_s);
    writer_time(w, "due", lot->due_s);
    writer_end(w);
}

void view_downs(struct writer *w, const struct down_row *downs, size_t count) {
    writer_list(w, "downs");
    for (size_t i = 0; i < count; i++) {
        writer_object(w, NULL);
        writer_text(w, "line", downs[i].line);
        writer_time(w, "from", downs[i].from_s);
        writer_time(w, "to", downs[i].to_s);
        writer_some_text(w, "reason", downs[i].reason);
        writer_end(w);
    }
    writer_end(w);
}

static void write_steps(struct writer *w, const struct why_step *steps, size_t count) {
    writer_list(w, "steps");
    for (size_t i = 0; i < count; i++) {
        const struct why_step *step = &steps[i];
        writer_object(w, NULL);
        writer_text(w, "what", step->what);
        writer_some_text(w, "how", step->how);
        writer_some_text(w, "task", step->task);
        writer_some_text(w, "line", step->line);
        writer_some_text(w, "pool", step->pool);
        writer_some_text(w, "material", step->material);
        writer_some_text(w, "reason", step->reason);
        writer_some_text(w, "other", step->other);
        writer_time(w, "from", step->from_s);
        writer_time(w, "to", step->to_s);
        writer_time(w, "until", step->until_s);
        writer_text(w, "text", step->text);
        writer_end(w);
    }
    writer_end(w);
}

void view_why(struct writer *w, const struct why_step *steps, size_t count, const char *sentence) {
    write_steps(w, steps, count);
    writer_text(w, "sentence", sentence);
}

/* ---- stock ---- */

static void write_material(struct writer *w, const struct stock_view *view) {
    writer_object(w, NULL);
    writer_text(w, "material", view->material);
    writer_text(w, "unit", view->unit);
    writer_milli(w, "on_hand", view->on_hand_milli);
    writer_milli(w, "reserved", view->reserved_milli);
    writer_list(w, "receipts");
    for (size_t i = 0; i < view->receipt_count; i++) {
        writer_object(w, NULL);
        writer_time(w, "at", view->receipts[i].at_s);
        writer_milli(w, "quantity", view->receipts[i].quantity_milli);
        writer_end(w);
    }
    writer_end(w);
    writer_end(w);
}

void view_stock(struct writer *w, const struct ask *stock) {
    writer_list(w, "materials");
    for (size_t i = 0; i < stock->u.stock.ret_material_count; i++)
        write_material(w, &stock->u.stock.ret_materials[i]);
    writer_end(w);
    writer_list(w, "surplus");
    for (size_t i = 0; i < stock->u.stock.ret_surplus_count; i++) {
        const struct surplus_row *row = &stock->u.stock.ret_surplus[i];
        writer_object(w, NULL);
        writer_text(w, "product", row->product);
        write_options(w, row->options);
        writer_integer(w, "quantity", row->quantity);
        writer_end(w);
    }
    writer_end(w);
    view_downs(w, stock->u.stock.ret_downs, stock->u.stock.ret_down_count);
}

/* ---- shipments ---- */

void view_shipment(struct writer *w, const char *name, const struct shipment_row *row) {
    writer_object(w, name);
    writer_text(w, "shipment", row->parcel.shipment);
    writer_text(w, "state", shipment_states[row->state]);
    writer_text(w, "creator", row->parcel.creator);
    writer_integer(w, "orders", row->parcel.order_count);
    writer_some_text(w, "service", row->parcel.service);
    writer_some_text(w, "carrier", row->parcel.carrier);
    writer_some_text(w, "tracking", row->tracking);
    writer_some_text(w, "consumer", row->consumer);
    writer_some_text(w, "reason", row->reason);
    writer_integer(w, "attempts", row->attempts);
    writer_time(w, "ship_by", row->parcel.ship_by_s);
    writer_time(w, "packed_at", row->parcel.packed_at_s);
    writer_time(w, "ended_at", row->ended_at_s);
    writer_end(w);
}

/* ---- figures ---- */

static void write_plan_figures(struct writer *w, const struct plan_status *plan) {
    writer_object(w, "plan");
    writer_integer(w, "version", (int64_t)plan->version);
    writer_time(w, "published_at", plan->published_at_s);
    writer_integer(w, "orders_open", (int64_t)plan->orders_open);
    writer_integer(w, "units_open", (int64_t)plan->units_open);
    writer_integer(w, "lots_open", (int64_t)plan->lots_open);
    writer_integer(w, "lots_firm", (int64_t)plan->lots_firm);
    writer_integer(w, "tasks_open", (int64_t)plan->tasks_open);
    writer_integer(w, "tasks_late", (int64_t)plan->tasks_late);
    writer_integer(w, "unplanned", (int64_t)plan->unplanned);
    writer_integer(w, "late_promise", (int64_t)plan->orders_late_promise);
    writer_integer(w, "late_wish", (int64_t)plan->orders_late_wish);
    writer_integer(w, "surplus_units", (int64_t)plan->surplus_units);
    writer_integer(w, "objective", plan->objective);
    if (plan->bound >= 0)
        writer_integer(w, "bound", plan->bound);
    writer_some_text(w, "trouble", plan->trouble);
    writer_time(w, "last_end", plan->last_end_s);
    writer_end(w);
}

void view_line(struct writer *w, const struct line_view *line) {
    writer_object(w, NULL);
    writer_text(w, "line", line->line);
    writer_boolean(w, "down", line->down);
    writer_some_text(w, "reason", line->down_reason);
    writer_some_text(w, "set_up_for", line->set_up_for);
    writer_some_text(w, "running", line->running);
    writer_milli(w, "load_percent", line->load_ppm / 10);
    writer_end(w);
}

static void write_lines(struct writer *w, const struct plan_status *plan) {
    writer_list(w, "lines");
    for (size_t i = 0; i < plan->line_count; i++)
        view_line(w, &plan->lines[i]);
    writer_end(w);
}

static void write_states(struct writer *w, const char *name, const uint64_t counts[8]) {
    writer_object(w, name);
    for (size_t i = 0; i < sizeof order_states / sizeof order_states[0]; i++)
        writer_integer(w, order_states[i], (int64_t)counts[i]);
    writer_end(w);
}

static void write_counts(struct writer *w, const struct store_stats *stats) {
    uint64_t orders[8] = {0};
    for (size_t i = 0; i < stats->ret_count; i++)
        for (size_t state = 0; state < 8; state++)
            orders[state] += stats->ret_creators[i].orders[state];
    write_states(w, "orders", orders);
    writer_object(w, "promises");
    writer_integer(w, "given", (int64_t)stats->ret_promises);
    writer_integer(w, "repromised", (int64_t)stats->ret_repromises);
    writer_integer(w, "kept", (int64_t)stats->ret_kept);
    writer_integer(w, "broken", (int64_t)stats->ret_broken);
    writer_end(w);
    writer_object(w, "shipments");
    for (size_t i = 0; i < sizeof shipment_states / sizeof shipment_states[0]; i++)
        writer_integer(w, shipment_states[i], (int64_t)stats->ret_shipments[i]);
    writer_end(w);
}

/* A store that is away has no figures, only its trouble. */
static void write_store_figures(struct writer *w, const struct store_stats *stats, const char *trouble) {
    bool known = stats->head.code == 0;
    if (known)
        write_counts(w, stats);
    writer_object(w, "store");
    if (known)
        writer_integer(w, "bytes", (int64_t)stats->ret_bytes);
    writer_some_text(w, "trouble", known || *trouble ? trouble : stats->head.err.text);
    writer_end(w);
}

void view_reload(struct writer *w, const char *name, const struct reload *reload) {
    writer_object(w, name);
    writer_time(w, "at", reload->at_s);
    writer_text(w, "outcome", reload->code == 0 ? "in-force" : "refused");
    if (reload->code != 0)
        writer_text(w, "detail", reload->err.text);
    writer_list(w, "notes");
    for (const char *at = reload->text, *end; *at; at = *end ? end + 1 : end) {
        end = strchrnul(at, '\n');
        char *line = strndup(at, (size_t)(end - at));
        if (line)
            writer_text(w, NULL, line);
        free(line);
    }
    writer_end(w);
    writer_end(w);
}

void view_plant(struct writer *w, const struct control_call *call) {
    const struct control *c = call->control;
    writer_object(w, "plant");
    writer_text(w, "id", c->plant->id);
    writer_text(w, "name", c->plant->name);
    writer_text(w, "time_zone", c->plant->time_zone);
    writer_end(w);
    writer_text(w, "takt", TAKT_VERSION);
    writer_time(w, "time", call->now_s);
    writer_milli(w, "speed", c->speed_milli);
}

void view_status(struct writer *w, const struct control_call *call, const struct ask *status, const struct store_stats *stats) {
    const struct control *c = call->control;
    view_plant(w, call);
    write_plan_figures(w, &status->u.status);
    write_lines(w, &status->u.status);
    write_store_figures(w, stats, c->trouble);
    if (c->last_reload)
        view_reload(w, "reload", c->last_reload);
}

static const uint64_t none[8];

/* Every creator of the plant, also one without an order; and those of orders whose creator has left the plant. */
void view_creators(struct writer *w, const struct plant *plant, const struct store_stats *stats) {
    writer_list(w, "creators");
    for (size_t i = 0; i < plant->creator_count; i++) {
        const struct plant_creator *creator = &plant->creators[i];
        const uint64_t *orders = none;
        for (size_t k = 0; k < stats->ret_count; k++)
            if (strcmp(stats->ret_creators[k].creator, creator->id) == 0)
                orders = stats->ret_creators[k].orders;
        writer_object(w, NULL);
        writer_text(w, "creator", creator->id);
        writer_integer(w, "share", creator->share);
        writer_integer(w, "weight", creator->weight);
        writer_integer(w, "max_open", creator->max_open);
        write_states(w, "orders", orders);
        writer_end(w);
    }
    for (size_t k = 0; k < stats->ret_count; k++) {
        if (plant_creator_find(plant, stats->ret_creators[k].creator) >= 0)
            continue;
        writer_object(w, NULL);
        writer_text(w, "creator", stats->ret_creators[k].creator);
        write_states(w, "orders", stats->ret_creators[k].orders);
        writer_end(w);
    }
    writer_end(w);
}
