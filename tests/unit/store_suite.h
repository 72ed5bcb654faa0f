/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What every back end of the store promises, as tests that run unchanged on each: a test program of a back end includes
 * this file, defines how its store is opened, and runs STORE_SUITE. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/store/backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench { /* what a test stands at */
    struct store *store;
    struct arena *arena;
};

/* The back end's: an empty store, and taking away whatever it left. */
static struct store *suite_open(void);
static void suite_remove(void);

enum { DAY = 86400 };
static const int64_t NOW = 1764547200; /* 2025-12-01 */

static int suite_setup(void **state) {
    struct bench *b = takt_alloc(sizeof *b);
    b->store = suite_open();
    b->arena = arena_new();
    *state = b;
    return 0;
}

static int suite_teardown(void **state) {
    struct bench *b = *state;
    store_close(b->store);
    arena_free(b->arena);
    free(b);
    suite_remove();
    return 0;
}

/* ---- helpers: requests in one line ---- */

static struct store_request head_of(struct bench *b, enum store_op op) {
    return (struct store_request){.op = op, .arena = b->arena};
}

static const struct item_row two_items[] = {
    {.product = "tee", .options = "fabric=white;size=M", .quantity = 3},
    {.product = "mug", .options = "", .quantity = 1, .personalised = true},
};

static struct accept_order order_like(const char *ref, uint8_t content) {
    struct accept_order o = {.row = {.order_ref = ref,
                                     .channel = "livestream",
                                     .campaign = "",
                                     .service = "standard",
                                     .wish_day = 20500,
                                     .country = "CN",
                                     .recipient_key = UINT64_MAX - content,
                                     .items = two_items,
                                     .item_count = 2},
                             .body = "{\"recipient\":{\"name\":\"Mei\"},\"metadata\":{\"a\":1}}"};
    memset(o.hash, content, sizeof o.hash);
    return o;
}

static struct store_accept accept_of(struct bench *b, const char *creator, struct accept_order *orders, size_t count) {
    return (struct store_accept){.head = head_of(b, STORE_ACCEPT),
                                 .creator = creator,
                                 .max_open = 1000000,
                                 .now_s = NOW,
                                 .orders = orders,
                                 .count = count};
}

/* Accepts one order and returns its number. */
static uint64_t accept_one(struct bench *b, const char *creator, const char *ref) {
    struct accept_order o = order_like(ref, 1);
    struct store_accept q = accept_of(b, creator, &o, 1);
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(o.ret_outcome, ACCEPT_NEW);
    assert_true(o.ret_no > 0);
    return o.ret_no;
}

static struct store_meta meta(struct bench *b) {
    struct store_load q = {.head = head_of(b, STORE_LOAD), .kind = LOAD_META};
    assert_int_equal(store_call(b->store, &q.head), 0);
    return q.ret_meta;
}

static uint64_t claim(struct bench *b) {
    struct store_claim q = {.head = head_of(b, STORE_CLAIM)};
    assert_int_equal(store_call(b->store, &q.head), 0);
    return q.ret_epoch;
}

/* A publication that would take place, to be filled. */
static struct store_publish publish_of(struct bench *b, uint64_t epoch) {
    struct store_meta m = meta(b);
    return (struct store_publish){
        .head = head_of(b, STORE_PUBLISH), .epoch = epoch, .publish_no = m.publish_no + 1, .seen = m.seen, .at_s = NOW};
}

static struct store_order story(struct bench *b, const char *creator, const char *ref) {
    struct store_order q = {.head = head_of(b, STORE_ORDER), .creator = creator, .order_ref = ref};
    assert_int_equal(store_call(b->store, &q.head), 0);
    return q;
}

static struct store_changes changes(struct bench *b, uint64_t after, size_t limit) {
    struct store_changes q = {.head = head_of(b, STORE_CHANGES), .after = after, .limit = limit};
    assert_int_equal(store_call(b->store, &q.head), 0);
    return q;
}

static struct store_events events(struct bench *b, const char *creator, uint64_t after, size_t limit) {
    struct store_events q = {.head = head_of(b, STORE_EVENTS), .creator = creator, .after = after, .limit = limit};
    assert_int_equal(store_call(b->store, &q.head), 0);
    return q;
}

static struct store_load load_page(struct bench *b, enum load_kind kind, const uint64_t *after, size_t limit) {
    struct store_load q = {.head = head_of(b, STORE_LOAD), .kind = kind, .first = after == NULL, .limit = limit};
    if (after != NULL)
        memcpy(q.after, after, sizeof q.after);
    assert_int_equal(store_call(b->store, &q.head), 0);
    return q;
}

static struct lot_row lot_like(uint32_t lot, enum lot_state state) {
    return (struct lot_row){.lot = lot,
                            .product = "tee",
                            .like = "fabric=white",
                            .state = state,
                            .opened_at_s = NOW,
                            .let_go_at_s = TAKT_TIME_NONE,
                            .firm_at_s = NOW + DAY,
                            .units = 3,
                            .extra = 1};
}

static struct task_row task_like(uint32_t lot, uint32_t op) {
    return (struct task_row){.lot = lot,
                             .op = op,
                             .op_id = "print",
                             .line = "print-1",
                             .start_s = NOW + DAY,
                             .end_s = NOW + DAY + 3600,
                             .state = TASK_PLANNED,
                             .quantity = 4,
                             .started_at_s = TAKT_TIME_NONE,
                             .finished_at_s = TAKT_TIME_NONE};
}

/* Puts item 0 of an order into a lot of that state, with two tasks, a promise and its event. */
static void plan_order(struct bench *b, uint64_t epoch, uint64_t no, uint32_t lot, enum lot_state state) {
    struct lot_row lots[] = {lot_like(lot, state)};
    struct slice_row slices[] = {{.order = no, .item = 0, .first = 0, .count = 3, .lot = lot}};
    struct task_row tasks[] = {task_like(lot, 0), task_like(lot, 1)};
    struct order_update updates[] = {
        {.no = no, .state = ORDER_PLANNED, .planned_packed_s = NOW + 2 * DAY, .packed_at_s = TAKT_TIME_NONE}};
    struct promise_row promises[] = {
        {.order = no, .at_s = NOW, .ship_by_s = NOW + 3 * DAY, .deliver_by_day = 20500, .reason = ""}};
    struct event_row events_[] = {{.kind = EVENT_ORDER_PROMISED,
                                   .order = no,
                                   .at_s = NOW,
                                   .ship_by_s = NOW + 3 * DAY,
                                   .deliver_by_day = 20500,
                                   .reason = "",
                                   .shipment = "",
                                   .carrier = "",
                                   .tracking = ""}};
    struct store_publish q = publish_of(b, epoch);
    q.plan_version = meta(b).plan_version + 1;
    q.scheduler = "fifo";
    q.lots = lots, q.lot_count = 1;
    q.slices = slices, q.slice_count = 1;
    q.tasks = tasks, q.task_count = 2;
    q.orders = updates, q.order_count = 1;
    q.promises = promises, q.promise_count = 1;
    q.events = events_, q.event_count = 1;
    assert_int_equal(store_call(b->store, &q.head), 0);
}

#include "tests/unit/store_suite_orders.h"
#include "tests/unit/store_suite_plan.h"
#include "tests/unit/store_suite_shipments.h"
#include "tests/unit/store_suite_audit.h"
#include "tests/unit/store_suite_erase.h"
#include "tests/unit/store_suite_adopt.h"
#include "tests/unit/store_suite_follow.h"

#define SUITE_TEST(name) cmocka_unit_test_setup_teardown(name, suite_setup, suite_teardown)
#define STORE_SUITE      SUITE_ORDERS, SUITE_PLAN, SUITE_SHIPMENTS, SUITE_AUDIT, SUITE_ERASE, SUITE_ADOPT, SUITE_FOLLOW
