/* SPDX-License-Identifier: Apache-2.0 */

/* One turn: wait; read both clocks once; mail; frames; connections that have ended; the outbox's own turn; its effects.
 * Nothing here decides anything: see outbox.c. */

#include "daemon/dispatch/dispatch_actor.h"

#include "base/arena.h"
#include "daemon/dispatch/outbox.h"
#include "daemon/meter.h"
#include "daemon/operate/log.h"
#include "daemon/wire/endpoint.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum { FRAMES_PER_TURN_MAX = 1000 };

struct dispatch {
    struct bus_port *port;
    const struct clock *clock;
    struct outbox *outbox;
    struct endpoint *endpoint; /* NULL: the plant does not listen for consumers */
    bool stopping;
};

static void take_mail(struct dispatch *d, const struct outbox_now *now) {
    struct mail mail;
    while (bus_receive(d->port, &mail)) {
        if (mail.kind == MAIL_STORE_DONE) {
            outbox_stored(d->outbox, mail.body, now);
        } else if (mail.kind == MAIL_WAKE && mail.from != ACTOR_PLANNER) { /* one was released, or the store had trouble */
            outbox_released(d->outbox);
        } else if (mail.kind == MAIL_WAKE) {
            outbox_wake(d->outbox);
        } else if (mail.kind == MAIL_PLANT) {
            outbox_reload(d->outbox, mail.body);
            plant_unref(mail.body);
        } else if (mail.kind == MAIL_STOP) {
            d->stopping = true;
            outbox_drain(d->outbox);
        }
    }
}

static void take_frames(struct dispatch *d, const struct outbox_now *now) {
    struct frame frame;
    for (int i = 0; i < FRAMES_PER_TURN_MAX && endpoint_receive(d->endpoint, &frame); i++) {
        if (frame.broken)
            outbox_broken(d->outbox, frame.peer);
        else
            outbox_receive(d->outbox, frame.peer, frame.owner, frame.bytes, frame.size, now);
    }
}

static void take_losses(struct dispatch *d) {
    uint64_t peer;
    while (endpoint_lost(d->endpoint, &peer))
        outbox_gone(d->outbox, peer);
}

static void submit(struct dispatch *d, struct store_request *request, const struct outbox_now *now) {
    if (bus_send(d->port, ACTOR_STORE, MAIL_STORE, request) == 0)
        return;
    request->code = takt_fail(&request->err, TAKT_EBUSY, "too many requests wait for the store");
    outbox_stored(d->outbox, request, now);
}

static void tell_aside(const struct outbox_effect *e) {
    const char *reason = e->text + strlen(e->text) + 1;
    log_write(LOG_LEVEL_WARNING, "dispatch", LOG_MESSAGE_SHIPMENT_ASIDE, LOG_FIELDS({"TAKT_SHIPMENT", e->text}),
              "shipment '%s' is set aside (%s), release it with taktctl", e->text, reason);
}

static void carry_out(struct dispatch *d, const struct outbox_now *now) {
    struct outbox_effect e;
    while (outbox_effect(d->outbox, &e)) {
        switch (e.kind) {
        case OUTBOX_SEND:
            endpoint_send(d->endpoint, e.peer, e.text, e.size);
            break;
        case OUTBOX_STORE:
            submit(d, e.request, now);
            break;
        case OUTBOX_WAKE:
            bus_wake(d->port, ACTOR_PLANNER);
            bus_wake(d->port, ACTOR_INTAKE);
            break;
        case OUTBOX_ASIDE:
            tell_aside(&e);
            free(e.text);
            break;
        }
    }
}

static void wait_for_something(struct dispatch *d) {
    int64_t wait_ms = outbox_next_ms(d->outbox) - clock_mono_ms(), endpoint_ms = endpoint_wait_ms(d->endpoint);
    if (endpoint_ms >= 0 && endpoint_ms < wait_ms)
        wait_ms = endpoint_ms;
    zmq_pollitem_t items[] = {{.socket = bus_socket(d->port), .events = ZMQ_POLLIN},
                              {.socket = endpoint_socket(d->endpoint), .events = ZMQ_POLLIN},
                              {.socket = endpoint_ends(d->endpoint), .events = ZMQ_POLLIN}};
    zmq_poll(items, d->stopping ? 1 : 3, bus_turn_ms(d->port, wait_ms));
}

static void turn(struct dispatch *d) {
    bus_progress(d->port);
    wait_for_something(d);
    struct outbox_now now = {clock_plant_s(d->clock), clock_mono_ms()};
    take_mail(d, &now);
    if (!d->stopping)
        take_frames(d, &now);
    take_losses(d);
    outbox_turn(d->outbox, &now);
    carry_out(d, &now);
    endpoint_turn(d->endpoint);
    const struct endpoint_stats frames = endpoint_stats(d->endpoint);
    meter_endpoint(METER_ENDPOINT_SHIPMENTS, &frames);
}

/* Without an endpoint nobody can ask for shipments. */
static void idle(struct dispatch *d) {
    const struct outbox_now never = {0, 0};
    while (!d->stopping) {
        actor_wait(d->port, BUS_TURN_MS_MAX);
        take_mail(d, &never);
    }
}

static int open_endpoint(struct dispatch *d, const struct actor_config *config, struct takt_error *err) {
    const struct plant *plant = config->plant;
    if (plant->listen.shipments == NULL)
        return 0;
    struct endpoint_config c = {plant->listen.shipments, "dispatch", config->keys, KEY_CONSUMER};
    return endpoint_open(config->zmq, &c, &d->endpoint, err);
}

static void body(struct bus_port *port, const struct actor_config *config) {
    struct dispatch d = {.port = port, .clock = config->clock, .outbox = outbox_new(config->plant, config->epoch)};
    struct takt_error err = {0};
    if (open_endpoint(&d, config, &err) < 0) {
        actor_fail(port, &err);
    } else {
        actor_ready(port);
        if (d.endpoint == NULL)
            idle(&d);
        while (!d.stopping || outbox_pending(d.outbox) > 0)
            turn(&d);
    }
    endpoint_close(d.endpoint);
    outbox_free(d.outbox);
    plant_unref(config->plant);
}

int dispatch_actor_start(const struct actor_config *config, pthread_t *ret_thread, struct takt_error *err) {
    return actor_spawn(ACTOR_DISPATCH, body, config, ret_thread, err);
}
