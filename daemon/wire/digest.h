/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* BLAKE2b over fields, each with its length before it, so that no two lists of fields have the same bytes.
 *
 * Threads: one owner at a time. Ownership: plain data. */

#include <sodium.h>
#include <stddef.h>
#include <stdint.h>

struct digest {
    crypto_generichash_state state;
    size_t size;
};

/* size 16–64 bytes; key NULL, or 32 bytes. */
void digest_begin(struct digest *d, size_t size, const uint8_t *key);
void digest_text(struct digest *d, const char *text); /* NULL is a value of its own */
void digest_number(struct digest *d, int64_t number);
void digest_bytes(struct digest *d, const uint8_t *bytes, size_t size); /* of a size that is always the same */
void digest_end(struct digest *d, uint8_t *ret);
