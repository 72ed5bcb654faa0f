/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Whose key is this? The keys of the plant's creators, consumers and terminals, those that were revoked, and the plant's own.
 *
 * A key opens one kind of endpoint, as its one owner; an owner may have several, so that one can be exchanged for another
 * without a gap. A revocation is for ever: it is in the file of revoked keys, synced, before it is confirmed, and it holds
 * against every later plant in which the key still stands. It takes effect at once, also on connections that are open, since
 * their messages ask here one by one.
 *
 * The plant's secret key is `plant.key` among systemd's credentials ($CREDENTIALS_DIRECTORY) or, without that, in the working
 * folder; the file of revoked keys is `revoked.keys` in the working folder.
 *
 * Threads: any, at any time; a short lock. Ownership: free it after all who use it have ended. Errors: TAKT_ECONFIG: there is
 * no secret key, or one that others can read; TAKT_EIO. Cost: O(1) a question. */

#include "config/plant.h"
#include "daemon/keys/keyfile.h"

enum {
    KEYRING_OWNER_SIZE = 65,
    KEYRING_CONNECTIONS_MAX = 256, /* of one key */
    KEYRING_HANDSHAKES_S = 50,     /* of one key, a second, and at most twice that at once */
};
#define KEYRING_PLANT_FILE "plant.key"
#define KEYRING_REVOKED_FILE "revoked.keys"

/* An intake bears the plant's own key: it is one with the plant, on another machine. */
enum key_role { KEY_CREATOR, KEY_CONSUMER, KEY_TERMINAL, KEY_INTAKE, KEY_ROLES };

enum key_verdict {
    KEY_GOOD,
    KEY_STRANGER,
    KEY_REVOKED,
    KEY_ELSEWHERE, /* it is of another endpoint */
    KEY_TOO_FAST,  /* handshakes */
    KEY_TOO_MANY,  /* connections */
    KEY_UNSIGNED,  /* without a key: counted by the ZAP handler */
    KEY_VERDICTS
};
const char *key_verdict_text(enum key_verdict verdict);
const char *key_role_text(enum key_role role); /* "creator", … */

struct keyring;

/* Reads the plant's secret key and the revoked keys. */
int keyring_open(const struct plant *plant, struct keyring **ret, struct takt_error *err);
void keyring_close(struct keyring *k); /* NULL is fine */

/* A new plant is in force. */
void keyring_plant(struct keyring *k, const struct plant *plant);

const char *keyring_public(const struct keyring *k);
const char *keyring_secret(const struct keyring *k);

/* A handshake; what comes of it is counted. */
enum key_verdict keyring_admit(struct keyring *k, enum key_role role, const char *key, int64_t now_ms);
/* Of a message: may it still speak, and as whom? */
enum key_verdict keyring_owner(struct keyring *k, enum key_role role, const char *key, char ret_owner[KEYRING_OWNER_SIZE]);

/* A connection has been heard for the first time, or has ended. */
void keyring_joined(struct keyring *k, enum key_role role, const char *key);
void keyring_left(struct keyring *k, enum key_role role, const char *key);

/* 0 once it is on disk and in force; revoking again is fine. TAKT_EINVAL: it is no key. */
int keyring_revoke(struct keyring *k, const char *key, struct takt_error *err);

/* ---- for people ---- */
struct key_view {
    char key[KEY_SIZE], owner[KEYRING_OWNER_SIZE]; /* owner "": revoked, and of nobody in the plant any more */
    enum key_role role;
    bool revoked;
    uint32_t connections;
    uint64_t handshakes; /* admitted, since the start */
};
/* In order of role and owner, without the plant's own key; ret_list is from malloc. */
void keyring_view(struct keyring *k, struct key_view **ret_list, size_t *ret_count);
uint64_t keyring_count(struct keyring *k, enum key_verdict verdict); /* handshakes since the start */
void keyring_count_unsigned(struct keyring *k);
