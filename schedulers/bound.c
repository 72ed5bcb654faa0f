/* SPDX-License-Identifier: Apache-2.0 */

/* What no schedule can avoid. Alone: each job's earliest completion with every line and pool to itself, its hours
 * respected, priced at its dues. For the makespan also the work of lines: tasks that only one line can do, with the
 * least head before and tail after them (Jackson's preemptive bound, by the least head and tail of every set with heads
 * at least h); for lateness and flow, that orders wait for each other (queue_bound.c). */

#include "schedulers/job_facts.h"
#include "schedulers/queue_bound.h"
#include "schedulers/solver.h"

#include <stdlib.h>

static int32_t sum_ticks(int64_t a, int64_t b) {
    return a + b < PROBLEM_TICK_MAX ? (int32_t)(a + b) : PROBLEM_TICK_MAX - 1;
}

/* When a task that may start at `ready` and must end after `least_end` can end on its quickest line. */
static int32_t earliest_end(const struct problem *p, int32_t task, int32_t ready) {
    int32_t best = INT32_MAX;
    if (p->fixed_line[task] >= 0)
        return p->fixed_end[task];
    for (int32_t o = p->option_offset[task]; o < p->option_offset[task + 1]; o++) {
        if (p->line_batch[p->option_line[o]] > 0) { /* a longer run only ends later */
            int32_t start = hours_next(&p->hours[p->line_hours[p->option_line[o]]], ready);
            int32_t end = start == HOURS_NEVER ? start : sum_ticks(start, p->option_time[o]);
            best = end < best ? end : best;
            continue;
        }
        const struct hours *h = &p->hours[p->option_hours[o]];
        int32_t start = hours_start(h, ready, p->option_time[o], p->breakable[task]);
        int32_t end = start == HOURS_NEVER ? start : hours_passed(h, start, p->option_time[o]);
        best = end < best ? end : best;
    }
    return best == INT32_MAX ? ready : best;
}

/* The earliest that `before` lets its successors start. */
static int32_t earliest_ready(const struct problem *p, int32_t before, int32_t start, int32_t end) {
    if (p->overlap_quantity[before] == 0)
        return sum_ticks(end, p->lag_after[before]);
    int32_t part = INT32_MAX;
    for (int32_t o = p->option_offset[before]; o < p->option_offset[before + 1]; o++) {
        int32_t own = part_of(p->option_time[o], p->overlap_first[before], p->overlap_quantity[before]);
        part = own < part ? own : part;
    }
    int32_t first = sum_ticks(start, part);
    return sum_ticks(first < end ? first : end, p->lag_after[before]);
}

/* The earliest starts of all tasks, and ends of all jobs; `start` and `end` by task, `done` by job. */
static void find_heads(const struct problem *p, int32_t *start, int32_t *end, int32_t *done) {
    for (int32_t j = 0; j < p->jobs; j++)
        done[j] = INT32_MIN;
    for (int32_t k = 0; k < p->tasks; k++) {
        int32_t task = p->job_task[k], job = p->job[task];
        int32_t ready = p->release[task] > p->job_release[job] ? p->release[task] : p->job_release[job];
        for (int32_t b = p->before_offset[task]; b < p->before_offset[task + 1]; b++) {
            int32_t own = earliest_ready(p, p->before[b], start[p->before[b]], end[p->before[b]]);
            ready = own > ready ? own : ready;
        }
        start[task] = p->fixed_line[task] >= 0 ? p->fixed_start[task] : ready;
        end[task] = earliest_end(p, task, ready);
        if (end[task] > done[job])
            done[job] = end[task];
    }
}

struct load {
    int32_t head, time, tail;
};

static int compare_heads(const void *a, const void *b) {
    const struct load *x = a, *y = b;
    return (x->head < y->head) - (x->head > y->head); /* the latest first */
}

/* The least makespan of tasks that one line must do: over h, least head + work + least tail of those with heads from h
 * on. */
static int64_t line_bound(struct load *row, size_t n) {
    int64_t best = INT64_MIN, work = 0;
    int32_t tail = INT32_MAX;
    if (n > 0)
        qsort(row, n, sizeof *row, compare_heads);
    for (size_t k = 0; k < n; k++) {
        work += row[k].time;
        tail = row[k].tail < tail ? row[k].tail : tail;
        int64_t end = row[k].head + work + tail;
        best = end > best ? end : best;
    }
    return best;
}

/* Work that may be done by one of several lines counts for the set of them that its first task has. */
static int64_t makespan_bound(const struct problem *p, const struct job_facts *facts, const int32_t *start,
                              const int32_t *done) {
    int64_t best = INT64_MIN;
    for (int32_t j = 0; j < p->jobs; j++)
        best = done[j] > best ? done[j] : best;
    struct load *row = takt_alloc((size_t)p->tasks * sizeof *row);
    int32_t *of_line = takt_alloc(((size_t)p->lines + 1) * sizeof *of_line);
    int32_t *fill = takt_alloc(((size_t)p->lines + 1) * sizeof *fill);
    for (int pass = 0; pass < 2; pass++) {
        for (int32_t i = 0; i < p->tasks; i++) {
            int32_t o = p->option_offset[i], line = p->option_line[o];
            bool counts = p->option_offset[i + 1] - o == 1 && p->line_batch[line] == 0 && p->fixed_line[i] < 0 &&
                          p->overlap_quantity[i] == 0;
            if (!counts)
                continue;
            if (pass == 0)
                of_line[line + 1]++;
            else
                row[fill[line]++] = (struct load){start[i], p->option_time[o], facts->tail[i] - p->option_time[o]};
        }
        for (int32_t l = 0; pass == 0 && l < p->lines; l++) {
            of_line[l + 1] += of_line[l];
            fill[l] = of_line[l];
        }
    }
    for (int32_t l = 0; l < p->lines; l++) {
        int64_t end = line_bound(row + of_line[l], (size_t)(of_line[l + 1] - of_line[l]));
        best = end > best ? end : best;
    }
    free(row);
    free(of_line);
    free(fill);
    return best;
}

static bool has_overlap(const struct problem *p) {
    for (int32_t i = 0; i < p->tasks; i++)
        if (p->overlap_quantity[i] > 0 || p->fixed_line[i] >= 0)
            return true;
    return false;
}

/* What each due costs alone, and when it can be complete at the earliest. */
static int64_t cost_alone(const struct problem *p, const int32_t *job_done, int32_t *due_done) {
    int64_t alone = 0;
    for (int32_t d = 0; d < p->dues; d++) {
        int64_t weight = p->weight[d];
        due_done[d] = INT32_MIN;
        for (int32_t k = p->due_offset[d]; k < p->due_offset[d + 1]; k++)
            due_done[d] = job_done[p->due_job[k]] > due_done[d] ? job_done[p->due_job[k]] : due_done[d];
        if (p->due[d] != PROBLEM_NONE && due_done[d] > p->due[d])
            alone += p->objective.tardiness * weight * ((int64_t)due_done[d] - p->due[d]);
        if (p->placed[d] != PROBLEM_NONE)
            alone += p->objective.flow * weight * ((int64_t)due_done[d] - p->placed[d]);
    }
    return alone;
}

void solve_bound(const struct problem *p, int64_t *ret_bound, int64_t *ret_alone) {
    size_t tasks = (size_t)p->tasks;
    int32_t *start = takt_alloc(tasks * sizeof *start), *end = takt_alloc(tasks * sizeof *end);
    int32_t *tail = takt_alloc(tasks * sizeof *tail), *done = takt_alloc((size_t)p->jobs * sizeof *done);
    int32_t *due_done = takt_alloc((size_t)p->dues * sizeof *due_done);
    struct job_facts facts;
    job_facts_init(&facts, p);
    find_heads(p, start, end, done);
    if (has_overlap(p)) /* tails may overlap, or be over already */
        for (int32_t i = 0; i < p->tasks; i++)
            facts.tail[i] = facts.least[i];
    for (int32_t i = 0; i < p->tasks; i++)
        tail[i] = facts.tail[i] - facts.least[i];
    *ret_alone = cost_alone(p, done, due_done);
    *ret_bound = *ret_alone + queue_bound(p, &(struct queue_facts){start, facts.least, tail, due_done});
    if (p->jobs > 0 && p->objective.makespan > 0)
        *ret_bound += p->objective.makespan * makespan_bound(p, &facts, start, done);
    void *all[] = {start, end, tail, done, due_done};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        free(all[k]);
    job_facts_done(&facts);
}
