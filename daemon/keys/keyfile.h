/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A key pair of CURVE on disk: a certificate as ZeroMQ's own tools write them (pyzmq's load_certificate reads it), whose file
 * only its owner may read. Keys are in Z85: 40 characters for 32 bytes.
 *
 * Threads: no state. Ownership: plain data; whoever holds a secret wipes it with keypair_wipe. Errors: TAKT_ENOENT: no such
 * file; TAKT_EEXIST; TAKT_ECONFIG: others can read it, or it is no key; TAKT_EIO. */

#include "base/error.h"

enum { KEY_SIZE = 41 }; /* with the NUL */

struct keypair {
    char public_key[KEY_SIZE], secret_key[KEY_SIZE];
};

/* The public key begins with a letter or digit: no shell takes it for an option, and no YAML for a sign of its own. */
int keypair_make(struct keypair *ret, struct takt_error *err);
void keypair_wipe(struct keypair *k);

/* 40 characters that stand for 32 bytes? */
bool key_valid(const char *text);

/* A new file of mode 0600, synced; one that is there already stays as it is. name: whose key, for people. */
int keyfile_write(const char *path, const char *name, const struct keypair *k, struct takt_error *err);

/* Reads a certificate, or a file that holds a secret key and nothing else. guarded: what holds the file sees to it that nobody
 * else reads it (systemd's credentials); else its mode must say so. */
int keyfile_read(const char *path, bool guarded, struct keypair *ret, struct takt_error *err);
