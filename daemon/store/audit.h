/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The audit log: what was decided (orders accepted, amended, cancelled, erased; promises given and moved; the
 * configuration changed; an older copy of the store taken), as a chain in which nothing can be changed, left out or put
 * in later without every link from there on being wrong.
 *
 * One link is one transaction: a group in which something was decided adds one row and one hash, whatever the number of
 * its orders. The link is written in the transaction of its decisions, so there is none without the other.
 *
 * Guarantees:
 *  A1  A link's hash is BLAKE2b over the hash before it and all of its fields. The last link's number and hash stand in
 *      the store's state as well, so an end that was cut off shows.
 *  A2  `orders` and `promises` are hashes over what was accepted and promised (number, creator, order_ref, hash of the
 *      content; order, number, times, reason), in the order of their numbers. Both are rows that a store keeps for
 *      ever, so whoever checks the chain also finds out when one of them was changed.
 *  A3  A plant has one chain however many processes write: a transaction that writes holds the plant's state from
 *      before it reads the last hash until it has committed (postgres.c, I1), or commits only if that state, with the
 *      last hash in it, is still the one that it foresaw (postgres_ahead.c). So links are in the order of commits.
 *  A4  No personal data: the other decisions are named by the orders' numbers in `detail`, such as
 *      "cancelled 17 18; amended 21".
 *
 * A chain proves that the store is what it was when somebody noted its last hash: note it elsewhere
 * (`taktctl audit verify` prints it; the daemon keeps it in its mark, mark.h). Who can write the whole store can write a
 * whole other chain. Times are plant time.
 *
 * Cost: a BLAKE2b over some 100 bytes an order, a row a group; no read.
 * Threads: that of the store. Ownership: as tables.h. Errors: what the tables say. */

#include "base/arena.h"
#include "daemon/store/store.h"

struct tables;
struct order_key;

struct audit_link {
    uint64_t link;                     /* 1, 2, 3 … */
    int64_t at_s;
    uint64_t after_change, change;     /* orders accepted in it have numbers above the first, up to the second */
    uint64_t after_promise, promise;   /* likewise promises */
    uint32_t accepted, promised, repromised;
    uint8_t orders[STORE_HASH_SIZE], promises[STORE_HASH_SIZE]; /* zeros: none */
    const char *detail;
    uint8_t hash[STORE_HASH_SIZE];
};

/* The hash that belongs to a link that follows one with the hash `before` (zeros: it is the first). */
void audit_hash(const struct audit_link *link, const uint8_t before[STORE_HASH_SIZE], uint8_t ret[STORE_HASH_SIZE]);

/* ---- the hashes of A2, also for whoever checks ---- */

struct audit_digest; /* of one link's orders or promises */

struct audit_digest *audit_digest_new(void);
void audit_digest_free(struct audit_digest *d); /* NULL is fine */
void audit_digest_begin(struct audit_digest *d);
void audit_digest_order(struct audit_digest *d, const char *creator, const char *order_ref,
                        const struct order_key *key);
void audit_digest_promise(struct audit_digest *d, uint64_t number, const struct promise_row *row);
void audit_digest_end(struct audit_digest *d, uint8_t ret[STORE_HASH_SIZE]);

/* ---- while a group runs: for back ends and operations ---- */

struct audit *audit_new(void);
void audit_free(struct audit *audit);

/* At the beginning of a group, when its state is there; before its state is saved: adds the link, if there is one. */
void audit_begin(struct tables *t);
int audit_end(struct tables *t);

void audit_accepted(struct tables *t, int64_t at_s, const char *creator, const char *order_ref,
                    const struct order_key *key);
void audit_promised(struct tables *t, uint64_t number, const struct promise_row *row);
/* what: "cancelled"; about: an order's number, or whatever else is not personal. */
void audit_noted(struct tables *t, int64_t at_s, const char *what, const char *about);
void audit_noted_order(struct tables *t, int64_t at_s, const char *what, uint64_t no);

/* The hash of the last link, as the state keeps it. */
struct store_state;
void audit_head(const struct store_state *state, uint8_t ret[STORE_HASH_SIZE]);
