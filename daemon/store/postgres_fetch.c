/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/postgres_fetch.h"

#include "daemon/store/named.h"

#include <stdlib.h>
#include <string.h>

struct known_key {
    bool there;
    struct order_key key;
    UT_hash_handle hh; /* by creator, a newline, order_ref: neither holds control characters */
};

struct known_lot {
    uint64_t lot;
    struct lot_head head;
};

struct pg_fetched {
    struct arena *group, *request;
    struct known_key *keys;
    bool publishing;
    struct order_head *heads; /* by number */
    size_t head_count;
    struct known_lot *lots; /* likewise */
    size_t lot_count;
    struct slice_row *slices; /* by order */
    size_t slice_count, slice_room;
    uint64_t *sliced; /* orders of which all slices are known, ascending */
    size_t sliced_count;
};

struct pg_fetched *pg_fetched_new(void) {
    struct pg_fetched *f = takt_alloc(sizeof *f);
    f->group = arena_new();
    f->request = arena_new();
    return f;
}

void pg_fetched_free(struct pg_fetched *f) {
    if (f == NULL)
        return;
    HASH_CLEAR(hh, f->keys);
    free(f->slices);
    arena_free(f->group);
    arena_free(f->request);
    free(f);
}

/* ---- keys ---- */

struct key_name {
    const char *bytes;
    size_t length;
};

static struct key_name name_of(struct pg_fetched *f, const char *creator, const char *order_ref) {
    size_t first = strlen(creator), second = strlen(order_ref);
    char *bytes = arena_alloc(f->group, first + 1 + second);
    memcpy(bytes, creator, first);
    bytes[first] = '\n';
    memcpy(bytes + first + 1, order_ref, second);
    return (struct key_name){bytes, first + 1 + second};
}

static struct known_key *find_named(struct pg_fetched *f, struct key_name name) {
    struct known_key *k = NULL;
    HASH_FIND(hh, f->keys, name.bytes, name.length, k);
    return k;
}

static struct known_key *find_key(struct pg_fetched *f, const char *creator, const char *order_ref) {
    return f->keys == NULL ? NULL : find_named(f, name_of(f, creator, order_ref));
}

static int ask_for_keys(struct postgres_store *s) {
    struct pg_fetched *f = s->fetched;
    if (s->batches[PG_KEYS_FIND].rows == 0)
        return s->failed;
    PGresult *r = pg_ask(s, PG_KEYS_FIND);
    for (int i = 0; r != NULL && i < PQntuples(r); i++) {
        struct known_key *k = find_key(f, PQgetvalue(r, i, 0), PQgetvalue(r, i, 1));
        if (k == NULL || !pg_hash(r, i, 3, k->key.hash)) {
            pg_damaged(s, "a key of an order");
            break;
        }
        k->there = true;
        k->key.no = (uint64_t)pg_int(r, i, 2);
    }
    PQclear(r);
    return s->failed;
}

static struct known_key *new_key(struct pg_fetched *f, struct key_name name) {
    struct known_key *k = arena_alloc(f->group, sizeof *k);
    memset(k, 0, sizeof *k);
    HASH_ADD_KEYPTR(hh, f->keys, name.bytes, name.length, k);
    return k;
}

static int fetch_key(struct postgres_store *s, const char *creator, const char *order_ref) {
    struct pg_fetched *f = s->fetched;
    struct key_name name = name_of(f, creator, order_ref);
    if (find_named(f, name) != NULL)
        return 0;
    new_key(f, name);
    /* the last of a batch must not be sent by pg_put, which throws the answer away */
    if (s->batches[PG_KEYS_FIND].rows == BATCH_ROWS_MAX - 1 && ask_for_keys(s) < 0)
        return s->failed;
    return pg_put(s, PG_KEYS_FIND, creator, order_ref);
}

int pg_fetch_group(struct postgres_store *s, const struct store_request *chain) {
    struct pg_fetched *f = s->fetched;
    HASH_CLEAR(hh, f->keys);
    f->keys = NULL;
    arena_clear(f->group);
    bool wrote = s->wrote;
    for (const struct store_request *r = chain; r != NULL; r = r->next) {
        const struct store_accept *q = (const struct store_accept *)r;
        for (size_t i = 0; r->op == STORE_ACCEPT && s->careful > 0 && i < q->count && s->failed == 0; i++)
            fetch_key(s, q->creator, q->orders[i].row.order_ref);
    }
    ask_for_keys(s);
    s->wrote = wrote;
    return s->failed;
}

/* In the group that is under way on the other lane. */
static bool is_under_way(struct postgres_store *s, struct key_name name) {
    const struct pg_lane *other = &s->lanes[s->fetched == s->lanes[0].fetched];
    return s->going_ahead && s->ahead_count == LANES && find_named(other->fetched, name) != NULL;
}

int pg_fetched_key_add(struct postgres_store *s, const char *creator, const char *order_ref,
                       const struct order_key *key) {
    struct key_name name = name_of(s->fetched, creator, order_ref);
    struct known_key *k = find_named(s->fetched, name);
    if (k != NULL && k->there)
        return TAKT_EEXIST;
    if (is_under_way(s, name))
        return s->failed = TAKT_ESTORE;
    if (k == NULL)
        k = new_key(s->fetched, name);
    k->there = true;
    k->key = *key;
    return 0;
}

int pg_fetched_key(struct postgres_store *s, const char *creator, const char *order_ref, struct order_key *ret) {
    const struct known_key *k = find_key(s->fetched, creator, order_ref);
    if (k == NULL)
        return 0;
    if (!k->there)
        return TAKT_ENOENT;
    *ret = k->key;
    return 1;
}

/* ---- what a publication names ---- */

/* Asks for numbers, ascending and once each, in pieces; take_row is told every row, so in ascending order. */
static void ask_numbers(struct postgres_store *s, enum pg_statement id, const uint64_t *numbers, size_t count,
                        void (*take_row)(struct postgres_store *s, const PGresult *r, int row)) {
    for (size_t from = 0; from < count && s->failed == 0;) {
        size_t to = count - from < BATCH_ROWS_MAX ? count : from + BATCH_ROWS_MAX - 1;
        for (; from < to; from++)
            pg_put(s, id, numbers[from]);
        PGresult *r = pg_ask(s, id);
        for (int i = 0; r != NULL && i < PQntuples(r); i++)
            take_row(s, r, i);
        PQclear(r);
    }
}

static void take_head(struct postgres_store *s, const PGresult *r, int row) {
    pg_read_head(&s->tables, r, row, &s->fetched->heads[s->fetched->head_count++]);
}

static void take_lot(struct postgres_store *s, const PGresult *r, int row) {
    s->fetched->lots[s->fetched->lot_count++] =
        (struct known_lot){(uint64_t)pg_int(r, row, 0), {(enum lot_state)pg_int(r, row, 1), pg_time(r, row, 2)}};
}

static void take_slice(struct postgres_store *s, const PGresult *r, int row) {
    struct pg_fetched *f = s->fetched;
    ARRAY_GROW(f->slices, f->slice_count, f->slice_room);
    pg_read_slice(r, row, &f->slices[f->slice_count++]);
}

static void fetch_lots(struct postgres_store *s, const struct store_publish *q) {
    struct pg_fetched *f = s->fetched;
    size_t count = 0;
    uint64_t *numbers = arena_array(f->request, q->task_count + q->slice_count, sizeof *numbers);
    for (size_t i = 0; i < q->task_count; i++)
        numbers[count++] = q->tasks[i].lot;
    for (size_t i = 0; i < q->slice_count; i++)
        numbers[count++] = q->slices[i].lot;
    count = named_sort(numbers, count);
    f->lots = arena_array(f->request, count, sizeof *f->lots);
    ask_numbers(s, PG_LOT_HEADS, numbers, count, take_lot);
}

static void fetch_orders(struct postgres_store *s, const struct store_publish *q) {
    struct pg_fetched *f = s->fetched;
    size_t count;
    const uint64_t *numbers = named_orders(q, f->request, &count);
    f->sliced = arena_array(f->request, q->slice_count, sizeof *f->sliced);
    for (size_t i = 0; i < q->slice_count; i++)
        f->sliced[i] = q->slices[i].order;
    f->sliced_count = named_sort(f->sliced, q->slice_count);
    f->heads = arena_array(f->request, count, sizeof *f->heads);
    ask_numbers(s, PG_ORDER_HEADS, numbers, count, take_head);
    ask_numbers(s, PG_SLICES_OF_ALL, f->sliced, f->sliced_count, take_slice);
}

void pg_fetched_forget(struct postgres_store *s) {
    struct pg_fetched *f = s->fetched;
    arena_clear(f->request);
    f->publishing = false;
    f->head_count = f->lot_count = f->slice_count = f->sliced_count = 0;
}

int pg_fetch_request(struct postgres_store *s, const struct store_request *r) {
    pg_fetched_forget(s);
    if (r->op != STORE_PUBLISH)
        return s->failed;
    bool wrote = s->wrote;
    fetch_orders(s, (const struct store_publish *)r);
    fetch_lots(s, (const struct store_publish *)r);
    s->fetched->publishing = true;
    s->wrote = wrote;
    return s->failed;
}

int pg_fetched_head(struct postgres_store *s, uint64_t no, struct order_head *ret) {
    const struct pg_fetched *f = s->fetched;
    if (!f->publishing)
        return 0;
    /* its number is the first field */
    const struct order_head *head = bsearch(&no, f->heads, f->head_count, sizeof *f->heads, named_compare);
    if (head == NULL)
        return TAKT_ENOENT; /* a publication asks for those only that it names */
    *ret = *head;
    return 1;
}

int pg_fetched_lot(struct postgres_store *s, uint32_t lot, struct lot_head *ret) {
    const struct pg_fetched *f = s->fetched;
    const uint64_t number = lot;
    if (!f->publishing)
        return 0;
    const struct known_lot *known = bsearch(&number, f->lots, f->lot_count, sizeof *f->lots, named_compare);
    if (known == NULL)
        return TAKT_ENOENT;
    *ret = known->head;
    return 1;
}

int pg_fetched_slices(struct postgres_store *s, uint64_t no, const struct slice_row **ret, size_t *ret_count) {
    const struct pg_fetched *f = s->fetched;
    if (!f->publishing || bsearch(&no, f->sliced, f->sliced_count, sizeof no, named_compare) == NULL)
        return 0;
    /* the order is the first field */
    const struct slice_row *at =
        f->slice_count == 0 ? NULL : bsearch(&no, f->slices, f->slice_count, sizeof *at, named_compare);
    *ret_count = 0;
    *ret = at;
    if (at == NULL)
        return 1;
    while (at > f->slices && at[-1].order == no)
        at--;
    *ret = at;
    while (at < f->slices + f->slice_count && at->order == no)
        at++, ++*ret_count;
    return 1;
}
