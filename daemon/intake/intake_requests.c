/* SPDX-License-Identifier: Apache-2.0 */

/* `amend`, `cancel`, `quote`, `status`: one order or a list of references, and one answer. */

#include "daemon/intake/intake_inner.h"
#include "daemon/wire/items.h"
#include "daemon/wire/order.h"

#include <string.h>

bool intake_read_refs(struct call *c, struct arena *arena, const char *const **ret, size_t *ret_count) {
    struct reader list;
    if (!reader_list(&c->reader, "order_refs", READ_REQUIRED, 1, INTAKE_ORDERS_MAX, &list))
        return false;
    size_t count = reader_count(&list);
    const char **refs = arena_array(arena, count, sizeof *refs);
    for (size_t i = 0; i < count; i++) {
        if (!reader_list_text(&list, i, ORDER_REF_MAX, &refs[i]))
            return false;
        refs[i] = arena_strdup(arena, refs[i]);
    }
    *ret = refs;
    *ret_count = count;
    return true;
}

/* ---- amend ---- */

struct amend_job {
    struct job head;
    struct store_amend request;
};

static void finish_amend(struct intake *in, struct job *head) {
    struct amend_job *job = (struct amend_job *)head;
    if (job->request.head.code < 0) {
        struct refusal refusal;
        intake_store_refusal(in, &job->request.head, &refusal);
        intake_problem(in, head->peer, head->id, &refusal);
        return;
    }
    struct writer w = {0};
    intake_note_store(in, 0);
    reply_amended(&w, head->id);
    intake_say(in, head->peer, &w);
    intake_wake_planner(in);
}

bool intake_amend(struct call *c) {
    struct intake *in = c->in;
    struct amend_job *job = job_new(in, sizeof *job, c->session, c->message, finish_amend);
    struct store_amend *request = &job->request;
    if (!amendment_read(&c->reader, job->head.arena, in->secret, request) || !amendment_check(&c->reader, in->plant)) {
        job_free(in, &job->head);
        return false;
    }
    request->creator = job->head.account->creator;
    request->now_s = in->now_s;
    job_submit(in, &job->head, STORE_AMEND, &request->head);
    return true;
}

/* ---- cancel ---- */

struct cancel_job {
    struct job head;
    struct store_cancel request;
};

static void finish_cancel(struct intake *in, struct job *head) {
    const struct store_cancel *request = &((struct cancel_job *)head)->request;
    if (request->head.code < 0) {
        struct refusal refusal;
        intake_store_refusal(in, &request->head, &refusal);
        intake_problem(in, head->peer, head->id, &refusal);
        return;
    }
    struct writer w = {0};
    bool any = false;
    intake_note_store(in, 0);
    reply_cancelled_begin(&w, head->id);
    for (size_t i = 0; i < request->count; i++) {
        reply_cancelled_row(&w, request->refs[i], request->ret_outcomes[i]);
        any = any || request->ret_outcomes[i] == CANCEL_DONE;
    }
    reply_rows_end(&w);
    intake_say(in, head->peer, &w);
    if (!any)
        return;
    intake_wake_planner(in);
    events_want_all(in);
}

bool intake_cancel(struct call *c) {
    struct intake *in = c->in;
    struct cancel_job *job = job_new(in, sizeof *job, c->session, c->message, finish_cancel);
    struct store_cancel *request = &job->request;
    if (!intake_read_refs(c, job->head.arena, &request->refs, &request->count)) {
        job_free(in, &job->head);
        return false;
    }
    request->creator = job->head.account->creator;
    request->now_s = in->now_s;
    request->ret_outcomes = arena_array(job->head.arena, request->count, sizeof *request->ret_outcomes);
    job_submit(in, &job->head, STORE_CANCEL, &request->head);
    return true;
}

/* ---- quote ---- */

struct quote_job {
    struct job head;
    struct ask ask;
};

static void finish_quote(struct intake *in, struct job *head) {
    const struct ask *ask = &((struct quote_job *)head)->ask;
    if (ask->refusal.kind != REFUSAL_NONE) {
        intake_problem(in, head->peer, head->id, &ask->refusal);
        return;
    }
    struct writer w = {0};
    reply_quoted(&w, head->id, ask->u.quote.ret_ship_by_s, ask->u.quote.ret_deliver_by_day, ask->u.quote.ret_valid_until_s);
    intake_say(in, head->peer, &w);
}

static bool read_quote(struct call *c, struct quote_job *job) {
    struct items items;
    int32_t wish_day;
    char *country = arena_alloc(job->head.arena, STORE_COUNTRY_SIZE);
    int64_t hold_s;
    if (!reader_duration(&c->reader, "hold", READ_OPTIONAL, &hold_s))
        return false;
    if (reader_has(&c->reader, "hold"))
        return reader_problem(&c->reader, "hold", REFUSAL_NOT_ALLOWED, "held quotes are not offered by this version");
    if (!items_read(&c->reader, job->head.arena, &items) || !items_check(&c->reader, c->in->plant) ||
        !recipient_read_country(&c->reader, country) || !reader_day(&c->reader, "deliver_by", READ_OPTIONAL, &wish_day))
        return false;
    struct ask_item *asked = arena_array(job->head.arena, items.count, sizeof *asked);
    for (uint32_t i = 0; i < items.count; i++)
        asked[i] = (struct ask_item){.product = plant_product_find(c->in->plant, items.rows[i].product),
                                     .options = items.rows[i].options,
                                     .quantity = items.rows[i].quantity,
                                     .personalised = items.rows[i].personalised};
    job->ask.kind = ASK_QUOTE;
    job->ask.u.quote.items = asked;
    job->ask.u.quote.item_count = items.count;
    job->ask.u.quote.creator = job->head.account->place;
    job->ask.u.quote.service = c->in->plant->service_count > 0 ? 0 : -1;
    job->ask.u.quote.country = country;
    job->ask.u.quote.ret_deliver_by_day = TAKT_DAY_NONE;
    return true;
}

bool intake_quote(struct call *c) {
    struct quote_job *job = job_new(c->in, sizeof *job, c->session, c->message, finish_quote);
    if (!read_quote(c, job)) {
        job_free(c->in, &job->head);
        return false;
    }
    job_ask(c->in, &job->head, &job->ask);
    return true;
}

/* ---- status ---- */

/* Orders are read a few at a time, so that one long list does not fill the store's queue. */
enum { STATUS_AT_ONCE = 32 };

struct status_job {
    struct job head;
    const char *const *refs;
    struct store_order *requests;
    size_t count, submitted;
};

static void more_status(struct intake *in, struct job *head) {
    struct status_job *job = (struct status_job *)head;
    while (job->submitted < job->count && head->out < STATUS_AT_ONCE)
        job_submit(in, head, STORE_ORDER, &job->requests[job->submitted++].head);
}

static void finish_status(struct intake *in, struct job *head) {
    struct status_job *job = (struct status_job *)head;
    struct writer w = {0};
    reply_statuses_begin(&w, head->id);
    for (size_t i = 0; i < job->count; i++) {
        const struct store_order *r = &job->requests[i];
        if (r->head.code < 0 && r->head.code != TAKT_ENOENT) {
            struct refusal refusal;
            intake_store_refusal(in, &r->head, &refusal);
            intake_problem(in, head->peer, head->id, &refusal);
            writer_done(&w);
            return;
        }
        reply_statuses_row(&w, job->refs[i], r->head.code == 0 ? &r->ret_order : NULL, r->ret_shipment);
    }
    reply_rows_end(&w);
    intake_say(in, head->peer, &w);
}

bool intake_status(struct call *c) {
    struct status_job *job = job_new(c->in, sizeof *job, c->session, c->message, finish_status);
    if (!intake_read_refs(c, job->head.arena, &job->refs, &job->count)) {
        job_free(c->in, &job->head);
        return false;
    }
    job->head.more = more_status;
    job->requests = arena_array(job->head.arena, job->count, sizeof *job->requests);
    for (size_t i = 0; i < job->count; i++) {
        job->requests[i].head.arena = job->head.arena;
        job->requests[i].creator = job->head.account->creator;
        job->requests[i].order_ref = job->refs[i];
    }
    more_status(c->in, &job->head);
    return true;
}
