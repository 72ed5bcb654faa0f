/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/unit/plant_fixture.h"

#include "daemon/actor.h"
#include "daemon/bus.h"

#include <stdatomic.h>
#include <zmq.h>

struct wires {
    void *zmq;
    struct bus *bus;
    struct bus_port *main, *store;
};

static int set_up(void **state) {
    struct wires *f = calloc(1, sizeof *f);
    f->zmq = zmq_ctx_new();
    f->bus = bus_new(f->zmq);
    assert_int_equal(bus_attach(f->bus, ACTOR_MAIN, &f->main, NULL), 0);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct wires *f = *state;
    bus_detach(f->main);
    bus_detach(f->store);
    bus_free(f->bus);
    zmq_ctx_term(f->zmq);
    free(f);
    return 0;
}

static struct mail wait_mail(struct bus_port *port) {
    struct mail mail;
    while (!bus_receive(port, &mail))
        actor_wait(port, 1000);
    return mail;
}

static void mail_to_an_actor_that_is_not_there_yet_waits_for_it(void **state) {
    struct wires *f = *state;
    int bodies[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(bus_send(f->main, ACTOR_STORE, MAIL_STORE, &bodies[i]), 0);
    assert_int_equal(bus_attach(f->bus, ACTOR_STORE, &f->store, NULL), 0);
    for (int i = 0; i < 3; i++) {
        struct mail mail = wait_mail(f->store);
        assert_int_equal(mail.kind, MAIL_STORE);
        assert_int_equal(mail.from, ACTOR_MAIN);
        assert_ptr_equal(mail.body, &bodies[i]);
    }
    struct mail mail;
    assert_false(bus_receive(f->store, &mail));
}

static void a_full_queue_is_busy_and_loses_nothing(void **state) {
    struct wires *f = *state;
    assert_int_equal(bus_attach(f->bus, ACTOR_STORE, &f->store, NULL), 0);
    size_t sent = 0, received = 0;
    while (bus_send(f->main, ACTOR_STORE, MAIL_STORE, f) == 0)
        assert_true(++sent <= 2 * BUS_QUEUE_MAX);
    assert_true(sent >= BUS_QUEUE_MAX / 2);
    struct mail mail;
    do {
        wait_mail(f->store);
        received++;
    } while (received < sent);
    assert_false(bus_receive(f->store, &mail));
}

static void wake_ups_fold_until_one_is_received(void **state) {
    struct wires *f = *state;
    struct mail mail;
    assert_int_equal(bus_attach(f->bus, ACTOR_STORE, &f->store, NULL), 0);
    for (int i = 0; i < 3 * BUS_QUEUE_MAX; i++)
        bus_wake(f->main, ACTOR_STORE);
    assert_int_equal(wait_mail(f->store).kind, MAIL_WAKE);
    assert_false(bus_receive(f->store, &mail));
    bus_wake(f->main, ACTOR_STORE);
    assert_int_equal(wait_mail(f->store).kind, MAIL_WAKE);
}

static void a_full_mailbox_loses_no_wake_up(void **state) {
    struct wires *f = *state;
    struct mail mail;
    size_t sent = 0;
    assert_int_equal(bus_attach(f->bus, ACTOR_STORE, &f->store, NULL), 0);
    while (bus_send(f->main, ACTOR_STORE, MAIL_STORE, f) == 0)
        sent++;
    bus_wake(f->main, ACTOR_STORE);
    while (sent-- > 0)
        assert_int_equal(wait_mail(f->store).kind, MAIL_STORE);
    assert_true(bus_receive(f->store, &mail));
    assert_int_equal(mail.kind, MAIL_WAKE);
    assert_int_equal(mail.from, ACTOR_MAIN);
    assert_false(bus_receive(f->store, &mail));
}

static void an_actor_that_does_not_turn_is_stalled_and_named(void **state) {
    struct wires *f = *state;
    assert_int_equal(bus_attach(f->bus, ACTOR_STORE, &f->store, NULL), 0);
    assert_int_equal(bus_stalled(f->bus, 60000), -1);
    int stalled = -1;
    while (stalled != ACTOR_STORE) {
        assert_true(stalled == -1 || stalled == ACTOR_MAIN); /* us, where the machine had no time for us */
        bus_progress(f->main);
        stalled = bus_stalled(f->bus, 20);
    }
    bus_progress(f->store);
    bus_progress(f->main);
    assert_int_equal(bus_stalled(f->bus, 60000), -1);
}

static void no_wait_is_longer_than_a_turn(void **state) {
    struct wires *f = *state;
    assert_int_equal(bus_turn_ms(f->main, BUS_TURN_MS_MAX + 1), BUS_TURN_MS_MAX);
    bus_set_turn(f->bus, 50);
    assert_int_equal(bus_turn_ms(f->main, BUS_TURN_MS_MAX), 50);
    assert_int_equal(bus_turn_ms(f->main, 49), 49);
    assert_int_equal(bus_turn_ms(f->main, -1), 0);
}

static void who_has_detached_is_not_stalled(void **state) {
    struct wires *f = *state;
    assert_int_equal(bus_attach(f->bus, ACTOR_STORE, &f->store, NULL), 0);
    bus_detach(f->store);
    f->store = NULL;
    for (int64_t begin_ms = clock_mono_ms(); clock_mono_ms() - begin_ms < 50;) {
        bus_progress(f->main);
        assert_int_not_equal(bus_stalled(f->bus, 20), ACTOR_STORE);
    }
}

static void nothing_comes_to_a_closed_mailbox_and_what_came_before_is_there(void **state) {
    struct wires *f = *state;
    assert_int_equal(bus_attach(f->bus, ACTOR_STORE, &f->store, NULL), 0);
    assert_int_equal(bus_send(f->main, ACTOR_STORE, MAIL_STORE, f), 0);
    bus_close(f->store);
    assert_int_equal(bus_send(f->main, ACTOR_STORE, MAIL_STORE, f), TAKT_EBUSY);
    struct mail mail;
    assert_true(bus_receive(f->store, &mail));
    assert_false(bus_receive(f->store, &mail));
}

/* ---- actors ---- */

static atomic_int plants_seen;

static void count_until_stopped(struct bus_port *port, const struct actor_config *config) {
    struct mail mail = {.kind = MAIL_READY};
    actor_ready(port);
    do {
        actor_wait(port, 1000);
        while (bus_receive(port, &mail) && mail.kind != MAIL_STOP)
            atomic_fetch_add(&plants_seen, *(int *)mail.body);
    } while (mail.kind != MAIL_STOP);
    plant_unref(config->plant);
}

static void fail_at_once(struct bus_port *port, const struct actor_config *config) {
    struct takt_error err = {0};
    plant_unref(config->plant);
    takt_fail(&err, TAKT_EIO, "it does not open");
    actor_fail(port, &err);
}

static void start_and_stop_are_handshakes_and_mail_in_between_is_delivered(void **state) {
    struct wires *f = *state;
    struct fixture plant;
    fixture_load(&plant, SMALL_PLANT);
    struct actor_config config = {.bus = f->bus, .plant = fixture_good(&plant)};
    pthread_t thread;
    int one = 1;
    atomic_store(&plants_seen, 0);
    assert_int_equal(actor_spawn(ACTOR_STORE, count_until_stopped, &config, &thread, NULL), 0);
    assert_int_equal(wait_mail(f->main).kind, MAIL_READY);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(bus_send(f->main, ACTOR_STORE, MAIL_STORE, &one), 0);
    assert_int_equal(bus_send(f->main, ACTOR_STORE, MAIL_STOP, NULL), 0);
    struct mail mail = wait_mail(f->main);
    assert_int_equal(mail.kind, MAIL_STOPPED);
    assert_int_equal(mail.from, ACTOR_STORE);
    pthread_join(thread, NULL);
    fixture_done(&plant);
    assert_int_equal(atomic_load(&plants_seen), 1000);
}

static void an_actor_that_cannot_go_on_says_why_before_it_ends(void **state) {
    struct wires *f = *state;
    struct fixture plant;
    fixture_load(&plant, SMALL_PLANT);
    struct actor_config config = {.bus = f->bus, .plant = fixture_good(&plant)};
    pthread_t thread;
    assert_int_equal(actor_spawn(ACTOR_STORE, fail_at_once, &config, &thread, NULL), 0);
    struct mail mail = wait_mail(f->main);
    assert_int_equal(mail.kind, MAIL_FAILED);
    assert_string_equal(((struct takt_error *)mail.body)->text, "it does not open");
    free(mail.body);
    assert_int_equal(wait_mail(f->main).kind, MAIL_STOPPED);
    pthread_join(thread, NULL);
    fixture_done(&plant);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(mail_to_an_actor_that_is_not_there_yet_waits_for_it),
        T(a_full_queue_is_busy_and_loses_nothing),
        T(wake_ups_fold_until_one_is_received),
        T(a_full_mailbox_loses_no_wake_up),
        T(an_actor_that_does_not_turn_is_stalled_and_named),
        T(no_wait_is_longer_than_a_turn),
        T(who_has_detached_is_not_stalled),
        T(nothing_comes_to_a_closed_mailbox_and_what_came_before_is_there),
        T(start_and_stop_are_handshakes_and_mail_in_between_is_delivered),
        T(an_actor_that_cannot_go_on_says_why_before_it_ends),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
