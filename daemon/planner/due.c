/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/due.h"

#include "base/arena.h"
#include "daemon/planner/state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { HOUR_S = 3600, TARGET_HOURS = 6, LOTS_MAX = 4096 };

struct due_key {
    int64_t wish_s, promise_s;
    struct lot *const *lots;
    uint32_t lot_count;
};

static uint64_t key_hash(int64_t wish_s, int64_t promise_s, struct lot *const *lots, uint32_t count) {
    uint64_t h = hash_number((uint64_t)wish_s * 31 + (uint64_t)promise_s);
    for (uint32_t i = 0; i < count; i++)
        h = hash_number(h + lots[i]->no);
    return h;
}

static uint64_t due_hash(const void *entry) {
    const struct due *d = entry;
    return key_hash(d->wish_s, d->promise_s, d->lots, d->lot_count);
}

static bool due_same(const void *entry, const void *key) {
    const struct due *d = entry;
    const struct due_key *k = key;
    return d->wish_s == k->wish_s && d->promise_s == k->promise_s && d->lot_count == k->lot_count &&
           memcmp(d->lots, k->lots, k->lot_count * sizeof *k->lots) == 0;
}

void dues_init(struct dues *d) {
    *d = (struct dues){0};
    table_init(&d->table, due_hash, due_same);
}

void dues_done(struct dues *d) {
    for (size_t i = 0; i < d->count; i++)
        free(d->list[i]);
    free(d->list);
    table_done(&d->table);
}

int64_t order_weight(const struct planner *p, const struct order *o) {
    const struct plant *plant = p->plant;
    int32_t creator = order_creator(p, o);
    return (creator < 0 ? 1 : plant->creators[creator].weight) * (int64_t)plant->services[order_service(p, o)].weight;
}

int64_t due_placed_s(const struct due *due) {
    return due->placed_sum / due->weight;
}

static void leave(struct dues *d, struct due *due, int64_t weight, int64_t accepted_s) {
    due->weight -= weight;
    due->placed_sum -= weight * accepted_s;
    if (--due->orders > 0)
        return;
    table_remove(&d->table, due);
    d->list[due->at] = d->list[--d->count];
    d->list[due->at]->at = due->at;
    free(due);
}

static struct due *get(struct dues *d, const struct due_key *key) {
    struct due *due = table_find(&d->table, key_hash(key->wish_s, key->promise_s, key->lots, key->lot_count), key);
    if (due != NULL)
        return due;
    due = takt_alloc(sizeof *due + key->lot_count * sizeof *due->lots);
    due->wish_s = key->wish_s;
    due->promise_s = key->promise_s;
    due->lot_count = key->lot_count;
    memcpy(due->lots, key->lots, key->lot_count * sizeof *due->lots);
    table_add(&d->table, due);
    ARRAY_GROW(d->list, d->count, d->cap);
    due->at = (uint32_t)d->count;
    d->list[d->count++] = due;
    return due;
}

/* The lots it waits for, once each, by number. */
static uint32_t gather_lots(const struct order *o, struct lot **lots) {
    uint32_t n = 0;
    for (uint16_t i = 0; i < o->item_count; i++) {
        for (const struct slice *s = o->items[i].slices; s != NULL && n < LOTS_MAX; s = s->next) {
            if (s->lot == NULL || s->lot->state == LOT_DONE)
                continue;
            uint32_t k = n;
            while (k > 0 && lots[k - 1]->no > s->lot->no)
                k--;
            if (k > 0 && lots[k - 1] == s->lot)
                continue;
            memmove(lots + k + 1, lots + k, (n - k) * sizeof *lots);
            lots[k] = s->lot;
            n++;
        }
    }
    return n;
}

static int64_t round_down(int64_t time_s, int64_t to_s) {
    return time_s == TAKT_TIME_NONE ? TAKT_TIME_NONE : time_s - time_s % to_s;
}

/* A wish is a cut-off; without one there is only the plant's target, which is not meant to the hour. */
static struct due_key key_of(const struct order *o, struct lot **lots) {
    int64_t wish_to_s = o->wish_day == TAKT_DAY_NONE ? TARGET_HOURS * HOUR_S : HOUR_S;
    return (struct due_key){round_down(o->wish_s, wish_to_s), round_down(o->ship_by_s, HOUR_S), lots,
                            gather_lots(o, lots)};
}

void due_assign(struct planner *p, struct order *o) {
    struct lot *lots[LOTS_MAX + 1];
    struct due_key key = key_of(o, lots);
    struct due *due = NULL;
    int64_t weight = order_weight(p, o);
    if (o->due != NULL && due_same(o->due, &key))
        return;
    if (key.lot_count > 0 && o->state != ORDER_CANCELLED) {
        due = get(&p->dues, &key);
        due->orders++;
        due->weight += weight;
        due->placed_sum += weight * o->accepted_at_s;
    }
    if (o->due != NULL)
        leave(&p->dues, o->due, weight, o->accepted_at_s);
    o->due = due;
}

void due_leave(struct planner *p, struct order *o) {
    if (o->due != NULL)
        leave(&p->dues, o->due, order_weight(p, o), o->accepted_at_s);
    o->due = NULL;
}
