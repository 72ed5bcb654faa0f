/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a back end of the store is: one row in the table of store.c. A back end runs groups; the queue, the choice of
 * the group and the helpers stand in store.c and are the same for all.
 *
 * Fault injection (tests, simulation) is a back end that wraps another. */

#include "daemon/store/store.h"

struct store_backend {
    const char *scheme; /* `sqlite:` */
    int (*open)(const struct store_config *config, void **ret_self, struct takt_error *err);
    void (*close)(void *self);
    /* Runs a chain of requests in order and commits once; fills code and err of each. */
    void (*run)(void *self, struct store_request *chain);
    /* Where several groups can be under way (else NULL): begin sends one on its way, false: it has to be run, after the
     * others; finish waits for the one begun first, with its results as of `run`, NULL: none is under way. */
    bool (*begin)(void *self, struct store_request *chain);
    struct store_request *(*finish)(void *self);
    const char *(*trouble)(const void *self);
};

extern const struct store_backend store_memory, store_sqlite, store_postgres;

/* A store over a back end that is open already: for tests that wrap one. Takes self. */
struct store *store_over(const struct store_backend *backend, void *self, size_t queue_max);
