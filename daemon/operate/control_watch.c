/* SPDX-License-Identifier: Apache-2.0 */

/* The commands of who watches: metrics, health, and the orders that need a look. */

#include "daemon/operate/control_inner.h"
#include "daemon/operate/metrics.h"

#include <stdio.h>
#include <stdlib.h>

enum { LATE_DEFAULT = 20, LATE_MAX = 200 };

/* The text is a member of the reply, for the HTTP port to take out. */
bool control_show_metrics(struct control_call *call) {
    char *text = metrics_text(call, &call->ask->u.status, call->request);
    writer_text(control_reply(call), "text", text);
    free(text);
    reply_end(&call->reply);
    return true;
}

/* That the planner answers at all is the proof. */
bool control_ask_planner(struct control_call *call) {
    call->ask = control_ask(call, ASK_STATUS);
    return true;
}

bool control_show_alive(struct control_call *call) {
    struct writer *w = control_reply(call);
    writer_boolean(w, "good", true);
    writer_text(w, "text", "alive\n");
    reply_end(&call->reply);
    return true;
}

bool control_show_ready(struct control_call *call) {
    const char *trouble = call->control->trouble;
    char text[sizeof call->control->trouble + 32];
    snprintf(text, sizeof text, *trouble ? "not ready: %s\n" : "ready\n", trouble);
    struct writer *w = control_reply(call);
    writer_boolean(w, "good", !*trouble);
    writer_text(w, "text", text);
    reply_end(&call->reply);
    return true;
}

bool control_ask_late(struct control_call *call) {
    struct reader r = message_reader(&call->message, &call->refusal);
    call->limit = LATE_DEFAULT;
    if (!reader_integer(&r, "limit", READ_OPTIONAL, 1, LATE_MAX, &call->limit))
        return false;
    call->ask = control_ask(call, ASK_LATE);
    call->ask->u.late.limit = (size_t)call->limit;
    return true;
}

bool control_ask_late_orders(struct control_call *call) {
    const struct ask *late = call->ask;
    struct store_orders *orders = arena_alloc(call->arena, sizeof *orders);
    uint64_t *numbers = arena_array(call->arena, late->u.late.ret_count, sizeof *numbers);
    for (size_t i = 0; i < late->u.late.ret_count; i++)
        numbers[i] = late->u.late.ret_orders[i].order;
    orders->head.op = STORE_ORDERS;
    orders->numbers = numbers;
    orders->number_count = late->u.late.ret_count;
    control_store(call, &orders->head);
    return true;
}

bool control_show_late(struct control_call *call) {
    const struct ask *late = call->ask;
    const struct store_orders *orders = call->request;
    struct writer *w = control_reply(call);
    writer_integer(w, "endangered", (int64_t)late->u.late.ret_endangered);
    if (late->u.late.ret_flow_s >= 0)
        writer_integer(w, "flow_s", late->u.late.ret_flow_s);
    writer_list(w, "orders");
    for (size_t i = 0, k = 0; i < orders->ret_count && k < late->u.late.ret_count; k++) {
        if (orders->ret_orders[i].no != late->u.late.ret_orders[k].order)
            continue;
        writer_object(w, NULL);
        view_order_row(w, &orders->ret_orders[i++]);
        writer_time(w, "expected_packed", late->u.late.ret_orders[k].packed_s);
        writer_time(w, "wished", late->u.late.ret_orders[k].wish_s);
        writer_integer(w, "spare_s", late->u.late.ret_orders[k].spare_s);
        writer_end(w);
    }
    writer_end(w);
    reply_end(&call->reply);
    return true;
}
