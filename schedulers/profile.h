/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What is free of a pool over time: a step function, its steps in an array ascending in time.
 *
 * The first step holds before it too. Ownership: profile_init and profile_done.
 * Cost: a question is O(log steps + steps within), a change O(steps after it), which is little where time is filled in
 * order. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct profile_step {
    int32_t from, free;
};

struct profile {
    struct profile_step *steps;
    uint32_t count, cap;
};

void profile_init(struct profile *f, const int32_t *from, const int32_t *capacity, int32_t count);
void profile_copy(struct profile *to, const struct profile *from); /* `to` is initialised or zero */
void profile_done(struct profile *f);

/* Takes amount (negative: gives back) in [from, to). It may go below zero. */
void profile_take(struct profile *f, int32_t from, int32_t to, int32_t amount);
/* True if amount is free all over [from, to); else ret_until is the end of the last step in it where it is not
 * (INT32_MAX: it never ends). */
bool profile_has(const struct profile *f, int32_t from, int32_t to, int32_t amount, int32_t *ret_until);
/* The first tick not before t at which amount is free; INT32_MAX: never. */
int32_t profile_next(const struct profile *f, int32_t t, int32_t amount);
