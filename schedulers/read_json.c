/* SPDX-License-Identifier: Apache-2.0 */
#include "schedulers/read_json.h"

#include "schedulers/problem.h"

#include <stdlib.h>
#include <string.h>

json_t *json_read(const char *text, size_t size, struct takt_error *err) {
    json_error_t why;
    json_t *value = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
    if (value == NULL)
        takt_fail(err, TAKT_EDATA, "line %d, column %d: %s", why.line, why.column, why.text);
    return value;
}

bool json_absent(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    return value == NULL || json_is_null(value);
}

bool json_wrong(const json_t *value, const char *key, const char *where, struct takt_error *err) {
    char *shown = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    bool large = json_is_integer(value) || json_is_real(value);
    takt_fail(err, TAKT_EDATA, "%s: '%s' cannot be %.60s%s%s", where, key, shown != NULL ? shown : "that",
              shown != NULL && strlen(shown) > 60 ? "…" : "", large ? " (it must be a whole number in range)" : "");
    free(shown);
    return false;
}

bool json_value_whole(const json_t *value, const char *what, const char *where, int64_t least, int32_t *ret,
                      struct takt_error *err) {
    if (!json_is_integer(value) || json_integer_value(value) < least || json_integer_value(value) >= PROBLEM_TICK_MAX)
        return json_wrong(value, what, where, err);
    *ret = (int32_t)json_integer_value(value);
    return true;
}

bool json_whole(const json_t *object, const char *key, const char *where, int64_t least, int32_t *ret,
                struct takt_error *err) {
    const json_t *value = json_object_get(object, key);
    return value == NULL || json_value_whole(value, key, where, least, ret, err);
}

bool json_whole64(const json_t *object, const char *key, const char *where, int64_t *ret, struct takt_error *err) {
    const json_t *value = json_object_get(object, key);
    if (value == NULL)
        return true;
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return json_wrong(value, key, where, err);
    *ret = json_integer_value(value);
    return true;
}

bool json_text(const json_t *object, const char *key, const char *where, const char **ret, struct takt_error *err) {
    const json_t *value = json_object_get(object, key);
    if (value == NULL) {
        takt_fail(err, TAKT_EDATA, "%s has no '%s'", where, key);
        return false;
    }
    if (!json_is_string(value))
        return json_wrong(value, key, where, err);
    *ret = json_string_value(value);
    return true;
}

bool json_truth(const json_t *object, const char *key, const char *where, bool *ret, struct takt_error *err) {
    const json_t *value = json_object_get(object, key);
    if (value == NULL)
        return true;
    if (!json_is_boolean(value))
        return json_wrong(value, key, where, err);
    *ret = json_is_true(value);
    return true;
}

bool json_rows(const json_t *object, const char *key, const char *where, json_t **ret, struct takt_error *err) {
    json_t *value = json_object_get(object, key);
    *ret = value;
    return value == NULL || json_is_array(value) || json_wrong(value, key, where, err);
}

bool json_members(const json_t *object, const char *key, const char *where, json_t **ret, struct takt_error *err) {
    json_t *value = json_object_get(object, key);
    *ret = value;
    return value == NULL || json_is_object(value) || json_wrong(value, key, where, err);
}
