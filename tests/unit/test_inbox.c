/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/intake/inbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct inbox_lane_name nobody = {"", 1}, luna = {"luna", 1}, band = {"band", 1}, big = {"big", 3};

static bool put(struct inbox *b, const struct inbox_lane_name *lane, uint64_t peer, const char *text) {
    return inbox_put(b, lane, &(struct inbox_item){.peer = peer, .bytes = text, .size = strlen(text)});
}

static uint64_t take(struct inbox *b, const char *text) {
    struct inbox_item item;
    assert_true(inbox_take(b, &item));
    if (text) {
        assert_int_equal(item.size, strlen(text));
        assert_memory_equal(item.bytes, text, item.size);
    }
    return item.peer;
}

static void a_connection_keeps_its_order(void **state) {
    (void)state;
    struct inbox *b = inbox_new();
    struct inbox_item item;
    for (int i = 0; i < 10; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        assert_true(put(b, &luna, 1, text));
    }
    assert_true(inbox_put(b, &luna, &(struct inbox_item){.peer = 1, .owner = "luna", .bytes = "", .broken = true}));
    for (int i = 0; i < 10; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        take(b, text);
    }
    assert_true(inbox_take(b, &item));
    assert_true(item.broken);
    assert_string_equal(item.owner, "luna");
    assert_false(inbox_take(b, &item));
    inbox_free(b);
}

/* However many connections one floods over, another's message is at most a quantum of each away. */
static void who_floods_over_fifty_connections_takes_one_turn(void **state) {
    (void)state;
    struct inbox *b = inbox_new();
    int before = 0;
    for (int i = 0; i < 5000; i++)
        assert_true(put(b, &luna, (uint64_t)(i % 50), "a message like any other"));
    assert_true(put(b, &band, 100, "ping"));
    while (take(b, NULL) != 100)
        before++;
    assert_true(before <= 2 * INBOX_QUANTUM / INBOX_COST);
    inbox_free(b);
}

static void within_a_creator_connections_take_turns(void **state) {
    (void)state;
    struct inbox *b = inbox_new();
    for (int i = 0; i < 1000; i++)
        put(b, &luna, 1, "many");
    put(b, &luna, 2, "one");
    put(b, &band, 3, "another's");
    assert_int_equal(inbox_waiting_beside(b, 2), 1001);
    assert_int_equal(inbox_waiting_beside(b, 3), 1);
    assert_int_equal(inbox_waiting_beside(b, 4), 0);
    inbox_drop(b, 3);
    take(b, "many");
    take(b, "one");
    assert_int_equal(inbox_waiting_beside(b, 1), 999);
    inbox_free(b);
}

static void turns_are_by_share_and_size(void **state) {
    (void)state;
    static char large[10000];
    struct inbox *b = inbox_new();
    size_t bytes[3] = {0};
    memset(large, 'x', sizeof large - 1);
    for (int i = 0; i < 2000; i++) {
        put(b, &luna, 0, "small message of luna's");
        if (i < 800)
            put(b, &band, 1, large);
        if (i < 800)
            put(b, &big, 2, large);
    }
    for (int i = 0; i < 1200; i++) {
        struct inbox_item item;
        assert_true(inbox_take(b, &item));
        bytes[item.peer] += item.size + INBOX_COST;
    }
    assert_in_range(bytes[1] * 10 / bytes[0], 8, 12);
    assert_in_range(bytes[2] * 10 / bytes[1], 26, 34);
    inbox_free(b);
}

static void what_is_under_way_holds_back_its_own_alone(void **state) {
    (void)state;
    struct inbox *b = inbox_new();
    struct inbox_item item;
    for (int i = 0; i < INBOX_PEER_JOBS_MAX; i++)
        inbox_begun(b, 1, &luna);
    put(b, &luna, 1, "waits");
    assert_false(inbox_take(b, &item));
    put(b, &luna, 2, "another connection");
    assert_int_equal(take(b, NULL), 2);
    for (int i = 0; i < INBOX_JOBS_MAX - INBOX_PEER_JOBS_MAX; i++)
        inbox_begun(b, 10 + (uint64_t)(i % 5), &luna);
    put(b, &luna, 2, "the creator has its fill");
    assert_false(inbox_take(b, &item));
    put(b, &band, 3, "another creator");
    assert_int_equal(take(b, NULL), 3);
    inbox_ended(b, 1);
    assert_int_equal(take(b, NULL), 1);
    assert_int_equal(take(b, NULL), 2);
    for (int i = 0; i < INBOX_PEER_JOBS_MAX - 1; i++)
        inbox_ended(b, 1);
    for (int i = 0; i < INBOX_JOBS_MAX - INBOX_PEER_JOBS_MAX; i++)
        inbox_ended(b, 10 + (uint64_t)(i % 5));
    inbox_free(b);
}

static void there_is_room_for_so_much_and_no_more(void **state) {
    (void)state;
    struct inbox *b = inbox_new();
    int room = 0;
    while (put(b, &luna, 1, "x"))
        room++;
    assert_int_equal(room, INBOX_PEER_MESSAGES_MAX);
    for (uint64_t peer = 2; room < INBOX_CREATOR_MESSAGES_MAX; peer++)
        while (put(b, &luna, peer, "x"))
            room++;
    assert_int_equal(room, INBOX_CREATOR_MESSAGES_MAX);
    assert_false(put(b, &luna, 2, "x"));
    assert_true(put(b, &band, 1000, "x"));
    inbox_drop(b, 1);
    assert_true(put(b, &luna, 1001, "x"));
    assert_int_equal(inbox_waiting(b), INBOX_CREATOR_MESSAGES_MAX - INBOX_PEER_MESSAGES_MAX + 2);
    inbox_free(b);
}

static void a_quiet_connection_finds_room_beside_those_of_its_creator_that_flood(void **state) {
    (void)state;
    struct inbox *b = inbox_new();
    int room = 0;
    for (uint64_t peer = 1; room < INBOX_CREATOR_MESSAGES_MAX; peer++)
        while (put(b, &luna, peer, "x"))
            room++;
    for (int i = 0; i < INBOX_PEER_SURE; i++)
        assert_true(put(b, &luna, 1000, "x"));
    assert_false(put(b, &luna, 1000, "x"));
    inbox_free(b);
}

static void a_quiet_connection_finds_room_beside_large_messages_but_for_small_ones_alone(void **state) {
    (void)state;
    static const char huge[1 << 20];
    struct inbox *b = inbox_new();
    size_t room = 0;
    for (uint64_t peer = 1; peer <= 256; peer++)
        room += inbox_put(b, &luna, &(struct inbox_item){.peer = peer, .bytes = huge, .size = sizeof huge});
    assert_int_equal(room, INBOX_CREATOR_BYTES_MAX / sizeof huge);
    assert_true(inbox_put(b, &luna, &(struct inbox_item){.peer = 1000, .bytes = huge, .size = INBOX_PEER_SURE_BYTES - 1}));
    assert_true(put(b, &luna, 1000, "x"));
    assert_false(put(b, &luna, 1000, "x"));
    inbox_free(b);
}

static void a_hello_moves_what_waits_to_its_creators_turn(void **state) {
    (void)state;
    struct inbox *b = inbox_new();
    put(b, &nobody, 1, "a");
    put(b, &nobody, 1, "b");
    put(b, &nobody, 2, "c");
    inbox_begun(b, 1, &nobody);
    take(b, "a");
    inbox_move(b, 1, &luna);
    for (int i = 0; i < INBOX_PEER_JOBS_MAX; i++)
        inbox_begun(b, 2, &nobody);
    put(b, &luna, 1, "d");
    take(b, "b");
    take(b, "d");
    for (int i = 0; i < INBOX_PEER_JOBS_MAX; i++)
        inbox_ended(b, 2);
    inbox_ended(b, 1);
    take(b, "c");
    inbox_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_keeps_its_order),
        cmocka_unit_test(who_floods_over_fifty_connections_takes_one_turn),
        cmocka_unit_test(within_a_creator_connections_take_turns),
        cmocka_unit_test(turns_are_by_share_and_size),
        cmocka_unit_test(what_is_under_way_holds_back_its_own_alone),
        cmocka_unit_test(there_is_room_for_so_much_and_no_more),
        cmocka_unit_test(a_quiet_connection_finds_room_beside_those_of_its_creator_that_flood),
        cmocka_unit_test(a_quiet_connection_finds_room_beside_large_messages_but_for_small_ones_alone),
        cmocka_unit_test(a_hello_moves_what_waits_to_its_creators_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
