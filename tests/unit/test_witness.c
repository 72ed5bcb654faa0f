/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/store/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64], prefix[96];

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/takt-witness-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(prefix, sizeof prefix, "%s/w", folder);
    return 0;
}

static const char *file(const char *ending) {
    static char path[128];
    snprintf(path, sizeof path, "%s%s", prefix, ending);
    return path;
}

static int remove_folder(void **state) {
    (void)state;
    unlink(file(".mark"));
    unlink(file(".mark.new"));
    unlink(file(".erased"));
    rmdir(folder);
    return 0;
}

static struct witness *opened(void) {
    struct witness *w;
    assert_int_equal(witness_open(prefix, &w, NULL), 0);
    return w;
}

static void write_text(const char *ending, const char *text) {
    FILE *f = fopen(file(ending), "ae");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void a_mark_is_read_as_it_was_noted(void **state) {
    (void)state;
    struct store_place place = {.generation = INT64_MAX, .change = 2, .cursor = 3, .shipment = 4, .audit = 5}, read;
    place.audit_hash[31] = 9;
    struct witness *w = opened();
    assert_false(witness_place(w, &read));
    assert_int_equal(witness_note(w, &place, NULL), 0);
    place.change = 7;
    assert_int_equal(witness_note(w, &place, NULL), 0);
    witness_close(w);
    w = opened();
    assert_true(witness_place(w, &read));
    assert_memory_equal(&read, &place, sizeof read);
    witness_close(w);
}

static struct erasure_row row_of(uint64_t order) {
    struct erasure_row row = {.order = order, .asked_at_s = -5, .order_ref = "A", .erased_at_s = 1};
    memset(row.tag, (int)order, sizeof row.tag);
    return row;
}

static void erasures_are_kept_once_each(void **state) {
    (void)state;
    struct erasure_row rows[] = {row_of(1), row_of(2), row_of(1)};
    struct witness *w = opened();
    size_t count;
    assert_int_equal(witness_erased(w, rows, 1, NULL), 0);
    assert_int_equal(witness_erased(w, rows, 3, NULL), 0);
    witness_close(w);
    w = opened();
    const struct erasure_row *kept = witness_erasures(w, &count);
    assert_int_equal(count, 2);
    assert_int_equal(kept[1].order, 2);
    assert_int_equal(kept[1].asked_at_s, -5);
    assert_memory_equal(kept[1].tag, rows[1].tag, sizeof rows[1].tag);
    witness_close(w);
}

static void a_line_that_was_cut_off_is_written_over(void **state) {
    (void)state;
    struct erasure_row row = row_of(1), next = row_of(2);
    struct witness *w = opened();
    size_t count;
    assert_int_equal(witness_erased(w, &row, 1, NULL), 0);
    witness_close(w);
    write_text(".erased", "2 5 02020");
    w = opened();
    assert_int_equal(witness_erased(w, &next, 1, NULL), 0);
    witness_close(w);
    w = opened();
    witness_erasures(w, &count);
    assert_int_equal(count, 2);
    witness_close(w);
}

static void files_that_are_something_else_are_refused_and_left_alone(void **state) {
    (void)state;
    static const char *const endings[] = {".mark", ".erased"};
    for (size_t i = 0; i < 2; i++) {
        struct takt_error err = {0};
        struct witness *w;
        write_text(endings[i], "something else\n");
        assert_int_equal(witness_open(prefix, &w, &err), TAKT_EDATA);
        assert_non_null(strstr(err.text, endings[i]));
        assert_int_equal(access(file(endings[i]), F_OK), 0);
        unlink(file(endings[i]));
    }
}

static void only_stores_that_last_are_remembered(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    assert_string_equal(witness_prefix("sqlite:/a/b.db", "shirts", arena), "/a/b.db");
    assert_string_equal(witness_prefix("postgresql://h/d", "shirts", arena), "shirts");
    assert_null(witness_prefix("memory:", "shirts", arena));
    arena_free(arena);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_mark_is_read_as_it_was_noted),
        TEST(erasures_are_kept_once_each),
        TEST(a_line_that_was_cut_off_is_written_over),
        TEST(files_that_are_something_else_are_refused_and_left_alone),
        TEST(only_stores_that_last_are_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
