/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Figures that actors keep of themselves, for /metrics to read: a table of single numbers, each with one writer. What the planner
 * and the store are asked for anyway (daemon/operate/metrics.c) is not here.
 *
 * Rows of one name stand together and are told apart by their label. A counter's value never falls; one in microseconds is shown
 * in seconds. docs/operations.md lists every metric, and a test holds it to this table.
 *
 * Threads: any; reading and writing are single words, in no order with anything else. */

#include <stdint.h>

#define METERS(X)                                                                                                                 \
    X(ORDERS_ACCEPTED, "intake_orders", "counter", "", "outcome=\"accepted\"", "Orders answered since the start, by outcome")      \
    X(ORDERS_DUPLICATE, "intake_orders", "counter", "", "outcome=\"duplicate\"", "")                                              \
    X(ORDERS_REFUSED, "intake_orders", "counter", "", "outcome=\"refused\"", "")                                                  \
    X(INTAKE_MESSAGES, "intake_messages", "counter", "", "", "Messages of creators dealt with since the start")                    \
    X(INTAKE_PROBLEMS, "intake_problems", "counter", "", "", "Messages of creators answered with a problem since the start")       \
    X(INTAKE_EVENTS, "intake_events", "counter", "", "", "Events sent to creators since the start")                                \
    X(INTAKE_SESSIONS, "intake_sessions", "gauge", "", "", "Connections of creators that have said hello")                         \
    X(INTAKE_PENDING, "intake_pending_orders", "gauge", "", "", "Orders that were received and not answered yet")                  \
    X(STORE_QUEUE, "store_queue_requests", "gauge", "", "", "Requests that the store has taken and not answered yet")              \
    X(ACCEPTS, "store_accepts", "counter", "", "", "Groups of orders that the store was given, since the start")                   \
    X(ACCEPT_US, "store_accept_seconds", "counter", "seconds", "", "Time that these waited for their commit, in all")              \
    X(PUBLISHES, "store_publishes", "counter", "", "", "Plans that the store was given, since the start")                          \
    X(PUBLISH_US, "store_publish_seconds", "counter", "seconds", "", "Time that these waited for their commit, in all")            \
    X(STORE_FAILURES, "store_failures", "counter", "", "", "Requests that the store could not carry out, since the start")         \
    X(SLOWEST_US, "watchdog_idle_seconds", "gauge", "seconds", "", "Since the actor that is slowest to do so last made progress")  \
    X(CONNECTIONS_REFUSED, "connections_refused", "counter", "", "", "Connections that found no free descriptor, since the start") \
    X(BOARDS, "http_streams", "gauge", "", "", "Pages that are open and told of changes")                           \
    X(TOKENS_GUESSED, "http_tokens_refused", "counter", "", "outcome=\"guess\"",                                                   \
      "Tokens refused at the HTTP port since the start: wrong, the same wrong one again, offered by who must wait")                 \
    X(TOKENS_AGAIN, "http_tokens_refused", "counter", "", "outcome=\"again\"", "")                                                 \
    X(TOKENS_EARLY, "http_tokens_refused", "counter", "", "outcome=\"early\"", "")

enum meter {
#define X(name, metric, type, unit, label, help) METER_##name,
    METERS(X)
#undef X
        METER_COUNT
};

void meter_add(enum meter meter, uint64_t by);
void meter_set(enum meter meter, uint64_t value);
uint64_t meter_read(enum meter meter);
int64_t meter_resident(void); /* bytes of the process that are in memory; 0: the system does not say */

/* ---- frames at the endpoints ---- */

#define METER_ENDPOINTS(X) X(ORDERS, "orders") X(SHIPMENTS, "shipments") X(FLOOR, "floor") X(CONTROL, "control") X(PLANNER, "planner")
#define METER_FRAMES(X)                                                                                                           \
    X(RECEIVED, "received") X(SENT, "sent") X(FOREIGN, "foreign-id") X(BROKEN, "several-frames") X(BARRED, "barred-key") X(LOST, "lost-peer")

enum meter_endpoint {
#define X(name, text) METER_ENDPOINT_##name,
    METER_ENDPOINTS(X)
#undef X
        METER_ENDPOINT_COUNT
};
enum meter_frame {
#define X(name, text) METER_FRAME_##name,
    METER_FRAMES(X)
#undef X
        METER_FRAME_COUNT
};

struct endpoint_stats; /* daemon/wire/endpoint.h */

void meter_endpoint(enum meter_endpoint endpoint, const struct endpoint_stats *stats);
uint64_t meter_frames(enum meter_endpoint endpoint, enum meter_frame frame);
