/* SPDX-License-Identifier: Apache-2.0 */
/* Sequences of messages of several connections to an intake over a store in memory, with what goes wrong around it.
 *
 * The input is lines. A line that begins with a digit is a message of that connection; `!` and a letter is something else that
 * happens: h hold the store's answers, r release them, f the store fails once, u it answers that it does not know, l the
 * connection named next is lost, b it sends several frames, w there is news, t a second passes, p the planner answers.
 * Whatever comes: every message gets its answer, every reply is a message, and what was under way comes to an end. */
#include "base/arena.h"
#include "daemon/intake/intake.h"
#include "daemon/store/store.h"
#include "daemon/wire/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char plant_text[] =
    "takt: 1\n"
    "plant: {id: p, time_zone: UTC}\n"
    "lines: {sew: {calendar: always}}\n"
    "products:\n"
    "  tee:\n"
    "    options: {ink: [light, dark], design: any}\n"
    "    lot: {max: 100}\n"
    "    route: [{op: sew, lines: {sew: 30/h}}]\n"
    "packing: {lines: {pack: {calendar: always, rate: 60/h}}}\n"
    "creators: {luna: {}, band: {max_open: 2, rate: 100/s}}\n"
    "shipping:\n"
    "  carriers: {mail: {cutoff: \"17:00\", days: mon-sat, transit: {DE: 1d, else: 5d}}}\n"
    "  services: {standard: {carrier: mail}}\n"
    "security: none\n"
    "listen: {orders: \"ipc://o\", shipments: \"ipc://s\"}\n";

enum { HELD_MAX = 8192 };

struct life {
    struct intake *in;
    struct store *store;
    struct store_request *held[HELD_MAX];
    struct ask *asks[HELD_MAX];
    size_t held_count, ask_count;
    bool hold, fail, unknown;
    int64_t now_ms;
    size_t asked, answered; /* messages that want an answer; answers that are not events */
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

static void run_request(struct life *l, struct store_request *r) {
    if (l->fail)
        r->code = TAKT_ESTORE;
    else
        store_call(l->store, r);
    if (l->unknown)
        r->code = TAKT_EUNKNOWN;
    l->fail = l->unknown = false;
    intake_stored(l->in, r);
}

static void take_reply(struct life *l, const struct intake_effect *e) {
    struct message m;
    struct refusal refusal;
    must(message_read(e->text, e->size, &m, &refusal));
    l->answered += strcmp(m.type, "event") != 0;
    message_done(&m);
    free(e->text);
}

static void pump(struct life *l) {
    struct intake_effect e;
    while (intake_effect(l->in, &e)) {
        if (e.kind == INTAKE_REPLY)
            take_reply(l, &e);
        else if (e.kind == INTAKE_ASK)
            l->asks[l->ask_count++] = e.ask;
        else if (e.kind == INTAKE_STORE && l->hold && l->held_count < HELD_MAX)
            l->held[l->held_count++] = e.request;
        else if (e.kind == INTAKE_STORE)
            run_request(l, e.request);
    }
}

static void release(struct life *l) {
    l->hold = false;
    for (size_t i = 0; i < l->held_count; i++)
        run_request(l, l->held[i]);
    l->held_count = 0;
    pump(l);
}

static void answer_asks(struct life *l) {
    for (size_t i = 0; i < l->ask_count; i++) {
        if (i % 2)
            refuse(&l->asks[i]->refusal, REFUSAL_BUSY, "", "loading");
        intake_answered(l->in, l->asks[i]);
    }
    l->ask_count = 0;
    pump(l);
}

static void happen(struct life *l, char what, char peer) {
    switch (what) {
    case 'h':
        l->hold = true;
        break;
    case 'r':
        release(l);
        break;
    case 'f':
        l->fail = true;
        break;
    case 'u':
        l->unknown = true;
        break;
    case 'l':
        intake_lost(l->in, (uint64_t)peer);
        break;
    case 'b':
        l->asked++;
        intake_broken(l->in, (uint64_t)peer, NULL);
        while (intake_work(l->in)) {
        }
        break;
    case 'w':
        intake_wake(l->in);
        break;
    case 't':
        l->now_ms += 1000;
        break;
    case 'p':
        answer_asks(l);
        break;
    }
}

/* A `seen` that is fine is the only message without an answer. */
static void receive(struct life *l, char peer, const char *text, size_t size) {
    struct message m;
    struct refusal refusal;
    bool seen = message_read(text, size, &m, &refusal) && strcmp(m.type, "seen") == 0;
    message_done(&m);
    size_t before = l->answered;
    intake_receive(l->in, (uint64_t)peer, NULL, text, size);
    while (intake_work(l->in)) {
    }
    pump(l);
    l->asked += !seen || l->answered > before;
}

static void live(struct life *l, const char *text, size_t size) {
    size_t lines = 0;
    while (size > 0 && lines++ < 64) {
        const char *end = memchr(text, '\n', size);
        size_t length = end ? (size_t)(end - text) : size;
        intake_time(l->in, 1795305600 + l->now_ms / 1000, l->now_ms);
        if (length >= 2 && text[0] == '!')
            happen(l, text[1], length >= 3 ? text[2] : '1');
        else if (length >= 1)
            receive(l, text[0], text + 1, length - 1);
        intake_turn(l->in);
        pump(l);
        size -= end ? length + 1 : length;
        text += end ? length + 1 : length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct life l;
    l = (struct life){.in = intake_new(load_plant())};
    struct store_config config = {.url = "memory:", .plant = "p", .create = true};
    must(store_open(&config, &l.store, NULL) == 0);
    live(&l, (const char *)data, size);
    intake_end(l.in);
    release(&l);
    answer_asks(&l);
    must(intake_owed(l.in) == 0 && intake_stats(l.in).pending == 0 && intake_stats(l.in).jobs == 0);
    must(l.asked == l.answered);
    intake_free(l.in);
    store_close(l.store);
    return 0;
}
