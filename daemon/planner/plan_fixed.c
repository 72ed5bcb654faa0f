/* SPDX-License-Identifier: Apache-2.0 */

/* Started tasks are taken first, as they are facts; then frozen ones, earliest first, each judged against those that
 * were taken before it. So one that cannot stay makes room for no other, and what depends on it is judged after it. */

#include "daemon/planner/plan_fixed.h"

#include "base/arena.h"
#include "daemon/planner/lot_time.h"
#include "daemon/planner/state.h"

#include <stdlib.h>

struct judging {
    const struct planner *p;
    int64_t now_s;
    struct fixed_task *list; /* taken: 0 … count-1 */
    size_t count;
    int64_t *busy_until_s; /* by line */
    int64_t *busy_from_s;  /* of the last one on it */
};

static int by_start(const void *a, const void *b) {
    const struct fixed_task *x = a, *y = b;
    if (x->start_s != y->start_s)
        return x->start_s < y->start_s ? -1 : 1;
    if (x->lot->no != y->lot->no)
        return x->lot->no < y->lot->no ? -1 : 1;
    return (x->op > y->op) - (x->op < y->op);
}

static int by_task(const void *a, const void *b) {
    const struct fixed_task *x = a, *y = b;
    if (x->lot->no != y->lot->no)
        return x->lot->no < y->lot->no ? -1 : 1;
    return (x->op > y->op) - (x->op < y->op);
}

static int64_t usage_of(const struct judging *j, const struct fixed_task *f, int32_t pool) {
    const struct plant_op *op = lot_op(j->p, f->lot, f->op);
    for (size_t i = 0; i < op->pool_count && !f->without_pools; i++)
        if (op->pools[i].index == pool)
            return op->pools[i].amount;
    return 0;
}

static int64_t held_at(const struct judging *j, int32_t pool, int64_t time_s) {
    int64_t sum = 0;
    for (size_t i = 0; i < j->count; i++)
        if (j->list[i].start_s <= time_s && time_s < j->list[i].end_s)
            sum += usage_of(j, &j->list[i], pool);
    return sum;
}

/* Others hold most of a pool where one of them begins, or where this one does. */
static bool pool_suffices(const struct judging *j, const struct fixed_task *f, int32_t pool, int64_t amount) {
    int64_t capacity = j->p->plant->pools[pool].capacity;
    if (held_at(j, pool, f->start_s) + amount > capacity)
        return false;
    for (size_t i = 0; i < j->count; i++)
        if (f->start_s < j->list[i].start_s && j->list[i].start_s < f->end_s &&
            held_at(j, pool, j->list[i].start_s) + amount > capacity)
            return false;
    return true;
}

static bool pools_suffice(const struct judging *j, const struct fixed_task *f) {
    const struct plant_op *op = lot_op(j->p, f->lot, f->op);
    for (size_t i = 0; i < op->pool_count; i++)
        if (!pool_suffices(j, f, op->pools[i].index, op->pools[i].amount))
            return false;
    return true;
}

static void take(struct judging *j, struct fixed_task f) {
    int32_t line = f.lot->tasks[f.op].line;
    if (f.end_s > j->busy_until_s[line])
        j->busy_until_s[line] = f.end_s;
    j->busy_from_s[line] = f.start_s;
    j->list[j->count++] = f;
}

static bool line_is_free(const struct judging *j, const struct fixed_task *f) {
    int32_t line = f->lot->tasks[f->op].line;
    if (f->start_s >= j->busy_until_s[line])
        return true;
    return j->p->plant->lines[line].batch > 0 && f->start_s == j->busy_from_s[line] &&
           f->end_s == j->busy_until_s[line];
}

static bool predecessor_allows(const struct judging *j, const struct fixed_task *f) {
    if (f->op == 0)
        return f->start_s >= f->lot->material_s || f->lot->material_s <= j->now_s;
    const struct task *before = &f->lot->tasks[f->op - 1];
    int64_t rest_s = lot_op(j->p, f->lot, f->op - 1u)->rest_s;
    if (before->state == TASK_FINISHED)
        return f->start_s >= before->finished_at_s + rest_s;
    for (size_t i = 0; i < j->count; i++)
        if (j->list[i].lot == f->lot && j->list[i].op == f->op - 1)
            return task_overlap(j->p, f->lot, f->op - 1u) > 0
                       ? f->start_s >= j->list[i].start_s && f->end_s >= j->list[i].end_s
                       : f->start_s >= j->list[i].end_s + rest_s;
    return false;
}

static bool can_stay(const struct judging *j, const struct fixed_task *f) {
    const struct task *t = &f->lot->tasks[f->op];
    int64_t time_s = task_time(j->p, f->lot, f->op, t->line);
    return f->start_s + START_GRACE_S >= j->now_s && time_s >= 0 && f->lot->material_s != TAKT_TIME_NEVER &&
           predecessor_allows(j, f) && line_is_free(j, f) &&
           task_open(j->p, f->lot, f->op, t->line, f->start_s, f->end_s) >= time_s && pools_suffice(j, f);
}

static size_t gather(const struct planner *p, int64_t now_s, enum task_state state, struct fixed_task *list) {
    size_t n = 0;
    for (size_t i = 0; i < p->lots.live_count; i++) {
        struct lot *lot = p->lots.live[i];
        for (uint16_t k = 0; k < lot->op_count; k++) {
            const struct task *t = &lot->tasks[k];
            if (t->state == state && (state == TASK_STARTED || task_frozen(p, t, now_s)))
                list[n++] = (struct fixed_task){.lot = lot, .op = k, .start_s = t->start_s, .end_s = t->end_s};
        }
    }
    if (n > 0)
        qsort(list, n, sizeof *list, by_start);
    return n;
}

static size_t count_tasks(const struct planner *p) {
    size_t n = 0;
    for (size_t i = 0; i < p->lots.live_count; i++)
        n += p->lots.live[i]->op_count;
    return n;
}

void plan_fixed(const struct planner *p, int64_t now_s, bool frozen_too, struct arena *arena, struct fixed_tasks *ret) {
    size_t most = count_tasks(p), lines = p->plant->line_count;
    struct fixed_task *candidates = arena_array(arena, most, sizeof *candidates);
    struct judging j = {p,
                        now_s,
                        arena_array(arena, most, sizeof *candidates),
                        0,
                        arena_array(arena, lines, sizeof(int64_t)),
                        arena_array(arena, lines, sizeof(int64_t))};
    for (size_t i = 0; i < lines; i++)
        j.busy_until_s[i] = INT64_MIN;
    size_t n = gather(p, now_s, TASK_STARTED, candidates);
    for (size_t i = 0; i < n; i++) {
        candidates[i].without_pools = !pools_suffice(&j, &candidates[i]);
        take(&j, candidates[i]);
    }
    n = frozen_too ? gather(p, now_s, TASK_PLANNED, candidates) : 0;
    for (size_t i = 0; i < n; i++)
        if (can_stay(&j, &candidates[i]))
            take(&j, candidates[i]);
    if (j.count > 0)
        qsort(j.list, j.count, sizeof *j.list, by_task);
    *ret = (struct fixed_tasks){j.list, j.count};
}

const struct fixed_task *plan_fixed_find(const struct fixed_tasks *f, const struct lot *lot, size_t op) {
    struct fixed_task key = {.lot = (struct lot *)(uintptr_t)lot, .op = (uint16_t)op};
    return f->count == 0 ? NULL : bsearch(&key, f->list, f->count, sizeof *f->list, by_task);
}
