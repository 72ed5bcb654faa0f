/* SPDX-License-Identifier: Apache-2.0 */

#include "base/arena.h"
#include "base/time.h"
#include "clients/taktctl/command.h"
#include "clients/taktctl/gantt.h"
#include "clients/taktctl/table.h"
#include "config/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct page {
    struct ctl ctl;
    char *text;
    size_t size;
};

static int set_up(void **state) {
    struct page *p = calloc(1, sizeof *p);
    p->ctl = (struct ctl){.arena = arena_new(), .width = 40, .terminal = true, .zone_name = "Asia/Shanghai"};
    p->ctl.out = open_memstream(&p->text, &p->size);
    assert_int_equal(zone_load(p->ctl.arena, "Asia/Shanghai", &p->ctl.zone, NULL), 0);
    assert_true(time_parse_rfc3339("2026-11-23T06:00:00Z", &p->ctl.now_s));
    *state = p;
    return 0;
}

static int tear_down(void **state) {
    struct page *p = *state;
    fclose(p->ctl.out);
    free(p->text);
    arena_free(p->ctl.arena);
    free(p);
    return 0;
}

static const char *printed(struct page *p) {
    fflush(p->ctl.out);
    return p->text;
}

/* ---- arguments ---- */

static const struct argument table[] = {
    {"--state", 0, "STATE", ""}, {"--output", 'o', "FORM", ""}, {"--gantt", 'g', NULL, ""}, {NULL, 0, NULL, NULL}};

static bool parse(struct arguments *ret, int *ret_used, char message[200], bool stop, int argc, const char *const *words) {
    char *argv[10];
    for (int i = 0; i < argc; i++)
        argv[i] = (char *)(uintptr_t)words[i];
    return arguments_parse(table, argc, argv, stop, ret, ret_used, message, 200);
}
#define PARSE(stop, ...)                                                                                                \
    parse(&a, &used, message, stop, (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), (const char *[]){__VA_ARGS__})

static void options_and_words_mix_in_every_form(void **state) {
    (void)state;
    struct arguments a;
    char message[200];
    int used;
    assert_true(PARSE(false, "one", "--state=open", "-o", "json", "two", "-g", "--", "--three"));
    assert_int_equal(a.word_count, 3);
    assert_string_equal(a.words[2], "--three");
    assert_string_equal(arguments_value(table, &a, "--state"), "open");
    assert_string_equal(arguments_value(table, &a, "--output"), "json");
    assert_non_null(arguments_value(table, &a, "--gantt"));
    assert_true(PARSE(true, "-o", "json", "orders", "--state", "open"));
    assert_int_equal(used, 2);
    assert_null(arguments_value(table, &a, "--state"));
}

static void wrong_options_are_named_with_the_nearest(void **state) {
    (void)state;
    struct arguments a;
    char message[200];
    int used;
    assert_false(PARSE(false, "--sate", "open"));
    assert_non_null(strstr(message, "'--sate'; did you mean '--state'?"));
    assert_false(PARSE(false, "--state"));
    assert_non_null(strstr(message, "needs a value"));
    assert_false(PARSE(false, "--gantt=yes"));
    assert_non_null(strstr(message, "takes no value"));
    assert_false(PARSE(false, "1", "2", "3", "4", "5", "6", "7", "8", "9"));
}

static void every_command_has_help_and_fits_its_tables(void **state) {
    struct page *p = *state;
    for (const struct command *c = commands; c->name; c++) {
        size_t count = 0;
        for (const struct argument *o = c->options; o && o->name; o++)
            count++;
        for (const struct argument *o = global_options; o->name; o++)
            count++;
        assert_true(count <= ARGUMENTS_OPTIONS_MAX);
        assert_true(c->least <= c->most && c->most <= ARGUMENTS_WORDS_MAX);
        assert_ptr_equal(command_find(c->name), c);
        command_help(c, p->ctl.out);
    }
    assert_string_equal(command_nearest("statsu"), "status");
    assert_non_null(strstr(printed(p), "usage: taktctl report EVENT [OPTION …]"));
}

/* ---- times ---- */

static void times_are_of_the_plants_zone(void **state) {
    struct page *p = *state;
    char buffer[WHEN_SIZE];
    assert_string_equal(when_text(&p->ctl, p->ctl.now_s, buffer), "Mon 23 Nov 14:00");
    assert_string_equal(when_text(&p->ctl, p->ctl.now_s + 60 * 86400, buffer), "22 Jan 2027 14:00");
    p->ctl.terminal = false;
    assert_string_equal(when_text(&p->ctl, p->ctl.now_s, buffer), "2026-11-23T14:00:00+08:00");
}

static void times_are_read_as_people_write_them(void **state) {
    struct page *p = *state;
    static const struct {
        const char *text, *utc;
    } good[] = {{"2026-11-23T06:00:00Z", "2026-11-23T06:00:00Z"}, {"2026-11-23T14:05", "2026-11-23T06:05:00Z"},
                {"2026-11-23 14:05", "2026-11-23T06:05:00Z"},     {"2026-11-24", "2026-11-23T16:00:00Z"},
                {"+2h", "2026-11-23T08:00:00Z"},                  {"+1d12h30m", "2026-11-24T18:30:00Z"}};
    static const char *const bad[] = {"", "+", "+h", "+2", "+2x", "+2m1h", "noon", "2026-11-23T25:00", "2026-13-01", "2026-11-23x",
                                      "2026-11-23T14:05x", "14:05"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t time_s, expected_s;
        time_parse_rfc3339(good[i].utc, &expected_s);
        assert_true(when_parse(&p->ctl, good[i].text, &time_s));
        assert_int_equal(time_s, expected_s);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t time_s;
        assert_false(when_parse(&p->ctl, bad[i], &time_s));
    }
}

/* ---- tables ---- */

static void print_some(struct page *p) {
    struct table *t = table_new(&p->ctl, "name|>units|what it is");
    table_cell(t, "tee");
    table_cell(t, "%d", 7);
    table_cell(t, "a shirt with a text that is far longer than the terminal");
    table_cell(t, "hoodie-ä");
    table_cell(t, "%d", 12345);
    table_cell(t, "%s", "");
    table_tone(t, TONE_BAD);
    table_print(t, "none");
}

static void a_table_is_aligned_and_cut_to_the_terminal(void **state) {
    struct page *p = *state;
    print_some(p);
    assert_string_equal(printed(p), "name      units  what it is\n"
                                    "tee           7  a shirt with a text th~\n"
                                    "hoodie-ä  12345  \n");
}

static void a_piped_table_has_no_header_and_tabs(void **state) {
    struct page *p = *state;
    p->ctl.terminal = false;
    print_some(p);
    assert_string_equal(printed(p), "tee\t7\ta shirt with a text that is far longer than the terminal\n"
                                    "hoodie-ä\t12345\t\n");
}

static void tones_colour_whole_rows_and_only_where_colours_are_shown(void **state) {
    struct page *p = *state;
    p->ctl.colour = true;
    print_some(p);
    assert_non_null(strstr(printed(p), "\033[31mhoodie-ä"));
    assert_null(strstr(p->text, "\033[31mtee"));
}

static void an_empty_table_says_so_to_people_alone(void **state) {
    struct page *p = *state;
    table_print(table_new(&p->ctl, "a|b"), "no orders");
    assert_string_equal(printed(p), "no orders\n");
    p->ctl.terminal = false;
    table_print(table_new(&p->ctl, "a|"), "no orders");
    assert_string_equal(printed(p), "no orders\n");
}

/* ---- gantt ---- */

#define TASK(name, line, family, from, to, late)                                                                        \
    "{\"task\": \"" name "\", \"line\": \"" line "\", \"product\": \"tee\", \"family\": \"" family "\", \"start\": \"2026-11-23T" from  \
    ":00Z\", \"end\": \"2026-11-23T" to ":00Z\", \"late\": " late "}"

static void print_chart(struct page *p, const char *tasks, const char *downs) {
    char text[4000];
    snprintf(text, sizeof text, "{\"version\": 3, \"lines\": [\"cut\", \"sew\"], \"tasks\": [%s], \"downs\": [%s]}", tasks, downs);
    json_t *plan = json_loads(text, 0, NULL);
    assert_non_null(plan);
    struct gantt gantt = {.plan = plan, .from_s = p->ctl.now_s, .to_s = p->ctl.now_s + 10 * 3600};
    p->ctl.width = 4 + 1 + 20;
    gantt_print(&p->ctl, &gantt);
    json_decref(plan);
}

static void a_chart_shows_bars_labels_now_downtime_and_lateness_where_they_are(void **state) {
    struct page *p = *state;
    print_chart(p,
                TASK("L1-cut", "cut", "white", "08:00", "11:00", "false") "," TASK("L2-cut", "cut", "black", "11:00", "12:00", "true")
                "," TASK("L1-sew", "sew", "", "06:00", "07:00", "false"),
                "{\"line\": \"sew\", \"from\": \"2026-11-23T14:00:00Z\"}");
    const char *text = printed(p);
    assert_non_null(strstr(text, "\ncut  |...AAL1AA!!........\n"));
    assert_non_null(strstr(text, "\nsew  |C..............xxxx\n"));
    assert_non_null(strstr(text, "A white  B black  C tee  x down  ! late  | now\n"));
    assert_non_null(strstr(text, "plan 3, Mon 23 Nov 14:00 to Tue 24 Nov 00:00, Asia/Shanghai\n"));
}

static void every_row_is_as_wide_as_the_terminal_whatever_the_tasks(void **state) {
    struct page *p = *state;
    print_chart(p,
                TASK("L1-cut", "cut", "w", "00:00", "05:00", "false") "," TASK("L2-cut", "cut", "b", "05:59", "23:59", "false")
                "," TASK("L3-cut", "nowhere", "b", "07:00", "08:00", "false") "," TASK("L4-sew", "sew", "b", "07:00", "07:00", "false"),
                "");
    int rows = 0;
    for (const char *line = printed(p); line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, "cut ", 4) == 0 || strncmp(line, "sew ", 4) == 0) {
            assert_int_equal(strcspn(line, "\n"), 25);
            rows++;
        }
    assert_int_equal(rows, 2);
}

static void a_task_shorter_than_a_column_is_still_seen(void **state) {
    struct page *p = *state;
    print_chart(p, TASK("L1-cut", "cut", "w", "10:05", "10:06", "false"), "");
    assert_non_null(strstr(printed(p), "cut  |.......A...........\n"));
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(options_and_words_mix_in_every_form),
        T(wrong_options_are_named_with_the_nearest),
        T(every_command_has_help_and_fits_its_tables),
        T(times_are_of_the_plants_zone),
        T(times_are_read_as_people_write_them),
        T(a_table_is_aligned_and_cut_to_the_terminal),
        T(a_piped_table_has_no_header_and_tabs),
        T(tones_colour_whole_rows_and_only_where_colours_are_shown),
        T(an_empty_table_says_so_to_people_alone),
        T(a_chart_shows_bars_labels_now_downtime_and_lateness_where_they_are),
        T(every_row_is_as_wide_as_the_terminal_whatever_the_tasks),
        T(a_task_shorter_than_a_column_is_still_seen),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
