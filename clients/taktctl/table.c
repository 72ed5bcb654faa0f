/* SPDX-License-Identifier: Apache-2.0 */

/* Cells are kept as text until all rows are known, then measured and printed. */

#include "clients/taktctl/table.h"

#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

struct cell {
    char *text;
    int width;
};

struct table {
    const struct ctl *ctl;
    struct cell header[TABLE_COLUMNS_MAX];
    bool right[TABLE_COLUMNS_MAX];
    size_t columns;
    struct cell *cells;
    size_t cell_count, cell_cap;
    enum table_tone *tones; /* by row */
    size_t tone_count, tone_cap;
};

static const char *const tones[] = {
    [TONE_PLAIN] = "", [TONE_GOOD] = "\033[32m", [TONE_WARNING] = "\033[33m", [TONE_BAD] = "\033[31m", [TONE_DIM] = "\033[2m"};

const char *tone_on(const struct ctl *ctl, enum table_tone tone) {
    return ctl->colour ? tones[tone] : "";
}

const char *tone_off(const struct ctl *ctl, enum table_tone tone) {
    return ctl->colour && tone != TONE_PLAIN ? "\033[0m" : "";
}

/* Bytes of one character; a byte that begins none counts as one. */
static size_t step(const char *text, wchar_t *ret) {
    const unsigned char *b = (const unsigned char *)text;
    size_t length = b[0] < 0x80 ? 1 : (b[0] & 0xe0) == 0xc0 ? 2 : (b[0] & 0xf0) == 0xe0 ? 3 : (b[0] & 0xf8) == 0xf0 ? 4 : 1;
    wchar_t c = (wchar_t)(length == 1 ? b[0] : b[0] & (0xff >> (length + 1)));
    for (size_t i = 1; i < length; i++) {
        if ((b[i] & 0xc0) != 0x80)
            return *ret = '?', 1;
        c = (c << 6) | (wchar_t)(b[i] & 0x3f);
    }
    *ret = c;
    return length;
}

int text_width(const char *text) {
    int width = 0;
    while (*text) {
        wchar_t c;
        text += step(text, &c);
        int w = wcwidth(c);
        width += w < 0 ? 1 : w;
    }
    return width;
}

static struct cell cell_of(char *text) {
    return (struct cell){text, text_width(text)};
}

struct table *table_new(const struct ctl *ctl, const char *headers) {
    struct table *t = takt_alloc(sizeof *t);
    t->ctl = ctl;
    for (const char *at = headers, *end = ""; at; at = *end ? end + 1 : NULL) {
        end = strchrnul(at, '|');
        assert(t->columns < TABLE_COLUMNS_MAX);
        t->right[t->columns] = *at == '>';
        at += *at == '>';
        char *name = strndup(at, (size_t)(end - at));
        if (!name)
            takt_no_memory();
        t->header[t->columns++] = cell_of(name);
    }
    return t;
}

void table_free(struct table *t) {
    if (!t)
        return;
    for (size_t i = 0; i < t->columns; i++)
        free(t->header[i].text);
    for (size_t i = 0; i < t->cell_count; i++)
        free(t->cells[i].text);
    free(t->cells);
    free(t->tones);
    free(t);
}

void table_cell(struct table *t, const char *format, ...) {
    char *text;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        takt_no_memory();
    va_end(args);
    if (t->cell_count % t->columns == 0) {
        ARRAY_GROW(t->tones, t->tone_count, t->tone_cap);
        t->tones[t->tone_count++] = TONE_PLAIN;
    }
    ARRAY_GROW(t->cells, t->cell_count, t->cell_cap);
    t->cells[t->cell_count++] = cell_of(text);
}

void table_tone(struct table *t, enum table_tone tone) {
    assert(t->tone_count > 0);
    t->tones[t->tone_count - 1] = tone;
}

static void print_tabs(const struct table *t, const struct cell *row) {
    for (size_t i = 0; i < t->columns; i++)
        fprintf(t->ctl->out, "%s%s", i ? "\t" : "", row[i].text);
    fputc('\n', t->ctl->out);
}

/* Text of at most so many columns, with an ellipsis where it was cut. */
static void print_cut(const struct ctl *ctl, const char *text, int most) {
    const char *dots = ctl->unicode ? "…" : "~";
    if (text_width(text) <= most) {
        fputs(text, ctl->out);
        return;
    }
    for (int used = 0; *text;) {
        wchar_t c;
        size_t length = step(text, &c);
        int w = wcwidth(c);
        used += w < 0 ? 1 : w;
        if (used > most - 1)
            break;
        fwrite(text, 1, length, ctl->out);
        text += length;
    }
    fputs(dots, ctl->out);
}

static void print_columns(const struct table *t, const struct cell *row, const int *widths) {
    int left = t->ctl->width;
    for (size_t i = 0; i < t->columns && left > 1; i++) {
        int gap = i ? 2 : 0, space = left - gap, pad = widths[i] - row[i].width;
        bool last = i + 1 == t->columns;
        fprintf(t->ctl->out, "%*s", gap, "");
        if (t->right[i] && widths[i] <= space)
            fprintf(t->ctl->out, "%*s", pad, "");
        print_cut(t->ctl, row[i].text, space);
        if (!t->right[i] && !last && widths[i] <= space)
            fprintf(t->ctl->out, "%*s", pad, "");
        left -= gap + widths[i];
    }
}

static void measure(const struct table *t, int *widths) {
    for (size_t i = 0; i < t->columns; i++)
        widths[i] = t->header[i].width;
    for (size_t i = 0; i < t->cell_count; i++)
        if (t->cells[i].width > widths[i % t->columns])
            widths[i % t->columns] = t->cells[i].width;
}

static void print_rows(const struct table *t) {
    int widths[TABLE_COLUMNS_MAX];
    const struct ctl *ctl = t->ctl;
    measure(t, widths);
    fputs(ctl->colour ? "\033[1m" : "", ctl->out);
    print_columns(t, t->header, widths);
    fprintf(ctl->out, "%s\n", ctl->colour ? "\033[0m" : "");
    for (size_t row = 0; row < t->tone_count; row++) {
        fputs(tone_on(ctl, t->tones[row]), ctl->out);
        print_columns(t, &t->cells[row * t->columns], widths);
        fprintf(ctl->out, "%s\n", tone_off(ctl, t->tones[row]));
    }
}

void table_print(struct table *t, const char *none) {
    assert(t->cell_count % t->columns == 0);
    if (!t->ctl->terminal)
        for (size_t row = 0; row < t->tone_count; row++)
            print_tabs(t, &t->cells[row * t->columns]);
    else if (t->tone_count == 0)
        fprintf(t->ctl->out, "%s%s%s\n", tone_on(t->ctl, TONE_DIM), none, tone_off(t->ctl, TONE_DIM));
    else
        print_rows(t);
    table_free(t);
}
