/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A bench for the floor's core over a store in memory; the planner is the test itself. */

#include "daemon/floor/floor.h"

#include "base/arena.h"
#include "tests/unit/plant_fixture.h"

#include <inttypes.h>
#include <jansson.h>

enum { CAP = 8192, BENCH = 1, PACKER = 2, OTHER = 3 };

struct heard {
    uint64_t peer;
    json_t *message;
};

struct bench {
    struct fixture fixture;
    struct store *store;
    struct arena *arena;
    struct floor *floor;
    uint64_t epoch, order;
    struct heard heard[CAP];
    size_t heard_count;
    struct store_request *held[CAP]; /* when hold_store */
    size_t held_count;
    struct ask *asks[CAP]; /* of reports and tasks, to be answered by the test */
    size_t ask_count, ask_next;
    bool hold_store;
    int fail;              /* what the store answers */
    const char *task_line; /* where ASK_PLAN says L7-print is; NULL: it knows no such task */
};

#define NOW_S INT64_C(1795996800)

static inline void accept_order(struct bench *b) {
    static const struct item_row items[] = {
        {.product = "tee", .options = "design=x1;ink=dark", .quantity = 2},
        {.product = "tee", .options = "design=x2;ink=light", .quantity = 3, .personalised = true}};
    struct accept_order o = {.row = {.order_ref = "a/b-1",
                                     .channel = "",
                                     .campaign = "",
                                     .service = "standard",
                                     .wish_day = TAKT_DAY_NONE,
                                     .country = "DE",
                                     .recipient_key = 5,
                                     .items = items,
                                     .item_count = 2},
                             .body = "{\"recipient\":{\"name\":\"Mei\"},\"items\":[null,{\"text\":\"for Mei\"}]}"};
    struct store_accept accept = {.head = {.op = STORE_ACCEPT, .arena = b->arena},
                                  .creator = "luna",
                                  .max_open = 100,
                                  .now_s = NOW_S,
                                  .orders = &o,
                                  .count = 1};
    assert_int_equal(store_call(b->store, &accept.head), 0);
    b->order = o.ret_no;
}

static inline int begin(void **state) {
    struct bench *b = takt_alloc(sizeof *b);
    struct takt_error err = {0};
    fixture_load_edited(&b->fixture, "consumers: {dock: {}}",
                        "consumers: {dock: {}}\n"
                        "terminals: {bench: {lines: [print, sew]}, packer: {lines: [pack]}, store: {lines: [kiln]}}");
    b->floor = floor_new(fixture_good(&b->fixture));
    const struct store_config config = {.url = "memory:", .plant = "p1", .create = true};
    assert_int_equal(store_open(&config, &b->store, &err), 0);
    b->arena = arena_new();
    struct store_claim claim = {.head = {.op = STORE_CLAIM, .arena = b->arena}};
    assert_int_equal(store_call(b->store, &claim.head), 0);
    b->epoch = claim.ret_epoch;
    b->task_line = "print";
    accept_order(b);
    *state = b;
    return 0;
}

static inline int end(void **state) {
    struct bench *b = *state;
    floor_free(b->floor);
    for (size_t i = 0; i < b->heard_count; i++)
        json_decref(b->heard[i].message);
    store_close(b->store);
    arena_free(b->arena);
    fixture_done(&b->fixture);
    free(b);
    return 0;
}

static inline void settle(struct bench *b);

static inline void answer_store(struct bench *b, struct store_request *r) {
    if (b->fail != 0)
        r->code = b->fail;
    else
        store_call(b->store, r);
    floor_stored(b->floor, r, NOW_S);
}

static inline void answer_plan(struct bench *b, struct ask *ask) {
    ask->u.plan.ret_tasks = arena_array(ask->arena, 2, sizeof *ask->u.plan.ret_tasks);
    if (b->task_line != NULL && ask->u.plan.lot == 7) {
        ask->u.plan.ret_tasks[0] = (struct task_view){.task = "L7-fire", .line = "kiln"};
        ask->u.plan.ret_tasks[1] = (struct task_view){.task = "L7-print", .line = b->task_line};
        ask->u.plan.ret_count = 2;
    }
    floor_answered(b->floor, ask, NOW_S);
}

static inline void settle(struct bench *b) {
    struct floor_effect e;
    while (floor_effect(b->floor, &e)) {
        if (e.kind == FLOOR_REPLY) {
            assert_true(b->heard_count < CAP);
            b->heard[b->heard_count++] = (struct heard){e.peer, json_loads(e.text, JSON_REJECT_DUPLICATES, NULL)};
            assert_non_null(b->heard[b->heard_count - 1].message);
            free(e.text);
        } else if (e.kind == FLOOR_STORE) {
            assert_true(e.request->tag & FLOOR_TAG);
            if (b->hold_store)
                b->held[b->held_count++] = e.request;
            else
                answer_store(b, e.request);
        } else if (e.ask->kind == ASK_PLAN) {
            answer_plan(b, e.ask);
        } else {
            assert_true(e.ask->tag & FLOOR_TAG);
            b->asks[b->ask_count++] = e.ask;
        }
    }
}

static inline void say(struct bench *b, uint64_t peer, const char *format, ...) __attribute__((format(printf, 3, 4)));
static inline void say(struct bench *b, uint64_t peer, const char *format, ...) {
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    floor_receive(b->floor, peer, NULL, text, strlen(text), NOW_S);
    settle(b);
}

static inline void hello(struct bench *b, uint64_t peer, const char *terminal) {
    say(b, peer, "{\"type\": \"hello\", \"protocol\": 1, \"terminal\": \"%s\"}", terminal);
}

/* members: of the report, after its report_ref */
static inline void report(struct bench *b, uint64_t peer, const char *ref, const char *members) {
    say(b, peer, "{\"type\": \"report\", \"id\": \"i-%s\", \"report_ref\": \"%s\", %s}", ref, ref, members);
}

static const char *text_of(const json_t *message, const char *name) {
    const char *text = json_string_value(json_object_get(message, name));
    return text ? text : "";
}

static const json_t *last(const struct bench *b) {
    assert_true(b->heard_count > 0);
    return b->heard[b->heard_count - 1].message;
}

/* The type of what was heard last; of a problem its name. */
static const char *last_heard(const struct bench *b) {
    const char *type = text_of(last(b), "type");
    return strcmp(type, "problem") == 0 ? text_of(last(b), "problem") : type;
}

/* The next thing that the planner was asked. */
static inline struct ask *asked(struct bench *b, enum ask_kind kind) {
    assert_true(b->ask_next < b->ask_count);
    struct ask *ask = b->asks[b->ask_next++];
    assert_int_equal(ask->kind, kind);
    return ask;
}

static inline void nothing_is_asked(const struct bench *b) {
    assert_int_equal(b->ask_next, b->ask_count);
}

/* The planner accepts, and its publication is durable. */
static inline void publish(struct bench *b, struct ask *ask) {
    const struct report *r = ask->u.report.report;
    struct store_load load = {.head = {.op = STORE_LOAD, .arena = b->arena}, .kind = LOAD_META};
    assert_int_equal(store_call(b->store, &load.head), 0);
    struct report_row row = {
        .reporter = r->reporter, .report_ref = r->report_ref, .at_s = NOW_S, .event = "started", .body = r->body};
    memcpy(row.hash, r->hash, sizeof row.hash);
    struct store_publish p = {.head = {.op = STORE_PUBLISH, .arena = b->arena},
                              .epoch = b->epoch,
                              .publish_no = load.ret_meta.publish_no + 1,
                              .seen = load.ret_meta.seen,
                              .at_s = NOW_S,
                              .reports = &row,
                              .report_count = 1};
    assert_int_equal(store_call(b->store, &p.head), 0);
    floor_answered(b->floor, ask, NOW_S);
    settle(b);
}

static inline void turn_down(struct bench *b, struct ask *ask, enum refusal_kind kind) {
    refuse(&ask->refusal, kind, "", "no");
    floor_answered(b->floor, ask, NOW_S);
    settle(b);
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
