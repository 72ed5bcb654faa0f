/* SPDX-License-Identifier: Apache-2.0 */

/* The SQLite store when files fail: a life of some requests, in which every single call of the file layer goes wrong
 * once.
 *
 * After each: what was told to be done is there, once (S1); what was told to have failed changed nothing (S2), for this
 * process and for one that recovers what a crash at that moment leaves; and when the fault is over, the same requests
 * sent again all come to be done. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/store/sqlite_log.h"
#include "daemon/store/store.h"
#include "tests/effort.h"
#include "tests/fault/faulty_vfs.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { ORDERS = 6, STEPS = ORDERS + 3, PUBLISH = ORDERS, CANCEL, CLOCK, NOW = 1764547200 };

/* In memory where that can be: the calls are what fails here, and thousands of real syncs would only take time. */
static char in_memory[] = "/dev/shm/takt-fault-XXXXXX", on_disk[] = "/tmp/takt-fault-XXXXXX", path[64], crashed[64];

static void remove_files(const char *name) {
    static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
    char file[128];
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        snprintf(file, sizeof file, "%s%s", name, endings[i]);
        unlink(file);
    }
}

static int open_at(const char *name, struct store **ret, struct takt_error *err) {
    char url[128];
    snprintf(url, sizeof url, "sqlite:%s", name);
    struct store_config config = {.url = url, .plant = "shirts", .create = true};
    return store_open(&config, ret, err);
}

static struct store *open_well(const char *name) {
    struct store *s;
    struct takt_error err = {0};
    if (open_at(name, &s, &err) != 0)
        fail_msg("%s", err.text);
    return s;
}

/* ---- a life: one order a step, then a publication about the first, a cancellation of the last, the clock ---- */

static int do_accept(struct store *s, int i) {
    static const struct item_row item = {.product = "tee", .options = "size=M", .quantity = 1};
    char ref[16], body[4096];
    snprintf(ref, sizeof ref, "A-%d", i);
    memset(body, 'x', sizeof body);
    body[sizeof body - 1] = '\0';
    struct accept_order o = {.row = {.order_ref = ref, .wish_day = TAKT_DAY_NONE, .items = &item, .item_count = 1},
                             .body = body};
    struct store_accept q = {
        .head = {.op = STORE_ACCEPT}, .creator = "luna", .max_open = 100, .now_s = NOW, .orders = &o, .count = 1};
    int code = store_call(s, &q.head);
    if (code == 0)
        assert_true(o.ret_outcome == ACCEPT_NEW || o.ret_outcome == ACCEPT_DUPLICATE);
    return code;
}

static int read_meta(struct store *s, struct store_meta *ret) {
    struct store_load q = {.head = {.op = STORE_LOAD}, .kind = LOAD_META};
    int code = store_call(s, &q.head);
    *ret = q.ret_meta;
    return code;
}

static uint64_t number_of(struct store *s, int i, enum order_state *ret_state) {
    char ref[16];
    struct arena *arena = arena_new();
    snprintf(ref, sizeof ref, "A-%d", i);
    struct store_order q = {.head = {.op = STORE_ORDER, .arena = arena}, .creator = "luna", .order_ref = ref};
    uint64_t no = store_call(s, &q.head) == 0 ? q.ret_order.no : 0;
    *ret_state = no != 0 ? q.ret_order.state : ORDER_ACCEPTED;
    arena_free(arena);
    return no;
}

static int do_publish(struct store *s) {
    struct store_meta meta;
    enum order_state state;
    int code = read_meta(s, &meta);
    uint64_t no = number_of(s, 0, &state);
    struct store_claim claim = {.head = {.op = STORE_CLAIM}};
    if (code == 0)
        code = store_call(s, &claim.head);
    if (code < 0 || no == 0)
        return code < 0 ? code : TAKT_ENOENT;
    struct lot_row lot = {.lot = 1, .product = "tee", .like = "", .firm_at_s = TAKT_TIME_NEVER};
    struct slice_row slice = {.order = no, .count = 1, .lot = 1};
    struct order_update update = {no, ORDER_PLANNED, NOW, TAKT_TIME_NONE};
    struct store_publish q = {.head = {.op = STORE_PUBLISH},
                              .epoch = claim.ret_epoch,
                              .publish_no = 1,
                              .seen = meta.seen,
                              .lots = &lot,
                              .lot_count = 1,
                              .slices = &slice,
                              .slice_count = 1,
                              .orders = &update,
                              .order_count = 1};
    code = store_call(s, &q.head);
    return code == TAKT_EEXIST ? 0 : code;
}

static int do_cancel(struct store *s) {
    const char *ref = "A-5";
    enum cancel_outcome outcome;
    struct store_cancel q = {.head = {.op = STORE_CANCEL},
                             .creator = "luna",
                             .now_s = NOW,
                             .refs = &ref,
                             .ret_outcomes = &outcome,
                             .count = 1};
    int code = store_call(s, &q.head);
    return code == 0 && outcome != CANCEL_DONE ? TAKT_ENOENT : code;
}

static int do_step(struct store *s, int step) {
    struct store_clock clock = {.head = {.op = STORE_CLOCK}, .set = true, .plant_s = NOW, .speed_milli = 1000};
    switch (step) {
    case PUBLISH:
        return do_publish(s);
    case CANCEL:
        return do_cancel(s);
    case CLOCK:
        return store_call(s, &clock.head);
    default:
        return do_accept(s, step);
    }
}

static bool is_done(struct store *s, int step) {
    enum order_state state;
    struct store_meta meta;
    struct store_clock clock = {.head = {.op = STORE_CLOCK}};
    switch (step) {
    case PUBLISH:
        assert_int_equal(read_meta(s, &meta), 0);
        number_of(s, 0, &state);
        assert_int_equal(meta.publish_no == 1, state == ORDER_PLANNED); /* all of it or nothing */
        return meta.publish_no == 1;
    case CANCEL:
        return number_of(s, 5, &state) != 0 && state == ORDER_CANCELLED;
    case CLOCK:
        assert_int_equal(store_call(s, &clock.head), 0);
        return clock.plant_s == NOW;
    default:
        return number_of(s, step, &state) != 0;
    }
}

/* Every change is there once, and the counts are those of the rows. */
static void check_whole(struct store *s) {
    struct arena *arena = arena_new();
    struct store_changes c = {.head = {.op = STORE_CHANGES, .arena = arena}, .limit = 100};
    struct store_stats stats = {.head = {.op = STORE_STATS, .arena = arena}};
    uint64_t accepted = 0, cancelled = 0, last = 0;
    assert_int_equal(store_call(s, &c.head), 0);
    assert_int_equal(store_call(s, &stats.head), 0);
    for (size_t i = 0; i < c.ret_count; i++) {
        assert_true(c.ret_changes[i].seq > last);
        last = c.ret_changes[i].seq;
        accepted += c.ret_changes[i].kind == CHANGE_ORDER;
        cancelled += c.ret_changes[i].kind == CHANGE_CANCEL;
    }
    uint64_t counted = 0;
    for (int i = 0; i < 8 && stats.ret_count > 0; i++)
        counted += stats.ret_creators[0].orders[i];
    assert_int_equal(counted, accepted);
    assert_int_equal(stats.ret_count > 0 ? stats.ret_creators[0].orders[ORDER_CANCELLED] : 0, cancelled);
    arena_free(arena);
}

static void check_steps(struct store *s, const int *codes) {
    for (int i = 0; i < STEPS; i++) {
        if (codes[i] == 0)
            assert_true(is_done(s, i));
        else if (codes[i] != TAKT_EUNKNOWN)
            assert_false(is_done(s, i));
    }
    check_whole(s);
}

/* What a crash at this moment leaves: the files as they are, opened by another. */
static void copy_file(const char *from, const char *to, const char *ending) {
    char a[128], b[128], buffer[65536];
    snprintf(a, sizeof a, "%s%s", from, ending);
    snprintf(b, sizeof b, "%s%s", to, ending);
    FILE *in = fopen(a, "rb"), *out = fopen(b, "wb");
    assert_non_null(in);
    assert_non_null(out);
    for (size_t n; (n = fread(buffer, 1, sizeof buffer, in)) > 0;)
        assert_int_equal(fwrite(buffer, 1, n, out), n);
    fclose(in);
    fclose(out);
}

static void check_crash(const int *codes) {
    copy_file(path, crashed, "");
    copy_file(path, crashed, "-wal");
    struct store *s = open_well(crashed);
    check_steps(s, codes);
    store_close(s);
    remove_files(crashed);
}

/* One life with the n-th call going wrong; false: it went through before the n-th. */
static bool live(enum fault fault, long nth) {
    int codes[STEPS];
    struct store *s = open_well(path);
    faulty_arm(fault, nth);
    for (int i = 0; i < STEPS; i++)
        codes[i] = do_step(s, i);
    bool met = faulty.countdown <= 0;
    faulty_arm(FAULT_NONE, 0);
    check_crash(codes);
    check_steps(s, codes);
    for (int i = 0; i < STEPS; i++) {
        assert_int_equal(do_step(s, i), 0); /* sent again, now that the fault is over */
        assert_string_equal(store_trouble(s), "");
    }
    check_whole(s);
    for (int i = 0; i < STEPS; i++)
        assert_true(is_done(s, i));
    store_close(s);
    remove_files(path);
    return met;
}

static void live_through(enum fault fault) {
    long nth = 1;
    while (live(fault, nth))
        nth += TEST_STRIDE;
    assert_true(nth > STEPS * 2); /* every step has written and synced */
}

static void an_io_error_at_any_call_loses_and_invents_nothing(void **state) {
    (void)state;
    live_through(FAULT_IOERR_ONCE);
}

static void a_disk_that_fails_from_any_call_on_loses_and_invents_nothing(void **state) {
    (void)state;
    live_through(FAULT_IOERR_ON);
}

static void a_disk_that_is_full_from_any_call_on_loses_and_invents_nothing(void **state) {
    (void)state;
    live_through(FAULT_FULL_ON);
}

static void a_full_disk_is_told_as_such_and_recovers(void **state) {
    (void)state;
    struct store *s = open_well(path);
    faulty_arm(FAULT_FULL_ON, 1);
    assert_int_equal(do_accept(s, 0), TAKT_EFULL);
    assert_non_null(strstr(store_trouble(s), "no space"));
    assert_int_equal(do_accept(s, 0), TAKT_EFULL);
    struct store_meta meta;
    assert_int_equal(read_meta(s, &meta), 0); /* reading goes on */
    faulty_arm(FAULT_NONE, 0);
    assert_int_equal(do_accept(s, 0), 0);
    assert_string_equal(store_trouble(s), "");
    store_close(s);
    remove_files(path);
}

/* A commit of which the sync failed is in the log and would be found by a recovery: it must be unknown, or undone
 * there. */
static void a_commit_whose_sync_failed_is_unknown_or_gone_for_good(void **state) {
    (void)state;
    bool unknown = false;
    for (long nth = 1; nth < 40; nth++) {
        struct store *s = open_well(path);
        faulty_arm(FAULT_IOERR_ON, nth);
        int code = do_accept(s, 0);
        int next = code == TAKT_EUNKNOWN ? do_accept(s, 1) : 0;
        faulty_arm(FAULT_NONE, 0);
        unknown = unknown || code == TAKT_EUNKNOWN;
        if (code == TAKT_EUNKNOWN) {
            assert_int_equal(next, TAKT_ESTORE); /* nothing runs before that is settled */
            assert_false(is_done(s, 0));
            int codes[STEPS] = {0};
            for (int i = 0; i < STEPS; i++)
                codes[i] = TAKT_ESTORE;
            check_crash(codes); /* settled: also a recovery does not find it */
        }
        store_close(s);
        remove_files(path);
    }
    assert_true(unknown);
}

/* In the child; its status says whether the fault was met. */
_Noreturn static void open_once(enum fault fault, long nth) {
    struct store *s;
    struct takt_error err = {0};
    if (freopen("/dev/null", "w", stderr) == NULL)
        _exit(2);
    faulty_arm(fault, nth);
    int code = open_at(path, &s, &err);
    int met = faulty.countdown <= 0;
    faulty_arm(FAULT_NONE, 0);
    if (code == 0 ? !is_done(s, 0) : err.text[0] == '\0')
        _exit(2);
    if (code == 0)
        store_close(s);
    _exit(met);
}

/* Its status; a process that ends because the disk failed (L2 of sqlite_log.h) has met its fault. */
static bool open_in_child(enum fault fault, long nth, bool *ret_ended) {
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        open_once(fault, nth);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    *ret_ended = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
    assert_true(*ret_ended || (WIFEXITED(status) && WEXITSTATUS(status) < 2));
    return *ret_ended || WEXITSTATUS(status) == 1;
}

static void opening_fails_or_works_whatever_call_fails(void **state) {
    (void)state;
    bool met = true, ended;
    struct store *s = open_well(path);
    assert_int_equal(do_accept(s, 0), 0);
    store_close(s);
    for (long nth = 1; met; nth += TEST_STRIDE) {
        met = open_in_child(FAULT_IOERR_ONCE, nth, &ended);
        s = open_well(path);
        assert_true(is_done(s, 0));
        store_close(s);
    }
    remove_files(path);
}

static int64_t log_size(void) {
    struct stat st;
    char name[128];
    snprintf(name, sizeof name, "%s-wal", path);
    return stat(name, &st) == 0 ? (int64_t)st.st_size : 0;
}

/* A disk says once that it did not keep something, and not again: what a sync after it says means nothing. */
static void a_log_that_could_not_be_brought_in_at_opening_stays(void **state) {
    (void)state;
    int status;
    bool ended;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) /* dies without bringing its log in */
        _exit(do_accept(open_well(path), 0));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(log_size() > 0);
    open_in_child(FAULT_FILE_SYNC_ONCE, 1, &ended);
    assert_true(ended && log_size() > 0);
    struct store *s = open_well(path);
    assert_true(is_done(s, 0));
    store_close(s);
    remove_files(path);
}

/* ---- death ---- */

/* In the child: a life, each step that is done told to the parent. */
_Noreturn static void child(int fd, long nth) {
    struct store *s;
    faulty_arm(FAULT_KILL, nth);
    if (open_at(path, &s, NULL) != 0)
        _exit(2);
    for (unsigned char i = 0; i < STEPS; i++)
        if (do_step(s, i) != 0 || write(fd, &i, 1) != 1)
            _exit(2);
    store_close(s);
    _exit(0);
}

static void whatever_call_it_dies_at_what_was_told_is_there_once(void **state) {
    (void)state;
    for (long nth = 1;; nth += TEST_STRIDE) {
        int fds[2], status, codes[STEPS];
        unsigned char step;
        assert_int_equal(pipe(fds), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            child(fds[1], nth);
        close(fds[1]);
        for (int i = 0; i < STEPS; i++)
            codes[i] = TAKT_EUNKNOWN; /* what was not told may be there or not */
        while (read(fds[0], &step, 1) == 1)
            codes[step] = 0;
        close(fds[0]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        struct store *s = open_well(path); /* the dead one's lock is free */
        check_steps(s, codes);
        for (int i = 0; i < STEPS; i++)
            assert_int_equal(do_step(s, i), 0);
        check_whole(s);
        store_close(s);
        remove_files(path);
        if (WIFEXITED(status)) {
            assert_int_equal(WEXITSTATUS(status), 0);
            assert_true(nth > STEPS * 2);
            break;
        }
    }
}

/* ---- the log ---- */

enum { LARGE = 256 << 10 };

static void accept_large(struct store *s, int i) {
    static char body[LARGE];
    static const struct item_row item = {.product = "tee", .options = "size=M", .quantity = 1};
    char ref[32];
    memset(body, 'x', sizeof body - 1);
    snprintf(ref, sizeof ref, "A-%d", i);
    struct accept_order o = {.row = {.order_ref = ref, .wish_day = TAKT_DAY_NONE, .items = &item, .item_count = 1},
                             .body = body};
    struct store_accept q = {
        .head = {.op = STORE_ACCEPT}, .creator = "luna", .max_open = 100000, .now_s = NOW, .orders = &o, .count = 1};
    assert_int_equal(store_call(s, &q.head), 0);
}

enum { LONG_LOG = LOG_PAGES / (LARGE / 4096) + 1 }; /* orders until it is brought in */

/* L1 of sqlite_log.h: who writes cannot begin the log anew while a pass looks at how long it is. */
static void who_writes_goes_on_when_a_pass_has_locked_the_log(void **state) {
    (void)state;
    struct store *s = open_well(path);
    faulty.begun = faulty.locked = 0;
    faulty.late_us = 20000;
    for (int i = 0; i < 9 * LONG_LOG; i++) {
        accept_large(s, i);
        assert_int_equal(faulty.begun, faulty.locked);
    }
    assert_true(faulty.begun > 3);
    faulty.late_us = 0;
    store_close(s);
    remove_files(path);
}

/* L2. In the child: what was accepted is told to the parent, until the process ends. */
_Noreturn static void accept_until_it_ends(int fd) {
    struct store *s = open_well(path);
    faulty_arm(FAULT_FILE_SYNC_ON, 0);
    assert_non_null(freopen("/dev/null", "w", stderr));
    for (int i = 0; i < 9 * LONG_LOG; i++) {
        accept_large(s, i);
        if (write(fd, "x", 1) != 1)
            _exit(2);
    }
    _exit(0);
}

static void a_disk_that_does_not_keep_what_leaves_the_log_ends_the_process_and_loses_nothing(void **state) {
    (void)state;
    int fds[2], status, accepted = 0;
    char told;
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        accept_until_it_ends(fds[1]);
    close(fds[1]);
    while (read(fds[0], &told, 1) == 1)
        accepted++;
    close(fds[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    struct store *s = open_well(path);
    for (int i = 0; i < accepted; i++) {
        enum order_state order;
        assert_true(number_of(s, i, &order) > 0);
    }
    store_close(s);
    remove_files(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_io_error_at_any_call_loses_and_invents_nothing),
        cmocka_unit_test(a_disk_that_fails_from_any_call_on_loses_and_invents_nothing),
        cmocka_unit_test(a_disk_that_is_full_from_any_call_on_loses_and_invents_nothing),
        cmocka_unit_test(a_full_disk_is_told_as_such_and_recovers),
        cmocka_unit_test(a_commit_whose_sync_failed_is_unknown_or_gone_for_good),
        cmocka_unit_test(opening_fails_or_works_whatever_call_fails),
        cmocka_unit_test(a_log_that_could_not_be_brought_in_at_opening_stays),
        cmocka_unit_test(whatever_call_it_dies_at_what_was_told_is_there_once),
        cmocka_unit_test(who_writes_goes_on_when_a_pass_has_locked_the_log),
        cmocka_unit_test(a_disk_that_does_not_keep_what_leaves_the_log_ends_the_process_and_loses_nothing),
    };
    const char *folder = mkdtemp(in_memory);
    if (folder == NULL && (folder = mkdtemp(on_disk)) == NULL)
        return 1;
    snprintf(path, sizeof path, "%s/store", folder);
    snprintf(crashed, sizeof crashed, "%s/crashed", folder);
    faulty_install();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return failed;
}
