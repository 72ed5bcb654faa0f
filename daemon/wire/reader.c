/* SPDX-License-Identifier: Apache-2.0 */

/* Every public function is the same three steps: find the member (missing is refused or not, as `need` says), check its
 * JSON type, check its value. Places are JSON pointers (RFC 6901), put together from the chain of parents on refusal. */

#include "daemon/wire/reader.h"

#include "base/time.h"

#include <stdarg.h>
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
static struct tree_node *find(const struct reader *r, const char *name, enum need need, bool *ret_fine) {
    struct tree_node *node = tree_member(r->node, name);
    *ret_fine = node != NULL || need == READ_OPTIONAL;
    if (!*ret_fine)
        reader_problem(r, name, r->value_kind, "%s is missing", name);
    return node;
}

static const char *type_text(const struct tree_node *node) {
    static const char *const names[] = {
        [TREE_OBJECT] = "an object", [TREE_LIST] = "a list",  [TREE_TEXT] = "text", [TREE_INTEGER] = "an integer",
        [TREE_REAL] = "a number with a fraction or exponent", [TREE_TRUE] = "true", [TREE_FALSE] = "false", [TREE_NULL] = "null"};
    return names[node->kind];
}

static bool wrong_type(const struct reader *r, const char *name, const struct tree_node *node, const char *wanted) {
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

static bool check_text(const struct reader *r, const char *name, struct tree_node *node, size_t most) {
    if (node->kind != TREE_TEXT)
        return wrong_type(r, name, node, "text");
    if (node->size > most)
        return reader_problem(r, name, r->value_kind, "%s is %u bytes long, at most %zu are allowed", called(r, name),
                             node->size, most);
    if (!node->plain && !text_is_plain(node->text))
        return reader_problem(r, name, r->value_kind,
                             "%s has a control character, or an invisible one that changes the direction of writing",
                             called(r, name));
    return true;
}

static bool read_text_as(const struct reader *r, const char *name, enum need need, size_t most, const char **ret) {
    bool fine;
    struct tree_node *node = find(r, name, need, &fine);
    if (node == NULL)
        return fine;
    if (!check_text(r, name, node, most))
        return false;
    if (node->size > 0)
        *ret = node->text;
    else if (need == READ_REQUIRED)
        return reader_problem(r, name, r->value_kind, "%s is empty", name);
    return true;
}

bool reader_has(const struct reader *r, const char *name) {
    return tree_member(r->node, name) != NULL;
}

enum member_kind reader_kind(const struct reader *r, const char *name) {
    struct tree_node *node = tree_member(r->node, name);
    return node == NULL            ? MEMBER_MISSING
           : node->kind == TREE_TEXT  ? MEMBER_TEXT
           : node->kind == TREE_INTEGER ? MEMBER_INTEGER
           : node->kind == TREE_TRUE || node->kind == TREE_FALSE ? MEMBER_BOOLEAN
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
    struct tree_node *node = find(r, name, need, &fine);
    if (node == NULL)
        return fine;
    if (node->kind != TREE_INTEGER)
        return wrong_type(r, name, node, "an integer");
    if (!in_range(r, name, node->integer, least, most))
        return false;
    *ret = node->integer;
    return true;
}

bool reader_milli(const struct reader *r, const char *name, enum need need, int64_t least, int64_t most, int64_t *ret) {
    bool fine;
    struct tree_node *node = find(r, name, need, &fine);
    if (node == NULL)
        return fine;
    if (node->kind != TREE_INTEGER && node->kind != TREE_REAL)
        return wrong_type(r, name, node, "a number");
    double value = tree_real(node), limit = (double)READ_INTEGER_MAX / 1000;
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
    struct tree_node *node = find(r, name, need, &fine);
    if (node == NULL)
        return fine;
    if (node->kind != TREE_TRUE && node->kind != TREE_FALSE)
        return wrong_type(r, name, node, "true or false");
    *ret = node->kind == TREE_TRUE;
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

static struct reader child(const struct reader *parent, const char *name, size_t index, struct tree_node *node) {
    return (struct reader){.node = node,
                           .parent = parent,
                           .name = name,
                           .index = index,
                           .value_kind = parent->value_kind,
                           .refusal = parent->refusal};
}

bool reader_object(const struct reader *r, const char *name, enum need need, struct reader *ret) {
    bool fine;
    struct tree_node *node = find(r, name, need, &fine);
    *ret = child(r, name, 0, node);
    if (node && node->kind != TREE_OBJECT)
        return wrong_type(r, name, node, "an object");
    return fine;
}

bool reader_list(const struct reader *r, const char *name, enum need need, size_t least, size_t most, struct reader *ret) {
    bool fine;
    struct tree_node *node = find(r, name, need, &fine);
    *ret = child(r, name, 0, node);
    if (node == NULL)
        return fine;
    if (node->kind != TREE_LIST)
        return wrong_type(r, name, node, "a list");
    size_t count = node->size;
    if (count < least || count > most)
        return reader_problem(r, name, r->value_kind, "%s has %zu elements; there must be from %zu to %zu", name, count, least,
                             most);
    return true;
}

size_t reader_count(const struct reader *r) {
    return r->node ? r->node->size : 0;
}

bool reader_list_object(const struct reader *list, size_t index, struct reader *ret) {
    struct tree_node *node = tree_element(list->node, index);
    *ret = child(list, NULL, index, node);
    return node->kind == TREE_OBJECT || wrong_type(ret, NULL, node, "an object");
}

bool reader_list_text(const struct reader *list, size_t index, size_t most, const char **ret) {
    struct tree_node *node = tree_element(list->node, index);
    struct reader element = child(list, NULL, index, node);
    if (!check_text(&element, NULL, node, most))
        return false;
    if (node->size == 0)
        return reader_problem(&element, NULL, list->value_kind, "%s has an empty text", called(list, NULL));
    *ret = node->text;
    return true;
}

bool reader_next(const struct reader *r, void **at, const char **ret_name) {
    struct tree_node *next = tree_next(r->node, *at);
    *at = next;
    if (next == NULL)
        return false;
    *ret_name = next->name;
    return true;
}
