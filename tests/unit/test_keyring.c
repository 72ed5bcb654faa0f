/* SPDX-License-Identifier: Apache-2.0 */
/* Key files and the keyring, in a folder of their own. */
#include "tests/unit/plant_fixture.h"

#include "daemon/keys/keyring.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static struct keypair plant_key, luna, luna_new, dock;

static int begin(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/takt-keyring-XXXXXX");
    unsetenv("CREDENTIALS_DIRECTORY");
    if (mkdtemp(folder) == NULL || chdir(folder) != 0)
        return -1;
    return keypair_make(&plant_key, NULL) | keypair_make(&luna, NULL) | keypair_make(&luna_new, NULL) |
           keypair_make(&dock, NULL) | keyfile_write("plant.key", "plant", &plant_key, NULL);
}

static int end(void **state) {
    (void)state;
    unlink("plant.key");
    unlink("revoked.keys");
    unlink("x.key");
    return chdir("/") | rmdir(folder);
}

static void load(struct fixture *f, const char *luna_key, const char *dock_key) {
    char to[400];
    snprintf(to, sizeof to, "creators: {luna: {keys: [\"%s\"]}}\nconsumers: {dock: {keys: [\"%s\"]}}", luna_key, dock_key);
    fixture_load_edited(f, "creators: {luna: {}}\nconsumers: {dock: {}}", to);
}

static void open_ring(struct fixture *f, struct keyring **ret) {
    struct takt_error err = {0};
    load(f, luna.public_key, dock.public_key);
    if (keyring_open(fixture_good(f), ret, &err) != 0)
        fail_msg("%s", err.text);
}

static void a_key_file_comes_back_as_it_was_and_only_for_its_owner(void **state) {
    (void)state;
    struct keypair back;
    struct takt_error err = {0};
    struct stat status;
    assert_int_equal(keyfile_write("x.key", "x", &luna, NULL), 0);
    assert_int_equal(stat("x.key", &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(keyfile_read("x.key", false, &back, NULL), 0);
    assert_string_equal(back.secret_key, luna.secret_key);
    assert_string_equal(back.public_key, luna.public_key);
    assert_int_equal(keyfile_write("x.key", "x", &dock, NULL), TAKT_EEXIST);
    assert_int_equal(chmod("x.key", 0644), 0);
    assert_int_equal(keyfile_read("x.key", false, &back, &err), TAKT_ECONFIG);
    assert_non_null(strstr(err.text, "chmod 600"));
    assert_int_equal(keyfile_read("x.key", true, &back, NULL), 0);
    assert_int_equal(keyfile_read("none.key", false, &back, NULL), TAKT_ENOENT);
}

static void write_text(const char *text) {
    FILE *file = fopen("x.key", "w");
    fputs(text, file);
    fclose(file);
    chmod("x.key", 0600);
}

static void what_is_no_key_is_not_taken_for_one(void **state) {
    (void)state;
    struct keypair back;
    char text[400];
    static const char *const wrong[] = {"", "\n", "curve\n    secret-key = \"abc\"\n", "secret-key",
                                        "0123456789012345678901234567890123456789x"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        write_text(wrong[i]);
        assert_int_equal(keyfile_read("x.key", false, &back, NULL), TAKT_ECONFIG);
    }
    snprintf(text, sizeof text, "public-key = \"%s\"\nsecret-key = \"%s\"\n", dock.public_key, luna.secret_key);
    write_text(text);
    assert_int_equal(keyfile_read("x.key", false, &back, NULL), TAKT_ECONFIG);
    snprintf(text, sizeof text, "%s\n", luna.secret_key);
    write_text(text);
    assert_int_equal(keyfile_read("x.key", false, &back, NULL), 0);
    assert_string_equal(back.public_key, luna.public_key);
    assert_false(key_valid("%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%"));
}

static void a_key_opens_its_own_endpoint_as_its_owner(void **state) {
    (void)state;
    struct fixture f;
    struct keyring *ring;
    char owner[KEYRING_OWNER_SIZE];
    open_ring(&f, &ring);
    assert_string_equal(keyring_public(ring), plant_key.public_key);
    assert_int_equal(keyring_owner(ring, KEY_CREATOR, luna.public_key, owner), KEY_GOOD);
    assert_string_equal(owner, "luna");
    assert_int_equal(keyring_owner(ring, KEY_CONSUMER, dock.public_key, owner), KEY_GOOD);
    assert_string_equal(owner, "dock");
    assert_int_equal(keyring_owner(ring, KEY_CREATOR, dock.public_key, owner), KEY_ELSEWHERE);
    assert_int_equal(keyring_owner(ring, KEY_CREATOR, luna_new.public_key, owner), KEY_STRANGER);
    keyring_close(ring);
    fixture_done(&f);
}

static void a_revocation_is_for_ever(void **state) {
    (void)state;
    struct fixture f;
    struct keyring *ring;
    char owner[KEYRING_OWNER_SIZE];
    open_ring(&f, &ring);
    assert_int_equal(keyring_revoke(ring, "no key", NULL), TAKT_EINVAL);
    assert_int_equal(keyring_revoke(ring, luna.public_key, NULL), 0);
    assert_int_equal(keyring_revoke(ring, luna.public_key, NULL), 0);
    assert_int_equal(keyring_owner(ring, KEY_CREATOR, luna.public_key, owner), KEY_REVOKED);
    keyring_plant(ring, fixture_good(&f));
    assert_int_equal(keyring_admit(ring, KEY_CREATOR, luna.public_key, 0), KEY_REVOKED);
    keyring_close(ring);
    FILE *file = fopen("revoked.keys", "a");
    fputs("\nhalf a li", file); /* as a crash would leave it */
    fclose(file);
    fixture_done(&f);
    open_ring(&f, &ring);
    assert_int_equal(keyring_owner(ring, KEY_CREATOR, luna.public_key, owner), KEY_REVOKED);
    assert_int_equal(keyring_revoke(ring, dock.public_key, NULL), 0);
    keyring_close(ring);
    fixture_done(&f);
    open_ring(&f, &ring);
    assert_int_equal(keyring_owner(ring, KEY_CONSUMER, dock.public_key, owner), KEY_REVOKED);
    keyring_close(ring);
    fixture_done(&f);
}

static void a_reload_gives_and_takes(void **state) {
    (void)state;
    struct fixture f, g;
    struct keyring *ring;
    char owner[KEYRING_OWNER_SIZE];
    open_ring(&f, &ring);
    keyring_joined(ring, KEY_CREATOR, luna.public_key);
    load(&g, luna_new.public_key, dock.public_key);
    keyring_plant(ring, fixture_good(&g));
    assert_int_equal(keyring_owner(ring, KEY_CREATOR, luna.public_key, owner), KEY_STRANGER);
    assert_int_equal(keyring_owner(ring, KEY_CREATOR, luna_new.public_key, owner), KEY_GOOD);
    keyring_left(ring, KEY_CREATOR, luna.public_key);
    keyring_close(ring);
    fixture_done(&g);
    fixture_done(&f);
}

static void one_key_has_so_many_handshakes_and_connections(void **state) {
    (void)state;
    struct fixture f;
    struct keyring *ring;
    int admitted = 0;
    open_ring(&f, &ring);
    for (int i = 0; i < 10 * KEYRING_HANDSHAKES_S; i++)
        admitted += keyring_admit(ring, KEY_CREATOR, luna.public_key, 5000) == KEY_GOOD;
    assert_int_equal(admitted, 2 * KEYRING_HANDSHAKES_S);
    assert_int_equal(keyring_admit(ring, KEY_CONSUMER, dock.public_key, 5000), KEY_GOOD);
    assert_int_equal(keyring_admit(ring, KEY_CREATOR, luna.public_key, 5000 + 1000 / KEYRING_HANDSHAKES_S), KEY_GOOD);
    for (int i = 0; i < KEYRING_CONNECTIONS_MAX; i++)
        keyring_joined(ring, KEY_CREATOR, luna.public_key);
    assert_int_equal(keyring_admit(ring, KEY_CREATOR, luna.public_key, 60000), KEY_TOO_MANY);
    keyring_left(ring, KEY_CREATOR, luna.public_key);
    assert_int_equal(keyring_admit(ring, KEY_CREATOR, luna.public_key, 60000), KEY_GOOD);
    assert_true(keyring_count(ring, KEY_TOO_FAST) > 0);
    keyring_close(ring);
    fixture_done(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_file_comes_back_as_it_was_and_only_for_its_owner, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_key_is_not_taken_for_one, begin, end),
        cmocka_unit_test_setup_teardown(a_key_opens_its_own_endpoint_as_its_owner, begin, end),
        cmocka_unit_test_setup_teardown(a_revocation_is_for_ever, begin, end),
        cmocka_unit_test_setup_teardown(a_reload_gives_and_takes, begin, end),
        cmocka_unit_test_setup_teardown(one_key_has_so_many_handshakes_and_connections, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
