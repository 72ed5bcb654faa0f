/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a document, read by us and by jansson, which is strict and another's work: both take it or neither does, but for our
 * own bounds on levels and values, and for a NUL behind a number, which jansson passes over; what both take is the same document, and the same again when it is read from its own text. */
#include "base/arena.h"
#include "daemon/wire/tree.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fine) {
    if (!fine)
        abort();
}

static void must_be_same(struct tree_node *ours, json_t *theirs);

static void must_have_same_members(struct tree_node *ours, json_t *theirs) {
    void *at = json_object_iter(theirs);
    must(ours->kind == TREE_OBJECT && ours->size == json_object_size(theirs));
    for (struct tree_node *node = tree_next(ours, NULL); node; node = tree_next(ours, node)) {
        must(strcmp(node->name, json_object_iter_key(at)) == 0 && tree_member(ours, node->name) == node);
        must_be_same(node, json_object_iter_value(at));
        at = json_object_iter_next(theirs, at);
    }
    must(at == NULL);
}

static void must_have_same_elements(struct tree_node *ours, const json_t *theirs) {
    must(ours->kind == TREE_LIST && ours->size == json_array_size(theirs));
    for (uint32_t i = ours->size; i > 0; i -= i > 1 ? (i + 1) / 2 : 1) /* backwards as well */
        must_be_same(tree_element(ours, i - 1), json_array_get(theirs, i - 1));
    for (uint32_t i = 0; i < ours->size; i++)
        must_be_same(tree_element(ours, i), json_array_get(theirs, i));
}

static void must_be_same(struct tree_node *ours, json_t *theirs) {
    switch (json_typeof(theirs)) {
    case JSON_OBJECT:
        must_have_same_members(ours, theirs);
        break;
    case JSON_ARRAY:
        must_have_same_elements(ours, theirs);
        break;
    case JSON_STRING:
        must(ours->kind == TREE_TEXT && ours->size == json_string_length(theirs) &&
             strcmp(ours->text, json_string_value(theirs)) == 0);
        break;
    case JSON_INTEGER:
        must(ours->kind == TREE_INTEGER && ours->integer == json_integer_value(theirs));
        break;
    case JSON_REAL: {
        double a = tree_real(ours), b = json_real_value(theirs);
        must(ours->kind == TREE_REAL && memcmp(&a, &b, sizeof a) == 0);
        break;
    }
    case JSON_TRUE:
        must(ours->kind == TREE_TRUE);
        break;
    case JSON_FALSE:
        must(ours->kind == TREE_FALSE);
        break;
    case JSON_NULL:
        must(ours->kind == TREE_NULL);
        break;
    }
}

static void must_be_same_again(struct tree_node *ours, json_t *theirs) {
    struct writer w = {0};
    struct tree again;
    struct refusal refusal;
    size_t size;
    tree_write(ours, &w, NULL);
    char *text = writer_take(&w, &size);
    must(tree_parse(&again, text, size, &refusal));
    must_be_same(again.nodes, theirs);
    tree_done(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct tree ours = {0};
    struct refusal refusal = {0};
    json_t *theirs = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    bool taken = tree_parse(&ours, data, size, &refusal);
    must(taken == (refusal.kind == REFUSAL_NONE));
    if (taken) {
        must(theirs != NULL);
        must_be_same(ours.nodes, theirs);
        must_be_same_again(ours.nodes, theirs);
    } else {
        must(refusal.kind == REFUSAL_BAD_MESSAGE && refusal.detail[0] != '\0');
        must(theirs == NULL || strncmp(refusal.detail, "more than", 9) == 0 || memchr(data, 0, size));
    }
    json_decref(theirs);
    tree_done(&ours);
    return 0;
}
