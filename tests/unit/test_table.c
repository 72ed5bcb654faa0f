/* SPDX-License-Identifier: Apache-2.0 */
/* The planner's containers: pools, tables, labels. */
#include "base/arena.h"
#include "daemon/planner/labels.h"
#include "daemon/planner/pool.h"
#include "daemon/planner/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct thing {
    uint64_t key;
    uint64_t more[3];
};

static uint64_t poor_hash(const void *entry) {
    return ((const struct thing *)entry)->key % 7; /* long clusters, which is where removal goes wrong */
}

static bool same(const void *entry, const void *key) {
    return ((const struct thing *)entry)->key == *(const uint64_t *)key;
}

static void test_a_pool_hands_out_zeroed_objects_at_stable_places(void **state) {
    (void)state;
    struct pool pool;
    struct thing *things[3000];
    pool_init(&pool, sizeof(struct thing));
    for (uint64_t i = 0; i < 3000; i++) {
        things[i] = pool_get(&pool);
        assert_int_equal(things[i]->more[2], 0);
        *things[i] = (struct thing){i, {i, i, i}};
    }
    for (uint64_t i = 0; i < 3000; i++)
        assert_int_equal(things[i]->more[1], i);
    for (size_t i = 0; i < 3000; i += 2)
        pool_put(&pool, things[i]);
    assert_int_equal(pool.used, 1500);
    for (size_t i = 0; i < 1500; i++) {
        struct thing *again = pool_get(&pool);
        assert_int_equal(again->key | again->more[0] | again->more[2], 0);
    }
    assert_int_equal(pool.chunk_count, 3);
    pool_done(&pool);
}

static void test_a_table_finds_what_is_in_it_and_nothing_else(void **state) {
    (void)state;
    struct table table;
    struct thing things[500];
    bool in[500] = {false};
    uint64_t dice = 1;
    table_init(&table, poor_hash, same);
    for (uint64_t i = 0; i < 500; i++)
        things[i] = (struct thing){.key = i};
    for (int round = 0; round < 5000; round++) {
        dice = hash_number(dice + 1);
        size_t i = dice % 500;
        if (in[i])
            table_remove(&table, &things[i]);
        else
            table_add(&table, &things[i]);
        in[i] = !in[i];
        uint64_t look = dice / 500 % 500;
        assert_ptr_equal(table_find(&table, look % 7, &look), in[look] ? &things[look] : NULL);
    }
    size_t count = 0;
    for (size_t i = 0; i < 500; i++)
        count += in[i];
    assert_int_equal(table.count, count);
    table_done(&table);
}

static void test_labels_are_numbered_once(void **state) {
    (void)state;
    struct labels labels;
    labels_init(&labels);
    assert_int_equal(label_get(&labels, "luna"), 0);
    assert_int_equal(label_get(&labels, ""), 1);
    assert_int_equal(label_get(&labels, "luna"), 0);
    assert_string_equal(label_name(&labels, 0), "luna");
    assert_string_equal(label_name(&labels, 1), "");
    labels_done(&labels);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pool_hands_out_zeroed_objects_at_stable_places),
        cmocka_unit_test(test_a_table_finds_what_is_in_it_and_nothing_else),
        cmocka_unit_test(test_labels_are_numbered_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
