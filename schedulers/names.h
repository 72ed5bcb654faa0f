/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Names to numbers, in the order in which they come. Ownership: names_done; the texts stay the caller's. Cost: O(length). */

#include <stddef.h>
#include <stdint.h>

struct names {
    struct name_slot *slots;
    uint32_t cap, count;
};

void names_done(struct names *n);
int32_t names_find(const struct names *n, const char *name); /* -1: it is not there */
/* The number of the name, given to it now (count so far) if it is new; ret_new may be NULL. */
int32_t names_add(struct names *n, const char *name, int *ret_new);
void names_clear(struct names *n);
