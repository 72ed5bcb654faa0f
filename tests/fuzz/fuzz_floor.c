/* SPDX-License-Identifier: Apache-2.0 */
/* Sequences of messages of several terminals, and of the operator, to a floor over a store in memory.
 *
 * The input is lines. A line that begins with a digit is a message of that connection, one that begins with `o` the
 * operator's; `!` and a letter is something else that happens: h hold the store's answers, r release them the other way
 * round, f the store fails once, p the planner answers everything that it was asked: publishes it, or refuses every
 * third. Whatever comes: every message gets exactly one answer, every reply is a message, no report_ref is with the
 * planner twice at once or after it was published, and what was under way comes to an end. */
#include "base/arena.h"
#include "daemon/floor/floor.h"
#include "daemon/wire/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char plant_text[] = "takt: 1\n"
                                 "plant: {id: p, time_zone: UTC}\n"
                                 "lines: {cut: {calendar: always}, sew: {calendar: always, count: 2}}\n"
                                 "materials: {jersey: {unit: m}}\n"
                                 "products:\n"
                                 "  tee:\n"
                                 "    options: {ink: [light, dark], design: any}\n"
                                 "    lot: {max: 100}\n"
                                 "    route: [{op: cut, lines: {cut: 30/h}}, {op: sew, lines: {sew: 30/h}}]\n"
                                 "packing: {lines: {pack: {calendar: always, rate: 60/h}}}\n"
                                 "creators: {luna: {}}\n"
                                 "terminals: {bench: {lines: [cut]}, hall: {lines: [sew, pack]}}\n"
                                 "shipping:\n"
                                 "  carriers: {mail: {cutoff: \"17:00\", days: mon-sat, transit: {DE: 1d, else: 5d}}}\n"
                                 "  services: {standard: {carrier: mail}}\n"
                                 "security: none\n"
                                 "listen: {orders: \"ipc://o\", shipments: \"ipc://s\", floor: \"ipc://f\"}\n";

enum { HELD_MAX = 4096, LINES_MAX = 64 };

struct life {
    struct floor *floor;
    struct store *store;
    struct arena *arena;
    uint64_t epoch, publish_no, order;
    struct store_request *held[HELD_MAX];
    struct ask *asks[HELD_MAX];
    size_t held_count, ask_count, asked_before;
    bool hold, fail;
    size_t said, answered;
};

static void must(bool fine) {
    if (!fine)
        abort();
}

static struct plant *load_plant(void) {
    static struct plant *plant;
    if (plant)
        return plant;
    struct plant_faults faults;
    struct takt_error err = {0};
    char path[64];
    int fd = memfd_create("plant", 0);
    must(fd >= 0 && write(fd, plant_text, sizeof plant_text - 1) == sizeof plant_text - 1);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    must(plant_load(path, NULL, 0, &plant, &faults, &err) == 0);
    plant_faults_done(&faults);
    close(fd);
    return plant;
}

static void accept_order(struct life *l) {
    static const struct item_row items[] = {
        {.product = "tee", .options = "design=x;ink=dark", .quantity = 3},
        {.product = "tee", .options = "design=y;ink=dark", .quantity = 1, .personalised = true}};
    struct accept_order o = {.row = {.order_ref = "A-1",
                                     .channel = "",
                                     .campaign = "",
                                     .service = "",
                                     .wish_day = TAKT_DAY_NONE,
                                     .recipient_key = 5,
                                     .items = items,
                                     .item_count = 2},
                             .body = "{\"items\":[null,{\"text\":\"for Mei\"}]}"};
    struct store_accept q = {
        .head = {.op = STORE_ACCEPT, .arena = l->arena}, .creator = "luna", .max_open = 10, .orders = &o, .count = 1};
    must(store_call(l->store, &q.head) == 0);
    l->order = o.ret_no;
    struct store_claim claim = {.head = {.op = STORE_CLAIM, .arena = l->arena}};
    must(store_call(l->store, &claim.head) == 0);
    l->epoch = claim.ret_epoch;
}

static void run_request(struct life *l, struct store_request *r) {
    if (l->fail)
        r->code = TAKT_ESTORE;
    else
        store_call(l->store, r);
    l->fail = false;
    floor_stored(l->floor, r, 0);
}

/* A report is with the planner once: neither twice at a time, nor again after it was published. */
static void check_once(struct life *l, const struct report *report) {
    for (size_t i = 0; i < l->ask_count; i++) {
        const struct report *other = l->asks[i]->kind == ASK_REPORT ? l->asks[i]->u.report.report : NULL;
        must(other == NULL || strcmp(other->reporter, report->reporter) != 0 ||
             strcmp(other->report_ref, report->report_ref) != 0);
    }
    struct store_reported known = {.head = {.op = STORE_REPORTED, .arena = l->arena},
                                   .reporter = report->reporter,
                                   .report_ref = report->report_ref};
    must(store_call(l->store, &known.head) == 0 && !known.ret_known);
}

static void take_reply(struct life *l, const struct floor_effect *e) {
    struct message m;
    struct refusal refusal;
    must(message_read(e->text, e->size, &m, &refusal));
    message_done(&m);
    free(e->text);
    l->answered++;
}

static void pump(struct life *l) {
    struct floor_effect e;
    while (floor_effect(l->floor, &e)) {
        if (e.kind == FLOOR_REPLY) {
            take_reply(l, &e);
        } else if (e.kind == FLOOR_ASK) {
            if (e.ask->kind == ASK_REPORT)
                check_once(l, e.ask->u.report.report);
            l->asks[l->ask_count++] = e.ask;
        } else if (l->hold) {
            l->held[l->held_count++] = e.request;
        } else {
            run_request(l, e.request);
        }
    }
}

static void release(struct life *l) {
    l->hold = false;
    while (l->held_count > 0)
        run_request(l, l->held[--l->held_count]);
    pump(l);
}

static void publish(struct life *l, const struct report *r) {
    struct store_load load = {.head = {.op = STORE_LOAD, .arena = l->arena}, .kind = LOAD_META};
    must(store_call(l->store, &load.head) == 0);
    struct report_row row = {.reporter = r->reporter, .report_ref = r->report_ref, .event = "started", .body = r->body};
    memcpy(row.hash, r->hash, sizeof row.hash);
    struct store_publish p = {.head = {.op = STORE_PUBLISH, .arena = l->arena},
                              .epoch = l->epoch,
                              .publish_no = ++l->publish_no,
                              .seen = load.ret_meta.seen,
                              .reports = &row,
                              .report_count = 1};
    must(store_call(l->store, &p.head) == 0);
}

static void answer(struct life *l, struct ask *ask) {
    if (l->asked_before++ % 3 == 2) {
        refuse(&ask->refusal, REFUSAL_CONTRADICTION, "", "no");
    } else if (ask->kind == ASK_REPORT) {
        publish(l, ask->u.report.report);
    } else if (ask->kind == ASK_NEXT) {
        struct unit_view *unit = arena_alloc(ask->arena, sizeof *unit);
        *unit = (struct unit_view){l->order, 1, 0, 1};
        struct task_view *task = arena_alloc(ask->arena, sizeof *task);
        *task = (struct task_view){.task = "L1-cut",
                                   .lot = 1,
                                   .product = "tee",
                                   .op = "cut",
                                   .line = "cut",
                                   .family = "",
                                   .units = unit,
                                   .unit_count = 1};
        ask->u.next.ret_tasks = task;
        ask->u.next.ret_count = 1;
    }
    floor_answered(l->floor, ask, 0);
}

static void answer_asks(struct life *l) {
    while (l->ask_count > 0) {
        struct ask *ask = l->asks[0];
        memmove(l->asks, l->asks + 1, --l->ask_count * sizeof *l->asks);
        answer(l, ask);
        pump(l);
    }
}

static void happen(struct life *l, char what) {
    if (what == 'h')
        l->hold = true;
    else if (what == 'r')
        release(l);
    else if (what == 'f')
        l->fail = true;
    else if (what == 'p')
        answer_asks(l);
}

static void live(struct life *l, const char *text, size_t size) {
    for (size_t lines = 0; size > 0 && lines < LINES_MAX; lines++) {
        const char *end = memchr(text, '\n', size);
        size_t length = end ? (size_t)(end - text) : size;
        if (length >= 2 && text[0] == '!') {
            happen(l, text[1]);
        } else if (length >= 1) {
            l->said++;
            if (text[0] == 'o')
                floor_operator(l->floor, 1000, text + 1, length - 1, 0);
            else
                floor_receive(l->floor, (uint64_t)text[0], NULL, text + 1, length - 1, 0);
            pump(l);
        }
        size -= end ? length + 1 : length;
        text += end ? length + 1 : length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct life l;
    l = (struct life){.floor = floor_new(load_plant()), .arena = arena_new()};
    struct store_config config = {.url = "memory:", .plant = "p", .create = true};
    must(store_open(&config, &l.store, NULL) == 0);
    accept_order(&l);
    live(&l, (const char *)data, size);
    while (l.held_count > 0 || l.ask_count > 0) {
        release(&l);
        answer_asks(&l);
    }
    must(floor_pending(l.floor) == 0 && l.said == l.answered);
    floor_free(l.floor);
    store_close(l.store);
    arena_free(l.arena);
    return 0;
}
