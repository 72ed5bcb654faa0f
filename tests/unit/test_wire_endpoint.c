/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "daemon/wire/endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

struct bed {
    void *zmq;
    struct endpoint *endpoint;
    char address[128];
};

static void bed_open(struct bed *b) {
    static int number;
    struct takt_error err = {0};
    snprintf(b->address, sizeof b->address, "ipc:///tmp/takt-endpoint-%d-%d", (int)getpid(), number++);
    b->zmq = zmq_ctx_new();
    if (endpoint_open(b->zmq, &(struct endpoint_config){.address = b->address, .module = "test"}, &b->endpoint, &err) != 0)
        fail_msg("%s", err.text);
}

static void bed_close(struct bed *b) {
    endpoint_close(b->endpoint);
    zmq_ctx_term(b->zmq);
    unlink(b->address + strlen("ipc://"));
}

static void *connect_dealer(struct bed *b, const char *routing_id, int hwm) {
    void *dealer = zmq_socket(b->zmq, ZMQ_DEALER);
    const int none = 0;
    zmq_setsockopt(dealer, ZMQ_LINGER, &none, sizeof none);
    if (routing_id)
        zmq_setsockopt(dealer, ZMQ_ROUTING_ID, routing_id, strlen(routing_id));
    if (hwm)
        zmq_setsockopt(dealer, ZMQ_RCVHWM, &hwm, sizeof hwm);
    assert_int_equal(zmq_connect(dealer, b->address), 0);
    return dealer;
}

static void await(struct bed *b, struct frame *ret) {
    zmq_pollitem_t item = {.socket = endpoint_socket(b->endpoint), .events = ZMQ_POLLIN};
    while (!endpoint_receive(b->endpoint, ret))
        assert_true(zmq_poll(&item, 1, 10000) > 0);
}

static void without_keys_only_this_machine_may_come(void **state) {
    (void)state;
    static const char *const local[] = {"ipc://x.sock", "tcp://127.0.0.1:7710", "tcp://127.1.2.3:*", "tcp://localhost:1",
                                        "tcp://[::1]:1"};
    static const char *const open[] = {"tcp://*:7710", "tcp://0.0.0.0:7710", "tcp://eth0:1", "tcp://192.168.1.2:1", "tcp://[::]:1",
                                       "tcp://localhost.example.org:1", "pgm://x"};
    for (size_t i = 0; i < sizeof local / sizeof *local; i++)
        assert_int_equal(endpoint_check(local[i], false, NULL), 0);
    for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
        struct takt_error err = {0};
        assert_int_equal(endpoint_check(open[i], false, &err), TAKT_ECONFIG);
        assert_non_null(strstr(err.text, "security: curve"));
        bool tcp = strncmp(open[i], "tcp://", 6) == 0;
        assert_int_equal(endpoint_check(open[i], true, NULL), tcp ? 0 : TAKT_ECONFIG);
    }
}

static void frames_go_both_ways(void **state) {
    (void)state;
    struct bed b;
    struct frame frame;
    char text[16] = "";
    bed_open(&b);
    void *one = connect_dealer(&b, NULL, 0), *other = connect_dealer(&b, NULL, 0);
    zmq_send(one, "hello", 5, 0);
    await(&b, &frame);
    assert_memory_equal(frame.bytes, "hello", 5);
    assert_false(frame.broken);
    uint64_t first = frame.peer;
    zmq_send(other, "", 0, 0);
    await(&b, &frame);
    assert_int_equal(frame.size, 0);
    assert_true(frame.peer != first);
    endpoint_send(b.endpoint, first, takt_strdup("welcome"), 7);
    assert_int_equal(zmq_recv(one, text, sizeof text, 0), 7);
    assert_string_equal(text, "welcome");
    zmq_close(one);
    zmq_close(other);
    bed_close(&b);
}

static void several_frames_are_one_broken_message(void **state) {
    (void)state;
    struct bed b;
    struct frame frame;
    bed_open(&b);
    void *dealer = connect_dealer(&b, NULL, 0);
    zmq_send(dealer, "a", 1, ZMQ_SNDMORE);
    zmq_send(dealer, "b", 1, ZMQ_SNDMORE);
    zmq_send(dealer, "c", 1, 0);
    zmq_send(dealer, "next", 4, 0);
    await(&b, &frame);
    assert_true(frame.broken);
    await(&b, &frame);
    assert_false(frame.broken);
    assert_memory_equal(frame.bytes, "next", 4);
    assert_int_equal(endpoint_stats(b.endpoint).broken, 1);
    zmq_close(dealer);
    bed_close(&b);
}

static void a_routing_id_of_ones_own_is_not_heard(void **state) {
    (void)state;
    struct bed b;
    struct frame frame;
    bed_open(&b);
    void *foreign = connect_dealer(&b, "luna", 0), *fair = connect_dealer(&b, NULL, 0);
    zmq_send(foreign, "x", 1, 0);
    while (endpoint_stats(b.endpoint).foreign == 0) {
        zmq_pollitem_t item = {.socket = endpoint_socket(b.endpoint), .events = ZMQ_POLLIN};
        zmq_poll(&item, 1, 100);
        assert_false(endpoint_receive(b.endpoint, &frame));
    }
    zmq_send(fair, "y", 1, 0);
    await(&b, &frame);
    assert_memory_equal(frame.bytes, "y", 1);
    zmq_close(foreign);
    zmq_close(fair);
    bed_close(&b);
}

/* Who never reads is lost after a bounded backlog, and nobody else notices. */
static void a_peer_that_never_reads_is_lost(void **state) {
    (void)state;
    struct bed b;
    struct frame frame;
    uint64_t peer;
    bed_open(&b);
    void *deaf = connect_dealer(&b, NULL, 1), *fair = connect_dealer(&b, NULL, 0);
    zmq_send(deaf, "x", 1, 0);
    await(&b, &frame);
    uint64_t number = frame.peer;
    char *text = takt_alloc(1000);
    memset(text, 'z', 999);
    bool lost = false;
    for (int i = 0; i < ENDPOINT_BACKLOG_MAX + 10000 && !lost; i++) { /* queues and buffers on the way take some */
        endpoint_send(b.endpoint, number, takt_strdup(text), 999);
        endpoint_turn(b.endpoint);
        lost = endpoint_lost(b.endpoint, &peer);
    }
    assert_true(lost);
    assert_int_equal(peer, number);
    while (endpoint_wait_ms(b.endpoint) != -1) { /* until its connection is closed too */
        zmq_pollitem_t item = {.socket = endpoint_ends(b.endpoint), .events = ZMQ_POLLIN};
        zmq_poll(&item, 1, endpoint_wait_ms(b.endpoint));
        endpoint_turn(b.endpoint);
        endpoint_lost(b.endpoint, &peer);
    }
    zmq_send(fair, "y", 1, 0);
    await(&b, &frame);
    endpoint_send(b.endpoint, frame.peer, takt_strdup("fine"), 4);
    assert_int_equal(zmq_recv(fair, text, 16, 0), 4);
    free(text);
    zmq_close(deaf);
    zmq_close(fair);
    bed_close(&b);
}

static void a_slow_peer_gets_everything_in_order(void **state) {
    (void)state;
    enum { COUNT = 2500 };
    struct bed b;
    struct frame frame;
    uint64_t peer;
    bed_open(&b);
    void *slow = connect_dealer(&b, NULL, 10);
    zmq_send(slow, "x", 1, 0);
    await(&b, &frame);
    for (int i = 0; i < COUNT; i++) {
        char *text = takt_alloc(16);
        endpoint_send(b.endpoint, frame.peer, text, (size_t)snprintf(text, 16, "%d", i));
    }
    for (int i = 0; i < COUNT; i++) {
        char text[16] = "", want[16];
        snprintf(want, sizeof want, "%d", i);
        while (zmq_recv(slow, text, sizeof text, ZMQ_DONTWAIT) < 0)
            endpoint_turn(b.endpoint);
        assert_string_equal(text, want);
    }
    assert_false(endpoint_lost(b.endpoint, &peer));
    zmq_close(slow);
    bed_close(&b);
}

static void one_that_has_gone_is_lost(void **state) {
    (void)state;
    struct bed b;
    struct frame frame;
    uint64_t peer;
    bed_open(&b);
    void *dealer = connect_dealer(&b, NULL, 0);
    zmq_send(dealer, "x", 1, 0);
    await(&b, &frame);
    zmq_close(dealer);
    while (!endpoint_lost(b.endpoint, &peer)) {
        zmq_pollitem_t item = {.socket = endpoint_socket(b.endpoint), .events = ZMQ_POLLIN};
        endpoint_send(b.endpoint, frame.peer, takt_strdup("x"), 1);
        zmq_poll(&item, 1, 5);
        endpoint_turn(b.endpoint);
    }
    assert_int_equal(peer, frame.peer);
    bed_close(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_keys_only_this_machine_may_come),
        cmocka_unit_test(frames_go_both_ways),
        cmocka_unit_test(several_frames_are_one_broken_message),
        cmocka_unit_test(a_routing_id_of_ones_own_is_not_heard),
        cmocka_unit_test(a_peer_that_never_reads_is_lost),
        cmocka_unit_test(a_slow_peer_gets_everything_in_order),
        cmocka_unit_test(one_that_has_gone_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
