/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Inside the PostgreSQL back end: its struct, its statements and how they are run.
 *
 * Every statement's $1 is the plant. What writes rows takes arrays (`*` before the types): rows are gathered and sent
 * together, with one statement for at most BATCH_ROWS_MAX of them. They are sent when that many wait, before anything
 * else uses one of the same tables (so that a transaction sees what it wrote, in the order in which it did), and before
 * COMMIT. Of rows with one key in one batch the last counts, as if they had been sent one by one.
 *
 * The first error of a statement is noted in `failed` and makes every later one of the group fail at once, so callers
 * need not look before the end of the group.
 *
 * There are two connections, lanes: all that is said here goes to the one that pg_lane_use chose. */

#include "daemon/store/postgres_link.h"
#include "daemon/store/tables.h"

enum { BATCH_ROWS_MAX = 1024, BATCH_COLUMNS_MAX = 13 };

/* What a statement touches. */
enum {
    IN_KEYS = 1 << 0,
    IN_ORDERS = 1 << 1,
    IN_BODIES = 1 << 2,
    IN_CHANGES = 1 << 3,
    IN_LOTS = 1 << 4,
    IN_SLICES = 1 << 5,
    IN_TASKS = 1 << 6,
    IN_PLACES = 1 << 7,
    IN_PLANS = 1 << 8,
    IN_PROMISES = 1 << 9,
    IN_EVENTS = 1 << 10,
    IN_REPORTS = 1 << 11,
    IN_STOCK = 1 << 12,
    IN_RECEIPTS = 1 << 13,
    IN_DOWNS = 1 << 14,
    IN_SETUPS = 1 << 15,
    IN_SURPLUS = 1 << 16,
    IN_SHIPMENTS = 1 << 17,
    IN_COUNTS = 1 << 18,
    IN_PROCESSES = 1 << 19,
    IN_AUDIT = 1 << 20,
    IN_ERASURES = 1 << 21,
    IN_PUBLICATIONS = 1 << 22,
};

#define PG_ORDER_COLUMNS                                                                                               \
    "no, creator, order_ref, accepted_at_s, channel, campaign, service, wish_day, country, recipient_key, state, "     \
    "ship_by_s, deliver_by_day, planned_packed_s, packed_at_s, shipment, items"
#define PG_AUDIT_COLUMNS                                                                                               \
    "link, at_s, after_change, change, after_promise, promise, accepted, promised, repromised, orders, promises, "     \
    "detail, hash"
#define PG_HEAD_COLUMNS "no, creator, state, ship_by_s, deliver_by_day, planned_packed_s, packed_at_s, shipment"
#define PG_EVENT_COLUMNS                                                                                               \
    "e.cursor, e.creator, e.kind, e.order_no, (SELECT order_ref FROM orders WHERE plant = $1 AND no = e.order_no), "   \
    "e.at_s, e.ship_by_s, e.deliver_by_day, e.reason, e.shipment, e.carrier, e.tracking"
#define PG_SHIPMENT_COLUMNS                                                                                            \
    "number, state, attempts, consumer, tracking, reason, ended_at_s, shipment, creator, service, carrier, ship_by_s, "\
    "packed_at_s, recipient_key, weight_mg, orders"
#define PG_TASK_COLUMNS                                                                                                \
    "t.lot, t.op, t.op_id, p.places, t.state, t.quantity, t.good, t.scrap, t.started_at_s, t.finished_at_s, t.late"
#define PG_LOT_COLUMNS "lot, product, options, state, opened_at_s, let_go_at_s, firm_at_s, units, extra"
#define PG_IS_OPEN     "state NOT IN (5, 7)"

/* A table is looked into by way of a LATERAL query with OFFSET 0 (or ORDER BY) where the rows that are wanted come from
 * an array or another table: the planner must then go along the index for each of them, even when it knows nothing of
 * the tables yet. A place (ctid) so found holds for the statement, because nobody else writes the plant.
 *
 * X(name, tables, types, sql); the types are those of postgres_statement.h's functions. */
#define PG_STATEMENTS(X)                                                                                               \
    X(CREATOR_ALL, IN_COUNTS, "", "SELECT creator, accepted, planned, in_production, made, packed, shipped, held, "    \
      "cancelled FROM creator WHERE plant = $1")                                                                       \
    X(CREATOR_PUT, IN_COUNTS, "*siiiiiiii", "INSERT INTO creator (plant, creator, accepted, planned, in_production, "  \
      "made, packed, shipped, held, cancelled) SELECT $1, u.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10) u "     \
      "ON CONFLICT (plant, creator) DO UPDATE SET accepted = excluded.accepted, planned = excluded.planned, "          \
      "in_production = excluded.in_production, made = excluded.made, packed = excluded.packed, "                       \
      "shipped = excluded.shipped, held = excluded.held, cancelled = excluded.cancelled")                              \
    X(WRITER_PUT, 0, "ii", "INSERT INTO writer (plant, writer, number) VALUES ($1, $2, $3) ON CONFLICT "               \
      "(plant, writer) DO UPDATE SET number = excluded.number, seen_at = now()")                                       \
    X(STATE_SETTLED, 0, "", "UPDATE state SET settled = settled + 1 WHERE plant = $1")                                 \
    X(WRITER_GET, 0, "i", "SELECT number FROM writer WHERE plant = $1 AND writer = $2")                                \
    X(KEY_FIND, IN_KEYS, "ss", "SELECT no, hash FROM order_key WHERE plant = $1 AND creator = $2 AND order_ref = $3")  \
    X(KEYS_FIND, IN_KEYS, "*ss",                                                                                       \
      "SELECT u.creator, u.order_ref, k.no, k.hash FROM unnest($2, $3) u (creator, order_ref) CROSS JOIN "             \
      "LATERAL (SELECT no, hash FROM order_key WHERE plant = $1 AND creator = u.creator AND order_ref = "              \
      "u.order_ref OFFSET 0) k")                                                                                       \
    X(ORDER_ADD, IN_KEYS | IN_ORDERS | IN_BODIES, "*ssubisssdsuss",                                                    \
      "WITH u AS MATERIALIZED (SELECT * FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) u "       \
      "(creator, order_ref, no, hash, accepted_at_s, channel, campaign, service, wish_day, country, recipient_key, "   \
      "items, body)), k AS (INSERT INTO order_key (plant, creator, order_ref, no, hash) SELECT $1, creator, "          \
      "order_ref, no, hash FROM u), b AS (INSERT INTO body (plant, no, accepted_at_s, body) SELECT $1, no, "           \
      "accepted_at_s, body FROM u) INSERT INTO orders (plant, no, creator, order_ref, accepted_at_s, channel, "        \
      "campaign, service, wish_day, country, recipient_key, state, items) SELECT $1, no, creator, order_ref, "         \
      "accepted_at_s, channel, campaign, service, wish_day, country, recipient_key, 0, items FROM u")                  \
    X(ORDER_GET, IN_ORDERS, "u", "SELECT " PG_ORDER_COLUMNS " FROM orders WHERE plant = $1 AND no = $2")               \
    X(ORDER_AMEND, IN_ORDERS, "usdsus", "UPDATE orders SET service = $3, wish_day = $4, country = $5, "                \
      "recipient_key = $6, items = $7 WHERE plant = $1 AND no = $2")                                                   \
    X(ORDER_HEAD, IN_ORDERS, "u", "SELECT " PG_HEAD_COLUMNS " FROM orders WHERE plant = $1 AND no = $2")               \
    X(ORDER_HEADS, IN_ORDERS, "*u", "SELECT o.* FROM unnest($2) u (no) CROSS JOIN LATERAL (SELECT " PG_HEAD_COLUMNS " "\
      "FROM orders WHERE plant = $1 AND no = u.no OFFSET 0) o ORDER BY o.no")                                          \
    X(ORDER_MOVE, IN_ORDERS, "*untdttu",                                                                               \
      "UPDATE orders o SET state = u.state, ship_by_s = u.ship_by_s, deliver_by_day = u.deliver_by_day, "              \
      "planned_packed_s = u.planned_packed_s, packed_at_s = u.packed_at_s, shipment = u.shipment FROM "                \
      "(SELECT DISTINCT ON (no) * FROM unnest($2, $3, $4, $5, $6, $7, $8) WITH ORDINALITY u (no, state, "              \
      "ship_by_s, deliver_by_day, planned_packed_s, packed_at_s, shipment, n) ORDER BY no, n DESC) u CROSS "           \
      "JOIN LATERAL (SELECT ctid AS place FROM orders WHERE plant = $1 AND no = u.no OFFSET 0) k WHERE "               \
      "o.ctid = k.place")                                                                                              \
    X(ORDERS_ALL, IN_ORDERS, "ui", "SELECT " PG_ORDER_COLUMNS " FROM orders WHERE plant = $1 AND no > $2 "             \
      "ORDER BY no LIMIT $3")                                                                                          \
    X(ORDERS_OPEN, IN_ORDERS, "ui", "SELECT " PG_ORDER_COLUMNS " FROM orders WHERE plant = $1 AND no > $2 "            \
      "AND " PG_IS_OPEN " ORDER BY no LIMIT $3")                                                                       \
    X(ORDERS_STATE, IN_ORDERS, "uin", "SELECT " PG_ORDER_COLUMNS " FROM orders WHERE plant = $1 AND no > $2 "          \
      "AND state = $4 ORDER BY no LIMIT $3")                                                                           \
    X(ORDERS_CREATOR, IN_ORDERS, "uis", "SELECT " PG_ORDER_COLUMNS " FROM orders WHERE plant = $1 AND no > $2 "        \
      "AND creator = $4 ORDER BY no LIMIT $3")                                                                         \
    X(ORDERS_CREATOR_OPEN, IN_ORDERS, "uis", "SELECT " PG_ORDER_COLUMNS " FROM orders WHERE plant = $1 AND no > $2 "   \
      "AND " PG_IS_OPEN " AND creator = $4 ORDER BY no LIMIT $3")                                                      \
    X(ORDERS_CREATOR_STATE, IN_ORDERS, "uisn", "SELECT " PG_ORDER_COLUMNS " FROM orders WHERE plant = $1 AND no > $2 " \
      "AND creator = $4 AND state = $5 ORDER BY no LIMIT $3")                                                          \
    X(BODY_GET, IN_ORDERS | IN_BODIES, "u",                                                                            \
      "SELECT b.body FROM (SELECT no, accepted_at_s FROM orders WHERE plant = $1 AND no = $2) o CROSS JOIN "           \
      "LATERAL (SELECT body FROM body WHERE plant = $1 AND accepted_at_s = o.accepted_at_s AND no = o.no "             \
      "OFFSET 0) b")                                                                                                   \
    X(BODY_PUT, IN_BODIES, "*uis", "INSERT INTO body (plant, no, accepted_at_s, body) "                                \
      "SELECT DISTINCT ON (u.no) $1, u.no, u.accepted_at_s, u.body FROM unnest($2, $3, $4) WITH ORDINALITY "           \
      "u (no, accepted_at_s, body, n) ORDER BY u.no, u.n DESC "                                                        \
      "ON CONFLICT (plant, accepted_at_s, no) DO UPDATE SET body = excluded.body")                                     \
    X(CHANGE_ADD, IN_CHANGES, "*unu", "INSERT INTO change (plant, seq, kind, order_no) "                               \
      "SELECT $1, u.* FROM unnest($2, $3, $4) u")                                                                      \
    X(CHANGE_TRIM, IN_CHANGES, "u", "DELETE FROM change WHERE plant = $1 AND seq <= $2")                               \
    X(CHANGES_PAGE, IN_CHANGES, "ui", "SELECT seq, kind, order_no FROM change WHERE plant = $1 AND seq > $2 "          \
      "ORDER BY seq LIMIT $3")                                                                                         \
    X(LOT_PUT, IN_LOTS, "*wssntttww", "INSERT INTO lot (plant, " PG_LOT_COLUMNS ") SELECT DISTINCT ON (u.lot) $1, "    \
      "u.lot, u.product, u.options, u.state, u.opened_at_s, u.let_go_at_s, u.firm_at_s, u.units, u.extra "             \
      "FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10) WITH ORDINALITY u (" PG_LOT_COLUMNS ", n) "                    \
      "ORDER BY u.lot, u.n DESC ON CONFLICT (plant, lot) DO UPDATE SET "                                               \
      "product = excluded.product, options = excluded.options, state = excluded.state, "                               \
      "opened_at_s = excluded.opened_at_s, let_go_at_s = excluded.let_go_at_s, firm_at_s = excluded.firm_at_s, "       \
      "units = excluded.units, extra = excluded.extra")                                                                \
    X(LOT_COUNT, IN_LOTS, "*wn",                                                                                       \
      "UPDATE lot l SET open_slices = l.open_slices + u.delta FROM (SELECT lot, sum(delta) AS delta FROM "             \
      "unnest($2, $3) v (lot, delta) GROUP BY lot) u CROSS JOIN LATERAL (SELECT ctid AS place FROM lot "               \
      "WHERE plant = $1 AND lot = u.lot OFFSET 0) k WHERE l.ctid = k.place")                                           \
    X(LOT_HEAD, IN_LOTS, "w", "SELECT lot, state, firm_at_s FROM lot WHERE plant = $1 AND lot = $2")                   \
    X(LOT_HEADS, IN_LOTS, "*u", "SELECT l.* FROM unnest($2) u (lot) CROSS JOIN LATERAL (SELECT lot, state, firm_at_s " \
      "FROM lot WHERE plant = $1 AND lot = u.lot OFFSET 0) l ORDER BY l.lot")                                          \
    X(LOTS_PAGE, IN_LOTS, "ui", "SELECT " PG_LOT_COLUMNS " FROM lot WHERE plant = $1 AND open_slices > 0 AND lot > $2 "\
      "ORDER BY lot LIMIT $3")                                                                                         \
    X(SLICE_PUT, IN_SLICES, "*uwwwwn",                                                                                 \
      "WITH u AS MATERIALIZED (SELECT DISTINCT ON (order_no, item, first) * FROM unnest($2, $3, $4, $5, $6, "          \
      "$7) WITH ORDINALITY u (order_no, item, first, count, lot, gone, n) ORDER BY order_no, item, first, n "          \
      "DESC), d AS (DELETE FROM slice s USING u CROSS JOIN LATERAL (SELECT ctid AS place FROM slice WHERE "            \
      "plant = $1 AND order_no = u.order_no AND item = u.item AND first = u.first OFFSET 0) k WHERE u.gone "           \
      "= 1 AND s.ctid = k.place) INSERT INTO slice (plant, order_no, item, first, count, lot) SELECT $1, "             \
      "order_no, item, first, count, lot FROM u WHERE gone = 0 ON CONFLICT (plant, order_no, item, first) "            \
      "DO UPDATE SET count = excluded.count, lot = excluded.lot")                                                      \
    X(SLICES_OF, IN_SLICES, "u", "SELECT order_no, item, first, count, lot FROM slice WHERE plant = $1 "               \
      "AND order_no = $2 ORDER BY item, first")                                                                        \
    X(SLICES_OF_ALL, IN_SLICES, "*u", "SELECT s.* FROM unnest($2) u (order_no) CROSS JOIN LATERAL (SELECT order_no, "  \
      "item, first, count, lot FROM slice WHERE plant = $1 AND order_no = u.order_no OFFSET 0) s "                     \
      "ORDER BY s.order_no, s.item, s.first")                                                                          \
    X(SLICES_PAGE, IN_ORDERS | IN_SLICES, "uuui", "SELECT s.order_no, s.item, s.first, s.count, s.lot FROM orders o "  \
      "CROSS JOIN LATERAL (SELECT * FROM slice WHERE plant = $1 AND order_no = o.no ORDER BY item, first) s "          \
      "WHERE o.plant = $1 AND o.no >= $2 AND o." PG_IS_OPEN " AND (o.no > $2 OR (s.item, s.first) > ($3, $4)) "        \
      "ORDER BY o.no, s.item, s.first LIMIT $5")                                                                       \
    X(TASK_PUT, IN_TASKS, "*wwsnwwwttnn",                                                                              \
      "WITH u AS MATERIALIZED (SELECT DISTINCT ON (lot, op) * FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"   \
      " $12) WITH ORDINALITY u (lot, op, op_id, state, quantity, good, scrap, started_at_s, finished_at_s, late, "     \
      "gone, n) ORDER BY lot, op, n DESC), k AS MATERIALIZED (SELECT u.*, t.place, t.same FROM u LEFT JOIN LATERAL "   \
      "(SELECT ctid AS place, (op_id, state, quantity, good, scrap, started_at_s, finished_at_s, late) IS NOT "        \
      "DISTINCT FROM (u.op_id, u.state, u.quantity, u.good, u.scrap, u.started_at_s, u.finished_at_s, u.late) AS "     \
      "same FROM task WHERE plant = $1 AND lot = u.lot AND op = u.op OFFSET 0) t ON true), d AS (DELETE FROM task t"   \
      " USING k WHERE k.gone = 1 AND t.ctid = k.place), c AS (UPDATE task t SET op_id = k.op_id, state = k.state, "    \
      "quantity = k.quantity, good = k.good, scrap = k.scrap, started_at_s = k.started_at_s, finished_at_s = "         \
      "k.finished_at_s, late = k.late FROM k WHERE k.gone = 0 AND NOT k.same AND t.ctid = k.place) INSERT INTO task"   \
      " (plant, lot, op, op_id, state, quantity, good, scrap, started_at_s, finished_at_s, late) SELECT $1, lot, "     \
      "op, op_id, state, quantity, good, scrap, started_at_s, finished_at_s, late FROM k WHERE gone = 0 AND place "    \
      "IS NULL")                                                                                                       \
    X(PLACES_NAMED, IN_PLACES, "*w", "SELECT p.* FROM unnest($2) u (lot) CROSS JOIN LATERAL (SELECT lot, places FROM " \
      "lot_plan WHERE plant = $1 AND lot = u.lot OFFSET 0) p ORDER BY p.lot")                                          \
    X(PLACES_PUT, IN_PLACES, "*ws", "INSERT INTO lot_plan (plant, lot, places) SELECT $1, u.* FROM unnest($2, $3) u "  \
      "ON CONFLICT (plant, lot) DO UPDATE SET places = excluded.places")                                               \
    X(PLACES_DROP, IN_PLACES, "*w", "DELETE FROM lot_plan p USING unnest($2) u (lot) CROSS JOIN LATERAL (SELECT "      \
      "ctid AS place FROM lot_plan WHERE plant = $1 AND lot = u.lot OFFSET 0) k WHERE p.ctid = k.place")               \
    X(TASKS_PAGE, IN_LOTS | IN_TASKS | IN_PLACES, "uui",                                                               \
      "SELECT " PG_TASK_COLUMNS " FROM lot l LEFT JOIN LATERAL (SELECT places FROM lot_plan WHERE plant = $1 AND "     \
      "lot = l.lot OFFSET 0) p ON true CROSS JOIN LATERAL (SELECT * FROM task WHERE plant = $1 AND lot = l.lot ORDER BY op) "  \
      "t WHERE l.plant = $1 AND l.open_slices > 0 AND l.lot >= $2 AND (l.lot > $2 OR t.op > $3) "                      \
      "ORDER BY l.lot, t.op LIMIT $4")                                                                                 \
    X(PLAN_ADD, IN_PLANS, "uisii", "INSERT INTO plan (plant, version, at_s, scheduler, objective, bound) "             \
      "VALUES ($1, $2, $3, $4, $5, $6)")                                                                               \
    X(PROMISE_ADD, IN_PROMISES, "*uuitds", "INSERT INTO promise (plant, order_no, number, at_s, ship_by_s, "           \
      "deliver_by_day, reason) SELECT $1, u.* FROM unnest($2, $3, $4, $5, $6, $7) u")                                  \
    X(PROMISES_OF, IN_PROMISES, "u", "SELECT order_no, at_s, ship_by_s, deliver_by_day, reason FROM promise "          \
      "WHERE plant = $1 AND order_no = $2 ORDER BY number")                                                            \
    X(EVENT_ADD, IN_EVENTS, "*suinutdssss", "INSERT INTO event (plant, creator, cursor, at_s, kind, order_no, "        \
      "ship_by_s, deliver_by_day, reason, shipment, carrier, tracking) "                                               \
      "SELECT $1, u.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) u")                                   \
    X(EVENTS_PAGE, IN_ORDERS | IN_EVENTS, "sui",                                                                       \
      "SELECT " PG_EVENT_COLUMNS " FROM event e WHERE e.plant = $1 AND e.creator = $2 AND e.cursor > $3 "              \
      "ORDER BY e.cursor LIMIT $4")                                                                                    \
    X(EVENTS_OF, IN_ORDERS | IN_EVENTS, "u",                                                                           \
      "SELECT " PG_EVENT_COLUMNS " FROM event e WHERE e.plant = $1 AND e.order_no = $2 ORDER BY e.cursor")             \
    X(EVENT_LAST, IN_EVENTS, "s", "SELECT cursor FROM event WHERE plant = $1 AND creator = $2 "                        \
      "ORDER BY cursor DESC LIMIT 1")                                                                                  \
    X(REPORT_ADD, IN_REPORTS, "*ssbiss", "INSERT INTO report (plant, reporter, report_ref, hash, at_s, event, body) "  \
      "SELECT $1, u.* FROM unnest($2, $3, $4, $5, $6, $7) u")                                                          \
    X(REPORT_FIND, IN_REPORTS, "ss", "SELECT hash FROM report WHERE plant = $1 AND reporter = $2 AND report_ref = $3") \
    X(STOCK_PUT, IN_STOCK, "*si", "INSERT INTO stock (plant, material, on_hand_milli) SELECT DISTINCT ON (u.material) "\
      "$1, u.material, u.on_hand FROM unnest($2, $3) WITH ORDINALITY u (material, on_hand, n) "                        \
      "ORDER BY u.material, u.n DESC ON CONFLICT (plant, material) DO UPDATE SET "                                     \
      "on_hand_milli = excluded.on_hand_milli")                                                                        \
    X(STOCK_ALL, IN_STOCK, "", "SELECT material, on_hand_milli FROM stock WHERE plant = $1 "                           \
      "ORDER BY material COLLATE \"C\"")                                                                               \
    X(RECEIPT_PUT, IN_RECEIPTS, "sii", "INSERT INTO receipt (plant, material, at_s, quantity_milli) "                  \
      "VALUES ($1, $2, $3, $4) ON CONFLICT (plant, material, at_s) DO UPDATE SET "                                     \
      "quantity_milli = excluded.quantity_milli")                                                                      \
    X(RECEIPT_DROP, IN_RECEIPTS, "si", "DELETE FROM receipt WHERE plant = $1 AND material = $2 AND at_s = $3")         \
    X(RECEIPTS_ALL, IN_RECEIPTS, "", "SELECT material, at_s, quantity_milli FROM receipt WHERE plant = $1 "            \
      "ORDER BY material COLLATE \"C\", at_s")                                                                         \
    X(DOWN_PUT, IN_DOWNS, "siis", "INSERT INTO down (plant, line, from_s, to_s, reason) VALUES ($1, $2, $3, $4, $5) "  \
      "ON CONFLICT (plant, line, from_s) DO UPDATE SET to_s = excluded.to_s, reason = excluded.reason")                \
    X(DOWN_DROP, IN_DOWNS, "si", "DELETE FROM down WHERE plant = $1 AND line = $2 AND from_s = $3")                    \
    X(DOWNS_ALL, IN_DOWNS, "", "SELECT line, from_s, to_s, reason FROM down WHERE plant = $1 "                         \
      "ORDER BY line COLLATE \"C\", from_s")                                                                           \
    X(SETUP_PUT, IN_SETUPS, "ss", "INSERT INTO setup (plant, line, family) VALUES ($1, $2, $3) "                       \
      "ON CONFLICT (plant, line) DO UPDATE SET family = excluded.family")                                              \
    X(SETUPS_ALL, IN_SETUPS, "", "SELECT line, family FROM setup WHERE plant = $1 ORDER BY line COLLATE \"C\"")        \
    X(SURPLUS_PUT, IN_SURPLUS, "ssw", "INSERT INTO surplus (plant, product, options, quantity) "                       \
      "VALUES ($1, $2, $3, $4) ON CONFLICT (plant, product, options) DO UPDATE SET quantity = excluded.quantity")      \
    X(SURPLUS_DROP, IN_SURPLUS, "ss", "DELETE FROM surplus WHERE plant = $1 AND product = $2 AND options = $3")        \
    X(SURPLUS_ALL, IN_SURPLUS, "", "SELECT product, options, quantity FROM surplus WHERE plant = $1 "                  \
      "ORDER BY product COLLATE \"C\", options COLLATE \"C\"")                                                         \
    X(PROCESS_PUT, IN_PROCESSES, "suuss", "INSERT INTO process (plant, process, epoch, beats, address, creators) "     \
      "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (plant, process) DO UPDATE SET epoch = excluded.epoch, "            \
      "beats = excluded.beats, address = excluded.address, creators = excluded.creators")                              \
    X(PROCESS_DROP, IN_PROCESSES, "s", "DELETE FROM process WHERE plant = $1 AND process = $2")                        \
    X(PROCESSES_ALL, IN_PROCESSES, "", "SELECT process, epoch, beats, address, creators FROM process WHERE plant = $1 "\
      "ORDER BY process COLLATE \"C\"")                                                                                \
    X(SHIPMENT_ADD, IN_SHIPMENTS, "*usssssttui", "INSERT INTO shipment (plant, number, shipment, creator, service, "   \
      "carrier, orders, ship_by_s, packed_at_s, recipient_key, weight_mg, state, attempts, consumer, tracking, "       \
      "reason) SELECT $1, u.*, 0, 0, '', '', '' FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11) u")              \
    X(SHIPMENT_GET, IN_SHIPMENTS, "u", "SELECT " PG_SHIPMENT_COLUMNS " FROM shipment WHERE plant = $1 AND number = $2")\
    X(SHIPMENT_PUT, IN_SHIPMENTS, "unwsssts", "UPDATE shipment SET state = $3, attempts = $4, consumer = $5, "         \
      "tracking = $6, reason = $7, ended_at_s = $8, carrier = $9 WHERE plant = $1 AND number = $2")                    \
    X(SHIPMENTS_ALL, IN_SHIPMENTS, "ui", "SELECT " PG_SHIPMENT_COLUMNS " FROM shipment WHERE plant = $1 "              \
      "AND number > $2 ORDER BY number LIMIT $3")                                                                      \
    X(SHIPMENTS_OPEN, IN_SHIPMENTS, "ui", "SELECT " PG_SHIPMENT_COLUMNS " FROM shipment WHERE plant = $1 "             \
      "AND state < 2 AND number > $2 ORDER BY number LIMIT $3")                                                        \
    X(SHIPMENTS_STATE, IN_SHIPMENTS, "uin", "SELECT " PG_SHIPMENT_COLUMNS " FROM shipment WHERE plant = $1 "           \
      "AND number > $2 AND state = $4 ORDER BY number LIMIT $3")                                                       \
    X(AUDIT_ADD, IN_AUDIT, "uiuuuuwwwbbsb", "INSERT INTO audit (plant, " PG_AUDIT_COLUMNS ") VALUES "                  \
      "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)")                                                 \
    X(AUDIT_GET, IN_AUDIT, "u", "SELECT " PG_AUDIT_COLUMNS " FROM audit WHERE plant = $1 AND link = $2")               \
    X(ERASURE_PUT, IN_ERASURES, "uitb", "INSERT INTO erasure (plant, order_no, asked_at_s, erased_at_s, tag) VALUES "  \
      "($1, $2, $3, $4, $5) ON CONFLICT (plant, order_no) DO UPDATE SET asked_at_s = excluded.asked_at_s, "            \
      "erased_at_s = excluded.erased_at_s, tag = excluded.tag")                                                        \
    X(ERASURE_GET, IN_ERASURES, "u", "SELECT order_no, asked_at_s, erased_at_s, tag FROM erasure WHERE plant = $1 "    \
      "AND order_no = $2")                                                                                             \
    X(ERASURES_PAGE, IN_ERASURES, "ui", "SELECT order_no, asked_at_s, erased_at_s, tag FROM erasure WHERE plant = $1 " \
      "AND order_no > $2 ORDER BY order_no LIMIT $3")                                                                  \
    X(ERASE_BODY, IN_BODIES, "ui", "DELETE FROM body WHERE plant = $1 AND no = $2 AND accepted_at_s = $3")             \
    X(ERASE_ORDER, IN_ORDERS, "u", "UPDATE orders SET recipient_key = 0 WHERE plant = $1 AND no = $2")                 \
    X(ERASE_EVENTS, IN_EVENTS, "u", "UPDATE event SET tracking = '' WHERE plant = $1 AND order_no = $2 "               \
      "AND tracking <> ''")                                                                                            \
    X(ERASE_SHIPMENT, IN_SHIPMENTS, "u", "UPDATE shipment SET tracking = '', reason = '', recipient_key = 0 "          \
      "WHERE plant = $1 AND number = $2")                                                                              \
    X(PUBLICATION_ADD, IN_PUBLICATIONS, "uussn", "INSERT INTO publication (plant, publish_no, before_no, orders, "     \
      "lots, world) VALUES ($1, $2, $3, $4, $5, $6)")                                                                  \
    X(PUBLICATION_TRIM, IN_PUBLICATIONS, "u", "DELETE FROM publication WHERE plant = $1 AND publish_no <= $2")         \
    X(PUBLICATIONS_PAGE, IN_PUBLICATIONS, "ui", "SELECT publish_no, before_no, orders, lots, world FROM publication "  \
      "WHERE plant = $1 AND publish_no > $2 ORDER BY publish_no LIMIT $3")                                             \
    X(ORDERS_NAMED, IN_ORDERS, "*u", "SELECT o.* FROM unnest($2) u (no) CROSS JOIN LATERAL (SELECT " PG_ORDER_COLUMNS  \
      " FROM orders WHERE plant = $1 AND no = u.no OFFSET 0) o ORDER BY o.no")                                         \
    X(LOTS_NAMED, IN_LOTS, "*u", "SELECT l.* FROM unnest($2) u (lot) CROSS JOIN LATERAL (SELECT " PG_LOT_COLUMNS " "   \
      "FROM lot WHERE plant = $1 AND lot = u.lot AND open_slices > 0 OFFSET 0) l ORDER BY l.lot")                      \
    X(TASKS_NAMED, IN_TASKS | IN_PLACES, "*u",                                                                         \
      "SELECT " PG_TASK_COLUMNS " FROM unnest($2) u (lot) LEFT JOIN LATERAL (SELECT places FROM lot_plan WHERE "       \
      "plant = $1 AND lot = u.lot OFFSET 0) p ON true CROSS JOIN LATERAL (SELECT * FROM task WHERE plant = $1 AND "            \
      "lot = u.lot ORDER BY op) t ORDER BY t.lot, t.op")                                                               \
    X(BYTES, 0, "", "SELECT pg_database_size(current_database()) WHERE $1 > 0")

enum pg_statement {
#define X(name, tables, types, sql) PG_##name,
    PG_STATEMENTS(X)
#undef X
    PG_STATE_GET, PG_STATE_LOCK, PG_STATE_MATCH, PG_STATE_PUT, /* their columns are STATE_FIELDS */
    PG_STATEMENT_COUNT
};

struct pg_column {
    char *bytes;
    size_t length, room;
    int rows, nulls;
};

struct pg_batch {
    int rows;
    struct pg_column columns[BATCH_COLUMNS_MAX];
};

struct pg_fetched; /* postgres_fetch.c */

enum { LANES = 2 };

struct pg_lane {
    struct pg_link link;
    bool prepared[PG_STATEMENT_COUNT];
    struct pg_fetched *fetched;
};

/* A group whose rows were sent before it is known whether it may have the numbers that they bear: postgres_ahead.c */
struct pg_ahead {
    struct store_request *chain;
    struct store_state before, after;
    struct creator_after {
        const char *creator;
        int64_t orders[ORDER_STATE_COUNT];
    } *creators;
    size_t creator_count, creator_room;
    struct pg_lane *lane;
    bool ending; /* its last statements have been sent */
    bool lost;   /* it is to be run again, by itself */
};

struct postgres_store {
    struct tables tables;
    struct table_ops ops;
    struct pg_lane lanes[LANES];
    struct pg_link *link; /* of the lane that is in use, as are the next two */
    bool *prepared;
    struct pg_fetched *fetched;
    struct pg_ahead ahead[LANES];
    size_t ahead_first, ahead_count;
    bool going_ahead;     /* nothing may be asked: what is under way would be missed */
    int alone;            /* groups that are not to be begun ahead */
    int64_t lane_retry_at_ms;
    char *plant_id;
    int64_t plant;
    struct store_state committed;
    struct pg_batch batches[PG_STATEMENT_COUNT];
    int64_t writer, number;    /* of this process; of its last transaction that wrote */
    int failed;                /* a code, of the group that runs */
    bool wrote;                /* this group */
    bool stale;                /* counts are to be loaded before anything else */
    bool unsettled;            /* see postgres.c */
    int careful;               /* groups for which keys are looked for first, see postgres.c */
    bool found;                /* the transaction that is unsettled was there when last looked for */
    int64_t unsettled_number;
    enum link_trouble trouble; /* for people; the text is in link.failure */
    int64_t retry_at_ms;
    int pause_ms;
    int32_t *months;           /* that have partitions, as year * 12 + month */
    size_t month_count, month_room;
};

/* Types: i int64_t · u uint64_t · w uint32_t · n int · s text (NULL: "") · t time or NULL · d day or NULL · b hash.
 * NULL: the group has failed. The result is the caller's to PQclear. */
PGresult *pg_query(struct postgres_store *s, enum pg_statement id, ...);
int pg_run(struct postgres_store *s, enum pg_statement id, ...);

/* Adds a row to the statement's batch. */
int pg_put(struct postgres_store *s, enum pg_statement id, ...);
/* Sends what pg_put has gathered for a statement that reads. */
PGresult *pg_ask(struct postgres_store *s, enum pg_statement id);
int pg_flush(struct postgres_store *s);
/* Throws away what waits to be sent. */
void pg_forget(struct postgres_store *s);
/* A new connection knows no statement. */
void pg_unprepare(struct postgres_store *s);
void pg_batches_done(struct postgres_store *s);

void pg_lane_use(struct postgres_store *s, struct pg_lane *lane);

/* The fields of state as parameters, after the plant. pg_match_state fails unless the plant's row is as said and nobody
 * has locked it, and locks it. */
int pg_put_state(struct postgres_store *s, const struct store_state *state);
int pg_match_state(struct postgres_store *s, const struct store_state *state);

/* Notes what the link says, or a damage of the data, as the group's failure. */
int pg_failed(struct postgres_store *s);
int pg_damaged(struct postgres_store *s, const char *what);

const char *pg_text(const PGresult *r, int row, int column, struct arena *arena);
int64_t pg_int(const PGresult *r, int row, int column);
int64_t pg_time(const PGresult *r, int row, int column);
int32_t pg_day(const PGresult *r, int row, int column);
/* False: not a hash. */
bool pg_hash(const PGresult *r, int row, int column, uint8_t ret[STORE_HASH_SIZE]);

/* Its tables: what writes stands in postgres_write.c, what reads in postgres_read.c, but for audit and
 * erasures, and for what a planner that waits reads (postgres_follow.c). */
void postgres_write_ops(struct table_ops *ops);
void postgres_read_ops(struct table_ops *ops);
void postgres_follow_ops(struct table_ops *ops);
void postgres_audit_ops(struct table_ops *ops);
void pg_read_head(struct tables *t, const PGresult *r, int row, struct order_head *ret);
void pg_read_order(struct postgres_store *s, const PGresult *r, int row, struct arena *arena, struct order_row *ret);
void pg_read_lot(const PGresult *r, int row, struct arena *arena, struct lot_row *ret);
int pg_read_task(struct postgres_store *s, const PGresult *r, int row, struct arena *arena, struct task_row *ret);
void pg_read_slice(const PGresult *r, int row, struct slice_row *ret);
