/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The one process that has a file open for writing.
 *
 * The owner holds a lock on FILE.lock, which the system frees when it dies, and writes its pid and host there for
 * people. The file stays when the owner goes: taking it away would let two processes lock two different files of one
 * name.
 *
 * Errors: TAKT_EBUSY names the holder; TAKT_ESTORE: the lock file cannot be made. Threads: one owner. */

#include "base/error.h"

struct owner;

int owner_take(const char *path, struct owner **ret, struct takt_error *err);
void owner_free(struct owner *owner); /* NULL is fine */
