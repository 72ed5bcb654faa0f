/* SPDX-License-Identifier: Apache-2.0 */

/* The parser is jansson, which is strict, but builds whatever it is sent: a frame of 1 MiB of opening brackets would be two
 * thousand levels of recursion, one of empty objects a hundred megabytes. So the bytes are looked over once before. */

#include "daemon/wire/message.h"

#include "base/arena.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* Counts levels and values outside of texts. What is not JSON at all is left to the parser to explain. */
static bool check_shape(const char *bytes, size_t size, struct refusal *ret_refusal) {
    size_t level = 0, values = 1;
    bool in_text = false;
    for (size_t i = 0; i < size; i++) {
        char c = bytes[i];
        if (in_text) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_text = false;
            continue;
        }
        switch (c) {
        case '"':
            in_text = true;
            break;
        case '{':
        case '[':
            if (++level > MESSAGE_LEVELS_MAX)
                return refuse(ret_refusal, REFUSAL_BAD_MESSAGE, "", "more than %d levels at byte %zu", MESSAGE_LEVELS_MAX, i);
            values++;
            break;
        case '}':
        case ']':
            level -= level > 0;
            break;
        case ',':
            values++;
            break;
        }
    }
    return values <= MESSAGE_VALUES_MAX ||
           refuse(ret_refusal, REFUSAL_BAD_MESSAGE, "", "more than %d values", MESSAGE_VALUES_MAX);
}

static bool parse(const void *bytes, size_t size, json_t **ret, struct refusal *ret_refusal) {
    json_error_t error;
    *ret = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &error);
    if (*ret == NULL)
        return refuse(ret_refusal, REFUSAL_BAD_MESSAGE, "", "not valid JSON at byte %d: %s", error.position, error.text);
    if (!json_is_object(*ret))
        return refuse(ret_refusal, REFUSAL_BAD_MESSAGE, "", "a message must be an object");
    return true;
}

/* A key that is there twice and an integer beyond 64 bits are refused wherever they are, but there is an object around them:
 * its id, if it has one, lets the sender know which message it was. */
static void find_id(const void *bytes, size_t size, struct message *m) {
    json_t *document = json_loadb(bytes, size, JSON_DECODE_INT_AS_REAL, NULL);
    const char *id = json_string_value(json_object_get(document, "id"));
    if (id != NULL && strlen(id) <= MESSAGE_ID_MAX && text_is_plain(id))
        snprintf(m->id, sizeof m->id, "%s", id);
    json_decref(document);
}

static bool read_head(struct message *m, const char *name, enum need need, char *ret, size_t ret_size,
                      struct refusal *ret_refusal) {
    struct reader r = message_reader(m, ret_refusal);
    const char *text = "";
    if (!reader_text(&r, name, need, ret_size - 1, &text))
        return false;
    if (reader_has(&r, name) && *text == '\0')
        return reader_problem(&r, name, REFUSAL_BAD_MESSAGE, "%s is empty", name);
    snprintf(ret, ret_size, "%s", text);
    return true;
}

bool message_read(const void *bytes, size_t size, struct message *ret, struct refusal *ret_refusal) {
    *ret = (struct message){0};
    if (size == 0)
        return refuse(ret_refusal, REFUSAL_BAD_MESSAGE, "", "the frame is empty");
    if (size > MESSAGE_SIZE_MAX)
        return refuse(ret_refusal, REFUSAL_BAD_MESSAGE, "", "%zu bytes, at most %d are allowed", size, MESSAGE_SIZE_MAX);
    if (!check_shape(bytes, size, ret_refusal))
        return false;
    if (!parse(bytes, size, &ret->document, ret_refusal)) {
        find_id(bytes, size, ret);
        return false;
    }
    return read_head(ret, "id", READ_OPTIONAL, ret->id, sizeof ret->id, ret_refusal) &&
           read_head(ret, "type", READ_REQUIRED, ret->type, sizeof ret->type, ret_refusal);
}

void message_done(struct message *m) {
    json_decref(m->document);
    m->document = NULL;
}

struct reader message_reader(const struct message *m, struct refusal *refusal) {
    return (struct reader){.node = m->document, .value_kind = REFUSAL_BAD_MESSAGE, .refusal = refusal};
}

bool message_needs_id(const struct message *m, struct refusal *ret_refusal) {
    return m->id[0] != '\0' || refuse(ret_refusal, REFUSAL_BAD_MESSAGE, "/id", "%s needs an id", m->type);
}

char *message_text(const struct message *m) {
    char *text = json_dumps(m->document, JSON_COMPACT);
    if (text == NULL)
        takt_no_memory(); /* it was parsed from JSON, so nothing else can keep it from being written */
    return text;
}
