/* SPDX-License-Identifier: Apache-2.0 */

/* One PULL socket per actor, bound by its thread, and a PUSH socket per pair of actors, made when it is first used. inproc
 * lets one connect before the other has bound, and bounds each pair's queue by the high-water marks of both ends.
 *
 * A mail is sent as the bytes of struct mail, so nothing is allocated. The counter that sender and receiver touch around it
 * carries the happens-before edge of the body: libzmq gives the same guarantee, but where the tools that look for races
 * cannot see it.
 *
 * An actor that ends closes its mailbox first: senders count themselves in before they look whether it is closed, so once it is
 * closed and the count is zero, nothing can come any more.
 *
 * A wake-up is a flag per pair, and a mail that ends the receiver's sleep: while one is on its way another is not sent. The
 * receiver clears the flag before it looks at the store, so what was written before the wake-up that was folded is seen. Where
 * the mail finds no room the receiver has enough to wake for, and finds the flag once its mailbox is empty. */

#include "daemon/bus.h"

#include "base/arena.h"
#include "daemon/clock.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

struct bus {
    void *context;
    int64_t turn_ms;
    _Atomic uint64_t sent[ACTOR_COUNT];
    atomic_int sending[ACTOR_COUNT]; /* senders to this actor right now */
    atomic_bool closed[ACTOR_COUNT];
    atomic_bool waking[ACTOR_COUNT][ACTOR_COUNT]; /* [from][to] */
    atomic_bool attached[ACTOR_COUNT];
    _Atomic int64_t progress_ms[ACTOR_COUNT];
};

struct bus_port {
    struct bus *bus;
    enum actor self;
    void *mailbox;
    void *out[ACTOR_COUNT];
};

static const char *const names[ACTOR_COUNT] = {
    [ACTOR_MAIN] = "main",     [ACTOR_INTAKE] = "intake",     [ACTOR_STORE] = "store",    [ACTOR_PLANNER] = "planner",
    [ACTOR_SOLVER] = "solver", [ACTOR_DISPATCH] = "dispatch", [ACTOR_OPERATE] = "operate"};

const char *actor_name(enum actor actor) {
    return names[actor];
}

struct bus *bus_new(void *zmq_context) {
    struct bus *bus = takt_alloc(sizeof *bus);
    bus->context = zmq_context;
    bus->turn_ms = BUS_TURN_MS_MAX;
    return bus;
}

void bus_set_turn(struct bus *bus, int64_t turn_ms) {
    bus->turn_ms = turn_ms;
}

void bus_free(struct bus *bus) {
    if (bus)
        for (int i = 0; i < ACTOR_COUNT; i++)
            assert(!atomic_load(&bus->attached[i]));
    free(bus);
}

static void *open_socket(struct bus *bus, int type) {
    void *socket = zmq_socket(bus->context, type);
    if (!socket)
        return NULL;
    int none = 0, most = BUS_QUEUE_MAX / 2; /* inproc adds up both ends */
    zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
    zmq_setsockopt(socket, ZMQ_SNDHWM, &most, sizeof most);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &most, sizeof most);
    return socket;
}

static const char *endpoint(enum actor actor, char buffer[64]) {
    snprintf(buffer, 64, "inproc://actor-%s", names[actor]);
    return buffer;
}

int bus_attach(struct bus *bus, enum actor self, struct bus_port **ret, struct takt_error *err) {
    char name[64];
    struct bus_port *port = takt_alloc(sizeof *port);
    port->bus = bus;
    port->self = self;
    port->mailbox = open_socket(bus, ZMQ_PULL);
    if (!port->mailbox || zmq_bind(port->mailbox, endpoint(self, name)) != 0) {
        int why = zmq_errno();
        bus_detach(port);
        return takt_fail(err, TAKT_EIO, "cannot open the mailbox of '%s': %s", names[self], zmq_strerror(why));
    }
    atomic_store(&bus->closed[self], false);
    atomic_store(&bus->progress_ms[self], clock_mono_ms());
    atomic_store(&bus->attached[self], true);
    *ret = port;
    return 0;
}

void bus_detach(struct bus_port *port) {
    if (!port)
        return;
    atomic_store(&port->bus->attached[port->self], false);
    for (int i = 0; i < ACTOR_COUNT; i++)
        if (port->out[i])
            zmq_close(port->out[i]);
    if (port->mailbox)
        zmq_close(port->mailbox);
    free(port);
}

static void *out_socket(struct bus_port *port, enum actor to) {
    if (port->out[to])
        return port->out[to];
    char name[64];
    void *socket = open_socket(port->bus, ZMQ_PUSH);
    if (socket && zmq_connect(socket, endpoint(to, name)) == 0)
        port->out[to] = socket;
    else if (socket)
        zmq_close(socket);
    return port->out[to];
}

static int send_mail(struct bus_port *port, enum actor to, const struct mail *mail) {
    void *socket = out_socket(port, to);
    if (!socket)
        return TAKT_EBUSY; /* out of sockets: as good as full */
    atomic_fetch_add_explicit(&port->bus->sent[to], 1, memory_order_acq_rel);
    int sent;
    do {
        sent = zmq_send(socket, mail, sizeof *mail, ZMQ_DONTWAIT);
    } while (sent < 0 && zmq_errno() == EINTR);
    return sent < 0 ? TAKT_EBUSY : 0;
}

int bus_send(struct bus_port *port, enum actor to, enum mail_kind kind, void *body) {
    struct bus *bus = port->bus;
    struct mail mail;
    memset(&mail, 0, sizeof mail);
    mail.kind = kind;
    mail.from = port->self;
    mail.body = body;
    atomic_fetch_add(&bus->sending[to], 1);
    int code = atomic_load(&bus->closed[to]) ? TAKT_EBUSY : send_mail(port, to, &mail);
    atomic_fetch_sub(&bus->sending[to], 1);
    return code;
}

void bus_close(struct bus_port *port) {
    atomic_store(&port->bus->closed[port->self], true);
    while (atomic_load(&port->bus->sending[port->self]) > 0)
        sched_yield();
}

void bus_wake(struct bus_port *port, enum actor to) {
    atomic_bool *waking = &port->bus->waking[port->self][to];
    if (!atomic_exchange(waking, true))
        bus_send(port, to, MAIL_WAKE, NULL);
}

/* A wake-up that is due, of whomever; the mail that was sent for it means nothing any more. */
static bool take_wake(struct bus_port *port, struct mail *ret) {
    for (int from = 0; from < ACTOR_COUNT; from++)
        if (atomic_exchange(&port->bus->waking[from][port->self], false)) {
            *ret = (struct mail){.kind = MAIL_WAKE, .from = (enum actor)from};
            return true;
        }
    return false;
}

static bool receive_mail(struct bus_port *port, struct mail *ret) {
    int size;
    do {
        size = zmq_recv(port->mailbox, ret, sizeof *ret, ZMQ_DONTWAIT);
    } while (size < 0 && zmq_errno() == EINTR);
    if (size < 0)
        return false;
    assert(size == (int)sizeof *ret);
    atomic_load_explicit(&port->bus->sent[port->self], memory_order_acquire);
    return true;
}

bool bus_receive(struct bus_port *port, struct mail *ret) {
    struct mail mail;
    while (receive_mail(port, &mail)) {
        if (mail.kind == MAIL_WAKE && !atomic_exchange(&port->bus->waking[mail.from][port->self], false))
            continue;
        *ret = mail;
        return true;
    }
    return take_wake(port, ret);
}

void *bus_socket(struct bus_port *port) {
    return port->mailbox;
}

void bus_progress(struct bus_port *port) {
    atomic_store(&port->bus->progress_ms[port->self], clock_mono_ms());
}

int64_t bus_turn_ms(const struct bus_port *port, int64_t wait_ms) {
    return wait_ms < 0 ? 0 : wait_ms > port->bus->turn_ms ? port->bus->turn_ms : wait_ms;
}

int64_t bus_idle_ms(const struct bus *bus) {
    int64_t now_ms = clock_mono_ms(), most_ms = 0;
    for (int i = 0; i < ACTOR_COUNT; i++) {
        int64_t idle_ms = now_ms - atomic_load(&bus->progress_ms[i]);
        if (atomic_load(&bus->attached[i]) && idle_ms > most_ms)
            most_ms = idle_ms;
    }
    return most_ms;
}

int bus_stalled(const struct bus *bus, int64_t stall_ms_max) {
    int64_t now_ms = clock_mono_ms();
    for (int i = 0; i < ACTOR_COUNT; i++)
        if (atomic_load(&bus->attached[i]) && now_ms - atomic_load(&bus->progress_ms[i]) > stall_ms_max)
            return i;
    return -1;
}
