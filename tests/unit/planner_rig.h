/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A planner on a memory store, without threads: orders in, time, reports, publications, as the shell does it. */

#include "base/arena.h"
#include "base/time.h"
#include "daemon/planner/ask.h"
#include "daemon/planner/planner.h"
#include "daemon/planner/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define RIG_START_S INT64_C(1795996800) /* Monday 2026-11-30T00:00:00Z */
#define RIG_HOUR    3600
#define RIG_DAY     86400

struct rig {
    struct plant *plant;
    struct store *store;
    struct planner *p;
    struct planner_config config;
    int64_t now_s;
    int refs, reports;
    struct refusal refusal;
    size_t rows; /* of all publications */
    bool spreads; /* what only moves waits for every third publication, and not always until there is nothing more */
    unsigned publications;
    uint64_t last_order;
    void (*meanwhile)(struct rig *r); /* between the orders and the rest, when a planner loads */
};

static inline struct plant *rig_plant(const char *yaml) {
    char path[] = "/tmp/takt-test-planner-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, yaml, strlen(yaml)), (ssize_t)strlen(yaml));
    close(fd);
    struct plant *plant = NULL;
    struct plant_faults faults = {0};
    struct takt_error err = {0};
    int code = plant_load(path, NULL, 0, &plant, &faults, &err);
    for (size_t i = 0; i < faults.count; i++)
        print_error("%d:%d: %s\n", faults.list[i].line, faults.list[i].column, faults.list[i].text);
    plant_faults_done(&faults);
    unlink(path);
    assert_int_equal(code, 0);
    return plant;
}

static inline void rig_call(struct rig *r, struct store_request *q) {
    int code = store_call(r->store, q);
    if (code != 0)
        print_error("store: %s\n", q->err.text);
    assert_int_equal(code, 0);
}

/* ---- starting ---- */

static inline size_t rig_feed(struct planner *p, const struct store_load *l) {
    for (size_t i = 0; i < l->ret_count; i++) {
        switch (l->kind) {
        case LOAD_META:
            break;
        case LOAD_ORDERS:
            planner_load_order(p, &l->ret.orders[i]);
            break;
        case LOAD_LOTS:
            planner_load_lot(p, &l->ret.lots[i]);
            break;
        case LOAD_SLICES:
            planner_load_slice(p, &l->ret.slices[i]);
            break;
        case LOAD_TASKS:
            planner_load_task(p, &l->ret.tasks[i]);
            break;
        case LOAD_STOCK:
            planner_load_stock(p, &l->ret.stock[i]);
            break;
        case LOAD_RECEIPTS:
            planner_load_receipt(p, &l->ret.receipts[i]);
            break;
        case LOAD_DOWNS:
            planner_load_down(p, &l->ret.downs[i]);
            break;
        case LOAD_SETUPS:
            planner_load_setup(p, &l->ret.setups[i]);
            break;
        case LOAD_SURPLUS:
            planner_load_surplus(p, &l->ret.surplus[i]);
            break;
        }
    }
    return l->ret_count;
}

static inline void rig_load_kind(struct rig *r, struct planner *p, enum load_kind kind) {
    uint64_t after[3] = {0};
    bool paged = kind >= LOAD_ORDERS && kind <= LOAD_TASKS;
    for (bool first = true;; first = false) {
        struct arena *arena = arena_new();
        struct store_load l = {.head = {.op = STORE_LOAD, .arena = arena}, .kind = kind, .first = first, .limit = 100};
        memcpy(l.after, after, sizeof after);
        rig_call(r, &l.head);
        if (kind == LOAD_META)
            planner_load_meta(p, &l.ret_meta);
        size_t n = rig_feed(p, &l);
        memcpy(after, l.ret_after, sizeof after);
        arena_free(arena);
        if (!paged || n < 100)
            return;
    }
}

/* What one that waits reads, in steps of so many orders; the planner has its rows and is not loaded. */
static inline void rig_follow(struct rig *r, struct planner *p, size_t limit) {
    bool more = true;
    while (more) {
        struct arena *arena = arena_new();
        struct store_meta at = planner_followed(p);
        struct store_follow q = {
            .head = {.op = STORE_FOLLOW, .arena = arena}, .publish_no = at.publish_no, .seen = at.seen, .limit = limit};
        struct takt_error err = {0};
        q.again = planner_doubts(p, arena, &q.again_count);
        rig_call(r, &q.head);
        int code = planner_follow(p, &q, &err);
        if (code != 0)
            print_error("follow: %s\n", err.text);
        assert_int_equal(code, 0);
        more = q.ret_more;
        arena_free(arena);
    }
}

/* What a start makes of the store; the caller frees it. */
static inline struct planner *rig_loaded(struct rig *r, uint64_t epoch) {
    struct planner *p = planner_new(&r->config, epoch);
    struct takt_error err = {0};
    for (enum load_kind kind = LOAD_META; kind <= LOAD_SURPLUS; kind++) {
        rig_load_kind(r, p, kind);
        if (kind == LOAD_ORDERS && r->meanwhile != NULL)
            r->meanwhile(r);
    }
    int code = planner_loaded(p, r->now_s, &err);
    if (code != 0)
        print_error("load: %s\n", err.text);
    assert_int_equal(code, 0);
    return p;
}

static inline void rig_start(struct rig *r) {
    struct store_claim claim = {.head = {.op = STORE_CLAIM}};
    rig_call(r, &claim.head);
    planner_free(r->p);
    r->p = rig_loaded(r, claim.ret_epoch);
}

static inline struct rig *rig_new(const char *yaml, const char *scheduler) {
    struct rig *r = calloc(1, sizeof *r);
    struct takt_error err = {0};
    r->plant = rig_plant(yaml);
    r->now_s = RIG_START_S;
    r->config =
        (struct planner_config){.plant = r->plant, .scheduler = scheduler, .seed = 1, .effort = 50, .check = true};
    struct store_config config = {.url = "memory:", .plant = r->plant->id, .create = true};
    assert_int_equal(store_open(&config, &r->store, &err), 0);
    rig_start(r);
    return r;
}

static inline void rig_free(struct rig *r) {
    planner_free(r->p);
    store_close(r->store);
    plant_unref(r->plant);
    free(r);
}

/* ---- living ---- */

static inline void rig_changes(struct rig *r) {
    struct arena *arena = arena_new();
    struct store_changes q = {
        .head = {.op = STORE_CHANGES, .arena = arena}, .after = planner_seen(r->p), .limit = 1000};
    rig_call(r, &q.head);
    for (size_t i = 0; i < q.ret_count; i++)
        planner_change(r->p, &q.ret_changes[i]);
    arena_free(arena);
}

static inline bool rig_differs(int64_t packed_s, int64_t stored_s) {
    if (packed_s == TAKT_TIME_NONE || stored_s == TAKT_TIME_NONE)
        return packed_s != stored_s;
    return (packed_s > stored_s ? packed_s - stored_s : stored_s - packed_s) >= 3600;
}

/* The store has of each order what the planner believes it has, and what differs from the plan by more than the hour that is told is
 * news. */
static inline void rig_check_told(struct rig *r) {
    struct arena *arena = arena_new();
    struct store_load q = {.head = {.op = STORE_LOAD, .arena = arena}, .kind = LOAD_ORDERS, .first = true, .limit = 2000};
    const struct news *news = &r->p->news;
    rig_call(r, &q.head);
    for (size_t i = 0; i < q.ret_count; i++) {
        const struct order_row *row = &q.ret.orders[i];
        const struct order *o = book_find(&r->p->book, row->no);
        if (o == NULL)
            continue;
        bool differs = row->state != o->state || row->ship_by_s != o->ship_by_s ||
                       rig_differs(o->packed_s == TAKT_TIME_NEVER ? TAKT_TIME_NONE : o->packed_s, row->planned_packed_s);
        if (row->planned_packed_s != o->told_packed_s || (differs && o->news_at == 0))
            fail_msg("order %d: the store has %lld, told was %lld, expected is %lld", (int)o->no, (long long)row->planned_packed_s,
                     (long long)o->told_packed_s, (long long)o->packed_s);
    }
    for (size_t i = news->moved_from; i < news->moved.count; i++)
        assert_true(news->moved.list[i] == NULL || news->moved.list[i]->news_at == i + 1);
    arena_free(arena);
}

static inline int rig_publish_once(struct rig *r) {
    struct arena *arena = arena_new();
    if (r->spreads)
        planner_spread(r->p, r->publications++ % 3 == 0);
    struct store_publish *q = planner_collect(r->p, r->now_s, arena);
    int code = 0;
    if (q != NULL) {
        code = store_call(r->store, &q->head);
        if (code != 0 && code != TAKT_ESTALE)
            print_error("publication: %s\n", q->head.err.text);
        r->rows = q->lot_count + q->slice_count + q->task_count + q->order_count + q->promise_count + q->event_count;
        planner_published(r->p, code);
        if (code == 0)
            rig_check_told(r);
    } else {
        r->rows = 0;
    }
    arena_free(arena);
    return code;
}

static inline void rig_publish(struct rig *r) {
    int code;
    while ((code = rig_publish_once(r)) == TAKT_ESTALE || (code == 0 && planner_owes(r->p) && !(r->spreads && r->publications % 4 == 0)))
        if (code == TAKT_ESTALE)
            rig_changes(r);
    assert_int_equal(code, 0);
}

static inline void rig_turn(struct rig *r) {
    rig_changes(r);
    planner_turn(r->p, r->now_s);
    rig_publish(r);
}

/* Searches once, as a solver thread would; whether it improved the plan. */
static inline bool rig_search(struct rig *r) {
    bool improved = false;
    struct search_job *job = planner_search(r->p, r->now_s);
    if (job == NULL)
        return false;
    search_job_run(job);
    planner_searched(r->p, job, r->now_s, &improved);
    planner_check(r->p);
    rig_publish(r);
    return improved;
}

static inline void rig_to(struct rig *r, int64_t time_s) {
    while (r->now_s < time_s) {
        int64_t next_s = planner_next_s(r->p);
        r->now_s = next_s > r->now_s && next_s < time_s ? next_s : next_s <= r->now_s ? r->now_s + 1 : time_s;
        rig_turn(r);
    }
}

struct rig_item {
    const char *product, *options;
    uint32_t quantity;
    bool personalised;
};

static inline uint64_t rig_order_with(struct rig *r, const char *creator, const struct rig_item *items, size_t count,
                                      int32_t wish_day, uint64_t recipient, const char *service) {
    char ref[32];
    struct item_row rows[16];
    snprintf(ref, sizeof ref, "R%d", ++r->refs);
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct item_row){items[i].product, items[i].options, items[i].quantity, items[i].personalised};
    struct accept_order o = {.row = {.creator = creator,
                                     .order_ref = ref,
                                     .channel = "",
                                     .campaign = "",
                                     .service = service,
                                     .wish_day = wish_day,
                                     .country = "CN",
                                     .recipient_key = recipient,
                                     .items = rows,
                                     .item_count = (uint32_t)count},
                             .body = "{}"};
    snprintf((char *)o.hash, sizeof o.hash, "%s", ref);
    struct store_accept q = {.head = {.op = STORE_ACCEPT},
                             .creator = creator,
                             .max_open = 1000000,
                             .now_s = r->now_s,
                             .orders = &o,
                             .count = 1};
    rig_call(r, &q.head);
    assert_int_equal(o.ret_outcome, ACCEPT_NEW);
    return r->last_order = o.ret_no;
}

static inline uint64_t rig_order_by(struct rig *r, const char *creator, const struct rig_item *items, size_t count,
                                    int32_t wish_day, uint64_t recipient) {
    return rig_order_with(r, creator, items, count, wish_day, recipient, "");
}

static inline uint64_t rig_order(struct rig *r, const char *product, const char *options, uint32_t quantity) {
    struct rig_item item = {product, options, quantity, false};
    return rig_order_by(r, "luna", &item, 1, TAKT_DAY_NONE, 1000 + (uint64_t)r->refs);
}

static inline enum cancel_outcome rig_cancel(struct rig *r, int ref) {
    char text[32];
    const char *refs[] = {text};
    enum cancel_outcome outcome;
    snprintf(text, sizeof text, "R%d", ref);
    struct store_cancel q = {.head = {.op = STORE_CANCEL},
                             .creator = "luna",
                             .now_s = r->now_s,
                             .refs = refs,
                             .ret_outcomes = &outcome,
                             .count = 1};
    rig_call(r, &q.head);
    return outcome;
}

static inline struct report rig_report_of(struct rig *r, enum report_event event, const char *task) {
    static char ref[32];
    snprintf(ref, sizeof ref, "rep-%d", ++r->reports);
    return (struct report){.reporter = "t1",
                           .report_ref = ref,
                           .event = event,
                           .task = task,
                           .good = -1,
                           .scrap = -1,
                           .at_s = TAKT_TIME_NONE,
                           .until_s = TAKT_TIME_NONE,
                           .quantity_milli = -1,
                           .body = "{}"};
}

static inline bool rig_say(struct rig *r, const struct report *report) {
    bool fine = planner_report(r->p, r->now_s, report, &r->refusal);
    rig_turn(r);
    return fine;
}

static inline bool rig_started(struct rig *r, const char *task) {
    struct report report = rig_report_of(r, REPORT_STARTED, task);
    return rig_say(r, &report);
}

static inline bool rig_finished(struct rig *r, const char *task, int64_t good) {
    struct report report = rig_report_of(r, REPORT_FINISHED, task);
    report.good = good;
    return rig_say(r, &report);
}

/* ---- looking ---- */

static inline const struct order *rig_look(const struct rig *r, uint64_t no) {
    return book_find(&r->p->book, no);
}

static inline const struct lot *rig_lot(const struct rig *r, uint32_t no) {
    return lot_find(&r->p->lots, no);
}

static inline struct order_row rig_stored(struct rig *r, uint64_t no, struct arena *arena, struct store_order *q) {
    *q = (struct store_order){.head = {.op = STORE_ORDER, .arena = arena}, .no = no};
    rig_call(r, &q->head);
    return q->ret_order;
}

static inline enum order_state rig_state(struct rig *r, uint64_t no) {
    struct arena *arena = arena_new();
    struct store_order q;
    enum order_state state = rig_stored(r, no, arena, &q).state;
    arena_free(arena);
    return state;
}

/* The floor does what the plan says, up to a time: each task is reported at its planned start and end. What ends makes
 * room for what starts at the same moment. */
static inline bool rig_work_pass(struct rig *r, bool ends) {
    for (size_t i = 0; i < r->p->lots.live_count; i++) {
        struct lot *lot = r->p->lots.live[i];
        for (size_t k = 0; k < lot->op_count; k++) {
            struct task *t = &lot->tasks[k];
            char name[72];
            if (lot->state == LOT_DONE || lot->state == LOT_GONE || t->line < 0 ||
                r->plant->lines[t->line].reports == REPORTS_PLANNED)
                continue;
            task_name(r->p, lot, k, name);
            if (ends && t->state == TASK_STARTED && t->end_s <= r->now_s)
                return rig_finished(r, name, -1);
            if (!ends && t->state == TASK_PLANNED && t->start_s <= r->now_s &&
                (k == 0 || lot->tasks[k - 1].state == TASK_FINISHED))
                return rig_started(r, name);
        }
    }
    return false;
}

static inline bool rig_work_once(struct rig *r) {
    return rig_work_pass(r, true) || rig_work_pass(r, false);
}

static inline int64_t rig_next_event(const struct rig *r) {
    int64_t next_s = planner_next_s(r->p);
    for (size_t i = 0; i < r->p->lots.live_count; i++) {
        for (size_t k = 0; k < r->p->lots.live[i]->op_count; k++) {
            const struct task *t = &r->p->lots.live[i]->tasks[k];
            int64_t at_s = t->state == TASK_STARTED                   ? t->end_s
                           : t->state == TASK_PLANNED && t->line >= 0 ? t->start_s
                                                                      : TAKT_TIME_NEVER;
            if (at_s > r->now_s && at_s < next_s)
                next_s = at_s;
        }
    }
    return next_s;
}

static inline void rig_work_to(struct rig *r, int64_t time_s) {
    while (r->now_s < time_s) {
        while (rig_work_once(r)) {}
        int64_t next_s = rig_next_event(r);
        r->now_s = next_s <= r->now_s ? r->now_s + 1 : next_s < time_s ? next_s : time_s;
        rig_turn(r);
    }
    while (rig_work_once(r)) {}
}
