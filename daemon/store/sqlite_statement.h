/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Inside the SQLite back end: its struct, its statements and how they are run.
 *
 * The first error of a statement is noted in `failed` and makes every later one of the group fail at once, so callers
 * need not look before the end of the group. */

#include "daemon/store/sqlite_fresh.h"
#include "daemon/store/sqlite_log.h"
#include "daemon/store/tables.h"

#include <sqlite3.h>

#define ORDER_COLUMNS                                                                                                  \
    "no, creator, order_ref, accepted_at_s, channel, campaign, service, wish_day, country, recipient_key, state, "     \
    "ship_by_s, deliver_by_day, planned_packed_s, packed_at_s, shipment"
#define EVENT_COLUMNS                                                                                                  \
    "e.cursor, e.creator, e.kind, e.order_no, o.order_ref, e.at_s, e.ship_by_s, e.deliver_by_day, e.reason, "          \
    "e.shipment, e.carrier, e.tracking"
#define SHIPMENT_COLUMNS                                                                                               \
    "number, state, attempts, consumer, tracking, reason, ended_at_s, shipment, creator, service, carrier, ship_by_s, "\
    "packed_at_s, recipient_key, weight_mg, orders"
#define LOT_COLUMNS "lot, product, options, state, opened_at_s, let_go_at_s, firm_at_s, units, extra"
#define TASK_COLUMNS                                                                                                   \
    "t.lot, t.op, t.op_id, p.places, t.state, t.quantity, t.good, t.scrap, t.started_at_s, t.finished_at_s, t.late"
#define AUDIT_COLUMNS                                                                                                  \
    "link, at_s, after_change, change, after_promise, promise, accepted, promised, repromised, orders, promises, "     \
    "detail, hash"
#define IS_OPEN     "state NOT IN (5, 7)"

/* A + before a column keeps SQLite from turning a join's equality into a range over all that follows.
 *
 * A column that an index has is not set where it stays as it is: SQLite would take the index's entry away and put it back, and
 * write its page with each commit. REPLACE does that to all of a row's indexes, and gives the row another place. */
#define STATEMENTS(X)                                                                                                  \
    X(BEGIN_WRITE, "BEGIN IMMEDIATE")                                                                                  \
    X(BEGIN_READ, "BEGIN")                                                                                             \
    X(COMMIT, "COMMIT")                                                                                                \
    X(SETTLE, "UPDATE state SET settled = settled + 1 WHERE plant = 1")                                                \
    X(CREATOR_ALL, "SELECT creator, accepted, planned, in_production, made, packed, shipped, held, cancelled "         \
                   "FROM creator WHERE plant = 1")                                                                     \
    X(CREATOR_PUT, "INSERT INTO creator (creator, accepted, planned, in_production, made, packed, shipped, held, "     \
                   "cancelled) VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (plant, creator) DO UPDATE SET "                 \
                   "accepted = excluded.accepted, planned = excluded.planned, in_production = excluded.in_production, "\
                   "made = excluded.made, packed = excluded.packed, shipped = excluded.shipped, "                      \
                   "held = excluded.held, cancelled = excluded.cancelled")                                             \
    X(KEY_ADD, "INSERT INTO order_key (creator, order_ref, no, hash) VALUES (?,?,?,?) ON CONFLICT DO NOTHING")         \
    X(KEYS_FRESH, "INSERT OR FAIL INTO order_key (creator, order_ref, no, hash) SELECT creator, order_ref, no, hash "   \
                  "FROM fresh")                                                                                         \
    X(KEY_FIND, "SELECT no, hash FROM order_key WHERE plant = 1 AND creator = ? AND order_ref = ?")                    \
    X(ORDERS_FRESH, "INSERT OR FAIL INTO orders (no, creator, order_ref, accepted_at_s, channel, campaign, service, "  \
                    "wish_day, country, recipient_key, state, items) SELECT no, creator, order_ref, accepted_at_s, "   \
                    "channel, campaign, service, wish_day, country, recipient_key, state, items FROM fresh")           \
    X(ORDER_GET, "SELECT " ORDER_COLUMNS ", items FROM orders WHERE no = ?")                                           \
    X(ORDER_AMEND, "UPDATE orders SET service = ?2, wish_day = ?3, country = ?4, recipient_key = ?5, items = ?6 "      \
                   "WHERE no = ?1")                                                                                    \
    X(ORDER_HEAD, "SELECT creator, state, ship_by_s, deliver_by_day, planned_packed_s, packed_at_s, shipment "         \
                  "FROM orders WHERE no = ?")                                                                          \
    X(ORDER_MOVE, "UPDATE orders SET state = ?2, ship_by_s = ?3, deliver_by_day = ?4, planned_packed_s = ?5, "         \
                  "packed_at_s = ?6, shipment = ?7 WHERE no = ?1")                                                     \
    X(ORDER_STAY, "UPDATE orders SET ship_by_s = ?3, deliver_by_day = ?4, planned_packed_s = ?5, packed_at_s = ?6, "   \
                  "shipment = ?7 WHERE no = ?1 AND state = ?2")                                                        \
    X(ORDERS_ALL, "SELECT " ORDER_COLUMNS ", items FROM orders WHERE no > ? ORDER BY no LIMIT ?")                      \
    X(ORDERS_OPEN, "SELECT " ORDER_COLUMNS ", items FROM orders INDEXED BY orders_open "                               \
                   "WHERE plant = 1 AND no > ? AND " IS_OPEN " ORDER BY no LIMIT ?")                                   \
    X(ORDERS_STATE, "SELECT " ORDER_COLUMNS ", items FROM orders WHERE no > ? AND state = ?3 ORDER BY no LIMIT ?2")    \
    X(ORDERS_CREATOR, "SELECT " ORDER_COLUMNS ", items FROM orders WHERE no > ? AND creator = ?3 "                     \
                      "ORDER BY no LIMIT ?2")                                                                          \
    X(ORDERS_CREATOR_OPEN, "SELECT " ORDER_COLUMNS ", items FROM orders INDEXED BY orders_open "                       \
                           "WHERE plant = 1 AND no > ? AND " IS_OPEN " AND creator = ?3 ORDER BY no LIMIT ?2")         \
    X(ORDERS_CREATOR_STATE, "SELECT " ORDER_COLUMNS ", items FROM orders WHERE no > ? AND creator = ?3 "               \
                            "AND state = ?4 ORDER BY no LIMIT ?2")                                                     \
    X(BODY_GET, "SELECT body FROM body WHERE no = ?")                                                                  \
    X(BODIES_FRESH, "INSERT OR FAIL INTO body (no, accepted_at_s, body) SELECT no, accepted_at_s, body FROM fresh")    \
    X(BODY_PUT, "INSERT INTO body (no, accepted_at_s, body) VALUES (?,?,?) "                                           \
                "ON CONFLICT (no) DO UPDATE SET body = excluded.body")                                                 \
    X(CHANGE_ADD, "INSERT INTO change (seq, kind, order_no) VALUES (?,?,?)")                                           \
    X(CHANGE_TRIM, "DELETE FROM change WHERE seq <= ?")                                                                \
    X(CHANGES_PAGE, "SELECT seq, kind, order_no FROM change WHERE seq > ? ORDER BY seq LIMIT ?")                       \
    X(LOT_PUT, "INSERT INTO lot (" LOT_COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (lot) DO UPDATE SET "         \
               "product = excluded.product, options = excluded.options, state = excluded.state, "                      \
               "opened_at_s = excluded.opened_at_s, let_go_at_s = excluded.let_go_at_s, "                              \
               "firm_at_s = excluded.firm_at_s, units = excluded.units, extra = excluded.extra")                       \
    X(LOT_COUNT, "UPDATE lot SET open_slices = open_slices + ?2 WHERE lot = ?1")                                       \
    X(LOT_HEAD, "SELECT state, firm_at_s FROM lot WHERE lot = ?")                                                      \
    X(LOTS_PAGE, "SELECT " LOT_COLUMNS " FROM lot INDEXED BY lot_open WHERE plant = 1 AND open_slices > 0 AND lot > ? "\
                 "ORDER BY lot LIMIT ?")                                                                               \
    X(SLICE_PUT, "INSERT OR REPLACE INTO slice (order_no, item, first, count, lot) VALUES (?,?,?,?,?)")                \
    X(SLICE_DROP, "DELETE FROM slice WHERE plant = 1 AND order_no = ? AND item = ? AND first = ?")                     \
    X(SLICES_OF, "SELECT order_no, item, first, count, lot FROM slice WHERE plant = 1 AND order_no = ? "               \
                 "ORDER BY item, first")                                                                               \
    X(SLICES_PAGE, "SELECT s.order_no, s.item, s.first, s.count, s.lot "                                               \
                   "FROM orders o INDEXED BY orders_open CROSS JOIN slice s "                                          \
                   "WHERE o.plant = 1 AND o.no >= ?1 AND o." IS_OPEN " AND s.plant = 1 AND s.order_no = +o.no "        \
                   "AND (o.no > ?1 OR (s.item, s.first) > (?2, ?3)) ORDER BY o.no, s.item, s.first LIMIT ?4")          \
    X(TASK_PUT, "INSERT INTO task (lot, op, op_id, state, quantity, good, scrap, started_at_s, finished_at_s, late) "  \
                "VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT (plant, lot, op) DO UPDATE SET op_id = excluded.op_id, "     \
                "state = excluded.state, quantity = excluded.quantity, good = excluded.good, scrap = excluded.scrap, " \
                "started_at_s = excluded.started_at_s, finished_at_s = excluded.finished_at_s, late = excluded.late")  \
    X(TASK_DROP, "DELETE FROM task WHERE plant = 1 AND lot = ? AND op = ?")                                            \
    X(PLACES_GET, "SELECT places FROM lot_plan WHERE lot = ?")                                                         \
    X(PLACES_PUT, "INSERT INTO lot_plan (lot, places) VALUES (?,?) ON CONFLICT (lot) DO UPDATE SET "                   \
                  "places = excluded.places")                                                                          \
    X(PLACES_DROP, "DELETE FROM lot_plan WHERE lot = ?")                                                               \
    X(TASKS_PAGE, "SELECT " TASK_COLUMNS " FROM lot l INDEXED BY lot_open "                                            \
                  "CROSS JOIN task t LEFT JOIN lot_plan p ON p.lot = t.lot WHERE l.plant = 1 AND l.open_slices > 0 "   \
                  "AND l.lot >= ?1 AND t.plant = 1 AND t.lot = +l.lot AND (l.lot > ?1 OR t.op > ?2) "                  \
                  "ORDER BY l.lot, t.op LIMIT ?3")                                                   \
    X(PLAN_ADD, "INSERT INTO plan (version, at_s, scheduler, objective, bound) VALUES (?,?,?,?,?)")                    \
    X(PROMISE_ADD, "INSERT INTO promise (order_no, number, at_s, ship_by_s, deliver_by_day, reason) "                  \
                   "VALUES (?,?,?,?,?,?)")                                                                             \
    X(PROMISES_OF, "SELECT order_no, at_s, ship_by_s, deliver_by_day, reason FROM promise "                            \
                   "WHERE plant = 1 AND order_no = ? ORDER BY number")                                                 \
    X(EVENT_ADD, "INSERT INTO event (creator, cursor, at_s, kind, order_no, ship_by_s, deliver_by_day, reason, "       \
                 "shipment, carrier, tracking) VALUES (?,?,?,?,?,?,?,?,?,?,?)")                                        \
    X(EVENTS_PAGE, "SELECT " EVENT_COLUMNS " FROM event e CROSS JOIN orders o ON o.no = e.order_no "                   \
                   "WHERE e.plant = 1 AND e.creator = ? AND e.cursor > ? ORDER BY e.cursor LIMIT ?")                   \
    X(EVENTS_OF, "SELECT " EVENT_COLUMNS " FROM event e CROSS JOIN orders o ON o.no = e.order_no "                     \
                 "WHERE e.plant = 1 AND e.order_no = ? ORDER BY e.cursor")                                             \
    X(EVENT_LAST, "SELECT max(cursor) FROM event WHERE plant = 1 AND creator = ?")                                     \
    X(REPORT_ADD, "INSERT INTO report (reporter, report_ref, hash, at_s, event, body) VALUES (?,?,?,?,?,?)")           \
    X(REPORT_FIND, "SELECT hash FROM report WHERE plant = 1 AND reporter = ? AND report_ref = ?")                      \
    X(STOCK_PUT, "INSERT INTO stock (material, on_hand_milli) VALUES (?,?) "                                           \
                 "ON CONFLICT (plant, material) DO UPDATE SET on_hand_milli = excluded.on_hand_milli")                 \
    X(STOCK_ALL, "SELECT material, on_hand_milli FROM stock WHERE plant = 1 ORDER BY material")                        \
    X(RECEIPT_PUT, "INSERT INTO receipt (material, at_s, quantity_milli) VALUES (?,?,?) "                              \
                   "ON CONFLICT (plant, material, at_s) DO UPDATE SET quantity_milli = excluded.quantity_milli")       \
    X(RECEIPT_DROP, "DELETE FROM receipt WHERE plant = 1 AND material = ? AND at_s = ?")                               \
    X(RECEIPTS_ALL, "SELECT material, at_s, quantity_milli FROM receipt WHERE plant = 1 ORDER BY material, at_s")      \
    X(DOWN_PUT, "INSERT INTO down (line, from_s, to_s, reason) VALUES (?,?,?,?) "                                      \
                "ON CONFLICT (plant, line, from_s) DO UPDATE SET to_s = excluded.to_s, reason = excluded.reason")      \
    X(DOWN_DROP, "DELETE FROM down WHERE plant = 1 AND line = ? AND from_s = ?")                                       \
    X(DOWNS_ALL, "SELECT line, from_s, to_s, reason FROM down WHERE plant = 1 ORDER BY line, from_s")                  \
    X(SETUP_PUT, "INSERT INTO setup (line, family) VALUES (?,?) "                                                      \
                 "ON CONFLICT (plant, line) DO UPDATE SET family = excluded.family")                                   \
    X(SETUPS_ALL, "SELECT line, family FROM setup WHERE plant = 1 ORDER BY line")                                      \
    X(SURPLUS_PUT, "INSERT INTO surplus (product, options, quantity) VALUES (?,?,?) "                                  \
                   "ON CONFLICT (plant, product, options) DO UPDATE SET quantity = excluded.quantity")                 \
    X(SURPLUS_DROP, "DELETE FROM surplus WHERE plant = 1 AND product = ? AND options = ?")                             \
    X(SURPLUS_ALL, "SELECT product, options, quantity FROM surplus WHERE plant = 1 ORDER BY product, options")         \
    X(PROCESS_PUT, "INSERT INTO process (process, epoch, beats, address, creators) VALUES (?,?,?,?,?) "                \
                   "ON CONFLICT (plant, process) DO UPDATE SET epoch = excluded.epoch, beats = excluded.beats, "       \
                   "address = excluded.address, creators = excluded.creators")                                         \
    X(PROCESS_DROP, "DELETE FROM process WHERE plant = 1 AND process = ?")                                             \
    X(PROCESSES_ALL, "SELECT process, epoch, beats, address, creators FROM process WHERE plant = 1 ORDER BY process")  \
    X(SHIPMENT_ADD, "INSERT INTO shipment (" SHIPMENT_COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")            \
    X(SHIPMENT_GET, "SELECT " SHIPMENT_COLUMNS " FROM shipment WHERE number = ?")                                      \
    X(SHIPMENT_PUT, "UPDATE shipment SET state = ?2, attempts = ?3, consumer = ?4, tracking = ?5, reason = ?6, "       \
                    "ended_at_s = ?7, carrier = ?8 WHERE number = ?1")                                                 \
    X(SHIPMENTS_ALL, "SELECT " SHIPMENT_COLUMNS " FROM shipment WHERE number > ? ORDER BY number LIMIT ?")             \
    X(SHIPMENTS_OPEN, "SELECT " SHIPMENT_COLUMNS " FROM shipment INDEXED BY shipment_open "                            \
                      "WHERE plant = 1 AND state < 2 AND number > ? ORDER BY number LIMIT ?")                          \
    X(SHIPMENTS_STATE, "SELECT " SHIPMENT_COLUMNS " FROM shipment WHERE number > ? AND state = ?3 "                    \
                       "ORDER BY number LIMIT ?2")                                                                     \
    X(AUDIT_ADD, "INSERT INTO audit (" AUDIT_COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)")                            \
    X(AUDIT_GET, "SELECT " AUDIT_COLUMNS " FROM audit WHERE link = ?")                                                 \
    X(ERASURE_PUT, "INSERT OR REPLACE INTO erasure (order_no, asked_at_s, erased_at_s, tag) VALUES (?,?,?,?)")          \
    X(ERASURE_GET, "SELECT order_no, asked_at_s, erased_at_s, tag FROM erasure WHERE order_no = ?")                    \
    X(ERASURES_PAGE, "SELECT order_no, asked_at_s, erased_at_s, tag FROM erasure WHERE order_no > ? "                  \
                     "ORDER BY order_no LIMIT ?")                                                                      \
    X(ERASE_BODY, "DELETE FROM body WHERE no = ?")                                                                     \
    X(ERASE_ORDER, "UPDATE orders SET recipient_key = 0 WHERE no = ?")                                                 \
    X(ERASE_EVENTS, "UPDATE event SET tracking = '' WHERE plant = 1 AND order_no = ? AND tracking <> ''")              \
    X(ERASE_SHIPMENT, "UPDATE shipment SET tracking = '', reason = '', recipient_key = 0 WHERE number = ?")            \
    X(PUBLICATION_ADD, "INSERT INTO publication (publish_no, before_no, orders, lots, world) VALUES (?,?,?,?,?)")     \
    X(PUBLICATION_TRIM, "DELETE FROM publication WHERE publish_no <= ?")                                               \
    X(PUBLICATIONS_PAGE, "SELECT publish_no, before_no, orders, lots, world FROM publication WHERE publish_no > ? "    \
                         "ORDER BY publish_no LIMIT ?")                                                                \
    X(LOT_GET, "SELECT " LOT_COLUMNS " FROM lot WHERE lot = ? AND open_slices > 0")                                    \
    X(TASKS_OF, "SELECT " TASK_COLUMNS " FROM task t LEFT JOIN lot_plan p ON p.lot = t.lot WHERE t.plant = 1 "         \
                "AND t.lot = ? ORDER BY t.op")                                                                     \
    X(PAGE_COUNT, "PRAGMA page_count")                                                                                 \
    X(PAGE_SIZE, "PRAGMA page_size")

enum statement {
#define X(name, sql) SQL_##name,
    STATEMENTS(X)
#undef X
    STATEMENT_COUNT
};

struct sqlite_store {
    struct tables tables;
    struct table_ops ops;
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    sqlite3_stmt *state_get, *state_put;
    struct owner *owner;
    struct store_state committed;
    struct fresh fresh;        /* orders of the group that runs */
    struct sqlite_log *log;    /* NULL: it is being opened */
    int careful;               /* groups whose keys are added one by one, see sqlite.c */
    int failed;                /* a code of SQLite's, of the group that runs */
    struct takt_error failure; /* what it was */
    bool stale;                /* state and counts are to be loaded before anything else */
    bool unsettled;            /* see sqlite.c */
    char *path;
};

/* Its tables: what writes stands in sqlite_write.c, what reads in sqlite_read.c, but for audit and erasures, and
 * for what a planner that waits reads (sqlite_follow.c). */
void sqlite_write_ops(struct table_ops *ops);
void sqlite_read_ops(struct table_ops *ops);
void sqlite_follow_ops(struct table_ops *ops);
void sqlite_audit_ops(struct table_ops *ops);

/* Notes rc as the group's failure, unless there is one; returns the code for it. */
int sqlite_failed(struct sqlite_store *s, int rc, const char *what);

/* Prepares once and binds: i int64_t · u uint64_t · w uint32_t · n int · s text (NULL: "") · t time or NULL · d day or
 * NULL · b hash. NULL: the group has failed. */
sqlite3_stmt *sqlite_query(struct sqlite_store *s, enum statement id, const char *types, ...);
/* 1: a row; 0: no more (and reset); negative: failed (and reset). */
int sqlite_row(struct sqlite_store *s, sqlite3_stmt *st);
/* Writes the orders that wait. */
int sqlite_flush(struct sqlite_store *s);
/* Runs one that gives no rows. */
int sqlite_run(struct sqlite_store *s, enum statement id, const char *types, ...);

/* Columns of the row that st stands on. */
const char *column_text(sqlite3_stmt *st, int column, struct arena *arena);
int64_t column_time(sqlite3_stmt *st, int column);
/* False: not a hash. */
bool column_hash(sqlite3_stmt *st, int column, uint8_t ret[STORE_HASH_SIZE]);
int32_t column_day(sqlite3_stmt *st, int column);
void sqlite_read_lot(sqlite3_stmt *st, struct arena *arena, struct lot_row *ret);
int sqlite_read_task(struct sqlite_store *s, sqlite3_stmt *st, struct arena *arena, struct task_row *ret);
