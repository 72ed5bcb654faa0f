/* SPDX-License-Identifier: Apache-2.0 */
/* The floor's core over a store in memory; the planner is the test itself. */
#include "daemon/floor/floor.h"

#include "base/arena.h"
#include "tests/unit/plant_fixture.h"

#include <inttypes.h>
#include <jansson.h>

enum { CAP = 8192, BENCH = 1, PACKER = 2, OTHER = 3 };

struct heard {
    uint64_t peer;
    json_t *message;
};

struct bench {
    struct fixture fixture;
    struct store *store;
    struct arena *arena;
    struct floor *floor;
    uint64_t epoch, order;
    struct heard heard[CAP];
    size_t heard_count;
    struct store_request *held[CAP]; /* when hold_store */
    size_t held_count;
    struct ask *asks[CAP]; /* of reports and tasks, to be answered by the test */
    size_t ask_count, ask_next;
    bool hold_store;
    int fail;              /* what the store answers */
    const char *task_line; /* where ASK_PLAN says L7-print is; NULL: it knows no such task */
};

#define NOW_S INT64_C(1795996800)

static void accept_order(struct bench *b) {
    static const struct item_row items[] = {
        {.product = "tee", .options = "design=x1;ink=dark", .quantity = 2},
        {.product = "tee", .options = "design=x2;ink=light", .quantity = 3, .personalised = true}};
    struct accept_order o = {.row = {.order_ref = "a/b-1",
                                     .channel = "",
                                     .campaign = "",
                                     .service = "standard",
                                     .wish_day = TAKT_DAY_NONE,
                                     .country = "DE",
                                     .recipient_key = 5,
                                     .items = items,
                                     .item_count = 2},
                             .body = "{\"recipient\":{\"name\":\"Mei\"},\"items\":[null,{\"text\":\"for Mei\"}]}"};
    struct store_accept accept = {.head = {.op = STORE_ACCEPT, .arena = b->arena},
                                  .creator = "luna",
                                  .max_open = 100,
                                  .now_s = NOW_S,
                                  .orders = &o,
                                  .count = 1};
    assert_int_equal(store_call(b->store, &accept.head), 0);
    b->order = o.ret_no;
}

static int begin(void **state) {
    struct bench *b = takt_alloc(sizeof *b);
    struct takt_error err = {0};
    fixture_load_edited(&b->fixture, "consumers: {dock: {}}",
                        "consumers: {dock: {}}\n"
                        "terminals: {bench: {lines: [print, sew]}, packer: {lines: [pack]}, store: {lines: [kiln]}}");
    b->floor = floor_new(fixture_good(&b->fixture));
    const struct store_config config = {.url = "memory:", .plant = "p1", .create = true};
    assert_int_equal(store_open(&config, &b->store, &err), 0);
    b->arena = arena_new();
    struct store_claim claim = {.head = {.op = STORE_CLAIM, .arena = b->arena}};
    assert_int_equal(store_call(b->store, &claim.head), 0);
    b->epoch = claim.ret_epoch;
    b->task_line = "print";
    accept_order(b);
    *state = b;
    return 0;
}

static int end(void **state) {
    struct bench *b = *state;
    floor_free(b->floor);
    for (size_t i = 0; i < b->heard_count; i++)
        json_decref(b->heard[i].message);
    store_close(b->store);
    arena_free(b->arena);
    fixture_done(&b->fixture);
    free(b);
    return 0;
}

static void settle(struct bench *b);

static void answer_store(struct bench *b, struct store_request *r) {
    if (b->fail != 0)
        r->code = b->fail;
    else
        store_call(b->store, r);
    floor_stored(b->floor, r, NOW_S);
}

static void answer_plan(struct bench *b, struct ask *ask) {
    ask->u.plan.ret_tasks = arena_array(ask->arena, 2, sizeof *ask->u.plan.ret_tasks);
    if (b->task_line != NULL && ask->u.plan.lot == 7) {
        ask->u.plan.ret_tasks[0] = (struct task_view){.task = "L7-fire", .line = "kiln"};
        ask->u.plan.ret_tasks[1] = (struct task_view){.task = "L7-print", .line = b->task_line};
        ask->u.plan.ret_count = 2;
    }
    floor_answered(b->floor, ask, NOW_S);
}

static void settle(struct bench *b) {
    struct floor_effect e;
    while (floor_effect(b->floor, &e)) {
        if (e.kind == FLOOR_REPLY) {
            assert_true(b->heard_count < CAP);
            b->heard[b->heard_count++] = (struct heard){e.peer, json_loads(e.text, JSON_REJECT_DUPLICATES, NULL)};
            assert_non_null(b->heard[b->heard_count - 1].message);
            free(e.text);
        } else if (e.kind == FLOOR_STORE) {
            assert_true(e.request->tag & FLOOR_TAG);
            if (b->hold_store)
                b->held[b->held_count++] = e.request;
            else
                answer_store(b, e.request);
        } else if (e.ask->kind == ASK_PLAN) {
            answer_plan(b, e.ask);
        } else {
            assert_true(e.ask->tag & FLOOR_TAG);
            b->asks[b->ask_count++] = e.ask;
        }
    }
}

static void say(struct bench *b, uint64_t peer, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void say(struct bench *b, uint64_t peer, const char *format, ...) {
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    floor_receive(b->floor, peer, NULL, text, strlen(text), NOW_S);
    settle(b);
}

static void hello(struct bench *b, uint64_t peer, const char *terminal) {
    say(b, peer, "{\"type\": \"hello\", \"protocol\": 1, \"terminal\": \"%s\"}", terminal);
}

/* members: of the report, after its report_ref */
static void report(struct bench *b, uint64_t peer, const char *ref, const char *members) {
    say(b, peer, "{\"type\": \"report\", \"id\": \"i-%s\", \"report_ref\": \"%s\", %s}", ref, ref, members);
}

static const char *text_of(const json_t *message, const char *name) {
    const char *text = json_string_value(json_object_get(message, name));
    return text ? text : "";
}

static const json_t *last(const struct bench *b) {
    assert_true(b->heard_count > 0);
    return b->heard[b->heard_count - 1].message;
}

/* The type of what was heard last; of a problem its name. */
static const char *last_heard(const struct bench *b) {
    const char *type = text_of(last(b), "type");
    return strcmp(type, "problem") == 0 ? text_of(last(b), "problem") : type;
}

/* The next thing that the planner was asked. */
static struct ask *asked(struct bench *b, enum ask_kind kind) {
    assert_true(b->ask_next < b->ask_count);
    struct ask *ask = b->asks[b->ask_next++];
    assert_int_equal(ask->kind, kind);
    return ask;
}

static void nothing_is_asked(const struct bench *b) {
    assert_int_equal(b->ask_next, b->ask_count);
}

/* The planner accepts, and its publication is durable. */
static void publish(struct bench *b, struct ask *ask) {
    const struct report *r = ask->u.report.report;
    struct store_load load = {.head = {.op = STORE_LOAD, .arena = b->arena}, .kind = LOAD_META};
    assert_int_equal(store_call(b->store, &load.head), 0);
    struct report_row row = {
        .reporter = r->reporter, .report_ref = r->report_ref, .at_s = NOW_S, .event = "started", .body = r->body};
    memcpy(row.hash, r->hash, sizeof row.hash);
    struct store_publish p = {.head = {.op = STORE_PUBLISH, .arena = b->arena},
                              .epoch = b->epoch,
                              .publish_no = load.ret_meta.publish_no + 1,
                              .seen = load.ret_meta.seen,
                              .at_s = NOW_S,
                              .reports = &row,
                              .report_count = 1};
    assert_int_equal(store_call(b->store, &p.head), 0);
    floor_answered(b->floor, ask, NOW_S);
    settle(b);
}

static void turn_down(struct bench *b, struct ask *ask, enum refusal_kind kind) {
    refuse(&ask->refusal, kind, "", "no");
    floor_answered(b->floor, ask, NOW_S);
    settle(b);
}

/* ---- sessions ---- */

static void hello_comes_first(void **state) {
    struct bench *b = *state;
    say(b, BENCH, "{\"type\": \"next\", \"id\": \"1\", \"line\": \"print\", \"limit\": 3}");
    assert_string_equal(last_heard(b), "no-session");
    report(b, BENCH, "r1", "\"event\": \"up\", \"line\": \"print\"");
    assert_string_equal(last_heard(b), "no-session");
    hello(b, BENCH, "bench");
    assert_string_equal(last_heard(b), "welcome");
    assert_string_equal(text_of(last(b), "plant"), "p1");
    say(b, BENCH, "{\"type\": \"juggle\"}");
    assert_string_equal(last_heard(b), "unknown-type");
}

static void a_hello_that_is_wrong_is_refused(void **state) {
    struct bench *b = *state;
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"{\"type\": \"hello\", \"protocol\": 2, \"terminal\": \"bench\"}", "bad-protocol"},
        {"{\"type\": \"hello\", \"terminal\": \"bench\"}", "bad-message"},
        {"{\"type\": \"hello\", \"protocol\": 1}", "bad-message"},
        {"{\"type\": \"hello\", \"protocol\": 1, \"terminal\": \"bensh\"}", "not-allowed"},
        {"{\"type\": \"hello\", \"protocol\": 1, \"terminal\": 7}", "bad-message"},
        {"nonsense", "bad-message"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        say(b, BENCH, "%s", cases[i].text);
        assert_string_equal(last_heard(b), cases[i].problem);
    }
    say(b, BENCH, "{\"type\": \"next\", \"id\": \"1\", \"line\": \"print\"}");
    assert_string_equal(last_heard(b), "no-session");
}

static void who_was_silent_longest_gives_way(void **state) {
    struct bench *b = *state;
    for (uint64_t peer = 1; peer <= FLOOR_SESSIONS_MAX; peer++)
        hello(b, peer, "bench");
    report(b, 1, "keep", "\"event\": \"up\", \"line\": \"print\""); /* 1 is heard, 2 is the most silent now */
    hello(b, FLOOR_SESSIONS_MAX + 1, "bench");
    say(b, 2, "{\"type\": \"next\", \"id\": \"1\", \"line\": \"print\"}");
    assert_string_equal(last_heard(b), "no-session");
    publish(b, asked(b, ASK_REPORT));
    assert_string_equal(last_heard(b), "reported");
}

static void a_terminal_that_leaves_the_plant_loses_its_session(void **state) {
    struct bench *b = *state;
    struct fixture without;
    hello(b, BENCH, "bench");
    fixture_load(&without, SMALL_PLANT);
    floor_reload(b->floor, fixture_good(&without));
    fixture_done(&without);
    report(b, BENCH, "r1", "\"event\": \"up\", \"line\": \"print\"");
    assert_string_equal(last_heard(b), "no-session");
}

/* ---- what is reported ---- */

static void a_report_is_reported_only_after_its_publication(void **state) {
    struct bench *b = *state;
    hello(b, BENCH, "bench");
    size_t before = b->heard_count;
    report(b, BENCH, "r1",
           "\"event\": \"progress\", \"task\": \"L7-print\", \"line\": \"print\", \"good\": 12, \"scrap\": 2,"
           " \"at\": \"2026-11-30T01:00:00Z\", \"reason\": \"ink\"");
    assert_int_equal(b->heard_count, before);
    assert_int_equal(floor_pending(b->floor), 1);
    struct ask *ask = asked(b, ASK_REPORT);
    const struct report *r = ask->u.report.report;
    assert_string_equal(r->reporter, "bench");
    assert_string_equal(r->report_ref, "r1");
    assert_int_equal(r->event, REPORT_PROGRESS);
    assert_string_equal(r->task, "L7-print");
    assert_string_equal(r->line, "print");
    assert_int_equal(r->good, 12);
    assert_int_equal(r->scrap, 2);
    assert_int_equal(r->at_s, NOW_S + 3600);
    assert_int_equal(r->until_s, TAKT_TIME_NONE);
    assert_string_equal(r->reason, "ink");
    assert_int_equal(r->quantity_milli, -1);
    assert_non_null(strstr(r->body, "L7-print"));
    publish(b, ask);
    assert_string_equal(last_heard(b), "reported");
    assert_string_equal(text_of(last(b), "id"), "i-r1");
    assert_string_equal(text_of(last(b), "report_ref"), "r1");
    assert_int_equal(floor_pending(b->floor), 0);
}

static void what_the_planner_refuses_is_a_problem(void **state) {
    struct bench *b = *state;
    hello(b, BENCH, "bench");
    report(b, BENCH, "r1", "\"event\": \"finished\", \"task\": \"L7-print\", \"line\": \"print\"");
    turn_down(b, asked(b, ASK_REPORT), REFUSAL_CONTRADICTION);
    assert_string_equal(last_heard(b), "contradiction");
    assert_string_equal(text_of(last(b), "id"), "i-r1");
}

static void a_report_said_again_counts_once(void **state) {
    struct bench *b = *state;
    static const char progress[] = "\"event\": \"progress\", \"task\": \"L7-print\", \"line\": \"print\", \"good\": 12";
    hello(b, BENCH, "bench");
    report(b, BENCH, "r1", progress);
    publish(b, asked(b, ASK_REPORT));
    report(b, BENCH, "r1", progress);
    assert_string_equal(last_heard(b), "reported");
    nothing_is_asked(b);
    report(b, BENCH, "r1", "\"event\": \"progress\", \"task\": \"L7-print\", \"line\": \"print\", \"good\": 13");
    assert_string_equal(last_heard(b), "conflict");
    nothing_is_asked(b);
    hello(b, PACKER, "store"); /* another reporter's r1 is another report */
    report(b, PACKER, "r1", "\"event\": \"stock\", \"material\": \"cloth\", \"quantity\": 5");
    publish(b, asked(b, ASK_REPORT));
    assert_string_equal(last_heard(b), "reported");
}

static void a_report_said_twice_at_once_reaches_the_planner_once(void **state) {
    struct bench *b = *state;
    static const char scrapped[] = "\"event\": \"scrapped\", \"task\": \"L7-print\", \"line\": \"print\", \"scrap\": 1";
    hello(b, BENCH, "bench");
    hello(b, OTHER, "bench"); /* the same terminal over a second connection */
    report(b, BENCH, "r1", scrapped);
    report(b, OTHER, "r1", scrapped);
    report(b, OTHER, "r1", scrapped);
    report(b, OTHER, "r2", scrapped);
    struct ask *first = asked(b, ASK_REPORT);
    nothing_is_asked(b);
    publish(b, first);
    struct ask *second = asked(b, ASK_REPORT);
    assert_string_equal(second->u.report.report->report_ref, "r2");
    nothing_is_asked(b);
    publish(b, second);
    assert_int_equal(b->heard_count, 6);
    for (size_t i = 2; i < 6; i++)
        assert_string_equal(text_of(b->heard[i].message, "type"), "reported");
}

static void a_report_whose_twin_was_refused_is_judged_by_itself(void **state) {
    struct bench *b = *state;
    hello(b, BENCH, "bench");
    report(b, BENCH, "r1", "\"event\": \"finished\", \"task\": \"L7-print\", \"line\": \"print\"");
    report(b, BENCH, "r1", "\"event\": \"started\", \"task\": \"L7-print\", \"line\": \"print\"");
    turn_down(b, asked(b, ASK_REPORT), REFUSAL_CONTRADICTION);
    publish(b, asked(b, ASK_REPORT));
    assert_string_equal(last_heard(b), "reported");
}

/* ---- order ---- */

static void reports_of_a_connection_reach_the_planner_in_their_order(void **state) {
    struct bench *b = *state;
    hello(b, BENCH, "bench");
    hello(b, OTHER, "bench");
    b->hold_store = true;
    report(b, BENCH, "r1",
           "\"event\": \"scrapped\", \"task\": \"L7-print\", \"line\": \"print\", \"units\": [\"luna/a/b-1/1/2\"]");
    report(b, BENCH, "r2", "\"event\": \"started\", \"task\": \"L7-print\", \"line\": \"print\"");
    report(b, OTHER, "r3", "\"event\": \"up\", \"line\": \"sew.1\"");
    assert_int_equal(b->held_count, 4);
    for (size_t i = 4; i-- > 0;) { /* they come back the other way round */
        b->hold_store = false;
        answer_store(b, b->held[i]);
        settle(b);
    }
    assert_int_equal(b->ask_count, 3);
    assert_string_equal(b->asks[0]->u.report.report->report_ref, "r3"); /* waits for nobody */
    assert_string_equal(b->asks[1]->u.report.report->report_ref, "r1");
    assert_string_equal(b->asks[2]->u.report.report->report_ref, "r2");
    for (size_t i = 3; i-- > 0;)
        publish(b, b->asks[i]);
}

/* Store and planner answer from threads of their own. */
static void what_is_asked_of_store_and_planner_at_once_shares_no_arena(void **state) {
    struct bench *b = *state;
    struct floor_effect e;
    size_t plans = 0;
    static const char text[] = "{\"type\": \"report\", \"id\": \"1\", \"report_ref\": \"r1\", \"event\": \"scrapped\","
                               " \"task\": \"L7-print\", \"units\": [\"luna/a/b-1/1/2\"]}";
    hello(b, BENCH, "bench");
    floor_receive(b->floor, BENCH, NULL, text, strlen(text), NOW_S);
    while (floor_effect(b->floor, &e)) {
        if (e.kind == FLOOR_STORE) {
            b->held[b->held_count++] = e.request;
        } else {
            assert_int_equal(e.ask->kind, ASK_PLAN);
            b->asks[plans++] = e.ask;
        }
    }
    assert_int_equal(plans, 1);
    assert_int_equal(b->held_count, 2);
    for (size_t i = 0; i < b->held_count; i++) {
        assert_ptr_not_equal(b->held[i]->arena, b->asks[0]->arena);
        answer_store(b, b->held[i]);
    }
    answer_plan(b, b->asks[0]);
    settle(b);
    publish(b, asked(b, ASK_REPORT));
    assert_string_equal(last_heard(b), "reported");
}

static void one_that_is_refused_lets_the_next_pass(void **state) {
    struct bench *b = *state;
    hello(b, BENCH, "bench");
    b->hold_store = true;
    report(b, BENCH, "r1",
           "\"event\": \"scrapped\", \"task\": \"L7-print\", \"line\": \"print\", \"units\": [\"luna/none/1/2\"]");
    report(b, BENCH, "r2", "\"event\": \"started\", \"task\": \"L7-print\", \"line\": \"print\"");
    b->hold_store = false;
    for (size_t i = 3; i-- > 0;)
        answer_store(b, b->held[i]);
    settle(b);
    publish(b, asked(b, ASK_REPORT));
    assert_string_equal(text_of(b->heard[1].message, "problem"), "unknown-order");
    assert_string_equal(last_heard(b), "reported");
}

/* ---- who may ---- */

static void a_terminal_reports_only_lines_that_it_names(void **state) {
    struct bench *b = *state;
    hello(b, BENCH, "bench");
    static const char *const forbidden[] = {
        "\"event\": \"down\", \"line\": \"kiln\"",
        "\"event\": \"up\", \"line\": \"kiln\"",
        "\"event\": \"setup\", \"line\": \"kiln\", \"family\": \"x\"",
        "\"event\": \"started\", \"task\": \"L7-fire\", \"line\": \"kiln\"",
        "\"event\": \"started\", \"task\": \"L7-fire\"", /* the plan says that it is on the kiln */
        "\"event\": \"packed\", \"creator\": \"luna\", \"order_ref\": \"a/b-1\"",
    };
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++) {
        report(b, BENCH, "r1", forbidden[i]);
        assert_string_equal(last_heard(b), "not-allowed");
        nothing_is_asked(b);
    }
    report(b, BENCH, "r2", "\"event\": \"started\", \"task\": \"L7-print\"");
    publish(b, asked(b, ASK_REPORT));
    b->task_line = NULL;
    report(b, BENCH, "r3", "\"event\": \"started\", \"task\": \"L7-print\""); /* the planner says that there is none */
    turn_down(b, asked(b, ASK_REPORT), REFUSAL_UNKNOWN_TASK);
    say(b, BENCH, "{\"type\": \"next\", \"id\": \"1\", \"line\": \"kiln\"}");
    assert_string_equal(last_heard(b), "not-allowed");
    report(b, BENCH, "r4", "\"event\": \"receipt\", \"material\": \"cloth\", \"quantity\": 12.5");
    assert_int_equal(b->asks[b->ask_next]->u.report.report->quantity_milli, 12500);
    publish(b, asked(b, ASK_REPORT));
}

static void the_operator_may_do_all_without_a_hello(void **state) {
    struct bench *b = *state;
    static const char down[] = "{\"type\": \"report\", \"id\": \"1\", \"report_ref\": \"r1\", \"event\": \"down\","
                               " \"line\": \"kiln\", \"until\": \"2026-12-01T00:00:00Z\", \"reason\": \"relining\"}";
    floor_operator(b->floor, 99, down, strlen(down), NOW_S);
    settle(b);
    struct ask *ask = asked(b, ASK_REPORT);
    assert_string_equal(ask->u.report.report->reporter, "operator");
    assert_int_equal(ask->u.report.report->until_s, NOW_S + 86400);
    publish(b, ask);
    assert_string_equal(last_heard(b), "reported");
    static const char hello_[] = "{\"type\": \"hello\", \"protocol\": 1, \"terminal\": \"bench\"}";
    floor_operator(b->floor, 99, hello_, strlen(hello_), NOW_S);
    settle(b);
    assert_string_equal(last_heard(b), "unknown-type");
}

/* ---- orders and units ---- */

static void a_packed_order_is_known_by_its_number(void **state) {
    struct bench *b = *state;
    hello(b, PACKER, "packer");
    report(b, PACKER, "r1",
           "\"event\": \"packed\", \"creator\": \"luna\", \"order_ref\": \"a/b-1\", \"line\": \"pack\"");
    struct ask *ask = asked(b, ASK_REPORT);
    assert_int_equal(ask->u.report.report->order, b->order);
    publish(b, ask);
    report(b, PACKER, "r2", "\"event\": \"packed\", \"creator\": \"luna\", \"order_ref\": \"a/b-2\"");
    assert_string_equal(last_heard(b), "unknown-order");
    report(b, PACKER, "r3", "\"event\": \"packed\", \"order_ref\": \"a/b-1\"");
    assert_string_equal(last_heard(b), "bad-message");
}

static void scrapped_units_are_known_by_their_names(void **state) {
    struct bench *b = *state;
    hello(b, BENCH, "bench");
    report(b, BENCH, "r1",
           "\"event\": \"scrapped\", \"task\": \"L7-print\", \"line\": \"print\","
           " \"units\": [\"luna/a/b-1/2/3\", \"luna/a/b-1/1/1\"]");
    struct ask *ask = asked(b, ASK_REPORT);
    const struct report *r = ask->u.report.report;
    assert_int_equal(r->unit_count, 2);
    assert_int_equal(r->scrap, 2);
    assert_int_equal(r->units[0].order, b->order);
    assert_int_equal(r->units[0].item, 1);
    assert_int_equal(r->units[0].unit, 2);
    assert_int_equal(r->units[1].item, 0);
    assert_int_equal(r->units[1].unit, 0);
    publish(b, ask);
    static const struct {
        const char *units, *problem;
    } cases[] = {
        {"[\"luna/a/b-1/3/1\"]", "contradiction"},
        {"[\"luna/a/b-1/2/4\"]", "contradiction"},
        {"[\"luna/zzz/1/1\"]", "unknown-order"},
        {"[\"luna/a/b-1/0/1\"]", "bad-message"},
        {"[\"luna/1/1\"]", "bad-message"},
        {"[\"luna/a/b-1/1/1x\"]", "bad-message"},
        {"[\"/a/1/1\"]", "bad-message"},
        {"[\"luna/a/1/99999999999999999999\"]", "bad-message"},
        {"[\"luna/a/b-1/1/1\", \"luna/a/b-1/1/1\"]", "bad-message"},
        {"[7]", "bad-message"},
        {"[]", "bad-message"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char members[256];
        snprintf(members, sizeof members,
                 "\"event\": \"scrapped\", \"task\": \"L7-print\", \"line\": \"print\", \"units\": %s", cases[i].units);
        report(b, BENCH, "r2", members);
        assert_string_equal(last_heard(b), cases[i].problem);
        nothing_is_asked(b);
    }
}

static void a_report_that_is_not_whole_or_names_what_is_not_there_is_refused(void **state) {
    struct bench *b = *state;
    hello(b, BENCH, "bench");
    static const struct {
        const char *members, *problem;
    } cases[] = {
        {"\"event\": \"danced\"", "bad-message"},
        {"\"good\": 1", "bad-message"},
        {"\"event\": \"started\"", "bad-message"},
        {"\"event\": \"started\", \"task\": \"nonsense\"", "unknown-task"},
        {"\"event\": \"started\", \"task\": \"L7-print\", \"line\": \"prnt\"", "unknown-line"},
        {"\"event\": \"down\", \"line\": \"sew\"", "unknown-line"}, /* which of its stations? */
        {"\"event\": \"started\", \"task\": \"L7-print\", \"line\": \"pack\"", "unknown-line"},
        {"\"event\": \"progress\", \"task\": \"L7-print\", \"line\": \"print\"", "bad-message"},
        {"\"event\": \"progress\", \"task\": \"L7-print\", \"line\": \"print\", \"good\": -1", "bad-message"},
        {"\"event\": \"progress\", \"task\": \"L7-print\", \"line\": \"print\", \"good\": 1.5", "bad-message"},
        {"\"event\": \"scrapped\", \"task\": \"L7-print\", \"line\": \"print\"", "bad-message"},
        {"\"event\": \"scrapped\", \"task\": \"L7-print\", \"line\": \"print\", \"scrap\": 0", "bad-message"},
        {"\"event\": \"down\"", "bad-message"},
        {"\"event\": \"setup\", \"line\": \"print\"", "bad-message"},
        {"\"event\": \"stock\", \"material\": \"cloth\"", "bad-message"},
        {"\"event\": \"stock\", \"material\": \"clot\", \"quantity\": 1", "unknown-material"},
        {"\"event\": \"stock\", \"material\": \"cloth\", \"quantity\": -1", "bad-message"},
        {"\"event\": \"up\", \"line\": \"print\", \"at\": \"yesterday\"", "bad-message"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        report(b, BENCH, "r1", cases[i].members);
        if (strcmp(last_heard(b), cases[i].problem) != 0)
            fail_msg("%s: %s, not %s", cases[i].members, last_heard(b), cases[i].problem);
        nothing_is_asked(b);
    }
    say(b, BENCH, "{\"type\": \"report\", \"id\": \"1\", \"event\": \"up\", \"line\": \"print\"}");
    assert_string_equal(last_heard(b), "bad-message");
    say(b, BENCH, "{\"type\": \"report\", \"report_ref\": \"1\", \"event\": \"up\", \"line\": \"print\"}");
    assert_string_equal(last_heard(b), "bad-message");
}

/* ---- next ---- */

static void the_next_tasks_carry_what_the_line_needs(void **state) {
    struct bench *b = *state;
    hello(b, BENCH, "bench");
    say(b, BENCH, "{\"type\": \"next\", \"id\": \"n\", \"line\": \"print\", \"limit\": 3}");
    struct ask *ask = asked(b, ASK_NEXT);
    assert_string_equal(b->fixture.plant->lines[ask->u.next.line].id, "print");
    assert_int_equal(ask->u.next.limit, 3);
    struct task_view *tasks = arena_array(ask->arena, 2, sizeof *tasks);
    struct variant_view *variants = arena_array(ask->arena, 1, sizeof *variants);
    struct unit_view *units = arena_array(ask->arena, 1, sizeof *units);
    *variants = (struct variant_view){"design=x1;ink=dark", 12};
    *units = (struct unit_view){b->order, 1, 1, 2};
    tasks[0] = (struct task_view){.task = "L7-print",
                                  .lot = 7,
                                  .product = "tee",
                                  .op = "print",
                                  .line = "print",
                                  .family = "dark",
                                  .start_s = NOW_S,
                                  .end_s = NOW_S + 60,
                                  .state = TASK_STARTED,
                                  .frozen = true,
                                  .quantity = 14,
                                  .good = 3,
                                  .variants = variants,
                                  .variant_count = 1,
                                  .units = units,
                                  .unit_count = 1};
    tasks[1] = (struct task_view){.task = "L8-print",
                                  .lot = 8,
                                  .product = "tee",
                                  .op = "print",
                                  .line = "print",
                                  .family = "",
                                  .start_s = NOW_S + 60,
                                  .end_s = NOW_S + 90};
    ask->u.next.ret_tasks = tasks;
    ask->u.next.ret_count = 2;
    floor_answered(b->floor, ask, NOW_S);
    settle(b);
    json_t *want = json_loads(
        "{\"type\": \"tasks\", \"id\": \"n\", \"line\": \"print\", \"tasks\": ["
        " {\"task\": \"L7-print\", \"lot\": \"L7\", \"product\": \"tee\", \"operation\": \"print\", \"line\": "
        "\"print\","
        "  \"family\": \"dark\", \"start\": \"2026-11-30T00:00:00Z\", \"end\": \"2026-11-30T00:01:00Z\","
        "  \"state\": \"started\", \"frozen\": true, \"late\": false, \"quantity\": 14, \"good\": 3, \"scrap\": 0,"
        "  \"variants\": [{\"options\": {\"design\": \"x1\", \"ink\": \"dark\"}, \"quantity\": 12}],"
        "  \"units\": [{\"unit\": \"luna/a/b-1/2/2\", \"count\": 2, \"options\": {\"design\": \"x2\", \"ink\": "
        "\"light\"},"
        "   \"personalization\": {\"text\": \"for Mei\"}}]},"
        " {\"task\": \"L8-print\", \"lot\": \"L8\", \"product\": \"tee\", \"operation\": \"print\", \"line\": "
        "\"print\","
        "  \"start\": \"2026-11-30T00:01:00Z\", \"end\": \"2026-11-30T00:01:30Z\", \"state\": \"planned\","
        "  \"frozen\": false, \"late\": false, \"quantity\": 0, \"good\": 0, \"scrap\": 0, \"variants\": [], "
        "\"units\": []}]}",
        0, NULL);
    assert_non_null(want);
    assert_true(json_equal(want, last(b)));
    json_decref(want);
    say(b, BENCH, "{\"type\": \"next\", \"id\": \"n\", \"line\": \"prin\"}");
    assert_string_equal(last_heard(b), "unknown-line");
    say(b, BENCH, "{\"type\": \"next\", \"id\": \"n\", \"line\": \"print\", \"limit\": 0}");
    assert_string_equal(last_heard(b), "bad-message");
}

static void a_line_of_several_stations_is_one_to_its_terminal(void **state) {
    struct bench *b = *state;
    hello(b, BENCH, "bench");
    say(b, BENCH, "{\"type\": \"next\", \"id\": \"n\", \"line\": \"sew\", \"limit\": 2}");
    static const int64_t starts_s[] = {300, 100, 200};
    for (int i = 0; i < 3; i++) {
        struct ask *ask = asked(b, ASK_NEXT);
        char station[24];
        snprintf(station, sizeof station, "sew.%d", i + 1);
        assert_string_equal(b->fixture.plant->lines[ask->u.next.line].id, station);
        struct task_view *task = arena_alloc(ask->arena, sizeof *task);
        *task = (struct task_view){.product = "tee",
                                   .op = "sew",
                                   .line = arena_strdup(ask->arena, station),
                                   .family = "",
                                   .start_s = starts_s[i]};
        snprintf(task->task, sizeof task->task, "L%d-sew", i + 1);
        ask->u.next.ret_tasks = task;
        ask->u.next.ret_count = 1;
        floor_answered(b->floor, ask, NOW_S);
        settle(b);
    }
    const json_t *tasks = json_object_get(last(b), "tasks");
    assert_int_equal(json_array_size(tasks), 2);
    assert_string_equal(text_of(json_array_get(tasks, 0), "line"), "sew.2");
    assert_string_equal(text_of(json_array_get(tasks, 1), "line"), "sew.3");
    report(b, BENCH, "r1", "\"event\": \"started\", \"task\": \"L2-sew\", \"line\": \"sew\"");
    publish(b, asked(b, ASK_REPORT));
    hello(b, PACKER, "packer");
    report(b, PACKER, "r1", "\"event\": \"started\", \"task\": \"L2-sew\", \"line\": \"sew\"");
    assert_string_equal(last_heard(b), "not-allowed");
}

static void tasks_end_before_personalised_units_are_too_many(void **state) {
    struct bench *b = *state;
    enum { UNITS = FLOOR_UNITS_MAX / 2 };
    hello(b, BENCH, "bench");
    say(b, BENCH, "{\"type\": \"next\", \"id\": \"n\", \"line\": \"print\"}");
    struct ask *ask = asked(b, ASK_NEXT);
    assert_int_equal(ask->u.next.limit, FLOOR_NEXT_DEFAULT);
    struct task_view *tasks = arena_array(ask->arena, 3, sizeof *tasks);
    struct unit_view *units = arena_array(ask->arena, UNITS, sizeof *units);
    for (size_t i = 0; i < UNITS; i++)
        units[i] = (struct unit_view){b->order, 1, 0, 1};
    for (size_t i = 0; i < 3; i++)
        tasks[i] = (struct task_view){.task = "L7-print",
                                      .product = "tee",
                                      .op = "print",
                                      .line = "print",
                                      .family = "",
                                      .units = units,
                                      .unit_count = UNITS};
    ask->u.next.ret_tasks = tasks;
    ask->u.next.ret_count = 3;
    floor_answered(b->floor, ask, NOW_S);
    settle(b);
    assert_int_equal(json_array_size(json_object_get(last(b), "tasks")), 2);
}

/* ---- trouble ---- */

static void while_the_store_or_the_planner_is_busy_so_is_the_floor(void **state) {
    struct bench *b = *state;
    hello(b, BENCH, "bench");
    b->fail = TAKT_ESTORE;
    report(b, BENCH, "r1", "\"event\": \"up\", \"line\": \"print\"");
    assert_string_equal(last_heard(b), "busy");
    b->fail = 0;
    report(b, BENCH, "r1", "\"event\": \"up\", \"line\": \"print\"");
    turn_down(b, asked(b, ASK_REPORT), REFUSAL_BUSY);
    assert_string_equal(last_heard(b), "busy");
    report(b, BENCH, "r1", "\"event\": \"up\", \"line\": \"print\"");
    publish(b, asked(b, ASK_REPORT));
    assert_string_equal(last_heard(b), "reported");
    assert_int_equal(floor_pending(b->floor), 0);
}

static void beyond_its_limit_the_floor_is_busy(void **state) {
    struct bench *b = *state;
    hello(b, BENCH, "bench");
    for (int i = 0; i < FLOOR_JOBS_MAX; i++) {
        char ref[16];
        snprintf(ref, sizeof ref, "r%d", i);
        report(b, BENCH, ref, "\"event\": \"up\", \"line\": \"print\"");
    }
    assert_int_equal(b->ask_count, FLOOR_JOBS_MAX);
    report(b, BENCH, "more", "\"event\": \"up\", \"line\": \"print\"");
    assert_string_equal(last_heard(b), "busy");
    while (b->ask_next < b->ask_count)
        turn_down(b, asked(b, ASK_REPORT), REFUSAL_BUSY);
    assert_int_equal(floor_pending(b->floor), 0);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(hello_comes_first),
        T(a_hello_that_is_wrong_is_refused),
        T(who_was_silent_longest_gives_way),
        T(a_terminal_that_leaves_the_plant_loses_its_session),
        T(a_report_is_reported_only_after_its_publication),
        T(what_the_planner_refuses_is_a_problem),
        T(a_report_said_again_counts_once),
        T(a_report_said_twice_at_once_reaches_the_planner_once),
        T(a_report_whose_twin_was_refused_is_judged_by_itself),
        T(reports_of_a_connection_reach_the_planner_in_their_order),
        T(what_is_asked_of_store_and_planner_at_once_shares_no_arena),
        T(one_that_is_refused_lets_the_next_pass),
        T(a_terminal_reports_only_lines_that_it_names),
        T(the_operator_may_do_all_without_a_hello),
        T(a_packed_order_is_known_by_its_number),
        T(scrapped_units_are_known_by_their_names),
        T(a_report_that_is_not_whole_or_names_what_is_not_there_is_refused),
        T(the_next_tasks_carry_what_the_line_needs),
        T(a_line_of_several_stations_is_one_to_its_terminal),
        T(tasks_end_before_personalised_units_are_too_many),
        T(while_the_store_or_the_planner_is_busy_so_is_the_floor),
        T(beyond_its_limit_the_floor_is_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
