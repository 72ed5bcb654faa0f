/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A dump of a plant's store among those made before, of which the oldest go.
 *
 * Guarantees: an old dump goes only when the new one is whole and on the disk; no file but dumps of this plant with names of
 * this form (PLANT-20261122T225000Z.dump.gz) is touched.
 *
 * Threads: no state. Errors: as copy.h; TAKT_ECONFIG: the plant's file is wrong; TAKT_EIO: the folder. */

#include "base/error.h"
#include "daemon/store/copy.h"

enum { BACKUP_KEEP_DEFAULT = 14, BACKUP_KEEP_MAX = 10000 };

struct backup {
    char path[4096]; /* of the new dump */
    struct copy_counts counts;
    size_t removed;
};

/* plant_file: the plant's, which names its store. keep: how many dumps there are afterwards, 1 to BACKUP_KEEP_MAX. */
int backup_make(const char *plant_file, const char *folder, size_t keep, struct backup *ret, struct takt_error *err);
