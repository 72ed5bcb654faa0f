/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* An intake over a real store in memory, without sockets: messages in, replies out. What is for the store runs at once, or is
 * held or failed as a test wishes. */

#include "tests/unit/plant_fixture.h"

#include "daemon/intake/account.h"
#include "daemon/intake/intake.h"
#include "daemon/store/store.h"

#include <stdint.h>

enum { BED_REPLIES_MAX = 4096, BED_HELD_MAX = 4096 };

struct bed {
    struct fixture fixture;
    struct store *store;
    struct intake *in;
    int64_t now_s, now_ms;
    struct {
        uint64_t peer;
        char *text;
    } replies[BED_REPLIES_MAX];
    size_t first, count;
    struct store_request *held[BED_HELD_MAX];
    size_t held_count;
    bool hold;           /* keep requests back until bed_release */
    int fail;            /* not 0: the store answers with this code and does nothing */
    bool lose;           /* the store does it and the answer says that nobody knows */
    struct ask *asks[16];
    size_t ask_count;
    unsigned wakes;
};

#define BED_NOW_S INT64_C(1795305600) /* 2026-11-22T00:00:00Z */

static inline void bed_pump(struct bed *b);

static inline void bed_run(struct bed *b, struct store_request *r) {
    if (b->fail) {
        r->code = b->fail;
    } else {
        store_call(b->store, r);
        if (b->lose)
            r->code = TAKT_EUNKNOWN;
    }
    intake_stored(b->in, r);
}

static inline void bed_reply(struct bed *b, const struct intake_effect *e) {
    assert_true(b->count < BED_REPLIES_MAX);
    b->replies[b->count].peer = e->peer;
    b->replies[b->count++].text = e->text;
}

static inline void bed_pump(struct bed *b) {
    struct intake_effect e;
    while (intake_work(b->in)) {
    }
    while (intake_effect(b->in, &e)) {
        switch (e.kind) {
        case INTAKE_REPLY:
            bed_reply(b, &e);
            break;
        case INTAKE_STORE:
            if (b->hold)
                b->held[b->held_count++] = e.request;
            else
                bed_run(b, e.request);
            break;
        case INTAKE_ASK:
            b->asks[b->ask_count++] = e.ask;
            break;
        case INTAKE_WAKE_PLANNER:
            b->wakes++;
            break;
        }
    }
}

static inline void bed_release(struct bed *b) {
    b->hold = false;
    for (size_t i = 0; i < b->held_count; i++)
        bed_run(b, b->held[i]);
    b->held_count = 0;
    bed_pump(b);
}

static inline void bed_open_plant(struct bed *b, const char *from, const char *to) {
    *b = (struct bed){.now_s = BED_NOW_S, .now_ms = 1000000};
    fixture_load_edited(&b->fixture, from, to);
    struct plant *plant = fixture_good(&b->fixture);
    struct store_config config = {.url = "memory:", .plant = plant->id, .create = true};
    assert_int_equal(store_open(&config, &b->store, NULL), 0);
    b->in = intake_new(plant);
    intake_time(b->in, b->now_s, b->now_ms);
}

/* Creators: luna; band, with at most 3 open orders; slow, with 10 orders a second. */
static inline void bed_open(struct bed *b) {
    bed_open_plant(b, "creators: {luna: {}}", "creators: {luna: {}, band: {max_open: 3}, slow: {rate: 10/s}}");
}

static inline void bed_close(struct bed *b) {
    intake_end(b->in);
    bed_release(b);
    for (size_t i = b->first; i < b->count; i++)
        free(b->replies[i].text);
    intake_free(b->in);
    store_close(b->store);
    fixture_done(&b->fixture);
}

static inline void bed_time(struct bed *b, int64_t more_ms) {
    b->now_ms += more_ms;
    intake_time(b->in, b->now_s, b->now_ms);
    intake_turn(b->in);
    bed_pump(b);
}

static inline void bed_send(struct bed *b, uint64_t peer, const char *text) {
    intake_receive(b->in, peer, NULL, text, strlen(text));
    bed_pump(b);
}

static inline void bed_silent(struct bed *b) {
    if (b->first != b->count)
        fail_msg("unexpected: %s", b->replies[b->first].text);
    b->first = b->count = 0;
}

/* The next reply is to this peer and contains each text; NULL ends them. */
static inline void bed_expect_all(struct bed *b, uint64_t peer, const char *const *texts) {
    if (b->first == b->count)
        fail_msg("no reply; '%s' expected", texts[0]);
    char *text = b->replies[b->first].text;
    assert_int_equal(b->replies[b->first].peer, peer);
    for (; *texts; texts++)
        if (strstr(text, *texts) == NULL)
            fail_msg("'%s' expected, not: %s", *texts, text);
    free(text);
    b->first++;
    if (b->first == b->count)
        b->first = b->count = 0;
}

#define bed_expect(b, peer, ...) bed_expect_all(b, peer, (const char *const[]){__VA_ARGS__, NULL})

static inline void bed_hello(struct bed *b, uint64_t peer, const char *creator) {
    char text[128];
    snprintf(text, sizeof text, "{\"type\":\"hello\",\"protocol\":1,\"creator\":\"%s\"}", creator);
    bed_send(b, peer, text);
    bed_expect(b, peer, "\"type\":\"welcome\"");
}

#define ITEM "{\"product\":\"tee\",\"options\":{\"ink\":\"light\",\"design\":\"d1\"},\"quantity\":1}"
#define RECIPIENT                                                                                                      \
    "{\"name\":\"Mei\",\"address\":{\"country\":\"DE\",\"city\":\"Jena\",\"line1\":\"Markt 1\",\"postal_code\":\"07743\"}}"

/* orders with count orders PREFIX0 … */
static inline void bed_orders(struct bed *b, uint64_t peer, const char *prefix, int count) {
    size_t size = 128 + (size_t)count * 200;
    char *text = malloc(size), *end = text;
    end += sprintf(end, "{\"type\":\"orders\",\"id\":\"%s\",\"orders\":[", prefix);
    for (int i = 0; i < count; i++)
        end += sprintf(end, "%s{\"order_ref\":\"%s%d\",\"items\":[" ITEM "]}", i ? "," : "", prefix, i);
    strcpy(end, "]}");
    bed_send(b, peer, text);
    free(text);
}

/* One order out of its members but order_ref and items. */
static inline void bed_order(struct bed *b, uint64_t peer, const char *ref, const char *more) {
    char text[4096];
    snprintf(text, sizeof text, "{\"type\":\"orders\",\"id\":\"o\",\"orders\":[{\"order_ref\":\"%s\"%s}]}", ref, more);
    bed_send(b, peer, text);
}
