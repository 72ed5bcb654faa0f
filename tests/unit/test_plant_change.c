/* SPDX-License-Identifier: Apache-2.0 */
#include "config/change.h"

#include "plant_fixture.h"

static const char *const KINDS[] = {[PLANT_CHANGE_LIVE] = "live",
                                    [PLANT_CHANGE_RESTART] = "restart",
                                    [PLANT_CHANGE_INITIAL] = "initial",
                                    [PLANT_CHANGE_GONE] = "gone",
                                    [PLANT_CHANGE_NEW] = "new"};

/* What an edit of the small plant changes, one line a change. */
static void check(const char *from, const char *to, const char *wanted) {
    struct fixture old, now;
    struct arena *arena = arena_new();
    struct plant_change *list;
    size_t count;
    fixture_load(&old, SMALL_PLANT);
    fixture_load_edited(&now, from, to);
    plant_compare(fixture_good(&old), fixture_good(&now), arena, &list, &count);
    const char *all = "";
    for (size_t k = 0; k < count; k++) {
        const struct plant_change *c = &list[k];
        all = arena_printf(arena, "%s%s%s %s", all, k > 0 ? "\n" : "", KINDS[c->kind], c->path);
        if (c->name == NULL)
            all = arena_printf(arena, "%s: %s -> %s", all, c->was != NULL ? c->was : "none",
                               c->is != NULL ? c->is : "none");
    }
    assert_string_equal(all, wanted);
    arena_free(arena);
    fixture_done(&old);
    fixture_done(&now);
}

static void test_the_same_plant_has_no_changes(void **state) {
    (void)state;
    check("takt: 1", "takt:   1", "");
    check("kiln: {calendar: always, batch: 100}", "kiln: {batch: 100, calendar: \"always\", reports: floor}", "");
}

static void test_most_changes_are_live(void **state) {
    (void)state;
    check("default: 20m", "default: 25m", "live changeovers.ink.default: 20m -> 25m");
    check("security: none", "security: none\nplanning: {frozen: 2h}", "live planning.frozen: 4h -> 2h");
    check("cloth: 1.2 m", "cloth: 1.5 m", "live products.tee.materials: {cloth: 1.2 m} -> {cloth: 1.5 m}");
    check("batch: 100", "batch: 200", "live lines.kiln.batch: 100 -> 200");
    check(", lead_time: 2d", "", "live materials.cloth.lead_time: 2d -> none");
}

static void test_some_need_a_restart(void **state) {
    (void)state;
    check("id: p1", "id: p2", "restart plant.id: p1 -> p2\nlive plant.name: p1 -> p2");
    check("7711", "7712", "restart listen.shipments: \"tcp://127.0.0.1:7711\" -> \"tcp://127.0.0.1:7712\"");
    check("Europe/Berlin", "Europe/Paris", "restart plant.time_zone: Europe/Berlin -> Europe/Paris");
    check("security: none", "security: curve", "restart security: none -> curve");
    check("security: none", "security: none\nplanning: {threads: 1}", "restart planning.threads: 2 -> 1");
}

static void test_what_a_new_store_starts_from_is_marked(void **state) {
    (void)state;
    check("on_hand: 10", "on_hand: 12", "initial materials.cloth.on_hand: 10 -> 12");
    check("changeover: ink}", "changeover: ink, set_up_for: dark}", "initial lines.print.set_up_for: none -> dark");
    check("batch: 100}", "batch: 100, down: [{from: 2026-12-01T08:00, to: 2026-12-01T16:00}]}",
          "initial lines.kiln.down: none -> [{from: 2026-12-01T08:00, to: 2026-12-01T16:00}]");
}

static void test_names_that_came_or_went_stand_alone(void **state) {
    (void)state;
    check("luna: {}", "ada: {share: 3}", "gone creators.luna\nnew creators.ada");
    check("count: 3", "count: 2", "gone lines.sew.3");
    check("count: 3", "count: 4", "new lines.sew.4");
    check("packing: {lines: {pack:", "packing: {lines: {pack-2: {calendar: day, rate: 60/h}, pack:",
          "new packing.lines.pack-2");
}

static void test_a_stores_password_is_not_shown(void **state) {
    struct fixture old, now;
    struct arena *arena = arena_new();
    struct plant_change *list;
    size_t count;
    (void)state;
    fixture_load_edited(&old, "security: none", "security: none\nstore: postgresql://takt:secret1@db/takt");
    fixture_load_edited(&now, "security: none", "security: none\nstore: postgresql://takt:secret2@db/takt");
    plant_compare(fixture_good(&old), fixture_good(&now), arena, &list, &count);
    assert_int_equal(count, 1);
    assert_int_equal(list[0].kind, PLANT_CHANGE_RESTART);
    assert_null(strstr(list[0].was, "secret"));
    assert_null(strstr(list[0].is, "secret"));
    arena_free(arena);
    fixture_done(&old);
    fixture_done(&now);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_plant_has_no_changes),
        cmocka_unit_test(test_most_changes_are_live),
        cmocka_unit_test(test_some_need_a_restart),
        cmocka_unit_test(test_what_a_new_store_starts_from_is_marked),
        cmocka_unit_test(test_names_that_came_or_went_stand_alone),
        cmocka_unit_test(test_a_stores_password_is_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
