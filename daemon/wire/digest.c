/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wire/digest.h"

#include <assert.h>
#include <string.h>

enum { KEY_SIZE = 32 };

/* Little-endian, whatever the machine: digests are kept for ever. */
static void add_integer(struct digest *d, uint64_t number, size_t size) {
    uint8_t bytes[8];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(number >> (8 * i));
    crypto_generichash_update(&d->state, bytes, size);
}

void digest_begin(struct digest *d, size_t size, const uint8_t *key) {
    assert(size >= crypto_generichash_BYTES_MIN && size <= crypto_generichash_BYTES_MAX);
    d->size = size;
    crypto_generichash_init(&d->state, key, key ? KEY_SIZE : 0, size);
}

void digest_text(struct digest *d, const char *text) {
    if (text == NULL) {
        add_integer(d, UINT32_MAX, 4);
        return;
    }
    size_t length = strlen(text);
    add_integer(d, length, 4);
    crypto_generichash_update(&d->state, (const uint8_t *)text, length);
}

void digest_number(struct digest *d, int64_t number) {
    add_integer(d, (uint64_t)number, 8);
}

void digest_bytes(struct digest *d, const uint8_t *bytes, size_t size) {
    crypto_generichash_update(&d->state, bytes, size);
}

void digest_end(struct digest *d, uint8_t *ret) {
    crypto_generichash_final(&d->state, ret, d->size);
}
