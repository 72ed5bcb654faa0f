/* SPDX-License-Identifier: Apache-2.0 */

/* The control core with the store in memory and a planner played by hand. */

#include "tests/unit/plant_fixture.h"

#include "daemon/operate/control.h"

#include <jansson.h>

struct desk {
    struct fixture plant;
    struct control *control;
    struct store *store;
    struct ask *asks[2000];
    size_t ask_count;
    struct store_request *requests[2000];
    size_t request_count;
    struct reload *reload;
    json_t *reply; /* the last one */
    size_t replies;
};

static void carry(struct desk *d) {
    struct control_effect e;
    while (control_effect(d->control, &e)) {
        if (e.kind == CONTROL_ASK) {
            d->asks[d->ask_count++] = e.ask;
        } else if (e.kind == CONTROL_STORE) {
            d->requests[d->request_count++] = e.request;
        } else if (e.kind == CONTROL_RELOAD) {
            d->reload = e.reload;
        } else {
            json_decref(d->reply);
            d->reply = json_loadb(e.text, e.size, JSON_REJECT_DUPLICATES, NULL);
            assert_non_null(d->reply);
            assert_int_equal(e.peer, 7);
            d->replies++;
            free(e.text);
        }
    }
}

static bool say(struct desk *d, const char *text) {
    bool taken = control_receive(d->control, 7, text, strlen(text), 1000);
    carry(d);
    return taken;
}

static void answer(struct desk *d, size_t which) {
    control_answered(d->control, d->asks[which], 1000);
    carry(d);
}

static void run(struct desk *d, size_t which) {
    store_call(d->store, d->requests[which]);
    control_stored(d->control, d->requests[which], 1000);
    carry(d);
}

static const char *got(const struct desk *d, const char *member) {
    const char *text = json_string_value(json_object_get(d->reply, member));
    return text ? text : "";
}

static int set_up(void **state) {
    struct desk *d = calloc(1, sizeof *d);
    fixture_load(&d->plant, SMALL_PLANT);
    struct store_config config = {.url = "memory:", .plant = "p1", .create = true};
    assert_int_equal(store_open(&config, &d->store, NULL), 0);
    d->control = control_new(fixture_good(&d->plant), 1000, NULL);
    *state = d;
    return 0;
}

static int tear_down(void **state) {
    struct desk *d = *state;
    control_free(d->control);
    store_close(d->store);
    fixture_done(&d->plant);
    json_decref(d->reply);
    free(d);
    return 0;
}

static void accept_orders(struct desk *d, const char *creator, const char *const *refs, size_t count) {
    const struct item_row item = {.product = "tee", .options = "ink=dark", .quantity = 1};
    struct accept_order orders[8] = {0};
    struct arena *arena = arena_new();
    for (size_t i = 0; i < count; i++) {
        orders[i].row = (struct order_row){.creator = creator, .order_ref = refs[i], .accepted_at_s = 500, .channel = "",
            .campaign = "", .service = "", .wish_day = TAKT_DAY_NONE, .ship_by_s = TAKT_TIME_NONE,
            .deliver_by_day = TAKT_DAY_NONE, .planned_packed_s = TAKT_TIME_NONE, .packed_at_s = TAKT_TIME_NONE,
            .items = &item, .item_count = 1};
        orders[i].body = "{}";
    }
    struct store_accept accept = {.head = {.op = STORE_ACCEPT, .arena = arena}, .creator = creator, .max_open = 100, .now_s = 500,
                                  .orders = orders, .count = count};
    assert_int_equal(store_call(d->store, &accept.head), 0);
    arena_free(arena);
}

static void a_reply_waits_for_all_that_was_asked_for_in_whatever_order_it_comes(void **state) {
    for (int first = 0; first < 2; first++) {
        struct desk *d = *state;
        d->ask_count = d->request_count = d->replies = 0;
        assert_true(say(d, "{\"type\": \"status\", \"id\": \"a\"}"));
        assert_int_equal(d->ask_count + d->request_count, 2);
        first ? answer(d, 0) : run(d, 0);
        assert_int_equal(d->replies, 0);
        first ? run(d, 0) : answer(d, 0);
        assert_int_equal(d->replies, 1);
        assert_string_equal(got(d, "type"), "status");
        assert_string_equal(got(d, "id"), "a");
        assert_int_equal(control_pending(d->control), 0);
    }
}

static void what_the_planner_refuses_is_the_reply_once_the_rest_is_back(void **state) {
    struct desk *d = *state;
    say(d, "{\"type\": \"status\", \"id\": \"a\"}");
    refuse(&d->asks[0]->refusal, REFUSAL_BUSY, "", "the plan is being loaded");
    answer(d, 0);
    assert_int_equal(d->replies, 0);
    run(d, 0);
    assert_string_equal(got(d, "problem"), "busy");
    assert_string_equal(got(d, "detail"), "the plan is being loaded");
}

static void an_order_is_found_by_its_creator_or_where_its_ref_is_unique(void **state) {
    struct desk *d = *state;
    accept_orders(d, "luna", (const char *const[]){"A-1", "odd/ref"}, 2);
    const char *const refs[] = {"luna/A-1", "A-1", "odd/ref", "luna/odd/ref"};
    for (size_t i = 0; i < 4; i++) {
        char text[100];
        snprintf(text, sizeof text, "{\"type\": \"order\", \"id\": \"a\", \"order\": \"%s\"}", refs[i]);
        d->ask_count = d->request_count = 0;
        say(d, text);
        run(d, 0);
        assert_int_equal(d->ask_count, 1);
        answer(d, 0);
        const char *ref = json_string_value(json_object_get(json_object_get(d->reply, "order"), "order_ref"));
        assert_string_equal(ref, i < 2 ? "A-1" : "odd/ref");
    }
    accept_orders(d, "mika", (const char *const[]){"A-1"}, 1);
    d->request_count = 0;
    say(d, "{\"type\": \"order\", \"id\": \"a\", \"order\": \"A-1\"}");
    run(d, 0);
    assert_string_equal(got(d, "problem"), "ambiguous");
    assert_non_null(strstr(got(d, "detail"), "mika"));
}

static void why_of_an_order_that_has_ended_is_told_from_the_store_alone(void **state) {
    struct desk *d = *state;
    enum cancel_outcome outcome;
    accept_orders(d, "luna", (const char *const[]){"A-1"}, 1);
    struct store_cancel cancel = {.head = {.op = STORE_CANCEL}, .creator = "luna", .now_s = 700,
                                  .refs = (const char *const[]){"A-1"}, .ret_outcomes = &outcome, .count = 1};
    assert_int_equal(store_call(d->store, &cancel.head), 0);
    say(d, "{\"type\": \"why\", \"id\": \"a\", \"order\": \"A-1\"}");
    run(d, 0);
    assert_int_equal(d->ask_count, 0);
    assert_string_equal(got(d, "type"), "why");
    assert_non_null(strstr(got(d, "sentence"), "it was cancelled"));
}

static void lists_come_in_pages_that_make_a_whole(void **state) {
    struct desk *d = *state;
    accept_orders(d, "luna", (const char *const[]){"A", "B", "C", "D", "E"}, 5);
    char text[200], seen[6] = "";
    json_int_t after = 0;
    for (int page = 0; page < 3; page++) {
        snprintf(text, sizeof text, "{\"type\": \"orders\", \"id\": \"a\", \"limit\": 2, \"after\": %lld}", (long long)after);
        d->request_count = 0;
        say(d, text);
        run(d, 0);
        size_t i;
        json_t *order;
        json_array_foreach(json_object_get(d->reply, "orders"), i, order)
            strcat(seen, json_string_value(json_object_get(order, "order_ref")));
        after = json_integer_value(json_object_get(d->reply, "next"));
        assert_int_equal(after > 0, page < 2);
    }
    assert_string_equal(seen, "ABCDE");
}

static void plan_pages_say_their_version(void **state) {
    struct desk *d = *state;
    struct task_view tasks[5] = {0};
    for (int i = 0; i < 5; i++) {
        tasks[i] = (struct task_view){.lot = (uint32_t)i + 1, .product = "tee", .op = "sew", .line = "sew.1", .family = "",
                                      .start_s = 1000 + i, .end_s = 2000 + i};
        snprintf(tasks[i].task, sizeof tasks[i].task, "L%d-sew", i + 1);
    }
    say(d, "{\"type\": \"plan\", \"id\": \"a\", \"limit\": 3, \"offset\": 3}");
    d->asks[0]->u.plan.ret_tasks = tasks;
    d->asks[0]->u.plan.ret_count = 5;
    d->asks[0]->u.plan.ret_version = 42;
    answer(d, 0);
    answer(d, 1);
    const json_t *shown = json_object_get(d->reply, "tasks");
    assert_int_equal(json_array_size(shown), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(shown, 0), "task")), "L4-sew");
    assert_int_equal(json_integer_value(json_object_get(d->reply, "version")), 42);
    assert_null(json_object_get(d->reply, "next"));
}

static void reports_and_next_are_left_to_the_floor(void **state) {
    struct desk *d = *state;
    assert_false(say(d, "{\"type\": \"report\", \"id\": \"a\"}"));
    assert_false(say(d, "{\"type\": \"next\", \"id\": \"a\"}"));
    assert_int_equal(d->replies, 0);
    assert_int_equal(control_pending(d->control), 0);
}

static void a_reload_is_answered_with_its_result_and_kept_for_status(void **state) {
    struct desk *d = *state;
    say(d, "{\"type\": \"reload\", \"id\": \"a\"}");
    assert_non_null(d->reload);
    assert_int_equal(d->replies, 0);
    d->reload->code = takt_fail(&d->reload->err, TAKT_ECONFIG, "p.yaml:3:1: no");
    snprintf(d->reload->text, sizeof d->reload->text, "p.yaml:3:1: no\np.yaml:4:1: nor that\n");
    control_reloaded(d->control, d->reload, 1000);
    carry(d);
    const json_t *reload = json_object_get(d->reply, "reload");
    assert_string_equal(json_string_value(json_object_get(reload, "outcome")), "refused");
    assert_int_equal(json_array_size(json_object_get(reload, "notes")), 2);
    say(d, "{\"type\": \"status\", \"id\": \"b\"}");
    answer(d, 0);
    run(d, 0);
    assert_non_null(json_object_get(d->reply, "reload"));
    control_reloaded(d->control, reload_new(), 1000); /* a signal's: nobody is answered */
    carry(d);
    assert_int_equal(d->replies, 2);
}

static void wrong_members_are_problems_that_say_where(void **state) {
    static const struct {
        const char *text, *problem, *at;
    } wrongs[] = {
        {"{\"type\": \"ordres\", \"id\": \"a\"}", "unknown-type", "/type"},
        {"{\"type\": \"orders\", \"id\": \"a\", \"limit\": 0}", "bad-message", "/limit"},
        {"{\"type\": \"orders\", \"id\": \"a\", \"state\": \"lost\"}", "bad-message", "/state"},
        {"{\"type\": \"orders\", \"id\": \"a\", \"creator\": \"x\"}", "unknown-creator", "/creator"},
        {"{\"type\": \"lots\", \"id\": \"a\", \"limit\": \"x\"}", "bad-message", "/limit"},
        {"{\"type\": \"plan\", \"id\": \"a\", \"line\": \"x\"}", "unknown-line", "/line"},
        {"{\"type\": \"order\", \"id\": \"a\"}", "bad-message", "/order"},
        {"{\"type\": \"release\", \"id\": \"a\"}", "bad-message", "/shipment"},
        {"{\"type\": \"hello\", \"id\": \"a\", \"protocol\": 9}", "bad-protocol", "/protocol"},
        {"{\"type\": \"config\", \"id\": \"a\", \"limit\": -1}", "bad-message", "/limit"},
        {"[]", "bad-message", ""},
    };
    struct desk *d = *state;
    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
        assert_true(say(d, wrongs[i].text));
        assert_string_equal(got(d, "problem"), wrongs[i].problem);
        assert_string_equal(got(d, "at"), wrongs[i].at);
        assert_int_equal(control_pending(d->control), 0);
    }
    assert_int_equal(d->ask_count + d->request_count, 0);
}

static void a_store_that_fails_is_busy(void **state) {
    struct desk *d = *state;
    say(d, "{\"type\": \"creators\", \"id\": \"a\"}");
    d->requests[0]->code = takt_fail(&d->requests[0]->err, TAKT_ESTORE, "disk full");
    control_stored(d->control, d->requests[0], 1000);
    carry(d);
    assert_string_equal(got(d, "problem"), "busy");
    assert_string_equal(got(d, "detail"), "disk full");
}

static void too_many_commands_at_once_are_busy(void **state) {
    struct desk *d = *state;
    for (int i = 0; i < CONTROL_CALLS_MAX; i++)
        say(d, "{\"type\": \"lots\", \"id\": \"a\"}");
    assert_int_equal(d->replies, 0);
    say(d, "{\"type\": \"lots\", \"id\": \"a\"}");
    assert_string_equal(got(d, "problem"), "busy");
    for (size_t i = 0; i < d->ask_count; i++)
        answer(d, i);
    assert_int_equal(control_pending(d->control), 0);
}

static void config_shows_every_option_once(void **state) {
    struct desk *d = *state;
    char text[100];
    size_t total = 0;
    json_int_t next = 0;
    do {
        snprintf(text, sizeof text, "{\"type\": \"config\", \"id\": \"a\", \"limit\": 50, \"offset\": %lld}", (long long)next);
        say(d, text);
        total += json_array_size(json_object_get(d->reply, "options"));
        next = json_integer_value(json_object_get(d->reply, "next"));
    } while (next > 0);
    say(d, "{\"type\": \"config\", \"id\": \"a\", \"limit\": 5000}");
    assert_int_equal(total, json_array_size(json_object_get(d->reply, "options")));
    assert_true(total > 50);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_reply_waits_for_all_that_was_asked_for_in_whatever_order_it_comes),
        T(what_the_planner_refuses_is_the_reply_once_the_rest_is_back),
        T(an_order_is_found_by_its_creator_or_where_its_ref_is_unique),
        T(why_of_an_order_that_has_ended_is_told_from_the_store_alone),
        T(lists_come_in_pages_that_make_a_whole),
        T(plan_pages_say_their_version),
        T(reports_and_next_are_left_to_the_floor),
        T(a_reload_is_answered_with_its_result_and_kept_for_status),
        T(wrong_members_are_problems_that_say_where),
        T(a_store_that_fails_is_busy),
        T(too_many_commands_at_once_are_busy),
        T(config_shows_every_option_once),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
