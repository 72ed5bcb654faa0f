/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/body.h"

#include <jansson.h>
#include <stdlib.h>

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
