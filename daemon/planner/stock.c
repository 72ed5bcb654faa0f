/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/stock.h"

#include "base/arena.h"
#include "daemon/planner/variant.h"

#include <stdlib.h>
#include <string.h>

enum { GUESS_S = 2 * 3600, KEEP_S = 14 * 86400 };

static void add_material(struct stock *s, const char *id) {
    s->materials = takt_realloc(s->materials, s->material_count + 1, sizeof *s->materials);
    s->materials[s->material_count++] = (struct material){.id = takt_strdup(id)};
}

static void add_setup(struct stock *s, const char *line) {
    s->setups = takt_realloc(s->setups, s->setup_count + 1, sizeof *s->setups);
    s->setups[s->setup_count++] = (struct setup){.line = takt_strdup(line), .family = -1};
}

void stock_init(struct stock *s, const struct plant *plant) {
    *s = (struct stock){.plant = plant, .guess_until_s = TAKT_TIME_NEVER};
    for (size_t i = 0; i < plant->material_count; i++)
        add_material(s, plant->materials[i].id);
    for (size_t i = 0; i < plant->line_count; i++)
        add_setup(s, plant->lines[i].id);
}

static void down_done(struct down *d) {
    free(d->line);
    free(d->reason);
}

void stock_done(struct stock *s) {
    for (size_t i = 0; i < s->material_count; i++) {
        free(s->materials[i].id);
        free(s->materials[i].receipts);
    }
    for (size_t i = 0; i < s->setup_count; i++)
        free(s->setups[i].line);
    for (size_t i = 0; i < s->down_count; i++)
        down_done(&s->downs[i]);
    free(s->materials);
    free(s->setups);
    free(s->downs);
    *s = (struct stock){0};
}

static struct material *find_material(struct stock *s, const char *id) {
    for (size_t i = 0; i < s->material_count; i++)
        if (strcmp(s->materials[i].id, id) == 0)
            return &s->materials[i];
    add_material(s, id);
    return &s->materials[s->material_count - 1];
}

static struct setup *find_setup(struct stock *s, const char *line) {
    for (size_t i = 0; i < s->setup_count; i++)
        if (strcmp(s->setups[i].line, line) == 0)
            return &s->setups[i];
    add_setup(s, line);
    return &s->setups[s->setup_count - 1];
}

/* Moves what both plants have to its new place; what the new one lacks stays behind, for it may come again. */
void stock_reload(struct stock *s, const struct plant *plant) {
    struct stock old = *s;
    s->materials = NULL;
    s->setups = NULL;
    s->material_count = s->setup_count = 0;
    s->plant = plant;
    for (size_t i = 0; i < plant->material_count; i++)
        add_material(s, plant->materials[i].id);
    for (size_t i = 0; i < plant->line_count; i++)
        add_setup(s, plant->lines[i].id);
    for (size_t i = 0; i < old.material_count; i++) {
        struct material *m = find_material(s, old.materials[i].id);
        free(m->id);
        *m = old.materials[i];
    }
    for (size_t i = 0; i < old.setup_count; i++) {
        struct setup *u = find_setup(s, old.setups[i].line);
        free(u->line);
        *u = old.setups[i];
    }
    free(old.materials);
    free(old.setups);
}

/* What is expected at one time is one receipt. */
static void add_receipt(struct material *m, int64_t at_s, int64_t quantity_milli, int64_t told_milli) {
    for (size_t i = 0; i < m->receipt_count; i++) {
        if (m->receipts[i].at_s == at_s) {
            m->receipts[i].quantity_milli += quantity_milli;
            m->receipts[i].told_milli += told_milli;
            return;
        }
    }
    ARRAY_GROW(m->receipts, m->receipt_count, m->receipt_cap);
    size_t i = m->receipt_count++;
    for (; i > 0 && m->receipts[i - 1].at_s > at_s; i--)
        m->receipts[i] = m->receipts[i - 1];
    m->receipts[i] = (struct receipt){at_s, quantity_milli, told_milli};
}

static struct down *add_down(struct stock *s, const char *line, int64_t from_s, int64_t to_s, const char *reason) {
    ARRAY_GROW(s->downs, s->down_count, s->down_cap);
    s->downs[s->down_count] = (struct down){
        .line = takt_strdup(line), .reason = takt_strdup(reason == NULL ? "" : reason), .from_s = from_s, .to_s = to_s};
    return &s->downs[s->down_count++];
}

void stock_seed(struct stock *s, struct variants *v, int64_t now_s) {
    for (size_t i = 0; i < s->plant->material_count; i++) {
        const struct plant_material *m = &s->plant->materials[i];
        s->materials[i].on_hand_milli = m->on_hand_milli;
        for (size_t k = 0; k < m->receipt_count; k++)
            add_receipt(&s->materials[i], m->receipts[k].at_s, m->receipts[k].quantity_milli, 0);
    }
    for (size_t i = 0; i < s->plant->line_count; i++) {
        const struct plant_line *l = &s->plant->lines[i];
        s->setups[i].family = l->set_up_for == NULL ? -1 : family_get(v, l->set_up_for);
        s->setups[i].dirty = true;
        for (size_t k = 0; k < l->down_count; k++)
            if (l->down[k].to_s > now_s)
                add_down(s, l->id, l->down[k].from_s, l->down[k].to_s, l->down[k].reason)->dirty = true;
    }
    stock_guess(s, now_s);
}

void stock_load_stock(struct stock *s, const struct stock_row *row) {
    struct material *m = find_material(s, row->material);
    m->on_hand_milli = m->told_milli = row->on_hand_milli;
    m->stored = true;
}

void stock_load_receipt(struct stock *s, const struct receipt_row *row) {
    add_receipt(find_material(s, row->material), row->at_s, row->quantity_milli, row->quantity_milli);
}

void stock_load_down(struct stock *s, const struct down_row *row) {
    add_down(s, row->line, row->from_s, row->to_s, row->reason);
}

void stock_load_setup(struct stock *s, struct variants *v, const struct setup_row *row) {
    find_setup(s, row->line)->family = row->family[0] == '\0' ? -1 : family_get(v, row->family);
}

static int64_t guessed_end(const struct down *d, int64_t now_s) {
    int64_t length_s = GUESS_S;
    while (d->from_s + length_s <= now_s)
        length_s *= 2;
    return d->from_s + length_s;
}

bool stock_guess(struct stock *s, int64_t now_s) {
    int64_t before = s->guess_until_s;
    s->guess_until_s = TAKT_TIME_NEVER;
    for (size_t i = 0; i < s->down_count; i++) {
        const struct down *d = &s->downs[i];
        if (!d->gone && d->to_s == TAKT_TIME_NEVER && guessed_end(d, now_s) < s->guess_until_s)
            s->guess_until_s = guessed_end(d, now_s);
    }
    return before <= now_s;
}

void stock_downs(const struct stock *s, int32_t line, int64_t now_s, struct arena *arena, struct plant_interval **ret,
                 size_t *ret_count) {
    struct plant_interval *list = arena_array(arena, s->down_count, sizeof *list);
    size_t n = 0;
    for (size_t i = 0; i < s->down_count; i++) {
        const struct down *d = &s->downs[i];
        if (!d->gone && strcmp(d->line, s->plant->lines[line].id) == 0)
            list[n++] = (struct plant_interval){d->from_s, d->to_s == TAKT_TIME_NEVER ? guessed_end(d, now_s) : d->to_s,
                                                d->reason};
    }
    *ret = list;
    *ret_count = n;
}

struct down *stock_down_at(const struct stock *s, int32_t line, int64_t time_s) {
    for (size_t i = 0; i < s->down_count; i++) {
        struct down *d = &s->downs[i];
        if (!d->gone && d->from_s <= time_s && time_s < d->to_s && strcmp(d->line, s->plant->lines[line].id) == 0)
            return d;
    }
    return NULL;
}

void stock_down(struct stock *s, int32_t line, int64_t from_s, int64_t to_s, const char *reason) {
    struct down *d = stock_down_at(s, line, from_s);
    if (d == NULL) {
        d = add_down(s, s->plant->lines[line].id, from_s, to_s, reason);
    } else {
        d->to_s = to_s;
        if (reason != NULL) {
            free(d->reason);
            d->reason = takt_strdup(reason);
        }
    }
    d->dirty = true;
}

void stock_up(struct stock *s, int32_t line, int64_t at_s) {
    struct down *d;
    while ((d = stock_down_at(s, line, at_s)) != NULL) {
        d->to_s = at_s;
        d->gone = at_s <= d->from_s;
        d->dirty = true;
    }
}

void stock_tidy(struct stock *s, int64_t now_s) {
    for (size_t i = 0; i < s->down_count; i++)
        if (!s->downs[i].gone && s->downs[i].to_s < now_s - KEEP_S)
            s->downs[i].gone = s->downs[i].dirty = true;
}

/* Settles up to so much of what is expected, first things first, until a time; how much it was. */
static int64_t settle(struct material *m, int64_t quantity_milli, int64_t until_s) {
    int64_t settled = 0;
    for (size_t i = 0; i < m->receipt_count && settled < quantity_milli; i++) {
        struct receipt *r = &m->receipts[i];
        if (r->at_s > until_s)
            break;
        int64_t take = r->quantity_milli < quantity_milli - settled ? r->quantity_milli : quantity_milli - settled;
        r->quantity_milli -= take;
        settled += take;
    }
    return settled;
}

void stock_consume(struct stock *s, int32_t material, int64_t quantity_milli, int64_t now_s) {
    struct material *m = &s->materials[material];
    if (m->on_hand_milli < quantity_milli) {
        int64_t came = settle(m, INT64_MAX, now_s);
        m->on_hand_milli += came;
    }
    m->on_hand_milli = m->on_hand_milli > quantity_milli ? m->on_hand_milli - quantity_milli : 0;
}

void stock_receive(struct stock *s, int32_t material, int64_t quantity_milli) {
    struct material *m = &s->materials[material];
    settle(m, quantity_milli, TAKT_TIME_NEVER);
    m->on_hand_milli += quantity_milli;
}

static void material_published(struct material *m) {
    size_t n = 0;
    m->told_milli = m->on_hand_milli;
    m->stored = true;
    for (size_t i = 0; i < m->receipt_count; i++) {
        m->receipts[i].told_milli = m->receipts[i].quantity_milli;
        if (m->receipts[i].quantity_milli > 0)
            m->receipts[n++] = m->receipts[i];
    }
    m->receipt_count = n;
}

void stock_published(struct stock *s) {
    for (size_t i = 0; i < s->material_count; i++)
        material_published(&s->materials[i]);
    size_t n = 0;
    for (size_t i = 0; i < s->down_count; i++) {
        s->downs[i].dirty = false;
        if (s->downs[i].gone)
            down_done(&s->downs[i]);
        else
            s->downs[n++] = s->downs[i];
    }
    s->down_count = n;
    for (size_t i = 0; i < s->setup_count; i++)
        s->setups[i].dirty = false;
}
