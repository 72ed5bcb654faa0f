/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "daemon/http/address.h"
#include "daemon/http/code.h"
#include "daemon/http/pass.h"
#include "daemon/http/route.h"
#include "daemon/http/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void an_address_says_whether_it_is_reached_from_elsewhere(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool good, loopback;
    } rows[] = {
        {"127.0.0.1:7780", true, true},   {"localhost:80", true, true}, {"[::1]:7780", true, true},
        {"127.9.9.9:7780", true, true},   {"0.0.0.0:7780", true, false}, {"*:7780", true, false},
        {"[::]:7780", true, false},       {"10.0.0.7:1", true, false},   {"127.0.0.1", false, false},
        {"127.0.0.1:", false, false},     {":7780", false, false},       {"127.0.0.1:0", false, false},
        {"127.0.0.1:65536", false, false}, {"127.0.0.1:7 ", false, false}, {"example.org:80", false, false},
        {"[127.0.0.1:80", false, false},  {"", false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_address a;
        struct takt_error err = {0};
        int code = http_address_read(rows[i].text, &a, &err);
        if (rows[i].good != (code == 0) || (code == 0 && a.loopback != rows[i].loopback))
            fail_msg("'%s': %d, loopback %d (%s)", rows[i].text, code, code == 0 && a.loopback, err.text);
        if (code != 0)
            assert_int_equal(code, TAKT_ECONFIG);
    }
}

static void only_the_names_of_this_machine_are_its_own(void **state) {
    (void)state;
    assert_true(http_host_is_local("localhost"));
    assert_true(http_host_is_local("LocalHost:7780"));
    assert_true(http_host_is_local("127.0.0.1:7780"));
    assert_true(http_host_is_local("[::1]:7780"));
    assert_false(http_host_is_local(NULL));
    assert_false(http_host_is_local(""));
    assert_false(http_host_is_local("localhost.evil.example"));
    assert_false(http_host_is_local("127.0.0.1.evil.example:7780"));
    assert_false(http_host_is_local("evil.example"));
}

static void only_a_terminals_message_can_change_something(void **state) {
    (void)state;
    static const char *const paths[] = {"/",           "/board.js",    "/api/status",   "/api/plan",    "/api/lots", "/api/orders", "/api/late",
                                        "/api/order",  "/api/why",     "/api/creators", "/api/stock",   "/api/shipments",
                                        "/api/changes", "/metrics",    "/livez",        "/readyz", "/api/line", "/api/floor"};
    static const char *const shows[] = {"status", "plan", "lots", "orders", "late", "order", "why", "creators", "stock", "shipments",
                                        "metrics", "alive", "ready", "line"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const struct route *route = route_find(paths[i]);
        assert_non_null(route);
        bool known = route->command == NULL;
        for (size_t k = 0; !known && k < sizeof shows / sizeof shows[0]; k++)
            known = strcmp(shows[k], route->command) == 0;
        if (!known)
            fail_msg("%s asks '%s'", paths[i], route->command);
        assert_int_equal(route->kind == ROUTE_FLOOR, route->access == ACCESS_TERMINAL);
    }
    assert_null(route_find("/api/reload"));
    assert_null(route_find("/api/release"));
    assert_null(route_find("/../etc/passwd"));
    assert_null(route_find(""));
}

static void a_page_of_a_line_stands_at_its_name(void **state) {
    (void)state;
    assert_non_null(route_find("/line/print-1"));
    assert_int_equal(route_find("/line/print-1")->access, ACCESS_OPEN);
    assert_null(route_find("/line/"));
    assert_null(route_find("/line"));
    assert_null(route_find("/api/line/x"));
}

static void a_terminal_is_known_by_its_token_alone(void **state) {
    (void)state;
    /* SHA-256 of "0123456789abcdef" and of "short" */
    static const char *const digests[] = {"9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f",
                                          "f9b0078b5df596d2ea19010c001bbd009e651de2c57e8fb7e355f31eb9d3f739"};
    struct plant_terminal terminals[] = {{.id = "none"}, {.id = "hall", .tokens = {digests, 2}}};
    struct plant plant = {.terminals = terminals, .terminal_count = 2};
    assert_string_equal(pass_terminal(&plant, "0123456789abcdef"), "hall");
    assert_null(pass_terminal(&plant, "0123456789abcdeF"));
    assert_null(pass_terminal(&plant, "short"));
    assert_null(pass_terminal(&plant, digests[0]));
    assert_null(pass_terminal(&plant, ""));
    assert_null(pass_terminal(&plant, NULL));
    assert_string_equal(pass_bearer("Bearer x"), "x");
    assert_null(pass_bearer("Basic x"));
    assert_null(pass_bearer("Bearer "));
    assert_null(pass_bearer(NULL));
    assert_false(pass_is("", ""));
    assert_false(pass_is("a", NULL));
    assert_false(pass_is("", "a"));
    assert_false(pass_is("abc", "ab"));
    assert_false(pass_is("abc", "abcd"));
    assert_false(pass_is("abc", "abd"));
    assert_true(pass_is("abc", "abc"));
}

static void what_is_no_text_has_no_code(void **state) {
    (void)state;
    char text[CODE_TEXT_MAX + 2];
    size_t size = 0;
    memset(text, 'x', sizeof text);
    text[CODE_TEXT_MAX + 1] = '\0';
    assert_null(code_svg(text, &size));
    assert_null(code_svg("", &size));
    assert_null(code_svg("a\nb", &size));
    text[CODE_TEXT_MAX] = '\0';
    char *svg = code_svg(text, &size);
    assert_non_null(svg);
    assert_int_equal(size, strlen(svg));
    free(svg);
}

static void a_page_of_elsewhere_has_another_origin(void **state) {
    (void)state;
    assert_true(pass_same_origin(NULL, "plant:7780"));
    assert_true(pass_same_origin("http://plant:7780", "plant:7780"));
    assert_true(pass_same_origin("https://Plant", "plant"));
    assert_false(pass_same_origin("http://plant:7781", "plant:7780"));
    assert_false(pass_same_origin("http://evil.example", "plant"));
    assert_false(pass_same_origin("http://plant.evil.example", "plant"));
    assert_false(pass_same_origin("null", "null"));
    assert_false(pass_same_origin("http://plant", NULL));
}

static void what_a_query_says_becomes_members_of_the_question_or_is_refused(void **state) {
    (void)state;
    const struct route *plan = route_find("/api/plan");
    struct writer w = {0};
    struct refusal refusal = {0};
    writer_object(&w, NULL);
    assert_true(route_parameter(plan, "limit", "50", &w, &refusal));
    assert_true(route_parameter(plan, "line", "a\"b", &w, &refusal));
    writer_end(&w);
    char *text = writer_take(&w, NULL);
    assert_string_equal(text, "{\"limit\":50,\"line\":\"a\\\"b\"}");
    free(text);
    static const char *const bad[][2] = {{"limit", "-1"}, {"limit", ""}, {"limit", "1e3"}, {"limit", "9999999999999999999"},
                                         {"type", "reload"}, {"order", "x"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        refusal = (struct refusal){0};
        assert_false(route_parameter(plan, bad[i][0], bad[i][1], &w, &refusal));
        assert_int_equal(refusal.kind, REFUSAL_BAD_MESSAGE);
    }
    writer_done(&w);
}

/* ---- tokens ---- */

struct folder {
    char path[64], before[4096];
};

static int enter(void **state) {
    struct folder *f = takt_alloc(sizeof *f);
    snprintf(f->path, sizeof f->path, "/tmp/takt-token-XXXXXX");
    *state = f;
    unsetenv("CREDENTIALS_DIRECTORY");
    return getcwd(f->before, sizeof f->before) == NULL || mkdtemp(f->path) == NULL || chdir(f->path) != 0;
}

static int leave(void **state) {
    struct folder *f = *state;
    unlink("http-token");
    unsetenv("CREDENTIALS_DIRECTORY");
    int code = chdir(f->before) != 0 || rmdir(f->path) != 0;
    free(f);
    return code;
}

static void put(const char *text, mode_t mode) {
    FILE *f = fopen("http-token", "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod("http-token", mode), 0);
}

static void a_token_is_read_from_a_file_that_only_its_owner_can_read(void **state) {
    (void)state;
    char token[HTTP_TOKEN_MAX + 1];
    struct takt_error err = {0};
    assert_int_equal(token_read("http-token", token, &err), 0);
    assert_string_equal(token, "");
    put("0123456789abcdef\n", 0600);
    assert_int_equal(token_read("http-token", token, &err), 0);
    assert_string_equal(token, "0123456789abcdef");
    put("0123456789abcdef\n", 0640);
    assert_int_equal(token_read("http-token", token, &err), TAKT_ECONFIG);
    assert_non_null(strstr(err.text, "chmod 600"));
}

static void a_credential_of_systemd_is_taken_whatever_its_mode(void **state) {
    struct folder *f = *state;
    char token[HTTP_TOKEN_MAX + 1];
    struct takt_error err = {0};
    put("0123456789abcdef", 0444);
    setenv("CREDENTIALS_DIRECTORY", f->path, 1);
    assert_int_equal(token_read("http-token", token, &err), 0);
    assert_string_equal(token, "0123456789abcdef");
}

static void what_is_no_token_is_refused(void **state) {
    (void)state;
    char token[HTTP_TOKEN_MAX + 1], text[HTTP_TOKEN_MAX + 8];
    static const char *const bad[] = {"", "short", "with spaces in between", "semicolon;0123456789", "quote\"0123456789"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct takt_error err = {0};
        put(bad[i], 0600);
        assert_int_equal(token_read("http-token", token, &err), TAKT_ECONFIG);
    }
    struct takt_error err = {0};
    memset(text, 'a', HTTP_TOKEN_MAX + 1);
    text[HTTP_TOKEN_MAX + 1] = '\0';
    put(text, 0600);
    assert_int_equal(token_read("http-token", token, &err), TAKT_ECONFIG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_says_whether_it_is_reached_from_elsewhere),
        cmocka_unit_test(only_the_names_of_this_machine_are_its_own),
        cmocka_unit_test(only_a_terminals_message_can_change_something),
        cmocka_unit_test(a_page_of_a_line_stands_at_its_name),
        cmocka_unit_test(a_terminal_is_known_by_its_token_alone),
        cmocka_unit_test(a_page_of_elsewhere_has_another_origin),
        cmocka_unit_test(what_is_no_text_has_no_code),
        cmocka_unit_test(what_a_query_says_becomes_members_of_the_question_or_is_refused),
        cmocka_unit_test_setup_teardown(a_token_is_read_from_a_file_that_only_its_owner_can_read, enter, leave),
        cmocka_unit_test_setup_teardown(a_credential_of_systemd_is_taken_whatever_its_mode, enter, leave),
        cmocka_unit_test_setup_teardown(what_is_no_token_is_refused, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
