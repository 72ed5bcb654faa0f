/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Names to numbers, in the order in which they come. Ownership: numbering_done; the texts stay the caller's. Cost:
 * O(length). */

#include <stddef.h>
#include <stdint.h>

struct numbering {
    struct numbering_slot *slots;
    uint32_t cap, count;
};

void numbering_done(struct numbering *n);
int32_t numbering_find(const struct numbering *n, const char *name); /* -1: it is not there */
/* The number of the name, given to it now (count so far) if it is new; ret_new may be NULL. */
int32_t numbering_add(struct numbering *n, const char *name, int *ret_new);
void numbering_clear(struct numbering *n);
