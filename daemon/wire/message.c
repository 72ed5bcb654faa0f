/* SPDX-License-Identifier: Apache-2.0 */

/* What is wrong with a document beyond its grammar is known only when all of it has been read; its id is looked for even then. */

#include "daemon/wire/message.h"

#include "base/arena.h"

#include <stdio.h>
#include <string.h>

/* A key that is there twice and a number too large are refused wherever they are, but there is an object around them: its id, if it
 * has one, lets the sender know which message it was. */
static void find_id(struct message *m) {
    const struct tree_node *id = tree_member(m->tree.nodes, "id");
    if (id != NULL && id->kind == TREE_TEXT && id->size <= MESSAGE_ID_MAX && text_is_plain(id->text))
        memcpy(m->id, id->text, id->size + 1);
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
    if (!tree_parse(&ret->tree, bytes, size, ret_refusal)) {
        find_id(ret);
        return false;
    }
    if (ret->tree.nodes->kind != TREE_OBJECT)
        return refuse(ret_refusal, REFUSAL_BAD_MESSAGE, "", "a message must be an object");
    return read_head(ret, "id", READ_OPTIONAL, ret->id, sizeof ret->id, ret_refusal) &&
           read_head(ret, "type", READ_REQUIRED, ret->type, sizeof ret->type, ret_refusal);
}

void message_done(struct message *m) {
    tree_done(&m->tree);
}

struct reader message_reader(const struct message *m, struct refusal *refusal) {
    return (struct reader){.node = m->tree.nodes, .value_kind = REFUSAL_BAD_MESSAGE, .refusal = refusal};
}

bool message_needs_id(const struct message *m, struct refusal *ret_refusal) {
    return m->id[0] != '\0' || refuse(ret_refusal, REFUSAL_BAD_MESSAGE, "/id", "%s needs an id", m->type);
}

char *message_text(const struct message *m) {
    struct writer w = {0};
    tree_write(m->tree.nodes, &w, NULL);
    return writer_take(&w, NULL);
}
