/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/store_suite.h"

#include <unistd.h>

static char folder[] = "/tmp/takt-store-XXXXXX", url[64];

static struct store *reopen(void) {
    struct store_config config = {.url = url, .plant = "shirts", .create = true};
    struct store *s;
    struct takt_error err = {0};
    if (store_open(&config, &s, &err) != 0)
        fail_msg("%s", err.text);
    return s;
}

static struct store *suite_open(void) {
    return reopen();
}

static void suite_remove(void) {
    static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
    char path[128];
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/store%s", folder, endings[i]);
        unlink(path);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {STORE_SUITE};
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(url, sizeof url, "sqlite:%s/store", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return failed;
}
