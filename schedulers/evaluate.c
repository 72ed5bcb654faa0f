/* SPDX-License-Identifier: Apache-2.0 */

/* The objective's terms, read from the format alone. Changeovers are counted between runs: on a line with `batch`,
 * tasks with the same start, end and family; a task without a family leaves the set-up as it was. */

#include "schedulers/schedule.h"

#include "schedulers/model.h"

#include <stdlib.h>

struct placed {
    int32_t line, start, end, family, task;
};

static int compare_placed(const void *a, const void *b) {
    const struct placed *x = a, *y = b;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    if (x->family != y->family)
        return x->family < y->family ? -1 : 1;
    return (x->task > y->task) - (x->task < y->task);
}

static int64_t sum_changeovers(const struct problem *p, const struct schedule *s) {
    struct placed *row = takt_alloc((size_t)p->tasks * sizeof *row);
    int32_t n = 0;
    for (int32_t i = 0; i < p->tasks; i++)
        if (s->line[i] >= 0 && p->family[i] >= 0 && p->line_table[s->line[i]] >= 0)
            row[n++] = (struct placed){s->line[i], s->start[i], s->end[i], p->family[i], i};
    if (n > 0)
        qsort(row, (size_t)n, sizeof *row, compare_placed);
    int64_t sum = 0;
    for (int32_t k = 0; k < n; k++) {
        const struct placed *now = &row[k], *last = k > 0 && row[k - 1].line == now->line ? &row[k - 1] : NULL;
        if (last != NULL && p->line_batch[now->line] > 0 && last->start == now->start && last->end == now->end &&
            last->family == now->family)
            continue;
        int32_t from = last != NULL ? last->family : p->line_initial[now->line];
        if (from >= 0)
            sum += table_time(&p->table[p->line_table[now->line]], from, now->family);
    }
    free(row);
    return sum;
}

static void sum_dues(const struct problem *p, const int32_t *completion, struct figures *f) {
    for (int32_t d = 0; d < p->dues; d++) {
        int64_t weight = p->weight[d], done = INT64_MIN, apart = 0;
        for (int32_t k = p->due_offset[d]; k < p->due_offset[d + 1]; k++)
            done = completion[p->due_job[k]] > done ? completion[p->due_job[k]] : done;
        for (int32_t k = p->due_offset[d]; k < p->due_offset[d + 1]; k++)
            apart += done - completion[p->due_job[k]];
        if (p->due[d] != PROBLEM_NONE && done > p->due[d])
            f->tardiness += weight * (done - p->due[d]);
        if (p->placed[d] != PROBLEM_NONE)
            f->flow += weight * (done - p->placed[d]);
        f->waiting += weight * apart;
    }
}

void schedule_evaluate(const struct problem *p, const struct schedule *s, struct figures *ret) {
    struct figures f = {0};
    int32_t *completion = takt_alloc((size_t)p->jobs * sizeof *completion);
    for (int32_t j = 0; j < p->jobs; j++)
        completion[j] = INT32_MIN;
    for (int32_t i = 0; i < p->tasks; i++) {
        if (s->end[i] > completion[p->job[i]])
            completion[p->job[i]] = s->end[i];
        int64_t off = (int64_t)s->start[i] - p->plan_start[i];
        if (p->plan_line[i] >= 0 &&
            (p->plan_line[i] != s->line[i] || off > p->move_tolerance || off < -p->move_tolerance))
            f.moves++;
    }
    if (p->jobs > 0)
        f.makespan = INT64_MIN;
    for (int32_t j = 0; j < p->jobs; j++)
        f.makespan = completion[j] > f.makespan ? completion[j] : f.makespan;
    sum_dues(p, completion, &f);
    free(completion);
    f.changeover = sum_changeovers(p, s);
    const struct problem_objective *o = &p->objective;
    f.objective = o->tardiness * f.tardiness + o->flow * f.flow + o->waiting * f.waiting +
                  o->changeover * f.changeover + o->moves * f.moves + o->makespan * f.makespan;
    *ret = f;
}
