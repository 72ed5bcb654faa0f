/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void test_memory_is_zeroed_and_aligned_for_anything(void **state) {
    struct arena *arena = arena_new();
    (void)state;
    for (size_t size = 0; size < 3000; size += 7) {
        unsigned char *p = arena_alloc(arena, size);
        assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
        for (size_t k = 0; k < size; k++)
            assert_int_equal(p[k], 0);
        memset(p, 0xff, size);
    }
    arena_free(arena);
}

static void test_allocations_do_not_overlap(void **state) {
    struct arena *arena = arena_new();
    uint32_t *list[2000];
    (void)state;
    for (uint32_t k = 0; k < 2000; k++) {
        list[k] = arena_array(arena, k % 50 + 1, sizeof(uint32_t));
        for (uint32_t m = 0; m <= k % 50; m++)
            list[k][m] = k;
    }
    for (uint32_t k = 0; k < 2000; k++)
        for (uint32_t m = 0; m <= k % 50; m++)
            assert_int_equal(list[k][m], k);
    arena_free(arena);
}

static void test_a_cleared_arena_gives_zeroed_memory_again(void **state) {
    struct arena *arena = arena_new();
    (void)state;
    for (int round = 0; round < 5; round++) {
        unsigned char *p = arena_alloc(arena, 100000);
        assert_int_equal(arena_used(arena) >= 100000, 1);
        for (size_t k = 0; k < 100000; k++)
            assert_int_equal(p[k], 0);
        memset(p, 0xff, 100000);
        arena_clear(arena);
        assert_int_equal(arena_used(arena), 0);
    }
    arena_free(arena);
}

static void test_nothing_is_still_somewhere(void **state) {
    struct arena *arena = arena_new();
    (void)state;
    assert_non_null(arena_alloc(arena, 0));
    assert_non_null(arena_array(arena, 0, 8));
    assert_non_null(arena_memdup(arena, NULL, 0));
    arena_free(arena);
    arena_free(NULL);
}

static void test_copies_are_equal_and_apart(void **state) {
    struct arena *arena = arena_new();
    char text[] = "line";
    (void)state;
    char *a = arena_strdup(arena, text), *b = arena_strndup(arena, text, 2);
    int *c = arena_memdup(arena, (const int[]){1, 2, 3}, 3 * sizeof(int));
    text[0] = 'x';
    assert_string_equal(a, "line");
    assert_string_equal(b, "li");
    assert_int_equal(c[2], 3);
    assert_string_equal(arena_printf(arena, "%s.%d", a, 4), "line.4");
    assert_string_equal(arena_printf(arena, "%s", ""), "");
    arena_free(arena);
}

static void test_large_allocations_have_their_own_room(void **state) {
    struct arena *arena = arena_new();
    (void)state;
    char *large = arena_alloc(arena, 10 * 1024 * 1024);
    large[10 * 1024 * 1024 - 1] = 'x';
    assert_non_null(arena_alloc(arena, 16));
    arena_free(arena);
}

static void ends_the_process(void (*act)(void)) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(0);
        act();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void too_many(void) {
    arena_array(arena_new(), SIZE_MAX / 2, 3);
}

static void too_large(void) {
    arena_alloc(arena_new(), SIZE_MAX);
}

static void grown_too_far(void) {
    takt_realloc(NULL, SIZE_MAX / 2, 3);
}

static void test_sizes_that_overflow_end_the_process(void **state) {
    (void)state;
    ends_the_process(too_many);
    ends_the_process(too_large);
    ends_the_process(grown_too_far);
}

static void test_an_array_grows_by_one_more(void **state) {
    int *list = NULL;
    size_t count = 0, cap = 0;
    (void)state;
    for (int k = 0; k < 1000; k++) {
        ARRAY_GROW(list, count, cap);
        list[count++] = k;
    }
    for (int k = 0; k < 1000; k++)
        assert_int_equal(list[k], k);
    free(list);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_and_aligned_for_anything),
        cmocka_unit_test(test_allocations_do_not_overlap),
        cmocka_unit_test(test_a_cleared_arena_gives_zeroed_memory_again),
        cmocka_unit_test(test_nothing_is_still_somewhere),
        cmocka_unit_test(test_copies_are_equal_and_apart),
        cmocka_unit_test(test_large_allocations_have_their_own_room),
        cmocka_unit_test(test_sizes_that_overflow_end_the_process),
        cmocka_unit_test(test_an_array_grows_by_one_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
