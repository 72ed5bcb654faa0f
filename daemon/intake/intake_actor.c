/* SPDX-License-Identifier: Apache-2.0 */

/* One turn: wait, read the clock, take in mail, look after the others that take orders and the planner elsewhere, take in messages,
 * deal with some, let time pass, carry out effects, send what was left. */

#include "daemon/intake/intake_actor.h"

#include "base/arena.h"
#include "daemon/intake/intake.h"
#include "daemon/intake/planner_link.h"
#include "daemon/meter.h"
#include "daemon/operate/log.h"
#include "daemon/wire/endpoint.h"

#include <sodium.h>
#include <zmq.h>

enum { MAIL_PER_TURN_MAX = 2000, FRAMES_PER_TURN_MAX = 100 };

struct intake_actor {
    struct bus_port *port;
    const struct clock *clock;
    struct endpoint *endpoint; /* NULL: the plant does not listen for orders */
    struct intake *intake;
    bool more;     /* there is something to do without waiting for anybody */
    bool stopping;
    struct presence *presence;  /* NULL: no other process works with the store */
    struct planner_link *link;  /* NULL: the planner is in this process */
};

/* ---- phases ---- */

static int64_t sooner(const struct intake_actor *a, int64_t wait_ms, int64_t now_ms) {
    int64_t presence_ms = a->presence && !a->stopping ? presence_next_ms(a->presence) - now_ms : BUS_TURN_MS_MAX;
    int64_t link_ms = a->link ? planner_link_wait_ms(a->link, now_ms) : BUS_TURN_MS_MAX;
    wait_ms = presence_ms < wait_ms && !presence_out(a->presence) ? presence_ms : wait_ms;
    wait_ms = link_ms < wait_ms ? link_ms : wait_ms;
    return wait_ms < 0 ? 0 : wait_ms;
}

static void wait(struct intake_actor *a) {
    zmq_pollitem_t items[4] = {{.socket = bus_socket(a->port), .events = ZMQ_POLLIN}};
    int count = 1;
    int64_t timeout_ms = a->endpoint ? endpoint_wait_ms(a->endpoint) : -1;
    timeout_ms = timeout_ms < 0 ? BUS_TURN_MS_MAX : timeout_ms;
    if (a->endpoint && !a->stopping) {
        int64_t next_ms = intake_next_ms(a->intake) - clock_mono_ms();
        timeout_ms = timeout_ms <= next_ms ? timeout_ms : next_ms < 0 ? 0 : next_ms;
        items[count++] = (zmq_pollitem_t){.socket = endpoint_socket(a->endpoint), .events = ZMQ_POLLIN};
        items[count++] = (zmq_pollitem_t){.socket = endpoint_ends(a->endpoint), .events = ZMQ_POLLIN};
    }
    if (a->link && planner_link_socket(a->link))
        items[count++] = (zmq_pollitem_t){.socket = planner_link_socket(a->link), .events = ZMQ_POLLIN};
    timeout_ms = sooner(a, timeout_ms, clock_mono_ms());
    bus_progress(a->port);
    zmq_poll(items, count, a->more && !a->stopping ? 0 : bus_turn_ms(a->port, timeout_ms));
}

static void take_stored(struct intake_actor *a, struct store_request *request) {
    int64_t now_ms = clock_mono_ms();
    uint64_t epoch;
    if (!presence_is(a->presence, request)) {
        intake_stored(a->intake, request);
        return;
    }
    presence_came(a->presence, now_ms);
    if (a->link) {
        const char *address = presence_planner(a->presence, &epoch);
        planner_link_to(a->link, address, epoch, now_ms);
    }
}

static void take_plant(struct intake_actor *a, struct plant *plant) {
    if (a->link)
        planner_link_plant(a->link, plant);
    intake_plant(a->intake, plant);
}

static void take_mail(struct intake_actor *a, const struct mail *mail) {
    switch (mail->kind) {
    case MAIL_STORE_DONE:
        take_stored(a, mail->body);
        break;
    case MAIL_ANSWER:
        intake_answered(a->intake, mail->body);
        break;
    case MAIL_PLANT:
        take_plant(a, mail->body);
        break;
    case MAIL_ESTIMATE:
        intake_estimate(a->intake, mail->body);
        break;
    case MAIL_WAKE:
        intake_wake(a->intake);
        break;
    case MAIL_STOP:
        a->stopping = true;
        intake_end(a->intake);
        break;
    default:
        log_warning("intake", "a mail of kind %d from %s means nothing here, ignoring", (int)mail->kind,
                    actor_name(mail->from));
        break;
    }
}

static void receive_mail(struct intake_actor *a) {
    struct mail mail;
    for (int i = 0; i < MAIL_PER_TURN_MAX && bus_receive(a->port, &mail); i++)
        take_mail(a, &mail);
}

static void receive_messages(struct intake_actor *a) {
    struct frame frame;
    for (int i = 0; i < FRAMES_PER_TURN_MAX && endpoint_receive(a->endpoint, &frame); i++) {
        if (frame.broken)
            intake_broken(a->intake, frame.peer, frame.owner);
        else
            intake_receive(a->intake, frame.peer, frame.owner, frame.bytes, frame.size);
    }
}

static void submit(struct intake_actor *a, struct store_request *request) {
    if (bus_send(a->port, ACTOR_STORE, MAIL_STORE, request) == 0)
        return;
    request->code = TAKT_EBUSY;
    takt_fail(&request->err, TAKT_EBUSY, "too many requests wait for the store");
    take_stored(a, request);
}

static void ask_planner(struct intake_actor *a, struct ask *ask) {
    if (a->link) {
        planner_link_ask(a->link, ask, clock_mono_ms());
        return;
    }
    if (bus_send(a->port, ACTOR_PLANNER, MAIL_ASK, ask) == 0)
        return;
    refuse(&ask->refusal, REFUSAL_BUSY, "", "too many questions wait for the planner");
    intake_answered(a->intake, ask);
}

static void carry_out(struct intake_actor *a) {
    struct intake_effect e;
    while (intake_effect(a->intake, &e)) {
        switch (e.kind) {
        case INTAKE_REPLY:
            endpoint_send(a->endpoint, e.peer, e.text, e.size);
            break;
        case INTAKE_STORE:
            submit(a, e.request);
            break;
        case INTAKE_ASK:
            ask_planner(a, e.ask);
            break;
        case INTAKE_WAKE_PLANNER:
            if (a->link)
                planner_link_wake(a->link);
            else
                bus_wake(a->port, ACTOR_PLANNER);
            break;
        }
    }
}

static void send_left(struct intake_actor *a) {
    uint64_t peer;
    endpoint_turn(a->endpoint);
    while (endpoint_lost(a->endpoint, &peer))
        intake_lost(a->intake, peer);
}

/* An end in order is told, so that the others need not wait for it to show. */
static void look_after_others(struct intake_actor *a, bool ends) {
    struct creator_set creators;
    int64_t now_ms = clock_mono_ms();
    if (!a->presence || presence_out(a->presence) || (!ends && now_ms < presence_next_ms(a->presence)))
        return;
    intake_creators(a->intake, &creators);
    struct store_request *request = presence_due(a->presence, &creators, ends, now_ms);
    if (request)
        submit(a, request);
}

static void turn_link(struct intake_actor *a) {
    struct estimate *estimate;
    if (a->stopping)
        planner_link_give_up(a->link);
    planner_link_turn(a->link, clock_mono_ms());
    if (planner_link_news(a->link))
        intake_wake(a->intake);
    if (planner_link_estimate(a->link, &estimate))
        intake_estimate(a->intake, estimate);
    for (struct ask *ask; (ask = planner_link_answered(a->link)) != NULL;)
        intake_answered(a->intake, ask);
}

static void tell_meters(const struct intake_actor *a) {
    const struct intake_stats stats = intake_stats(a->intake);
    meter_set(METER_ORDERS_ACCEPTED, stats.accepted);
    meter_set(METER_ORDERS_DUPLICATE, stats.duplicates);
    meter_set(METER_ORDERS_REFUSED, stats.refused);
    meter_set(METER_INTAKE_MESSAGES, stats.messages);
    meter_set(METER_INTAKE_PROBLEMS, stats.problems);
    meter_set(METER_INTAKE_EVENTS, stats.events);
    meter_set(METER_INTAKE_SESSIONS, stats.sessions);
    meter_set(METER_INTAKE_PENDING, stats.pending);
    if (a->endpoint) {
        const struct endpoint_stats frames = endpoint_stats(a->endpoint);
        meter_endpoint(METER_ENDPOINT_ORDERS, &frames);
    }
}

static void turn(struct intake_actor *a) {
    wait(a);
    intake_time(a->intake, clock_plant_s(a->clock), clock_mono_ms());
    receive_mail(a);
    if (!a->stopping)
        look_after_others(a, false);
    if (a->link)
        turn_link(a);
    if (a->endpoint && !a->stopping) {
        receive_messages(a);
        a->more = intake_work(a->intake);
        intake_turn(a->intake);
    }
    carry_out(a);
    if (a->endpoint)
        send_left(a);
    tell_meters(a);
}

/* ---- life ---- */

static int open_endpoint(struct intake_actor *a, const struct actor_config *config, struct takt_error *err) {
    const struct plant *plant = config->plant;
    if (sodium_init() < 0)
        return takt_fail(err, TAKT_EINTERNAL, "libsodium cannot be used here");
    if (plant->listen.orders == NULL)
        return 0;
    struct endpoint_config c = {plant->listen.orders, "intake", config->keys, KEY_CREATOR};
    return endpoint_open(config->zmq, &c, &a->endpoint, err);
}

static void body(struct bus_port *port, const struct actor_config *config) {
    struct takt_error err = {0};
    struct intake_actor a = {.port = port, .clock = config->clock, .intake = intake_new(config->plant)};
    if (config->shared)
        a.presence = presence_new();
    if (config->planless)
        a.link = planner_link_new(config->zmq, config->keys, config->plant);
    intake_presence(a.intake, a.presence);
    plant_unref(config->plant);
    if (open_endpoint(&a, config, &err) == 0) {
        actor_ready(port);
        while (!a.stopping || intake_owed(a.intake) > 0 || presence_out(a.presence))
            turn(&a);
        look_after_others(&a, true);
        while (presence_out(a.presence))
            turn(&a);
    } else {
        actor_fail(port, &err);
    }
    receive_mail(&a);
    endpoint_close(a.endpoint);
    intake_free(a.intake);
    planner_link_free(a.link);
    presence_free(a.presence);
}

int intake_actor_start(const struct actor_config *config, pthread_t *ret_thread, struct takt_error *err) {
    return actor_spawn(ACTOR_INTAKE, body, config, ret_thread, err);
}
