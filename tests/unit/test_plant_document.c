/* SPDX-License-Identifier: Apache-2.0 */
#include "config/document.h"

#include "plant_fixture.h"

#include <time.h>

static struct arena *arena;
static struct faults *faults;

static int set_up(void **state) {
    (void)state;
    arena = arena_new();
    faults = faults_new(arena);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

static const struct node *parse_bytes(const char *text, size_t size) {
    static const struct source SOURCE = {"f.yaml", 0};
    return document_parse(&SOURCE, text, size, arena, faults);
}

static const struct node *parse(const char *text) {
    return parse_bytes(text, strlen(text));
}

/* The faults as lines "line:column: text". */
static const char *found(void) {
    size_t count;
    struct plant_fault *list = faults_list(faults, arena, &count);
    const char *all = "";
    for (size_t k = 0; k < count; k++)
        all = arena_printf(arena, "%s%s%d:%d: %s", all, k > 0 ? "\n" : "", list[k].line, list[k].column, list[k].text);
    return all;
}

static void test_scalars_lists_and_maps_become_nodes_with_places(void **state) {
    (void)state;
    const struct node *root = parse("# a comment\na: 1\nb: [x, \"y z\"]\nc:\n  d: NO\n");
    assert_string_equal(found(), "");
    assert_int_equal(root->count, 3);
    assert_string_equal(node_get(root, "a")->text, "1");
    const struct node *b = node_get(root, "b");
    assert_int_equal(b->kind, NODE_LIST);
    assert_string_equal(b->entries[1].value->text, "y z");
    assert_true(b->entries[1].value->quoted);
    assert_false(b->entries[0].value->quoted);
    assert_int_equal(b->entries[1].value->place.line, 3);
    assert_int_equal(b->entries[1].value->place.column, 8);
    assert_string_equal(node_get(node_get(root, "c"), "d")->text, "NO");
    assert_null(node_get(root, "d"));
}

static void test_null_is_no_value_but_a_name_may_be_null(void **state) {
    (void)state;
    const struct node *root = parse("a: ~\nb: null\nc: \"null\"\nnull: x\n");
    assert_string_equal(node_get(root, "a")->text, "");
    assert_string_equal(node_get(root, "b")->text, "");
    assert_string_equal(node_get(root, "c")->text, "null");
    assert_string_equal(node_get(root, "null")->text, "x");
}

static void test_duplicate_keys_show_both_places(void **state) {
    (void)state;
    parse("a: 1\nb: {x: 1, y: 2, x: 3}\na: 2\n");
    assert_string_equal(found(), "2:17: 'x' is here twice; the first is in line 2, column 5\n"
                                 "3:1: 'a' is here twice; the first is in line 1, column 1");
}

static void test_anchors_aliases_and_tags_are_refused_together(void **state) {
    (void)state;
    parse("a: &x 1\nb: *x\nc: !!int 3\nd: !mine {}\n<<: *x\n");
    assert_string_equal(found(), "1:4: anchors (&x) are not allowed; write it out\n"
                                 "2:4: aliases (*x) are not allowed; write it out\n"
                                 "3:4: tags (tag:yaml.org,2002:int) are not allowed\n"
                                 "4:4: tags (!mine) are not allowed\n"
                                 "5:5: aliases (*x) are not allowed; write it out");
}

static void test_a_self_referring_alias_is_refused(void **state) {
    (void)state;
    parse("a: &x [*x]\n");
    assert_non_null(strstr(found(), "1:8: aliases (*x)"));
}

static void test_further_documents_are_refused(void **state) {
    (void)state;
    parse("---\na: 1\n---\nb: 2\n");
    assert_string_equal(found(), "3:1: a second document begins here; a file holds one");
}

static void test_one_document_may_be_marked(void **state) {
    (void)state;
    assert_non_null(parse("---\na: 1\n...\n# the end\n\n"));
    assert_non_null(parse("---\r\na: 1\r\n"));
    assert_non_null(parse("\xef\xbb\xbf"
                          "a: 1")); /* with a byte order mark */
    assert_string_equal(found(), "");
}

static void test_directives_are_refused(void **state) {
    (void)state;
    assert_null(parse("# first\n%YAML 1.1\n---\na: 1\n"));
    assert_string_equal(found(), "2:1: directives (lines that begin with %) are not allowed");
}

static void test_syntax_says_where(void **state) {
    (void)state;
    assert_null(parse("a: 1\nb: [1, 2\nc: 3\n"));
    assert_non_null(strstr(found(), "3:2: this is not YAML: did not find expected ',' or ']'"));
}

static void test_text_that_is_not_utf8_says_where(void **state) {
    (void)state;
    assert_null(parse("a: 1\nb: \xff\n"));
    assert_non_null(strstr(found(), "2:4: not a character that YAML takes"));
}

static void test_control_characters_are_refused(void **state) {
    (void)state;
    parse("a: \"x\\0y\"\nb: |\n  two\n  lines\n");
    assert_string_equal(found(), "1:4: a control character (a line end, tab or the like) in a value\n"
                                 "2:4: a control character (a line end, tab or the like) in a value");
}

static void test_keys_must_be_text(void **state) {
    (void)state;
    parse("a: {{x}: 1, [y]: 2, z: 3}\n");
    assert_string_equal(found(), "1:5: a key must be plain text; put quotes around text that has { } or [ ]\n"
                                 "1:13: a key must be plain text; put quotes around text that has { } or [ ]");
}

static void test_a_root_must_be_a_map(void **state) {
    (void)state;
    assert_null(parse("[1, 2]\n"));
    assert_string_equal(found(), "1:1: a map of keys such as 'lines:' is wanted here");
}

static void test_an_empty_file_is_no_fault_of_yaml(void **state) {
    (void)state;
    assert_null(parse(""));
    assert_null(parse("# nothing\n"));
    assert_null(parse("---\n"));
    assert_string_equal(found(), "");
}

static void test_thirty_two_levels_are_taken_and_no_more(void **state) {
    (void)state;
    char text[200] = "a: ";
    for (int k = 0; k < 31; k++) /* the root is the first */
        strcat(text, "[");
    for (int k = 0; k < 31; k++)
        strcat(text, "]");
    assert_non_null(parse(text));
    assert_string_equal(found(), "");
    memmove(text + 4, text + 3, strlen(text + 3) + 1);
    strcat(text, "]");
    assert_null(parse(text));
    assert_string_equal(found(), "1:35: more than 32 levels");
}

static void test_sixteen_mebibytes_are_taken_and_no_more(void **state) {
    (void)state;
    size_t size = DOCUMENT_SIZE_MAX;
    char *text = malloc(size + 1);
    assert_non_null(text);
    memset(text, '#', size + 1);
    memcpy(text, "a: 1\n", 5);
    assert_non_null(parse_bytes(text, size));
    assert_null(parse_bytes(text, size + 1));
    assert_string_equal(found(), "1:1: the file is larger than 16 MiB");
    free(text);
}

/* The processor's time, so that a busy machine does not matter; what is looked for is a square, which takes minutes. */
static void test_hostile_repetition_costs_no_more_than_a_moment(void **state) {
    static const char *const BOMBS[] = {
        "[",    "{",     "- ",     "? ", "a: {",  "[{",   "\"", "'", "!a ", "&a ", "*a ", "%T",         "%T\n", ": ",
        "|\n ", "a:\n ", "\n%T\n", ", ", "---\n", "- - ", "]",  "#", "\\",  "a b", "x\n", "!<a> ! !! ", "[]: ", "{? "};
    (void)state;
    size_t size = 2 * 1024 * 1024;
    char *text = malloc(size);
    assert_non_null(text);
    for (size_t k = 0; k < sizeof BOMBS / sizeof *BOMBS; k++) {
        size_t length = strlen(BOMBS[k]);
        for (size_t m = 0; m < size; m++)
            text[m] = BOMBS[k][m % length];
        clock_t before = clock();
        parse_bytes(text, size);
        double s = (double)(clock() - before) / CLOCKS_PER_SEC;
        if (s > 20)
            fail_msg("'%s' cost %.1f s", BOMBS[k], s);
        arena_free(arena);
        arena = arena_new();
        faults = faults_new(arena);
    }
    free(text);
}

static void test_only_a_thousand_faults_are_kept(void **state) {
    (void)state;
    size_t size = 8 * 1500;
    char *text = malloc(size + 1);
    assert_non_null(text);
    for (size_t k = 0; k < 1500; k++)
        memcpy(text + 8 * k, "- &a bc\n", 8);
    parse_bytes(text, size);
    size_t count;
    struct plant_fault *list = faults_list(faults, arena, &count);
    assert_int_equal(count, FAULTS_MAX + 1);
    assert_string_equal(list[FAULTS_MAX].text, "there are more mistakes than can be shown; mend these first");
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_scalars_lists_and_maps_become_nodes_with_places),
        TEST(test_null_is_no_value_but_a_name_may_be_null),
        TEST(test_duplicate_keys_show_both_places),
        TEST(test_anchors_aliases_and_tags_are_refused_together),
        TEST(test_a_self_referring_alias_is_refused),
        TEST(test_further_documents_are_refused),
        TEST(test_one_document_may_be_marked),
        TEST(test_directives_are_refused),
        TEST(test_syntax_says_where),
        TEST(test_text_that_is_not_utf8_says_where),
        TEST(test_control_characters_are_refused),
        TEST(test_keys_must_be_text),
        TEST(test_a_root_must_be_a_map),
        TEST(test_an_empty_file_is_no_fault_of_yaml),
        TEST(test_thirty_two_levels_are_taken_and_no_more),
        TEST(test_sixteen_mebibytes_are_taken_and_no_more),
        TEST(test_hostile_repetition_costs_no_more_than_a_moment),
        TEST(test_only_a_thousand_faults_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
