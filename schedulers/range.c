/* SPDX-License-Identifier: Apache-2.0 */

#include "schedulers/range.h"

static int64_t longest_changeover(const struct problem *p) {
    int64_t most = 0;
    for (int32_t k = 0; k < p->tables; k++) {
        const struct table *t = &p->table[k];
        for (int64_t i = 0; t->time != NULL && i < (int64_t)t->rows * t->rows; i++)
            most = t->time[i] > most ? t->time[i] : most;
        if (!t->sparse)
            continue;
        most = t->default_time > most ? t->default_time : most;
        for (int32_t i = 0; i < t->pair_offset[p->families]; i++)
            most = t->pair_time[i] > most ? t->pair_time[i] : most;
    }
    return most;
}

/* The last tick at which any line is open, or -1 where one never closes. */
static int64_t last_open(const struct problem *p) {
    int64_t last = 0;
    for (int32_t l = 0; l < p->lines; l++) {
        const struct hours *h = &p->hours[p->line_hours[l]];
        if (h->count == HOURS_ALWAYS)
            return -1;
        if (h->count > 0 && h->to[h->count - 1] > last)
            last = h->to[h->count - 1];
    }
    return last;
}

static int64_t all_work(const struct problem *p, int64_t change) {
    int64_t sum = 0;
    for (int32_t i = 0; i < p->tasks; i++) {
        int64_t time = 0;
        for (int32_t o = p->option_offset[i]; o < p->option_offset[i + 1]; o++)
            time = p->option_time[o] > time ? p->option_time[o] : time;
        sum += time + p->lag_after[i] + change;
    }
    return sum;
}

int32_t range_horizon(const struct problem *p) {
    int64_t begin = 0, change = longest_changeover(p);
    for (int32_t j = 0; j < p->jobs; j++)
        begin = p->job_release[j] > begin ? p->job_release[j] : begin;
    for (int32_t i = 0; i < p->tasks; i++) {
        begin = p->release[i] > begin ? p->release[i] : begin;
        begin = p->fixed_line[i] >= 0 && p->fixed_end[i] > begin ? p->fixed_end[i] : begin;
    }
    int64_t last = last_open(p), horizon = last;
    if (last < 0) {
        for (int32_t h = 0; h < p->hours_count; h++)
            if (p->hours[h].count > 0 && p->hours[h].to[p->hours[h].count - 1] > begin)
                begin = p->hours[h].to[p->hours[h].count - 1];
        for (int32_t k = 0; k < p->step_offset[p->pools]; k++)
            begin = p->step_from[k] > begin ? p->step_from[k] : begin;
        horizon = begin + all_work(p, change);
    } else if (begin > horizon) {
        horizon = begin;
    }
    return horizon < PROBLEM_TICK_MAX ? (int32_t)horizon : PROBLEM_TICK_MAX - 1;
}

int range_check(const struct problem *p, struct takt_error *err) {
    const struct problem_objective *o = &p->objective;
    __int128 horizon = range_horizon(p), first = 0, tardiness = 0, flow = 0, waiting = 0;
    for (int32_t i = 0; i < p->tasks; i++)
        if (p->fixed_line[i] >= 0 && p->fixed_start[i] < first)
            first = p->fixed_start[i];
    for (int32_t d = 0; d < p->dues; d++) {
        __int128 weight = p->weight[d], jobs = p->due_offset[d + 1] - p->due_offset[d];
        if (p->due[d] != PROBLEM_NONE && p->due[d] < horizon)
            tardiness += weight * (horizon - p->due[d]);
        if (p->placed[d] != PROBLEM_NONE) {
            __int128 late = horizon - p->placed[d], early = p->placed[d] - first;
            flow += weight * (late > early ? late : early);
        }
        waiting += weight * (jobs - 1) * (horizon - first);
    }
    __int128 changes = (__int128)longest_changeover(p) * p->tasks;
    const struct {
        int64_t weight;
        __int128 most;
        const char *name;
    } terms[] = {{o->tardiness, tardiness, "tardiness"}, {o->flow, flow, "flow"},
                 {o->waiting, waiting, "waiting"},       {o->changeover, changes, "changeover"},
                 {o->moves, p->tasks, "moves"},          {o->makespan, horizon, "makespan"}};
    const __int128 limit = (__int128)1 << 62;
    __int128 sum = 0;
    for (size_t k = 0; k < sizeof terms / sizeof *terms; k++) {
        sum += (__int128)terms[k].weight * terms[k].most;
        if (terms[k].most > limit || sum > limit)
            return takt_fail(err, TAKT_EOVERFLOW, "the objective could grow too large: %s", terms[k].name);
    }
    return 0;
}
