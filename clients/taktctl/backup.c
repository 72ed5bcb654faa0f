/* SPDX-License-Identifier: Apache-2.0 */

/* Names sort as their times do, so the oldest are the first. */

#include "clients/taktctl/backup.h"

#include "base/arena.h"
#include "config/plant.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char suffix[] = ".dump.gz", shape[] = "00000000T000000Z"; /* 0: any digit */

static bool is_backup(const char *name, const char *plant) {
    size_t length = strlen(plant), stamp = sizeof shape - 1;
    if (strncmp(name, plant, length) != 0 || name[length] != '-' || strlen(name) != length + 1 + stamp + sizeof suffix - 1)
        return false;
    for (size_t i = 0; i < stamp; i++) {
        char c = name[length + 1 + i];
        if (shape[i] == '0' ? c < '0' || c > '9' : c != shape[i])
            return false;
    }
    return strcmp(name + length + 1 + stamp, suffix) == 0;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of the dumps that are there, the oldest first; in the arena. */
static int list_backups(const char *folder, const char *plant, struct arena *arena, char ***ret, size_t *ret_count,
                        struct takt_error *err) {
    char **names = NULL;
    size_t count = 0, cap = 0;
    DIR *d = opendir(folder);
    if (d == NULL)
        return takt_fail(err, TAKT_EIO, "cannot open the folder '%s' (%s)", folder, strerror(errno));
    for (const struct dirent *entry; (entry = readdir(d)) != NULL;) {
        if (!is_backup(entry->d_name, plant))
            continue;
        ARRAY_GROW(names, count, cap);
        names[count++] = arena_strdup(arena, entry->d_name);
    }
    closedir(d);
    if (count > 1)
        qsort(names, count, sizeof *names, by_name);
    *ret = names;
    *ret_count = count;
    return 0;
}

static int remove_oldest(const char *folder, const char *plant, size_t keep, size_t *ret_removed, struct takt_error *err) {
    struct arena *arena = arena_new();
    char **names = NULL, path[4096];
    size_t count = 0;
    int code = list_backups(folder, plant, arena, &names, &count, err);
    for (size_t i = 0; code == 0 && i + keep < count; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        if (unlink(path) == 0)
            ++*ret_removed;
        else if (errno != ENOENT)
            code = takt_fail(err, TAKT_EIO, "cannot remove '%s' (%s)", path, strerror(errno));
    }
    free(names);
    arena_free(arena);
    return code;
}

static int name_dump(const char *folder, const char *plant, struct backup *b, struct takt_error *err) {
    char stamp[sizeof shape];
    time_t now = time(NULL);
    struct tm utc;
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
    if (snprintf(b->path, sizeof b->path, "%s/%s-%s%s", folder, plant, stamp, suffix) >= (int)sizeof b->path)
        return takt_fail(err, TAKT_EIO, "the path of the folder is too long");
    return 0;
}

int backup_make(const char *plant_file, const char *folder, size_t keep, struct backup *ret, struct takt_error *err) {
    struct plant *plant = NULL;
    struct plant_faults faults = {0};
    struct backup b = {.removed = 0};
    int code = plant_load(plant_file, NULL, 0, &plant, &faults, err);
    if (code == 0)
        code = name_dump(folder, plant->id, &b, err);
    if (code == 0)
        code = copy_store(plant->store, plant->id, b.path, COPY_REPLACE, &b.counts, err);
    if (code == 0)
        code = remove_oldest(folder, plant->id, keep, &b.removed, err);
    if (code == 0)
        *ret = b;
    plant_faults_done(&faults);
    plant_unref(plant);
    return code;
}
