/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wire/inherited.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST = 3, SOCKETS = 3 };

static int aside[SOCKETS]; /* what had those numbers */
static char path[128], loopback[64], any[64];

static int listen_at(const void *address, socklen_t size, int family) {
    int fd = socket(family, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, address, size), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static int port_of(int fd) {
    struct sockaddr_in6 at = {0}; /* the port stands at the same place in both families */
    socklen_t size = sizeof at;
    getsockname(fd, (struct sockaddr *)&at, &size);
    return ntohs(at.sin6_port);
}

static int hand_over(void **state) {
    (void)state;
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    char pid[16], *own = local.sun_path;
    snprintf(own, sizeof local.sun_path, "/tmp/takt-inherited-%d", (int)getpid());
    unlink(own);
    int made[SOCKETS] = {listen_at(&local, sizeof local, AF_UNIX), listen_at(&v4, sizeof v4, AF_INET), listen_at(&v6, sizeof v6, AF_INET6)};
    snprintf(path, sizeof path, "ipc://%s", own);
    snprintf(loopback, sizeof loopback, "tcp://localhost:%d", port_of(made[1]));
    snprintf(any, sizeof any, "tcp://*:%d", port_of(made[2]));
    for (int i = 0; i < SOCKETS; i++) {
        int high = fcntl(made[i], F_DUPFD, 100);
        close(made[i]);
        made[i] = high;
    }
    for (int i = 0; i < SOCKETS; i++) {
        aside[i] = fcntl(FIRST + i, F_DUPFD, 200);
        dup2(made[i], FIRST + i);
        close(made[i]);
    }
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", "3", 1);
    inherited_begin();
    return 0;
}

static int give_back(void **state) {
    (void)state;
    inherited_end();
    for (int i = 0; i < SOCKETS; i++)
        if (aside[i] >= 0) {
            dup2(aside[i], FIRST + i);
            close(aside[i]);
        }
    unlink(path + strlen("ipc://"));
    return 0;
}

static void a_socket_is_found_by_each_way_to_write_its_address_and_taken_once(void **state) {
    (void)state;
    char numeric[64], plain[64], zeros[64];
    snprintf(numeric, sizeof numeric, "tcp://127.0.0.1:%s", strrchr(loopback, ':') + 1);
    snprintf(plain, sizeof plain, "127.0.0.1:%s", strrchr(loopback, ':') + 1);
    snprintf(zeros, sizeof zeros, "tcp://0.0.0.0:%s", strrchr(any, ':') + 1);
    assert_true(inherited_has(path) && inherited_has(loopback) && inherited_has(numeric) && inherited_has(plain));
    assert_true(inherited_has(any) && inherited_has(zeros));
    int fd = inherited_take(plain);
    assert_int_equal(fd, FIRST + 1);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(inherited_take(numeric), -1);
    assert_true(inherited_has(numeric));
    close(fd);
}

static void what_is_no_endpoints_is_closed_and_the_environment_is_clean(void **state) {
    (void)state;
    const char *const wanted[] = {NULL, path};
    inherited_keep(wanted, 2);
    assert_true(inherited_has(path));
    assert_false(inherited_has(any) || inherited_has(loopback));
    assert_int_equal(inherited_take(any), -1);
    assert_int_equal(fcntl(FIRST + 2, F_GETFD), -1);
    assert_null(getenv("LISTEN_FDS"));
}

static void another_port_or_path_is_another_socket(void **state) {
    (void)state;
    char longer[160];
    snprintf(longer, sizeof longer, "%s0", path);
    assert_false(inherited_has(longer) || inherited_has("tcp://127.0.0.1:1") || inherited_has("") || inherited_has("ipc://"));
}

static void without_a_manager_there_is_nothing(void **state) {
    (void)state;
    inherited_end();
    inherited_begin();
    assert_false(inherited_has(path));
    assert_int_equal(inherited_take(path), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_socket_is_found_by_each_way_to_write_its_address_and_taken_once, hand_over, give_back),
        cmocka_unit_test_setup_teardown(what_is_no_endpoints_is_closed_and_the_environment_is_clean, hand_over, give_back),
        cmocka_unit_test_setup_teardown(another_port_or_path_is_another_socket, hand_over, give_back),
        cmocka_unit_test_setup_teardown(without_a_manager_there_is_nothing, hand_over, give_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
