/* SPDX-License-Identifier: Apache-2.0 */
#include "config/fault.h"

#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 600 }; /* bytes; what an operator wrote is quoted, and that may be long */

struct found {
    struct place place;
    const char *text;
    size_t number; /* in the order of finding, which decides between faults of one place */
};

struct faults {
    struct arena *arena;
    struct found list[FAULTS_MAX + 1];
    size_t count;
};

struct faults *faults_new(struct arena *arena) {
    struct faults *faults = arena_alloc(arena, sizeof *faults);
    faults->arena = arena;
    return faults;
}

/* Leaves out characters of UTF-8 of which a cut has left only a part. */
static void heal(char *text) {
    char *to = text;
    for (const unsigned char *from = (const unsigned char *)text; *from != '\0';) {
        size_t wanted = *from < 0x80 ? 1 : *from >= 0xf0 ? 4 : *from >= 0xe0 ? 3 : *from >= 0xc0 ? 2 : 0, there = 1;
        while (there < wanted && (from[there] & 0xc0) == 0x80)
            there++;
        if (there == wanted)
            for (size_t k = 0; k < wanted; k++)
                *to++ = (char)from[k];
        from += there;
    }
    *to = '\0';
}

void fault_at(struct faults *faults, struct place place, const char *format, ...) {
    if (faults->count > FAULTS_MAX)
        return;
    char text[TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    heal(text);
    const char *kept =
        faults->count < FAULTS_MAX ? text : "there are more mistakes than can be shown; mend these first";
    faults->list[faults->count] = (struct found){place, arena_strdup(faults->arena, kept), faults->count};
    faults->count++;
}

size_t faults_count(const struct faults *faults) {
    return faults->count;
}

static int compare(const void *a, const void *b) {
    const struct found *x = a, *y = b;
    if (x->place.source->number != y->place.source->number)
        return x->place.source->number < y->place.source->number ? -1 : 1;
    if (x->place.line != y->place.line)
        return x->place.line < y->place.line ? -1 : 1;
    if (x->place.column != y->place.column)
        return x->place.column < y->place.column ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

struct plant_fault *faults_list(const struct faults *faults, struct arena *arena, size_t *ret_count) {
    struct found *sorted = arena_memdup(arena, faults->list, faults->count * sizeof *sorted);
    if (faults->count > 1) {
        size_t last = faults->count > FAULTS_MAX; /* the one that says that there are more stays behind */
        qsort(sorted, faults->count - last, sizeof *sorted, compare);
    }
    struct plant_fault *list = arena_array(arena, faults->count, sizeof *list);
    for (size_t k = 0; k < faults->count; k++)
        list[k] = (struct plant_fault){arena_strdup(arena, sorted[k].place.source->path), sorted[k].place.line,
                                       sorted[k].place.column, arena_strdup(arena, sorted[k].text)};
    *ret_count = faults->count;
    return list;
}
