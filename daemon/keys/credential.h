/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Secrets that systemd hands over as files ($CREDENTIALS_DIRECTORY): by their name, or by that with `takt_` before it, as the
 * files of a folder are called (LoadCredential=takt:/etc/takt/credentials).
 *
 * Threads: credential_offer_password before any other thread is there; credential_find: any. Cost: a system call. */

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define CREDENTIAL_PASSWORD "database-password"

/* The path of that credential; false: there is none. */
bool credential_find(const char *name, char *ret_path, size_t size);

/* What CREDENTIAL_PASSWORD holds becomes the password for the database, where neither the store's URL nor the environment
 * (PGPASSWORD) has one. That there is no such credential is no error. Errors: TAKT_ECONFIG: it is empty, or too long; TAKT_EIO. */
int credential_offer_password(struct takt_error *err);
