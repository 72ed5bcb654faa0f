/* SPDX-License-Identifier: Apache-2.0 */
#include "schedulers/job_facts.h"

#include <stdlib.h>

int32_t log2_fixed(uint64_t x) {
    int32_t whole = 63 - __builtin_clzll(x);
    uint64_t m = whole >= 31 ? x >> (whole - 31) : x << (31 - whole); /* 1 <= m / 2^31 < 2 */
    int32_t log = whole << 16;
    for (int32_t bit = 1 << 15; bit > 0; bit >>= 1) { /* squaring doubles the logarithm: its bits come out one by one */
        m = (m * m) >> 31;
        if (m >> 32 != 0) {
            m >>= 1;
            log |= bit;
        }
    }
    return log;
}

static void sum_dues(struct job_facts *f, const struct problem *p) {
    for (int32_t j = 0; j < p->jobs; j++) {
        f->due[j] = INT32_MAX;
        for (int32_t k = p->job_due_offset[j]; k < p->job_due_offset[j + 1]; k++) {
            int32_t d = p->job_due[k];
            f->weight[j] += p->weight[d];
            if (p->due[d] != PROBLEM_NONE && p->due[d] < f->due[j])
                f->due[j] = p->due[d];
        }
    }
}

static void find_tails(struct job_facts *f, const struct problem *p) {
    for (int32_t k = p->tasks; k-- > 0;) {
        int32_t task = p->job_task[k], after = 0;
        int32_t time = INT32_MAX;
        for (int32_t o = p->option_offset[task]; o < p->option_offset[task + 1]; o++)
            time = p->option_time[o] < time ? p->option_time[o] : time;
        for (int32_t s = p->after_offset[task]; s < p->after_offset[task + 1]; s++)
            after = f->tail[p->after[s]] > after ? f->tail[p->after[s]] : after;
        if (p->after_offset[task] < p->after_offset[task + 1])
            after = after < PROBLEM_TICK_MAX - p->lag_after[task] ? after + p->lag_after[task] : PROBLEM_TICK_MAX - 1;
        f->least[task] = time;
        f->tail[task] = time < PROBLEM_TICK_MAX - after ? time + after : PROBLEM_TICK_MAX - 1;
    }
}

static int32_t mean_changeover(const struct problem *p) {
    int64_t sum = 0, count = 0;
    for (int32_t l = 0; l < p->lines; l++) {
        if (p->line_table[l] < 0)
            continue;
        const struct table *t = &p->table[p->line_table[l]];
        if (t->time == NULL) {
            sum += t->default_time;
            count++;
            continue;
        }
        bool counted = false; /* a table that several lines share is summed once for the first of them */
        for (int32_t other = 0; other < l && !counted; other++)
            counted = p->line_table[other] == p->line_table[l];
        for (int64_t k = 0; !counted && k < (int64_t)t->rows * t->rows; k++) {
            sum += t->time[k];
            count += t->time[k] > 0;
        }
    }
    return count == 0 ? 1 : (int32_t)(sum / count) + 1;
}

void job_facts_init(struct job_facts *f, const struct problem *p) {
    size_t jobs = (size_t)p->jobs, tasks = (size_t)p->tasks;
    f->due = takt_alloc(jobs * sizeof *f->due);
    f->weight = takt_alloc(jobs * sizeof *f->weight);
    f->tail = takt_alloc(tasks * sizeof *f->tail);
    f->least = takt_alloc(tasks * sizeof *f->least);
    sum_dues(f, p);
    find_tails(f, p);
    int64_t sum = 0;
    for (int32_t i = 0; i < p->tasks; i++)
        sum += f->least[i];
    f->mean_time = p->tasks == 0 ? 1 : (int32_t)(sum / p->tasks) + 1;
    f->mean_change = mean_changeover(p);
}

void job_facts_done(struct job_facts *f) {
    free(f->due);
    free(f->weight);
    free(f->tail);
    free(f->least);
}
