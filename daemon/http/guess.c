/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/guess.h"

#include <netinet/in.h>
#include <sodium.h>
#include <string.h>

enum { DOUBLED_MAX = 6 }; /* 64 s were more than it may be */

_Static_assert(GUESS_KEY_SIZE == crypto_shorthash_KEYBYTES && sizeof(uint64_t) == crypto_shorthash_BYTES, "SipHash's sizes");

static uint64_t hash(const struct guesses *g, const void *bytes, size_t size) {
    uint64_t value;
    crypto_shorthash((uint8_t *)&value, bytes, size, g->key);
    return value != 0 ? value : 1;
}

/* An address of IPv4 is the same whether it comes as such or within one of IPv6. What is neither is one and the same stranger. */
static uint64_t address_of(const struct guesses *g, const struct sockaddr *who) {
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (who != NULL && who->sa_family == AF_INET) {
        memcpy(&v4, who, sizeof v4);
        return hash(g, &v4.sin_addr, 4);
    }
    if (who == NULL || who->sa_family != AF_INET6)
        return hash(g, "", 0);
    memcpy(&v6, who, sizeof v6);
    return IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) ? hash(g, v6.sin6_addr.s6_addr + 12, 4) : hash(g, v6.sin6_addr.s6_addr, 8);
}

void guess_init(struct guesses *g) {
    memset(g, 0, sizeof *g);
    randombytes_buf(g->key, sizeof g->key);
}

int64_t guess_wait_ms(const struct guesses *g, const struct sockaddr *who, int64_t now_ms) {
    uint64_t address = address_of(g, who);
    const struct guesser *bucket = g->table[address % GUESS_BUCKETS];
    for (size_t i = 0; i < GUESS_WAYS; i++)
        if (bucket[i].address == address && bucket[i].until_ms > now_ms)
            return bucket[i].until_ms - now_ms;
    return 0;
}

/* The row of an address: its own, or that of whom the longest has not guessed, made new. Nobody's has never. */
static struct guesser *row_of(struct guesses *g, uint64_t address, int64_t now_ms) {
    struct guesser *bucket = g->table[address % GUESS_BUCKETS], *row = &bucket[0];
    for (size_t i = 0; i < GUESS_WAYS && row->address != address; i++)
        if (bucket[i].address == address || bucket[i].last_ms < row->last_ms)
            row = &bucket[i];
    if (row->address != address || now_ms - row->last_ms >= GUESS_FORGET_MS)
        *row = (struct guesser){.address = address};
    return row;
}

uint32_t guess_wrong(struct guesses *g, const struct sockaddr *who, const char *token, int64_t now_ms) {
    struct guesser *row = row_of(g, address_of(g, who), now_ms);
    uint64_t wrong = hash(g, token, strlen(token));
    for (size_t i = 0; i < GUESS_KEPT; i++)
        if (row->wrong[i] == wrong)
            return 0;
    row->wrong[row->count % GUESS_KEPT] = wrong;
    row->last_ms = now_ms;
    row->count++;
    if (row->count > GUESS_FREE) {
        uint32_t doubled = row->count - GUESS_FREE - 1;
        row->until_ms = now_ms + (doubled < DOUBLED_MAX ? INT64_C(1000) << doubled : GUESS_WAIT_MS_MAX);
    }
    return row->count;
}
