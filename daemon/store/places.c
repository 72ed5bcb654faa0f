/* SPDX-License-Identifier: Apache-2.0 */

/* A plan that moves a task moves its lot's others as well, mostly. What a database takes for a row (find it, lock it,
 * write the new one, log it) is much the same for a short row and one ten times as long, so a lot is one row and not one
 * for each task. The price: a lot of which one task moves is read and written whole. */

#include "daemon/store/places.h"

#include <stdlib.h>
#include <string.h>

enum { NUMBERS_SIZE = 3 * 21 };

struct place {
    uint32_t op;
    int64_t start_s, end_s;
    const char *line;
    size_t line_length;
};

struct places {
    struct place *rows;
    size_t count;
};

static bool only_moved(const struct task_row *row) {
    return row->moved && !row->gone;
}

int places_compare(const void *a, const void *b) {
    const struct task_row *x = *(const struct task_row *const *)a, *y = *(const struct task_row *const *)b;
    if (x->lot != y->lot)
        return x->lot < y->lot ? -1 : 1;
    if (only_moved(x) != only_moved(y))
        return only_moved(x) ? 1 : -1;
    return (x > y) - (x < y);
}

size_t places_of_lot(const struct task_row *const *rows, size_t count) {
    size_t n = 1;
    while (n < count && rows[n]->lot == rows[0]->lot)
        n++;
    return n;
}

bool places_line_fits(const char *line) {
    return line == NULL || strchr(line, '\n') == NULL;
}

/* ---- reading ---- */

/* Takes a number and the blank after it. */
static bool take_number(const char **at, int64_t *ret) {
    const char *digits = *at + (**at == '-');
    char *end;
    if (*digits < '0' || *digits > '9')
        return false;
    *ret = strtoll(*at, &end, 10);
    if (*end != ' ')
        return false;
    *at = end + 1;
    return true;
}

static bool take_time(const char **at, int64_t *ret) {
    if ((*at)[0] != '-' || (*at)[1] != ' ')
        return take_number(at, ret);
    *ret = TAKT_TIME_NONE;
    *at += 2;
    return true;
}

/* Takes one line of the text. */
static bool take_place(const char **at, struct place *ret) {
    int64_t op;
    if (!take_number(at, &op) || op < 0 || op > UINT32_MAX || !take_time(at, &ret->start_s) ||
        !take_time(at, &ret->end_s))
        return false;
    const char *end = strchr(*at, '\n');
    if (end == NULL)
        return false;
    ret->op = (uint32_t)op;
    ret->line = *at;
    ret->line_length = (size_t)(end - *at);
    *at = end + 1;
    return true;
}

bool places_find(const char *text, struct arena *arena, struct task_row *ret) {
    struct place place;
    while (*text != '\0' && take_place(&text, &place))
        if (place.op == ret->op) {
            ret->line = arena_strndup(arena, place.line, place.line_length);
            ret->start_s = place.start_s;
            ret->end_s = place.end_s;
            return true;
        }
    return false;
}

bool places_sound(const char *text) {
    struct place place;
    for (int64_t last = -1; *text != '\0'; last = place.op)
        if (!take_place(&text, &place) || place.op <= last)
            return false;
    return true;
}

/* room: for how many more. */
static bool parse(const char *text, size_t room, struct arena *arena, struct places *ret) {
    size_t lines = 0;
    for (const char *c = text; (c = strchr(c, '\n')) != NULL; c++)
        lines++;
    ret->rows = arena_array(arena, lines + room, sizeof *ret->rows);
    for (ret->count = 0; *text != '\0' && ret->count < lines; ret->count++)
        if (!take_place(&text, &ret->rows[ret->count]))
            return false;
    return *text == '\0';
}

/* ---- writing ---- */

static char *put_number(char *at, int64_t n) {
    char digits[21];
    size_t count = 0;
    uint64_t left = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    do
        digits[count++] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (n < 0)
        *at++ = '-';
    while (count > 0)
        *at++ = digits[--count];
    *at++ = ' ';
    return at;
}

static char *put_time(char *at, int64_t time_s) {
    if (time_s != TAKT_TIME_NONE)
        return put_number(at, time_s);
    *at++ = '-';
    *at++ = ' ';
    return at;
}

static const char *format(const struct places *p, struct arena *arena) {
    size_t size = 1;
    for (size_t i = 0; i < p->count; i++)
        size += NUMBERS_SIZE + p->rows[i].line_length + 1;
    char *text = arena_alloc(arena, size), *at = text;
    for (size_t i = 0; i < p->count; i++) {
        const struct place *place = &p->rows[i];
        at = put_time(put_time(put_number(at, place->op), place->start_s), place->end_s);
        memcpy(at, place->line, place->line_length);
        at += place->line_length;
        *at++ = '\n';
    }
    *at = '\0';
    return text;
}

/* Where the op is or belongs. Rows mostly come by op, so it is looked for near the last one. */
static size_t seek(const struct places *p, size_t near, uint32_t op) {
    size_t at = near < p->count ? near : p->count;
    while (at > 0 && p->rows[at - 1].op >= op)
        at--;
    while (at < p->count && p->rows[at].op < op)
        at++;
    return at;
}

const char *places_apply(const char *text, const struct task_row *const *rows, size_t count, struct arena *arena) {
    struct places p;
    if (!parse(text, count, arena, &p))
        return NULL;
    for (size_t i = 0, at = 0; i < count; i++) {
        const struct task_row *row = rows[i];
        at = seek(&p, at, row->op);
        bool there = at < p.count && p.rows[at].op == row->op;
        if (!there && (row->gone || row->moved))
            continue;
        struct place *place = &p.rows[at];
        if (row->gone) {
            memmove(place, place + 1, (--p.count - at) * sizeof *place);
            continue;
        }
        if (!there)
            memmove(place + 1, place, (p.count++ - at) * sizeof *place);
        const char *line = row->line != NULL ? row->line : "";
        *place = (struct place){row->op, row->start_s, row->end_s, line, strlen(line)};
    }
    return format(&p, arena);
}
