/* SPDX-License-Identifier: Apache-2.0 */
#include "config/reader_lists.h"

#include "base/arena.h"
#include "config/value.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

enum { DAY_S = 86400, VALUES_MAX = 1000, KEY_LENGTH = 40, DIGEST_LENGTH = 64, RATES_MAX = 1000000 };

/* True if the node is a list or map of at most `most` elements. */
static bool wants(struct reader *r, const struct option_row *o, const struct node *n, enum node_kind kind,
                  size_t most) {
    if (!reader_wants(r, o, n, kind))
        return false;
    if (n->count <= most)
        return true;
    fault_at(r->faults, n->place, "%s: %zu entries; at most %zu", o->name, n->count, most);
    return false;
}

static bool is_text(struct reader *r, const struct option_row *o, const struct node *n) {
    if (n->kind == NODE_SCALAR && n->text[0] != '\0')
        return true;
    reader_refuse(r, o, n);
    return false;
}

void read_dates(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    if (!wants(r, o, n, NODE_LIST, (size_t)o->most))
        return;
    struct plant_dates *dates = arena_array(r->arena, n->count, sizeof *dates);
    size_t count = 0;
    for (size_t k = 0; k < n->count; k++) {
        const struct node *v = n->entries[k].value;
        struct plant_dates d;
        if (!is_text(r, o, v))
            continue;
        if (!value_dates(v->text, &d.first_day, &d.last_day))
            reader_refuse(r, o, v);
        else if (d.first_day > d.last_day)
            fault_at(r->faults, v->place, "%s: '%s' ends before it begins", o->name, v->text);
        else
            dates[count++] = d;
    }
    reader_set_array(o, base, dates, count);
}

static bool span(const char *text, struct plant_local *ret) {
    char from[17] = "";
    if (strlen(text) != 33 || text[16] != '/')
        return false;
    memcpy(from, text, 16);
    return value_moment(from, &ret->from_day, &ret->from_min) && value_moment(text + 17, &ret->to_day, &ret->to_min);
}

void read_spans(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    if (!wants(r, o, n, NODE_LIST, (size_t)o->most))
        return;
    struct plant_local *spans = arena_array(r->arena, n->count, sizeof *spans);
    size_t count = 0;
    for (size_t k = 0; k < n->count; k++) {
        const struct node *v = n->entries[k].value;
        struct plant_local s;
        if (!is_text(r, o, v))
            continue;
        if (!span(v->text, &s))
            reader_refuse(r, o, v);
        else if (s.from_day > s.to_day || (s.from_day == s.to_day && s.from_min >= s.to_min))
            fault_at(r->faults, v->place, "%s: '%s' ends before it begins", o->name, v->text);
        else
            spans[count++] = s;
    }
    reader_set_array(o, base, spans, count);
}

/* Five characters of Z85 are 32 bits. */
static bool good_key(const char *text) {
    static const char Z85[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
    if (strlen(text) != KEY_LENGTH)
        return false;
    for (size_t k = 0; k < KEY_LENGTH; k += 5) {
        uint64_t n = 0;
        for (size_t m = k; m < k + 5; m++) {
            const char *digit = strchr(Z85, text[m]);
            if (digit == NULL)
                return false;
            n = n * 85 + (uint64_t)(digit - Z85);
        }
        if (n > UINT32_MAX)
            return false;
    }
    return true;
}

static bool placeholder(const char *text) {
    size_t length = strlen(text);
    return length >= 2 && length != KEY_LENGTH && text[0] == '<' && text[length - 1] == '>';
}

void read_keys(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    if (!wants(r, o, n, NODE_LIST, (size_t)o->most))
        return;
    const char **keys = arena_array(r->arena, n->count, sizeof *keys);
    size_t count = 0;
    for (size_t k = 0; k < n->count; k++) {
        const struct node *v = n->entries[k].value;
        if (!is_text(r, o, v))
            continue;
        if (placeholder(v->text))
            fault_at(r->notes, v->place, "'%.100s' holds the place of a key; nobody can connect with it", v->text);
        else if (!good_key(v->text))
            fault_at(r->faults, v->place, "'%.100s' is no public key: 40 characters of Z85, as curve_keygen prints",
                     v->text);
        else
            keys[count++] = arena_strdup(r->arena, v->text);
    }
    struct plant_keys value = {keys, count};
    reader_set(o, base, &value, sizeof value);
}

/* Upper and lower case are one digest, kept in lower. */
void read_tokens(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    if (!wants(r, o, n, NODE_LIST, (size_t)o->most))
        return;
    const char **digests = arena_array(r->arena, n->count, sizeof *digests);
    size_t count = 0;
    for (size_t k = 0; k < n->count; k++) {
        const struct node *v = n->entries[k].value;
        if (!is_text(r, o, v))
            continue;
        if (strlen(v->text) != DIGEST_LENGTH || strspn(v->text, "0123456789abcdefABCDEF") != DIGEST_LENGTH) {
            fault_at(r->faults, v->place, "%s: what stands here is no SHA-256 digest of a token: 64 hexadecimal digits, as "
                     "sha256sum prints", o->name);
            continue;
        }
        char *digest = arena_strdup(r->arena, v->text);
        for (char *c = digest; *c != '\0'; c++)
            *c = (char)tolower((unsigned char)*c);
        digests[count++] = digest;
    }
    struct plant_tokens value = {digests, count};
    reader_set(o, base, &value, sizeof value);
}

static const char *copy_span(struct reader *r, struct value_span s) {
    return arena_strndup(r->arena, s.text, s.length);
}

/* A whole number of seconds in range, of an entry of a map. */
static bool duration_s(struct reader *r, const struct option_row *o, const struct node *v, int64_t *ret) {
    int64_t ms;
    if (v->kind != NODE_SCALAR || !value_duration_ms(v->text, &ms) || ms % 1000 != 0) {
        if (v->kind != NODE_BROKEN)
            fault_at(r->faults, v->place, "%s: '%.100s' is wrong; wanted: %s", o->name, v->text,
                     option_kind_text(OPTION_DURATION));
        return false;
    }
    *ret = ms / 1000;
    return true;
}

/* True if the pair is there already. */
static bool pair_twice(struct reader *r, struct names *seen, const struct plant_pair *p) {
    return names_add(seen, arena_printf(r->scratch, "%s>%s", p->from, p->to), 0) >= 0;
}

void read_pairs(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    if (!wants(r, o, n, NODE_MAP, 10000))
        return;
    struct plant_pair *pairs = arena_array(r->arena, n->count, sizeof *pairs);
    struct names *seen = names_new(r->scratch, n->count);
    size_t count = 0;
    for (size_t k = 0; k < n->count; k++) {
        const struct node *key = n->entries[k].key, *v = n->entries[k].value;
        struct value_span from, to;
        struct plant_pair p;
        if (!value_pair(key->text, &from, &to)) {
            fault_at(r->faults, key->place, "'%.100s' is no pair of families such as light > dark", key->text);
            continue;
        }
        p.from = copy_span(r, from);
        p.to = copy_span(r, to);
        if (!value_choice(p.from) || !value_choice(p.to))
            fault_at(r->faults, key->place,
                     "'%.100s' does not name families: 1–64 characters without { } < > and commas", key->text);
        else if (strcmp(p.from, p.to) == 0)
            fault_at(r->faults, key->place, "from '%s' to itself no changeover is needed; leave it out", p.from);
        else if (pair_twice(r, seen, &p))
            fault_at(r->faults, key->place, "'%s > %s' is here twice", p.from, p.to);
        else if (duration_s(r, o, v, &p.time_s) && reader_in_range(r, o, v, p.time_s))
            pairs[count++] = p;
    }
    reader_set_array(o, base, pairs, count);
}

static void read_choices(struct reader *r, const struct option_row *o, const struct node *list,
                         struct plant_option *ret) {
    const char **values = arena_array(r->arena, list->count, sizeof *values);
    struct names *seen = names_new(r->scratch, list->count);
    size_t count = 0;
    if (list->count == 0 || list->count > VALUES_MAX)
        fault_at(r->faults, list->place, "option '%s' has %zu values; 1 to 1000 can be", ret->id, list->count);
    for (size_t k = 0; k < list->count; k++) {
        const struct node *v = list->entries[k].value;
        if (v->kind != NODE_SCALAR || !value_choice(v->text)) {
            if (v->kind == NODE_SCALAR)
                fault_at(r->faults, v->place,
                         "'%.100s' is no value of an option: 1–64 characters without { } < > and commas", v->text);
            else
                reader_refuse(r, o, v);
            continue;
        }
        values[count] = arena_strdup(r->arena, v->text);
        if (names_add(seen, values[count], (int32_t)k) >= 0)
            fault_at(r->faults, v->place, "'%s' is here twice", v->text);
        else
            count++;
    }
    ret->values = values;
    ret->value_count = count;
}

void read_options(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    if (!wants(r, o, n, NODE_MAP, (size_t)o->most))
        return;
    struct plant_option *options = arena_array(r->arena, n->count, sizeof *options);
    for (size_t k = 0; k < n->count; k++) {
        const struct node *key = n->entries[k].key, *v = n->entries[k].value;
        options[k].id = arena_strdup(r->arena, key->text);
        if (!value_name(key->text))
            fault_at(r->faults, key->place, "'%.100s' is no name for an option: 1–64 letters, digits, . _ -",
                     key->text);
        if (v->kind == NODE_LIST)
            read_choices(r, o, v, &options[k]);
        else if (v->kind == NODE_SCALAR && strcmp(v->text, "any") == 0)
            options[k].any = true;
        else if (v->kind != NODE_BROKEN)
            fault_at(r->faults, v->place, "option '%.100s' is a list of values, or any", key->text);
    }
    reader_set_array(o, base, options, n->count);
}

static bool quantity(struct reader *r, const struct option_row *o, const struct node *v, const struct plant_material *m,
                     int64_t *ret) {
    const char *unit;
    if (v->kind != NODE_SCALAR || !value_quantity(v->text, ret, &unit)) {
        if (v->kind != NODE_BROKEN)
            fault_at(r->faults, v->place, "'%.100s' is no quantity of %s such as 1.2 %s", v->text, m->id,
                     m->unit != NULL ? m->unit : "m");
        return false;
    }
    if (m->unit != NULL && strcmp(unit, m->unit) != 0) {
        fault_at(r->faults, v->place, "'%.100s': %s is counted in %s", v->text, m->id, m->unit);
        return false;
    }
    return reader_in_range(r, o, v, *ret);
}

void read_materials(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    if (!reader_wants(r, o, n, NODE_MAP))
        return;
    struct plant_usage *usages = arena_array(r->arena, n->count, sizeof *usages);
    size_t count = 0;
    for (size_t k = 0; k < n->count; k++) {
        struct plant_usage u = {.index = reader_refer(r, TABLE_MATERIALS, n->entries[k].key)};
        if (u.index >= 0 && quantity(r, o, n->entries[k].value, &r->plant->materials[u.index], &u.amount))
            usages[count++] = u;
    }
    reader_set_array(o, base, usages, count);
}

void read_pools(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    if (!reader_wants(r, o, n, NODE_MAP))
        return;
    struct plant_usage *usages = arena_array(r->arena, n->count, sizeof *usages);
    size_t count = 0;
    for (size_t k = 0; k < n->count; k++) {
        const struct node *v = n->entries[k].value;
        struct plant_usage u = {.index = reader_refer(r, TABLE_POOLS, n->entries[k].key)};
        if (u.index < 0)
            continue;
        if (v->kind != NODE_SCALAR || v->quoted || !value_integer(v->text, &u.amount)) {
            if (v->kind != NODE_BROKEN)
                fault_at(r->faults, v->place, "'%.100s' is wrong; how many of the pool it holds is a whole number",
                         v->text);
            continue;
        }
        int32_t capacity = r->plant->pools[u.index].capacity;
        if (!reader_in_range(r, o, v, u.amount))
            continue;
        if (capacity > 0 && u.amount > capacity)
            fault_at(r->faults, v->place, "it needs %" PRId64 " of the pool '%s', which has %d", u.amount,
                     r->plant->pools[u.index].id, (int)capacity);
        usages[count++] = u;
    }
    reader_set_array(o, base, usages, count);
}

void read_like(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    const struct plant_product *product = base;
    const char *names[32];
    bool taken[32] = {false};
    if (!wants(r, o, n, NODE_LIST, (size_t)o->most) || product->option_count > 32)
        return;
    for (size_t k = 0; k < product->option_count; k++)
        names[k] = product->options[k].id;
    int32_t *like = arena_array(r->arena, n->count, sizeof *like);
    size_t count = 0;
    for (size_t k = 0; k < n->count; k++) {
        const struct node *v = n->entries[k].value;
        if (!is_text(r, o, v))
            continue;
        int32_t place = reader_choose(r, v, "option", names, product->option_count);
        if (place >= 0 && taken[place])
            fault_at(r->faults, v->place, "'%s' is here twice", v->text);
        else if (place >= 0)
            like[count++] = place;
        if (place >= 0)
            taken[place] = true;
    }
    reader_set_array(o, base, like, count);
}

/* How many stations a name stands for: those of a line with count, or the one. */
static int32_t station_count(const struct plant *plant, const char *name, int32_t first) {
    int32_t count = 1;
    if (names_find(plant->inner->tables[TABLE_LINES], name) >= 0)
        return 1;
    while ((size_t)(first + count) < plant->line_count && plant->lines[first + count].base == plant->lines[first].base)
        count++;
    return count;
}

/* A rate by itself, or a map of rate and fixed. */
static void read_line_rate(struct reader *r, const struct section *s, const struct node *v, struct plant_rate *rate) {
    if (v->kind == NODE_SCALAR)
        read_values[OPTION_RATE_H](r, section_option(s, "rate"), v, rate);
    else
        read_section(r, s, v, rate);
    if (v->kind == NODE_MAP && node_get(v, "rate") == NULL && node_get(v, "fixed") == NULL)
        fault_at(r->faults, v->place, "neither a rate nor a fixed time is given, so it would take no time");
}

/* True if the list that is being read names the line for the second time. */
static bool line_twice(struct reader *r, int32_t line, const struct node *at) {
    if (r->marks[line] == r->mark) {
        fault_at(r->faults, at->place, "the line '%s' is here twice", r->plant->lines[line].id);
        return true;
    }
    r->marks[line] = r->mark;
    return false;
}

/* How many lines the keys of an operation stand for. */
static size_t count_stations(const struct reader *r, const struct node *map) {
    const struct plant_inner *inner = r->plant->inner;
    size_t count = map->count;
    for (size_t k = 0; k < map->count; k++) {
        int32_t first = names_find(inner->bases, map->entries[k].key->text);
        if (first >= 0)
            count += (size_t)station_count(r->plant, map->entries[k].key->text, first) - 1;
    }
    return count;
}

void read_op_lines(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    const struct section *s = option_section(section_with(o), o);
    if (!reader_wants(r, o, n, NODE_MAP))
        return;
    if (n->count == 0)
        fault_at(r->faults, n->place, "%s: at least one line must be able to do it", o->name);
    size_t count = 0, most = count_stations(r, n);
    if ((r->rates += most) > RATES_MAX) {
        fault_at(r->faults, n->place, "more than 1,000,000 ways of doing operations on lines in all");
        return;
    }
    struct plant_rate *rates = arena_array(r->arena, most, sizeof *rates);
    r->mark++;
    for (size_t k = 0; k < n->count; k++) {
        const struct node *key = n->entries[k].key;
        struct plant_rate rate = {0};
        int32_t first = reader_refer(r, TABLE_LINES, key);
        read_line_rate(r, s, n->entries[k].value, &rate);
        for (int32_t m = 0; first >= 0 && m < station_count(r->plant, key->text, first); m++) {
            rate.line = first + m;
            if (!line_twice(r, rate.line, key))
                rates[count++] = rate;
        }
    }
    reader_set_array(o, base, rates, count);
}

/* Names that neither the lines nor the packing lines have. */
static bool refer_line(struct reader *r, const struct node *v, int32_t *ret, bool *ret_packs) {
    const struct plant_inner *inner = r->plant->inner;
    *ret_packs = names_find(inner->tables[TABLE_PACKING], v->text) >= 0;
    *ret = *ret_packs ? -1 : reader_refer(r, TABLE_LINES, v);
    return *ret_packs || *ret >= 0;
}

void read_terminal_lines(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    struct plant_terminal *terminal = base;
    if (!wants(r, o, n, NODE_LIST, (size_t)o->most))
        return;
    if (n->count == 0)
        fault_at(r->faults, n->place, "%s: a terminal reports for at least one line", o->name);
    int32_t *lines = arena_array(r->scratch, r->plant->line_count, sizeof *lines);
    size_t count = 0;
    r->mark++;
    for (size_t k = 0; k < n->count; k++) {
        const struct node *v = n->entries[k].value;
        int32_t first;
        bool packs;
        if (!is_text(r, o, v) || !refer_line(r, v, &first, &packs))
            continue;
        terminal->packs |= packs;
        for (int32_t m = 0; !packs && m < station_count(r->plant, v->text, first); m++) {
            if (!line_twice(r, first + m, v))
                lines[count++] = first + m;
        }
    }
    reader_set_array(o, base, arena_memdup(r->arena, lines, count * sizeof *lines), count);
}

static bool is_country(const char *text) {
    return text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z' && text[2] == '\0';
}

void read_transit(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    if (!reader_wants(r, o, n, NODE_MAP))
        return;
    if (n->count == 0)
        fault_at(r->faults, n->place, "%s: at least `else` must be there", o->name);
    struct plant_transit *transit = arena_array(r->arena, n->count, sizeof *transit);
    size_t count = 0;
    for (size_t k = 0; k < n->count; k++) {
        const struct node *key = n->entries[k].key, *v = n->entries[k].value;
        bool other = strcmp(key->text, "else") == 0;
        int64_t ms;
        if (!other && !is_country(key->text)) {
            fault_at(r->faults, key->place,
                     "'%.100s' is no country: two capital letters of ISO 3166, such as CN, or else", key->text);
            continue;
        }
        if (v->kind != NODE_SCALAR || !value_duration_ms(v->text, &ms) || ms % (DAY_S * 1000) != 0) {
            if (v->kind != NODE_BROKEN)
                fault_at(r->faults, v->place, "'%.100s' is wrong; transit is in whole calendar days, such as 2d",
                         v->text);
            continue;
        }
        int64_t days = ms / (DAY_S * 1000);
        if (reader_in_range(r, o, v, days))
            transit[count++] = (struct plant_transit){other ? NULL : arena_strdup(r->arena, key->text), (int32_t)days};
    }
    reader_set_array(o, base, transit, count);
}
