/* SPDX-License-Identifier: Apache-2.0 */

/* The audit log and erasures in PostgreSQL. */

#include "daemon/store/postgres_statement.h"

static struct postgres_store *self(struct tables *t) {
    return (struct postgres_store *)t;
}

static int audit_add(struct tables *t, const struct audit_link *l) {
    return pg_run(self(t), PG_AUDIT_ADD, l->link, l->at_s, l->after_change, l->change, l->after_promise, l->promise,
                  l->accepted, l->promised, l->repromised, l->orders, l->promises, l->detail, l->hash);
}

static bool read_link(const PGresult *q, struct arena *arena, struct audit_link *r) {
    r->link = (uint64_t)pg_int(q, 0, 0);
    r->at_s = pg_int(q, 0, 1);
    r->after_change = (uint64_t)pg_int(q, 0, 2);
    r->change = (uint64_t)pg_int(q, 0, 3);
    r->after_promise = (uint64_t)pg_int(q, 0, 4);
    r->promise = (uint64_t)pg_int(q, 0, 5);
    r->accepted = (uint32_t)pg_int(q, 0, 6);
    r->promised = (uint32_t)pg_int(q, 0, 7);
    r->repromised = (uint32_t)pg_int(q, 0, 8);
    r->detail = pg_text(q, 0, 11, arena);
    return pg_hash(q, 0, 9, r->orders) && pg_hash(q, 0, 10, r->promises) && pg_hash(q, 0, 12, r->hash);
}

static int audit_get(struct tables *t, uint64_t link, struct arena *arena, struct audit_link *ret) {
    struct postgres_store *s = self(t);
    PGresult *r = pg_query(s, PG_AUDIT_GET, link);
    if (r == NULL)
        return s->failed;
    int code = PQntuples(r) == 0               ? TAKT_ENOENT
               : read_link(r, arena, ret) ? TAKT_OK
                                               : pg_damaged(s, "a hash of the audit log");
    PQclear(r);
    return code;
}

/* ---- erasures ---- */

static int erasure_put(struct tables *t, const struct erasure_row *r) {
    return pg_run(self(t), PG_ERASURE_PUT, r->order, r->asked_at_s, r->erased_at_s, r->tag);
}

static bool read_erasure(const PGresult *q, int row, struct erasure_row *r) {
    r->order = (uint64_t)pg_int(q, row, 0);
    r->order_ref = "";
    r->asked_at_s = pg_int(q, row, 1);
    r->erased_at_s = pg_time(q, row, 2);
    return pg_hash(q, row, 3, r->tag);
}

static int erasure_get(struct tables *t, uint64_t order, struct erasure_row *ret) {
    struct postgres_store *s = self(t);
    PGresult *r = pg_query(s, PG_ERASURE_GET, order);
    if (r == NULL)
        return s->failed;
    int code = PQntuples(r) == 0         ? TAKT_ENOENT
               : read_erasure(r, 0, ret) ? TAKT_OK
                                         : pg_damaged(s, "the tag of an erasure");
    PQclear(r);
    return code;
}

static int erasures_page(struct tables *t, uint64_t after, size_t limit, struct erasure_row *ret, size_t *ret_count) {
    struct postgres_store *s = self(t);
    PGresult *r = pg_query(s, PG_ERASURES_PAGE, after, (int64_t)limit);
    bool whole = true;
    *ret_count = 0;
    if (r == NULL)
        return s->failed;
    for (int i = 0; i < PQntuples(r); i++)
        whole = read_erasure(r, i, &ret[(*ret_count)++]) && whole;
    PQclear(r);
    return whole ? 0 : pg_damaged(s, "the tag of an erasure");
}

static int order_erase(struct tables *t, const struct order_row *row, uint64_t shipment) {
    struct postgres_store *s = self(t);
    pg_run(s, PG_ERASE_BODY, row->no, row->accepted_at_s);
    pg_run(s, PG_ERASE_ORDER, row->no);
    pg_run(s, PG_ERASE_EVENTS, row->no);
    return shipment == 0 ? s->failed : pg_run(s, PG_ERASE_SHIPMENT, shipment);
}

void postgres_audit_ops(struct table_ops *ops) {
    ops->audit_add = audit_add;
    ops->audit_get = audit_get;
    ops->erasure_put = erasure_put;
    ops->erasure_get = erasure_get;
    ops->erasures_page = erasures_page;
    ops->order_erase = order_erase;
}
