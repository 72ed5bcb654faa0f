/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Bodies of orders: JSON objects with personal data, which the store keeps and does not look into, save to amend them.
 *
 * Errors: TAKT_EDATA: one of the two is not a JSON object. Threads: no state. */

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>

/* The members of `with` in place of those of the same name in `old`; `old` NULL (erased) gives `with`. */
/* Whether the recipient in a body has this name, phone, email or token: letters as they are or in the other case; of a phone
 * only the digits count. False for any other field. */
bool body_names(const char *body, const char *field, const char *value);

int body_merge(const char *old, const char *with, struct arena *arena, const char **ret, struct takt_error *err);
