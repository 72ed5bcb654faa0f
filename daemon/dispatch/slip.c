/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/dispatch/slip.h"

#include "base/arena.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct slip {
    json_t *body; /* NULL: empty */
};

struct slip *slip_read(const char *body) {
    struct slip *s = takt_alloc(sizeof *s);
    if (body != NULL)
        s->body = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
    return s;
}

void slip_free(struct slip *s) {
    if (s == NULL)
        return;
    json_decref(s->body);
    free(s);
}

static bool write_object(const json_t *object, struct writer *w, const char *name) {
    if (!json_is_object(object))
        return false;
    char *text = json_dumps(object, JSON_COMPACT);
    if (text == NULL)
        takt_no_memory();
    writer_json(w, name, text);
    free(text);
    return true;
}

bool slip_write_recipient(const struct slip *s, struct writer *w, const char *name) {
    return write_object(json_object_get(s->body, "recipient"), w, name);
}

bool slip_write_personalization(const struct slip *s, uint32_t item, struct writer *w, const char *name) {
    return write_object(json_array_get(json_object_get(s->body, "items"), item), w, name);
}

void slip_write_options(const char *canonical, struct writer *w, const char *name) {
    if (canonical[0] == '\0')
        return;
    char *text = takt_strdup(canonical), *rest = text;
    writer_object(w, name);
    for (char *pair; (pair = strsep(&rest, ";")) != NULL;) {
        char *value = strchr(pair, '=');
        if (value == NULL)
            continue;
        *value++ = '\0';
        writer_text(w, pair, value);
    }
    writer_end(w);
    free(text);
}
