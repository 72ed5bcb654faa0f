/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One YAML file as a tree of nodes that know their places; the subset of YAML that a plant is written in.
 *
 * Guarantees: no anchors, aliases, tags, directives, further documents, duplicate keys, keys that are not plain text or
 * control characters; at most DOCUMENT_DEPTH_MAX levels, DOCUMENT_SIZE_MAX bytes and DOCUMENT_NODES_MAX nodes. Each of
 * them is a fault, and none costs more than a moment. Scalars stay text: what they mean is decided by who reads them,
 * so `no` is Norway where a country is wanted.
 *
 * Threads: no state. Ownership: the tree lies in the arena.
 * Errors: faults; a node that could not be taken is NODE_BROKEN, so that reading goes on without faults that only
 * follow. */

#include "config/fault.h"

#include <stdbool.h>

enum { DOCUMENT_DEPTH_MAX = 32, DOCUMENT_SIZE_MAX = 16 * 1024 * 1024, DOCUMENT_NODES_MAX = 1000000 };

struct names;

enum node_kind { NODE_BROKEN, NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
    enum node_kind kind;
    bool quoted; /* a scalar in quotes or a block */
    struct place place;
    const char *text; /* of a scalar; never NULL */
    const struct entry *entries;
    size_t count;
    const struct names *index; /* of a map's keys, their places in entries; NULL: it is searched */
};

struct entry {
    const struct node *key; /* a scalar; NULL in a list */
    const struct node *value;
};

/* The root of the document: a map, or NULL if the file is empty or not YAML; the second is a fault. */
const struct node *document_parse(const struct source *source, const char *bytes, size_t size, struct arena *arena,
                                  struct faults *faults);

/* The value of a key of a map; NULL: it is not there, or this is no map. Cost: O(1)
 * expected. */
const struct node *node_get(const struct node *map, const char *key);
