/* SPDX-License-Identifier: Apache-2.0 */
#include "config/reader.h"

#include "base/arena.h"
#include "base/nearest.h"
#include "config/value.h"

#include <stdio.h>
#include <string.h>

enum { LINES_MAX = 10000 };

static const struct node NOTHING = {.kind = NODE_MAP, .text = ""};

void reader_set(const struct option_row *o, void *base, const void *value, size_t size) {
    memcpy((char *)base + o->offset, value, size);
}

void reader_set_array(const struct option_row *o, void *base, const void *array, size_t count) {
    memcpy((char *)base + o->offset, &array, sizeof array);
    memcpy((char *)base + o->count_offset, &count, sizeof count);
}

void reader_refuse(struct reader *r, const struct option_row *o, const struct node *n) {
    static const char *const FOUND[] = {[NODE_SCALAR] = "a single value", [NODE_LIST] = "a list", [NODE_MAP] = "a map"};
    char words[OPTION_RANGE_SIZE] = "";
    const char *wanted = option_kind_text(o->kind);
    if (n->kind == NODE_BROKEN)
        return; /* a fault already */
    if (o->choices != NULL)
        wanted = option_range(o, words);
    if (n->kind == NODE_SCALAR && n->text[0] == '\0')
        fault_at(r->faults, n->place, "%s has no value; wanted: %s", o->name, wanted);
    else if (n->kind == NODE_SCALAR)
        fault_at(r->faults, n->place, "%s: '%.100s' is wrong; wanted: %s", o->name, n->text, wanted);
    else
        fault_at(r->faults, n->place, "%s: %s is wrong here; wanted: %s", o->name, FOUND[n->kind], wanted);
}

bool reader_wants(struct reader *r, const struct option_row *o, const struct node *n, enum node_kind kind) {
    if (n->kind == kind && (kind != NODE_SCALAR || n->text[0] != '\0'))
        return true;
    reader_refuse(r, o, n);
    return false;
}

bool reader_in_range(struct reader *r, const struct option_row *o, const struct node *n, int64_t value) {
    char range[OPTION_RANGE_SIZE];
    if (value >= o->least && value <= o->most)
        return true;
    fault_at(r->faults, n->place, "%s: %.100s is out of range: %s", o->name, n->text, option_range(o, range));
    return false;
}

int32_t reader_choose(struct reader *r, const struct node *n, const char *what, const char *const *names,
                      size_t count) {
    for (size_t k = 0; k < count; k++)
        if (strcmp(names[k], n->text) == 0)
            return (int32_t)k;
    const char *near = nearest_name(n->text, names, count);
    if (near != NULL) {
        fault_at(r->faults, n->place, "there is no %s '%.100s'; did you mean '%s'?", what, n->text, near);
        return -1;
    }
    char list[240] = "";
    size_t at = 0, k = 0;
    for (; k < count && at + strlen(names[k]) + 8 < sizeof list; k++)
        at += (size_t)snprintf(list + at, sizeof list - at, "%s%s", k > 0 ? ", " : "", names[k]);
    if (count == 0)
        fault_at(r->faults, n->place, "there is no %s '%.100s', nor any other", what, n->text);
    else
        fault_at(r->faults, n->place, "there is no %s '%.100s'; there are: %s%s", what, n->text, list,
                 k < count ? " …" : "");
    return -1;
}

/* Names of a table in order, for suggestions; lines as they are written. */
static const char **table_names(const struct plant *plant, enum option_table table, struct arena *arena,
                                size_t *ret_count) {
    const struct {
        const void *array;
        size_t count, size;
    } arrays[TABLE_COUNT] = {
        [TABLE_CALENDARS] = {plant->calendars, plant->calendar_count, sizeof *plant->calendars},
        [TABLE_POOLS] = {plant->pools, plant->pool_count, sizeof *plant->pools},
        [TABLE_CHANGEOVERS] = {plant->changeovers, plant->changeover_count, sizeof *plant->changeovers},
        [TABLE_LINES] = {plant->lines, plant->line_count, sizeof *plant->lines},
        [TABLE_MATERIALS] = {plant->materials, plant->material_count, sizeof *plant->materials},
        [TABLE_CARRIERS] = {plant->carriers, plant->carrier_count, sizeof *plant->carriers},
    };
    size_t kept = 0;
    const char **names = arena_array(arena, arrays[table].count, sizeof *names);
    for (size_t k = 0; k < arrays[table].count; k++) {
        const char *name;
        memcpy(&name, (const char *)arrays[table].array + k * arrays[table].size,
               sizeof name); /* id comes first in all */
        if (table == TABLE_LINES)
            name = plant->lines[k].base;
        if (kept == 0 || strcmp(names[kept - 1], name) != 0)
            names[kept++] = name;
    }
    *ret_count = kept;
    return names;
}

int32_t reader_refer(struct reader *r, enum option_table table, const struct node *n) {
    const struct plant_inner *inner = r->plant->inner;
    int32_t number = names_find(inner->tables[table], n->text);
    if (number < 0 && table == TABLE_LINES)
        number = names_find(inner->bases, n->text);
    if (number >= 0)
        return number;
    if (faults_count(r->faults) >= FAULTS_MAX)
        return -1;
    struct arena *scratch = arena_new();
    size_t count;
    const char **names = table_names(r->plant, table, scratch, &count);
    reader_choose(r, n, option_table_text(table), names, count);
    arena_free(scratch);
    return -1;
}

static void report_unknown(struct reader *r, const struct section *s, const struct node *key) {
    const char *names[32];
    char list[400] = "";
    size_t at = 0;
    for (size_t k = 0; k < s->count; k++) {
        names[k] = s->options[k].name;
        at += (size_t)snprintf(list + at, sizeof list - at, "%s%s", k > 0 ? ", " : "", names[k]);
    }
    const char *near = nearest_name(key->text, names, s->count);
    if (near != NULL)
        fault_at(r->faults, key->place, "'%.100s' is no option of %s; did you mean '%s'?", key->text, s->what, near);
    else
        fault_at(r->faults, key->place, "'%.100s' is no option of %s; there are: %s", key->text, s->what, list);
}

/* Units share a lot only where they agree on everything. */
static void like_all(struct reader *r, struct plant_product *product) {
    int32_t *like = arena_array(r->arena, product->option_count, sizeof *like);
    for (size_t k = 0; k < product->option_count; k++)
        like[k] = (int32_t)k;
    product->like = like;
    product->like_count = product->option_count;
}

/* What a field holds when nothing is said, where zero would mean something. */
static void leave_out(struct reader *r, const struct option_row *o, void *base) {
    static const int32_t NONE = -1;
    static const int64_t NEVER = -1;
    if (o->kind == OPTION_LIKE)
        like_all(r, base);
    if (o->kind == OPTION_REF)
        reader_set(o, base, &NONE, sizeof NONE);
    else if (o->kind == OPTION_DURATION && o->fallback == NULL)
        reader_set(o, base, &NEVER, sizeof NEVER);
}

static void read_named(struct reader *r, const struct section *of, const struct option_row *o, const struct node *n,
                       void *base);
static void read_list(struct reader *r, const struct section *of, const struct option_row *o, const struct node *n,
                      void *base);

static void read_option(struct reader *r, const struct section *s, const struct option_row *o, const struct node *n,
                        void *base) {
    if (o->kind == OPTION_GROUP)
        read_section(r, option_section(s, o), n, (char *)base + o->offset);
    else if (o->kind == OPTION_NAMED)
        read_named(r, s, o, n, base);
    else if (o->kind == OPTION_LIST)
        read_list(r, s, o, n, base);
    else
        read_values[o->kind](r, o, n, base);
}

void read_section(struct reader *r, const struct section *s, const struct node *n, void *base) {
    bool is_map = n->kind == NODE_MAP;
    if (!is_map && n->kind != NODE_BROKEN)
        fault_at(r->faults, n->place, "%s is a map of options such as {%s: …}", s->what, s->options[0].name);
    for (size_t k = 0; is_map && k < n->count; k++)
        if (section_option(s, n->entries[k].key->text) == NULL)
            report_unknown(r, s, n->entries[k].key);
    for (size_t k = 0; k < s->count; k++) {
        const struct option_row *o = &s->options[k];
        const struct node *value = node_get(n, o->name);
        struct node fallback = {.kind = NODE_SCALAR, .place = n->place, .text = o->fallback};
        leave_out(r, o, base);
        if (value != NULL)
            read_option(r, s, o, value, base);
        else if (o->fallback != NULL)
            read_option(r, s, o, &fallback, base);
        else if (is_map && (o->flags & OPTION_COMPULSORY) != 0)
            fault_at(r->faults, n->place, "%s has no '%s', which is compulsory: %s", s->what, o->name, o->help);
        else if (o->kind == OPTION_GROUP && (o->flags & OPTION_COMPULSORY) == 0)
            read_option(r, s, o, &NOTHING, base);
    }
}

static void read_list(struct reader *r, const struct section *of, const struct option_row *o, const struct node *n,
                      void *base) {
    const struct section *s = option_section(of, o);
    if (!reader_wants(r, o, n, NODE_LIST))
        return;
    if ((int64_t)n->count < o->least || (int64_t)n->count > o->most) {
        char range[OPTION_RANGE_SIZE];
        fault_at(r->faults, n->place, "%s: %zu entries; the number must be %s", o->name, n->count,
                 option_range(o, range));
        return;
    }
    char *array = arena_array(r->arena, n->count, s->size);
    reader_set_array(o, base, array, n->count);
    for (size_t k = 0; k < n->count; k++)
        read_section(r, s, n->entries[k].value, array + k * s->size);
}

/* The names of a section, which have their numbers already. */
static void read_named(struct reader *r, const struct section *of, const struct option_row *o, const struct node *n,
                       void *base) {
    const struct section *s = option_section(of, o);
    if (!reader_wants(r, o, n, NODE_MAP))
        return;
    char *array;
    memcpy(&array, (char *)base + o->offset, sizeof array);
    if (n->count == 0 && (o->flags & OPTION_COMPULSORY) != 0)
        fault_at(r->faults, n->place, "%s: at least one is needed", o->name);
    for (size_t k = 0; k < n->count; k++) {
        const char *name = n->entries[k].key->text;
        int32_t number = o->of == TABLE_LINES ? names_find(r->plant->inner->bases, name)
                                              : names_find(r->plant->inner->tables[o->of], name);
        if (number < 0 || (o->of == TABLE_CALENDARS && number == 0))
            continue; /* a fault when it was given no number */
        read_section(r, s, n->entries[k].value, array + (size_t)number * s->size);
        if (o->of != TABLE_LINES)
            continue;
        struct plant_line *lines = (struct plant_line *)(void *)array, *first = &lines[number];
        for (size_t m = (size_t)number + 1; m < r->plant->line_count && lines[m].base == first->base; m++) {
            const char *id = lines[m].id;
            lines[m] = *first;
            lines[m].id = id;
        }
    }
}

/* How many stations a line has, as far as that can be read: faults come when it is read as an option. */
static size_t stations(const struct node *line) {
    const struct node *count = node_get(line, "count");
    int64_t n;
    if (count == NULL || count->kind != NODE_SCALAR || !value_integer(count->text, &n) || n < 1 || n > 1000)
        return 1;
    return (size_t)n;
}

static bool good_name(struct reader *r, enum option_table table, const struct node *key) {
    if (table == TABLE_CALENDARS && strcmp(key->text, "always") == 0) {
        fault_at(r->faults, key->place, "the calendar 'always' is built in; give this one another name");
        return false;
    }
    if (!value_name(key->text))
        fault_at(r->faults, key->place,
                 "'%.100s' is no name for a %s: 1–64 letters, digits, . _ -, beginning with a letter or digit",
                 key->text, option_table_text(table));
    return true; /* it gets a number all the same, so that what refers to it is no fault too */
}

static void number_lines(struct reader *r, const struct node *map) {
    struct plant_inner *inner = r->plant->inner;
    size_t total = 0, at = 0;
    for (size_t k = 0; k < map->count; k++)
        total += stations(map->entries[k].value);
    if (total > LINES_MAX) {
        fault_at(r->faults, map->place, "more than 10,000 lines");
        return;
    }
    struct plant_line *lines = arena_array(r->arena, total, sizeof *lines);
    inner->tables[TABLE_LINES] = names_new(r->arena, total);
    inner->bases = names_new(r->arena, map->count);
    for (size_t k = 0; k < map->count; k++) {
        const struct node *key = map->entries[k].key;
        const char *base = arena_strdup(r->arena, key->text);
        size_t count = stations(map->entries[k].value);
        good_name(r, TABLE_LINES, key);
        names_add(inner->bases, base, (int32_t)at);
        for (size_t m = 1; m <= count; m++, at++) {
            lines[at] =
                (struct plant_line){.id = count == 1 ? base : arena_printf(r->arena, "%s.%zu", base, m), .base = base};
            if (names_add(inner->tables[TABLE_LINES], lines[at].id, (int32_t)at) >= 0)
                fault_at(r->faults, key->place,
                         "two lines are called '%.100s': a station of a line with count, and a line of that name",
                         lines[at].id);
        }
    }
    r->plant->lines = lines;
    r->plant->line_count = total;
}

static void number_names(struct reader *r, const struct section *s, const struct option_row *o, const struct node *map,
                         void *base) {
    if (map->kind != NODE_MAP)
        return;
    if (o->of == TABLE_LINES) {
        number_lines(r, map);
        return;
    }
    size_t built_in = o->of == TABLE_CALENDARS, count = 0, size = option_section(s, o)->size;
    char *array = arena_array(r->arena, map->count + built_in, size);
    struct names *names = names_new(r->arena, map->count + built_in);
    if (built_in) {
        struct plant_calendar always = {.id = "always", .always = true};
        memcpy(array, &always, sizeof always);
        names_add(names, always.id, (int32_t)count++);
    }
    for (size_t k = 0; k < map->count; k++) {
        const struct node *key = map->entries[k].key;
        if (!good_name(r, o->of, key))
            continue;
        const char *name = arena_strdup(r->arena, key->text);
        memcpy(array + count * size, &name, sizeof name);
        names_add(names, name, (int32_t)count++);
    }
    r->plant->inner->tables[o->of] = names;
    reader_set_array(o, base, array, count);
}

/* Numbers all names in a section of the root or of one of its groups. */
static void number_all(struct reader *r, const struct section *s, const struct node *n, void *base) {
    for (size_t k = 0; k < s->count; k++) {
        const struct option_row *o = &s->options[k];
        const struct node *value = node_get(n, o->name);
        if (o->kind == OPTION_GROUP && value != NULL)
            number_all(r, option_section(s, o), value, (char *)base + o->offset);
        else if (o->kind == OPTION_NAMED && (value != NULL || o->of == TABLE_CALENDARS))
            number_names(r, s, o, value != NULL && value->kind == NODE_MAP ? value : &NOTHING, base);
    }
}

void reader_read(struct reader *r, const struct node *root) {
    struct plant_inner *inner = r->plant->inner;
    for (size_t k = 0; k < TABLE_COUNT; k++)
        inner->tables[k] = names_new(r->arena, 0);
    inner->bases = names_new(r->arena, 0);
    number_all(r, &sections[0], root, r->plant);
    r->marks = arena_array(r->scratch, r->plant->line_count, sizeof *r->marks);
    read_section(r, &sections[0], root, r->plant);
}
