/* SPDX-License-Identifier: Apache-2.0 */
#include "schedulers/timetable_cost.h"

static int64_t sum_changeovers(const struct timetable *t) {
    const struct problem *p = t->p;
    int64_t sum = 0;
    for (int32_t line = 0; line < p->lines; line++) {
        const struct line_runs *l = &t->lines[line];
        int32_t setup = p->line_initial[line];
        for (uint32_t k = 0; k < l->count && p->line_table[line] >= 0; k++) {
            sum += changeover(p, line, setup, l->runs[k].family);
            setup = l->runs[k].setup;
        }
    }
    return sum;
}

static int64_t due_cost(const struct problem *p, int32_t due, const int32_t *job_end) {
    const struct problem_objective *o = &p->objective;
    int32_t from = p->due_offset[due], to = p->due_offset[due + 1];
    int64_t done = INT64_MIN, sum = 0, cost = 0;
    for (int32_t k = from; k < to; k++) {
        int32_t end = job_end[p->due_job[k]];
        done = end > done ? end : done;
        sum += end;
    }
    if (p->due[due] != PROBLEM_NONE && done > p->due[due])
        cost += o->tardiness * (done - p->due[due]);
    if (p->placed[due] != PROBLEM_NONE)
        cost += o->flow * (done - p->placed[due]);
    return (cost + o->waiting * (done * (to - from) - sum)) * p->weight[due];
}

int64_t timetable_cost(const struct timetable *t, int32_t *job_end) {
    const struct problem *p = t->p;
    const struct problem_objective *o = &p->objective;
    int64_t cost = o->changeover > 0 ? o->changeover * sum_changeovers(t) : 0, last = INT32_MIN;
    for (int32_t j = 0; j < p->jobs; j++)
        job_end[j] = INT32_MIN;
    for (int32_t i = 0; i < p->tasks; i++) {
        int32_t job = p->job[i];
        job_end[job] = t->end[i] > job_end[job] ? t->end[i] : job_end[job];
        if (p->plan_line[i] < 0 || o->moves == 0)
            continue;
        int64_t off = (int64_t)t->start[i] - p->plan_start[i];
        if (p->plan_line[i] != t->line[i] || off > p->move_tolerance || off < -p->move_tolerance)
            cost += o->moves;
    }
    for (int32_t j = 0; j < p->jobs && o->makespan > 0; j++)
        last = job_end[j] > last ? job_end[j] : last;
    for (int32_t d = 0; d < p->dues; d++)
        cost += due_cost(p, d, job_end);
    return cost + (o->makespan > 0 && p->jobs > 0 ? o->makespan * last : 0);
}
