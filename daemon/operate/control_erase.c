/* SPDX-License-Identifier: Apache-2.0 */

/* Erasing a recipient: the request's members are `creator` and `order`, or `field` and `value` of the recipient; the reply
 * lists the orders that were found, and where to go on, since bodies are looked into page by page. What was asked for is
 * personal data itself: it is neither logged nor given back. */

#include "daemon/operate/control_inner.h"

#include "base/nearest.h"

#include <string.h>

enum { LOOK_AT = 1000, FIELD_SIZE = 16, VALUE_SIZE = 1024 };

static bool read_field(struct control_call *call, struct store_erase *q) {
    static const char *const fields[] = {"name", "phone", "email", "token"};
    const size_t count = sizeof fields / sizeof fields[0];
    struct reader r = message_reader(&call->message, &call->refusal);
    if (!reader_text(&r, "field", READ_REQUIRED, FIELD_SIZE, &q->field) ||
        !reader_text(&r, "value", READ_REQUIRED, VALUE_SIZE, &q->value))
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i], q->field) == 0)
            return true;
    const char *nearest = nearest_name(q->field, fields, count);
    return reader_problem(&r, "field", REFUSAL_BAD_MESSAGE, "a recipient is named by name, phone, email or token, not by '%s'%s%s%s",
                          q->field, nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

bool control_erase(struct control_call *call) {
    struct reader r = message_reader(&call->message, &call->refusal);
    struct store_erase *q = arena_alloc(call->arena, sizeof *q);
    *q = (struct store_erase){.head = {.op = STORE_ERASE}, .limit = LOOK_AT, .now_s = call->now_s};
    if (!reader_text(&r, "creator", READ_REQUIRED, 64, &q->creator) ||
        !reader_text(&r, "order", READ_OPTIONAL, 200, &q->order_ref) ||
        !reader_integer(&r, "after", READ_OPTIONAL, 0, READ_INTEGER_MAX, &call->offset))
        return false;
    q->after = (uint64_t)call->offset;
    if (q->order_ref == NULL && !read_field(call, q))
        return false;
    control_store(call, &q->head);
    return true;
}

bool control_show_erased(struct control_call *call) {
    const struct store_erase *q = call->request;
    struct writer *w = control_reply(call);
    writer_list(w, "orders");
    for (size_t i = 0; i < q->ret_count; i++) {
        const struct erasure_row *row = &q->ret_rows[i];
        writer_object(w, NULL);
        writer_text(w, "order_ref", row->order_ref);
        writer_time(w, "erased_at", row->erased_at_s);
        writer_end(w);
    }
    writer_end(w);
    if (q->ret_after != 0)
        writer_integer(w, "next", (int64_t)q->ret_after);
    reply_end(w);
    return true;
}
