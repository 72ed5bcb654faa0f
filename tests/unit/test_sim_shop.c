/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/sim/shop.h"

#include "sim_fixture.h"

static struct fixture fixture;
static struct worktime *worktime;
static struct shop *shop;

static void open_shop(const char *text, int64_t noise_ppm, int64_t breakdowns) {
    fixture_load(&fixture, text);
    struct plant *plant = fixture_good(&fixture);
    worktime = worktime_new(plant, sim_time("23 00:00"));
    shop = shop_new(&(struct shop_config){.plant = plant, .worktime = worktime, .seed = 5, .noise_ppm = noise_ppm,
                                          .breakdowns = breakdowns, .origin_s = sim_time("23 00:00")});
}

static int set_up(void **state) {
    (void)state;
    open_shop(SIM_PLANT, 0, 0);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    shop_free(shop);
    worktime_free(worktime);
    fixture_done(&fixture);
    return 0;
}

static void tell_lot(uint32_t lot, const char *product, const char *like) {
    struct lot_row row = {.lot = lot, .product = product, .like = like, .state = LOT_OPEN, .units = 60};
    shop_follow(shop, &(struct store_publish){.at_s = sim_time("23 00:00"), .lots = &row, .lot_count = 1});
}

static void tell_task(uint32_t lot, uint32_t op, const char *line, const char *start, uint32_t quantity) {
    struct task_row row = {.lot = lot, .op = op, .op_id = "", .line = line, .start_s = sim_time(start), .quantity = quantity,
                           .started_at_s = TAKT_TIME_NONE, .finished_at_s = TAKT_TIME_NONE};
    shop_follow(shop, &(struct store_publish){.at_s = sim_time("23 00:00"), .tasks = &row, .task_count = 1});
}

/* What happens next, as "23 06:00 started L1-print on print-1", answered. */
static const char *next_as(bool accepted) {
    static char text[256];
    static const char *const names[] = {
#define X(name, wire) wire,
        REPORT_EVENTS(X)
#undef X
    };
    struct report r;
    int64_t at_s = shop_next_s(shop);
    while (at_s != TAKT_TIME_NEVER && !shop_report(shop, at_s, &r)) {
        int64_t then_s = at_s;
        at_s = shop_next_s(shop);
        assert_true(at_s > then_s);
    }
    if (at_s == TAKT_TIME_NEVER)
        return "nothing";
    char time[TIME_TEXT_SIZE];
    time_format(at_s, time);
    int n = snprintf(text, sizeof text, "%.2s %.5s %s %s on %s", time + 8, time + 11, names[r.event],
                     r.task != NULL ? r.task : "-", r.line);
    if (r.good >= 0)
        snprintf(text + n, sizeof text - (size_t)n, ", %lld good, %lld scrap", (long long)r.good, (long long)r.scrap);
    shop_answered(shop, accepted);
    return text;
}

static const char *next(void) {
    return next_as(true);
}

static void test_a_lot_goes_through_its_operations_as_planned(void **state) {
    (void)state;
    tell_lot(1, "tee", "ink=light");
    tell_task(1, 0, "print-1", "23 06:00", 60);
    tell_task(1, 1, "sew-1", "23 07:00", 60);
    assert_string_equal(next(), "23 06:00 started L1-print on print-1");
    assert_int_equal(shop_figures(shop)->wip_units, 60);
    assert_string_equal(next(), "23 07:00 finished L1-print on print-1, 60 good, 0 scrap");
    assert_string_equal(next(), "23 07:00 started L1-sew on sew-1");
    assert_string_equal(next(), "23 08:00 finished L1-sew on sew-1, 54 good, 6 scrap");
    assert_string_equal(next(), "nothing");
    assert_int_equal(shop_figures(shop)->wip_units, 0);
    assert_int_equal(shop_figures(shop)->made_units, 54);
    assert_int_equal(shop_figures(shop)->tasks_late, 0);
    assert_int_equal(shop_busy_s(shop, 0), 3600);
}

static void test_work_pauses_while_its_line_is_closed(void **state) {
    (void)state;
    tell_lot(1, "tee", "ink=light");
    tell_task(1, 0, "print-1", "23 13:30", 60);
    assert_string_equal(next(), "23 13:30 started L1-print on print-1");
    assert_string_equal(next(), "24 06:30 finished L1-print on print-1, 60 good, 0 scrap");
    assert_int_equal(shop_busy_s(shop, 0), 3600);
}

static void test_a_task_waits_for_the_one_before_it_for_its_line_and_for_its_set_up(void **state) {
    (void)state;
    tell_lot(1, "tee", "ink=dark");
    tell_lot(2, "tee", "ink=light");
    tell_task(1, 0, "print-1", "23 06:00", 60);
    tell_task(1, 1, "sew-1", "23 06:10", 60);
    tell_task(2, 0, "print-1", "23 06:30", 60);
    assert_string_equal(next(), "23 06:30 started L1-print on print-1"); /* half an hour from light to dark */
    assert_string_equal(next(), "23 07:30 finished L1-print on print-1, 60 good, 0 scrap");
    assert_string_equal(next(), "23 07:30 started L1-sew on sew-1");
    assert_string_equal(next(), "23 08:00 started L2-print on print-1"); /* and back */
    assert_int_equal(shop_figures(shop)->changeover_s, 3600);
    assert_int_equal(shop_figures(shop)->tasks_late, 3);
}

static void test_a_pool_lets_only_as_many_work_as_it_has(void **state) {
    (void)state;
    tell_lot(1, "tee", "ink=light");
    tell_lot(2, "tee", "ink=light");
    tell_task(1, 0, "print-1", "23 06:00", 60);
    tell_task(2, 0, "print-2", "23 06:00", 30);
    assert_string_equal(next(), "23 06:00 started L1-print on print-1");
    assert_string_equal(next(), "23 07:00 finished L1-print on print-1, 60 good, 0 scrap");
    assert_string_equal(next(), "23 07:00 started L2-print on print-2");
}

static void test_a_batch_line_runs_several_at_once(void **state) {
    (void)state;
    for (uint32_t lot = 1; lot <= 3; lot++) {
        tell_lot(lot, "mug", "ink=light");
        tell_task(lot, 0, "kiln-1", "23 06:00", 40);
    }
    assert_string_equal(next(), "23 06:00 started L1-fire on kiln-1");
    assert_string_equal(next(), "23 06:00 started L2-fire on kiln-1");
    assert_string_equal(next(), "23 11:00 finished L1-fire on kiln-1, 40 good, 0 scrap");
    assert_string_equal(next(), "23 11:00 finished L2-fire on kiln-1, 40 good, 0 scrap");
    assert_string_equal(next(), "23 11:00 started L3-fire on kiln-1"); /* 120 do not fit in 100 */
    assert_int_equal(shop_busy_s(shop, 3), 5 * 3600);
}

static void test_with_an_overlap_the_next_operation_begins_early_and_ends_late_enough(void **state) {
    (void)state;
    tell_lot(1, "card", "ink=light");
    tell_task(1, 0, "print-2", "23 06:00", 60);
    tell_task(1, 1, "sew-1", "23 06:10", 60);
    assert_string_equal(next(), "23 06:00 started L1-print on print-2");
    assert_string_equal(next(), "23 06:20 started L1-fold on sew-1");
    assert_string_equal(next(), "23 07:00 finished L1-print on print-2, 60 good, 0 scrap");
    assert_string_equal(next(), "23 07:10 finished L1-fold on sew-1, 60 good, 0 scrap");
}

static void test_where_nobody_reports_the_plan_is_believed(void **state) {
    (void)state;
    tell_lot(1, "mug", "ink=light");
    tell_task(1, 0, "kiln-1", "23 00:00", 40);
    tell_task(1, 1, "desk-1", "23 07:00", 40);
    assert_string_equal(next(), "23 00:00 started L1-fire on kiln-1");
    assert_string_equal(next(), "23 05:00 finished L1-fire on kiln-1, 40 good, 0 scrap");
    assert_string_equal(next(), "nothing");
    struct task_row row = {.lot = 1, .op = 1, .op_id = "check", .line = "desk-1", .start_s = sim_time("23 07:00"),
                           .end_s = sim_time("23 07:40"), .state = TASK_FINISHED, .quantity = 40, .good = 40,
                           .started_at_s = sim_time("23 07:00"), .finished_at_s = sim_time("23 07:40")};
    shop_follow(shop, &(struct store_publish){.at_s = sim_time("23 07:40"), .tasks = &row, .task_count = 1});
    assert_int_equal(shop_figures(shop)->made_units, 40);
    assert_int_equal(shop_figures(shop)->wip_units, 0);
}

static void test_the_plan_may_move_or_take_away_what_has_not_started(void **state) {
    (void)state;
    tell_lot(1, "tee", "ink=light");
    tell_lot(2, "tee", "ink=light");
    tell_task(1, 0, "print-1", "23 06:00", 60);
    tell_task(2, 0, "print-1", "23 07:00", 60);
    tell_task(1, 0, "print-2", "23 08:00", 30);
    assert_int_equal(shop_figures(shop)->moves, 1);
    struct lot_row gone = {.lot = 2, .product = "tee", .like = "ink=light", .state = LOT_GONE};
    shop_follow(shop, &(struct store_publish){.at_s = sim_time("23 01:00"), .lots = &gone, .lot_count = 1});
    assert_string_equal(next(), "23 08:00 started L1-print on print-2");
    assert_string_equal(next(), "23 09:00 finished L1-print on print-2, 30 good, 0 scrap");
    assert_string_equal(next(), "nothing");
}

static void test_a_refused_report_waits_for_another_plan(void **state) {
    (void)state;
    tell_lot(1, "tee", "ink=light");
    tell_task(1, 0, "print-1", "23 06:00", 60);
    assert_string_equal(next_as(false), "23 06:00 started L1-print on print-1");
    assert_string_equal(next(), "nothing");
    tell_task(1, 0, "print-1", "23 09:00", 60);
    assert_string_equal(next(), "23 09:00 started L1-print on print-1");
    assert_int_equal(shop_figures(shop)->refused, 1);
}

static void test_a_report_stands_until_it_is_answered(void **state) {
    (void)state;
    struct report first, again;
    tell_lot(1, "tee", "ink=light");
    tell_task(1, 0, "print-1", "23 06:00", 60);
    assert_true(shop_report(shop, sim_time("23 06:00"), &first));
    tell_task(1, 0, "print-2", "23 08:00", 60);
    assert_true(shop_report(shop, sim_time("23 06:05"), &again));
    assert_string_equal(first.report_ref, again.report_ref);
    assert_int_equal(first.at_s, again.at_s);
    shop_answered(shop, true);
    assert_string_equal(next(), "23 07:00 finished L1-print on print-1, 60 good, 0 scrap");
}

static void test_an_announced_downtime_holds_work_up_without_a_report(void **state) {
    (void)state;
    tear_down(state);
    char *text = malloc(sizeof SIM_PLANT + 200);
    const char *at = strstr(SIM_PLANT, "  sew-1: {calendar: day}");
    assert_non_null(text);
    sprintf(text, "%.*s  sew-1: {calendar: day, down: [{from: \"2026-11-23T07:00\", to: \"2026-11-23T09:00\"}]}%s",
            (int)(at - SIM_PLANT), SIM_PLANT, at + strlen("  sew-1: {calendar: day}"));
    open_shop(text, 0, 0);
    free(text);
    tell_lot(1, "card", "ink=light");
    tell_task(1, 0, "print-2", "23 06:00", 20);
    tell_task(1, 1, "sew-1", "23 06:55", 20);
    assert_string_equal(next(), "23 06:00 started L1-print on print-2");
    assert_string_equal(next(), "23 06:20 finished L1-print on print-2, 20 good, 0 scrap");
    assert_string_equal(next(), "23 06:55 started L1-fold on sew-1");
    assert_string_equal(next(), "23 09:05 finished L1-fold on sew-1, 20 good, 0 scrap");
    assert_int_equal(shop_busy_s(shop, 2), 600);
}

static void test_breakdowns_and_noise_come_by_seed_and_are_reported(void **state) {
    (void)state;
    char lives[2][4096];
    for (int life = 0; life < 2; life++) {
        tear_down(state);
        open_shop(SIM_PLANT, 300000, 20);
        tell_lot(1, "tee", "ink=light");
        tell_task(1, 0, "print-1", "23 06:00", 60);
        tell_task(1, 1, "sew-1", "23 07:00", 60);
        lives[life][0] = '\0';
        for (int k = 0; k < 30; k++) {
            strcat(lives[life], next());
            strcat(lives[life], "\n");
        }
    }
    assert_string_equal(lives[0], lives[1]);
    assert_non_null(strstr(lives[0], " down - on "));
    assert_non_null(strstr(lives[0], " up - on "));
    assert_null(strstr(lives[0], "23 07:00 finished L1-print on print-1, 60 good, 0 scrap"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_lot_goes_through_its_operations_as_planned),
        TEST(test_work_pauses_while_its_line_is_closed),
        TEST(test_a_task_waits_for_the_one_before_it_for_its_line_and_for_its_set_up),
        TEST(test_a_pool_lets_only_as_many_work_as_it_has),
        TEST(test_a_batch_line_runs_several_at_once),
        TEST(test_with_an_overlap_the_next_operation_begins_early_and_ends_late_enough),
        TEST(test_where_nobody_reports_the_plan_is_believed),
        TEST(test_the_plan_may_move_or_take_away_what_has_not_started),
        TEST(test_a_refused_report_waits_for_another_plan),
        TEST(test_a_report_stands_until_it_is_answered),
        TEST(test_an_announced_downtime_holds_work_up_without_a_report),
        TEST(test_breakdowns_and_noise_come_by_seed_and_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
