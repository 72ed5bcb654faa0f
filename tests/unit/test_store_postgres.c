/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/store_suite.h"

#include "daemon/store/postgres_schema.h"
#include "tests/unit/postgres_cluster.h"

#include <pthread.h>

static struct cluster cluster;
static int plant_number;

/* A plant of its own for each test: others lie in the same tables. */
static struct store *open_plant(int number) {
    char plant[32];
    snprintf(plant, sizeof plant, "shirts%d", number);
    struct store_config config = {.url = cluster.url, .plant = plant, .create = true};
    struct store *s;
    struct takt_error err = {0};
    if (store_open(&config, &s, &err) != 0)
        fail_msg("%s", err.text);
    return s;
}

static struct store *suite_open(void) {
    return open_plant(++plant_number);
}

static void suite_remove(void) {
}

static void ask(const char *sql) {
    free(cluster_ask(&cluster, sql));
}

/* ---- several plants, several processes ---- */

static int open_error(const char *plant, bool create, struct takt_error *err) {
    struct store_config config = {.url = cluster.url, .plant = plant, .create = create};
    struct store *s;
    int code = store_open(&config, &s, err);
    if (code == 0)
        store_close(s);
    return code;
}

static void what_was_accepted_is_there_after_it_is_opened_again(void **state) {
    struct bench *b = *state;
    uint64_t epoch = claim(b), no = accept_one(b, "luna", "A-1");
    plan_order(b, epoch, no, 1, LOT_OPEN);
    struct store_meta before = meta(b);
    store_close(b->store);
    b->store = open_plant(plant_number);
    struct store_meta after = meta(b);
    assert_memory_equal(&before, &after, sizeof before);
    assert_int_equal(story(b, "luna", "A-1").ret_event_count, 1);
    assert_true(claim(b) > epoch);
    assert_true(accept_one(b, "luna", "A-2") > no);
}

static void plants_in_one_database_do_not_see_each_other(void **state) {
    struct bench *b = *state;
    struct bench other = {.store = suite_open(), .arena = b->arena};
    accept_one(b, "luna", "A-1");
    accept_one(&other, "luna", "A-1");
    claim(&other);
    assert_int_equal(changes(b, 0, 10).ret_count, 1);
    uint64_t epoch = claim(b);
    plan_order(b, epoch, story(b, "luna", "A-1").ret_order.no, 1, LOT_OPEN);
    assert_int_equal(events(&other, "luna", 0, 10).ret_count, 0);
    assert_int_equal(load_page(&other, LOAD_LOTS, NULL, 10).ret_count, 0);
    store_close(other.store);
}

static void a_plant_or_database_that_cannot_be_is_refused(void **state) {
    (void)state;
    struct takt_error err = {0};
    assert_int_equal(open_error("nowhere", false, &err), TAKT_ENOENT);
    ask("INSERT INTO takt.schema_version VALUES (999)");
    takt_error_clear(&err);
    assert_int_equal(open_error("shirts1", true, &err), TAKT_EDATA);
    assert_non_null(strstr(err.text, "newer"));
    ask("DELETE FROM takt.schema_version WHERE version = 999");
    struct store_config config = {.url = "postgresql://takt:secret@127.0.0.1:1/x", .plant = "shirts", .create = true};
    struct store *s;
    takt_error_clear(&err);
    assert_int_equal(store_open(&config, &s, &err), TAKT_ESTORE);
    assert_non_null(strstr(err.text, "stopped"));
    assert_null(strstr(err.text, "secret"));
}

static void of_several_hosts_the_one_that_answers_is_used(void **state) {
    (void)state;
    char url[256];
    snprintf(url, sizeof url, "postgresql://takt@/postgres?host=/nowhere,%s", cluster.folder);
    struct store_config config = {.url = url, .plant = "shirts1", .create = false};
    struct store *s;
    assert_int_equal(store_open(&config, &s, NULL), 0);
    store_close(s);
}

static void a_planner_elsewhere_fences_this_one(void **state) {
    struct bench *b = *state;
    struct bench other = {.store = open_plant(plant_number), .arena = b->arena};
    uint64_t epoch = claim(b);
    struct store_publish late = publish_of(b, epoch);
    assert_int_equal(store_call(b->store, &late.head), 0);
    assert_true(claim(&other) > epoch);
    late = publish_of(b, epoch);
    assert_int_equal(store_call(b->store, &late.head), TAKT_EFENCED);
    store_close(other.store);
}

static struct store_request *begin_and_take(struct bench *b) {
    struct store_request *done = store_begin(b->store);
    return done != NULL ? done : store_turn(b->store, 0);
}

/* Each of them begins its group with numbers that the other has foreseen for its own. */
static void what_another_process_writes_beside_a_group_under_way_makes_it_run_again(void **state) {
    struct bench *b = *state;
    struct bench other = {.store = open_plant(plant_number), .arena = b->arena};
    struct group_of_orders first, second, theirs, mine;
    accept_one(b, "luna", "A-0");
    accept_one(&other, "luna", "A-1");
    claim(b);
    bring_group(b, &first, "B");
    assert_null(store_begin(b->store));
    bring_group(b, &second, "C");
    bring_group(&other, &theirs, "D");
    assert_ptr_equal(begin_and_take(&other), &theirs.request.head);
    take_groups(b, &first, &second);
    accept_one(&other, "luna", "A-2");
    bring_group(b, &mine, "E");
    assert_ptr_equal(begin_and_take(b), &mine.request.head);
    const struct group_of_orders *groups[] = {&first, &second, &theirs, &mine};
    for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++)
        for (int i = 0; i < GROUP_ORDERS; i++)
            assert_int_equal(groups[g]->orders[i].ret_outcome, ACCEPT_NEW);
    struct store_changes all = changes(b, 0, 1000);
    assert_int_equal(all.ret_count, 3 + 4 * GROUP_ORDERS);
    for (size_t i = 0; i < all.ret_count; i++)
        assert_int_equal(all.ret_changes[i].seq, i + 1);
    store_close(other.store);
}

enum { RACE_ORDERS = 150, RACERS = 3 };

static void *race(void *arg) {
    struct bench b = {.store = open_plant(plant_number), .arena = arena_new()};
    char ref[32];
    for (int i = 0; i < RACE_ORDERS; i++) {
        snprintf(ref, sizeof ref, "%s-%d", (const char *)arg, i);
        struct accept_order orders[] = {order_like(ref, 1), order_like("shared", 1)};
        struct store_accept q = accept_of(&b, "luna", orders, 2);
        assert_int_equal(store_call(b.store, &q.head), 0);
        assert_int_equal(orders[0].ret_outcome, ACCEPT_NEW);
        arena_clear(b.arena);
    }
    store_close(b.store);
    arena_free(b.arena);
    return NULL;
}

/* S3, S4 and the counts, with several who accept at once. */
static void a_reader_misses_nothing_while_several_write(void **state) {
    struct bench *b = *state;
    static char names[RACERS][2] = {"a", "b", "c"};
    pthread_t racers[RACERS];
    for (int i = 0; i < RACERS; i++)
        assert_int_equal(pthread_create(&racers[i], NULL, race, names[i]), 0);
    size_t seen = 0;
    for (uint64_t after = 0; seen < RACERS * RACE_ORDERS + 1;) {
        struct store_changes q = changes(b, after, 100);
        for (size_t i = 0; i < q.ret_count; i++) {
            assert_true(q.ret_changes[i].seq > after);
            after = q.ret_changes[i].seq;
        }
        seen += q.ret_count;
        assert_int_equal(meta(b).seen >= after, true);
        arena_clear(b->arena);
    }
    for (int i = 0; i < RACERS; i++)
        pthread_join(racers[i], NULL);
    assert_int_equal(changes(b, 0, 1000).ret_count, RACERS * RACE_ORDERS + 1);
    struct store_stats stats = {.head = head_of(b, STORE_STATS)};
    assert_int_equal(store_call(b->store, &stats.head), 0);
    assert_int_equal(stats.ret_creators[0].orders[ORDER_ACCEPTED], RACERS * RACE_ORDERS + 1);
}

/* ---- troubles ---- */

static int try_accept(struct bench *b, const char *ref) {
    struct accept_order o = order_like(ref, 1);
    struct store_accept q = accept_of(b, "luna", &o, 1);
    return store_call(b->store, &q.head);
}

static bool is_there(struct bench *b, const char *ref) {
    struct store_order q = {.head = head_of(b, STORE_ORDER), .creator = "luna", .order_ref = ref};
    int code;
    while ((code = store_call(b->store, &q.head)) == TAKT_ESTORE)
        poll(NULL, 0, 20);
    assert_true(code == 0 || code == TAKT_ENOENT);
    return code == 0;
}

/* Somebody who waits until a session of takt stands still in COMMIT for that reason, and then does something. */
struct meddler {
    pthread_t thread;
    const char *wait_event, *act;
    bool kill_server;
    _Atomic bool met; /* a session stands still */
};

static void *meddle(void *arg) {
    struct meddler *m = arg;
    char sql[256], *found = NULL;
    snprintf(
        sql, sizeof sql,
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'taktd' AND query = 'COMMIT' AND wait_event = '%s'",
        m->wait_event);
    while ((found = cluster_ask(&cluster, sql)) == NULL)
        poll(NULL, 0, 10);
    free(found);
    m->met = true;
    if (m->kill_server) {
        cluster_kill(&cluster, SIGKILL);
        return NULL;
    }
    snprintf(sql, sizeof sql, m->act, m->wait_event);
    free(cluster_ask(&cluster, sql));
    ask("ALTER SYSTEM RESET synchronous_standby_names");
    ask("SELECT pg_reload_conf()");
    return NULL;
}

static void meddle_with_standby(struct bench *b, struct meddler *m) {
    accept_one(b, "luna", "A-0"); /* and with it the partitions of the month */
    ask("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    ask("SELECT pg_reload_conf()");
    pthread_create(&m->thread, NULL, meddle, m);
    char *now;
    while (strcmp(now = cluster_ask(&cluster, "SHOW synchronous_standby_names"), "nobody") != 0) {
        free(now);
        poll(NULL, 0, 10);
    }
    free(now);
}

/* The server begins to wait for its standby some time after it was told to: order after order, until one is met there. What
 * became of that one. */
static int accept_until_met(struct bench *b, const struct meddler *m, char ret_ref[16]) {
    int code, n = 0;
    do {
        snprintf(ret_ref, 16, "A-%d", ++n);
        code = try_accept(b, ret_ref);
    } while (code == 0 && !m->met);
    return code;
}

#define THE_ONE "FROM pg_stat_activity WHERE application_name = 'taktd' AND wait_event = '%s'"

static void an_order_of_a_cancelled_wait_for_the_standby_is_settled_first(void **state) {
    struct bench *b = *state;
    struct meddler m = {.wait_event = "SyncRep", .act = "SELECT pg_cancel_backend(pid) " THE_ONE};
    char ref[16];
    meddle_with_standby(b, &m);
    assert_int_equal(accept_until_met(b, &m, ref), 0);
    pthread_join(m.thread, NULL);
    assert_true(is_there(b, ref));
    assert_int_equal(accept_one(b, "luna", "B-1") > 0, true);
}

static void a_connection_lost_in_a_commit_that_took_place_is_found_out(void **state) {
    struct bench *b = *state;
    struct meddler m = {.wait_event = "SyncRep", .act = "SELECT pg_terminate_backend(pid) " THE_ONE};
    char ref[16];
    meddle_with_standby(b, &m);
    assert_int_equal(accept_until_met(b, &m, ref), 0);
    pthread_join(m.thread, NULL);
    assert_true(is_there(b, ref));
}

static void sleep_in_commit(const char *then) {
    char sql[512];
    snprintf(sql, sizeof sql,
             "CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN %s RETURN NULL; END $$; "
             "CREATE CONSTRAINT TRIGGER nap AFTER INSERT ON takt.order_key DEFERRABLE INITIALLY DEFERRED "
             "FOR EACH ROW EXECUTE FUNCTION nap()",
             then);
    ask(sql);
}

static void wake(void) {
    ask("DROP TRIGGER nap ON takt.order_key; DROP FUNCTION nap()");
}

static void a_connection_lost_in_a_commit_that_did_not_is_found_out(void **state) {
    struct bench *b = *state;
    struct meddler m = {.wait_event = "PgSleep", .act = "SELECT pg_terminate_backend(pid) " THE_ONE};
    accept_one(b, "luna", "A-0");
    sleep_in_commit("PERFORM pg_sleep(60);");
    pthread_create(&m.thread, NULL, meddle, &m);
    assert_int_equal(try_accept(b, "A-1"), TAKT_ESTORE);
    pthread_join(m.thread, NULL);
    wake();
    assert_false(is_there(b, "A-1"));
    accept_one(b, "luna", "A-1");
}

static void a_commit_that_the_server_refuses_changed_nothing(void **state) {
    struct bench *b = *state;
    sleep_in_commit("RAISE EXCEPTION 'no' USING ERRCODE = '53100';");
    assert_int_equal(try_accept(b, "A-1"), TAKT_EFULL);
    assert_non_null(strstr(store_trouble(b->store), "no space"));
    wake();
    assert_false(is_there(b, "A-1"));
    assert_string_not_equal(store_trouble(b->store), ""); /* reading says nothing about space */
    accept_one(b, "luna", "A-1");
    assert_string_equal(store_trouble(b->store), "");
}

static void an_outcome_that_cannot_be_found_out_is_unknown(void **state) {
    struct bench *b = *state;
    struct meddler m = {.wait_event = "SyncRep", .kill_server = true};
    char ref[16];
    meddle_with_standby(b, &m);
    assert_int_equal(accept_until_met(b, &m, ref), TAKT_EUNKNOWN);
    pthread_join(m.thread, NULL);
    assert_non_null(strstr(store_trouble(b->store), "stopped"));
    assert_true(cluster_start(&cluster));
    ask("ALTER SYSTEM RESET synchronous_standby_names");
    ask("SELECT pg_reload_conf()");
    assert_true(is_there(b, ref));
    accept_one(b, "luna", "B-1");
}

static void a_read_only_database_is_told(void **state) {
    struct bench *b = *state;
    ask("ALTER SYSTEM SET default_transaction_read_only = on");
    ask("SELECT pg_reload_conf()");
    int code;
    for (int i = 0; (code = try_accept(b, "A-1")) == 0 && i < 500; i++)
        poll(NULL, 0, 10);
    assert_int_equal(code, TAKT_ESTORE);
    assert_non_null(strstr(store_trouble(b->store), "read-only"));
    ask("ALTER SYSTEM RESET default_transaction_read_only");
    ask("SELECT pg_reload_conf()");
    while ((code = try_accept(b, "A-2")) == TAKT_ESTORE)
        poll(NULL, 0, 20);
    assert_int_equal(code, 0);
    assert_string_equal(store_trouble(b->store), "");
}

static void a_server_that_stands_still_is_slow_and_waited_for_no_longer_than_said(void **state) {
    struct bench *b = *state;
    accept_one(b, "luna", "A-1");
    cluster_signal(&cluster, SIGSTOP);
    assert_int_equal(try_accept(b, "A-2"), TAKT_ESTORE);
    assert_non_null(strstr(store_trouble(b->store), "slow"));
    cluster_signal(&cluster, SIGCONT);
    assert_false(is_there(b, "A-2"));
    int code;
    while ((code = try_accept(b, "A-2")) == TAKT_ESTORE)
        poll(NULL, 0, 20);
    assert_int_equal(code, 0);
}

enum { KILLS = 3 };
static _Atomic int kills;
static _Atomic bool alive;

/* The server is started again by the thread that began it: it dies with that one. */
static void *kill_now_and_then(void *arg) {
    (void)arg;
    for (int i = 0; i < KILLS; i++) {
        while (!alive)
            poll(NULL, 0, 5);
        poll(NULL, 0, 200 + 37 * i);
        cluster_kill(&cluster, SIGKILL);
        alive = false;
        kills++;
    }
    return NULL;
}

/* S1, S2: what was accepted is there once, what was refused is not, whatever the server died of. */
static void nothing_is_lost_or_twice_when_the_server_is_killed_under_load(void **state) {
    struct bench *b = *state;
    enum { ORDERS_MAX = 20000 };
    static signed char codes[ORDERS_MAX];
    static uint64_t numbers[ORDERS_MAX];
    pthread_t killer;
    int count = 0, accepted = 0;
    alive = true;
    pthread_create(&killer, NULL, kill_now_and_then, NULL);
    while ((kills < KILLS || !alive || codes[count - 1] != 0) && count < ORDERS_MAX) {
        char ref[16];
        snprintf(ref, sizeof ref, "K-%d", count);
        struct accept_order o = order_like(ref, 1);
        struct store_accept q = accept_of(b, "luna", &o, 1);
        codes[count] = (signed char)store_call(b->store, &q.head);
        numbers[count] = o.ret_no;
        poll(NULL, 0, codes[count] == TAKT_ESTORE ? 10 : 1);
        if (!alive && codes[count] != 0)
            alive = cluster_start(&cluster);
        count++;
    }
    pthread_join(killer, NULL);
    for (int i = 0; i < count; i++) {
        char ref[16];
        snprintf(ref, sizeof ref, "K-%d", i);
        bool there = is_there(b, ref);
        accepted += there;
        assert_true(codes[i] == TAKT_EUNKNOWN || there == (codes[i] == 0));
        if (codes[i] == 0)
            assert_int_equal(story(b, "luna", ref).ret_order.no, numbers[i]);
        arena_clear(b->arena);
    }
    assert_true(accepted > 0);
    assert_int_equal(meta(b).last_order > 0, true);
    struct store_stats stats = {.head = head_of(b, STORE_STATS)};
    assert_int_equal(store_call(b->store, &stats.head), 0);
    assert_int_equal(stats.ret_creators[0].orders[ORDER_ACCEPTED], accepted);
}

enum { GROUPS_MAX = 2000 };

static void wait_and_start_again(int code) {
    poll(NULL, 0, code == TAKT_ESTORE ? 10 : 0);
    if (!alive && code != 0)
        alive = cluster_start(&cluster);
}

/* The same of groups of which two are under way at a time: they are whole, and in order. */
static void nothing_is_lost_or_twice_when_the_server_is_killed_with_groups_under_way(void **state) {
    struct bench *b = *state;
    struct group_of_orders *groups = takt_alloc(GROUPS_MAX * sizeof *groups);
    pthread_t killer;
    size_t count = 0, done = 0;
    int last = 0;
    uint64_t numbered = 0;
    kills = 0;
    alive = true;
    pthread_create(&killer, NULL, kill_now_and_then, NULL);
    while ((kills < KILLS || !alive || last != 0 || done < count) && count < GROUPS_MAX) {
        char prefix[8];
        snprintf(prefix, sizeof prefix, "G%d", (int)count);
        if (kills < KILLS || !alive || last != 0)
            bring_group(b, &groups[count++], prefix);
        struct store_request *r = store_under_way(b->store) ? store_turn(b->store, 0) : store_begin(b->store);
        for (; r != NULL; r = r->next, done++) {
            assert_ptr_equal(r, &groups[done].request.head);
            last = r->code;
            wait_and_start_again(last);
        }
    }
    pthread_join(killer, NULL);
    assert_int_equal(kills, KILLS);
    for (size_t g = 0; g < count; g++) {
        const struct group_of_orders *group = &groups[g];
        bool there = is_there(b, group->refs[0]);
        assert_int_equal(there, is_there(b, group->refs[GROUP_ORDERS - 1]));
        assert_true(group->request.head.code == TAKT_EUNKNOWN || there == (group->request.head.code == 0));
        if (group->request.head.code == 0) {
            assert_true(group->orders[0].ret_no > numbered);
            numbered = group->orders[GROUP_ORDERS - 1].ret_no;
            assert_int_equal(story(b, "luna", group->refs[GROUP_ORDERS - 1]).ret_order.no, numbered);
        }
        arena_clear(b->arena);
    }
    free(groups);
}

/* ---- plans ---- */

static const struct {
    const char *name, *types, *sql;
} statements[] = {
#define X(name, tables, types, sql) {#name, types, sql},
    PG_STATEMENTS(X)
#undef X
};

static void prepare_text(char *buffer, size_t size, const char *types, const char *sql) {
    bool array = types[0] == '*';
    size_t used = (size_t)snprintf(buffer, size, "PREPARE p (bigint");
    for (const char *t = types + array; *t != '\0'; t++)
        used += (size_t)snprintf(buffer + used, size - used, ", %s%s",
                                 *t == 's'   ? "text"
                                 : *t == 'b' ? "bytea"
                                             : "bigint",
                                 array ? "[]" : "");
    used += (size_t)snprintf(buffer + used, size - used, ") AS %s; EXPLAIN EXECUTE p (1", sql);
    for (const char *t = types + array; *t != '\0'; t++)
        used += (size_t)snprintf(buffer + used, size - used, ", NULL");
    snprintf(buffer + used, size - used, ")");
}

/* Tables of what a plant has a handful of: reading all of them is what those statements are for. */
static bool reads_few(const char *name) {
    static const char *const few[] = {"CREATOR_ALL", "STOCK_ALL",  "RECEIPTS_ALL",
                                      "DOWNS_ALL",   "SETUPS_ALL", "SURPLUS_ALL", "PROCESSES_ALL", "STATE_SETTLED"};
    for (size_t i = 0; i < sizeof few / sizeof few[0]; i++)
        if (strcmp(name, few[i]) == 0)
            return true;
    return false;
}

/* On empty tables of which the server knows nothing, which is when it would choose to read them whole. */
static void no_query_reads_a_whole_table(void **state) {
    (void)state;
    PGconn *conn = PQconnectdb(cluster.url);
    PQclear(PQexec(conn, PG_SESSION));
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        char text[8192];
        prepare_text(text, sizeof text, statements[i].types, statements[i].sql);
        PGresult *r = PQexec(conn, text);
        if (PQresultStatus(r) != PGRES_TUPLES_OK)
            fail_msg("%s: %s", statements[i].name, PQresultErrorMessage(r));
        for (int row = 0; row < PQntuples(r); row++) {
            const char *step = PQgetvalue(r, row, 0);
            const char *on = strstr(step, "Seq Scan on ");
            if (on != NULL)
                fail_msg("%s: %s", statements[i].name, step);
            if (strstr(step, "Index Cond: (plant = $1)") != NULL && !reads_few(statements[i].name))
                fail_msg("%s: %s", statements[i].name, step);
        }
        PQclear(r);
        PQclear(PQexec(conn, "DEALLOCATE p"));
    }
    PQfinish(conn);
}

static void postgresql_is_installed(void **state) {
    (void)state;
    skip();
}

#define SERVER_TESTS                                                                                                   \
    SUITE_TEST(what_was_accepted_is_there_after_it_is_opened_again),                                                   \
        SUITE_TEST(plants_in_one_database_do_not_see_each_other),                                                      \
        SUITE_TEST(a_plant_or_database_that_cannot_be_is_refused),                                                     \
        SUITE_TEST(of_several_hosts_the_one_that_answers_is_used), SUITE_TEST(a_planner_elsewhere_fences_this_one),    \
        SUITE_TEST(what_another_process_writes_beside_a_group_under_way_makes_it_run_again),                           \
        SUITE_TEST(a_reader_misses_nothing_while_several_write), SUITE_TEST(no_query_reads_a_whole_table)

#define TROUBLE_TESTS                                                                                                  \
    SUITE_TEST(an_order_of_a_cancelled_wait_for_the_standby_is_settled_first),                                         \
        SUITE_TEST(a_connection_lost_in_a_commit_that_took_place_is_found_out),                                        \
        SUITE_TEST(a_connection_lost_in_a_commit_that_did_not_is_found_out),                                           \
        SUITE_TEST(a_commit_that_the_server_refuses_changed_nothing),                                                  \
        SUITE_TEST(an_outcome_that_cannot_be_found_out_is_unknown), SUITE_TEST(a_read_only_database_is_told),          \
        SUITE_TEST(a_server_that_stands_still_is_slow_and_waited_for_no_longer_than_said),                             \
        SUITE_TEST(nothing_is_lost_or_twice_when_the_server_is_killed_under_load),                                     \
        SUITE_TEST(nothing_is_lost_or_twice_when_the_server_is_killed_with_groups_under_way)

int main(void) {
    const struct CMUnitTest tests[] = {STORE_SUITE, SERVER_TESTS, TROUBLE_TESTS};
    const struct CMUnitTest none[] = {cmocka_unit_test(postgresql_is_installed)};
    if (!cluster_installed(&cluster))
        return cmocka_run_group_tests(none, NULL, NULL);
    if (!cluster_make(&cluster)) {
        fprintf(stderr, "the server does not start: see %s/log\n", cluster.folder);
        return 1;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    cluster_remove(&cluster);
    return failed;
}
