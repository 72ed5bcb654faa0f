/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/probe.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { TIMEOUT_MS = 2000 };

static void a_port_at_which_nobody_listens_any_more_refuses(void **state) {
    (void)state;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    char address[64], by_name[64];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    snprintf(address, sizeof address, "tcp://127.0.0.1:%d", ntohs(at.sin_port));
    snprintf(by_name, sizeof by_name, "tcp://localhost:%d", ntohs(at.sin_port));
    assert_false(probe_refused(address, TIMEOUT_MS));
    assert_false(probe_refused(by_name, TIMEOUT_MS));
    close(fd);
    assert_true(probe_refused(address, TIMEOUT_MS));
    assert_true(probe_refused(by_name, TIMEOUT_MS));
}

static void a_file_whose_listener_is_gone_refuses_and_one_that_is_not_there_does_not(void **state) {
    (void)state;
    char folder[] = "/tmp/takt-probe-XXXXXX", address[128];
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    assert_non_null(mkdtemp(folder));
    snprintf(at.sun_path, sizeof at.sun_path, "%s/s", folder);
    snprintf(address, sizeof address, "ipc://%s/s", folder);
    assert_false(probe_refused(address, TIMEOUT_MS)); /* it may be another machine's */
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_false(probe_refused(address, TIMEOUT_MS));
    close(fd);
    assert_true(probe_refused(address, TIMEOUT_MS));
    unlink(at.sun_path);
    rmdir(folder);
}

static void what_is_no_address_says_nothing(void **state) {
    (void)state;
    static const char *const texts[] = {"", "tcp://", "tcp://nowhere", "tcp://[]", "tcp://[:1", "ipc://", "tcp://no.such.host.invalid:1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_false(probe_refused(texts[i], TIMEOUT_MS));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_at_which_nobody_listens_any_more_refuses),
        cmocka_unit_test(a_file_whose_listener_is_gone_refuses_and_one_that_is_not_there_does_not),
        cmocka_unit_test(what_is_no_address_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
