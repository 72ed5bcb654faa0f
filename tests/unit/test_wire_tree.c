/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "daemon/wire/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct tree must_parse(const char *text) {
    struct tree t;
    struct refusal refusal = {0};
    if (!tree_parse(&t, text, strlen(text), &refusal))
        fail_msg("%s: %s", text, refusal.detail);
    return t;
}

static void values_are_what_was_sent(void **state) {
    (void)state;
    struct tree t = must_parse(" {\"a\": [1, -0, \"x\\u00e9\\ud83d\\ude00\\n\\/\", true, false, null, {}, []], \"b\": {\"c\": -12}} ");
    struct tree_node *a = tree_member(t.nodes, "a"), *at = NULL;
    static const enum tree_kind kinds[] = {TREE_INTEGER, TREE_INTEGER, TREE_TEXT, TREE_TRUE, TREE_FALSE, TREE_NULL, TREE_OBJECT, TREE_LIST};
    assert_int_equal(t.nodes->size, 2);
    assert_int_equal(a->size, 8);
    for (size_t i = 0; i < 8; i++) {
        at = tree_next(a, at);
        assert_int_equal(at->kind, kinds[i]);
        assert_ptr_equal(tree_element(a, i), at);
    }
    assert_null(tree_next(a, at));
    assert_int_equal(tree_element(a, 1)->integer, 0);
    assert_string_equal(tree_element(a, 2)->text, "xé😀\n/");
    assert_int_equal(tree_element(a, 2)->size, strlen("xé😀\n/"));
    assert_int_equal(tree_member(tree_member(t.nodes, "b"), "c")->integer, -12);
    assert_null(tree_member(t.nodes, "c"));
    assert_null(tree_member(a, "c"));
    assert_null(tree_member(NULL, "c"));
    tree_done(&t);
}

static void elements_are_found_in_any_order(void **state) {
    (void)state;
    struct tree t = must_parse("[[0],[1,[]],2,{\"x\":{}},4,5]");
    static const size_t order[] = {5, 0, 3, 2, 2, 4, 1, 5};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        struct tree_node *at = NULL;
        for (size_t k = 0; k <= order[i]; k++)
            at = tree_next(t.nodes, at);
        assert_ptr_equal(tree_element(t.nodes, order[i]), at);
    }
    tree_done(&t);
}

static void integers_are_written_as_such(void **state) {
    (void)state;
    struct tree t = must_parse("[9223372036854775807,-9223372036854775808,1.0,1e2,-0.5E+1,1e-400]");
    assert_int_equal(tree_element(t.nodes, 0)->integer, INT64_MAX);
    assert_int_equal(tree_element(t.nodes, 1)->integer, INT64_MIN);
    for (size_t i = 2; i < 6; i++)
        assert_int_equal(tree_element(t.nodes, i)->kind, TREE_REAL);
    assert_true(tree_real(tree_element(t.nodes, 3)) == 100.0);
    assert_true(tree_real(tree_element(t.nodes, 4)) == -5.0);
    tree_done(&t);
}

static void only_ascii_without_escapes_needs_no_second_look(void **state) {
    (void)state;
    struct tree t = must_parse("[\"plain ~\",\"\",\"\x7F\",\"\\u202e\",\"\xE2\x80\xAE\",\"\\n\"]");
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(tree_element(t.nodes, i)->plain, i < 2);
    tree_done(&t);
}

/* What is refused for its content alone leaves the document; what is no JSON does not. */
static void a_fault_of_content_leaves_the_document(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool left;
    } table[] = {
        {"{\"id\":\"7\",\"a\":1,\"a\":2}", true},
        {"{\"id\":\"7\",\"a\":9223372036854775808}", true},
        {"{\"id\":\"7\",\"a\":-9223372036854775809}", true},
        {"{\"id\":\"7\",\"a\":1e400}", true},
        {"{\"id\":\"7\",\"a\":1e400,}", false},
        {"{\"id\":\"7\",\"a\":1.}", false},
        {"{\"id\":\"7\",\"a\":1.5.5}", false},
        {"{\"id\":\"7\",\"a\":1e}", false},
        {"{\"id\":\"7\",\"a\":-}", false},
        {"{\"id\":\"7\",\"a\":\"\\ud800\\u0041\"}", false},
        {"{\"id\":\"7\",\"a\":\"\\udc00\"}", false},
        {"{\"id\":\"7\",\"a\":\"\\u12g4\"}", false},
        {"{\"id\":\"7\",\"a\":\"\\x\"}", false},
        {"{\"id\":\"7\",\"a\":\"\\", false},
        {"{\"id\":\"7\",\"a\":\"\\u00", false},
        {"{\"id\":\"7\",\"a\":\"\xE2\x82", false},
        {"{\"id\":\"7\",\"a\":tru", false},
        {"{\"id\":\"7\",\"a\"", false},
        {"{\"id\":\"7\"]", false},
        {"{\"id\":\"7\"} x", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct tree t;
        struct refusal refusal = {0};
        if (tree_parse(&t, table[i].text, strlen(table[i].text), &refusal))
            fail_msg("taken: %s", table[i].text);
        assert_int_equal(refusal.kind, REFUSAL_BAD_MESSAGE);
        assert_int_equal(t.nodes != NULL, table[i].left);
        if (table[i].left)
            assert_string_equal(tree_member(t.nodes, "id")->text, "7");
        tree_done(&t);
    }
}

static char *object_of(size_t members, size_t same_as_first) {
    struct writer w = {0};
    char name[24];
    writer_object(&w, NULL);
    for (size_t i = 0; i < members; i++) {
        snprintf(name, sizeof name, "key%zu", i == same_as_first ? 0 : i);
        writer_integer(&w, name, 1);
    }
    writer_end(&w);
    return writer_take(&w, NULL);
}

/* Small objects and large ones find it in different ways. */
static void a_key_that_is_there_twice_is_found_at_any_size(void **state) {
    (void)state;
    static const size_t sizes[] = {2, 15, 16, 17, 18, 63, 64, 65, 1000, 50000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct tree t;
        struct refusal refusal = {0};
        char *good = object_of(sizes[i], 0), *bad = object_of(sizes[i], sizes[i] - 1);
        t = must_parse(good);
        assert_int_equal(t.nodes->size, sizes[i]);
        tree_done(&t);
        assert_false(tree_parse(&t, bad, strlen(bad), &refusal));
        assert_non_null(strstr(refusal.detail, "twice"));
        tree_done(&t);
        free(good);
        free(bad);
    }
}

static void it_says_at_which_byte(void **state) {
    (void)state;
    struct tree t;
    struct refusal refusal = {0};
    assert_false(tree_parse(&t, "{\"a\":\"\\u00e9\",\"b\":x}", 20, &refusal));
    assert_non_null(strstr(refusal.detail, "at byte 18"));
    tree_done(&t);
}

static void it_is_written_as_it_was_read(void **state) {
    (void)state;
    static const char text[] = "{\"a\":[1,-2.50,1e2,\"q\\\"\\\\\\u0001é\",true,false,null,{},[]],\"\":{\"k\\\"\":\"\"}}";
    struct tree t = must_parse(text);
    struct writer w = {0};
    tree_write(t.nodes, &w, NULL);
    char *again = writer_take(&w, NULL);
    assert_string_equal(again, text);
    free(again);
    tree_done(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_what_was_sent),
        cmocka_unit_test(elements_are_found_in_any_order),
        cmocka_unit_test(integers_are_written_as_such),
        cmocka_unit_test(only_ascii_without_escapes_needs_no_second_look),
        cmocka_unit_test(a_fault_of_content_leaves_the_document),
        cmocka_unit_test(a_key_that_is_there_twice_is_found_at_any_size),
        cmocka_unit_test(it_says_at_which_byte),
        cmocka_unit_test(it_is_written_as_it_was_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
