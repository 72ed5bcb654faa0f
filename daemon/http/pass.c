/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/pass.h"

#include "daemon/http/token.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>

/* What is compared is of one length whatever was offered, so that not even the token's is learned. */
bool pass_is(const char *token, const char *text) {
    uint8_t wanted[crypto_hash_sha256_BYTES], offered[sizeof wanted];
    if (*token == '\0' || text == NULL)
        return false;
    crypto_hash_sha256(wanted, (const uint8_t *)token, strlen(token));
    crypto_hash_sha256(offered, (const uint8_t *)text, strlen(text));
    return sodium_memcmp(wanted, offered, sizeof wanted) == 0;
}

const char *pass_bearer(const char *header) {
    static const char BEARER[] = "Bearer ";
    if (header == NULL || strncmp(header, BEARER, sizeof BEARER - 1) != 0)
        return NULL;
    return header[sizeof BEARER - 1] != '\0' ? header + sizeof BEARER - 1 : NULL;
}

const char *pass_terminal(const struct plant *plant, const char *text) {
    uint8_t digest[crypto_hash_sha256_BYTES];
    char hex[2 * sizeof digest + 1];
    const char *found = NULL;
    if (text == NULL || strlen(text) < HTTP_TOKEN_MIN || strlen(text) > HTTP_TOKEN_MAX)
        return NULL;
    crypto_hash_sha256(digest, (const uint8_t *)text, strlen(text));
    sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
    for (size_t i = 0; i < plant->terminal_count; i++)
        for (size_t k = 0; k < plant->terminals[i].tokens.count; k++)
            if (pass_is(plant->terminals[i].tokens.list[k], hex))
                found = plant->terminals[i].id;
    return found;
}

bool pass_same_origin(const char *origin, const char *host) {
    if (origin == NULL)
        return true;
    const char *name = strstr(origin, "://");
    return name != NULL && host != NULL && strcasecmp(name + 3, host) == 0;
}
