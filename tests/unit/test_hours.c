/* SPDX-License-Identifier: Apache-2.0 */

/* Arithmetic in open ticks, held against counting them one by one. */

#include "schedulers/hours.h"

#include "base/arena.h"
#include "schedulers/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { ROUNDS = 400, SPANS_MAX = 40, HORIZON = 1200 };

struct calendar {
    struct problem_span span[SPANS_MAX];
    size_t count;
    uint8_t open[HORIZON + 1];
};

/* Spans of all lengths, some of them adjoining; in some rounds all close together and one far away. */
static struct calendar make_calendar(struct random *r) {
    struct calendar c = {0};
    int32_t at = random_below(r, 30), gap = random_below(r, 2) == 0 ? 3 : 40, most = 1 + random_below(r, 25);
    size_t wanted = (size_t)random_below(r, SPANS_MAX);
    while (c.count < wanted && at + most < HORIZON) {
        int32_t to = at + 1 + random_below(r, most);
        c.span[c.count++] = (struct problem_span){at, to};
        for (int32_t t = at; t < to; t++)
            c.open[t] = 1;
        at = to + random_below(r, gap) + (random_below(r, 30) == 0 ? HORIZON / 3 : 0);
    }
    return c;
}

/* The first tick at which so many open ticks have passed since t. */
static int32_t count_passed(const struct calendar *c, int32_t t, int32_t ticks) {
    for (; ticks > 0 && t < HORIZON; t++)
        ticks -= c->open[t];
    return ticks > 0 ? HOURS_NEVER : t;
}

static int32_t count_next(const struct calendar *c, int32_t t, int32_t ticks) {
    for (; t < HORIZON; t++)
        if (c->open[t] && count_passed(c, t, ticks) == t + ticks)
            return t;
    return HOURS_NEVER;
}

static int32_t count_open(const struct calendar *c, int32_t before) {
    int32_t open = 0;
    for (int32_t t = 0; t < before; t++)
        open += c->open[t];
    return open;
}

static void open_ticks_are_what_counting_them_one_by_one_says(void **state) {
    (void)state;
    struct random r = {7};
    for (int32_t round = 0; round < ROUNDS; round++) {
        struct calendar c = make_calendar(&r);
        struct arena *arena = arena_new();
        struct hours h;
        hours_init(&h, c.span, c.count, arena);
        for (int32_t k = 0; k < 60; k++) {
            int32_t t = random_below(&r, HORIZON), ticks = 1 + random_below(&r, random_below(&r, 2) == 0 ? 10 : 300);
            assert_int_equal(hours_passed(&h, t, ticks), count_passed(&c, t, ticks));
            assert_int_equal(hours_next(&h, t), count_next(&c, t, 1));
            assert_int_equal(hours_start(&h, t, ticks, false), count_next(&c, t, ticks));
            assert_int_equal(hours_open_before(&h, t), count_open(&c, t));
            int32_t end = count_passed(&c, 0, ticks);
            assert_int_equal(hours_tick(&h, ticks - 1), end == HOURS_NEVER ? end : end - 1);
        }
        arena_free(arena);
    }
}

static void what_is_open_in_two_calendars_is_open_in_both(void **state) {
    (void)state;
    struct random r = {8};
    for (int32_t round = 0; round < ROUNDS / 4; round++) {
        struct calendar a = make_calendar(&r), b = make_calendar(&r), both = {0};
        struct arena *arena = arena_new();
        struct hours of_a, of_b, h;
        hours_init(&of_a, a.span, a.count, arena);
        hours_init(&of_b, b.span, b.count, arena);
        hours_meet(&h, &of_a, &of_b, arena);
        for (int32_t t = 0; t < HORIZON; t++)
            both.open[t] = a.open[t] && b.open[t];
        for (int32_t t = 0; t < HORIZON; t += 7)
            assert_int_equal(hours_passed(&h, t, 5), count_passed(&both, t, 5));
        arena_free(arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_ticks_are_what_counting_them_one_by_one_says),
        cmocka_unit_test(what_is_open_in_two_calendars_is_open_in_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
