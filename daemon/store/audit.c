/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/audit.h"

#include "daemon/store/tables.h"
#include "daemon/wire/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- hashes ---- */

struct audit_digest {
    struct digest digest;
};

struct audit_digest *audit_digest_new(void) {
    /* libsodium's state has a stricter alignment than malloc gives */
    size_t size = sizeof(struct audit_digest), unit = _Alignof(struct audit_digest);
    struct audit_digest *d = aligned_alloc(unit, (size + unit - 1) / unit * unit);
    if (d == NULL)
        takt_no_memory();
    return d;
}

void audit_digest_free(struct audit_digest *d) {
    free(d);
}

void audit_digest_begin(struct audit_digest *d) {
    digest_begin(&d->digest, STORE_HASH_SIZE, NULL);
}

void audit_digest_order(struct audit_digest *d, const char *creator, const char *order_ref,
                        const struct order_key *key) {
    digest_number(&d->digest, (int64_t)key->no);
    digest_text(&d->digest, creator);
    digest_text(&d->digest, order_ref);
    digest_bytes(&d->digest, key->hash, sizeof key->hash);
}

void audit_digest_promise(struct audit_digest *d, uint64_t number, const struct promise_row *row) {
    digest_number(&d->digest, (int64_t)row->order);
    digest_number(&d->digest, (int64_t)number);
    digest_number(&d->digest, row->at_s);
    digest_number(&d->digest, row->ship_by_s);
    digest_number(&d->digest, row->deliver_by_day);
    digest_text(&d->digest, row->reason != NULL ? row->reason : "");
}

void audit_digest_end(struct audit_digest *d, uint8_t ret[STORE_HASH_SIZE]) {
    digest_end(&d->digest, ret);
}

void audit_hash(const struct audit_link *link, const uint8_t before[STORE_HASH_SIZE], uint8_t ret[STORE_HASH_SIZE]) {
    struct digest d;
    const uint64_t numbers[] = {link->link,    (uint64_t)link->at_s, link->after_change, link->change, link->after_promise,
                                link->promise, link->accepted,       link->promised,     link->repromised};
    digest_begin(&d, STORE_HASH_SIZE, NULL);
    digest_bytes(&d, before, STORE_HASH_SIZE);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        digest_number(&d, (int64_t)numbers[i]);
    digest_bytes(&d, link->orders, STORE_HASH_SIZE);
    digest_bytes(&d, link->promises, STORE_HASH_SIZE);
    digest_text(&d, link->detail);
    digest_end(&d, ret);
}

/* ---- the head in the state: four whole numbers, the first byte highest ---- */

void audit_head(const struct store_state *state, uint8_t ret[STORE_HASH_SIZE]) {
    const int64_t parts[] = {state->audit_a, state->audit_b, state->audit_c, state->audit_d};
    for (size_t i = 0; i < STORE_HASH_SIZE; i++)
        ret[i] = (uint8_t)((uint64_t)parts[i / 8] >> (56 - i % 8 * 8));
}

static void set_head(struct store_state *state, const uint8_t hash[STORE_HASH_SIZE]) {
    int64_t *const parts[] = {&state->audit_a, &state->audit_b, &state->audit_c, &state->audit_d};
    for (size_t i = 0; i < STORE_HASH_SIZE; i++)
        *parts[i / 8] = (int64_t)((i % 8 == 0 ? 0 : (uint64_t)*parts[i / 8] << 8) | hash[i]);
}

/* ---- a group ---- */

struct audit {
    struct audit_link link; /* of the group that runs; detail is not used */
    struct audit_digest *orders, *promises;
    char *detail;
    size_t length, room;
    const char *last_what; /* at the end of detail */
};

struct audit *audit_new(void) {
    struct audit *a = takt_alloc(sizeof *a);
    a->orders = audit_digest_new();
    a->promises = audit_digest_new();
    return a;
}

void audit_free(struct audit *a) {
    audit_digest_free(a->orders);
    audit_digest_free(a->promises);
    free(a->detail);
    free(a);
}

void audit_begin(struct tables *t) {
    struct audit *a = t->audit;
    a->link = (struct audit_link){.after_change = (uint64_t)t->state.change, .after_promise = (uint64_t)t->state.promise};
    a->length = 0;
    a->last_what = "";
}

static void at(struct audit *a, int64_t at_s) {
    if (at_s > a->link.at_s)
        a->link.at_s = at_s;
}

void audit_accepted(struct tables *t, int64_t at_s, const char *creator, const char *order_ref,
                    const struct order_key *key) {
    struct audit *a = t->audit;
    if (a->link.accepted++ == 0)
        audit_digest_begin(a->orders);
    audit_digest_order(a->orders, creator, order_ref, key);
    at(a, at_s);
}

void audit_promised(struct tables *t, uint64_t number, const struct promise_row *row) {
    struct audit *a = t->audit;
    if (a->link.promised + a->link.repromised == 0)
        audit_digest_begin(a->promises);
    ++*(row->reason == NULL || row->reason[0] == '\0' ? &a->link.promised : &a->link.repromised);
    audit_digest_promise(a->promises, number, row);
    at(a, row->at_s);
}

static void add_text(struct audit *a, const char *text) {
    size_t length = strlen(text);
    if (a->length + length + 1 > a->room) {
        a->room = (a->length + length + 1) * 2;
        a->detail = takt_realloc(a->detail, a->room, 1);
    }
    memcpy(a->detail + a->length, text, length + 1);
    a->length += length;
}

void audit_noted(struct tables *t, int64_t at_s, const char *what, const char *about) {
    struct audit *a = t->audit;
    if (strcmp(a->last_what, what) != 0) {
        add_text(a, a->length > 0 ? "; " : "");
        add_text(a, what);
        a->last_what = what;
    }
    add_text(a, " ");
    add_text(a, about);
    at(a, at_s);
}

void audit_noted_order(struct tables *t, int64_t at_s, const char *what, uint64_t no) {
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)no);
    audit_noted(t, at_s, what, text);
}

int audit_end(struct tables *t) {
    struct audit *a = t->audit;
    struct audit_link *link = &a->link;
    uint8_t before[STORE_HASH_SIZE];
    if (link->accepted + link->promised + link->repromised == 0 && a->length == 0)
        return 0;
    link->link = (uint64_t)++t->state.audit;
    link->change = (uint64_t)t->state.change;
    link->promise = (uint64_t)t->state.promise;
    link->detail = a->length > 0 ? a->detail : "";
    if (link->accepted > 0)
        audit_digest_end(a->orders, link->orders);
    if (link->promised + link->repromised > 0)
        audit_digest_end(a->promises, link->promises);
    audit_head(&t->state, before);
    audit_hash(link, before, link->hash);
    set_head(&t->state, link->hash);
    return t->ops->audit_add(t, link);
}
