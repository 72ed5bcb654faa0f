/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/schema.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

/* The assembler embeds the file; the Makefile knows that this object depends on it. */
#define EMBED(symbol, path)                                                                                            \
    extern const char symbol[];                                                                                        \
    __asm__(".pushsection .rodata\n.global " #symbol "\n" #symbol ":\n.incbin \"" path "\"\n.byte 0\n.popsection\n")

EMBED(schema_0001, "daemon/store/schema/0001_store.sql");
EMBED(schema_0002, "daemon/store/schema/0002_process.sql");
EMBED(schema_0003, "daemon/store/schema/0003_audit.sql");
EMBED(schema_0004, "daemon/store/schema/0004_publication.sql");
EMBED(schema_0005, "daemon/store/schema/0005_places.sql");
EMBED(schema_0006, "daemon/store/schema/0006_lot_plan.sql");

static const char *const migrations[SCHEMA_VERSION] = {schema_0001, schema_0002, schema_0003,
                                                       schema_0004, schema_0005, schema_0006};
static const char *const marks[] = {[SCHEMA_SQLITE] = " -- sqlite", [SCHEMA_POSTGRES] = " -- postgres"};

static bool ends_in(const char *line, size_t length, const char *mark) {
    size_t n = strlen(mark);
    return length >= n && memcmp(line + length - n, mark, n) == 0;
}

static bool is_for(const char *line, size_t length, enum schema_dialect dialect) {
    for (size_t d = 0; d < sizeof marks / sizeof marks[0]; d++)
        if (d != (size_t)dialect && ends_in(line, length, marks[d]))
            return false;
    return true;
}

const char *schema_migration(int version, enum schema_dialect dialect, struct arena *arena) {
    assert(version >= 1 && version <= SCHEMA_VERSION);
    const char *line = migrations[version - 1];
    char *text = arena_alloc(arena, strlen(line) + 1), *at = text;
    for (const char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        size_t length = (size_t)(end - line);
        if (!is_for(line, length, dialect))
            continue;
        memcpy(at, line, length + 1);
        at += length + 1;
    }
    *at = '\0';
    return text;
}
