/* SPDX-License-Identifier: Apache-2.0 */

/* A line is idle, running or down. For each the shop keeps the time at which something may happen to it next, and works it
 * out anew only when something did happen (`touched`): a plan names one of its tasks, it starts, ends, breaks down or comes
 * up, the task before one of its own begins or ends, people of a pool come free.
 *
 * At one instant lines come up and break down first, then tasks end, then others start, so that what follows something at the
 * same second can follow it. One report is under way at a time: it is made without changing anything (`proposal`), and what
 * it says becomes true in the books when it is answered.
 *
 *     begin   line, set-up and pools are free, what comes before is done (or far enough, with an overlap), all is open
 *     end     its work is done, and what it was fed by has ended
 *     down    work on the line stands still; what was left of it follows from when it is up
 *
 * A line with `reports: planned` is not looked at: the planner says what happened there, and shop_follow believes it. */

#include "daemon/sim/shop_inner.h"

#include "base/arena.h"
#include "base/time.h"
#include "daemon/sim/chance.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOVE_WITHIN_S = 2 * 86400, MOVE_TOLERANCE_S = 3600 };

struct shop *shop_new(const struct shop_config *config) {
    const struct plant *plant = config->plant;
    struct shop *s = takt_alloc(sizeof *s);
    s->config = *config;
    s->now_s = config->origin_s;
    s->book = shopbook_new(plant);
    s->breakdowns = breakdowns_new(plant, config->worktime, config->seed, config->breakdowns, config->origin_s);
    s->benches = takt_alloc(plant->line_count * sizeof *s->benches + 1);
    for (size_t l = 0; l < plant->line_count; l++) {
        struct bench *b = &s->benches[l];
        *b = (struct bench){.free_s = config->origin_s, .down_until_s = TAKT_TIME_NONE, .next_s = TAKT_TIME_NEVER};
        if (plant->lines[l].set_up_for != NULL)
            b->family = b->family_text = takt_strdup(plant->lines[l].set_up_for);
    }
    size_t ops = 0;
    s->first_op = takt_alloc(plant->product_count * sizeof *s->first_op + 1);
    for (size_t p = 0; p < plant->product_count; ops += plant->products[p++].op_count)
        s->first_op[p] = ops;
    s->scrap_rest_ppm = takt_alloc(ops * sizeof *s->scrap_rest_ppm + 1);
    return s;
}

void shop_free(struct shop *s) {
    if (s == NULL)
        return;
    for (size_t l = 0; l < s->config.plant->line_count; l++) {
        free(s->benches[l].running);
        free(s->benches[l].family_text);
    }
    breakdowns_free(s->breakdowns);
    shopbook_free(s->book);
    free(s->benches);
    free(s->first_op);
    free(s->scrap_rest_ppm);
    free(s);
}

const struct shop_figures *shop_figures(const struct shop *s) {
    return &s->figures;
}

int64_t shop_busy_s(const struct shop *s, int32_t line) {
    const struct bench *b = &s->benches[line];
    const struct worktime *w = s->config.worktime;
    int64_t running_s = b->running_count > 0 ? worktime_between_s(w, worktime_line(w, line), b->run_began_s, s->now_s) : 0;
    return b->busy_s + running_s;
}

bool shop_is_reported(const struct shop *s, int32_t line) {
    return s->config.plant->lines[line].reports == REPORTS_FLOOR;
}

static void touch(struct shop *s, const struct shop_task *task) {
    if (task != NULL && task->line >= 0)
        shopbook_line(s->book, task->line)->touched = true;
}

static bool goes_before(const struct shop_task *a, const struct shop_task *b) {
    if (a->start_s != b->start_s)
        return a->start_s < b->start_s;
    return a->lot->no != b->lot->no ? a->lot->no < b->lot->no : a->op < b->op;
}

/* Which of its waiting tasks a line can begin first, and when. */
static struct shop_task *next_to_begin(const struct shop *s, int32_t line, int64_t *ret_at_s) {
    const struct shop_line *waiting = shopbook_line(s->book, line);
    struct shop_task *best = NULL;
    int64_t best_s = TAKT_TIME_NEVER;
    for (size_t k = 0; k < waiting->waiting_count; k++) {
        struct shop_task *task = waiting->waiting[k];
        if (shop_latest(task->start_s, s->now_s) > best_s)
            continue;
        int64_t at_s = shop_begin_s(s, task);
        if (at_s < best_s || (at_s == best_s && best != NULL && goes_before(task, best))) {
            best = task;
            best_s = at_s;
        }
    }
    *ret_at_s = best_s;
    return best;
}

static struct shop_task *next_to_end(const struct shop *s, int32_t line, int64_t *ret_at_s) {
    const struct bench *b = &s->benches[line];
    struct shop_task *best = NULL;
    int64_t best_s = TAKT_TIME_NEVER;
    for (size_t r = 0; r < b->running_count; r++) {
        int64_t at_s = b->running[r]->refused ? TAKT_TIME_NEVER : shop_done_s(b->running[r]);
        if (at_s < best_s || (at_s == best_s && best != NULL && goes_before(b->running[r], best))) {
            best = b->running[r];
            best_s = at_s;
        }
    }
    *ret_at_s = best_s;
    return best;
}

/* ---- what happens next ---- */

static void look_at_line(struct shop *s, int32_t line) {
    struct bench *b = &s->benches[line];
    shopbook_line(s->book, line)->touched = false;
    if (b->down_until_s != TAKT_TIME_NONE) {
        b->next_s = b->down_until_s;
        return;
    }
    int64_t begin, end;
    next_to_begin(s, line, &begin);
    next_to_end(s, line, &end);
    b->next_s = begin < end ? begin : end;
}

int64_t shop_next_s(struct shop *s) {
    const struct breakdown *down = breakdowns_next(s->breakdowns);
    int64_t next_s = down != NULL ? shop_latest(down->from_s, s->now_s) : TAKT_TIME_NEVER;
    for (size_t l = 0; l < s->config.plant->line_count; l++) {
        struct bench *b = &s->benches[l];
        if (!shop_is_reported(s, (int32_t)l) && b->down_until_s == TAKT_TIME_NONE)
            continue;
        if (shopbook_line(s->book, (int32_t)l)->touched)
            look_at_line(s, (int32_t)l);
        if (b->next_s < next_s)
            next_s = b->next_s;
    }
    if (s->proposal.move != MOVE_NONE)
        next_s = s->now_s;
    return next_s;
}

static bool find_up(struct shop *s) {
    for (size_t l = 0; l < s->config.plant->line_count; l++)
        if (s->benches[l].down_until_s != TAKT_TIME_NONE && s->benches[l].down_until_s <= s->now_s) {
            s->proposal = (struct proposal){.move = MOVE_UP, .line = (int32_t)l};
            return true;
        }
    return false;
}

/* A line that is down already does not break down; what is announced beside it only keeps it down. */
static bool find_down(struct shop *s) {
    for (;;) {
        const struct breakdown *down = breakdowns_next(s->breakdowns);
        if (down == NULL || down->from_s > s->now_s)
            return false;
        struct bench *b = &s->benches[down->line];
        if (b->down_until_s == TAKT_TIME_NONE) {
            s->proposal = (struct proposal){.move = MOVE_DOWN, .line = down->line};
            return true;
        }
        if (down->announced && down->to_s > b->down_until_s) {
            b->down_until_s = down->to_s;
            shopbook_line(s->book, down->line)->touched = true;
        }
        breakdowns_take(s->breakdowns);
    }
}

typedef struct shop_task *next_fn(const struct shop *s, int32_t line, int64_t *ret_at_s);

static bool find_task(struct shop *s, enum move move, next_fn *next) {
    for (size_t l = 0; l < s->config.plant->line_count; l++) {
        struct bench *b = &s->benches[l];
        bool touched = shopbook_line(s->book, (int32_t)l)->touched;
        if (!shop_is_reported(s, (int32_t)l) || b->down_until_s != TAKT_TIME_NONE || (!touched && b->next_s > s->now_s))
            continue;
        int64_t at_s;
        struct shop_task *task = next(s, (int32_t)l, &at_s);
        if (task != NULL && at_s <= s->now_s) {
            s->proposal = (struct proposal){.move = move, .line = (int32_t)l, .task = task};
            return true;
        }
    }
    return false;
}

static bool propose(struct shop *s) {
    return find_up(s) || find_down(s) || find_task(s, MOVE_END, next_to_end) || find_task(s, MOVE_BEGIN, next_to_begin);
}

/* ---- what happens ---- */

/* Units of scrap that its yield makes of so many, over the life exactly: the rest of a unit is carried on. */
static uint32_t scrap_of(struct shop *s, const struct shop_task *task, uint32_t units) {
    const struct plant_op *op = shop_task_op(task);
    uint64_t bits = chance(s->config.seed, CHANCE_SCRAP, task->lot->no, task->op);
    int64_t lost_ppm = (1000000 - op->yield_ppm) * chance_factor_ppm(bits, s->config.noise_ppm) / 1000000;
    int64_t *rest = &s->scrap_rest_ppm[s->first_op[task->lot->product] + task->op];
    int64_t ppm = *rest + lost_ppm * units;
    int64_t scrap = ppm / 1000000;
    if (scrap > units)
        scrap = units;
    *rest = ppm - scrap * 1000000;
    if (*rest > 1000000)
        *rest = 1000000;
    return (uint32_t)scrap;
}

static int64_t work_of(const struct shop *s, const struct shop_task *task, uint32_t units) {
    int64_t planned_s = plant_rate_s(&shop_task_op(task)->lines[task->choice], units);
    uint64_t bits = chance(s->config.seed, CHANCE_DURATION, task->lot->no, task->op);
    int64_t work_s = planned_s * chance_factor_ppm(bits, s->config.noise_ppm) / 1000000;
    return work_s > 0 ? work_s : 1;
}

static void set_up(struct shop *s, const struct shop_task *task) {
    struct bench *b = &s->benches[task->line];
    int32_t table = s->config.plant->lines[task->line].changeover;
    if (task->family == NULL || shop_same_family(b->family, task->family))
        return;
    if (table >= 0 && b->running_count == 0)
        s->figures.changeover_s += plant_changeover_s(s->config.plant, table, b->family, task->family);
    free(b->family_text);
    b->family = b->family_text = takt_strdup(task->family);
}

static void begin(struct shop *s, struct shop_task *task, int64_t at_s) {
    struct bench *b = &s->benches[task->line];
    uint32_t units = shop_units_for(s, task);
    set_up(s, task);
    shopbook_unplace(s->book, task);
    task->state = TASK_STARTED;
    task->began_s = at_s;
    task->started = units;
    task->work_s = work_of(s, task, units);
    task->scrap = scrap_of(s, task, units);
    task->end_s = shop_task_op(task)->breakable
                      ? worktime_passed_s(s->config.worktime, shop_hours(s, task), at_s, task->work_s)
                      : at_s + task->work_s;
    if (b->running_count == 0)
        b->run_began_s = at_s;
    ARRAY_GROW(b->running, b->running_count, b->running_room);
    b->running[b->running_count++] = task;
    for (size_t r = 0; r < b->running_count; r++)
        b->running[r]->end_s = task->end_s = shop_latest(b->running[r]->end_s, task->end_s);
    s->figures.tasks_started++;
    s->figures.tasks_late += at_s > task->start_s;
    if (task->op == 0)
        s->figures.wip_units += units;
    touch(s, shop_task_after(task));
}

static void end(struct shop *s, struct shop_task *task, int64_t at_s) {
    struct bench *b = &s->benches[task->line];
    for (size_t r = 0; r < b->running_count; r++)
        if (b->running[r] == task) {
            b->running[r] = b->running[--b->running_count];
            break;
        }
    if (b->running_count == 0) {
        const struct worktime *w = s->config.worktime;
        b->busy_s += worktime_between_s(w, worktime_line(w, task->line), b->run_began_s, at_s);
        b->free_s = at_s;
    }
    task->state = TASK_FINISHED;
    task->end_s = at_s;
    shopbook_line(s->book, task->line)->touched = true;
    if (shop_task_op(task)->pool_count > 0)
        shopbook_touch_all(s->book);
    touch(s, shop_task_after(task));
}

/* What a task's end means for the lot's units; closes the lot after its last. */
static void count_end(struct shop *s, struct shop_task *task) {
    s->figures.scrap_units += task->scrap;
    if (shop_task_after(task) != NULL)
        return;
    s->figures.wip_units -= task->lot->tasks[0].started;
    s->figures.made_units += task->started - task->scrap;
    shopbook_close(s->book, task->lot);
}

static void go_down(struct shop *s, int32_t line, int64_t at_s) {
    struct bench *b = &s->benches[line];
    const struct breakdown *down = breakdowns_next(s->breakdowns);
    const struct worktime *w = s->config.worktime;
    b->down_until_s = shop_latest(down->to_s, at_s + 1);
    b->down_announced = down->announced;
    breakdowns_take(s->breakdowns);
    for (size_t r = 0; r < b->running_count; r++) {
        struct shop_task *task = b->running[r];
        if (task->end_s <= at_s)
            continue;
        if (shop_task_op(task)->breakable) {
            int64_t left_s = worktime_between_s(w, shop_hours(s, task), at_s, task->end_s);
            task->end_s = worktime_passed_s(w, shop_hours(s, task), b->down_until_s, left_s);
        } else {
            task->end_s += b->down_until_s - at_s;
        }
    }
    if (b->running_count > 0) {
        b->busy_s -= worktime_between_s(w, worktime_line(w, line), at_s, b->down_until_s);
        touch(s, shop_task_after(b->running[0]));
    }
    shopbook_line(s->book, line)->touched = true;
}

static void go_up(struct shop *s, int32_t line) {
    struct bench *b = &s->benches[line];
    b->down_until_s = TAKT_TIME_NONE;
    b->next_s = TAKT_TIME_NEVER;
    b->free_s = shop_latest(b->free_s, s->now_s);
    shopbook_line(s->book, line)->touched = true;
}

static void apply(struct shop *s, const struct proposal *p) {
    switch (p->move) {
    case MOVE_DOWN:
        go_down(s, p->line, p->report.at_s);
        break;
    case MOVE_UP:
        go_up(s, p->line);
        break;
    case MOVE_BEGIN:
        if (p->task == NULL)
            break;
        shopbook_move(s->book, p->task, p->line);
        begin(s, p->task, p->report.at_s);
        break;
    case MOVE_END:
        end(s, p->task, p->report.at_s);
        count_end(s, p->task);
        break;
    case MOVE_NONE:
        break;
    }
}

/* ---- reports ---- */

static void write_report(struct shop *s) {
    static const enum report_event events[] = {[MOVE_DOWN] = REPORT_DOWN, [MOVE_UP] = REPORT_UP,
                                               [MOVE_BEGIN] = REPORT_STARTED, [MOVE_END] = REPORT_FINISHED};
    struct proposal *p = &s->proposal;
    snprintf(p->report_ref, sizeof p->report_ref, "floor-%llu", (unsigned long long)++s->report_count);
    p->report = (struct report){.reporter = "floor",
                                .report_ref = p->report_ref,
                                .event = events[p->move],
                                .line = s->config.plant->lines[p->line].id,
                                .good = -1,
                                .scrap = -1,
                                .at_s = s->now_s,
                                .until_s = TAKT_TIME_NONE,
                                .quantity_milli = -1,
                                .body = "{}"};
    if (p->task != NULL) {
        snprintf(p->task_name, sizeof p->task_name, "L%u-%s", p->task->lot->no, shop_task_op(p->task)->id);
        p->report.task = p->task_name;
    }
    if (p->move == MOVE_END) {
        p->report.good = p->task->started - p->task->scrap;
        p->report.scrap = p->task->scrap;
    }
    if (p->move == MOVE_DOWN) {
        const struct breakdown *down = breakdowns_next(s->breakdowns);
        p->report.until_s = shop_latest(down->guess_s, s->now_s + 60);
        p->report.reason = down->reason;
    }
}

/* What the plant's file announced, the planner knows. */
static bool is_announced(struct shop *s) {
    const struct proposal *p = &s->proposal;
    if (p->move == MOVE_DOWN)
        return breakdowns_next(s->breakdowns)->announced;
    return p->move == MOVE_UP && s->benches[p->line].down_announced;
}

bool shop_report(struct shop *s, int64_t now_s, struct report *ret) {
    s->now_s = shop_latest(now_s, s->now_s);
    while (s->proposal.move == MOVE_NONE && propose(s)) {
        write_report(s);
        if (!is_announced(s))
            break;
        apply(s, &s->proposal);
        s->proposal = (struct proposal){.move = MOVE_NONE};
    }
    if (s->proposal.move == MOVE_NONE) {
        for (size_t l = 0; l < s->config.plant->line_count; l++)
            if (s->benches[l].next_s <= s->now_s)
                look_at_line(s, (int32_t)l);
        return false;
    }
    *ret = s->proposal.report;
    return true;
}

bool shop_answered(struct shop *s, bool accepted) {
    struct proposal *p = &s->proposal;
    assert(p->move != MOVE_NONE);
    bool fine = accepted || p->move != MOVE_END;
    s->figures.reports++;
    s->figures.refused += !accepted;
    if (accepted || p->move == MOVE_DOWN || p->move == MOVE_UP) {
        apply(s, p);
    } else if (p->task != NULL) {
        p->task->refused = true;
        touch(s, p->task);
    }
    *p = (struct proposal){.move = MOVE_NONE};
    return fine;
}

/* ---- publications ---- */

/* The planner's word for what happens on a line on which nobody reports. */
static void believe(struct shop *s, struct shop_task *task, const struct task_row *row) {
    if (row->state == TASK_PLANNED || task->line < 0)
        return;
    if (task->state == TASK_PLANNED) {
        begin(s, task, row->started_at_s != TAKT_TIME_NONE ? row->started_at_s : row->start_s);
        task->end_s = row->end_s;
    }
    if (row->state == TASK_FINISHED && task->state == TASK_STARTED) {
        task->scrap = row->good < task->started ? task->started - row->good : 0;
        end(s, task, row->finished_at_s != TAKT_TIME_NONE ? row->finished_at_s : row->end_s);
        count_end(s, task);
    }
}

static bool is_move(const struct shop *s, const struct shop_task *task, const struct task_row *row) {
    if (task->line < 0 || row->line[0] == '\0' || row->state != TASK_PLANNED || task->start_s >= s->now_s + MOVE_WITHIN_S)
        return false;
    int64_t by_s = row->start_s > task->start_s ? row->start_s - task->start_s : task->start_s - row->start_s;
    return by_s > MOVE_TOLERANCE_S || strcmp(row->line, s->config.plant->lines[task->line].id) != 0;
}

static void follow_task(struct shop *s, const struct task_row *row) {
    struct shop_lot *lot = shopbook_find(s->book, row->lot);
    if (lot == NULL || row->op >= lot->makes->op_count)
        return;
    struct shop_task *task = &lot->tasks[row->op];
    if (row->gone) {
        if (task->state == TASK_PLANNED)
            shopbook_move(s->book, task, -1);
        return;
    }
    if (task->state == TASK_PLANNED) {
        s->figures.moves += is_move(s, task, row);
        shopbook_place(s->book, task, row);
    }
    task->refused = false;
    touch(s, task);
    if (task->line >= 0 && !shop_is_reported(s, task->line))
        believe(s, task, row);
}

void shop_follow(struct shop *s, const struct store_publish *publication) {
    s->now_s = shop_latest(publication->at_s, s->now_s);
    for (size_t k = 0; k < publication->lot_count; k++) {
        struct shop_lot *lot = shopbook_lot(s->book, &publication->lots[k]);
        if (lot == NULL || publication->lots[k].state != LOT_GONE)
            continue;
        if (s->proposal.task != NULL && s->proposal.task->lot == lot)
            s->proposal.task = NULL;
        shopbook_close(s->book, lot);
    }
    for (size_t k = 0; k < publication->task_count; k++)
        follow_task(s, &publication->tasks[k]);
}
