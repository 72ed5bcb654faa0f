/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/route.h"

#include "daemon/http/pages.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define HTML "text/html; charset=utf-8"
#define SCRIPT "text/javascript; charset=utf-8"
#define STYLE "text/css; charset=utf-8"
#define PICTURE "image/svg+xml"
#define PLAIN "text/plain; charset=utf-8"
#define METRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"

#define PAGE(path, type, bytes) {path, ROUTE_PAGE, ACCESS_BOARD, NULL, type, &bytes, {{0}}}
#define OPEN_PAGE(path, type, bytes) {path, ROUTE_PAGE, ACCESS_OPEN, NULL, type, &bytes, {{0}}}
#define ASK(path, command, ...) ASK_FOR(path, ACCESS_BOARD, command, __VA_ARGS__)
#define ASK_FOR(path, access, command, ...) {path, ROUTE_ASK, access, command, "application/json", NULL, {__VA_ARGS__}}
#define PAGED {"limit", true}, {"offset", true}

static const struct route routes[] = {
    PAGE("/", HTML, page_board_html),
    PAGE("/board.js", SCRIPT, page_board_js),
    PAGE("/gantt.js", SCRIPT, page_gantt_js),
    PAGE("/why.js", SCRIPT, page_why_js),
    PAGE("/words.js", SCRIPT, page_words_js),
    PAGE("/board.css", STYLE, page_board_css),
    OPEN_PAGE("/icon.svg", PICTURE, page_icon_svg),
    OPEN_PAGE("/line/", HTML, page_line_html),
    OPEN_PAGE("/line.js", SCRIPT, page_line_js),
    OPEN_PAGE("/paper.js", SCRIPT, page_paper_js),
    OPEN_PAGE("/reports.js", SCRIPT, page_reports_js),
    OPEN_PAGE("/line-words.js", SCRIPT, page_line_words_js),
    OPEN_PAGE("/line.css", STYLE, page_line_css),
    ASK("/api/status", "status", {NULL, false}),
    ASK_FOR("/api/line", ACCESS_FLOOR, "line", {"line", false}),
    ASK_FOR("/api/plan", ACCESS_FLOOR, "plan", PAGED, {"line", false}, {"lot", true}, {"from", false}, {"to", false}),
    ASK("/api/lots", "lots", PAGED),
    ASK("/api/orders", "orders", {"limit", true}, {"after", true}, {"state", false}, {"creator", false}),
    ASK("/api/late", "late", {"limit", true}),
    ASK("/api/order", "order", {"order", false}),
    ASK("/api/why", "why", {"order", false}),
    ASK("/api/creators", "creators", {NULL, false}),
    ASK("/api/stock", "stock", {NULL, false}),
    ASK("/api/shipments", "shipments", {"limit", true}, {"after", true}, {"state", false}),
    {"/api/changes", ROUTE_STREAM, ACCESS_FLOOR, NULL, NULL, NULL, {{0}}},
    {"/api/floor", ROUTE_FLOOR, ACCESS_TERMINAL, NULL, "application/json", NULL, {{0}}},
    {"/code.svg", ROUTE_CODE, ACCESS_OPEN, NULL, PICTURE, NULL, {{0}}},
    {"/metrics", ROUTE_TEXT, ACCESS_OPEN, "metrics", METRICS, NULL, {{0}}},
    {"/livez", ROUTE_TEXT, ACCESS_OPEN, "alive", PLAIN, NULL, {{0}}},
    {"/readyz", ROUTE_TEXT, ACCESS_OPEN, "ready", PLAIN, NULL, {{0}}},
};

const struct route *route_find(const char *path) {
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        size_t length = strlen(routes[i].path);
        bool all = length > 1 && routes[i].path[length - 1] == '/';
        if (all ? strncmp(routes[i].path, path, length) == 0 && path[length] != '\0' : strcmp(routes[i].path, path) == 0)
            return &routes[i];
    }
    return NULL;
}

static bool is_integer(const char *text) {
    size_t digits = strlen(text);
    return digits > 0 && digits <= 18 && strspn(text, "0123456789") == digits;
}

bool route_parameter(const struct route *route, const char *name, const char *value, struct writer *w,
                     struct refusal *ret_refusal) {
    for (size_t i = 0; i < ROUTE_PARAMETERS_MAX && route->parameters[i].name; i++) {
        if (strcmp(route->parameters[i].name, name) != 0)
            continue;
        if (!route->parameters[i].integer)
            writer_text(w, name, value);
        else if (is_integer(value))
            writer_integer(w, name, strtoll(value, NULL, 10));
        else
            return refuse(ret_refusal, REFUSAL_BAD_MESSAGE, "", "'%s' must be a whole number", name);
        return true;
    }
    return refuse(ret_refusal, REFUSAL_BAD_MESSAGE, "", "%s takes no '%.64s'", route->path, name);
}
