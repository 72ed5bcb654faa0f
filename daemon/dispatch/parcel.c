/* SPDX-License-Identifier: Apache-2.0 */

/* Parcels. Every order that is in no shipment yet has one entry. Entries of the same creator, recipient and service
 * form a ring, the group; a table finds an entry by its order, another one finds a member of a group by its key: the first
 * of those that are packed, if any is, as they stand together in the ring from there on. Nothing is ever scanned: a change
 * marks one entry, and a turn looks at the groups of what is marked, and of what is due, if anybody in them is packed.
 *
 * An entry is in one of these states:
 *
 *        set                          turn                      published
 *    ─────────▶ held (no recipient)
 *    ─────────▶ waiting, in a ring ─────────▶ left, in a parcel ─────────▶ (forgotten)
 *                    ▲                           │
 *                    └───── dissolve ────────────┘   its recipient, service or packing turned out to be other, or it
 * was cancelled
 *
 * How long a packed order may wait (leave_by_s) is fixed by its own facts: until the window closes, and no longer than
 * what catches the last collection of its carrier that still keeps its promise. One that is late already catches the
 * first. A group waits while somebody is expected before the least leave_by_s of its packed orders; who should have
 * been packed before now is expected at the next second, so that a late plan does not make anyone wait beyond
 * leave_by_s. */

#include "daemon/dispatch/parcel.h"

#include "base/arena.h"
#include "config/calendar.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOBODY UINT32_MAX

struct entry {
    uint64_t no; /* 0: the place is free */
    uint64_t recipient_key;
    int64_t ship_by_s, planned_s, packed_at_s, weight_mg;
    int64_t leave_by_s; /* of a packed one */
    int64_t due_s;      /* the alarm that was set for it last */
    int32_t creator, service;
    uint32_t next, prev; /* ring; next: the next free place */
    uint32_t left;       /* place in left, from 1; 0: it has not left */
    bool marked;
};

struct table { /* open addressing with linear probing over places of entries */
    uint32_t *place;
    uint32_t size, count; /* size: a power of two */
};

struct alarm {
    int64_t at_s;
    uint64_t no;
};

struct parcels {
    struct plant *plant;
    uint64_t last_number;

    struct entry *entries;
    uint32_t entry_count, entry_cap, free_place;
    struct table by_no, by_group;

    uint32_t *marked;
    size_t marked_count, marked_cap;
    struct alarm *alarms; /* a heap, the earliest first */
    size_t alarm_count, alarm_cap;
    uint32_t *packed; /* scratch of a decision */
    size_t packed_cap;

    struct parcel_row *left;
    size_t left_count, left_cap;
};

/* ---- the two tables ---- */

static uint64_t mix(uint64_t x) { /* the finaliser of splitmix64 */
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t hash_no(const struct entry *e) {
    return mix(e->no);
}

static uint64_t hash_group(const struct entry *e) {
    return mix(e->recipient_key + ((uint64_t)(uint32_t)e->creator << 32 | (uint32_t)e->service) * 0x9e3779b97f4a7c15u);
}

static bool same_no(const struct entry *a, const struct entry *b) {
    return a->no == b->no;
}

static bool same_group(const struct entry *a, const struct entry *b) {
    return a->recipient_key == b->recipient_key && a->creator == b->creator && a->service == b->service;
}

struct kind {
    uint64_t (*hash)(const struct entry *e);
    bool (*same)(const struct entry *a, const struct entry *b);
};
static const struct kind NO = {hash_no, same_no}, GROUP = {hash_group, same_group};

/* The slot that holds the place of what is the same as `key`, or the free slot where it would go. */
static uint32_t table_slot(const struct parcels *p, const struct table *t, struct kind kind, const struct entry *key) {
    uint32_t slot = (uint32_t)kind.hash(key) & (t->size - 1);
    while (t->place[slot] != NOBODY && !kind.same(&p->entries[t->place[slot]], key))
        slot = (slot + 1) & (t->size - 1);
    return slot;
}

static uint32_t table_find(const struct parcels *p, const struct table *t, struct kind kind, const struct entry *key) {
    return t->size == 0 ? NOBODY : t->place[table_slot(p, t, kind, key)];
}

static void table_resize(struct parcels *p, struct table *t, struct kind kind, uint32_t size) {
    struct table wider = {.place = takt_realloc(NULL, size, sizeof *t->place), .size = size, .count = t->count};
    memset(wider.place, 0xff, (size_t)size * sizeof *wider.place);
    for (uint32_t i = 0; i < t->size; i++)
        if (t->place[i] != NOBODY)
            wider.place[table_slot(p, &wider, kind, &p->entries[t->place[i]])] = t->place[i];
    free(t->place);
    *t = wider;
}

static void table_add(struct parcels *p, struct table *t, struct kind kind, uint32_t place) {
    if ((uint64_t)t->count * 3 >= (uint64_t)t->size * 2)
        table_resize(p, t, kind, t->size == 0 ? 64 : t->size * 2);
    t->place[table_slot(p, t, kind, &p->entries[place])] = place;
    t->count++;
}

/* Empties a slot, and closes the gap so that whatever probed past it is still found (Knuth 6.4, algorithm R). */
static void table_remove(struct parcels *p, struct table *t, struct kind kind, uint32_t slot) {
    uint32_t mask = t->size - 1, gap = slot;
    for (uint32_t i = (gap + 1) & mask; t->place[i] != NOBODY; i = (i + 1) & mask) {
        uint32_t home = (uint32_t)kind.hash(&p->entries[t->place[i]]) & mask;
        if (((i - home) & mask) >= ((i - gap) & mask)) {
            t->place[gap] = t->place[i];
            gap = i;
        }
    }
    t->place[gap] = NOBODY;
    t->count--;
}

/* ---- alarms ---- */

static void alarm_push(struct parcels *p, int64_t at_s, uint64_t no) {
    ARRAY_GROW(p->alarms, p->alarm_count, p->alarm_cap);
    size_t i = p->alarm_count++;
    for (; i > 0 && p->alarms[(i - 1) / 2].at_s > at_s; i = (i - 1) / 2)
        p->alarms[i] = p->alarms[(i - 1) / 2];
    p->alarms[i] = (struct alarm){at_s, no};
}

static struct alarm alarm_pop(struct parcels *p) {
    struct alarm top = p->alarms[0], last = p->alarms[--p->alarm_count];
    size_t i = 0;
    for (size_t child = 1; child < p->alarm_count; child = 2 * i + 1) {
        if (child + 1 < p->alarm_count && p->alarms[child + 1].at_s < p->alarms[child].at_s)
            child++;
        if (last.at_s <= p->alarms[child].at_s)
            break;
        p->alarms[i] = p->alarms[child];
        i = child;
    }
    p->alarms[i] = last;
    return top;
}

/* ---- entries and groups ---- */

static uint32_t entry_find(const struct parcels *p, uint64_t no) {
    return table_find(p, &p->by_no, NO, &(struct entry){.no = no});
}

static uint32_t entry_add(struct parcels *p, uint64_t no) {
    uint32_t place = p->free_place;
    if (place != NOBODY) {
        p->free_place = p->entries[place].next;
    } else {
        assert(p->entry_count < NOBODY);
        ARRAY_GROW(p->entries, p->entry_count, p->entry_cap);
        place = p->entry_count++;
    }
    p->entries[place] = (struct entry){.no = no, .next = place, .prev = place};
    table_add(p, &p->by_no, NO, place);
    return place;
}

static void entry_forget(struct parcels *p, uint32_t place) {
    table_remove(p, &p->by_no, NO, table_slot(p, &p->by_no, NO, &p->entries[place]));
    p->entries[place] = (struct entry){.next = p->free_place};
    p->free_place = place;
}

static bool is_packed(const struct entry *e) {
    return e->packed_at_s != TAKT_TIME_NONE;
}

/* Its group has to be looked at, unless nobody in it is packed. */
static void mark(struct parcels *p, uint32_t place) {
    struct entry *e = &p->entries[place];
    if (e->marked || e->recipient_key == 0)
        return;
    if (!is_packed(e) && !is_packed(&p->entries[table_find(p, &p->by_group, GROUP, e)]))
        return;
    e->marked = true;
    ARRAY_GROW(p->marked, p->marked_count, p->marked_cap);
    p->marked[p->marked_count++] = place;
}

static void group_join(struct parcels *p, uint32_t place) {
    struct entry *e = &p->entries[place];
    if (e->recipient_key == 0)
        return;
    uint32_t first = table_find(p, &p->by_group, GROUP, e);
    if (first == NOBODY) {
        table_add(p, &p->by_group, GROUP, place);
        return;
    }
    e->prev = p->entries[first].prev; /* in front of the first, which makes it the last, or, if it is packed, the first */
    e->next = first;
    p->entries[e->prev].next = place;
    p->entries[first].prev = place;
    if (is_packed(e))
        p->by_group.place[table_slot(p, &p->by_group, GROUP, e)] = place;
}

static void group_leave(struct parcels *p, uint32_t place) {
    struct entry *e = &p->entries[place];
    if (e->recipient_key == 0)
        return;
    uint32_t slot = table_slot(p, &p->by_group, GROUP, e);
    assert(p->by_group.place[slot] != NOBODY);
    if (e->next == place) {
        table_remove(p, &p->by_group, GROUP, slot);
        return;
    }
    if (p->by_group.place[slot] == place)
        p->by_group.place[slot] = e->next;
    mark(p, e->next);
    p->entries[e->prev].next = e->next;
    p->entries[e->next].prev = e->prev;
    e->next = e->prev = place;
}

/* ---- how long an order may wait ---- */

static int64_t leave_by(const struct plant *plant, const struct entry *e) {
    int64_t window_s = e->packed_at_s + plant->consolidate_s;
    int64_t promise_s = e->ship_by_s == TAKT_TIME_NONE ? TAKT_TIME_NEVER : e->ship_by_s;
    if (e->service < 0)
        return promise_s < window_s ? promise_s : window_s;
    int32_t carrier = plant->services[e->service].carrier;
    int64_t collected_s = carrier_cutoff(plant, carrier, e->packed_at_s);
    while (collected_s < window_s) {
        int64_t after_s = carrier_cutoff(plant, carrier, collected_s + 1);
        if (after_s <= collected_s || after_s > promise_s)
            break;
        collected_s = after_s;
    }
    return collected_s - PARCEL_HANDOVER_S < window_s ? collected_s - PARCEL_HANDOVER_S : window_s;
}

static int32_t service_of(const struct plant *plant, int32_t service) {
    return service >= 0 ? service : plant->service_count > 0 ? 0 : -1;
}

/* ---- parcels that have left ---- */

static void parcel_leave(struct parcels *p, const uint32_t *members, size_t count) {
    uint64_t *orders = takt_realloc(NULL, count, sizeof *orders);
    struct parcel_row row = {.number = ++p->last_number, .ship_by_s = TAKT_TIME_NEVER, .packed_at_s = INT64_MIN};
    row.recipient_key = p->entries[members[0]].recipient_key;
    for (size_t i = 0; i < count; i++) {
        struct entry *e = &p->entries[members[i]];
        orders[i] = e->no;
        row.weight_mg += e->weight_mg;
        if (e->ship_by_s != TAKT_TIME_NONE && e->ship_by_s < row.ship_by_s)
            row.ship_by_s = e->ship_by_s;
        if (e->packed_at_s > row.packed_at_s)
            row.packed_at_s = e->packed_at_s;
        group_leave(p, members[i]);
        e->left = (uint32_t)p->left_count + 1;
    }
    if (row.ship_by_s == TAKT_TIME_NEVER)
        row.ship_by_s = TAKT_TIME_NONE;
    row.orders = orders;
    row.order_count = (uint32_t)count;
    ARRAY_GROW(p->left, p->left_count, p->left_cap);
    p->left[p->left_count++] = row;
}

static void left_free(struct parcel_row *row) {
    free((void *)(uintptr_t)row->shipment);
    free((void *)(uintptr_t)row->orders);
}

static void parcel_dissolve(struct parcels *p, size_t at) {
    struct parcel_row gone = p->left[at];
    memmove(p->left + at, p->left + at + 1, (--p->left_count - at) * sizeof *p->left);
    for (size_t i = at; i < p->left_count; i++)
        for (uint32_t k = 0; k < p->left[i].order_count; k++)
            p->entries[entry_find(p, p->left[i].orders[k])].left = (uint32_t)i + 1;
    for (uint32_t k = 0; k < gone.order_count; k++) {
        uint32_t place = entry_find(p, gone.orders[k]);
        p->entries[place].left = 0;
        group_join(p, place);
        mark(p, place);
    }
    left_free(&gone);
}

/* ---- deciding ---- */

static int by_packing(const void *left, const void *right, void *context) {
    const struct entry *entries = context;
    const struct entry *a = &entries[*(const uint32_t *)left], *b = &entries[*(const uint32_t *)right];
    if (a->packed_at_s != b->packed_at_s)
        return a->packed_at_s < b->packed_at_s ? -1 : 1;
    return a->no < b->no ? -1 : a->no > b->no;
}

/* One look at a group: gathers its packed members into p->packed, and says when the next other one is expected. */
static size_t group_gather(struct parcels *p, uint32_t first, int64_t *ret_expected_s) {
    size_t count = 0;
    *ret_expected_s = TAKT_TIME_NEVER;
    uint32_t place = first;
    do {
        struct entry *e = &p->entries[place];
        e->marked = false;
        if (is_packed(e)) {
            ARRAY_GROW(p->packed, count, p->packed_cap);
            p->packed[count++] = place;
        } else if (e->planned_s != TAKT_TIME_NONE && e->planned_s < *ret_expected_s) {
            *ret_expected_s = e->planned_s;
        }
        place = e->next;
    } while (place != first);
    return count;
}

/* How many of those that are packed, from one on, are one parcel: as many as were packed within the window. */
static size_t parcel_size(const struct parcels *p, size_t from, size_t count) {
    int64_t until_s = p->entries[p->packed[from]].packed_at_s + p->plant->consolidate_s;
    size_t size = 1;
    while (p->plant->consolidate_s > 0 && size < PARCEL_ORDERS_MAX && from + size < count &&
           p->entries[p->packed[from + size]].packed_at_s <= until_s)
        size++;
    return size;
}

/* Is somebody worth waiting for? If so, there is an alarm for the end of it. */
static bool parcel_waits(struct parcels *p, const uint32_t *members, size_t count, int64_t expected_s, int64_t now_s) {
    struct entry *oldest = &p->entries[members[0]];
    int64_t leave_by_s = TAKT_TIME_NEVER, soonest_s = expected_s > now_s ? expected_s : now_s + 1;
    for (size_t i = 0; i < count; i++)
        if (p->entries[members[i]].leave_by_s < leave_by_s)
            leave_by_s = p->entries[members[i]].leave_by_s;
    if (soonest_s > leave_by_s)
        return false;
    if (oldest->due_s != leave_by_s) {
        oldest->due_s = leave_by_s;
        alarm_push(p, leave_by_s, oldest->no);
    }
    return true;
}

static size_t group_decide(struct parcels *p, uint32_t first, int64_t now_s) {
    int64_t expected_s;
    size_t count = group_gather(p, first, &expected_s), parcels = 0;
    if (count == 0)
        return 0;
    qsort_r(p->packed, count, sizeof *p->packed, by_packing, p->entries);
    for (size_t from = 0, size; from < count; from += size, parcels++) {
        const uint32_t *members = p->packed + from;
        size = parcel_size(p, from, count);
        bool last = from + size == count && size < PARCEL_ORDERS_MAX;
        if (last && parcel_waits(p, members, size, expected_s, now_s))
            break;
        parcel_leave(p, members, size);
    }
    return parcels;
}

/* ---- the outside ---- */

struct parcels *parcels_new(struct plant *plant, uint64_t last_number) {
    struct parcels *p = takt_alloc(sizeof *p);
    p->plant = plant_ref(plant);
    p->last_number = last_number;
    p->free_place = NOBODY;
    return p;
}

void parcels_free(struct parcels *p) {
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->left_count; i++)
        left_free(&p->left[i]);
    free(p->left);
    free(p->packed);
    free(p->alarms);
    free(p->marked);
    free(p->by_no.place);
    free(p->by_group.place);
    free(p->entries);
    plant_unref(p->plant);
    free(p);
}

void parcels_set(struct parcels *p, const struct parcel_order *order) {
    uint32_t place = entry_find(p, order->no);
    struct entry new = {.no = order->no,
                        .recipient_key = order->recipient_key,
                        .ship_by_s = order->ship_by_s,
                        .planned_s = order->planned_packed_s,
                        .packed_at_s = order->packed_at_s,
                        .weight_mg = order->weight_mg,
                        .due_s = TAKT_TIME_NONE,
                        .creator = order->creator,
                        .service = service_of(p->plant, order->service)};
    assert(new.no != 0 && new.creator >= 0 &&
           (size_t) new.creator < p->plant->creator_count &&new.service < (int32_t)p->plant->service_count);
    if (is_packed(&new))
        new.leave_by_s = leave_by(p->plant, &new);

    if (place == NOBODY) {
        place = entry_add(p, order->no);
    } else {
        const struct entry *old = &p->entries[place];
        if (old->left != 0 && same_group(old, &new) && is_packed(&new))
            return;
        if (old->left != 0)
            parcel_dissolve(p, old->left - 1);
        if (same_group(old, &new)) {
            new.marked = old->marked;
            new.due_s = old->due_s;
        }
        if (same_group(old, &new) && is_packed(old) == is_packed(&new)) {
            new.next = old->next;
            new.prev = old->prev;
            p->entries[place] = new;
            mark(p, place);
            return;
        }
        group_leave(p, place);
    }
    new.next = new.prev = place;
    p->entries[place] = new;
    group_join(p, place);
    mark(p, place);
}

void parcels_remove(struct parcels *p, uint64_t no) {
    uint32_t place = entry_find(p, no);
    if (place == NOBODY)
        return;
    if (p->entries[place].left != 0)
        parcel_dissolve(p, p->entries[place].left - 1);
    group_leave(p, place);
    entry_forget(p, place);
}

void parcels_reload(struct parcels *p, struct plant *plant) {
    struct plant *old = p->plant;
    p->plant = plant_ref(plant);
    free(p->by_group.place);
    p->by_group = (struct table){0};
    for (uint32_t place = 0; place < p->entry_count; place++) {
        struct entry *e = &p->entries[place];
        if (e->no == 0)
            continue;
        int32_t service = e->service < 0 ? -1 : plant_service_find(plant, old->services[e->service].id);
        e->creator = plant_creator_find(plant, old->creators[e->creator].id);
        e->service = service_of(plant, service);
        assert(e->creator >= 0);
        if (is_packed(e))
            e->leave_by_s = leave_by(plant, e);
        e->next = e->prev = place;
        e->due_s = TAKT_TIME_NONE;
    }
    for (uint32_t place = 0; place < p->entry_count; place++)
        if (p->entries[place].no != 0 && p->entries[place].left == 0) {
            group_join(p, place);
            mark(p, place);
        }
    plant_unref(old);
}

size_t parcels_turn(struct parcels *p, int64_t now_s) {
    size_t parcels = 0;
    while (p->alarm_count > 0 && p->alarms[0].at_s <= now_s) {
        uint32_t place = entry_find(p, alarm_pop(p).no);
        if (place == NOBODY)
            continue;
        p->entries[place].due_s = TAKT_TIME_NONE;
        if (p->entries[place].left == 0)
            mark(p, place);
    }
    /* Leaving marks those who stay behind in the group, so the list may grow while it is gone through. */
    for (size_t i = 0; i < p->marked_count; i++) {
        struct entry *e = &p->entries[p->marked[i]];
        bool decide = e->marked && e->left == 0 && e->recipient_key != 0;
        e->marked = false;
        if (decide)
            parcels += group_decide(p, p->marked[i], now_s);
    }
    p->marked_count = 0;
    return parcels;
}

int64_t parcels_next_s(const struct parcels *p) {
    if (p->marked_count > 0)
        return INT64_MIN;
    return p->alarm_count > 0 ? p->alarms[0].at_s : TAKT_TIME_NEVER;
}

const struct parcel_row *parcels_left(struct parcels *p, size_t *ret_count) {
    for (size_t i = 0; i < p->left_count; i++) {
        struct parcel_row *row = &p->left[i];
        const struct entry *e = &p->entries[entry_find(p, row->orders[0])];
        if (row->shipment == NULL) {
            char name[128];
            snprintf(name, sizeof name, "%s-%llu", p->plant->id, (unsigned long long)row->number);
            row->shipment = takt_strdup(name);
        }
        row->creator = p->plant->creators[e->creator].id;
        row->service = e->service < 0 ? "" : p->plant->services[e->service].id;
        row->carrier = e->service < 0 ? "" : p->plant->carriers[p->plant->services[e->service].carrier].id;
    }
    *ret_count = p->left_count;
    return p->left;
}

void parcels_published(struct parcels *p) {
    for (size_t i = 0; i < p->left_count; i++) {
        for (uint32_t k = 0; k < p->left[i].order_count; k++)
            entry_forget(p, entry_find(p, p->left[i].orders[k]));
        left_free(&p->left[i]);
    }
    p->left_count = 0;
}
