/* SPDX-License-Identifier: Apache-2.0 */

/* One turn: wait; mail; frames of both endpoints, and what browsers ask; effects of both cores. Peers of the control endpoint
 * and of the HTTP port carry a bit that those of the floor do not have, so that the floor's core can answer all. */

#include "daemon/operate/operate_actor.h"

#include "base/arena.h"
#include "daemon/floor/floor.h"
#include "daemon/http/http.h"
#include "daemon/http/token.h"
#include "daemon/operate/desk.h"
#include "daemon/meter.h"
#include "daemon/operate/log.h"
#include "daemon/operate/control.h"
#include "daemon/wire/endpoint.h"
#include "daemon/wire/reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#define CONTROL_PEER (UINT64_C(1) << 62)
#define HTTP_PEER (UINT64_C(1) << 61)
#define DESK_PEER (UINT64_C(1) << 60)

enum { FRAMES_PER_TURN_MAX = 500 };

struct operate {
    struct bus_port *port;
    const struct clock *clock;
    struct plant *plant;
    struct floor *floor;
    struct control *control;
    struct desk *desk;
    struct endpoint *floor_endpoint, *control_endpoint, *desk_endpoint; /* NULL: the plant does not listen there */
    struct http *http;                                   /* likewise */
    char http_trouble[600];                              /* as it was told last */
    int64_t now_s;
    bool stopping;
};

/* ---- frames ---- */

static void send_reply(struct operate *o, uint64_t peer, char *text, size_t size) {
    if (peer & HTTP_PEER)
        http_reply(o->http, peer & ~HTTP_PEER, text, size);
    else if (peer & CONTROL_PEER)
        endpoint_send(o->control_endpoint, peer & ~CONTROL_PEER, text, size);
    else if (peer & DESK_PEER)
        endpoint_send(o->desk_endpoint, peer & ~DESK_PEER, text, size);
    else
        endpoint_send(o->floor_endpoint, peer, text, size);
}

static void refuse_broken(struct operate *o, uint64_t peer) {
    struct writer w = {0};
    struct refusal refusal = {0};
    refuse(&refusal, REFUSAL_BAD_MESSAGE, "", "a message is one frame");
    reply_problem(&w, "", &refusal);
    size_t size;
    char *text = writer_take(&w, &size);
    send_reply(o, peer, text, size);
}

static void take_frame(struct operate *o, uint64_t peer, const struct frame *frame) {
    if (frame->broken)
        refuse_broken(o, peer);
    else if (peer & DESK_PEER)
        desk_receive(o->desk, peer, frame->bytes, frame->size);
    else if (!(peer & CONTROL_PEER))
        floor_receive(o->floor, peer, frame->owner, frame->bytes, frame->size, o->now_s);
    else if (!control_receive(o->control, peer, frame->bytes, frame->size, o->now_s))
        floor_operator(o->floor, peer, frame->bytes, frame->size, o->now_s);
}

static void take_frames(struct operate *o, struct endpoint *e, uint64_t bit) {
    struct frame frame;
    uint64_t gone;
    for (int i = 0; e && i < FRAMES_PER_TURN_MAX && endpoint_receive(e, &frame); i++)
        take_frame(o, frame.peer | bit, &frame);
    while (e && endpoint_lost(e, &gone)) {
        desk_lost(o->desk, gone | bit); /* nothing else is kept for a connection but the floor's session, which gives way by itself */
    }
}

static void tell_http_trouble(struct operate *o) {
    const char *now = http_trouble(o->http);
    if (strcmp(now, o->http_trouble) == 0)
        return;
    if (*now)
        log_write(LOG_LEVEL_ERR, "http", LOG_MESSAGE_ENDPOINT, NULL, "%s, retrying", now);
    else
        log_notice("http", "the board is served");
    snprintf(o->http_trouble, sizeof o->http_trouble, "%s", now);
}

static void take_questions(struct operate *o) {
    struct http_request request;
    http_turn(o->http, clock_mono_ms());
    tell_http_trouble(o);
    while (http_request(o->http, &request)) {
        if (*request.terminal)
            floor_terminal(o->floor, request.no | HTTP_PEER, request.terminal, request.bytes, request.size, o->now_s);
        else
            control_receive(o->control, request.no | HTTP_PEER, request.bytes, request.size, o->now_s);
        free(request.bytes);
    }
}

/* ---- mail ---- */

static void take_stored(struct operate *o, struct store_request *request) {
    if (request->op == STORE_SHIPMENT && request->code == 0)
        bus_wake(o->port, ACTOR_DISPATCH); /* released: it may be sent again */
    if (request->tag & FLOOR_TAG)
        floor_stored(o->floor, request, o->now_s);
    else
        control_stored(o->control, request, o->now_s);
}

static void take_answer(struct operate *o, struct ask *ask) {
    if (ask->tag & DESK_TAG)
        desk_answered(o->desk, ask);
    else if (ask->tag & FLOOR_TAG)
        floor_answered(o->floor, ask, o->now_s);
    else
        control_answered(o->control, ask, o->now_s);
}

static void take_plant(struct operate *o, struct plant *plant) {
    floor_reload(o->floor, plant);
    control_plant(o->control, plant);
    if (o->http)
        http_plant(o->http, plant);
    desk_plant(o->desk, plant);
    plant_unref(o->plant);
    o->plant = plant;
}

static void take_mail(struct operate *o) {
    struct mail mail;
    while (bus_receive(o->port, &mail)) {
        switch (mail.kind) {
        case MAIL_STORE_DONE:
            take_stored(o, mail.body);
            break;
        case MAIL_ANSWER:
            take_answer(o, mail.body);
            break;
        case MAIL_RELOADED:
            control_reloaded(o->control, mail.body, o->now_s);
            break;
        case MAIL_PLANT:
            take_plant(o, mail.body);
            break;
        case MAIL_WAKE: /* a plan was published */
            if (o->http)
                http_changed(o->http);
            desk_news(o->desk);
            break;
        case MAIL_ESTIMATE:
            desk_estimate(o->desk, mail.body);
            estimate_free(mail.body);
            break;
        case MAIL_TROUBLE:
            control_trouble(o->control, mail.body);
            free(mail.body);
            break;
        case MAIL_STOP:
            o->stopping = true;
            break;
        default:
            break;
        }
    }
}

/* ---- effects ---- */

static void submit(struct operate *o, struct store_request *request) {
    if (bus_send(o->port, ACTOR_STORE, MAIL_STORE, request) == 0)
        return;
    request->code = takt_fail(&request->err, TAKT_EBUSY, "too many requests wait for the store");
    take_stored(o, request);
}

static void put(struct operate *o, struct ask *ask) {
    if (bus_send(o->port, ACTOR_PLANNER, MAIL_ASK, ask) == 0)
        return;
    refuse(&ask->refusal, REFUSAL_BUSY, "", "too many questions wait for the planner");
    take_answer(o, ask);
}

static void ask_reload(struct operate *o, struct reload *reload) {
    if (bus_send(o->port, ACTOR_MAIN, MAIL_RELOAD, reload) == 0)
        return;
    reload->code = takt_fail(&reload->err, TAKT_EBUSY, "the daemon is busy, try again");
    control_reloaded(o->control, reload, o->now_s);
}

static void carry_out_floor(struct operate *o) {
    struct floor_effect e;
    while (floor_effect(o->floor, &e)) {
        if (e.kind == FLOOR_REPLY)
            send_reply(o, e.peer, e.text, e.size);
        else if (e.kind == FLOOR_STORE)
            submit(o, e.request);
        else
            put(o, e.ask);
    }
}

static void carry_out_control(struct operate *o) {
    struct control_effect e;
    while (control_effect(o->control, &e)) {
        if (e.kind == CONTROL_REPLY)
            send_reply(o, e.peer, e.text, e.size);
        else if (e.kind == CONTROL_STORE)
            submit(o, e.request);
        else if (e.kind == CONTROL_ASK)
            put(o, e.ask);
        else
            ask_reload(o, e.reload);
    }
}

static void carry_out_desk(struct operate *o) {
    struct desk_effect e;
    while (desk_effect(o->desk, &e)) {
        if (e.kind == DESK_REPLY)
            send_reply(o, e.peer, e.text, e.size);
        else if (e.kind == DESK_ASK)
            put(o, e.ask);
        else
            bus_wake(o->port, ACTOR_PLANNER);
    }
}

/* ---- the turn ---- */

static int64_t earlier(int64_t wait_ms, const struct endpoint *e) {
    int64_t theirs_ms = e ? endpoint_wait_ms(e) : -1;
    return theirs_ms >= 0 && theirs_ms < wait_ms ? theirs_ms : wait_ms;
}

static void wait_for_something(struct operate *o) {
    zmq_pollitem_t items[7] = {{.socket = bus_socket(o->port), .events = ZMQ_POLLIN}};
    int64_t wait_ms = earlier(earlier(earlier(BUS_TURN_MS_MAX, o->floor_endpoint), o->control_endpoint), o->desk_endpoint);
    int count = 1;
    if (o->floor_endpoint && !o->stopping) {
        items[count++] = (zmq_pollitem_t){.socket = endpoint_socket(o->floor_endpoint), .events = ZMQ_POLLIN};
        items[count++] = (zmq_pollitem_t){.socket = endpoint_ends(o->floor_endpoint), .events = ZMQ_POLLIN};
    }
    if (o->desk_endpoint && !o->stopping) {
        items[count++] = (zmq_pollitem_t){.socket = endpoint_socket(o->desk_endpoint), .events = ZMQ_POLLIN};
        items[count++] = (zmq_pollitem_t){.socket = endpoint_ends(o->desk_endpoint), .events = ZMQ_POLLIN};
    }
    if (o->control_endpoint && !o->stopping)
        items[count++] = (zmq_pollitem_t){.socket = endpoint_socket(o->control_endpoint), .events = ZMQ_POLLIN};
    if (o->http && !o->stopping && http_descriptor(o->http) >= 0)
        items[count++] = (zmq_pollitem_t){.fd = http_descriptor(o->http), .events = ZMQ_POLLIN};
    if (o->http && http_wait_ms(o->http) < wait_ms)
        wait_ms = http_wait_ms(o->http);
    zmq_poll(items, count, bus_turn_ms(o->port, wait_ms));
}

static void turn_endpoint(struct endpoint *e, enum meter_endpoint which) {
    if (e == NULL)
        return;
    endpoint_turn(e);
    const struct endpoint_stats frames = endpoint_stats(e);
    meter_endpoint(which, &frames);
}

static void turn(struct operate *o) {
    bus_progress(o->port);
    wait_for_something(o);
    o->now_s = clock_plant_s(o->clock);
    take_mail(o);
    if (!o->stopping) {
        take_frames(o, o->floor_endpoint, 0);
        take_frames(o, o->control_endpoint, CONTROL_PEER);
        take_frames(o, o->desk_endpoint, DESK_PEER);
    }
    if (o->http && !o->stopping)
        take_questions(o);
    carry_out_floor(o);
    carry_out_control(o);
    carry_out_desk(o);
    turn_endpoint(o->floor_endpoint, METER_ENDPOINT_FLOOR);
    turn_endpoint(o->control_endpoint, METER_ENDPOINT_CONTROL);
    turn_endpoint(o->desk_endpoint, METER_ENDPOINT_PLANNER);
    if (o->http)
        meter_set(METER_BOARDS, http_streams(o->http));
}

/* The port itself opens in a turn, and is tried again: takt goes on without its board. */
static int make_http(struct operate *o, struct takt_error *err) {
    char token[HTTP_TOKEN_MAX + 1];
    int code = token_read("http-token", token, err);
    if (code == 0)
        code = http_new(o->plant->listen.http, token, o->plant, &o->http, err);
    explicit_bzero(token, sizeof token);
    return code;
}

static int open_endpoints(struct operate *o, void *zmq, struct keyring *keys, struct takt_error *err) {
    const struct plant_listen *listen = &o->plant->listen;
    struct endpoint_config floor = {listen->floor, "floor", keys, KEY_TERMINAL};
    struct endpoint_config desk = {listen->planner, "planner", keys, KEY_INTAKE};
    struct endpoint_config control = {.address = listen->control, .module = "control"};
    int code = 0;
    if (listen->floor)
        code = endpoint_open(zmq, &floor, &o->floor_endpoint, err);
    if (code == 0 && listen->planner)
        code = endpoint_open(zmq, &desk, &o->desk_endpoint, err);
    if (code == 0 && listen->control)
        code = endpoint_open(zmq, &control, &o->control_endpoint, err);
    if (code == 0 && listen->http)
        code = make_http(o, err);
    return code;
}

static void body(struct bus_port *port, const struct actor_config *config) {
    struct operate o = {.port = port, .clock = config->clock, .plant = config->plant};
    struct takt_error err = {0};
    o.floor = floor_new(config->plant);
    o.desk = desk_new(config->plant, config->epoch);
    o.control = control_new(config->plant, config->clock->speed_milli, config->keys);
    if (open_endpoints(&o, config->zmq, config->keys, &err) != 0) {
        actor_fail(port, &err);
    } else {
        actor_ready(port);
        while (!o.stopping || floor_pending(o.floor) > 0 || control_pending(o.control) > 0 || desk_pending(o.desk) > 0)
            turn(&o);
    }
    http_free(o.http);
    endpoint_close(o.floor_endpoint);
    endpoint_close(o.control_endpoint);
    endpoint_close(o.desk_endpoint);
    desk_free(o.desk);
    control_free(o.control);
    floor_free(o.floor);
    plant_unref(o.plant);
}

int operate_actor_start(const struct actor_config *config, pthread_t *ret_thread, struct takt_error *err) {
    return actor_spawn(ACTOR_OPERATE, body, config, ret_thread, err);
}
