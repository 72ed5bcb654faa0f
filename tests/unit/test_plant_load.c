/* SPDX-License-Identifier: Apache-2.0 */
#include "plant_fixture.h"

#include <sys/stat.h>

#define DAY INT64_C(86400)

static void test_every_part_of_a_plant_is_read(void **state) {
    struct fixture f;
    (void)state;
    fixture_load(&f, SMALL_PLANT);
    const struct plant *p = fixture_good(&f);
    assert_int_equal(p->note_count, 0);
    assert_string_equal(p->id, "p1");
    assert_string_equal(p->name, "p1");
    assert_int_equal(p->calendar_count, 2);
    assert_true(p->calendars[0].always);
    assert_string_equal(p->calendars[1].id, "day");
    assert_int_equal(p->calendars[1].weekly[0].days, 0x1f);
    assert_int_equal(p->calendars[1].weekly[0].from_min, 360);
    assert_int_equal(p->pools[0].capacity, 2);
    assert_int_equal(p->pools[0].calendar, 1);
    assert_int_equal(p->changeovers[0].default_s, 1200);
    assert_int_equal(p->materials[0].on_hand_milli, 10000);
    assert_int_equal(p->materials[0].lead_time_s, 2 * DAY);
    assert_int_equal(p->packing[0].rate_milli, 60000);
    assert_int_equal(p->carriers[0].cutoff_min, 17 * 60);
    assert_int_equal(p->carriers[0].days, 0x3f);
    assert_int_equal(p->services[0].carrier, 0);
    assert_int_equal(p->security, SECURITY_NONE);
    assert_string_equal(p->listen.orders, "tcp://127.0.0.1:7710");
    fixture_done(&f);
}

static void test_a_product_is_read_with_its_route(void **state) {
    struct fixture f;
    (void)state;
    fixture_load(&f, SMALL_PLANT);
    const struct plant_product *t = &fixture_good(&f)->products[0];
    assert_int_equal(t->option_count, 2);
    assert_string_equal(t->options[0].values[1], "dark");
    assert_true(t->options[1].any);
    assert_int_equal(t->materials[0].amount, 1200);
    assert_int_equal(t->lot_max, 100);
    assert_int_equal(t->lot_wait_s, DAY);
    assert_int_equal(t->op_count, 3);
    assert_string_equal(t->route[0].family, "{ink}");
    assert_int_equal(t->route[0].pools[0].amount, 1);
    assert_int_equal(t->route[0].overlap, 10);
    assert_int_equal(t->route[0].lines[0].rate_milli, 60000);
    assert_int_equal(t->route[1].line_count, 3); /* every station */
    assert_int_equal(t->route[1].lines[2].fixed_s, 300);
    assert_int_equal(t->route[2].lines[0].rate_milli, 0);
    assert_false(t->route[2].breakable);
    fixture_done(&f);
}

static void test_what_is_left_out_has_its_default(void **state) {
    struct fixture f;
    (void)state;
    fixture_load(&f, SMALL_PLANT);
    const struct plant *p = fixture_good(&f);
    const struct plant_product *t = &p->products[0];
    assert_int_equal(t->lot_min, 1);
    assert_int_equal(t->like_count, 2); /* all of its options */
    assert_int_equal(t->weight_mg, 0);
    assert_true(t->route[0].breakable);
    assert_int_equal(t->route[0].yield_ppm, 1000000);
    assert_int_equal(t->route[0].rest_s, 0);
    assert_int_equal(t->route[0].rest_max_s, -1);
    assert_int_equal(p->lines[1].changeover, -1);
    assert_int_equal(p->lines[1].reports, REPORTS_FLOOR);
    assert_null(p->lines[0].set_up_for);
    assert_int_equal(p->creators[0].share, 1);
    assert_int_equal(p->creators[0].weight, 1);
    assert_int_equal(p->creators[0].max_open, 1000000);
    assert_int_equal(p->creators[0].rate_milli, 0);
    assert_int_equal(p->services[0].weight, 1);
    assert_int_equal(p->consolidate_s, 0);
    assert_int_equal(p->if_late, IF_LATE_ACCEPT);
    assert_string_equal(p->planning.scheduler, "auto");
    assert_int_equal(p->planning.target_s, 10 * DAY);
    assert_int_equal(p->planning.think_ms, 20000);
    assert_int_equal(p->planning.margin_ppm, 100000);
    assert_int_equal(p->planning.promise_at_most_s, 30 * DAY);
    assert_int_equal(p->planning.objective.late_promise, 100);
    assert_int_equal(p->planning.objective.moves, 5);
    assert_string_equal(p->store, "sqlite:/var/lib/takt/takt.db");
    assert_string_equal(p->listen.control, "ipc:///run/takt/control.sock");
    assert_string_equal(p->listen.http, "127.0.0.1:7780");
    fixture_done(&f);
}

static void test_a_line_with_count_is_so_many_lines(void **state) {
    struct fixture f;
    (void)state;
    fixture_load(&f, SMALL_PLANT);
    const struct plant *p = fixture_good(&f);
    assert_int_equal(p->line_count, 5);
    assert_string_equal(p->lines[1].id, "sew.1");
    assert_string_equal(p->lines[3].id, "sew.3");
    assert_string_equal(p->lines[3].base, "sew");
    assert_int_equal(p->lines[3].calendar, 1);
    assert_int_equal(plant_line_find(p, "sew.3"), 3);
    assert_int_equal(plant_line_find(p, "sew"), -1);
    assert_int_equal(plant_line_find(p, "kiln"), 4);
    fixture_done(&f);
}

static void test_a_single_station_can_be_named(void **state) {
    struct fixture f;
    (void)state;
    fixture_load_edited(&f, "lines: {sew: {rate: 30/h, fixed: 5m}}", "lines: {sew.2: 30/h}");
    const struct plant_op *op = &fixture_good(&f)->products[0].route[1];
    assert_int_equal(op->line_count, 1);
    assert_int_equal(op->lines[0].line, 2);
    fixture_done(&f);
}

static void test_names_are_found_and_others_are_not(void **state) {
    struct fixture f;
    (void)state;
    fixture_load(&f, SMALL_PLANT);
    const struct plant *p = fixture_good(&f);
    assert_int_equal(plant_product_find(p, "tee"), 0);
    assert_int_equal(plant_product_find(p, "mug"), -1);
    assert_int_equal(plant_creator_find(p, "luna"), 0);
    assert_int_equal(plant_material_find(p, "cloth"), 0);
    assert_int_equal(plant_consumer_find(p, "dock"), 0);
    assert_int_equal(plant_terminal_find(p, "dock"), -1);
    assert_int_equal(plant_service_find(p, "standard"), 0);
    fixture_done(&f);
}

static void test_changeovers_are_pairs_else_the_default(void **state) {
    struct fixture f;
    (void)state;
    fixture_load(&f, SMALL_PLANT);
    const struct plant *p = fixture_good(&f);
    assert_int_equal(plant_changeover_s(p, 0, "light", "dark"), 900);
    assert_int_equal(plant_changeover_s(p, 0, "dark", "light"), 1200);
    assert_int_equal(plant_changeover_s(p, 0, "dark", "never seen"), 1200);
    assert_int_equal(plant_changeover_s(p, 0, "light", "light"), 0);
    assert_int_equal(plant_changeover_s(p, 0, NULL, "light"), 0);
    assert_int_equal(plant_changeover_s(p, 0, "light", NULL), 0);
    assert_int_equal(plant_changeover_s(p, -1, "light", "dark"), 0);
    fixture_done(&f);
}

static void test_a_rate_is_rounded_up_to_whole_seconds(void **state) {
    (void)state;
    const struct plant_rate sew = {.rate_milli = 25000, .fixed_s = 600}, fire = {.fixed_s = 50400},
                            slow = {.rate_milli = 7};
    assert_int_equal(plant_rate_s(&sew, 25), 600 + 3600);
    assert_int_equal(plant_rate_s(&sew, 1), 600 + 144);
    assert_int_equal(plant_rate_s(&sew, 0), 600);
    assert_int_equal(plant_rate_s(&fire, 400), 50400);
    assert_int_equal(plant_rate_s(&slow, 1), 514286);
}

static void test_no_is_norway(void **state) {
    struct fixture f;
    (void)state;
    fixture_load_edited(&f, "{DE: 1d, else: 5d}", "{NO: 3d, else: 5d}");
    assert_int_equal(plant_transit_days(fixture_good(&f), 0, "NO"), 3);
    fixture_done(&f);
}

static void test_without_else_the_longest_transit_is_taken(void **state) {
    struct fixture f;
    (void)state;
    fixture_load_edited(&f, "{DE: 1d, else: 5d}", "{DE: 1d, US: 9d, FR: 2d}");
    assert_int_equal(plant_transit_days(fixture_good(&f), 0, "JP"), 9);
    assert_int_equal(f.plant->note_count, 1);
    fixture_done(&f);
}

static void test_an_endpoint_can_be_off(void **state) {
    struct fixture f;
    (void)state;
    fixture_load_edited(&f, "shipments: \"tcp://127.0.0.1:7711\"", "shipments: off, http: off");
    assert_null(fixture_good(&f)->listen.shipments);
    assert_null(f.plant->listen.http);
    fixture_done(&f);
}

static void test_local_times_are_of_the_plants_zone(void **state) {
    struct fixture f;
    (void)state;
    fixture_load_edited(&f, "batch: 100}",
                        "batch: 100, down: [{from: 2026-07-01T08:00, to: 2026-12-01T08:00, reason: relining}]}");
    const struct plant_line *kiln = &fixture_good(&f)->lines[4];
    assert_int_equal(kiln->down[0].from_s, 1782885600); /* 06:00 in UTC */
    assert_int_equal(kiln->down[0].to_s, 1796108400);   /* 07:00 in UTC */
    assert_string_equal(kiln->down[0].reason, "relining");
    fixture_done(&f);
}

static void test_a_plant_lives_until_its_last_reference_goes(void **state) {
    struct fixture f;
    (void)state;
    fixture_load(&f, SMALL_PLANT);
    struct plant *second = plant_ref(fixture_good(&f));
    plant_unref(f.plant);
    assert_string_equal(second->id, "p1");
    f.plant = second;
    fixture_done(&f);
    plant_unref(NULL);
}

/* Several files. */

struct folder {
    char path[64], main[96], drop[96];
};

static void make_folder(struct folder *d, const char *text) {
    snprintf(d->path, sizeof d->path, "/tmp/test_plant.XXXXXX");
    assert_non_null(mkdtemp(d->path));
    snprintf(d->main, sizeof d->main, "%s/p.yaml", d->path);
    snprintf(d->drop, sizeof d->drop, "%s/taktd.d", d->path);
    assert_int_equal(mkdir(d->drop, 0755), 0);
    fixture_write(d->main, text, strlen(text));
}

static void put(const struct folder *d, const char *name, const char *text) {
    char path[160];
    snprintf(path, sizeof path, "%s/%s", d->drop, name);
    fixture_write(path, text, strlen(text));
}

static void remove_folder(const struct folder *d) {
    char command[160];
    snprintf(command, sizeof command, "rm -rf %s", d->path);
    assert_int_equal(system(command), 0);
}

static void load_folder(struct fixture *f, const struct folder *d) {
    *f = (struct fixture){0};
    f->code = plant_load(d->main, NULL, 0, &f->plant, &f->faults, &f->err);
}

static void test_drop_ins_beside_the_file_add_names_in_order(void **state) {
    struct folder d;
    struct fixture f;
    (void)state;
    make_folder(&d, SMALL_PLANT);
    put(&d, "20-b.yaml", "creators: {zoe: {share: 2}}\n");
    put(&d, "10-a.yaml", "takt: 1\ncreators: {ada: {share: 3}}\nplanning: {frozen: 2h}\n");
    put(&d, "30-empty.yaml", "# all of it is commented out\n");
    put(&d, "ignored.txt", "this is: [not");
    put(&d, ".hidden.yaml", "this is: [not");
    load_folder(&f, &d);
    const struct plant *p = fixture_good(&f);
    assert_int_equal(p->creator_count, 3);
    assert_string_equal(p->creators[0].id, "luna");
    assert_string_equal(p->creators[1].id, "ada");
    assert_string_equal(p->creators[2].id, "zoe");
    assert_int_equal(p->planning.frozen_s, 7200);
    fixture_done(&f);
    remove_folder(&d);
}

static void test_a_name_in_two_files_shows_both_places(void **state) {
    struct folder d;
    struct fixture f;
    char expected[300];
    (void)state;
    make_folder(&d, SMALL_PLANT);
    put(&d, "a.yaml", "creators:\n  luna: {}\nstore: \"memory:\"\n");
    put(&d, "b.yaml", "store: \"memory:\"\n");
    load_folder(&f, &d);
    assert_int_equal(f.code, TAKT_ECONFIG);
    assert_int_equal(f.faults.count, 2);
    snprintf(expected, sizeof expected, "'luna' is defined twice; the first is at %s:25:12", d.main);
    assert_string_equal(f.faults.list[0].text, expected);
    assert_int_equal(f.faults.list[0].line, 2);
    assert_int_equal(f.faults.list[0].column, 3);
    snprintf(expected, sizeof expected, "'store' is defined twice; the first is at %s/a.yaml:3:1", d.drop);
    assert_string_equal(f.faults.list[1].text, expected);
    fixture_done(&f);
    remove_folder(&d);
}

static void test_further_files_are_merged_likewise(void **state) {
    struct folder d;
    struct fixture f = {0};
    char extra[160];
    (void)state;
    make_folder(&d, SMALL_PLANT);
    snprintf(extra, sizeof extra, "%s/extra.yaml", d.path);
    fixture_write(extra, "creators: {ada: {}}\n", 20);
    f.code = plant_load(d.main, (const char *const[]){extra}, 1, &f.plant, &f.faults, &f.err);
    assert_int_equal(fixture_good(&f)->creator_count, 2);
    fixture_done(&f);
    remove_folder(&d);
}

static void test_a_file_that_cannot_be_read_says_so(void **state) {
    struct fixture f = {0};
    (void)state;
    assert_int_equal(plant_load("/nonexistent/p.yaml", NULL, 0, &f.plant, &f.faults, &f.err), TAKT_ENOENT);
    assert_string_equal(f.err.text, "cannot open '/nonexistent/p.yaml': No such file or directory");
    takt_error_clear(&f.err);
    assert_int_equal(plant_load("/tmp", NULL, 0, &f.plant, &f.faults, &f.err), TAKT_EIO);
    assert_string_equal(f.err.text, "cannot read '/tmp': it is a folder");
    assert_null(f.plant);
    assert_int_equal(f.faults.count, 0);
}

static void test_an_empty_file_is_a_fault(void **state) {
    struct fixture f;
    (void)state;
    fixture_load(&f, "");
    assert_int_equal(f.code, TAKT_ECONFIG);
    assert_string_equal(f.faults.list[0].text, "the file is empty");
    fixture_done(&f);
}

/* Plants that are there to be loaded. */

static void load_if_there(const char *file, const char *drop_in, size_t lines, size_t creators) {
    struct fixture f = {0};
    if (access(file, R_OK) != 0)
        skip();
    f.code = plant_load(file, &drop_in, drop_in != NULL, &f.plant, &f.faults, &f.err);
    assert_int_equal(fixture_good(&f)->line_count, lines);
    assert_int_equal(f.plant->creator_count, creators);
    fixture_done(&f);
}

static void test_every_example_loads_and_every_note_is_about_keys(void **state) {
    static const char *const EXAMPLES[] = {"garments", "ceramics", "electronics"};
    (void)state;
    for (size_t k = 0; k < sizeof EXAMPLES / sizeof *EXAMPLES; k++) {
        struct fixture f = {0};
        char file[64];
        snprintf(file, sizeof file, "config/examples/%s.yaml", EXAMPLES[k]);
        f.code = plant_load(file, NULL, 0, &f.plant, &f.faults, &f.err);
        fixture_good(&f);
        for (size_t m = 0; m < f.plant->note_count; m++)
            assert_non_null(strstr(f.plant->notes[m].text, "the place of a key"));
        assert_true(f.plant->security == SECURITY_CURVE);
        fixture_done(&f);
    }
}

static void test_the_giftware_plant_loads(void **state) {
    (void)state;
    load_if_there("../shared/orders/plant.yaml", "../shared/orders/giftware/creators.yaml", 26, 64);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_part_of_a_plant_is_read),
        cmocka_unit_test(test_a_product_is_read_with_its_route),
        cmocka_unit_test(test_what_is_left_out_has_its_default),
        cmocka_unit_test(test_a_line_with_count_is_so_many_lines),
        cmocka_unit_test(test_a_single_station_can_be_named),
        cmocka_unit_test(test_names_are_found_and_others_are_not),
        cmocka_unit_test(test_changeovers_are_pairs_else_the_default),
        cmocka_unit_test(test_a_rate_is_rounded_up_to_whole_seconds),
        cmocka_unit_test(test_no_is_norway),
        cmocka_unit_test(test_without_else_the_longest_transit_is_taken),
        cmocka_unit_test(test_an_endpoint_can_be_off),
        cmocka_unit_test(test_local_times_are_of_the_plants_zone),
        cmocka_unit_test(test_a_plant_lives_until_its_last_reference_goes),
        cmocka_unit_test(test_drop_ins_beside_the_file_add_names_in_order),
        cmocka_unit_test(test_a_name_in_two_files_shows_both_places),
        cmocka_unit_test(test_further_files_are_merged_likewise),
        cmocka_unit_test(test_a_file_that_cannot_be_read_says_so),
        cmocka_unit_test(test_an_empty_file_is_a_fault),
        cmocka_unit_test(test_every_example_loads_and_every_note_is_about_keys),
        cmocka_unit_test(test_the_giftware_plant_loads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
