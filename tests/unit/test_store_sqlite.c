/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/store_suite.h"

#include "daemon/store/schema.h"
#include "daemon/store/sqlite_statement.h"

#include <sys/stat.h>
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

/* ---- what only a file has ---- */

static int open_error(const char *plant, bool create, struct takt_error *err) {
    struct store_config config = {.url = url, .plant = plant, .create = create};
    struct store *s;
    int code = store_open(&config, &s, err);
    if (code == 0)
        store_close(s);
    return code;
}

static const char *store_path(void) {
    return url + strlen("sqlite:");
}

static void what_was_accepted_is_there_after_it_is_opened_again(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b), no = accept_one(b, "luna", "A-1");
    plan_order(b, epoch, no, 1, LOT_OPEN);
    struct store_meta before = meta(b);
    store_close(b->store);
    b->store = reopen();
    struct store_meta after = meta(b);
    assert_memory_equal(&before, &after, sizeof before);
    assert_int_equal(story(b, "luna", "A-1").ret_event_count, 1);
    assert_true(claim(b) > epoch);
    assert_true(accept_one(b, "luna", "A-2") > no);
}

static void a_second_owner_is_told_who_holds_the_file(void **state) {
    (void)state;
    struct takt_error err = {0};
    char pid[32];
    snprintf(pid, sizeof pid, "pid %ld on ", (long)getpid());
    assert_int_equal(open_error("shirts", true, &err), TAKT_EBUSY);
    assert_non_null(strstr(err.text, pid));
}

static void a_store_that_is_not_there_is_not_made_unasked(void **state) {
    struct bench *b = *state;
    struct takt_error err = {0};
    store_close(b->store);
    b->store = NULL;
    suite_remove();
    assert_int_equal(open_error("shirts", false, &err), TAKT_ENOENT);
    assert_int_not_equal(access(store_path(), F_OK), 0);
}

static void a_store_of_another_plant_is_refused(void **state) {
    struct bench *b = *state;
    struct takt_error err = {0};
    store_close(b->store);
    b->store = NULL;
    assert_int_equal(open_error("mugs", true, &err), TAKT_EEXIST);
    assert_non_null(strstr(err.text, "'shirts'"));
    assert_int_equal(open_error("shirts", true, NULL), 0);
}

static void change_file(const char *sql) {
    sqlite3 *db;
    assert_int_equal(sqlite3_open(store_path(), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void a_store_of_a_newer_takt_is_refused(void **state) {
    struct bench *b = *state;
    struct takt_error err = {0};
    store_close(b->store);
    b->store = NULL;
    change_file("PRAGMA user_version = 999");
    assert_int_equal(open_error("shirts", true, &err), TAKT_EDATA);
    assert_non_null(strstr(err.text, "newer"));
}

static void a_file_of_something_else_is_refused_and_left_alone(void **state) {
    struct bench *b = *state;
    struct takt_error err = {0};
    store_close(b->store);
    b->store = NULL;
    suite_remove();
    change_file("CREATE TABLE mine (x)");
    assert_int_equal(open_error("shirts", true, &err), TAKT_EDATA);
    change_file("INSERT INTO mine VALUES (1)");
    suite_remove();
    FILE *f = fopen(store_path(), "w");
    for (int i = 0; i < 1000; i++)
        fputs("this is no database\n", f);
    fclose(f);
    takt_error_clear(&err);
    assert_int_equal(open_error("shirts", true, &err), TAKT_EDATA);
    assert_non_null(strstr(err.text, "not a store"));
}

static void nobody_else_may_read_the_file(void **state) {
    (void)state;
    struct stat st;
    assert_int_equal(stat(store_path(), &st), 0);
    assert_int_equal(st.st_mode & 077, 0);
}

static void nothing_is_accepted_while_the_file_is_not_in_its_place(void **state) {
    struct bench *b = *state;
    char aside[128];
    snprintf(aside, sizeof aside, "%s-aside", store_path());
    accept_one(b, "luna", "A-1");
    assert_int_equal(rename(store_path(), aside), 0);
    struct store_claim claim = {.head = {.op = STORE_CLAIM}};
    assert_int_equal(store_call(b->store, &claim.head), TAKT_ESTORE);
    assert_non_null(strstr(store_trouble(b->store), "taken away"));
    fclose(fopen(store_path(), "w"));
    assert_int_equal(store_call(b->store, &claim.head), TAKT_ESTORE);
    assert_int_equal(rename(aside, store_path()), 0);
    assert_int_equal(store_call(b->store, &claim.head), 0);
    assert_string_equal(store_trouble(b->store), "");
    assert_string_equal(story(b, "luna", "A-1").ret_order.order_ref, "A-1");
}

/* ---- the log ---- */

enum { LARGE = 256 << 10, LARGE_PAGES = LARGE / 4096, LARGE_COUNT = 10 };

/* One group, of some LARGE_PAGES * LARGE_COUNT pages. */
static void accept_large(struct bench *b, int group, const char *body) {
    struct accept_order orders[LARGE_COUNT];
    char refs[LARGE_COUNT][32];
    for (int i = 0; i < LARGE_COUNT; i++) {
        snprintf(refs[i], sizeof refs[i], "L-%d-%d", group, i);
        orders[i] = order_like(refs[i], 1);
        orders[i].body = body;
    }
    struct store_accept q = accept_of(b, "luna", orders, LARGE_COUNT);
    assert_int_equal(store_call(b->store, &q.head), 0);
}

static char *large_body(void) {
    char *body = malloc(LARGE);
    memset(body, 'x', LARGE);
    memcpy(body, "{\"recipient\":{\"name\":\"", 22);
    memcpy(body + LARGE - 4, "\"}}", 4);
    return body;
}

static int64_t file_size(const char *ending) {
    char path[128];
    struct stat st;
    snprintf(path, sizeof path, "%s%s", store_path(), ending);
    return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

static void a_log_that_is_written_all_the_time_is_brought_into_the_file_and_begins_anew(void **state) {
    struct bench *b = *state;
    enum { GROUPS = (LOG_PAGES_MOST * 3) / (LARGE_PAGES * LARGE_COUNT) };
    char *body = large_body();
    for (int i = 0; i < GROUPS; i++)
        accept_large(b, i, body);
    assert_true(file_size("-wal") < (int64_t)LOG_PAGES_MOST * 4096 * 5 / 2);
    assert_true(file_size("") > (int64_t)LOG_PAGES_MOST * 4096);
    store_close(b->store);
    b->store = reopen();
    for (int i = 0; i < GROUPS; i++) {
        char ref[32];
        snprintf(ref, sizeof ref, "L-%d-%d", i, i % LARGE_COUNT);
        assert_string_equal(body_of(b, story(b, "luna", ref).ret_order.no), body);
    }
    free(body);
}

/* A commit's pages are most of what it costs. */
static int64_t pages_since(int64_t *size) {
    int64_t before = *size;
    *size = file_size("-wal");
    return (*size - before) / (4096 + 24 /* a frame's head */);
}

static void a_commit_writes_no_page_of_an_index_in_which_nothing_changes(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b), no = accept_one(b, "luna", "A-1");
    plan_order(b, epoch, no, 1, LOT_OPEN);
    int64_t size = file_size("-wal");
    struct store_beat beat = {.head = {.op = STORE_BEAT}, .epoch = epoch};
    assert_int_equal(store_call(b->store, &beat.head), 0);
    assert_int_equal(pages_since(&size), 1); /* state */
    struct order_update moved = {no, ORDER_PLANNED, 7777, TAKT_TIME_NONE};
    struct store_publish q = publish_of(b, epoch);
    q.orders = &moved;
    q.order_count = 1;
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_int_equal(pages_since(&size), 3); /* orders, publication, state */
    assert_int_equal(story(b, "luna", "A-1").ret_order.planned_packed_s, 7777);
    accept_one(b, "luna", "A-2");
    assert_int_equal(pages_since(&size), 7); /* order_key, orders and those that are open, body, audit, creator, state */
}

static void nothing_of_an_erased_order_stays_in_a_log_that_is_being_brought_into_the_file(void **state) {
    struct bench *b = *state;
    char *body = large_body();
    accept_one(b, "luna", "A-1");
    struct store_erase erase = erase_of(b, NULL, NULL);
    erase.order_ref = "A-1";
    assert_int_equal(store_call(b->store, &erase.head), 0);
    assert_int_equal(erase.ret_count, 1);
    for (int i = 0; i <= LOG_PAGES / (LARGE_PAGES * LARGE_COUNT); i++)
        accept_large(b, i, body);
    assert_true(file_size("-wal") > (int64_t)LOG_PAGES * 4096);
    assert_int_equal(cancel_ref(b, "luna", "A-1", NOW + 5), CANCEL_DONE);
    assert_int_equal(file_size("-wal"), 0);
    free(body);
}

/* No query of takt's reads a whole table, but those that a person asks for with a filter. */
static void every_query_goes_along_an_index(void **state) {
    struct bench *b = *state;
    static const struct {
        const char *name, *sql;
    } statements[] = {
#define X(name, sql) {#name, sql},
        STATEMENTS(X)
#undef X
    };
    (void)b;
    sqlite3 *db;
    assert_int_equal(sqlite3_open(store_path(), &db), SQLITE_OK);
    assert_int_equal(fresh_register(db, NULL), SQLITE_OK);
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        char text[4096];
        sqlite3_stmt *st;
        snprintf(text, sizeof text, "EXPLAIN QUERY PLAN %s", statements[i].sql);
        assert_int_equal(sqlite3_prepare_v2(db, text, -1, &st, NULL), SQLITE_OK);
        while (sqlite3_step(st) == SQLITE_ROW) {
            const char *step = (const char *)sqlite3_column_text(st, 3);
            bool few_rows = strcmp(statements[i].name, "EVENTS_OF") == 0; /* one order's events, sorted */
            bool fresh = strncmp(step, "SCAN fresh ", 11) == 0; /* what is in memory, from its beginning */
            if ((strncmp(step, "SCAN", 4) == 0 && !fresh) || (strstr(step, "TEMP B-TREE") != NULL && !few_rows))
                fail_msg("%s: %s", statements[i].name, step);
            if (strstr(statements[i].name, "_PAGE") != NULL && strstr(step, "SEARCH s ") == step)
                assert_non_null(strstr(step, "order_no=?"));
            if (strstr(statements[i].name, "_PAGE") != NULL && strstr(step, "SEARCH t ") == step)
                assert_non_null(strstr(step, "lot=?"));
        }
        sqlite3_finalize(st);
    }
    sqlite3_close(db);
}

static void the_schema_is_whole_in_both_dialects(void **state) {
    struct bench *b = *state;
    for (int v = 1; v <= SCHEMA_VERSION; v++) {
        const char *sqlite = schema_migration(v, SCHEMA_SQLITE, b->arena);
        const char *postgres = schema_migration(v, SCHEMA_POSTGRES, b->arena);
        assert_null(strstr(sqlite, "PARTITION"));
        assert_null(strstr(postgres, "ROWID"));
        assert_null(strstr(postgres, "INTEGER PRIMARY KEY"));
    }
}

#define FILE_TESTS                                                                                                     \
    SUITE_TEST(what_was_accepted_is_there_after_it_is_opened_again),                                                   \
        SUITE_TEST(a_second_owner_is_told_who_holds_the_file),                                                         \
        SUITE_TEST(a_store_that_is_not_there_is_not_made_unasked), SUITE_TEST(a_store_of_another_plant_is_refused),    \
        SUITE_TEST(a_store_of_a_newer_takt_is_refused),                                                                \
        SUITE_TEST(a_file_of_something_else_is_refused_and_left_alone), SUITE_TEST(nobody_else_may_read_the_file),     \
        SUITE_TEST(nothing_is_accepted_while_the_file_is_not_in_its_place),                                            \
        SUITE_TEST(a_log_that_is_written_all_the_time_is_brought_into_the_file_and_begins_anew),                       \
        SUITE_TEST(nothing_of_an_erased_order_stays_in_a_log_that_is_being_brought_into_the_file),                     \
        SUITE_TEST(a_commit_writes_no_page_of_an_index_in_which_nothing_changes),                                      \
        SUITE_TEST(every_query_goes_along_an_index), SUITE_TEST(the_schema_is_whole_in_both_dialects)

int main(void) {
    const struct CMUnitTest tests[] = {STORE_SUITE, FILE_TESTS};
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(url, sizeof url, "sqlite:%s/store", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return failed;
}
