/* SPDX-License-Identifier: Apache-2.0 */

/* The floor. A message that needs others is a job; it lives from its arrival to its answer.
 *
 *   next      ASK_NEXT ──▶ the bodies of personalised orders, if there are any ──▶ tasks
 *
 *   report    WAITING ────▶ GATHERING ────────────▶ READY ─────────▶ ASKED ──────▶ reported
 *              a report      is report_ref known?    an earlier       ASK_REPORT,
 *              of the same   which orders?           report of the    answered after
 *              report_ref    on which line?          peer is not      the publication
 *              is under way                          asked yet
 *
 * WAITING keeps F3: the store knows a report only after its publication, so two of one report_ref must not be on their
 * way at once. READY keeps F2: what is looked up before differs from report to report, and may come back in any order.
 *
 * Nothing here is durable. A crash before the publication: the terminal has heard nothing, and sends its report again;
 * after it: sends it again as well, and the store knows its report_ref. */

#include "daemon/floor/floor.h"

#include "base/arena.h"
#include "base/nearest.h"
#include "daemon/floor/report_read.h"
#include "daemon/floor/tasks.h"
#include "daemon/wire/hello.h"
#include "daemon/wire/message.h"
#include "daemon/wire/reply.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

enum { NAME_BYTES_MAX = 64 };

static const char OPERATOR[] = "operator";

struct session {
    uint64_t peer;
    char *terminal;
    UT_hash_handle hh; /* in the order in which they were heard, the last one last */
};

enum job_state { JOB_WAITING, JOB_GATHERING, JOB_READY, JOB_ASKED };

/* Lies in its arena, with everything that it asks for and is told. Store and planner answer from threads of their own,
 * and an arena has one owner: what is asked of both at once has an arena for each. */
struct job {
    struct arena *arena;
    struct arena *plan_arena; /* of the planner, while the store has the other; NULL: not needed */
    uint64_t peer;
    const char *id, *terminal; /* terminal NULL: the operator */
    uint32_t waiting;          /* requests and asks that have not come back */
    bool is_report;
    union {
        struct {
            const char *line;
            size_t limit;
            struct ask *asks; /* one a station of the line */
            size_t ask_count;
            struct task_view *tasks; /* what they have answered; NULL: nothing yet */
            size_t task_count;
            struct store_bodies bodies;
        } next;
        struct {
            struct ask ask;
            enum job_state state;
            struct report_reading reading;
            struct store_reported known;
            struct store_order *orders;
            struct ask plan; /* whose lines: on which one the task is */
            bool asks_plan;
        } report;
    } u;
    struct job *prev, *next; /* reports, in order of arrival */
};

struct floor {
    struct plant *plant;
    struct session *sessions;
    struct job *reports;
    size_t job_count;
    struct floor_effect *effects; /* a queue: from effect_first to effect_count */
    size_t effect_first, effect_count, effect_cap;
};

/* ---- effects ---- */

static struct floor_effect *effect_add(struct floor *f, enum floor_effect_kind kind) {
    if (f->effect_first == f->effect_count)
        f->effect_first = f->effect_count = 0;
    ARRAY_GROW(f->effects, f->effect_count, f->effect_cap);
    struct floor_effect *e = &f->effects[f->effect_count++];
    *e = (struct floor_effect){.kind = kind};
    return e;
}

static void reply(struct floor *f, uint64_t peer, struct writer *w) {
    struct floor_effect *e = effect_add(f, FLOOR_REPLY);
    e->peer = peer;
    e->text = writer_take(w, &e->size);
}

static void reply_refusal(struct floor *f, uint64_t peer, const char *id, const struct refusal *refusal) {
    struct writer w = {0};
    reply_problem(&w, id, refusal);
    reply(f, peer, &w);
}

static uint64_t tag_of(struct job *job) {
    return FLOOR_TAG | (uint64_t)(uintptr_t)job;
}

static struct job *job_of(uint64_t tag) {
    return (struct job *)(uintptr_t)(tag & ~FLOOR_TAG);
}

static void submit(struct floor *f, struct job *job, struct store_request *request, enum store_op op) {
    request->op = op;
    request->arena = job->arena;
    request->tag = tag_of(job);
    effect_add(f, FLOOR_STORE)->request = request;
    job->waiting++;
}

static void put(struct floor *f, struct job *job, struct ask *ask, enum ask_kind kind) {
    ask->kind = kind;
    ask->arena = job->arena;
    ask->tag = tag_of(job);
    effect_add(f, FLOOR_ASK)->ask = ask;
    job->waiting++;
}

/* ---- jobs ---- */

static struct job *job_new(struct floor *f, uint64_t peer, const struct message *m, const char *terminal) {
    struct arena *arena = arena_new();
    struct job *job = arena_alloc(arena, sizeof *job);
    job->arena = arena;
    job->peer = peer;
    job->id = arena_strdup(arena, m->id);
    job->terminal = terminal ? arena_strdup(arena, terminal) : NULL;
    f->job_count++;
    return job;
}

static void job_free(struct floor *f, struct job *job) {
    f->job_count--;
    arena_free(job->plan_arena);
    arena_free(job->arena);
}

static const struct plant_terminal *terminal_find(const struct floor *f, const char *name) {
    int32_t at = plant_terminal_find(f->plant, name);
    return at < 0 ? NULL : &f->plant->terminals[at];
}

static bool names_line(const struct plant_terminal *terminal, int32_t line) {
    for (size_t i = 0; i < terminal->line_count; i++)
        if (terminal->lines[i] == line)
            return true;
    return false;
}

/* The next station of a line that is called so, or is so written in the plant's file; -1: no more. at: -1 at first. */
static int32_t station_next(const struct floor *f, const char *line, int32_t at) {
    for (int32_t i = at + 1; i < (int32_t)f->plant->line_count; i++)
        if (strcmp(f->plant->lines[i].id, line) == 0 || strcmp(f->plant->lines[i].base, line) == 0)
            return i;
    return -1;
}

/* F1. terminal NULL: the operator. */
static bool may_use_line(const struct floor *f, const char *terminal, const char *line, struct refusal *refusal) {
    const struct plant_terminal *t = terminal ? terminal_find(f, terminal) : NULL;
    for (int32_t i = station_next(f, line, -1); terminal != NULL && i >= 0; i = station_next(f, line, i))
        if (t == NULL || !names_line(t, i))
            return refuse(refusal, REFUSAL_NOT_ALLOWED, "/line", "terminal '%s' does not name line '%s'", terminal,
                          f->plant->lines[i].id);
    return true;
}

static bool busy(const struct floor *f, struct refusal *refusal) {
    if (f->job_count >= FLOOR_JOBS_MAX)
        refuse(refusal, REFUSAL_BUSY, "", "%d messages are under way", FLOOR_JOBS_MAX);
    return f->job_count >= FLOOR_JOBS_MAX;
}

/* ---- next ---- */

static bool begin_next(struct floor *f, uint64_t peer, const char *terminal, const struct message *m,
                       struct refusal *refusal) {
    struct reader r = message_reader(m, refusal);
    const char *line = NULL;
    int64_t limit = FLOOR_NEXT_DEFAULT;
    if (!message_needs_id(m, refusal) || !reader_text(&r, "line", READ_REQUIRED, NAME_BYTES_MAX, &line) ||
        !reader_integer(&r, "limit", READ_OPTIONAL, 1, FLOOR_NEXT_MAX, &limit) ||
        !report_line_check(&r, f->plant, line, true) || !may_use_line(f, terminal, line, refusal) || busy(f, refusal))
        return false;
    struct job *job = job_new(f, peer, m, terminal);
    job->u.next.line = arena_strdup(job->arena, line);
    job->u.next.limit = (size_t)limit;
    job->u.next.asks = arena_array(job->arena, f->plant->line_count, sizeof *job->u.next.asks);
    for (int32_t i = station_next(f, line, -1); i >= 0; i = station_next(f, line, i)) {
        struct ask *ask = &job->u.next.asks[job->u.next.ask_count++];
        ask->u.next.line = i;
        ask->u.next.limit = (size_t)limit;
        put(f, job, ask, ASK_NEXT);
    }
    return true;
}

static void end_next(struct floor *f, struct job *job, const struct refusal *refusal) {
    struct writer w = {0};
    const struct store_bodies *bodies = job->u.next.bodies.count > 0 ? &job->u.next.bodies : NULL;
    if (refusal->kind != REFUSAL_NONE)
        reply_problem(&w, job->id, refusal);
    else
        tasks_write(&w, job->id, job->u.next.line, job->u.next.tasks, job->u.next.task_count, bodies);
    reply(f, job->peer, &w);
    job_free(f, job);
}

/* What the stations have to do, put together. */
static bool gather_tasks(struct job *job, struct refusal *refusal) {
    size_t all = 0, count = 0;
    for (size_t i = 0; i < job->u.next.ask_count; i++) {
        const struct ask *ask = &job->u.next.asks[i];
        if (ask->refusal.kind != REFUSAL_NONE) {
            *refusal = ask->refusal;
            return false;
        }
        all += ask->u.next.ret_count;
    }
    job->u.next.tasks = arena_array(job->arena, all, sizeof *job->u.next.tasks);
    for (size_t i = 0; i < job->u.next.ask_count; i++)
        for (size_t k = 0; k < job->u.next.asks[i].u.next.ret_count; k++)
            job->u.next.tasks[count++] = job->u.next.asks[i].u.next.ret_tasks[k];
    if (job->u.next.ask_count > 1)
        tasks_sort(job->u.next.tasks, count);
    count = count < job->u.next.limit ? count : job->u.next.limit;
    job->u.next.task_count = tasks_fitting(job->u.next.tasks, count, FLOOR_UNITS_MAX);
    return true;
}

static void next_step(struct floor *f, struct job *job) {
    struct store_bodies *bodies = &job->u.next.bodies;
    struct refusal refusal = {0};
    if (job->u.next.tasks == NULL && gather_tasks(job, &refusal)) {
        bodies->orders = tasks_orders(job->u.next.tasks, job->u.next.task_count, job->arena, &bodies->count);
        if (bodies->count > 0) {
            submit(f, job, &bodies->head, STORE_BODIES);
            return;
        }
    }
    if (bodies->head.code < 0)
        refuse(&refusal, REFUSAL_BUSY, "", "the store does not answer, ask again");
    end_next(f, job, &refusal);
}

/* ---- reports ---- */

static bool same_reference(const struct job *a, const struct job *b) {
    const struct report *x = &a->u.report.reading.report, *y = &b->u.report.reading.report;
    return strcmp(x->reporter, y->reporter) == 0 && strcmp(x->report_ref, y->report_ref) == 0;
}

static void gather(struct floor *f, struct job *job) {
    const struct report_reading *reading = &job->u.report.reading;
    job->u.report.state = JOB_GATHERING;
    job->u.report.known.reporter = reading->report.reporter;
    job->u.report.known.report_ref = reading->report.report_ref;
    submit(f, job, &job->u.report.known.head, STORE_REPORTED);
    job->u.report.orders = arena_array(job->arena, reading->order_count, sizeof *job->u.report.orders);
    for (size_t i = 0; i < reading->order_count; i++) {
        struct store_order *q = &job->u.report.orders[i];
        q->creator = reading->orders[i].creator;
        q->order_ref = reading->orders[i].order_ref;
        submit(f, job, &q->head, STORE_ORDER);
    }
    if (job->terminal != NULL && report_is_of_task(reading->report.event) && reading->report.line == NULL) {
        struct ask *plan = &job->u.report.plan;
        const char *op;
        job->u.report.asks_plan = true;
        plan->u.plan.line = -1;
        plan->u.plan.from_s = INT64_MIN;
        plan->u.plan.to_s = INT64_MAX;
        task_name_parse(reading->report.task, &plan->u.plan.lot, &op);
        put(f, job, plan, ASK_PLAN);
        plan->arena = job->plan_arena = arena_new();
    }
}

/* What can be judged of F1 without asking anybody. */
static bool may_report(const struct floor *f, const struct job *job, struct refusal *refusal) {
    const struct report *report = &job->u.report.reading.report;
    bool of_line = report_is_of_line(report->event) || report_is_of_task(report->event);
    if (job->terminal != NULL && report->event == REPORT_PACKED) {
        const struct plant_terminal *t = terminal_find(f, job->terminal);
        if (t == NULL || !t->packs)
            return refuse(refusal, REFUSAL_NOT_ALLOWED, "/event", "terminal '%s' names no packing line", job->terminal);
    }
    return !of_line || report->line == NULL || may_use_line(f, job->terminal, report->line, refusal);
}

static bool begin_report(struct floor *f, uint64_t peer, const char *terminal, const struct message *m,
                         struct refusal *refusal) {
    if (!message_needs_id(m, refusal) || busy(f, refusal))
        return false;
    struct job *job = job_new(f, peer, m, terminal), *other;
    job->is_report = true;
    if (!report_read(m, f->plant, terminal ? terminal : OPERATOR, job->arena, refusal, &job->u.report.reading) ||
        !may_report(f, job, refusal)) {
        job_free(f, job);
        return false;
    }
    DL_FOREACH(f->reports, other) {
        if (same_reference(other, job))
            break;
    }
    DL_APPEND(f->reports, job);
    if (other == NULL)
        gather(f, job);
    return true;
}

/* Hands the peer's reports to the planner as far as that can be done in their order. */
static void advance(struct floor *f, uint64_t peer) {
    struct job *job;
    DL_FOREACH(f->reports, job) {
        if (job->peer != peer || job->u.report.state == JOB_ASKED)
            continue;
        if (job->u.report.state != JOB_READY)
            return;
        job->u.report.state = JOB_ASKED;
        job->u.report.ask.u.report.report = &job->u.report.reading.report;
        put(f, job, &job->u.report.ask, ASK_REPORT);
    }
}

static void end_report(struct floor *f, struct job *job, const struct refusal *refusal) {
    struct writer w = {0};
    if (refusal->kind != REFUSAL_NONE) {
        reply_problem(&w, job->id, refusal);
    } else {
        reply_begin(&w, "reported", job->id);
        writer_text(&w, "report_ref", job->u.report.reading.report.report_ref);
        reply_end(&w);
    }
    reply(f, job->peer, &w);
    struct job *other;
    DL_DELETE(f->reports, job);
    DL_FOREACH(f->reports, other) {
        if (other->u.report.state == JOB_WAITING && same_reference(other, job)) {
            gather(f, other);
            break;
        }
    }
    uint64_t peer = job->peer;
    job_free(f, job);
    advance(f, peer);
}

/* Puts the numbers of the orders where their names were. */
static bool fill_orders(struct job *job, struct refusal *refusal) {
    struct report_reading *reading = &job->u.report.reading;
    const struct store_order *orders = job->u.report.orders;
    for (size_t i = 0; i < reading->order_count; i++) {
        if (orders[i].head.code == TAKT_ENOENT)
            return refuse(refusal, REFUSAL_UNKNOWN_ORDER, "", "creator '%s' has no order '%s'", orders[i].creator,
                          orders[i].order_ref);
        if (orders[i].head.code < 0)
            return refuse(refusal, REFUSAL_BUSY, "", "the store does not answer, report again");
    }
    if (reading->report.event == REPORT_PACKED)
        reading->report.order = orders[reading->packed_order].ret_order.no;
    struct report_unit *units =
        arena_memdup(job->arena, reading->report.units, reading->report.unit_count * sizeof *units);
    for (size_t i = 0; i < reading->report.unit_count; i++) {
        const struct order_row *row = &orders[reading->unit_orders[i]].ret_order;
        if (units[i].item >= row->item_count || units[i].unit >= row->items[units[i].item].quantity)
            return refuse(refusal, REFUSAL_CONTRADICTION, "/units", "order '%s' has no unit %u of item %u",
                          row->order_ref, units[i].unit + 1, units[i].item + 1);
        units[i].order = row->no;
    }
    reading->report.units = units;
    return true;
}

/* F1 of a task without a line: the plan says where it is. A task that is not there is the planner's to refuse. */
static bool may_report_task(const struct floor *f, const struct job *job, struct refusal *refusal) {
    const struct ask *plan = &job->u.report.plan;
    if (!job->u.report.asks_plan)
        return true;
    if (plan->refusal.kind != REFUSAL_NONE) {
        *refusal = plan->refusal;
        return false;
    }
    for (size_t i = 0; i < plan->u.plan.ret_count; i++) {
        const struct task_view *task = &plan->u.plan.ret_tasks[i];
        if (strcmp(task->task, job->u.report.reading.report.task) == 0)
            return may_use_line(f, job->terminal, task->line, refusal);
    }
    return true;
}

static void report_gathered(struct floor *f, struct job *job) {
    const struct store_reported *known = &job->u.report.known;
    struct refusal refusal = {0};
    if (known->head.code < 0) {
        refuse(&refusal, REFUSAL_BUSY, "", "the store does not answer, report again");
        end_report(f, job, &refusal);
    } else if (known->ret_known) {
        if (memcmp(known->ret_hash, job->u.report.reading.report.hash, sizeof known->ret_hash) != 0)
            refuse(&refusal, REFUSAL_CONFLICT, "/report_ref", "'%s' was reported with other content",
                   known->report_ref);
        end_report(f, job, &refusal);
    } else if (!fill_orders(job, &refusal) || !may_report_task(f, job, &refusal)) {
        end_report(f, job, &refusal);
    } else {
        job->u.report.state = JOB_READY;
        advance(f, job->peer);
    }
}

static void job_step(struct floor *f, struct job *job) {
    assert(job->waiting > 0);
    if (--job->waiting > 0)
        return;
    if (!job->is_report)
        next_step(f, job);
    else if (job->u.report.state == JOB_GATHERING)
        report_gathered(f, job);
    else
        end_report(f, job, &job->u.report.ask.refusal);
}

void floor_stored(struct floor *f, struct store_request *request, int64_t now_s) {
    (void)now_s;
    job_step(f, job_of(request->tag));
}

void floor_answered(struct floor *f, struct ask *ask, int64_t now_s) {
    (void)now_s;
    job_step(f, job_of(ask->tag));
}

/* ---- sessions ---- */

static void session_free(struct floor *f, struct session *s) {
    HASH_DEL(f->sessions, s);
    free(s->terminal);
    free(s);
}

/* The session of who is heard now. NULL: it has none, or its terminal is the plant's no more. */
static struct session *session_heard(struct floor *f, uint64_t peer) {
    struct session *s;
    HASH_FIND(hh, f->sessions, &peer, sizeof peer, s);
    if (s == NULL)
        return NULL;
    if (terminal_find(f, s->terminal) == NULL) {
        session_free(f, s);
        return NULL;
    }
    HASH_DEL(f->sessions, s);
    HASH_ADD(hh, f->sessions, peer, sizeof s->peer, s);
    return s;
}

static void session_begin(struct floor *f, uint64_t peer, const char *terminal) {
    struct session *s = session_heard(f, peer);
    if (s == NULL) {
        if (HASH_COUNT(f->sessions) >= FLOOR_SESSIONS_MAX)
            session_free(f, f->sessions); /* the first is who was heard longest ago */
        s = takt_alloc(sizeof *s);
        s->peer = peer;
        HASH_ADD(hh, f->sessions, peer, sizeof s->peer, s);
    }
    free(s->terminal);
    s->terminal = takt_strdup(terminal);
}

static bool check_terminal(const struct floor *f, const struct reader *r, const char *name) {
    if (terminal_find(f, name) != NULL)
        return true;
    const char **names = takt_realloc(NULL, f->plant->terminal_count + 1, sizeof *names);
    for (size_t i = 0; i < f->plant->terminal_count; i++)
        names[i] = f->plant->terminals[i].id;
    const char *near = nearest_name(name, names, f->plant->terminal_count);
    free(names);
    return reader_problem(r, "terminal", REFUSAL_NOT_ALLOWED, "the plant has no terminal '%s'%s%s%s", name,
                          near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static bool say_hello(struct floor *f, uint64_t peer, const char *owner, const struct message *m, int64_t now_s,
                      struct refusal *refusal) {
    struct reader r = message_reader(m, refusal);
    const char *terminal = NULL;
    if (!hello_read(&r, "terminal", owner, &terminal) || !check_terminal(f, &r, terminal))
        return false;
    session_begin(f, peer, terminal);
    struct writer w = {0};
    reply_welcome(&w, m->id,
                  &(struct reply_welcome){.plant = f->plant->id,
                                          .time_s = now_s,
                                          .credit = -1,
                                          .max_message = MESSAGE_SIZE_MAX,
                                          .max_orders = -1,
                                          .window = -1});
    reply(f, peer, &w);
    return true;
}

/* ---- what is said ---- */

static bool say_more(struct floor *f, uint64_t peer, const char *terminal, const struct message *m,
                     struct refusal *refusal) {
    if (strcmp(m->type, "next") == 0)
        return begin_next(f, peer, terminal, m, refusal);
    if (strcmp(m->type, "report") == 0)
        return begin_report(f, peer, terminal, m, refusal);
    return refuse(refusal, REFUSAL_UNKNOWN_TYPE, "/type", "'%s' means nothing here", m->type);
}

void floor_receive(struct floor *f, uint64_t peer, const char *owner, const void *bytes, size_t size, int64_t now_s) {
    struct message m = {0};
    struct refusal refusal = {0};
    struct session *s = session_heard(f, peer);
    if (s != NULL && owner != NULL && strcmp(s->terminal, owner) != 0) { /* its key has become another's */
        session_free(f, s);
        s = NULL;
    }
    bool fine = message_read(bytes, size, &m, &refusal);
    if (fine && strcmp(m.type, "hello") == 0)
        fine = say_hello(f, peer, owner, &m, now_s, &refusal);
    else if (fine && s == NULL)
        fine = refuse(&refusal, REFUSAL_NO_SESSION, "", "say hello with your terminal");
    else if (fine)
        fine = say_more(f, peer, s->terminal, &m, &refusal);
    if (!fine)
        reply_refusal(f, peer, m.id, &refusal);
    message_done(&m);
}

/* terminal NULL: the operator. */
static void receive_as(struct floor *f, uint64_t peer, const char *terminal, const void *bytes, size_t size) {
    struct message m = {0};
    struct refusal refusal = {0};
    bool fine = message_read(bytes, size, &m, &refusal);
    if (fine && terminal != NULL && terminal_find(f, terminal) == NULL)
        fine = refuse(&refusal, REFUSAL_NOT_ALLOWED, "", "the plant has no terminal '%s'", terminal);
    if (!fine || !say_more(f, peer, terminal, &m, &refusal))
        reply_refusal(f, peer, m.id, &refusal);
    message_done(&m);
}

void floor_terminal(struct floor *f, uint64_t peer, const char *terminal, const void *bytes, size_t size, int64_t now_s) {
    (void)now_s;
    receive_as(f, peer, terminal, bytes, size);
}

void floor_operator(struct floor *f, uint64_t peer, const void *bytes, size_t size, int64_t now_s) {
    (void)now_s;
    receive_as(f, peer, NULL, bytes, size);
}

/* ---- life ---- */

struct floor *floor_new(struct plant *plant) {
    struct floor *f = takt_alloc(sizeof *f);
    f->plant = plant_ref(plant);
    return f;
}

void floor_free(struct floor *f) {
    if (f == NULL)
        return;
    assert(f->job_count == 0);
    struct floor_effect e;
    while (floor_effect(f, &e))
        free(e.text);
    free(f->effects);
    while (f->sessions != NULL)
        session_free(f, f->sessions);
    plant_unref(f->plant);
    free(f);
}

void floor_reload(struct floor *f, struct plant *plant) {
    plant_unref(f->plant);
    f->plant = plant_ref(plant);
}

bool floor_effect(struct floor *f, struct floor_effect *ret) {
    if (f->effect_first == f->effect_count)
        return false;
    *ret = f->effects[f->effect_first++];
    return true;
}

size_t floor_pending(const struct floor *f) {
    return f->job_count;
}
