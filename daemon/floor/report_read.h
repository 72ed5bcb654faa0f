/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A `report` of the wire → `struct report`.
 *
 * Which members an event needs is a table; what an event has no use for is read, and ignored. Names of lines, materials
 * and products are the plant's, or refused with the nearest. Orders are still names: whoever reads a report looks them
 * up and fills them in.
 *
 * The hash is BLAKE2b-256 over a version and every member that the protocol defines but id and report_ref.
 *
 * Threads: no state. Ownership: everything is copied to the arena. Errors: false and the reader's refusal. */

#include "base/arena.h"
#include "config/plant.h"
#include "daemon/planner/report.h"
#include "daemon/wire/message.h"

struct report_order { /* an order that a report names, each once */
    const char *creator, *order_ref;
};

struct report_reading {
    struct report report; /* units and order: without their numbers yet */
    struct report_order *orders;
    size_t order_count;
    uint32_t packed_order; /* of `packed`: place in orders */
    uint32_t *unit_orders; /* by unit: place in orders */
};

/* reporter, and body, are filled as well. */
bool report_read(const struct message *message, const struct plant *plant, const char *reporter, struct arena *arena,
                 struct refusal *refusal, struct report_reading *ret);

/* The member `line` is one of the plant's; or, if `or_stations`, one that the plant's file gives several stations.
 * Refuses with the nearest otherwise. */
bool report_line_check(const struct reader *r, const struct plant *plant, const char *line, bool or_stations);

/* What the event is about, for who may report it. */
bool report_is_of_task(enum report_event event);
bool report_is_of_line(enum report_event event); /* down, up, setup */

const char *report_event_text(enum report_event event);
