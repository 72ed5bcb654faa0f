/* SPDX-License-Identifier: Apache-2.0 */

/* The outbox: every message in every state of a shipment, and a long life of random ones. */

#include "tests/unit/outbox_fixture.h"

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
    const struct CMUnitTest tests[] = {
        BENCH_TEST(every_message_in_every_state_is_answered_as_it_must_be),
        BENCH_TEST(in_a_random_life_every_shipment_ends_once_and_sticks_to_its_taker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
