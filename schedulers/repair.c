/* SPDX-License-Identifier: Apache-2.0 */

/* Repair: tasks are placed one by one in the order of their old starts, each after what it succeeds, on its old line
 * and no earlier than planned; a plan that is still feasible therefore comes out as it was. What no longer fits where
 * it was goes to the first place behind it, or to another line if its own has none. Tasks without a place in the old
 * plan come last, the most urgent first, into the first gap that holds them.
 *
 * If that leaves orders late, a second attempt lets their tasks start earlier than planned where there is room; the
 * better of the two is handed out. If dues are broken that the old plan kept, their jobs come first to their old places
 * and the others around them, again as long as that breaks others, and the plan that breaks the least is handed out. If
 * the old lines leave no feasible plan at all, one is made anew. */

#include "schedulers/atcs.h"
#include "schedulers/job_facts.h"
#include "schedulers/placer.h"

#include <stdlib.h>
#include <string.h>

enum { GUARDS_MAX = 4 };

struct planned {
    int32_t key, ticks, rank, task;
    bool guarded;
};

struct repairing {
    const struct problem *p;
    struct timetable *t;
    struct placer placer;
    int32_t *line, *floor; /* by task: its old place; line -1: none */
    int32_t *old_end;      /* by job: when the old plan had it done; INT32_MAX: it did not say */
    uint8_t *guarded;      /* by job: it comes first to its old place */
    uint8_t *instant;      /* by task: it took no time there */
    struct planned *order;
    int32_t count;
};

static int compare_planned(const void *a, const void *b) {
    const struct planned *x = a, *y = b;
    if (x->guarded != y->guarded)
        return x->guarded ? -1 : 1;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    if (x->ticks != y->ticks)
        return x->ticks > y->ticks ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static void take_places(struct repairing *r, const struct schedule *old) {
    const struct problem *p = r->p;
    for (int32_t i = 0; i < p->tasks; i++) {
        bool by_schedule = old != NULL && i < old->task_count;
        r->line[i] = by_schedule ? old->line[i] : old == NULL ? p->plan_line[i] : -1;
        r->floor[i] = by_schedule ? old->start[i] : p->plan_start[i];
        r->instant[i] = by_schedule && old->end[i] == old->start[i];
        if (r->line[i] < 0 || r->line[i] >= p->lines || option_on(p, i, r->line[i]) < 0)
            r->line[i] = -1;
    }
}

static void ends_by_job(const struct problem *p, const struct schedule *s, int32_t *ret_end) {
    for (int32_t j = 0; j < p->jobs; j++)
        ret_end[j] = INT32_MIN;
    for (int32_t i = 0; i < p->tasks; i++) {
        int32_t end = i < s->task_count && s->line[i] >= 0 ? s->end[i] : INT32_MAX;
        ret_end[p->job[i]] = end > ret_end[p->job[i]] ? end : ret_end[p->job[i]];
    }
}

/* First all that have a place or must end before a fixed task, by time; then the others, by slack. */
static void sort_tasks(struct repairing *r) {
    const struct problem *p = r->p;
    struct job_facts facts;
    job_facts_init(&facts, p);
    int32_t *limit = placer_limits(p), planned = 0;
    r->count = 0;
    for (int32_t pass = 0; pass < 2; pass++) {
        for (int32_t i = 0; i < p->tasks; i++) {
            bool early = r->line[i] >= 0 || limit[i] != INT32_MAX;
            if (p->fixed_line[i] >= 0 || early != (pass == 0))
                continue;
            int32_t key = r->line[i] >= 0 ? r->floor[i] : early ? limit[i] - facts.tail[i] : facts.due[p->job[i]];
            /* a run is as long as its longest member, which comes first; what takes no time comes before a run */
            int32_t ticks = r->instant[i]     ? INT32_MAX
                            : r->line[i] >= 0 ? p->option_time[option_on(p, i, r->line[i])]
                                              : 0;
            r->order[r->count++] = (struct planned){key, ticks, p->rank[i], i, r->guarded[p->job[i]]};
        }
        if (r->count > planned)
            qsort(r->order + planned, (size_t)(r->count - planned), sizeof *r->order, compare_planned);
        planned = r->count;
    }
    free(limit);
    job_facts_done(&facts);
}

static bool put_anywhere(struct repairing *r, int32_t task) {
    if (placer_put(&r->placer, task, -1))
        return true;
    struct placer free_of_plan = r->placer;
    free_of_plan.floor = NULL;
    free_of_plan.keep_line = NULL;
    return placer_put(&free_of_plan, task, -1);
}

/* All that the task and its group succeed comes first. */
static int put_in_order(struct repairing *r, int32_t task, struct takt_error *err) {
    const struct problem *p = r->p;
    int32_t g = p->group[task], from = g < 0 ? 0 : p->group_offset[g], to = g < 0 ? 1 : p->group_offset[g + 1];
    for (int32_t m = from; m < to; m++) {
        int32_t member = g < 0 ? task : p->group_task[m];
        for (int32_t b = p->before_offset[member]; b < p->before_offset[member + 1]; b++) {
            int32_t before = p->before[b];
            if (r->t->line[before] >= 0 || (g >= 0 && p->group[before] == g))
                continue;
            int code = put_in_order(r, before, err);
            if (code != 0)
                return code;
        }
    }
    return put_anywhere(r, task) ? 0 : placer_fail(&r->placer, task, err);
}

static int place_all(struct repairing *r, struct schedule **ret, struct takt_error *err) {
    int code = timetable_new(r->p, &r->t, err);
    if (code != 0)
        return code;
    placer_init(&r->placer, r->t);
    r->placer.floor = r->floor;
    r->placer.keep_line = r->line;
    for (int32_t k = 0; k < r->count && code == 0; k++)
        if (r->t->line[r->order[k].task] < 0)
            code = put_in_order(r, r->order[k].task, err);
    placer_done(&r->placer);
    if (code == 0)
        *ret = timetable_release(r->t);
    timetable_free(r->t);
    return code;
}

/* Lets tasks of late orders start before their old start. False: none of them is held back by it. */
static bool free_late(struct repairing *r, const struct schedule *s) {
    const struct problem *p = r->p;
    int32_t *end = takt_alloc((size_t)p->jobs * sizeof *end);
    bool any = false;
    for (int32_t j = 0; j < p->jobs; j++)
        end[j] = INT32_MIN;
    for (int32_t i = 0; i < p->tasks; i++)
        end[p->job[i]] = s->end[i] > end[p->job[i]] ? s->end[i] : end[p->job[i]];
    for (int32_t i = 0; i < p->tasks; i++) {
        bool late = false;
        for (int32_t k = p->job_due_offset[p->job[i]]; k < p->job_due_offset[p->job[i] + 1] && !late; k++)
            late = p->due[p->job_due[k]] != PROBLEM_NONE && end[p->job[i]] > p->due[p->job_due[k]];
        if (!late || r->line[i] < 0 || p->fixed_line[i] >= 0)
            continue;
        any = any || s->start[i] == r->floor[i];
        r->floor[i] = INT32_MIN;
    }
    free(end);
    return any;
}

/* The weight of dues that the old plan kept and this one does not. */
static int64_t broken_weight(const struct repairing *r, const struct schedule *s, bool guard) {
    const struct problem *p = r->p;
    int32_t *end = takt_alloc((size_t)p->jobs * sizeof *end);
    int64_t sum = 0;
    ends_by_job(p, s, end);
    for (int32_t d = 0; d < p->dues; d++) {
        bool was_late = false, is_late = false;
        for (int32_t k = p->due_offset[d]; k < p->due_offset[d + 1] && p->due[d] != PROBLEM_NONE; k++) {
            was_late = was_late || r->old_end[p->due_job[k]] > p->due[d];
            is_late = is_late || end[p->due_job[k]] > p->due[d];
        }
        if (was_late || !is_late)
            continue;
        sum += p->weight[d];
        for (int32_t k = p->due_offset[d]; guard && k < p->due_offset[d + 1]; k++)
            r->guarded[p->due_job[k]] = 1;
    }
    free(end);
    return sum;
}

static bool is_unmoved(const struct repairing *r, const struct schedule *s) {
    for (int32_t i = 0; i < r->p->tasks; i++)
        if (s->line[i] != r->line[i] || s->start[i] != r->floor[i])
            return false;
    return true;
}

static void improve_late(struct repairing *r, struct schedule **best) {
    if (is_unmoved(r, *best) || !free_late(r, *best))
        return;
    struct schedule *other = NULL;
    if (place_all(r, &other, NULL) != 0)
        return;
    struct figures before, after;
    schedule_evaluate(r->p, *best, &before);
    schedule_evaluate(r->p, other, &after);
    if (after.objective < before.objective) {
        schedule_free(*best);
        *best = other;
    } else {
        schedule_free(other);
    }
}

static bool is_preferred(const struct repairing *r, const struct schedule *a, const struct schedule *b) {
    int64_t broken_a = broken_weight(r, a, false), broken_b = broken_weight(r, b, false);
    struct figures fa, fb;
    if (broken_a != broken_b)
        return broken_a < broken_b;
    schedule_evaluate(r->p, a, &fa);
    schedule_evaluate(r->p, b, &fb);
    return fa.objective < fb.objective;
}

/* What others pushed beyond its due comes first to its old place, and the others find theirs around it. */
static void guard_dues(struct repairing *r, const struct schedule *old, struct schedule **best) {
    if (old == NULL || is_unmoved(r, *best))
        return;
    ends_by_job(r->p, old, r->old_end);
    take_places(r, old);
    struct schedule *last = schedule_copy(*best);
    for (int round = 0; round < GUARDS_MAX && broken_weight(r, last, true) > 0; round++) {
        schedule_free(last);
        last = NULL;
        sort_tasks(r);
        if (place_all(r, &last, NULL) != 0)
            return;
        if (!is_preferred(r, last, *best))
            continue;
        schedule_free(*best);
        *best = schedule_copy(last);
    }
    schedule_free(last);
}

/* One point of the grid, or more where that finds no place for everything. */
static int plan_anew(const struct problem *p, struct schedule **ret, struct takt_error *err) {
    struct solve_result result = {0};
    int code = atcs_solve(p, NULL, &(struct solve_limits){.iterations = 1}, NULL, NULL, &result, err);
    if (code == 0)
        *ret = result.schedule;
    return code;
}

int solve_repair(const struct problem *p, const struct schedule *old, struct schedule **ret, struct takt_error *err) {
    if (old != NULL && schedule_verify(p, old, NULL) == 0) {
        *ret = schedule_copy(old);
        return 0;
    }
    struct repairing r = {.p = p};
    size_t n = (size_t)p->tasks;
    r.line = takt_alloc(n * sizeof *r.line);
    r.floor = takt_alloc(n * sizeof *r.floor);
    r.instant = takt_alloc(n);
    r.old_end = takt_alloc((size_t)p->jobs * sizeof *r.old_end);
    r.guarded = takt_alloc((size_t)p->jobs);
    r.order = takt_alloc(n * sizeof *r.order);
    take_places(&r, old);
    sort_tasks(&r);
    struct schedule *s = NULL;
    int code = place_all(&r, &s, NULL);
    if (code == 0) {
        improve_late(&r, &s);
        guard_dues(&r, old, &s);
    } else
        code = plan_anew(p, &s, err);
    if (code == 0)
        *ret = s;
    free(r.line);
    free(r.floor);
    free(r.instant);
    free(r.old_end);
    free(r.guarded);
    free(r.order);
    return code;
}
