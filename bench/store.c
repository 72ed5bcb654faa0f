/* SPDX-License-Identifier: Apache-2.0 */

/* How fast the store is, beside what the database allows: bench/store [FOLDER | postgresql://… [PART…]]
 *
 * accept: durable orders a second in groups, by turns with the least that keeps them: one typed row of the same size
 * under a unique (creator, order_ref) in one table. SQLite: WAL and synchronous=FULL, otherwise as it comes.
 * PostgreSQL: arrays in binary, INSERT … SELECT FROM unnest, on one connection and on two with one group under way on
 * each; the faster counts. The last line is with as many orders waiting as the store cares to take at a time, against the
 * fastest limit of all. Beside each rate stands the processor time of a row, this process's and the server's: on a machine
 * with other work it says more.
 *
 * single: one order at a time, milliseconds to durable, beside an fdatasync of as much.
 *
 * publish: a plan that changes up to 100,000 tasks.
 *
 * recover: all that a planner starts from, with 1,000,000 open orders and more, page by page; it does publish as well.
 *
 * PART: accept, single, publish, recover; all of them if none is named. Each prints lines of `name value`. The folder (default: the current one) must be on the disk that is meant; for
 * PostgreSQL the current one is on the server's disk. Its database should be empty. */

#include "daemon/store/store.h"
#include "base/arena.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CREATORS = 50, MESSAGE = 64, TURN = 32, SLOTS = 3, LOAD = TURN * MESSAGE, ROUNDS = 5, SINGLES = 2000, TASKS = 100000, OPEN_ORDERS = 1000000, PAGE = 10000, LOTS = 10000, OPS = 10 };
static const double round_s = 1.0;
static const int64_t now_at_s = 1764547200;

static char path[4096], limit_path[4096];
static const char *database; /* its URL; NULL: SQLite */

static double clock_s(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double now_s(void) {
    return clock_s(CLOCK_MONOTONIC);
}

_Noreturn static void stop(const char *what, const char *why) {
    fprintf(stderr, "bench/store: %s: %s\n", what, why);
    exit(1);
}

static void remove_store(const char *name) {
    static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
    char file[4200];
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        snprintf(file, sizeof file, "%s%s", name, endings[i]);
        unlink(file);
    }
}

/* ---- the orders of both sides ---- */

static const char *const recipients[] = {
    "\"name\":\"Zoë van der Berg\",\"address\":{\"country\":\"NL\",\"city\":\"Groningen\",\"line1\":\"Oude "
    "Ebbingestraat 17\","
    "\"postal_code\":\"9712 HA\"}",
    "\"name\":\"Aoife O'Sullivan\",\"address\":{\"country\":\"IE\",\"city\":\"Galway\",\"line1\":\"4 Shop Street\","
    "\"postal_code\":\"H91 E2K7\"}",
};

static void make_body(char *body, size_t size, uint64_t n) {
    snprintf(body, size, "{\"recipient\":{%s},\"items\":[{\"personalization\":{\"text\":\"for Mei, number %llu\"}}]}",
             recipients[n % 2], (unsigned long long)n);
}

struct message {
    struct store_accept request;
    struct accept_order orders[MESSAGE];
    char refs[MESSAGE][32], bodies[MESSAGE][320], creator[32];
};

static const struct item_row item = {
    .product = "tee-heavy-cotton", .options = "fabric=white;ink=dark;size=M", .quantity = 2};

/* n is the number of the first order; a message is one creator's. */
static void make_message(struct message *m, uint64_t n, size_t count) {
    snprintf(m->creator, sizeof m->creator, "creator-%03d", (int)(n / MESSAGE % CREATORS));
    m->request = (struct store_accept){.head = {.op = STORE_ACCEPT},
                                       .creator = m->creator,
                                       .max_open = INT64_MAX,
                                       .now_s = now_at_s,
                                       .orders = m->orders,
                                       .count = count};
    for (size_t i = 0; i < count; i++) {
        struct accept_order *o = &m->orders[i];
        snprintf(m->refs[i], sizeof m->refs[i], "LUNA-%011llu", (unsigned long long)(n + i));
        make_body(m->bodies[i], sizeof m->bodies[i], n + i);
        *o = (struct accept_order){.row = {.order_ref = m->refs[i],
                                           .channel = "livestream",
                                           .campaign = "winter-drop",
                                           .service = "standard",
                                           .wish_day = 20500,
                                           .country = "NL",
                                           .recipient_key = n * 2654435761U,
                                           .items = &item,
                                           .item_count = 1},
                                   .body = m->bodies[i]};
        for (size_t k = 0; k < sizeof o->hash; k++)
            o->hash[k] = (uint8_t)((n + i) * 0x9e3779b97f4a7c15U >> (k % 8 * 7));
    }
}

/* ---- the limit ---- */

static sqlite3_stmt *open_limit(sqlite3 **db) {
    sqlite3_stmt *insert = NULL;
    if (sqlite3_open(limit_path, db) != SQLITE_OK ||
        sqlite3_exec(*db,
                     "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                     "CREATE TABLE o (id INTEGER PRIMARY KEY, creator TEXT, order_ref TEXT, product TEXT, options TEXT,"
                     " quantity INTEGER, channel TEXT, campaign TEXT, service TEXT, country TEXT, wish INTEGER,"
                     " recipient INTEGER, accepted INTEGER, state INTEGER, body TEXT, UNIQUE (creator, order_ref))",
                     NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(*db,
                           "INSERT INTO o (creator, order_ref, product, options, quantity, channel, campaign, service,"
                           " country, wish, recipient, accepted, state, body) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
                           " ON CONFLICT (creator, order_ref) DO NOTHING",
                           -1, &insert, NULL) != SQLITE_OK)
        stop("limit", sqlite3_errmsg(*db));
    return insert;
}

static void limit_row(sqlite3_stmt *st, const char *creator, const struct accept_order *o) {
    const char *const texts[] = {creator, o->row.order_ref, item.product, item.options};
    for (int i = 0; i < 4; i++)
        sqlite3_bind_text(st, i + 1, texts[i], -1, SQLITE_STATIC);
    sqlite3_bind_int64(st, 5, item.quantity);
    sqlite3_bind_text(st, 6, o->row.channel, -1, SQLITE_STATIC);
    sqlite3_bind_text(st, 7, o->row.campaign, -1, SQLITE_STATIC);
    sqlite3_bind_text(st, 8, o->row.service, -1, SQLITE_STATIC);
    sqlite3_bind_text(st, 9, o->row.country, -1, SQLITE_STATIC);
    sqlite3_bind_int64(st, 10, o->row.wish_day);
    sqlite3_bind_int64(st, 11, (int64_t)o->row.recipient_key);
    sqlite3_bind_int64(st, 12, now_at_s);
    sqlite3_bind_int64(st, 13, 0);
    sqlite3_bind_text(st, 14, o->body, -1, SQLITE_STATIC);
    if (sqlite3_step(st) != SQLITE_DONE)
        stop("limit", sqlite3_errmsg(sqlite3_db_handle(st)));
    sqlite3_reset(st);
}

/* ---- the limit of PostgreSQL ---- */

enum { LIMIT_COLUMNS = 14, LIMIT_BATCH_MAX = 1024, LIMIT_ROW_MAX = 1024, OID_INT8 = 20, OID_TEXT = 25 };

/* An array as it goes over the wire: a head of 20 bytes, then each element behind its length. */
struct column {
    char *bytes;
    size_t length;
};

static PGconn *limit_conns[2];
static struct column columns[LIMIT_COLUMNS];
static const bool is_text[LIMIT_COLUMNS] = {true, true, true, true, false, true, true, true, true, [13] = true};

static void put32(char *at, uint32_t n) {
    n = htonl(n);
    memcpy(at, &n, sizeof n);
}

static void put_bytes(struct column *c, const void *bytes, size_t length) {
    put32(c->bytes + c->length, (uint32_t)length);
    memcpy(c->bytes + c->length + 4, bytes, length);
    c->length += length + 4;
}

static void put_number(struct column *c, uint64_t n) {
    char bytes[8];
    put32(bytes, (uint32_t)(n >> 32));
    put32(bytes + 4, (uint32_t)n);
    put_bytes(c, bytes, sizeof bytes);
}

static void open_postgres_limit(void) {
    for (size_t i = 0; i < 2; i++) {
        limit_conns[i] = PQconnectdb(database);
        PQclear(PQexec(limit_conns[i], "SET application_name = 'limit'"));
        PGresult *r =
            i > 0 ? NULL
                  : PQexec(limit_conns[0],
                           "DROP TABLE IF EXISTS o; CREATE TABLE o (id bigint GENERATED ALWAYS AS "
                           "IDENTITY PRIMARY KEY, creator text, order_ref text, product text, options text, quantity "
                           "bigint, "
                           "channel text, campaign text, service text, country text, wish bigint, recipient bigint, "
                           "accepted bigint, state bigint, body text, UNIQUE (creator, order_ref))");
        PQclear(r);
        r = PQprepare(
            limit_conns[i], "add",
            "INSERT INTO o (creator, order_ref, product, options, quantity, channel, campaign, "
            "service, country, wish, recipient, accepted, state, body) SELECT * FROM unnest($1::text[], $2::text[], "
            "$3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[], "
            "$11::bigint[], $12::bigint[], $13::bigint[], $14::text[]) ON CONFLICT (creator, order_ref) DO NOTHING",
            0, NULL);
        if (PQresultStatus(r) != PGRES_COMMAND_OK)
            stop("limit", PQerrorMessage(limit_conns[i]));
        PQclear(r);
    }
    for (size_t i = 0; i < LIMIT_COLUMNS; i++)
        columns[i] = (struct column){.bytes = takt_alloc((size_t)LIMIT_BATCH_MAX * LIMIT_ROW_MAX)};
}

static void gather_row(const char *creator, const struct accept_order *o) {
    const char *const texts[LIMIT_COLUMNS] = {creator,        o->row.order_ref, item.product,    item.options,
                                              NULL,           o->row.channel,   o->row.campaign, o->row.service,
                                              o->row.country, [13] = o->body};
    const uint64_t numbers[LIMIT_COLUMNS] = {
        [4] = item.quantity, [9] = (uint64_t)o->row.wish_day, [10] = o->row.recipient_key, [11] = (uint64_t)now_at_s};
    for (size_t i = 0; i < LIMIT_COLUMNS; i++)
        if (is_text[i])
            put_bytes(&columns[i], texts[i], strlen(texts[i]));
        else
            put_number(&columns[i], numbers[i]);
}

static void send_rows(PGconn *conn, size_t rows) {
    const char *values[LIMIT_COLUMNS];
    int lengths[LIMIT_COLUMNS], formats[LIMIT_COLUMNS];
    for (size_t i = 0; i < LIMIT_COLUMNS; i++) {
        const uint32_t head[] = {1, 0, is_text[i] ? OID_TEXT : OID_INT8, (uint32_t)rows, 1};
        for (size_t k = 0; k < 5; k++)
            put32(columns[i].bytes + 4 * k, head[k]);
        values[i] = columns[i].bytes;
        lengths[i] = (int)columns[i].length;
        formats[i] = 1;
    }
    if (PQsendQueryPrepared(conn, "add", LIMIT_COLUMNS, values, lengths, formats, 1) != 1)
        stop("limit", PQerrorMessage(conn));
}

static void await_rows(PGconn *conn) {
    for (PGresult *r; (r = PQgetResult(conn)) != NULL; PQclear(r))
        if (PQresultStatus(r) != PGRES_COMMAND_OK)
            stop("limit", PQerrorMessage(conn));
}

/* ---- a stopwatch ---- */

struct watch {
    double wall_s, own_s; /* sums of what was timed; own: processor time of this process */
    double wall_from_s, own_from_s;
    double server_s;      /* processor time of the server for one side's connections */
    uint64_t rows;
};

static void watch_start(struct watch *w) {
    w->own_from_s = clock_s(CLOCK_PROCESS_CPUTIME_ID);
    w->wall_from_s = now_s();
}

static void watch_stop(struct watch *w) {
    w->wall_s += now_s() - w->wall_from_s;
    w->own_s += clock_s(CLOCK_PROCESS_CPUTIME_ID) - w->own_from_s;
}

/* What the server's processes that serve connections of that name have used so far; 0 where they cannot be seen. */
static double server_s(const char *name) {
    double sum_s = 0;
    if (!database)
        return 0;
    PGresult *r = PQexecParams(limit_conns[0],
                               "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND "
                               "application_name = $1",
                               1, NULL, &name, NULL, NULL, 0);
    for (int i = 0; i < PQntuples(r); i++) {
        char file[64];
        unsigned long long ran_ns = 0;
        snprintf(file, sizeof file, "/proc/%.20s/schedstat", PQgetvalue(r, i, 0));
        FILE *f = fopen(file, "r");
        sum_s += f != NULL && fscanf(f, "%llu", &ran_ns) == 1 ? (double)ran_ns / 1e9 : 0;
        if (f != NULL)
            fclose(f);
    }
    PQclear(r);
    return sum_s;
}

/* ---- accept ---- */

struct sides {
    sqlite3 *db;
    sqlite3_stmt *insert;
    struct store *store;
    struct message *messages; /* SLOTS times TURN of them: two turns may be under way */
    uint64_t limit_n, store_n;
    size_t slot, waiting; /* orders that were submitted and are not done */
};

static void limit_turn(struct sides *s, size_t batch, struct watch *w) {
    for (size_t i = 0; i < batch / MESSAGE; i++)
        make_message(&s->messages[i], s->limit_n + i * MESSAGE, MESSAGE);
    s->limit_n += batch;
    watch_start(w);
    sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    for (size_t i = 0; i < batch / MESSAGE; i++)
        for (size_t k = 0; k < MESSAGE; k++)
            limit_row(s->insert, s->messages[i].creator, &s->messages[i].orders[k]);
    if (sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        stop("limit", sqlite3_errmsg(s->db));
    watch_stop(w);
    w->rows += batch;
}

/* Each group is one statement and so one transaction; `conns` of them are under way. */
static struct watch postgres_round(struct sides *s, size_t batch, size_t conns) {
    struct watch w = {.server_s = -server_s("limit")};
    double start = now_s();
    size_t turn = 0;
    for (; now_s() - start < round_s; turn++) {
        PGconn *conn = limit_conns[turn % conns];
        for (size_t i = 0; i < LIMIT_COLUMNS; i++)
            columns[i].length = 20;
        for (size_t i = 0; i < batch / MESSAGE; i++)
            make_message(&s->messages[i], s->limit_n + i * MESSAGE, MESSAGE);
        s->limit_n += batch;
        watch_start(&w);
        if (turn >= conns)
            await_rows(conn);
        for (size_t i = 0; i < batch / MESSAGE; i++)
            for (size_t k = 0; k < MESSAGE; k++)
                gather_row(s->messages[i].creator, &s->messages[i].orders[k]);
        send_rows(conn, batch);
        watch_stop(&w);
        w.rows += batch;
    }
    watch_start(&w);
    for (size_t i = 0; i < conns; i++)
        await_rows(limit_conns[i]);
    watch_stop(&w);
    w.server_s += server_s("limit");
    return w;
}

static void take_done(struct sides *s, const struct store_request *done) {
    for (; done != NULL; done = done->next) {
        if (done->code != 0)
            stop("accept", done->err.text);
        s->waiting -= ((const struct store_accept *)done)->count;
    }
}

/* As the daemon's store does: what comes while a group is under way is the next one. */
static void store_one_turn(struct sides *s, size_t batch, struct watch *w) {
    struct message *messages = s->messages + s->slot++ % SLOTS * TURN;
    for (size_t i = 0; i < batch / MESSAGE; i++) {
        make_message(&messages[i], s->store_n + i * MESSAGE, MESSAGE);
        store_submit(s->store, &messages[i].request.head);
    }
    s->store_n += batch;
    s->waiting += batch;
    watch_start(w);
    if (!store_under_way(s->store))
        take_done(s, store_begin(s->store));
    while (s->waiting > (store_under_way(s->store) ? batch : 0))
        take_done(s, store_turn(s->store, 0));
    watch_stop(w);
    w->rows += batch;
}

static void store_drain(struct sides *s, struct watch *w) {
    watch_start(w);
    while (s->waiting > 0)
        take_done(s, store_turn(s->store, 0));
    watch_stop(w);
}

static struct watch store_round(struct sides *s, size_t batch) {
    struct watch w = {.server_s = -server_s("taktd")};
    for (double start = now_s(); now_s() - start < round_s;)
        store_one_turn(s, batch, &w);
    store_drain(s, &w);
    w.server_s += server_s("taktd");
    return w;
}

static struct watch sqlite_round(struct sides *s, size_t batch) {
    struct watch w = {0};
    for (double start = now_s(); now_s() - start < round_s;)
        limit_turn(s, batch, &w);
    return w;
}

static struct store *open_store(void) {
    static char url[4200];
    struct takt_error err = {0};
    struct store *store;
    snprintf(url, sizeof url, "%s%s", database ? "" : "sqlite:", database ? database : path);
    struct store_config config = {.url = url, .plant = "bench", .create = true};
    if (store_open(&config, &store, &err) < 0)
        stop("open", err.text);
    return store;
}

static int compare_double(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count) {
    qsort(values, count, sizeof *values, compare_double);
    return values[count / 2];
}

static double rate(const struct watch *w) {
    return (double)w->rows / w->wall_s;
}

static struct watch faster(struct watch a, struct watch b) {
    return rate(&a) > rate(&b) ? a : b;
}

static struct watch limit_round(struct sides *s, size_t batch) {
    return database ? faster(postgres_round(s, batch, 1), postgres_round(s, batch, 2)) : sqlite_round(s, batch);
}

struct rounds {
    double rows_s[ROUNDS], own_us[ROUNDS], server_us[ROUNDS];
};

static void keep(struct rounds *r, int round, struct watch w) {
    r->rows_s[round] = rate(&w);
    r->own_us[round] = w.own_s * 1e6 / (double)w.rows;
    r->server_us[round] = w.server_s * 1e6 / (double)w.rows;
}

static void print_rounds(const char *what, const char *side, struct rounds *r) {
    printf("accept.%s.%s_rows_s %.0f\n", what, side, median(r->rows_s, ROUNDS));
    printf("accept.%s.%s_own_us %.2f\n", what, side, median(r->own_us, ROUNDS));
    if (database)
        printf("accept.%s.%s_server_us %.2f\n", what, side, median(r->server_us, ROUNDS));
}

/* batch 0: so much waits that the store chooses its groups by itself, as under load, against the fastest limit. */
static void bench_batch(struct sides *s, size_t batch) {
    static struct rounds limit, store;
    double share[ROUNDS];
    char what[24] = "load";
    if (batch > 0)
        snprintf(what, sizeof what, "%zu", batch);
    for (int i = 0; i < ROUNDS; i++) {
        keep(&limit, i, batch > 0 ? limit_round(s, batch) : faster(limit_round(s, 256), limit_round(s, 1024)));
        keep(&store, i, store_round(s, batch > 0 ? batch : LOAD));
        share[i] = store.rows_s[i] / limit.rows_s[i];
    }
    print_rounds(what, "limit", &limit);
    print_rounds(what, "store", &store);
    printf("accept.%s.share %.2f\n", what, median(share, ROUNDS));
    fflush(stdout);
}

static void bench_accept(struct sides *s) {
    static const size_t batches[] = {64, 256, 1024, 0};
    for (size_t b = 0; b < sizeof batches / sizeof batches[0]; b++)
        bench_batch(s, batches[b]);
}

/* ---- single ---- */

static void bench_single(struct sides *s) {
    static double disk[SINGLES], store[SINGLES];
    static char block[8192];
    char file[4200];
    snprintf(file, sizeof file, "%s.sync", path);
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    for (size_t i = 0; i < SINGLES; i++) {
        double t = now_s();
        if (pwrite(fd, block, sizeof block, (off_t)(i * sizeof block)) != sizeof block || fdatasync(fd) != 0)
            stop("single", "cannot write");
        disk[i] = now_s() - t;
        make_message(s->messages, s->store_n++, 1);
        t = now_s();
        if (store_call(s->store, &s->messages->request.head) != 0)
            stop("single", s->messages->request.head.err.text);
        store[i] = now_s() - t;
    }
    close(fd);
    unlink(file);
    s->store_n += MESSAGE;
    printf("single.disk_p50_ms %.2f\nsingle.store_p50_ms %.2f\n", median(disk, SINGLES) * 1e3,
           median(store, SINGLES) * 1e3);
    printf("single.disk_p99_ms %.2f\nsingle.store_p99_ms %.2f\n", disk[SINGLES * 99 / 100] * 1e3,
           store[SINGLES * 99 / 100] * 1e3);
}

/* ---- publish and recover ---- */

/* Every open order into one of LOTS, OPS tasks a lot, in publications as a planner writes them. */
static uint64_t plan_all(struct store *store, uint64_t orders, uint64_t *publish_no) {
    const uint64_t lot_size = orders / LOTS;
    enum { CHUNK = 2000 };
    struct arena *arena = arena_new();
    struct store_claim claim = {.head = {.op = STORE_CLAIM}};
    store_call(store, &claim.head);
    struct store_load meta = {.head = {.op = STORE_LOAD}, .kind = LOAD_META};
    store_call(store, &meta.head);
    for (uint64_t from = 0; from < orders; from += CHUNK) {
        arena_clear(arena);
        struct lot_row *lots = arena_array(arena, CHUNK / lot_size, sizeof *lots);
        struct task_row *tasks = arena_array(arena, CHUNK / lot_size * OPS, sizeof *tasks);
        struct slice_row *slices = arena_array(arena, CHUNK, sizeof *slices);
        struct order_update *updates = arena_array(arena, CHUNK, sizeof *updates);
        size_t n = 0, lot_count = 0, task_count = 0;
        for (uint64_t no = from + 1; no <= from + CHUNK && no <= orders; no++, n++) {
            uint32_t lot = (uint32_t)((no - 1) / lot_size + 1);
            slices[n] = (struct slice_row){.order = no, .count = 2, .lot = lot};
            updates[n] = (struct order_update){no, ORDER_PLANNED, now_at_s + 86400, TAKT_TIME_NONE};
            if ((no - 1) % lot_size != 0)
                continue;
            lots[lot_count++] = (struct lot_row){
                .lot = lot, .product = item.product, .like = item.options, .firm_at_s = TAKT_TIME_NEVER, .units = 200};
            for (uint32_t op = 0; op < OPS; op++)
                tasks[task_count++] = (struct task_row){.lot = lot,
                                                        .op = op,
                                                        .op_id = "print",
                                                        .line = "print-1",
                                                        .start_s = now_at_s,
                                                        .end_s = now_at_s + 60,
                                                        .quantity = 200,
                                                        .started_at_s = TAKT_TIME_NONE,
                                                        .finished_at_s = TAKT_TIME_NONE};
        }
        struct store_publish q = {.head = {.op = STORE_PUBLISH},
                                  .epoch = claim.ret_epoch,
                                  .publish_no = ++*publish_no,
                                  .seen = meta.ret_meta.seen,
                                  .lots = lots,
                                  .lot_count = lot_count,
                                  .slices = slices,
                                  .slice_count = n,
                                  .tasks = tasks,
                                  .task_count = task_count,
                                  .orders = updates,
                                  .order_count = n};
        if (store_call(store, &q.head) != 0)
            stop("plan", q.head.err.text);
    }
    arena_free(arena);
    return claim.ret_epoch;
}

static void bench_publish(struct store *store, uint64_t epoch, uint64_t *publish_no, uint64_t lots) {
    double took[ROUNDS], own[ROUNDS], server[ROUNDS];
    struct task_row *tasks = takt_alloc(TASKS * sizeof *tasks);
    struct store_load meta = {.head = {.op = STORE_LOAD}, .kind = LOAD_META};
    store_call(store, &meta.head);
    for (int round = 0; round < ROUNDS; round++) {
        size_t n = 0;
        for (; n < TASKS && n / OPS < lots; n++)
            tasks[n] = (struct task_row){.lot = (uint32_t)(n / OPS + 1),
                                         .op = n % OPS,
                                         .op_id = "print",
                                         .line = round % 2 ? "print-2" : "print-1",
                                         .start_s = now_at_s + round * 60,
                                         .end_s = now_at_s + round * 60 + 60,
                                         .quantity = 200,
                                         .started_at_s = TAKT_TIME_NONE,
                                         .finished_at_s = TAKT_TIME_NONE,
                                         .moved = true};
        struct store_publish q = {.head = {.op = STORE_PUBLISH},
                                  .epoch = epoch,
                                  .publish_no = ++*publish_no,
                                  .seen = meta.ret_meta.seen,
                                  .plan_version = (uint64_t)round + 1,
                                  .scheduler = "atcs",
                                  .tasks = tasks,
                                  .task_count = n};
        struct watch w = {.server_s = -server_s("taktd")};
        watch_start(&w);
        if (store_call(store, &q.head) != 0)
            stop("publish", q.head.err.text);
        watch_stop(&w);
        took[round] = w.wall_s;
        own[round] = w.own_s;
        server[round] = w.server_s + server_s("taktd");
        if (round == 0)
            printf("publish.tasks %zu\n", n);
    }
    free(tasks);
    printf("publish.s %.3f\npublish.own_s %.3f\n", median(took, ROUNDS), median(own, ROUNDS));
    if (database)
        printf("publish.server_s %.3f\n", median(server, ROUNDS));
}

static uint64_t load_all(struct store *store, enum load_kind kind, struct arena *arena) {
    uint64_t rows = 0;
    struct store_load q = {.head = {.op = STORE_LOAD, .arena = arena}, .kind = kind, .first = true, .limit = PAGE};
    do {
        arena_clear(arena);
        if (store_call(store, &q.head) != 0)
            stop("recover", q.head.err.text);
        rows += q.ret_count;
        q.first = false;
        memcpy(q.after, q.ret_after, sizeof q.after);
    } while (q.ret_count == PAGE);
    return rows;
}

static void bench_recover(void) {
    static const struct {
        enum load_kind kind;
        const char *name;
    } kinds[] = {{LOAD_ORDERS, "orders"}, {LOAD_LOTS, "lots"}, {LOAD_SLICES, "slices"}, {LOAD_TASKS, "tasks"}};
    struct arena *arena = arena_new();
    double start = now_s(), last = start;
    struct store *store = open_store();
    printf("recover.open_s %.2f\n", now_s() - start);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        last = now_s();
        uint64_t rows = load_all(store, kinds[i].kind, arena);
        printf("recover.%s %llu\nrecover.%s_s %.2f\n", kinds[i].name, (unsigned long long)rows, kinds[i].name,
               now_s() - last);
    }
    printf("recover.all_s %.2f\n", now_s() - start);
    store_close(store);
    arena_free(arena);
}

static bool wanted(int argc, char **argv, const char *part) {
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], part) == 0)
            return true;
    return argc <= 2;
}

static void close_limit(struct sides *s) {
    sqlite3_finalize(s->insert);
    sqlite3_close(s->db);
    for (size_t i = 0; i < 2; i++)
        PQfinish(limit_conns[i]);
    for (size_t i = 0; i < LIMIT_COLUMNS; i++)
        free(columns[i].bytes);
}

int main(int argc, char **argv) {
    database = argc > 1 && strncmp(argv[1], "postgresql:", 11) == 0 ? argv[1] : NULL;
    const char *folder = argc > 1 && !database ? argv[1] : ".";
    snprintf(path, sizeof path, "%s/bench-store", folder);
    snprintf(limit_path, sizeof limit_path, "%s/bench-limit", folder);
    remove_store(path);
    remove_store(limit_path);
    struct sides s = {.store = open_store(), .messages = takt_alloc((size_t)SLOTS * TURN * sizeof *s.messages)};
    if (database)
        open_postgres_limit();
    else
        s.insert = open_limit(&s.db);
    if (wanted(argc, argv, "accept"))
        bench_accept(&s);
    if (wanted(argc, argv, "single"))
        bench_single(&s);
    bool recover = wanted(argc, argv, "recover");
    uint64_t publish_no = 0, orders = recover ? OPEN_ORDERS : wanted(argc, argv, "publish") ? LOTS : 0;
    struct watch unused = {0};
    while (s.store_n < orders)
        store_one_turn(&s, 1024, &unused);
    store_drain(&s, &unused);
    if (orders > 0) {
        uint64_t epoch = plan_all(s.store, orders, &publish_no);
        bench_publish(s.store, epoch, &publish_no, LOTS);
    }
    close_limit(&s);
    store_close(s.store);
    if (recover)
        bench_recover();
    free(s.messages);
    remove_store(path);
    remove_store(limit_path);
    return 0;
}
