/* SPDX-License-Identifier: Apache-2.0 */

/* Job by job: 1. join the ends of every limited lag; 2. peel off whatever has no predecessor left, then whatever has no
 * successor left, taking a group as one; 3. what stays lies on cycles of groups or between them, and becomes one group;
 * jobs without a limited lag, nearly all, are passed over. */

#include "schedulers/groups.h"

#include <stdlib.h>

static int32_t root_of(int32_t *parent, int32_t task) {
    while (parent[task] != task) {
        parent[task] = parent[parent[task]];
        task = parent[task];
    }
    return task;
}

static bool limits(const struct problem *p, int32_t task, int32_t next) {
    return p->lag_max[task] != PROBLEM_NONE && p->fixed_line[task] < 0 && p->fixed_line[next] < 0;
}

static bool join_limits(const struct problem *p, int32_t job, int32_t *parent) {
    bool any = false;
    for (int32_t k = p->job_offset[job]; k < p->job_offset[job + 1]; k++) {
        int32_t task = p->job_task[k];
        for (int32_t s = p->after_offset[task]; s < p->after_offset[task + 1]; s++)
            if (limits(p, task, p->after[s])) {
                parent[root_of(parent, task)] = root_of(parent, p->after[s]);
                any = true;
            }
    }
    return any;
}

/* Arcs that lead out of (or, backwards, into) unpeeled tasks of other groups, summed by the group they lead to. */
static void count_arcs(const struct problem *p, int32_t job, int32_t *parent, const uint8_t *peeled, bool back,
                       int32_t *arcs) {
    for (int32_t k = p->job_offset[job]; k < p->job_offset[job + 1]; k++)
        arcs[p->job_task[k]] = 0;
    for (int32_t k = p->job_offset[job]; k < p->job_offset[job + 1]; k++) {
        int32_t task = p->job_task[k], own = root_of(parent, task);
        for (int32_t s = p->after_offset[task]; s < p->after_offset[task + 1]; s++) {
            int32_t other = root_of(parent, p->after[s]);
            if (other != own && !peeled[own] && !peeled[other])
                arcs[back ? own : other]++;
        }
    }
}

static void peel(const struct problem *p, int32_t job, int32_t *parent, uint8_t *peeled, bool back, int32_t *arcs) {
    for (bool more = true; more;) {
        more = false;
        count_arcs(p, job, parent, peeled, back, arcs);
        for (int32_t k = p->job_offset[job]; k < p->job_offset[job + 1]; k++) {
            int32_t root = root_of(parent, p->job_task[k]);
            if (!peeled[root] && arcs[root] == 0) {
                peeled[root] = 1;
                more = true;
            }
        }
    }
}

static void join_cycles(const struct problem *p, int32_t job, int32_t *parent, uint8_t *peeled, int32_t *arcs) {
    peel(p, job, parent, peeled, false, arcs);
    peel(p, job, parent, peeled, true, arcs);
    int32_t first = -1;
    for (int32_t k = p->job_offset[job]; k < p->job_offset[job + 1]; k++) {
        int32_t root = root_of(parent, p->job_task[k]);
        if (peeled[root])
            continue;
        if (first >= 0)
            parent[root] = root_of(parent, first);
        first = root;
    }
}

/* Groups are numbered as their first task appears; `number` by root. */
static void number_groups(struct problem *p, int32_t *parent, int32_t *members, int32_t *number) {
    for (int32_t t = 0; t < p->tasks; t++) {
        members[root_of(parent, t)]++;
        number[t] = -1;
    }
    for (int32_t t = 0; t < p->tasks; t++) {
        int32_t root = root_of(parent, t);
        if (members[root] > 1 && number[root] < 0)
            number[root] = p->groups++;
        p->group[t] = members[root] > 1 ? number[root] : -1;
    }
    p->group_offset = arena_array(p->arena, (size_t)p->groups + 1, sizeof(int32_t));
    int32_t total = 0;
    for (int32_t t = 0; t < p->tasks; t++)
        if (p->group[t] >= 0) {
            p->group_offset[p->group[t] + 1]++;
            total++;
        }
    for (int32_t g = 0; g < p->groups; g++)
        p->group_offset[g + 1] += p->group_offset[g];
    p->group_task = arena_array(p->arena, (size_t)total, sizeof(int32_t));
}

void groups_build(struct problem *p) {
    size_t n = (size_t)p->tasks;
    int32_t *parent = takt_alloc(n * sizeof *parent), *arcs = takt_alloc(n * sizeof *arcs);
    int32_t *members = takt_alloc(n * sizeof *members);
    uint8_t *peeled = takt_alloc(n);
    for (int32_t t = 0; t < p->tasks; t++)
        parent[t] = t;
    for (int32_t j = 0; j < p->jobs; j++)
        if (join_limits(p, j, parent))
            join_cycles(p, j, parent, peeled, arcs);
    p->group = arena_array(p->arena, n, sizeof(int32_t));
    number_groups(p, parent, members, arcs);
    int32_t *fill = takt_alloc(((size_t)p->groups + 1) * sizeof *fill);
    for (int32_t k = 0; k < p->tasks; k++) {
        int32_t t = p->job_task[k], g = p->group[t];
        if (g >= 0)
            p->group_task[p->group_offset[g] + fill[g]++] = t;
    }
    free(fill);
    free(parent);
    free(arcs);
    free(members);
    free(peeled);
}
