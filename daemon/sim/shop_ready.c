/* SPDX-License-Identifier: Apache-2.0 */

/* When a task of the simulated floor can begin and be done: its line, its set-up, its pools, and what comes before it. */

#include "daemon/sim/shop_inner.h"

#include "base/time.h"

#include <string.h>

enum { POOL_RETRY_S = 300 };

const struct hours *shop_hours(const struct shop *s, const struct shop_task *task) {
    return worktime_op(s->config.worktime, task->lot->product, task->op, (size_t)task->choice);
}

uint32_t shop_units_for(const struct shop *s, const struct shop_task *task) {
    const struct shop_task *before = shop_task_before(task);
    if (before == NULL || before->state == TASK_PLANNED)
        return task->quantity;
    if (before->state == TASK_STARTED && !shop_is_reported(s, before->line))
        return task->quantity; /* what comes of it is for the planner to say */
    return before->started - before->scrap;
}

/* A part of its work, before which what follows cannot begin, and after which it cannot end sooner. */
static int64_t overlap_part_s(const struct plant_op *op, int64_t work_s, uint32_t units) {
    if (units == 0 || op->overlap >= (int64_t)units)
        return work_s;
    return (work_s * op->overlap + units - 1) / units;
}

/* When what comes before it lets it start; TAKT_TIME_NEVER: that cannot be said yet. */
static int64_t fed_s(const struct shop *s, const struct shop_task *task) {
    const struct shop_task *before = shop_task_before(task);
    if (before == NULL)
        return s->config.origin_s;
    const struct plant_op *op = shop_task_op(before);
    if (before->state == TASK_FINISHED)
        return before->end_s + op->rest_s;
    if (before->state != TASK_STARTED || op->overlap == 0 || before->choice < 0)
        return TAKT_TIME_NEVER;
    int64_t part_s = overlap_part_s(op, before->work_s, before->started);
    int64_t first_s = worktime_passed_s(s->config.worktime, shop_hours(s, before), before->began_s, part_s);
    return first_s == TAKT_TIME_NEVER ? first_s : first_s + op->rest_s;
}

/* A task cannot be done before what feeds it is, and it has worked on the last part of that. */
int64_t shop_done_s(const struct shop_task *task) {
    const struct shop_task *before = shop_task_before(task);
    if (before == NULL)
        return task->end_s;
    if (before->state != TASK_FINISHED)
        return TAKT_TIME_NEVER;
    const struct plant_op *op = shop_task_op(before);
    if (op->overlap == 0)
        return task->end_s;
    int64_t last_s = before->end_s + op->rest_s + overlap_part_s(op, task->work_s, before->started);
    return last_s > task->end_s ? last_s : task->end_s;
}

static bool pools_suffice(const struct shop *s, const struct shop_task *task, int64_t at_s) {
    const struct plant_op *op = shop_task_op(task);
    for (size_t k = 0; k < op->pool_count; k++) {
        int64_t held = op->pools[k].amount;
        for (size_t l = 0; l < s->config.plant->line_count; l++)
            for (size_t r = 0; r < s->benches[l].running_count; r++) {
                const struct shop_task *other = s->benches[l].running[r];
                const struct plant_op *its = shop_task_op(other);
                for (size_t u = 0; u < its->pool_count; u++)
                    if (its->pools[u].index == op->pools[k].index &&
                        worktime_is_open(s->config.worktime, shop_hours(s, other), at_s))
                        held += its->pools[u].amount;
            }
        if (held > s->config.plant->pools[op->pools[k].index].capacity)
            return false;
    }
    return true;
}

bool shop_same_family(const char *a, const char *b) {
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* A batch line's run takes others in at the second in which it begins. */
static bool joins_run(const struct shop *s, const struct shop_task *task) {
    const struct bench *b = &s->benches[task->line];
    int64_t load = shop_units_for(s, task);
    for (size_t r = 0; r < b->running_count; r++)
        load += b->running[r]->started;
    return b->running_count > 0 && b->run_began_s == s->now_s && load <= s->config.plant->lines[task->line].batch &&
           shop_same_family(b->running[0]->family, task->family);
}

/* When its line is free and set up for it. */
static int64_t line_ready_s(const struct shop *s, const struct shop_task *task) {
    const struct bench *b = &s->benches[task->line];
    if (b->running_count > 0)
        return joins_run(s, task) ? s->now_s : TAKT_TIME_NEVER;
    const struct plant_line *line = &s->config.plant->lines[task->line];
    int64_t change_s = line->changeover < 0 ? 0 : plant_changeover_s(s->config.plant, line->changeover, b->family, task->family);
    const struct worktime *w = s->config.worktime;
    return change_s == 0 ? b->free_s : worktime_passed_s(w, worktime_line(w, task->line), b->free_s, change_s);
}

int64_t shop_begin_s(const struct shop *s, const struct shop_task *task) {
    if (task->refused || task->choice < 0)
        return TAKT_TIME_NEVER;
    int64_t fed = fed_s(s, task), ready = line_ready_s(s, task);
    if (fed == TAKT_TIME_NEVER || ready == TAKT_TIME_NEVER)
        return TAKT_TIME_NEVER;
    int64_t fit_s = shop_latest(shop_latest(task->start_s, s->now_s), shop_latest(fed, ready));
    const struct plant_op *op = shop_task_op(task);
    int64_t work_s = plant_rate_s(&op->lines[task->choice], shop_units_for(s, task));
    int64_t at_s = worktime_start_s(s->config.worktime, shop_hours(s, task), fit_s, work_s, op->breakable);
    if (at_s != TAKT_TIME_NEVER && op->pool_count > 0 && !pools_suffice(s, task, at_s))
        at_s += POOL_RETRY_S;
    return at_s;
}
