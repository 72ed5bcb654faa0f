/* SPDX-License-Identifier: Apache-2.0 */
#include "config/change.h"

#include "base/arena.h"
#include "config/inner.h"
#include "config/print.h"

#include <string.h>

struct changes {
    struct arena *arena;
    struct plant_change *list;
    size_t count, cap;
};

static void add(struct changes *c, struct plant_change change) {
    if (c->count == c->cap) {
        c->cap = c->cap == 0 ? 32 : c->cap * 2;
        struct plant_change *more = arena_array(c->arena, c->cap, sizeof *more);
        if (c->count > 0)
            memcpy(more, c->list, c->count * sizeof *more);
        c->list = more;
    }
    c->list[c->count++] = change;
}

/* Names of one table that the one plant has and the other has not. */
static void compare_names(struct changes *c, const struct option_row *o, const char *path, const struct plant *one,
                          const struct plant *other, enum plant_change_kind kind) {
    size_t size = o->of == TABLE_LINES ? sizeof(struct plant_line) : option_section(section_with(o), o)->size, count;
    const char *array;
    memcpy(&array, (const char *)one + o->offset, sizeof array);
    memcpy(&count, (const char *)one + o->count_offset, sizeof count);
    for (size_t k = 0; k < count; k++) {
        const char *name;
        memcpy(&name, array + k * size, sizeof name);
        if (names_find(other->inner->tables[o->of], name) < 0)
            add(c, (struct plant_change){.kind = kind,
                                         .path = arena_printf(c->arena, "%s.%s", path, name),
                                         .table = (enum option_table)o->of,
                                         .name = name});
    }
}

static void compare_tables(struct changes *c, const struct plant *old, const struct plant *now) {
    for (size_t k = 0; k < section_count; k++) {
        const struct section *s = &sections[k];
        for (size_t m = 0; m < s->count; m++) {
            char path[OPTION_PATH_SIZE];
            if (s->options[m].kind != OPTION_NAMED)
                continue;
            option_path(s, &s->options[m], path);
            compare_names(c, &s->options[m], path, old, now, PLANT_CHANGE_GONE);
            compare_names(c, &s->options[m], path, now, old, PLANT_CHANGE_NEW);
        }
    }
}

static enum plant_change_kind kind_of(const struct option_row *o) {
    return (o->flags & OPTION_RESTART) != 0   ? PLANT_CHANGE_RESTART
           : (o->flags & OPTION_INITIAL) != 0 ? PLANT_CHANGE_INITIAL
                                              : PLANT_CHANGE_LIVE;
}

static const char *shown(const struct changes *c, const struct option_row *o, const char *text) {
    return text != NULL && o->kind == OPTION_STORE ? store_without_password(text, c->arena) : text;
}

static bool same(const char *a, const char *b) {
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

void plant_compare(const struct plant *old, const struct plant *now, struct arena *arena,
                   struct plant_change **ret_list, size_t *ret_count) {
    struct changes c = {.arena = arena};
    struct plant_value *was, *is;
    size_t was_count, is_count;
    compare_tables(&c, old, now);
    plant_values(old, true, arena, &was, &was_count);
    plant_values(now, true, arena, &is, &is_count);
    struct names *paths = names_new(arena, was_count);
    for (size_t k = 0; k < was_count; k++)
        names_add(paths, was[k].path, (int32_t)k);
    for (size_t k = 0; k < is_count; k++) {
        int32_t before = names_find(paths, is[k].path);
        const struct option_row *o = is[k].option;
        if (before < 0 || o->kind == OPTION_COUNT || same(was[before].text, is[k].text))
            continue; /* a new name is listed as such, and so are a line's stations */
        add(&c, (struct plant_change){.kind = kind_of(o),
                                      .path = is[k].path,
                                      .was = shown(&c, o, was[before].text),
                                      .is = shown(&c, o, is[k].text)});
    }
    *ret_list = c.list;
    *ret_count = c.count;
}
