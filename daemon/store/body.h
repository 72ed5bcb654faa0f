/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Bodies of orders: JSON objects with personal data, which the store keeps and does not look into, save to amend them.
 *
 * Errors: TAKT_EDATA: one of the two is not a JSON object. Threads: no state. */

#include "base/arena.h"
#include "base/error.h"

/* The members of `with` in place of those of the same name in `old`; `old` NULL (erased) gives `with`. */
int body_merge(const char *old, const char *with, struct arena *arena, const char **ret, struct takt_error *err);
