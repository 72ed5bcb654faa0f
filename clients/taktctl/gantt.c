/* SPDX-License-Identifier: Apache-2.0 */

/* The chart is painted into cells first, a row a line: downtime, then tasks, then the mark of now; then the rows are printed,
 * changing colour only where it changes. A cell belongs to the task that covers most of its slice; of tasks that run at the
 * same time on a batch line, the one that came first. A task too short for a cell of its own still gets one if it is free. */

#include "clients/taktctl/gantt.h"

#include "base/arena.h"
#include "base/time.h"
#include "clients/taktctl/table.h"
#include "config/zone.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_WIDTH = 16, COLUMNS_LEAST = 20, SPAN_MAX_S = 10 * 86400, SPAN_LEAST_S = 3600, FAMILIES_MAX = 12, AXIS_STEPS = 12 };

enum cell_kind { CELL_IDLE, CELL_DOWN, CELL_TASK };

struct cell {
    enum cell_kind kind;
    uint8_t family;   /* place in families, FAMILIES_MAX: another */
    bool late;
    int64_t covered_s; /* by its task */
    const char *task; /* the bar it is part of */
    char letter;      /* of the lot's name, 0: none */
};

struct chart {
    const struct ctl *ctl;
    int64_t from_s, to_s;
    int columns, name_width;
    size_t lines;
    const char **names;
    struct cell *cells; /* lines × columns */
    const char *families[FAMILIES_MAX];
    size_t family_count;
    bool others, late, down;
};

/* Backgrounds that black text is readable on, far from each other. */
static const int palette[FAMILIES_MAX + 1] = {117, 222, 156, 218, 183, 216, 123, 229, 151, 146, 209, 79, 250};

/* ---- time and place ---- */

static int column_of(const struct chart *c, int64_t time_s) {
    if (time_s <= c->from_s)
        return 0;
    if (time_s >= c->to_s)
        return c->columns;
    return (int)((__int128)(time_s - c->from_s) * c->columns / (c->to_s - c->from_s));
}

static int64_t time_at(const struct chart *c, int column) {
    return c->from_s + (int64_t)((__int128)(c->to_s - c->from_s) * column / c->columns);
}

static const char *family_name(const json_t *task) {
    const char *family = text_of(task, "family");
    return *family ? family : text_of(task, "product");
}

static uint8_t family_of(struct chart *c, const json_t *task) {
    const char *name = family_name(task);
    for (size_t i = 0; i < c->family_count; i++)
        if (strcmp(c->families[i], name) == 0)
            return (uint8_t)i;
    if (c->family_count == FAMILIES_MAX) {
        c->others = true;
        return FAMILIES_MAX;
    }
    c->families[c->family_count] = name;
    return (uint8_t)c->family_count++;
}

static struct cell *row_of(const struct chart *c, const char *line) {
    for (size_t i = 0; i < c->lines; i++)
        if (strcmp(c->names[i], line) == 0)
            return c->cells + i * (size_t)c->columns;
    return NULL;
}

/* From now, or from the start of what runs, to the last end. */
static void choose_span(struct chart *c, const struct gantt *gantt) {
    int64_t first_s = c->ctl->now_s, last_s = c->ctl->now_s + SPAN_LEAST_S;
    size_t i;
    json_t *task;
    json_array_foreach(json_object_get(gantt->plan, "tasks"), i, task) {
        int64_t start_s, end_s;
        if (!time_of(task, "start", &start_s) || !time_of(task, "end", &end_s))
            continue;
        if (end_s > c->ctl->now_s && start_s < first_s && c->ctl->now_s - start_s < 2 * 86400)
            first_s = start_s;
        last_s = end_s > last_s ? end_s : last_s;
    }
    c->from_s = gantt->from_s != TAKT_TIME_NONE ? gantt->from_s : first_s;
    c->to_s = gantt->to_s != TAKT_TIME_NONE ? gantt->to_s : last_s;
    if (gantt->to_s == TAKT_TIME_NONE && c->to_s - c->from_s > SPAN_MAX_S)
        c->to_s = c->from_s + SPAN_MAX_S;
    if (c->to_s - c->from_s < SPAN_LEAST_S)
        c->to_s = c->from_s + SPAN_LEAST_S;
}

/* ---- painting ---- */

static void paint_down(struct chart *c, const json_t *down) {
    int64_t from_s = 0, to_s = TAKT_TIME_NEVER;
    struct cell *row = row_of(c, text_of(down, "line"));
    time_of(down, "from", &from_s);
    time_of(down, "to", &to_s);
    if (!row || to_s <= c->from_s || from_s >= c->to_s)
        return;
    int last = column_of(c, to_s - 1);
    for (int k = column_of(c, from_s); k <= last && k < c->columns; k++)
        row[k].kind = CELL_DOWN;
    c->down = true;
}

static int64_t covered_s(const struct chart *c, int column, int64_t start_s, int64_t end_s) {
    int64_t from_s = time_at(c, column), to_s = time_at(c, column + 1);
    from_s = start_s > from_s ? start_s : from_s;
    to_s = end_s < to_s ? end_s : to_s;
    return to_s - from_s;
}

static void paint_task(struct chart *c, const json_t *task) {
    int64_t start_s, end_s;
    struct cell *row = row_of(c, text_of(task, "line"));
    if (!row || !time_of(task, "start", &start_s) || !time_of(task, "end", &end_s) || end_s <= c->from_s || start_s >= c->to_s)
        return;
    uint8_t family = family_of(c, task);
    bool late = flag_of(task, "late");
    c->late |= late;
    int last = column_of(c, end_s - 1);
    for (int k = column_of(c, start_s); k <= last && k < c->columns; k++) {
        int64_t covered = covered_s(c, k, start_s, end_s);
        if (row[k].kind == CELL_TASK && row[k].covered_s >= covered)
            continue;
        row[k] = (struct cell){CELL_TASK, family, late, covered, text_of(task, "task"), 0};
    }
}

/* The lot's number in the middle of each bar that has room for it and a column at both ends. */
static void label_bars(struct chart *c, struct cell *row) {
    for (int begin = 0, end; begin < c->columns; begin = end) {
        for (end = begin + 1; end < c->columns && row[end].task == row[begin].task; end++) {
        }
        const char *task = row[begin].kind == CELL_TASK ? row[begin].task : "";
        int length = (int)strcspn(task, "-"), room = end - begin;
        for (int i = 0; length > 0 && length + 2 <= room && i < length; i++)
            row[begin + (room - length) / 2 + i].letter = task[i];
    }
}

static void paint(struct chart *c, const json_t *plan) {
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(plan, "downs"), i, one)
        paint_down(c, one);
    json_array_foreach(json_object_get(plan, "tasks"), i, one)
        paint_task(c, one);
    for (i = 0; i < c->lines; i++)
        label_bars(c, c->cells + i * (size_t)c->columns);
}

/* ---- printing ---- */

static char family_letter(uint8_t family) {
    return family < FAMILIES_MAX ? (char)('A' + family) : '#';
}

static void print_cell(const struct chart *c, const struct cell *cell, bool now) {
    bool colour = c->ctl->colour, unicode = c->ctl->unicode;
    FILE *out = c->ctl->out;
    if (cell->kind == CELL_TASK) {
        char letter = cell->letter ? cell->letter : colour ? ' ' : family_letter(cell->family);
        if (colour)
            fprintf(out, "\033[%s48;5;%dm", cell->late ? "1;38;5;160;" : "38;5;16;", palette[cell->family]);
        if (now && !cell->letter)
            fputs(unicode ? "│" : "|", out);
        else if (cell->late && !cell->letter)
            fputc('!', out);
        else
            fputc(letter, out);
        fputs(colour ? "\033[0m" : "", out);
    } else if (now) {
        fprintf(out, "%s%s%s", colour ? "\033[1;31m" : "", unicode ? "│" : "|", colour ? "\033[0m" : "");
    } else if (cell->kind == CELL_DOWN) {
        fprintf(out, "%s%s%s", tone_on(c->ctl, TONE_BAD), unicode ? "▒" : "x", tone_off(c->ctl, TONE_BAD));
    } else {
        fprintf(out, "%s%s%s", tone_on(c->ctl, TONE_DIM), unicode ? "·" : ".", tone_off(c->ctl, TONE_DIM));
    }
}

static void print_row(const struct chart *c, size_t line, int now_column) {
    const struct cell *row = c->cells + line * (size_t)c->columns;
    fprintf(c->ctl->out, "%-*.*s ", c->name_width, c->name_width, c->names[line]);
    for (int k = 0; k < c->columns; k++)
        print_cell(c, &row[k], k == now_column);
    fputc('\n', c->ctl->out);
}

/* Steps of the axis, in seconds: the first that leaves room for a label of some twelve columns. */
static int64_t axis_step_s(const struct chart *c) {
    static const int64_t steps_s[] = {600, 1800, 3600, 2 * 3600, 4 * 3600, 6 * 3600, 12 * 3600, 86400, 2 * 86400, 7 * 86400};
    size_t i = 0;
    while (i + 1 < sizeof steps_s / sizeof steps_s[0] && steps_s[i] * c->columns / (c->to_s - c->from_s) < AXIS_STEPS)
        i++;
    return steps_s[i];
}

static void axis_label(const struct chart *c, int64_t time_s, int64_t step_s, char *buffer, size_t size) {
    static const char *const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    int32_t day, second;
    int year, month, mday;
    zone_local(c->ctl->zone, time_s, &day, &second);
    civil_from_day(day, &year, &month, &mday);
    if (step_s >= 86400 || second == 0)
        snprintf(buffer, size, "%s %d.%d.", names[day_of_week(day)], mday, month);
    else
        snprintf(buffer, size, "%02d:%02d", second / 3600, second / 60 % 60);
}

/* Labels at whole steps of local time, each beginning at its column. */
static void print_axis(const struct chart *c) {
    int64_t step_s = axis_step_s(c);
    int32_t day, second;
    zone_local(c->ctl->zone, c->from_s, &day, &second);
    int64_t midnight_s = zone_time(c->ctl->zone, day, 0);
    char *text = arena_alloc(c->ctl->arena, (size_t)c->columns + 1), label[32];
    memset(text, ' ', (size_t)c->columns);
    for (int64_t at = midnight_s; at < c->to_s; at += step_s) {
        axis_label(c, at, step_s, label, sizeof label);
        int column = column_of(c, at), length = (int)strlen(label);
        if (at >= c->from_s && column + length + 1 < c->columns)
            text[column] = '|', memcpy(text + column + 1, label, (size_t)length);
    }
    fprintf(c->ctl->out, "%s%-*s %s%s\n", tone_on(c->ctl, TONE_DIM), c->name_width, "", text, tone_off(c->ctl, TONE_DIM));
}

static void print_legend(const struct chart *c) {
    FILE *out = c->ctl->out;
    bool colour = c->ctl->colour, unicode = c->ctl->unicode;
    for (size_t i = 0; i < c->family_count; i++)
        if (colour)
            fprintf(out, "\033[38;5;16;48;5;%dm  \033[0m %s  ", palette[i], c->families[i]);
        else
            fprintf(out, "%c %s  ", family_letter((uint8_t)i), c->families[i]);
    if (c->others)
        fprintf(out, "%s other families  ", colour ? "\033[48;5;250m  \033[0m" : "#");
    if (c->down)
        fprintf(out, "%s%s%s down  ", tone_on(c->ctl, TONE_BAD), unicode ? "▒" : "x", tone_off(c->ctl, TONE_BAD));
    if (c->late)
        fprintf(out, "%s!%s late  ", tone_on(c->ctl, TONE_BAD), tone_off(c->ctl, TONE_BAD));
    fprintf(out, "%s now\n", unicode ? "│" : "|");
}

static void collect_lines(struct chart *c, const struct gantt *gantt) {
    const json_t *lines = json_object_get(gantt->plan, "lines");
    c->names = arena_array(c->ctl->arena, json_array_size(lines), sizeof *c->names);
    c->name_width = 4;
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const char *name = json_string_value(json_array_get(lines, i));
        if (!name || (gantt->line && strcmp(name, gantt->line) != 0))
            continue;
        int width = (int)strlen(name);
        c->name_width = width > c->name_width ? width : c->name_width;
        c->names[c->lines++] = name;
    }
    if (c->name_width > NAME_MAX_WIDTH)
        c->name_width = NAME_MAX_WIDTH;
}

void gantt_print(const struct ctl *ctl, const struct gantt *gantt) {
    struct chart c = {.ctl = ctl};
    char from[WHEN_SIZE], to[WHEN_SIZE];
    collect_lines(&c, gantt);
    choose_span(&c, gantt);
    c.columns = ctl->width - c.name_width - 1;
    if (c.columns < COLUMNS_LEAST)
        c.columns = COLUMNS_LEAST;
    c.cells = arena_array(ctl->arena, c.lines * (size_t)c.columns, sizeof *c.cells);
    paint(&c, gantt->plan);
    bool shows_now = ctl->now_s >= c.from_s && ctl->now_s < c.to_s;
    int now_column = shows_now ? column_of(&c, ctl->now_s) : -1;
    fprintf(ctl->out, "plan %lld, %s to %s, %s\n", (long long)integer_of(gantt->plan, "version"), when_text(ctl, c.from_s, from),
            when_text(ctl, c.to_s, to), ctl->zone_name);
    print_axis(&c);
    for (size_t i = 0; i < c.lines; i++)
        print_row(&c, i, now_column);
    print_legend(&c);
}
