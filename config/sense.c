/* SPDX-License-Identifier: Apache-2.0 */
#include "config/sense.h"

#include "base/arena.h"
#include "base/time.h"
#include "config/inner.h"
#include "config/value.h"

#include <stdarg.h>
#include <string.h>

struct place sense_place(const struct sense *s, const char *key, ...) {
    const struct node *n = s->root;
    va_list keys;
    va_start(keys, key);
    for (; key != NULL; key = va_arg(keys, const char *)) {
        const struct node *next = node_get(n, key);
        if (next == NULL)
            break;
        n = next;
    }
    va_end(keys);
    return n->place;
}

static void check_calendars(const struct sense *s) {
    for (size_t k = 1; k < s->plant->calendar_count; k++) {
        const struct plant_calendar *c = &s->plant->calendars[k];
        const struct node *written = node_get(node_get(s->root, "calendars"), c->id);
        if (c->weekly_count == 0 && c->extra_count == 0 && written != NULL && written->kind == NODE_MAP &&
            faults_count(s->faults) == 0) /* shifts that could not be read are no reason to say that there are none */
            fault_at(s->faults, written->place,
                     "the calendar '%s' is never open: it has neither weekly shifts nor extra ones", c->id);
    }
}

static void check_lines(const struct sense *s) {
    const struct plant *plant = s->plant;
    for (size_t k = 0; k < plant->line_count; k++) {
        const struct plant_line *line = &plant->lines[k];
        if (k > 0 && line->base == plant->lines[k - 1].base)
            continue;
        if (line->set_up_for != NULL && line->changeover < 0)
            fault_at(s->notes, sense_place(s, "lines", line->base, "set_up_for", NULL),
                     "'%s' needs no changeover, so what it is set up for means nothing", line->base);
        for (size_t m = 0; m < line->down_count; m++)
            if (line->down[m].from_s >= line->down[m].to_s && line->down[m].to_s != 0)
                fault_at(s->faults, sense_place(s, "lines", line->base, "down", NULL),
                         "down: entry %zu ends before it begins", m + 1);
    }
    for (size_t k = 0; k < plant->packing_count; k++)
        if (names_find(plant->inner->bases, plant->packing[k].id) >= 0 ||
            plant_line_find(plant, plant->packing[k].id) >= 0)
            fault_at(s->faults, sense_place(s, "packing", "lines", plant->packing[k].id, NULL),
                     "'%s' is a line already; a packing line needs a name of its own", plant->packing[k].id);
}

/* What nothing refers to. */

static void note_unused(const struct sense *s, enum option_table table, const char *section, const char *name) {
    fault_at(s->notes, sense_place(s, section, name, NULL), "nothing uses the %s '%s'", option_table_text(table), name);
}

struct uses { /* by number, whether something refers to it */
    bool *calendars, *pools, *changeovers, *lines, *materials;
};

static bool *flags(const struct sense *s, size_t count) {
    return arena_array(s->scratch, count, sizeof(bool));
}

static void mark(bool *used, int32_t number) {
    if (number >= 0)
        used[number] = true;
}

static void mark_route(const struct plant_product *p, const struct uses *u) {
    for (size_t k = 0; k < p->op_count; k++) {
        for (size_t m = 0; m < p->route[k].line_count; m++)
            mark(u->lines, p->route[k].lines[m].line);
        for (size_t m = 0; m < p->route[k].pool_count; m++)
            mark(u->pools, p->route[k].pools[m].index);
    }
}

static void note_all_unused(const struct sense *s) {
    const struct plant *p = s->plant;
    struct uses u = {flags(s, p->calendar_count), flags(s, p->pool_count), flags(s, p->changeover_count),
                     flags(s, p->line_count), flags(s, p->material_count)};
    for (size_t k = 0; k < p->product_count; k++) {
        mark_route(&p->products[k], &u);
        for (size_t m = 0; m < p->products[k].material_count; m++)
            mark(u.materials, p->products[k].materials[m].index);
    }
    for (size_t k = 0; k < p->line_count; k++) {
        mark(u.calendars, p->lines[k].calendar);
        mark(u.changeovers, p->lines[k].changeover);
        if (!u.lines[k])
            fault_at(s->notes, sense_place(s, "lines", p->lines[k].base, NULL), "no operation uses the line '%s'",
                     p->lines[k].id);
    }
    for (size_t k = 0; k < p->packing_count; k++)
        mark(u.calendars, p->packing[k].calendar);
    for (size_t k = 0; k < p->pool_count; k++)
        mark(u.calendars, p->pools[k].calendar);
    for (size_t k = 1; k < p->calendar_count; k++)
        if (!u.calendars[k])
            note_unused(s, TABLE_CALENDARS, "calendars", p->calendars[k].id);
    for (size_t k = 0; k < p->pool_count; k++)
        if (!u.pools[k])
            note_unused(s, TABLE_POOLS, "pools", p->pools[k].id);
    for (size_t k = 0; k < p->changeover_count; k++)
        if (!u.changeovers[k])
            note_unused(s, TABLE_CHANGEOVERS, "changeovers", p->changeovers[k].id);
    for (size_t k = 0; k < p->material_count; k++) {
        const struct plant_material *m = &p->materials[k];
        if (!u.materials[k])
            note_unused(s, TABLE_MATERIALS, "materials", m->id);
        else if (m->on_hand_milli == 0 && m->receipt_count == 0 && m->lead_time_s < 0)
            fault_at(s->notes, sense_place(s, "materials", m->id, NULL),
                     "there is no '%s' and none is expected, so orders that need it wait until stock or a receipt is "
                     "reported",
                     m->id);
    }
}

/* Who may connect. */

struct key_owner {
    const char *section, *id;
    const struct plant_keys *keys;
    bool has_token;
};

static void check_keys(const struct sense *s, const struct key_owner *owners, size_t count) {
    size_t total = 0;
    for (size_t k = 0; k < count; k++)
        total += owners[k].keys->count;
    struct names *seen = names_new(s->scratch, total);
    for (size_t k = 0; k < count; k++) {
        const struct key_owner *o = &owners[k];
        struct place place = sense_place(s, o->section, o->id, "keys", NULL);
        const struct node *written = node_get(node_get(node_get(s->root, o->section), o->id), "keys");
        if ((written == NULL || written->count == 0) && !o->has_token && s->plant->security == SECURITY_CURVE)
            fault_at(s->notes, place, "'%s' has no key, so it cannot connect", o->id);
        for (size_t m = 0; m < o->keys->count; m++) {
            int32_t other = names_add(seen, o->keys->list[m], (int32_t)k);
            if (other == (int32_t)k)
                fault_at(s->faults, place, "the key %s is here twice", o->keys->list[m]);
            else if (other >= 0)
                fault_at(s->faults, place, "the key %s is that of '%s' too; a key is one's own", o->keys->list[m],
                         owners[other].id);
        }
    }
}

/* A token is one terminal's. The digest is not said: a log is read by more people than the file. */
static void check_tokens(const struct sense *s) {
    const struct plant *p = s->plant;
    size_t total = 0;
    for (size_t k = 0; k < p->terminal_count; k++)
        total += p->terminals[k].tokens.count;
    struct names *seen = names_new(s->scratch, total);
    for (size_t k = 0; k < p->terminal_count; k++)
        for (size_t m = 0; m < p->terminals[k].tokens.count; m++) {
            int32_t other = names_add(seen, p->terminals[k].tokens.list[m], (int32_t)k);
            if (other >= 0)
                fault_at(s->faults, sense_place(s, "terminals", p->terminals[k].id, "tokens", NULL),
                         "token %zu is that of '%s' too; a token is one's own", m + 1, p->terminals[other].id);
        }
}

static void check_owners(const struct sense *s) {
    const struct plant *p = s->plant;
    struct key_owner *creators = arena_array(s->scratch, p->creator_count, sizeof *creators);
    struct key_owner *consumers = arena_array(s->scratch, p->consumer_count, sizeof *consumers);
    struct key_owner *terminals = arena_array(s->scratch, p->terminal_count, sizeof *terminals);
    for (size_t k = 0; k < p->creator_count; k++)
        creators[k] = (struct key_owner){"creators", p->creators[k].id, &p->creators[k].keys, false};
    for (size_t k = 0; k < p->consumer_count; k++)
        consumers[k] = (struct key_owner){"consumers", p->consumers[k].id, &p->consumers[k].keys, false};
    for (size_t k = 0; k < p->terminal_count; k++)
        terminals[k] =
            (struct key_owner){"terminals", p->terminals[k].id, &p->terminals[k].keys, p->terminals[k].tokens.count > 0};
    check_keys(s, creators, p->creator_count);
    check_keys(s, consumers, p->consumer_count);
    check_keys(s, terminals, p->terminal_count);
    check_tokens(s);
    if (p->creator_count == 0)
        fault_at(s->notes, sense_place(s, "creators", NULL), "there are no creators, so nobody can send orders");
    if (p->consumer_count == 0)
        fault_at(s->notes, sense_place(s, "consumers", NULL), "there are no consumers, so nobody takes shipments");
}

static void check_listen(const struct sense *s) {
    const struct plant_listen *l = &s->plant->listen;
    const struct {
        const char *name, *endpoint;
    } all[] = {{"orders", l->orders}, {"shipments", l->shipments}, {"floor", l->floor}, {"control", l->control},
             {"planner", l->planner}};
    enum { COUNT = sizeof all / sizeof *all };
    for (size_t k = 0; k < COUNT; k++) {
        struct place place = sense_place(s, "listen", all[k].name, NULL);
        if (all[k].endpoint == NULL)
            continue;
        bool open = s->plant->security == SECURITY_NONE && !value_is_local(all[k].endpoint);
        if (open)
            fault_at(s->faults, place,
                     "listen.%s is %s and security is none: anybody could connect; listen on 127.0.0.1 or ipc, or "
                     "set security: curve",
                     all[k].name, all[k].endpoint);
        if (k == 3 && !open && !value_is_local(all[k].endpoint))
            fault_at(s->faults, place,
                     "listen.control is %s: who may command the plant is decided by a socket's permissions, so it "
                     "must be ipc",
                     all[k].endpoint);
        for (size_t m = 0; m < k; m++)
            if (all[m].endpoint != NULL && strcmp(all[m].endpoint, all[k].endpoint) == 0)
                fault_at(s->faults, place, "listen.%s and listen.%s are the same", all[m].name, all[k].name);
    }
}

static void check_shipping(const struct sense *s) {
    const struct plant *p = s->plant;
    bool *used = flags(s, p->carrier_count);
    for (size_t k = 0; k < p->service_count; k++)
        mark(used, p->services[k].carrier);
    for (size_t k = 0; k < p->carrier_count; k++) {
        const struct plant_carrier *c = &p->carriers[k];
        struct place place = sense_place(s, "shipping", "carriers", c->id, NULL);
        bool other = c->transit_count == 0;
        if (!used[k])
            fault_at(s->notes, place, "no service uses the carrier '%s'", c->id);
        for (size_t m = 0; m < c->transit_count; m++)
            other |= c->transit[m].country == NULL;
        if (!other)
            fault_at(s->notes, sense_place(s, "shipping", "carriers", c->id, "transit", NULL),
                     "without `else`, the longest transit is taken for all other countries");
    }
}

static void check_planning(const struct sense *s) {
    const struct plant_planning *p = &s->plant->planning;
    char frozen[DURATION_TEXT_SIZE], horizon[DURATION_TEXT_SIZE];
    if (p->horizon_s > 0 && p->frozen_s >= p->horizon_s)
        fault_at(s->faults, sense_place(s, "planning", "frozen", NULL),
                 "frozen is %s and the horizon %s: nothing could ever be planned anew",
                 duration_format(p->frozen_s, frozen), duration_format(p->horizon_s, horizon));
    if (p->promise_at_most_s > 0 && p->target_s > p->promise_at_most_s)
        fault_at(s->notes, sense_place(s, "planning", "target", NULL),
                 "the target is later than promise.at_most, beyond which orders are refused");
    if (s->plant->store != NULL && strcmp(s->plant->store, "memory:") == 0)
        fault_at(s->notes, sense_place(s, "store", NULL),
                 "memory: keeps nothing when the daemon ends; it is for trials only");
}

void sense_check(const struct sense *s) {
    check_calendars(s);
    check_lines(s);
    sense_products(s);
    check_owners(s);
    check_listen(s);
    check_shipping(s);
    check_planning(s);
    if (faults_count(s->faults) == 0)
        note_all_unused(s);
}
