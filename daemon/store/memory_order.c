/* SPDX-License-Identifier: Apache-2.0 */

/* Orders, their bodies and stories in memory. */

#include "daemon/store/memory_rows.h"

#include <stdio.h>
#include <string.h>

static struct memory_store *self(struct tables *t) {
    return (struct memory_store *)t;
}

/* ---- keys ---- */

enum { KEY_TEXT_SIZE = 512 };

/* Both texts as one, with what cannot be in either between them; on the stack if short, as they are. */
static const char *join(const char *a, const char *b, char *buffer, struct arena *arena) {
    size_t x = strlen(a), y = strlen(b);
    char *text = x + y + 2 <= KEY_TEXT_SIZE ? buffer : arena_alloc(arena, x + y + 2);
    memcpy(text, a, x);
    text[x] = '\n';
    memcpy(text + x + 1, b, y + 1);
    return text;
}

static struct memory_key *find_key(struct memory_key *keys, const char *text) {
    struct memory_key *found;
    HASH_FIND_STR(keys, text, found);
    return found;
}

static struct memory_key *make_key(struct memory_store *s, const char *text) {
    struct memory_key *key = arena_alloc(s->arena, sizeof *key);
    key->text = arena_strdup(s->arena, text);
    return key;
}

static int add_key(struct tables *t, const struct order_row *row, const uint8_t hash[STORE_HASH_SIZE]) {
    char buffer[KEY_TEXT_SIZE];
    struct memory_store *s = self(t);
    const char *text = join(row->creator, row->order_ref, buffer, t->scratch);
    if (find_key(s->orders_by_ref, text) != NULL)
        return TAKT_EEXIST;
    struct memory_key *k = make_key(s, text);
    k->key.no = row->no;
    memcpy(k->key.hash, hash, sizeof k->key.hash);
    HASH_ADD_KEYPTR(hh, s->orders_by_ref, k->text, strlen(k->text), k);
    return 0;
}

static int key_find(struct tables *t, const char *creator, const char *order_ref, struct order_key *ret) {
    char buffer[KEY_TEXT_SIZE];
    const struct memory_key *k = find_key(self(t)->orders_by_ref, join(creator, order_ref, buffer, t->scratch));
    if (k == NULL)
        return TAKT_ENOENT;
    *ret = k->key;
    return 0;
}

/* ---- orders ---- */

static const struct item_row *keep_items(struct memory_store *s, const struct item_row *items, uint32_t count) {
    struct item_row *kept = arena_array(s->arena, count, sizeof *kept);
    for (uint32_t i = 0; i < count; i++) {
        kept[i] = items[i];
        kept[i].product = memory_word(s, items[i].product);
        kept[i].options = memory_word(s, items[i].options);
    }
    return kept;
}

static struct memory_order *place_order(struct memory_store *s, uint64_t no) {
    while (s->orders.count <= no) {
        ARRAY_GROW(s->orders.rows, s->orders.count, s->orders.room);
        s->orders.rows[s->orders.count++] = NULL;
    }
    return s->orders.rows[no] = arena_alloc(s->arena, sizeof(struct memory_order));
}

static int body_put(struct tables *t, const struct order_row *row, const char *body) {
    memory_order(self(t), row->no)->body = memory_text(self(t), body);
    return 0;
}

static int order_add(struct tables *t, const struct order_row *row, const uint8_t hash[STORE_HASH_SIZE],
                     const char *body) {
    struct memory_store *s = self(t);
    int code = add_key(t, row, hash);
    if (code < 0)
        return code;
    struct memory_order *o = place_order(s, row->no);
    o->row = *row;
    o->row.creator = memory_word(s, row->creator);
    o->row.order_ref = memory_text(s, row->order_ref);
    o->row.channel = memory_word(s, row->channel);
    o->row.campaign = memory_word(s, row->campaign);
    o->row.service = memory_word(s, row->service);
    o->row.items = keep_items(s, row->items, row->item_count);
    o->head = (struct order_head){.no = row->no,
                                  .creator = tables_creator(t, row->creator),
                                  .state = row->state,
                                  .ship_by_s = row->ship_by_s,
                                  .planned_packed_s = row->planned_packed_s,
                                  .packed_at_s = row->packed_at_s,
                                  .deliver_by_day = row->deliver_by_day};
    return body_put(t, row, body);
}

static int order_amend(struct tables *t, const struct order_row *row) {
    struct memory_store *s = self(t);
    struct order_row *mine = &memory_order(s, row->no)->row;
    mine->service = memory_word(s, row->service);
    mine->wish_day = row->wish_day;
    memcpy(mine->country, row->country, sizeof mine->country);
    mine->recipient_key = row->recipient_key;
    mine->items = keep_items(s, row->items, row->item_count);
    mine->item_count = row->item_count;
    return 0;
}

/* A copy in the arena of who asks: like those of a database it lives on when the store is closed. */
static void copy_order(const struct memory_order *o, struct arena *arena, struct order_row *ret) {
    *ret = o->row;
    ret->creator = arena_strdup(arena, o->row.creator);
    ret->order_ref = arena_strdup(arena, o->row.order_ref);
    ret->channel = arena_strdup(arena, o->row.channel);
    ret->campaign = arena_strdup(arena, o->row.campaign);
    ret->service = arena_strdup(arena, o->row.service);
    ret->state = o->head.state;
    ret->ship_by_s = o->head.ship_by_s;
    ret->deliver_by_day = o->head.deliver_by_day;
    ret->planned_packed_s = o->head.planned_packed_s;
    ret->packed_at_s = o->head.packed_at_s;
    ret->shipment = o->head.shipment;
    struct item_row *items = arena_array(arena, o->row.item_count, sizeof *items);
    for (uint32_t i = 0; i < o->row.item_count; i++) {
        items[i] = o->row.items[i];
        items[i].product = arena_strdup(arena, items[i].product);
        items[i].options = arena_strdup(arena, items[i].options);
    }
    ret->items = items;
}

static int order_get(struct tables *t, uint64_t no, struct arena *arena, struct order_row *ret) {
    const struct memory_order *o = memory_order(self(t), no);
    if (o == NULL)
        return TAKT_ENOENT;
    copy_order(o, arena, ret);
    return 0;
}

static int order_head(struct tables *t, uint64_t no, struct order_head *ret) {
    const struct memory_order *o = memory_order(self(t), no);
    if (o == NULL)
        return TAKT_ENOENT;
    *ret = o->head;
    return 0;
}

static int order_move(struct tables *t, const struct order_head *head) {
    memory_order(self(t), head->no)->head = *head;
    return 0;
}

static bool passes(const struct order_filter *filter, const struct memory_order *o) {
    if (filter->creator != NULL && strcmp(filter->creator, o->row.creator) != 0)
        return false;
    return filter->state == -1 || (filter->state == -2 && order_state_open(o->head.state)) ||
           filter->state == (int)o->head.state;
}

static int orders_page(struct tables *t, const struct order_filter *filter, uint64_t after, size_t limit,
                       struct arena *arena, struct order_row *ret, size_t *ret_count) {
    struct memory_store *s = self(t);
    size_t n = 0;
    for (size_t no = after + 1; no < s->orders.count && n < limit; no++) {
        const struct memory_order *o = s->orders.rows[no];
        if (o != NULL && passes(filter, o))
            copy_order(o, arena, &ret[n++]);
    }
    *ret_count = n;
    return 0;
}

static int body_get(struct tables *t, uint64_t no, struct arena *arena, const char **ret) {
    const struct memory_order *o = memory_order(self(t), no);
    *ret = o != NULL && o->body != NULL ? arena_strdup(arena, o->body) : NULL;
    return 0;
}

/* ---- changes ---- */

static int compare_change(const void *a, const void *b) {
    const struct change_mark *x = a, *y = b;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

static int change_add(struct tables *t, const struct change_mark *mark) {
    struct memory_store *s = self(t);
    ARRAY_GROW(s->changes.rows, s->changes.count, s->changes.room);
    s->changes.rows[s->changes.count++] = *mark;
    return 0;
}

static size_t changes_up_to(const struct memory_store *s, uint64_t seq) {
    const struct change_mark key = {.seq = seq + 1};
    return memory_place(s->changes.rows, s->changes.count, sizeof key, &key, compare_change);
}

static int change_trim(struct tables *t, uint64_t up_to) {
    struct memory_store *s = self(t);
    size_t gone = changes_up_to(s, up_to);
    s->changes.count -= gone;
    memmove(s->changes.rows, s->changes.rows + gone, s->changes.count * sizeof *s->changes.rows);
    return 0;
}

static int changes_page(struct tables *t, uint64_t after, size_t limit, struct change_mark *ret, size_t *ret_count) {
    struct memory_store *s = self(t);
    size_t from = changes_up_to(s, after);
    size_t count = s->changes.count - from < limit ? s->changes.count - from : limit;
    if (count > 0)
        memcpy(ret, s->changes.rows + from, count * sizeof *ret);
    *ret_count = count;
    return 0;
}

/* ---- promises, events, reports ---- */

static int promise_add(struct tables *t, uint64_t number, const struct promise_row *row) {
    (void)number; /* the place in the array */
    struct memory_order *o = memory_order(self(t), row->order);
    ARRAY_GROW(o->promises.rows, o->promises.count, o->promises.room);
    struct promise_row *mine = &o->promises.rows[o->promises.count++];
    *mine = *row;
    mine->reason = memory_word(self(t), row->reason);
    return 0;
}

static int promises_of(struct tables *t, uint64_t order, struct arena *arena, struct promise_row **ret,
                       size_t *ret_count) {
    const struct memory_order *o = memory_order(self(t), order);
    struct promise_row *rows = arena_array(arena, o->promises.count, sizeof *rows);
    for (size_t i = 0; i < o->promises.count; i++) {
        rows[i] = o->promises.rows[i];
        rows[i].reason = arena_strdup(arena, rows[i].reason);
    }
    *ret = rows;
    *ret_count = o->promises.count;
    return 0;
}

static struct memory_creator *creator_events(struct memory_store *s, const char *creator, bool make) {
    struct memory_creator *c;
    HASH_FIND_STR(s->creators, creator, c);
    if (c == NULL && make) {
        c = arena_alloc(s->arena, sizeof *c);
        c->creator = memory_word(s, creator);
        HASH_ADD_KEYPTR(hh, s->creators, c->creator, strlen(c->creator), c);
    }
    return c;
}

static int event_add(struct tables *t, const struct event_row *row) {
    struct memory_store *s = self(t);
    struct memory_order *o = memory_order(s, row->order);
    struct memory_creator *c = creator_events(s, row->creator, true);
    struct event_row *mine = arena_memdup(s->arena, row, sizeof *row);
    mine->creator = c->creator;
    mine->order_ref = o->row.order_ref;
    mine->reason = memory_word(s, row->reason);
    mine->shipment = memory_text(s, row->shipment);
    mine->carrier = memory_word(s, row->carrier);
    mine->tracking = memory_text(s, row->tracking);
    ARRAY_GROW(c->events.rows, c->events.count, c->events.room);
    c->events.rows[c->events.count++] = mine;
    ARRAY_GROW(o->events.rows, o->events.count, o->events.room);
    o->events.rows[o->events.count++] = mine;
    return 0;
}

static void copy_event(const struct event_row *event, struct arena *arena, struct event_row *ret) {
    *ret = *event;
    ret->creator = arena_strdup(arena, event->creator);
    ret->order_ref = arena_strdup(arena, event->order_ref);
    ret->reason = arena_strdup(arena, event->reason);
    ret->shipment = arena_strdup(arena, event->shipment);
    ret->carrier = arena_strdup(arena, event->carrier);
    ret->tracking = arena_strdup(arena, event->tracking);
}

static int compare_cursor(const void *a, const void *b) {
    const struct event_row *x = *(const struct event_row *const *)a, *y = *(const struct event_row *const *)b;
    return (x->cursor > y->cursor) - (x->cursor < y->cursor);
}

static int events_page(struct tables *t, const char *creator, uint64_t after, size_t limit, struct arena *arena,
                       struct event_row *ret, size_t *ret_count) {
    const struct memory_creator *c = creator_events(self(t), creator, false);
    const struct event_row beyond = {.cursor = after + 1}, *key = &beyond;
    *ret_count = 0;
    if (c == NULL)
        return 0;
    size_t at = memory_place(c->events.rows, c->events.count, sizeof key, &key, compare_cursor);
    for (; at < c->events.count && *ret_count < limit; at++)
        copy_event(c->events.rows[at], arena, &ret[(*ret_count)++]);
    return 0;
}

static int events_of(struct tables *t, uint64_t order, struct arena *arena, struct event_row **ret, size_t *ret_count) {
    const struct memory_order *o = memory_order(self(t), order);
    struct event_row *rows = arena_array(arena, o->events.count, sizeof *rows);
    for (size_t i = 0; i < o->events.count; i++)
        copy_event(o->events.rows[i], arena, &rows[i]);
    *ret = rows;
    *ret_count = o->events.count;
    return 0;
}

static int event_last(struct tables *t, const char *creator, uint64_t *ret) {
    const struct memory_creator *c = creator_events(self(t), creator, false);
    *ret = c != NULL && c->events.count > 0 ? c->events.rows[c->events.count - 1]->cursor : 0;
    return 0;
}

static int report_add(struct tables *t, const struct report_row *row) {
    char buffer[KEY_TEXT_SIZE];
    struct memory_store *s = self(t);
    struct memory_key *k = make_key(s, join(row->reporter, row->report_ref, buffer, t->scratch));
    memcpy(k->key.hash, row->hash, sizeof k->key.hash);
    HASH_ADD_KEYPTR(hh, s->reports, k->text, strlen(k->text), k);
    return 0;
}

static int report_find(struct tables *t, const char *reporter, const char *report_ref,
                       uint8_t ret_hash[STORE_HASH_SIZE]) {
    char buffer[KEY_TEXT_SIZE];
    const struct memory_key *k = find_key(self(t)->reports, join(reporter, report_ref, buffer, t->scratch));
    if (k == NULL)
        return TAKT_ENOENT;
    memcpy(ret_hash, k->key.hash, STORE_HASH_SIZE);
    return 0;
}

void memory_order_ops(struct table_ops *ops) {
    ops->key_find = key_find;
    ops->order_add = order_add;
    ops->order_get = order_get;
    ops->order_amend = order_amend;
    ops->order_head = order_head;
    ops->order_move = order_move;
    ops->orders_page = orders_page;
    ops->body_get = body_get;
    ops->body_put = body_put;
    ops->change_add = change_add;
    ops->change_trim = change_trim;
    ops->changes_page = changes_page;
    ops->promise_add = promise_add;
    ops->promises_of = promises_of;
    ops->event_add = event_add;
    ops->events_page = events_page;
    ops->events_of = events_of;
    ops->event_last = event_last;
    ops->report_add = report_add;
    ops->report_find = report_find;
}
