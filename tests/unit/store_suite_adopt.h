/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The suite's part about which store it is. Included by store_suite.h. */

static struct store_adopt adopt_of(struct bench *b, const struct store_place *seen, bool force) {
    struct store_adopt q = {.head = head_of(b, STORE_ADOPT), .force = force, .fresh = 11, .now_s = NOW};
    if (seen != NULL) {
        q.known = true;
        q.seen = *seen;
    }
    return q;
}

static struct store_place adopted(struct bench *b) {
    struct store_adopt q = adopt_of(b, NULL, false);
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_false(q.ret_taken);
    return place(b);
}

static void the_store_that_was_seen_is_adopted_as_it_is(void **state) {
    struct bench *b = *state;
    struct store_place seen = adopted(b);
    assert_int_equal(seen.generation, 11);
    accept_one(b, "luna", "A-1");
    struct store_place later = place(b);
    accept_one(b, "luna", "A-2");
    const struct store_place *const marks[] = {&seen, &later};
    for (size_t i = 0; i < 2; i++) {
        struct store_adopt q = adopt_of(b, marks[i], false);
        q.fresh = 12;
        assert_int_equal(store_call(b->store, &q.head), 0);
        assert_false(q.ret_taken);
        assert_int_equal(place(b).generation, 11);
        assert_int_equal(place(b).audit, 2);
    }
}

static void an_older_copy_is_refused_and_goes_on_further_when_it_is_forced(void **state) {
    struct bench *b = *state;
    adopted(b);
    uint64_t no = accept_one(b, "luna", "A-1");
    struct store_place seen = place(b);
    seen.change += 2;
    struct store_adopt q = adopt_of(b, &seen, false);
    assert_int_equal(store_call(b->store, &q.head), TAKT_ESTALE);
    assert_non_null(strstr(q.head.err.text, "older copy"));
    assert_int_equal(place(b).change, no);
    q = adopt_of(b, &seen, true);
    q.fresh = 12;
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_true(q.ret_taken);
    assert_int_equal(place(b).generation, 12);
    assert_int_equal(place(b).audit, 2);
    assert_true(accept_one(b, "luna", "A-2") > seen.change);
    seen = place(b);
    q = adopt_of(b, &seen, false);
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_false(q.ret_taken);
}

static void a_copy_that_went_on_by_itself_and_another_store_are_refused(void **state) {
    struct bench *b = *state;
    adopted(b);
    accept_one(b, "luna", "A-1");
    struct store_place branch = place(b), other = place(b);
    branch.audit_hash[0] ^= 1;
    other.generation = 99;
    accept_one(b, "luna", "A-2");
    accept_one(b, "luna", "A-3");
    struct store_adopt q = adopt_of(b, &branch, false);
    assert_int_equal(store_call(b->store, &q.head), TAKT_ESTALE);
    assert_non_null(strstr(q.head.err.text, "parted"));
    q = adopt_of(b, &other, false);
    assert_int_equal(store_call(b->store, &q.head), TAKT_ESTALE);
    assert_non_null(strstr(q.head.err.text, "not the store"));
}

static void an_empty_store_in_place_of_one_is_refused(void **state) {
    struct bench *b = *state;
    struct store_place seen = {.generation = 99, .change = 7};
    struct store_adopt q = adopt_of(b, &seen, false);
    assert_int_equal(store_call(b->store, &q.head), TAKT_ESTALE);
    assert_non_null(strstr(q.head.err.text, "empty"));
    q = adopt_of(b, &seen, true);
    assert_int_equal(store_call(b->store, &q.head), 0);
    assert_true(q.ret_taken);
}

static void a_configuration_is_noted_once(void **state) {
    struct bench *b = *state;
    static const char *const digests[] = {"00112233445566778899", "00112233445566778899", "10112233445566778899"};
    static const uint64_t links[] = {1, 1, 2};
    for (size_t i = 0; i < 3; i++) {
        struct store_configure q = {.head = head_of(b, STORE_CONFIGURE), .digest = digests[i], .now_s = NOW};
        assert_int_equal(store_call(b->store, &q.head), 0);
        assert_int_equal(place(b).audit, links[i]);
    }
}

#define SUITE_ADOPT                                                                                                    \
    SUITE_TEST(the_store_that_was_seen_is_adopted_as_it_is),                                                           \
        SUITE_TEST(an_older_copy_is_refused_and_goes_on_further_when_it_is_forced),                                    \
        SUITE_TEST(a_copy_that_went_on_by_itself_and_another_store_are_refused),                                       \
        SUITE_TEST(an_empty_store_in_place_of_one_is_refused), SUITE_TEST(a_configuration_is_noted_once)
