/* SPDX-License-Identifier: Apache-2.0 */

/* Erasure: a row of `erasure` says that it is asked for, and then that it was done. Whoever made a copy of the store before
 * can do it again from a list of such rows (witness.h), since they name orders by numbers that are never given twice. */

#include "daemon/store/body.h"
#include "daemon/store/operation.h"
#include "daemon/wire/digest.h"

#include <string.h>

static void tag_of(const struct order_row *row, const struct order_key *key, uint8_t ret[STORE_HASH_SIZE]) {
    struct digest d;
    digest_begin(&d, STORE_HASH_SIZE, key->hash);
    digest_text(&d, row->creator);
    digest_text(&d, row->order_ref);
    digest_number(&d, (int64_t)row->no);
    digest_end(&d, ret);
}

static int erase_now(struct tables *t, const struct order_row *row, uint64_t shipment, int64_t now_s) {
    t->erased = true;
    audit_noted_order(t, now_s, "erased", row->no);
    return t->ops->order_erase(t, row, shipment);
}

int operation_erase_ended(struct tables *t, uint64_t no, int64_t now_s) {
    struct erasure_row erasure;
    struct order_row row;
    struct order_head head;
    int code = t->ops->erasure_get(t, no, &erasure);
    if (code == TAKT_ENOENT || (code == 0 && erasure.erased_at_s != TAKT_TIME_NONE))
        return 0;
    if (code == 0)
        code = t->ops->order_get(t, no, t->scratch, &row);
    if (code == 0)
        code = t->ops->order_head(t, no, &head);
    if (code < 0)
        return code;
    erasure.erased_at_s = now_s;
    t->state.erasures_due--;
    code = t->ops->erasure_put(t, &erasure);
    return code < 0 ? code : erase_now(t, &row, head.shipment, now_s);
}

/* What is known already is left as it is, but for an order that a restored copy brought back. */
static int erase_order(struct tables *t, struct store_erase *q, const struct order_row *row, const struct order_key *key,
                       struct erasure_row *ret) {
    struct order_head head;
    const char *body = NULL;
    int code = t->ops->order_head(t, row->no, &head);
    if (code == 0)
        code = t->ops->erasure_get(t, row->no, ret);
    bool known = code == 0;
    if (code == TAKT_ENOENT) {
        *ret = (struct erasure_row){.order = row->no, .asked_at_s = q->now_s, .erased_at_s = TAKT_TIME_NONE};
        tag_of(row, key, ret->tag);
        code = 0;
    }
    ret->order_ref = row->order_ref;
    if (code == 0)
        code = t->ops->body_get(t, row->no, t->scratch, &body);
    bool open = order_state_open(head.state);
    if (code < 0 || (known && (open || (ret->erased_at_s != TAKT_TIME_NONE && body == NULL))))
        return code;
    if (open) {
        t->state.erasures_due++;
        audit_noted_order(t, q->now_s, "to erase", row->no);
        return t->ops->erasure_put(t, ret);
    }
    if (known && ret->erased_at_s == TAKT_TIME_NONE)
        t->state.erasures_due--;
    ret->erased_at_s = q->now_s;
    code = t->ops->erasure_put(t, ret);
    return code < 0 ? code : erase_now(t, row, head.shipment, q->now_s);
}

static int find_order(struct tables *t, const char *creator, const char *order_ref, struct order_row *ret,
                      struct order_key *ret_key) {
    int code = t->ops->key_find(t, creator, order_ref, ret_key);
    return code < 0 ? code : t->ops->order_get(t, ret_key->no, t->scratch, ret);
}

/* One that is to be erased goes into the result. */
static int add_order(struct tables *t, struct store_erase *q, const struct order_row *row, const struct order_key *key) {
    struct erasure_row *out = &q->ret_rows[q->ret_count];
    int code = erase_order(t, q, row, key, out);
    out->order_ref = arena_strdup(q->head.arena, row->order_ref);
    q->ret_count += code == 0;
    return code;
}

static int erase_one(struct tables *t, struct store_erase *q) {
    struct order_row row;
    struct order_key key;
    q->ret_rows = arena_alloc(q->head.arena, sizeof *q->ret_rows);
    int code = find_order(t, q->creator, q->order_ref, &row, &key);
    if (code == TAKT_ENOENT)
        return takt_fail(&q->head.err, code, "creator '%s' has no order '%s'", q->creator, q->order_ref);
    return code < 0 ? code : add_order(t, q, &row, &key);
}

static int erase_again(struct tables *t, struct store_erase *q) {
    int code = 0;
    q->ret_rows = arena_array(q->head.arena, q->again_count, sizeof *q->ret_rows);
    for (size_t i = 0; i < q->again_count && code == 0; i++) {
        struct order_row row;
        struct order_key key;
        uint8_t tag[STORE_HASH_SIZE];
        code = t->ops->order_get(t, q->again[i].order, t->scratch, &row);
        if (code == 0)
            code = t->ops->key_find(t, row.creator, row.order_ref, &key);
        if (code == 0) {
            tag_of(&row, &key, tag);
            code = memcmp(tag, q->again[i].tag, sizeof tag) == 0 ? add_order(t, q, &row, &key) : TAKT_ENOENT;
        }
        code = code == TAKT_ENOENT ? TAKT_OK : code; /* another order, or one that this copy never had */
    }
    return code;
}

static int erase_recipient(struct tables *t, struct store_erase *q) {
    struct order_filter filter = {.creator = q->creator, .state = -1};
    struct order_row *rows = arena_array(t->scratch, q->limit, sizeof *rows);
    size_t count = 0;
    int code = t->ops->orders_page(t, &filter, q->after, q->limit, t->scratch, rows, &count);
    q->ret_rows = arena_array(q->head.arena, count, sizeof *q->ret_rows);
    for (size_t i = 0; i < count && code == 0; i++) {
        const char *body;
        struct order_key key;
        code = t->ops->body_get(t, rows[i].no, t->scratch, &body);
        if (code < 0 || body == NULL || !body_names(body, q->field, q->value))
            continue;
        code = t->ops->key_find(t, rows[i].creator, rows[i].order_ref, &key);
        if (code == 0)
            code = add_order(t, q, &rows[i], &key);
    }
    q->ret_after = count == q->limit ? rows[count - 1].no : 0;
    return code;
}

int operation_erase(struct tables *t, struct store_request *r) {
    struct store_erase *q = (struct store_erase *)r;
    q->ret_count = 0;
    q->ret_after = 0;
    if (q->again != NULL)
        return erase_again(t, q);
    if (q->order_ref != NULL)
        return erase_one(t, q);
    if (q->limit == 0 || q->limit > STORE_PAGE_MAX)
        return takt_fail(&r->err, TAKT_EINVAL, "a page of %zu rows: 1 to %d", q->limit, STORE_PAGE_MAX);
    return erase_recipient(t, q);
}

int operation_erasures(struct tables *t, struct store_request *r) {
    struct store_erasures *q = (struct store_erasures *)r;
    if (q->limit == 0 || q->limit > STORE_PAGE_MAX)
        return takt_fail(&r->err, TAKT_EINVAL, "a page of %zu rows: 1 to %d", q->limit, STORE_PAGE_MAX);
    q->ret_rows = arena_array(r->arena, q->limit, sizeof *q->ret_rows);
    return t->ops->erasures_page(t, q->after, q->limit, q->ret_rows, &q->ret_count);
}
