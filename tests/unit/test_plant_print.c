/* SPDX-License-Identifier: Apache-2.0 */
#include "config/print.h"

#include "config/change.h"
#include "config/check.h"
#include "plant_fixture.h"

static char *printed(const struct plant *plant) {
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    assert_non_null(to);
    plant_print(plant, to);
    assert_int_equal(fclose(to), 0);
    return text;
}

static void check_round_trip(const char *file) {
    struct plant *plant = NULL;
    struct plant_faults faults;
    struct fixture again;
    struct arena *arena = arena_new();
    struct plant_change *list;
    size_t count;
    assert_int_equal(plant_load(file, NULL, 0, &plant, &faults, NULL), 0);
    char *text = printed(plant);
    fixture_load(&again, text);
    plant_compare(plant, fixture_good(&again), arena, &list, &count);
    for (size_t k = 0; k < count; k++)
        print_error("%s: %s -> %s\n", list[k].path, list[k].was, list[k].is);
    assert_int_equal(count, 0);
    char *twice = printed(again.plant);
    assert_string_equal(text, twice);
    free(text);
    free(twice);
    arena_free(arena);
    fixture_done(&again);
    plant_unref(plant);
}

static void test_a_printed_plant_loads_as_the_same(void **state) {
    static const char *const FILES[] = {"config/examples/garments.yaml", "config/examples/ceramics.yaml",
                                        "config/examples/electronics.yaml", "tests/fuzz/corpus/plant/night.yaml"};
    (void)state;
    for (size_t k = 0; k < sizeof FILES / sizeof *FILES; k++)
        check_round_trip(FILES[k]);
}

static const char *value_at(const struct plant *plant, const char *path, struct arena *arena) {
    struct plant_value *list;
    size_t count;
    plant_values(plant, false, arena, &list, &count);
    for (size_t k = 0; k < count; k++)
        if (strcmp(list[k].path, path) == 0)
            return list[k].text != NULL ? list[k].text : "none";
    fail_msg("no value at %s", path);
    return NULL;
}

static void test_every_option_has_its_effective_value(void **state) {
    struct fixture f;
    struct arena *arena = arena_new();
    (void)state;
    fixture_load(&f, SMALL_PLANT);
    const struct plant *p = fixture_good(&f);
    assert_string_equal(value_at(p, "takt", arena), "1");
    assert_string_equal(value_at(p, "planning.promise.margin", arena), "10%");
    assert_string_equal(value_at(p, "lines.sew.count", arena), "3");
    assert_string_equal(value_at(p, "lines.print.changeover", arena), "ink");
    assert_string_equal(value_at(p, "lines.sew.changeover", arena), "none");
    assert_string_equal(value_at(p, "calendars.day.weekly", arena),
                        "[{days: mon-fri, from: \"06:00\", to: \"14:00\"}]");
    assert_string_equal(value_at(p, "changeovers.ink.pairs", arena), "{\"light > dark\": 15m}");
    assert_string_equal(value_at(p, "products.tee.lot.like", arena), "[ink, design]");
    assert_string_equal(value_at(p, "shipping.carriers.mail.transit", arena), "{DE: 1d, else: 5d}");
    assert_string_equal(value_at(p, "listen.http", arena), "\"127.0.0.1:7780\"");
    fixture_done(&f);
    arena_free(arena);
}

static void test_passwords_are_left_out_of_a_stores_url(void **state) {
    struct arena *arena = arena_new();
    (void)state;
    assert_string_equal(
        store_without_password("postgresql://takt:secret@db1,db2/takt?target_session_attrs=read-write", arena),
        "postgresql://takt:***@db1,db2/takt?target_session_attrs=read-write");
    assert_string_equal(store_without_password("postgresql://takt:se@cret@db/takt", arena),
                        "postgresql://takt:***@db/takt");
    assert_string_equal(store_without_password("postgresql://db/takt?user=x&password=secret&sslmode=require", arena),
                        "postgresql://db/takt?user=x&password=***&sslmode=require");
    assert_string_equal(store_without_password("postgresql://takt@db/takt", arena), "postgresql://takt@db/takt");
    assert_string_equal(store_without_password("sqlite:takt.db", arena), "sqlite:takt.db");
    arena_free(arena);
}

/* What --check prints and returns. */

static int run_check(const char *text, bool print, char **ret_out, char **ret_err) {
    char file[64] = "/tmp/test_plant_check.XXXXXX";
    size_t out_size, err_size;
    int fd = mkstemp(file);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    FILE *out = open_memstream(ret_out, &out_size), *err = open_memstream(ret_err, &err_size);
    assert_true(out != NULL && err != NULL);
    int status = plant_check_main(file, print, out, err);
    fclose(out);
    fclose(err);
    unlink(file);
    return status;
}

static void test_check_sums_a_good_plant_up(void **state) {
    char *out, *err;
    (void)state;
    assert_int_equal(run_check(SMALL_PLANT, false, &out, &err), 0);
    assert_string_equal(out, "ok: 5 lines, 1 product, 1 packing line, 1 creator; lines work 40 to 168 h a week\n");
    assert_string_equal(err, "");
    free(out);
    free(err);
}

static void test_print_gives_a_plant_that_loads_as_the_same(void **state) {
    char *out, *again, *err, *err_again;
    (void)state;
    assert_int_equal(run_check(SMALL_PLANT, true, &out, &err), 0);
    assert_int_equal(run_check(out, true, &again, &err_again), 0);
    assert_non_null(strstr(out, "\nplanning:\n"));
    assert_string_equal(again, out);
    free(out);
    free(again);
    free(err);
    free(err_again);
}

static void test_check_prints_faults_and_returns_78(void **state) {
    char *out, *err;
    (void)state;
    assert_int_equal(run_check("takt: 2\n", false, &out, &err), 78);
    assert_string_equal(out, "");
    assert_non_null(strstr(err, ":1:7: takt: 2 is out of range: 1 … 1\n"));
    assert_non_null(strstr(err, ":1:1: the plant's file has no 'lines', which is compulsory"));
    free(out);
    free(err);
}

static void test_check_of_no_file_returns_66(void **state) {
    char *text = NULL;
    size_t size = 0;
    (void)state;
    FILE *to = open_memstream(&text, &size);
    assert_int_equal(plant_check_main("/nonexistent.yaml", false, to, to), 66);
    fclose(to);
    assert_string_equal(text, "taktd: cannot open '/nonexistent.yaml': No such file or directory\n");
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_printed_plant_loads_as_the_same),
        cmocka_unit_test(test_every_option_has_its_effective_value),
        cmocka_unit_test(test_passwords_are_left_out_of_a_stores_url),
        cmocka_unit_test(test_check_sums_a_good_plant_up),
        cmocka_unit_test(test_print_gives_a_plant_that_loads_as_the_same),
        cmocka_unit_test(test_check_prints_faults_and_returns_78),
        cmocka_unit_test(test_check_of_no_file_returns_66),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
