/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Who guesses at tokens of the HTTP port waits, longer with each guess.
 *
 * Guarantees:
 *  - An address may be wrong GUESS_FREE times; after each wrong token more it waits, 1 s at first, twice as long each time, up
 *    to GUESS_WAIT_MS_MAX. While it waits no token of its is looked at, so that nothing is learned. GUESS_FORGET_MS without a
 *    guess, and it is as new.
 *  - The same wrong token again is no guess: a tablet or browser with an old one may ask as often as it likes. The last
 *    GUESS_KEPT of an address are known, by a hash under a key that nobody else has.
 *  - Bounded: so many addresses at a time. Where one more comes, it takes the place of whom the longest has not guessed among
 *    the few that share its bucket.
 *  - An address is one of IPv4, or the 64 bits that name a network of IPv6.
 *
 * Threads: one owner. Ownership: plain data after guess_init. Cost: a hash and a few comparisons. */

#include <stdint.h>
#include <sys/socket.h>

enum {
    GUESS_FREE = 5,
    GUESS_KEPT = 4,
    GUESS_WAIT_MS_MAX = 60000,
    GUESS_FORGET_MS = 600000,
    GUESS_BUCKETS = 128,
    GUESS_WAYS = 8,
    GUESS_KEY_SIZE = 16
};

struct guesser {
    uint64_t address; /* 0: nobody */
    uint64_t wrong[GUESS_KEPT];
    int64_t last_ms, until_ms;
    uint32_t count;
};

struct guesses {
    uint8_t key[GUESS_KEY_SIZE];
    struct guesser table[GUESS_BUCKETS][GUESS_WAYS];
};

void guess_init(struct guesses *g); /* a key by chance, and nobody */
/* Milliseconds that this address must wait; 0: it may try. */
int64_t guess_wait_ms(const struct guesses *g, const struct sockaddr *who, int64_t now_ms);
/* It offered this, and it is wrong. How many guesses it has made, of late; 0: it is no guess, but a wrong token that is known. */
uint32_t guess_wrong(struct guesses *g, const struct sockaddr *who, const char *token, int64_t now_ms);
