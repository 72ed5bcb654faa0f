/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/inspect.h"

#include "daemon/store/places.h"
#include "daemon/store/schema.h"

#include <stdio.h>
#include <string.h>

#define OPEN "state NOT IN (5, 7)"

/* Each counts what must not be. */
static const struct {
    const char *rule, *sql;
} rules[] = {
    {"an order without its key",
     "SELECT count(*) FROM orders o WHERE o.plant = :plant AND NOT EXISTS (SELECT 1 FROM order_key k WHERE "
     "k.plant = :plant AND k.creator = o.creator AND k.order_ref = o.order_ref AND k.no = o.no)"},
    {"a key without its order",
     "SELECT count(*) FROM order_key k WHERE k.plant = :plant AND NOT EXISTS (SELECT 1 FROM orders o WHERE "
     "o.plant = :plant AND o.no = k.no)"},
    {"an open order without its body",
     "SELECT count(*) FROM orders o WHERE o.plant = :plant AND o." OPEN " AND NOT EXISTS (SELECT 1 FROM body b WHERE "
     "b.plant = :plant AND b.no = o.no AND b.accepted_at_s = o.accepted_at_s)"},
    {"a creator's count of orders that is not theirs",
     "SELECT count(*) FROM (SELECT c.creator FROM creator c LEFT JOIN orders o ON o.plant = :plant AND "
     "o.creator = c.creator WHERE c.plant = :plant GROUP BY c.creator, c.accepted, c.planned, c.in_production, c.made, "
     "c.packed, c.shipped, c.held, c.cancelled HAVING count(o.no) <> c.accepted + c.planned + c.in_production + c.made "
     "+ c.packed + c.shipped + c.held + c.cancelled OR sum(CASE WHEN o." OPEN " THEN 1 ELSE 0 END) <> c.accepted + "
     "c.planned + c.in_production + c.made + c.packed + c.held) x"},
    {"an order, change or event with a number that was not given",
     "SELECT (SELECT count(*) FROM orders WHERE plant = :plant AND no > (SELECT last_order FROM state WHERE plant = "
     ":plant)) + (SELECT count(*) FROM change WHERE plant = :plant AND seq > (SELECT change FROM state WHERE plant = "
     ":plant)) + (SELECT count(*) FROM event WHERE plant = :plant AND cursor > (SELECT cursor FROM state WHERE plant = "
     ":plant))"},
    {"a part of an order in a lot that is not there",
     "SELECT count(*) FROM slice s WHERE s.plant = :plant AND s.lot > 0 AND NOT EXISTS (SELECT 1 FROM lot l WHERE "
     "l.plant = :plant AND l.lot = s.lot)"},
    {"a part of an order that is not there", "SELECT count(*) FROM slice s WHERE s.plant = :plant AND NOT EXISTS "
                                             "(SELECT 1 FROM orders o WHERE o.plant = :plant "
                                             "AND o.no = s.order_no)"},
    {"units in two lots", "SELECT count(*) FROM slice a JOIN slice b ON b.plant = :plant AND b.order_no = a.order_no "
                          "AND b.item = a.item AND "
                          "b.first > a.first AND b.first < a.first + a.count WHERE a.plant = :plant"},
    {"a lot that counts its open orders wrong",
     "SELECT count(*) FROM (SELECT l.lot FROM lot l LEFT JOIN slice s ON s.plant = :plant AND s.lot = l.lot LEFT JOIN "
     "orders o ON o.plant = :plant AND o.no = s.order_no AND o." OPEN " WHERE l.plant = :plant GROUP BY l.lot, "
     "l.open_slices HAVING count(o.no) <> l.open_slices) x"},
    {"a task without a lot or a place in the plan", "SELECT count(*) FROM task t WHERE t.plant = :plant AND (NOT "
                                                    "EXISTS (SELECT 1 FROM lot l WHERE l.plant = :plant AND "
                                                    "l.lot = t.lot) OR NOT EXISTS (SELECT 1 FROM lot_plan p WHERE "
                                                    "p.plant = :plant AND p.lot = t.lot AND (p.places LIKE t.op || "
                                                    "' %' OR p.places LIKE '%\n' || t.op || ' %')))"},
    {"places in the plan of a lot that is not there",
     "SELECT count(*) FROM lot_plan p WHERE p.plant = :plant AND NOT EXISTS (SELECT 1 FROM lot l WHERE l.plant = :plant "
     "AND l.lot = p.lot)"},
    {"an order that says it is in a shipment that is not there",
     "SELECT count(*) FROM orders o WHERE o.plant = :plant AND o.shipment IS NOT NULL AND o.shipment > 0 AND NOT "
     "EXISTS "
     "(SELECT 1 FROM shipment s WHERE s.plant = :plant AND s.number = o.shipment)"},
    {"a shipped order without a shipment",
     "SELECT count(*) FROM orders WHERE plant = :plant AND state = 5 AND coalesce(shipment, 0) = 0"},
    {"an event of an order that is not there", "SELECT count(*) FROM event e WHERE e.plant = :plant AND NOT EXISTS "
                                               "(SELECT 1 FROM orders o WHERE o.plant = :plant "
                                               "AND o.no = e.order_no)"},
    {"a promise of an order that is not there",
     "SELECT count(*) FROM promise p WHERE p.plant = :plant AND NOT EXISTS (SELECT 1 FROM orders o WHERE "
     "o.plant = :plant AND o.no = p.order_no)"},
};

struct look {
    const struct copy_source_kind *kind;
    void *self;
};

static int open_look(const char *url, const char *plant, struct look *l, struct inspect *ret, struct takt_error *err) {
    l->kind = copy_source_of(url);
    if (l->kind->number == NULL)
        return takt_fail(err, TAKT_EINVAL, "'%s' is no store: sqlite:PATH or postgresql://…", url);
    int code = l->kind->open(url, plant, &l->self, &ret->head, err);
    if (code == 0 && ret->head.schema != SCHEMA_VERSION) {
        l->kind->close(l->self);
        code =
            takt_fail(err, TAKT_EDATA, "the schema of the store is %lld, that of this takt %d: taktctl store migrate",
                      (long long)ret->head.schema, SCHEMA_VERSION);
    }
    return code;
}

static int figures(const struct look *l, struct inspect *ret, struct takt_error *err) {
    bool postgres = l->kind == &copy_from_postgres;
    const struct {
        const char *sql;
        int64_t *to;
    } numbers[] = {
        {"SELECT epoch FROM state WHERE plant = :plant", &ret->epoch},
        {"SELECT plan_version FROM state WHERE plant = :plant", &ret->plan_version},
        {"SELECT count(*) FROM orders WHERE plant = :plant AND " OPEN, &ret->open_orders},
        {postgres ? "SELECT pg_database_size(current_database())"
                  : "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
         &ret->bytes},
    };
    int code = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && code == 0; i++)
        code = l->kind->number(l->self, numbers[i].sql, numbers[i].to, err);
    return code;
}

int inspect_stats(const char *url, const char *plant, struct inspect *ret, struct takt_error *err) {
    struct look l;
    struct inspect found = {.row_count = 0};
    char sql[96];
    int code = open_look(url, plant, &l, &found, err);
    if (code < 0)
        return code;
    code = figures(&l, &found, err);
    for (size_t i = 1; i < copy_table_count && code == 0; i++) { /* the first is `state` */
        if (!copy_table_in(&copy_tables[i], SCHEMA_VERSION))
            continue;
        struct inspect_row *row = &found.rows[found.row_count++];
        row->name = copy_tables[i].name;
        snprintf(sql, sizeof sql, "SELECT count(*) FROM %s WHERE plant = :plant", row->name);
        code = l.kind->number(l.self, sql, &row->count, err);
    }
    l.kind->close(l.self);
    if (code == 0)
        *ret = found;
    return code;
}

/* The file itself, before what it says is believed. */
static int check_file(const struct look *l, struct inspect *found, struct takt_error *err) {
    int64_t faults = 0;
    if (l->kind != &copy_from_sqlite)
        return 0;
    int code = l->kind->number(l->self, "SELECT count(*) FROM pragma_integrity_check() WHERE integrity_check <> 'ok'",
                               &faults, err);
    if (code == 0 && faults > 0)
        found->rows[found->row_count++] = (struct inspect_row){"damage of the file (PRAGMA integrity_check)", faults};
    return code;
}

/* Texts are read as the planner reads them. */
static int check_places(const struct look *l, struct inspect *found, struct takt_error *err) {
    const struct copy_table *table = copy_tables;
    struct copy_columns columns;
    struct copy_value values[COPY_COLUMNS_MAX];
    size_t at = 0;
    int64_t faults = 0;
    while (strcmp(table->name, "lot_plan") != 0)
        table++;
    int code = l->kind->table(l->self, table, &columns, err);
    while (code == 0 && at < columns.count && strcmp(columns.names[at], "places") != 0)
        at++;
    while (code == 0 && at < columns.count && (code = l->kind->row(l->self, values, err)) == 1) {
        faults += values[at].kind != COPY_TEXT || !places_sound(values[at].bytes);
        code = 0;
    }
    if (code == 0 && faults > 0)
        found->rows[found->row_count++] = (struct inspect_row){"a lot whose places in the plan cannot be read", faults};
    return code;
}

int inspect_check(const char *url, const char *plant, struct inspect *ret, struct takt_error *err) {
    struct look l;
    struct inspect found = {.row_count = 0};
    int code = open_look(url, plant, &l, &found, err);
    if (code < 0)
        return code;
    code = check_file(&l, &found, err);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0] && code == 0; i++) {
        int64_t count = 0;
        code = l.kind->number(l.self, rules[i].sql, &count, err);
        if (code == 0 && count > 0)
            found.rows[found.row_count++] = (struct inspect_row){rules[i].rule, count};
    }
    if (code == 0)
        code = check_places(&l, &found, err);
    l.kind->close(l.self);
    if (code == 0)
        *ret = found;
    return code;
}
