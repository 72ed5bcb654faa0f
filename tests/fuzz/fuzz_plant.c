/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a plant's file: loaded, printed, loaded again, compared. A plant that loads must print as a plant that
 * loads and is the same, but for a password in the store's URL. */
#include "base/arena.h"
#include "config/change.h"
#include "config/plant.h"
#include "config/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The path of a file in memory that holds the bytes. */
static int memory_file(const void *bytes, size_t size, char path[64]) {
    int fd = memfd_create("plant", 0);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        abort();
    snprintf(path, 64, "/proc/self/fd/%d", fd);
    return fd;
}

static struct plant *load(const void *bytes, size_t size) {
    char path[64];
    struct plant *plant = NULL;
    struct plant_faults faults;
    struct takt_error err = {0};
    int fd = memory_file(bytes, size, path);
    int r = plant_load(path, NULL, 0, &plant, &faults, &err);
    if ((r == 0) != (plant != NULL) || (r == TAKT_ECONFIG) != (faults.count > 0))
        abort();
    plant_faults_done(&faults);
    close(fd);
    return plant;
}

static void check_printed(const struct plant *plant) {
    char *text = NULL;
    size_t size = 0, changes;
    struct plant_change *list;
    FILE *to = open_memstream(&text, &size);
    if (to == NULL)
        abort();
    plant_print(plant, to);
    fclose(to);
    struct plant *again = load(text, size);
    if (again == NULL)
        abort();
    struct arena *arena = arena_new();
    plant_compare(plant, again, arena, &list, &changes);
    if (changes > 0 && strcmp(plant->store, store_without_password(plant->store, arena)) == 0)
        abort();
    arena_free(arena);
    plant_unref(again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct plant *plant = load(data, size);
    if (plant != NULL)
        check_printed(plant);
    plant_unref(plant);
    return 0;
}
