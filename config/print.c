/* SPDX-License-Identifier: Apache-2.0 */
/* A walk over the option table and a plant's structs side by side, the reader's counterpart. */
#include "config/print.h"

#include "base/arena.h"
#include "base/time.h"
#include "config/inner.h"
#include "config/print_values.h"

#include <stdlib.h>
#include <string.h>

struct spot { /* where the walk is */
    const char *name, *path;
    int depth;
    const void *base; /* the struct that the row's field is in */
};

typedef void visit_fn(void *arg, const struct option_row *o, const struct spot *spot);

struct walk {
    struct arena *arena;
    visit_fn *value; /* a row that holds a value or a list */
    visit_fn *open;  /* a group, a section of names or (o is NULL) a name, whose rows follow; may be NULL */
    void *arg;
};

static const void *element(const struct option_row *o, const void *base, size_t size, size_t k) {
    const char *array;
    memcpy(&array, (const char *)base + o->offset, sizeof array);
    return array + k * size;
}

static size_t element_count(const struct option_row *o, const void *base) {
    size_t count;
    memcpy(&count, (const char *)base + o->count_offset, sizeof count);
    return count;
}

static void walk_section(const struct walk *w, const struct section *s, const struct spot *at);

static void visit_open(const struct walk *w, const struct option_row *o, const struct spot *spot) {
    if (w->open != NULL)
        w->open(w->arg, o, spot);
}

static struct spot below(const struct walk *w, const struct spot *at, const char *name, const void *base) {
    const char *path = at->path[0] == '\0' ? name : arena_printf(w->arena, "%s.%s", at->path, name);
    return (struct spot){name, path, at->depth + 1, base};
}

static void walk_names(const struct walk *w, const struct section *s, const struct option_row *o,
                       const struct spot *at) {
    const char *before = NULL;
    for (size_t k = 0; k < element_count(o, at->base); k++) {
        const void *item = element(o, at->base, s->size, k);
        const char *name;
        memcpy(&name, item, sizeof name);
        if (o->of == TABLE_CALENDARS && k == 0)
            continue; /* `always` */
        if (o->of == TABLE_LINES) {
            name = ((const struct plant_line *)item)->base;
            if (name == before)
                continue; /* further stations of the same line */
            before = name;
        }
        struct spot spot = below(w, at, name, item);
        visit_open(w, NULL, &spot);
        walk_section(w, s, &spot);
    }
}

static void walk_section(const struct walk *w, const struct section *s, const struct spot *at) {
    for (size_t k = 0; k < s->count; k++) {
        const struct option_row *o = &s->options[k];
        struct spot spot = below(w, at, o->name, at->base);
        if (o->kind == OPTION_GROUP) {
            visit_open(w, o, &spot);
            spot.base = (const char *)at->base + o->offset;
            walk_section(w, option_section(s, o), &spot);
        } else if (o->kind != OPTION_NAMED) {
            w->value(w->arg, o, &spot);
        } else if (element_count(o, at->base) > (o->of == TABLE_CALENDARS)) {
            visit_open(w, o, &spot);
            walk_names(w, option_section(s, o), o, &spot);
        }
    }
}

static void walk_plant(const struct walk *w, const struct plant *plant) {
    struct spot root = {"", "", -1, plant};
    walk_section(w, &sections[0], &root);
}

/* The list of values. */

struct gather {
    const struct plant *plant;
    bool reveal;
    struct arena *arena;
    struct plant_value *list;
    size_t count, cap;
};

static void gather_value(void *arg, const struct option_row *o, const struct spot *spot) {
    struct gather *g = arg;
    if (g->count == g->cap) {
        g->cap = g->cap == 0 ? 256 : g->cap * 2;
        struct plant_value *more = arena_array(g->arena, g->cap, sizeof *more);
        if (g->count > 0)
            memcpy(more, g->list, g->count * sizeof *more);
        g->list = more;
    }
    g->list[g->count++] = (struct plant_value){spot->path, o, print_text(g->plant, o, spot->base, g->reveal, g->arena)};
}

void plant_values(const struct plant *plant, bool reveal, struct arena *arena, struct plant_value **ret_list,
                  size_t *ret_count) {
    struct gather g = {.plant = plant, .reveal = reveal, .arena = arena};
    struct walk w = {.arena = arena, .value = gather_value, .arg = &g};
    walk_plant(&w, plant);
    *ret_list = g.list;
    *ret_count = g.count;
}

/* YAML in blocks. */

struct block {
    const struct plant *plant;
    struct arena *arena;
    FILE *to;
};

/* Elements of a list stand on lines of their own. */
static void print_block_list(const struct block *b, const struct option_row *o, const struct spot *spot) {
    const struct section *s = option_section(section_with(o), o);
    size_t count = element_count(o, spot->base);
    if (count > 0)
        fprintf(b->to, "%*s%s:\n", 2 * spot->depth, "", o->name);
    for (size_t k = 0; k < count; k++)
        fprintf(b->to, "%*s- %s\n", 2 * spot->depth + 2, "",
                print_item(b->plant, s, element(o, spot->base, s->size, k), b->arena));
}

static void print_block_value(void *arg, const struct option_row *o, const struct spot *spot) {
    const struct block *b = arg;
    if (o->kind == OPTION_LIST) {
        print_block_list(b, o, spot);
        return;
    }
    const char *text = print_text(b->plant, o, spot->base, false, b->arena);
    if (text != NULL)
        fprintf(b->to, "%*s%s: %s\n", 2 * spot->depth, "", o->name, text);
}

static void print_block_open(void *arg, const struct option_row *o, const struct spot *spot) {
    const struct block *b = arg;
    (void)o;
    fprintf(b->to, "%*s%s:\n", 2 * spot->depth, "", spot->name);
}

void plant_print(const struct plant *plant, FILE *to) {
    struct arena *arena = arena_new();
    struct block b = {plant, arena, to};
    struct walk w = {.arena = arena, .value = print_block_value, .open = print_block_open, .arg = &b};
    walk_plant(&w, plant);
    arena_free(arena);
}

/* postgresql://user:PASSWORD@host/…?password=PASSWORD */
const char *store_without_password(const char *url, struct arena *arena) {
    const char *user = strstr(url, "://");
    if (user == NULL)
        return url;
    user += 3;
    size_t authority = strcspn(user, "/?");
    const char *at = memrchr(user, '@', authority), *colon = at == NULL ? NULL : memchr(user, ':', (size_t)(at - user));
    if (colon != NULL)
        url = arena_printf(arena, "%.*s:***%s", (int)(colon - url), url, at);
    const char *word = strstr(url, "password=");
    if (word == NULL)
        return url;
    word += strlen("password=");
    return arena_printf(arena, "%.*s***%s", (int)(word - url), url, word + strcspn(word, "&"));
}
