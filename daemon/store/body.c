/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/body.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int load(const char *text, json_t **ret, struct takt_error *err) {
    json_error_t why;
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    if (json == NULL || !json_is_object(json)) {
        json_decref(json);
        return takt_fail(err, TAKT_EDATA, "the body of an order is not a JSON object");
    }
    *ret = json;
    return 0;
}

int body_merge(const char *old, const char *with, struct arena *arena, const char **ret, struct takt_error *err) {
    json_t *merged = NULL, *more = NULL;
    int code = load(old != NULL ? old : with, &merged, err);
    if (code == 0)
        code = load(with, &more, err);
    if (code == 0) {
        if (json_object_update(merged, more) < 0)
            takt_no_memory();
        char *text = json_dumps(merged, JSON_COMPACT);
        if (text == NULL)
            takt_no_memory();
        *ret = arena_strdup(arena, text);
        free(text);
    }
    json_decref(merged);
    json_decref(more);
    return code;
}

/* ---- whose it is ---- */

static bool same_digits(const char *a, const char *b) {
    static const char digits[] = "0123456789";
    bool any = false;
    for (;; a++, b++, any = true) {
        a += strcspn(a, digits);
        b += strcspn(b, digits);
        if (*a != *b || *a == '\0')
            return any && *a == *b;
    }
}

static bool same_text(const char *a, const char *b) {
    return strcasecmp(a, b) == 0;
}

bool body_names(const char *body, const char *field, const char *value) {
    static const struct {
        const char *field;
        bool (*same)(const char *a, const char *b);
    } fields[] = {{"name", same_text}, {"phone", same_digits}, {"email", same_text}, {"token", same_text}};
    json_t *json;
    if (load(body, &json, NULL) < 0)
        return false;
    const char *text = json_string_value(json_object_get(json_object_get(json, "recipient"), field));
    bool names = false;
    for (size_t i = 0; text != NULL && i < sizeof fields / sizeof fields[0]; i++)
        names = names || (strcmp(fields[i].field, field) == 0 && fields[i].same(text, value));
    json_decref(json);
    return names;
}
