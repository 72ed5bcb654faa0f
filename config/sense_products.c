/* SPDX-License-Identifier: Apache-2.0 */
/* What would never be made, or never in time: looked for as an operator would who walks through each route. */
#include "base/arena.h"
#include "base/nearest.h"
#include "base/time.h"
#include "config/inner.h"
#include "config/sense.h"
#include "config/value.h"
#include "config/week.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NAMES_MAX = 256 };

struct route { /* one operation, and where it is written */
    const struct sense *s;
    const struct plant_product *product;
    const struct plant_op *op;
    const struct node *node; /* NULL: the route could not be read */
};

static struct place place_in(const struct route *r, const char *key) {
    const struct node *n = node_get(r->node, key);
    return n != NULL ? n->place : r->node->place;
}

/* Families. */

/* The option of a name within the product, or NULL. */
static const struct plant_option *find_option(const struct plant_product *p, const char *name, size_t length) {
    for (size_t k = 0; k < p->option_count; k++)
        if (strlen(p->options[k].id) == length && strncmp(p->options[k].id, name, length) == 0)
            return &p->options[k];
    return NULL;
}

static void check_template(const struct route *r) {
    const char *at = r->op->family;
    const char *names[32];
    for (size_t k = 0; k < r->product->option_count; k++)
        names[k] = r->product->options[k].id;
    while (at != NULL && (at = strchr(at, '{')) != NULL) {
        size_t length = strcspn(++at, "}");
        if (find_option(r->product, at, length) != NULL)
            continue;
        const char *name = arena_strndup(r->s->scratch, at, length);
        const char *near = nearest_name(name, names, r->product->option_count);
        fault_at(r->s->faults, place_in(r, "family"), "'%s' has no option '%s'%s%s%s", r->product->id, name,
                 near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
    }
}

/* Whether the template can become the name, some options being whatever creators bring. */
static bool can_be(const struct plant_product *p, const char *template, const char *name) {
    while (*template != '\0' && *template != '{')
        if (*template ++ != *name++)
            return false;
    if (*template == '\0')
        return *name == '\0';
    size_t length = strcspn(template + 1, "}");
    const struct plant_option *option = find_option(p, template + 1, length);
    const char *rest = template + length + 2;
    if (option == NULL)
        return true; /* a fault already */
    for (size_t k = 0; k < option->value_count; k++) {
        size_t n = strlen(option->values[k]);
        if (strncmp(name, option->values[k], n) == 0 && can_be(p, rest, name + n))
            return true;
    }
    for (size_t n = 1; option->any && n <= strlen(name); n++)
        if (can_be(p, rest, name + n))
            return true;
    return false;
}

struct families { /* what lines with one changeover are set up for, or NULL templates */
    const struct plant_product *product;
    const struct plant_op *op;
};

/* Operations with a family on lines with this changeover. */
static size_t gather_families(const struct sense *s, int32_t changeover, struct families *list, size_t most) {
    size_t count = 0;
    for (size_t k = 0; k < s->plant->product_count; k++) {
        const struct plant_product *p = &s->plant->products[k];
        for (size_t m = 0; m < p->op_count; m++) {
            bool here = false;
            for (size_t n = 0; n < p->route[m].line_count && !here; n++)
                here = s->plant->lines[p->route[m].lines[n].line].changeover == changeover;
            if (here && p->route[m].family != NULL && count < most)
                list[count++] = (struct families){p, &p->route[m]};
        }
    }
    return count;
}

/* Families that can be named outright: literal ones, and values of an option that is the whole of a family. */
static const char *near_family(const struct families *list, size_t count, const char *name) {
    const char *names[NAMES_MAX];
    size_t found = 0;
    for (size_t k = 0; k < count; k++) {
        const char *family = list[k].op->family;
        size_t length = strlen(family);
        if (strchr(family, '{') == NULL && found < NAMES_MAX)
            names[found++] = family;
        if (family[0] != '{' || strcspn(family, "}") != length - 1)
            continue;
        const struct plant_option *option = find_option(list[k].product, family + 1, length - 2);
        for (size_t m = 0; option != NULL && m < option->value_count && found < NAMES_MAX; m++)
            names[found++] = option->values[m];
    }
    return nearest_name(name, names, found);
}

static void check_family(const struct sense *s, const struct families *list, size_t count, const char *family,
                         struct place place) {
    for (size_t k = 0; k < count; k++)
        if (can_be(list[k].product, list[k].op->family, family))
            return;
    const char *near = near_family(list, count, family);
    fault_at(s->notes, place, "no operation there is of the family '%s'%s%s%s", family,
             near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
}

static void check_changeovers(const struct sense *s) {
    size_t ops = 0;
    for (size_t k = 0; k < s->plant->product_count; k++)
        ops += s->plant->products[k].op_count;
    struct families *list = arena_array(s->scratch, ops, sizeof *list);
    for (size_t k = 0; k < s->plant->changeover_count; k++) {
        const struct plant_changeover *c = &s->plant->changeovers[k];
        size_t count = gather_families(s, (int32_t)k, list, ops);
        const struct node *pairs = node_get(node_get(node_get(s->root, "changeovers"), c->id), "pairs");
        for (size_t m = 0; m < c->pair_count; m++) {
            struct place place = pairs->entries[m].key->place; /* all were read, or this would not be looked at */
            check_family(s, list, count, c->pairs[m].from, place);
            check_family(s, list, count, c->pairs[m].to, place);
        }
        for (size_t m = 0; m < s->plant->line_count; m++) {
            const struct plant_line *line = &s->plant->lines[m];
            bool first = m == 0 || line[-1].base != line->base;
            if (line->changeover == (int32_t)k && line->set_up_for != NULL && first)
                check_family(s, list, count, line->set_up_for, sense_place(s, "lines", line->base, "set_up_for", NULL));
        }
    }
}

/* Times. */

/* The week of a calendar; false where nothing can be said: it was not read, or extra shifts may make any length. */
static bool ordinary_week(const struct plant *plant, int32_t calendar, struct week *ret) {
    if (calendar < 0)
        return false;
    const struct plant_calendar *c = &plant->calendars[calendar];
    for (size_t k = 0; k < c->weekly_count; k++)
        if (c->weekly[k].days == 0)
            return false;
    week_of(c, ret);
    return c->extra_count == 0 && week_minutes(ret) > 0;
}

/* Open minutes at a stretch in which a line and the operation's pools work together; WEEK_MINUTES: no end, or not
 * known. */
static int stretch(const struct route *r, const struct plant_line *line, int *ret_total) {
    const struct plant *plant = r->s->plant;
    struct week week, pool;
    *ret_total = WEEK_MINUTES;
    if (!ordinary_week(plant, line->calendar, &week))
        return WEEK_MINUTES;
    for (size_t k = 0; k < r->op->pool_count; k++) {
        if (!ordinary_week(plant, plant->pools[r->op->pools[k].index].calendar, &pool))
            return WEEK_MINUTES;
        week_meet(&week, &pool);
    }
    *ret_total = week_minutes(&week);
    return week_longest(&week);
}

/* Whether a lot of so many units fits on a line without a break, where it must. */
static bool fits(const struct route *r, const struct plant_rate *rate, int64_t units, int longest_min) {
    return r->op->breakable || longest_min >= WEEK_MINUTES || plant_rate_s(rate, units) <= (int64_t)longest_min * 60;
}

static void check_times(const struct route *r) {
    bool together = r->op->line_count == 0, whole = together;
    int longest = 0, total;
    int32_t calendar = -2;
    for (size_t k = 0; k < r->op->line_count && !whole; k++) {
        const struct plant_line *line = &r->s->plant->lines[r->op->lines[k].line];
        if (line->calendar != calendar) { /* lines of one calendar mostly stand side by side */
            longest = stretch(r, line, &total);
            calendar = line->calendar;
        }
        together |= total > 0;
        whole |= total > 0 && fits(r, &r->op->lines[k], r->product->lot_max, longest);
    }
    if (!together)
        fault_at(r->s->faults, r->node->place, "'%s': its lines are never open together with its pools", r->op->id);
    else if (!whole && r->product->lot_max > 0)
        fault_at(r->s->faults, r->node->place,
                 "'%s' must not pause (breakable: false), but a lot of %" PRId64
                 " units takes longer than any line for it is open at a "
                 "stretch; make lot.max smaller or the shifts longer",
                 r->op->id, r->product->lot_max);
}

/* Batch lines. */

static void check_batches(const struct route *r) {
    int64_t largest = 0;
    for (size_t k = 0; k < r->op->line_count; k++) {
        const struct plant_rate *rate = &r->op->lines[k];
        const struct plant_line *line = &r->s->plant->lines[rate->line];
        bool first = k == 0 || r->s->plant->lines[r->op->lines[k - 1].line].base != line->base;
        if (line->batch > 0 && rate->rate_milli > 0 && first)
            fault_at(r->s->faults, place_in(r, "lines"),
                     "'%s' is a batch line: a run takes the same time however full it is; write {fixed: …} instead of "
                     "a rate",
                     line->base);
        if (line->batch > 0 && line->batch < r->product->lot_min && first)
            fault_at(r->s->notes, place_in(r, "lines"), "'%s' takes %" PRId64 " units at once, fewer than any lot has",
                     line->base, line->batch);
        if (line->batch == 0 || line->batch > largest)
            largest = line->batch == 0 ? INT64_MAX : line->batch;
    }
    if (r->op->line_count > 0 && largest < r->product->lot_max)
        fault_at(r->s->faults, r->node->place,
                 "'%s': no line for it takes a lot of %" PRId64 " units at once, the most is %" PRId64
                 "; make lot.max or the batch fit",
                 r->op->id, r->product->lot_max, largest);
}

static void check_overlap(const struct route *r, bool last) {
    if (r->op->overlap == 0)
        return;
    if (r->product->lot_max > 0 && r->op->overlap > r->product->lot_max)
        fault_at(r->s->faults, place_in(r, "overlap"),
                 "overlap is %" PRId64 ", but a lot has at most %" PRId64 " units", r->op->overlap,
                 r->product->lot_max);
    if (last)
        fault_at(r->s->notes, place_in(r, "overlap"), "'%s' is the last operation, so nothing can overlap with it",
                 r->op->id);
}

static void check_route(const struct sense *s, const struct plant_product *p) {
    const struct node *route = node_get(node_get(node_get(s->root, "products"), p->id), "route");
    struct names *seen = names_new(s->scratch, p->op_count);
    for (size_t k = 0; k < p->op_count; k++) {
        struct route r = {s, p, &p->route[k], route->entries[k].value};
        if (r.op->id == NULL)
            continue;
        if (names_add(seen, r.op->id, (int32_t)k) >= 0)
            fault_at(s->faults, place_in(&r, "op"), "'%s' is in the route twice; name its operations apart", r.op->id);
        check_template(&r);
        check_batches(&r);
        check_times(&r);
        check_overlap(&r, k + 1 == p->op_count);
    }
}

static void check_lot(const struct sense *s, const struct plant_product *p) {
    const int64_t target_s = s->plant->planning.target_s;
    if (p->lot_max > 0 && p->lot_min > p->lot_max)
        fault_at(s->faults, sense_place(s, "products", p->id, "lot", "min", NULL),
                 "lot.min is %" PRId64 ", above lot.max, which is %" PRId64, p->lot_min, p->lot_max);
    if (p->lot_min > 1 && p->lot_wait_s == 0)
        fault_at(s->notes, sense_place(s, "products", p->id, "lot", "min", NULL),
                 "lot.min means nothing without lot.wait");
    if (target_s > 0 && p->lot_wait_s >= target_s)
        fault_at(s->notes, sense_place(s, "products", p->id, "lot", "wait", NULL),
                 "lot.wait is as long as planning.target, so orders without a wish will be late");
}

void sense_products(const struct sense *s) {
    for (size_t k = 0; k < s->plant->product_count; k++) {
        check_lot(s, &s->plant->products[k]);
        check_route(s, &s->plant->products[k]);
    }
    if (faults_count(s->faults) == 0)
        check_changeovers(s);
}
