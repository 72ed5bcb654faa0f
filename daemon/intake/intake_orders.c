/* SPDX-License-Identifier: Apache-2.0 */

/* `orders`: each order is judged alone, and all of a message are answered together.
 *
 *   1 read      what cannot be read is refused
 *   2 check     what the plant, its limits or its capacity refuse today may have been accepted before: it is looked up
 *   3 store     the rest is to be accepted
 *   4 answer    a row for each that is not simply accepted, in the order of the message
 *
 * Looking up is accepting with no room for open orders: the store then says duplicate, conflict, or that there is no room. */

#include "daemon/intake/capacity.h"
#include "daemon/intake/intake_inner.h"
#include "daemon/wire/order.h"

#include <string.h>

enum way { WAY_REFUSED, WAY_LOOK_UP, WAY_ACCEPT };

struct verdict {
    enum way way;
    const char *order_ref;    /* NULL: it had none */
    struct refusal *refusal;  /* of REFUSED and LOOK_UP */
    size_t place;             /* in its request */
};

struct orders_job {
    struct job head;
    struct verdict *verdicts;
    uint32_t count;
    bool waits;               /* counted in pending and outstanding */
    struct store_accept accept, look_up;
};

/* ---- 1, 2 ---- */

static enum way judge(struct intake *in, struct orders_job *job, const struct reader *order, struct accept_order *ret) {
    if (!order_read(order, job->head.arena, in->secret, ret))
        return WAY_REFUSED;
    bool fine = order_check(order, in->plant) && capacity_check(order, in->plant, in->estimate, &ret->row, in->now_s);
    return fine ? WAY_ACCEPT : WAY_LOOK_UP;
}

static void judge_one(struct intake *in, struct orders_job *job, const struct reader *list, size_t index) {
    struct verdict *v = &job->verdicts[index];
    struct accept_order order = {0};
    struct reader self;
    if (reader_list_object(list, index, &self))
        v->way = judge(in, job, &self, &order);
    v->order_ref = order.row.order_ref;
    if (v->way != WAY_ACCEPT)
        v->refusal = arena_memdup(job->head.arena, list->refusal, sizeof *v->refusal);
    *list->refusal = (struct refusal){0};
    if (v->way == WAY_REFUSED)
        return;
    struct store_accept *to = v->way == WAY_ACCEPT ? &job->accept : &job->look_up;
    if (to->orders == NULL)
        to->orders = arena_array(job->head.arena, job->count, sizeof *to->orders);
    v->place = to->count++;
    to->orders[v->place] = order;
}

/* ---- 4 ---- */

static void count_refused(struct intake *in, struct writer *w, struct reply_accepted *counts, const struct verdict *v,
                          const struct refusal *refusal) {
    counts->refused++;
    in->stats.refused++;
    reply_accepted_refused(w, v->order_ref, refusal);
}

/* place: the order's, since an order_ref may stand in a message more than once. */
static void write_stored(struct intake *in, struct writer *w, struct reply_accepted *counts, const struct verdict *v, size_t place,
                         const struct store_accept *from) {
    struct refusal refusal;
    char at[32] = "";
    if (from->orders[v->place].ret_outcome != ACCEPT_NEW)
        snprintf(at, sizeof at, "/orders/%zu", place);
    switch (from->orders[v->place].ret_outcome) {
    case ACCEPT_NEW:
        counts->accepted++;
        in->stats.accepted++;
        break;
    case ACCEPT_DUPLICATE:
        counts->duplicates++;
        in->stats.duplicates++;
        reply_accepted_duplicate(w, v->order_ref);
        break;
    case ACCEPT_CONFLICT:
        refuse(&refusal, REFUSAL_CONFLICT, at, "the first one stands");
        count_refused(in, w, counts, v, &refusal);
        break;
    case ACCEPT_OVER_LIMIT:
        refuse(&refusal, REFUSAL_OVER_LIMIT, at, "at most %lld orders may be open", (long long)from->max_open);
        count_refused(in, w, counts, v, v->way == WAY_LOOK_UP ? v->refusal : &refusal);
        break;
    }
}

static void write_row(struct intake *in, struct writer *w, struct reply_accepted *counts, const struct orders_job *job,
                      const struct verdict *v) {
    struct refusal refusal;
    if (v->way == WAY_REFUSED) {
        count_refused(in, w, counts, v, v->refusal);
    } else if (v->way == WAY_LOOK_UP && job->look_up.head.code < 0) {
        intake_store_refusal(in, &job->look_up.head, &refusal);
        count_refused(in, w, counts, v, &refusal);
    } else {
        write_stored(in, w, counts, v, (size_t)(v - job->verdicts), v->way == WAY_ACCEPT ? &job->accept : &job->look_up);
    }
}

static void let_go(struct intake *in, struct orders_job *job) {
    if (job->waits) {
        in->pending -= job->count;
        job->head.account->outstanding -= job->count;
    }
    job->waits = false;
}

static void finish(struct intake *in, struct job *head) {
    struct orders_job *job = (struct orders_job *)head;
    let_go(in, job);
    if (job->accept.count > 0 && job->accept.head.code < 0) {
        struct refusal refusal;
        intake_store_refusal(in, &job->accept.head, &refusal);
        intake_problem(in, head->peer, head->id, &refusal);
        return;
    }
    if (job->accept.count > 0)
        intake_note_store(in, 0);
    struct writer w = {0};
    struct reply_accepted counts = {.credit = intake_credit(in, head->account)};
    reply_accepted_begin(&w, head->id);
    for (uint32_t i = 0; i < job->count; i++)
        write_row(in, &w, &counts, job, &job->verdicts[i]);
    reply_accepted_end(&w, &counts);
    intake_say(in, head->peer, &w);
    if (counts.accepted > 0)
        intake_wake_planner(in);
}

/* ---- 3 ---- */

static void submit(struct intake *in, struct orders_job *job, struct store_accept *request, int64_t max_open) {
    if (request->count == 0)
        return;
    request->creator = job->head.account->creator;
    request->max_open = max_open;
    request->now_s = in->now_s;
    job_submit(in, &job->head, STORE_ACCEPT, &request->head);
}

/* Nothing of a message is taken that is over a limit of the connection's own making. */
static bool admit(struct call *c, uint32_t count) {
    struct intake *in = c->in;
    struct account *account = c->session->account;
    int64_t wait_ms;
    if (account->outstanding + count > account_most(account))
        return reader_problem(&c->reader, NULL, REFUSAL_OVER_CREDIT, "%u orders are under way already, and %u is the credit",
                              account->outstanding, account_most(account));
    if (in->pending + count > INTAKE_PENDING_MAX)
        return reader_problem(&c->reader, NULL, REFUSAL_BUSY, "too many orders are under way; send them again in a moment");
    if (!account_admit(account, &in->plant->creators[account->place], intake_sharers(in, account), count, in->now_ms, &wait_ms))
        return reader_problem(&c->reader, NULL, REFUSAL_BUSY, "more orders a second than were agreed; send them again in %lld ms",
                              (long long)wait_ms);
    return true;
}

bool intake_orders(struct call *c) {
    struct intake *in = c->in;
    struct reader list;
    if (!reader_list(&c->reader, "orders", READ_REQUIRED, 1, INTAKE_ORDERS_MAX, &list))
        return false;
    uint32_t count = (uint32_t)reader_count(&list);
    if (!admit(c, count))
        return false;
    struct orders_job *job = job_new(in, sizeof *job, c->session, c->message, finish);
    job->count = count;
    job->verdicts = arena_array(job->head.arena, count, sizeof *job->verdicts);
    for (uint32_t i = 0; i < count; i++)
        judge_one(in, job, &list, i);
    job->waits = true;
    in->pending += count;
    job->head.account->outstanding += count;
    submit(in, job, &job->accept, in->plant->creators[job->head.account->place].max_open);
    submit(in, job, &job->look_up, 0);
    if (job->head.out > 0)
        return true;
    finish(in, &job->head);
    job_free(in, &job->head);
    return true;
}
