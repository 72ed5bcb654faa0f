/* SPDX-License-Identifier: Apache-2.0 */

/* Every public function is the same three steps: find the member (missing is refused or not, as `need` says), check its
 * JSON type, check its value. Places are JSON pointers (RFC 6901), put together from the chain of parents on refusal. */

#include "daemon/wire/reader.h"

#include "base/time.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* ---- places ---- */

static size_t append(char *at, size_t size, size_t length, const char *text) {
    while (*text && length + 1 < size)
        at[length++] = *text++;
    at[length] = '\0';
    return length;
}

static size_t append_token(char *at, size_t size, size_t length, const char *token) {
    length = append(at, size, length, "/");
    for (; *token; token++) {
        const char one[2] = {*token, '\0'};
        length = append(at, size, length, *token == '~' ? "~0" : *token == '/' ? "~1" : one);
    }
    return length;
}

static size_t append_place(const struct reader *r, char *at, size_t size) {
    if (r->parent == NULL)
        return 0;
    size_t length = append_place(r->parent, at, size);
    if (r->name)
        return append_token(at, size, length, r->name);
    char number[24];
    snprintf(number, sizeof number, "%zu", r->index);
    return append_token(at, size, length, number);
}

static bool refuse_at(const struct reader *r, const char *name, enum refusal_kind kind, const char *format, va_list args) {
    char at[sizeof r->refusal->at] = "", detail[sizeof r->refusal->detail];
    size_t length = append_place(r, at, sizeof at);
    if (name)
        append_token(at, sizeof at, length, name);
    vsnprintf(detail, sizeof detail, format, args);
    return refuse(r->refusal, kind, at, "%s", detail);
}

bool reader_problem(const struct reader *r, const char *name, enum refusal_kind kind, const char *format, ...) {
    va_list args;
    va_start(args, format);
    refuse_at(r, name, kind, format, args);
    va_end(args);
    return false;
}

/* What a value's name is in a sentence: the member's, or for an element its list's. */
static const char *called(const struct reader *r, const char *name) {
    return name ? name : r->name ? r->name : r->parent && r->parent->name ? r->parent->name : "the message";
}

/* ---- one member ---- */

/* NULL: it is missing; then *ret_fine says whether that may be. */
static json_t *find(const struct reader *r, const char *name, enum need need, bool *ret_fine) {
    json_t *node = json_object_get(r->node, name);
    *ret_fine = node != NULL || need == READ_OPTIONAL;
    if (!*ret_fine)
        reader_problem(r, name, r->value_kind, "%s is missing", name);
    return node;
}

static const char *type_text(const json_t *node) {
    static const char *const names[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",  [JSON_STRING] = "text", [JSON_INTEGER] = "an integer",
        [JSON_REAL] = "a number with a fraction or exponent", [JSON_TRUE] = "true", [JSON_FALSE] = "false", [JSON_NULL] = "null"};
    return names[json_typeof(node)];
}

static bool wrong_type(const struct reader *r, const char *name, const json_t *node, const char *wanted) {
    return reader_problem(r, name, REFUSAL_BAD_MESSAGE, "%s must be %s, not %s", called(r, name), wanted, type_text(node));
}

bool text_is_plain(const char *text) {
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p < 0x20 || *p == 0x7F)
            return false;
        if (*p == 0xC2 && p[1] >= 0x80 && p[1] < 0xA0) /* C1 controls */
            return false;
        if (*p == 0xD8 && p[1] == 0x9C) /* U+061C, Arabic letter mark */
            return false;
        if (*p == 0xE2 && p[1] == 0x80 && (p[2] == 0x8E || p[2] == 0x8F || (p[2] >= 0xA8 && p[2] <= 0xAE)))
            return false; /* U+200E, 200F: marks; 2028, 2029: line ends; 202A–202E: embeddings and overrides */
        if (*p == 0xE2 && p[1] == 0x81 && p[2] >= 0xA6 && p[2] <= 0xA9)
            return false; /* U+2066–2069: isolates */
        if (*p == 0xEF && p[1] == 0xBB && p[2] == 0xBF) /* U+FEFF */
            return false;
    }
    return true;
}

static bool check_text(const struct reader *r, const char *name, json_t *node, size_t most) {
    if (!json_is_string(node))
        return wrong_type(r, name, node, "text");
    if (json_string_length(node) > most)
        return reader_problem(r, name, r->value_kind, "%s is %zu bytes long, at most %zu are allowed", called(r, name),
                             json_string_length(node), most);
    if (!text_is_plain(json_string_value(node)))
        return reader_problem(r, name, r->value_kind,
                             "%s has a control character, or an invisible one that changes the direction of writing",
                             called(r, name));
    return true;
}

static bool read_text_as(const struct reader *r, const char *name, enum need need, size_t most, const char **ret) {
    bool fine;
    json_t *node = find(r, name, need, &fine);
    if (node == NULL)
        return fine;
    if (!check_text(r, name, node, most))
        return false;
    if (json_string_length(node) > 0)
        *ret = json_string_value(node);
    else if (need == READ_REQUIRED)
        return reader_problem(r, name, r->value_kind, "%s is empty", name);
    return true;
}

bool reader_has(const struct reader *r, const char *name) {
    return json_object_get(r->node, name) != NULL;
}

enum member_kind reader_kind(const struct reader *r, const char *name) {
    const json_t *node = json_object_get(r->node, name);
    return node == NULL            ? MEMBER_MISSING
           : json_is_string(node)  ? MEMBER_TEXT
           : json_is_integer(node) ? MEMBER_INTEGER
           : json_is_boolean(node) ? MEMBER_BOOLEAN
                                   : MEMBER_OTHER;
}

bool reader_text(const struct reader *r, const char *name, enum need need, size_t most, const char **ret) {
    return read_text_as(r, name, need, most, ret);
}

static bool in_range(const struct reader *r, const char *name, int64_t value, int64_t least, int64_t most) {
    if (value < -READ_INTEGER_MAX || value > READ_INTEGER_MAX)
        return reader_problem(r, name, REFUSAL_BAD_MESSAGE, "%s is beyond 2^53 - 1", name);
    if (value < least || value > most)
        return reader_problem(r, name, r->value_kind, "%s is %lld; it must be from %lld to %lld", name, (long long)value,
                             (long long)least, (long long)most);
    return true;
}

bool reader_integer(const struct reader *r, const char *name, enum need need, int64_t least, int64_t most, int64_t *ret) {
    bool fine;
    json_t *node = find(r, name, need, &fine);
    if (node == NULL)
        return fine;
    if (!json_is_integer(node))
        return wrong_type(r, name, node, "an integer");
    if (!in_range(r, name, json_integer_value(node), least, most))
        return false;
    *ret = json_integer_value(node);
    return true;
}

bool reader_milli(const struct reader *r, const char *name, enum need need, int64_t least, int64_t most, int64_t *ret) {
    bool fine;
    json_t *node = find(r, name, need, &fine);
    if (node == NULL)
        return fine;
    if (!json_is_number(node))
        return wrong_type(r, name, node, "a number");
    double value = json_number_value(node), limit = (double)READ_INTEGER_MAX / 1000;
    if (!(value >= -limit && value <= limit))
        return reader_problem(r, name, REFUSAL_BAD_MESSAGE, "%s is too large", name);
    double milli = value * 1000;
    int64_t whole = (int64_t)(milli + (milli < 0 ? -0.5 : 0.5));
    double off = milli - (double)whole, tolerance = 1e-6 + 1e-12 * (milli < 0 ? -milli : milli);
    if (off > tolerance || off < -tolerance)
        return reader_problem(r, name, r->value_kind, "%s has more than three decimals", name);
    if (whole < least || whole > most)
        return reader_problem(r, name, r->value_kind, "%s is out of range", name);
    *ret = whole;
    return true;
}

bool reader_boolean(const struct reader *r, const char *name, enum need need, bool *ret) {
    bool fine;
    json_t *node = find(r, name, need, &fine);
    if (node == NULL)
        return fine;
    if (!json_is_boolean(node))
        return wrong_type(r, name, node, "true or false");
    *ret = json_is_true(node);
    return true;
}

/* The text of a point in time: NULL in *ret: it is missing and may be. */
static bool read_stamp(const struct reader *r, const char *name, enum need need, const char **ret) {
    *ret = NULL;
    return read_text_as(r, name, need, 40, ret);
}

bool reader_time(const struct reader *r, const char *name, enum need need, int64_t *ret_s) {
    const char *text;
    if (!read_stamp(r, name, need, &text))
        return false;
    if (text && !time_parse_rfc3339(text, ret_s))
        return reader_problem(r, name, r->value_kind, "%s is '%s'; a time is written 2026-11-22T03:11:00Z", name, text);
    return true;
}

bool reader_day(const struct reader *r, const char *name, enum need need, int32_t *ret_day) {
    const char *text;
    if (!read_stamp(r, name, need, &text))
        return false;
    if (text && !day_parse(text, ret_day))
        return reader_problem(r, name, r->value_kind, "%s is '%s'; a date is written 2026-11-22", name, text);
    return true;
}

bool reader_duration(const struct reader *r, const char *name, enum need need, int64_t *ret_s) {
    const char *text;
    if (!read_stamp(r, name, need, &text))
        return false;
    if (text && !duration_parse_iso(text, ret_s))
        return reader_problem(r, name, r->value_kind, "%s is '%s'; a duration is written PT4H", name, text);
    return true;
}

/* ---- children ---- */

static struct reader child(const struct reader *parent, const char *name, size_t index, json_t *node) {
    return (struct reader){.node = node,
                           .parent = parent,
                           .name = name,
                           .index = index,
                           .value_kind = parent->value_kind,
                           .refusal = parent->refusal};
}

bool reader_object(const struct reader *r, const char *name, enum need need, struct reader *ret) {
    bool fine;
    json_t *node = find(r, name, need, &fine);
    *ret = child(r, name, 0, node);
    if (node && !json_is_object(node))
        return wrong_type(r, name, node, "an object");
    return fine;
}

bool reader_list(const struct reader *r, const char *name, enum need need, size_t least, size_t most, struct reader *ret) {
    bool fine;
    json_t *node = find(r, name, need, &fine);
    *ret = child(r, name, 0, node);
    if (node == NULL)
        return fine;
    if (!json_is_array(node))
        return wrong_type(r, name, node, "a list");
    size_t count = json_array_size(node);
    if (count < least || count > most)
        return reader_problem(r, name, r->value_kind, "%s has %zu elements; there must be from %zu to %zu", name, count, least,
                             most);
    return true;
}

size_t reader_count(const struct reader *r) {
    return json_is_array(r->node) ? json_array_size(r->node) : json_object_size(r->node);
}

bool reader_list_object(const struct reader *list, size_t index, struct reader *ret) {
    json_t *node = json_array_get(list->node, index);
    *ret = child(list, NULL, index, node);
    return json_is_object(node) || wrong_type(ret, NULL, node, "an object");
}

bool reader_list_text(const struct reader *list, size_t index, size_t most, const char **ret) {
    json_t *node = json_array_get(list->node, index);
    struct reader element = child(list, NULL, index, node);
    if (!check_text(&element, NULL, node, most))
        return false;
    if (json_string_length(node) == 0)
        return reader_problem(&element, NULL, list->value_kind, "%s has an empty text", called(list, NULL));
    *ret = json_string_value(node);
    return true;
}

bool reader_next(const struct reader *r, void **at, const char **ret_name) {
    *at = *at ? json_object_iter_next(r->node, *at) : json_object_iter(r->node);
    if (*at == NULL)
        return false;
    *ret_name = json_object_iter_key(*at);
    return true;
}
