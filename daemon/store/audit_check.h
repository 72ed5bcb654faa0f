/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Reads the audit log (audit.h) of a store at rest or at work, and checks it: each link against the one before, and
 * what it says against the rows it is about. Works on SQLite and PostgreSQL alike, and changes nothing.
 *
 * What is checked: links are numbered without gaps and each hash is right; the store's state names the last one; the
 * orders accepted and promises given by each link are those in the store, no more and no less; orders that were
 * cancelled are. Orders of before the first link are not covered.
 *
 * Cost: reads all keys and promises in the order of their numbers, a row at a time.
 * Threads: one owner. Errors: in err; as copy.h. What is broken is no error but in the result. */

#include "daemon/store/audit.h"
#include "daemon/store/copy.h"

struct audit_report {
    struct copy_head head;
    uint64_t links, orders, promises; /* that were checked */
    uint64_t not_covered;             /* the last change before the first link */
    uint8_t hash[STORE_HASH_SIZE];    /* of the last link */
    uint64_t broken;                  /* the first link that is; 0: none */
    char why[160];                    /* "": the chain is whole */
};

int audit_check(const char *url, const char *plant, struct audit_report *ret, struct takt_error *err);

/* Links after `after` in their order; stops when `each` returns false. */
int audit_list(const char *url, const char *plant, uint64_t after,
               bool (*each)(void *arg, const struct audit_link *link), void *arg, struct takt_error *err);
