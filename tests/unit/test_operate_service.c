/* SPDX-License-Identifier: Apache-2.0 */

/* What surrounds the actors: the log, the ipc files, a reload's judgement, the watchdog's figures, the solver's budget. */

#include "tests/unit/plant_fixture.h"

#include "daemon/operate/ipc.h"
#include "daemon/operate/log.h"
#include "daemon/operate/service.h"
#include "daemon/planner/solver_actor.h"
#include "daemon/reload.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* ---- log ---- */

static void log_to(char *buffer, size_t size, enum log_level level, const char *text) {
    int ends[2], saved = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    log_write(level, "store", LOG_MESSAGE_STORE_TROUBLE, LOG_FIELDS({"TAKT_LINE", "print-1"}), "cannot commit '%s' (disk full)", text);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    ssize_t length = read(ends[0], buffer, size - 1);
    buffer[length > 0 ? length : 0] = 0;
    close(ends[0]);
}

static void a_line_says_level_module_and_what(void **state) {
    char text[4000];
    (void)state;
    log_open();
    log_to(text, sizeof text, LOG_LEVEL_WARNING, "x");
    assert_string_equal(text, "warning store: cannot commit 'x' (disk full)\n");
}

static void what_is_quoted_cannot_forge_a_line_nor_overflow_it(void **state) {
    char text[4000], longest[3000];
    (void)state;
    log_to(text, sizeof text, LOG_LEVEL_ERR, "a\nerr main: forged\x1b[31m");
    assert_string_equal(text, "err store: cannot commit 'a err main: forged [31m' (disk full)\n");
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = 0;
    log_to(text, sizeof text, LOG_LEVEL_ERR, longest);
    assert_true(strlen(text) < 1700);
    assert_int_equal(text[strlen(text) - 1], '\n');
}

static void every_message_has_an_id_of_its_own(void **state) {
    static const char *const ids[] = {
#define X(name, id, what) id,
        LOG_MESSAGES(X)
#undef X
    };
    (void)state;
    for (size_t i = 1; i < sizeof ids / sizeof ids[0]; i++) {
        assert_int_equal(strspn(ids[i], "0123456789abcdef"), 32);
        for (size_t k = 1; k < i; k++)
            assert_string_not_equal(ids[i], ids[k]);
    }
}

/* ---- ipc ---- */

static int listen_at(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void folders_are_made_and_only_a_living_socket_is_an_obstacle(void **state) {
    char folder[] = "/tmp/test_ipc.XXXXXX", endpoint[80];
    struct takt_error err = {0};
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(endpoint, sizeof endpoint, "ipc://%s/run/takt/c.sock", folder);
    const struct plant_listen listening = {.orders = "tcp://127.0.0.1:7710", .floor = "ipc://@abstract", .control = endpoint};
    const char *path = endpoint + strlen("ipc://");
    assert_int_equal(ipc_prepare(&listening, &err), 0);
    int fd = listen_at(path);
    assert_int_equal(ipc_prepare(&listening, &err), TAKT_EBUSY);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(ipc_open_to_group(&listening, NULL), 0);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, IPC_MODE);
    close(fd); /* its owner has died: the file stays */
    assert_int_equal(ipc_prepare(&listening, NULL), 0);
    unlink(path);
    *strrchr(endpoint, '/') = 0;
    rmdir(path);
    *strrchr(endpoint, '/') = 0;
    rmdir(path);
    rmdir(folder);
}

static void a_path_that_no_socket_can_have_is_refused(void **state) {
    char endpoint[200] = "ipc://";
    (void)state;
    memset(endpoint + 6, 'x', 150);
    const struct plant_listen listening = {.orders = endpoint};
    assert_int_equal(ipc_prepare(&listening, NULL), TAKT_EIO);
    const struct plant_listen empty = {.orders = "ipc://"};
    assert_int_equal(ipc_prepare(&empty, NULL), TAKT_EIO);
}

/* ---- reload ---- */

static struct reload *reload_of(const struct plant *running, const char *text) {
    char file[] = "/tmp/test_reload.XXXXXX";
    struct reload *r = reload_new();
    close(mkstemp(file));
    fixture_write(file, text, strlen(text));
    reload_read(r, file, running);
    unlink(file);
    return r;
}

static void every_fault_of_a_broken_file_is_kept_for_whoever_asks(void **state) {
    struct fixture f;
    (void)state;
    fixture_load(&f, SMALL_PLANT);
    struct reload *r = reload_of(fixture_good(&f), "takt: 1\nlinse: {}\nproducst: {}\n");
    assert_int_equal(r->code, TAKT_ECONFIG);
    assert_null(r->plant);
    assert_non_null(strstr(r->text, ":2:1: "));
    assert_non_null(strstr(r->text, ":3:1: "));
    assert_non_null(strstr(r->err.text, " faults, the first at /tmp/test_reload."));
    assert_null(strstr(r->err.text, "linse")); /* each fault is said once */
    reload_free(r);
    fixture_done(&f);
}

static void what_takes_no_effect_now_is_pointed_out(void **state) {
    struct fixture f;
    (void)state;
    fixture_load(&f, SMALL_PLANT);
    char *text = fixture_edit("on_hand: 10,", "on_hand: 99,");
    struct reload *r = reload_of(fixture_good(&f), text);
    assert_int_equal(r->code, 0);
    assert_non_null(strstr(r->text, "on_hand"));
    assert_non_null(strstr(r->text, "only what a new store starts from, ignoring"));
    reload_free(r);
    free(text);
    r = reload_of(f.plant, SMALL_PLANT);
    assert_string_equal(r->text, "");
    reload_free(r);
    fixture_done(&f);
}

static void more_faults_than_fit_end_at_a_whole_line(void **state) {
    static char text[100000];
    struct fixture f;
    (void)state;
    fixture_load(&f, SMALL_PLANT);
    strcpy(text, "takt: 1\n");
    for (int i = 0; i < 500; i++)
        sprintf(text + strlen(text), "an_unknown_key_with_a_long_name_%d: 1\n", i);
    struct reload *r = reload_of(fixture_good(&f), text);
    assert_true(strlen(r->text) < sizeof r->text && strlen(r->text) > 1000);
    assert_int_equal(r->text[strlen(r->text) - 1], '\n');
    reload_free(r);
    fixture_done(&f);
}

/* ---- watchdog, budget ---- */

static struct service_watch watch_with(const char *interval_us) {
    char pid[16];
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("WATCHDOG_PID", pid, 1);
    setenv("WATCHDOG_USEC", interval_us, 1);
    struct service_watch w = service_watchdog();
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return w;
}

static void the_watchdog_is_fed_several_times_an_interval_and_idleness_is_no_stall(void **state) {
    static const char *const intervals_us[] = {"60000000", "20000000", "4000000", "400000"};
    (void)state;
    unsetenv("WATCHDOG_USEC");
    struct service_watch w = service_watchdog();
    assert_int_equal(w.every_ms, 0);
    assert_int_equal(w.stall_ms, SERVICE_STALL_MS_DEFAULT);
    assert_true(w.stall_ms > w.turn_ms);
    for (size_t i = 0; i < sizeof intervals_us / sizeof intervals_us[0]; i++) {
        int64_t interval_ms = atoll(intervals_us[i]) / 1000;
        w = watch_with(intervals_us[i]);
        assert_in_range(w.every_ms, 1, interval_ms / 2);
        assert_in_range(w.turn_ms, 1000, BUS_TURN_MS_MAX);
        assert_true(w.stall_ms >= w.turn_ms + w.turn_ms / 2);
        assert_true(interval_ms < 4000 || w.stall_ms <= interval_ms / 2); /* noticed before systemd would */
    }
}

static void a_search_takes_think_or_a_quarter_of_the_frozen_time_at_speed(void **state) {
    struct fixture f;
    (void)state;
    fixture_load(&f, SMALL_PLANT);
    struct plant plant = *fixture_good(&f);
    plant.planning.think_ms = 20000;
    plant.planning.frozen_s = 4 * 3600;
    assert_int_equal(solver_budget_ms(&plant, 1000), 20000);
    assert_int_equal(solver_budget_ms(&plant, 10 * 1000), 20000);
    assert_int_equal(solver_budget_ms(&plant, 7200 * 1000), 500);
    plant.planning.frozen_s = 0;
    assert_int_equal(solver_budget_ms(&plant, 7200 * 1000), 1);
    fixture_done(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_says_level_module_and_what),
        cmocka_unit_test(what_is_quoted_cannot_forge_a_line_nor_overflow_it),
        cmocka_unit_test(every_message_has_an_id_of_its_own),
        cmocka_unit_test(folders_are_made_and_only_a_living_socket_is_an_obstacle),
        cmocka_unit_test(a_path_that_no_socket_can_have_is_refused),
        cmocka_unit_test(every_fault_of_a_broken_file_is_kept_for_whoever_asks),
        cmocka_unit_test(what_takes_no_effect_now_is_pointed_out),
        cmocka_unit_test(more_faults_than_fit_end_at_a_whole_line),
        cmocka_unit_test(the_watchdog_is_fed_several_times_an_interval_and_idleness_is_no_stall),
        cmocka_unit_test(a_search_takes_think_or_a_quarter_of_the_frozen_time_at_speed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
