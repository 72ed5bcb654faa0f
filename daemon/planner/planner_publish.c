/* SPDX-License-Identifier: Apache-2.0 */

/* A publication's way:
 *
 *   collected → sent → done ─ 0 ──────────────→ published, reports answered, others woken
 *                          ├─ TAKT_ESTALE ────→ the missing changes are read and handed in, then collected again
 *                          ├─ TAKT_EUNKNOWN,
 *                          │  TAKT_EEXIST ────→ the store's last publish_no is looked up: it is there, or collect again
 *                          ├─ TAKT_EFENCED ───→ another daemon plans: this one ends
 *                          ├─ the store fails → collected again a little later; the store's actor has said what is wrong
 *                          └─ anything else ──→ the planner's memory and the store contradict each other: collected again
 *                                               after pauses that grow, and every third time read from the store anew
 *
 * While it is under way the planner is asked questions but told nothing (planner.h), so its arrays stay as they are. */

#include "daemon/planner/planner_inner.h"

#include "daemon/operate/log.h"

#include <stdio.h>
#include <string.h>

enum { NOTICE_EVERY_MS = 1000 };

/* ---- what a publication is told to others ---- */

static void log_line(const struct report *report) {
    bool down = report->event == REPORT_DOWN;
    if ((!down && report->event != REPORT_UP) || !report->line)
        return;
    log_write(LOG_LEVEL_NOTICE, "planner", down ? LOG_MESSAGE_LINE_DOWN : LOG_MESSAGE_LINE_UP,
              LOG_FIELDS({"TAKT_LINE", report->line}), "line '%s' is %s%s%s%s", report->line, down ? "down" : "up again",
              down && report->reason ? " (" : "", down && report->reason ? report->reason : "", down && report->reason ? ")" : "");
}

static void answer_reports(struct planner_actor *a, size_t count) {
    for (size_t i = 0; i < count; i++)
        planner_answer(a, ACTOR_OPERATE, a->waiting[i]);
    if (count > 0)
        memmove(a->waiting, a->waiting + count, (a->waiting_count - count) * sizeof *a->waiting);
    a->waiting_count -= count;
    a->waiting_published = 0;
}

/* "7 promises moved (3 breakdown, 4 capacity)" */
static void log_promises(const struct store_publish *publish) {
    static const char *const reasons[] = {"breakdown", "material", "capacity", "scrap", "operator", "amendment"};
    size_t counts[sizeof reasons / sizeof reasons[0]] = {0}, total = 0;
    for (size_t i = 0; i < publish->promise_count; i++)
        for (size_t r = 0; r < sizeof reasons / sizeof reasons[0]; r++)
            if (strcmp(publish->promises[i].reason, reasons[r]) == 0)
                counts[r]++, total++;
    if (total == 0)
        return;
    char text[256] = "";
    for (size_t r = 0, used = 0; r < sizeof reasons / sizeof reasons[0]; r++)
        if (counts[r] > 0)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%zu %s", used ? ", " : "", counts[r], reasons[r]);
    char version[24];
    snprintf(version, sizeof version, "%llu", (unsigned long long)publish->plan_version);
    log_write(LOG_LEVEL_WARNING, "planner", LOG_MESSAGE_PROMISES_MOVED, LOG_FIELDS({"TAKT_PLAN_VERSION", version}),
              "%zu promises moved (%s)", total, text);
}

/* The one that waits longest is named. */
static void log_late(struct planner_actor *a, uint64_t count) {
    struct ask ask = {.kind = ASK_PLAN, .arena = arena_new()};
    const struct task_view *first = NULL;
    char lot[16] = "";
    ask.u.plan.line = -1;
    ask.u.plan.from_s = INT64_MIN;
    ask.u.plan.to_s = INT64_MAX;
    planner_ask(a->planner, clock_plant_s(a->config->clock), &ask);
    for (size_t i = 0; i < ask.u.plan.ret_count; i++) {
        const struct task_view *task = &ask.u.plan.ret_tasks[i];
        if (task->late && task->state == TASK_PLANNED && (first == NULL || task->start_s < first->start_s))
            first = task;
    }
    if (first)
        snprintf(lot, sizeof lot, "L%u", first->lot);
    log_write(LOG_LEVEL_WARNING, "planner", LOG_MESSAGE_TASK_LATE,
              LOG_FIELDS({"TAKT_TASK", first ? first->task : ""}, {"TAKT_LOT", lot}, {"TAKT_LINE", first ? first->line : ""}),
              "%llu tasks should have started and nobody has reported them (see `taktctl plan`)", (unsigned long long)count);
    arena_free(ask.arena);
}

/* A rising number of late starts or of orders without a plan is worth a line; both are read off the plan, since rows of tasks
 * are written again and again while they are late. */
static void log_alarms(struct planner_actor *a, int64_t now_ms) {
    if (now_ms < a->notice_after_ms)
        return;
    a->notice_after_ms = now_ms + NOTICE_EVERY_MS;
    struct ask ask = {.kind = ASK_STATUS, .arena = arena_new()};
    planner_ask(a->planner, clock_plant_s(a->config->clock), &ask);
    const struct plan_status *status = &ask.u.status;
    if (status->tasks_late > a->late_noticed)
        log_late(a, status->tasks_late);
    if (status->unplanned > a->unplanned_noticed)
        log_write(LOG_LEVEL_ERR, "planner", LOG_MESSAGE_PLAN_FAILED, NULL,
                  "%llu orders have no place in the plan (see `taktctl why`)", (unsigned long long)status->unplanned);
    a->late_noticed = status->tasks_late;
    a->unplanned_noticed = status->unplanned;
    arena_free(ask.arena);
}

/* ---- its way ---- */

static void finish(struct planner_actor *a, int code) {
    planner_published(a->planner, code);
    a->publishing = NULL;
    arena_clear(a->publish_arena);
}

static void succeeded(struct planner_actor *a, int64_t now_ms) {
    log_promises(a->publishing);
    finish(a, 0);
    if (a->has_part) /* who sends orders comes first */
        a->part_after_ms = now_ms + PLANNER_PART_MS;
    a->owes = planner_owes(a->planner);
    a->reading = READ_SOME;
    planner_keeps_up(a, now_ms);
    a->store_fails = false;
    if (a->refused > 0)
        log_write(LOG_LEVEL_NOTICE, "planner", LOG_MESSAGE_PLAN_AGAIN, NULL, "the store takes the plan again");
    a->refused = 0;
    a->refusal[0] = '\0';
    for (size_t i = 0; i < a->waiting_published; i++)
        log_line(a->waiting[i]->u.report.report);
    answer_reports(a, a->waiting_published);
    bus_wake(a->port, ACTOR_INTAKE);
    bus_wake(a->port, ACTOR_DISPATCH);
    bus_wake(a->port, ACTOR_OPERATE);
    bus_wake(a->port, ACTOR_MAIN);
    a->estimate_due = true;
    a->search_due = true;
    log_alarms(a, now_ms);
}

static void failed(struct planner_actor *a, int code, int64_t now_ms) {
    finish(a, code);
    a->waiting_published = 0; /* they go along with the next one */
    a->turn_began_ms = 0;
    a->collect_due = true;
    a->publish_after_ms = now_ms + PLANNER_RETRY_MS;
}

static void refused(struct planner_actor *a, int code, const struct takt_error *err, int64_t now_ms) {
    int64_t pause_ms = PLANNER_RETRY_MS;
    for (unsigned i = 0; i < a->refused && pause_ms < PLANNER_REFUSED_MS_MAX; i++)
        pause_ms = pause_ms * 2 < PLANNER_REFUSED_MS_MAX ? pause_ms * 2 : PLANNER_REFUSED_MS_MAX;
    a->refused++;
    a->store_fails = false;
    a->anew_due = a->refused % PLANNER_ANEW_EVERY == 0;
    snprintf(a->refusal, sizeof a->refusal, "the store refuses the plan: %.300s", err->text);
    if (a->anew_due)
        log_write(LOG_LEVEL_ERR, "planner", LOG_MESSAGE_PLAN_REFUSED, NULL,
                  "cannot publish the plan (%s), reading everything from the store again", err->text);
    else
        log_write(LOG_LEVEL_ERR, "planner", LOG_MESSAGE_PLAN_REFUSED, NULL, "cannot publish the plan (%s), retrying in %lld s",
                  err->text, (long long)pause_ms / 1000);
    failed(a, code, now_ms);
    a->publish_after_ms = now_ms + pause_ms;
}

void planner_publish_send(struct planner_actor *a) {
    if (!a->publish_sent)
        a->publish_sent = bus_send(a->port, ACTOR_STORE, MAIL_STORE, &a->publishing->head) == 0;
}

void planner_publish(struct planner_actor *a, int64_t now_ms) {
    if (now_ms < a->publish_after_ms)
        return;
    a->collect_due = false;
    a->has_part = now_ms >= a->part_after_ms;
    planner_spread(a->planner, a->has_part);
    a->publishing = planner_collect(a->planner, clock_plant_s(a->config->clock), a->publish_arena);
    if (!a->publishing) {
        a->store_fails = false;
        a->owes = planner_owes(a->planner);
        a->turn_began_ms = 0;
        arena_clear(a->publish_arena);
        answer_reports(a, a->waiting_count); /* they repeated what is known */
        return;
    }
    a->publishing->head.arena = a->publish_arena;
    a->waiting_published = a->waiting_count;
    a->publish_sent = false;
    planner_publish_send(a);
}

static void look_up(struct planner_actor *a, int64_t now_ms) {
    a->lookup = arena_alloc(a->publish_arena, sizeof *a->lookup);
    *a->lookup = (struct store_load){.head = {.op = STORE_LOAD, .arena = a->publish_arena}, .kind = LOAD_META, .first = true};
    if (bus_send(a->port, ACTOR_STORE, MAIL_STORE, &a->lookup->head) == 0)
        return;
    a->lookup = NULL;
    failed(a, TAKT_ESTORE, now_ms);
}

void planner_publish_done(struct planner_actor *a, int64_t now_ms) {
    int code = a->publishing->head.code;
    struct takt_error err = a->publishing->head.err;
    switch (code) {
    case 0:
        succeeded(a, now_ms);
        break;
    case TAKT_ESTALE:
        failed(a, code, 0); /* no pause: the changes come first anyway */
        a->changes_due = true;
        a->reading = READ_ALL;
        a->store_fails = false;
        break;
    case TAKT_EUNKNOWN:
    case TAKT_EEXIST:
        look_up(a, now_ms);
        break;
    case TAKT_EFENCED:
        failed(a, code, now_ms);
        planner_fail(a, &err);
        break;
    case TAKT_ESTORE:
    case TAKT_EFULL:
    case TAKT_EBUSY:
        a->store_fails = true;
        failed(a, code, now_ms);
        break;
    default:
        refused(a, code, &err, now_ms);
        break;
    }
}

void planner_publish_looked_up(struct planner_actor *a, int64_t now_ms) {
    bool there = a->lookup->head.code == 0 && a->lookup->ret_meta.publish_no >= a->publishing->publish_no;
    bool known = a->lookup->head.code == 0;
    struct takt_error err = a->publishing->head.err;
    a->lookup = NULL;
    if (there)
        succeeded(a, now_ms);
    else if (known && a->publishing->head.code == TAKT_EEXIST) /* not the number is there already, but something in it */
        refused(a, TAKT_EEXIST, &err, now_ms);
    else if (known)
        failed(a, TAKT_ESTORE, now_ms);
    else
        look_up(a, now_ms);
}
