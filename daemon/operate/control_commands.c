/* SPDX-License-Identifier: Apache-2.0 */

/* The commands of the control endpoint, a row each at the end of this file, and their steps. */

#include "daemon/operate/control_inner.h"

#include "base/nearest.h"
#include "config/print.h"
#include "daemon/operate/history.h"

#include <assert.h>
#include <string.h>

/* ---- reading members ---- */

static bool read_page(struct control_call *call) {
    struct reader r = message_reader(&call->message, &call->refusal);
    call->limit = CONTROL_PAGE_DEFAULT;
    return reader_integer(&r, "limit", READ_OPTIONAL, 1, CONTROL_PAGE_MAX, &call->limit) &&
           reader_integer(&r, "offset", READ_OPTIONAL, 0, INT32_MAX, &call->offset) &&
           reader_integer(&r, "after", READ_OPTIONAL, 0, READ_INTEGER_MAX, &call->offset);
}

/* A word of a list of texts as its number; -1 where it is not given. */
static bool read_choice(struct control_call *call, const char *member, const char *const *words, size_t count, int *ret) {
    struct reader r = message_reader(&call->message, &call->refusal);
    const char *text = NULL;
    if (!reader_text(&r, member, READ_OPTIONAL, 64, &text))
        return false;
    *ret = -1;
    for (size_t i = 0; text && i < count; i++)
        if (strcmp(words[i], text) == 0)
            *ret = (int)i;
    if (!text || *ret >= 0)
        return true;
    const char *nearest = nearest_name(text, words, count);
    return reader_problem(&r, member, REFUSAL_BAD_MESSAGE, "'%s' is no %s%s%s%s", text, member, nearest ? "; did you mean '" : "",
                         nearest ? nearest : "", nearest ? "'?" : "");
}

static bool read_creator(struct control_call *call, const char **ret) {
    struct reader r = message_reader(&call->message, &call->refusal);
    *ret = NULL;
    if (!reader_text(&r, "creator", READ_OPTIONAL, 64, ret))
        return false;
    if (!*ret || plant_creator_find(call->control->plant, *ret) >= 0)
        return true;
    return reader_problem(&r, "creator", REFUSAL_UNKNOWN_CREATOR, "there is no creator '%s' in the plant", *ret);
}

struct writer *control_reply(struct control_call *call) {
    reply_begin(&call->reply, call->command->type, call->message.id);
    return &call->reply;
}

static bool end_reply(struct control_call *call) {
    reply_end(&call->reply);
    return true;
}

/* The part of a list that this page shows, and where the next begins. */
struct page {
    size_t from, to;
};

static struct page page_of(const struct control_call *call, size_t count) {
    size_t from = (size_t)call->offset < count ? (size_t)call->offset : count;
    size_t left = count - from;
    return (struct page){from, from + (left < (size_t)call->limit ? left : (size_t)call->limit)};
}

static void write_next(struct writer *w, struct page page, size_t count) {
    if (page.to < count)
        writer_integer(w, "next", (int64_t)page.to);
}

/* ---- hello, ping ---- */

static bool hello(struct control_call *call) {
    const struct plant *plant = call->control->plant;
    struct reader r = message_reader(&call->message, &call->refusal);
    int64_t protocol;
    if (!reader_integer(&r, "protocol", READ_REQUIRED, 0, INT32_MAX, &protocol))
        return false;
    if (protocol != 1)
        return reader_problem(&r, "protocol", REFUSAL_BAD_PROTOCOL, "protocol 1 is spoken here");
    struct writer *w = &call->reply;
    reply_begin(w, "welcome", call->message.id);
    writer_integer(w, "protocol", 1);
    writer_text(w, "plant", plant->id);
    writer_text(w, "name", plant->name);
    writer_text(w, "time_zone", plant->time_zone);
    writer_time(w, "time", call->now_s);
    writer_text(w, "takt", TAKT_VERSION);
    writer_integer(w, "max_message", MESSAGE_SIZE_MAX);
    return end_reply(call);
}

static bool ping(struct control_call *call) {
    reply_pong(&call->reply, call->message.id, call->now_s);
    return true;
}

/* ---- status, creators, stock, lots ---- */

static bool ask_stats(struct control_call *call) {
    struct store_stats *stats = arena_alloc(call->arena, sizeof *stats);
    stats->head.op = STORE_STATS;
    control_store(call, &stats->head);
    return true;
}

static bool ask_status(struct control_call *call) {
    call->ask = control_ask(call, ASK_STATUS);
    return ask_stats(call);
}

static bool show_status(struct control_call *call) {
    view_status(control_reply(call), call, call->ask, call->request);
    return end_reply(call);
}

static bool show_creators(struct control_call *call) {
    const struct store_stats *stats = call->request;
    if (stats->head.code != 0)
        return refuse(&call->refusal, REFUSAL_BUSY, "", "%s", stats->head.err.text);
    view_creators(control_reply(call), call->control->plant, call->request);
    return end_reply(call);
}

static bool ask_stock(struct control_call *call) {
    call->ask = control_ask(call, ASK_STOCK);
    return true;
}

static bool show_stock(struct control_call *call) {
    view_stock(control_reply(call), call->ask);
    return end_reply(call);
}

static bool ask_lots(struct control_call *call) {
    if (!read_page(call))
        return false;
    call->ask = control_ask(call, ASK_LOTS);
    return true;
}

static bool show_lots(struct control_call *call) {
    const struct ask *ask = call->ask;
    struct writer *w = control_reply(call);
    struct page page = page_of(call, ask->u.lots.ret_count);
    writer_list(w, "lots");
    for (size_t i = page.from; i < page.to; i++)
        view_lot(w, &ask->u.lots.ret_lots[i]);
    writer_end(w);
    write_next(w, page, ask->u.lots.ret_count);
    return end_reply(call);
}

/* ---- plan ---- */

static bool ask_plan(struct control_call *call) {
    const struct plant *plant = call->control->plant;
    struct reader r = message_reader(&call->message, &call->refusal);
    const char *line = NULL;
    int64_t lot = 0, from_s = INT64_MIN, to_s = TAKT_TIME_NEVER;
    if (!read_page(call) || !reader_text(&r, "line", READ_OPTIONAL, 64, &line) ||
        !reader_integer(&r, "lot", READ_OPTIONAL, 1, UINT32_MAX, &lot) || !reader_time(&r, "from", READ_OPTIONAL, &from_s) ||
        !reader_time(&r, "to", READ_OPTIONAL, &to_s))
        return false;
    int32_t place = line ? plant_line_find(plant, line) : -1;
    if (line && place < 0)
        return reader_problem(&r, "line", REFUSAL_UNKNOWN_LINE, "there is no line '%s' in the plant", line);
    call->ask = control_ask(call, ASK_PLAN);
    call->ask->u.plan.line = place;
    call->ask->u.plan.lot = (uint32_t)lot;
    call->ask->u.plan.from_s = from_s;
    call->ask->u.plan.to_s = to_s;
    call->also = control_ask(call, ASK_STOCK); /* for the downtimes */
    return true;
}

static bool show_plan(struct control_call *call) {
    const struct ask *ask = call->ask;
    struct writer *w = control_reply(call);
    struct page page = page_of(call, ask->u.plan.ret_count);
    writer_integer(w, "version", (int64_t)ask->u.plan.ret_version);
    writer_time(w, "time", call->now_s);
    writer_list(w, "lines");
    for (size_t i = 0; i < call->control->plant->line_count; i++)
        writer_text(w, NULL, call->control->plant->lines[i].id);
    writer_end(w);
    writer_list(w, "tasks");
    for (size_t i = page.from; i < page.to; i++)
        view_task(w, &ask->u.plan.ret_tasks[i]);
    writer_end(w);
    view_downs(w, call->also->u.stock.ret_downs, call->also->u.stock.ret_down_count);
    write_next(w, page, ask->u.plan.ret_count);
    return end_reply(call);
}

/* ---- orders ---- */

static bool ask_orders(struct control_call *call) {
    static const char *const states[] = {
#define X(name, text) text,
        ORDER_STATES(X)
#undef X
        "open"};
    const size_t count = sizeof states / sizeof states[0];
    struct store_orders *orders = arena_alloc(call->arena, sizeof *orders);
    if (!read_page(call) || !read_choice(call, "state", states, count, &orders->state) || !read_creator(call, &orders->creator))
        return false;
    if (orders->state == (int)count - 1)
        orders->state = -2;
    orders->head.op = STORE_ORDERS;
    orders->after = (uint64_t)call->offset;
    orders->limit = (size_t)call->limit;
    control_store(call, &orders->head);
    return true;
}

static bool show_orders(struct control_call *call) {
    const struct store_orders *orders = call->request;
    struct writer *w = control_reply(call);
    writer_list(w, "orders");
    for (size_t i = 0; i < orders->ret_count; i++) {
        writer_object(w, NULL);
        view_order_row(w, &orders->ret_orders[i]);
        writer_end(w);
    }
    writer_end(w);
    if (orders->ret_count == orders->limit)
        writer_integer(w, "next", (int64_t)orders->ret_orders[orders->ret_count - 1].no);
    return end_reply(call);
}

/* CREATOR/ORDER_REF, or an order_ref: what stands before the first slash is a creator if the plant has one of that name. */
static bool ask_story(struct control_call *call) {
    const struct plant *plant = call->control->plant;
    struct reader r = message_reader(&call->message, &call->refusal);
    struct store_order *story = arena_alloc(call->arena, sizeof *story);
    const char *ref;
    if (!reader_text(&r, "order", READ_REQUIRED, 200, &ref))
        return false;
    const char *slash = strchr(ref, '/');
    char *creator = slash ? arena_strndup(call->arena, ref, (size_t)(slash - ref)) : NULL;
    bool named = creator && plant_creator_find(plant, creator) >= 0;
    story->creator = named ? creator : NULL;
    story->order_ref = named ? slash + 1 : ref;
    story->head.op = STORE_ORDER;
    control_store(call, &story->head);
    return true;
}

static bool ask_about_order(struct control_call *call, enum ask_kind kind) {
    const struct store_order *story = call->request;
    call->ask = control_ask(call, kind);
    if (kind == ASK_WHY)
        call->ask->u.why.order = story->ret_order.no;
    else
        call->ask->u.order.order = story->ret_order.no;
    return true;
}

static bool is_open(const struct order_row *row) {
    return row->state != ORDER_SHIPPED && row->state != ORDER_CANCELLED;
}

static bool ask_planned(struct control_call *call) {
    const struct store_order *story = call->request;
    return !is_open(&story->ret_order) || ask_about_order(call, ASK_ORDER);
}

static bool show_story(struct control_call *call) {
    view_story(control_reply(call), call->request, call->ask);
    return end_reply(call);
}

static bool ask_why(struct control_call *call) {
    const struct store_order *story = call->request;
    return !is_open(&story->ret_order) || ask_about_order(call, ASK_WHY);
}

static bool show_why(struct control_call *call) {
    const struct store_order *story = call->request;
    struct writer *w = control_reply(call);
    writer_object(w, "order");
    view_order_row(w, &story->ret_order);
    writer_end(w);
    struct history history;
    if (call->ask)
        history_tell_open(story, call->control->plant, call->now_s, call->ask, &history);
    else
        history_tell(story, call->control->plant, call->now_s, call->arena, &history);
    view_why(w, history.steps, history.count, history.sentence);
    return end_reply(call);
}

/* ---- shipments ---- */

static bool ask_shipments(struct control_call *call) {
    static const char *const states[] = {"open", "taken", "shipped", "aside"};
    struct store_shipments *shipments = arena_alloc(call->arena, sizeof *shipments);
    if (!read_page(call) || !read_choice(call, "state", states, sizeof states / sizeof states[0], &shipments->state))
        return false;
    shipments->head.op = STORE_SHIPMENTS;
    shipments->after = (uint64_t)call->offset;
    shipments->limit = (size_t)call->limit;
    control_store(call, &shipments->head);
    return true;
}

static bool show_shipments(struct control_call *call) {
    const struct store_shipments *shipments = call->request;
    struct writer *w = control_reply(call);
    writer_list(w, "shipments");
    for (size_t i = 0; i < shipments->ret_count; i++)
        view_shipment(w, NULL, &shipments->ret_shipments[i]);
    writer_end(w);
    if (shipments->ret_count == shipments->limit)
        writer_integer(w, "next", (int64_t)shipments->ret_shipments[shipments->ret_count - 1].parcel.number);
    return end_reply(call);
}

static bool ask_release(struct control_call *call) {
    struct reader r = message_reader(&call->message, &call->refusal);
    struct store_shipment *act = arena_alloc(call->arena, sizeof *act);
    *act = (struct store_shipment){.head = {.op = STORE_SHIPMENT},
                                   .act = SHIPMENT_RELEASE,
                                   .consumer = "",
                                   .carrier = "",
                                   .tracking = "",
                                   .reason = "",
                                   .now_s = call->now_s};
    if (!reader_text(&r, "shipment", READ_REQUIRED, 128, &act->shipment))
        return false;
    control_store(call, &act->head);
    return true;
}

static bool show_release(struct control_call *call) {
    const struct store_shipment *act = call->request;
    writer_text(control_reply(call), "shipment", act->shipment);
    return end_reply(call);
}

/* ---- reload, config ---- */

static bool ask_reload(struct control_call *call) {
    control_reload(call);
    return true;
}

static bool show_reload(struct control_call *call) {
    view_reload(control_reply(call), "reload", call->reload);
    return end_reply(call);
}

static void write_option(struct writer *w, const struct plant_value *value) {
    char range[OPTION_RANGE_SIZE];
    writer_object(w, NULL);
    writer_text(w, "option", value->path);
    if (value->text)
        writer_text(w, "value", value->text);
    writer_some_text(w, "default", value->option->fallback);
    writer_some_text(w, "range", option_range(value->option, range));
    writer_text(w, "help", value->option->help ? value->option->help : "");
    writer_text(w, "takes_effect", value->option->flags & OPTION_RESTART   ? "restart"
                                   : value->option->flags & OPTION_INITIAL ? "new store"
                                                                           : "reload");
    writer_end(w);
}

static bool show_config(struct control_call *call) {
    struct plant_value *values;
    size_t count;
    if (!read_page(call))
        return false;
    plant_values(call->control->plant, false, call->arena, &values, &count);
    struct writer *w = control_reply(call);
    struct page page = page_of(call, count);
    writer_list(w, "options");
    for (size_t i = page.from; i < page.to; i++)
        write_option(w, &values[i]);
    writer_end(w);
    write_next(w, page, count);
    return end_reply(call);
}

/* ---- the table ---- */

static const struct control_command commands[] = {
    {"hello", {hello}},
    {"ping", {ping}},
    {"status", {ask_status, show_status}},
    {"orders", {ask_orders, show_orders}},
    {"late", {control_ask_late, control_ask_late_orders, control_show_late}},
    {"order", {ask_story, ask_planned, show_story}},
    {"lots", {ask_lots, show_lots}},
    {"plan", {ask_plan, show_plan}},
    {"line", {control_ask_line, control_show_line}},
    {"shipments", {ask_shipments, show_shipments}},
    {"release", {ask_release, show_release}},
    {"metrics", {ask_status, control_show_metrics}},
    {"alive", {control_ask_planner, control_show_alive}},
    {"ready", {control_ask_planner, control_show_ready}},
    {"creators", {ask_stats, show_creators}},
    {"stock", {ask_stock, show_stock}},
    {"why", {ask_story, ask_why, show_why}},
    {"reload", {ask_reload, show_reload}},
    {"config", {show_config}},
    {"erase", {control_erase, control_show_erased}},
    {"keys", {control_show_keys}},
    {"revoke", {control_revoke_key}},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

const struct control_command *control_command_find(const char *type, const char **ret_nearest) {
    const char *names[COMMANDS];
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].type, type) == 0)
            return &commands[i];
        names[i] = commands[i].type;
    }
    *ret_nearest = nearest_name(type, names, COMMANDS);
    return NULL;
}
