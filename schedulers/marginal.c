/* SPDX-License-Identifier: Apache-2.0 */
#include "schedulers/marginal.h"

#include <stdlib.h>
#include <string.h>

#define FAR (PROBLEM_TICK_MAX / 2)

struct marginal *marginal_new(const struct problem *p) {
    struct marginal *m = takt_alloc(sizeof *m);
    m->of = takt_alloc((size_t)p->tasks * sizeof *m->of);
    int64_t sum = 0;
    for (int32_t i = 0; i < p->tasks; i++)
        sum += p->option_time[p->option_offset[i]];
    m->near = p->tasks > 0 ? (int32_t)(sum / p->tasks) : 0;
    return m;
}

void marginal_free(struct marginal *m) {
    if (m == NULL)
        return;
    free(m->of);
    free(m);
}

/* What is lost by putting two together. */
static int64_t loss(const struct bend *first, const struct bend *second) {
    int64_t less = first->weight < second->weight ? first->weight : second->weight;
    int64_t apart = second->from - first->from;
    return less > INT64_MAX / (apart + 1) ? INT64_MAX : less * apart;
}

static void add_bend(struct bends *b, int64_t from, int64_t weight) {
    if (weight <= 0 || from >= FAR)
        return;
    struct bends more = *b;
    struct bend all[BENDS_MAX + 1];
    int32_t at = 0, n = more.count, place = from < -FAR ? -FAR : (int32_t)from;
    while (at < n && more.bend[at].from <= place)
        at++;
    if (at > 0 && more.bend[at - 1].from == place) {
        b->bend[at - 1].weight += weight;
        return;
    }
    if (n < BENDS_MAX) {
        memmove(&b->bend[at + 1], &b->bend[at], (size_t)(n - at) * sizeof *b->bend);
        b->bend[at] = (struct bend){weight, place};
        b->count++;
        return;
    }
    memcpy(all, more.bend, (size_t)at * sizeof *all);
    all[at] = (struct bend){weight, place};
    memcpy(all + at + 1, more.bend + at, (size_t)(n - at) * sizeof *all);
    int32_t least = 0;
    for (int32_t k = 1; k < n; k++)
        if (loss(&all[k], &all[k + 1]) < loss(&all[least], &all[least + 1]))
            least = k;
    int64_t sum = all[least].weight + all[least + 1].weight;
    int64_t apart = (int64_t)((__int128)all[least + 1].weight * (all[least + 1].from - all[least].from) / sum);
    all[least] = (struct bend){sum, all[least].from + (int32_t)apart};
    memmove(&all[least + 1], &all[least + 2], (size_t)(n - 1 - least) * sizeof *all);
    memcpy(b->bend, all, (size_t)n * sizeof *all);
}

/* Those of something that `slack` lies before, and that something else holds when it is drawn forward by `held`. */
static void add_through(struct bends *to, const struct bends *from, int64_t slack, int64_t held, int32_t shares) {
    for (int32_t k = 0; k < from->count; k++) {
        int64_t place = from->bend[k].from;
        add_bend(to, (place > -held ? place : -held) + slack, from->bend[k].weight / shares);
    }
}

static void add_due(struct marginal *m, const struct sequence *q, int32_t due) {
    const struct problem *p = q->p;
    const struct problem_objective *o = &p->objective;
    int32_t first = p->due_offset[due], jobs = p->due_offset[due + 1] - first, last = -1;
    int64_t done = INT64_MIN, second = INT64_MIN, weight = p->weight[due];
    for (int32_t k = first; k < first + jobs; k++) {
        int32_t job = p->due_job[k];
        if (q->job_end[job] > done) {
            second = done;
            done = q->job_end[job];
            last = job;
        } else if (q->job_end[job] > second) {
            second = q->job_end[job];
        }
    }
    struct bends own = {0};
    if (p->due[due] != PROBLEM_NONE)
        add_bend(&own, p->due[due] - done, o->tardiness * weight);
    if (p->placed[due] != PROBLEM_NONE)
        add_bend(&own, -FAR, o->flow * weight);
    add_bend(&own, -FAR, o->waiting * weight * (jobs - 1));
    for (int32_t k = first; k < first + jobs; k++) {
        int32_t job = p->due_job[k];
        int64_t held = job != last ? 0 : second == INT64_MIN ? FAR : done - second;
        add_through(&m->of[sequence_job_last(q, job)], &own, done - q->job_end[job], held, 1);
    }
}

/* When the task could start for all that it waits for: the latest, and the latest of all but `but`. */
struct waiting {
    int32_t latest, second, cause;
};

static void wait_for(struct waiting *w, int32_t ready, int32_t cause) {
    if (ready > w->latest) {
        w->second = w->latest;
        w->latest = ready;
        w->cause = cause;
    } else if (ready > w->second) {
        w->second = ready;
    }
}

/* The next member of the task's run; -1: it is the last. */
static int32_t next_member(const struct sequence *q, int32_t task) {
    int32_t behind = q->behind[task];
    return behind >= 0 && q->joined[behind] ? behind : -1;
}

/* Of a task or its run, which waits for what any of its members waits for. */
static struct waiting waiting_of(const struct sequence *q, int32_t task) {
    const struct problem *p = q->p;
    int32_t leader = sequence_leader(q, task), before = q->before[leader];
    bool by_line;
    int32_t cause = sequence_cause(q, leader, &by_line);
    struct waiting w = {INT32_MIN, INT32_MIN, -1};
    bool by_pool = cause >= 0 && !by_line;
    for (int32_t i = leader; i >= 0; i = next_member(q, i))
        w.latest = sequence_release(q, i) > w.latest ? sequence_release(q, i) : w.latest;
    if (before >= 0)
        wait_for(&w, q->end[before] + q->change[leader], before);
    for (int32_t i = leader; i >= 0; i = next_member(q, i))
        for (int32_t b = p->before_offset[i]; b < p->before_offset[i + 1]; b++) {
            wait_for(&w, sequence_ready_after(q, p->before[b], q->option[i]), p->before[b]);
            by_pool = by_pool && p->before[b] != cause;
        }
    if (by_pool && q->start[leader] > w.latest)
        wait_for(&w, q->start[leader], cause);
    return w;
}

/* Its share of what the task costs: all that are about as late a cause have the same. */
static void through(struct bends *ret, const struct marginal *m, int32_t before, int32_t task, int32_t ready,
                    const struct waiting *w) {
    int64_t held = before == w->cause ? (w->second == INT32_MIN ? FAR : (int64_t)w->latest - w->second) : 0;
    int32_t shares = (int64_t)w->latest - w->second <= m->near ? 2 : 1;
    if (before == w->cause || (int64_t)w->latest - ready <= m->near)
        add_through(ret, &m->of[task], (int64_t)w->latest - ready, held, shares);
}

struct bends marginal_through(const struct marginal *m, const struct sequence *q, int32_t before, int32_t task) {
    struct waiting w = waiting_of(q, task);
    struct bends b = {0};
    through(&b, m, before, task, sequence_ready_after(q, before, q->option[task]), &w);
    return b;
}

/* What moves one member of a run moves them all. */
static void share_among_run(struct marginal *m, const struct sequence *q, int32_t leader) {
    struct bends all = {0};
    if (next_member(q, leader) < 0)
        return;
    for (int32_t i = leader; i >= 0; i = next_member(q, i))
        add_through(&all, &m->of[i], 0, FAR, 1);
    for (int32_t i = leader; i >= 0; i = next_member(q, i))
        m->of[i] = all;
}

/* Hands on what a task or its run costs to all that it waits for. */
static void hand_on(struct marginal *m, const struct sequence *q, int32_t leader) {
    const struct problem *p = q->p;
    int32_t before = q->before[leader];
    struct waiting w = waiting_of(q, leader);
    bool by_job = false, by_line = false, uses_pools = false; /* the latest cause, the line's, is known by its job */
    for (int32_t i = leader; i >= 0; i = next_member(q, i)) {
        for (int32_t b = p->before_offset[i]; b < p->before_offset[i + 1]; b++) {
            int32_t other = p->before[b];
            through(&m->of[other], m, other, i, sequence_ready_after(q, other, q->option[i]), &w);
            by_line = by_line || other == before;
            by_job = by_job || other == w.cause;
        }
        uses_pools = uses_pools || p->usage_offset[i] < p->usage_offset[i + 1];
    }
    if (before >= 0 && !by_line)
        through(&m->of[before], m, before, leader, q->end[before] + q->change[leader], &w);
    if (w.cause >= 0 && w.cause != before && w.latest == q->start[leader] && uses_pools && !by_job)
        through(&m->of[w.cause], m, w.cause, leader, w.latest, &w);
}

void marginal_compute(struct marginal *m, const struct sequence *q) {
    const struct problem *p = q->p;
    memset(m->of, 0, (size_t)p->tasks * sizeof *m->of);
    for (int32_t d = 0; d < p->dues; d++)
        add_due(m, q, d);
    if (p->objective.makespan > 0 && sequence_last(q) >= 0)
        add_bend(&m->of[sequence_last(q)], 0, p->objective.makespan);
    for (int32_t k = p->tasks; k-- > 0;) {
        int32_t task = q->order[k];
        if (q->joined[task]) /* its leader comes later */
            continue;
        share_among_run(m, q, task);
        if (m->of[task].count > 0 && p->fixed_line[task] < 0)
            hand_on(m, q, task);
    }
}
