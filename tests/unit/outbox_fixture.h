/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A bench for the outbox over a store in memory: what consumers say and hear, connection by connection, with time in the
 * test's hand. */

#include "daemon/dispatch/outbox.h"

#include "base/arena.h"
#include "tests/unit/plant_fixture.h"

#include <jansson.h>

enum { CAP = 4096, DOCK = 1, TRUCK = 2, THIRD = 3 };

struct heard {
    uint64_t peer;
    json_t *message;
};

struct bench {
    struct fixture fixture;
    struct store *store;
    struct arena *arena;
    struct outbox *outbox;
    struct outbox_now now;
    uint64_t epoch, number;
    struct heard heard[CAP];
    size_t heard_count, wakes, asides;
    struct store_request *held[CAP]; /* when `hold` */
    size_t held_count;
    bool hold;
    int fail; /* what every write to a shipment comes back with; TAKT_EUNKNOWN: it has taken place */
};

/* ---- the bench ---- */

static inline int begin(void **state) {
    struct bench *b = takt_alloc(sizeof *b);
    struct takt_error err = {0};
    fixture_load_edited(&b->fixture, "consumers: {dock: {}}", "consumers: {dock: {}, truck: {}}");
    const struct store_config config = {.url = "memory:", .plant = "p1", .create = true};
    assert_int_equal(store_open(&config, &b->store, &err), 0);
    b->arena = arena_new();
    struct store_claim claim = {.head = {.op = STORE_CLAIM, .arena = b->arena}};
    assert_int_equal(store_call(b->store, &claim.head), 0);
    b->epoch = claim.ret_epoch;
    b->now = (struct outbox_now){1795996800, 1000};
    b->outbox = outbox_new(fixture_good(&b->fixture), b->epoch);
    *state = b;
    return 0;
}

static inline void forget(struct bench *b) {
    for (size_t i = 0; i < b->heard_count; i++)
        json_decref(b->heard[i].message);
    b->heard_count = 0;
}

static inline int end(void **state) {
    struct bench *b = *state;
    outbox_free(b->outbox);
    forget(b);
    store_close(b->store);
    arena_free(b->arena);
    fixture_done(&b->fixture);
    free(b);
    return 0;
}

static inline void answer(struct bench *b, struct store_request *r) {
    bool fails = b->fail != 0 && r->op == STORE_SHIPMENT;
    if (!fails || b->fail == TAKT_EUNKNOWN)
        store_call(b->store, r);
    if (fails)
        r->code = b->fail;
    outbox_stored(b->outbox, r, &b->now);
}

static inline void carry_out(struct bench *b, const struct outbox_effect *e) {
    if (e->kind == OUTBOX_STORE && b->hold) {
        b->held[b->held_count++] = e->request;
    } else if (e->kind == OUTBOX_STORE) {
        answer(b, e->request);
    } else if (e->kind == OUTBOX_SEND) {
        assert_true(b->heard_count < CAP);
        b->heard[b->heard_count++] = (struct heard){e->peer, json_loads(e->text, JSON_REJECT_DUPLICATES, NULL)};
        assert_non_null(b->heard[b->heard_count - 1].message);
        free(e->text);
    } else {
        *(e->kind == OUTBOX_WAKE ? &b->wakes : &b->asides) += 1;
        free(e->text);
    }
}

/* Until nothing more happens at this moment. */
static inline void settle(struct bench *b) {
    struct outbox_effect e;
    bool more = true;
    while (more) {
        more = false;
        outbox_turn(b->outbox, &b->now);
        for (; outbox_effect(b->outbox, &e); more = true)
            carry_out(b, &e);
        outbox_check(b->outbox);
    }
}

static inline void let_go(struct bench *b) {
    b->hold = false;
    for (size_t i = 0; i < b->held_count; i++)
        answer(b, b->held[i]);
    b->held_count = 0;
    settle(b);
}

static inline void pass(struct bench *b, int64_t ms) {
    b->now.real_ms += ms;
    b->now.plant_s += ms / 1000;
    settle(b);
}

static inline void say(struct bench *b, uint64_t peer, const char *format, ...) __attribute__((format(printf, 3, 4)));
static inline void say(struct bench *b, uint64_t peer, const char *format, ...) {
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    outbox_receive(b->outbox, peer, NULL, text, strlen(text), &b->now);
    settle(b);
}

static inline void hello(struct bench *b, uint64_t peer, const char *consumer, int credit) {
    say(b, peer, "{\"type\": \"hello\", \"protocol\": 1, \"consumer\": \"%s\", \"credit\": %d}", consumer, credit);
}

static inline void act(struct bench *b, uint64_t peer, const char *type, uint64_t number) {
    say(b, peer,
        "{\"type\": \"%s\", \"id\": \"7\", \"shipment_id\": \"p1-%d\", \"reason\": \"torn\", \"tracking\": \"T1\"}",
        type, (int)number);
}

static inline void gone(struct bench *b, uint64_t peer) {
    outbox_gone(b->outbox, peer);
    settle(b);
}

static const char *text_of(const json_t *message, const char *name) {
    const char *text = json_string_value(json_object_get(message, name));
    return text ? text : "";
}

/* How often a peer was sent a shipment. */
static inline size_t times_sent(const struct bench *b, uint64_t peer, uint64_t number) {
    char shipment[32];
    size_t count = 0;
    snprintf(shipment, sizeof shipment, "p1-%d", (int)number);
    for (size_t i = 0; i < b->heard_count; i++)
        count += b->heard[i].peer == peer && strcmp(text_of(b->heard[i].message, "type"), "shipment") == 0 &&
                 strcmp(text_of(b->heard[i].message, "shipment_id"), shipment) == 0;
    return count;
}

/* The type of the last that a peer heard; of a problem its name. */
static const char *last_heard(const struct bench *b, uint64_t peer) {
    for (size_t i = b->heard_count; i > 0; i--)
        if (b->heard[i - 1].peer == peer && strcmp(text_of(b->heard[i - 1].message, "type"), "shipment") != 0) {
            const char *type = text_of(b->heard[i - 1].message, "type");
            return strcmp(type, "problem") == 0 ? text_of(b->heard[i - 1].message, "problem") : type;
        }
    return "";
}

/* A packed order leaves as a parcel; the number of its shipment. */
static inline uint64_t publish(struct bench *b, int64_t ship_by_s) {
    static const struct item_row items[] = {
        {.product = "tee", .options = "design=x1;ink=dark", .quantity = 2},
        {.product = "tee", .options = "ink=light", .quantity = 1, .personalised = true}};
    char ref[32], shipment[32];
    uint64_t number = ++b->number;
    snprintf(ref, sizeof ref, "L-%d", (int)number);
    snprintf(shipment, sizeof shipment, "p1-%d", (int)number);
    struct accept_order o = {.row = {.order_ref = ref,
                                     .channel = "",
                                     .campaign = "",
                                     .service = "standard",
                                     .wish_day = TAKT_DAY_NONE,
                                     .country = "DE",
                                     .recipient_key = 5,
                                     .items = items,
                                     .item_count = 2},
                             .body = "{\"recipient\":{\"name\":\"Mei\",\"address\":{\"country\":\"DE\"}},\"items\":["
                                     "null,{\"text\":\"for Mei\"}]}"};
    memcpy(o.hash, &number, sizeof number);
    struct store_accept accept = {.head = {.op = STORE_ACCEPT, .arena = b->arena},
                                  .creator = "luna",
                                  .max_open = 100000,
                                  .now_s = b->now.plant_s,
                                  .orders = &o,
                                  .count = 1};
    assert_int_equal(store_call(b->store, &accept.head), 0);
    struct store_load load = {.head = {.op = STORE_LOAD, .arena = b->arena}, .kind = LOAD_META};
    assert_int_equal(store_call(b->store, &load.head), 0);
    const struct order_update packed = {o.ret_no, ORDER_PACKED, b->now.plant_s, b->now.plant_s};
    const struct parcel_row parcel = {.shipment = shipment,
                                      .number = number,
                                      .creator = "luna",
                                      .service = "standard",
                                      .carrier = "mail",
                                      .ship_by_s = ship_by_s,
                                      .packed_at_s = b->now.plant_s,
                                      .recipient_key = 5,
                                      .weight_mg = 540500,
                                      .orders = &o.ret_no,
                                      .order_count = 1};
    struct store_publish p = {.head = {.op = STORE_PUBLISH, .arena = b->arena},
                              .epoch = b->epoch,
                              .publish_no = load.ret_meta.publish_no + 1,
                              .seen = load.ret_meta.seen,
                              .at_s = b->now.plant_s,
                              .orders = &packed,
                              .order_count = 1,
                              .parcels = &parcel,
                              .parcel_count = 1};
    assert_int_equal(store_call(b->store, &p.head), 0);
    outbox_wake(b->outbox);
    settle(b);
    return number;
}

static inline uint64_t publish_one(struct bench *b) {
    return publish(b, 1796050800);
}

static inline struct shipment_row stored(struct bench *b, uint64_t number) {
    struct store_shipments q = {.head = {.op = STORE_SHIPMENTS, .arena = b->arena},
                                .shipment = arena_printf(b->arena, "p1-%d", (int)number)};
    assert_int_equal(store_call(b->store, &q.head), 0);
    return q.ret_shipments[0];
}

static inline void store_release(struct bench *b, uint64_t number) {
    struct store_shipment q = {.head = {.op = STORE_SHIPMENT, .arena = b->arena},
                               .act = SHIPMENT_RELEASE,
                               .shipment = arena_printf(b->arena, "p1-%d", (int)number),
                               .now_s = b->now.plant_s};
    assert_int_equal(store_call(b->store, &q.head), 0);
}

/* Nobody says so. */
static inline void release(struct bench *b, uint64_t number) {
    store_release(b, number);
    pass(b, OUTBOX_IDLE_MS);
    pass(b, OUTBOX_IDLE_MS);
}

static inline void restart(struct bench *b) {
    outbox_free(b->outbox);
    b->outbox = outbox_new(b->fixture.plant, b->epoch);
    forget(b);
    settle(b);
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
