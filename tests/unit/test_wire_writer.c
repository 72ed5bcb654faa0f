/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time.h"
#include "daemon/wire/message.h"
#include "daemon/wire/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void values_stand_as_they_should(void **state) {
    (void)state;
    struct writer w = {0};
    size_t size;
    writer_object(&w, NULL);
    writer_text(&w, "t", "a\"b\\c\n\x01\x7Fé");
    writer_integer(&w, "n", INT64_MIN);
    writer_milli(&w, "m", 1200);
    writer_milli(&w, "k", -3000);
    writer_milli(&w, "j", 5);
    writer_milli(&w, "z", 0);
    writer_boolean(&w, "b", true);
    writer_null(&w, "x");
    writer_some_text(&w, "none", "");
    writer_some_text(&w, "none", NULL);
    writer_time(&w, "at", 1795317060);
    writer_time(&w, "never", TAKT_TIME_NONE);
    writer_time(&w, "never", TAKT_TIME_NEVER);
    writer_day(&w, "day", 0);
    writer_day(&w, "never", TAKT_DAY_NONE);
    writer_list(&w, "l");
    writer_integer(&w, NULL, 1);
    writer_object(&w, NULL);
    writer_end(&w);
    writer_json(&w, NULL, "{\"raw\":1}");
    writer_end(&w);
    writer_end(&w);
    char *text = writer_take(&w, &size);
    assert_string_equal(text, "{\"t\":\"a\\\"b\\\\c\\u000a\\u0001\x7Fé\",\"n\":-9223372036854775808,\"m\":1.2,\"k\":-3,\"j\":0.005,"
                              "\"z\":0,\"b\":true,\"x\":null,\"at\":\"2026-11-22T03:11:00Z\",\"day\":\"1970-01-01\","
                              "\"l\":[1,{},{\"raw\":1}]}");
    assert_int_equal(size, strlen(text));
    free(text);
    assert_null(w.bytes);
}

static void what_is_written_can_be_read(void **state) {
    (void)state;
    struct writer w = {0};
    char text[600];
    for (int i = 1; i < 600; i++)
        text[i - 1] = (char)(1 + i % 127);
    text[599] = '\0';
    for (int round = 0; round < 100; round++) {
        struct message m;
        struct refusal refusal;
        writer_object(&w, NULL);
        writer_text(&w, "type", "t");
        for (int i = 0; i < round; i++) {
            char name[2] = {(char)('0' + i % 75), '\0'};
            writer_object(&w, i == 0 ? "o" : NULL);
            writer_text(&w, name, text + i);
            writer_end(&w);
            if (i == 0)
                writer_list(&w, "l");
        }
        if (round > 0)
            writer_end(&w);
        writer_end(&w);
        if (!message_read(w.bytes, w.size, &m, &refusal))
            fail_msg("%s", refusal.detail);
        message_done(&m);
        writer_clear(&w);
    }
    writer_done(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_stand_as_they_should),
        cmocka_unit_test(what_is_written_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
