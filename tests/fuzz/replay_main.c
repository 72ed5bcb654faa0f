/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over every file of the folders given, in order of their names, without a fuzzer. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path) {
    FILE *file = fopen(path, "re");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        fprintf(stderr, "cannot read '%s': %s\n", path, strerror(errno));
        return 1;
    }
    long size = ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(size > 0 ? (size_t)size : 1); /* no larger, so that reading beyond the end is seen */
    int failed = bytes == NULL || fread(bytes, 1, (size_t)size, file) != (size_t)size;
    fclose(file);
    if (failed)
        fprintf(stderr, "cannot read '%s'\n", path);
    else
        LLVMFuzzerTestOneInput(bytes, (size_t)size);
    free(bytes);
    return failed;
}

static int not_hidden(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

static int run_folder(const char *folder, int *files) {
    struct dirent **names;
    int count = scandir(folder, &names, not_hidden, alphasort), failed = count < 0;
    if (count < 0)
        fprintf(stderr, "cannot read '%s': %s\n", folder, strerror(errno));
    for (int k = 0; k < count; k++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, names[k]->d_name);
        failed |= run_file(path);
        free(names[k]);
        ++*files;
    }
    if (count >= 0)
        free(names);
    return failed;
}

int main(int argc, char **argv) {
    int failed = argc < 2, files = 0;
    for (int k = 1; k < argc; k++)
        failed |= run_folder(argv[k], &files);
    printf("%s: %d files\n", argv[0], files);
    return failed || files == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
