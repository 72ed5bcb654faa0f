/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox over a store in memory: what consumers say and hear, connection by connection, with time in the test's
 * hand. */
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
    int fail; /* what every write to a shipment comes back with */
};

/* ---- the bench ---- */

static int begin(void **state) {
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

static void forget(struct bench *b) {
    for (size_t i = 0; i < b->heard_count; i++)
        json_decref(b->heard[i].message);
    b->heard_count = 0;
}

static int end(void **state) {
    struct bench *b = *state;
    outbox_free(b->outbox);
    forget(b);
    store_close(b->store);
    arena_free(b->arena);
    fixture_done(&b->fixture);
    free(b);
    return 0;
}

static void answer(struct bench *b, struct store_request *r) {
    if (b->fail != 0 && r->op == STORE_SHIPMENT)
        r->code = b->fail;
    else
        store_call(b->store, r);
    outbox_stored(b->outbox, r, &b->now);
}

static void carry_out(struct bench *b, const struct outbox_effect *e) {
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
static void settle(struct bench *b) {
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

static void let_go(struct bench *b) {
    b->hold = false;
    for (size_t i = 0; i < b->held_count; i++)
        answer(b, b->held[i]);
    b->held_count = 0;
    settle(b);
}

static void pass(struct bench *b, int64_t ms) {
    b->now.real_ms += ms;
    b->now.plant_s += ms / 1000;
    settle(b);
}

static void say(struct bench *b, uint64_t peer, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void say(struct bench *b, uint64_t peer, const char *format, ...) {
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    outbox_receive(b->outbox, peer, NULL, text, strlen(text), &b->now);
    settle(b);
}

static void hello(struct bench *b, uint64_t peer, const char *consumer, int credit) {
    say(b, peer, "{\"type\": \"hello\", \"protocol\": 1, \"consumer\": \"%s\", \"credit\": %d}", consumer, credit);
}

static void act(struct bench *b, uint64_t peer, const char *type, uint64_t number) {
    say(b, peer,
        "{\"type\": \"%s\", \"id\": \"7\", \"shipment_id\": \"p1-%d\", \"reason\": \"torn\", \"tracking\": \"T1\"}",
        type, (int)number);
}

static void gone(struct bench *b, uint64_t peer) {
    outbox_gone(b->outbox, peer);
    settle(b);
}

static const char *text_of(const json_t *message, const char *name) {
    const char *text = json_string_value(json_object_get(message, name));
    return text ? text : "";
}

/* How often a peer was sent a shipment. */
static size_t times_sent(const struct bench *b, uint64_t peer, uint64_t number) {
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
static uint64_t publish(struct bench *b, int64_t ship_by_s) {
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

static uint64_t publish_one(struct bench *b) {
    return publish(b, 1796050800);
}

static struct shipment_row stored(struct bench *b, uint64_t number) {
    struct store_shipments q = {.head = {.op = STORE_SHIPMENTS, .arena = b->arena},
                                .shipment = arena_printf(b->arena, "p1-%d", (int)number)};
    assert_int_equal(store_call(b->store, &q.head), 0);
    return q.ret_shipments[0];
}

static void release(struct bench *b, uint64_t number) {
    struct store_shipment q = {.head = {.op = STORE_SHIPMENT, .arena = b->arena},
                               .act = SHIPMENT_RELEASE,
                               .shipment = arena_printf(b->arena, "p1-%d", (int)number),
                               .now_s = b->now.plant_s};
    assert_int_equal(store_call(b->store, &q.head), 0);
    pass(b, OUTBOX_IDLE_MS);
    pass(b, OUTBOX_IDLE_MS);
}

static void restart(struct bench *b) {
    outbox_free(b->outbox);
    b->outbox = outbox_new(b->fixture.plant, b->epoch);
    forget(b);
    settle(b);
}

/* ---- sessions ---- */

static void a_shipment_carries_all_that_is_on_its_label(void **state) {
    struct bench *b = *state;
    publish_one(b);
    say(b, DOCK, "{\"type\": \"hello\", \"id\": \"h\", \"protocol\": 1, \"consumer\": \"dock\", \"credit\": 5}");
    assert_int_equal(b->heard_count, 2);
    const json_t *welcome = b->heard[0].message, *m = b->heard[1].message;
    assert_string_equal(text_of(welcome, "type"), "welcome");
    assert_string_equal(text_of(welcome, "id"), "h");
    assert_string_equal(text_of(welcome, "plant"), "p1");
    json_t *want = json_loads(
        "{\"type\": \"shipment\", \"shipment_id\": \"p1-1\", \"creator\": \"luna\", \"order_refs\": [\"L-1\"],"
        " \"parcel\": {\"items\": [{\"order_ref\": \"L-1\", \"product\": \"tee\", \"quantity\": 2,"
        "   \"options\": {\"design\": \"x1\", \"ink\": \"dark\"}},"
        "  {\"order_ref\": \"L-1\", \"product\": \"tee\", \"quantity\": 1, \"options\": {\"ink\": \"light\"},"
        "   \"personalization\": {\"text\": \"for Mei\"}}], \"weight\": 540.5},"
        " \"recipient\": {\"name\": \"Mei\", \"address\": {\"country\": \"DE\"}}, \"carrier\": \"mail\","
        " \"service\": \"standard\", \"ship_by\": \"2026-11-30T15:00:00Z\", \"packed_at\": \"2026-11-30T00:00:00Z\"}",
        0, NULL);
    assert_non_null(want);
    assert_true(json_equal(want, m));
    json_decref(want);
}

static void hello_comes_first(void **state) {
    struct bench *b = *state;
    publish_one(b);
    const char *const types[] = {"taken", "shipped", "refused", "credit", "juggle"};
    for (size_t i = 0; i < 5; i++) {
        act(b, DOCK, types[i], 1);
        assert_string_equal(last_heard(b, DOCK), "no-session");
        forget(b);
    }
    assert_int_equal(stored(b, 1).state, SHIPMENT_OPEN);
}

static void a_hello_that_is_wrong_is_refused(void **state) {
    struct bench *b = *state;
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"{\"type\": \"hello\", \"protocol\": 2, \"consumer\": \"dock\", \"credit\": 5}", "bad-protocol"},
        {"{\"type\": \"hello\", \"consumer\": \"dock\", \"credit\": 5}", "bad-message"},
        {"{\"type\": \"hello\", \"protocol\": 1, \"consumer\": \"dok\", \"credit\": 5}", "not-allowed"},
        {"{\"type\": \"hello\", \"protocol\": 1, \"credit\": 5}", "bad-message"},
        {"{\"type\": \"hello\", \"protocol\": 1, \"consumer\": \"dock\"}", "bad-message"},
        {"{\"type\": \"hello\", \"protocol\": 1, \"consumer\": \"dock\", \"credit\": -1}", "bad-message"},
        {"{\"type\": \"hello\", \"protocol\": 1, \"consumer\": \"dock\", \"credit\": 1001}", "bad-message"},
        {"{\"type\": \"hello\", \"protocol\": 1, \"consumer\": \"dock\", \"credit\": 1.0}", "bad-message"},
        {"[]", "bad-message"},
        {"", "bad-message"},
    };
    publish_one(b);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        say(b, DOCK, "%s", cases[i].text);
        assert_string_equal(last_heard(b, DOCK), cases[i].problem);
        assert_int_equal(times_sent(b, DOCK, 1), 0);
        forget(b);
    }
}

static void what_is_no_message_of_the_endpoint_is_refused(void **state) {
    struct bench *b = *state;
    hello(b, DOCK, "dock", 5);
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"{\"type\": \"orders\", \"id\": \"1\", \"orders\": []}", "unknown-type"},
        {"{\"type\": \"taken\"}", "bad-message"},
        {"{\"type\": \"taken\", \"shipment_id\": 7}", "bad-message"},
        {"{\"type\": \"refused\", \"shipment_id\": \"p1-1\"}", "bad-message"},
        {"{\"type\": \"credit\"}", "bad-message"},
        {"{\"type\": \"credit\", \"credit\": 100000}", "bad-message"},
        {"{\"type\": \"taken\", \"shipment_id\": \"p1-999\"}", "unknown-shipment"},
        {"{\"type\": \"shipped\", \"shipment_id\": \"nonsense\"}", "unknown-shipment"},
        {"{\"type\": \"refused\", \"shipment_id\": \"p1-0\", \"reason\": \"x\"}", "unknown-shipment"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        say(b, DOCK, "%s", cases[i].text);
        assert_string_equal(last_heard(b, DOCK), cases[i].problem);
    }
    outbox_broken(b->outbox, DOCK);
    settle(b);
    act(b, DOCK, "taken", 1);
    assert_string_equal(last_heard(b, DOCK), "no-session");
}

static void a_consumer_gets_no_more_than_its_credit(void **state) {
    struct bench *b = *state;
    for (int i = 0; i < 6; i++)
        publish_one(b);
    hello(b, DOCK, "dock", 0);
    assert_int_equal(b->heard_count, 1);
    say(b, DOCK, "{\"type\": \"credit\", \"credit\": 2}");
    assert_int_equal(b->heard_count, 3);
    act(b, DOCK, "taken", 1); /* is still neither shipped nor refused */
    assert_int_equal(times_sent(b, DOCK, 3), 0);
    act(b, DOCK, "shipped", 1);
    assert_int_equal(times_sent(b, DOCK, 3), 1);
    act(b, DOCK, "refused", 2);
    assert_int_equal(times_sent(b, DOCK, 4), 1);
    assert_int_equal(times_sent(b, DOCK, 5), 0);
    say(b, DOCK, "{\"type\": \"credit\", \"credit\": 0}");
    act(b, DOCK, "shipped", 3);
    act(b, DOCK, "shipped", 4);
    assert_int_equal(times_sent(b, DOCK, 5), 0);
}

static void the_most_urgent_leaves_first(void **state) {
    struct bench *b = *state;
    publish(b, 3000);
    publish(b, TAKT_TIME_NONE);
    publish(b, 1000);
    publish(b, 2000);
    hello(b, DOCK, "dock", 10);
    const char *const order[] = {"p1-3", "p1-4", "p1-1", "p1-2"};
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(text_of(b->heard[i + 1].message, "shipment_id"), order[i]);
}

static void two_consumers_share_what_there_is(void **state) {
    struct bench *b = *state;
    hello(b, DOCK, "dock", 10);
    hello(b, TRUCK, "truck", 10);
    for (int i = 0; i < 4; i++)
        publish_one(b);
    size_t dock = 0, truck = 0;
    for (uint64_t n = 1; n <= 4; n++) {
        dock += times_sent(b, DOCK, n);
        truck += times_sent(b, TRUCK, n);
    }
    assert_int_equal(dock, 2);
    assert_int_equal(truck, 2);
}

/* ---- leases ---- */

static void what_nobody_takes_is_sent_again_when_its_lease_ends(void **state) {
    struct bench *b = *state;
    publish_one(b);
    hello(b, DOCK, "dock", 5);
    pass(b, OUTBOX_LEASE_MS - 1);
    assert_int_equal(times_sent(b, DOCK, 1), 1);
    pass(b, 1);
    assert_int_equal(times_sent(b, DOCK, 1), 2); /* the same shipment_id; there is nobody else */
    hello(b, TRUCK, "truck", 5);
    pass(b, OUTBOX_LEASE_MS);
    assert_int_equal(times_sent(b, DOCK, 1), 2);
    assert_int_equal(times_sent(b, TRUCK, 1), 1); /* another one first */
    assert_int_equal(stored(b, 1).attempts, 3);
}

static void who_let_a_lease_end_is_the_last_to_get_it_again(void **state) {
    struct bench *b = *state;
    hello(b, DOCK, "dock", 5);
    hello(b, TRUCK, "truck", 5);
    publish_one(b);
    uint64_t slept = times_sent(b, DOCK, 1) ? DOCK : TRUCK, other = slept == DOCK ? TRUCK : DOCK;
    pass(b, 1000);
    publish_one(b);
    assert_int_equal(times_sent(b, other, 2), 1); /* so that it would be the sleeper's turn now */
    pass(b, OUTBOX_LEASE_MS - 1000);
    assert_int_equal(times_sent(b, slept, 1), 1);
    assert_int_equal(times_sent(b, other, 1), 1);
}

static void what_nobody_took_goes_to_another_when_the_connection_ends(void **state) {
    struct bench *b = *state;
    publish_one(b);
    hello(b, DOCK, "dock", 5);
    hello(b, TRUCK, "truck", 5);
    assert_int_equal(times_sent(b, TRUCK, 1), 0);
    gone(b, DOCK);
    assert_int_equal(times_sent(b, TRUCK, 1), 1);
    gone(b, DOCK); /* once more means nothing */
    assert_int_equal(times_sent(b, TRUCK, 1), 1);
}

static void a_hello_on_the_same_connection_begins_anew(void **state) {
    struct bench *b = *state;
    publish_one(b);
    publish_one(b);
    hello(b, DOCK, "dock", 5);
    act(b, DOCK, "taken", 1);
    hello(b, DOCK, "dock", 5);
    assert_int_equal(times_sent(b, DOCK, 1), 2);
    assert_int_equal(times_sent(b, DOCK, 2), 2);
}

static void taken_sticks_to_the_consumer(void **state) {
    struct bench *b = *state;
    publish_one(b);
    hello(b, DOCK, "dock", 5);
    act(b, DOCK, "taken", 1);
    assert_string_equal(last_heard(b, DOCK), "confirmed");
    assert_string_equal(stored(b, 1).consumer, "dock");
    hello(b, TRUCK, "truck", 5);
    pass(b, 10 * OUTBOX_LEASE_MS); /* no lease runs for it */
    assert_int_equal(times_sent(b, DOCK, 1), 1);
    gone(b, DOCK);
    pass(b, 10 * OUTBOX_LEASE_MS);
    assert_int_equal(times_sent(b, TRUCK, 1), 0);
    hello(b, THIRD, "dock", 5); /* the same consumer on another connection */
    assert_int_equal(times_sent(b, THIRD, 1), 1);
    act(b, THIRD, "shipped", 1);
    assert_string_equal(last_heard(b, THIRD), "confirmed");
}

static void taken_while_it_is_sent_to_another_is_the_takers(void **state) {
    struct bench *b = *state;
    publish_one(b);
    hello(b, DOCK, "dock", 5);
    gone(b, DOCK);
    hello(b, DOCK, "dock", 0);
    b->hold = true;
    hello(b, TRUCK, "truck", 5); /* its message is being made */
    act(b, DOCK, "taken", 1);
    struct store_request *taken = b->held[--b->held_count];
    assert_int_equal(((struct store_shipment *)taken)->act, SHIPMENT_TAKE);
    b->hold = false;
    answer(b, taken);
    let_go(b);
    assert_string_equal(last_heard(b, DOCK), "confirmed");
    assert_int_equal(times_sent(b, TRUCK, 1), 0);
    gone(b, DOCK);
    pass(b, OUTBOX_LEASE_MS);
    assert_int_equal(times_sent(b, TRUCK, 1), 0);
}

static void a_connection_that_ends_while_a_message_is_made_gets_nothing(void **state) {
    struct bench *b = *state;
    publish_one(b);
    b->hold = true;
    hello(b, DOCK, "dock", 5);
    assert_int_equal(b->held_count, 2);
    gone(b, DOCK);
    let_go(b);
    assert_int_equal(times_sent(b, DOCK, 1), 0);
    hello(b, TRUCK, "truck", 5);
    assert_int_equal(times_sent(b, TRUCK, 1), 1);
}

static void an_old_sending_is_not_taken_for_the_new_one(void **state) {
    struct bench *b = *state;
    publish_one(b);
    b->hold = true;
    hello(b, DOCK, "dock", 5);
    gone(b, DOCK);
    hello(b, TRUCK, "truck", 5);
    assert_int_equal(b->held_count, 4);
    let_go(b);
    assert_int_equal(times_sent(b, TRUCK, 1), 1);
}

static void after_twenty_attempts_a_shipment_is_set_aside(void **state) {
    struct bench *b = *state;
    publish_one(b);
    for (int i = 1; i <= OUTBOX_ATTEMPTS_MAX; i++) {
        uint64_t peer = 100 + (uint64_t)i;
        hello(b, peer, i % 2 ? "dock" : "truck", 1);
        assert_int_equal(times_sent(b, peer, 1), 1);
        gone(b, peer);
        forget(b);
    }
    hello(b, DOCK, "dock", 1);
    assert_int_equal(times_sent(b, DOCK, 1), 0);
    assert_int_equal(stored(b, 1).state, SHIPMENT_ASIDE);
    assert_int_equal(b->asides, 1);
    pass(b, OUTBOX_LEASE_MS);
    assert_int_equal(times_sent(b, DOCK, 1), 0);
    release(b, 1);
    assert_int_equal(times_sent(b, DOCK, 1), 1);
}

/* ---- ends ---- */

static void a_shipped_shipment_is_confirmed_again_and_never_sent_again(void **state) {
    struct bench *b = *state;
    publish_one(b);
    hello(b, DOCK, "dock", 5);
    act(b, DOCK, "shipped", 1);
    assert_string_equal(last_heard(b, DOCK), "confirmed");
    assert_int_equal(b->wakes, 1);
    assert_string_equal(stored(b, 1).tracking, "T1");
    restart(b);
    hello(b, DOCK, "dock", 5);
    act(b, DOCK, "shipped", 1);
    assert_string_equal(last_heard(b, DOCK), "confirmed");
    pass(b, 2 * OUTBOX_LEASE_MS);
    assert_int_equal(times_sent(b, DOCK, 1), 0);
}

static void a_refused_shipment_waits_for_the_operator(void **state) {
    struct bench *b = *state;
    publish_one(b);
    hello(b, DOCK, "dock", 5);
    act(b, DOCK, "refused", 1);
    act(b, DOCK, "refused", 1);
    assert_string_equal(last_heard(b, DOCK), "confirmed");
    assert_int_equal(b->asides, 1);
    assert_string_equal(stored(b, 1).reason, "torn");
    pass(b, 2 * OUTBOX_LEASE_MS);
    assert_int_equal(times_sent(b, DOCK, 1), 1);
    release(b, 1);
    assert_int_equal(times_sent(b, DOCK, 1), 2);
}

static void a_taken_shipment_that_the_operator_releases_is_anybodys(void **state) {
    struct bench *b = *state;
    publish_one(b);
    hello(b, DOCK, "dock", 5);
    act(b, DOCK, "taken", 1);
    gone(b, DOCK);
    hello(b, TRUCK, "truck", 5);
    assert_int_equal(times_sent(b, TRUCK, 1), 0);
    release(b, 1);
    assert_int_equal(times_sent(b, TRUCK, 1), 1);
    act(b, TRUCK, "taken", 1);
    hello(b, DOCK, "dock", 5);
    act(b, DOCK, "shipped", 1);
    assert_string_equal(last_heard(b, DOCK), "contradiction");
}

static void a_restart_knows_who_has_taken_what(void **state) {
    struct bench *b = *state;
    publish_one(b);
    publish_one(b);
    hello(b, DOCK, "dock", 5);
    act(b, DOCK, "taken", 1);
    restart(b);
    hello(b, TRUCK, "truck", 5);
    assert_int_equal(times_sent(b, TRUCK, 1), 0);
    assert_int_equal(times_sent(b, TRUCK, 2), 1);
    hello(b, DOCK, "dock", 5);
    assert_int_equal(times_sent(b, DOCK, 1), 1);
}

static void more_than_a_page_is_found_at_the_start(void **state) {
    struct bench *b = *state;
    enum { MANY = OUTBOX_PAGE + 7 };
    for (int i = 0; i < MANY; i++)
        publish_one(b);
    restart(b);
    hello(b, DOCK, "dock", OUTBOX_CREDIT_MAX);
    assert_int_equal(b->heard_count, MANY + 1);
}

/* ---- trouble ---- */

static void while_the_store_fails_nothing_is_claimed_and_later_it_goes_on(void **state) {
    struct bench *b = *state;
    publish_one(b);
    b->fail = TAKT_ESTORE;
    hello(b, DOCK, "dock", 5);
    assert_int_equal(times_sent(b, DOCK, 1), 0);
    b->fail = 0;
    pass(b, OUTBOX_RETRY_MS);
    assert_int_equal(times_sent(b, DOCK, 1), 1);
    b->fail = TAKT_EUNKNOWN;
    act(b, DOCK, "shipped", 1);
    assert_string_equal(last_heard(b, DOCK), "busy");
    assert_int_equal(b->wakes, 0);
    b->fail = 0;
    act(b, DOCK, "shipped", 1);
    assert_string_equal(last_heard(b, DOCK), "confirmed");
}

static void a_taking_of_unknown_outcome_is_found_out(void **state) {
    struct bench *b = *state;
    publish_one(b);
    hello(b, DOCK, "dock", 5);
    struct store_shipment took = {.head = {.op = STORE_SHIPMENT, .arena = b->arena},
                                  .epoch = b->epoch,
                                  .act = SHIPMENT_TAKE,
                                  .shipment = "p1-1",
                                  .consumer = "dock",
                                  .now_s = b->now.plant_s};
    assert_int_equal(store_call(b->store, &took.head), 0); /* it took place, and nobody was told */
    pass(b, OUTBOX_IDLE_MS);
    pass(b, OUTBOX_IDLE_MS);
    hello(b, TRUCK, "truck", 5);
    pass(b, 2 * OUTBOX_LEASE_MS);
    assert_int_equal(times_sent(b, TRUCK, 1), 0);
}

static void a_consumer_that_leaves_the_plant_loses_its_session(void **state) {
    struct bench *b = *state;
    struct fixture without;
    publish_one(b);
    hello(b, TRUCK, "truck", 5);
    fixture_load_edited(&without, "consumers: {dock: {}}", "consumers: {dock: {}}");
    outbox_reload(b->outbox, fixture_good(&without));
    fixture_done(&without);
    settle(b);
    act(b, TRUCK, "taken", 1);
    assert_string_equal(last_heard(b, TRUCK), "no-session");
    hello(b, TRUCK, "truck", 5);
    assert_string_equal(last_heard(b, TRUCK), "not-allowed");
    hello(b, DOCK, "dock", 5);
    assert_int_equal(times_sent(b, DOCK, 1), 1);
}

static void a_drained_outbox_sends_nothing_more(void **state) {
    struct bench *b = *state;
    hello(b, DOCK, "dock", 5);
    publish_one(b);
    b->hold = true;
    act(b, DOCK, "shipped", 1);
    outbox_drain(b->outbox);
    assert_true(outbox_pending(b->outbox) > 0);
    let_go(b);
    assert_string_equal(last_heard(b, DOCK), "confirmed");
    publish_one(b);
    pass(b, 2 * OUTBOX_LEASE_MS);
    assert_int_equal(times_sent(b, DOCK, 2), 0);
    assert_int_equal(outbox_pending(b->outbox), 0);
}

/* ---- every message in every state ---- */

enum {
    WAITING,
    SENT_ME,
    SENT_OTHER,
    TAKEN_ME,
    TAKEN_OTHER,
    KEPT_ME,
    KEPT_OTHER,
    SHIPPED_ME,
    SHIPPED_OTHER,
    ASIDE,
    STATES
};

/* Brings a new shipment into a state, as DOCK ("me") sees it; nobody has credit afterwards. */
static uint64_t bring(struct bench *b, int to) {
    bool me = to != SENT_OTHER && to != TAKEN_OTHER && to != KEPT_OTHER && to != SHIPPED_OTHER;
    uint64_t who = me ? DOCK : TRUCK;
    hello(b, DOCK, "dock", to != WAITING && me);
    hello(b, TRUCK, "truck", !me);
    uint64_t number = publish_one(b);
    if (to == TAKEN_ME || to == TAKEN_OTHER || to == KEPT_ME || to == KEPT_OTHER)
        act(b, who, "taken", number);
    if (to == SHIPPED_ME || to == SHIPPED_OTHER)
        act(b, who, "shipped", number);
    if (to == ASIDE)
        act(b, who, "refused", number);
    if (to == KEPT_ME || to == KEPT_OTHER)
        hello(b, who, me ? "dock" : "truck", 0);
    return number;
}

static void every_message_in_every_state_is_answered_as_it_must_be(void **state) {
    struct bench *b = *state;
    static const char *const messages[] = {"taken", "shipped", "refused"};
    static const char *const fine = "confirmed", *const no = "contradiction";
    const char *const expected[STATES][3] = {
        [WAITING] = {fine, fine, fine},  [SENT_ME] = {fine, fine, fine}, [SENT_OTHER] = {fine, fine, fine},
        [TAKEN_ME] = {fine, fine, fine}, [TAKEN_OTHER] = {no, no, no},   [KEPT_ME] = {fine, fine, fine},
        [KEPT_OTHER] = {no, no, no},     [SHIPPED_ME] = {no, fine, no},  [SHIPPED_OTHER] = {no, no, no},
        [ASIDE] = {no, no, fine},
    };
    for (int s = 0; s < STATES; s++)
        for (int m = 0; m < 3; m++) {
            uint64_t number = bring(b, s);
            enum shipment_state before = stored(b, number).state;
            for (int again = 0; again < 2; again++) { /* and a repeat is answered alike */
                act(b, DOCK, messages[m], number);
                if (strcmp(last_heard(b, DOCK), expected[s][m]) != 0)
                    fail_msg("state %d, %s: %s, not %s", s, messages[m], last_heard(b, DOCK), expected[s][m]);
            }
            struct shipment_row row = stored(b, number);
            if (expected[s][m] == no)
                assert_int_equal(row.state, before);
            else
                assert_int_equal(row.state, m == 0 ? SHIPMENT_TAKEN : m == 1 ? SHIPMENT_SHIPPED : SHIPMENT_ASIDE);
            if (m == 0 && expected[s][m] == fine)
                assert_string_equal(row.consumer, "dock");
            forget(b);
            if (row.state == SHIPMENT_OPEN || row.state == SHIPMENT_TAKEN) { /* out of the way of the next */
                struct store_shipment out = {.head = {.op = STORE_SHIPMENT, .arena = b->arena},
                                             .act = SHIPMENT_REFUSE,
                                             .shipment = arena_printf(b->arena, "p1-%d", (int)number),
                                             .reason = "x"};
                assert_int_equal(store_call(b->store, &out.head), 0);
                restart(b);
            }
        }
}

/* ---- a long life ---- */

struct life {
    uint64_t peer[4]; /* 0: not connected */
    uint64_t last_peer, taken_by[200];
    bool ended[200];
};

static const char *life_consumer(int at) {
    return at % 2 ? "truck" : "dock";
}

/* What a consumer does about a shipment that it has just been sent. */
static void life_deal(struct bench *b, struct life *l, int at, uint64_t number, unsigned dice) {
    uint64_t me = 1 + (uint64_t)(at % 2);
    if (l->taken_by[number] != 0)
        assert_int_equal(l->taken_by[number], me); /* only ever to who has taken it */
    assert_false(l->ended[number]);
    if (dice % 4 == 0)
        return; /* slept through it */
    act(b, l->peer[at], dice % 4 == 1 ? "taken" : dice % 40 == 2 ? "refused" : "shipped", number);
    bool confirmed = strcmp(last_heard(b, l->peer[at]), "confirmed") == 0;
    if (confirmed && dice % 4 == 1)
        l->taken_by[number] = me;
    else if (confirmed)
        l->ended[number] = true;
}

static void life_read(struct bench *b, struct life *l, unsigned *dice) {
    struct heard mail[64];
    size_t count = 0;
    for (size_t i = 0; i < b->heard_count; i++) {
        if (count < 64 && strcmp(text_of(b->heard[i].message, "type"), "shipment") == 0)
            mail[count++] = b->heard[i];
        else
            json_decref(b->heard[i].message);
    }
    b->heard_count = 0;
    for (size_t i = 0; i < count; i++) {
        for (int at = 0; at < 4; at++)
            if (l->peer[at] == mail[i].peer)
                life_deal(b, l, at, (uint64_t)atoi(text_of(mail[i].message, "shipment_id") + 3),
                          (unsigned)rand_r(dice));
        json_decref(mail[i].message);
    }
}

static void life_step(struct bench *b, struct life *l, unsigned *dice) {
    int at = rand_r(dice) % 4, what = rand_r(dice) % 12;
    b->fail = rand_r(dice) % 8 == 0 ? TAKT_ESTORE : 0;
    if (what < 3 && l->peer[at] == 0) {
        l->peer[at] = ++l->last_peer;
        hello(b, l->peer[at], life_consumer(at), 1 + rand_r(dice) % 5);
    } else if (what == 3 && l->peer[at] != 0) {
        gone(b, l->peer[at]);
        l->peer[at] = 0;
    } else if (what == 4) {
        for (int i = 0; i < 4; i++)
            l->peer[i] = 0;
        outbox_free(b->outbox); /* a crash */
        b->outbox = outbox_new(b->fixture.plant, b->epoch);
    } else if (what < 9 && b->number < 150) {
        publish_one(b);
    } else {
        pass(b, rand_r(dice) % 20000);
    }
    life_read(b, l, dice);
}

static void in_a_random_life_every_shipment_ends_once_and_sticks_to_its_taker(void **state) {
    for (unsigned seed = 1; seed <= 10; seed++) {
        struct bench *b = *state;
        struct life l = {.last_peer = 10};
        unsigned dice = seed;
        for (int step = 0; step < 1500; step++)
            life_step(b, &l, &dice);
        b->fail = 0;
        for (uint64_t n = 1; n <= b->number; n++) { /* what attempts have run out of, or was refused */
            struct shipment_row row = stored(b, n);
            assert_int_equal(row.state == SHIPMENT_SHIPPED || row.state == SHIPMENT_ASIDE,
                             l.ended[n] || row.state == SHIPMENT_ASIDE);
        }
        forget(b);
        end(state);
        begin(state);
    }
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(a_shipment_carries_all_that_is_on_its_label),
        T(hello_comes_first),
        T(a_hello_that_is_wrong_is_refused),
        T(what_is_no_message_of_the_endpoint_is_refused),
        T(a_consumer_gets_no_more_than_its_credit),
        T(the_most_urgent_leaves_first),
        T(two_consumers_share_what_there_is),
        T(what_nobody_takes_is_sent_again_when_its_lease_ends),
        T(who_let_a_lease_end_is_the_last_to_get_it_again),
        T(an_old_sending_is_not_taken_for_the_new_one),
        T(what_nobody_took_goes_to_another_when_the_connection_ends),
        T(a_hello_on_the_same_connection_begins_anew),
        T(taken_sticks_to_the_consumer),
        T(taken_while_it_is_sent_to_another_is_the_takers),
        T(a_connection_that_ends_while_a_message_is_made_gets_nothing),
        T(after_twenty_attempts_a_shipment_is_set_aside),
        T(a_shipped_shipment_is_confirmed_again_and_never_sent_again),
        T(a_refused_shipment_waits_for_the_operator),
        T(a_taken_shipment_that_the_operator_releases_is_anybodys),
        T(a_restart_knows_who_has_taken_what),
        T(more_than_a_page_is_found_at_the_start),
        T(while_the_store_fails_nothing_is_claimed_and_later_it_goes_on),
        T(a_taking_of_unknown_outcome_is_found_out),
        T(a_consumer_that_leaves_the_plant_loses_its_session),
        T(a_drained_outbox_sends_nothing_more),
        T(every_message_in_every_state_is_answered_as_it_must_be),
        T(in_a_random_life_every_shipment_ends_once_and_sticks_to_its_taker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
