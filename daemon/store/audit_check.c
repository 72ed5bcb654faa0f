/* SPDX-License-Identifier: Apache-2.0 */

/* Three cursors go forward side by side: links, keys by number, promises by number. Each is a source of its own
 * (copy.h), opened in this order: rows of the later ones are never taken away, so what a link speaks of is there. */

#include "daemon/store/audit_check.h"

#include "daemon/store/schema.h"
#include "daemon/store/tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct copy_table link_table = {"audit", "link", 1, 0};
static const struct copy_table key_table = {"order_key", "no", 1, 0};
static const struct copy_table promise_table = {"promise", "number", 1, 0};
static const struct copy_table order_table = {"orders", "no", 1, 0};
static const struct copy_table state_table = {"state", "plant", 1, 0};

/* ---- one table of a source, row by row ---- */

struct rows {
    const struct copy_source_kind *kind;
    void *source;
    struct copy_columns columns;
    struct copy_value values[COPY_COLUMNS_MAX];
    bool there; /* values are those of a row */
};

static int rows_open(struct rows *r, const char *url, const char *plant, struct copy_head *ret_head,
                     struct takt_error *err) {
    memset(r, 0, sizeof *r);
    r->kind = copy_source_of(url);
    if (r->kind->number == NULL)
        return takt_fail(err, TAKT_EINVAL, "'%s' is no store: sqlite:PATH or postgresql://…", url);
    int code = r->kind->open(url, plant, &r->source, ret_head, err);
    if (code == 0 && ret_head->schema != SCHEMA_VERSION)
        code = takt_fail(err, TAKT_EDATA, "the schema of the store is %lld, that of this takt %d: taktctl store migrate",
                         (long long)ret_head->schema, SCHEMA_VERSION);
    return code;
}

static void rows_close(struct rows *r) {
    if (r->source != NULL)
        r->kind->close(r->source);
}

static int rows_next(struct rows *r, struct takt_error *err) {
    int code = r->kind->row(r->source, r->values, err);
    r->there = code == 1;
    return code < 0 ? code : 0;
}

static int rows_of(struct rows *r, const struct copy_table *table, struct takt_error *err) {
    int code = r->kind->table(r->source, table, &r->columns, err);
    return code < 0 ? code : rows_next(r, err);
}

static const struct copy_value *column(const struct rows *r, const char *name) {
    static const struct copy_value none = {.kind = COPY_NULL, .bytes = ""};
    for (size_t i = 0; i < r->columns.count; i++)
        if (strcmp(r->columns.names[i], name) == 0)
            return &r->values[i];
    return &none;
}

static int64_t integer(const struct rows *r, const char *name, int64_t none) {
    const struct copy_value *v = column(r, name);
    return v->kind == COPY_INTEGER ? v->integer : none;
}

static const char *text(const struct rows *r, const char *name) {
    const struct copy_value *v = column(r, name);
    return v->kind == COPY_TEXT ? v->bytes : "";
}

/* Zeros where it is no hash: then it is not the right one. */
static void hash(const struct rows *r, const char *name, uint8_t ret[STORE_HASH_SIZE]) {
    const struct copy_value *v = column(r, name);
    memset(ret, 0, STORE_HASH_SIZE);
    if (v->kind == COPY_BYTES && v->length == STORE_HASH_SIZE)
        memcpy(ret, v->bytes, STORE_HASH_SIZE);
}

static struct audit_link link_of(const struct rows *r) {
    struct audit_link l = {.link = (uint64_t)integer(r, "link", 0),
                           .at_s = integer(r, "at_s", 0),
                           .after_change = (uint64_t)integer(r, "after_change", 0),
                           .change = (uint64_t)integer(r, "change", 0),
                           .after_promise = (uint64_t)integer(r, "after_promise", 0),
                           .promise = (uint64_t)integer(r, "promise", 0),
                           .accepted = (uint32_t)integer(r, "accepted", 0),
                           .promised = (uint32_t)integer(r, "promised", 0),
                           .repromised = (uint32_t)integer(r, "repromised", 0),
                           .detail = text(r, "detail")};
    hash(r, "orders", l.orders);
    hash(r, "promises", l.promises);
    hash(r, "hash", l.hash);
    return l;
}

int audit_list(const char *url, const char *plant, uint64_t after,
               bool (*each)(void *arg, const struct audit_link *link), void *arg, struct takt_error *err) {
    struct rows r;
    struct copy_head head;
    bool more = true;
    int code = rows_open(&r, url, plant, &head, err);
    if (code == 0)
        code = rows_of(&r, &link_table, err);
    while (code == 0 && r.there && more) {
        struct audit_link link = link_of(&r);
        more = link.link <= after || each(arg, &link);
        code = rows_next(&r, err);
    }
    rows_close(&r);
    return code;
}

/* ---- the check ---- */

struct check {
    struct rows links, keys, promises;
    struct audit_digest *digest;
    struct audit_report *report;
    struct store_state end;
    uint64_t last;              /* the number of the link before */
    uint64_t *cancelled;        /* orders */
    size_t cancelled_count, cancelled_room;
    struct takt_error *err;
};

static void broken(struct check *c, uint64_t link, const char *why) {
    if (c->report->why[0] != '\0')
        return;
    c->report->broken = link;
    snprintf(c->report->why, sizeof c->report->why, "%s", why);
}

static bool is_broken(const struct check *c) {
    return c->report->why[0] != '\0';
}

static void check_chain(struct check *c, const struct audit_link *l) {
    uint8_t expected[STORE_HASH_SIZE];
    if (l->link != c->last + 1)
        broken(c, c->last + 1, "it is missing");
    audit_hash(l, c->report->hash, expected);
    if (memcmp(expected, l->hash, sizeof expected) != 0)
        broken(c, l->link, "it was changed, or is not the one that followed the link before it");
    memcpy(c->report->hash, l->hash, sizeof l->hash);
    c->last = l->link;
}

/* Rows up to a number: those up to `after` belong to no link, which is right only before the first one. */
static int skip(struct check *c, struct rows *r, const char *number, uint64_t after, const char *why) {
    int code = 0;
    while (code == 0 && r->there && (uint64_t)integer(r, number, 0) <= after) {
        if (c->last > 1)
            broken(c, c->last, why);
        code = rows_next(r, c->err);
    }
    return code;
}

static int check_orders(struct check *c, const struct audit_link *l) {
    static const uint8_t none[STORE_HASH_SIZE];
    uint8_t found[STORE_HASH_SIZE] = {0};
    uint64_t count = 0;
    int code = skip(c, &c->keys, "no", l->after_change, "an order before it is in no link: it was put in afterwards");
    for (audit_digest_begin(c->digest); code == 0 && c->keys.there; count++) {
        struct order_key key = {.no = (uint64_t)integer(&c->keys, "no", 0)};
        if (key.no > l->change)
            break;
        hash(&c->keys, "hash", key.hash);
        audit_digest_order(c->digest, text(&c->keys, "creator"), text(&c->keys, "order_ref"), &key);
        code = rows_next(&c->keys, c->err);
    }
    if (count > 0)
        audit_digest_end(c->digest, found);
    if (code == 0 && (count != l->accepted || memcmp(count > 0 ? found : none, l->orders, sizeof found) != 0))
        broken(c, l->link, "the orders accepted in it are not those in the store");
    c->report->orders += count;
    return code;
}

static int check_promises(struct check *c, const struct audit_link *l) {
    static const uint8_t none[STORE_HASH_SIZE];
    uint8_t found[STORE_HASH_SIZE] = {0};
    uint64_t count = 0;
    struct rows *r = &c->promises;
    int code = skip(c, r, "number", l->after_promise, "a promise before it is in no link: it was put in afterwards");
    for (audit_digest_begin(c->digest); code == 0 && r->there; count++) {
        uint64_t number = (uint64_t)integer(r, "number", 0);
        struct promise_row row = {.order = (uint64_t)integer(r, "order_no", 0),
                                  .at_s = integer(r, "at_s", 0),
                                  .ship_by_s = integer(r, "ship_by_s", TAKT_TIME_NONE),
                                  .deliver_by_day = (int32_t)integer(r, "deliver_by_day", TAKT_DAY_NONE),
                                  .reason = text(r, "reason")};
        if (number > l->promise)
            break;
        audit_digest_promise(c->digest, number, &row);
        code = rows_next(r, c->err);
    }
    if (count > 0)
        audit_digest_end(c->digest, found);
    if (code == 0 && (count != (uint64_t)l->promised + l->repromised ||
                      memcmp(count > 0 ? found : none, l->promises, sizeof found) != 0))
        broken(c, l->link, "the promises given in it are not those in the store");
    c->report->promises += count;
    return code;
}

static void note_cancelled(struct check *c, const char *detail) {
    static const char mark[] = "cancelled ";
    const char *at = strstr(detail, mark);
    at = at != NULL ? at + strlen(mark) : "";
    for (char *end; *at >= '0' && *at <= '9'; at = *end == ' ' ? end + 1 : end) {
        ARRAY_GROW(c->cancelled, c->cancelled_count, c->cancelled_room);
        c->cancelled[c->cancelled_count++] = strtoull(at, &end, 10);
    }
}

static int compare_number(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int check_cancelled(struct check *c) {
    size_t next = 0;
    if (c->cancelled_count == 0)
        return 0;
    qsort(c->cancelled, c->cancelled_count, sizeof *c->cancelled, compare_number);
    int code = rows_of(&c->keys, &order_table, c->err);
    for (; code == 0 && c->keys.there && next < c->cancelled_count; code = rows_next(&c->keys, c->err)) {
        if ((uint64_t)integer(&c->keys, "no", 0) < c->cancelled[next])
            continue;
        if (integer(&c->keys, "state", -1) != ORDER_CANCELLED)
            broken(c, c->last, "an order that was cancelled up to it is not cancelled in the store");
        next++;
    }
    return code;
}

static int check_links(struct check *c) {
    int code = rows_of(&c->links, &link_table, c->err);
    if (code == 0)
        code = rows_of(&c->keys, &key_table, c->err);
    if (code == 0)
        code = rows_of(&c->promises, &promise_table, c->err);
    while (code == 0 && c->links.there && !is_broken(c)) {
        struct audit_link l = link_of(&c->links);
        if (c->last == 0)
            c->report->not_covered = l.after_change;
        check_chain(c, &l);
        note_cancelled(c, l.detail);
        code = check_orders(c, &l);
        if (code == 0)
            code = check_promises(c, &l);
        if (code == 0)
            code = rows_next(&c->links, c->err);
        c->report->links++;
    }
    return code < 0 || is_broken(c) ? code : check_cancelled(c);
}

/* What the state says of the last link; read in the same moment as the links. */
static int check_end(struct check *c) {
    uint8_t head[STORE_HASH_SIZE];
    int code = rows_of(&c->links, &state_table, c->err);
    if (code < 0)
        return code;
    c->end.audit_a = integer(&c->links, "audit_a", 0);
    c->end.audit_b = integer(&c->links, "audit_b", 0);
    c->end.audit_c = integer(&c->links, "audit_c", 0);
    c->end.audit_d = integer(&c->links, "audit_d", 0);
    audit_head(&c->end, head);
    if (c->last < (uint64_t)integer(&c->links, "audit", 0))
        broken(c, c->last + 1, "it is missing: the end of the log was cut off");
    else if (memcmp(head, c->report->hash, sizeof head) != 0)
        broken(c, c->last, "its hash is not the one that the store's state names");
    return 0;
}

int audit_check(const char *url, const char *plant, struct audit_report *ret, struct takt_error *err) {
    struct audit_report report = {.links = 0};
    struct check c = {.report = &report, .err = err, .digest = audit_digest_new()};
    struct copy_head later;
    int code = rows_open(&c.links, url, plant, &report.head, err);
    if (code == 0)
        code = rows_open(&c.keys, url, plant, &later, err);
    if (code == 0)
        code = rows_open(&c.promises, url, plant, &later, err);
    if (code == 0)
        code = check_links(&c);
    if (code == 0 && !is_broken(&c))
        code = check_end(&c);
    rows_close(&c.links);
    rows_close(&c.keys);
    rows_close(&c.promises);
    audit_digest_free(c.digest);
    free(c.cancelled);
    if (code == 0)
        *ret = report;
    return code;
}
