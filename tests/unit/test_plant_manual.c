/* SPDX-License-Identifier: Apache-2.0 */
/* The reference in docs/plant.md is what the option table makes of itself; TAKT_REGENERATE=1 writes it anew. */
#include "config/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MANUAL_FILE "docs/plant.md"
#define MARK        "<!-- What follows is made from the option table; a test compares it. -->\n"

/* A bar would end a cell. */
static void put_cell(FILE *to, const char *text) {
    for (; *text != '\0'; text++)
        fprintf(to, *text == '|' ? "\\%c" : "%c", *text);
    fputs(" | ", to);
}

static void put_row(FILE *to, const struct section *s, const struct option_row *o) {
    char range[OPTION_RANGE_SIZE];
    const char *effect = (o->flags & OPTION_RESTART) != 0   ? "restart"
                         : (o->flags & OPTION_INITIAL) != 0 ? "initial"
                                                            : "";
    bool refers = o->kind == OPTION_REF;
    fprintf(to, "| `%s` | ", o->name);
    if (o->kind == OPTION_NAMED || o->kind == OPTION_GROUP || o->kind == OPTION_LIST)
        fprintf(to, "see `%s` | ", option_section(s, o)->path);
    else if (o->choices != NULL)
        put_cell(to, option_range(o, range));
    else if (refers)
        fprintf(to, "a %s | ", option_table_text((enum option_table)o->of));
    else
        put_cell(to, option_kind_text(o->kind));
    put_cell(to, o->choices != NULL || o->kind == OPTION_LIST ? "" : option_range(o, range));
    if ((o->flags & OPTION_COMPULSORY) != 0)
        fputs("compulsory | ", to);
    else
        fprintf(to, o->fallback != NULL ? "`%s` | " : "%s | ", o->fallback != NULL ? o->fallback : "");
    put_cell(to, effect);
    fprintf(to, "%s |\n", o->help);
}

static char *reference(void) {
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    assert_non_null(to);
    fprintf(to, "\n# Reference\n");
    for (size_t k = 0; k < section_count; k++) {
        const struct section *s = &sections[k];
        fprintf(to, s->path[0] == '\0' ? "\n## The file\n\n" : "\n## `%s`\n\n", s->path);
        fprintf(to, "| option | value | range | default | change | what it is |\n|---|---|---|---|---|---|\n");
        for (size_t m = 0; m < s->count; m++)
            put_row(to, s, &s->options[m]);
    }
    assert_int_equal(fclose(to), 0);
    return text;
}

static char *read_manual(void) {
    FILE *file = fopen(MANUAL_FILE, "r");
    char *text = calloc(1, 1024 * 1024);
    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, 1024 * 1024 - 1, file) > 0);
    fclose(file);
    return text;
}

static void regenerate(const char *there, size_t prose, const char *wanted) {
    FILE *file = fopen(MANUAL_FILE, "w");
    assert_non_null(file);
    fprintf(file, "%.*s%s", (int)prose, there, wanted);
    fclose(file);
}

static void test_the_reference_is_the_option_tables(void **state) {
    char *there = read_manual(), *wanted = reference();
    (void)state;
    const char *mark = strstr(there, MARK);
    assert_non_null(mark);
    size_t prose = (size_t)(mark - there) + strlen(MARK);
    if (getenv("TAKT_REGENERATE") != NULL)
        regenerate(there, prose, wanted);
    else if (strcmp(there + prose, wanted) != 0)
        fail_msg("%s differs from the option table; TAKT_REGENERATE=1 with this test writes it anew", MANUAL_FILE);
    free(there);
    free(wanted);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_reference_is_the_option_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
