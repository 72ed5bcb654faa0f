/* SPDX-License-Identifier: Apache-2.0 */
/* A watch over real connections of real sockets. */
#include "daemon/wire/endpoint.h"
#include "daemon/wire/watch.h"

#include "base/arena.h"
#include "daemon/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include <cmocka.h>

struct bench {
    void *zmq;
    struct endpoint *endpoint;
    char address[64];
};

static void bench_begin(struct bench *b, const char *form) {
    struct takt_error err = {0};
    *b = (struct bench){.zmq = zmq_ctx_new()};
    if (strncmp(form, "ipc", 3) == 0)
        snprintf(b->address, sizeof b->address, "ipc:///tmp/takt-watch-%d", (int)getpid());
    else
        snprintf(b->address, sizeof b->address, "tcp://127.0.0.1:*");
    assert_int_equal(endpoint_open(b->zmq, &(struct endpoint_config){.address = b->address, .module = "test"}, &b->endpoint, &err), 0);
    size_t size = sizeof b->address;
    assert_int_equal(zmq_getsockopt(endpoint_socket(b->endpoint), ZMQ_LAST_ENDPOINT, b->address, &size), 0);
}

static void bench_end(struct bench *b) {
    endpoint_close(b->endpoint);
    zmq_ctx_term(b->zmq);
}

static void *connect_and_speak(struct bench *b) {
    void *dealer = zmq_socket(b->zmq, ZMQ_DEALER);
    int linger_ms = 0;
    zmq_setsockopt(dealer, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    assert_int_equal(zmq_connect(dealer, b->address), 0);
    assert_int_equal(zmq_send(dealer, "{}", 2, 0), 2);
    return dealer;
}

static uint64_t hear(struct bench *b) {
    struct frame frame;
    while (!endpoint_receive(b->endpoint, &frame)) {
        zmq_pollitem_t item = {.socket = endpoint_socket(b->endpoint), .events = ZMQ_POLLIN};
        assert_true(zmq_poll(&item, 1, 10000) >= 0);
    }
    return frame.peer;
}

static uint64_t await_lost(struct bench *b) {
    uint64_t peer;
    int64_t until_ms = clock_mono_ms() + 10000;
    while (!endpoint_lost(b->endpoint, &peer)) {
        zmq_pollitem_t items[] = {{.socket = endpoint_ends(b->endpoint), .events = ZMQ_POLLIN},
                                  {.socket = endpoint_socket(b->endpoint), .events = ZMQ_POLLIN}};
        zmq_poll(items, 2, 1000);
        assert_true(clock_mono_ms() < until_ms);
    }
    return peer;
}

/* Who is cut is closed from this side: its client finds out, and what it says on the way is not heard. */
static void who_is_cut_is_closed_after_a_moment(void **state) {
    (void)state;
    struct bench b;
    bench_begin(&b, "tcp");
    void *dealer = connect_and_speak(&b);
    uint64_t peer = hear(&b), lost;
    const int64_t before_ms = clock_mono_ms();
    endpoint_cut(b.endpoint, peer);
    while (!endpoint_lost(b.endpoint, &lost)) {
        zmq_pollitem_t item = {.socket = endpoint_ends(b.endpoint), .events = ZMQ_POLLIN};
        zmq_poll(&item, 1, endpoint_wait_ms(b.endpoint));
        endpoint_turn(b.endpoint);
        assert_true(clock_mono_ms() < before_ms + 10000);
    }
    assert_int_equal(lost, peer);
    assert_true(clock_mono_ms() >= before_ms + WATCH_CUT_AFTER_MS);
    zmq_close(dealer);
    bench_end(&b);
}

static void a_peer_whose_connection_ends_is_told_once(const char *form) {
    struct bench b;
    uint64_t peer;
    bench_begin(&b, form);
    void *first = connect_and_speak(&b);
    uint64_t first_peer = hear(&b);
    void *second = connect_and_speak(&b);
    uint64_t second_peer = hear(&b);
    assert_false(endpoint_lost(b.endpoint, &peer));
    zmq_close(first);
    assert_int_equal(await_lost(&b), first_peer);
    assert_false(endpoint_lost(b.endpoint, &peer));
    zmq_close(second);
    assert_int_equal(await_lost(&b), second_peer);
    bench_end(&b);
}

static void a_peer_whose_tcp_connection_ends_is_told_once(void **state) {
    (void)state;
    a_peer_whose_connection_ends_is_told_once("tcp");
}

static void a_peer_whose_ipc_connection_ends_is_told_once(void **state) {
    (void)state;
    a_peer_whose_connection_ends_is_told_once("ipc");
}

/* Descriptors come again: of many short connections each is told once, whether it has ended before it was heard or
 * after. */
static void of_many_short_connections_each_is_told_once(void **state) {
    (void)state;
    enum { MANY = 200 };
    struct bench b;
    uint64_t heard[MANY];
    bool told[MANY] = {0};
    bench_begin(&b, "tcp");
    for (int i = 0; i < MANY; i++) {
        void *dealer = connect_and_speak(&b);
        if (i % 2 == 0) {
            heard[i] = hear(&b);
            zmq_close(dealer);
        } else {
            int linger_ms = 10000;
            zmq_setsockopt(dealer, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
            zmq_close(dealer);
            heard[i] = hear(&b);
        }
    }
    for (int i = 0; i < MANY; i++) {
        uint64_t peer = await_lost(&b);
        int at = 0;
        while (at < MANY && heard[at] != peer)
            at++;
        assert_true(at < MANY);
        assert_false(told[at]);
        told[at] = true;
    }
    bench_end(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_cut_is_closed_after_a_moment),
        cmocka_unit_test(a_peer_whose_tcp_connection_ends_is_told_once),
        cmocka_unit_test(a_peer_whose_ipc_connection_ends_is_told_once),
        cmocka_unit_test(of_many_short_connections_each_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
