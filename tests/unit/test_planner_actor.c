/* SPDX-License-Identifier: Apache-2.0 */

/* The planner's actor in its own thread; the test plays everybody around it, with a store in memory between. */

#include "tests/unit/plant_fixture.h"

#include "daemon/planner/ask.h"
#include "daemon/planner/planner_actor.h"
#include "daemon/store/store.h"

#include <zmq.h>

struct stage {
    struct fixture plant;
    struct clock clock;
    void *zmq;
    struct bus *bus;
    struct bus_port *ports[ACTOR_COUNT];
    struct store *store;
    uint64_t epoch;
    pthread_t thread;
    /* what the planner has asked of the store, and what it is told instead of the truth */
    enum store_op ops[200];
    size_t op_count;
    int fail_next;   /* code for the next publication, 0: the truth */
    int fail_more;   /* and for so many after it */
    bool run_anyway; /* it takes place all the same */
    bool hold;       /* publications are kept here */
    struct store_request *held;
    size_t publishes; /* that took place */
    bool stopped;    /* the test has seen the end */
};

static void set_store(struct stage *s) {
    struct store_config config = {.url = "memory:", .plant = "p1", .create = true};
    struct store_claim claim = {.head = {.op = STORE_CLAIM}};
    assert_int_equal(store_open(&config, &s->store, NULL), 0);
    assert_int_equal(store_call(s->store, &claim.head), 0);
    s->epoch = claim.ret_epoch;
}

static int set_up(void **state) {
    struct stage *s = calloc(1, sizeof *s);
    fixture_load(&s->plant, SMALL_PLANT);
    clock_begin(NULL, INT64_C(1795420800), 1000, clock_wall_ms(), &s->clock); /* Monday 2026-11-23 08:00 UTC */
    s->zmq = zmq_ctx_new();
    s->bus = bus_new(s->zmq);
    for (int i = 0; i < ACTOR_COUNT; i++)
        if (i != ACTOR_PLANNER)
            assert_int_equal(bus_attach(s->bus, (enum actor)i, &s->ports[i], NULL), 0);
    set_store(s);
    struct actor_config config = {
        .bus = s->bus, .clock = &s->clock, .plant = fixture_good(&s->plant), .epoch = s->epoch};
    assert_int_equal(planner_actor_start(&config, &s->thread, NULL), 0);
    *state = s;
    return 0;
}

/* ---- the store's part ---- */

static void give_back(struct stage *s, struct store_request *r) {
    assert_int_equal(bus_send(s->ports[ACTOR_STORE], ACTOR_PLANNER, MAIL_STORE_DONE, r), 0);
}

static void run(struct stage *s, struct store_request *r) {
    bool publish = r->op == STORE_PUBLISH;
    int fail = publish ? s->fail_next : 0;
    if (publish && s->fail_more-- <= 0)
        s->fail_next = s->fail_more = 0;
    if (fail == 0 || s->run_anyway)
        store_call(s->store, r);
    s->publishes += publish && r->code == 0 && (fail == 0 || s->run_anyway);
    if (fail != 0) {
        takt_error_clear(&r->err);
        r->code = takt_fail(&r->err, fail, "as the test says");
    }
    give_back(s, r);
}

static void serve_store(struct stage *s) {
    struct mail mail;
    actor_wait(s->ports[ACTOR_STORE], 2);
    while (bus_receive(s->ports[ACTOR_STORE], &mail)) {
        struct store_request *r = mail.body;
        assert_int_equal(mail.kind, MAIL_STORE);
        assert_true(s->op_count < 200);
        s->ops[s->op_count++] = r->op;
        if (r->op == STORE_PUBLISH && s->hold)
            s->held = r;
        else
            run(s, r);
    }
}

/* Mail to one of the played actors, with the store served meanwhile; searches are given back undone. */
static struct mail await(struct stage *s, enum actor who) {
    struct mail mail;
    while (!bus_receive(s->ports[who], &mail)) {
        struct mail job;
        serve_store(s);
        if (who != ACTOR_SOLVER && bus_receive(s->ports[ACTOR_SOLVER], &job) && job.kind == MAIL_SOLVE) {
            ((struct search_job *)job.body)->code = TAKT_ETIMEOUT;
            bus_send(s->ports[ACTOR_SOLVER], ACTOR_PLANNER, MAIL_SOLVED, job.body);
        }
    }
    return mail;
}

/* Main is also woken whenever there is news for the service's status. */
static struct mail await_main(struct stage *s) {
    struct mail mail;
    do
        mail = await(s, ACTOR_MAIN);
    while (mail.kind == MAIL_WAKE);
    return mail;
}

static void await_ready(struct stage *s) {
    assert_int_equal(await_main(s).kind, MAIL_READY);
}

static int tear_down(void **state) {
    struct stage *s = *state;
    s->hold = false;
    if (s->held)
        run(s, s->held);
    if (!s->stopped)
        bus_send(s->ports[ACTOR_MAIN], ACTOR_PLANNER, MAIL_STOP, NULL);
    struct mail mail;
    while (!s->stopped) {
        mail = await(s, ACTOR_MAIN);
        if (mail.kind == MAIL_FAILED)
            free(mail.body);
        s->stopped = mail.kind == MAIL_STOPPED;
    }
    pthread_join(s->thread, NULL);
    for (int i = 0; i < ACTOR_COUNT; i++) {
        while (s->ports[i] && bus_receive(s->ports[i], &mail))
            if (mail.kind == MAIL_ESTIMATE)
                estimate_free(mail.body);
        bus_detach(s->ports[i]);
    }
    bus_free(s->bus);
    zmq_ctx_term(s->zmq);
    store_close(s->store);
    fixture_done(&s->plant);
    free(s);
    return 0;
}

/* ---- reports ---- */

struct counted {
    struct report report;
    struct ask ask;
};

static struct counted *tell(struct stage *s, const char *ref, enum report_event event, const char *line, int64_t quantity_milli,
                            int64_t until_s) {
    struct counted *c = calloc(1, sizeof *c);
    c->report = (struct report){.reporter = "operator",
                                .report_ref = ref,
                                .event = event,
                                .line = line,
                                .material = line ? NULL : "cloth",
                                .quantity_milli = quantity_milli,
                                .good = -1,
                                .scrap = -1,
                                .at_s = TAKT_TIME_NONE,
                                .until_s = until_s,
                                .body = "{}"};
    c->ask = (struct ask){.kind = ASK_REPORT, .arena = arena_new(), .context = c};
    c->ask.u.report.report = &c->report;
    assert_int_equal(bus_send(s->ports[ACTOR_OPERATE], ACTOR_PLANNER, MAIL_ASK, &c->ask), 0);
    return c;
}

static struct counted *count_stock(struct stage *s, const char *ref, int64_t quantity_milli) {
    return tell(s, ref, REPORT_STOCK, NULL, quantity_milli, TAKT_TIME_NONE);
}

static struct counted *report_down(struct stage *s, const char *ref, const char *line) {
    return tell(s, ref, REPORT_DOWN, line, -1, TAKT_TIME_NONE);
}

/* operate is woken after every publication, which is not looked at here */
static void await_answer(struct stage *s, const struct ask *ask) {
    struct mail mail;
    do
        mail = await(s, ACTOR_OPERATE);
    while (mail.kind == MAIL_WAKE);
    assert_int_equal(mail.kind, MAIL_ANSWER);
    assert_ptr_equal(mail.body, ask);
}

static void await_reported(struct stage *s, struct counted *c) {
    await_answer(s, &c->ask);
    assert_int_equal(c->ask.refusal.kind, REFUSAL_NONE);
    arena_free(c->ask.arena);
    free(c);
}

static bool stored(struct stage *s, const char *ref) {
    struct arena *arena = arena_new();
    struct store_reported known = {
        .head = {.op = STORE_REPORTED, .arena = arena}, .reporter = "operator", .report_ref = ref};
    assert_int_equal(store_call(s->store, &known.head), 0);
    arena_free(arena);
    return known.ret_known;
}

/* ---- tests ---- */

static void ready_is_said_after_what_a_new_store_starts_from_is_written(void **state) {
    struct stage *s = *state;
    await_ready(s);
    assert_true(s->publishes >= 1);
    struct arena *arena = arena_new();
    struct store_load load = {.head = {.op = STORE_LOAD, .arena = arena}, .kind = LOAD_META, .first = true, .limit = 1};
    assert_int_equal(store_call(s->store, &load.head), 0);
    assert_true(load.ret_meta.seeded);
    arena_free(arena);
}

static void a_store_that_takes_nothing_does_not_keep_the_plan_from_being_served(void **state) {
    struct stage *s = *state;
    s->fail_next = TAKT_EFULL;
    await_ready(s);
    assert_int_equal(s->publishes, 0);
    await_reported(s, count_stock(s, "r1", 5000)); /* and it goes on by itself */
    assert_true(stored(s, "r1"));
}

/* What standard error was told since `fd` took its place. */
static void check_log(int fd, const char *wanted, bool there) {
    char text[4000];
    ssize_t size = pread(fd, text, sizeof text - 1, 0);
    text[size < 0 ? 0 : size] = '\0';
    assert_int_equal(strstr(text, wanted) != NULL, there);
}

static void a_line_is_said_to_be_down_once_that_is_durable(void **state) {
    struct stage *s = *state;
    char path[] = "/tmp/test_planner_actor.XXXXXX";
    int fd = mkstemp(path), before = dup(STDERR_FILENO);
    unlink(path);
    await_ready(s);
    dup2(fd, STDERR_FILENO);
    s->hold = true;
    struct counted *c = count_stock(s, "r1", 5000);
    while (!s->held)
        serve_store(s);
    struct counted *down = report_down(s, "r2", "sew.1");
    run(s, s->held);
    s->held = NULL;
    await_reported(s, c);
    while (!s->held)
        serve_store(s);
    check_log(fd, "line 'sew.1' is down", false);
    run(s, s->held);
    s->held = NULL;
    s->hold = false;
    await_reported(s, down);
    check_log(fd, "line 'sew.1' is down", true);
    dup2(before, STDERR_FILENO);
    close(before);
    close(fd);
}

static void a_report_is_answered_once_it_is_durable_and_questions_before(void **state) {
    struct stage *s = *state;
    await_ready(s);
    s->hold = true;
    struct counted *c = count_stock(s, "r1", 5000);
    while (!s->held)
        serve_store(s);
    struct ask status = {.kind = ASK_STATUS, .arena = arena_new()};
    bus_send(s->ports[ACTOR_OPERATE], ACTOR_PLANNER, MAIL_ASK, &status);
    await_answer(s, &status); /* overtakes the report */
    arena_free(status.arena);
    assert_false(stored(s, "r1"));
    run(s, s->held);
    s->held = NULL;
    s->hold = false;
    await_reported(s, c);
    assert_true(stored(s, "r1"));
}

static void a_publication_that_failed_is_made_again_and_its_report_is_answered_then(void **state) {
    struct stage *s = *state;
    await_ready(s);
    s->fail_next = TAKT_EFULL;
    size_t before = s->publishes;
    await_reported(s, count_stock(s, "r1", 5000));
    assert_true(stored(s, "r1"));
    assert_int_equal(s->publishes, before + 1);
}

static void a_stale_publication_is_followed_by_the_missing_changes_and_made_again(void **state) {
    struct stage *s = *state;
    await_ready(s);
    s->fail_next = TAKT_ESTALE;
    s->op_count = 0;
    await_reported(s, count_stock(s, "r1", 5000));
    size_t failed = 0;
    while (s->ops[failed] != STORE_PUBLISH)
        failed++;
    size_t next = failed + 1;
    while (next < s->op_count && s->ops[next] == STORE_CHANGES)
        next++;
    assert_true(next > failed + 1);
    assert_int_equal(s->ops[next], STORE_PUBLISH);
}

static void an_unknown_outcome_that_took_place_is_found_and_not_repeated(void **state) {
    struct stage *s = *state;
    await_ready(s);
    s->fail_next = TAKT_EUNKNOWN;
    s->run_anyway = true;
    size_t before = s->publishes;
    await_reported(s, count_stock(s, "r1", 5000));
    assert_true(stored(s, "r1"));
    assert_int_equal(s->publishes, before + 1);
}

static void an_unknown_outcome_that_did_not_take_place_is_made_again(void **state) {
    struct stage *s = *state;
    await_ready(s);
    s->fail_next = TAKT_EUNKNOWN;
    size_t before = s->publishes;
    await_reported(s, count_stock(s, "r1", 5000));
    assert_true(stored(s, "r1"));
    assert_int_equal(s->publishes, before + 1);
}

static void a_planner_whose_epoch_is_over_says_so_and_plans_no_more(void **state) {
    struct stage *s = *state;
    await_ready(s);
    s->fail_next = TAKT_EFENCED;
    struct counted *c = count_stock(s, "r1", 5000);
    struct mail mail = await_main(s);
    assert_int_equal(mail.kind, MAIL_FAILED);
    assert_int_equal(((struct takt_error *)mail.body)->code, TAKT_EFENCED);
    free(mail.body);
    bus_send(s->ports[ACTOR_MAIN], ACTOR_PLANNER, MAIL_STOP, NULL);
    await_answer(s, &c->ask);
    assert_int_equal(c->ask.refusal.kind, REFUSAL_BUSY); /* its sender repeats it to whoever plans now */
    arena_free(c->ask.arena);
    free(c);
}

static const char *trouble(struct stage *s, struct ask *ask) {
    *ask = (struct ask){.kind = ASK_STATUS, .arena = arena_new()};
    bus_send(s->ports[ACTOR_OPERATE], ACTOR_PLANNER, MAIL_ASK, ask);
    await_answer(s, ask);
    return ask->u.status.trouble;
}

/* Pauses of 1 and 2 s, then everything is read anew; what was in memory alone is to be told again. */
static void a_plan_that_the_store_refuses_is_tried_with_pauses_and_then_read_anew(void **state) {
    struct stage *s = *state;
    struct ask ask;
    await_ready(s);
    s->fail_next = TAKT_EINVAL;
    s->fail_more = 2;
    s->op_count = 0;
    int64_t begin_ms = clock_mono_ms();
    struct counted *c = count_stock(s, "r1", 5000);
    while (s->fail_more != 1)
        serve_store(s);
    assert_non_null(strstr(trouble(s, &ask), "as the test says"));
    arena_free(ask.arena);
    await_answer(s, &c->ask);
    assert_int_equal(c->ask.refusal.kind, REFUSAL_BUSY);
    assert_in_range(clock_mono_ms() - begin_ms, 3000, 60000);
    while (c->ask.refusal.kind == REFUSAL_BUSY) { /* at once, and once more while it is being read */
        arena_free(c->ask.arena);
        free(c);
        c = count_stock(s, "r1", 5000);
        await_answer(s, &c->ask);
    }
    assert_int_equal(c->ask.refusal.kind, REFUSAL_NONE);
    arena_free(c->ask.arena);
    free(c);
    assert_true(stored(s, "r1"));
    size_t loads = 0;
    for (size_t i = 0; i < s->op_count; i++)
        loads += s->ops[i] == STORE_LOAD;
    assert_true(loads >= 10);
    assert_string_equal(trouble(s, &ask), "");
    arena_free(ask.arena);
}

static void accept_order(struct stage *s, const char *order_ref) {
    const struct item_row item = {.product = "tee", .options = "design=d;ink=dark", .quantity = 3};
    struct arena *arena = arena_new();
    struct accept_order order = {.row = {.creator = "luna",
                                         .order_ref = order_ref,
                                         .accepted_at_s = clock_plant_s(&s->clock),
                                         .channel = "",
                                         .campaign = "",
                                         .service = "",
                                         .wish_day = TAKT_DAY_NONE,
                                         .ship_by_s = TAKT_TIME_NONE,
                                         .deliver_by_day = TAKT_DAY_NONE,
                                         .planned_packed_s = TAKT_TIME_NONE,
                                         .packed_at_s = TAKT_TIME_NONE,
                                         .items = &item,
                                         .item_count = 1},
                                 .body = "{}"};
    struct store_accept accept = {.head = {.op = STORE_ACCEPT, .arena = arena},
                                  .creator = "luna",
                                  .max_open = 1000000,
                                  .now_s = clock_plant_s(&s->clock),
                                  .orders = &order,
                                  .count = 1};
    assert_int_equal(store_call(s->store, &accept.head), 0);
    arena_free(arena);
    bus_wake(s->ports[ACTOR_INTAKE], ACTOR_PLANNER);
}

/* …; the last one's is left in `ref`. */
static void accept_orders(struct stage *s, int count, char *ref, size_t size) {
    for (int i = 0; i < count; i++) {
        snprintf(ref, size, "A-%d", i);
        accept_order(s, ref);
    }
}

static bool has_promise(struct stage *s, const char *order_ref) {
    struct arena *arena = arena_new();
    struct store_order story = {.head = {.op = STORE_ORDER, .arena = arena}, .creator = "luna", .order_ref = order_ref};
    assert_int_equal(store_call(s->store, &story.head), 0);
    bool has = story.ret_promise_count > 0;
    arena_free(arena);
    return has;
}

static void cancel_order(struct stage *s, const char *order_ref) {
    enum cancel_outcome outcome;
    struct store_cancel cancel = {.head = {.op = STORE_CANCEL},
                                  .creator = "luna",
                                  .now_s = clock_plant_s(&s->clock),
                                  .refs = &order_ref,
                                  .ret_outcomes = &outcome,
                                  .count = 1};
    assert_int_equal(store_call(s->store, &cancel.head), 0);
    assert_int_equal(outcome, CANCEL_DONE);
}

/* It is held, and what else is asked of the store is done meanwhile. */
static const struct store_publish *next_publication(struct stage *s) {
    s->hold = true;
    while (!s->held) {
        s->op_count = 0;
        serve_store(s);
    }
    return (const struct store_publish *)(const void *)s->held;
}

static void let_go(struct stage *s) {
    struct store_request *r = s->held;
    s->held = NULL;
    run(s, r);
}

/* The next publication, which takes place. */
static size_t orders_published(struct stage *s) {
    size_t count = next_publication(s)->order_count;
    let_go(s);
    return count;
}

static void what_does_not_fit_into_one_publication_follows_in_the_next(void **state) {
    enum { ORDERS = 150, PART = 32, PART_MS = 25 };
    struct stage *s = *state;
    char last[16];
    await_ready(s);
    accept_orders(s, ORDERS, last, sizeof last);
    while (!has_promise(s, last)) {
        s->op_count = 0;
        serve_store(s);
    }
    s->hold = true; /* from here on each is looked at */
    struct counted *down = tell(s, "d1", REPORT_DOWN, "kiln", -1, clock_plant_s(&s->clock) + 90 * 86400);
    int64_t first_ms = 0, last_ms = 0;
    size_t parts = 0;
    for (size_t all = 0, part; all < ORDERS; all += part) {
        part = orders_published(s); /* none, where the last part is too near */
        assert_true(part <= PART);
        last_ms = part > 0 ? clock_mono_ms() : last_ms;
        first_ms = parts > 0 ? first_ms : last_ms;
        parts += part > 0;
    }
    assert_true(parts >= ORDERS / PART);
    assert_true(last_ms - first_ms >= (int64_t)(parts - 2) * PART_MS); /* the first may have been looked at late */
    await_reported(s, down);
}

/* Each time that a publication has been tried there are many new orders more, and the last change is a cancellation: with a part of
 * them at a time the planner would never have seen what the store insists on. */
static void a_flood_with_cancellations_does_not_keep_the_plan_out_of_the_store(void **state) {
    enum { FLOOD = 2500, TRIES = 6 };
    struct stage *s = *state;
    char ref[32];
    size_t refused = 0, published = 0, least = FLOOD;
    await_ready(s);
    for (int try = 0; try < TRIES; try++) {
        for (int i = 0; i < FLOOD; i++) {
            snprintf(ref, sizeof ref, "A-%d-%d", try, i);
            accept_order(s, ref);
        }
        cancel_order(s, ref);
        const struct store_publish *q = next_publication(s);
        least = q->order_count < least ? q->order_count : least;
        size_t before = s->publishes;
        let_go(s);
        bool took_place = s->publishes > before;
        assert_true(took_place || refused == 0);
        refused = took_place ? 0 : refused + 1;
        published += took_place;
    }
    assert_true(published >= TRIES / 2);
    assert_true(least <= 256);
}

static void a_turn_takes_a_part_of_what_waits_and_more_where_the_store_takes_long(void **state) {
    enum { ORDERS = 4000, PART = 256, HELD_MS = 200, AFTER_THAT = 8 * HELD_MS };
    struct stage *s = *state;
    char ref[32];
    await_ready(s);
    accept_orders(s, ORDERS, ref, sizeof ref);
    size_t first = orders_published(s), second = next_publication(s)->order_count; /* more than a part only where this machine is slow */
    size_t left = ORDERS - first - second;
    assert_in_range(first, 1, PART);
    assert_in_range(second, 1, ORDERS - PART);
    for (int64_t until_ms = clock_mono_ms() + HELD_MS; clock_mono_ms() < until_ms;) {
        s->op_count = 0;
        serve_store(s);
    }
    let_go(s);
    assert_in_range(next_publication(s)->order_count, left < AFTER_THAT ? left : AFTER_THAT, ORDERS);
    let_go(s);
    while (!has_promise(s, ref)) {
        next_publication(s);
        let_go(s);
    }
}

/* Orders come faster than turns of one size would take them. */
static void what_comes_faster_than_turns_take_it_does_not_pile_up(void **state) {
    enum { TURNS = 300, COME = 300, PART = 256 };
    struct stage *s = *state;
    char ref[32];
    size_t come = 0, promised = 0, most = 0;
    await_ready(s);
    for (int i = 0; i < TURNS; i++) {
        for (int k = 0; k < COME; k++) {
            snprintf(ref, sizeof ref, "A-%zu", come++);
            accept_order(s, ref);
        }
        promised += next_publication(s)->promise_count;
        let_go(s);
        most = come - promised > most ? come - promised : most;
    }
    assert_true(most <= TURNS / 2 * (COME - PART) + COME); /* less than half of what turns of one size would leave */
}

static void accepted_orders_are_planned_promised_and_others_are_woken(void **state) {
    struct stage *s = *state;
    struct arena *arena = arena_new();
    await_ready(s);
    accept_order(s, "A-1");
    struct store_order story;
    do {
        serve_store(s);
        arena_clear(arena);
        story =
            (struct store_order){.head = {.op = STORE_ORDER, .arena = arena}, .creator = "luna", .order_ref = "A-1"};
        assert_int_equal(store_call(s->store, &story.head), 0);
    } while (story.ret_promise_count == 0);
    assert_int_equal(story.ret_order.state, ORDER_PLANNED);
    assert_int_equal(await(s, ACTOR_DISPATCH).kind, MAIL_WAKE);
    assert_int_equal(await(s, ACTOR_MAIN).kind, MAIL_WAKE);
    bool woken = false, estimated = false;
    while (!woken || !estimated) {
        struct mail mail = await(s, ACTOR_INTAKE);
        woken |= mail.kind == MAIL_WAKE;
        estimated |= mail.kind == MAIL_ESTIMATE;
        if (mail.kind == MAIL_ESTIMATE)
            estimate_free(mail.body);
    }
    arena_free(arena);
}

/* What cannot be published must not grow with what comes meanwhile. */
static void nothing_new_is_read_while_the_store_fails_to_take_the_plan(void **state) {
    struct stage *s = *state;
    await_ready(s);
    s->hold = true;
    struct counted *c = count_stock(s, "r1", 5000);
    while (!s->held)
        serve_store(s);
    s->op_count = 0;
    accept_order(s, "A-1");
    while (s->op_count == 0) /* it is asked while the publication is under way */
        serve_store(s);
    s->fail_next = TAKT_EFULL;
    s->fail_more = 2;
    s->hold = false;
    s->op_count = 0;
    run(s, s->held);
    s->held = NULL;
    accept_order(s, "A-2");
    for (size_t before = s->publishes; s->publishes == before;)
        serve_store(s);
    for (size_t i = 0; i < s->op_count && i < 3; i++)
        assert_int_equal(s->ops[i], STORE_PUBLISH);
    assert_true(s->op_count >= 2);
    await_reported(s, c);
    while (!has_promise(s, "A-2"))
        serve_store(s);
}

/* In a plant where something happens all the time there would always be one more publication. */
static void an_end_waits_for_what_is_under_way_and_begins_nothing_anew(void **state) {
    struct stage *s = *state;
    await_ready(s);
    s->hold = true;
    accept_order(s, "A-1");
    while (!s->held)
        serve_store(s);
    accept_order(s, "A-2");
    struct mail asked;
    while (!bus_receive(s->ports[ACTOR_STORE], &asked))
        actor_wait(s->ports[ACTOR_STORE], 2);
    bus_send(s->ports[ACTOR_MAIN], ACTOR_PLANNER, MAIL_STOP, NULL);
    run(s, s->held);
    s->held = NULL;
    run(s, asked.body); /* what came meanwhile */
    assert_int_equal(await_main(s).kind, MAIL_STOPPED);
    assert_null(s->held);
    s->stopped = true;
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(ready_is_said_after_what_a_new_store_starts_from_is_written),
        T(a_store_that_takes_nothing_does_not_keep_the_plan_from_being_served),
        T(a_line_is_said_to_be_down_once_that_is_durable),
        T(a_report_is_answered_once_it_is_durable_and_questions_before),
        T(a_publication_that_failed_is_made_again_and_its_report_is_answered_then),
        T(a_stale_publication_is_followed_by_the_missing_changes_and_made_again),
        T(an_unknown_outcome_that_took_place_is_found_and_not_repeated),
        T(an_unknown_outcome_that_did_not_take_place_is_made_again),
        T(a_planner_whose_epoch_is_over_says_so_and_plans_no_more),
        T(a_plan_that_the_store_refuses_is_tried_with_pauses_and_then_read_anew),
        T(accepted_orders_are_planned_promised_and_others_are_woken),
        T(what_does_not_fit_into_one_publication_follows_in_the_next),
        T(a_turn_takes_a_part_of_what_waits_and_more_where_the_store_takes_long),
        T(what_comes_faster_than_turns_take_it_does_not_pile_up),
        T(a_flood_with_cancellations_does_not_keep_the_plan_out_of_the_store),
        T(nothing_new_is_read_while_the_store_fails_to_take_the_plan),
        T(an_end_waits_for_what_is_under_way_and_begins_nothing_anew),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
