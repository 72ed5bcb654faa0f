/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time.h"
#include "daemon/wire/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/* A message whose member `v` is the JSON given. */
struct probe {
    struct message message;
    struct refusal refusal;
    struct reader reader;
};

static void probe_open(struct probe *p, const char *json) {
    char text[512];
    snprintf(text, sizeof text, "{\"type\":\"t\",\"v\":%s}", json);
    p->refusal = (struct refusal){0};
    assert_true(message_read(text, strlen(text), &p->message, &p->refusal));
    p->reader = message_reader(&p->message, &p->refusal);
}

static void integers_are_written_as_integers(void **state) {
    (void)state;
    static const struct {
        const char *json;
        bool fine;
        enum refusal_kind kind;
        int64_t value;
    } rows[] = {
        {"1", true, REFUSAL_NONE, 1},
        {"-0", true, REFUSAL_NONE, 0},
        {"100", true, REFUSAL_NONE, 100},
        {"101", false, REFUSAL_BAD_QUANTITY, 0},
        {"-1", false, REFUSAL_BAD_QUANTITY, 0},
        {"1.0", false, REFUSAL_BAD_MESSAGE, 0},
        {"1e1", false, REFUSAL_BAD_MESSAGE, 0},
        {"\"1\"", false, REFUSAL_BAD_MESSAGE, 0},
        {"true", false, REFUSAL_BAD_MESSAGE, 0},
        {"null", false, REFUSAL_BAD_MESSAGE, 0},
        {"[1]", false, REFUSAL_BAD_MESSAGE, 0},
        {"9007199254740992", false, REFUSAL_BAD_MESSAGE, 0},
        {"-9007199254740992", false, REFUSAL_BAD_MESSAGE, 0},
        {"9223372036854775807", false, REFUSAL_BAD_MESSAGE, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct probe p;
        int64_t value = -77;
        probe_open(&p, rows[i].json);
        p.reader.value_kind = REFUSAL_BAD_QUANTITY;
        assert_int_equal(reader_integer(&p.reader, "v", READ_REQUIRED, 0, 100, &value), rows[i].fine);
        assert_int_equal(p.refusal.kind, rows[i].kind);
        assert_int_equal(value, rows[i].fine ? rows[i].value : -77);
        if (!rows[i].fine)
            assert_string_equal(p.refusal.at, "/v");
        message_done(&p.message);
    }
}

static void thousandths_are_exact(void **state) {
    (void)state;
    static const struct {
        const char *json;
        bool fine;
        int64_t milli;
    } rows[] = {
        {"1", true, 1000},      {"1.2", true, 1200},      {"0.001", true, 1},           {"4000", true, 4000000},
        {"1.0", true, 1000},    {"12.345", true, 12345},  {"999999.999", true, 999999999}, {"0.0001", false, 0},
        {"1.2345", false, 0},   {"-1", false, 0},         {"1e300", false, 0},          {"\"1\"", false, 0},
        {"2000000000", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct probe p;
        int64_t milli = -77;
        probe_open(&p, rows[i].json);
        if (reader_milli(&p.reader, "v", READ_REQUIRED, 0, 1000000000, &milli) != rows[i].fine)
            fail_msg("%s", rows[i].json);
        assert_int_equal(milli, rows[i].fine ? rows[i].milli : -77);
        message_done(&p.message);
    }
}

static void text_must_be_one_plain_line(void **state) {
    (void)state;
    static const char *const bad[] = {
        "\"\"", "7", "null", "\"12345678901\"", "\"a\\tb\"", "\"a\\nb\"", "\"\\u001b[31m\"", "\"\\u007f\"",
        "\"a\\u0085b\"", "\"\\u009b\"", "\"a\\u061cb\"", "\"a\\u200eb\"", "\"a\\u200fb\"", "\"a\\u202eb\"", "\"a\\u202ab\"",
        "\"a\\u2028b\"", "\"a\\u2029b\"", "\"a\\u2066b\"", "\"a\\u2069b\"", "\"\\ufeffa\"",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct probe p;
        const char *text = "as it was";
        probe_open(&p, bad[i]);
        if (reader_text(&p.reader, "v", READ_REQUIRED, 10, &text))
            fail_msg("taken: %s", bad[i]);
        assert_string_equal(text, "as it was");
        assert_string_equal(p.refusal.at, "/v");
        message_done(&p.message);
    }
    static const char *const fine[] = {"\"a\"", "\"杭州市\"", "\"\\u00a0\"", "\"1234567890\"", "\"\\u200ba\"", "\"שלום\"", "\"\\\"\\\\/\""};
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        struct probe p;
        const char *text = NULL;
        probe_open(&p, fine[i]);
        if (!reader_text(&p.reader, "v", READ_REQUIRED, 10, &text))
            fail_msg("refused: %s", fine[i]);
        message_done(&p.message);
    }
}

static void what_is_missing_and_optional_leaves_defaults(void **state) {
    (void)state;
    struct probe p;
    const char *text = "default";
    int64_t number = 5, time_s = 6, duration_s = 7;
    int32_t day = 8;
    bool boolean = true;
    struct reader child;
    probe_open(&p, "\"\"");
    struct reader *r = &p.reader;
    assert_true(reader_text(r, "w", READ_OPTIONAL, 10, &text) && reader_text(r, "v", READ_OPTIONAL, 10, &text) &&
                reader_integer(r, "w", READ_OPTIONAL, 0, 1, &number) && reader_milli(r, "w", READ_OPTIONAL, 0, 1, &number) &&
                reader_time(r, "w", READ_OPTIONAL, &time_s) && reader_day(r, "w", READ_OPTIONAL, &day) &&
                reader_duration(r, "w", READ_OPTIONAL, &duration_s) && reader_boolean(r, "w", READ_OPTIONAL, &boolean) &&
                reader_list(r, "w", READ_OPTIONAL, 1, 2, &child) && reader_object(r, "w", READ_OPTIONAL, &child));
    assert_null(child.node);
    assert_int_equal(reader_count(&child), 0);
    assert_string_equal(text, "default");
    assert_int_equal(number + time_s + duration_s + day + boolean, 27);
    assert_false(reader_text(r, "w", READ_REQUIRED, 10, &text));
    assert_string_equal(p.refusal.detail, "w is missing");
    assert_false(reader_list(r, "w", READ_REQUIRED, 1, 2, &child) || reader_object(r, "w", READ_REQUIRED, &child) ||
                 reader_integer(r, "w", READ_REQUIRED, 0, 1, &number) || reader_time(r, "w", READ_REQUIRED, &time_s));
    message_done(&p.message);
}

static void times_dates_and_durations_are_read(void **state) {
    (void)state;
    struct probe p;
    int64_t s = 0;
    int32_t day = 0;
    probe_open(&p, "\"2026-11-22T03:11:00Z\"");
    assert_true(reader_time(&p.reader, "v", READ_REQUIRED, &s));
    assert_int_equal(s, 1795317060);
    assert_false(reader_day(&p.reader, "v", READ_REQUIRED, &day));
    assert_false(reader_duration(&p.reader, "v", READ_REQUIRED, &s));
    message_done(&p.message);
    probe_open(&p, "\"2026-02-29\"");
    assert_false(reader_day(&p.reader, "v", READ_REQUIRED, &day));
    message_done(&p.message);
    probe_open(&p, "\"PT4H\"");
    assert_true(reader_duration(&p.reader, "v", READ_REQUIRED, &s));
    assert_int_equal(s, 14400);
    message_done(&p.message);
}

static void places_are_json_pointers(void **state) {
    (void)state;
    struct probe p;
    struct reader list, element, options;
    const char *text = NULL;
    probe_open(&p, "[1, {\"a/b~c\": {\"d\": 5}}, \"\"]");
    assert_true(reader_list(&p.reader, "v", READ_REQUIRED, 1, 3, &list));
    assert_false(reader_list_object(&list, 0, &element));
    assert_string_equal(p.refusal.at, "/v/0");
    assert_true(reader_list_object(&list, 1, &element));
    assert_true(reader_object(&element, "a/b~c", READ_REQUIRED, &options));
    assert_false(reader_text(&options, "d", READ_REQUIRED, 9, &text));
    assert_string_equal(p.refusal.at, "/v/1/a~1b~0c/d");
    assert_false(reader_list_text(&list, 2, 9, &text));
    assert_string_equal(p.refusal.at, "/v/2");
    assert_false(reader_list_text(&list, 1, 9, &text));
    assert_false(reader_list(&p.reader, "v", READ_REQUIRED, 4, 9, &list));
    assert_string_equal(p.refusal.at, "/v");
    message_done(&p.message);
}

static void members_are_walked_in_order(void **state) {
    (void)state;
    struct probe p;
    struct reader self;
    void *at = NULL;
    const char *name;
    char names[16] = "";
    probe_open(&p, "{\"z\": 1, \"a\": 2, \"m\": 3}");
    assert_true(reader_object(&p.reader, "v", READ_REQUIRED, &self));
    assert_int_equal(reader_count(&self), 3);
    while (reader_next(&self, &at, &name))
        strcat(names, name);
    assert_string_equal(names, "zam");
    message_done(&p.message);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_written_as_integers),
        cmocka_unit_test(thousandths_are_exact),
        cmocka_unit_test(text_must_be_one_plain_line),
        cmocka_unit_test(what_is_missing_and_optional_leaves_defaults),
        cmocka_unit_test(times_dates_and_durations_are_read),
        cmocka_unit_test(places_are_json_pointers),
        cmocka_unit_test(members_are_walked_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
