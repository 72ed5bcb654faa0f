/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A JSON document, parsed in one pass into two blocks of memory: a copy of its bytes, in which texts are decoded where they stand,
 * and its values in the order in which they were sent, each with the number of values it spans:
 *
 *     {"id": "7", "orders": [{…}, {…}]}      {5+  "7"  [4+  {  …  {  …
 *
 * So a frame costs two allocations whatever is in it, and what is not asked for costs no more than being looked over.
 *
 * Guarantees: what is taken is JSON as RFC 8259 has it, in UTF-8 without NUL, has no object with a key twice, no number that is
 * beyond 64 bits as an integer or beyond a double otherwise, and at most TREE_LEVELS_MAX levels and TREE_VALUES_MAX values.
 * An integer is what is written as one: 1.0 and 1e2 are reals, -0 is 0.
 *
 * Threads: one owner at a time; looking up writes where it was. Ownership: the bytes may go once they are parsed; names and texts
 * lie in the tree. Errors: false, with what and at which byte; a key twice and a number too large leave the document to be looked
 * at all the same (its id says which message it was), anything else leaves none.
 * Cost: linear in the bytes, whatever they are. Finding a member is linear in those of its object. */

#include "daemon/wire/refusal.h"
#include "daemon/wire/writer.h"

#include <stddef.h>
#include <stdint.h>

enum { TREE_LEVELS_MAX = 16, TREE_VALUES_MAX = 200000 };

enum tree_kind { TREE_OBJECT, TREE_LIST, TREE_TEXT, TREE_INTEGER, TREE_REAL, TREE_TRUE, TREE_FALSE, TREE_NULL };

struct tree_node {
    const char *name;    /* of a member; NULL: an element, or the document */
    union {
        const char *text; /* TREE_TEXT, ended by a NUL; TREE_REAL: as it was written, without */
        int64_t integer;
        struct {
            uint32_t index, offset;
        } last;          /* TREE_LIST: the element that was looked up last, and where it lies */
    };
    uint32_t size;       /* bytes of a text or real; members or elements */
    uint32_t span;       /* values, this one and all below it: the next beside it lies so far on */
    enum tree_kind kind;
    bool plain;          /* a text of ASCII that was sent without escapes: nothing in it needs a second look */
};

struct tree { /* zeroed: empty */
    char *bytes;
    struct tree_node *nodes; /* the document first; NULL: there is none */
};

bool tree_parse(struct tree *ret, const void *bytes, size_t size, struct refusal *ret_refusal);
void tree_done(struct tree *t); /* also of an empty one */

/* NULL: there is no such member, or it is no object, or NULL. */
struct tree_node *tree_member(struct tree_node *object, const char *name);
/* One after the other is O(1) each. index below the list's size. */
struct tree_node *tree_element(struct tree_node *list, size_t index);
/* at NULL: the first; NULL: no more. */
struct tree_node *tree_next(struct tree_node *parent, struct tree_node *at);

double tree_real(const struct tree_node *node); /* of a TREE_REAL or TREE_INTEGER */

void tree_write(struct tree_node *node, struct writer *w, const char *name);
