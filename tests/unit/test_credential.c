/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/keys/credential.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/takt-credential-XXXXXX";

static void put(const char *name, const char *text) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int enter(void **state) {
    (void)state;
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    unsetenv("PGPASSWORD");
    return mkdtemp(folder) ? setenv("CREDENTIALS_DIRECTORY", folder, 1) : -1;
}

static int leave(void **state) {
    (void)state;
    char command[128];
    unsetenv("CREDENTIALS_DIRECTORY");
    unsetenv("PGPASSWORD");
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static void one_is_found_by_its_name_and_by_that_of_its_folder(void **state) {
    (void)state;
    char path[128], shorter[8];
    assert_false(credential_find("plant.key", path, sizeof path));
    put("takt_plant.key", "x");
    assert_true(credential_find("plant.key", path, sizeof path));
    assert_non_null(strstr(path, "/takt_plant.key"));
    put("plant.key", "x");
    assert_true(credential_find("plant.key", path, sizeof path));
    assert_non_null(strstr(path, "/plant.key"));
    assert_false(credential_find("plant.key", shorter, sizeof shorter));
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_false(credential_find("plant.key", path, sizeof path));
}

static void the_databases_password_is_offered_to_whoever_connects(void **state) {
    (void)state;
    assert_int_equal(credential_offer_password(NULL), 0);
    assert_null(getenv("PGPASSWORD"));
    put("takt_database-password", "s3 cret\n");
    assert_int_equal(credential_offer_password(NULL), 0);
    assert_string_equal(getenv("PGPASSWORD"), "s3 cret");
    put("takt_database-password", "another");
    assert_int_equal(credential_offer_password(NULL), 0);
    assert_string_equal(getenv("PGPASSWORD"), "s3 cret");
}

static void what_is_no_password_is_refused_without_a_word_of_it(void **state) {
    (void)state;
    char text[1200];
    memset(text, 'q', sizeof text);
    text[sizeof text - 1] = '\0';
    const char *const bad[] = {"", "\n", text};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct takt_error err = {0};
        put("database-password", bad[i]);
        assert_int_equal(credential_offer_password(&err), TAKT_ECONFIG);
        assert_null(strstr(err.text, "qqq"));
        assert_null(getenv("PGPASSWORD"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_is_found_by_its_name_and_by_that_of_its_folder, enter, leave),
        cmocka_unit_test_setup_teardown(the_databases_password_is_offered_to_whoever_connects, enter, leave),
        cmocka_unit_test_setup_teardown(what_is_no_password_is_refused_without_a_word_of_it, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
