/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wire/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static bool read_text(const char *text, struct message *m, struct refusal *refusal) {
    return message_read(text, strlen(text), m, refusal);
}

static void type_and_id_are_read(void **state) {
    (void)state;
    struct message m;
    struct refusal refusal;
    assert_true(read_text(" {\"type\": \"ping\", \"id\": \"7\", \"new\": [1, {\"x\": null}]} \n", &m, &refusal));
    assert_string_equal(m.type, "ping");
    assert_string_equal(m.id, "7");
    assert_true(message_needs_id(&m, &refusal));
    char *text = message_text(&m);
    assert_non_null(strstr(text, "\"ping\""));
    free(text);
    message_done(&m);
    assert_true(read_text("{\"type\":\"seen\"}", &m, &refusal));
    assert_string_equal(m.id, "");
    assert_false(message_needs_id(&m, &refusal));
    message_done(&m);
}

static void what_is_refused_for_a_part_of_it_is_still_known_by_its_id(void **state) {
    (void)state;
    static const char *const frames[] = {
        "{\"id\":\"7\",\"type\":\"orders\",\"orders\":[{\"quantity\":9223372036854775808}]}",
        "{\"orders\":[{\"a\":1,\"a\":2}],\"type\":\"orders\",\"id\":\"7\"}",
    };
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        struct message m;
        struct refusal refusal;
        assert_false(read_text(frames[i], &m, &refusal));
        assert_int_equal(refusal.kind, REFUSAL_BAD_MESSAGE);
        assert_string_equal(m.id, "7");
        message_done(&m);
    }
}

static void hostile_frames_are_refused(void **state) {
    (void)state;
    static const char *const frames[] = {
        "",
        " ",
        "x",
        "{",
        "[]",
        "[{\"type\":\"ping\"}]",
        "\"ping\"",
        "1",
        "null",
        "{\"type\":\"ping\"} {\"type\":\"ping\"}",
        "{\"type\":\"ping\",}",
        "{type:\"ping\"}",
        "{'type':'ping'}",
        "{\"type\":\"ping\",\"type\":\"ping\"}",
        "{\"type\":\"ping\",\"a\":{\"b\":1,\"b\":2}}",
        "{\"type\":\"ping\",\"ty\\u0070e\":\"ping\"}", /* the same key, escaped */
        "{\"id\":\"1\"}",
        "{\"type\":1}",
        "{\"type\":null}",
        "{\"type\":\"\"}",
        "{\"type\":\"ping\",\"id\":7}",
        "{\"type\":\"ping\",\"id\":\"\"}",
        "{\"type\":\"ping\",\"id\":null}",
        "{\"type\":\"ping\",\"id\":\"12345678901234567890123456789012345678901234567890123456789012345\"}",
        "{\"type\":\"ping\",\"id\":\"a\\nb\"}",
        "{\"type\":\"ping\",\"n\":1e400}",
        "{\"type\":\"ping\",\"n\":99999999999999999999999999}",
        "{\"type\":\"ping\",\"n\":01}",
        "{\"type\":\"ping\",\"n\":+1}",
        "{\"type\":\"ping\",\"n\":NaN}",
        "{\"type\":\"ping\",\"n\":0x10}",
        "{\"type\":\"ping\",\"n\":\"\xFF\"}",
        "{\"type\":\"ping\",\"n\":\"\xC0\xAF\"}",             /* overlong */
        "{\"type\":\"ping\",\"n\":\"\xED\xA0\x80\"}",         /* a surrogate */
        "{\"type\":\"ping\",\"n\":\"\xF4\x90\x80\x80\"}",     /* beyond U+10FFFF */
        "{\"type\":\"ping\",\"n\":\"\\ud800\"}",              /* half a pair */
        "{\"type\":\"ping\",\"n\":\"\\u0000\"}",
        "{\"type\":\"ping\",\"n\":\"a\nb\"}",
        "\xEF\xBB\xBF{\"type\":\"ping\"}",
    };
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        struct message m;
        struct refusal refusal = {0};
        if (read_text(frames[i], &m, &refusal))
            fail_msg("taken: %s", frames[i]);
        assert_int_equal(refusal.kind, REFUSAL_BAD_MESSAGE);
        assert_true(refusal.detail[0] != '\0');
        message_done(&m);
    }
}

static void a_frame_with_a_zero_byte_is_refused(void **state) {
    (void)state;
    static const char frame[] = "{\"type\":\"ping\"}\0{\"type\":\"ping\"}";
    static const char behind_a_number[] = "{\"type\":\"ping\",\"n\":1\0,\"m\":2}";
    struct message m;
    struct refusal refusal = {0};
    assert_false(message_read(frame, sizeof frame - 1, &m, &refusal));
    message_done(&m);
    assert_false(message_read(behind_a_number, sizeof behind_a_number - 1, &m, &refusal));
    message_done(&m);
}

static char *nested(size_t levels) {
    char *text = calloc(1, 64 + 2 * levels);
    strcpy(text, "{\"type\":\"ping\",\"a\":");
    memset(text + strlen(text), '[', levels - 1);
    memset(text + strlen(text), ']', levels - 1);
    return strcat(text, "}");
}

static void sixteen_levels_are_taken_and_one_more_is_not(void **state) {
    (void)state;
    struct message m;
    struct refusal refusal;
    char *text = nested(16);
    assert_true(read_text(text, &m, &refusal));
    message_done(&m);
    free(text);
    text = nested(17);
    assert_false(read_text(text, &m, &refusal));
    assert_non_null(strstr(refusal.detail, "16 levels"));
    message_done(&m);
    free(text);
    text = nested(200000);
    assert_false(read_text(text, &m, &refusal));
    message_done(&m);
    free(text);
}

static void levels_side_by_side_are_not_added_up(void **state) {
    (void)state;
    struct message m;
    struct refusal refusal;
    assert_true(read_text("{\"type\":\"ping\",\"a\":[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],{},{},{},[{}],[{}]]}", &m, &refusal));
    message_done(&m);
}

/* Brackets within texts are no levels, whatever escapes stand before them. */
static void brackets_in_texts_do_not_count(void **state) {
    (void)state;
    struct message m;
    struct refusal refusal;
    assert_true(read_text("{\"type\":\"ping\",\"a\":\"[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[\\\\\"}", &m, &refusal));
    message_done(&m);
}

static void size_and_values_are_bounded(void **state) {
    (void)state;
    struct message m;
    struct refusal refusal;
    char *text = calloc(1, MESSAGE_SIZE_MAX + 2);
    memset(text, ' ', MESSAGE_SIZE_MAX + 1);
    memcpy(text, "{\"type\":\"ping\"}", 15);
    assert_true(message_read(text, MESSAGE_SIZE_MAX, &m, &refusal));
    message_done(&m);
    assert_false(message_read(text, MESSAGE_SIZE_MAX + 1, &m, &refusal));
    message_done(&m);
    strcpy(text, "{\"type\":\"ping\",\"a\":[1");
    char *end = text + strlen(text);
    for (size_t i = 0; i < MESSAGE_VALUES_MAX; i++, end += 2)
        memcpy(end, ",1", 2);
    memcpy(end, "]}", 3);
    assert_false(read_text(text, &m, &refusal));
    assert_non_null(strstr(refusal.detail, "values"));
    message_done(&m);
    free(text);
}

/* Whoever sent nonsense with a good id can still tell which of his messages it was. */
static void the_id_survives_a_bad_type(void **state) {
    (void)state;
    struct message m;
    struct refusal refusal;
    assert_false(read_text("{\"id\":\"x1\",\"type\":5}", &m, &refusal));
    assert_string_equal(m.id, "x1");
    assert_string_equal(refusal.at, "/type");
    message_done(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(type_and_id_are_read),
        cmocka_unit_test(what_is_refused_for_a_part_of_it_is_still_known_by_its_id),
        cmocka_unit_test(hostile_frames_are_refused),
        cmocka_unit_test(a_frame_with_a_zero_byte_is_refused),
        cmocka_unit_test(sixteen_levels_are_taken_and_one_more_is_not),
        cmocka_unit_test(levels_side_by_side_are_not_added_up),
        cmocka_unit_test(brackets_in_texts_do_not_count),
        cmocka_unit_test(size_and_values_are_bounded),
        cmocka_unit_test(the_id_survives_a_bad_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
