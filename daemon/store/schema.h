/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The schema of the databases: numbered migrations, embedded from schema/NNNN_*.sql.
 *
 * Migration n takes a store from version n-1 to n; an empty database is version 0. Threads: no state. */

#include "base/arena.h"

enum { SCHEMA_VERSION = 6 };

enum schema_dialect { SCHEMA_SQLITE, SCHEMA_POSTGRES };

/* The statements of one migration in that dialect. version: 1–SCHEMA_VERSION. */
const char *schema_migration(int version, enum schema_dialect dialect, struct arena *arena);
