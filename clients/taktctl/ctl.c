/* SPDX-License-Identifier: Apache-2.0 */

#include "clients/taktctl/ctl.h"

#include "base/arena.h"
#include "base/time.h"
#include "config/zone.h"
#include "daemon/wire/reply.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { PAGE = 2000, TRIES_MAX = 5 };

/* ---- requests ---- */

int ctl_exit_status(enum link_status status) {
    switch (status) {
    case LINK_OK:
        return 0;
    case LINK_NO_DAEMON:
        return EX_UNAVAILABLE;
    case LINK_TIMEOUT:
    case LINK_BUSY:
        return EX_TEMPFAIL;
    case LINK_REFUSED:
        return EX_DATAERR;
    case LINK_UNKNOWN:
        return EX_NOINPUT;
    default:
        return EX_PROTOCOL;
    }
}

void ctl_begin(struct ctl *ctl, struct writer *w, const char *type) {
    reply_begin(w, type, link_id(ctl->link));
}

int ctl_send(struct ctl *ctl, struct writer *w, json_t **ret) {
    size_t size;
    reply_end(w);
    char *bytes = writer_take(w, &size);
    enum link_status status = link_call(ctl->link, bytes, size, ret, &ctl->err);
    free(bytes);
    return ctl_exit_status(status);
}

int ctl_simple(struct ctl *ctl, const char *type, json_t **ret) {
    struct writer w = {0};
    ctl_begin(ctl, &w, type);
    return ctl_send(ctl, &w, ret);
}

static int get_page(struct ctl *ctl, const struct ctl_list *list, int64_t from, json_t **ret) {
    struct writer w = {0};
    ctl_begin(ctl, &w, list->type);
    writer_integer(&w, "limit", PAGE);
    writer_integer(&w, list->cursor, from);
    if (list->add)
        list->add(&w, list->arg);
    return ctl_send(ctl, &w, ret);
}

/* 0, an exit status, or -1: the list has changed on the way. */
static int get_all(struct ctl *ctl, const struct ctl_list *list, json_t **ret) {
    json_t *whole;
    int status = get_page(ctl, list, 0, &whole);
    if (status != 0)
        return status;
    int64_t version = integer_of(whole, "version"), next = integer_of(whole, "next");
    while (next > 0 && status == 0) {
        json_t *page;
        status = get_page(ctl, list, next, &page);
        if (status != 0)
            break;
        next = integer_of(page, "next");
        status = integer_of(page, "version") == version ? 0 : -1;
        json_array_extend(json_object_get(whole, list->list), json_object_get(page, list->list));
        json_decref(page);
    }
    json_object_del(whole, "next");
    if (status != 0)
        json_decref(whole);
    else
        *ret = whole;
    return status;
}

int ctl_pages(struct ctl *ctl, const struct ctl_list *list, json_t **ret) {
    int status = -1;
    for (int i = 0; i < TRIES_MAX && status < 0; i++)
        status = get_all(ctl, list, ret);
    if (status >= 0)
        return status;
    snprintf(ctl->err.text, sizeof ctl->err.text, "the %s changes faster than it can be read, try again", list->type);
    return EX_TEMPFAIL;
}

/* ---- hello ---- */

static int take_welcome(struct ctl *ctl, const json_t *welcome) {
    struct takt_error err = {0};
    snprintf(ctl->zone_name, sizeof ctl->zone_name, "%s", text_of(welcome, "time_zone"));
    snprintf(ctl->plant, sizeof ctl->plant, "%s", text_of(welcome, "plant"));
    if (!time_of(welcome, "time", &ctl->now_s) || zone_load(ctl->arena, ctl->zone_name, &ctl->zone, &err) != 0) {
        snprintf(ctl->err.text, sizeof ctl->err.text, "the daemon's welcome makes no sense (%s)", err.text);
        return EX_PROTOCOL;
    }
    return 0;
}

int ctl_connect(struct ctl *ctl) {
    enum link_status opened = link_open(ctl->socket, ctl->timeout_ms, &ctl->link, &ctl->err);
    if (opened != LINK_OK)
        return ctl_exit_status(opened);
    struct writer w = {0};
    json_t *welcome;
    ctl_begin(ctl, &w, "hello");
    writer_integer(&w, "protocol", 1);
    int status = ctl_send(ctl, &w, &welcome);
    if (status != 0)
        return status;
    status = take_welcome(ctl, welcome);
    json_decref(welcome);
    return status;
}

void ctl_done(struct ctl *ctl) {
    link_close(ctl->link);
    arena_free(ctl->arena);
}

bool ctl_json(struct ctl *ctl, json_t *reply) {
    if (!ctl->json)
        return false;
    json_object_del(reply, "type");
    json_object_del(reply, "id");
    json_dumpf(reply, ctl->out, (ctl->terminal ? JSON_INDENT(2) : JSON_COMPACT) | JSON_REAL_PRECISION(15));
    fputc('\n', ctl->out);
    return true;
}

/* ---- members ---- */

const char *text_of(const json_t *object, const char *name) {
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

int64_t integer_of(const json_t *object, const char *name) {
    return json_integer_value(json_object_get(object, name));
}

bool flag_of(const json_t *object, const char *name) {
    return json_is_true(json_object_get(object, name));
}

bool time_of(const json_t *object, const char *name, int64_t *ret_s) {
    const char *text = json_string_value(json_object_get(object, name));
    return text && time_parse_rfc3339(text, ret_s);
}

/* ---- times ---- */

static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

const char *when_text(const struct ctl *ctl, int64_t time_s, char buffer[WHEN_SIZE]) {
    int32_t day, second, today, ignored;
    int year, month, mday, this_year;
    zone_local(ctl->zone, time_s, &day, &second);
    zone_local(ctl->zone, ctl->now_s, &today, &ignored);
    civil_from_day(day, &year, &month, &mday);
    int hour = second / 3600, minute = second / 60 % 60;
    if (!ctl->terminal) {
        int offset = zone_offset_s(ctl->zone, time_s) / 60, size = offset < 0 ? -offset : offset;
        snprintf(buffer, WHEN_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", year, month, mday, hour, minute, second % 60,
                 offset < 0 ? '-' : '+', size / 60 % 24, size % 60);
        return buffer;
    }
    int month2, mday2;
    civil_from_day(today, &this_year, &month2, &mday2);
    if (year == this_year)
        snprintf(buffer, WHEN_SIZE, "%s %2d %s %02d:%02d", days[day_of_week(day)], mday, months[month - 1], hour, minute);
    else
        snprintf(buffer, WHEN_SIZE, "%2d %s %d %02d:%02d", mday, months[month - 1], year, hour, minute);
    return buffer;
}

const char *when_of(const struct ctl *ctl, const json_t *object, const char *name, char buffer[WHEN_SIZE]) {
    int64_t time_s;
    *buffer = 0;
    return time_of(object, name, &time_s) ? when_text(ctl, time_s, buffer) : buffer;
}

/* "1d12h" of whole numbers, each unit once and falling. */
static bool parse_span(const char *text, int64_t *ret_s) {
    static const struct {
        char letter;
        int64_t seconds;
    } units[] = {{'w', 7 * 86400}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    int64_t total = 0;
    size_t unit = 0;
    if (!*text)
        return false;
    while (*text) {
        int64_t number = 0;
        const char *digits = text;
        while (*text >= '0' && *text <= '9' && number < 100000)
            number = number * 10 + (*text++ - '0');
        while (unit < sizeof units / sizeof units[0] && units[unit].letter != *text)
            unit++;
        if (text == digits || unit == sizeof units / sizeof units[0])
            return false;
        total += number * units[unit++].seconds;
        text++;
    }
    *ret_s = total;
    return true;
}

static bool parse_local(const struct ctl *ctl, const char *text, int64_t *ret_s) {
    char date[11];
    int32_t day;
    int hour = 0, minute = 0, end = 0;
    if (strlen(text) < 10)
        return false;
    snprintf(date, sizeof date, "%.10s", text);
    const char *rest = text + 10;
    bool timed = *rest == 'T' || *rest == ' ';
    if (!day_parse(date, &day) || (!timed && *rest))
        return false;
    if (timed && (sscanf(rest + 1, "%2d:%2d%n", &hour, &minute, &end) != 2 || rest[1 + end] || hour < 0 || hour > 23 ||
                  minute < 0 || minute > 59))
        return false;
    *ret_s = zone_time(ctl->zone, day, hour * 3600 + minute * 60);
    return true;
}

bool when_parse(const struct ctl *ctl, const char *text, int64_t *ret_s) {
    int64_t span_s;
    if (text[0] == '+' && parse_span(text + 1, &span_s))
        return *ret_s = ctl->now_s + span_s, true;
    return time_parse_rfc3339(text, ret_s) || parse_local(ctl, text, ret_s);
}
