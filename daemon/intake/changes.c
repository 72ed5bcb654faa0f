/* SPDX-License-Identifier: Apache-2.0 */

/* Two sparse creators are remembered, the last one and the last other one: so each account knows whether there is one beside itself.
 *
 * Sparse is who has little under way and nothing that waits: flows with little to send go first because they cannot hurt, as in
 * FQ-CoDel (RFC 8290), but by making room for them rather than by a queue of their own, since what they wait for is a commit and not
 * a queue.
 *
 * A pause lasts four times as long as the stay before it, which is in whole milliseconds: on a fast disk that is often none and
 * sometimes one, which comes to the same in the mean. */

#include "daemon/intake/changes.h"

#include "daemon/intake/intake_inner.h"

#include <utlist.h>

bool changes_are(enum store_op op) {
    return op == STORE_ACCEPT || op == STORE_AMEND || op == STORE_CANCEL;
}

static uint32_t weight_of(const struct store_request *r) {
    return r->op == STORE_ACCEPT   ? (uint32_t)((const struct store_accept *)(const void *)r)->count
           : r->op == STORE_CANCEL ? (uint32_t)((const struct store_cancel *)(const void *)r)->count
                                   : 1;
}

/* ---- who is beside whom ---- */

static void note_sparse(struct intake *in, const struct account *a) {
    if (in->sparse[0].account != a)
        in->sparse[1] = in->sparse[0];
    in->sparse[0] = (struct sparse){a, in->now_ms};
}

static bool is_beside(const struct intake *in, const struct account *a) {
    const struct sparse *other = &in->sparse[in->sparse[0].account == a];
    return !in->hurry && other->account && in->now_ms - other->at_ms < ACCOUNT_BESIDE_MS;
}

/* ---- from here to there and back ---- */

/* One change may go, however large. */
static void send_held(struct intake *in, struct account *a) {
    int32_t share = a->place < 0 ? 1 : in->plant->creators[a->place].share;
    uint32_t most = (uint32_t)(is_beside(in, a) ? ACCOUNT_STORE_BESIDE : ACCOUNT_STORE) * (uint32_t)(share < 1 ? 1 : share);
    if (a->pauses)
        return;
    if (a->at_store == 0)
        a->sent_ms = in->now_ms;
    while (a->held && a->at_store < most) {
        struct store_request *r = a->held;
        a->held = r->next;
        r->next = NULL;
        a->at_store += weight_of(r);
        intake_store(in, r);
    }
}

void changes_submit(struct intake *in, const struct job *job, struct store_request *r) {
    struct account *a = job->account;
    r->next = NULL;
    *(a->held ? &a->held_last->next : &a->held) = r;
    a->held_last = r;
    send_held(in, a);
    if (a->held == NULL && a->outstanding <= ACCOUNT_SPARSE && inbox_waiting_beside(in->inbox, job->peer) == 0)
        note_sparse(in, a);
}

static void pause_for(struct intake *in, struct account *a, int64_t ms) {
    a->pauses = true;
    a->resume_ms = in->now_ms + (ms < CHANGES_PAUSE_MS_MAX ? ms : CHANGES_PAUSE_MS_MAX);
    DL_APPEND2(in->paused, a, paused_prev, paused_next);
}

void changes_back(struct intake *in, struct account *a, const struct store_request *r) {
    a->at_store -= weight_of(r);
    if (a->held == NULL)
        return;
    if (!is_beside(in, a))
        send_held(in, a);
    else if (a->at_store == 0) /* a stay of less than a millisecond is one */
        pause_for(in, a, CHANGES_PAUSE_STAYS * (in->now_ms > a->sent_ms ? in->now_ms - a->sent_ms : 1));
}

static void go_on(struct intake *in, struct account *a) {
    a->pauses = false;
    DL_DELETE2(in->paused, a, paused_prev, paused_next);
    send_held(in, a);
}

void changes_turn(struct intake *in) {
    struct account *a, *next;
    DL_FOREACH_SAFE2(in->paused, a, next, paused_next) {
        if (in->now_ms >= a->resume_ms)
            go_on(in, a);
    }
}

int64_t changes_next_ms(const struct intake *in) {
    int64_t next_ms = INT64_MAX;
    struct account *a;
    DL_FOREACH2(in->paused, a, paused_next) {
        next_ms = a->resume_ms < next_ms ? a->resume_ms : next_ms;
    }
    return next_ms;
}

void changes_hurry(struct intake *in) {
    in->hurry = true;
    while (in->paused)
        go_on(in, in->paused);
}
