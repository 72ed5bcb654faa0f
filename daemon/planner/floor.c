/* SPDX-License-Identifier: Apache-2.0 */

/* Reports of the floor: read → judged → applied, one function an event in a table.
 *
 * A judge refuses what contradicts what is known and changes nothing then. One that says what is known already is
 * accepted and changes nothing either: terminals repeat themselves, and two may say the same. */

#include "daemon/planner/ask.h"
#include "daemon/planner/lot_time.h"
#include "daemon/planner/progress.h"
#include "daemon/planner/promise.h"
#include "daemon/planner/state.h"

#include <inttypes.h>
#include <string.h>

enum { FUTURE_S = 300, BATCH_LATE_S = 1800 };

struct judging {
    struct planner *p;
    const struct report *r;
    int64_t now_s, at_s;
    struct lot *lot; /* of `task` */
    size_t op;
    int32_t line; /* -1: not given */
    struct refusal *refusal;
    char name[72]; /* of the task */
};

/* ---- what it is about ---- */

/* A line, or the station of it that has the task: `sew-1` stands for `sew-1.3`. */
static bool read_line(struct judging *j) {
    const struct plant *plant = j->p->plant;
    j->line = -1;
    if (j->r->line == NULL)
        return true;
    j->line = plant_line_find(plant, j->r->line);
    if (j->line >= 0)
        return true;
    int32_t planned = j->lot == NULL ? -1 : j->lot->tasks[j->op].line;
    if (planned >= 0 && strcmp(plant->lines[planned].base, j->r->line) == 0) {
        j->line = planned;
        return true;
    }
    return refuse(j->refusal, REFUSAL_UNKNOWN_LINE, "/line", "there is no line '%s'", j->r->line);
}

static bool read_task(struct judging *j) {
    uint32_t no;
    const char *op;
    if (j->r->task == NULL)
        return true;
    struct lot *lot = task_name_parse(j->r->task, &no, &op) ? lot_find(&j->p->lots, no) : NULL;
    for (size_t k = 0; lot != NULL && lot->state != LOT_GONE && k < lot->op_count; k++) {
        if (strcmp(lot_op(j->p, lot, k)->id, op) == 0) {
            j->lot = lot;
            j->op = k;
            task_name(j->p, lot, k, j->name);
            return true;
        }
    }
    return refuse(j->refusal, REFUSAL_UNKNOWN_TASK, "/task",
                  "there is no task '%.60s', or its orders have been shipped", j->r->task);
}

static bool needs_task(struct judging *j) {
    return j->lot != NULL || refuse(j->refusal, REFUSAL_BAD_MESSAGE, "/task", "a task is needed");
}

static bool needs_line(struct judging *j) {
    return j->line >= 0 || refuse(j->refusal, REFUSAL_BAD_MESSAGE, "/line", "a line is needed");
}

static bool contradicts(struct judging *j, const char *at, const char *why, const char *other) {
    return refuse(j->refusal, REFUSAL_CONTRADICTION, at, why, j->name, other);
}

/* ---- started ---- */

static bool line_does_it(struct judging *j) {
    if (task_time(j->p, j->lot, j->op, j->line) >= 0)
        return true;
    return contradicts(j, "/line", "%s is not done on line '%s'", j->p->plant->lines[j->line].id);
}

static bool may_begin(struct judging *j) {
    char before[72];
    if (j->op == 0)
        return true;
    const struct task *t = &j->lot->tasks[j->op - 1];
    if (t->state == TASK_FINISHED || (t->state == TASK_STARTED && task_overlap(j->p, j->lot, j->op - 1) > 0))
        return true;
    task_name(j->p, j->lot, j->op - 1, before);
    return contradicts(j, "/task", "%s comes after %s, which is not finished", before);
}

/* A line does one task at a time, a batch line those of one run. */
static bool line_is_free(struct judging *j) {
    const struct plant_line *line = &j->p->plant->lines[j->line];
    int64_t in_run = j->lot->tasks[j->op].quantity;
    for (size_t i = 0; i < j->p->lots.live_count; i++) {
        const struct lot *lot = j->p->lots.live[i];
        for (size_t k = 0; k < lot->op_count; k++) {
            const struct task *t = &lot->tasks[k];
            char other[72];
            if (t->state != TASK_STARTED || t->line != j->line)
                continue;
            in_run += t->quantity;
            if (line->batch > 0 && in_run <= line->batch && j->at_s - t->started_at_s <= BATCH_LATE_S &&
                lot->group->families[k] == j->lot->group->families[j->op])
                continue;
            task_name(j->p, lot, k, other);
            return contradicts(j, "/line", "%s cannot start: its line is at %s, which is not finished", other);
        }
    }
    return true;
}

static bool judge_started(struct judging *j) {
    struct task *t;
    if (!needs_task(j))
        return false;
    t = &j->lot->tasks[j->op];
    if (j->line < 0)
        j->line = t->line;
    if (t->state == TASK_STARTED && (j->r->line == NULL || t->line == j->line))
        return true;
    if (t->state == TASK_FINISHED)
        return contradicts(j, "/task", "%s is %s already", "finished");
    if (j->line < 0)
        return needs_line(j);
    if (t->state == TASK_STARTED)
        return contradicts(j, "/line", "%s has started on line '%s'", j->p->plant->lines[t->line].id);
    if (j->lot->units == 0)
        return contradicts(j, "/task", "%s has no units any more%s", "");
    if (!line_does_it(j) || !may_begin(j) || !line_is_free(j))
        return false;
    progress_start(j->p, j->lot, j->op, j->line, j->at_s, j->now_s);
    return true;
}

/* ---- progress, scrapped, finished ---- */

static bool has_started(struct judging *j) {
    const struct task *t = &j->lot->tasks[j->op];
    if (t->state == TASK_PLANNED)
        return contradicts(j, "/task", "%s has not %s", "started");
    return j->line < 0 || t->line == j->line ||
           contradicts(j, "/line", "%s is on line '%s'", j->p->plant->lines[t->line].id);
}

/* No more comes out than went in. */
static bool counts_fit(struct judging *j, int64_t good, int64_t scrap) {
    uint32_t there = progress_there(j->lot, j->op);
    if (good + scrap <= there)
        return true;
    return refuse(j->refusal, REFUSAL_CONTRADICTION, "/good",
                  "%s is %" PRIu32 " units: %" PRId64 " good and %" PRId64 " scrap are more", j->name, there, good,
                  scrap);
}

static int64_t given(int64_t value, int64_t absent) {
    return value < 0 ? absent : value;
}

static bool judge_progress(struct judging *j) {
    if (!needs_task(j) || !has_started(j))
        return false;
    struct task *t = &j->lot->tasks[j->op];
    int64_t good = given(j->r->good, t->good), scrap = given(j->r->scrap, 0);
    if (t->state == TASK_FINISHED)
        return good <= t->good || contradicts(j, "/good", "%s is finished with fewer good units%s", "");
    if (good < t->good)
        return contradicts(j, "/good", "%s has more good units already: `good` is the total so far%s", "");
    if (!counts_fit(j, good, t->scrap + scrap))
        return false;
    if (scrap > 0)
        progress_scrap(j->p, j->lot, j->op, (uint32_t)scrap, j->r->units, j->r->unit_count);
    progress_good(j->p, j->lot, j->op, (uint32_t)good, j->at_s, j->now_s);
    return true;
}

static bool judge_scrapped(struct judging *j) {
    if (!needs_task(j) || !has_started(j))
        return false;
    struct task *t = &j->lot->tasks[j->op];
    int64_t scrap = given(j->r->scrap, (int64_t)j->r->unit_count);
    if (scrap < (int64_t)j->r->unit_count)
        scrap = (int64_t)j->r->unit_count;
    if (scrap == 0)
        return refuse(j->refusal, REFUSAL_BAD_QUANTITY, "/scrap", "how many units were lost, or which?");
    if (t->state == TASK_FINISHED && j->op + 1u < j->lot->op_count)
        return contradicts(j, "/task", "%s is finished: units that were lost since belong to the next operation%s", "");
    if (t->state == TASK_FINISHED ? scrap > t->good : !counts_fit(j, t->good, t->scrap + scrap))
        return t->state != TASK_FINISHED ? false : contradicts(j, "/scrap", "%s has fewer good units than that%s", "");
    progress_scrap(j->p, j->lot, j->op, (uint32_t)scrap, j->r->units, j->r->unit_count);
    return true;
}

static bool predecessor_finished(struct judging *j) {
    char before[72];
    if (j->op == 0 || j->lot->tasks[j->op - 1].state == TASK_FINISHED)
        return true;
    task_name(j->p, j->lot, j->op - 1, before);
    return contradicts(j, "/task", "%s cannot be finished before %s", before);
}

static bool judge_finished(struct judging *j) {
    if (!needs_task(j) || !has_started(j))
        return false;
    struct task *t = &j->lot->tasks[j->op];
    int64_t scrap = t->scrap + given(j->r->scrap, 0), left = (int64_t)t->quantity - scrap;
    if (t->state == TASK_FINISHED)
        return given(j->r->good, t->good) == t->good ||
               contradicts(j, "/good", "%s is finished with another number of good units%s", "");
    int64_t good = given(j->r->good, left > 0 ? left : 0);
    if (!counts_fit(j, good, scrap) || !predecessor_finished(j))
        return false;
    if (good < t->good)
        return contradicts(j, "/good", "%s had more good units%s", "");
    if (j->at_s < t->started_at_s)
        return contradicts(j, "/at", "%s would end before it %s", "started");
    if (j->r->unit_count > 0)
        progress_scrap(j->p, j->lot, j->op, (uint32_t)j->r->unit_count, j->r->units, j->r->unit_count);
    progress_finish(j->p, j->lot, j->op, (uint32_t)good, j->at_s);
    return true;
}

/* ---- lines ---- */

static void hours_changed(struct judging *j) {
    openings_forget(&j->p->openings);
    stock_guess(&j->p->stock, j->now_s);
    j->p->news.stock = true;
    planner_want(j->p, CAUSE_BREAKDOWN);
}

/* What runs on the line goes on when it is up again. */
static void delay_running(struct judging *j) {
    struct planner *p = j->p;
    openings_need(&p->openings, p->plant, &p->stock, j->now_s, p->plant->planning.horizon_s);
    for (size_t i = 0; i < p->lots.live_count; i++) {
        struct lot *lot = p->lots.live[i];
        for (size_t k = 0; k < lot->op_count; k++) {
            struct task *t = &lot->tasks[k];
            if (t->state != TASK_STARTED || t->line != j->line || t->end_s <= j->at_s)
                continue;
            t->end_s = task_end(p, lot, k, t->line, t->started_at_s, task_time(p, lot, k, t->line));
            t->missed_s = TAKT_TIME_NONE;
            news_task(p, lot, k);
            p->news.plan = true;
        }
    }
}

static bool judge_down(struct judging *j) {
    int64_t until_s = j->r->until_s == TAKT_TIME_NONE ? TAKT_TIME_NEVER : j->r->until_s;
    if (!needs_line(j))
        return false;
    if (until_s <= j->at_s)
        return refuse(j->refusal, REFUSAL_CONTRADICTION, "/until", "it would end before it begins");
    stock_down(&j->p->stock, j->line, j->at_s, until_s, j->r->reason);
    hours_changed(j);
    delay_running(j);
    return true;
}

static bool judge_up(struct judging *j) {
    if (!needs_line(j))
        return false;
    if (stock_down_at(&j->p->stock, j->line, j->at_s) == NULL)
        return true;
    stock_up(&j->p->stock, j->line, j->at_s);
    hours_changed(j);
    delay_running(j);
    return true;
}

static bool judge_setup(struct judging *j) {
    if (!needs_line(j))
        return false;
    struct setup *u = &j->p->stock.setups[j->line];
    int32_t family = j->r->family == NULL || j->r->family[0] == '\0' ? -1 : family_get(&j->p->variants, j->r->family);
    if (u->family == family)
        return true;
    u->family = family;
    u->dirty = j->p->news.stock = true;
    planner_want(j->p, CAUSE_OPERATOR);
    return true;
}

/* ---- material, packing ---- */

static bool read_material(struct judging *j, int32_t *ret) {
    const char *name = j->r->material == NULL ? "" : j->r->material;
    *ret = plant_material_find(j->p->plant, name);
    if (*ret < 0)
        return refuse(j->refusal, REFUSAL_UNKNOWN_MATERIAL, "/material", "there is no material '%s'", name);
    return j->r->quantity_milli >= 0 || refuse(j->refusal, REFUSAL_BAD_QUANTITY, "/quantity", "how much of %s?", name);
}

static bool judge_stock(struct judging *j) {
    int32_t material;
    if (!read_material(j, &material))
        return false;
    if (j->p->stock.materials[material].on_hand_milli == j->r->quantity_milli)
        return true;
    j->p->stock.materials[material].on_hand_milli = j->r->quantity_milli;
    j->p->news.stock = true;
    planner_want(j->p, CAUSE_MATERIAL);
    return true;
}

static bool judge_receipt(struct judging *j) {
    int32_t material;
    if (!read_material(j, &material))
        return false;
    stock_receive(&j->p->stock, material, j->r->quantity_milli);
    j->p->news.stock = true;
    planner_want(j->p, CAUSE_MATERIAL);
    return true;
}

static bool judge_packed(struct judging *j) {
    struct order *o = book_find(&j->p->book, j->r->order);
    if (o == NULL)
        return refuse(j->refusal, REFUSAL_UNKNOWN_ORDER, "/order_ref", "there is no such open order");
    if (o->state == ORDER_PACKED)
        return true;
    if (o->unplaced > 0 || o->busy > 0)
        return refuse(j->refusal, REFUSAL_CONTRADICTION, "/order_ref", "not all units of the order are made");
    if (o->state != ORDER_MADE) { /* it was not given its rest: the floor knows better */
        o->made_s = o->made_s < j->at_s ? o->made_s : j->at_s;
        order_made(j->p, o);
    }
    packing_reported(j->p, o, j->at_s);
    return true;
}

/* ---- all of them ---- */

static bool (*const JUDGES[])(struct judging *) = {
    [REPORT_STARTED] = judge_started,   [REPORT_PROGRESS] = judge_progress, [REPORT_FINISHED] = judge_finished,
    [REPORT_SCRAPPED] = judge_scrapped, [REPORT_DOWN] = judge_down,         [REPORT_UP] = judge_up,
    [REPORT_SETUP] = judge_setup,       [REPORT_STOCK] = judge_stock,       [REPORT_RECEIPT] = judge_receipt,
    [REPORT_PACKED] = judge_packed,
};

bool planner_report(struct planner *p, int64_t now_s, const struct report *report, struct refusal *ret_refusal) {
    struct judging j = {.p = p,
                        .r = report,
                        .now_s = now_s,
                        .at_s = report->at_s == TAKT_TIME_NONE ? now_s : report->at_s,
                        .line = -1,
                        .refusal = ret_refusal};
    *ret_refusal = (struct refusal){0};
    p->now_s = now_s;
    if (j.at_s > now_s + FUTURE_S)
        return refuse(ret_refusal, REFUSAL_CONTRADICTION, "/at", "that is in the future");
    if (j.at_s > now_s)
        j.at_s = now_s;
    openings_need(&p->openings, p->plant, &p->stock, now_s, p->plant->planning.horizon_s);
    lots_sweep(&p->lots);
    const struct report_row *before = news_find_report(&p->news, report);
    if (before != NULL) /* it came again before the store could know it */
        return memcmp(before->hash, report->hash, sizeof before->hash) == 0 ||
               refuse(ret_refusal, REFUSAL_CONFLICT, "/report_ref", "report_ref '%.64s' was used for another report",
                      report->report_ref);
    if (!read_task(&j) || !read_line(&j) || !JUDGES[report->event](&j))
        return false;
    news_report(p, report, j.at_s);
    return true;
}
